//! Errors of an index.

use std::{io::ErrorKind, path::PathBuf};

use end_tantivy::{EndError, is_no_room};
use store::{FollowError, LostTail, ReadError, Seq};
use views::ViewId;

/// The reason why an index cannot be used, built or written.
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
        /// The file or directory.
        path: PathBuf,
        /// The system's error.
        error: std::io::Error,
    },
    /// A file of ours in an index's directory cannot be understood.
    #[error("{path} cannot be understood ({why}); `morgue rebuild` makes a new index from the log")]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// The fault.
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
        /// The view.
        view: ViewId,
    },
    /// A new generation does not hold what the log says; it did not go live.
    #[error("the new generation {name} of {} does not hold what the log says at {seq}: {found} instead of {expected}; the one before stays live", view.name())]
    CheckFailed {
        /// Of which view.
        view: ViewId,
        /// The new generation.
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
        /// The generation.
        name: String,
        /// The damage that was found.
        why: String,
    },
    /// The view is being built already.
    #[error("{} is being built already{}: wait until that is done, or stop it", view.name(), generation.as_ref().map_or_else(String::new, |name| format!(" ({name})")))]
    Busy {
        /// The view.
        view: ViewId,
        /// The generation that is being built, where that is known.
        generation: Option<String>,
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

/// Returns what was read; `None` where it is gone, damaged or out of service, for those who can do without it.
///
/// # Errors
/// Any other [`IndexError`]: the next try may read it.
pub(crate) fn if_whole<T>(read: Result<T, IndexError>) -> Result<Option<T>, IndexError> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(IndexError::NoGeneration { .. } | IndexError::Gone { .. }) => Ok(None),
        Err(error) if error.is_damage() => Ok(None),
        Err(error) => Err(error),
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

#[cfg(test)]
mod tests {
    use std::fs;

    use store::Log;
    use views::ARTICLES;

    use super::*;
    use crate::Indexes;

    /// A file that a moment's lack of handles or a wrong owner keeps from being read is still there: a build is not given
    /// up for it, and a generation is neither removed nor called needless.
    #[test]
    fn a_file_that_cannot_be_read_is_not_taken_for_one_that_is_gone() {
        let home = tempfile::tempdir().unwrap();
        let log = Log::open(home.path().join("log")).unwrap();
        let indexes = Indexes::open(log, home.path().join("indexes")).unwrap();
        let dir = home.path().join("indexes").join(ARTICLES.name());
        // A directory in its place is what no read reads.
        let unreadable = |name: &str| {
            let path = dir.join(name);
            if path.is_file() {
                fs::remove_file(&path).unwrap();
            }
            fs::create_dir_all(&path).unwrap();
            move |error: Option<IndexError>| match error {
                Some(IndexError::Io { path: told, .. }) => assert_eq!(told, path),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(indexes.as_of_what(ARTICLES, "@then").unwrap(), None);
        let told = unreadable("@then/generation.json");
        told(indexes.as_of_what(ARTICLES, "@then").err());
        told(indexes.to_mend(ARTICLES).err());
        fs::remove_dir_all(dir.join("@then")).unwrap();

        let told = unreadable("g000002/build");
        told(indexes.list(ARTICLES).err());
        fs::remove_dir_all(dir.join("g000002")).unwrap();

        assert_eq!(indexes.failing(ARTICLES), None);
        fs::create_dir(dir.join("failing")).unwrap();
        assert!(indexes.failing(ARTICLES).unwrap().starts_with(&dir.join("failing").display().to_string()));

        let told = unreadable("live");
        told(indexes.list(ARTICLES).err());
    }
}
