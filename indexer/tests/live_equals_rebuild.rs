//! The promise: what the worker keeps up to date event by event equals what a rebuild makes from nothing, however
//! the events came.

use std::sync::atomic::AtomicBool;

use indexer::{Indexes, RebuildOptions, ViewStatus};
use proptest::prelude::*;
use store::{Article, AssetId, AssetKind, Byline, Fact, Image, Log, Merge, NewEvent, Order, Seq};

fn id(text: &str) -> AssetId {
    AssetId::new(text).unwrap()
}

fn catch_up(indexes: &Indexes) {
    let head = indexes.log().head().unwrap().seq;
    for kind in AssetKind::ALL {
        indexes.catch_up(kind, head, &AtomicBool::new(false), &|_: Seq| {}).unwrap();
    }
}

fn rebuild(indexes: &Indexes) {
    for kind in AssetKind::ALL {
        let options = RebuildOptions { threads: 2, ..RebuildOptions::default() };
        indexes.rebuild(kind, &options, &AtomicBool::new(false), &|_| {}).unwrap();
    }
}

/// What must be equal: documents and digest of each view at one seq.
fn holds(indexes: &Indexes) -> Vec<(AssetKind, Seq, u64, String)> {
    let of = |status: ViewStatus| {
        (status.kind, status.checkpoint, status.digest.documents, status.digest.to_string())
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
        log.append_one(&NewEvent::published(id(&format!("a/{n}")), article.clone())).unwrap();
    }
    log.append_one(&NewEvent::published(id("i/1"), image("gutta-percha"))).unwrap();
    log.append_one(&NewEvent::published(id("b/1"), byline("Nora Vance"))).unwrap();
    catch_up(&indexes);

    let document = |n: usize| {
        let view = indexer::view_of(AssetKind::Article);
        view.document(&id(&format!("a/{n}")), &log.snapshot().unwrap()).unwrap().unwrap().json
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
    let first = indexes.live(AssetKind::Article).unwrap().name().to_owned();
    rebuild(&indexes);
    let second = indexes.live(AssetKind::Article).unwrap().name().to_owned();
    assert_ne!(first, second);
    assert_eq!(indexes.rollback(AssetKind::Article).unwrap(), first);
    log.append_one(&NewEvent::published(id("a/2"), Article::default())).unwrap();
    catch_up(&indexes);
    assert_eq!(holds(&indexes)[0].2, 2);
}

/// One step of a random history: ids are few, so that things meet.
#[derive(Debug, Clone)]
enum Step {
    Article { id: u8, word: u8, bylines: Vec<u8>, images: Vec<u8>, year: u16 },
    Image { id: u8, word: u8, photographer: Option<u8> },
    Byline { id: u8, word: u8 },
    Withdraw { kind: AssetKind, id: u8 },
    Erase { kind: AssetKind, id: u8 },
    Merge { id: u8, into: u8 },
    Index,
}

fn any_step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![Just(AssetKind::Article), Just(AssetKind::Image), Just(AssetKind::Byline)];
    let few = || proptest::collection::vec(0..4_u8, 0..3);
    prop_oneof![
        6 => (0..5_u8, any::<u8>(), few(), few(), 1851..2026_u16)
            .prop_map(|(id, word, bylines, images, year)| Step::Article { id, word, bylines, images, year }),
        3 => (0..4_u8, any::<u8>(), proptest::option::of(0..4_u8))
            .prop_map(|(id, word, photographer)| Step::Image { id, word, photographer }),
        3 => (0..4_u8, any::<u8>()).prop_map(|(id, word)| Step::Byline { id, word }),
        2 => (kind.clone(), 0..5_u8).prop_map(|(kind, id)| Step::Withdraw { kind, id }),
        1 => (kind, 0..5_u8).prop_map(|(kind, id)| Step::Erase { kind, id }),
        1 => (0..4_u8, 0..4_u8).prop_filter("itself", |(id, into)| id != into)
            .prop_map(|(id, into)| Step::Merge { id, into }),
        2 => Just(Step::Index),
    ]
}

fn event(step: &Step) -> Option<NewEvent> {
    let letter = |kind: AssetKind| match kind {
        AssetKind::Article => "a",
        AssetKind::Image => "i",
        AssetKind::Byline => "b",
    };
    let ids = |letter: &str, ids: &[u8]| ids.iter().map(|n| id(&format!("{letter}/{n}"))).collect();
    Some(match step {
        Step::Article { id: n, word, bylines, images, year } => NewEvent::published(
            id(&format!("a/{n}")),
            Article {
                headline: format!("word{word}"),
                published: Some(year.to_string().parse().unwrap()),
                section: format!("section{}", word % 3),
                bylines: ids("b", bylines),
                images: ids("i", images),
                ..Article::default()
            },
        ),
        Step::Image { id: n, word, photographer } => NewEvent::published(
            id(&format!("i/{n}")),
            Image {
                caption: format!("caption{word}"),
                photographer: photographer.map(|n| id(&format!("b/{n}"))),
                ..Image::default()
            },
        ),
        Step::Byline { id: n, word } => NewEvent::published(
            id(&format!("b/{n}")),
            Byline { name: format!("Name{word}"), ..Byline::default() },
        ),
        Step::Withdraw { kind, id: n } => {
            NewEvent::new(id(&format!("{}/{n}", letter(*kind))), Fact::Withdrawn(*kind, Order::default()))
        }
        Step::Erase { kind, id: n } => {
            NewEvent::new(id(&format!("{}/{n}", letter(*kind))), Fact::Erased(*kind, Order::default()))
        }
        Step::Merge { id: n, into } => {
            let merge = Merge {
                into: id(&format!("b/{into}")),
                reason: String::new(),
                by: String::new(),
                unknown: serde_json::Map::new(),
            };
            NewEvent::new(id(&format!("b/{n}")), Fact::Merged(merge))
        }
        Step::Index => return None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn live_equals_rebuild(steps in proptest::collection::vec(any_step(), 1..60)) {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path().join("log")).unwrap();
        let indexes = Indexes::open(log.clone(), dir.path().join("indexes")).unwrap();
        for step in &steps {
            match event(step) {
                Some(event) => drop(log.append_one(&event).unwrap()),
                None => catch_up(&indexes),
            }
        }
        catch_up(&indexes);
        let live = holds(&indexes);
        rebuild(&indexes);
        prop_assert_eq!(holds(&indexes), live);
    }
}
