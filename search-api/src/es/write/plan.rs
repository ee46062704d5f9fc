//! The events that a row of actions writes in one commit.
//!
//! A second action on an asset sees what the first will leave: both are planned from one snapshot, and where that makes
//! a difference, the log takes them only if the asset is still at the snapshot's revision. Only an action that names the
//! seq which another would get by this very commit has to wait for it.

use std::collections::{HashMap, HashSet};

use ingest::{
    Mappings, NotRead, Sent,
    append::{Assets, InBatch, Terms},
};
use serde_json::{Map, Value};
use store::{AppendError, AssetId, AssetRef, Batch, Content, Fact, Log, Revision, Seq, Snapshot, Status};

use super::{
    action::{Action, Done, Placed, Standing, Verb, refused_action},
    event::events,
};
use crate::door::error::RequestError;

/// Actions that can share a commit.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) batch: Batch,
    /// For each action, from the first on.
    pub(super) planned: Vec<Planned>,
    /// The states of the assets before all actions.
    pub(super) stands: HashMap<AssetRef, Standing>,
    /// Assets that came with those of the actions.
    beside: HashSet<AssetRef>,
}

/// The plan for an action.
pub(super) enum Planned {
    /// The next events of the batch.
    Event {
        /// The asset that the action is of.
        asset: AssetRef,
        in_batch: InBatch,
        /// True if readers may see it.
        is_public: bool,
    },
    /// It says nothing new.
    Nothing(AssetRef),
    Refused(Done),
}

/// The state of an asset before an action.
pub(super) struct Before {
    revision: Revision,
    /// The revision that readers see, as event data, and its event: 0 where it is one of the same batch.
    pub(super) live: Option<(Seq, Map<String, Value>)>,
    /// True if the log is sure to take an event of it: it may refuse those of erased assets and merged bylines.
    is_foreseen: bool,
    /// True if there are events of it in the batch.
    is_written: bool,
}

impl Plan {
    /// Of as many of these as can share a commit, which is one at least.
    pub(super) fn of(log: &Log, mappings: &Mappings, actions: &[Placed]) -> Result<Self, AppendError> {
        let snapshot = log.snapshot()?;
        let mut plan = Self::default();
        let mut written: HashMap<AssetRef, Before> = HashMap::new();
        for placed in actions {
            let action = &placed.action;
            let refused = |error| Planned::Refused(refused_action(action, &error));
            let (asset, mapped) = match Self::asset(log, &snapshot, mappings, action) {
                Ok(read) => read,
                Err(error) => {
                    plan.planned.push(refused(error));
                    continue;
                }
            };
            // What a mapping reads depends on how all its assets stand.
            let touches = |assets: &Assets| {
                assets.all().any(|other| plan.stands.contains_key(&other) || plan.beside.contains(&other))
            };
            if plan.beside.contains(&asset) || mapped.as_ref().is_some_and(touches) {
                break;
            }
            let before = match written.remove(&asset) {
                Some(before) if action.if_seq_no.is_some() || !before.is_foreseen => break,
                Some(before) => Ok(before),
                None => Before::of(&snapshot, &asset),
            };
            let planned = before.and_then(|mut before| {
                let planned = plan.action(log, placed, mapped, &asset, &mut before);
                if before.is_written && !placed.is_last {
                    written.insert(asset, before);
                }
                planned
            });
            plan.planned.push(planned.unwrap_or_else(refused));
        }
        Ok(plan)
    }

