//! Writing: `_bulk` and its single forms become events of the log, each with its own real result.
//!
//! `index` publishes a whole revision, `create` only what readers do not see yet, `update` merges fields into the
//! current revision, `delete` withdraws. What a search returns can be sent back: the joined objects in `bylines`,
//! `images` and `photographer` become ids again, and what a view computes is left out.

mod action;
mod event;
mod parse;
mod plan;
mod target;

use std::collections::{HashMap, HashSet};

use ingest::Mappings;
use serde_json::{Value, json};
use store::{AppendError, AssetId, AssetRef, Log, Outcome, Refusal, Seq};

use self::{
    action::{Action, Placed, Standing, refused, refused_action},
    event::exists,
    plan::{Plan, Planned},
};
pub(super) use self::{
    action::{Done, Verb},
    parse::{Item, of_source, parse_bulk},
    target::{Target, Where, new_id},
};
use crate::door::error::RequestError;

/// Does all actions, in their order, in as few commits as can be.
pub(super) fn run(log: &Log, mappings: &Mappings, items: Vec<Item>) -> Vec<(Verb, Done)> {
    let mut verbs = Vec::with_capacity(items.len());
    let mut results: Vec<Option<Done>> = Vec::with_capacity(items.len());
    let mut actions: Vec<Placed> = Vec::with_capacity(items.len());
    for (number, (verb, item)) in items.into_iter().enumerate() {
        verbs.push(verb);
        results.push(match item {
            Ok(action) => {
                actions.push(Placed { action, number, is_last: false });
                None
            }
            Err(failed) => Some(refused(&failed.index, &failed.id, &failed.error)),
        });
    }
    let mut behind = HashSet::new();
    for placed in actions.iter_mut().rev() {
        placed.is_last = behind.insert((placed.action.kind, placed.action.id.clone()));
    }
    let mut rest = actions.as_slice();
    while !rest.is_empty() {
        let done = write(log, mappings, rest);
        let count = done.len().max(1);
        for (placed, done) in rest.iter().zip(done) {
            if let Some(result) = results.get_mut(placed.number) {
                *result = Some(done);
            }
        }
        rest = rest.get(count..).unwrap_or_default();
    }
    let missing = || refused("", &Value::Null, &RequestError::Panicked);
    verbs.into_iter().zip(results).map(|(verb, done)| (verb, done.unwrap_or_else(missing))).collect()
}

/// The number of times that a batch is tried again when others write to the same assets.
const TRIES: usize = 8;

/// Does as many of these actions as can share a commit, from the first on: what became of each.
fn write(log: &Log, mappings: &Mappings, actions: &[Placed]) -> Vec<Done> {
    let mut tries = 0;
    loop {
        tries += 1;
        let plan = match Plan::of(log, mappings, actions) {
            Ok(plan) => plan,
            Err(error) => {
                let error = RequestError::from(error);
                return actions.iter().map(|placed| refused_action(&placed.action, &error)).collect();
            }
        };
        let (batch, planned) = (plan.batch, plan.planned);
        let appended =
            if batch.events.is_empty() { Ok(Vec::new()) } else { log.append(batch).map(|all| all.outcomes) };
        match appended {
            Ok(outcomes) => return told(actions, planned, plan.stands, outcomes),
            // Somebody else was faster: read again and decide again.
            Err(AppendError::Conflict { .. }) if tries < TRIES => {}
            Err(error) => {
                // The log is held by another, or its clock is wrong: the next actions would only wait for the same.
                let is_for_all = matches!(error, AppendError::NoTurn(_) | AppendError::Clock(_));
                let error = RequestError::from(error);
                let told = |(placed, planned): (&Placed, Planned)| match planned {
                    Planned::Refused(done) => done,
                    _ => refused_action(&placed.action, &error),
                };
                let others = actions.iter().skip(planned.len()).filter(|_| is_for_all);
                let others: Vec<_> = others.map(|placed| refused_action(&placed.action, &error)).collect();
                return actions.iter().zip(planned).map(told).chain(others).collect();
            }
        }
    }
}

/// Returns what became of planned actions, given what the log has made of their events.
fn told(
    actions: &[Placed],
    planned: Vec<Planned>,
    mut stands: HashMap<AssetRef, Standing>,
    outcomes: Vec<Outcome>,
) -> Vec<Done> {
    let mut outcomes = outcomes.into_iter();
    let mut all = Vec::with_capacity(planned.len());
    for (Placed { action, .. }, planned) in actions.iter().zip(planned) {
        all.push(match planned {
            Planned::Refused(done) => done,
            Planned::Nothing(asset) => {
                nothing_new(action, &asset.id, stands.get(&asset).copied().unwrap_or_default())
            }
            Planned::Event { asset, in_batch, is_public } => {
                let (outcome, remarks) = in_batch.outcome(&mut outcomes);
                let id = asset.id.clone();
                let before = stands.entry(asset).or_default();
                let after = before.after(action.verb, &outcome);
                let done = written(action, &id, *before, outcome);
                *before = if is_public { after } else { Standing { live: None, ..after } };
                done.remarked(&remarks)
            }
        });
    }
    all
}

impl Standing {
    /// Returns how it stands after the action.
    fn after(self, verb: Verb, outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Refused(_) => self,
            Outcome::Appended(_) | Outcome::Withheld(_) | Outcome::Unchanged(_) if verb == Verb::Delete => {
                Self { live: None, ..self }
            }
            // What readers do not see stays absent.
            Outcome::Withheld(_) => Self { revision: self.revision.next(), live: None },
            Outcome::Appended(seq) => Self { revision: self.revision.next(), live: Some(*seq) },
            Outcome::Unchanged(seq) => Self { live: Some(self.live.unwrap_or(*seq)), ..self },
        }
    }
}

fn answer(action: &Action, id: &AssetId, result: &str, version: u64, seq: u64, status: u16) -> Done {
    let answer = json!({
        "_index": action.kind.plural(), "_id": id, "_version": version, "result": result,
        "_shards": {"total": 1, "successful": 1, "failed": 0}, "_seq_no": seq, "_primary_term": 1, "status": status,
    });
    Done { answer, status, seq: Some(Seq::new(seq)) }
}

fn nothing_new(action: &Action, id: &AssetId, before: Standing) -> Done {
    let seq = before.live.map_or(0, Seq::get);
    match action.verb {
        Verb::Delete => answer(action, id, "not_found", before.revision.get().max(1), seq, 404),
        _ => answer(action, id, "noop", before.revision.get(), seq, 200),
    }
}

fn written(action: &Action, id: &AssetId, before: Standing, outcome: Outcome) -> Done {
    let version = before.revision.get();
    match outcome {
        Outcome::Appended(seq) | Outcome::Withheld(seq) => match action.verb {
            Verb::Delete => answer(action, id, "deleted", version, seq.get(), 200),
            _ if before.live.is_some() => answer(action, id, "updated", version + 1, seq.get(), 200),
            _ => answer(action, id, "created", version + 1, seq.get(), 201),
        },
        // The log has the same already. For Elasticsearch a write is a write.
        Outcome::Unchanged(seq) if action.verb == Verb::Update => {
            answer(action, id, "noop", version, seq.get(), 200)
        }
        Outcome::Unchanged(seq) => answer(action, id, "updated", version, seq.get(), 200),
        Outcome::Refused(refusal) => {
            let error = match refusal {
                Refusal::Exists { .. } => exists(id.as_str()),
                refusal => RequestError::Conflict(refusal.to_string()),
            };
            refused_action(action, &error)
        }
    }
}
