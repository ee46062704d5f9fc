//! The pages without a browser: what every answer carries, and what is answered to whom. What only a browser can show
//! is in `tests/browser`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails is a panic")]

use std::sync::atomic::AtomicBool;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use indexer::Indexes;
use search::Search;
use search_api::{Access, ApiState, Role, pages::PagesConfig};
use store::{ArchiveDate, Article, AssetId, Batch, Content, Fact, Log, NewEvent};
use tempfile::TempDir;
use tower::ServiceExt;
use views::VIEWS;

/// The sample archive behind the pages.
fn harbour_ledger() -> (TempDir, Router) {
    harbour_ledger_for(Access::default())
}

fn harbour_ledger_for(access: Access) -> (TempDir, Router) {
    let dir = tempfile::tempdir().unwrap();
    let samples = dir.path().join("samples");
    data_samples::write_archive(&samples).unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let mut files: Vec<_> = std::fs::read_dir(&samples).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "jsonl")) {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let mut event = NewEvent::from_json(line).unwrap();
            if let (None, Fact::Published(Content::Article(article))) = (event.time, &event.fact) {
                event.time = article.published.as_ref().map(ArchiveDate::start);
            }
            log.append_one(&event).unwrap();
        }
    }
    let config = PagesConfig { media: vec![samples], ..PagesConfig::default() };
    let router = pages_of(&log, &dir, access, config);
    (dir, router)
}

fn pages_of(log: &Log, dir: &TempDir, access: Access, config: PagesConfig) -> Router {
    let indexes = Indexes::open(log.clone(), dir.path().join("indexes")).unwrap();
    for view in VIEWS {
        indexes.catch_up(view, log.head().unwrap().seq, &AtomicBool::new(false), &|_| {}).unwrap();
    }
    let state = ApiState::new(Search::new(indexes)).unwrap().with_access(access);
    search_api::app(state, config)
}

async fn ask(router: &Router, path: &str, encoding: &str) -> (StatusCode, axum::http::HeaderMap, Vec<u8>) {
    let request = Request::get(path).header("accept-encoding", encoding).header("accept", "text/html");
    let request = request.body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, to_bytes(body, usize::MAX).await.unwrap().to_vec())
}

