//! The promises of the log to whoever uses it, one a test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

use std::{fs, sync::Barrier, thread, time::Duration};

use store::{
    AppendError, Article, AsOf, AssetId, AssetKind, AssetRef, BackupError, Batch, Clock, ClockError, Fact,
    FollowError, Follower, ImportError, Log, LogOptions, LostTail, Name, NewEvent, OpenError, Order,
    OrderedBy, Outcome, Prepared, Problem, ReadError, Refusal, Revision, Seq, Snapshot, SourcePosition,
    Timestamp,
};

fn id(text: &str) -> AssetId {
    AssetId::new(text).unwrap()
}

fn article(name: &str, headline: &str) -> NewEvent {
    NewEvent::published(id(name), Article { headline: headline.into(), ..Article::default() })
}

fn new_log() -> (tempfile::TempDir, Log) {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    (dir, log)
}

#[test]
fn a_snapshot_can_go_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Snapshot>();
    let (_dir, log) = new_log();
    log.append_one(&article("a", "one")).unwrap();
    let (now, then) = (log.snapshot().unwrap(), log.snapshot_as_of(AsOf::Seq(Seq::ZERO)).unwrap());
    let seqs = thread::spawn(move || (now.seq(), then.seq())).join().unwrap();
    assert_eq!(seqs, (Seq::new(1), Seq::ZERO));
}

#[test]
fn moments_are_read_as_people_write_them() {
    let time = |text: &str| AsOf::Time(text.parse().unwrap());
    for (text, expected) in [
        ("1912", time("1912-12-31T23:59:59.999Z")),
        ("1912-04", time("1912-04-30T23:59:59.999Z")),
        ("1912-04-15", time("1912-04-15T23:59:59.999Z")),
        ("1912-04-15T02:20:00-03:00", time("1912-04-15T05:20:00Z")),
        ("seq:7", AsOf::Seq(Seq::new(7))),
        ("10000", AsOf::Seq(Seq::new(10_000))),
        ("seq:1912", AsOf::Seq(Seq::new(1_912))),
    ] {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }
    for text in ["", "12", "seq:", "seq:x", "yesterday", "1912-13", "99999999999999999999999"] {
        assert!(text.parse::<AsOf>().is_err(), "{text}");
    }
    assert_eq!(AsOf::Seq(Seq::new(7)).to_string().parse(), Ok(AsOf::Seq(Seq::new(7))));
}

#[test]
fn a_seq_that_the_log_has_not_reached_is_no_moment() {
    let (_dir, log) = new_log();
    log.append_one(&article("a", "one")).unwrap();
    let error = log.snapshot_as_of(AsOf::Seq(Seq::new(2))).unwrap_err();
    assert!(matches!(error, ReadError::NoSuchEvent { .. }), "{error}");
    let mut late = article("b", "two");
    late.time = Some(Timestamp::from_millis(1_000).unwrap());
    log.append_one(&late).unwrap();
    let past = log.snapshot_as_of(AsOf::Time(Timestamp::from_millis(2_000).unwrap())).unwrap();
    assert_eq!(past.seq(), Seq::new(2));
    let error = past.event(Seq::new(1)).unwrap_err();
    assert!(matches!(error, ReadError::NotYet { .. }), "{error}");
    assert!(past.event(Seq::new(2)).is_ok());
}

#[test]
fn a_condition_that_does_not_hold_stops_the_whole_batch() {
    let (_dir, log) = new_log();
    let asset = AssetRef::new(AssetKind::Article, id("a"));
    let batch = |name: &str, revision: u64| Batch {
        events: vec![
            log.prepare(&article(name, "new")).unwrap(),
            log.prepare(&article("other", name)).unwrap(),
        ],
        position: Some(SourcePosition { source: "test".into(), position: name.into() }),
        expect: vec![(asset.clone(), Revision::new(revision))],
        names: Vec::new(),
    };
    log.append(batch("a", 0)).unwrap();
    let error = log.append(batch("b", 0)).unwrap_err();
    let AppendError::Conflict { asset: found, .. } = &error else { panic!("{error}") };
    assert_eq!(found, &asset);
    assert_eq!(
        error.to_string(),
        "article a is at revision 1, not at 0: read it again and send the change again"
    );
    assert_eq!(log.head().unwrap().seq, Seq::new(2));
    assert_eq!(log.source_position("test").unwrap().unwrap(), "a");
    assert_eq!(log.append(batch("b", 1)).unwrap().outcomes.len(), 2);
}

