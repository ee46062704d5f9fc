//! A withdrawn asset leaves every index that answers, and a restored one is back in all of them: once the
//! live one's checkpoint has passed the event, a query for its words counts nothing in the live generation, in the one
//! before it, and in the archive as it stood.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use indexer::{Generation, IndexError, Indexes, RebuildOptions, Workers};
use store::{
    Article, AsOf, AssetId, AssetKind, Byline, Fact, Image, Log, NewEvent, Order, OrderedBy, Seq, Visibility,
};
use tantivy::{collector::Count, query::RegexQuery};
use views::{ARTICLES, VIEWS, ViewDigest, ViewId};

use crate::{catch_up, id, never, open};

/// Words, by whose first letters they are known whatever their stems, that nothing but the headline, the caption and the name have.
const WORDS: [&str; 3] = ["xyzzo", "plugh", "frotz"];

fn publish(log: &Log, id: &str, content: impl Into<store::Content>) -> Seq {
    log.append_one(&NewEvent::published(AssetId::new(id).unwrap(), content)).unwrap();
    log.head().unwrap().seq
}

fn article(headline: &str) -> Article {
    Article {
        headline: headline.to_owned(),
        section: format!("{} desk", headline.split(' ').next_back().unwrap()),
        published: Some("1931-05-02".parse().unwrap()),
        bylines: vec![id("b/quill")],
        images: vec![id("i/ferry")],
        ..Article::default()
    }
}

/// An article, its picture and its author, and articles beside it that have the picture and the author alone; then
/// everything was changed once, so that the archive as it stood has other words than the live one.
fn archive(log: &Log, articles: usize) -> AsOf {
    let byline = Byline { name: "Ada Frotz".into(), ..Byline::default() };
    publish(log, "b/quill", byline.clone());
    let image = Image { caption: "A plugh".into(), photographer: Some(id("b/quill")), ..Image::default() };
    publish(log, "i/ferry", image.clone());
    publish(log, "a/1", article("A xyzzo"));
    for n in 2..=articles {
        publish(log, &format!("a/{n}"), article(&format!("Harbour {n}")));
    }
    let then = AsOf::Seq(log.head().unwrap().seq);
    publish(log, "b/quill", Byline { bio: "Of the harbour".into(), ..byline });
    publish(log, "i/ferry", Image { alt: "A ferry".into(), ..image });
    // Today it names neither.
    publish(log, "a/2", Article { headline: "Harbour".into(), ..Article::default() });
    publish(log, "a/1", Article { body: "The same, longer".into(), ..article("A xyzzo") });
    then
}

/// Returns an archive with all that answers: live, the one before, and as it stood.
fn built(dir: &std::path::Path, articles: usize) -> Indexes {
    let indexes = open(dir);
    let then = archive(indexes.log(), articles);
    catch_up(&indexes);
    for view in VIEWS {
        let options = RebuildOptions::default();
        indexes.rebuild(view, &options, &never(), &|_| {}).unwrap();
        indexes.build_as_of(view, &then, "then", &options, &never(), &|_| {}).unwrap();
    }
    indexes
}

/// Returns all that answers of a view.
fn generations(indexes: &Indexes, view: ViewId) -> Vec<Arc<Generation>> {
    let names = indexes.generations(view).unwrap();
    let named = names.iter().filter_map(|name| name.strip_prefix('@'));
    let named = named.map(|name| indexes.named(view, name).unwrap());
    named.chain([indexes.live(view).unwrap()]).chain(indexes.previous(view).unwrap()).collect()
}

/// In how many documents each word is, by view and generation. A word in none is not listed.
fn counts(indexes: &Indexes) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for view in VIEWS {
        for generation in generations(indexes, view) {
            let name = generation.name();
            for word in WORDS {
                let count = documents_with(&generation, word);
                if count > 0 {
                    found.insert(format!("{}/{name} {word}", view.name()), count);
                }
            }
        }
    }
    found
}

