//! The disk is full in the middle of indexing. Readers keep what was committed last, the worker says what is wrong,
//! and when there is room again it goes on by itself.
//!
//! A process of its own has a limit on the size of files: writing beyond it fails as on a full disk.

use std::{process::Command, time::Duration};

use indexer::{IndexError, Indexes, Verified, Workers};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use store::{Article, Batch, Log, NewEvent};
use views::{ARTICLES, ViewId};

use crate::{assert_clean, catch_up, clean, id, never, open, say};

const DIR: &str = "MORGUE_FULL_DISK_DIR";
const VIEW: ViewId = ARTICLES;

#[test]
fn the_last_commit_serves_until_there_is_room() {
    let home = tempfile::tempdir().unwrap();
    // Of a process that ignores the signal, writing beyond the limit is an error like any other.
    let status = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" --exact full_disk::victim --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .env(DIR, home.path())
        .status()
        .unwrap();
    assert!(status.success());
}

fn publish(log: &Log, from: u64, to: u64) {
    let event = |n: u64| {
        let words: Vec<String> = (0..300).map(|word| format!("w{}", n * 31 + word * 7919)).collect();
        let article = Article { headline: format!("{n}"), body: words.join(" "), ..Article::default() };
        log.prepare(&NewEvent::published(id(format!("a/{n}")), article)).unwrap()
    };
    log.append(Batch { events: (from..to).map(event).collect(), ..Batch::default() }).unwrap();
}

fn limit(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: bytes.or(maximum), maximum }).unwrap();
}

#[test]
fn victim() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let indexes = open(std::path::Path::new(&dir));
    let log = indexes.log().clone();
    publish(&log, 0, 20);
    catch_up(&indexes);
    let before = clean(&log, VIEW);
    publish(&log, 20, 400);
    let head = log.head().unwrap().seq;

    let mut failed = 0;
    for bytes in [1_000, 4_000, 10_000, 30_000, 60_000, 100_000] {
        limit(Some(bytes));
        let found = indexes.catch_up(VIEW, head, &never(), &|_| {});
        limit(None);
        let error = found.expect_err("there was room for all of it");
        assert!(!error.is_damage(), "a full disk is not a damaged index: {error}");
        assert!(matches!(error, IndexError::DiskFull { .. }), "{error:?}");
        assert_eq!(indexes.live(VIEW).unwrap().searcher().unwrap().digest().unwrap(), before);
        assert_eq!(indexes.verify(VIEW, &never()).unwrap(), Verified::Whole);
        failed += 1;
    }

    limit(Some(30_000));
    let workers = Workers::start(&indexes).unwrap();
    // What another handle sees, another process sees.
    let other = Indexes::open(log.clone(), std::path::Path::new(&dir).join("indexes")).unwrap();
    let why = || other.status().map(|views| views.into_iter().find_map(|view| view.failing));
    let said = log.wait_until(Duration::from_secs(60), || Ok::<_, IndexError>(why()?.is_some()));
    assert!(said.unwrap(), "nobody said that the disk is full");
    let why = indexes.failing(VIEW).unwrap();
    assert!(why.starts_with("the disk is full") && !why.contains("morgue rebuild"), "{why}");
    assert_eq!(indexes.live(VIEW).unwrap().searcher().unwrap().digest().unwrap(), before);
    limit(None);
    assert!(indexes.wait_for(VIEW, &[head], Duration::from_secs(60)).unwrap().shown, "it did not go on");
    let said = log.wait_until(Duration::from_secs(60), || Ok::<_, IndexError>(other.failing(VIEW).is_none()));
    assert!(said.unwrap(), "it still says {:?}", other.failing(VIEW));
    workers.stop();
    catch_up(&indexes);
    assert_clean(&indexes, "when there was room");
    say(&format!("full disk: {failed} sizes and a worker, the last commit served, and it went on by itself"));
}
