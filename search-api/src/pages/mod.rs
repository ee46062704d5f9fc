//! The web pages: what a reader with a browser sees of the archive.
//!
//! Each page is a function from what the log and the index say to HTML: no state of its own, no build step, nothing
//! loaded from elsewhere. All of it works without JavaScript; `assets/morgue.js` adds keys, dragging and suggestions.
//!
//! Whatever comes from the archive is escaped by the templates. The one exception, the fragments that the highlighter
//! has escaped itself, goes through `text::fragment`.

mod address;
mod article;
mod assets;
mod byline;
mod charts;
mod cite;
mod dates;
mod difference;
mod error;
mod facets;
mod histogram;
mod history;
mod hits;
mod image;
mod layout;
mod media;
mod opensearch;
mod reading;
mod results;
mod routes;
mod saved;
mod search;
mod shown;
mod sign_in;
mod status;
mod text;
mod timeline;

use std::{path::PathBuf, sync::Arc};

use crate::{ApiState, PublicUrl};

pub(crate) use self::{error::in_house_look, routes::routes};

pub(crate) use self::address::{asset as asset_href, encode, public as public_href};

/// How the pages present an archive.
#[derive(Debug, Clone)]
pub struct PagesConfig {
    /// The name at the head of every page: the newspaper's.
    pub title: String,
    /// Where the pictures are that renditions name by a relative path; the first directory that has one counts.
    pub media: Vec<PathBuf>,
    /// Where readers find the archive: citations and feeds say it, and no other pages are our own. Without, citations say
    /// no address.
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
    state: ApiState,
    config: Arc<PagesConfig>,
    /// What the machine room's charts show.
    gauges: Arc<status::Gauges>,
}

impl Pages {
    pub(crate) fn new(state: ApiState, config: PagesConfig) -> Self {
        let gauges = status::Gauges::start(&state.search);
        Self { state, config: Arc::new(config), gauges }
    }
}
