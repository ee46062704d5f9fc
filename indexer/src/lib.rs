//! Views over the log, and the indexes that hold them.
//!
//! A [`View`] makes documents out of assets: a pure function of an asset and a [`store::Snapshot`]. Its documents
//! live in [`Generation`]s, Tantivy indexes of which one is live and any number can be built beside it.
//! [`Workers`] keep the live ones up to date; [`Indexes::rebuild`] makes a new one from nothing but the log
//! ([`Indexes::start_rebuild`] in the background, [`Indexes::building`] says how far it is, in whichever process),
//! and [`Indexes::rollback`] takes the one before it back.
//!
//! What is *not* here: how archives are read (crate `ingest`), queries and HTTP (crate `search-api`). Nothing here
//! ever writes to the log.

mod analysis;
mod as_of;
mod building;
mod check;
mod commit;
mod directory;
mod document;
mod error;
mod failing;
mod fanout;
mod field;
pub mod form;
mod generation;
mod health;
mod indexes;
mod intake;
mod job;
mod kept;
mod language;
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
mod sealed;
mod stems;
mod takedown;
mod views;
mod waiting;
mod words;
mod worker;
mod writer;

pub use analysis::{ANALYSER_VERSION, Analyser, Term, analysers, writers_analysers};
pub use building::BuildStatus;
pub use check::CheckReport;
pub use document::{Document, Indexed, ViewDigest};
pub use error::IndexError;
pub use field::{EXACT, FieldKind, FieldSpec, IndexedField, ViewSchema, number_of, values_at};
pub use generation::{Generation, GenerationInfo, IndexSearcher};
pub use health::{Damage, Verified};
pub use indexes::{Indexes, ViewStatus};
pub use job::RebuildJob;
pub use language::Language;
pub use listing::{GenerationState, GenerationStatus};
pub use pin::{Pin, PinClosed, PinnedAt};
pub use progress::{Phase, Progress};
pub use rebuild::{RebuildOptions, Rebuilt};
pub use views::{Change, Known, Touch, VIEWS, View, view_of};
pub use waiting::Waited;
pub use words::is_unparted;
pub use worker::Workers;
