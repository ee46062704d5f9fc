//! What can go wrong with an index.

use std::path::PathBuf;

use store::{AssetKind, ReadError, Seq};
use tantivy::TantivyError;

/// Why an index cannot be used, built or written.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// Tantivy or the disk fails.
    #[error("the index in {dir} fails: {error}; `morgue rebuild` makes a new one from the log")]
    Tantivy {
        /// Which.
        dir: PathBuf,
        /// What tantivy said.
        error: TantivyError,
    },
    /// A file or directory cannot be used.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A file of ours in an index's directory cannot be understood.
    #[error("{path} cannot be understood ({why}); `morgue rebuild` makes a new index from the log")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// No such generation.
    #[error("there is no generation `{name}` of the view {}; `morgue generations` lists them", kind.plural())]
    NoGeneration {
        /// Of which view.
        kind: AssetKind,
        /// The name asked for.
        name: String,
    },
    /// A new generation does not hold what the log says; it did not go live.
    #[error("the new generation {name} of {} does not hold what the log says at {seq}: {found} instead of {expected}; the one before stays live", kind.plural())]
    CheckFailed {
        /// Of which view.
        kind: AssetKind,
        /// Which.
        name: String,
        /// At which seq.
        seq: Seq,
        /// Documents and digest computed from the log.
        expected: String,
        /// Documents and digest found in the index.
        found: String,
    },
    /// The index has taken in more than the log holds: the log has lost its end.
    #[error("the index of {} has taken in {checkpoint} events but the log ends at {head}: the log has lost its end; restore it from a backup, or run `morgue rebuild` to take the log as it is", kind.plural())]
    LogLostItsEnd {
        /// Of which view.
        kind: AssetKind,
        /// The index's checkpoint.
        checkpoint: Seq,
        /// The log's last event.
        head: Seq,
    },
    /// The user or the system asked for an end.
    #[error("stopped before it was done")]
    Stopped,
}

/// Names the file in an I/O error.
pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> IndexError {
    |error| IndexError::Io { path: path.into(), error }
}
