//! A process has the log open while another one loads so much that the log learns a dictionary. Whatever the first one
//! reads then, and in whatever way, it can read: each way is tried by a process of its own, which has read nothing else.

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
};

use store::{
    Article, AsOf, AssetId, AssetKind, AssetRef, Batch, Log, NewEvent, Outcome, Revision, Seq, Snapshot,
    Timestamp,
};

use crate::{Form, child};

const EARLY: u64 = 50;
const EVENTS: u64 = 4_000;
const WAYS: [&str; 15] = [
    "event",
    "events",
    "replay",
    "live",
    "history",
    "as of seq",
    "as of date",
    "folded as of date",
    "differences",
    "export",
    "verify",
    "repair",
    "load again",
    "erase",
    "compact",
];

pub(crate) fn is_learned_by_all(form: Form) -> String {
    let rounds = form.pick(1, 10);
    for _ in 0..rounds {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("log");
        append(&Log::open(&dir).unwrap(), 1..=EARLY);
        for way in WAYS {
            let (early, copy) = (dir.to_str().unwrap(), home.path().join("copy"));
            // A log of its own for each way, since some of them write.
            Log::open(early).unwrap().backup(&copy).unwrap();
            let mut reader = child::command(&["read-late", copy.to_str().unwrap(), way])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(reader.stdout.take().unwrap()).lines();
            assert_eq!(lines.next().unwrap().unwrap(), "open");
            append(&Log::open(&copy).unwrap(), EARLY + 1..=EVENTS);
            writeln!(reader.stdin.take().unwrap(), "go").unwrap();
            assert_eq!(lines.next().unwrap().unwrap(), "read", "{way}");
            assert!(reader.wait().unwrap().success(), "{way}");
            assert_eq!(Log::open(&copy).unwrap().verify(None, &mut |_| {}).unwrap().problems, []);
            std::fs::remove_dir_all(&copy).unwrap();
        }
    }
    format!("{} ways to read, {rounds} times each, 0 that lack a dictionary", WAYS.len())
}

fn append(log: &Log, seqs: impl Iterator<Item = u64>) {
    let events: Vec<_> = seqs.map(event).collect();
    for chunk in events.chunks(500) {
        let events = chunk.iter().map(|event| log.prepare(event).unwrap()).collect();
        log.append(Batch { events, ..Batch::default() }).unwrap();
    }
}

/// Every asset has two revisions, the second a thousand events after the first.
fn event(seq: u64) -> NewEvent {
    let name = seq % 2_000;
    let body =
        format!("{seq}: {} arrived at the pier with {:x}. ", name, seq.wrapping_mul(0x9e37_79b9)).repeat(9);
    let mut event = NewEvent::published(id(name), Article { body, ..Article::default() });
    event.time = Timestamp::from_millis(seq as i64 * 1_000);
    event
}

fn id(name: u64) -> AssetId {
    AssetId::new(format!("a/{name}")).unwrap()
}

/// Reads what another process appended, in one way; `early` was taken before.
pub(crate) fn read(log: &Log, early: &Snapshot, way: &str) {
    let snapshot = log.snapshot().unwrap();
    assert_eq!((early.seq(), snapshot.seq()), (Seq::new(EARLY), Seq::new(EVENTS)));
    let last = Seq::new(EVENTS);
    let asset = AssetRef::new(AssetKind::Article, id(EVENTS % 2_000));
    let date = AsOf::Time(Timestamp::from_millis(EVENTS as i64 * 1_000 - 500).unwrap());
    let all = usize::MAX;
    match way {
        "event" => assert!(snapshot.event(last).unwrap().fact().is_some()),
        "events" => assert_eq!(snapshot.events(Seq::new(1), all).unwrap().len() as u64, EVENTS),
        "replay" => assert_eq!(snapshot.replay(Seq::new(1), all).unwrap().len() as u64, EVENTS),
        "live" => assert_eq!(snapshot.live(&asset).unwrap().unwrap().seq, last),
        "history" => {
            for seq in snapshot.history(&asset, all).unwrap() {
                assert!(snapshot.event(seq).unwrap().fact().is_some());
            }
        }
        "as of seq" => {
            let past = log.snapshot_as_of(AsOf::Seq(last)).unwrap();
            assert_eq!(past.live(&asset).unwrap().unwrap().seq, last);
        }
        "as of date" => {
            let past = log.snapshot_as_of(date).unwrap();
            assert_eq!(past.live(&asset).unwrap().unwrap().seq, Seq::new(EVENTS - 2_000));
        }
        "folded as of date" => {
            let past = log.snapshot_as_of(date).unwrap();
            assert!(!past.assets(AssetKind::Article, None, 1).unwrap().is_empty());
            assert_eq!(past.live(&asset).unwrap().unwrap().seq, Seq::new(EVENTS - 2_000));
        }
        "differences" => {
            let [old, new] = [1, 2].map(Revision::new);
            assert!(!snapshot.differences(&asset, old, new).unwrap().unwrap().fields.is_empty());
        }
        "export" => {
            assert_eq!(log.export(Seq::new(1), &mut std::io::sink(), &mut |_| {}).unwrap().events, EVENTS);
        }
        "verify" => assert_eq!(log.verify(None, &mut |_| {}).unwrap().problems, []),
        "repair" => assert_eq!(log.repair_catalog(&mut |_| {}).unwrap().events, EVENTS),
        "load again" => {
            // The newest revision is the head; the one before it must be found in the history.
            let outcome = log.append_one(&event(EVENTS - 2_000)).unwrap();
            assert_eq!(outcome, Outcome::Unchanged(Seq::new(EVENTS - 2_000)));
        }
        "erase" => {
            let order = store::Fact::Erased(AssetKind::Article, store::Order::default());
            log.append_one(&NewEvent::new(asset.id.clone(), order)).unwrap();
            assert!(log.snapshot().unwrap().event(last).unwrap().fact().is_none());
        }
        "compact" => {
            log.compact(&mut |_| {}).unwrap();
            assert!(log.snapshot().unwrap().event(last).unwrap().fact().is_some());
        }
        other => panic!("no such way: {other}"),
    }
}
