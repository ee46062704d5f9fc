//! A log that was restored from an old backup has lost events that the index has taken in. Nobody may go on as if
//! nothing had happened.

use indexer::{IndexError, Indexes, RebuildOptions};
use store::{Article, Log, LostTail, NewEvent, Seq};
use views::{ARTICLES, VIEWS};

use crate::{catch_up, id, never, open};

fn publish(log: &Log, count: u64, word: &str) {
    for n in 0..count {
        let article = Article { headline: format!("{word} {n}"), ..Article::default() };
        log.append_one(&NewEvent::published(id(format!("a/{n}")), article)).unwrap();
    }
}

#[test]
fn a_log_that_lost_its_end_is_said_loudly() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    publish(indexes.log(), 10, "tide");
    catch_up(&indexes);
    drop(indexes);

    let short = Log::open(home.path().join("short")).unwrap();
    publish(&short, 7, "tide");
    let indexes = Indexes::open(short.clone(), home.path().join("indexes")).unwrap();
    let error = indexes.catch_up(ARTICLES, Seq::new(7), &never(), &|_| {}).unwrap_err();
    assert!(matches!(error, IndexError::LostLog(LostTail::Behind { .. })), "{error}");
    assert!(error.to_string().contains("has lost its end"));

    // It went on from there, another way, and is as long again: the number alone would say that all is well.
    publish(&short, 5, "storm");
    assert!(short.head().unwrap().seq > Seq::new(10));
    let head = short.head().unwrap().seq;
    let error = indexes.catch_up(ARTICLES, head, &never(), &|_| {}).unwrap_err();
    assert!(matches!(error, IndexError::LostLog(LostTail::Other { .. })), "{error}");

    // What the message advises helps.
    for view in VIEWS {
        indexes.rebuild(view, &RebuildOptions::default(), &never(), &|_| {}).unwrap();
    }
    crate::assert_clean(&indexes, "after the rebuild");
}