#[test]
fn what_is_to_be_created_is_not_there_yet_when_its_turn_comes() {
    let (_dir, log) = new_log();
    let create = |name: &str, headline: &str| {
        log.prepare(&article(name, headline)).map(Prepared::only_if_absent).unwrap()
    };
    let append = |events: Vec<Prepared>| log.append(Batch { events, ..Batch::default() }).unwrap().outcomes;
    let exists = |name: &str, seq: u64| {
        let asset = AssetRef::new(AssetKind::Article, id(name));
        Outcome::Refused(Refusal::Exists { asset, seq: Seq::new(seq) })
    };
    let appended = |seq: u64| Outcome::Appended(Seq::new(seq));
    // The second of the same name sees the first, even if it says the same; its neighbours do not suffer.
    let events = vec![create("a", "one"), create("a", "one"), create("b", "two")];
    assert_eq!(append(events), [appended(1), exists("a", 1), appended(2)]);
    assert_eq!(append(vec![create("a", "other")]), [exists("a", 1)]);
    // What was withdrawn can be created again.
    let order = Order { ordered_by: OrderedBy::Source, ..Order::default() };
    let withdrawn = NewEvent::new(id("a"), Fact::Withdrawn(AssetKind::Article, order));
    log.append_one(&withdrawn).unwrap();
    assert_eq!(append(vec![create("a", "one"), create("a", "other")]), [appended(4), exists("a", 4)]);
    // Many at once: one of them creates it.
    let created: usize = thread::scope(|scope| {
        let one = |n: usize| append(vec![create("c", &n.to_string())]);
        let tries: Vec<_> = (0..16).map(|n| scope.spawn(move || one(n))).collect();
        let outcomes = tries.into_iter().flat_map(|tried| tried.join().unwrap());
        outcomes.filter(|outcome| matches!(outcome, Outcome::Appended(_))).count()
    });
    assert_eq!(created, 1);
}

#[test]
fn a_live_revision_says_where_it_comes_from() {
    let (_dir, log) = new_log();
    let mut event = article("a", "one");
    event.source = "load:1931.jsonl".to_owned();
    log.append_one(&event).unwrap();
    let live = log.snapshot().unwrap().live(&AssetRef::new(AssetKind::Article, id("a"))).unwrap().unwrap();
    assert_eq!(live.source, "load:1931.jsonl");
}

#[test]
fn a_source_with_an_impossible_name_does_not_fail_its_neighbours() {
    let (_dir, log) = new_log();
    for source in [String::new(), "s".repeat(401)] {
        let position = Some(SourcePosition { source, position: "1".into() });
        let error = log.append(Batch { position, ..Batch::default() }).unwrap_err();
        assert!(matches!(error, AppendError::Invalid(_)), "{error}");
    }
    let position = Some(SourcePosition { source: "s".repeat(400), position: String::new() });
    log.append(Batch { position, ..Batch::default() }).unwrap();
    assert_eq!(log.source_positions().unwrap().len(), 1);
}

#[test]
fn many_threads_share_commits_and_each_gets_its_own_answer() {
    let (_dir, log) = new_log();
    let start = Barrier::new(32);
    thread::scope(|scope| {
        for worker in 0..32 {
            let (log, start) = (&log, &start);
            scope.spawn(move || {
                start.wait();
                for n in 0..20 {
                    let outcome = log.append_one(&article(&format!("{worker}/{n}"), "x")).unwrap();
                    let Outcome::Appended(seq) = outcome else { panic!("{outcome:?}") };
                    let event = log.snapshot().unwrap().event(seq).unwrap();
                    assert_eq!(event.id.as_str(), format!("{worker}/{n}"));
                }
            });
        }
    });
    let report = log.verify(None, &mut |_| {}).unwrap();
    assert_eq!((report.events, report.problems), (640, vec![]));
}

