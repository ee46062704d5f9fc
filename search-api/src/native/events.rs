//! The log over HTTP: reading events from any seq on, and appending them.

use std::{collections::HashSet, time::Instant};

use axum::{
    Json,
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use ingest::{
    Mappings, NotRead, Sent,
    append::{Assets, NotAdmitted, Result1, Terms, read as read_event},
};
use query::QueryError;
use schemars::JsonSchema;
use search::WAIT_LIMIT;
use serde::Serialize;
use store::{Fact, Follower, InvalidEvent, Log, Outcome, Reader, Seq};

use crate::{
    door::{
        access::Role,
        compress::{self, Packing},
        error::RequestError,
        problem::Problem,
    },
    native::route::Asked,
    state::{ApiState, readers::Parts},
};

/// The number of events that are looked for at once.
const CHUNK: usize = 20;
/// The bytes that are sent at once, if there are as many.
const PART: usize = 256 << 10;
/// The largest number of events that one request gives, unless it follows.
pub(super) const MAX_EVENTS: u64 = 1_000_000;

/// The part of the log that is wanted, and its form.
struct Wanted {
    next: Seq,
    left: u64,
    follow: bool,
    sse: bool,
    packing: Option<Packing>,
    reader: Reader,
}

/// `GET /api/v1/events`: NDJSON, or server-sent events to who accepts them.
pub(super) async fn read(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let sse = asked.header("accept").is_some_and(|accept| accept.contains("text/event-stream"));
    let packs = compress::is_taken(&asked.headers);
    let follow = sse || asked.flag("follow");
    let limit = asked.parsed("limit").unwrap_or(MAX_EVENTS).min(MAX_EVENTS);
    let last = asked.header("last-event-id").and_then(|id| id.parse().ok()).map(Seq::new);
    if let Some(last) = last {
        // Who waited on for an event that has another meaning now would never know.
        Follower::new("this reader", last, None).check(&state.search.log().snapshot()?)?;
    }
    let wanted = Wanted {
        next: match last {
            Some(last) => last.next(),
            None => Seq::new(asked.parsed("from").unwrap_or(1).max(1)),
        },
        left: if follow { u64::MAX } else { limit },
        follow,
        sse,
        packing: packs.then(Packing::default),
        reader: asked.asker.reader_of_events(),
    };
    let stream = state.readers.read(asked.asker.client, wanted, state.stopping.clone());
    let mut response = Body::from_stream(stream).into_response();
    let content_type = if sse { "text/event-stream" } else { "application/x-ndjson" };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match packs {
        true => compress::mark(response.headers_mut()),
        false => compress::vary(response.headers_mut()),
    }
    Ok(response)
}

impl Wanted {
    /// A text as it is sent.
    fn packed(&mut self, text: &[u8]) -> Bytes {
        match &mut self.packing {
            Some(packing) => packing.pack(text).into(),
            None => text.to_vec().into(),
        }
    }
}

impl Parts for Wanted {
    /// One snapshot a part: none is kept while the other side is slow.
    fn next(&mut self, log: &Log) -> Result<Option<Bytes>, RequestError> {
        let snapshot = log.snapshot()?.for_reader(self.reader);
        let mut text = String::new();
        while text.len() < PART && self.left > 0 {
            let count = CHUNK.min(usize::try_from(self.left).unwrap_or(CHUNK));
            let events = snapshot.events(self.next, count)?;
            let Some(last) = events.last() else { break };
            self.left = self.left.saturating_sub(events.len() as u64);
            self.next = last.seq.next();
            for event in events {
                let event = snapshot.as_seen(event)?;
                let json = serde_json::to_string(&event).map_err(|error| {
                    tracing::error!(%error, seq = %event.seq, "an event has no JSON");
                    RequestError::Panicked
                })?;
                if self.sse {
                    text.push_str(&format!(
                        "id: {}\nevent: {}\ndata: {json}\n\n",
                        event.seq, event.event_type
                    ));
                } else {
                    text.push_str(&json);
                    text.push('\n');
                }
            }
        }
        Ok((!text.is_empty()).then(|| self.packed(text.as_bytes())))
    }

    fn waits_for(&self) -> Option<Seq> {
        self.follow.then_some(self.next)
    }

    fn alive(&mut self) -> Bytes {
        self.packed(if self.sse { b": alive\n\n" } else { b"\n" })
    }

    fn end(self) -> Option<Bytes> {
        self.packing.map(|packing| packing.end().into())
    }
}

/// What became of the events that were sent.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Taken {
    /// The last event of the log now.
    head: Seq,
    /// True if any was invalid or refused.
    errors: bool,
    /// With `wait=searchable`: whether searches find them now; if not, `min_seq` waits for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    searchable: Option<bool>,
    /// A result for each, in their order.
    items: Vec<TakenOne>,
}

