//! Role × route: who may do what, for every route there is. A route that is not in this table fails the test, and so
//! does a line without a route.

use std::{collections::BTreeSet, net::SocketAddr};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode},
};
use indexer::Indexes;
use search::Search;
use store::Log;
use tower::ServiceExt;

use crate::{
    app::app,
    door::{
        access::{Access, Role},
        cors::Origins,
        policy::Entry,
    },
    es,
    native::routes::ROUTES,
    pages::{self, PagesConfig},
    state::ApiState,
};

const EVERYBODY: &str = "
    GET /healthz
    GET /readyz
    GET /favicon.ico /assets/{version}/{name}
    GET,POST /sign-in
    POST /sign-out
";

const READ: &str = "
    GET /api/v1 /api/v1/ /api/v1/try.css /api/v1/try.js /api/v1/openapi.json
    GET /api/v1/search /api/v1/suggest /api/v1/similar/{id} /api/v1/cite/{id}
    GET /api/v1/articles/{id} /api/v1/articles/{id}/history /api/v1/articles/{id}/diff
    GET /api/v1/images/{id} /api/v1/images/{id}/history /api/v1/images/{id}/diff
    GET /api/v1/bylines/{id} /api/v1/bylines/{id}/history /api/v1/bylines/{id}/diff
    GET /api/v1/events /api/v1/status /api/v1/rebuild /metrics
    GET /es/ /es/{index} /es/{index}/_source/{*id} /es/{index}/_doc/{*id}
    GET /es/_mapping /es/{index}/_mapping /es/_settings /es/{index}/_settings
    GET /es/_cat/indices /es/_cat/indices/{index} /es/_cat/aliases /es/_cat/aliases/{name}
    GET /es/_cluster/health /es/_cluster/health/{index} /es/_cluster/settings /es/_cluster/stats
    GET /es/_cluster/state /es/_cluster/state/{metric} /es/_cluster/state/{metric}/{index}
    GET /es/_cat/health /es/_cat/nodes /es/_cat/shards /es/_cat/shards/{index}
    GET /es/_nodes /es/_nodes/{node} /es/_nodes/{node}/{metric} /es/_license /es/_tasks /es/_tasks/{task}
    GET /es/_stats /es/_stats/{metric} /es/{index}/_stats /es/{index}/_stats/{metric}
    GET,POST /es/{index}/_explain/{*id} /es/{index}/_terms_enum
    GET /es/_data_stream /es/_data_stream/{name}
    GET /es/_alias /es/_aliases /es/_alias/{name} /es/{index}/_alias /es/{index}/_alias/{name}
    GET,POST /es/_search /es/{index}/_search /es/_msearch /es/{index}/_msearch /es/_count /es/{index}/_count
    GET,POST /es/_search/template /es/{index}/_search/template /es/_msearch/template /es/{index}/_msearch/template
    GET,POST /es/_render/template
    GET /es/_resolve/index/{name}
    GET,POST /es/_validate/query /es/{index}/_validate/query /es/_mget /es/{index}/_mget
    GET /es/_ingest/pipeline /es/_ingest/pipeline/{name}
    GET,POST /es/_ingest/pipeline/{name}/_simulate
    GET,POST /es/_field_caps /es/{index}/_field_caps /es/_refresh /es/{index}/_refresh
    GET,POST /es/_analyze /es/{index}/_analyze /es/_cat/count /es/_cat/count/{index}
    GET / /articles /images /bylines /articles/{*id} /images/{*id} /bylines/{*id} /status
    GET /search.csv /search.atom /opensearch.xml /media/{*path}
";

/// Of the role read, too: what is kept for the one who asks.
const OPEN: &str = "
    GET,POST,DELETE /es/_search/scroll /es/_search/scroll/{id}
    POST /es/{index}/_pit /es/{index}/_search/point_in_time
    DELETE /es/_pit /es/_search/point_in_time
";

const WRITE: &str = "
    POST /api/v1/events /es/{index}/_doc
    PATCH /api/v1/articles/{id} /api/v1/images/{id} /api/v1/bylines/{id}
    POST,PUT /es/{index}/_create/{*id} /es/_bulk /es/{index}/_bulk
    POST,PUT,DELETE /es/{index}/_doc/{*id}
    POST /es/{index}/_update/{*id}
    POST /es/{index}/_delete_by_query /es/{index}/_update_by_query
    PUT /es/{index} /es/_settings /es/{index}/_settings
    POST,PUT /es/{index}/_mapping
