//! Requests that no route answers: they pass the door as all others do.

use std::sync::{Arc, LazyLock};

use axum::{
    extract::Request,
    http::{Method, Uri},
    response::{IntoResponse, Response},
};

use super::{
    access::Role,
    error::RequestError,
    pass,
    policy::{Effect, Entry, Face, Policy},
    problem::{self, PAGE, Problem},
    rules::Door,
};

/// The policy of what is not there: whoever may read is told so.
pub(crate) fn entry(face: Face) -> Entry {
    let policy = Policy::new(Some(Role::Read), Effect::Reads, face);
    Entry { method: Method::GET, path: "none".to_owned(), policy }
}

/// The entry for a path at which there is nothing.
fn nowhere_at(uri: &Uri) -> &'static Arc<Entry> {
    static IN_API: LazyLock<Arc<Entry>> = LazyLock::new(|| Arc::new(entry(problem::FACE)));
    static ELSEWHERE: LazyLock<Arc<Entry>> = LazyLock::new(|| Arc::new(entry(PAGE)));
    if uri.path().starts_with("/api/") { &IN_API } else { &ELSEWHERE }
}

/// Answers what has no route.
pub(crate) async fn nothing_there(door: &Door, request: Request) -> Response {
    let error = RequestError::NotFound(format!("there is nothing at {}", request.uri().path()));
    let entry = nowhere_at(request.uri());
    pass(door, entry, request, async |_| Problem(error).into_response()).await
}

/// Answers what has a route, but by another method.
pub(crate) async fn wrong_method(door: &Door, request: Request) -> Response {
    let entry = nowhere_at(request.uri());
    pass(door, entry, request, async |_| Problem(RequestError::WrongMethod).into_response()).await
}
