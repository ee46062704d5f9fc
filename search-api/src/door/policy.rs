//! What the door knows of a route before it is run: data beside the route, whichever surface has it.
//!
//! A surface lists its routes as [`Endpoint`]s; [`router_of`] puts the door before each of them, and there is no other
//! way to a handler. What a surface does not say is what is safe: whatever is not GET changes something.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    http::Method,
    middleware::{Next, from_fn_with_state},
    response::Response,
    routing::{MethodFilter, MethodRouter, on},
};

use crate::door::{Door, access::Role, body::MAX_BODY, error::RequestError};

/// What is left behind by a request that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Reads,
    /// Something that the server keeps for the one who asked: a point in time, a scroll.
    Opens,
    /// The same if the address has this parameter, otherwise nothing.
    OpensWith(&'static str),
    /// Something that others see: events, indexes, sessions, what others have opened.
    Changes,
}

/// How a surface tells its clients what went wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Face {
    /// An error in the shape that its clients read.
    pub(crate) refused: fn(RequestError) -> Response,
    /// True if who has no key is told by which schemes to send one (RFC 9110, section 11.6.1).
    pub(crate) challenges: bool,
    /// True if a browser gets errors as pages.
    pub(crate) is_page: bool,
}

/// What a route demands of those who ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// Who may; `None` is everybody, and such an answer holds nothing of the archive.
    pub(crate) role: Option<Role>,
    pub(crate) effect: Effect,
    /// The largest body that it takes, in bytes.
    pub(crate) max_body: usize,
    /// True if it is refused before anything else while the queue of searches is full.
    pub(crate) sheds: bool,
    pub(crate) face: Face,
}

impl Policy {
    /// For this role and everybody above; small bodies, never shed.
    pub(crate) const fn new(role: Option<Role>, effect: Effect, face: Face) -> Self {
        Self { role, effect, max_body: MAX_BODY, sheds: false, face }
    }
}

/// One method at one path, and its policy: a route as its surface lists it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the router has it; the matrix of roles and routes asks here")
    )]
    pub(crate) method: Method,
    /// The template of its address, by which requests are counted.
    pub(crate) path: String,
    pub(crate) policy: Policy,
}

/// A route with what answers it.
pub(crate) struct Endpoint<S> {
    pub(crate) entry: Arc<Entry>,
    /// Where it is below the surface's own root.
    at: &'static str,
    run: MethodRouter<S>,
}

/// The routes of a surface below one address.
pub(crate) struct Table<S> {
    root: &'static str,
    endpoints: Vec<Endpoint<S>>,
}

impl<S: Clone + Send + Sync + 'static> Table<S> {
    pub(crate) const fn below(root: &'static str) -> Self {
        Self { root, endpoints: Vec::new() }
    }

    /// Adds a route for each of these methods at each of these paths.
    #[expect(clippy::needless_pass_by_value, reason = "handlers are closures, written where they are listed")]
    pub(crate) fn add<H, T>(&mut self, policy: Policy, methods: &[Method], paths: &[&'static str], handler: H)
    where
        H: Handler<T, S> + Clone,
        T: 'static,
    {
        for at in paths {
            for method in methods {
                let path = format!("{}{at}", self.root);
                let entry = Arc::new(Entry { method: method.clone(), path, policy });
                self.endpoints.push(Endpoint { entry, at, run: on(filter_of(method), handler.clone()) });
            }
        }
    }

    /// All routes, each with what `around` puts around its handler.
    pub(crate) fn mapped(self, around: impl Fn(MethodRouter<S>) -> MethodRouter<S>) -> Vec<Endpoint<S>> {
        let around = |endpoint: Endpoint<S>| Endpoint { run: around(endpoint.run), ..endpoint };
        self.endpoints.into_iter().map(around).collect()
    }

    /// All routes.
    pub(crate) fn done(self) -> Vec<Endpoint<S>> {
        self.endpoints
    }
}

/// GET answers HEAD, too.
pub(crate) const fn filter_of(method: &Method) -> MethodFilter {
    match *method {
        Method::POST => MethodFilter::POST,
        Method::PUT => MethodFilter::PUT,
        Method::DELETE => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    }
}

/// The router of these routes, with the door before each.
pub(crate) fn router_of<S>(endpoints: Vec<Endpoint<S>>, door: &Arc<Door>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    endpoints.into_iter().fold(Router::new(), |router, endpoint| {
        let before = from_fn_with_state((Arc::clone(door), endpoint.entry), through);
        router.route(endpoint.at, endpoint.run.layer(before))
    })
}

/// The door as a layer around one handler.
pub(crate) async fn through(
    State((door, entry)): State<(Arc<Door>, Arc<Entry>)>,
    request: Request,
    next: Next,
) -> Response {
    crate::door::pass(&door, &entry, request, |request| next.run(request)).await
}