fn documents_with(generation: &Generation, word: &str) -> u64 {
    let searcher = generation.searcher().unwrap();
    let fields = generation.index().schema().schema.fields().filter(|(_, entry)| entry.is_indexed());
    let mut most = 0;
    for (field, entry) in fields {
        if !matches!(entry.field_type(), tantivy::schema::FieldType::Str(_)) {
            continue;
        }
        let count = |word: &str| {
            let query = RegexQuery::from_pattern(&format!("{}.*", &word[..4]), field).unwrap();
            searcher.searcher.tantivy().search(&query, &Count).unwrap() as u64
        };
        most = most.max(count(word));
    }
    most
}

/// Returns the digest of a generation, and that of what it should hold: each asset's document from the generation's own
/// moment.
fn digests(indexes: &Indexes, generation: &Generation) -> (ViewDigest, ViewDigest) {
    let snapshot = generation.snapshot(indexes.log()).unwrap();
    let mut clean = ViewDigest::default();
    for (id, _) in snapshot.assets(generation.view().kind(), None, usize::MAX).unwrap() {
        if let Some(document) = generation.view().document(&id, &snapshot).unwrap() {
            clean.add(document.digest());
        }
    }
    (generation.searcher().unwrap().digest().unwrap(), clean)
}

fn assert_all_clean(indexes: &Indexes, when: &str) {
    for view in VIEWS {
        let live = indexes.live(view).unwrap();
        for generation in generations(indexes, view) {
            // The one before has stood still, but for takedowns.
            if generation.info().as_of.is_none() && generation.name() != live.name() {
                continue;
            }
            let (held, clean) = digests(indexes, &generation);
            assert_eq!(held, clean, "{when}: {}/{}", view.name(), generation.name());
        }
    }
}

fn order(log: &Log, asset: &str, fact: fn(AssetKind, Order) -> Fact, ordered_by: OrderedBy) {
    let kind = match &asset[..1] {
        "a" => AssetKind::Article,
        "i" => AssetKind::Image,
        _ => AssetKind::Byline,
    };
    let fact = fact(kind, Order { ordered_by, ..Order::default() });
    log.append_one(&NewEvent::new(id(asset), fact)).unwrap();
}

#[test]
fn a_withdrawal_leaves_no_count_in_any_generation_and_a_return_brings_all_back() {
    let home = tempfile::tempdir().unwrap();
    let indexes = built(home.path(), 5);
    let log = indexes.log().clone();
    let before = counts(&indexes);
    for (kind, asset, word) in
        [("articles", "a/1", "xyzzo"), ("images", "i/ferry", "plugh"), ("bylines", "b/quill", "frotz")]
    {
        for name in ["g000001", "g000002", "@then"] {
            assert!(before.contains_key(&format!("{kind}/{name} {word}")), "{kind}/{name} has {word}");
        }
        for (by, back) in [
            (OrderedBy::Person, "it is restored"),
            (OrderedBy::Source, "it is restored"),
            (OrderedBy::Source, "its source publishes it again"),
            (OrderedBy::Source, "its source publishes it again after a draft"),
        ] {
            order(&log, asset, Fact::Withdrawn, by);
            catch_up(&indexes);
            let mut left = counts(&indexes);
            left.retain(|found, _| found.ends_with(word));
            assert_eq!(left, BTreeMap::new(), "{asset} was withdrawn by {by:?}");
            assert_all_clean(&indexes, "withdrawn");
            match back {
                "it is restored" => order(&log, asset, Fact::Restored, OrderedBy::Person),
                how => {
                    let live = log.snapshot().unwrap().for_reader(store::Reader::KEEPER);
                    let at = AsOf::Seq(live.seq().before());
                    let asset = store::AssetRef::new(
                        AssetKind::ALL.into_iter().find(|known| known.plural() == kind).unwrap(),
                        id(asset),
                    );
                    let past = log.snapshot_as_of(at).unwrap().for_reader(store::Reader::KEEPER);
                    let content = past.live(&asset).unwrap().unwrap().content;
                    if how.ends_with("draft") {
                        let draft = NewEvent {
                            visibility: Visibility::unpublished("draft"),
                            ..NewEvent::published(asset.id.clone(), content.clone())
                        };
                        log.append_one(&draft).unwrap();
                    }
                    log.append_one(&NewEvent::published(asset.id, content)).unwrap();
                }
            }
            catch_up(&indexes);
            assert_eq!(counts(&indexes), before, "{asset}: {back}");
            assert_all_clean(&indexes, back);
        }
    }
}

