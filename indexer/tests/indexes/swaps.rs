//! Readers search while the index is replaced under them, again and again, and the log grows. No query may fail,
//! find nothing, find two states of the archive at once, or see an event go away again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use indexer::{RebuildOptions, Workers};
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
