//! The embedded end: an index in Tantivy, in a directory of its own.
//!
//! An [`Index`] is opened once; a [`Writer`] puts documents into it and deletes them, and commits with what the commit says
//! of itself (its checkpoint); a [`Searcher`] is the index at one commit, which holds documents by their ids, seqs and
//! digests. [`PartWriter`] makes parts of a new index, side by side.
//!
//! What is *not* here: which documents there are (crate `views`), when they are written and which index is live (crate
//! `indexer`). Only this crate knows Tantivy.

mod directory;
mod error;
mod index;
mod schema;
pub mod sealed;
mod write;

pub use error::{EndError, is_no_room};
pub use index::{Held, Index, Languages, Searcher, Stamp, verify};
pub use schema::{IndexedField, ViewSchema};
pub use write::{Indexed, LEAST_PART_BYTES, PartWriter, TakenParts, Writer, analysers, writers_analysers};
