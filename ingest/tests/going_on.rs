//! A load that is killed goes on where it stopped, and ends with the same log; a load that is run twice adds nothing.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that fails is a panic"
)]

use std::{
    env,
    fmt::Write as _,
    fs,
    hash::{BuildHasher, Hasher, RandomState},
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
};

use ingest::{Hints, LoadOptions, Quarantine, load, retry, watch};
use serde_json::{Value, json};
use store::{AssetKind, EventType, Fact, Log, NewEvent, Seq};

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

/// Returns the events of the log, without what differs between two runs.
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
        let report = load(&log, &options(dir), &(), &AtomicBool::new(false)).unwrap();
        fs::write(dir.join("resumed"), report.resumed.to_string()).unwrap();
    }
}

/// The number of times that loads are killed in all.
const KILLS: u64 = 50;

/// The operator's machine is switched off in the middle of a load. He starts the same command again; it is switched
/// off again, and again. When the load is done at last, the log must be what it would have been.
#[test]
fn killed_loads_go_on_and_end_equal() {
    let seed = env::var("INGEST_KILL_SEED").ok().map(|text| text.parse().unwrap());
    let seed: u64 = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("INGEST_KILL_SEED={seed} kills at the same places");
    let mut state = seed | 1;
    let mut random = |end: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % end
    };
    let dir = tempfile::tempdir().unwrap();
    write_archive(&dir.path().join("in"));
    let log = Log::open(dir.path().join("log")).unwrap();
    let whole = load(&log, &options(dir.path()), &(), &AtomicBool::new(false)).unwrap();
    let expected = without_source(content(&log));
    assert_eq!(whole.events, expected.len() as u64);
    let (mut kills, mut loads, mut resumed) = (0, 0, 0_u32);
    while kills < KILLS {
        loads += 1;
        let run = dir.path().join(format!("run-{loads}"));
        fs::create_dir_all(&run).unwrap();
        std::os::unix::fs::symlink(dir.path().join("in"), run.join("in")).unwrap();
        // A load is begun again until one ends by itself.
        loop {
            let log = Log::open(run.join("log")).unwrap();
            let mut child = Command::new(env::current_exe().unwrap())
                .args(["--exact", "child_that_loads", "--nocapture"])
                .env("INGEST_TEST_LOAD", &run)
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap();
            let wanted = log.head().unwrap().seq.get() + random(whole.events / 6);
            while log.head().unwrap().seq.get() < wanted && child.try_wait().unwrap().is_none() {
                std::thread::yield_now();
            }
            // Somewhere in the batch after it.
            (0..random(3_000)).for_each(|_| std::hint::spin_loop());
            if child.try_wait().unwrap().is_some_and(|status| status.success()) {
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
        let log = Log::open(run.join("log")).unwrap();
        assert_eq!(without_source(content(&log)), expected, "INGEST_KILL_SEED={seed}, load {loads}");
        assert_eq!(options(&run).quarantine.list().unwrap().len(), 4);
        // One that was killed before its first batch has nothing to go on from.
        resumed += u32::from(fs::read_to_string(run.join("resumed")).unwrap() == "true");
        // What is done is done: once more begins anew, and adds nothing.
        let again = load(&log, &options(&run), &(), &AtomicBool::new(false)).unwrap();
        assert_eq!((again.events, again.unchanged, again.resumed), (0, whole.events, false));
    }
    println!(
        "{kills} kills in {loads} loads of {} events, {resumed} of which went on in the middle",
        whole.events
    );
    assert!(resumed > 0, "none went on where it stopped");
}

/// Without the names of the folders, which differ.
fn without_source(mut events: Vec<Value>) -> Vec<Value> {
    for event in &mut events {
        event.as_object_mut().unwrap().remove("source");
    }
    events
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

/// A folder is watched: what appears in it, grows in it, or is moved into it is loaded, once; what is broken goes to
/// the quarantine, once, and leaves it when it has been mended.
#[test]
fn a_watched_folder_is_loaded_as_it_fills() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("in");
    fs::create_dir_all(&root).unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let options = options(dir.path());
    let stop = AtomicBool::new(false);
    let line = |id: &str| {
        format!("{{\"type\":\"article.published\",\"id\":\"{id}\",\"data\":{{\"headline\":\"H\"}}}}\n")
    };
    // Written elsewhere and moved, so that no half of it is seen.
    let put = |name: &str, text: &str| {
        fs::write(dir.path().join("new"), text).unwrap();
        fs::rename(dir.path().join("new"), root.join(name)).unwrap();
    };
    std::thread::scope(|scope| {
        let (tell, told) = std::sync::mpsc::channel();
        let (log, options, stop) = (&log, &options, &stop);
        let watching = scope.spawn(move || {
            let every = std::time::Duration::from_millis(5);
            watch(log, options, every, &(), stop, &mut |report| {
                let _ = tell.send((report.events, report.quarantined, report.released));
            })
        });
        let _ended = StopAtEnd(stop);
        let next = || told.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
        put("a.jsonl", &line("a/1"));
        assert_eq!(next(), (1, 0, 0));
        put("a.jsonl", &(line("a/1") + &line("a/2")));
        assert_eq!(next(), (1, 0, 0), "it grew: what is new in it is loaded");
        fs::create_dir(root.join("sub")).unwrap();
        put("sub/b.jsonl", &(line("b/1") + "broken\n"));
        assert_eq!(next(), (1, 1, 0));
        fs::remove_file(root.join("a.jsonl")).unwrap();
        put("sub/c.jsonl.gz", "no gzip");
        assert_eq!(next(), (0, 1, 0), "what was there before is not read again");
        put("sub/b.jsonl", &(line("b/1") + &line("b/2")));
        assert_eq!(next(), (1, 0, 1), "it was mended");
        stop.store(true, Ordering::Relaxed);
        watching.join().unwrap().unwrap();
        assert!(told.try_recv().is_err(), "nothing was loaded that did not change");
    });
    assert_eq!(log.head().unwrap().seq, Seq::new(4));
    let left = options.quarantine.list().unwrap();
    assert_eq!(left.len(), 1);
    assert!(left[0].file.ends_with("c.jsonl.gz"), "{}", left[0].file);
}

/// Ends the watching when the test does, in whatever way.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
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
    let hints = Hints { patterns: vec!["{id}.txt".parse().unwrap()], ..Hints::default() };
    let report = retry(&log, &options.quarantine, &[], &hints).unwrap();
    assert_eq!((report.released, report.events, report.remaining), (1, 1, 1));
    assert_eq!(options.quarantine.list().unwrap().len(), 1);
    let (one, bytes) = options.quarantine.show(&options.quarantine.list().unwrap()[0].key[..6]).unwrap();
    assert_eq!((one.line, bytes.as_slice()), (1, &b"broken"[..]));
}

