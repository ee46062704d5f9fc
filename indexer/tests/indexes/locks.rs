//! Somebody else holds a lock, for as long as he likes. Whoever waits for it can still be told to stop.

use std::{
    fs::File,
    path::Path,
    sync::{Once, atomic::Ordering},
};

use indexer::{IndexError, RebuildOptions, Workers};
use store::{Article, AsOf, Fact, NewEvent, Order, Seq};
use views::{ARTICLES, ViewId};

use crate::{assert_clean, catch_up, history::Dice, id, never, open};

const VIEW: ViewId = ARTICLES;

/// As another process would.
fn hold(home: &Path, name: &str) -> File {
    let lock = File::create(home.join("indexes/articles").join(name)).unwrap();
    lock.lock().unwrap();
    lock
}

#[test]
fn who_waits_for_a_lock_can_be_stopped() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    indexes.log().append_one(&Dice(5).event(10)).unwrap();
    catch_up(&indexes);
    let (stop, options) = (never(), RebuildOptions::default());
    stop.store(true, Ordering::Release);
    let build = hold(home.path(), "build.lock");
    assert!(matches!(indexes.rebuild(VIEW, &options, &stop, &|_| {}), Err(IndexError::Stopped)));
    let as_of = AsOf::Seq(Seq::new(1));
    assert!(matches!(
        indexes.build_as_of(VIEW, &as_of, "then", &options, &stop, &|_| {}),
        Err(IndexError::Stopped)
    ));
    assert!(matches!(indexes.purge(VIEW, &stop, &|_| {}), Err(IndexError::Stopped)));
    assert!(matches!(indexes.mend(VIEW, &stop, &|_| {}), Err(IndexError::Stopped)));
    drop(build);

    let _swap = hold(home.path(), "swap.lock");
    indexes.log().append_one(&Dice(6).event(10)).unwrap();
    let head = indexes.log().head().unwrap().seq;
    assert!(matches!(indexes.catch_up(VIEW, head, &stop, &|_| {}), Err(IndexError::Stopped)));
    Workers::start(&indexes).unwrap().stop();
}

/// `morgue check` beside a server: it needs no lock to look, and what comes meanwhile is neither wrong nor counted.
#[test]
fn who_looks_needs_no_lock() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    let mut dice = Dice(9);
    for _ in 0..100 {
        indexes.log().append_one(&dice.event(60)).unwrap();
    }
    catch_up(&indexes);
    let documents = indexes.searcher(VIEW).unwrap().1.digest().unwrap().documents;
    let head = indexes.log().head().unwrap().seq;
    let locks = ["swap.lock", "write.lock"].map(|name| hold(home.path(), name));
    let came = Once::new();
    let report = indexes
        .check(VIEW, false, &never(), &|_| {
            came.call_once(|| {
                let article = Article { headline: "New".into(), ..Article::default() };
                indexes.log().append_one(&NewEvent::published(id("zzz"), article)).unwrap();
                let withdrawn = Fact::Withdrawn(VIEW.kind(), Order::default());
                indexes.log().append_one(&NewEvent::new(id("zzz"), withdrawn)).unwrap();
                let article = Article { headline: "Newer".into(), ..Article::default() };
                indexes.log().append_one(&NewEvent::published(id("zzzz"), article)).unwrap();
            });
        })
        .unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.seq, report.documents), (head, documents));
    drop(locks);
    catch_up(&indexes);
    assert_clean(&indexes, "after what came");
}