#[tokio::test]
async fn every_page_answers_as_it_should_and_carries_its_policy() {
    let (_dir, router) = harbour_ledger();
    for (path, status) in [
        ("/", 200),
        ("/?q=ferry&section=Local&page=1", 200),
        ("/?q=zzyzx", 200),
        ("/?page=99999999999", 200),
        ("/?after=nonsense", 400),
        ("/?q=zzyzx&after=5b5b302c315d2c315d", 200),
        ("/nothing/here", 404),
        ("/?from=nonsense", 400),
        ("/?view=images", 200),
        ("/images", 200),
        ("/articles/a/1912-04-16-titanic", 200),
        ("/articles?id=a%2F1912-04-16-titanic", 200),
        ("/articles/a/1912-04-16-titanic?at=1912-04-16", 200),
        ("/articles/a/1912-04-16-titanic?at=1900", 404),
        ("/articles/a/2025-09-12-lighthouse-pink?at=2025-09-13", 410),
        ("/articles/a/1912-04-16-titanic?at=soon", 400),
        ("/articles/none", 404),
        ("/articles/a/2025-09-12-lighthouse-pink", 410),
        ("/images/i/ferry", 200),
        ("/images/i/ferry?q=ferry&view=images", 200),
        ("/articles/a/1912-04-16-titanic?q=%28%28", 200),
        ("/?all=section", 200),
        ("/?view=bylines&sort=most", 200),
        ("/bylines/b/eleanor-quill", 200),
        ("/bylines/b/e-quill", 303),
        ("/status", 200),
        ("/sign-in", 200),
    ] {
        let (answered, headers, body) = ask(&router, path, "identity").await;
        assert_eq!(answered.as_u16(), status, "{path}: {}", String::from_utf8_lossy(&body));
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self'"), "{path}");
        if status != 303 {
            let html = String::from_utf8(body).unwrap();
            assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<h1"), "{path}");
            assert!(!html.contains(" style=") && !html.contains("<style"), "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_text_goes_as_gzip_to_who_takes_it() {
    let (_dir, router) = harbour_ledger();
    let (_, plain, page) = ask(&router, "/", "identity").await;
    assert!(!plain.contains_key("content-encoding"));
    let (_, packed, small) = ask(&router, "/", "gzip").await;
    assert_eq!(packed["content-encoding"], "gzip");
    assert!(small.len() * 3 < page.len(), "{} of {}", small.len(), page.len());
}

#[tokio::test]
async fn an_order_needs_somebody_who_may_give_it() {
    let (_dir, router) = harbour_ledger();
    for path in ["/status/rebuild", "/status/rollback", "/status/stop"] {
        let order = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let response =
            router.clone().oneshot(order.body(Body::from("view=articles")).unwrap()).await.unwrap();
        // Without keys only this machine may, and nobody knows where this request comes from.
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let (_, _, page) = ask(&router, "/status", "identity").await;
    assert!(!String::from_utf8(page).unwrap().contains("<button type=\"submit\">Rebuild"));
}

/// What a browser sends and gets.
struct Answer {
    status: u16,
    headers: axum::http::HeaderMap,
    page: String,
}

async fn send(
    router: &Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &'static str,
) -> Answer {
    let request = Request::builder().method(method).uri(path).header("accept", "text/html");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let response = router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let page = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, page }
}

fn reader_and_keeper() -> Access {
    let keys = [(Role::Read, "reader"), (Role::Admin, "keeper")].map(|(role, key)| Access::line(role, key));
    Access::parse(&keys.join("\n")).unwrap()
}

#[tokio::test]
async fn with_keys_a_browser_gets_a_form_for_one_and_buttons_are_for_admins() {
    let (_dir, router) = harbour_ledger_for(reader_and_keeper());
    let answer = send(&router, "GET", "/?q=ferry&from=1900", &[], "").await;
    assert_eq!(answer.status, 401);
    // A window of the browser's own would cover it.
    assert!(!answer.headers.contains_key("www-authenticate"));
    assert!(
        answer.page.contains("<form class=\"sign-in\" method=\"post\" action=\"/sign-in\""),
        "{}",
        answer.page
    );
    assert!(answer.page.contains("name=\"to\" value=\"/?q=ferry&amp;from=1900\""), "{}", answer.page);
    let (reader, keeper) = (("authorization", "Bearer reader"), ("authorization", "Bearer keeper"));
    let button = "action=\"/status/rebuild\"";
    assert!(!send(&router, "GET", "/status", &[reader], "").await.page.contains(button));
    assert!(send(&router, "GET", "/status", &[keeper], "").await.page.contains(button));
    let order = async |headers: &[(&str, &str)]| {
        send(&router, "POST", "/status/rebuild", headers, "view=images").await.status
    };
    assert_eq!(order(&[reader]).await, 403);
    let (host, own, foreign) = (("host", "here"), ("origin", "http://here"), ("origin", "http://elsewhere"));
    assert_eq!(order(&[keeper, host, foreign]).await, 403);
    assert_eq!(order(&[keeper, host, own]).await, 303);
}

/// A story: a reader signs in on the machine of the reading room, looks around, and signs out. Whoever sits down next, with
/// all that the browser ever kept, is nobody.
#[tokio::test]
async fn who_signs_in_is_known_until_he_signs_out() {
    let (dir, router) = harbour_ledger_for(reader_and_keeper());
    let own = [("host", "here"), ("origin", "http://here")];
    let (wrong, right) = ("key=nonsense&to=%2Fstatus", "key=keeper&to=%2Fstatus%3Fx%3D1");
    let answer = send(&router, "POST", "/sign-in", &own, wrong).await;
    assert_eq!((answer.status, answer.headers.contains_key("set-cookie")), (401, false));
    assert!(answer.page.contains("role=\"alert\""), "{}", answer.page);
    let foreign = [("host", "here"), ("origin", "http://elsewhere")];
    let answer = send(&router, "POST", "/sign-in", &foreign, right).await;
    assert_eq!(
        (answer.status, answer.headers.contains_key("set-cookie")),
        (403, false),
        "nobody is signed in by another site"
    );

    let answer = send(&router, "POST", "/sign-in", &own, right).await;
    assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (303, "/status?x=1"));
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Strict");
    let cookie = ("cookie", pair);
    // The key itself is not in it.
    assert!(!pair.contains("keeper") && pair.len() > 60, "{pair}");

    let room = send(&router, "GET", "/status", &[cookie], "").await;
    assert!(room.status == 200 && room.page.contains("action=\"/status/rebuild\""));
    assert!(room.headers["cache-control"].to_str().unwrap().contains("private"));
    // Its role is that of the key, for the APIs, too.
    for path in
        ["/api/v1/search?q=ferry", "/es/_search", "/articles/a/1912-04-16-titanic", "/api/v1/suggest?q=fer"]
    {
        assert_eq!(send(&router, "GET", path, &[cookie], "").await.status, 200, "{path}");
    }
    let shown = send(&router, "GET", "/sign-in", &[cookie], "").await;
    assert!(shown.page.contains("action=\"/sign-out\""), "{}", shown.page);
    // A page of another site cannot use it, nor end it.
    for path in ["/status/rebuild", "/sign-out", "/api/v1/rebuild"] {
        for from in [("origin", "http://elsewhere"), ("origin", "null"), ("sec-fetch-site", "same-site")] {
            let answer = send(&router, "POST", path, &[cookie, ("host", "here"), from], "view=images").await;
            assert_eq!(answer.status, 403, "{path} {from:?}");
        }
    }
    // A header with another key counts more.
    let with_both = [cookie, ("authorization", "Bearer reader")];
    assert!(!send(&router, "GET", "/status", &with_both, "").await.page.contains("/status/rebuild"));

    let answer = send(&router, "POST", "/sign-out", &[cookie, own[0], own[1]], "").await;
    assert_eq!(answer.status, 303);
    assert!(answer.headers["set-cookie"].to_str().unwrap().ends_with("; Max-Age=0"));
    let after = send(&router, "GET", "/status", &[cookie], "").await;
    assert!(after.status == 401 && after.page.contains("session is over"), "{}", after.page);
    assert_eq!(send(&router, "GET", "/api/v1/search", &[cookie], "").await.status, 401);
    drop(dir);
}

/// Over TLS, the cookie is of this very name, and pages at any other address are not ours.
#[tokio::test]
async fn over_tls_the_cookie_is_of_this_host_alone() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let public_url = Some("https://archive.example".parse().unwrap());
    let config = PagesConfig { public_url, ..PagesConfig::default() };
    let router = pages_of(&log, &dir, reader_and_keeper(), config);
    let sign_in = async |origin: &str| {
        let headers = [("host", "127.0.0.1:7700"), ("origin", origin), ("x-forwarded-proto", "https")];
        send(&router, "POST", "/sign-in", &headers, "key=reader").await
    };
    assert_eq!(sign_in("http://127.0.0.1:7700").await.status, 403);
    assert_eq!(sign_in("http://archive.example").await.status, 403);
    let answer = sign_in("https://archive.example").await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-morgue=")
            && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().unwrap();
    assert_eq!(send(&router, "GET", "/", &[("cookie", pair)], "").await.status, 200);
    let unsafe_name = pair.replace("__Host-", "");
    assert_eq!(send(&router, "GET", "/", &[("cookie", &unsafe_name)], "").await.status, 401);
}

/// A link on a page elsewhere leads here without the cookie: the page asks for itself again, once, and then has it.
#[tokio::test]
async fn a_link_from_elsewhere_finds_who_is_signed_in() {
    let (_dir, router) = harbour_ledger_for(reader_and_keeper());
    let led = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    let answer = send(&router, "GET", "/articles/a/1?q=x", &led, "").await;
    assert!(
        answer.status == 401 && answer.page.contains("content=\"0; url=/articles/a/1?q=x\""),
        "{}",
        answer.page
    );
    let again = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "navigate")];
    let answer = send(&router, "GET", "/articles/a/1?q=x", &again, "").await;
    assert!(
        answer.page.contains("class=\"sign-in\"") && !answer.page.contains("http-equiv"),
        "{}",
        answer.page
    );
}

