//! The native API: searching by plain parameters, and single assets with their history.

use axum::{
    Json,
    extract::{OriginalUri, Query as Params, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use store::{AsOf, AssetKind, AssetRef};

use super::{
    ApiState,
    path::{AssetPath, asset_path},
    problem::Problem,
};
use crate::{
    error::SearchError,
    query::QueryError,
    request::SearchRequest,
    search::{SearchResponse, WAIT_LIMIT},
};

/// `GET /api/v1/search`
pub(super) async fn search(
    State(state): State<ApiState>,
    Params(params): Params<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let response = run_search(&state, SearchRequest::from_params(&params)?).await?;
    Ok(Json(response).into_response())
}

/// Searches on the pool; waiting for the index is not done there.
async fn run_search(state: &ApiState, mut request: SearchRequest) -> Result<SearchResponse, SearchError> {
    if let Some(wanted) = request.min_seq.take() {
        let head = state.search.log().head()?.seq;
        if wanted > head {
            let text = format!("the log ends at {head}: there is no event {wanted} to wait for");
            return Err(QueryError::illegal(text).at("min_seq").into());
        }
        let _permit = state.waiting.try_acquire().map_err(|_| SearchError::Busy)?;
        let (indexes, kind) = (state.search.indexes().clone(), request.kind);
        let waited = tokio::task::spawn_blocking(move || indexes.wait_for(kind, wanted, WAIT_LIMIT)).await;
        let reached = waited.map_err(|_| SearchError::Panicked)??;
        if reached < wanted {
            return Err(SearchError::NotYet { wanted, reached });
        }
    }
    let search = state.search.clone();
    state.pool.run(move || search.search(&request)).await
}

/// `GET /api/v1/{articles|images|bylines}/{id}`, `…/history`
pub(super) async fn asset(
    kind: AssetKind,
    State(state): State<ApiState>,
    OriginalUri(uri): OriginalUri,
    Params(params): Params<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let prefix = format!("/api/v1/{}/", kind.plural());
    let rest = uri.path().strip_prefix(&prefix).unwrap_or_default().to_owned();
    let AssetPath { asset, verb } = asset_path(kind, &rest, &["history"])?;
    let at = match params.iter().find(|(name, _)| name == "at") {
        None => None,
        Some((_, at)) => {
            let at: Result<AsOf, _> = at.parse();
            Some(at.map_err(|error| QueryError::illegal(error.to_string()).at("at"))?)
        }
    };
    let verb = verb.to_owned();
    let search = state.search.clone();
    let answer = state
        .pool
        .run(move || match (verb.as_str(), at) {
            ("history", _) => history(&search, &asset),
            (_, None) => Ok(json!(search.document(&asset)?)),
            (_, Some(at)) => Ok(json!(search.document_as_of(&asset, at)?)),
        })
        .await?;
    Ok(Json(answer).into_response())
}

/// The most events of a history.
const MAX_HISTORY: usize = 1_000;

fn history(search: &crate::Search, asset: &AssetRef) -> Result<Value, SearchError> {
    let snapshot = search.log().snapshot()?;
    let seqs = snapshot.history(asset, MAX_HISTORY)?;
    if seqs.is_empty() {
        return Err(SearchError::NoSuchAsset(asset.clone()));
    }
    let events = seqs.into_iter().map(|seq| Ok(json!(snapshot.event(seq)?)));
    let events: Vec<Value> = events.collect::<Result<_, store::ReadError>>()?;
    Ok(json!({"kind": asset.kind, "id": asset.id, "events": events}))
}

/// `GET /api/v1/status`
pub(super) async fn status(State(state): State<ApiState>) -> Result<Response, Problem> {
    let search = state.search.clone();
    let status = state.pool.run(move || status_of(&search)).await?;
    Ok(Json(status).into_response())
}

fn status_of(search: &crate::Search) -> Result<Value, SearchError> {
    let head = search.log().head()?;
    let mut views = serde_json::Map::new();
    for view in search.indexes().status()? {
        views.insert(
            view.kind.plural().to_owned(),
            json!({
                "generation": view.generation, "previous": view.previous, "checkpoint": view.checkpoint,
                "lag": view.lag, "documents": view.digest.documents, "digest": view.digest.to_string(),
                "segments": view.segments, "bytes": view.bytes,
            }),
        );
    }
    Ok(json!({"head_seq": head.seq, "head": head.to_string(), "views": views}))
}

/// `GET /healthz`: whether the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// How far behind the log the indexes may be to be ready.
const READY_LAG: u64 = 1_000;

/// `GET /readyz`: whether the indexes have caught up.
pub(super) async fn readyz(State(state): State<ApiState>) -> Result<Response, Problem> {
    let search = state.search.clone();
    let lag = state
        .pool
        .run(move || {
            let head = search.log().head()?.seq.get();
            let mut lag = 0;
            for kind in AssetKind::ALL {
                let checkpoint = search.indexes().live(kind)?.checkpoint()?.get();
                lag = lag.max(head.saturating_sub(checkpoint));
            }
            Ok(lag)
        })
        .await?;
    let status = if lag <= READY_LAG { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Json(json!({"ready": lag <= READY_LAG, "lag": lag}))).into_response())
}