impl Taken {
    /// The events that say what was sent.
    fn seqs(&self) -> Vec<Seq> {
        let seq = |item: &TakenOne| match item.fate {
            Fate::Appended { seq } | Fate::Withheld { seq } | Fate::Unchanged { seq } => Some(seq),
            Fate::Refused { .. } | Fate::Invalid { .. } => None,
        };
        self.items.iter().filter_map(seq).collect()
    }
}

/// What became of one event.
#[derive(Debug, Serialize, JsonSchema)]
struct TakenOne {
    /// In which line of the body, from 1.
    line: usize,
    #[serde(flatten)]
    fate: Fate,
    /// Remarks for whoever sent it: fields that nobody knows, and how they were kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Fate {
    /// It is in the log.
    Appended {
        /// Its place there.
        seq: Seq,
    },
    /// It is in the log, and readers do not see it: a person withdrew the asset, and only a person can restore it.
    Withheld {
        /// Its place there.
        seq: Seq,
    },
    /// It says nothing that the log does not say already.
    Unchanged {
        /// The event that says so.
        seq: Seq,
    },
    /// What the log says already stands against it.
    Refused {
        /// Why.
        reason: String,
    },
    /// It is no event.
    Invalid {
        /// Why.
        reason: String,
    },
}

/// `POST /api/v1/events`
pub(super) async fn append(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let wait = asked.param("wait") == Some("searchable");
    let terms = Terms { strict: asked.flag("strict"), unknown_types: asked.flag("unknown_types") };
    let permit = state.door.intake.enter().await?;
    let (log, mappings) = (state.search.log().clone(), state.mappings.clone());
    let appended = tokio::task::spawn_blocking(move || append_lines(&log, &mappings, &asked, terms)).await;
    let mut taken = appended.map_err(|_| RequestError::Panicked)??;
    drop(permit);
    if wait {
        // What was appended is told, whatever befalls the waiting.
        let searchable = is_searchable(&state, taken.seqs()).await;
        taken.searchable = Some(searchable.unwrap_or_else(|error| {
            tracing::warn!(%error, "whether a write is in the index cannot be told");
            false
        }));
    }
    Ok(Json(taken).into_response())
}

/// Returns true if all views have taken in these events, within the time that a search waits for them.
async fn is_searchable(state: &ApiState, seqs: Vec<Seq>) -> Result<bool, RequestError> {
    let indexes = state.search.indexes().clone();
    let Ok(_permit) = state.waiting.try_acquire() else { return Ok(false) };
    let waited = tokio::task::spawn_blocking(move || {
        let until = Instant::now() + WAIT_LIMIT;
        for view in indexes.views().iter().copied() {
            let left = until.saturating_duration_since(Instant::now());
            if !indexes.wait_for(view, &seqs, left)?.shown {
                return Ok(false);
            }
        }
        Ok(true)
    });
    waited.await.map_err(|_| RequestError::Panicked)?
}

