//! The promises that hold for the indexes as a whole, whatever happens. One binary, a module for each promise.
//!
//! `MORGUE_LONG=1` runs the long form, best with `--release`: 1,000 kills instead of 100, 2,000 random histories instead
//! of 16.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail as its test does"
)]

mod audit;
mod bit_flips;
mod crashes;
mod erasures;
mod fanouts;
mod full_disk;
mod gone;
mod history;
mod identity;
mod interrupted;
mod locks;
mod lost_log;
mod model;
mod pasts;
mod rebuilds;
mod swaps;
mod takedowns;

use std::{io::Write, sync::atomic::AtomicBool};

use indexer::{Indexes, ViewStatus};
use store::{AssetId, Log, Seq};
use views::{VIEWS, ViewDigest, ViewId};

/// Returns the long form, or what runs with every change.
fn times(short: u32, long: u32) -> u32 {
    if std::env::var_os("MORGUE_LONG").is_some_and(|long| long == "1") { long } else { short }
}

/// A count for the log of the run: past the capture of the test harness.
fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

fn id(text: impl Into<String>) -> AssetId {
    AssetId::new(text).unwrap()
}

fn never() -> AtomicBool {
    AtomicBool::new(false)
}

fn open(dir: &std::path::Path) -> Indexes {
    let log = Log::open(dir.join("log")).unwrap();
    Indexes::open(log, dir.join("indexes")).unwrap()
}

fn catch_up(indexes: &Indexes) {
    let head = indexes.log().head().unwrap().seq;
    for view in VIEWS {
        indexes.catch_up(view, head, &never(), &|_: Seq| {}).unwrap();
    }
}

/// Returns the digest that a clean rebuild has: of the documents of all assets, made from the log and nothing else.
fn clean(log: &Log, view: ViewId) -> ViewDigest {
    let mut digest = ViewDigest::default();
    let snapshot = log.snapshot().unwrap();
    for (id, _) in snapshot.assets(view.kind(), None, usize::MAX).unwrap() {
        if let Some(document) = view.document(&id, &snapshot).unwrap() {
            digest.add(document.digest());
        }
    }
    digest
}

/// That all views hold what a clean rebuild holds.
fn assert_clean(indexes: &Indexes, when: &str) {
    let head = indexes.log().head().unwrap().seq;
    for ViewStatus { view, checkpoint, digest, failure, .. } in indexes.status().unwrap() {
        assert_eq!(failure, None, "{when}");
        assert_eq!(checkpoint, head, "{when}: {view:?}");
        if digest != clean(indexes.log(), view) {
            let report = indexes.check(view, false, &never(), &|_| {}).unwrap();
            panic!("{when}: {view:?} is not what the log says: {report:?}");
        }
    }
}
