//! Counts of the door, and what it logs: requests and their ends.
//!
//! Requests are counted by the template of their route, never by their path, so that there is a bounded number of
//! series whatever is asked.

use std::{
    fmt,
    time::{Duration, Instant},
};

use axum::{
    extract::Request,
    http::{Method, StatusCode},
    response::Response,
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::door::{policy::Entry, rules::Door};

/// Counts while the server runs.
pub(crate) struct Metrics {
    pub(crate) registry: Registry,
    requests: Family<Observed, Histogram>,
    refusals: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Observed {
    route: String,
    method: &'static str,
    status: u16,
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
    door: &Door,
    entry: &Entry,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let (route, method) = (entry.path.clone(), name_of(request.method()));
    let began = Instant::now();
    let response = next(request).await;
    let (status, took) = (response.status(), began.elapsed());
    tell(method, &route, status, took);
    let labels = Observed { route, method, status: status.as_u16() };
    door.metrics.requests.get_or_create(&labels).observe(took.as_secs_f64());
    if status == StatusCode::TOO_MANY_REQUESTS {
        door.metrics.refusals.inc();
    }
    response
}

/// The time from which a request is logged as slow.
const SLOW: Duration = Duration::from_secs(1);

/// Tells the log of a request that was not answered as it should be: its route and never its path, query or headers,
/// which are who asks' own matter.
pub(super) fn tell(method: &'static str, route: &str, status: StatusCode, took: Duration) {
    let (status, ms) = (status.as_u16(), u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    match status {
        429 => tracing::warn!(method, route, status, ms, "refused"),
        500.. => tracing::error!(method, route, status, ms, "failed"),
        _ if took > SLOW => tracing::warn!(method, route, status, ms, "slow"),
        _ => {}
    }
}

/// Anybody may make up a method.
pub(super) fn name_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::body::Body;
    use tower::ServiceExt;
    use tracing::{
        Event, Metadata, Subscriber,
        field::{Field, Visit},
        span::{Attributes, Id, Record},
    };

    use super::*;
    use crate::{door::rules::Bounds, state::ApiState};

    /// All that is told, as text.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<String>>>);

    struct Line(String);

    impl Visit for Line {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            self.0 += &format!(" {}={value:?}", field.name());
        }
    }

    impl Subscriber for Lines {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            let mut line = Line(event.metadata().level().to_string());
            event.record(&mut line);
            self.0.lock().unwrap().push(line.0);
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    /// A request's words are not in the log, also when it could not be answered.
    #[tokio::test]
    async fn a_refusal_is_told_without_what_was_asked() {
        let dir = tempfile::tempdir().unwrap();
        let log = store::Log::open(dir.path().join("log")).unwrap();
        let indexes = indexer::Indexes::open(log, dir.path().join("indexes")).unwrap();
        let bounds = Bounds { blocks: 0, ..Bounds::of_this_machine() };
        let state = ApiState::within(search::Search::new(indexes), &bounds).unwrap();
        let lines = Lines::default();
        let _told = tracing::subscriber::set_default(lines.clone());
        let request = Request::post("/es/articles/_search?q=affair&pretty")
            .header("authorization", "Bearer sesame")
            .body(Body::from("{\"query\": {\"match\": {\"body\": \"scandal\"}}}"))
            .unwrap();
        let response = crate::app::router(state).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        let lines = lines.0.lock().unwrap();
        let [line] = lines.as_slice() else { panic!("one line: {lines:?}") };
        assert!(line.starts_with("WARN "), "{line}");
        for part in
            ["message=refused", "method=\"POST\"", "route=\"/es/{index}/_search\"", "status=429", "ms="]
        {
            assert!(line.contains(part), "{line}");
        }
        for secret in ["affair", "scandal", "sesame", "articles"] {
            assert!(!line.contains(secret), "{line}");
        }
    }

    #[test]
    fn what_failed_or_was_slow_is_told_and_nothing_else() {
        let check = |status: u16, took: Duration, expected: Option<&str>| {
            let lines = Lines::default();
            let status = StatusCode::from_u16(status).unwrap();
            tracing::subscriber::with_default(lines.clone(), || tell("GET", "/x", status, took));
            let lines = lines.0.lock().unwrap();
            let told =
                lines.first().map(|line| line.split("message=").nth(1).unwrap().split(' ').next().unwrap());
            assert_eq!(told, expected, "{status} {took:?}: {lines:?}");
        };
        check(200, Duration::from_millis(999), None);
        check(404, Duration::ZERO, None);
        check(200, Duration::from_millis(1_001), Some("slow"));
        check(503, Duration::ZERO, Some("failed"));
        check(429, Duration::from_secs(2), Some("refused"));
    }
}
