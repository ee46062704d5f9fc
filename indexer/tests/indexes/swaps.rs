//! Readers search while the index is replaced under them, again and again, and the log grows. No query may fail,
//! find nothing, find two states of the archive at once, or see an event go away again.

use std::{
    fs::{self, File},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use indexer::{IndexError, Indexes, RebuildOptions, Workers};
use store::{Article, Batch, NewEvent, Seq};
use views::{ARTICLES, ViewId};

use crate::{assert_clean, catch_up, id, never, open, say};

const COUNT: u64 = 50;
const VIEW: ViewId = ARTICLES;

#[test]
fn no_query_notices_a_swap() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    let log = indexes.log().clone();
    // All articles go over to the next edition in one transaction.
    let publish = |edition: u64| {
        let event = |n: u64| {
            let article =
                Article { headline: "Tide".into(), edition: format!("{edition:09}"), ..Article::default() };
            log.prepare(&NewEvent::published(id(format!("a/{n}")), article)).unwrap()
        };
        log.append(Batch { events: (0..COUNT).map(event).collect(), ..Batch::default() }).unwrap();
    };
    publish(0);
    catch_up(&indexes);

    let workers = Workers::start(&indexes).unwrap();
    let (done, queries, editions) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut seen = (Seq::ZERO, String::new());
                while !done.load(Ordering::Acquire) {
                    let (_, searcher) = indexes.searcher(VIEW).expect("a query failed");
                    let mut found = Vec::new();
                    for segment in searcher.searcher.tantivy().segment_readers() {
                        let column = segment.fast_fields().str("edition").unwrap().unwrap();
                        for doc in segment.doc_ids_alive() {
                            let mut edition = String::new();
                            column.ord_to_str(column.term_ords(doc).next().unwrap(), &mut edition).unwrap();
                            found.push(edition);
                        }
                    }
                    assert_eq!(found.len() as u64, COUNT, "empty or partial");
                    found.dedup();
                    assert_eq!(found.len(), 1, "mixed: {found:?}");
                    let now = (searcher.checkpoint, found.remove(0));
                    assert!(now.0 >= seen.0 && now.1 >= seen.1, "{now:?} after {seen:?}");
                    seen = now;
                    queries.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        scope.spawn(|| {
            for edition in 1.. {
                if done.load(Ordering::Acquire) {
                    break;
                }
                publish(edition);
                editions.store(edition, Ordering::Relaxed);
                indexes.wait_for(VIEW, &[Seq::ZERO], std::time::Duration::ZERO).unwrap();
            }
        });
        let swaps = scope.spawn(|| {
            for swap in 0..20 {
                let options = RebuildOptions { keep_previous: swap % 2 == 0, ..RebuildOptions::default() };
                indexes.rebuild(VIEW, &options, &never(), &|_| {}).unwrap();
            }
        });
        let swapped = swaps.join();
        done.store(true, Ordering::Release);
        swapped.unwrap();
    });
    workers.stop();
    catch_up(&indexes);
    assert_clean(&indexes, "after the swaps");
    let (queries, editions) = (queries.into_inner(), editions.into_inner());
    say(&format!(
        "swaps: 20 under {queries} queries of 4 readers and {} events; 0 failed, 0 empty, 0 mixed, 0 backwards",
        editions * COUNT
    ));
    assert!(
        queries > 100 && editions > 5,
        "too quiet to show anything: {queries} queries, {editions} editions"
    );
}

/// A process that has searched for long knows its files, and reads them no more. Whatever another does with them, it sees at its next
/// search: a swap, the way back, a generation that is taken out of service.
#[test]
fn what_another_process_does_is_seen_at_once() {
    let home = tempfile::tempdir().unwrap();
    let ours = open(home.path());
    ours.log().append_one(&NewEvent::published(id("a/1"), Article::default())).unwrap();
    catch_up(&ours);
    let theirs = Indexes::open(ours.log().clone(), home.path().join("indexes")).unwrap();
    let dir = home.path().join("indexes").join(VIEW.name());
    // As if all had been written long ago, and was searched since.
    let settle = || {
        let name = theirs.live(VIEW).unwrap().name().to_owned();
        for (path, hours) in [(dir.join("live"), 2), (dir.join(&name), 1)] {
            let then = SystemTime::now() - Duration::from_secs(3_600 * hours);
            File::open(path).unwrap().set_modified(then).unwrap();
        }
        for _ in 0..3 {
            assert_eq!(theirs.searcher(VIEW).unwrap().0.name(), name);
        }
        name
    };
    for _ in 0..5 {
        let first = settle();
        ours.rebuild(VIEW, &RebuildOptions::default(), &never(), &|_| {}).unwrap();
        let second = theirs.searcher(VIEW).unwrap().0.name().to_owned();
        assert!(second != first && second == ours.live(VIEW).unwrap().name(), "{second} after {first}");
        settle();
        ours.rollback(VIEW).unwrap();
        assert_eq!(theirs.searcher(VIEW).unwrap().0.name(), first);
        settle();
        ours.rollback(VIEW).unwrap();
        assert_eq!(theirs.searcher(VIEW).unwrap().0.name(), second);
    }
    let live = settle();
    fs::write(dir.join(&live).join("damaged"), "by a test").unwrap();
    assert!(matches!(theirs.searcher(VIEW).map(drop), Err(IndexError::Damaged { .. })));
}
