//! Searching: a [`SearchRequest`](query::SearchRequest) in, hits with their evidence out.
//!
//! [`Search`] answers requests over the indexes of an archive. An index gives rows (seqs, scores, the values that they are
//! sorted by) and numbers; each hit is read back from the log, as its reader may see it, and highlighted.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//!
//! use query::SearchRequest;
//! use search::Search;
//! use store::{Article, AssetId, Log, NewEvent};
//! use views::ARTICLES;
//!
//! let dir = tempfile::tempdir()?;
//! let log = Log::open(dir.path().join("log"))?;
//! let article = Article { headline: "The ferries are late".into(), language: "en".into(), ..Article::default() };
//! log.append_one(&NewEvent::published(AssetId::new("a/1")?, article))?;
//! let indexes = indexer::Indexes::open(log.clone(), dir.path().join("indexes"))?;
//! indexes.catch_up(ARTICLES, log.head()?.seq, &AtomicBool::new(false), &|_| {})?;
//!
//! let found = Search::new(indexes).begin().search(&SearchRequest::from_params(&[("q", "ferry -fog")])?)?;
//! assert_eq!(found.total, 1);
//! assert_eq!(found.hits[0].highlights["headline"][0], "The <em>ferries</em> are late");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is *not* here: what can be asked (crate `query`), how an index answers (`indexer` and its end), HTTP and anybody's
//! form of an answer (crate `search-api`).

mod again;
mod answers;
pub mod cite;
mod engine;
mod error;
mod highlight;
mod inquiry;
mod kept;
mod run;
mod spelling;
mod suggest;

pub use engine::{Pinned, Search, WAIT_LIMIT, unseen};
pub use error::SearchError;
pub use indexer::end::{Budget, NearWord, Nearest, SearchLimits};
pub use inquiry::Inquiry;
pub use spelling::{better_spelling, nearest};
pub use suggest::{MAX_SUGGESTIONS, Suggester, Suggestion, SuggestionKind};
