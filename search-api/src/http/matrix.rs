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
use store::Log;
use tower::ServiceExt;

use super::{Access, ApiState, Role, app, routes::ROUTES};
use crate::{pages::PagesConfig, search::Search};

const EVERYBODY: &str = "
    GET /healthz
    GET /readyz
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
    GET /es/_cluster/health /es/_cluster/health/{index}
    GET /es/_data_stream /es/_data_stream/{name}
    GET /es/_alias /es/_aliases /es/_alias/{name} /es/{index}/_alias /es/{index}/_alias/{name}
    GET,POST /es/_search /es/{index}/_search /es/_msearch /es/{index}/_msearch /es/_count /es/{index}/_count
    GET,POST /es/_validate/query /es/{index}/_validate/query /es/_mget /es/{index}/_mget
    GET,POST /es/_field_caps /es/{index}/_field_caps /es/_refresh /es/{index}/_refresh
    GET,POST /es/_analyze /es/{index}/_analyze /es/_cat/count /es/_cat/count/{index}
    GET,POST,DELETE /es/_search/scroll /es/_search/scroll/{id}
    POST /es/{index}/_pit /es/{index}/_search/point_in_time
    DELETE /es/_pit /es/_search/point_in_time /es/_search/point_in_time/_all
    GET / /articles /images /bylines /articles/{*id} /images/{*id} /bylines/{*id} /status /favicon.ico
    GET /search.csv /search.atom /opensearch.xml /media/{*path} /assets/{version}/{name}
";

const WRITE: &str = "
    POST /api/v1/events /es/{index}/_doc
    POST,PUT /es/{index}/_create/{*id} /es/_bulk /es/{index}/_bulk
    POST,PUT,DELETE /es/{index}/_doc/{*id}
    POST /es/{index}/_update/{*id}
";

const ADMIN: &str = "
    POST,DELETE /api/v1/rebuild
    DELETE /api/v1/generations
    POST /api/v1/rollback /status/rebuild /status/rollback /status/stop
";

type Line = (Option<Role>, String, String);

fn table() -> Vec<Line> {
    let mut table = Vec::new();
    for (role, text) in
        [(None, EVERYBODY), (Some(Role::Read), READ), (Some(Role::Write), WRITE), (Some(Role::Admin), ADMIN)]
    {
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut words = line.split_whitespace();
            let methods = words.next().unwrap();
            for path in words {
                methods.split(',').for_each(|method| table.push((role, method.to_owned(), path.to_owned())));
            }
        }
    }
    table
}

/// The routes that there are: of the native API by its table, of the others by their source.
fn routes() -> BTreeSet<(String, String)> {
    let mut found: BTreeSet<(String, String)> =
        ROUTES.iter().map(|route| (route.method.to_string(), route.path.clone())).collect();
    let saved = include_str!("../pages/saved.rs");
    for (prefix, source) in [("/es", include_str!("../es/mod.rs")), ("", include_str!("../pages/routes.rs"))]
    {
        let source = source.split("#[cfg(test)]").next().unwrap();
        for route in source.split(".route(").skip(1) {
            let (path, rest) = route.trim_start().split_once(',').unwrap();
            let path = match path.strip_prefix('"') {
                Some(path) => path.trim_end_matches('"').to_owned(),
                // A constant.
                None => {
                    let name = path.rsplit("::").next().unwrap();
                    let value = saved.split(&format!("const {name}: &str = \"")).nth(1).unwrap();
                    value.split('"').next().unwrap().to_owned()
                }
            };
            // Up to the next part of the router.
            let end =
                ["\n        .", "\n}"].iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
            let calls = rest[..end].replace("asset_by_id(", "get(").replace("asset(", "get(");
            let mut methods = 0;
            for method in ["get", "post", "put", "delete", "any"] {
                let called = |before: &str| calls.contains(&format!("{before}{method}("));
                if [" ", ".", "\n"].iter().any(|before| called(before)) {
                    found.insert((method.to_uppercase(), format!("{prefix}{path}")));
                    methods += 1;
                }
            }
            assert!(methods > 0, "no method is seen in {path}: {calls}");
        }
    }
    found
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
    let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:7700");
    if !key.is_empty() {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 1))));
    router.clone().oneshot(request).await.unwrap().status()
}

/// A path of a template.
fn path_of(template: &str) -> String {
    let mut path = template.replace("{index}", "articles").replace("{name}", "morgue");
    for (part, value) in [("{*id}", "x"), ("{id}", "x"), ("{*path}", "x.png"), ("{version}", "1")] {
        path = path.replace(part, value);
    }
    path
}

#[tokio::test]
async fn every_route_is_for_its_role_and_those_above() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let search = Search::new(Indexes::open(log, dir.path().join("indexes")).unwrap());
    let lines =
        [Access::line(Role::Read, "r"), Access::line(Role::Write, "w"), Access::line(Role::Admin, "a")];
    let access = Access::parse(&lines.join("\n")).unwrap();
    let state = ApiState::new(search).unwrap();
    let (open, keyed) =
        (app(state.clone(), PagesConfig::default()), app(state.with_access(access), PagesConfig::default()));
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
