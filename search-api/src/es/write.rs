//! Writing: `_bulk` and its single forms become events of the log, each with its own real result.
//!
//! `index` publishes a whole revision, `create` only what readers do not see yet, `update` merges fields into the
//! current revision, `delete` withdraws. What a search returns can be sent back: the joined objects in `bylines`,
//! `images` and `photographer` become ids again, and what a view computes is left out.

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use store::{
    AppendError, AssetId, AssetKind, AssetRef, Batch, Log, NewEvent, Outcome, Refusal, Revision, Seq, Status,
};

use super::{error::cause, params::kind_of};
use crate::{
    error::SearchError,
    query::{QueryError, Reader},
};

/// One thing to do.
#[derive(Debug, Clone)]
pub(super) struct Action {
    pub(super) verb: Verb,
    pub(super) kind: AssetKind,
    pub(super) id: String,
    /// The document, or the fields to merge.
    pub(super) document: Map<String, Value>,
    /// With `update`: publish the fields as they are when there is nothing yet.
    pub(super) upsert: Option<Map<String, Value>>,
    /// The seq that the current revision must have.
    pub(super) if_seq_no: Option<u64>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Index,
    Create,
    Update,
    Delete,
}

impl Verb {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// What became of one action: its JSON without the verb, its status, and its seq.
pub(super) struct Done {
    pub(super) answer: Value,
    pub(super) status: u16,
    pub(super) seq: Option<Seq>,
}

/// The most actions of one `_bulk`.
pub(super) const MAX_ACTIONS: usize = 100_000;

/// Reads the lines of a `_bulk`.
///
/// # Errors
/// [`QueryError`] when the lines cannot be told apart; what is wrong with one action is its own result.
pub(super) fn parse_bulk(body: &[u8], default_index: Option<&str>) -> Result<Vec<Item>, QueryError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| QueryError::new(format!("the body is no UTF-8 at byte {}", error.valid_up_to())))?;
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let mut actions = Vec::new();
    while let Some((number, line)) = lines.next() {
        let at = |error: QueryError| QueryError {
            reason: format!("line {}: {}", number + 1, error.reason),
            ..error
        };
        let header: Value = serde_json::from_str(line)
            .map_err(|error| at(QueryError::illegal(format!("an action is expected here: {error}"))))?;
        let mut header = Reader::new(header, "").map_err(at)?;
        let (name, meta) =
            header.take_any().ok_or_else(|| at(QueryError::illegal("an action is expected here")))?;
        let verb = [Verb::Index, Verb::Create, Verb::Update, Verb::Delete]
            .into_iter()
            .find(|verb| verb.name() == name);
        let verb = verb.ok_or_else(|| {
            at(QueryError::illegal(format!(
                "`{}` is no action: use index, create, update or delete",
                name.chars().take(40).collect::<String>()
            )))
        })?;
        let source = match verb {
            Verb::Delete => None,
            _ => Some(
                lines
                    .next()
                    .ok_or_else(|| at(QueryError::illegal("a document is missing behind this action")))?
                    .1,
            ),
        };
        if actions.len() >= MAX_ACTIONS {
            return Err(QueryError::illegal(format!("at most {MAX_ACTIONS} actions are taken at once")));
        }
        actions.push((verb, action(verb, &meta, source, default_index)));
    }
    if actions.is_empty() {
        return Err(QueryError::illegal("the body is empty: an action a line is expected"));
    }
    Ok(actions)
}

/// One line of a `_bulk`: what it wants, and whether that can be understood.
pub(super) type Item = (Verb, Result<Action, Box<Failed>>);

/// An action that cannot be done, with what is known of its target.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) index: String,
    pub(super) id: Value,
    pub(super) error: SearchError,
}

