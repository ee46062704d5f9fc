//! Types that all handlers share.

use axum::{extract::Query as Params, response::Response};

use super::error::EsError;

/// A handler's answer.
pub(super) type Answer = Result<Response, EsError>;
/// The parameters of a request as they stand.
pub(super) type Pairs = Params<Vec<(String, String)>>;
