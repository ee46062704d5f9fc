//! Changing one asset by what differs: `PATCH`, a JSON merge patch (RFC 7396) on its last revision.

use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use ingest::append::{Terms, admit};
use query::QueryError;
use schemars::JsonSchema;
use search::SearchError;
use serde::Serialize;
use serde_json::{Map, Value};
use store::{AssetRef, Batch, Content, Differences, Fact, Log, NewEvent, Outcome, Revision, Seq, Status};

use crate::{
    door::{error::RequestError, problem::Problem},
    native::route::Asked,
    state::ApiState,
};

/// What became of a change.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Changed {
    /// The event that says what the asset says now; with `dry_run`, the one that would.
    seq: Seq,
    /// The asset's last revision now; with `dry_run`, as it would be.
    revision: Revision,
    /// True if the log has a new event: what says the same, or is tried by `dry_run`, is none.
    appended: bool,
    /// True if a person withdrew the asset, so that readers do not see this revision until a person restores it.
    withheld: bool,
    /// The fields that changed, by name, the body last.
    #[serde(flatten)]
    differences: Differences,
    /// Remarks for whoever sent it: fields that nobody knows, and how they were kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
}

/// `PATCH /api/v1/{articles|images|bylines}/{id}`
pub(super) async fn change(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let permit = state.door.intake.enter().await?;
    let log = state.search.log().clone();
    let changed = tokio::task::spawn_blocking(move || changed(&log, &asked)).await;
    let changed = changed.map_err(|_| RequestError::Panicked)??;
    drop(permit);
    let tag = HeaderValue::from_str(&format!("\"{}\"", changed.revision));
    let mut response = Json(changed).into_response();
    if let Ok(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

fn changed(log: &Log, asked: &Asked) -> Result<Changed, RequestError> {
    let asset = asked.asset()?;
    let patch: Map<String, Value> = serde_json::from_slice(&asked.body).map_err(|error| {
        QueryError::new(format!(
            "the body is no JSON merge patch, an object of the fields that change: {error}"
        ))
    })?;
    let base = base(log, &asset)?;
    let expected = asked.header("if-match").map(str::trim).filter(|tag| *tag != "*");
    if expected.is_some_and(|tag| tag != format!("\"{}\"", base.revision)) {
        return Err(RequestError::Precondition(format!(
            "{asset} is at revision {0}, If-Match: \"{0}\": read it again and send the change again",
            base.revision
        )));
    }
    let content = base.content.patched(&patch)?;
    let differences = base.content.differences(&content);
    let event = NewEvent {
        visibility: base.visibility,
        source: SOURCE.to_owned(),
        ..NewEvent::published(asset.id.clone(), content)
    };
    let admitted = admit(event, Terms { strict: asked.flag("strict"), ..Terms::default() })?;
    let batch = Batch {
        events: vec![log.prepare(&admitted.event)?],
        // Whoever writes between the reading and this is not overwritten.
        expect: vec![(asset, base.revision)],
        ..Batch::default()
    };
    let dry_run = asked.flag("dry_run");
    let outcomes = if dry_run { log.rehearse(&batch)? } else { log.append(batch)?.outcomes };
    let (seq, is_new, withheld) = match outcomes.into_iter().next() {
        Some(Outcome::Appended(seq)) => (seq, true, false),
        Some(Outcome::Withheld(seq)) => (seq, true, true),
        Some(Outcome::Unchanged(seq)) => (seq, false, false),
        Some(Outcome::Refused(refusal)) => return Err(RequestError::Conflict(refusal.to_string())),
        None => return Err(RequestError::Panicked),
    };
    let revision = if is_new { base.revision.next() } else { base.revision };
    Ok(Changed {
        seq,
        revision,
        appended: is_new && !dry_run,
        withheld,
        differences,
        remarks: admitted.remarks,
    })
}

/// The revision that a change starts from: the asset's last one, public or not.
struct Base {
    revision: Revision,
    content: Content,
    visibility: store::Visibility,
}

fn base(log: &Log, asset: &AssetRef) -> Result<Base, RequestError> {
    let snapshot = log.snapshot()?.for_reader(store::Reader::KEEPER);
    let Some(state) = snapshot.state(asset)? else {
        return Err(SearchError::NoSuchAsset(asset.clone()).into());
    };
    if let Status::Merged { into } = &state.status {
        return Err(RequestError::Conflict(format!("{asset} was merged into {into}: change that one")));
    }
    if state.published == Seq::ZERO || state.status == Status::Erased {
        return Err(search::unseen(&snapshot, asset)?.into());
    }
    let event = snapshot.event(state.published)?;
    match event.fact() {
        Some(Fact::Published(content)) => Ok(Base {
            revision: state.revision,
            content: content.clone(),
            visibility: event.visibility().clone(),
        }),
        _ => Err(search::unseen(&snapshot, asset)?.into()),
    }
}

/// The source of what is changed here.
const SOURCE: &str = "http";
