//! Indexes are removed under a running server, whole or in part: they come back by themselves, equal to what the log says.

use std::{fs, io::ErrorKind, path::Path, time::Duration};

use indexer::{IndexError, Workers};
use store::{Article, NewEvent, Seq};
use views::{ARTICLES, IMAGES, VIEWS};

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
        for view in VIEWS {
            assert!(indexes.wait_for(view, &[Seq::new(seq)], LONG).unwrap().shown, "{view:?} {seq}");
        }
    };
    append(1);
    wait(1);
    let live = |view| indexes.live(view).unwrap().name().to_owned();
    let removed = [
        "indexes".to_owned(),
        "indexes/articles".to_owned(),
        "indexes/articles/live".to_owned(),
        "indexes/bylines".to_owned(),
        format!("indexes/images/{}", live(IMAGES)),
        "indexes".to_owned(),
    ];
    for (path, seq) in removed.iter().zip(2..) {
        remove(&home.path().join(path));
        append(seq);
        wait(seq);
        assert_clean(&indexes, path);
    }
    workers.stop();
}

/// Removes a file, or a folder in which the workers may be making files meanwhile.
#[track_caller]
fn remove(path: &Path) {
    for _ in 0..1_000 {
        match if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) } {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {}
            done => return done.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        }
    }
    panic!("{} is filled as fast as it is emptied", path.display());
}

#[test]
fn what_is_gone_is_said_to_be_so() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    fs::remove_dir_all(home.path().join("indexes")).unwrap();
    assert!(matches!(indexes.live(ARTICLES), Err(IndexError::Gone { .. })));
    let waited = indexes.wait_for(ARTICLES, &[Seq::new(1)], Duration::ZERO).unwrap();
    assert!(!waited.shown);
}