fn action(
    verb: Verb,
    meta: &Value,
    source: Option<&str>,
    default_index: Option<&str>,
) -> Result<Action, Box<Failed>> {
    let known = |name: &str| meta.get(name).and_then(Value::as_str).map(str::to_owned);
    let index = known("_index").or_else(|| default_index.map(str::to_owned)).unwrap_or_default();
    let id = meta.get("_id").cloned().unwrap_or(Value::Null);
    let failed = |error: SearchError| Box::new(Failed { index: index.clone(), id: id.clone(), error });
    let read = || -> Result<Action, SearchError> {
        let mut object = Reader::new(meta.clone(), "")?;
        let kind = kind_of(object.text("_index")?.as_deref().or(default_index).unwrap_or_default())?;
        let id = object.text("_id")?;
        let if_seq_no = object.count("if_seq_no")?.map(|seq| seq as u64);
        // Nothing is routed, and what others have written in between is always looked at again.
        object.pass_over(&["routing", "retry_on_conflict"]);
        object.only("if_primary_term", &json!(1))?;
        object.only("require_alias", &json!(false))?;
        object.only("_type", &json!("_doc"))?;
        object.only("pipeline", &json!("_none"))?;
        object.end()?;
        let source = match source {
            None => Map::new(),
            Some(line) => serde_json::from_str(line)
                .map_err(|error| QueryError::new(format!("the document is no JSON object: {error}")))?,
        };
        of_source(verb, kind, id, source, if_seq_no)
    };
    read().map_err(failed)
}

/// An action of its parts.
pub(super) fn of_source(
    verb: Verb,
    kind: AssetKind,
    id: Option<String>,
    source: Map<String, Value>,
    if_seq_no: Option<u64>,
) -> Result<Action, SearchError> {
    let id = match id {
        Some(id) => id,
        None if matches!(verb, Verb::Index | Verb::Create) => new_id()?,
        None => return Err(QueryError::illegal("`_id` is missing").into()),
    };
    let mut action = Action { verb, kind, id, document: source, upsert: None, if_seq_no };
    if verb == Verb::Update {
        let mut object = Reader::new(Value::Object(std::mem::take(&mut action.document)), "")?;
        if object.take("script").is_some() {
            return Err(QueryError::illegal("`script` is not supported: send the fields as `doc`").into());
        }
        let fields = |value: Option<Value>, name: &str| match value {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(fields)),
            Some(_) => Err(QueryError::new(format!("`{name}` must be an object"))),
        };
        let doc = fields(object.take("doc"), "doc")?;
        let upsert = fields(object.take("upsert"), "upsert")?;
        let as_upsert = object.flag("doc_as_upsert")?.unwrap_or(false);
        object.only("detect_noop", &json!(true))?;
        object.only("_source", &json!(false))?;
        object.end()?;
        action.document = doc.ok_or_else(|| QueryError::illegal("`doc` is missing"))?;
        action.upsert = if as_upsert { Some(action.document.clone()) } else { upsert };
    }
    Ok(action)
}

