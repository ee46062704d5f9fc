//! Single assets: as readers see them, as they stood, their history, what a revision changed, and how they are cited.

use axum::{
    Json,
    http::header,
    response::{IntoResponse, Response},
};
use query::{QueryError, limits::MAX_PAGE_BYTES, text_bytes};
use schemars::JsonSchema;
use search::{
    Search, SearchError,
    cite::{Cited, Form},
    unseen,
};
use serde::Serialize;
use serde_json::Value;
use store::{AsOf, AssetId, AssetKind, AssetRef, Differences, Reader, Revision, Seq, Shown, Snapshot};

use crate::{
    door::{error::RequestError, problem::Problem},
    links,
    native::{answer::HitAnswer, route::Asked, search::in_view},
    state::ApiState,
};

/// `GET /api/v1/{articles|images|bylines}/{id}`
pub(super) async fn document(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let asset = asked.asset()?;
    let at: Option<AsOf> = asked.parsed("at");
    let (search, reader) = (state.search.clone(), asked.asker.reader());
    let hit = state.pool_for(at.is_some()).run(move || Ok(search.document(&asset, at, reader)?));
    Ok(Json(HitAnswer::from(hit.await?)).into_response())
}

/// The life of an asset.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct History {
    kind: AssetKind,
    id: AssetId,
    /// The events about it, newest first, as `GET /api/v1/events` gives them: to readers those alone that say something
    /// for them.
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
    let (search, reader) = (state.search.clone(), asked.asker.reader());
    Ok(Json(state.door.pool.run(move || history_of(&search, asset, before, reader)).await?).into_response())
}

fn history_of(
    search: &Search,
    asset: AssetRef,
    before: Seq,
    reader: Reader,
) -> Result<History, RequestError> {
    let snapshot = search.log().snapshot()?.for_reader(reader);
    let Some(head) = snapshot.state(&asset)? else { return Err(SearchError::NoSuchAsset(asset).into()) };
    if !reader.sees_all() && snapshot.shown(&asset)? != Shown::Seen {
        return Err(unseen(&snapshot, &asset)?.into());
    }
    let mut events = Vec::new();
    let (budget, mut bytes) = (search.begin().budget(), 0);
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
        let event = snapshot.event(seq)?;
        if !snapshot.may_see(&event)? {
            continue;
        }
        let Ok(Value::Object(event)) = serde_json::to_value(event) else { continue };
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
    let (search, reader) = (state.search.clone(), asked.asker.reader());
    let diff =
        state.door.pool.run(move || diff_of(&search.log().snapshot()?.for_reader(reader), asset, from, to));
    Ok(Json(diff.await?).into_response())
}

fn diff_of(
    snapshot: &Snapshot,
    asset: AssetRef,
    from: Option<u64>,
    to: Option<u64>,
) -> Result<Diff, RequestError> {
    let Some(to) = revision_of(snapshot, &asset, |revision| to.is_none_or(|to| revision.get() == to))? else {
        return Err(match to {
            Some(to) if snapshot.shown(&asset)? == Shown::Seen => no_revision(&asset, to),
            _ => unseen(snapshot, &asset)?.into(),
        });
    };
    let before = |revision: Revision| from.map_or(revision < to, |from| revision.get() == from);
    let Some(from) = revision_of(snapshot, &asset, before)? else {
        return Err(match from {
            Some(from) => no_revision(&asset, from),
            None => RequestError::NotFound(format!("revision {to} is the first: there is none before it")),
        });
    };
    let differences = snapshot.differences(&asset, from, to)?;
    let differences = differences.ok_or_else(|| no_revision(&asset, from.get()))?;
    Ok(Diff { kind: asset.kind, id: asset.id, from, to, differences })
}

fn no_revision(asset: &AssetRef, revision: u64) -> RequestError {
    RequestError::NotFound(format!("there is no revision {revision} of {asset}, or it was erased"))
}

/// The last revision of those wanted that a snapshot's reader may see.
fn revision_of(
    snapshot: &Snapshot,
    asset: &AssetRef,
    is_wanted: impl Fn(Revision) -> bool,
) -> Result<Option<Revision>, RequestError> {
    let Some(state) = snapshot.state(asset)? else { return Ok(None) };
    for seq in snapshot.history_from(state.latest) {
        let event = snapshot.event(seq?)?;
        if let Some(revision) = event.revision.filter(|revision| is_wanted(*revision))
            && event.fact().is_some()
            && snapshot.may_see(&event)?
        {
            return Ok(Some(revision));
        }
    }
    Ok(None)
}

/// `GET /api/v1/cite/{id}`
pub(super) async fn cite(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let asset = in_view(&asked)?;
    let form = asked.param("format").and_then(Form::named).unwrap_or(Form::Text);
    let (search, site) = (state.search.clone(), state.door.site.clone());
    let text = state.door.pool.run(move || {
        let snapshot = search.log().snapshot()?;
        let Some(live) = snapshot.live(&asset)? else { return Err(unseen(&snapshot, &asset)?.into()) };
        let authors = Cited::authors(&live, &snapshot)?;
        let own = links::public(site.public_url.as_ref(), asset.kind, &asset.id);
        let cited = Cited::new(&asset, &live, authors, &site.title, own);
        let cited =
            cited.ok_or_else(|| QueryError::illegal("only articles and images are cited").at("view"))?;
        Ok(cited.written(form))
    });
    Ok(([(header::CONTENT_TYPE, form.media_type())], text.await?).into_response())
}
