//! The routes of a surface, each with the door before it.
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

use super::{
    pass::pass,
    policy::{Entry, Policy},
    rules::Door,
};

/// A route with what answers it.
pub(crate) struct Endpoint<S> {
    pub(crate) entry: Arc<Entry>,
    /// The path below the surface's own root.
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
const fn filter_of(method: &Method) -> MethodFilter {
    match *method {
        Method::POST => MethodFilter::POST,
        Method::PUT => MethodFilter::PUT,
        Method::PATCH => MethodFilter::PATCH,
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
    pass(&door, &entry, request, |request| next.run(request)).await
}
