//! Rebuilding and going back, by those who may.

use std::collections::BTreeMap;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use indexer::{BuildStatus, Indexes};
use query::QueryError;
use schemars::JsonSchema;
use serde::Serialize;
use store::{AsOf, ReadError, Timestamp};
use views::{VIEWS, ViewId};

use crate::{
    door::{error::RequestError, problem::Problem},
    native::route::Asked,
    state::ApiState,
};

/// What is being built of each view, or was built last.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Builds {
    /// By the names of the views; those of which nothing was ever built anew are not there.
    views: BTreeMap<&'static str, Build>,
}

/// The build of one view.
#[derive(Debug, Serialize, JsonSchema)]
struct Build {
    /// What becomes of it; empty while it waits for its turn.
    generation: String,
    started: Timestamp,
    /// `waiting`, `documents`, `checking`, `catching_up`; then `done`, `failed`, `stopped`, or `interrupted` when its
    /// process has ended.
    phase: String,
    /// Assets looked at; while it is catching up, events.
    done: u64,
    /// Of so many.
    total: u64,
    elapsed_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_ms: Option<u64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

impl From<BuildStatus> for Build {
    fn from(build: BuildStatus) -> Self {
        let progress = build.progress;
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let phase = serde_json::to_value(progress.phase).ok();
        Self {
            generation: build.generation,
            started: build.started,
            phase: phase.and_then(|phase| Some(phase.as_str()?.to_owned())).unwrap_or_default(),
            done: progress.done,
            total: progress.total,
            elapsed_ms: millis(progress.elapsed),
            per_second: progress.per_second(),
            left_ms: progress.time_left().filter(|_| progress.phase.is_running()).map(millis),
            failure: build.failure,
        }
    }
}

fn builds(indexes: &Indexes) -> Result<Builds, RequestError> {
    let mut views = BTreeMap::new();
    for view in indexes.views().iter().copied() {
        if let Some(build) = indexes.building(view)? {
            views.insert(view.name(), build.into());
        }
    }
    Ok(Builds { views })
}

/// What is live after going back.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RolledBack {
    /// The live generation by the name of its view.
    views: BTreeMap<&'static str, String>,
}

/// What was removed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Removed {
    /// The views that had it.
    views: Vec<&'static str>,
}

fn views_of(asked: &Asked) -> Vec<ViewId> {
    let named: Vec<ViewId> = asked.all("view").filter_map(|view| view.parse().ok()).collect();
    if named.is_empty() { VIEWS.to_vec() } else { named }
}

/// Runs what touches files and locks beside the pool of those who search.
async fn aside<T: Send + 'static>(
    state: &ApiState,
    work: impl FnOnce(&ApiState) -> Result<T, RequestError> + Send + 'static,
) -> Result<T, RequestError> {
    let state = state.clone();
    tokio::task::spawn_blocking(move || work(&state)).await.map_err(|_| RequestError::Panicked)?
}

/// `GET /api/v1/rebuild`
pub(super) async fn progress(state: ApiState, _: Asked) -> Result<Response, Problem> {
    let builds = aside(&state, |state| builds(state.search.indexes())).await?;
    Ok(Json(builds).into_response())
}

/// `POST /api/v1/rebuild`
pub(super) async fn start(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let asked_for = views_of(&asked);
    let past = match (asked.parsed::<AsOf>("as_of"), asked.param("name")) {
        (None, None) => None,
        (Some(as_of), Some(name)) => Some((as_of, name.to_owned())),
        (as_of, _) => {
            let lacking = if as_of.is_some() { "name" } else { "as_of" };
            let text = "`as_of` and `name` go together: which archive, and the name to search it by";
            return Err(QueryError::illegal(text).at(lacking).into());
        }
    };
    let begun = aside(&state, move |state| {
        let indexes = state.search.indexes();
        match past {
            None => state.rebuild.begin(indexes, &asked_for)?,
            Some((as_of, name)) => {
                // Better at once than in the background.
                let head = state.search.log().head()?.seq;
                if let AsOf::Seq(seq) = as_of
                    && seq > head
                {
                    return Err(ReadError::NoSuchEvent { seq, head }.into());
                }
                state.rebuild.begin_as_of(indexes, &asked_for, as_of, &name)?;
            }
        }
        builds(indexes)
    });
    Ok((StatusCode::ACCEPTED, Json(begun.await?)).into_response())
}

/// `DELETE /api/v1/rebuild`
pub(super) async fn stop(state: ApiState, _: Asked) -> Result<Response, Problem> {
    if !state.rebuild.stop() {
        let text =
            "this server is rebuilding nothing; a rebuild by `morgue rebuild` is stopped where it runs";
        return Err(RequestError::Conflict(text.to_owned()).into());
    }
    let builds = aside(&state, |state| builds(state.search.indexes())).await?;
    Ok((StatusCode::ACCEPTED, Json(builds)).into_response())
}

/// `DELETE /api/v1/generations`
pub(super) async fn remove(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let (asked_for, name) = (views_of(&asked), asked.param("name").unwrap_or_default().to_owned());
    let done = aside(&state, move |state| {
        let removed = state.search.indexes().remove_named(&asked_for, &name)?;
        Ok(Removed { views: removed.into_iter().map(ViewId::name).collect() })
    });
    Ok(Json(done.await?).into_response())
}

/// `POST /api/v1/rollback`
pub(super) async fn rollback(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let asked_for = views_of(&asked);
    let done = aside(&state, move |state| {
        let indexes = state.search.indexes();
        // All or none: one that has nothing to go back to is found before the first is changed.
        for status in indexes.status()?.iter().filter(|status| asked_for.contains(&status.view)) {
            if status.previous.is_none() {
                let text = format!("{} has no generation before {}", status.view.name(), status.generation);
                return Err(RequestError::Conflict(text));
            }
        }
        let mut views = BTreeMap::new();
        for view in asked_for {
            views.insert(view.name(), indexes.rollback(view)?);
        }
        Ok(RolledBack { views })
    });
    Ok(Json(done.await?).into_response())
}
