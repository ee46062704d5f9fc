//! Elasticsearch's API at a root of its own: behind the same door, and nothing else there.

use std::net::SocketAddr;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Request, StatusCode},
};
use indexer::Indexes;
use search::Search;
use serde_json::Value;
use store::Log;
use tower::ServiceExt;

use super::apps;
use crate::{
    door::access::{Access, Role},
    pages::PagesConfig,
    state::ApiState,
};

const HERE: [u8; 4] = [127, 0, 0, 1];
const ELSEWHERE: [u8; 4] = [10, 0, 0, 9];

async fn ask(router: &Router, method: &str, path: &str, peer: [u8; 4], key: &str) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:9200");
    if !key.is_empty() {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 1))));
    let response = router.clone().oneshot(request).await.unwrap();
    let (status, body) = (response.status(), response.into_body());
    let body = to_bytes(body, 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn the_root_of_its_own_has_the_same_door_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let search = Search::new(Indexes::open(log, dir.path().join("indexes")).unwrap());
    let state = ApiState::new(search).unwrap();
    let lines = [Access::line(Role::Read, "r"), Access::line(Role::Admin, "a")];
    let access = Access::parse(&lines.join("\n")).unwrap();
    let (all, open) = apps(state.clone(), PagesConfig::default());
    let (_, keyed) = apps(state.with_access(access), PagesConfig::default());

    let (status, root) = ask(&open, "GET", "/", HERE, "").await;
    assert_eq!((status, &root["tagline"]), (StatusCode::OK, &Value::from("You Know, for Search")));
    assert_eq!(ask(&open, "GET", "/articles/_count", HERE, "").await.1["count"], 0);
    for elsewhere in ["/es/articles/_count", "/api/v1/status", "/status", "/healthz", "/x/y/z"] {
        let (status, answer) = ask(&open, "GET", elsewhere, HERE, "").await;
        assert!(status.is_client_error() && answer["error"]["type"].is_string(), "{elsewhere}: {answer}");
    }
    // What one may not do there, one may not do here.
    for (method, path) in [
        ("DELETE", "/articles/_doc/x"),
        ("POST", "/_bulk"),
        ("DELETE", "/_search/scroll/_all"),
        ("GET", "/_search"),
    ] {
        for (peer, key) in [(HERE, ""), (ELSEWHERE, ""), (ELSEWHERE, "r"), (ELSEWHERE, "a")] {
            let there = ask(&all, method, &format!("/es{path}"), peer, key).await.0;
            assert_eq!(ask(&open, method, path, peer, key).await.0, there, "{method} {path} {peer:?} {key}");
        }
        for key in ["", "x"] {
            assert_eq!(
                ask(&keyed, method, path, HERE, key).await.0,
                StatusCode::UNAUTHORIZED,
                "{method} {path}"
            );
        }
    }
    assert_eq!(ask(&keyed, "POST", "/_bulk", HERE, "r").await.0, StatusCode::FORBIDDEN);
    assert_eq!(ask(&keyed, "GET", "/_search", HERE, "r").await.0, StatusCode::OK);
    // A point in time is open at both.
    let (_, point) = ask(&open, "POST", "/articles/_pit?keep_alive=1m", HERE, "").await;
    let id = point["id"].as_str().unwrap().to_owned();
    let mut request = Request::post("/es/_search")
        .header("host", "127.0.0.1:9200")
        .header("content-type", "application/json");
    request = request.extension(ConnectInfo(SocketAddr::from((HERE, 1))));
    let body = serde_json::json!({"pit": {"id": id}}).to_string();
    assert_eq!(all.oneshot(request.body(Body::from(body)).unwrap()).await.unwrap().status(), StatusCode::OK);
}
