//! Errors in Elasticsearch's shape: `error.root_cause[]`, `error.type`, `error.reason`, `status`.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::error::SearchError;

/// An error on its way to a client of Elasticsearch.
pub(super) struct EsError(pub(super) SearchError);

impl<E: Into<SearchError>> From<E> for EsError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The error's name in Elasticsearch, and its text.
pub(super) fn cause(error: &SearchError) -> (&'static str, String) {
    let reason = match error {
        error if error.status() == 500 => {
            tracing::error!(%error, "a request failed");
            "the server cannot answer; its own log says why".to_owned()
        }
        error => error.to_string(),
    };
    let name = match error {
        SearchError::Query(error) => error.es_type,
        SearchError::Event(_) => "document_parsing_exception",
        SearchError::NoIndex(_) => "index_not_found_exception",
        SearchError::NoSuchAsset(_)
        | SearchError::Gone(..)
        | SearchError::NotFound(_)
        | SearchError::NotThere { .. } => "resource_not_found_exception",
        SearchError::NoContext(_) | SearchError::PointClosed { .. } => "search_context_missing_exception",
        SearchError::Busy => "es_rejected_execution_exception",
        SearchError::TooLong
        | SearchError::TooSlow(_)
        | SearchError::Stalled(_)
        | SearchError::NotYet { .. } => "timeout_exception",
        SearchError::NoDocument(_) => "document_missing_exception",
        SearchError::Conflict(_) | SearchError::Append(store::AppendError::Conflict { .. }) => {
            "version_conflict_engine_exception"
        }
        SearchError::TooLarge(_) => "content_too_long_exception",
        SearchError::Forbidden(_) | SearchError::Unauthorised(_) => "security_exception",
        _ => "exception",
    };
    (name, reason)
}

/// The body of an error.
pub(super) fn body(error: &SearchError) -> Value {
    let (name, reason) = cause(error);
    let mut one = json!({"type": name, "reason": reason});
    if let (SearchError::NoIndex(index), Some(fields)) = (error, one.as_object_mut()) {
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
        if matches!(self.0.status(), 429 | 503) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