";

const ADMIN: &str = "
    POST,DELETE /api/v1/rebuild
    DELETE /api/v1/generations /es/_search/point_in_time/_all /es/_search/scroll/_all
    POST /api/v1/rollback /status/rebuild /status/rollback /status/stop
";

type Line = (Option<Role>, String, String);

fn table() -> Vec<Line> {
    let mut table = Vec::new();
    for (role, text) in [
        (None, EVERYBODY),
        (Some(Role::Read), READ),
        (Some(Role::Read), OPEN),
        (Some(Role::Write), WRITE),
        (Some(Role::Admin), ADMIN),
    ] {
        table.extend(lines(text).into_iter().map(|(method, path)| (role, method, path)));
    }
    table
}

/// The methods and paths of a table's text.
fn lines(text: &str) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace();
        let methods = words.next().unwrap();
        for path in words {
            lines.extend(methods.split(',').map(|method| (method.to_owned(), path.to_owned())));
        }
    }
    lines
}

/// All routes that there are, as their surfaces list them.
pub(super) fn entries() -> Vec<Entry> {
    let mut entries: Vec<Entry> = ROUTES.iter().map(|route| route.entry()).collect();
    entries.extend(es::routes().iter().chain(&es::roots()).map(|endpoint| Entry::clone(&endpoint.entry)));
    entries.extend(pages::routes().iter().map(|endpoint| Entry::clone(&endpoint.entry)));
    entries
}

fn routes() -> BTreeSet<(String, String)> {
    entries().into_iter().map(|entry| (entry.method.to_string(), entry.path)).collect()
}

#[test]
fn every_route_is_in_the_table() {
    let table: BTreeSet<(String, String)> =
        table().into_iter().map(|(_, method, path)| (method, path)).collect();
    let routes = routes();
    assert_eq!(
        routes.difference(&table).collect::<Vec<_>>(),
        Vec::<&(String, String)>::new(),
        "not in the table"
    );
    assert_eq!(
        table.difference(&routes).collect::<Vec<_>>(),
        Vec::<&(String, String)>::new(),
        "no such route"
    );
}

async fn status(router: &Router, method: &str, path: &str, peer: [u8; 4], key: &str) -> StatusCode {
    let key = format!("Bearer {key}");
    let headers: &[(&str, &str)] = if key == "Bearer " { &[] } else { &[("authorization", &key)] };
    status_with(router, method, path, peer, headers).await
}

async fn status_with(
    router: &Router,
    method: &str,
    path: &str,
    peer: [u8; 4],
    headers: &[(&str, &str)],
) -> StatusCode {
    let request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:7700");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 1))));
    router.clone().oneshot(request).await.unwrap().status()
}

/// A path of a template.
fn path_of(template: &str) -> String {
    let mut path = template.replace("{index}", "articles").replace("{name}", "morgue");
    for (part, value) in [
        ("{*id}", "x"),
        ("{id}", "x"),
        ("{*path}", "x.png"),
        ("{version}", "1"),
        ("{metric}", "_all"),
        ("{node}", "_all"),
        ("{task}", "morgue:1"),
    ] {
        path = path.replace(part, value);
    }
    path
}

/// A server over an empty archive, without keys, and one with them.
fn servers(dir: &tempfile::TempDir, named: &[&str]) -> (Router, Router) {
    let log = Log::open(dir.path().join("log")).unwrap();
    let search = Search::new(Indexes::open(log, dir.path().join("indexes")).unwrap());
    let lines =
        [Access::line(Role::Read, "r"), Access::line(Role::Write, "w"), Access::line(Role::Admin, "a")];
    let access = Access::parse(&lines.join("\n")).unwrap();
    let state = ApiState::new(search).unwrap().with_origins(Origins::parse(named, true).unwrap());
    (app(state.clone(), PagesConfig::default()), app(state.with_access(access), PagesConfig::default()))
}