    /// Returns the asset of an action, and the events of its document where a mapping reads it.
    fn asset(
        log: &Log,
        snapshot: &Snapshot,
        mappings: &Mappings,
        action: &Action,
    ) -> Result<(AssetRef, Option<Assets>), RequestError> {
        let id = AssetId::new(action.id.clone())?;
        let Some(by) = &action.mapping else { return Ok((AssetRef::new(action.kind, id), None)) };
        let sent = Sent {
            mapping: &by.name,
            document: Value::Object(action.document.clone()),
            id: by.is_named.then_some(id),
            name: Some(&by.document),
            source: "elasticsearch",
        };
        let assets =
            mappings.read(sent, Terms::default(), log.clock().now(), snapshot).map_err(
                |error| match error {
                    NotRead::Document(error) => RequestError::from(error),
                    NotRead::Log(error) => error.into(),
                },
            )?;
        Ok((AssetRef::new(action.kind, assets.own.event.id.clone()), Some(assets)))
    }

    /// Plans one action, and says how its asset stands behind it.
    fn action(
        &mut self,
        log: &Log,
        placed: &Placed,
        mapped: Option<Assets>,
        asset: &AssetRef,
        before: &mut Before,
    ) -> Result<Planned, RequestError> {
        let action = &placed.action;
        let live = before.live.as_ref().map(|(seq, _)| *seq);
        self.stands.entry(asset.clone()).or_insert(Standing { revision: before.revision, live });
        let Some(assets) = events(action, before, mapped)? else {
            return Ok(Planned::Nothing(asset.clone()));
        };
        let beside: Vec<AssetRef> = assets.all().filter(|other| other != asset).collect();
        let event = assets.own.event.clone();
        let is_public = event.visibility.is_public();
        let is_new = action.verb == Verb::Create;
        let in_batch =
            assets.put(log, &mut self.batch, |own| if is_new { own.only_if_absent() } else { own })?;
        // What came with a document that is there already must not be written.
        let is_expected = matches!(action.verb, Verb::Update | Verb::Delete) || is_new && !beside.is_empty();
        if is_expected || action.if_seq_no.is_some() {
            self.batch.expect.push((asset.clone(), before.revision));
        }
        self.beside.extend(beside);
        before.is_written = true;
        before.live = match event.fact {
            // Of many the last is the only one, and nobody will ask.
            Fact::Published(content) if is_public && !placed.is_last => {
                Some((Seq::ZERO, fields_of(&content)))
            }
            _ => None,
        };
        Ok(Planned::Event { asset: asset.clone(), in_batch, is_public })
    }
}

impl Before {
    fn of(snapshot: &Snapshot, asset: &AssetRef) -> Result<Self, RequestError> {
        let state = snapshot.state(asset)?;
        let status = state.as_ref().map(|state| &state.status);
        let is_foreseen = matches!(status, None | Some(Status::Published | Status::Withdrawn { .. }));
        let live = if status == Some(&Status::Published) { snapshot.live(asset)? } else { None };
        Ok(Self {
            revision: state.as_ref().map_or(Revision::default(), |state| state.revision),
            live: live.map(|live| (live.seq, fields_of(&live.content))),
            is_foreseen,
            is_written: false,
        })
    }
}

