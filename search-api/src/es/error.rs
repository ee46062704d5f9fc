//! Errors in Elasticsearch's shape: `error.root_cause[]`, `error.type`, `error.reason`, `status`.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use query::QueryError;
use search::SearchError;
use serde_json::{Map, Value, json};

use super::node;
use crate::door::error::RequestError;

/// An error on its way to a client of Elasticsearch.
pub(super) struct EsError {
    error: RequestError,
    /// Found only while searching: in a cluster the shards find it, all alike.
    at_shards: bool,
}

impl<E: Into<RequestError>> From<E> for EsError {
    fn from(error: E) -> Self {
        Self { error: error.into(), at_shards: false }
    }
}

impl EsError {
    /// Returns an error that was found while searching.
    pub(super) fn at_shards(error: RequestError) -> Self {
        Self { error, at_shards: true }
    }

    /// Returns the body of its answer.
    pub(super) fn body(&self) -> Value {
        let is_of_shards = matches!(
            self.error,
            RequestError::Search(SearchError::Query(_))
                | RequestError::NoContext(_)
                | RequestError::PointClosed { .. }
        );
        let is_late = matches!(&self.error, RequestError::Search(SearchError::Query(error)) if error.late);
        if is_late || (self.at_shards && is_of_shards) {
            shards_failed(&self.error)
        } else {
            body(&self.error)
        }
    }
}

/// Returns a request that lacks something, in the words of Elasticsearch's validation.
pub(super) fn invalid(what: &str) -> QueryError {
    QueryError {
        es_type: "action_request_validation_exception",
        ..QueryError::illegal(format!("Validation Failed: 1: {what};"))
    }
}

/// Returns a body that must be there and is not.
pub(super) fn no_body() -> QueryError {
    QueryError { es_type: "parse_exception", ..QueryError::new("request body is required") }
}

/// Returns the error's name in Elasticsearch, and its text.
pub(super) fn cause(error: &RequestError) -> (&'static str, String) {
    let reason = match error {
        error if error.status() == 500 => {
            tracing::error!(%error, "a request failed");
            "the server cannot answer; its own log says why".to_owned()
        }
        error => error.to_string(),
    };
    let name = match error {
        RequestError::Search(SearchError::Query(error)) => error.es_type,
        RequestError::Event(_) | RequestError::NotAdmitted(_) => "document_parsing_exception",
        RequestError::NoIndex(_) => "index_not_found_exception",
        RequestError::Search(SearchError::NoSuchAsset(_))
        | RequestError::Search(SearchError::Gone(..))
        | RequestError::NotFound(_)
        | RequestError::Search(SearchError::NotThere { .. }) => "resource_not_found_exception",
        RequestError::NoContext(_) | RequestError::PointClosed { .. } => "search_context_missing_exception",
        RequestError::Busy => "es_rejected_execution_exception",
        RequestError::Search(SearchError::TooLong)
        | RequestError::TooSlow(_)
        | RequestError::Stalled(_)
        | RequestError::Search(SearchError::NotYet { .. }) => "timeout_exception",
        RequestError::NoDocument(_) => "document_missing_exception",
        RequestError::Conflict(_) | RequestError::Append(store::AppendError::Conflict { .. }) => {
            "version_conflict_engine_exception"
        }
        RequestError::Append(store::AppendError::NoTurn(_)) => "unavailable_shards_exception",
        RequestError::TooLarge(_) => "content_too_long_exception",
        RequestError::Forbidden(_) | RequestError::Unauthorised(_) => "security_exception",
        _ => "exception",
    };
    (name, reason)
}

/// Returns the body of an error.
pub(super) fn body(error: &RequestError) -> Value {
    let one = cause_of(error);
    let mut whole = one.clone();
    whole.insert("root_cause".to_owned(), json!([one]));
    json!({"error": whole, "status": error.status()})
}

fn cause_of(error: &RequestError) -> Map<String, Value> {
    let (name, reason) = cause(error);
    let mut fields: Map<String, Value> =
        [("type".to_owned(), json!(name)), ("reason".to_owned(), json!(reason))].into_iter().collect();
    let mut add = |name: &str, value: &str| fields.insert(name.to_owned(), json!(value));
    if let RequestError::NoIndex(index) = error {
        add("index", index);
        add("index_uuid", "_na_");
        add("resource.id", index);
        add("resource.type", "index_or_alias");
    }
    fields
}

/// Returns the body of an error that all shards have found.
fn shards_failed(error: &RequestError) -> Value {
    let one = cause_of(error);
    let shard = json!({"shard": 0, "index": "morgue", "node": node::NODE, "reason": one});
    json!({
        "error": {
            "root_cause": [one], "type": "search_phase_execution_exception", "reason": "all shards failed",
            "phase": "query", "grouped": true, "failed_shards": [shard], "caused_by": one,
        },
        "status": error.status(),
    })
}

impl IntoResponse for EsError {
    fn into_response(self) -> Response {
        #[expect(clippy::expect_used, reason = "each error's status is a constant of three digits")]
        let status = StatusCode::from_u16(self.error.status()).expect("a status of HTTP");
        let mut response = (status, axum::Json(self.body())).into_response();
        if let Some(seconds) = self.error.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
