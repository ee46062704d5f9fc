//! What a stranger may do: somebody at another address, behind a proxy, or with a lesser key.

use std::net::SocketAddr;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request, Response, StatusCode},
};
use search_api::{Access, ApiState, PublicUrl, Role, pages::PagesConfig, router};
use serde_json::{Value, json};
use tokio_stream::StreamExt;
use tower::ServiceExt;

use crate::archive::Archive;

const HERE: [u8; 4] = [127, 0, 0, 1];
const THERE: [u8; 4] = [192, 0, 2, 7];

async fn ask(
    router: &Router,
    method: &str,
    path: &str,
    peer: [u8; 4],
    headers: &[(&str, &str)],
    body: &str,
) -> Response<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let mut request = request.body(Body::from(body.to_owned())).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 1))));
    router.clone().oneshot(request).await.unwrap()
}

async fn json_of(response: Response<Body>) -> (StatusCode, Value) {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn keys() -> Access {
    let lines = [(Role::Read, "r"), (Role::Read, "r2"), (Role::Write, "w"), (Role::Admin, "a")];
    Access::parse(&lines.map(|(role, key)| Access::line(role, key)).join("\n")).unwrap()
}

fn keyed(archive: &Archive) -> Router {
    router(ApiState::new(archive.search.clone()).unwrap().with_access(keys()))
}

/// A story: whoever has a key to write has it to correct. One line among a thousand erases, which nobody can undo.
#[tokio::test]
async fn erasing_needs_the_role_admin() {
    let archive = Archive::small();
    let router = keyed(&archive);
    let erase = |kind: &str, id: &str| {
        json!({"type": format!("{kind}.erased"), "id": id, "data": {"reason": "asked"}}).to_string()
    };
    let publish =
        json!({"type": "article.published", "id": "a/new", "data": {"headline": "New"}}).to_string();
    let bodies = [
        erase("article", "a/fire"),
        erase("image", "i/ferry"),
        erase("byline", "b/quill"),
        format!("{publish}\n{}\n", erase("article", "a/fire")),
        format!("{{\"type\": \"nonsense\nx\n{}\n{publish}", erase("article", "a/fire")),
        json!({"data": {}, "id": "a/fire", "type": "article.erased"})
            .to_string()
            .replace("article.er", "article.\\u0065r"),
        serde_json::to_string_pretty(&json!({"type": "article.erased", "id": "a/fire", "data": {}})).unwrap(),
    ];
    let head = archive.log.head().unwrap();
    for body in &bodies {
        for (key, expected) in
            [("w", StatusCode::FORBIDDEN), ("r", StatusCode::FORBIDDEN), ("x", StatusCode::UNAUTHORIZED)]
        {
            let key = format!("Bearer {key}");
            let answer =
                ask(&router, "POST", "/api/v1/events", THERE, &[("authorization", &key)], body).await;
            assert_eq!(answer.status(), expected, "{key} {body}");
        }
    }
    assert_eq!(archive.log.head().unwrap(), head, "nothing was appended");
    for body in &bodies {
        let answer =
            ask(&router, "POST", "/api/v1/events", THERE, &[("authorization", "Bearer a")], body).await;
        assert_eq!(answer.status(), StatusCode::OK, "{body}");
    }
    // The other surface withdraws, which is no erasure.
    let answer =
        ask(&router, "DELETE", "/es/articles/_doc/a/tram", THERE, &[("authorization", "Bearer w")], "").await;
    assert_eq!(answer.status(), StatusCode::OK);
    let line = r#"{"erase":{"_index":"articles","_id":"a/tram"}}"#;
    let answer =
        ask(&router, "POST", "/es/_bulk", THERE, &[("authorization", "Bearer w")], &format!("{line}\n"))
            .await;
    assert!(!answer.status().is_success());
}

/// A story: a page at a name that first led to its own server and now leads to this one reads the archive of a machine that
/// nobody outside can reach.
#[tokio::test]
async fn without_keys_only_our_own_names_are_answered() {
    let archive = Archive::small();
    let state = || ApiState::new(archive.search.clone()).unwrap().with_hosts(vec!["Ledger.lan".to_owned()]);
    let public: PublicUrl = "https://archive.example".parse().unwrap();
    let config = PagesConfig { public_url: Some(public), ..PagesConfig::default() };
    let open = search_api::app(state(), config.clone());
    let closed = search_api::app(state().with_access(keys()), config);
    let paths = [
        "/api/v1/search?q=ferry",
        "/api/v1/events",
        "/es/_search",
        "/",
        "/status",
        "/search.csv",
        "/metrics",
        "/nowhere",
    ];
    let check = async |host: &str, may: bool| {
        for path in paths {
            let found = ask(&open, "GET", path, HERE, &[("host", host)], "").await.status();
            assert_eq!(found == StatusCode::FORBIDDEN, !may, "{host} {path}: {found}");
            let with_key = [("host", host), ("authorization", "Bearer r")];
            let found = ask(&closed, "GET", path, HERE, &with_key, "").await.status();
            assert_ne!(found, StatusCode::FORBIDDEN, "a key is sent by whoever has it: {host} {path}");
        }
        // They hold nothing of the archive.
        assert_eq!(ask(&open, "GET", "/healthz", HERE, &[("host", host)], "").await.status(), StatusCode::OK);
    };
    for host in [
        "localhost",
        "localhost:7700",
        "LOCALHOST:1",
        "127.0.0.1",
        "127.0.0.1:7700",
        "192.168.1.5:7700",
        "[::1]",
        "[::1]:7700",
        "[2001:db8::1]:80",
        "ledger.lan",
        "ledger.LAN:7700",
        "archive.example",
        "archive.example:443",
    ] {
        check(host, true).await;
    }
    for host in [
        "rebound.example",
        "rebound.example:7700",
        "127.0.0.1.rebound.example",
        "localhost.rebound.example:7700",
        "ledger.lan.evil",
        "notledger.lan",
        "1.rebound.example",
        "localhost.",
        "[::1].rebound.example",
        "[rebound.example]",
        "::1",
        "",
        "127.0.0.1:x",
        "user@localhost",
    ] {
        check(host, false).await;
    }
    let twice = [("host", "localhost"), ("host", "rebound.example")];
    assert_eq!(ask(&open, "GET", "/api/v1/search", HERE, &twice, "").await.status(), StatusCode::FORBIDDEN);
    // What a request line names counts more than the header.
    let absolute = "http://rebound.example/api/v1/search";
    assert_eq!(
        ask(&open, "GET", absolute, HERE, &[("host", "localhost")], "").await.status(),
        StatusCode::FORBIDDEN
    );
}

/// A story: a proxy on this machine lets the world in, and to the server everybody comes from here.
#[tokio::test]
async fn what_a_proxy_sends_on_is_a_strangers() {
    let archive = Archive::small();
    let router = archive.router();
    let event = json!({"type": "article.published", "id": "a/new", "data": {"headline": "New"}}).to_string();
    let post = async |headers: &[(&str, &str)]| {
        ask(&router, "POST", "/api/v1/events", HERE, headers, &event).await.status()
    };
    for name in [
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Port",
        "X-Forwarded-Server",
        "X-Forwarded",
        "X-Real-IP",
        "Via",
        "CF-Connecting-IP",
        "CF-Ray",
        "CF-Visitor",
        "CF-IPCountry",
        "True-Client-IP",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "Fastly-Client-IP",
        "X-Amzn-Trace-Id",
        "X-Envoy-External-Address",
        "X-Azure-ClientIP",
        "Fly-Client-IP",
        "CloudFront-Viewer-Country",
        "X-Original-Forwarded-For",
        "Client-IP",
    ] {
        for value in ["127.0.0.1", ""] {
            assert_eq!(
                post(&[("host", "localhost"), (name, value)]).await,
                StatusCode::FORBIDDEN,
                "{name}: {value}"
            );
        }
        let read =
            ask(&router, "GET", "/api/v1/search", HERE, &[("host", "localhost"), (name, "x")], "").await;
        assert_eq!(read.status(), StatusCode::OK, "who may read may read through it: {name}");
    }
    for name in ["X-Request-Id", "Accept", "User-Agent", "X-Requested-With", "Cache-Control"] {
        assert_eq!(post(&[("host", "localhost"), (name, "x")]).await, StatusCode::OK, "{name}");
    }
}

/// Clients are asked for a key where they know how to send one; a list on one line is read by no browser.
#[tokio::test]
async fn keys_are_asked_for_one_scheme_a_line_and_only_by_the_apis() {
    let archive = Archive::small();
    let state = ApiState::new(archive.search.clone()).unwrap().with_access(keys());
    let router = search_api::app(state, PagesConfig::default());
    let check = async |path: &str, headers: &[(&str, &str)], expected: &[&str]| {
        let answer = ask(&router, "GET", path, THERE, headers, "").await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        let lines = answer.headers().get_all("www-authenticate").iter();
        let schemes: Vec<&str> =
            lines.map(|line| line.to_str().unwrap().split(' ').next().unwrap()).collect();
        assert_eq!(schemes, expected, "{path} {headers:?}");
        for line in answer.headers().get_all("www-authenticate") {
            assert!(!(line.to_str().unwrap().contains("Basic") && line.to_str().unwrap().contains("Bearer")));
        }
    };
    for path in
        ["/api/v1/search", "/api/v1", "/api/v1/events", "/api/v1/nowhere", "/es/", "/es/_search", "/es/a/b/c"]
    {
        check(path, &[], &["Basic", "Bearer"]).await;
        check(path, &[("sec-fetch-mode", "navigate")], &["Basic", "Bearer"]).await;
        // A page of ours is left open until its session is over: no window of the browser's own covers it.
        check(path, &[("sec-fetch-mode", "cors")], &["Bearer"]).await;
    }
    for path in ["/", "/status", "/articles/a/ferry", "/search.atom", "/media/a.png", "/nowhere", "/metrics"]
    {
        check(path, &[], &[]).await;
        check(path, &[("accept", "text/html")], &[]).await;
    }
}

/// No cache between may keep for one what another was given, and no route says otherwise.
#[tokio::test]
async fn with_keys_answers_are_for_the_one_who_asked() {
    let archive = Archive::small();
    let media = tempfile::tempdir().unwrap();
    std::fs::create_dir(media.path().join("images")).unwrap();
    std::fs::write(media.path().join("images/ferry.svg"), "<svg/>").unwrap();
    let app = |access: Access| {
        let config = PagesConfig { media: vec![media.path().to_owned()], ..PagesConfig::default() };
        search_api::app(ApiState::new(archive.search.clone()).unwrap().with_access(access), config)
    };
    let (open, keyed) = (app(Access::default()), app(keys()));
    let said = |headers: &HeaderMap| headers["cache-control"].to_str().unwrap().to_owned();
    for path in [
        "/",
        "/?q=ferry",
        "/articles/a/ferry",
        "/images/i/ferry",
        "/status",
        "/search.csv?q=ferry",
        "/search.atom",
        "/opensearch.xml",
        "/media/images/ferry.svg",
        "/media/none.png",
        "/nowhere",
        "/api/v1",
        "/api/v1/search?q=ferry",
        "/api/v1/articles/a/ferry",
        "/api/v1/articles/a/ferry/history",
        "/api/v1/events",
        "/api/v1/openapi.json",
        "/api/v1/try.js",
        "/es/",
        "/es/_search",
        "/metrics",
    ] {
        for accept in ["*/*", "text/html"] {
            for key in ["Bearer r", "Bearer x"] {
                let headers = [("authorization", key), ("accept", accept)];
                let answer = ask(&keyed, "GET", path, THERE, &headers, "").await;
                let said = said(answer.headers());
                let is_private = said.contains("private") || said.contains("no-store");
                assert!(is_private && !said.contains("public"), "{path} {accept} {key}: {said}");
                if !said.contains("no-store") {
                    let vary = answer.headers().get_all("vary").iter();
                    let vary: Vec<&str> = vary.map(|value| value.to_str().unwrap()).collect();
                    assert!(vary.join(",").contains("cookie"), "{path} {vary:?}");
                }
            }
        }
    }
    // Without keys everybody gets the same; what is withdrawn is not shown out of a cache.
    let picture = ask(&open, "GET", "/media/images/ferry.svg", THERE, &[], "").await;
    assert_eq!((picture.status(), said(picture.headers())), (StatusCode::OK, "no-cache".to_owned()));
}

fn headers_of(key: &str) -> Vec<(&'static str, String)> {
    if key.is_empty() { Vec::new() } else { vec![("authorization", format!("Bearer {key}"))] }
}

/// A client of Elasticsearch: its points and scrolls.
struct Client<'a> {
    router: &'a Router,
    key: &'a str,
    peer: [u8; 4],
}

