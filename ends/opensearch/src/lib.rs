//! The end in a cluster: documents in OpenSearch (2.19, 3.x) or Elasticsearch (8, 9), written by the same batches as the
//! embedded one's.
//!
//! A generation of a view is an index of its own ([`Shelf`]), an alias is what is live, and going live is one request. A
//! [`Writer`] puts documents in bulk with the batch's seq as their version, so that repeating a batch and coming late with one
//! are harmless; what is gone stays as an empty marker with its version; the checkpoint is a document of the index, written after
//! all before it is acknowledged. [`holds`] reads back which documents an index has, with their digests.
//!
//! Running text is indexed by the rules of `views`: its terms are handed over as [tokens](mapping::token), parted by spaces,
//! under `_morgue`; beside that a document is its readable JSON.
//!
//! What is *not* here: which documents there are (crate `views`), and when they are written (crate `indexer`). Only this crate
//! knows the cluster and its client.

mod client;
mod document;
mod error;
mod held;
mod lease;
pub mod mapping;
mod settings;
mod shelf;
mod write;

pub use client::{Answer, Client, Method};
pub use document::{put_document, put_gone};
pub use error::{EndError, Kind};
pub use held::{Held, holds};
pub use lease::{Lease, LeaseError};
pub use settings::{Secret, Settings};
pub use shelf::{Checkpoint, OnShelf, Shelf};
pub use write::{WriteStats, Writer};
