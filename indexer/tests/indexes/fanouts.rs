//! A prolific author's name changes, and with it thousands of documents: they are renewed in slices, what else
//! happens is not kept waiting, and nothing is forgotten when the process ends in the middle.

use std::cell::Cell;

use indexer::{IndexError, RebuildOptions, Workers};
use store::{Article, AssetKind, Batch, Byline, Log, NewEvent, Seq};

use crate::{assert_clean, catch_up, id, never, open};

const KIND: AssetKind = AssetKind::Article;

fn article(headline: &str) -> Article {
    Article { headline: headline.into(), bylines: vec![id("b/1")], ..Article::default() }
}

fn archive(log: &Log, articles: u64) {
    let events = (0..articles)
        .map(|n| log.prepare(&NewEvent::published(id(format!("a/{n}")), article("Tide"))).unwrap())
        .collect();
    log.append(Batch { events, ..Batch::default() }).unwrap();
    rename(log, "Nora Vance");
}

fn rename(log: &Log, name: &str) {
    let byline = Byline { name: name.into(), ..Byline::default() };
    log.append_one(&NewEvent::published(id("b/1"), byline)).unwrap();
}

#[test]
fn fresh_events_do_not_wait_for_a_long_fan_out() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    let log = indexes.log().clone();
    archive(&log, 3_000);
    catch_up(&indexes);
    rename(&log, "Nora Hallam");
    let renamed = log.head().unwrap().seq;
    log.append_one(&NewEvent::published(id("fresh"), article("Storm"))).unwrap();

    // One step at a time: events that arrive in the middle are in the index long before the fan-out is done.
    let fresh_seen_at = Cell::new(None);
    let steps = Cell::new(0);
    let head = log.head().unwrap().seq;
    indexes
        .catch_up(KIND, head, &never(), &|checkpoint| {
            steps.set(steps.get() + 1);
            let status = indexes.status().unwrap().remove(0);
            if fresh_seen_at.get().is_none() && status.digest.documents == 3_001 {
                fresh_seen_at.set(Some(steps.get()));
                assert!(status.fanout_left > 0 || checkpoint >= renamed);
            }
            if checkpoint < head {
                assert!(
                    checkpoint < renamed,
                    "it says {checkpoint}, but not all of {renamed} is in the index"
                );
                // As long as events come, slices are short.
                if steps.get() < 4 {
                    log.append_one(&NewEvent::published(
                        id("fresh"),
                        article(&format!("Gale {}", steps.get())),
                    ))
                    .unwrap();
                }
            }
        })
        .unwrap();
    assert_eq!(fresh_seen_at.get(), Some(1), "the first commit has what is fresh");
    catch_up(&indexes);
    assert_clean(&indexes, "after the fan-out");
}

#[test]
fn an_interrupted_fan_out_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    let log = indexes.log().clone();
    archive(&log, 3_000);
    catch_up(&indexes);
    rename(&log, "Nora Hallam");
    let head = log.head().unwrap().seq;

    let stop = never();
    let left = Cell::new(0);
    let stopped = indexes.catch_up(KIND, head.next(), &stop, &|_| {
        left.set(indexes.status().unwrap().remove(0).fanout_left);
        if left.get() > 0 {
            stop.store(true, std::sync::atomic::Ordering::Release);
        } else {
            // There is something fresh, so that the slice ends early.
            log.append_one(&NewEvent::published(id("fresh"), article("Storm"))).unwrap();
        }
    });
    assert!(matches!(stopped, Err(IndexError::Stopped)));
    drop(indexes);

    // Half of the time, what was left in the file is damaged meanwhile.
    let indexes = indexer::Indexes::open(log.clone(), home.path().join("indexes")).unwrap();
    assert_eq!(indexes.status().unwrap().remove(0).fanout_left, left.get());
    if left.get() > 0 {
        assert!(indexes.live(KIND).unwrap().checkpoint().unwrap() < head);
    }
    catch_up(&indexes);
    assert_clean(&indexes, "after going on");
    let leftovers = std::fs::read_dir(indexes.live(KIND).unwrap().dir()).unwrap();
    let leftovers = leftovers
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("fanout-"));
    assert_eq!(leftovers.count(), 0);
}

#[test]
fn a_rebuild_ends_under_renames_that_do_not() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    let log = indexes.log().clone();
    archive(&log, 1_000);
    catch_up(&indexes);
    let workers = Workers::start(&indexes).unwrap();
    let done = never();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0_u64.. {
                if done.load(std::sync::atomic::Ordering::Acquire) {
                    break;
                }
                rename(&log, &format!("Nora the {n}th"));
            }
        });
        for _ in 0..2 {
            indexes.rebuild(KIND, &RebuildOptions::default(), &never(), &|_| {}).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Release);
    });
    workers.stop();
    catch_up(&indexes);
    assert_clean(&indexes, "after all renames");
    assert!(indexes.live(KIND).unwrap().checkpoint().unwrap() > Seq::ZERO);
}
