//! A second view of articles: adding one is a file that says what its documents are, and a line in a list. Indexes, what
//! keeps them up to date, searches, filters, facets and audits take it as they take the others.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod corrections;

use std::{path::Path, sync::atomic::AtomicBool};

use indexer::{Indexes, RebuildOptions};
use query::{PlainOrder, PlainSearch, SearchResponse};
use search::{Search, better_spelling};
use serde_json::{Value, json};
use store::{Log, NewEvent};
use views::{ARTICLES, BYLINES, IMAGES, ViewId};

/// The line.
const CORRECTIONS: ViewId = ViewId::new("corrections", &corrections::Corrections);
const VIEWS: [ViewId; 4] = [ARTICLES, IMAGES, BYLINES, CORRECTIONS];

struct Archive {
    log: Log,
    indexes: Indexes,
    search: Search,
}

impl Archive {
    fn open(home: &Path) -> Self {
        let log = Log::open(home.join("log")).unwrap();
        let indexes = Indexes::open_of(&VIEWS, log.clone(), home.join("indexes")).unwrap();
        Self { log, search: Search::new(indexes.clone()), indexes }
    }

    fn append(&self, event: &Value) {
        self.log.append_one(&NewEvent::from_json(&event.to_string()).unwrap()).unwrap();
    }

    fn article(&self, id: &str, headline: &str, corrections: &Value) {
        let data =
            json!({"headline": headline, "section": "City", "language": "en", "corrections": corrections});
        self.append(&json!({"type": "article.published", "id": id, "data": data}));
    }

    fn index(&self) {
        let head = self.log.head().unwrap().seq;
        for view in VIEWS {
            self.indexes.catch_up(view, head, &AtomicBool::new(false), &|_| {}).unwrap();
        }
    }

    fn find(&self, view: ViewId, q: &str) -> SearchResponse {
        let plain = PlainSearch {
            q: q.to_owned(),
            order: PlainOrder::Newest,
            facets: vec!["section".to_owned()],
            highlight: true,
            ..PlainSearch::new(view)
        };
        self.search.begin().search(&plain.request().unwrap()).unwrap()
    }

    fn ids(&self, view: ViewId, q: &str) -> Vec<String> {
        self.find(view, q).hits.into_iter().map(|hit| hit.id.to_string()).collect()
    }

    fn documents(&self, view: ViewId) -> u64 {
        self.indexes.searcher(view).unwrap().1.digest().unwrap().documents
    }
}

fn filled(home: &Path) -> Archive {
    let archive = Archive::open(home);
    archive.article("a/plain", "The ferry is late", &json!([]));
    archive.article(
        "a/ferry",
        "A ferry sinks",
        &json!([{"date": "1931-05-04", "text": "The ferry did not sink."}]),
    );
    archive.article(
        "a/mayor",
        "Mayor Thompson speaks",
        &json!([{"date": "1931-05-09", "text": "An earlier version misspelled the name of Mayor Thomson."}]),
    );
    archive.append(&json!({"type": "byline.published", "id": "b/quill", "data": {"name": "Eleanor Quill"}}));
    archive.index();
    archive
}

#[test]
fn it_is_searched_by_its_own_fields_and_names() {
    let home = tempfile::tempdir().unwrap();
    let archive = filled(home.path());
    assert_eq!(VIEWS.map(|view| archive.documents(view)), [3, 0, 1, 2]);
    assert_eq!(archive.ids(CORRECTIONS, ""), ["a/mayor", "a/ferry"], "the latest correction first");
    assert_eq!(archive.ids(CORRECTIONS, "ferry"), ["a/ferry"]);
    assert_eq!(archive.ids(CORRECTIONS, "correction:thomson -title:thomson"), ["a/mayor"]);
    assert_eq!(archive.ids(ARTICLES, "ferry").len(), 2);
    let found = archive.find(CORRECTIONS, "misspelled");
    assert_eq!(found.hits[0].index.to_string(), "corrections");
    let marked = &found.hits[0].highlights["corrections.text"][0];
    assert!(marked.contains("<em>misspelled</em>"), "{marked}");
    let sections = &found.aggregations[0].result;
    assert!(format!("{sections:?}").contains("City"), "{sections:?}");
    let spelled = better_spelling(&archive.search.begin(), CORRECTIONS, "mispelled", 0);
    assert_eq!(spelled.as_deref(), Some("misspelled"));
}

#[test]
fn it_follows_the_log_is_rebuilt_and_audited() {
    let home = tempfile::tempdir().unwrap();
    let archive = filled(home.path());
    archive.append(&json!({"type": "article.withdrawn", "id": "a/mayor", "data": {}}));
    archive.article("a/plain", "The ferry is late", &json!([{"text": "It was the tram."}]));
    archive.index();
    assert_eq!(archive.ids(CORRECTIONS, "tram"), ["a/plain"]);
    assert_eq!(archive.documents(CORRECTIONS), 2);
    let never = AtomicBool::new(false);
    let before = archive.indexes.searcher(CORRECTIONS).unwrap().1.digest().unwrap();
    let built = archive.indexes.rebuild(CORRECTIONS, &RebuildOptions::default(), &never, &|_| {}).unwrap();
    assert_eq!((built.generation.as_str(), built.digest), ("g000002", before));
    assert_eq!(archive.indexes.live(ARTICLES).unwrap().name(), "g000001");
    for view in VIEWS {
        assert!(archive.indexes.check(view, false, &never, &|_| {}).unwrap().is_clean(), "{view}");
    }
    let status = archive.indexes.status().unwrap();
    let names: Vec<String> = status.iter().map(|view| view.view.to_string()).collect();
    assert_eq!(names, ["articles", "images", "bylines", "corrections"]);
    drop(archive);
    let again = Archive::open(home.path());
    assert_eq!(again.indexes.live(CORRECTIONS).unwrap().name(), "g000002");
    assert_eq!(again.ids(CORRECTIONS, "tram"), ["a/plain"]);
}
