//! The Elasticsearch routes, under `/es`: the part of its API that archives want, for its own clients and those of
//! OpenSearch. The indices are the views; `morgue` is an alias of all.
//!
//! Bodies are read as bytes and their content type is not judged: each client sends another one.

mod aggs;
mod body;
mod cat;
mod decorate;
mod documents;
mod error;
mod info;
mod params;
mod points;
mod present;
mod scroll;
mod search;
mod shape;
mod suggest;
mod write;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query as Params, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use serde_json::{Map, Value, json};
use store::{AssetKind, Seq};

pub(crate) use self::points::Points;
use self::{
    error::EsError,
    params::{Taker, kind_of},
    write::{Done, Verb},
};
use crate::{error::SearchError, http::state::ApiState, query::QueryError, search::WAIT_LIMIT};

type Answer = Result<Response, EsError>;
type Pairs = Params<Vec<(String, String)>>;

/// All routes, to be nested under `/es`.
pub(crate) fn router() -> Router<ApiState> {
    let index = |path, state, params, body| named(Verb::Index, path, state, params, body);
    let create = |path, state, params, body| named(Verb::Create, path, state, params, body);
    Router::new()
        .route("/", get(info::root))
        .route("/_search", get(search::search).post(search::search))
        .route("/{index}/_search", get(search::search).post(search::search))
        .route("/_search/scroll", get(scroll::next).post(scroll::next).delete(scroll::close))
        .route("/_search/scroll/{id}", get(scroll::next).post(scroll::next).delete(scroll::close))
        .route("/_pit", delete(scroll::close_point))
        .route("/{index}/_pit", post(scroll::open_point))
        .route("/_search/point_in_time", delete(scroll::close_points))
        .route("/_search/point_in_time/_all", delete(scroll::close_all_points))
        .route("/{index}/_search/point_in_time", post(scroll::open_point))
        .route("/_msearch", get(search::msearch).post(search::msearch))
        .route("/{index}/_msearch", get(search::msearch).post(search::msearch))
        .route("/_count", get(search::count).post(search::count))
        .route("/{index}/_count", get(search::count).post(search::count))
        .route("/_validate/query", get(search::validate).post(search::validate))
        .route("/{index}/_validate/query", get(search::validate).post(search::validate))
        .route("/_mget", get(documents::mget).post(documents::mget))
        .route("/{index}/_mget", get(documents::mget).post(documents::mget))
        .route(
            "/{index}/_doc/{*id}",
            get(|path, state, params| documents::document(path, state, params, false))
                .put(index)
                .post(index)
                .delete(|path, state, params| named(Verb::Delete, path, state, params, Bytes::new())),
        )
        .route(
            "/{index}/_doc",
            post(async |Path(index): Path<String>, state, params, body: Bytes| {
                single(Verb::Index, &index, None, state, params, &body).await
            }),
        )
        .route("/{index}/_create/{*id}", put(create).post(create))
        .route(
            "/{index}/_update/{*id}",
            post(|path, state, params, body| named(Verb::Update, path, state, params, body)),
        )
        .route(
            "/{index}/_source/{*id}",
            get(|path, state, params| documents::document(path, state, params, true)),
        )
        .route("/_bulk", post(bulk).put(bulk))
        .route("/{index}/_bulk", post(bulk).put(bulk))
        .route("/_mapping", get(info::mapping))
        .route("/{index}/_mapping", get(info::mapping))
        .route("/_field_caps", get(info::field_caps).post(info::field_caps))
        .route("/{index}/_field_caps", get(info::field_caps).post(info::field_caps))
        .route("/_cat/indices", get(cat::indices))
        .route("/_cat/indices/{index}", get(cat::indices))
        .route("/_cat/count", get(cat::count).post(cat::count))
        .route("/_cat/count/{index}", get(cat::count).post(cat::count))
        .route("/_cat/aliases", get(cat::aliases))
        .route("/_cat/aliases/{name}", get(cat::aliases))
        .route("/_data_stream", get(info::data_streams))
        .route("/_data_stream/{name}", get(info::data_streams))
        .route("/_cluster/health", get(info::health))
        .route("/_cluster/health/{index}", get(info::health))
        .route("/_alias", get(info::alias))
        .route("/_aliases", get(info::alias))
        .route("/_alias/{name}", get(info::alias_named))
        .route("/{index}/_alias", get(info::alias))
        .route("/{index}/_alias/{name}", get(info::alias_of))
        .route("/_settings", get(info::settings))
        .route("/{index}/_settings", get(info::settings))
        .route("/_refresh", get(info::refresh).post(info::refresh))
        .route("/{index}/_refresh", get(info::refresh).post(info::refresh))
        .route("/_analyze", get(info::analyze).post(info::analyze))
        .route("/{index}/_analyze", get(info::analyze).post(info::analyze))
        .route("/{index}", get(info::index))
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .layer(from_fn(around))
}

