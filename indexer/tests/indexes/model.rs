//! The promise: what the worker keeps up to date event by event equals what a rebuild makes from nothing, and what
//! a naive model in memory says, however the events came; and the archive as of an event is what a log with only
//! the events up to then would give.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::AtomicBool,
};

use indexer::{Indexes, RebuildOptions, ViewStatus};
use proptest::prelude::*;
use serde_json::Value;
use store::{
    Article, AsOf, AssetId, AssetKind, AssetRef, Byline, Content, Fact, Image, Log, NewEvent, Order,
    OrderedBy, Seq,
};
use views::{ARTICLES, VIEWS, ViewId};

use crate::{
    assert_clean, catch_up, clean,
    history::{Step, any_step, event},
    id, never, times,
};

fn rebuild(indexes: &Indexes) {
    for view in VIEWS {
        let options = RebuildOptions { threads: 2, ..RebuildOptions::default() };
        indexes.rebuild(view, &options, &AtomicBool::new(false), &|_| {}).unwrap();
    }
}

/// Returns the documents and the digest of each view at its seq, which must be equal.
fn holds(indexes: &Indexes) -> Vec<(ViewId, Seq, u64, String)> {
    let of = |status: ViewStatus| {
        (status.view, status.checkpoint, status.digest.documents, status.digest.to_string())
    };
    indexes.status().unwrap().into_iter().map(of).collect()
}

#[test]
fn a_renamed_byline_and_a_corrected_caption_change_every_article() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let indexes = Indexes::open(log.clone(), dir.path().join("indexes")).unwrap();
    let article = Article {
        headline: "The ferry".into(),
        bylines: vec![id("b/1")],
        images: vec![id("i/1")],
        ..Article::default()
    };
    let image = |caption: &str| Image { caption: caption.into(), ..Image::default() };
    let byline = |name: &str| Byline { name: name.into(), ..Byline::default() };
    // The article comes before what it names.
    for n in 0..20 {
        log.append_one(&NewEvent::published(id(format!("a/{n}")), article.clone())).unwrap();
    }
    log.append_one(&NewEvent::published(id("i/1"), image("gutta-percha"))).unwrap();
    log.append_one(&NewEvent::published(id("b/1"), byline("Nora Vance"))).unwrap();
    catch_up(&indexes);

    let document = |n: usize| {
        let view = ARTICLES;
        view.document(&id(format!("a/{n}")), &log.snapshot().unwrap()).unwrap().unwrap().json
    };
    assert_eq!(document(7)["bylines"][0]["name"], "Nora Vance");
    assert_eq!(document(7)["images"][0]["caption"], "gutta-percha");

    let before = holds(&indexes);
    log.append_one(&NewEvent::published(id("b/1"), byline("Nora Hallam"))).unwrap();
    log.append_one(&NewEvent::published(id("i/1"), image("copper"))).unwrap();
    catch_up(&indexes);
    assert_ne!(holds(&indexes), before);
    assert_eq!(document(7)["bylines"][0]["name"], "Nora Hallam");
    let live = holds(&indexes);
    rebuild(&indexes);
    assert_eq!(holds(&indexes), live);
}

#[test]
fn the_previous_generation_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let indexes = Indexes::open(log.clone(), dir.path().join("indexes")).unwrap();
    log.append_one(&NewEvent::published(id("a/1"), Article::default())).unwrap();
    catch_up(&indexes);
    let first = indexes.live(ARTICLES).unwrap().name().to_owned();
    rebuild(&indexes);
    let second = indexes.live(ARTICLES).unwrap().name().to_owned();
    assert_ne!(first, second);
    assert_eq!(indexes.rollback(ARTICLES).unwrap(), first);
    log.append_one(&NewEvent::published(id("a/2"), Article::default())).unwrap();
    catch_up(&indexes);
    assert_eq!(holds(&indexes)[0].2, 2);
}

/// An article shows an image no more, and is then erased, all while the index is not looking: what the index still
/// shows of it is named by a revision that is gone.
#[test]
fn an_erasure_reaches_what_an_older_revision_named() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let indexes = Indexes::open(log.clone(), dir.path().join("indexes")).unwrap();
    let shows = |images: Vec<AssetId>| {
        log.append_one(&NewEvent::published(id("a/1"), Article { images, ..Article::default() })).unwrap();
    };
    log.append_one(&NewEvent::published(id("i/1"), Image::default())).unwrap();
    shows(vec![id("i/1")]);
    catch_up(&indexes);
    shows(Vec::new());
    let order = Fact::Erased(AssetKind::Article, Order::default());
    log.append_one(&NewEvent::new(id("a/1"), order)).unwrap();
    catch_up(&indexes);
    assert_clean(&indexes, "after the erasure");
}

