//! The indexes that hold the documents of the [`views`].
//!
//! The documents of a view live in [`Generation`]s, indexes of an [`end`] of which one is live and any number can be built beside it.
//! [`Workers`] keep the live ones up to date; [`Indexes::rebuild`] makes a new one from nothing but the log
//! ([`Indexes::start_rebuild`] in the background, [`Indexes::building`] says how far it is, in whichever process),
//! and [`Indexes::rollback`] takes the one before it back.
//!
//! Not here: documents (crate `views`), writing and reading an index (crates in `ends/`), reading archives (crate `ingest`),
//! queries and HTTP (crate `search-api`). Nothing here ever writes to the log.

mod as_of;
mod building;
mod check;
mod commit;
mod error;
mod failing;
mod fanout;
pub mod generation;
mod health;
mod indexes;
mod intake;
mod job;
mod listing;
mod live;
mod locks;
mod moment;
mod parts;
mod pin;
mod progress;
mod purge;
mod rebuild;
mod takedown;
mod waiting;
mod worker;
mod writer;

/// The end that holds the indexes: what it is asked and answers. There is one; with a second, an enum of both stands here.
pub use end_tantivy as end;

pub use as_of::check_name;
pub use building::BuildStatus;
pub use check::CheckReport;
pub use error::IndexError;
pub use generation::{Generation, GenerationInfo, IndexSearcher};
pub use health::{Damage, Verified};
pub use indexes::{Indexes, ViewStatus};
pub use job::RebuildJob;
pub use listing::{GenerationState, GenerationStatus};
pub use pin::{Pin, PinClosed, PinnedAt};
pub use progress::{Phase, Progress};
pub use rebuild::{RebuildOptions, Rebuilt};
pub use waiting::Waited;
pub use worker::Workers;
