//! The HTTP API: routes, and the loop that serves them.
//!
//! [`router`] is a function of the state, so that tests need no socket. Handlers read and check on tokio's threads;
//! whatever touches the index or the log runs on a pool of its own.

#[cfg(test)]
mod alone;
#[cfg(test)]
mod canary;
#[cfg(test)]
mod matrix;

use std::{
    io,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    http::{Method, Uri, header},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::{
    door::{
        accept, nowhere,
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
    let elastic = Elastic::new(state.clone());
    router_with(state, &elastic)
}

fn router_with(state: ApiState, elastic: &Elastic) -> Router {
    let cors = state.door.origins.layer();
    let router = native::router()
        .merge(below_es(elastic))
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

/// The routes of Elasticsearch's API, at a root of their own.
fn of_es(elastic: &Elastic) -> Router {
    static NOWHERE: LazyLock<Arc<Entry>> = LazyLock::new(|| Arc::new(nowhere::entry(es::FACE)));
    let door = from_fn_with_state((Arc::clone(&elastic.door), Arc::clone(&NOWHERE)), table::through);
    let nothing = es::nothing.layer(door);
    table::router_of(es::routes(), &elastic.door)
        .fallback(nothing.clone())
        .method_not_allowed_fallback(nothing)
        .with_state(elastic.clone())
}

/// Returns the routes below `/es`.
fn below_es(elastic: &Elastic) -> Router<ApiState> {
    let roots = table::router_of(es::roots(), &elastic.door).with_state(elastic.clone());
    Router::new().nest("/es", of_es(elastic)).merge(roots).with_state(())
}

/// Answers who asks for JSON at the root of all as Elasticsearch's root does: tools find out there what they have before
/// them.
async fn root_as_json(State(elastic): State<Elastic>, mut request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let wanted = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let is_json = |accept| accept::best(accept, &["text/html", "application/json"]) == Some(1);
    if !(reads && request.uri().path() == "/" && wanted.is_some_and(is_json)) {
        return next.run(request).await;
    }
    *request.uri_mut() = Uri::from_static("/es/");
    let root = table::router_of(es::roots(), &elastic.door).with_state(elastic);
    match root.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// All routes, those of the pages too.
pub fn app(state: ApiState, pages: PagesConfig) -> Router {
    apps(state, pages).0
}

/// All routes; and those of Elasticsearch's API alone, at a root of their own, over what is open in the same archive.
fn apps(state: ApiState, pages: PagesConfig) -> (Router, Router) {
    let state = state.with_site(pages.title.clone(), pages.public_url.clone());
    let elastic = Elastic::new(state.clone());
    let alone = match elastic.door.origins.layer() {
        Some(cors) => of_es(&elastic).layer(cors),
        None => of_es(&elastic),
    };
    let pages = Pages::new(state.clone(), pages);
    let door = Arc::clone(&state.door);
    let page_routes = table::router_of(pages::routes(), &state.door)
        .method_not_allowed_fallback(async move |request| nowhere::wrong_method(&door, request).await)
        .with_state(pages.clone());
    let all = router_with(state, &elastic)
        .merge(page_routes)
        .layer(from_fn_with_state(pages, pages::in_house_look))
        .layer(from_fn_with_state(elastic, root_as_json));
    (all, alone)
}

/// The addresses at which a server listens.
#[derive(Debug)]
pub struct Listeners {
    /// For everything.
    pub all: TcpListener,
    /// For Elasticsearch's API alone, at a root of its own.
    pub es: Option<TcpListener>,
}

impl From<TcpListener> for Listeners {
    fn from(all: TcpListener) -> Self {
        Self { all, es: None }
    }
}

/// Serves all routes, those of the pages too, until `shutdown` comes, then lets the requests end that are under way.
///
/// # Errors
/// The system's, when a socket fails.
pub async fn serve(
    listeners: impl Into<Listeners>,
    state: ApiState,
    pages: PagesConfig,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let Listeners { all, es } = listeners.into();
    let ending = state.clone();
    let shutdown = async move {
        shutdown.await;
        let _ = ending.stop.send(true);
        ending.search.log().wake_followers();
        ending.search.log().end_waiting();
    };
    let (rebuilding, mut stopping) = (state.clone(), state.stopping.clone());
    let mut limits = ServerLimits::of_this_process();
    let (everything, alone) = apps(state, pages);
    match es {
        None => serve_router(all, everything, limits, shutdown).await?,
        Some(es) => {
            // The files that there are for connections are shared.
            limits.connections = (limits.connections / 2).max(1);
            let stopped = async move {
                let _ = stopping.wait_for(|stopped| *stopped).await;
            };
            let both =
                (serve_router(all, everything, limits, shutdown), serve_router(es, alone, limits, stopped));
            tokio::try_join!(both.0, both.1)?;
        }
    }
    // What was rebuilt so far is kept, and the next rebuild goes on from there.
    tokio::task::spawn_blocking(move || rebuilding.rebuild.end()).await.map_err(io::Error::other)
}