/// Thirty random hexadecimal digits.
pub(super) fn new_id() -> Result<String, SearchError> {
    let mut bytes = [0_u8; 15];
    getrandom::fill(&mut bytes)
        .map_err(|_| SearchError::NotFound("the system gives no random bytes".to_owned()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Does all actions, in their order: those on different assets share a commit.
pub(super) fn run(log: &Log, actions: Vec<Item>) -> Vec<(Verb, Done)> {
    let mut done: Vec<(Verb, Done)> = Vec::with_capacity(actions.len());
    let mut pending: Vec<Action> = Vec::new();
    let mut touched: HashSet<(AssetKind, String)> = HashSet::new();
    for (verb, action) in actions {
        match action {
            Ok(action) => {
                // A second action on one asset must see what the first has done.
                if !touched.insert((action.kind, action.id.clone())) {
                    flush(log, &mut pending, &mut done);
                    touched.clear();
                    touched.insert((action.kind, action.id.clone()));
                }
                pending.push(action);
            }
            Err(failed) => {
                flush(log, &mut pending, &mut done);
                touched.clear();
                done.push((verb, refused(&failed.index, &failed.id, &failed.error)));
            }
        }
    }
    flush(log, &mut pending, &mut done);
    done
}

fn refused(index: &str, id: &Value, error: &SearchError) -> Done {
    let (name, reason) = cause(error);
    let status = error.status();
    let answer =
        json!({"_index": index, "_id": id, "status": status, "error": {"type": name, "reason": reason}});
    Done { answer, status, seq: None }
}

/// How an asset stands before it is written.
struct Before {
    asset: AssetRef,
    revision: Revision,
    /// The current revision that readers see, as event data.
    live: Option<(Seq, Map<String, Value>)>,
}

/// How often a batch is tried again when others write to the same assets.
const TRIES: usize = 8;

fn flush(log: &Log, pending: &mut Vec<Action>, done: &mut Vec<(Verb, Done)>) {
    let actions = std::mem::take(pending);
    let mut results: Vec<Option<Done>> = actions.iter().map(|_| None).collect();
    for attempt in 1..=TRIES {
        match try_all(log, &actions, &mut results) {
            Ok(()) => break,
            // Somebody else was faster: read again and decide again.
            Err(AppendError::Conflict { .. }) if attempt < TRIES => {}
            Err(error) => {
                let error = SearchError::from(error);
                for (action, result) in actions.iter().zip(&mut results) {
                    result.get_or_insert_with(|| refused(action.kind.plural(), &json!(action.id), &error));
                }
                break;
            }
        }
    }
    for (action, result) in actions.into_iter().zip(results) {
        let result = result
            .unwrap_or_else(|| refused(action.kind.plural(), &json!(action.id), &SearchError::Panicked));
        done.push((action.verb, result));
    }
}

fn try_all(log: &Log, actions: &[Action], results: &mut [Option<Done>]) -> Result<(), AppendError> {
    let snapshot = log.snapshot()?;
    let mut batch = Batch::default();
    let mut waiting: Vec<(usize, Before)> = Vec::new();
    for (number, action) in actions.iter().enumerate() {
        let Some(result) = results.get_mut(number) else { continue };
        if result.is_some() {
            continue;
        }
        match before(&snapshot, action).and_then(|before| Ok((event(action, &before)?, before))) {
            Ok((None, before)) => *result = Some(nothing_new(action, &before)),
            Ok((Some(event), before)) => match log.prepare(&event) {
                Ok(prepared) => {
                    let is_new = action.verb == Verb::Create;
                    batch.events.push(if is_new { prepared.only_if_absent() } else { prepared });
                    if matches!(action.verb, Verb::Update | Verb::Delete) || action.if_seq_no.is_some() {
                        batch.expect.push((before.asset.clone(), before.revision));
                    }
                    waiting.push((number, before));
                }
                Err(error) => *result = Some(refused(action.kind.plural(), &json!(action.id), &error.into())),
            },
            Err(error) => *result = Some(refused(action.kind.plural(), &json!(action.id), &error)),
        }
    }
    drop(snapshot);
    if batch.events.is_empty() {
        return Ok(());
    }
    let appended = log.append(batch)?;
    for ((number, before), outcome) in waiting.into_iter().zip(appended.outcomes) {
        if let (Some(action), Some(result)) = (actions.get(number), results.get_mut(number)) {
            *result = Some(written(action, &before, outcome));
        }
    }
    Ok(())
}

fn before(snapshot: &store::Snapshot, action: &Action) -> Result<Before, SearchError> {
    let asset = AssetRef::new(action.kind, AssetId::new(action.id.clone())?);
    let state = snapshot.state(&asset)?;
    let revision = state.as_ref().map_or(Revision::default(), |state| state.revision);
    let visible = state.is_some_and(|state| state.status == Status::Published);
    let live = if visible { snapshot.live(&asset)? } else { None };
    let live = live.map(|live| {
        let data = serde_json::to_value(&live.content).unwrap_or_default();
        (live.seq, data.as_object().cloned().unwrap_or_default())
    });
    Ok(Before { asset, revision, live })
}

/// The event of an action; `None` when there is nothing to say.
fn event(action: &Action, before: &Before) -> Result<Option<NewEvent>, SearchError> {
    let id = action.id.as_str();
    if let Some(wanted) = action.if_seq_no {
        let found = before.live.as_ref().map_or(0, |(seq, _)| seq.get());
        if found != wanted {
            return Err(SearchError::Conflict(format!(
                "[{id}]: version conflict, required seqNo [{wanted}]; current document has seqNo [{found}]"
            )));
        }
    }
    let data = match (action.verb, &before.live) {
        (Verb::Create, Some(_)) => {
            return Err(exists(id));
        }
        (Verb::Index | Verb::Create, _) => as_data(action.kind, action.document.clone()),
        (Verb::Update, Some((_, live))) => {
            let mut merged = live.clone();
            merge(&mut merged, as_data(action.kind, action.document.clone()));
            if merged == *live {
                return Ok(None);
            }
            merged
        }
        (Verb::Update, None) => match &action.upsert {
            Some(fields) => as_data(action.kind, fields.clone()),
            None => {
                return Err(SearchError::NoDocument(format!("[{id}]: document missing")));
            }
        },
        (Verb::Delete, None) => return Ok(None),
        (Verb::Delete, Some(_)) => {
            let mut data = Map::new();
            data.insert("reason".to_owned(), json!("deleted through the Elasticsearch API"));
            data
        }
    };
    let verb = if action.verb == Verb::Delete { "withdrawn" } else { "published" };
    let line =
        json!({"type": format!("{}.{verb}", action.kind), "id": id, "source": "elasticsearch", "data": data});
    Ok(Some(NewEvent::from_json(&line.to_string())?))
}

/// `create` found one, at first sight or when its turn came.
fn exists(id: &str) -> SearchError {
    SearchError::Conflict(format!("[{id}]: version conflict, document already exists"))
}

/// A document as a search returns it, as the data of an event.
fn as_data(kind: AssetKind, mut document: Map<String, Value>) -> Map<String, Value> {
    let id_of = |value: Value| match value {
        Value::Object(object) => object.get("id").cloned().unwrap_or(Value::Object(object)),
        other => other,
    };
    let computed: &[&str] = match kind {
        AssetKind::Article => &[],
        AssetKind::Image => &["used_in", "used_in_count"],
        AssetKind::Byline => {
            &["merged", "article_count", "image_count", "first_published", "last_published", "sections"]
        }
    };
    for name in computed {
        document.remove(*name);
    }
    for name in ["bylines", "images"] {
        if let (AssetKind::Article, Some(value)) = (kind, document.get_mut(name)) {
            *value = match value.take() {
                Value::Array(list) => list.into_iter().map(id_of).collect(),
                one => one,
            };
        }
    }
    if let (AssetKind::Image, Some(value)) = (kind, document.get_mut("photographer")) {
        *value = id_of(value.take());
    }
    document
}

/// Objects are merged field by field, everything else is replaced; null takes a field away.
fn merge(to: &mut Map<String, Value>, from: Map<String, Value>) {
    for (name, value) in from {
        match (to.get_mut(&name), value) {
            (_, Value::Null) => {
                to.remove(&name);
            }
            (Some(Value::Object(inner)), Value::Object(value)) => merge(inner, value),
            (_, value) => {
                to.insert(name, value);
            }
        }
    }
}

fn answer(action: &Action, result: &str, version: u64, seq: u64, status: u16) -> Done {
    let answer = json!({
        "_index": action.kind.plural(), "_id": action.id, "_version": version, "result": result,
        "_shards": {"total": 1, "successful": 1, "failed": 0}, "_seq_no": seq, "_primary_term": 1, "status": status,
    });
    Done { answer, status, seq: Some(Seq::new(seq)) }
}

fn nothing_new(action: &Action, before: &Before) -> Done {
    let seq = before.live.as_ref().map_or(0, |(seq, _)| seq.get());
    match action.verb {
        Verb::Delete => answer(action, "not_found", before.revision.get().max(1), seq, 404),
        _ => answer(action, "noop", before.revision.get(), seq, 200),
    }
}

fn written(action: &Action, before: &Before, outcome: Outcome) -> Done {
    let version = before.revision.get();
    match outcome {
        Outcome::Appended(seq) => match action.verb {
            Verb::Delete => answer(action, "deleted", version, seq.get(), 200),
            _ if before.live.is_some() => answer(action, "updated", version + 1, seq.get(), 200),
            _ => answer(action, "created", version + 1, seq.get(), 201),
        },
        // The log has the same already. For Elasticsearch a write is a write.
        Outcome::Unchanged(seq) if action.verb == Verb::Update => {
            answer(action, "noop", version, seq.get(), 200)
        }
        Outcome::Unchanged(seq) => answer(action, "updated", version, seq.get(), 200),
        Outcome::Refused(refusal) => {
            let error = match refusal {
                Refusal::Exists { .. } => exists(&action.id),
                refusal => SearchError::Conflict(refusal.to_string()),
            };
            refused(action.kind.plural(), &json!(action.id), &error)
        }
    }
}