#[tokio::test]
async fn what_was_withdrawn_since_says_so_and_is_in_no_feed() {
    let (_keyed, router) = harbour_ledger_for(reader_and_keeper());
    let then = "/articles/a/2025-09-12-lighthouse-pink?at=2025-09-13";
    let keeper = [("authorization", "Bearer keeper")];
    let page = send(&router, "GET", then, &keeper, "").await.page;
    assert!(page.contains("It was withdrawn later") && page.contains("The minute was misread"), "{page}");
    let answer = send(&router, "GET", then, &[("authorization", "Bearer reader")], "").await;
    assert_eq!(answer.status, 410);
    assert!(answer.page.contains("was withdrawn") && !answer.page.contains("misread"), "{}", answer.page);
    let (_dir, router) = harbour_ledger();
    for path in ["/search.atom?q=lighthouse", "/search.csv?q=lighthouse"] {
        let (status, headers, body) = ask(&router, path, "identity").await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(!headers["content-type"].to_str().unwrap().starts_with("text/html"));
        let text = String::from_utf8(body).unwrap();
        assert!(text.contains("1910-05-20") && !text.contains("lighthouse-pink"), "{path}: {text}");
    }
}

/// A story: a script corrects the same article every night, or sends a whole book each time. The page shows the last of
/// it, takes no more than any request may, and says where the rest is.
#[tokio::test]
async fn a_long_history_is_shown_in_part() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let publish = |id: &str, body: String| {
        let article = Article { headline: "Ferry".into(), body, ..Article::default() };
        log.append_one(&NewEvent::published(AssetId::new(id).unwrap(), article)).unwrap();
    };
    (0..120).for_each(|night| publish("a/nightly", format!("At night {night} the ferry ran.")));
    (0..12).for_each(|time| publish("a/book", format!("w{time} ").repeat(1_000_000)));
    let router = pages_of(&log, &dir, Access::default(), PagesConfig::default());
    let (status, _, page) = ask(&router, "/articles/a/nightly", "identity").await;
    let page = String::from_utf8(page).unwrap();
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Event 20 and those before it are not shown here"), "{page}");
    assert!(page.contains("Revision 21<") && !page.contains("Revision 20<"), "the last hundred");

    let (status, _, page) = ask(&router, "/articles/a/book", "identity").await;
    let page = String::from_utf8(page).unwrap();
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("Revision 12<") && !page.contains("Revision 2<") && page.contains("/…/history?before=")
    );
    assert!(page.len() < 64 << 20, "{} bytes", page.len());
}

