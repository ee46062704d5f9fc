//! Points in time and scrolls, as the clients of Elasticsearch and of OpenSearch open, read and close them.

use std::time::Duration;

use axum::{
    Json,
    body::Bytes,
    extract::{Extension, Path, Query as Params, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use query::{Fields, IndexName, QueryError, SearchResponse};
use serde_json::{Value, json};
use store::Timestamp;

use super::{
    answer::{Answer, Pairs},
    body::{self, EsSearch},
    elastic::Elastic,
    error::{EsError, invalid},
    params::Taker,
    present::{present, shards},
    times::keep_alive,
};
use crate::door::{access::Role, asker::Asker, error::RequestError, shares::Client, written::Written};

/// `POST {index}/_pit`, and for OpenSearch `POST {index}/_search/point_in_time`
pub(super) async fn open_point(
    mut taker: Taker,
    State(state): State<Elastic>,
    Extension(asker): Extension<Asker>,
    uri: axum::http::Uri,
    body: Bytes,
) -> Answer {
    let indices = taker.indices()?;
    let missing = || QueryError::illegal("`keep_alive` is missing: how long is it to be kept, 1m?");
    let keep = taker.keep_alive("keep_alive")?.ok_or_else(missing)?;
    taker.end()?;
    Fields::new(body::json(&body)?, "")?.end()?;
    let search = state.search.clone();
    let views = state.door.pool.run(move || Ok(search.keep(&search.pin(&indices)?))).await?;
    let count = views.len();
    let id = state.points.open(asker.client, views, keep, None)?;
    let answer = match uri.path().ends_with("/_pit") {
        true => json!({"id": id, "_shards": shards(count)}),
        false => {
            json!({"pit_id": id, "_shards": shards(count), "creation_time": Timestamp::now().as_millis()})
        }
    };
    Ok(Json(answer).into_response())
}

/// `DELETE _pit`
pub(super) async fn close_point(State(state): State<Elastic>, Params(params): Pairs, body: Bytes) -> Answer {
    Taker::new(params).end()?;
    let mut object = Fields::new(body::json(&body)?, "")?;
    let id = object.need_text("id")?;
    object.end()?;
    Ok(closed(usize::from(state.points.close(&id))))
}

/// OpenSearch's `DELETE _search/point_in_time`, with a list of ids.
pub(super) async fn close_points(State(state): State<Elastic>, Params(params): Pairs, body: Bytes) -> Answer {
    Taker::new(params).end()?;
    let mut object = Fields::new(body::json(&body)?, "")?;
    let ids = object.texts("pit_id")?;
    object.end()?;
    let close = |id: String| json!({"successful": state.points.close(&id), "pit_id": id});
    Ok(Json(json!({"pits": ids.into_iter().map(close).collect::<Vec<_>>()})).into_response())
}

/// OpenSearch's `DELETE _search/point_in_time/_all`, for those who may end what others have opened.
pub(super) async fn close_all_points(State(state): State<Elastic>, Params(params): Pairs) -> Answer {
    Taker::new(params).end()?;
    let ids = state.points.close_all(false).into_iter();
    let pits: Vec<Value> = ids.map(|id| json!({"successful": true, "pit_id": id})).collect();
    Ok(Json(json!({"pits": pits})).into_response())
}

fn closed(count: usize) -> Response {
    let status = if count == 0 { StatusCode::NOT_FOUND } else { StatusCode::OK };
    (status, Json(json!({"succeeded": true, "num_freed": count}))).into_response()
}

/// Returns the first page of a scroll of this client, made on this thread.
pub(super) fn open(
    state: &Elastic,
    client: Client,
    search: &EsSearch,
    indices: &[IndexName],
    keep: Duration,
) -> Result<Written, RequestError> {
    let refused = |what: &str| QueryError::illegal(format!("`{what}` is not supported in a scroll")).at(what);
    if search.request.from > 0 {
        return Err(refused("from").into());
    }
    if search.request.after.is_some() {
        return Err(refused("search_after").into());
    }
    if search.request.collapse.is_some() {
        return Err(refused("collapse").into());
    }
    if search.suggest.is_some() {
        return Err(refused("suggest").into());
    }
    if search.request.size == 0 {
        return Err(invalid("[size] cannot be [0] in a scroll context").into());
    }
    let mut search = search.clone();
    search.request.ends_early = true;
    let views = state.search.pin(indices)?;
    let response = state.search.begin().search_at(&search.request, &views)?;
    let mut rest = search.clone();
    rest.request.aggregations.clear();
    let id = state.points.open(client, state.search.keep(&views), keep, Some(rest))?;
    go_on(state, &response, &id);
    page(response, &search, indices.len(), &id)
}

/// Notes that the next page will come behind this one, if there is one.
fn go_on(state: &Elastic, response: &SearchResponse, id: &str) {
    state.points.go_on(id, response.next.clone());
}

/// Returns a page with the scroll's id.
fn page(
    response: SearchResponse,
    search: &EsSearch,
    views: usize,
    id: &str,
) -> Result<Written, RequestError> {
    Written::of(&present(response, search, views).of_scroll(id))
}

/// `_search/scroll`: the next page.
pub(super) async fn next(
    id: Option<Path<String>>,
    State(state): State<Elastic>,
    Params(params): Pairs,
    body: Bytes,
) -> Answer {
    let mut taker = Taker::new(params);
    let mut object = Fields::new(body::json(&body)?, "")?;
    let in_body = object.text("scroll_id")?;
    let keep = match object.text("scroll")? {
        Some(text) => Some(keep_alive(&text).map_err(|error| error.at("/scroll"))?),
        None => taker.keep_alive("scroll")?,
    };
    object.end()?;
    let id = in_body.or(taker.take("scroll_id")).or(id.map(|id| id.0));
    let id = id.ok_or_else(|| QueryError::illegal("`scroll_id` is missing").at("/scroll_id"))?;
    let as_number = taker.flag("rest_total_hits_as_int")?.unwrap_or(false);
    taker.end()?;
    let (views, mut search, is_over) = state.points.scroll(&id, keep).map_err(EsError::at_shards)?;
    search.total_as_number |= as_number;
    if is_over {
        search.request.size = 0;
    }
    let past = views.iter().any(|view| view.name.as_of.is_some());
    let shared = state.clone();
    let written = state.pool_for(past).run(move || {
        let response = shared.search.begin().search_at(&search.request, &views)?;
        if !is_over {
            go_on(&shared, &response, &id);
        }
        page(response, &search, views.len(), &id)
    });
    Ok(written.await.map_err(EsError::at_shards)?.into_response())
}

/// `DELETE _search/scroll/_all`, for those who may end what others have opened.
pub(super) async fn close_all(State(state): State<Elastic>, Params(params): Pairs) -> Answer {
    Taker::new(params).end()?;
    Ok(closed(state.points.close_all(true).len()))
}

/// `DELETE _search/scroll`, with the ids in the body or the path.
pub(super) async fn close(
    id: Option<Path<String>>,
    State(state): State<Elastic>,
    Extension(asker): Extension<Asker>,
    Params(params): Pairs,
    body: Bytes,
) -> Answer {
    Taker::new(params).end()?;
    let mut object = Fields::new(body::json(&body)?, "")?;
    let mut ids = object.texts("scroll_id")?;
    object.end()?;
    ids.extend(id.iter().flat_map(|id| id.0.split(',')).map(str::to_owned));
    if ids.iter().any(|id| id == "_all") {
        // The body asks for what the other address does.
        asker.needs(Role::Admin)?;
        return Ok(closed(state.points.close_all(true).len()));
    }
    Ok(closed(ids.iter().filter(|id| state.points.close(id)).count()))
}
