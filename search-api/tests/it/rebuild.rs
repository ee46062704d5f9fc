//! Rebuilding and going back over HTTP, and writes that wait for the index.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use indexer::{IndexError, RebuildOptions};
use serde_json::{Value, json};
use store::Seq;
use views::{ARTICLES, BYLINES, IMAGES};

use crate::archive::{Archive, get, post, send};

async fn phase_of(router: &Router, view: &str) -> String {
    let (_, builds) = get(router, "/api/v1/rebuild").await;
    builds["views"][view]["phase"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn rebuilding_goes_on_in_the_background_and_going_back_is_a_step() {
    let archive = Archive::small();
    let router = archive.router();
    let (status, builds) = get(&router, "/api/v1/rebuild").await;
    assert_eq!((status, &builds), (StatusCode::OK, &json!({"views": {}})));
    let (status, none) = post(&router, "/api/v1/rollback?view=images", "").await;
    assert_eq!(status, StatusCode::CONFLICT, "{none}");
    let (status, builds) = post(&router, "/api/v1/rebuild?view=articles&view=images", "").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{builds}");
    assert_eq!(builds["views"].as_object().unwrap().len(), 2);
    while !(phase_of(&router, "articles").await == "done" && phase_of(&router, "images").await == "done") {
        tokio::task::yield_now().await;
    }
    let (_, status) = get(&router, "/api/v1/status").await;
    assert_eq!(status["views"]["articles"]["generation"], "g000002");
    assert_eq!(status["views"]["bylines"]["generation"], "g000001");
    let (status, back) = post(&router, "/api/v1/rollback?view=articles", "").await;
    assert_eq!((status, &back["views"]["articles"]), (StatusCode::OK, &json!("g000001")));
    // Bylines have none before: nothing is changed of any.
    let (status, _) = post(&router, "/api/v1/rollback", "").await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (_, answer) = get(&router, "/api/v1/status").await;
    assert_eq!(answer["views"]["images"]["generation"], "g000002");
    let request = Request::delete("/api/v1/rebuild").body(Body::empty()).unwrap();
    assert_eq!(send(&router, request).await.0, StatusCode::CONFLICT, "nothing is being built");
    let (status, problem) = post(&router, "/api/v1/rebuild?view=videos", "").await;
    assert_eq!((status, &problem["pointer"]), (StatusCode::BAD_REQUEST, &json!("view")));
}

#[tokio::test]
async fn the_archive_as_it_stood_is_built_in_the_background() {
    let archive = Archive::small();
    let router = archive.router();
    // Of a moment that has not come nothing is begun.
    let (status, problem) = post(&router, "/api/v1/rebuild?as_of=seq:1000000&name=to-come", "").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{problem}");
    let (status, builds) = post(&router, "/api/v1/rebuild?view=articles&as_of=seq:5&name=old-days", "").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{builds}");
    while phase_of(&router, "articles").await != "done" {
        tokio::task::yield_now().await;
    }
    let (_, status) = get(&router, "/api/v1/status").await;
    let articles = &status["views"]["articles"];
    assert_eq!(articles["generation"], "g000001", "the live one is as it was");
    assert_eq!(articles["past"]["old-days"]["as_of"], "seq:5");
    assert_eq!(status["views"]["images"]["past"], json!({}));
    let (_, found) = get(&router, "/api/v1/search?as_of=old-days&sort=oldest").await;
    let ids: Vec<&Value> = found["hits"].as_array().unwrap().iter().map(|hit| &hit["id"]).collect();
    assert_eq!(ids, ["a/tram", "a/ferry"]);
    for (params, pointer) in [
        ("as_of=1905", "name"),
        ("name=x", "as_of"),
        ("as_of=soon&name=x", "as_of"),
        ("as_of=1905&name=..%2Fx", "name"),
        ("as_of=1905&name=%40x", "name"),
        ("as_of=1905&name=", "name"),
        ("name=", "name"),
    ] {
        let (status, problem) = post(&router, &format!("/api/v1/rebuild?{params}"), "").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{params}: {problem}");
        assert_eq!(problem["pointer"].as_str().unwrap_or_default(), pointer, "{params}");
    }
}

#[tokio::test]
async fn the_archive_as_it_stood_can_be_removed() {
    let archive = Archive::small();
    let router = archive.router();
    let stop = AtomicBool::new(false);
    for view in [ARTICLES, IMAGES] {
        let as_of = "seq:5".parse().unwrap();
        let options = RebuildOptions::default();
        archive.indexes.build_as_of(view, &as_of, "old-days", &options, &stop, &|_| {}).unwrap();
    }
    let delete = async |params: &str| {
        let request = Request::delete(format!("/api/v1/generations{params}")).body(Body::empty()).unwrap();
        send(&router, request).await
    };
    assert_eq!(delete("?name=old-days&view=images").await, (StatusCode::OK, json!({"views": ["images"]})));
    assert_eq!(delete("?name=old-days").await, (StatusCode::OK, json!({"views": ["articles"]})));
    for (params, expected) in [
        ("?name=old-days", StatusCode::NOT_FOUND),
        ("?name=g000001", StatusCode::NOT_FOUND),
        ("?name=..%2Farticles", StatusCode::BAD_REQUEST),
        ("", StatusCode::BAD_REQUEST),
    ] {
        let (status, problem) = delete(params).await;
        assert_eq!(status, expected, "{params}: {problem}");
    }
    assert_eq!(get(&router, "/api/v1/search?as_of=old-days").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&router, "/api/v1/search?q=fog").await.0, StatusCode::OK);
}

/// While the name of a byline with very many articles changed, the server said for minutes that it was not ready, and
/// balancers took it out.
#[tokio::test]
async fn a_long_fan_out_leaves_the_server_ready() {
    let byline = |name: &str| json!({"type": "byline.published", "id": "b/1", "data": {"name": name}});
    let article = |id: String| json!({"type": "article.published", "id": id, "data": {"headline": "Tide", "bylines": ["b/1"]}});
    let events = |articles: Vec<Value>| {
        let events: Vec<String> = articles.iter().map(Value::to_string).collect();
        events.join("\n")
    };
    let archive = Archive::of(&[byline("Nora Vance")]);
    let router = archive.router();
    let many = (0..3_000).map(|n| article(format!("a/{n}"))).collect();
    post(&router, "/api/v1/events", events(many)).await;
    archive.index();
    archive.append(&[byline("Nora Hallam")]);
    let renamed = archive.log.head().unwrap().seq;
    post(&router, "/api/v1/events", events((0..1_100).map(|n| article(format!("fresh/{n}"))).collect()))
        .await;

    // In the middle of the fan-out the worker ends.
    let stop = AtomicBool::new(false);
    let stopped = archive.indexes.catch_up(ARTICLES, Seq::MAX, &stop, &|_| {
        stop.store(archive.indexes.status().unwrap().remove(0).fanout_left > 0, Ordering::Release);
    });
    assert!(matches!(stopped, Err(IndexError::Stopped)), "{stopped:?}");
    for view in [IMAGES, BYLINES] {
        let head = archive.log.head().unwrap().seq;
        archive.indexes.catch_up(view, head, &AtomicBool::new(false), &|_| {}).unwrap();
    }

    let (status, ready) = get(&router, "/readyz").await;
    assert_eq!((status, ready), (StatusCode::OK, json!({"ready": true, "lag": 0, "failing": []})));
    let (_, status) = get(&router, "/api/v1/status").await;
    let articles = &status["views"]["articles"];
    assert_eq!(
        (&articles["lag"], articles["fanout_left"].as_u64() > Some(0)),
        (&json!(0), true),
        "{articles}"
    );
    assert_eq!(articles["checkpoint"].as_u64(), Some(renamed.get() - 1));
    let fresh = renamed.get() + 1_100;
    assert_eq!(get(&router, &format!("/api/v1/search?q=tide&min_seq={fresh}")).await.0, StatusCode::OK);
    let (status, problem) = get(&router, &format!("/api/v1/search?q=hallam&min_seq={renamed}")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");

    // What changes in the index as the fan-out goes on has another tag, though log and checkpoint are the same.
    let tag = async || {
        let request = Request::get("/api/v1/search?q=hallam").body(Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
        response.headers().get("etag").cloned()
    };
    let before = tag().await;
    assert_eq!(tag().await, before);
    archive.index();
    assert_ne!(tag().await, before);
}

#[tokio::test]
async fn a_write_can_wait_until_it_is_found() {
    let archive = Archive::small();
    let router = archive.router();
    let workers = indexer::Workers::start(&archive.indexes).unwrap();
    let event =
        json!({"type": "article.published", "id": "a/new", "data": {"headline": "Zeppelin"}}).to_string();
    let (status, taken) = post(&router, "/api/v1/events?wait=searchable", event).await;
    assert_eq!((status, &taken["searchable"]), (StatusCode::OK, &json!(true)), "{taken}");
    let (_, found) = get(&router, "/api/v1/search?q=zeppelin").await;
    assert_eq!(found["total"], 1);
    let hit = &found["hits"][0];
    assert_eq!((&hit["seq"], &hit["revision"], &hit["source"]), (&json!(9), &json!(1), &json!("http")));
    workers.stop();
    let event =
        json!({"type": "article.published", "id": "a/newer", "data": {"headline": "Newer"}}).to_string();
    let (status, taken) = post(&router, "/api/v1/events?wait=searchable", event).await;
    assert_eq!((status, &taken["searchable"]), (StatusCode::OK, &json!(false)), "it is durable all the same");
    for uri in ["/api/v1/suggest?q=newer&min_seq=10", "/api/v1/similar/a/tram?min_seq=10"] {
        assert_eq!(get(&router, uri).await.0, StatusCode::SERVICE_UNAVAILABLE, "{uri}");
    }
    let seqs: Vec<Value> = found["hits"].as_array().unwrap().iter().map(|hit| hit["seq"].clone()).collect();
    assert_eq!(seqs, [json!(9)]);
}
