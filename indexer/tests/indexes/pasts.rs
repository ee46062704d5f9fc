//! The archive as it stood: asked for by its moment, kept while it is used, removed when it is not wanted.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use indexer::{GenerationState, IndexError, Indexes, Phase, RebuildOptions};
use store::{Article, AsOf, Batch, Log, NewEvent, Seq};
use views::{ARTICLES, VIEWS, ViewId};

use crate::{catch_up, id, never, open};

const VIEW: ViewId = ARTICLES;

fn publish(log: &Log, article: &str, time: &str) {
    let mut event = NewEvent::published(id(article), Article::default());
    event.time = Some(time.parse().unwrap());
    log.append_one(&event).unwrap();
}

fn ready(indexes: &Indexes, when: &str) -> String {
    let as_of = when.parse().unwrap();
    indexes.ready_as_of(VIEW, &as_of, &RebuildOptions::default(), &never(), &|_| {}).unwrap()
}

fn build(indexes: &Indexes, as_of: &str, name: &str) {
    let as_of = as_of.parse().unwrap();
    indexes.build_as_of(VIEW, &as_of, name, &RebuildOptions::default(), &never(), &|_| {}).unwrap();
}

/// Returns the number of documents as of a moment.
fn documents(indexes: &Indexes, when: &str) -> u64 {
    let name = ready(indexes, when);
    indexes.named(VIEW, &name).unwrap().searcher().unwrap().digest().unwrap().documents
}

fn pasts(indexes: &Indexes) -> Vec<String> {
    let names = indexes.generations(VIEW).unwrap();
    names.into_iter().filter(|name| name.starts_with('@')).collect()
}

/// One hour was once answered from what was built for another, ten hours before it: their names differed in the sign
/// of the offset alone, which no name has.
#[test]
fn each_moment_is_its_own_however_it_is_written() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    publish(indexes.log(), "a/1", "1912-04-15T21:00:00Z");
    publish(indexes.log(), "a/2", "1912-04-16T07:00:00Z");
    assert_eq!(documents(&indexes, "1912-04-16T02:20:00+05:00"), 1);
    assert_eq!(documents(&indexes, "1912-04-16T02:20:00-05:00"), 2);
    assert_eq!(documents(&indexes, "1912-04-16T07:20:00Z"), 2);
    assert_eq!(pasts(&indexes).len(), 2, "the same moment is built once: {:?}", pasts(&indexes));
}

#[test]
fn a_moment_is_built_again_when_the_log_has_more_of_it() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    publish(indexes.log(), "a/1", "1912-04-14");
    assert_eq!((documents(&indexes, "1912-04-16"), documents(&indexes, "seq:1")), (1, 1));
    let created = |when: &str| indexes.named(VIEW, &ready(&indexes, when)).unwrap().info().created;
    let (day, first) = (created("1912-04-16"), created("seq:1"));

    publish(indexes.log(), "a/2", "1912-04-17");
    assert_eq!((created("1912-04-16"), created("seq:1")), (day, first), "this says nothing of that day");
    let used = indexes.named(VIEW, &ready(&indexes, "1912-04-16")).unwrap().dir().join("used");
    assert_eq!(fs::read_to_string(used).unwrap(), "2", "what was looked at is not looked at again");

    publish(indexes.log(), "a/3", "1912-04-15");
    assert_eq!((documents(&indexes, "1912-04-16"), documents(&indexes, "seq:1")), (2, 1));
    assert_eq!(created("seq:1"), first);
}

/// A past that is asked for by its moment goes when five others were; one that was given a name stays until it is removed.
#[test]
fn moments_go_and_names_stay() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    for n in 0..9 {
        publish(indexes.log(), &format!("a/{n}"), "1912-04-14");
    }
    build(&indexes, "seq:3", "the-third");
    for seq in 1..=7 {
        ready(&indexes, &format!("seq:{seq}"));
        ready(&indexes, "seq:1");
    }
    assert_eq!(pasts(&indexes), ["@seq-1", "@seq-4", "@seq-5", "@seq-6", "@seq-7", "@the-third"]);

    let there = indexes.named(VIEW, "the-third").unwrap().searcher().unwrap();
    assert_eq!(indexes.remove_named(&VIEWS, "the-third").unwrap(), [VIEW]);
    assert_eq!(there.digest().unwrap().documents, 3, "who is searching it goes on");
    assert!(matches!(indexes.remove_named(&VIEWS, "the-third"), Err(IndexError::NoGeneration { .. })));
    for name in ["g000001", "../articles", ""] {
        assert!(indexes.remove_named(&[VIEW], name).is_err(), "{name}");
    }
    assert_eq!(indexes.generations(VIEW).unwrap().len(), 6);
}