/// Two bylines are taken for one person, and then not: what each has made is told of each again.
#[test]
fn an_undone_merge_reaches_both_bylines() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let indexes = Indexes::open(log.clone(), dir.path().join("indexes")).unwrap();
    let steps = [
        Step::Byline { id: 1, word: 1 },
        Step::Byline { id: 2, word: 2 },
        Step::Article { id: 1, word: 1, bylines: vec![1], images: vec![], year: 1931 },
        Step::Article { id: 2, word: 2, bylines: vec![2], images: vec![], year: 1931 },
    ];
    let append = |step: &Step| log.append_one(&event(step).unwrap()).unwrap();
    steps.iter().for_each(|step| drop(append(step)));
    catch_up(&indexes);
    let apart = documents(&log);
    append(&Step::Merge { id: 2, into: 1 });
    catch_up(&indexes);
    assert_clean(&indexes, "after the merge");
    assert_ne!(documents(&log), apart);
    append(&Step::Unmerge { id: 2 });
    catch_up(&indexes);
    assert_clean(&indexes, "after it was undone");
    assert_eq!(documents(&log), apart);
}

/// The documents of an archive, kept in the simplest way there is.
#[derive(Default)]
struct Naive {
    contents: BTreeMap<AssetRef, Content>,
    withdrawn: BTreeMap<AssetRef, OrderedBy>,
    erased: BTreeSet<AssetRef>,
    merged: BTreeMap<AssetId, AssetId>,
}

impl Naive {
    fn apply(&mut self, event: &NewEvent) {
        let asset = event.asset().unwrap();
        match &event.fact {
            Fact::Published(content) if event.visibility.is_public() => {
                if self.withdrawn.get(&asset) == Some(&OrderedBy::Source) {
                    self.withdrawn.remove(&asset);
                }
                self.contents.insert(asset, content.clone());
            }
            Fact::Withdrawn(_, order) if self.withdrawn.get(&asset) != Some(&OrderedBy::Person) => {
                self.withdrawn.insert(asset, order.ordered_by);
            }
            Fact::Restored(..) => drop(self.withdrawn.remove(&asset)),
            Fact::Erased(..) => {
                self.merged.remove(&asset.id);
                self.erased.insert(asset);
            }
            Fact::Merged(merge) if !self.erased.contains(&asset) => {
                self.withdrawn.remove(&asset);
                self.merged.insert(asset.id, merge.into.clone());
            }
            Fact::Unmerged(_) => drop(self.merged.remove(&asset.id)),
            _ => {}
        }
    }

    fn visible(&self, kind: AssetKind, id: &AssetId) -> Option<&Content> {
        let asset = AssetRef::new(kind, id.clone());
        let hidden = self.withdrawn.contains_key(&asset)
            || self.erased.contains(&asset)
            || (kind == AssetKind::Byline && self.merged.contains_key(id));
        self.contents.get(&asset).filter(|_| !hidden)
    }

    fn person(&self, id: &AssetId) -> AssetId {
        self.merged.get(id).map_or(id.clone(), |into| self.person(into))
    }

    fn name(&self, id: &AssetId) -> Option<String> {
        match self.visible(AssetKind::Byline, &self.person(id)) {
            Some(Content::Byline(byline)) => Some(byline.name.clone()),
            _ => None,
        }
    }

    fn articles(&self) -> impl Iterator<Item = (&AssetId, &Article)> {
        self.contents.keys().filter_map(|asset| match self.visible(asset.kind, &asset.id) {
            Some(Content::Article(article)) => Some((&asset.id, &**article)),
            _ => None,
        })
    }

    fn images(&self) -> impl Iterator<Item = (&AssetId, &Image)> {
        self.contents.keys().filter_map(|asset| match self.visible(asset.kind, &asset.id) {
            Some(Content::Image(image)) => Some((&asset.id, &**image)),
            _ => None,
        })
    }

    /// Returns what each document must say, as lines.
    fn documents(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (id, article) in self.articles() {
            let mut people: Vec<AssetId> = Vec::new();
            for byline in &article.bylines {
                let person = self.person(byline);
                if !people.contains(&person) {
                    people.push(person);
                }
            }
            let names: Vec<_> = people.iter().map(|id| self.name(id)).collect();
            let mut shown: Vec<&AssetId> = Vec::new();
            article.images.iter().for_each(|id| {
                if !shown.contains(&id) {
                    shown.push(id);
                }
            });
            let captions: Vec<_> = shown
                .into_iter()
                .map(|id| match self.visible(AssetKind::Image, id) {
                    Some(Content::Image(image)) => Some(image.caption.clone()),
                    _ => None,
                })
                .collect();
            lines.push(format!("{id} {} {names:?} {captions:?}", article.headline));
        }
        for (id, image) in self.images() {
            let used = self.articles().filter(|(_, article)| article.images.contains(id)).count();
            let by = image.photographer.as_ref().map(|id| self.name(id));
            lines.push(format!("{id} {} {by:?} {used}", image.caption));
        }
        for asset in self.contents.keys() {
            let Some(Content::Byline(byline)) = self.visible(asset.kind, &asset.id) else { continue };
            let mine = |ids: &[AssetId]| ids.iter().any(|id| self.person(id) == asset.id);
            let written: Vec<&Article> = self
                .articles()
                .map(|(_, article)| article)
                .filter(|article| mine(&article.bylines))
                .collect();
            let taken = self.images().filter(|(_, image)| mine(image.photographer.as_slice())).count();
            let mut years: Vec<String> = written
                .iter()
                .filter_map(|article| Some(article.published.as_ref()?.as_str().to_owned()))
                .collect();
            years.sort_unstable();
            let mut sections = BTreeMap::<&str, u64>::new();
            written.iter().for_each(|article| *sections.entry(&article.section).or_default() += 1);
            let (first, last) = (years.first(), years.last());
            let (id, name, count) = (&asset.id, &byline.name, written.len());
            lines.push(format!("{id} {name} {count} {taken} {first:?} {last:?} {sections:?}"));
        }
        lines.sort_unstable();
        lines
    }
}