fn fields_of(content: &Content) -> Map<String, Value> {
    match serde_json::to_value(content) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use store::{AssetKind, NewEvent};

    use super::*;
    use crate::es::write::{Item, Where, of_source, parse_bulk, run};

    fn mappings() -> Mappings {
        "[mapping.blog.article]\nheadline = \"title\"\nbylines = \"author\"\nimages = \"cover\"\n"
            .parse()
            .unwrap()
    }

    fn items(text: &str) -> Vec<Item> {
        parse_bulk(text.as_bytes(), Where { index: "", pipeline: None }, &mappings()).unwrap()
    }

    fn log() -> (tempfile::TempDir, Log) {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path().join("log")).unwrap();
        (dir, log)
    }

    /// A story: a script sends four thousand updates of one article, and every other line of another is wrong.
    #[test]
    fn many_actions_are_one_commit() {
        let (_dir, log) = log();
        let placed = |(number, verb, document): (usize, Verb, Value)| {
            let fields = document.as_object().unwrap().clone();
            let action =
                of_source(verb, &AssetKind::Article.into(), Some("a".to_owned()), fields, None).unwrap();
            Placed { action, number, is_last: number == 400 }
        };
        let updates = (1..=400).map(|number| {
            (number, Verb::Update, json!({"doc": {"headline": number.to_string()}, "doc_as_upsert": true}))
        });
        let actions: Vec<Placed> = updates.map(placed).collect();
        let plan = Plan::of(&log, &Mappings::default(), &actions).unwrap();
        assert_eq!((plan.planned.len(), plan.batch.events.len()), (400, 400));
        log.append(plan.batch).unwrap();
        assert_eq!(log.head().unwrap().seq, Seq::new(400));
        let lines = "{\"index\": {\"_index\": \"articles\"}}\n[]\n{\"index\": {\"_index\": \"articles\", \"_id\": \"b\"}}\n{\"headline\": \"x\"}\n";
        let done = run(&log, &Mappings::default(), items(&lines.repeat(3)));
        let statuses: Vec<u16> = done.iter().map(|(_, done)| done.status).collect();
        assert_eq!(statuses, [400, 201, 400, 200, 400, 200]);
    }

    fn an_action() -> impl Strategy<Value = String> {
        let text = prop_oneof![Just("x"), Just("y"), Just("z")];
        let id = prop_oneof![Just("1"), Just("2"), Just("gone")];
        (0..14_u8, id, text, 0..12_u64).prop_map(|(what, id, text, seq)| {
            let meta = json!({"_index": "articles", "_id": id});
            let named = json!({"_index": "articles", "_id": id, "if_seq_no": seq});
            let document = json!({"headline": text});
            let lines = match what {
                0 => vec![json!({"index": meta}), document],
                1 => vec![json!({"create": meta}), document],
                2 | 3 => vec![json!({"update": meta}), json!({"doc": {"body": text}})],
                4 => vec![json!({"update": meta}), json!({"doc": {"kicker": text}, "doc_as_upsert": true})],
                5 => vec![json!({"delete": meta})],
                6 => vec![json!({"index": named}), document],
                7 => vec![json!({"index": meta}), json!({"headline": 7})],
                8 => vec![
                    json!({"create": {"_index": "blog", "_id": id}}),
                    json!({"title": text, "author": text, "cover": "c.jpg"}),
                ],
                9 => vec![
                    json!({"index": {"_index": "blog", "_id": id}}),
                    json!({"title": text, "author": "x", "cover": "c.jpg"}),
                ],
                10 => vec![
                    json!({"index": {"_index": "blog", "_id": id}}),
                    json!({"title": text, "status": "draft"}),
                ],
                11 => vec![
                    json!({"index": {"_index": "articles", "_id": id, "pipeline": "blog"}}),
                    json!({"title": text}),
                ],
                12 => vec![json!({"index": {"_index": "bylines", "_id": "byline:x"}}), json!({"name": text})],
                _ => vec![json!({"index": {"_index": "nowhere", "_id": id}}), document],
            };
            lines.iter().map(|line| format!("{line}\n")).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

        /// Actions that come together do what they do one by one.
        #[test]
        fn together_they_do_what_they_do_alone(lines in prop::collection::vec(an_action(), 1..14)) {
            let ((_one, together), (_other, alone)) = (log(), log());
            for log in [&together, &alone] {
                for event in ["published", "erased"] {
                    let event = json!({"type": format!("article.{event}"), "id": "gone",
                        "data": if event == "erased" { json!({"reason": "x"}) } else { json!({"headline": "x"}) }});
                    log.append_one(&NewEvent::from_json(&event.to_string()).unwrap()).unwrap();
                }
            }
            let answers = |log: &Log, text: &str| -> Vec<Value> {
                run(log, &mappings(), items(text)).into_iter().map(|(_, done)| done.answer).collect()
            };
            let all = answers(&together, &lines.concat());
            let each: Vec<Value> = lines.iter().flat_map(|line| answers(&alone, line)).collect();
            prop_assert_eq!(all, each);
        }
    }
}