#[tokio::test]
async fn the_machine_room_tells_what_could_not_be_read_by_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let position = |source: &str, files: u64| store::SourcePosition {
        source: source.to_owned(),
        position: format!("{{\"files\":{files},\"records\":{files},\"listing\":7}}"),
    };
    for position in [position("load:/done", 0), position("load:/half", 12)] {
        log.append(Batch { position: Some(position), ..Batch::default() }).unwrap();
    }
    let quarantine = dir.path().join("quarantine");
    std::fs::create_dir(&quarantine).unwrap();
    for (number, reason) in ["no text", "no date", "no text"].into_iter().enumerate() {
        let record = format!(
            "{{\"file\":\"scans/{number}.xml\",\"line\":{number},\"reason\":\"{reason}\",\"time\":\"2026-01-0{}T00:00:00Z\"}}",
            number + 1
        );
        std::fs::write(quarantine.join(format!("{number}.json")), record).unwrap();
    }
    let indexes = Indexes::open(log, dir.path().join("indexes")).unwrap();
    let state = ApiState::new(Search::new(indexes)).unwrap().with_access(reader_and_keeper());
    let router =
        search_api::app(state, PagesConfig { quarantine: Some(quarantine), ..PagesConfig::default() });
    let page = send(&router, "GET", "/status", &[("authorization", "Bearer reader")], "").await.page;
    assert!(page.contains("3 records wait") && !page.contains("scans/"), "{page}");
    let page = send(&router, "GET", "/status", &[("authorization", "Bearer keeper")], "").await.page;
    assert!(page.contains("3 records wait"), "{page}");
    assert_eq!(page.matches("<p>No text</p>").count(), 1, "{page}");
    assert!(page.contains("scans/0.xml") && page.contains("scans/2.xml:2") && page.contains("scans/1.xml:1"));
    assert!(page.contains("All of it") && page.contains("12 files and 12 records of the next"), "{page}");
}

#[tokio::test]
async fn browsers_learn_how_to_search_here() {
    let (_dir, router) = harbour_ledger();
    let (status, headers, body) = ask(&router, "/opensearch.xml", "identity").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-type"], "application/opensearchdescription+xml; charset=utf-8");
    let body = String::from_utf8(body).unwrap();
    assert!(
        body.contains("?q={searchTerms}") && body.contains("<ShortName>The Morgue</ShortName>"),
        "{body}"
    );
}

#[tokio::test]
async fn errors_are_pages_for_readers_and_problems_for_programs() {
    let (_dir, router) = harbour_ledger();
    let (_, headers, _) = ask(&router, "/nothing/here", "identity").await;
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"));
    let (_, headers, _) = ask(&router, "/api/v1/nothing", "identity").await;
    assert_eq!(headers["content-type"], "application/problem+json");
    let request = Request::get("/nothing/here").body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
}

#[tokio::test]
async fn pictures_are_sandboxed_and_nothing_else_is_served() {
    let (_dir, router) = harbour_ledger();
    let (status, headers, _) = ask(&router, "/media/images/ferry.svg", "identity").await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    for path in ["/media/01-bylines.jsonl", "/media/..%2Flog%2Fdata.mdb", "/media/%2Fetc%2Fpasswd"] {
        assert_eq!(ask(&router, path, "identity").await.0, StatusCode::NOT_FOUND, "{path}");
    }
}
