//! The embedded end: an index in Tantivy, in a directory of its own.
//!
//! An [`Index`] is opened once; a [`Writer`] puts documents into it and deletes them, and commits with what the commit says
//! of itself (its checkpoint); a [`Searcher`] is the index at one commit, which holds documents by their ids, seqs and
//! digests. [`PartWriter`] makes parts of a new index, side by side. A [`Question`] to one view or several finds rows: seqs,
//! scores and the values that they are sorted by, never text; counts and numbers beside them. [`Searcher::near`] and [`Names`]
//! look words up.
//!
//! What is *not* here: which documents there are (crate `views`), what can be asked (crate `query`), when documents are
//! written and which index is live (crate `indexer`), hits. Only this crate knows Tantivy.

mod directory;
mod error;
mod index;
mod read;
mod schema;
pub mod sealed;
mod segments;
mod words;
mod write;

pub use error::{EndError, is_no_room};
pub use index::{Held, Index, Languages, Searcher, directory_id, verify};
pub use read::{
    Allowance, AskError, Asked, Budget, Examples, Lengths, Matching, NearWord, Question, ReadFailure, Row,
    Rows, SearchLimits, Steps,
};
pub use schema::{IndexedField, ViewSchema};
pub use words::{Name, Names, Nearest, Spelling};
pub use write::{Indexed, LEAST_PART_BYTES, PartWriter, TakenParts, Writer, analysers, writers_analysers};