/// Returns the lines of [`Naive::documents`] as the views' documents say them.
fn documents(log: &Log) -> Vec<String> {
    let snapshot = log.snapshot().unwrap();
    let mut lines = Vec::new();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let field = |of: &Value, name: &str| of.get(name).and_then(text);
    for view in VIEWS {
        for (id, _) in snapshot.assets(view.kind(), None, usize::MAX).unwrap() {
            let Some(document) = view.document(&id, &snapshot).unwrap() else { continue };
            let json = document.json;
            let all = |list: &str, name: &str| -> Vec<Option<String>> {
                let entries = json.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
                entries.iter().map(|entry| field(entry, name)).collect()
            };
            let own = |name: &str| json.get(name).and_then(text);
            lines.push(match view.kind() {
                AssetKind::Article => {
                    let (names, captions) = (all("bylines", "name"), all("images", "caption"));
                    format!("{id} {} {names:?} {captions:?}", own("headline").unwrap())
                }
                AssetKind::Image => {
                    let by = json.get("photographer").map(|photographer| field(photographer, "name"));
                    format!("{id} {} {by:?} {}", own("caption").unwrap(), json["used_in_count"])
                }
                AssetKind::Byline => {
                    let (first, last) = (own("first_published"), own("last_published"));
                    let (articles, images) = (&json["article_count"], &json["image_count"]);
                    let sections: BTreeMap<String, u64> = json
                        .get("sections")
                        .and_then(Value::as_array)
                        .into_iter()
                        .flatten()
                        .map(|section| {
                            (field(section, "name").unwrap(), section["articles"].as_u64().unwrap())
                        })
                        .collect();
                    let name = own("name").unwrap();
                    format!("{id} {name} {articles} {images} {first:?} {last:?} {sections:?}")
                }
            });
        }
    }
    lines.sort_unstable();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: times(16, 2_000), ..ProptestConfig::default() })]

    #[test]
    fn live_equals_rebuild_equals_a_naive_model(
        steps in proptest::collection::vec(any_step(), 1..60),
        past in any::<prop::sample::Index>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path().join("log")).unwrap();
        let indexes = Indexes::open(log.clone(), dir.path().join("indexes")).unwrap();
        let mut naive = Naive::default();
        let mut appended = Vec::new();
        for step in &steps {
            match event(step) {
                Some(event) => {
                    if log.append_one(&event).unwrap().is_new() {
                        naive.apply(&event);
                        appended.push(event);
                    }
                }
                None => {
                    catch_up(&indexes);
                    prop_assert_eq!(documents(&log), naive.documents());
                    for view in indexes.status().unwrap() {
                        prop_assert_eq!(view.digest, clean(&log, view.view));
                    }
                }
            }
        }
        catch_up(&indexes);
        prop_assert_eq!(documents(&log), naive.documents());
        let live = holds(&indexes);
        rebuild(&indexes);
        prop_assert_eq!(holds(&indexes), live);

        // As of an event: what a log has that never had more, and from which that is withdrawn that is so today. What
        // was erased since is gone from both.
        let until = past.index(appended.len() + 1);
        if appended.iter().skip(until).all(|event| !matches!(event.fact, Fact::Erased(..))) {
            let then = Log::open(dir.path().join("then")).unwrap();
            appended.iter().take(until).for_each(|event| drop(then.append_one(event).unwrap()));
            for asset in naive.withdrawn.keys() {
                let fact = Fact::Withdrawn(asset.kind, Order::default());
                then.append_one(&NewEvent::new(asset.id.clone(), fact)).unwrap();
            }
            for view in VIEWS {
                let as_of = AsOf::Seq(Seq::new(until as u64));
                let built = indexes.build_as_of(view, &as_of, "then", &RebuildOptions::default(), &never(), &|_| {}).unwrap();
                prop_assert_eq!(built.digest, clean(&then, view));
                let again = indexes.named(view, "then").unwrap().searcher().unwrap().digest().unwrap();
                prop_assert_eq!(again, built.digest);
            }
        }
    }
}
