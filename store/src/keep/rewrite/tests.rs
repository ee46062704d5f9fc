//! A court orders an article forgotten. Nobody who takes the disk home may find a scrap of it: not in the data
//! file, not in a dictionary that was learned from it, not in a backup that was made afterwards.

use std::{fs, path::Path, thread};

use crate::{
    AppendError, Article, AsOf, AssetId, AssetKind, AssetRef, Batch, Fact, Log, NewEvent, Order, Outcome,
    Seq, Status,
    log::record::{Encoded, Record},
};

const CANARY: &str = "Xanthippe Quicksilver of Canary Wharf";

fn id(text: &str) -> AssetId {
    AssetId::new(text).unwrap()
}

fn article(number: usize, text: &str) -> NewEvent {
    let body = format!(
        "{text}. Report {number} of the harbour master, {:x}.",
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    );
    NewEvent::published(id(&format!("a/{number}")), Article { body: body.repeat(4), ..Article::default() })
}

fn erasure(asset: &str) -> NewEvent {
    NewEvent::new(
        id(asset),
        Fact::Erased(AssetKind::Article, Order { by: "a court".into(), ..Order::default() }),
    )
}

/// Returns how often the bytes are in the files under a directory.
fn count(dir: &Path, wanted: &[u8]) -> usize {
    let mut found = 0;
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found += count(&path, wanted);
        } else {
            found += fs::read(path).unwrap().windows(wanted.len()).filter(|window| *window == wanted).count();
        }
    }
    found
}

/// Returns the salts and the stored bytes of all revisions of an asset: what must be gone besides the plain text.
fn traces(log: &Log, asset: &str) -> Vec<Vec<u8>> {
    let snapshot = log.snapshot().unwrap();
    let asset = AssetRef::new(AssetKind::Article, id(asset));
    let mut traces = Vec::new();
    for seq in snapshot.history(&asset, usize::MAX).unwrap() {
        let stored = snapshot.tables.events.get(&snapshot.txn, seq).unwrap();
        match Record::decode(stored).unwrap().payload {
            Encoded::Erased(_) => {}
            Encoded::Plain(salt, bytes) | Encoded::Zstd { salt, frame: bytes, .. } => {
                traces.extend([salt.as_bytes().to_vec(), bytes.to_vec()]);
            }
        }
    }
    assert!(!traces.is_empty());
    traces
}

fn append_all(log: &Log, events: impl Iterator<Item = NewEvent>) {
    let events = events.map(|event| log.prepare(&event).unwrap()).collect();
    log.append(Batch { events, ..Batch::default() }).unwrap();
}

fn assert_gone(dir: &Path, traces: &[Vec<u8>]) {
    assert_eq!(count(dir, CANARY.as_bytes()), 0);
    for trace in traces {
        assert_eq!(count(dir, trace), 0);
    }
}

#[test]
fn what_was_erased_is_in_no_file_and_in_no_later_backup() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    append_all(&log, (0..50).map(|number| article(number, "Fog")));
    // Short texts are stored as they are, long ones in a frame: both must go.
    for body in [CANARY.to_owned(), format!("{CANARY} ").repeat(40)] {
        log.append_one(&NewEvent::published(id("a/7"), Article { body, ..Article::default() })).unwrap();
    }
    append_all(&log, (50..100).map(|number| article(number, "Fog")));
    let traces = traces(&log, "a/7");
    assert!(count(dir.path(), CANARY.as_bytes()) > 0, "the canary must be there first");
    assert!(traces.iter().all(|trace| count(dir.path(), trace) > 0));
    let before = log.head().unwrap();
    let held = log.snapshot().unwrap();

    let Outcome::Appended(seq) = log.append_one(&erasure("a/7")).unwrap() else { panic!() };

    assert_gone(dir.path(), &traces);
    log.backup(dir.path().join("backup")).unwrap();
    assert_gone(dir.path(), &traces);
    // The chain still checks, also against a note from before.
    let report = log.verify(Some(&before), &mut |_| {}).unwrap();
    assert_eq!((report.problems, report.erased), (vec![], 3));
    // A reader who was at it finishes with what he had.
    assert!(held.live(&AssetRef::new(AssetKind::Article, id("a/7"))).unwrap().is_some());
    drop(held);
    let snapshot = log.snapshot().unwrap();
    let asset = AssetRef::new(AssetKind::Article, id("a/7"));
    assert_eq!(snapshot.state(&asset).unwrap().unwrap().status, Status::Erased);
    assert!(snapshot.live(&asset).unwrap().is_none());
    assert!(log.snapshot_as_of(AsOf::Seq(before.seq)).unwrap().live(&asset).unwrap().is_none());
    assert!(
        matches!(snapshot.event(seq).unwrap().fact(), Some(Fact::Erased(_, order)) if order.by == "a court")
    );
    // Once more is no event.
    assert_eq!(log.append_one(&erasure("a/7")).unwrap(), Outcome::Unchanged(seq));
}

