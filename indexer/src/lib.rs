//! The indexes that hold the documents of the [`views`].
//!
//! The documents of a view live in [`Generation`]s, Tantivy indexes of which one is live and any number can be built beside it.
//! [`Workers`] keep the live ones up to date; [`Indexes::rebuild`] makes a new one from nothing but the log
//! ([`Indexes::start_rebuild`] in the background, [`Indexes::building`] says how far it is, in whichever process),
//! and [`Indexes::rollback`] takes the one before it back.
//!
//! What is *not* here: what a document is (crate `views`), how archives are read (crate `ingest`), queries and HTTP (crate `search-api`). Nothing here
//! ever writes to the log.

mod as_of;
mod building;
mod check;
mod commit;
mod directory;
mod error;
mod failing;
mod fanout;
pub mod generation;
mod health;
mod indexed;
mod indexes;
mod intake;
mod job;
mod kept;
mod listing;
mod live;
mod locks;
mod merging;
mod moment;
mod parts;
mod pin;
mod progress;
mod purge;
mod rebuild;
mod schema;
mod sealed;
mod takedown;
mod tokenizer;
mod waiting;
mod worker;
mod writer;

pub use as_of::check_name;
pub use building::BuildStatus;
pub use check::CheckReport;
pub use error::IndexError;
pub use generation::{Generation, GenerationInfo, IndexSearcher, Languages};
pub use health::{Damage, Verified};
pub use indexed::Indexed;
pub use indexes::{Indexes, ViewStatus};
pub use job::RebuildJob;
pub use listing::{GenerationState, GenerationStatus};
pub use pin::{Pin, PinClosed, PinnedAt};
pub use progress::{Phase, Progress};
pub use rebuild::{RebuildOptions, Rebuilt};
pub use schema::{IndexedField, ViewSchema};
pub use tokenizer::{analysers, writers_analysers};
pub use waiting::Waited;
pub use worker::Workers;
