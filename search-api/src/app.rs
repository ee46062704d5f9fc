//! The HTTP API: routes, and the loop that serves them.
//!
//! [`router`] is a function of the state, so that tests need no socket. Handlers read and check on tokio's threads;
//! whatever touches the index or the log runs on a pool of its own.

#[cfg(test)]
mod canary;
#[cfg(test)]
mod matrix;

use std::{
    io,
    sync::{Arc, LazyLock},
};

use axum::{Router, extract::State, handler::Handler, middleware::from_fn_with_state};
use tokio::net::TcpListener;

use crate::{
    door::{
        nowhere,
        policy::Entry,
        server::{ServerLimits, serve_router},
        table,
    },
    es::{self, Elastic},
    native,
    pages::{self, Pages, PagesConfig},
    state::ApiState,
};

/// All routes of the two APIs.
pub fn router(state: ApiState) -> Router {
    let cors = state.door.origins.layer();
    let router = native::router()
        .merge(elastic(&state))
        .fallback(async |State(state): State<ApiState>, request| {
            nowhere::nothing_there(&state.door, request).await
        })
        .method_not_allowed_fallback(async |State(state): State<ApiState>, request| {
            nowhere::wrong_method(&state.door, request).await
        });
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
    .with_state(state)
}

/// The routes of Elasticsearch's API.
fn elastic(state: &ApiState) -> Router<ApiState> {
    static NOWHERE: LazyLock<Arc<Entry>> = LazyLock::new(|| Arc::new(nowhere::entry(es::FACE)));
    let door = from_fn_with_state((Arc::clone(&state.door), Arc::clone(&NOWHERE)), table::through);
    let nothing = es::nothing.layer(door);
    let below = table::router_of(es::routes(), &state.door)
        .fallback(nothing.clone())
        .method_not_allowed_fallback(nothing);
    let roots = table::router_of(es::roots(), &state.door);
    Router::new().nest("/es", below).merge(roots).with_state(Elastic::new(state.clone()))
}

/// All routes, those of the pages too.
pub fn app(state: ApiState, pages: PagesConfig) -> Router {
    let state = state.with_site(pages.title.clone(), pages.public_url.clone());
    let pages = Pages::new(state.clone(), pages);
    let door = Arc::clone(&state.door);
    let page_routes = table::router_of(pages::routes(), &state.door)
        .method_not_allowed_fallback(async move |request| nowhere::wrong_method(&door, request).await)
        .with_state(pages.clone());
    router(state).merge(page_routes).layer(from_fn_with_state(pages, pages::in_house_look))
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
    let ending = state.clone();
    let shutdown = async move {
        shutdown.await;
        let _ = ending.stop.send(true);
        ending.search.log().wake_followers();
        ending.search.log().end_waiting();
    };
    let rebuilding = state.clone();
    serve_router(listener, app(state, pages), ServerLimits::of_this_process(), shutdown).await?;
    // What was rebuilt so far is kept, and the next rebuild goes on from there.
    tokio::task::spawn_blocking(move || rebuilding.rebuild.end()).await.map_err(io::Error::other)
}
