//! A small archive in a directory of its own, indexed.

use std::{net::SocketAddr, sync::atomic::AtomicBool};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Request, Response, StatusCode},
};
use indexer::Indexes;
use query::{SearchRequest, SearchResponse};
use search::Search;
use search_api::{ApiState, router};
use serde_json::{Value, json};
use store::{Log, NewEvent};
use tempfile::TempDir;
use tower::ServiceExt;
use views::VIEWS;

/// An archive that goes away with it.
pub(crate) struct Archive {
    pub(crate) dir: TempDir,
    pub(crate) log: Log,
    pub(crate) indexes: Indexes,
    pub(crate) search: Search,
}

impl Archive {
    /// With these events, indexed.
    pub(crate) fn of(events: &[Value]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path().join("log")).unwrap();
        let indexes = Indexes::open(log.clone(), dir.path().join("indexes")).unwrap();
        let search = Search::new(indexes.clone());
        let archive = Self { dir, log, indexes, search };
        archive.append(events);
        archive.index();
        archive
    }

    /// The archive that most tests look at.
    pub(crate) fn small() -> Self {
        Self::of(&small_events())
    }

    /// The sample archive that the binary brings.
    pub(crate) fn samples() -> Self {
        let dir = tempfile::tempdir().unwrap();
        data_samples::write_archive(dir.path()).unwrap();
        let mut files: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        files.sort();
        let mut events = Vec::new();
        for file in files {
            let text = std::fs::read_to_string(file).unwrap();
            events.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        }
        Self::of(&events)
    }

    pub(crate) fn append(&self, events: &[Value]) {
        for event in events {
            self.log.append_one(&NewEvent::from_json(&event.to_string()).unwrap()).unwrap();
        }
    }

    /// Brings all indexes up to the head.
    pub(crate) fn index(&self) {
        let head = self.log.head().unwrap().seq;
        for view in VIEWS {
            self.indexes.catch_up(view, head, &AtomicBool::new(false), &|_| {}).unwrap();
        }
    }

    pub(crate) fn find(&self, params: &[(&str, &str)]) -> SearchResponse {
        self.search.begin().search(&SearchRequest::from_params(params).unwrap()).unwrap()
    }

    /// The ids that a text finds.
    pub(crate) fn ids(&self, q: &str) -> Vec<String> {
        ids(&self.find(&[("q", q)]))
    }

    pub(crate) fn router(&self) -> Router {
        let names = vec!["archive.example".to_owned()];
        router(ApiState::new(self.search.clone()).unwrap().with_hosts(names))
    }
}

pub(crate) fn ids(response: &SearchResponse) -> Vec<String> {
    response.hits.iter().map(|hit| hit.id.as_str().to_owned()).collect()
}

/// Sends a request to a router: status, headers and JSON.
pub(crate) async fn send(router: &Router, mut request: Request<Body>) -> (StatusCode, Value) {
    // As the accept loop does for a connection from this machine.
    if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
    }
    let response: Response<Body> = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 64 << 20).await.unwrap();
    let json = serde_json::from_slice(&body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
    (status, json)
}

pub(crate) async fn get(router: &Router, uri: &str) -> (StatusCode, Value) {
    send(router, Request::get(uri).body(Body::empty()).unwrap()).await
}

pub(crate) async fn post(router: &Router, uri: &str, body: impl Into<Body>) -> (StatusCode, Value) {
    send(router, Request::post(uri).header("content-type", "application/json").body(body.into()).unwrap())
        .await
}

fn small_events() -> Vec<Value> {
    let article = |id: &str, data: Value| json!({"type": "article.published", "id": id, "source": "test", "data": data});
    vec![
        json!({"type": "byline.published", "id": "b/quill", "data":
            {"name": "Eleanor Quill", "also_known_as": ["E. Quill"], "organization": "The Ledger"}}),
        json!({"type": "byline.published", "id": "b/penhale", "data": {"name": "Josiah Penhale"}}),
        json!({"type": "image.published", "id": "i/ferry", "data":
            {"caption": "The ferry Morning Star at her berth", "credit": "E. Quill", "photographer": "b/quill",
             "taken": "1931-05", "renditions": [{"href": "images/ferry.svg"}]}}),
        article(
            "a/ferry",
            json!({"headline": "Ferries stopped by fog", "summary": "A night without crossings.",
            "body": "The harbour ferries did not run last night. Fog lay on the water. The master of the Morning Star \
                     said that he had not seen the like in thirty years.\n\nPassengers slept in the golden gate inn.",
            "published": "1931-05-02", "language": "en", "section": "Harbour", "page": "1", "type": "news",
            "bylines": ["b/quill"], "images": ["i/ferry"], "keywords": [{"name": "subject", "value": "Ferries"}]}),
        ),
        article(
            "a/tram",
            json!({"headline": "A tram line to the harbour", "body": "The council has voted for trams. \
            They will run from the golden old gate to the harbour, and cost less than ferries.",
            "published": "1903-11-20", "language": "en", "section": "City", "page": "2", "type": "news",
            "bylines": ["b/penhale"]}),
        ),
        article(
            "a/fire",
            json!({"headline": "Fire on the quay", "body": "A fire broke out in a rope store. Nobody was hurt.",
            "published": "1868", "language": "en", "section": "City", "page": "1", "type": "news",
            "bylines": ["b/penhale", "b/quill"]}),
        ),
        article(
            "a/époque",
            json!({"headline": "La belle époque des vapeurs", "body": "Les vapeurs arrivent dans le port \
            avec les voyageurs heureux de la traversée.", "published": "1899-07", "language": "fr", "section": "Étranger"}),
        ),
        article(
            "nyt://article/0c66/x",
            json!({"headline": "O'Hare opens", "body": "Wi-Fi was not thought of yet at O'Hare \
            airport in 1955 <script>alert(1)</script> & so on.", "published": "1955-10-29", "language": "en",
            "section": "City"}),
        ),
    ]
}
