//! The Elasticsearch routes, under `/es`: the part of its API that archives want, for its own clients and those of
//! OpenSearch. The indices are the views; `morgue` is an alias of all.
//!
//! Bodies are read as bytes and their content type is not judged: each client sends another one.

mod absent;
mod actions;
mod aggs;
mod analyze;
mod answer;
mod body;
mod by_query;
mod cat;
mod cluster;
mod create;
mod documents;
mod elastic;
mod error;
mod explain;
mod info;
#[cfg(test)]
mod listed;
mod mapping;
mod node;
mod params;
mod pipeline;
mod points;
mod present;
mod scroll;
mod search;
mod shape;
mod source;
mod suggest;
mod template;
mod terms;
mod times;
mod waiting;
mod write;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Request},
    http::{HeaderName, HeaderValue, Method, StatusCode},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use serde_json::json;

pub(crate) use self::elastic::Elastic;
use self::{absent::instead_of, error::EsError, write::Verb};
use crate::door::{
    access::Role,
    body::MAX_EVENTS_BODY,
    policy::{Effect, Face, Policy},
    table::{Endpoint, Table},
};

/// The form in which clients of Elasticsearch are told errors.
pub(crate) const FACE: Face =
    Face { refused: |error| EsError::from(error).into_response(), challenges: true, is_page: false };

const READS: Policy = Policy::new(Some(Role::Read), Effect::Reads, FACE);
/// The policy of what makes the machine work.
const SEARCHES: Policy = Policy { sheds: true, ..READS };
const SEARCHES_OR_SCROLLS: Policy = Policy { effect: Effect::OpensWith("scroll"), ..SEARCHES };
/// The policy of what is kept open for the one who asks, and may be closed by him.
const OPENS: Policy = Policy { effect: Effect::Opens, ..READS };
const WRITES: Policy = Policy::new(Some(Role::Write), Effect::Changes, FACE);
const WRITES_MUCH: Policy = Policy { max_body: MAX_EVENTS_BODY, ..WRITES };
/// The policy of what ends what others have opened.
const CLOSES_ALL: Policy = Policy::new(Some(Role::Admin), Effect::Changes, FACE);

/// All routes below `/es`.
pub(crate) fn routes() -> Vec<Endpoint<Elastic>> {
    let mut table = Table::below("/es");
    asking(&mut table);
    keeping(&mut table);
    writing(&mut table);
    describing(&mut table);
    running(&mut table);
    table.mapped(|route| route.layer(from_fn(around)))
}

/// The root with a slash behind it, which a nested router does not take.
pub(crate) fn roots() -> Vec<Endpoint<Elastic>> {
    let mut table = Table::below("");
    table.add(READS, &[GET], &["/es/"], info::root);
    table.mapped(|route| route.layer(from_fn(around)))
}

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const DELETE: Method = Method::DELETE;
/// Clients send questions as either.
const ASKING: [Method; 2] = [GET, POST];

fn asking(table: &mut Table<Elastic>) {
    table.add(SEARCHES_OR_SCROLLS, &ASKING, &["/_search", "/{index}/_search"], search::search);
    table.add(SEARCHES, &ASKING, &["/_msearch", "/{index}/_msearch"], search::msearch);
    table.add(
        SEARCHES_OR_SCROLLS,
        &ASKING,
        &["/_search/template", "/{index}/_search/template"],
        template::search,
    );
    table.add(SEARCHES, &ASKING, &["/_msearch/template", "/{index}/_msearch/template"], template::msearch);
    table.add(READS, &ASKING, &["/_render/template"], template::render);
    table.add(READS, &ASKING, &["/_count", "/{index}/_count"], search::count);
    table.add(READS, &ASKING, &["/_validate/query", "/{index}/_validate/query"], search::validate);
    table.add(READS, &ASKING, &["/_mget", "/{index}/_mget"], documents::mget);
    table.add(SEARCHES, &ASKING, &["/{index}/_explain/{*id}"], explain::explain);
    table.add(SEARCHES, &ASKING, &["/{index}/_terms_enum"], terms::terms_enum);
    table.add(READS, &[GET], &["/{index}/_doc/{*id}"], |path, state, params| {
        documents::document(path, state, params, false)
    });
    table.add(READS, &[GET], &["/{index}/_source/{*id}"], |path, state, params| {
        documents::document(path, state, params, true)
    });
}

/// Points in time and scrolls.
fn keeping(table: &mut Table<Elastic>) {
    let scrolls = ["/_search/scroll", "/_search/scroll/{id}"];
    table.add(OPENS, &ASKING, &scrolls, scroll::next);
    table.add(OPENS, &[DELETE], &scrolls, scroll::close);
    table.add(OPENS, &[POST], &["/{index}/_pit", "/{index}/_search/point_in_time"], scroll::open_point);
    table.add(OPENS, &[DELETE], &["/_pit"], scroll::close_point);
    table.add(OPENS, &[DELETE], &["/_search/point_in_time"], scroll::close_points);
    table.add(CLOSES_ALL, &[DELETE], &["/_search/point_in_time/_all"], scroll::close_all_points);
    table.add(CLOSES_ALL, &[DELETE], &["/_search/scroll/_all"], scroll::close_all);
}

