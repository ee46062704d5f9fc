//! Reading what is to be written: the lines of a `_bulk`, and single actions.

use ingest::Mappings;
use query::{Fields, QueryError};
use serde_json::{Map, Value, json};

use super::{
    action::{Action, Verb},
    target::{Target, Where},
};
use crate::{door::error::RequestError, es::error::no_body};

/// The most actions of one `_bulk`.
pub(in crate::es) const MAX_ACTIONS: usize = 100_000;

/// Reads the lines of a `_bulk`. What a line does not say of its target, `default` says.
///
/// # Errors
/// [`QueryError`] when the lines cannot be told apart; what is wrong with one action is its own result.
pub(in crate::es) fn parse_bulk(
    body: &[u8],
    default: Where<'_>,
    mappings: &Mappings,
) -> Result<Vec<Item>, QueryError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| QueryError::new(format!("the body is no UTF-8 at byte {}", error.valid_up_to())))?;
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(QueryError::illegal("The bulk request must be terminated by a newline [\n]"));
    }
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let mut actions = Vec::new();
    while let Some((number, line)) = lines.next() {
        let at = |error: QueryError| QueryError {
            reason: format!("line {}: {}", number + 1, error.reason),
            ..error
        };
        let header: Value = serde_json::from_str(line)
            .map_err(|error| at(QueryError::illegal(format!("an action is expected here: {error}"))))?;
        let mut header = Fields::new(header, "").map_err(at)?;
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
        actions.push((verb, action(verb, &meta, source, default, mappings)));
    }
    if actions.is_empty() {
        return Err(no_body());
    }
    Ok(actions)
}

/// One line of a `_bulk`: what it wants, and whether that can be understood.
pub(in crate::es) type Item = (Verb, Result<Action, Box<Failed>>);

/// An action that cannot be done, with what is known of its target.
#[derive(Debug)]
pub(in crate::es) struct Failed {
    pub(in crate::es) index: String,
    pub(in crate::es) id: Value,
    pub(in crate::es) error: RequestError,
}

fn action(
    verb: Verb,
    meta: &Value,
    source: Option<&str>,
    default: Where<'_>,
    mappings: &Mappings,
) -> Result<Action, Box<Failed>> {
    let known = |name: &str| meta.get(name).and_then(Value::as_str).map(str::to_owned);
    let index = known("_index").unwrap_or_else(|| default.index.to_owned());
    let id = meta.get("_id").cloned().unwrap_or(Value::Null);
    let failed = |error: RequestError| Box::new(Failed { index: index.clone(), id: id.clone(), error });
    let read = || -> Result<Action, RequestError> {
        let mut object = Fields::new(meta.clone(), "")?;
        let (index, pipeline) = (object.text("_index")?, object.text("pipeline")?);
        let named = Where {
            index: index.as_deref().unwrap_or(default.index),
            pipeline: pipeline.as_deref().or(default.pipeline),
        };
        let target = Target::of(named, mappings)?;
        let id = object.text("_id")?;
        let if_seq_no = object.count("if_seq_no")?.map(|seq| seq as u64);
        // Nothing is routed, and what others have written in between is always looked at again.
        object.pass_over(&["routing", "retry_on_conflict"]);
        object.only("if_primary_term", &json!(1))?;
        object.only("require_alias", &json!(false))?;
        object.only("_type", &json!("_doc"))?;
        object.end()?;
        let source = match source {
            None => Map::new(),
            Some(line) => serde_json::from_str(line)
                .map_err(|error| QueryError::new(format!("the document is no JSON object: {error}")))?,
        };
        of_source(verb, &target, id, source, if_seq_no)
    };
    read().map_err(failed)
}

/// Returns an action of its parts.
pub(in crate::es) fn of_source(
    verb: Verb,
    target: &Target,
    id: Option<String>,
    source: Map<String, Value>,
    if_seq_no: Option<u64>,
) -> Result<Action, RequestError> {
    let (id, mapping) = match (verb, id) {
        (Verb::Index | Verb::Create, id) => target.document(id)?,
        (Verb::Update | Verb::Delete, Some(id)) => (target.asset(id), None),
        (Verb::Update | Verb::Delete, None) => return Err(QueryError::illegal("`_id` is missing").into()),
    };
    let mut action =
        Action { verb, kind: target.kind, id, document: source, mapping, upsert: None, if_seq_no };
    if verb == Verb::Update {
        if target.is_mapped() {
            let why = "a document that a mapping reads is written whole: send it with `index`";
            return Err(QueryError::illegal(why).into());
        }
        let mut object = Fields::new(Value::Object(std::mem::take(&mut action.document)), "")?;
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
