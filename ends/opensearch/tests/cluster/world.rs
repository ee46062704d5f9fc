//! A shelf with a prefix of its own, and documents to put on it.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

use end_opensearch::{Client, EndError, Held, Method, Settings, Shelf, holds};
use serde_json::{Value, json};
use store::{AssetId, AssetRef, Revision, Seq};
use views::{ARTICLES, Document};

/// What a test has.
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) shelf: Shelf,
    pub(crate) stop: AtomicBool,
}

/// What an index is to hold: of each id its seq and digest, or nothing where a marker stands.
pub(crate) type Model = BTreeMap<String, Option<(Seq, [u64; 2])>>;

impl World {
    pub(crate) fn new(url: &str, name: &str) -> Self {
        let prefix = format!("test-{}-{}", name.replace('_', "-"), std::process::id());
        let settings = Settings { urls: vec![url.to_owned()], prefix, replicas: 0, ..Settings::default() };
        let shelf = Shelf::new(&settings, ARTICLES).unwrap();
        Self { settings, shelf, stop: AtomicBool::new(false) }
    }

    /// The same shelf by another address.
    pub(crate) fn by(&self, url: &str) -> Shelf {
        Shelf::new(&Settings { urls: vec![url.to_owned()], timeout: 5, ..self.settings.clone() }, ARTICLES)
            .unwrap()
    }

    pub(crate) fn client(&self) -> &Client {
        self.shelf.client()
    }

    /// What a generation holds.
    pub(crate) fn held(&self, generation: &str) -> Model {
        self.shelf.refresh(generation).unwrap();
        let mut model = Model::new();
        let mut take = |held: Held| -> Result<(), EndError> {
            let (id, says) = match held {
                Held::Document { id, seq, digest } => (id, Some((seq, digest))),
                Held::Gone { id } => (id, None),
            };
            assert!(model.insert(id, says).is_none(), "an id is there twice");
            Ok(())
        };
        holds(self.client(), &self.shelf.index(generation), &mut take).unwrap();
        model
    }

    /// How many documents a query of the readers' alias finds.
    pub(crate) fn count(&self, query: &Value) -> u64 {
        let path = format!("{}/_count", self.shelf.alias());
        let found = self.client().json(Method::Post, &path, Some(&json!({"query": query}))).unwrap();
        found.get("count").and_then(Value::as_u64).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for index in self.shelf.list().unwrap_or_default() {
            self.shelf.remove(&index.generation).ok();
        }
        self.client().json(Method::Delete, &format!("{}-lease", self.settings.prefix), None).ok();
    }
}

/// An article of this number, as an event published it.
pub(crate) fn article(number: u64, seq: u64, headline: &str) -> Document {
    let json = json!({
        "headline": headline, "language": "en", "section": "Harbour", "published": "1931-05-02",
        "body": format!("The ferry number {number} was running late again.\n\nNobody at the pier knew why."),
        "bylines": [{"id": "b/1", "name": "Eleanor Quill"}, {"id": "b/2", "name": "Marcus Vance"}],
        "extra": {"any.key": {"": 1}},
    });
    Document {
        asset: AssetRef::new(ARTICLES.kind(), id(number)),
        seq: Seq::new(seq),
        revision: Revision::default(),
        source: String::new(),
        json: json.as_object().unwrap().clone(),
    }
}

pub(crate) fn id(number: u64) -> AssetId {
    AssetId::new(format!("a/{number} é")).unwrap()
}

/// What a document is told by in a [`Model`].
pub(crate) fn of(document: &Document) -> (String, Option<(Seq, [u64; 2])>) {
    (document.asset.id.as_str().to_owned(), Some((document.seq, document.digest())))
}