#[test]
fn a_follower_wakes_on_a_commit() {
    let (_dir, log) = new_log();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| log.wait_past(Seq::ZERO, Duration::from_secs(60)).unwrap());
        log.append_one(&article("a", "one")).unwrap();
        assert_eq!(waiting.join().unwrap(), Seq::new(1));
    });
}

#[test]
fn a_log_that_is_behind_its_follower_says_so() {
    let (_dir, log) = new_log();
    log.append_one(&article("a", "one")).unwrap();
    let head = log.head().unwrap();
    let check =
        |checkpoint, link| Follower::new("articles", checkpoint, link).check(&log.snapshot().unwrap());
    check(head.seq, Some(head.digest)).unwrap();
    check(head.seq, None).unwrap();
    check(Seq::ZERO, None).unwrap();
    let error = check(Seq::new(5), None).unwrap_err();
    assert!(matches!(error, FollowError::Lost(LostTail::Behind { .. })));
    assert!(error.to_string().contains("articles has come to event 5, and the log ends at 1"), "{error}");
    let error = check(head.seq, Some(store::Digest::ZERO)).unwrap_err();
    assert!(matches!(error, FollowError::Lost(LostTail::Other { .. })), "{error}");
}

#[test]
fn a_log_is_held_against_a_note_from_before() {
    let (_dir, log) = new_log();
    let (_other_dir, other) = new_log();
    for n in 0..5 {
        log.append_one(&article("a", &n.to_string())).unwrap();
        other.append_one(&article("a", &n.to_string())).unwrap();
    }
    let note = log.head().unwrap().to_string().parse().unwrap();
    assert!(log.verify(Some(&note), &mut |_| {}).unwrap().is_clean());
    // The same events were taken at another moment, with other salts: another log.
    let report = other.verify(Some(&note), &mut |_| {}).unwrap();
    assert!(matches!(report.problems[..], [Problem::Rewritten { .. }]), "{:?}", report.problems);
    let (_third_dir, third) = new_log();
    let report = third.verify(Some(&note), &mut |_| {}).unwrap();
    assert!(matches!(report.problems[..], [Problem::Lost { .. }]), "{:?}", report.problems);
}

#[test]
fn a_file_that_was_cut_is_noticed_at_opening() {
    let (dir, log) = new_log();
    let events = (0..400).map(|n| log.prepare(&article(&n.to_string(), &"long ".repeat(200))).unwrap());
    log.append(Batch { events: events.collect(), ..Batch::default() }).unwrap();
    drop(log);
    let file = dir.path().join("log/volume-1/data.mdb");
    let whole = fs::read(&file).unwrap();
    for bytes in [0, 100, 4_096, 8_192, whole.len() / 2, whole.len() - 4_096 * 8] {
        fs::write(&file, &whole[..bytes]).unwrap();
        let error = Log::open(dir.path().join("log")).unwrap_err();
        assert!(
            matches!(error, OpenError::Truncated { .. } | OpenError::Lmdb { .. } | OpenError::Read(_)),
            "cut to {bytes} bytes: {error}"
        );
    }
    fs::write(&file, &whole).unwrap();
    assert_eq!(Log::open(dir.path().join("log")).unwrap().head().unwrap().seq, Seq::new(400));
}

