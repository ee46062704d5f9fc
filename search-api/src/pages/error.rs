//! Pages that say what went wrong, and where to go from there.

use axum::{
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use search::SearchError;
use serde_json::Value;
use store::{AssetRef, InvalidAsOf, InvalidId, ReadError};

use super::{
    headers::with_headers,
    layout::{Frame, page},
    sign_in::{self, Wanted},
    state::Pages,
};
use crate::door::{error::RequestError, policy::Face};

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    #[error(transparent)]
    Search(#[from] RequestError),
    #[error("there is no {0} in the archive")]
    NoSuchAsset(AssetRef),
    #[error(transparent)]
    AsOf(#[from] InvalidAsOf),
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// The answer of a route that is no page.
    #[error("{detail}")]
    Answered { status: StatusCode, detail: String },
}

impl From<SearchError> for PageError {
    fn from(error: SearchError) -> Self {
        Self::Search(error.into())
    }
}

impl From<ReadError> for PageError {
    fn from(error: ReadError) -> Self {
        Self::Search(error.into())
    }
}

impl From<indexer::IndexError> for PageError {
    fn from(error: indexer::IndexError) -> Self {
        Self::Search(error.into())
    }
}

impl PageError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Search(error) => {
                StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::NoSuchAsset(_) => StatusCode::NOT_FOUND,
            Self::AsOf(_) | Self::Id(_) => StatusCode::BAD_REQUEST,
            Self::Answered { status, .. } => *status,
        }
    }

    /// The page that says so.
    pub(super) fn page(&self, pages: &Pages) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(error = %self, "a page could not be made");
        }
        let title = match status {
            StatusCode::NOT_FOUND => "Not in the drawers",
            StatusCode::BAD_REQUEST => "That could not be read",
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::CONFLICT => {
                "One moment"
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "Staff only",
            status if status.is_client_error() => "That cannot be done",
            _ => "Stop press",
        };
        let frame = Frame { indexed: false, ..Frame::new(title, "error") };
        let mut response = page(pages, &frame, &explained(title, &self.to_string()));
        *response.status_mut() = status;
        if let Self::Search(error) = &self
            && let Some(seconds) = error.retry_after()
        {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.into_response()
    }
}

/// Where a browser asked for a page and a route answers with an error that is none (no such address, not allowed,
/// busy), it gets a page that says the same; who has no key gets the form to sign in with one. Clients of the API get what
/// they always get.
pub(crate) async fn in_house_look(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let takes_html = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.contains("text/html"));
    let is_reader = request.headers().get(header::ACCEPT).is_some_and(takes_html);
    let wanted = Wanted::of(&request, &pages.state.door.site);
    let answered = next.run(request).await;
    let status = answered.status();
    let has_pages = answered.extensions().get::<Face>().is_some_and(|face| face.is_page);
    let is_error = status.is_client_error() || status.is_server_error();
    if !(is_reader && has_pages && is_error) || is_page(&answered) {
        return answered;
    }
    let (parts, body) = answered.into_parts();
    let body = to_bytes(body, MAX_PROBLEM).await.unwrap_or_default();
    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
    let detail = problem.get("detail").and_then(Value::as_str).map(str::to_owned);
    let detail = detail.unwrap_or_else(|| status.canonical_reason().unwrap_or("it failed").to_lowercase());
    let mut page = match status {
        StatusCode::UNAUTHORIZED => sign_in::instead_of(&pages, &wanted, &detail),
        _ => PageError::Answered { status, detail }.page(&pages),
    };
    page.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let mut response = with_headers(page);
    for name in [header::RETRY_AFTER, header::ALLOW] {
        if let Some(value) = parts.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// A longer one is no problem of ours.
const MAX_PROBLEM: usize = 64 << 10;

fn is_page(response: &Response) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

fn explained(title: &str, what: &str) -> Markup {
    html! {
        article.notice {
            h1 { (title) }
            p.what { (super::text::capital(what)) "." }
            p { a href="/" { "Search the whole archive" } " or look into the " a href="/status" { "machine room" } "." }
        }
    }
}