fn writing(table: &mut Table<Elastic>) {
    let document = ["/{index}/_doc/{*id}"];
    table.add(WRITES, &[PUT, POST], &document, |path, state, params, body| {
        actions::named(Verb::Index, path, state, params, body)
    });
    table.add(WRITES, &[DELETE], &document, |path, state, params| {
        actions::named(Verb::Delete, path, state, params, Bytes::new())
    });
    table.add(
        WRITES,
        &[POST],
        &["/{index}/_doc"],
        async |Path(index): Path<String>, state, params, body: Bytes| {
            actions::single(Verb::Index, &index, None, state, params, &body).await
        },
    );
    table.add(WRITES, &[PUT, POST], &["/{index}/_create/{*id}"], |path, state, params, body| {
        actions::named(Verb::Create, path, state, params, body)
    });
    table.add(WRITES, &[POST], &["/{index}/_update/{*id}"], |path, state, params, body| {
        actions::named(Verb::Update, path, state, params, body)
    });
    table.add(WRITES_MUCH, &[POST, PUT], &["/_bulk", "/{index}/_bulk"], actions::bulk);
    table.add(WRITES, &[POST], &["/{index}/_delete_by_query"], by_query::delete);
    table.add(WRITES, &[POST], &["/{index}/_update_by_query"], by_query::update);
    table.add(WRITES, &[PUT], &["/{index}"], create::index);
    table.add(WRITES, &[PUT, POST], &["/{index}/_mapping"], create::mapping);
    table.add(WRITES, &[PUT], &["/_settings", "/{index}/_settings"], create::settings);
}

fn describing(table: &mut Table<Elastic>) {
    table.add(READS, &[GET], &["/"], info::root);
    table.add(READS, &[GET], &["/{index}"], info::index);
    table.add(READS, &[GET], &["/_mapping", "/{index}/_mapping"], info::mapping);
    table.add(READS, &ASKING, &["/_field_caps", "/{index}/_field_caps"], info::field_caps);
    table.add(READS, &[GET], &["/_cat/indices", "/_cat/indices/{index}"], cat::indices);
    table.add(READS, &ASKING, &["/_cat/count", "/_cat/count/{index}"], cat::count);
    table.add(READS, &[GET], &["/_cat/aliases", "/_cat/aliases/{name}"], cat::aliases);
    table.add(READS, &[GET], &["/_data_stream", "/_data_stream/{name}"], info::data_streams);
    table.add(READS, &[GET], &["/_cluster/health", "/_cluster/health/{index}"], info::health);
    table.add(READS, &[GET], &["/_alias", "/_aliases", "/{index}/_alias"], info::alias);
    table.add(READS, &[GET], &["/_alias/{name}"], info::alias_named);
    table.add(READS, &[GET], &["/{index}/_alias/{name}"], info::alias_of);
    table.add(READS, &[GET], &["/_settings", "/{index}/_settings"], info::settings);
    table.add(READS, &ASKING, &["/_refresh", "/{index}/_refresh"], info::refresh);
    table.add(READS, &ASKING, &["/_analyze", "/{index}/_analyze"], analyze::analyze);
}

/// Adds the routes that tools watching over a cluster ask.
fn running(table: &mut Table<Elastic>) {
    table.add(READS, &[GET], &["/_cat/health"], cat::health);
    table.add(READS, &[GET], &["/_cat/nodes"], cat::nodes);
    table.add(READS, &[GET], &["/_cat/shards", "/_cat/shards/{index}"], cat::shards);
    let states = ["/_cluster/state", "/_cluster/state/{metric}", "/_cluster/state/{metric}/{index}"];
    table.add(READS, &[GET], &states, cluster::state);
    table.add(READS, &[GET], &["/_cluster/stats"], cluster::stats);
    table.add(READS, &[GET], &["/_cluster/settings"], cluster::settings);
    table.add(READS, &[GET], &["/_nodes", "/_nodes/{node}", "/_nodes/{node}/{metric}"], cluster::nodes);
    let stats = ["/_stats", "/_stats/{metric}", "/{index}/_stats", "/{index}/_stats/{metric}"];
    table.add(READS, &[GET], &stats, cluster::index_stats);
    table.add(READS, &[GET], &["/_resolve/index/{name}"], cluster::resolve);
    table.add(READS, &[GET], &["/_license"], cluster::license);
    table.add(READS, &[GET], &["/_ingest/pipeline", "/_ingest/pipeline/{name}"], pipeline::all);
    table.add(READS, &ASKING, &["/_ingest/pipeline/{name}/_simulate"], pipeline::simulate);
    table.add(READS, &[GET], &["/_tasks"], cluster::tasks);
    table.add(READS, &[GET], &["/_tasks/{task}"], cluster::task);
}

/// Shapes every answer as it is asked to be.
async fn around(request: Request, next: Next) -> Response {
    around_answer(request, |request| next.run(request)).await
}

async fn around_answer<F: Future<Output = Response>>(
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let mut response = shape::shaped(request, answer).await;
    // Elasticsearch's own clients refuse a server whose answers lack this header.
    let name = HeaderName::from_static("x-elastic-product");
    response.headers_mut().insert(name, HeaderValue::from_static("Elasticsearch"));
    response
}

/// Says what is not here, and what is in its stead.
pub(crate) async fn nothing(request: Request) -> Response {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    around_answer(request, async |_| no_handler(&method, &uri)).await
}

fn no_handler(method: &Method, uri: &axum::http::Uri) -> Response {
    let path: String = uri.path().chars().take(200).collect();
    let mut reason = format!("no handler found for uri [{path}] and method [{method}]");
    let is_index = !path.starts_with("/_") && path.matches('/').count() == 1;
    if *method == Method::DELETE && is_index {
        reason.push_str(": an index is not removed; `morgue rebuild` makes it anew from the log");
    } else if let Some(instead) = path.split('/').find_map(instead_of) {
        reason = format!("{reason}: {instead}");
    }
    let name = "illegal_argument_exception";
    let one = json!({"type": name, "reason": reason});
    let body = json!({"error": {"root_cause": [one], "type": name, "reason": reason}, "status": 400});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