impl Client<'_> {
    async fn ask(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let headers = headers_of(self.key);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        json_of(ask(self.router, method, path, self.peer, &headers, &body).await).await
    }

    async fn open(&self) -> String {
        let (status, answer) = self.ask("POST", "/es/articles/_pit?keep_alive=1m", Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    async fn scroll(&self) -> String {
        let (status, answer) = self.ask("POST", "/es/articles/_search?scroll=1m&size=1", Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["_scroll_id"].as_str().unwrap().to_owned()
    }

    async fn is_open(&self, id: &str) -> bool {
        let (status, _) = self.ask("POST", "/es/_search", json!({"pit": {"id": id}, "size": 0})).await;
        status == StatusCode::OK
    }

    async fn goes_on(&self, id: &str) -> bool {
        self.ask("POST", "/es/_search/scroll", json!({"scroll_id": id})).await.0 == StatusCode::OK
    }
}

/// A story: a script opens points in time and scrolls and closes none. It loses its own oldest, and nobody else any.
#[tokio::test]
async fn who_opens_too_many_points_loses_the_oldest_of_his_own() {
    let archive = Archive::small();
    let (open, keyed) = (archive.router(), keyed(&archive));
    let client = |router, key, peer| Client { router, key, peer };
    for (greedy, other) in [
        (client(&keyed, "r", THERE), client(&keyed, "r2", THERE)),
        (client(&open, "", THERE), client(&open, "", [192, 0, 2, 8])),
    ] {
        let others = other.open().await;
        let first = greedy.open().await;
        let second = greedy.scroll().await;
        for number in 0..48 {
            if number % 2 == 0 {
                greedy.open().await
            } else {
                greedy.scroll().await
            };
        }
        assert!(greedy.is_open(&first).await, "fifty are open");
        greedy.open().await;
        assert!(
            !greedy.is_open(&first).await && greedy.goes_on(&second).await,
            "the oldest is closed, and no more"
        );
        for _ in 0..200 {
            greedy.scroll().await;
        }
        assert!(!greedy.goes_on(&second).await);
        assert!(other.is_open(&others).await, "nobody else's is");
        other.scroll().await;
    }
}

/// Closing all closes those of others.
#[tokio::test]
async fn closing_all_points_needs_the_role_admin() {
    let archive = Archive::small();
    let (open, keyed) = (archive.router(), keyed(&archive));
    let all = json!({"scroll_id": "_all"});
    let among = json!({"scroll_id": ["x", "_all"]});
    let ways = [
        ("/es/_search/point_in_time/_all", Value::Null),
        ("/es/_search/scroll/_all", Value::Null),
        ("/es/_search/scroll/x,_all", Value::Null),
        ("/es/_search/scroll/%5fall", Value::Null),
        ("/es/_search/scroll", all),
        ("/es/_search/scroll", among),
    ];
    let client = |router, key, peer| Client { router, key, peer };
    for (lesser, owner) in [
        (client(&keyed, "r", THERE), client(&keyed, "a", THERE)),
        (client(&keyed, "w", THERE), client(&keyed, "a", THERE)),
        (client(&open, "", THERE), client(&open, "", HERE)),
    ] {
        let (point, scroll) = (owner.open().await, owner.scroll().await);
        for (path, body) in &ways {
            assert_eq!(
                lesser.ask("DELETE", path, body.clone()).await.0,
                StatusCode::FORBIDDEN,
                "{path} {body}"
            );
        }
        assert!(owner.is_open(&point).await && owner.goes_on(&scroll).await);
        // One by its id is closed by who knows it.
        let own = lesser.scroll().await;
        assert_eq!(
            lesser.ask("DELETE", "/es/_search/scroll", json!({"scroll_id": own})).await.0,
            StatusCode::OK
        );
        for (path, body) in &ways {
            let scroll = owner.scroll().await;
            let (status, answer) = owner.ask("DELETE", path, body.clone()).await;
            assert_eq!(status, StatusCode::OK, "{path} {body}: {answer}");
            assert_eq!(owner.goes_on(&scroll).await, path.contains("point"), "{path} {body}");
        }
        assert!(!owner.is_open(&point).await);
    }
}

/// A story: sixty-four programs follow the log of a quiet archive, which is all that one address may. Everybody who comes
/// then reads, and of the sixty-four only the oldest has to ask again, knowing that it was not told all.
#[tokio::test]
async fn idle_readers_of_events_keep_nobody_out() {
    let archive = Archive::small();
    let router = archive.router();
    let mut idle = Vec::new();
    for _ in 0..64 {
        let headers = [("accept", "text/event-stream"), ("last-event-id", "8")];
        let answer = ask(&router, "GET", "/api/v1/events", THERE, &headers, "").await;
        assert_eq!(answer.status(), StatusCode::OK);
        idle.push(answer.into_body().into_data_stream());
    }
    for (peer, accept) in [([192, 0, 2, 8], "*/*"), (THERE, "*/*"), (HERE, "*/*")] {
        let answer = ask(&router, "GET", "/api/v1/events", peer, &[("accept", accept)], "").await;
        assert_eq!(answer.status(), StatusCode::OK);
        let text = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 8, "{peer:?}");
    }
    let mut idle = idle.into_iter();
    let lost = idle.next().unwrap().next().await;
    assert!(
        lost.is_some_and(|part| part.is_err()),
        "the oldest of that address is told that this is not the end"
    );
    // The others go on with what comes.
    archive.append(&[json!({"type": "article.published", "id": "a/new", "data": {"headline": "New"}})]);
    for mut follower in idle {
        let part = follower.next().await.unwrap().unwrap();
        assert!(part.starts_with(b"id: 9\n"), "{}", String::from_utf8_lossy(&part));
    }
}

/// A story: a program follows the log and is away while the log is put back from a backup. What it has seen is not there any
/// more, and events to come would have numbers that it knows with another meaning: it is told instead of waiting for ever.
#[tokio::test]
async fn whoever_has_seen_more_than_there_is_is_told() {
    let archive = Archive::small();
    let headers = [("accept", "text/event-stream"), ("last-event-id", "9")];
    let answer = ask(&archive.router(), "GET", "/api/v1/events", THERE, &headers, "").await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let text = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(
        text.contains("has come to event 9, and the log ends at 8: read it again from event 1"),
        "{text}"
    );
}
