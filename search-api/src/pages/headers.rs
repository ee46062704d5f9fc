//! The headers of every answer of the pages.

use axum::{
    http::{HeaderValue, header},
    response::Response,
};

/// The content security policy: nothing is loaded from elsewhere but pictures by their links; nothing inline runs; no page can be framed.
const POLICY: &str = "default-src 'self'; img-src 'self' https: http:; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'; object-src 'none'";

/// Returns the answer with the headers that every answer of the pages carries, unless it has its own.
pub(super) fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-cache"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
