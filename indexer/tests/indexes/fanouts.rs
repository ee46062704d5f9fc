//! A prolific author's name changes, and with it thousands of documents: they are renewed in slices, what else
//! happens is not kept waiting, and nothing is forgotten when the process ends in the middle.

use std::{
    cell::Cell,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use indexer::{IndexError, Indexes, RebuildOptions, Workers};
use store::{Article, Batch, Byline, Log, NewEvent, Seq};
use views::{ARTICLES, BYLINES, ViewId};

use crate::{assert_clean, catch_up, id, never, open};

const VIEW: ViewId = ARTICLES;

fn article(headline: &str) -> Article {
    Article { headline: headline.into(), bylines: vec![id("b/1")], ..Article::default() }
}

/// Returns the articles of one author, indexed.
fn archive(home: &Path, articles: u64) -> (Indexes, Log) {
    let indexes = open(home);
    let log = indexes.log().clone();
    let events = (0..articles)
        .map(|n| log.prepare(&NewEvent::published(id(format!("a/{n}")), article("Tide"))).unwrap())
        .collect();
    log.append(Batch { events, ..Batch::default() }).unwrap();
    rename(&log, "Nora Vance");
    catch_up(&indexes);
    (indexes, log)
}

fn rename(log: &Log, name: &str) {
    let byline = Byline { name: name.into(), ..Byline::default() };
    log.append_one(&NewEvent::published(id("b/1"), byline)).unwrap();
}

/// Something happens again and again until the work is done, or has failed.
fn amid(happens: impl Fn(u64) + Sync, work: impl FnOnce()) {
    struct Done<'a>(&'a AtomicBool);

    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }

    let done = never();
    std::thread::scope(|scope| {
        scope.spawn(|| (0..).take_while(|_| !done.load(Ordering::Acquire)).for_each(&happens));
        let _done = Done(&done);
        work();
    });
}

/// Another revision of one article.
fn correct(log: &Log, n: u64) {
    log.append_one(&NewEvent::published(id("fresh"), article(&format!("Gale {n}")))).unwrap();
}

#[test]
fn fresh_events_do_not_wait_for_a_long_fan_out() {
    let home = tempfile::tempdir().unwrap();
    let (indexes, log) = archive(home.path(), 3_000);
    rename(&log, "Nora Hallam");
    let renamed = log.head().unwrap().seq;
    log.append_one(&NewEvent::published(id("fresh"), article("Storm"))).unwrap();

    // The first commit has what is fresh, and does not say yet that the fan-out is done.
    let (first, late) = (Cell::new(true), Cell::new(0_u64));
    let work = || {
        let caught_up = indexes.catch_up(VIEW, renamed, &never(), &|checkpoint| {
            let status = indexes.status().unwrap().remove(0);
            if first.replace(false) {
                assert_eq!(status.digest.documents, 3_001, "what is fresh waits");
            }
            if status.fanout_left > 0 {
                late.set(late.get() + 1);
                assert!(
                    checkpoint < renamed,
                    "it says {checkpoint}, but not all of {renamed} is in the index"
                );
            }
        });
        caught_up.unwrap();
    };
    amid(|n| correct(&log, n), work);
    assert!(late.get() > 0, "the fan-out was done in one go");
    catch_up(&indexes);
    assert_clean(&indexes, "after the fan-out");
}

/// While a byline with 150,000 articles was renamed, whoever had written something else was told for minutes that it
/// could not be found, though it could.
#[test]
fn who_waits_for_another_event_does_not_wait_for_a_long_fan_out() {
    let home = tempfile::tempdir().unwrap();
    let (indexes, log) = archive(home.path(), 3_000);
    let appended = |work: &dyn Fn()| {
        work();
        log.head().unwrap().seq
    };
    let first = appended(&|| rename(&log, "Nora Hallam"));
    let fresh = appended(&|| correct(&log, 0));
    // This one takes the place of the first, and stands for it.
    let second = appended(&|| rename(&log, "Nora Quill"));
    let shown = |seqs: &[Seq]| indexes.wait_for(VIEW, seqs, Duration::ZERO).unwrap().shown;
    let looks = Cell::new(0);
    let look = |_| {
        let status = indexes.status().unwrap().remove(0);
        if status.fanout_left > 0 {
            looks.set(looks.get() + 1);
            assert!(shown(&[fresh]) && !shown(&[first]) && !shown(&[second]) && !shown(&[fresh, second]));
            assert!(status.checkpoint < first, "not all up to there is in");
            let reached = indexes.live(VIEW).unwrap().reached().unwrap();
            assert!(reached >= second && status.lag <= log.head().unwrap().seq.get() - second.get());
        }
    };
    amid(|n| correct(&log, n), || indexes.catch_up(VIEW, second, &never(), &look).unwrap());
    assert!(looks.get() > 0, "the fan-out was done in one go");
    assert!(shown(&[first, fresh, second]));
}

#[test]
fn an_interrupted_fan_out_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let (indexes, log) = archive(home.path(), 3_000);
    rename(&log, "Nora Hallam");
    let head = log.head().unwrap().seq;

    // Something fresh comes all the time, so that slices end early; in the middle the process ends.
    let (stop, left) = (never(), Cell::new(0));
    let work = || {
        let stopped = indexes.catch_up(VIEW, Seq::MAX, &stop, &|_| {
            left.set(indexes.status().unwrap().remove(0).fanout_left);
            stop.store(left.get() > 0, Ordering::Release);
        });
        assert!(matches!(stopped, Err(IndexError::Stopped)), "{stopped:?}");
    };
    amid(|n| correct(&log, n), work);
    assert!(left.get() > 0);
    drop(indexes);

    let indexes = indexer::Indexes::open(log.clone(), home.path().join("indexes")).unwrap();
    assert_eq!(indexes.status().unwrap().remove(0).fanout_left, left.get());
    assert!(indexes.live(VIEW).unwrap().checkpoint().unwrap() < head);
    catch_up(&indexes);
    assert_clean(&indexes, "after going on");
    let leftovers = std::fs::read_dir(indexes.live(VIEW).unwrap().dir()).unwrap();
    let leftovers = leftovers
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("fanout-"));
    assert_eq!(leftovers.count(), 0);
}

#[test]
fn a_rebuild_ends_under_renames_that_do_not() {
    let home = tempfile::tempdir().unwrap();
    let (indexes, log) = archive(home.path(), 1_000);
    let workers = Workers::start(&indexes).unwrap();
    let rename_again = |n| {
        rename(&log, &format!("Nora the {n}th"));
        let head = log.head().unwrap().seq;
        indexes.wait_for(BYLINES, &[head], Duration::from_secs(1)).unwrap();
    };
    amid(rename_again, || {
        for _ in 0..2 {
            indexes.rebuild(VIEW, &RebuildOptions::default(), &never(), &|_| {}).unwrap();
        }
    });
    workers.stop();
    catch_up(&indexes);
    assert_clean(&indexes, "after all renames");
    assert!(indexes.live(VIEW).unwrap().checkpoint().unwrap() > Seq::ZERO);
}
