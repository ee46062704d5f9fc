//! A load that is killed goes on where it stopped, and ends with the same log; a load that is run twice adds nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails is a panic")]

use std::{env, fmt::Write as _, fs, path::Path, process::Command, sync::atomic::AtomicBool};

use ingest::{Hints, LoadOptions, Quarantine, load, retry};
use serde_json::Value;
use store::{Log, Seq};

fn options(dir: &Path) -> LoadOptions {
    LoadOptions::new(vec![dir.join("in")], Quarantine::at(dir.join("quarantine")))
}

/// Many small files, and a few of many records, some of them revisions of the same article.
fn write_archive(root: &Path) {
    fs::create_dir_all(root.join("posts")).unwrap();
    for at in 0..300 {
        let text = format!(
            "---\ntitle: Post {at}\ndate: 1931-05-02\nauthors: [jane-roe, by-{}]\n---\nText {at}.\n",
            at % 7
        );
        fs::write(root.join(format!("posts/{at:04}.md")), text).unwrap();
    }
    for file in 0..4 {
        let mut text = String::new();
        for at in 0..1_500 {
            let (id, day) = (at % 1_200, 1 + at / 1_200);
            writeln!(
                text,
                r#"{{"type":"article.published","id":"f{file}/{id}","time":"1912-04-{day:02}","data":{{"headline":"H {at}","body":"{}"}}}}"#,
                "The ferry left at noon. ".repeat(20)
            )
            .unwrap();
        }
        text.push_str("broken\n");
        fs::write(root.join(format!("{file}.jsonl")), text).unwrap();
    }
}

/// What the log says, without what differs between two runs.
fn content(log: &Log) -> Vec<Value> {
    let mut out = Vec::new();
    log.export(Seq::new(1), &mut out, &mut |_| {}).unwrap();
    let lines = String::from_utf8(out).unwrap();
    let strip = |line: &str| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        for name in ["recorded", "salt", "digest"] {
            value.as_object_mut().unwrap().remove(name);
        }
        value
    };
    lines.lines().map(strip).collect()
}

/// Not a test of its own: the process that the next test kills.
#[test]
fn child_that_loads() {
    if let Some(dir) = env::var_os("INGEST_TEST_LOAD") {
        let dir = Path::new(&dir);
        let log = Log::open(dir.join("log")).unwrap();
        load(&log, &options(dir), &(), &AtomicBool::new(false)).unwrap();
    }
}

/// The operator's machine is switched off in the middle of a load. He starts the same command again. The log must be
/// what it would have been.
#[test]
fn killed_loads_go_on_and_end_equal() {
    let dir = tempfile::tempdir().unwrap();
    write_archive(&dir.path().join("in"));
    let log = Log::open(dir.path().join("log")).unwrap();
    let whole = load(&log, &options(dir.path()), &(), &AtomicBool::new(false)).unwrap();
    let expected = content(&log);
    assert_eq!(whole.events, expected.len() as u64);
    let mut resumed = 0;
    for round in 1..=4_u64 {
        for name in ["log", "quarantine"] {
            let _ = fs::remove_dir_all(dir.path().join(format!("run/{name}")));
        }
        let run = dir.path().join("run");
        fs::create_dir_all(&run).unwrap();
        let _ = std::os::unix::fs::symlink(dir.path().join("in"), run.join("in"));
        let log = Log::open(run.join("log")).unwrap();
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child_that_loads", "--nocapture"])
            .env("INGEST_TEST_LOAD", &run)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let wanted = Seq::new(whole.events * round / 6);
        while log.head().unwrap().seq < wanted && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        drop(log);
        let log = Log::open(run.join("log")).unwrap();
        let again = load(&log, &options(&run), &(), &AtomicBool::new(false)).unwrap();
        resumed += u64::from(again.resumed);
        let strip = |events: Vec<Value>| -> Vec<Value> {
            events
                .into_iter()
                .map(|mut event| {
                    event.as_object_mut().unwrap().remove("source");
                    event
                })
                .collect()
        };
        assert_eq!(strip(content(&log)), strip(expected.clone()), "round {round}");
        assert_eq!(options(&run).quarantine.list().unwrap().len(), 4);
    }
    assert!(resumed > 0, "at least one of the loads went on in the middle");
}

#[test]
fn loading_twice_adds_nothing_and_an_export_is_loaded_again() {
    let dir = tempfile::tempdir().unwrap();
    write_archive(&dir.path().join("in"));
    let log = Log::open(dir.path().join("log")).unwrap();
    let first = load(&log, &options(dir.path()), &(), &AtomicBool::new(false)).unwrap();
    let again = load(&log, &options(dir.path()), &(), &AtomicBool::new(false)).unwrap();
    assert_eq!((again.events, again.unchanged), (0, first.events));
    let mut out = Vec::new();
    log.export(Seq::new(1), &mut out, &mut |_| {}).unwrap();
    let other = dir.path().join("other");
    fs::create_dir_all(other.join("in")).unwrap();
    fs::write(other.join("in/export.jsonl"), &out).unwrap();
    let copy = Log::open(other.join("log")).unwrap();
    let loaded = load(&copy, &options(&other), &(), &AtomicBool::new(false)).unwrap();
    assert_eq!((loaded.events, loaded.quarantined), (first.events, 0));
    assert_eq!(content(&copy), content(&log));
}

#[test]
fn what_was_put_right_leaves_the_quarantine() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("in");
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("a.txt"), "The headline\n\nThe text.").unwrap();
    fs::write(root.join("b.jsonl"), "broken\n").unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let options = options(dir.path());
    assert_eq!(load(&log, &options, &(), &AtomicBool::new(false)).unwrap().quarantined, 2);
    let hints = Hints { pattern: Some("{id}.txt".parse().unwrap()), ..Hints::default() };
    let report = retry(&log, &options.quarantine, &[], &hints).unwrap();
    assert_eq!((report.released, report.events, report.remaining.len()), (1, 1, 1));
    assert_eq!(options.quarantine.list().unwrap().len(), 1);
    let (one, bytes) = options.quarantine.show(&options.quarantine.list().unwrap()[0].key[..6]).unwrap();
    assert_eq!((one.line, bytes.as_slice()), (1, &b"broken"[..]));
}
