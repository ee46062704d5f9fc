//! The requests of shippers of events: those of Logstash's output (11.x) after its sources and documentation, those of
//! Vector's sink and Fluent Bit's output in the form that is known of them. They are not the programs themselves: those that
//! run from a registry of packages are in `tests/clients`.

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode},
};
use search_api::ApiState;
use serde_json::{Value, json};

use crate::archive::{Archive, get, send};

/// Sends a body as a shipper does, and returns the status and the answer.
async fn sent(
    router: &Router,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(format!("/es{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(router, request.body(Body::from(body)).unwrap()).await
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

async fn headlines(archive: &Archive, word: &str) -> Vec<String> {
    archive.index();
    let (_, found) = get(&archive.router(), &format!("/api/v1/search?q={word}")).await;
    let hits = found["hits"].as_array().unwrap().iter();
    hits.map(|hit| hit["document"]["headline"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn logstash_finds_a_server_and_writes_in_packed_bulks() {
    let archive = Archive::small();
    let router = archive.router();
    let json_type = ("content-type", "application/json");
    assert_eq!(sent(&router, Method::HEAD, "/", &[], Vec::new()).await.0, StatusCode::OK);
    let (_, root) = sent(&router, Method::GET, "/", &[], Vec::new()).await;
    assert!(root["version"]["number"].as_str().unwrap().starts_with('8'), "{root}");
    let (status, license) = sent(&router, Method::GET, "/_license", &[], Vec::new()).await;
    assert_eq!((status, &license["license"]["status"]), (StatusCode::OK, &json!("active")));
    // `manage_template` is on by default: it is told, and Logstash goes on.
    let (status, told) =
        sent(&router, Method::PUT, "/_index_template/ecs-logstash", &[json_type], b"{}".to_vec()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(told["error"]["reason"].as_str().unwrap().contains("templates are not supported"), "{told}");
    let lines = r#"{"index":{"_id":null,"_index":"articles","routing":null}}
{"headline":"Zeppelin by Logstash","section":"Wire","@timestamp":"2026-11-30T10:00:00.000Z","@version":"1","event":{"original":"…"}}
{"index":{"_id":"wire/1","_index":"logs-generic-default","routing":null}}
{"headline":"Zeppelin elsewhere"}
"#;
    let path = "/_bulk?filter_path=errors,items.*.error,items.*.status";
    let (status, answer) =
        sent(&router, Method::POST, path, &[json_type, ("content-encoding", "gzip")], gzip(lines)).await;
    assert_eq!((status, &answer["errors"]), (StatusCode::OK, &json!(true)), "{answer}");
    assert_eq!(
        (&answer["items"][0]["index"]["status"], &answer["items"][1]["index"]["status"]),
        (&json!(201), &json!(404))
    );
    let reason = answer["items"][1]["index"]["error"]["reason"].as_str().unwrap();
    assert!(reason.contains("there are articles, images, bylines"), "{reason}");
    assert_eq!(headlines(&archive, "zeppelin").await, ["Zeppelin by Logstash"]);
}

#[tokio::test]
async fn vector_asks_for_health_and_writes() {
    let archive = Archive::small();
    let router = archive.router();
    let (status, health) = sent(&router, Method::GET, "/_cluster/health", &[], Vec::new()).await;
    assert_eq!((status, &health["timed_out"]), (StatusCode::OK, &json!(false)));
    let lines = "{\"create\":{\"_index\":\"articles\",\"_id\":\"vector/1\"}}\n\
                 {\"headline\":\"Zeppelin by Vector\",\"message\":\"m\",\"source_type\":\"file\",\"timestamp\":\"2026-11-30T10:00:00Z\"}\n";
    let headers = [("content-type", "application/x-ndjson"), ("content-encoding", "gzip")];
    let (status, answer) = sent(&router, Method::POST, "/_bulk?timeout=60s", &headers, gzip(lines)).await;
    assert_eq!((status, &answer["errors"]), (StatusCode::OK, &json!(false)), "{answer}");
    // Sent again after a lost answer: it is there.
    let (_, again) = sent(&router, Method::POST, "/_bulk?timeout=60s", &headers, gzip(lines)).await;
    assert_eq!(again["items"][0]["create"]["status"], 409, "{again}");
    assert_eq!(headlines(&archive, "zeppelin").await, ["Zeppelin by Vector"]);
    let zstd = [headers[0], ("content-encoding", "zstd")];
    let (status, told) = sent(&router, Method::POST, "/_bulk", &zstd, b"x".to_vec()).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(told["error"]["reason"].as_str().unwrap().contains("or packed by gzip"), "{told}");
}

#[tokio::test]
async fn fluent_bit_writes_without_ids() {
    let archive = Archive::small();
    let router = archive.router();
    let lines = "{\"create\":{\"_index\":\"articles\"}}\n{\"@timestamp\":\"2026-11-30T10:00:00.000Z\",\"headline\":\"Zeppelin by Fluent Bit\"}\n\
                 {\"create\":{\"_index\":\"articles\"}}\n{\"@timestamp\":\"2026-11-30T10:00:01.000Z\",\"log\":\"no article\"}\n";
    let headers = [("content-type", "application/x-ndjson"), ("user-agent", "Fluent-Bit")];
    let path = "/_bulk?filter_path=errors,items.*.error";
    let (status, answer) = sent(&router, Method::POST, path, &headers, lines.as_bytes().to_vec()).await;
    assert_eq!((status, &answer["errors"]), (StatusCode::OK, &json!(true)), "{answer}");
    let reason = answer["items"][0]["create"]["error"]["reason"].as_str().unwrap();
    assert!(reason.contains("an article must have something to show"), "{reason}");
    assert_eq!(headlines(&archive, "zeppelin").await, ["Zeppelin by Fluent Bit"]);
}

/// Lines of a log that have no field of an article: by a mapping, named in each line as Logstash does, in the address as Vector and
/// Fluent Bit do, or as the index.
#[tokio::test]
async fn events_of_other_fields_are_written_by_a_mapping() {
    let archive = Archive::small();
    let mappings = "[mapping.wire.article]\nheadline = \"event.original\"\nbody = \"message\"\npublished = \"'@timestamp'\"\n";
    let state = ApiState::new(archive.search.clone()).unwrap().with_mappings(mappings.parse().unwrap());
    let router = search_api::router(state);
    let event = json!({"@timestamp": "2026-11-30T10:00:00.000Z", "message": "m", "event": {"original": "Zeppelin"}, "log": {"offset": 4}});
    let headers = [("content-type", "application/x-ndjson"), ("content-encoding", "gzip")];
    for (path, action) in [
        ("/_bulk", json!({"index": {"_index": "articles", "_id": "1", "pipeline": "wire"}})),
        ("/_bulk?timeout=60s&pipeline=wire", json!({"create": {"_index": "articles"}})),
        ("/_bulk?filter_path=errors,items.*.error&pipeline=wire", json!({"create": {"_index": "articles"}})),
        ("/wire/_bulk", json!({"create": {}})),
    ] {
        let lines = format!("{action}\n{event}\n");
        let (status, answer) = sent(&router, Method::POST, path, &headers, gzip(&lines)).await;
        assert_eq!((status, &answer["errors"]), (StatusCode::OK, &json!(false)), "{path}: {answer}");
    }
    assert_eq!(headlines(&archive, "zeppelin").await, ["Zeppelin"; 4]);
}

#[tokio::test]
async fn an_index_is_not_removed() {
    let archive = Archive::small();
    let (status, told) = sent(&archive.router(), Method::DELETE, "/articles", &[], Vec::new()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(told["error"]["reason"].as_str().unwrap().contains("`morgue rebuild`"), "{told}");
}
