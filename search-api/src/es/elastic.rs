//! State that the routes of Elasticsearch's API share beside that of all surfaces.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;

use super::points::Points;
use crate::state::ApiState;

/// The state of all routes below `/es`. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Elastic {
    api: ApiState,
    /// Points in time and scrolls that clients have opened.
    pub(super) points: Arc<Points>,
}

impl Elastic {
    /// Returns the state of a server on which nothing is open yet.
    pub(crate) fn new(api: ApiState) -> Self {
        Self { api, points: Arc::default() }
    }
}

impl Deref for Elastic {
    type Target = ApiState;

    fn deref(&self) -> &ApiState {
        &self.api
    }
}

impl FromRef<Elastic> for ApiState {
    fn from_ref(elastic: &Elastic) -> Self {
        elastic.api.clone()
    }
}