#[test]
fn a_directory_that_is_no_log_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    for (name, why) in [("volume-3", "CURRENT is missing"), ("unfinished", "was not finished")] {
        let home = dir.path().join(name);
        fs::create_dir_all(home.join(name)).unwrap();
        let error = Log::open(&home).unwrap_err();
        assert!(matches!(error, OpenError::NotALog { .. }), "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
    let (home, log) = new_log();
    let error = Log::open(home.path().join("log")).unwrap_err();
    assert!(matches!(error, OpenError::AlreadyOpen { .. }), "{error}");
    let error = log.backup(home.path()).unwrap_err();
    assert!(error.to_string().contains("is not empty"), "{error}");
}

#[test]
fn a_changed_export_is_refused_with_its_line() {
    let (_dir, log) = new_log();
    for n in 0..5 {
        log.append_one(&article("a", &format!("headline {n}"))).unwrap();
    }
    let mut export = Vec::new();
    log.export(Seq::new(1), &mut export, &mut |_| {}).unwrap();
    let text = String::from_utf8(export).unwrap();
    let import = |text: &str| new_log().1.import(&mut text.as_bytes(), &mut |_| {});
    let error = import(&text.replace("headline 3", "headline 8")).unwrap_err();
    assert!(matches!(error, ImportError::Digest { line: 4, .. }), "{error}");
    let error = import(&text.lines().skip(1).collect::<Vec<_>>().join("\n")).unwrap_err();
    assert_eq!(error.to_string(), "line 1: event 2 cannot follow event 0");
    let error = import("{\"seq\":1}").unwrap_err();
    assert!(matches!(error, ImportError::Line { line: 1, .. }), "{error}");
    assert_eq!(import(&text).unwrap().head, log.head().unwrap());
}

/// The log of the first version, down to the byte: import, digests and export must never change. The file was made by
/// a few lines of Python from the grammar in `digest.rs`, so it also shows that these say what is so.
#[test]
fn the_log_of_version_1_is_read_for_ever() {
    let golden = include_str!("golden/log-v1.jsonl");
    let (_dir, log) = new_log();
    let imported = log.import(&mut golden.as_bytes(), &mut |_| {}).unwrap();
    assert_eq!(imported.events, 6);
    let mut export = Vec::new();
    log.export(Seq::new(1), &mut export, &mut |_| {}).unwrap();
    assert_eq!(String::from_utf8(export).unwrap(), golden);
    assert_eq!(log.verify(Some(&imported.head), &mut |_| {}).unwrap().problems, []);
    let snapshot = log.snapshot().unwrap();
    let live = snapshot.live(&AssetRef::new(AssetKind::Article, id("a/ferry"))).unwrap().unwrap();
    assert_eq!((live.seq, live.revision), (Seq::new(3), Revision::new(2)));
    assert!(matches!(snapshot.event(Seq::new(6)).unwrap().fact(), Some(Fact::Other(..))));
}

/// A story: the machine's clock leaps five years ahead. Nothing is recorded by it, so nothing is wrong when it is set
/// right, and who knows better can say so.
#[test]
fn a_clock_that_leaps_records_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let (clock, hand) = Clock::by_hand(time("2026-05-02T10:00:00Z"));
    let open = |clock: &Clock, trust_clock| {
        Log::open_with(dir.path(), LogOptions { clock: clock.clone(), trust_clock, ..LogOptions::default() })
            .unwrap()
    };
    let log = open(&clock, false);
    let recorded = |log: &Log| log.head().unwrap().recorded.map(|time| time.to_string());
    for (passed, expected) in
        [(0, "2026-05-02T10:00:00.000Z"), (1, "2026-05-03T10:00:00.000Z"), (31, "2026-06-03T10:00:00.000Z")]
    {
        hand.pass(Duration::from_secs(passed * 86_400));
        log.append_one(&article("a/1", &format!("after {passed} days"))).unwrap();
        assert_eq!(recorded(&log).as_deref(), Some(expected));
    }

    hand.set(time("2031-06-03T10:00:00Z"));
    let refused = log.append_one(&article("a/1", "from the future"));
    let Err(AppendError::Clock(ClockError::Leapt { wall, expected })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((wall, expected), (time("2031-06-03T10:00:00Z"), time("2026-06-03T10:00:00Z")));
    hand.set(time("2026-06-03T10:00:01Z"));
    log.append_one(&article("a/1", "set right")).unwrap();
    assert_eq!(recorded(&log).as_deref(), Some("2026-06-03T10:00:01.000Z"));

    drop(log);
    let (early, _) = Clock::by_hand(time("2026-06-03T08:00:00Z"));
    let log = open(&early, false);
    let refused = log.append_one(&article("a/1", "from the past"));
    assert!(matches!(refused, Err(AppendError::Clock(ClockError::Behind { .. }))), "{refused:?}");
    drop(log);
    let log = open(&early, true);
    log.append_one(&article("a/1", "trusted")).unwrap();
    assert_eq!(recorded(&log).as_deref(), Some("2026-06-03T10:00:01.000Z"));
}

/// An import brings what was recorded elsewhere, by a clock that is none of ours.
#[test]
fn an_import_keeps_its_times_whatever_the_clock_says() {
    let dir = tempfile::tempdir().unwrap();
    let open = |name: &str, now: &str| {
        let (clock, _) = Clock::by_hand(now.parse().unwrap());
        Log::open_with(dir.path().join(name), LogOptions { clock, ..LogOptions::default() }).unwrap()
    };
    let ahead = open("ahead", "2026-05-02T10:00:00Z");
    ahead.append_one(&article("a/1", "one")).unwrap();
    let mut exported = Vec::new();
    ahead.export(Seq::new(1), &mut exported, &mut |_| {}).unwrap();
    let behind = open("behind", "2019-01-01");
    behind.import(&mut exported.as_slice(), &mut |_| {}).unwrap();
    assert_eq!(behind.head().unwrap(), ahead.head().unwrap());
    let refused = behind.append_one(&article("a/2", "two"));
    assert!(matches!(refused, Err(AppendError::Clock(ClockError::Behind { .. }))), "{refused:?}");
}

/// A source finds its records again by the names that it gave them, until what they name is erased.
#[test]
fn names_lie_beside_the_log_and_go_with_what_was_erased() {
    let (_dir, log) = new_log();
    let name = |key: &str, value: &str| Name { key: key.to_owned(), value: value.to_owned() };
    let names =
        vec![name("one", "article a/1"), name("both", "article a/1\narticle a/2"), name("file", "site/a.md")];
    let events =
        vec![log.prepare(&article("a/1", "One")).unwrap(), log.prepare(&article("a/2", "Two")).unwrap()];
    log.append(Batch { events, names, ..Batch::default() }).unwrap();
    let found = |key: &str| log.snapshot().unwrap().name(key).unwrap();
    assert_eq!(found("one").as_deref(), Some("article a/1"));
    assert_eq!(found("two"), None);
    assert_eq!(log.source_positions().unwrap().len(), 0, "names are no positions");
    assert!(log.verify(None, &mut |_| {}).unwrap().is_clean());
    log.append_one(&NewEvent::new(id("a/1"), Fact::Erased(AssetKind::Article, Order::default()))).unwrap();
    assert_eq!(found("one"), None);
    assert_eq!(found("both").as_deref(), Some("article a/1\narticle a/2"));
    assert_eq!(found("file").as_deref(), Some("site/a.md"));
}

/// A rehearsal says what an append would do, and does nothing.
#[test]
fn a_rehearsal_leaves_no_trace() {
    let (_dir, log) = new_log();
    log.append_one(&article("a/1", "One")).unwrap();
    let events = ["a/1", "a/2"].map(|id| log.prepare(&article(id, "One")).unwrap()).into();
    let outcomes = log.rehearse(&Batch { events, ..Batch::default() }).unwrap();
    assert_eq!(outcomes, [Outcome::Unchanged(Seq::new(1)), Outcome::Appended(Seq::new(2))]);
    assert_eq!(log.head().unwrap().seq, Seq::new(1));
}

/// A story: a backup is put beside the data of the log that it is of, and goes with it when the log is next opened or lost.
#[test]
fn a_backup_does_not_go_into_the_log_that_it_is_of() {
    let (dir, log) = new_log();
    log.append_one(&article("a", "one")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("log"), dir.path().join("link")).unwrap();
    for inside in ["log", "log/backup", "log/a/b", "link/backup", "log/../log/backup"] {
        let error = log.backup(dir.path().join(inside)).unwrap_err();
        assert!(matches!(error, BackupError::Inside { .. }), "{inside}: {error}");
    }
    for beside in ["backup", "log/../other", "logs"] {
        log.backup(dir.path().join(beside)).unwrap();
    }
    let backup = dir.path().join("backup");
    let error = Log::restore(&backup, backup.join("again"), &mut |_| {}).unwrap_err();
    assert!(matches!(error, BackupError::Inside { .. }), "{error}");
    let names: Vec<_> = fs::read_dir(log.dir()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name == "backup" || name == "a"), "{names:?}");
}
