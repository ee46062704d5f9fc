//! Bodies: read whole before any handler runs, bounded in size, in time, and in memory over all requests.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody, to_bytes},
    extract::{DefaultBodyLimit, Request},
    response::{IntoResponse, Response},
};

use super::{problem::Problem, route::find, routes::ROUTES, state::ApiState};
use crate::{error::SearchError, es};

/// How long a body may take to come.
const BODY_LIMIT: Duration = Duration::from_secs(30);
/// The largest body of a question.
pub(super) const MAX_BODY: usize = 1 << 20;
/// The largest body of events.
pub(super) const MAX_EVENTS_BODY: usize = 64 << 20;
/// How many MiB of bodies there may be at once.
pub(super) const BODIES_MIB: usize = 512;

/// Reads the body, or refuses it in the shape that the route's clients know.
pub(super) async fn whole_body<F: Future<Output = Response>>(
    state: &ApiState,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let path = request.uri().path();
    let elastic = path.starts_with("/es/") || path == "/es";
    let max = match find(&ROUTES, request.method(), path) {
        Some(route) => route.max_body(),
        None if elastic && path.ends_with("/_bulk") => MAX_EVENTS_BODY,
        None => MAX_BODY,
    };
    let answer = async {
        let (parts, body) = request.into_parts();
        let size = body.size_hint();
        if size.lower() > max as u64 {
            return Err(SearchError::TooLarge(max));
        }
        if size.upper() == Some(0) {
            return Ok((Request::from_parts(parts, Body::empty()), None));
        }
        let bytes = size.upper().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(max).min(max);
        let mebibytes = u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX);
        let permit =
            state.bodies.clone().try_acquire_many_owned(mebibytes.max(1)).map_err(|_| SearchError::Busy)?;
        match tokio::time::timeout(BODY_LIMIT, to_bytes(body, max)).await {
            Ok(Ok(bytes)) => Ok((Request::from_parts(parts, Body::from(bytes)), Some(permit))),
            Ok(Err(_)) => Err(SearchError::TooLarge(max)),
            Err(_) => Err(SearchError::TooSlow(BODY_LIMIT.as_secs())),
        }
    };
    match answer.await {
        Ok((mut request, _permit)) => {
            // Axum has a smaller limit of its own.
            DefaultBodyLimit::disable().apply(&mut request);
            next(request).await
        }
        Err(error) if elastic => es::refused(error),
        Err(error) => Problem(error).into_response(),
    }
}
