//! Getting archives in: readers of their formats, normalising, quarantine.
//!
//! [`load`] takes files and folders as they are (formats are told by content; `.gz`, `.zst`, `.zip` and `.tar` are
//! opened), reads them on all cores, and appends their events to the [`Log`](store::Log) in the files' order. What
//! cannot be read lies in the [`Quarantine`] afterwards, whole, with its place and the reason.
//!
//! [`append`] checks that an event may come from a person or a source at all, for files, HTTP and the command line
//! alike.
//!
//! Not here: what any event must satisfy (crate `store` checks it when it is appended), and documents
//! and search (crate `indexer`).
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//!
//! use ingest::{LoadOptions, Quarantine, load};
//! use store::Log;
//!
//! let dir = tempfile::tempdir()?;
//! let archive = dir.path().join("1931.jsonl");
//! std::fs::write(&archive, r#"{"type":"article.published","id":"a/1","data":{"headline":"The cable is laid"}}"#)?;
//!
//! let log = Log::open(dir.path().join("log"))?;
//! let options = LoadOptions::new(vec![archive], Quarantine::at(dir.path().join("quarantine")));
//! let report = load(&log, &options, &(), &AtomicBool::new(false))?;
//! assert_eq!((report.events, report.articles, report.quarantined), (1, 1, 0));
//! // Loading twice adds nothing.
//! let again = load(&log, &options, &(), &AtomicBool::new(false))?;
//! assert_eq!((again.events, again.unchanged), (0, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod append;
mod charset;
mod credits;
mod cut;
mod cut_elements;
mod cut_json;
mod dates;
mod fields;
mod hints;
mod html;
mod link;
mod load;
mod look;
mod mapping;
mod names;
mod nested;
mod notes;
mod open;
mod packed;
mod pattern;
mod private;
mod publicity;
mod quarantine;
mod read;
mod reader;
mod record;
#[cfg(test)]
mod robust;
mod scan_json;
mod sent;
mod traces;
mod typed;
mod walk;
#[cfg(test)]
mod whole;
mod xml;

pub use charset::{Charset, UnknownCharset};
pub use hints::Hints;
pub use load::{
    FormatCount, LoadError, LoadOptions, LoadReport, Progress, Reading, Refused, RetryReport, Unpublished,
    load, retry, watch,
};
pub use look::{LookError, first_records, propose_mapping};
pub use mapping::{InvalidMapping, Mappings};
pub use names::nearest;
pub use notes::ReasonCount;
pub use pattern::{InvalidPattern, PathPattern};
pub use quarantine::{Quarantine, QuarantineError, Quarantined};
pub use read::{RecordRead, read};
pub use reader::format::Format;
pub use reader::stated_id::{InvalidStatedId, StatedId};
pub use reader::table::columns::{Column, Columns, InvalidColumn};
pub use sent::{NotRead, Sent};
pub use traces::Traces;
