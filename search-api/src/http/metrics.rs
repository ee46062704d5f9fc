//! `/metrics`: what a server does, for Prometheus (the OpenMetrics text format,
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>).
//!
//! Requests are counted by the template of their route, never by their path, so that there is a bounded number of
//! series whatever is asked.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::{
        EncodeLabelSet,
        text::{encode_eof, encode_registry},
    },
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::{problem::Problem, route::Asked, route::find, routes::ROUTES, state::ApiState};
use crate::{error::SearchError, search::Search};

/// What is counted while the server runs.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Observed, Histogram>,
    refusals: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Observed {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct View {
    view: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Generation {
    view: &'static str,
    generation: String,
}

/// In seconds: from what a cache answers to the limit of a search.
const BUCKETS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let requests: Family<Observed, Histogram> = Family::new_with_constructor(|| Histogram::new(BUCKETS));
        let refusals = Counter::default();
        registry.register_with_unit(
            "morgue_http_request_duration",
            "Requests by the template of their route, and how long they took until their answer began",
            Unit::Seconds,
            requests.clone(),
        );
        registry.register(
            "morgue_http_refusals",
            "Requests that were refused at once because too much was asked at the same time",
            refusals.clone(),
        );
        Self { registry, requests, refusals }
    }
}

impl Metrics {
    /// Counts a request that was refused at the door.
    pub(super) fn refused(&self) {
        self.refusals.inc();
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// Counts a request and how long its answer took to begin.
pub(super) async fn observe<F: Future<Output = Response>>(
    state: &ApiState,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let route = match find(&ROUTES, request.method(), request.uri().path()) {
        Some(route) => route.path.clone(),
        None => match request.extensions().get::<MatchedPath>() {
            Some(path) => path.as_str().to_owned(),
            None => "none".to_owned(),
        },
    };
    let method = name_of(request.method());
    let began = Instant::now();
    let response = next(request).await;
    let status = response.status();
    let labels = Observed { route, method, status: status.as_u16() };
    state.metrics.requests.get_or_create(&labels).observe(began.elapsed().as_secs_f64());
    if status == StatusCode::TOO_MANY_REQUESTS {
        state.metrics.refusals.inc();
    }
    response
}

/// Anybody may make up a method.
fn name_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// `GET /metrics`
pub(super) async fn show(state: ApiState, _: Asked) -> Result<Response, Problem> {
    let (search, queued, intake) = (state.search.clone(), state.pool.queued(), state.intake.len());
    // Beside the pool: it is asked when the pool is full, too.
    let now = tokio::task::spawn_blocking(move || standing(&search, queued, intake)).await;
    let now = now.map_err(|_| SearchError::Panicked)??;
    let mut text = String::new();
    // Writing to memory does not fail.
    let _ = encode_registry(&mut text, &state.metrics.registry);
    let _ = encode_registry(&mut text, &now);
    let _ = encode_eof(&mut text);
    let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, media)], text).into_response())
}

/// How things stand at this moment.
fn standing(search: &Search, queued: usize, intake: usize) -> Result<Registry, SearchError> {
    let mut registry = Registry::default();
    let mut one = |name: &str, help: &str, value: u64| {
        let gauge = Gauge::<u64, AtomicU64>::default();
        gauge.inner().store(value, Ordering::Relaxed);
        registry.register(name, help, gauge);
    };
    one("morgue_search_queue", "Searches that wait for a thread", queued as u64);
    one("morgue_intake", "Writers that are in or wait", intake as u64);
    one("morgue_log_head_seq", "The last event of the log", search.log().head()?.seq.get());
    if let Some(bytes) = resident_bytes() {
        one("process_resident_memory_bytes", "Memory that the process has", bytes);
    }
    type ByView = Family<View, Gauge<u64, AtomicU64>>;
    let [checkpoint, lag, left, documents, segments, bytes, generations, failing]: [ByView; 8] =
        std::array::from_fn(|_| ByView::default());
    let live = Family::<Generation, Gauge<u64, AtomicU64>>::default();
    for status in search.indexes().status()? {
        let view = View { view: status.kind.plural() };
        let set = |family: &ByView, value: u64| family.get_or_create(&view).set(value);
        set(&checkpoint, status.checkpoint.get());
        set(&lag, status.lag);
        set(&left, status.fanout_left);
        set(&documents, status.digest.documents);
        set(&segments, status.segments as u64);
        set(&bytes, status.bytes);
        set(&generations, search.indexes().generations(status.kind)?.len() as u64);
        set(&failing, u64::from(status.failure.is_some() || status.failing.is_some()));
        live.get_or_create(&Generation { view: view.view, generation: status.generation }).set(1);
    }
    registry.register(
        "morgue_view_checkpoint_seq",
        "Everything up to this event is in the live index, long fan-outs too",
        checkpoint,
    );
    registry.register("morgue_view_lag_events", "Events that the live index has not come to yet", lag);
    registry.register("morgue_view_fanout_left", "Documents that long fan-outs have still to renew", left);
    registry.register("morgue_view_documents", "Documents of the live index", documents);
    registry.register("morgue_view_segments", "Segments of the live index", segments);
    registry.register("morgue_view_bytes", "Bytes of the live index on disk", bytes);
    registry.register("morgue_view_generations", "Generations on disk", generations);
    registry.register(
        "morgue_view_failing",
        "1 if the view cannot be searched or is not kept up to date",
        failing,
    );
    registry.register("morgue_view_generation", "The live generation", live);
    Ok(registry)
}

/// What Linux says of this process; other systems are not asked.
fn resident_bytes() -> Option<u64> {
    const PAGE: u64 = 4_096;
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    statm.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(PAGE)
}
