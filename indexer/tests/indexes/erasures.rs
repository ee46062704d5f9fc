//! An erasure that comes by whatever way is followed to the end: when the workers are done, no index of any view has a
//! word of it, neither the live ones, nor those kept for going back, nor the archive as it stood.

use std::time::Duration;

use indexer::{Generation, IndexError, Indexes, RebuildOptions, Workers};
use store::{Article, AsOf, AssetKind, Byline, Fact, Log, NewEvent, Order, Seq};
use tantivy::schema::FieldType;
use views::{ARTICLES, BYLINES, VIEWS};

use crate::{assert_clean, catch_up, id, never, open};

const SECRET: &str = "xyzzy";

/// So that the deletions are few: a segment with many would be merged by itself.
fn archive(log: &Log) {
    let byline = Byline { name: format!("Ada {SECRET}"), ..Byline::default() };
    log.append_one(&NewEvent::published(id("b/ada"), byline)).unwrap();
    for n in 0..30 {
        let other = Byline { name: format!("Reporter {n}"), ..Byline::default() };
        log.append_one(&NewEvent::published(id(format!("b/{n}")), other)).unwrap();
        let article = Article {
            headline: format!("Ferry {n}"),
            bylines: if n % 10 == 0 { vec![id("b/ada")] } else { Vec::new() },
            ..Article::default()
        };
        log.append_one(&NewEvent::published(id(format!("a/{n}")), article)).unwrap();
    }
}

fn erase(log: &Log) -> Seq {
    let order = Fact::Erased(AssetKind::Byline, Order::default());
    log.append_one(&NewEvent::new(id("b/ada"), order)).unwrap();
    log.head().unwrap().seq
}

/// Returns the generations that can be searched and have a term with the secret in their dictionaries.
fn knowing(indexes: &Indexes) -> Vec<String> {
    let mut found = Vec::new();
    for view in VIEWS {
        let names = indexes.generations(view).unwrap();
        let past = names.iter().filter_map(|name| name.strip_prefix('@'));
        let past = past.map(|name| indexes.named(view, name).unwrap());
        for generation in
            past.chain([indexes.live(view).unwrap()]).filter(|generation| has_secret(generation))
        {
            found.push(format!("{}/{}", view.name(), generation.name()));
        }
    }
    found
}

fn has_secret(generation: &Generation) -> bool {
    let searcher = generation.searcher().unwrap();
    let schema = &generation.index().schema().schema;
    searcher.searcher.tantivy().segment_readers().iter().any(|segment| {
        schema.fields().filter(|(_, entry)| matches!(entry.field_type(), FieldType::Str(_))).any(
            |(field, entry)| {
                let inverted = segment.inverted_index(field).unwrap();
                let mut terms = inverted.terms().stream().unwrap();
                let mut found = false;
                while terms.advance() {
                    found |= String::from_utf8_lossy(terms.key()).contains(SECRET);
                }
                if entry.is_fast()
                    && let Some(values) = segment.fast_fields().str(entry.name()).unwrap()
                {
                    let mut values = values.dictionary().stream().unwrap();
                    while values.advance() {
                        found |= String::from_utf8_lossy(values.key()).contains(SECRET);
                    }
                }
                found
            },
        )
    })
}

fn wait_until_purged(indexes: &Indexes, seq: Seq) {
    let purged = indexes.log().wait_until(Duration::from_secs(60), || {
        let status = indexes.status()?;
        Ok::<_, IndexError>(
            status
                .iter()
                .all(|view| view.failure.is_none() && view.checkpoint >= seq && view.to_purge.is_empty()),
        )
    });
    assert!(purged.unwrap(), "{:?}\n{:?}", indexes.status().unwrap(), indexes.failing(ARTICLES));
}

