//! The HTTP API: routes, and the loop that serves them.
//!
//! [`router`] is a function of the state, so that tests need no socket. Handlers read and check on tokio's threads;
//! whatever touches the index or the log runs on a pool of its own.

pub(crate) mod access;
mod asked;
mod assets;
pub(crate) mod atom;
mod body;
pub(crate) mod compress;
mod connections;
mod cors;
mod docs;
mod events;
pub(crate) mod finish;
mod intake;
#[cfg(test)]
mod matrix;
mod metrics;
mod openapi;
mod param;
mod path;
mod pool;
mod problem;
pub(crate) mod rebuild;
mod route;
mod routes;
mod search;
mod server;
mod shed;
mod site;
pub(crate) mod state;
pub(crate) mod status;
pub(crate) mod table;
mod warm;
pub(crate) mod written;

use std::{io, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::Uri,
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use tokio::net::TcpListener;

pub use self::access::{Access, InvalidKey, Role};
pub use self::cors::{InvalidOrigin, Origins};
use self::problem::Problem;
pub use self::server::{ServerLimits, serve_router};
pub use self::state::ApiState;
use crate::pages::{self, Pages, PagesConfig};
use crate::{error::SearchError, es};

/// All routes.
pub fn router(state: ApiState) -> Router {
    let cors = state.origins.layer();
    let router = route::router_of(&routes::ROUTES)
        .nest("/es", es::router())
        .route("/es/", es::root())
        .fallback(|uri: Uri| async move { Problem(nothing_at(&uri)) })
        .method_not_allowed_fallback(|| async { Problem(SearchError::WrongMethod) })
        .layer(from_fn_with_state(state.clone(), around));
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
    .with_state(state)
}

/// What is done around every answer of the API. It is one layer, because axum copies all that is inside of a layer for each
/// request.
async fn around(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let state = &state;
    let read = move |request| body::whole_body(state, request, |request| next.run(request));
    let checked = move |request| access::check(state, request, read);
    let finished = move |request| finish::finish(request, checked);
    let observed = move |request| metrics::observe(state, request, finished);
    shed::shed(state, request, observed).await
}

/// What is done around every page.
async fn around_page(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let state = &state;
    let checked = move |request| access::check(state, request, |request| next.run(request));
    metrics::observe(state, request, checked).await
}

pub(crate) fn nothing_at(uri: &Uri) -> SearchError {
    SearchError::NotFound(format!("there is nothing at {}", uri.path()))
}

/// All routes, those of the pages too.
pub fn app(state: ApiState, pages: PagesConfig) -> Router {
    let state = state.with_site(pages.title.clone(), pages.base_url.clone());
    let around_page = from_fn_with_state(state.clone(), around_page);
    let pages = Pages::new(state.clone(), pages);
    router(state)
        .merge(pages::router(pages.clone()).layer(around_page))
        .layer(from_fn_with_state(pages, pages::in_house_look))
}

/// Serves all routes, those of the pages too, until `shutdown` comes, then lets the requests end that are under way.
///
/// # Errors
/// The system's, when the socket fails.
pub async fn serve(
    listener: TcpListener,
    state: ApiState,
    pages: PagesConfig,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let stop = Arc::clone(&state.stop);
    let log = state.search.log().clone();
    let shutdown = async move {
        shutdown.await;
        let _ = stop.send(true);
        log.wake_followers();
        log.end_waiting();
    };
    let rebuild = Arc::clone(&state.rebuild);
    serve_router(listener, app(state, pages), ServerLimits::of_this_process(), shutdown).await?;
    // What was rebuilt so far is kept, and the next rebuild goes on from there.
    tokio::task::spawn_blocking(move || rebuild.end()).await.map_err(io::Error::other)
}
