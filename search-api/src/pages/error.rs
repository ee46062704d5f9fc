//! Pages that say what went wrong, and where to go from there.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use store::{AssetRef, InvalidAsOf, InvalidId, ReadError};

use super::{
    Pages,
    layout::{Frame, page},
};
use crate::SearchError;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error("there is no {0} in the archive")]
    NoSuchAsset(AssetRef),
    #[error(transparent)]
    AsOf(#[from] InvalidAsOf),
    #[error(transparent)]
    Id(#[from] InvalidId),
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
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => "One moment",
            _ => "Stop press",
        };
        let frame = Frame { indexed: false, ..Frame::new(title, "error") };
        let mut response = page(pages, &frame, &explained(title, &self.to_string()));
        *response.status_mut() = status;
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            response.headers_mut().insert("retry-after", axum::http::HeaderValue::from_static("1"));
        }
        response.into_response()
    }
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
