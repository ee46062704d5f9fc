//! The state that pages are made from.

use std::{path::PathBuf, sync::Arc};

use super::status::gauges::Gauges;
use crate::{door::site::PublicUrl, state::ApiState};

/// The presentation of an archive on the pages.
#[derive(Debug, Clone)]
pub struct PagesConfig {
    /// The name at the head of every page: the newspaper's.
    pub title: String,
    /// The directories of the pictures that renditions name by a relative path; the first that has one counts.
    pub media: Vec<PathBuf>,
    /// The address at which readers find the archive: citations and feeds say it, and no other pages are our own. Without it,
    /// citations say no address.
    pub public_url: Option<PublicUrl>,
    /// The data directory's quarantine, which the machine room shows.
    pub quarantine: Option<PathBuf>,
}

impl Default for PagesConfig {
    fn default() -> Self {
        Self { title: "The Morgue".to_owned(), media: Vec::new(), public_url: None, quarantine: None }
    }
}

/// Everything that a page is made from. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pages {
    pub(super) state: ApiState,
    pub(super) config: Arc<PagesConfig>,
    /// The values of the machine room's charts.
    pub(super) gauges: Arc<Gauges>,
}

impl Pages {
    pub(crate) fn new(state: ApiState, config: PagesConfig) -> Self {
        let gauges = Gauges::start(&state.search);
        Self { state, config: Arc::new(config), gauges }
    }
}