/// Whether a request only asks, though it does not come as GET: clients send questions as POST, and what they have
/// opened to read by they close with DELETE.
pub(crate) fn asks(method: &Method, path: &str) -> bool {
    let Some(path) = path.strip_prefix("/es/") else { return false };
    // The id of a document may look like anything.
    if ["/_doc/", "/_create/", "/_update/", "/_source/"].iter().any(|verb| path.contains(verb)) {
        return false;
    }
    let closes =
        path == "_pit" || path.starts_with("_search/scroll") || path.starts_with("_search/point_in_time");
    if *method == Method::DELETE {
        return closes;
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    let asked = [
        "_search",
        "_msearch",
        "_count",
        "_mget",
        "_field_caps",
        "_analyze",
        "_refresh",
        "_pit",
        "point_in_time",
    ];
    *method == Method::POST
        && (asked.contains(&last)
            || path.ends_with("_validate/query")
            || path.starts_with("_search/scroll")
            || path.starts_with("_cat/count"))
}

/// The root with a slash behind it, which a nested router does not take.
pub(crate) fn root() -> axum::routing::MethodRouter<ApiState> {
    get(info::root).layer(from_fn(around))
}

/// An error in Elasticsearch's shape.
pub(crate) fn refused(error: SearchError) -> Response {
    EsError(error).into_response()
}

/// Shapes every answer as it is asked to be.
async fn around(request: Request, next: Next) -> Response {
    let mut response = shape::shaped(request, next).await;
    // Elasticsearch's own clients refuse a server whose answers lack this header.
    let name = HeaderName::from_static("x-elastic-product");
    response.headers_mut().insert(name, HeaderValue::from_static("Elasticsearch"));
    response
}

/// What of Elasticsearch's API is not here although clients may well look for it, and what to do instead.
const INSTEAD: [(&str, &str); 15] = [
    (
        "_async_search",
        "`_async_search` is not supported: every search ends within seconds, so send it to `_search`",
    ),
    (
        "_delete_by_query",
        "`_delete_by_query` is not supported: read with `_search` or a scroll, delete with `_bulk`",
    ),
    (
        "_update_by_query",
        "`_update_by_query` is not supported: read with `_search` or a scroll, update with `_bulk`",
    ),
    (
        "_reindex",
        "`_reindex` is not supported: the index is built again from the log by `POST /api/v1/rebuild`",
    ),
    ("_sql", "`_sql` is not supported: use `_search`"),
    ("_query", "ES|QL is not supported: use `_search`"),
    ("_template", "templates are not supported: the indices and their fields are given"),
    ("_index_template", "templates are not supported: the indices and their fields are given"),
    ("_termvectors", "`_termvectors` is not supported: `_analyze` shows how a text is cut into words"),
    ("_explain", "`_explain` is not supported: ask `_search` with `explain` for the document by its id"),
    (
        "_stats",
        "`_stats` is not supported: `_cat/indices` counts the documents, `/metrics` has what the server does",
    ),
    ("_nodes", "`_nodes` is not supported: there is one, and `/metrics` has what it does"),
    ("_cat", "of `_cat` there are `_cat/indices`, `_cat/count` and `_cat/aliases`"),
    ("_cluster", "of `_cluster` there is `_cluster/health`"),
    ("_snapshot", "`_snapshot` is not supported: `morgue log backup` makes a backup"),
];

/// What else is not, and has nothing in its stead.
const NOT_SUPPORTED: [&str; 23] = [
    "_ccr",
    "_component_template",
    "_enrich",
    "_eql",
    "_features",
    "_flush",
    "_forcemerge",
    "_graph",
    "_ilm",
    "_ingest",
    "_license",
    "_migration",
    "_ml",
    "_rank_eval",
    "_recovery",
    "_remote",
    "_resolve",
    "_scripts",
    "_security",
    "_segments",
    "_tasks",
    "_transform",
    "_xpack",
];

/// What is said to who looks for something of Elasticsearch's API that is not here.
fn instead_of(name: &str) -> Option<String> {
    match INSTEAD.iter().find(|(known, _)| *known == name) {
        Some((_, instead)) => Some((*instead).to_owned()),
        None => NOT_SUPPORTED.contains(&name).then(|| format!("`{name}` is not supported")),
    }
}

async fn nothing(method: Method, uri: axum::http::Uri) -> Response {
    let path: String = uri.path().chars().take(200).collect();
    let mut reason = format!("no handler found for uri [{path}] and method [{method}]");
    if let Some(instead) = path.split('/').find_map(instead_of) {
        reason = format!("{reason}: {instead}");
    }
    let name = "illegal_argument_exception";
    let one = json!({"type": name, "reason": reason});
    let body = json!({"error": {"root_cause": [one], "type": name, "reason": reason}, "status": 400});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// `_bulk`
async fn bulk(mut taker: Taker, State(state): State<ApiState>, body: Bytes) -> Answer {
    let started = std::time::Instant::now();
    let refresh = refresh_of(&mut taker)?;
    write_params(&mut taker)?;
    let actions = write::parse_bulk(&body, taker.index())?;
    taker.end()?;
    let done = run(&state, actions, refresh).await?;
    let errors = done.iter().any(|(_, done)| done.status >= 400 && done.answer.get("error").is_some());
    let items: Vec<Value> = done.into_iter().map(|(verb, done)| json!({verb.name(): done.answer})).collect();
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Json(json!({"took": took, "errors": errors, "items": items})).into_response())
}

/// One action on a document that the address names.
async fn named(
    verb: Verb,
    path: Path<(String, String)>,
    state: State<ApiState>,
    params: Pairs,
    body: Bytes,
) -> Answer {
    let Path((index, id)) = path;
    single(verb, &index, Some(id), state, params, &body).await
}

/// One action, answered by itself.
async fn single(
    verb: Verb,
    index: &str,
    id: Option<String>,
    State(state): State<ApiState>,
    Params(params): Pairs,
    body: &Bytes,
) -> Answer {
    let create = params.iter().any(|(name, value)| name == "op_type" && value == "create");
    let verb = if verb == Verb::Index && create { Verb::Create } else { verb };
    let mut taker = Taker::new(params);
    let refresh = refresh_of(&mut taker)?;
    let if_seq_no = match taker.take("if_seq_no") {
        None => None,
        Some(text) => Some(
            text.parse().map_err(|_| QueryError::illegal("`if_seq_no` must be a number").at("if_seq_no"))?,
        ),
    };
    taker.only("if_primary_term", &["1"])?;
    taker.only("op_type", &["index", "create"])?;
    // What others write in between is always looked at again.
    taker.take("retry_on_conflict");
    write_params(&mut taker)?;
    taker.end()?;
    let source: Map<String, Value> = match verb {
        Verb::Delete => Map::new(),
        _ => serde_json::from_slice(body)
            .map_err(|error| QueryError::new(format!("the body is no JSON object: {error}")))?,
    };
    let action = write::of_source(verb, kind_of(index)?, id, source, if_seq_no)?;
    let mut done = run(&state, vec![(verb, Ok(action))], refresh).await?;
    let Some((_, done)) = done.pop() else { return Err(SearchError::Panicked.into()) };
    let status = StatusCode::from_u16(done.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = done.answer;
    if let Some(error) = answer.get("error").cloned() {
        let mut whole = error.clone();
        if let Some(fields) = whole.as_object_mut() {
            fields.insert("root_cause".to_owned(), json!([error]));
        }
        answer = json!({"error": whole, "status": done.status});
    } else if let Some(fields) = answer.as_object_mut() {
        fields.remove("status");
    }
    Ok((status, Json(answer)).into_response())
}

/// Parameters of writing that may only say what is so anyway.
fn write_params(taker: &mut Taker) -> Result<(), QueryError> {
    taker.only("_source", &["false"])?;
    taker.only("pipeline", &["_none"])?;
    taker.only("require_alias", &["false"])?;
    // A write takes as long as the log takes; there is nothing to wait for.
    taker.time("timeout").map(drop)
}

/// Whether the answer waits until what was written is found.
fn refresh_of(taker: &mut Taker) -> Result<bool, QueryError> {
    match taker.take("refresh").as_deref() {
        None | Some("false") => Ok(false),
        Some("true" | "wait_for" | "") => Ok(true),
        Some(_) => Err(QueryError::illegal("`refresh` must be true, false or wait_for").at("refresh")),
    }
}

async fn run(
    state: &ApiState,
    actions: Vec<write::Item>,
    refresh: bool,
) -> Result<Vec<(Verb, Done)>, SearchError> {
    let permit = state.intake.enter().await?;
    let log = state.search.log().clone();
    let done = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        write::run(&log, actions)
    })
    .await
    .map_err(|_| SearchError::Panicked)?;
    let written: Vec<Seq> = done.iter().filter_map(|(_, done)| done.seq).collect();
    if refresh && !written.is_empty() {
        // What was written is told, whatever befalls the waiting.
        if let Err(error) = wait_for(state, &AssetKind::ALL, written).await {
            tracing::warn!(%error, "whether a write is in the index cannot be told");
        }
    }
    Ok(done)
}

/// Waits until these views have taken in these events, within bounds: what is written stays written either way.
pub(crate) async fn wait_for(
    state: &ApiState,
    kinds: &[AssetKind],
    seqs: Vec<Seq>,
) -> Result<(), SearchError> {
    let permit = state.waiting.clone().try_acquire_owned().map_err(|_| SearchError::Busy)?;
    let (indexes, kinds) = (state.search.indexes().clone(), kinds.to_vec());
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        for kind in kinds {
            let waited = indexes.wait_for(kind, &seqs, WAIT_LIMIT)?;
            if !waited.shown {
                tracing::warn!(%kind, reached = %waited.reached, "a write is not in the index yet");
            }
        }
        Ok(())
    })
    .await
    .map_err(|_| SearchError::Panicked)?
}
