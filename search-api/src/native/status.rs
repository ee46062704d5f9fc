//! The state of the archive, and whether it can be asked.

use std::collections::BTreeMap;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use search::Search;
use serde::Serialize;
use store::{Holder, Seq, Timestamp};
use views::ViewId;

use crate::{
    door::{error::RequestError, problem::Problem},
    native::route::Asked,
    state::ApiState,
};

/// How log and indexes stand.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ArchiveStatus {
    /// The last event.
    head_seq: Seq,
    /// The line that `morgue log verify --expect` takes.
    head: String,
    /// The other process that is writing to the log just now. One that is stopped keeps everybody else from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    writer: Option<Holder>,
    /// By the names of the views.
    views: BTreeMap<&'static str, ViewState>,
}

/// How a view stands.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ViewState {
    /// The live generation.
    generation: String,
    /// The one that a rollback would bring back.
    previous: Option<String>,
    /// Everything up to this event is in, long fan-outs too.
    checkpoint: Seq,
    /// How many events it has not come to yet.
    lag: u64,
    /// How many documents a long fan-out (a prolific author's new name) has still to renew; the checkpoint waits for
    /// them, searches for other events do not.
    fanout_left: u64,
    documents: u64,
    /// Over ids, seqs and contents: equal digests, equal indexes.
    digest: String,
    segments: usize,
    /// On disk.
    bytes: u64,
    /// The archive as it stood, by the names that searches take as `as_of`.
    past: BTreeMap<String, PastState>,
    /// Why it is not kept up to date; what was committed last can be searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing: Option<String>,
    /// Why it cannot be searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// A view of the archive as it stood.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PastState {
    /// As of when.
    as_of: String,
    /// When it was built.
    created: Timestamp,
}

/// `GET /api/v1/status`
pub(super) async fn status(state: ApiState, _: Asked) -> Result<Response, Problem> {
    let search = state.search.clone();
    Ok(Json(state.door.pool.run(move || status_of(&search)).await?).into_response())
}

fn status_of(search: &Search) -> Result<ArchiveStatus, RequestError> {
    let head = search.log().head()?;
    let mut views = BTreeMap::new();
    for view in search.indexes().status()? {
        let state = ViewState {
            generation: view.generation,
            previous: view.previous,
            checkpoint: view.checkpoint,
            lag: view.lag,
            fanout_left: view.fanout_left,
            documents: view.digest.documents,
            digest: view.digest.to_string(),
            segments: view.segments,
            bytes: view.bytes,
            past: past_of(search, view.view)?,
            failing: view.failing,
            failure: view.failure,
        };
        views.insert(view.view.name(), state);
    }
    Ok(ArchiveStatus { head_seq: head.seq, head: head.to_string(), writer: other_writer(search), views })
}

/// The other process that is writing to the log, or keeps it from others.
pub(crate) fn other_writer(search: &Search) -> Option<Holder> {
    let writer = search.log().writer().unwrap_or_else(|error| {
        tracing::warn!(%error, "who writes to the log cannot be told");
        None
    });
    writer.filter(|writer| !writer.is_this_process())
}

fn past_of(search: &Search, view: ViewId) -> Result<BTreeMap<String, PastState>, RequestError> {
    let mut past = BTreeMap::new();
    for name in search.indexes().generations(view)? {
        let Some(name) = name.strip_prefix('@') else { continue };
        // One that is put in the place of another just now is not told of.
        let Ok(generation) = search.indexes().named(view, name) else { continue };
        let info = generation.info();
        let as_of = info.as_of.clone().unwrap_or_default();
        past.insert(name.to_owned(), PastState { as_of, created: info.created });
    }
    Ok(past)
}

/// `GET /healthz`: whether the process answers.
pub(super) async fn healthz(_: ApiState, _: Asked) -> Result<Response, Problem> {
    Ok("ok\n".into_response())
}

/// The largest number of events that the indexes may be behind the log to be ready.
const READY_LAG: u64 = 1_000;

/// True if the indexes have caught up, and are kept up to date.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Readiness {
    ready: bool,
    /// How many events the slowest view has not come to yet.
    lag: u64,
    /// Views that are not kept up to date; their status says why.
    failing: Vec<&'static str>,
}

/// `GET /readyz`: whether the indexes have caught up, and are kept up to date.
pub(super) async fn readyz(state: ApiState, _: Asked) -> Result<Response, Problem> {
    let search = state.search.clone();
    let readiness = state.door.pool.run(move || readiness_of(&search)).await?;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Json(readiness)).into_response())
}

fn readiness_of(search: &Search) -> Result<Readiness, RequestError> {
    let lag = lag_of(search)?;
    let is_failing = |view: &ViewId| search.indexes().failing(*view).is_some();
    let failing: Vec<_> =
        search.indexes().views().iter().copied().filter(is_failing).map(ViewId::name).collect();
    Ok(Readiness { ready: lag <= READY_LAG && failing.is_empty(), lag, failing })
}

fn lag_of(search: &Search) -> Result<u64, RequestError> {
    let head = search.log().head()?.seq.get();
    let mut lag = 0;
    for view in search.indexes().views().iter().copied() {
        let reached = search.indexes().live(view)?.reached()?.get();
        lag = lag.max(head.saturating_sub(reached));
    }
    Ok(lag)
}