fn many(log: &Log, articles: u64) {
    let event = |n| log.prepare(&NewEvent::published(id(format!("a/{n:05}")), Article::default())).unwrap();
    log.append(Batch { events: (0..articles).map(event).collect(), ..Batch::default() }).unwrap();
}

/// Bytes of the log's file.
fn size(home: &Path) -> u64 {
    let volumes = fs::read_dir(home.join("log")).unwrap().map(|entry| entry.unwrap());
    let volumes = volumes.filter(|entry| !entry.file_name().to_string_lossy().starts_with("scratch-"));
    volumes
        .filter_map(|volume| fs::metadata(volume.path().join("data.mdb")).ok())
        .map(|file| file.len())
        .sum()
}

/// LMDB gives no page back that a reader may still see. An archive of years was once built from one state of the log,
/// and all that was written meanwhile made the log's file grow.
#[test]
fn the_log_does_not_grow_because_the_past_is_being_built() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    let log = indexes.log();
    many(log, 4_000);
    let changed = AtomicU64::new(0);
    let correct = || {
        for _ in 0..15 {
            let headline = changed.fetch_add(1, Ordering::Relaxed).to_string();
            let article = Article { headline, ..Article::default() };
            log.append_one(&NewEvent::published(id("a/00007"), article)).unwrap();
        }
    };
    let grown = |work: &dyn Fn()| {
        let before = size(home.path());
        work();
        size(home.path()) - before
    };
    let options = RebuildOptions { threads: 1, ..RebuildOptions::default() };
    let amid = grown(&|| {
        let as_of = AsOf::Seq(Seq::new(4_000));
        let correct = |progress: indexer::Progress| {
            if progress.phase == Phase::Documents && progress.done > 0 {
                correct();
            }
        };
        let built = indexes.build_as_of(VIEW, &as_of, "then", &options, &never(), &correct).unwrap();
        assert_eq!(built.digest.documents, 4_000);
    });
    assert_eq!(changed.load(Ordering::Relaxed), 8 * 15);
    let parked = log.snapshot().unwrap();
    let amid_one_state = grown(&|| (0..8).for_each(|_| correct()));
    drop(parked);
    assert!(2 * amid < amid_one_state, "it grew by {amid} bytes, from one state by {amid_one_state}");
}

#[test]
fn each_generation_says_what_it_is() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    many(indexes.log(), 2_000);
    catch_up(&indexes);
    build(&indexes, "seq:3", "third");
    build(&indexes, "seq:4", "fourth");
    fs::write(home.path().join("indexes/articles/@fourth/generation.json"), "{}").unwrap();
    let options = RebuildOptions { threads: 1, memory: 1, ..RebuildOptions::default() };
    let stop = never();
    let stopped = indexes.rebuild(VIEW, &options, &stop, &|progress| {
        stop.store(progress.done >= 1_000, Ordering::Release);
    });
    assert!(matches!(stopped, Err(IndexError::Stopped)), "{stopped:?}");

    let other = Indexes::open(indexes.log().clone(), home.path().join("indexes")).unwrap();
    let all = other.list(VIEW).unwrap();
    let told: Vec<_> =
        all.iter().map(|one| (one.name.as_str(), one.documents, one.checkpoint.get())).collect();
    let expected = [("g000002", 2_000, 2_000), ("g000003", 0, 0), ("@fourth", 0, 0), ("@third", 3, 3)];
    assert_eq!(told, expected);
    let states: Vec<_> = all.iter().map(|one| &one.state).collect();
    assert_eq!(*states[0], GenerationState::Live);
    let GenerationState::Interrupted { done, total: 2_000 } = *states[1] else { panic!("{states:?}") };
    assert!((500..2_000).contains(&done), "{done}");
    assert!(matches!(states[2], GenerationState::Damaged { .. }), "{states:?}");
    assert_eq!((states[3], all[3].as_of.as_deref()), (&GenerationState::Past, Some("seq:3")));
    assert!(all.iter().all(|one| one.bytes > 0 && one.created.is_some() != (one.name == "@fourth")));
}
