//! Errors as `application/problem+json` (RFC 9457), with a pointer to the parameter or field that is wrong.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use search::SearchError;
use serde_json::{Map, Value, json};
use store::Gone;

use crate::door::{error::RequestError, policy::Face};

/// The form in which the native API tells errors.
pub(crate) const FACE: Face =
    Face { refused: |error| Problem(error).into_response(), challenges: true, is_page: false };

/// Of addresses that browsers open: programs get the same, and browsers a page that says so.
pub(crate) const PAGE: Face =
    Face { refused: |error| Problem(error).into_response(), challenges: false, is_page: true };

/// An error on its way to the one who asked.
pub(crate) struct Problem(pub(crate) RequestError);

impl<E: Into<RequestError>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = self.0;
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let title = status.canonical_reason().unwrap_or("Error");
        let mut problem: Map<String, Value> = [
            ("type".to_owned(), json!("about:blank")),
            ("title".to_owned(), json!(title)),
            ("status".to_owned(), json!(status.as_u16())),
        ]
        .into_iter()
        .collect();
        match &error {
            RequestError::Search(SearchError::Query(query)) => {
                problem.insert("detail".to_owned(), json!(query.reason));
            }
            // What fails inside names files and causes that are nobody's business outside.
            error if status == StatusCode::INTERNAL_SERVER_ERROR => {
                tracing::error!(%error, "a request failed");
                let detail = "the server cannot answer; its own log says why";
                problem.insert("detail".to_owned(), json!(detail));
            }
            error => {
                problem.insert("detail".to_owned(), json!(error.to_string()));
            }
        }
        if let RequestError::Search(SearchError::Gone(_, gone)) = &error {
            problem.extend(told_of(gone));
        }
        if !error.pointer().is_empty() {
            problem.insert("pointer".to_owned(), json!(error.pointer()));
        }
        let mut response = (status, Value::Object(problem).to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = error.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Returns what is told of an asset that is gone, beside the sentence: to those who keep the archive more than to
/// readers.
fn told_of(gone: &Gone) -> Map<String, Value> {
    let mut told = Map::new();
    told.insert("since".to_owned(), json!(gone.since));
    told.insert("erased".to_owned(), json!(gone.erased));
    let order = gone.order.as_ref();
    for (name, text) in [
        ("notice", Some(&gone.notice)),
        ("reason", order.map(|order| &order.reason)),
        ("by", order.map(|order| &order.by)),
    ] {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            told.insert(name.to_owned(), json!(text));
        }
    }
    if let Some(order) = order.filter(|_| !gone.erased) {
        told.insert("ordered_by".to_owned(), json!(order.ordered_by));
    }
    told
}