/// A story: somebody who looks after the archive opens a page of another site. It has forms, pictures and scripts that
/// ask for everything that there is; the browser adds the key, and says where that came from.
#[tokio::test]
async fn no_route_leaves_anything_behind_at_the_bidding_of_another_site() {
    let dir = tempfile::tempdir().unwrap();
    let (open, keyed) = servers(&dir, &["https://named.example"]);
    let from: [(&[(&str, &str)], bool); 17] = [
        (&[], true),
        (&[("origin", "http://127.0.0.1:7700")], true),
        (&[("origin", "https://named.example")], true),
        (&[("sec-fetch-site", "none"), ("sec-fetch-dest", "document")], true),
        (&[("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "empty")], true),
        (&[("origin", "http://127.0.0.1:7700"), ("sec-fetch-dest", "document")], true),
        (&[("origin", "https://evil.example")], false),
        (&[("origin", "https://127.0.0.1:7700")], false),
        (&[("origin", "http://127.0.0.1:7701")], false),
        (&[("origin", "https://named.example.evil.example")], false),
        (&[("origin", "null")], false),
        (&[("origin", "null"), ("sec-fetch-site", "same-origin")], false),
        (&[("origin", "https://named.example"), ("origin", "https://evil.example")], false),
        (&[("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "document")], false),
        (&[("sec-fetch-site", "same-site"), ("sec-fetch-dest", "empty")], false),
        (&[("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "image")], false),
        (&[("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "iframe")], false),
    ];
    let leaves: BTreeSet<(String, String)> =
        [OPEN, WRITE, ADMIN, "POST /sign-in /sign-out"].into_iter().flat_map(lines).collect();
    let mut asked: Vec<(String, String, bool)> = Vec::new();
    for (_, method, template) in table() {
        let leaves = leaves.contains(&(method.clone(), template.clone()));
        asked.push((method, path_of(&template), leaves));
    }
    // What leaves something only if it is asked to.
    for method in ["GET", "POST", "HEAD"] {
        for path in [
            "/es/_search?size=1&scroll=1m",
            "/es/_search/template?scroll=1m",
            "/es/articles/_search?scr%6fll=1m",
            "/es/_search?%zz&scroll",
        ] {
            asked.push((method.to_owned(), path.to_owned(), true));
        }
    }
    asked.push(("GET".to_owned(), "/api/v1/events?from=1&follow=true".to_owned(), true));
    let mut tried = 0;
    for (method, path, leaves) in asked {
        for (headers, may) in from {
            let with_key = [headers, &[("authorization", "Basic bm9ib2R5OmE=")]].concat();
            let found = [
                status_with(&keyed, &method, &path, [192, 0, 2, 7], &with_key).await,
                status_with(&open, &method, &path, [127, 0, 0, 1], headers).await,
            ];
            let refused = found.map(|status| status == StatusCode::FORBIDDEN);
            assert_eq!(refused, [leaves && !may; 2], "{method} {path} {headers:?}: {found:?}");
            tried += 2;
        }
    }
    assert!(tried > 3_000, "{tried}");
}

#[tokio::test]
async fn every_route_is_for_its_role_and_those_above() {
    let dir = tempfile::tempdir().unwrap();
    let (open, keyed) = servers(&dir, &[]);
    let (here, there) = ([127, 0, 0, 1], [192, 0, 2, 7]);
    let keys = [
        ("", None),
        ("unknown", None),
        ("r", Some(Role::Read)),
        ("w", Some(Role::Write)),
        ("a", Some(Role::Admin)),
    ];
    let refused = |status: StatusCode| matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    let mut tried = 0;
    for (needed, method, template) in table() {
        let path = path_of(&template);
        for (key, role) in keys {
            let found = status(&keyed, &method, &path, there, key).await;
            match (needed, role) {
                (Some(_), None) => assert_eq!(found, StatusCode::UNAUTHORIZED, "{method} {path} {key:?}"),
                (Some(needed), Some(role)) if role < needed => {
                    assert_eq!(found, StatusCode::FORBIDDEN, "{method} {path} {key:?}");
                }
                _ => assert!(!refused(found), "{method} {path} {key:?}: {found}"),
            }
            tried += 1;
        }
        let found = status(&open, &method, &path, here, "").await;
        assert!(!refused(found), "{method} {path} from here: {found}");
        let found = status(&open, &method, &path, there, "").await;
        let may = needed.is_none_or(|needed| needed == Role::Read);
        assert_eq!(refused(found), !may, "{method} {path} from elsewhere: {found}");
        tried += 2;
    }
    assert!(tried > 700, "{tried}");
}
