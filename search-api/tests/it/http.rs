//! The routes, without a socket; and the accept loop with one.

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::archive::{Archive, get, post};

#[tokio::test]
async fn searching_over_http() {
    let archive = Archive::small();
    let router = archive.router();
    let (status, answer) = get(&router, "/api/v1/search?q=ferry%20fog&facets=section").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["hits"][0]["id"], "a/ferry");
    let (status, problem) = get(&router, "/api/v1/search?q=ferry&limit=many").await;
    assert_eq!((status, &problem["pointer"]), (StatusCode::BAD_REQUEST, &json!("limit")));
    let (status, problem) = get(&router, "/api/v1/search?as_of=never").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{problem}");
    let (status, _) = get(&router, "/nowhere").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn ids_in_paths_are_raw_or_encoded() {
    let archive = Archive::small();
    let router = archive.router();
    for path in [
        "/api/v1/articles/nyt://article/0c66/x",
        "/api/v1/articles/nyt%3A%2F%2Farticle%2F0c66%2Fx",
        "/api/v1/articles/nyt:%2F%2Farticle/0c66/x",
    ] {
        let (status, answer) = get(&router, path).await;
        assert_eq!((status, &answer["id"]), (StatusCode::OK, &json!("nyt://article/0c66/x")), "{path}");
    }
    let (_, history) = get(&router, "/api/v1/articles/nyt://article/0c66/x/history").await;
    assert_eq!(history["events"].as_array().map(Vec::len), Some(1));
    assert_eq!(history["events"][0]["type"], "article.published");
    assert_eq!(get(&router, "/api/v1/articles/none").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&router, "/api/v1/articles/none/history").await.0, StatusCode::NOT_FOUND);
    let (status, answer) = get(&router, "/api/v1/articles/a/ferry?at=seq:2").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{answer}");
}

#[tokio::test]
async fn events_are_appended_one_by_one_and_read_again() {
    let archive = Archive::small();
    let router = archive.router();
    let lines = [
        json!({"type": "article.published", "id": "a/new", "data": {"headline": "New"}}).to_string(),
        "{\"type\":\"article.published\"".to_owned(),
        json!({"type": "article.published", "id": "a/bad", "data": {"published": "soon"}}).to_string(),
        json!({"type": "article.published", "id": "a/new", "data": {"headline": "New"}}).to_string(),
    ];
    let (status, answer) = post(&router, "/api/v1/events", lines.join("\n\n")).await;
    assert_eq!((status, &answer["errors"], &answer["head"]), (StatusCode::OK, &json!(true), &json!(9)));
    let statuses: Vec<&str> =
        answer["items"].as_array().unwrap().iter().map(|item| item["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["appended", "invalid", "invalid", "unchanged"]);
    assert_eq!((&answer["items"][0]["line"], &answer["items"][3]["line"]), (&json!(1), &json!(7)));
    assert!(answer["items"][2]["reason"].as_str().unwrap().contains("data.published"));
    let (status, problem) = post(&router, "/api/v1/events", lines[2].clone()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    let (status, text) = get(&router, "/api/v1/events?from=8").await;
    let text = text.as_str().unwrap().to_owned();
    let seqs: Vec<Value> =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].clone()).collect();
    assert_eq!((status, seqs), (StatusCode::OK, vec![json!(8), json!(9)]));
}

#[tokio::test]
async fn events_are_packed_for_who_takes_that() {
    use std::io::Read;
    let archive = Archive::small();
    let router = archive.router();
    let read = async |accepted: &str| {
        let request = Request::get("/api/v1/events").header("accept-encoding", accepted);
        let (parts, body) =
            router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().into_parts();
        let coding = parts.headers.get("content-encoding").map(|coding| coding.to_str().unwrap().to_owned());
        assert_eq!(parts.headers["vary"], "accept-encoding");
        (coding, to_bytes(body, 1 << 20).await.unwrap())
    };
    let (coding, plain) = read("identity").await;
    assert_eq!((coding, plain.split(|byte| *byte == b'\n').count()), (None, 9));
    let (coding, packed) = read("gzip, br").await;
    assert_eq!(coding.as_deref(), Some("gzip"));
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut text).unwrap();
    // A third of so few events are digests, which nothing makes shorter.
    assert!(text == plain && packed.len() * 4 < plain.len() * 3, "{} of {}", packed.len(), plain.len());
}

#[tokio::test]
async fn what_was_written_is_found_when_it_is_asked_for() {
    let archive = Archive::small();
    let router = archive.router();
    let workers = indexer::Workers::start(&archive.indexes).unwrap();
    let event = json!({"type": "article.published", "id": "a/new", "data": {"headline": "Zeppelin over the harbour"}});
    let (_, answer) = post(&router, "/api/v1/events", event.to_string()).await;
    let seq = answer["items"][0]["seq"].as_u64().unwrap();
    let (status, found) = get(&router, &format!("/api/v1/search?q=zeppelin&min_seq={seq}")).await;
    assert_eq!((status, &found["total"]), (StatusCode::OK, &json!(1)), "{found}");
    workers.stop();
    let (status, _) = get(&router, "/api/v1/search?q=zeppelin&min_seq=99").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    archive.append(&[json!({"type": "article.published", "id": "a/newer", "data": {"headline": "Newer"}})]);
    let (status, _) = get(&router, "/api/v1/search?q=newer&min_seq=10").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "nobody indexes any more");
}

#[tokio::test]
async fn status_and_health() {
    let archive = Archive::small();
    let router = archive.router();
    let (status, answer) = get(&router, "/api/v1/status").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&answer["head_seq"], &answer["views"]["articles"]["documents"]), (&json!(8), &json!(5)));
    assert_eq!(get(&router, "/healthz").await.0, StatusCode::OK);
    let (status, answer) = get(&router, "/readyz").await;
    assert_eq!((status, &answer["ready"]), (StatusCode::OK, &json!(true)));
}

/// A worker that fails, in whichever process, leaves a note beside the view's index; whoever is asked tells of it.
#[tokio::test]
async fn a_view_that_is_not_kept_up_to_date_is_told_everywhere() {
    let archive = Archive::small();
    let router = archive.router();
    let note = archive.dir.path().join("indexes/articles/failing");
    for why in ["", "the disk is full"] {
        std::fs::write(&note, format!("{why:4096}")).unwrap();
        let is_failing = !why.is_empty();
        let (status, ready) = get(&router, "/readyz").await;
        assert_eq!(
            (status.as_u16(), &ready["ready"]),
            (if is_failing { 503 } else { 200 }, &json!(!is_failing))
        );
        assert_eq!(ready["failing"], if is_failing { json!(["articles"]) } else { json!([]) });
        let (_, state) = get(&router, "/api/v1/status").await;
        assert_eq!(state["views"]["articles"]["failing"].as_str(), is_failing.then_some(why), "{state}");
        assert_eq!(state["views"]["images"]["failing"], Value::Null);
        let (_, metrics) = get(&router, "/metrics").await;
        let line = format!("morgue_view_failing{{view=\"articles\"}} {}", u8::from(is_failing));
        assert!(metrics.as_str().unwrap().contains(&line), "{metrics}");
    }
}
