//! Indexes are removed under a running server, whole or in part: they come back by themselves, equal to what the log says.

use std::{fs, time::Duration};

use indexer::{IndexError, Workers};
use store::{Article, AssetKind, NewEvent, Seq};

use crate::{assert_clean, id, open};

const LONG: Duration = Duration::from_secs(60);

#[test]
fn what_is_removed_comes_back_from_the_log() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    let workers = Workers::start(&indexes).unwrap();
    let append = |n: u64| {
        let article =
            Article { headline: format!("No. {n}"), bylines: vec![id("b/quill")], ..Article::default() };
        indexes.log().append_one(&NewEvent::published(id(format!("a/{n}")), article)).unwrap()
    };
    let wait = |seq: u64| {
        for kind in AssetKind::ALL {
            assert!(indexes.wait_for(kind, &[Seq::new(seq)], LONG).unwrap().shown, "{kind:?} {seq}");
        }
    };
    append(1);
    wait(1);
    let live = |kind| indexes.live(kind).unwrap().name().to_owned();
    let removed = [
        "indexes".to_owned(),
        "indexes/articles".to_owned(),
        "indexes/articles/live".to_owned(),
        "indexes/bylines".to_owned(),
        format!("indexes/images/{}", live(AssetKind::Image)),
        "indexes".to_owned(),
    ];
    for (path, seq) in removed.iter().zip(2..) {
        let there = home.path().join(path);
        let gone = if there.is_dir() { fs::remove_dir_all(&there) } else { fs::remove_file(&there) };
        gone.unwrap_or_else(|error| panic!("{path}: {error}"));
        append(seq);
        wait(seq);
        assert_clean(&indexes, path);
    }
    workers.stop();
}

#[test]
fn what_is_gone_is_said_to_be_so() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    fs::remove_dir_all(home.path().join("indexes")).unwrap();
    assert!(matches!(indexes.live(AssetKind::Article), Err(IndexError::Gone { .. })));
    let waited = indexes.wait_for(AssetKind::Article, &[Seq::new(1)], Duration::ZERO).unwrap();
    assert!(!waited.shown);
}