/// A record that is read at the second attempt has the ids that the first would have given it, and a load that was cut off
/// meanwhile still has all of its files before it.
#[test]
fn what_is_retried_is_what_would_have_been_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("in");
    for name in ["1931/a", "1931/b", "1932/c"] {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name).with_extension("txt"), format!("Headline {name}\n\nText.")).unwrap();
    }
    let log = Log::open(dir.path().join("log")).unwrap();
    let mut options = options(dir.path());
    let report = load(&log, &options, &(), &AtomicBool::new(false)).unwrap();
    assert_eq!((report.quarantined, report.reasons.len(), report.reasons[0].records), (3, 1, 3));
    let hints = Hints { patterns: vec!["in/{published:%Y}/{_}.txt".parse().unwrap()], ..Hints::default() };
    let last = options.quarantine.list().unwrap().pop().unwrap();
    let report = retry(&log, &options.quarantine, &[last.key], &hints).unwrap();
    assert_eq!((report.released, report.events, report.remaining), (1, 1, 0));
    options.hints = hints;
    let report = load(&log, &options, &(), &AtomicBool::new(false)).unwrap();
    assert_eq!((report.events, report.unchanged, report.quarantined), (2, 1, 0));
}

/// Every night a program dumps its records anew, without saying when each was changed. An editor has corrected one
/// since, and taken another from readers: both must stay so, until the program has something new to say.
#[test]
fn a_file_that_repeats_itself_undoes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("in");
    fs::create_dir_all(&root).unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let options = options(dir.path());
    let mut night = 0;
    let mut dump = |name: &str| {
        night += 1;
        let path = root.join("dump.jsonl");
        let lines = [
            json!({"type": "byline.published", "id": "b/1", "data": {"name": name}}),
            json!({"type": "article.published", "id": "a/1", "data": {"headline": "Ferry", "bylines": ["b/1"]}}),
        ];
        fs::write(&path, format!("{}\n{}\n", lines[0], lines[1])).unwrap();
        let written = std::time::UNIX_EPOCH + std::time::Duration::from_secs(night * 86_400);
        fs::File::options().append(true).open(&path).unwrap().set_modified(written).unwrap();
        let report = load(&log, &options, &(), &AtomicBool::new(false)).unwrap();
        (report.events, report.unchanged)
    };
    assert_eq!(dump("Nora Vance"), (2, 0));
    let by_hand = |id: &str, what: EventType, data: &str| {
        let fact = Fact::from_json(&what, data).unwrap();
        let event = NewEvent { source: "an editor".to_owned(), ..NewEvent::new(id.parse().unwrap(), fact) };
        log.append_one(&event).unwrap();
    };
    by_hand("b/1", EventType::Published(AssetKind::Byline), r#"{"name":"Nora Hallam"}"#);
    by_hand("a/1", EventType::Withdrawn(AssetKind::Article), r#"{"reason":"a hoax"}"#);
    assert_eq!(dump("Nora Vance"), (0, 2));
    assert_eq!(dump("N. Vance"), (1, 1), "what is new is news");
    assert_eq!(dump("Nora Vance"), (1, 1), "and so is what it says again after it has said something else");
    assert_eq!(dump("Nora Vance"), (0, 2));
}
