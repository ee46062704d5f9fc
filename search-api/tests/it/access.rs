//! Who may do what.

use std::net::SocketAddr;

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode},
};
use search_api::{Access, ApiState, Origins, Role, router};
use tower::ServiceExt;

use crate::archive::{Archive, send};

const EVENT: &str = r#"{"type":"article.published","id":"a/new","data":{"headline":"New"}}"#;

async fn status(
    router: &Router,
    method: &str,
    path: &str,
    peer: [u8; 4],
    headers: &[(&str, &str)],
) -> StatusCode {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if method == "POST" { EVENT } else { "" };
    let mut request = request.body(Body::from(body)).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 1))));
    send(router, request).await.0
}

#[tokio::test]
async fn without_keys_only_this_machine_writes() {
    let archive = Archive::small();
    let router = archive.router();
    let (here, there) = ([127, 0, 0, 1], [192, 0, 2, 7]);
    let write = "/api/v1/events";
    assert_eq!(status(&router, "POST", write, here, &[("host", "127.0.0.1:7700")]).await, StatusCode::OK);
    assert_eq!(status(&router, "POST", write, here, &[("host", "[::1]:7700")]).await, StatusCode::OK);
    assert_eq!(status(&router, "GET", "/api/v1/search", there, &[]).await, StatusCode::OK);
    assert_eq!(status(&router, "POST", "/es/_bulk", there, &[]).await, StatusCode::FORBIDDEN);
    for headers in [
        vec![("host", "rebound.example:7700")],
        vec![("host", "localhost:7700"), ("origin", "https://evil.example")],
        vec![("host", "localhost:7700"), ("origin", "null")],
        vec![("host", "localhost:7700"), ("x-forwarded-for", "192.0.2.7")],
    ] {
        assert_eq!(
            status(&router, "POST", write, here, &headers).await,
            StatusCode::FORBIDDEN,
            "{headers:?}"
        );
    }
    let own = [("host", "localhost:7700"), ("origin", "http://localhost:7700")];
    assert_eq!(status(&router, "POST", write, here, &own).await, StatusCode::OK);
}

/// A key is good until its day and for its addresses; what it would not be good for says which of the two.
#[tokio::test]
async fn a_key_may_have_an_end_and_addresses() {
    let archive = Archive::small();
    let lines = [
        format!("{} old until=2020-12-31", Access::line(Role::Admin, "old")),
        format!("{} shipper until=2999 paths=/es,/api/v1/events", Access::line(Role::Write, "es")),
    ];
    let access = Access::parse(&lines.join("\n")).unwrap();
    let router = router(ApiState::new(archive.search.clone()).unwrap().with_access(access));
    for (key, path, expected) in [
        ("old", "/api/v1/search", StatusCode::UNAUTHORIZED),
        ("es", "/api/v1/search", StatusCode::FORBIDDEN),
        ("es", "/es/articles/_search", StatusCode::OK),
        ("es", "/es/", StatusCode::OK),
        ("es", "/api/v1/events", StatusCode::OK),
    ] {
        let given = format!("Bearer {key}");
        let found = status(&router, "GET", path, [127, 0, 0, 1], &[("authorization", &given)]).await;
        assert_eq!(found, expected, "{key} {path}");
    }
    let write = [("authorization", "Bearer es")];
    assert_eq!(status(&router, "POST", "/api/v1/events", [127, 0, 0, 1], &write).await, StatusCode::OK);
}

#[tokio::test]
async fn with_keys_each_role_has_its_routes() {
    let archive = Archive::small();
    let lines =
        [Access::line(Role::Read, "r"), Access::line(Role::Write, "w"), Access::line(Role::Admin, "a")]
            .join("\n");
    let state = ApiState::new(archive.search.clone()).unwrap().with_access(Access::parse(&lines).unwrap());
    let router = router(state);
    let read = ["/api/v1/search", "/api/v1/status", "/api/v1/events", "/es/", "/es/articles/_search"];
    let write = ["/api/v1/events"];
    for (key, may_read, may_write) in
        [("", false, false), ("x", false, false), ("r", true, false), ("w", true, true), ("a", true, true)]
    {
        let given = format!("Bearer {key}");
        let headers: Vec<(&str, &str)> =
            if key.is_empty() { vec![] } else { vec![("authorization", &given)] };
        let refused = if may_read { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
        for path in read {
            let found = status(&router, "GET", path, [127, 0, 0, 1], &headers).await;
            assert_eq!(found, if may_read { StatusCode::OK } else { refused }, "{key} {path}");
        }
        for path in write {
            let found = status(&router, "POST", path, [192, 0, 2, 7], &headers).await;
            assert_eq!(found, if may_write { StatusCode::OK } else { refused }, "{key} {path}");
        }
        assert_eq!(status(&router, "GET", "/healthz", [192, 0, 2, 7], &headers).await, StatusCode::OK);
    }
}

/// Pages of other sites may read only where they are named, and a browser's question before that needs no key.
#[tokio::test]
async fn pages_of_other_sites_read_where_they_are_named() {
    let archive = Archive::small();
    let state = || ApiState::new(archive.search.clone()).unwrap();
    let named = Origins::parse(&["https://reader.example.org"], true).unwrap();
    let keyed = state().with_access(Access::parse(&Access::line(Role::Read, "r")).unwrap());
    let ask = async |router: &Router, method: &str, path: &str, origin: &str| -> (StatusCode, HeaderMap) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type")
            .body(Body::empty())
            .unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 1))));
        let (parts, _) = router.clone().oneshot(request).await.unwrap().into_parts();
        (parts.status, parts.headers)
    };
    let (here, elsewhere) = ("https://reader.example.org", "https://evil.example.net");
    let allowed = |headers: &HeaderMap| {
        headers.get("access-control-allow-origin").map(|origin| origin.to_str().unwrap().to_owned())
    };
    let closed = router(state());
    let open = router(keyed.with_origins(named));
    for path in ["/api/v1/search", "/es/articles/_search", "/nowhere"] {
        let (status, headers) = ask(&open, "OPTIONS", path, here).await;
        assert_eq!((status, allowed(&headers).as_deref()), (StatusCode::OK, Some(here)), "{path}");
        assert!(headers["access-control-allow-methods"].to_str().unwrap().contains("POST"));
        assert!(headers["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
        assert!(headers.get("access-control-allow-credentials").is_none());
        let (_, headers) = ask(&open, "OPTIONS", path, elsewhere).await;
        assert_eq!(allowed(&headers), None, "{path}");
        // The page may read why it is refused, but it still needs a key.
        let (status, headers) = ask(&open, "GET", path, here).await;
        assert_eq!((status, allowed(&headers).as_deref()), (StatusCode::UNAUTHORIZED, Some(here)), "{path}");
        for method in ["OPTIONS", "GET"] {
            assert_eq!(allowed(&ask(&closed, method, path, here).await.1), None, "{method} {path}");
        }
    }
    let any = router(state().with_origins(Origins::parse(&["*"], false).unwrap()));
    let (status, headers) = ask(&any, "GET", "/api/v1/search", elsewhere).await;
    assert_eq!((status, allowed(&headers).as_deref()), (StatusCode::OK, Some("*")));
    // Without keys they may read all the same, and never write.
    assert_eq!(ask(&any, "POST", "/api/v1/events", elsewhere).await.0, StatusCode::FORBIDDEN);
}
