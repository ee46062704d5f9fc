//! The native API: its routes as a table, from which the router, the checks of parameters, the roles and the OpenAPI
//! document come.

pub(crate) mod answer;
mod asked;
mod assets;
pub(crate) mod atom;
mod change;
mod docs;
mod events;
mod export;
mod metrics;
mod openapi;
pub(crate) mod param;
pub(crate) mod rebuild;
pub(crate) mod route;
pub(crate) mod routes;
mod search;
pub(crate) mod status;
pub(crate) mod table;

use axum::Router;

use crate::state::ApiState;

/// Returns the router of all routes, with the door before each.
pub(crate) fn router() -> Router<ApiState> {
    route::router_of(&routes::ROUTES)
}
