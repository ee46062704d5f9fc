//! The query language, its executor, and the HTTP API.
//!
//! [`Search`] answers [`SearchRequest`](query::SearchRequest)s over the indexes of an archive; what is looked for is a [`query::Query`], the
//! query DSL of Elasticsearch as types. [`router`] and [`serve`] put it on HTTP;
//! [`pages`] are for readers with a browser.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//!
//! use query::SearchRequest;
//! use search_api::Search;
//! use store::{Article, AssetId, AssetKind, Log, NewEvent};
//!
//! let dir = tempfile::tempdir()?;
//! let log = Log::open(dir.path().join("log"))?;
//! let article = Article { headline: "The ferries are late".into(), language: "en".into(), ..Article::default() };
//! log.append_one(&NewEvent::published(AssetId::new("a/1")?, article))?;
//! let indexes = indexer::Indexes::open(log.clone(), dir.path().join("indexes"))?;
//! indexes.catch_up(AssetKind::Article, log.head()?.seq, &AtomicBool::new(false), &|_| {})?;
//!
//! let found = Search::new(indexes).begin().search(&SearchRequest::from_params(&[("q", "ferry -fog")])?)?;
//! assert_eq!(found.total, 1);
//! assert_eq!(found.hits[0].highlights["headline"][0], "The <em>ferries</em> are late");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is *not* here: how documents are made and indexed (crate `indexer`), what an event must satisfy (crate
//! `store`). Only this crate knows HTTP.

mod app;
mod cite;
mod door;
mod error;
mod es;
mod highlight;
mod native;
pub mod pages;
mod search;
mod spelling;
mod state;
mod suggest;

pub use app::{app, router, serve};
pub use door::{
    access::{Access, InvalidKey, Role},
    cors::{InvalidOrigin, Origins},
    server::{ServerLimits, serve_router},
    site::{InvalidUrl, PublicUrl},
};
pub use error::SearchError;
pub use indexer::end::SearchLimits;
pub use native::answer::{HitAnswer, SearchAnswer};
pub use search::{Inquiry, Search, WAIT_LIMIT};
pub use spelling::better_spelling;
pub use state::ApiState;
pub use suggest::{MAX_SUGGESTIONS, Suggester, Suggestion, SuggestionKind};
