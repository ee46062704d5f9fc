//! Writing: `_bulk` and its single forms become events of the log, each with its own real result.
//!
//! `index` publishes a whole revision, `create` only what readers do not see yet, `update` merges fields into the
//! current revision, `delete` withdraws. What a search returns can be sent back: the joined objects in `bylines`,
//! `images` and `photographer` become ids again, and what a view computes is left out.

mod event;
mod parse;

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use store::{AppendError, AssetId, AssetKind, AssetRef, Batch, Log, Outcome, Refusal, Revision, Seq, Status};

use self::event::{event, exists};
pub(super) use self::parse::{Item, new_id, of_source, parse_bulk};
use super::error::cause;
use crate::error::SearchError;

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
