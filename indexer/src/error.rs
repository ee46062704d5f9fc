//! Errors of an index.

use std::{io::ErrorKind, path::PathBuf};

use end_tantivy::{EndError, is_no_room};
use store::{FollowError, LostTail, ReadError, Seq};
use views::ViewId;

/// Why an index cannot be used, built or written.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The index itself fails.
    #[error(transparent)]
    End(EndError),
    /// There is no room to write.
    #[error(
        "the disk is full: {path} cannot be written ({why}); the last commit serves on, and indexing goes on by itself when there is room"
    )]
    DiskFull {
        /// The file or directory.
        path: PathBuf,
        /// The system's error.
        why: String,
    },
    /// A file or directory cannot be used.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// The system's error.
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
    #[error("there is no generation `{name}` of the view {}; `morgue generations` lists them", view.name())]
    NoGeneration {
        /// Of which view.
        view: ViewId,
        /// The name asked for.
        name: String,
    },
    /// The directory of a view was removed.
    #[error("the index of {} is gone: `morgue serve` makes it again from the log by itself, `morgue rebuild` does it now", view.name())]
    Gone {
        /// Which view.
        view: ViewId,
    },
    /// A new generation does not hold what the log says; it did not go live.
    #[error("the new generation {name} of {} does not hold what the log says at {seq}: {found} instead of {expected}; the one before stays live", view.name())]
    CheckFailed {
        /// Of which view.
        view: ViewId,
        /// Which.
        name: String,
        /// At which seq.
        seq: Seq,
        /// Documents and digest computed from the log.
        expected: String,
        /// Documents and digest found in the index.
        found: String,
    },
    /// The log has not what the index has taken in: it lost its end, or was put back and has grown another way.
    #[error(
        "{0}: restore the log from a backup that has it, or run `morgue rebuild` to take the log as it is"
    )]
    LostLog(LostTail),
    /// An index is not what was written; it is out of service.
    #[error("the generation {name} of {} is damaged and out of service: {why}; `morgue serve` builds it again from the log by itself, `morgue check --repair` does it now", view.name())]
    Damaged {
        /// Of which view.
        view: ViewId,
        /// Which generation.
        name: String,
        /// The damage that was found.
        why: String,
    },
    /// The view is being built already.
    #[error("{} is being built already{}: wait until that is done, or stop it", view.name(), if generation.is_empty() { String::new() } else { format!(" ({generation})") })]
    Busy {
        /// Which view.
        view: ViewId,
        /// The generation that is being built; empty if that is not known.
        generation: String,
    },
    /// A name that no generation can have.
    #[error(
        "`{0}` cannot be the name of a generation: use 1 to 60 letters, digits, `-`, `_` or `.`, the first of them a letter or a digit"
    )]
    InvalidName(String),
    /// Writing has failed before, and what was not committed then is lost.
    #[error(
        "the index in {0} is not written any more after an error: open it anew, it goes on from its last commit"
    )]
    Spoilt(PathBuf),
    /// A thread that made documents has panicked.
    #[error(
        "making a document has panicked: this is a fault in Morgue, please report it with the lines before; the index goes on from its last commit"
    )]
    Panicked,
    /// The user or the system asked for an end.
    #[error("stopped before it was done")]
    Stopped,
}

impl IndexError {
    /// Returns true if what is on disk is not what was written, so that trying again is of no use.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } | Self::Unreadable { .. } => true,
            Self::End(error) => error.is_damage(),
            Self::Io { path, error } => {
                error.kind() == ErrorKind::NotFound && path.file_name().is_some_and(|name| name != "live")
            }
            _ => false,
        }
    }
}

impl From<FollowError> for IndexError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Lost(lost) => Self::LostLog(lost),
            FollowError::Read(error) => error.into(),
        }
    }
}

impl From<EndError> for IndexError {
    fn from(error: EndError) -> Self {
        match error {
            EndError::DiskFull { path, why } => Self::DiskFull { path, why },
            error => Self::End(error),
        }
    }
}

/// Names the file in an I/O error.
pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> IndexError {
    |error| match is_no_room(&error) {
        true => IndexError::DiskFull { path: path.into(), why: error.to_string() },
        false => IndexError::Io { path: path.into(), error },
    }
}
