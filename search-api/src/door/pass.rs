//! The order of what every request passes.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

use super::{
    access_log::Noted, asker::Asker, body, error::RequestError, finish, metrics, policy::Entry, rules::Door,
    shed, strangers,
};

/// Lets a request through to what answers it, or refuses it in the shape that the route's clients know.
pub(crate) async fn pass<F: Future<Output = Response>>(
    door: &Door,
    entry: &Arc<Entry>,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let face = entry.policy.face;
    let noted = door.access_log.as_ref().map(|log| (log, Noted::of(&request)));
    let read = move |request| body::whole_body(door, &entry.policy, request, next);
    let checked = async move |mut request: Request| match check(door, entry, &request) {
        Ok(asker) => {
            request.extensions_mut().insert(asker);
            let mut response = read(request).await;
            response.extensions_mut().insert(asker.client);
            response
        }
        Err(error) => (face.refused)(error),
    };
    let finished = move |request| finish::finish(door, &entry.policy, request, checked);
    let observed = move |request| metrics::observe(door, entry, request, finished);
    let asked_by_script = strangers::is_asked_by_script(request.headers());
    let mut response = shed::shed(door, entry, request, observed).await;
    if response.status() == StatusCode::UNAUTHORIZED && face.challenges {
        challenge(response.headers_mut(), asked_by_script);
    }
    response.extensions_mut().insert(face);
    if let Some((log, noted)) = noted {
        log.note(&noted, &response);
    }
    response
}

/// Returns who asks, if this route is for him and nobody made him ask it.
///
/// # Errors
/// [`RequestError`]: why not, and what to do.
fn check(door: &Door, entry: &Entry, request: &Request) -> Result<Asker, RequestError> {
    let policy = &entry.policy;
    if policy.role.is_some() && !door.access.has_keys() {
        strangers::check_host(request, &door.site, &door.hosts)?;
    }
    strangers::check_origin(request, policy.effect, &door.site, &door.origins)?;
    let asker = Asker::of(door, request);
    if let Some(role) = policy.role {
        asker.needs(role)?;
    }
    Ok(asker)
}

/// Says by which schemes a key may be sent, each on a line of its own: browsers understand no list. To a script's
/// question a browser would open its own window for Basic, over a page that has a form for it.
fn challenge(headers: &mut HeaderMap, asked_by_script: bool) {
    if !asked_by_script {
        headers.append(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"morgue\", charset=\"UTF-8\""),
        );
    }
    headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"morgue\""));
}
