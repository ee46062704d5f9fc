//! The query language, its executor, and the HTTP API.
//!
//! [`Search`] answers [`SearchRequest`]s over the indexes of an archive; what is looked for is a [`query::Query`], the
//! query DSL of Elasticsearch as types. [`router`] and [`serve`] put it on HTTP;
//! [`pages`] are for readers with a browser.
//!
//! What is *not* here: how documents are made and indexed (crate `indexer`), what an event must satisfy (crate
//! `store`). Only this crate knows HTTP.

mod error;
mod es;
mod execute;
mod highlight;
mod http;
pub mod pages;
pub mod query;
mod request;
mod search;
mod views;

pub use error::SearchError;
pub use execute::{Aggregation, AggregationKind, SortValue, Stat};
pub use highlight::{HighlightField, HighlightOptions};
pub use http::{ApiState, ServerLimits, router, serve, serve_router};
pub use request::{MAX_LIMIT, SearchRequest, Sort};
pub use search::{Hit, Search, SearchResponse, TIME_LIMIT, WAIT_LIMIT};