#[test]
fn a_dictionary_that_knows_an_erased_text_goes_too() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path()).unwrap();
    // So much of it that the dictionary cannot but hold it.
    for chunk in 0..8 {
        append_all(&log, (0..400).map(|number| article(chunk * 400 + number, CANARY)));
    }
    let snapshot = log.snapshot().unwrap();
    let old: Vec<u32> =
        snapshot.tables.dictionaries.iter(&snapshot.txn).unwrap().map(|row| row.unwrap().0).collect();
    assert_eq!(old, [1], "a dictionary was learned");
    drop(snapshot);
    // An event that was prepared with the old dictionary, and is appended when that is gone.
    let late = log.prepare(&NewEvent::published(
        id("late"),
        Article { body: "Fog. ".repeat(99), ..Article::default() },
    ));
    assert!(count(dir.path(), CANARY.as_bytes()) > 0, "the dictionary holds it");
    let traces = traces(&log, "a/0");
    append_all(&log, (0..3_200).map(|number| erasure(&format!("a/{number}"))));
    assert_gone(dir.path(), &traces);
    log.append(Batch { events: vec![late.unwrap()], ..Batch::default() }).unwrap();
    assert_eq!(log.verify(None, &mut |_| {}).unwrap().problems, []);
    let snapshot = log.snapshot().unwrap();
    let live = snapshot.live(&AssetRef::new(AssetKind::Article, id("late"))).unwrap().unwrap();
    assert!(
        matches!(live.content, crate::Content::Article(article) if article.body.starts_with("Fog. Fog."))
    );
}

/// The disk has no room for the log written anew, and later it has. The dictionary that was learned for the first copy
/// went with it; another has its number now.
#[test]
fn a_rewrite_that_failed_leaves_no_dictionary_behind() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path()).unwrap();
    append_all(&log, (0..3_000).map(|number| article(number, CANARY)));
    append_all(&log, (3_000..6_000).map(|number| article(number, "Rain")));
    let in_the_way = dir.path().join(format!("CURRENT.{}", std::process::id()));
    fs::create_dir(&in_the_way).unwrap();
    let events = (0..3_000).map(|number| log.prepare(&erasure(&format!("a/{number}"))).unwrap());
    let refused = log.append(Batch { events: events.collect(), ..Batch::default() });
    assert!(matches!(refused, Err(AppendError::NotForgotten { .. })), "{refused:?}");
    let early = log.prepare(&article(9_000, "Hail")).unwrap();
    append_all(&log, (6_000..12_000).map(|number| article(number, "A whale at the pier, and more")));
    fs::remove_dir(&in_the_way).unwrap();
    log.append_one(&erasure("a/3000")).unwrap();
    let late = log.prepare(&article(9_001, "Hail")).unwrap();
    log.append(Batch { events: vec![early, late], ..Batch::default() }).unwrap();
    assert_eq!(log.verify(None, &mut |_| {}).unwrap().problems, []);
    log.snapshot().unwrap().events(Seq::new(1), usize::MAX).unwrap();
    drop(log);
    assert_eq!(Log::open(dir.path()).unwrap().verify(None, &mut |_| {}).unwrap().problems, []);
}

/// The process dies after the erasure's commit and before the log is written anew.
#[test]
fn an_interrupted_erasure_is_finished_by_the_next_opening() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path()).unwrap();
    log.append_one(&article(1, CANARY)).unwrap();
    let traces = traces(&log, "a/1");
    let events = vec![log.prepare(&erasure("a/1")).unwrap()];
    log.append_with_others(Batch { events, ..Batch::default() }).unwrap();
    drop(log);
    let left = dir.path().join("volume-2");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("data.mdb"), CANARY).unwrap();
    assert!(traces.iter().any(|trace| count(dir.path(), trace) > 0), "it must be there first");
    let log = Log::open(dir.path()).unwrap();
    assert_gone(dir.path(), &traces);
    assert_eq!(log.verify(None, &mut |_| {}).unwrap().problems, []);
}

#[test]
fn appending_and_reading_go_on_while_erasures_rewrite_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path()).unwrap();
    append_all(&log, (0..40).map(|number| article(number, CANARY)));
    thread::scope(|scope| {
        for worker in 0..4 {
            let log = &log;
            scope.spawn(move || {
                for number in 0..10 {
                    log.append_one(&erasure(&format!("a/{}", worker * 10 + number))).unwrap();
                }
            });
            scope.spawn(move || {
                for number in 0..50 {
                    log.append_one(&article(1_000 + worker * 100 + number, "Fog")).unwrap();
                    log.snapshot().unwrap().events(Seq::new(1), 20).unwrap();
                }
            });
        }
    });
    assert_eq!(count(dir.path(), CANARY.as_bytes()), 0);
    assert_eq!(log.head().unwrap().seq, Seq::new(40 + 40 + 200));
    assert_eq!(log.verify(None, &mut |_| {}).unwrap().problems, []);
    let volumes = fs::read_dir(dir.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("volume-"));
    assert_eq!(volumes.count(), 1);
}

#[test]
fn compacting_gives_room_back_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path()).unwrap();
    for number in 0..200 {
        log.append_one(&article(number, "Fog")).unwrap();
    }
    let head = log.head().unwrap();
    let compacted = log.compact(&mut |_| {}).unwrap();
    assert!(compacted.after < compacted.before, "{compacted:?}");
    assert_eq!(log.verify(Some(&head), &mut |_| {}).unwrap().problems, []);
    assert_eq!(log.head().unwrap(), head);
}