#[test]
fn an_erasure_leaves_no_count_in_any_generation_before_they_are_built_again() {
    for (asset, word) in [("a/1", "xyzzo"), ("i/ferry", "plugh"), ("b/quill", "frotz")] {
        let home = tempfile::tempdir().unwrap();
        let indexes = built(home.path(), 5);
        assert!(counts(&indexes).keys().any(|found| found.ends_with(word)), "{word}");
        order(indexes.log(), asset, Fact::Erased, OrderedBy::Person);
        catch_up(&indexes);
        let mut left = counts(&indexes);
        left.retain(|found, _| found.ends_with(word));
        assert_eq!(left, BTreeMap::new(), "{asset}");
        assert_all_clean(&indexes, asset);
    }
}

/// The workers do it beside, in slices where it is much; the checkpoint is the promise.
#[test]
fn no_checkpoint_passes_a_withdrawal_that_another_generation_still_counts() {
    let home = tempfile::tempdir().unwrap();
    let indexes = built(home.path(), 600);
    let before = counts(&indexes);
    let workers = Workers::start(&indexes).unwrap();
    let pass = |what: fn(AssetKind, Order) -> Fact| {
        order(indexes.log(), "b/quill", what, OrderedBy::Person);
        let head = indexes.log().head().unwrap().seq;
        for view in VIEWS {
            let passed = indexes.log().wait_until(Duration::from_secs(60), || {
                Ok::<_, IndexError>(indexes.searcher(view)?.1.checkpoint >= head)
            });
            assert!(passed.unwrap(), "{:?}", indexes.status().unwrap());
            let mut left = counts(&indexes);
            left.retain(|found, _| found.starts_with(view.name()) && found.ends_with("frotz"));
            let mut all = before.clone();
            all.retain(|found, _| found.starts_with(view.name()) && found.ends_with("frotz"));
            let quill = store::AssetRef::new(AssetKind::Byline, id("b/quill"));
            let is_back = indexes.log().snapshot().unwrap().live(&quill).unwrap().is_some();
            assert_eq!(left, if is_back { all } else { BTreeMap::new() }, "{view:?}");
        }
    };
    pass(Fact::Withdrawn);
    pass(Fact::Restored);
    // What is built meanwhile has it, too: one that was begun before a withdrawal is given its name after it.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let then = AsOf::Seq(Seq::new(600));
            let options = RebuildOptions::default();
            indexes.build_as_of(ARTICLES, &then, "meanwhile", &options, &never(), &|_| {}).unwrap();
        });
        order(indexes.log(), "i/ferry", Fact::Withdrawn, OrderedBy::Person);
    });
    let head = indexes.log().head().unwrap().seq;
    let passed = indexes.log().wait_until(Duration::from_secs(60), || {
        Ok::<_, IndexError>(indexes.searcher(ARTICLES)?.1.checkpoint >= head)
    });
    assert!(passed.unwrap());
    assert_eq!(documents_with(&indexes.named(ARTICLES, "meanwhile").unwrap(), "plugh"), 0);
    workers.stop();
    assert_all_clean(&indexes, "in the end");
}

/// Going back is going back to an index that knows of it.
#[test]
fn the_generation_that_a_rollback_brings_back_has_followed() {
    let home = tempfile::tempdir().unwrap();
    let indexes = built(home.path(), 5);
    order(indexes.log(), "a/1", Fact::Withdrawn, OrderedBy::Person);
    catch_up(&indexes);
    indexes.rollback(ARTICLES).unwrap();
    let live = indexes.live(ARTICLES).unwrap();
    assert_eq!((live.name(), documents_with(&live, "xyzzo")), ("g000001", 0));
    catch_up(&indexes);
    assert_all_clean(&indexes, "after going back");
}
