//! The HTTP API: routes, and the loop that serves them.
//!
//! [`router`] is a function of the state, so that tests need no socket. Handlers read and check on tokio's threads;
//! whatever touches the index or the log runs on a pool of its own.

mod access;
mod answer;
mod asked;
pub(crate) mod asker;
mod assets;
pub(crate) mod atom;
mod body;
#[cfg(test)]
mod canary;
pub(crate) mod compress;
mod connections;
mod cors;
mod docs;
mod door;
pub(crate) mod error;
mod events;
pub(crate) mod finish;
mod following;
mod intake;
#[cfg(test)]
mod matrix;
mod metrics;
mod openapi;
mod param;
mod path;
pub(crate) mod policy;
mod pool;
mod problem;
pub(crate) mod rebuild;
mod route;
mod routes;
mod search;
mod server;
pub(crate) mod sessions;
pub(crate) mod shares;
mod shed;
pub(crate) mod site;
pub(crate) mod state;
pub(crate) mod status;
pub(crate) mod strangers;
pub(crate) mod table;
mod warm;
pub(crate) mod written;

use std::{
    io,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    http::{Method, Uri},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;

pub use self::access::{Access, InvalidKey, Role};
pub use self::answer::{HitAnswer, SearchAnswer};
pub(crate) use self::body::MAX_EVENTS_BODY;
pub use self::cors::{InvalidOrigin, Origins};
use self::policy::{Effect, Entry, Face, Policy};
pub(crate) use self::problem::PAGE;
use self::problem::Problem;
pub use self::server::{ServerLimits, serve_router};
pub use self::site::{InvalidUrl, PublicUrl};
pub use self::state::ApiState;
use crate::pages::{self, Pages, PagesConfig};
use crate::{es, http::error::RequestError};

/// All routes of the two APIs.
pub fn router(state: ApiState) -> Router {
    let cors = state.origins.layer();
    let router = route::router_of(&routes::ROUTES)
        .nest("/es", elastic(&state))
        .merge(policy::router_of(es::roots(), &state))
        .fallback(|State(state): State<ApiState>, request| nothing_there(state, request))
        .method_not_allowed_fallback(|State(state): State<ApiState>, request| wrong_method(state, request));
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
    .with_state(state)
}

/// The routes below `/es`.
fn elastic(state: &ApiState) -> Router<ApiState> {
    static NOWHERE: LazyLock<Arc<Entry>> = LazyLock::new(|| Arc::new(nowhere(es::FACE)));
    let door = from_fn_with_state((state.clone(), Arc::clone(&NOWHERE)), policy::through);
    let nothing = es::nothing.layer(door);
    policy::router_of(es::routes(), state).fallback(nothing.clone()).method_not_allowed_fallback(nothing)
}

/// The policy of what is not there: whoever may read is told so.
fn nowhere(face: Face) -> Entry {
    let policy = Policy::new(Some(Role::Read), Effect::Reads, face);
    Entry { method: Method::GET, path: "none".to_owned(), policy }
}

/// The entry for a path at which there is nothing.
fn nowhere_at(uri: &Uri) -> &'static Arc<Entry> {
    static IN_API: LazyLock<Arc<Entry>> = LazyLock::new(|| Arc::new(nowhere(problem::FACE)));
    static ELSEWHERE: LazyLock<Arc<Entry>> = LazyLock::new(|| Arc::new(nowhere(PAGE)));
    if uri.path().starts_with("/api/") { &IN_API } else { &ELSEWHERE }
}

/// Answers what has no route.
async fn nothing_there(state: ApiState, request: Request) -> Response {
    let error = RequestError::NotFound(format!("there is nothing at {}", request.uri().path()));
    let entry = nowhere_at(request.uri());
    door::pass(&state, entry, request, async |_| Problem(error).into_response()).await
}

/// Answers what has a route, but by another method.
async fn wrong_method(state: ApiState, request: Request) -> Response {
    let entry = nowhere_at(request.uri());
    door::pass(&state, entry, request, async |_| Problem(RequestError::WrongMethod).into_response()).await
}

/// All routes, those of the pages too.
pub fn app(state: ApiState, pages: PagesConfig) -> Router {
    let state = state.with_site(pages.title.clone(), pages.public_url.clone());
    let pages = Pages::new(state.clone(), pages);
    let for_wrong_method = state.clone();
    let page_routes = policy::router_of(pages::routes(), &state)
        .method_not_allowed_fallback(move |request| wrong_method(for_wrong_method, request))
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
