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
mod headers;
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
mod state;
mod status;
mod text;
mod timeline;

pub(crate) use self::state::Pages;
pub use self::state::PagesConfig;
pub(crate) use self::{error::in_house_look, routes::routes};
