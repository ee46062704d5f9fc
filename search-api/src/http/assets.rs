//! Single assets: as readers see them, as they stood, their history, what a revision changed, and how they are cited.

use axum::{
    Json,
    http::header,
    response::{IntoResponse, Response},
};
use query::{QueryError, limits::MAX_PAGE_BYTES, text_bytes};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use store::{AsOf, AssetId, AssetKind, AssetRef, Differences, Revision, Seq, Status};

use super::{problem::Problem, route::Asked, search::in_view, state::ApiState};
use crate::{
    cite::{Cited, Form},
    error::SearchError,
    search::Search,
};

/// `GET /api/v1/{articles|images|bylines}/{id}`
pub(super) async fn document(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let asset = asked.asset()?;
    let at: Option<AsOf> = asked.parsed("at");
    let search = state.search.clone();
    let hit = state.pool_for(at.is_some()).run(move || search.document(&asset, at));
    Ok(Json(hit.await?).into_response())
}

/// The life of an asset.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct History {
    kind: AssetKind,
    id: AssetId,
    /// The events about it, newest first, as `GET /api/v1/events` gives them. Those of an asset that readers do not see
    /// lack their `data`.
    events: Vec<Value>,
    /// The `before` of those that come behind them; none when these are the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Seq>,
}

/// The most events of a history.
const MAX_HISTORY: usize = 1_000;

/// `GET …/{id}/history`
pub(super) async fn history(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let asset = asked.asset()?;
    let before = asked.parsed("before").map_or(Seq::MAX, Seq::new);
    let search = state.search.clone();
    Ok(Json(state.pool.run(move || history_of(&search, asset, before)).await?).into_response())
}

fn history_of(search: &Search, asset: AssetRef, before: Seq) -> Result<History, SearchError> {
    let snapshot = search.log().snapshot()?;
    let Some(head) = snapshot.state(&asset)? else { return Err(SearchError::NoSuchAsset(asset)) };
    let is_seen = matches!(head.status, Status::Published | Status::Merged { .. });
    let mut events = Vec::new();
    let (budget, mut bytes) = (search.budget(), 0);
    let (mut last, mut next) = (None, None);
    for seq in snapshot.history_from(head.latest) {
        let seq = seq?;
        if seq >= before {
            continue;
        }
        // However large it is, the first can be given.
        if last.is_some() && (events.len() >= MAX_HISTORY || bytes > MAX_PAGE_BYTES || budget.check()) {
            next = last;
            break;
        }
        let Ok(Value::Object(mut event)) = serde_json::to_value(snapshot.event(seq)?) else { continue };
        if !is_seen {
            event.remove("data");
        }
        bytes += text_bytes(&event);
        events.push(Value::Object(event));
        last = Some(seq);
    }
    Ok(History { kind: asset.kind, id: asset.id, events, next })
}

/// What changed between two revisions.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Diff {
    kind: AssetKind,
    id: AssetId,
    from: Revision,
    to: Revision,
    /// The fields that changed, by name, the body last.
    #[serde(flatten)]
    differences: Differences,
}

/// `GET …/{id}/diff`
pub(super) async fn diff(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let asset = asked.asset()?;
    let (from, to) = (asked.parsed::<u64>("from"), asked.parsed::<u64>("to"));
    let search = state.search.clone();
    Ok(Json(state.pool.run(move || diff_of(&search, asset, from, to)).await?).into_response())
}

fn diff_of(
    search: &Search,
    asset: AssetRef,
    from: Option<u64>,
    to: Option<u64>,
) -> Result<Diff, SearchError> {
    let snapshot = search.log().snapshot()?;
    let Some(live) = snapshot.live(&asset)? else { return Err(SearchError::NoSuchAsset(asset)) };
    let to = Revision::new(to.unwrap_or(live.revision.get()));
    let from = Revision::new(from.unwrap_or(to.get().saturating_sub(1)));
    if from.get() == 0 {
        return Err(SearchError::NotFound(format!("revision {to} is the first: there is none before it")));
    }
    let Some(differences) = snapshot.differences(&asset, from, to)? else {
        let text = format!("there is no revision {from} or no revision {to} of {asset}, or it was erased");
        return Err(SearchError::NotFound(text));
    };
    Ok(Diff { kind: asset.kind, id: asset.id, from, to, differences })
}

/// `GET /api/v1/cite/{id}`
pub(super) async fn cite(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let asset = in_view(&asked)?;
    let form = asked.param("format").and_then(Form::named).unwrap_or(Form::Text);
    let (search, site) = (state.search.clone(), state.site.clone());
    let text = state.pool.run(move || {
        let snapshot = search.log().snapshot()?;
        let Some(live) = snapshot.live(&asset)? else { return Err(SearchError::NoSuchAsset(asset)) };
        let authors = Cited::authors(&live, &snapshot)?;
        let cited = Cited::new(&asset, &live, authors, &site.title, site.public_url.as_ref());
        let cited =
            cited.ok_or_else(|| QueryError::illegal("only articles and images are cited").at("view"))?;
        Ok(cited.written(form))
    });
    Ok(([(header::CONTENT_TYPE, form.media_type())], text.await?).into_response())
}
