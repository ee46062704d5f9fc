//! Bodies: read whole, bounded in size and in time.

use std::time::Duration;

use axum::{
    body::{Bytes, to_bytes},
    extract::Request,
};

use crate::error::SearchError;

/// How long a body may take to come.
const BODY_LIMIT: Duration = Duration::from_secs(30);

/// Reads a body.
///
/// # Errors
/// [`SearchError::TooLarge`], [`SearchError::TooSlow`].
pub(super) async fn read_body(request: Request, max_bytes: usize) -> Result<Bytes, SearchError> {
    match tokio::time::timeout(BODY_LIMIT, to_bytes(request.into_body(), max_bytes)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(SearchError::TooLarge(max_bytes)),
        Err(_) => Err(SearchError::TooSlow(BODY_LIMIT.as_secs())),
    }
}
