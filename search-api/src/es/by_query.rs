//! `_delete_by_query` and `_update_by_query`: what a search finds, written page by page. A document that another writes
//! meanwhile is left to him, and counted as a conflict.

use std::time::Instant;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use query::{Fields, Hit, IndexName, QueryError, SearchRequest, Sort, SourceFilter};
use search::Pinned;
use serde_json::{Map, Value, json};

use super::{
    actions::{refresh_of, run},
    answer::Answer,
    body,
    error::{EsError, invalid},
    params::Taker,
    search::{add_query, text_query},
    write::{self, Verb},
};
use crate::{door::error::RequestError, state::ApiState};

/// The number of documents that are looked for, and written, at once.
const PAGE: usize = 1_000;

/// `{index}/_delete_by_query`
pub(super) async fn delete(taker: Taker, State(state): State<ApiState>, body: Bytes) -> Answer {
    Wanted::read(taker, &body, Verb::Delete)?.answer(&state).await
}

/// `{index}/_update_by_query`. Without a script nothing in a document changes, and the log takes nothing that says nothing
/// new: what is found counts as written, as it would be in a cluster.
pub(super) async fn update(taker: Taker, State(state): State<ApiState>, body: Bytes) -> Answer {
    Wanted::read(taker, &body, Verb::Update)?.answer(&state).await
}

/// The documents that are wanted, and what is done with them.
struct Wanted {
    verb: Verb,
    indices: Vec<IndexName>,
    request: SearchRequest,
    max_docs: usize,
    /// Go on when another has written what was found.
    goes_on: bool,
    refresh: bool,
}

/// The counts of what was done.
#[derive(Default)]
struct Counts {
    found: usize,
    written: usize,
    conflicts: usize,
    batches: usize,
    failures: Vec<Value>,
}

impl Wanted {
    fn read(mut taker: Taker, body: &[u8], verb: Verb) -> Result<Self, EsError> {
        let indices: Vec<IndexName> = taker.views()?.into_iter().map(IndexName::from).collect();
        let mut object = Fields::new(body::json(body)?, "")?;
        if object.take("script").is_some() {
            let why =
                "`script` is not supported: read with `_search` or a scroll, send the fields with `_bulk`";
            return Err(QueryError::illegal(why).at("/script").into());
        }
        let in_body = object.count("max_docs")?;
        let conflicts = taker.take("conflicts").or(object.text("conflicts")?);
        let query: Map<String, Value> =
            object.take("query").map(|query| ("query".to_owned(), query)).into_iter().collect();
        object.end()?;
        let in_address = text_query(&mut taker, &indices)?;
        if verb == Verb::Delete && query.is_empty() && in_address.is_none() {
            return Err(invalid("query is missing").into());
        }
        let mut search = body::parse(Value::Object(query), &indices)?;
        add_query(&mut search, in_address);
        let count = |text: String| {
            text.parse().map_err(|_| QueryError::illegal("`max_docs` must be a number").at("max_docs"))
        };
        let max_docs = taker.take("max_docs").map(count).transpose()?.or(in_body);
        let wanted = Self {
            verb,
            request: SearchRequest {
                size: PAGE,
                sort: vec![Sort::by("_seq", false)],
                source: SourceFilter::None,
                count_all: false,
                ..search.request
            },
            indices,
            max_docs: max_docs.unwrap_or(usize::MAX),
            goes_on: match conflicts.as_deref() {
                None | Some("abort") => false,
                Some("proceed") => true,
                Some(_) => {
                    return Err(QueryError::illegal("`conflicts` must be abort or proceed")
                        .at("conflicts")
                        .into());
                }
            },
            refresh: refresh_of(&mut taker)?,
        };
        // Nothing goes on behind the answer, nor slower or in more parts than it does.
        taker.only("wait_for_completion", &["true", ""])?;
        for name in ["scroll_size", "slices", "requests_per_second"] {
            taker.take(name);
        }
        for name in ["scroll", "search_timeout", "timeout"] {
            taker.time(name)?;
        }
        taker.end()?;
        Ok(wanted)
    }

    async fn answer(mut self, state: &ApiState) -> Answer {
        let started = Instant::now();
        let engine = state.search.clone();
        let indices = self.indices.clone();
        let views = state.door.pool.run(move || Ok(engine.pin(&indices)?)).await?;
        let mut counts = Counts::default();
        while counts.found < self.max_docs && (counts.failures.is_empty() || self.goes_on) {
            let page = self.page(state, &views).await.map_err(EsError::at_shards)?;
            let hits: Vec<Hit> = page.into_iter().take(self.max_docs - counts.found).collect();
            if hits.is_empty() {
                break;
            }
            counts.found += hits.len();
            counts.batches += 1;
            match self.verb {
                Verb::Delete => self.delete(state, &hits, &mut counts).await?,
                _ => counts.written += hits.len(),
            }
        }
        Ok(self.told(&counts, started))
    }

    /// Returns the next page of what is found, and from then on the one behind it.
    async fn page(&mut self, state: &ApiState, views: &[Pinned]) -> Result<Vec<Hit>, RequestError> {
        let (engine, request, views) = (state.search.clone(), self.request.clone(), views.to_vec());
        let found = state.door.pool.run(move || Ok(engine.begin().search_at(&request, &views)?)).await?;
        if let Some(last) = found.hits.last() {
            self.request.after = Some(found.cursor(last));
        }
        Ok(found.hits)
    }

    async fn delete(&self, state: &ApiState, hits: &[Hit], counts: &mut Counts) -> Result<(), EsError> {
        let mut actions = Vec::with_capacity(hits.len());
        for hit in hits {
            let (id, seq) = (hit.id.to_string(), hit.seq.get());
            let action = write::of_source(Verb::Delete, &hit.kind.into(), Some(id), Map::new(), Some(seq))?;
            actions.push((Verb::Delete, Ok(action)));
        }
        for (_, done) in run(state, actions, self.refresh).await? {
            match done.status {
                200 => counts.written += 1,
                // Somebody has deleted it in between, or written it.
                404 | 409 => {
                    counts.conflicts += 1;
                    if !self.goes_on {
                        counts.failures.push(failure(&done.answer, 409));
                    }
                }
                status => counts.failures.push(failure(&done.answer, status)),
            }
        }
        Ok(())
    }

    fn told(&self, counts: &Counts, started: Instant) -> Response {
        let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let written = if self.verb == Verb::Delete { "deleted" } else { "updated" };
        let answer = json!({
            "took": took, "timed_out": false, "total": counts.found, written: counts.written,
            "batches": counts.batches, "version_conflicts": counts.conflicts, "noops": 0,
            "retries": {"bulk": 0, "search": 0}, "throttled_millis": 0, "requests_per_second": -1.0,
            "throttled_until_millis": 0, "failures": counts.failures,
        });
        let is_conflict = !counts.failures.is_empty();
        let status = if is_conflict { StatusCode::CONFLICT } else { StatusCode::OK };
        (status, Json(answer)).into_response()
    }
}

fn failure(answer: &Value, status: u16) -> Value {
    let of = |name: &str| answer.get(name).cloned().unwrap_or_default();
    json!({"index": of("_index"), "id": of("_id"), "cause": of("error"), "status": status})
}