#[test]
fn what_was_erased_is_forgotten_by_itself() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    archive(indexes.log());
    catch_up(&indexes);
    let rebuild = |view| indexes.rebuild(view, &RebuildOptions::default(), &never(), &|_| {}).unwrap();
    for view in [ARTICLES, BYLINES] {
        rebuild(view);
        let as_of = AsOf::Seq(Seq::new(20));
        indexes.build_as_of(view, &as_of, "then", &RebuildOptions::default(), &never(), &|_| {}).unwrap();
    }
    let everywhere = ["articles/@then", "articles/g000002", "bylines/@then", "bylines/g000002"];
    assert_eq!(knowing(&indexes), everywhere);
    assert!(indexes.status().unwrap().iter().all(|view| view.to_purge.is_empty()), "nothing was erased yet");

    let seq = erase(indexes.log());
    catch_up(&indexes);
    assert_eq!(knowing(&indexes), everywhere, "deleted documents' words stay");
    let due: Vec<_> = indexes.status().unwrap().into_iter().map(|view| view.to_purge).collect();
    assert_eq!(
        due,
        [vec!["g000001", "g000002", "@then"], vec!["g000001"], vec!["g000001", "g000002", "@then"]]
    );

    // Whichever process comes next: that it is to be done is not in anybody's memory.
    drop(indexes);
    let indexes = open(home.path());
    let workers = Workers::start(&indexes).unwrap();
    wait_until_purged(&indexes, seq);
    assert_eq!(knowing(&indexes), [""; 0]);
    assert_eq!(indexes.generations(ARTICLES).unwrap(), ["g000003", "@then"]);
    assert!(matches!(indexes.rollback(ARTICLES), Err(IndexError::NoGeneration { .. })));

    // Once more, with the workers at it.
    let byline = Byline { name: format!("Bea {SECRET}"), ..Byline::default() };
    indexes.log().append_one(&NewEvent::published(id("b/bea"), byline)).unwrap();
    let head = indexes.log().head().unwrap().seq;
    indexes.wait_for(BYLINES, &[head], Duration::from_secs(60)).unwrap();
    let order = Fact::Erased(AssetKind::Byline, Order::default());
    indexes.log().append_one(&NewEvent::new(id("b/bea"), order)).unwrap();
    wait_until_purged(&indexes, indexes.log().head().unwrap().seq);
    assert_eq!(knowing(&indexes), [""; 0]);
    workers.stop();
    assert_clean(&indexes, "after forgetting");
}

#[test]
fn what_never_held_it_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let log = Log::open(home.path().join("log")).unwrap();
    archive(&log);
    erase(&log);
    let indexes = Indexes::open(log, home.path().join("indexes")).unwrap();
    catch_up(&indexes);
    assert!(indexes.status().unwrap().iter().all(|view| view.to_purge.is_empty()));
    for view in VIEWS {
        assert!(!indexes.purge(view, &never(), &|_| {}).unwrap());
        assert_eq!(indexes.live(view).unwrap().name(), "g000001");
    }
}

/// A rebuild that was cut short before the erasure has parts that know of it.
#[test]
fn a_rebuild_from_before_is_not_gone_on_with() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    archive(indexes.log());
    catch_up(&indexes);
    let stop = std::sync::atomic::AtomicBool::new(true);
    let stopped = indexes.rebuild(ARTICLES, &RebuildOptions::default(), &stop, &|_| {});
    assert!(matches!(stopped, Err(IndexError::Stopped)));
    assert_eq!(indexes.generations(ARTICLES).unwrap().len(), 2);
    // The live index has not come to the erasure yet: the log says so itself.
    erase(indexes.log());
    let built = indexes.rebuild(ARTICLES, &RebuildOptions::default(), &never(), &|_| {}).unwrap();
    assert!(indexes.live(ARTICLES).unwrap().info().since == indexes.log().head().unwrap().seq, "{built:?}");
    assert_eq!(indexes.status().unwrap().remove(0).to_purge, ["g000001"], "kept for going back");
    assert!(indexes.purge(ARTICLES, &never(), &|_| {}).unwrap());
    assert_eq!(indexes.generations(ARTICLES).unwrap(), [built.generation]);
    assert_eq!(knowing(&indexes), ["bylines/g000001"]);
}
