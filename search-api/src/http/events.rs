//! The log over HTTP: reading events from any seq on, and appending them.

use std::time::Duration;

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Query as Params, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use store::{Batch, Log, NewEvent, Outcome, ReadError, Seq};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{ApiState, problem::Problem};
use crate::{error::SearchError, query::QueryError};

/// How many events are read at once.
const CHUNK: usize = 200;
/// How many events one request gives at most, unless it follows.
const MAX_EVENTS: u64 = 1_000_000;
/// How long a follower waits before it shows that it is alive.
const ALIVE: Duration = Duration::from_secs(15);

/// What of the log is wanted, and how.
#[derive(Clone, Copy)]
struct Wanted {
    next: Seq,
    left: u64,
    follow: bool,
    sse: bool,
}

/// `GET /api/v1/events?from=1&limit=100&follow=true`: NDJSON, or server-sent events to who accepts them.
pub(super) async fn read(
    State(state): State<ApiState>,
    headers: HeaderMap,
    Params(params): Params<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let sse = accepts.contains("text/event-stream");
    let mut wanted = Wanted { next: Seq::new(1), left: MAX_EVENTS, follow: sse, sse };
    for (name, value) in &params {
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| QueryError::illegal(format!("`{name}` must be a number")).at(name.clone()))
        };
        match name.as_str() {
            "from" => wanted.next = Seq::new(number()?.max(1)),
            "limit" => wanted.left = number()?.min(MAX_EVENTS),
            "follow" => wanted.follow = value == "true",
            _ => return Err(QueryError::illegal("use from, limit and follow").at(name.clone()).into()),
        }
    }
    if let Some(last) = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<u64>().ok()) {
        wanted.next = Seq::new(last).next();
    }
    if wanted.follow {
        wanted.left = u64::MAX;
    }
    let permit = state.readers.clone().try_acquire_owned().map_err(|_| SearchError::Busy)?;
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(4);
    let log = state.search.log().clone();
    let stopping = state.stopping.clone();
    std::thread::Builder::new()
        .name("events".to_owned())
        .spawn(move || {
            let _permit = permit;
            if let Err(error) = send(&log, wanted, &sender, &stopping) {
                tracing::error!(%error, "events cannot be read on");
                let _ = sender.blocking_send(Err(std::io::Error::other(error.to_string())));
            }
        })
        .map_err(|_| SearchError::Busy)?;
    let mut response = Body::from_stream(ReceiverStream::new(receiver)).into_response();
    let content_type = if sse { "text/event-stream" } else { "application/x-ndjson" };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn send(
    log: &Log,
    mut wanted: Wanted,
    sender: &mpsc::Sender<Result<Bytes, std::io::Error>>,
    stopping: &tokio::sync::watch::Receiver<bool>,
) -> Result<(), ReadError> {
    while wanted.left > 0 && !sender.is_closed() && !*stopping.borrow() {
        let count = CHUNK.min(usize::try_from(wanted.left).unwrap_or(CHUNK));
        // One snapshot a chunk: none is kept while the other side is slow.
        let events = log.snapshot()?.events(wanted.next, count)?;
        let Some(last) = events.last() else {
            if !wanted.follow {
                return Ok(());
            }
            let head = log.wait_past(wanted.next.before(), ALIVE)?;
            let alive: &[u8] = if wanted.sse { b": alive\n\n" } else { b"\n" };
            if head < wanted.next && sender.blocking_send(Ok(Bytes::from_static(alive))).is_err() {
                return Ok(());
            }
            continue;
        };
        wanted.left = wanted.left.saturating_sub(events.len() as u64);
        wanted.next = last.seq.next();
        let mut text = String::new();
        for event in &events {
            let json = serde_json::to_string(event).unwrap_or_default();
            if wanted.sse {
                text.push_str(&format!("id: {}\nevent: {}\ndata: {json}\n\n", event.seq, event.event_type));
            } else {
                text.push_str(&json);
                text.push('\n');
            }
        }
        if sender.blocking_send(Ok(text.into())).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// `POST /api/v1/events`: one event, or one a line. Each gets its own result; the good ones are in the log when the
/// answer comes, whatever became of the others.
pub(super) async fn append(State(state): State<ApiState>, body: Bytes) -> Result<Response, Problem> {
    let _permit = state.writers.acquire().await.map_err(|_| SearchError::Stopping)?;
    let log = state.search.log().clone();
    let appended = tokio::task::spawn_blocking(move || append_lines(&log, &body)).await;
    Ok(Json(appended.map_err(|_| SearchError::Panicked)??).into_response())
}

fn append_lines(log: &Log, body: &[u8]) -> Result<Value, SearchError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| QueryError::new(format!("the body is no UTF-8 at byte {}", error.valid_up_to())))?;
    // One event may be spread over several lines.
    let whole = text.trim();
    let single = whole.contains('\n') && serde_json::from_str::<serde::de::IgnoredAny>(whole).is_ok();
    let lines: Vec<&str> =
        if single { vec![whole] } else { text.lines().filter(|line| !line.trim().is_empty()).collect() };
    if lines.is_empty() {
        return Err(QueryError::new("the body is empty: send one event, or one a line").into());
    }
    let mut batch = Batch::default();
    let prepared: Vec<Result<(), store::InvalidEvent>> = lines
        .iter()
        .map(|line| {
            let mut event = NewEvent::from_json(line)?;
            if event.source.is_empty() {
                event.source = "http".to_owned();
            }
            batch.events.push(log.prepare(&event)?);
            Ok(())
        })
        .collect();
    if let ([_], [Err(error)]) = (lines.as_slice(), prepared.as_slice()) {
        return Err(error.clone().into());
    }
    let appended = log.append(batch)?;
    let mut outcomes = appended.outcomes.into_iter();
    let mut errors = false;
    let items: Vec<Value> = prepared
        .iter()
        .zip(1..)
        .map(|(prepared, line)| match (prepared, prepared.is_ok().then(|| outcomes.next()).flatten()) {
            (Ok(()), Some(Outcome::Appended(seq))) => json!({"line": line, "status": "appended", "seq": seq}),
            (Ok(()), Some(Outcome::Unchanged(seq))) => {
                json!({"line": line, "status": "unchanged", "seq": seq})
            }
            (Ok(()), Some(Outcome::Refused(refusal))) => {
                errors = true;
                json!({"line": line, "status": "refused", "reason": refusal.to_string()})
            }
            (Ok(()), None) => json!({"line": line, "status": "unknown"}),
            (Err(error), _) => {
                errors = true;
                json!({"line": line, "status": "invalid", "reason": error.to_string()})
            }
        })
        .collect();
    Ok(json!({"head": appended.head, "errors": errors, "items": items}))
}
