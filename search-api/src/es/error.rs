//! Errors in Elasticsearch's shape: `error.root_cause[]`, `error.type`, `error.reason`, `status`.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{door::error::RequestError, error::SearchError};

/// An error on its way to a client of Elasticsearch.
pub(super) struct EsError(pub(super) RequestError);

impl<E: Into<RequestError>> From<E> for EsError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The error's name in Elasticsearch, and its text.
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

/// The body of an error.
pub(super) fn body(error: &RequestError) -> Value {
    let (name, reason) = cause(error);
    let mut one = json!({"type": name, "reason": reason});
    if let (RequestError::NoIndex(index), Some(fields)) = (error, one.as_object_mut()) {
        fields.insert("index".to_owned(), json!(index));
        fields.insert("resource.id".to_owned(), json!(index));
        fields.insert("resource.type".to_owned(), json!("index_or_alias"));
    }
    let mut whole = one.clone();
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("root_cause".to_owned(), json!([one]));
    }
    json!({"error": whole, "status": error.status()})
}

impl IntoResponse for EsError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(body(&self.0))).into_response();
        if let Some(seconds) = self.0.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