fn append_lines(log: &Log, mappings: &Mappings, asked: &Asked, terms: Terms) -> Result<Taken, RequestError> {
    let text = std::str::from_utf8(&asked.body)
        .map_err(|error| QueryError::new(format!("the body is no UTF-8 at byte {}", error.valid_up_to())))?;
    // One event may be spread over several lines.
    let whole = text.trim();
    let single = whole.contains('\n') && serde_json::from_str::<serde::de::IgnoredAny>(whole).is_ok();
    let lines: Vec<(usize, &str)> = if single {
        vec![(1, whole)]
    } else {
        (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).collect()
    };
    if lines.is_empty() {
        return Err(QueryError::new("the body is empty: send one event, or one a line").into());
    }
    if let Some(name) = asked.param("mapping").filter(|name| mappings.kind_of(name).is_none()) {
        return Err(QueryError::illegal(mappings.no_such(name)).at("mapping").into());
    }
    let (head, results) = match asked.param("mapping") {
        Some(mapping) => append_mapped(log, (mappings, mapping), &lines, terms)?,
        None => {
            let all: Vec<_> = lines.iter().map(|(_, line)| of_event(line, terms)).collect();
            // It cannot be undone.
            if all.iter().flatten().any(|assets| matches!(assets.own.event.fact, Fact::Erased(..))) {
                asked.asker.needs(Role::Admin)?;
            }
            ingest::append::append(log, all, None)?
        }
    };
    if let [Err(error)] = results.as_slice() {
        return Err(error.clone().into());
    }
    let items: Vec<TakenOne> =
        results.into_iter().zip(lines).map(|(result, (line, _))| taken(line, result)).collect();
    let errors = items.iter().any(|item| matches!(item.fate, Fate::Refused { .. } | Fate::Invalid { .. }));
    Ok(Taken { head, errors, searchable: None, items })
}

/// Reads an event in our own form.
fn of_event(line: &str, terms: Terms) -> Result<Assets, NotAdmitted> {
    let mut admitted = read_event(line, terms)?;
    if admitted.event.source.is_empty() {
        SOURCE.clone_into(&mut admitted.event.source);
    }
    Ok(admitted.into())
}

/// Appends documents of another shape, read by a mapping. What a document says depends on how its assets stand, so that one
/// whose assets another has changed is read after that is in the log.
fn append_mapped(
    log: &Log,
    (mappings, mapping): (&Mappings, &str),
    mut lines: &[(usize, &str)],
    terms: Terms,
) -> Result<(Seq, Vec<Result1>), RequestError> {
    let (mut head, mut results) = (Seq::ZERO, Vec::with_capacity(lines.len()));
    while !lines.is_empty() {
        let (snapshot, now) = (log.snapshot()?, log.clock().now());
        let (mut touched, mut together) = (HashSet::new(), Vec::new());
        for (_, line) in lines {
            let read = match serde_json::from_str(line) {
                Ok(document) => {
                    let sent = Sent { mapping, document, id: None, name: None, source: SOURCE };
                    mappings.read(sent, terms, now, &snapshot)
                }
                Err(error) => Err(NotAdmitted::from(InvalidEvent::Json(error.to_string())).into()),
            };
            let read = match read {
                Ok(assets) if assets.all().any(|asset| touched.contains(&asset)) => break,
                Ok(assets) => {
                    touched.extend(assets.all());
                    Ok(assets)
                }
                Err(NotRead::Document(error)) => Err(error),
                Err(NotRead::Log(error)) => return Err(error.into()),
            };
            together.push(read);
        }
        lines = lines.split_at(together.len()).1;
        let appended = ingest::append::append(log, together, None)?;
        head = appended.0;
        results.extend(appended.1);
    }
    Ok((head, results))
}

/// The source of what is sent and names none.
const SOURCE: &str = "http";

fn taken(line: usize, result: Result1) -> TakenOne {
    let (fate, remarks) = match result {
        Ok((Outcome::Appended(seq), remarks)) => (Fate::Appended { seq }, remarks),
        Ok((Outcome::Withheld(seq), remarks)) => (Fate::Withheld { seq }, remarks),
        Ok((Outcome::Unchanged(seq), remarks)) => (Fate::Unchanged { seq }, remarks),
        Ok((Outcome::Refused(refusal), remarks)) => (Fate::Refused { reason: refusal.to_string() }, remarks),
        Err(error) => (Fate::Invalid { reason: error.to_string() }, Vec::new()),
    };
    TakenOne { line, fate, remarks }
}
