//! Errors of an index in Tantivy.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use tantivy::{
    TantivyError,
    directory::error::{LockError, OpenReadError, OpenWriteError},
};

/// Why an index cannot be opened, written or read.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// Tantivy or the disk fails.
    #[error("the index in {dir} fails: {error}; `morgue rebuild` makes a new one from the log")]
    Tantivy {
        /// Which.
        dir: PathBuf,
        /// Tantivy's own error.
        error: TantivyError,
    },
    /// There is no room to write.
    #[error(
        "the disk is full: {path} cannot be written ({why}); the last commit serves on, and indexing goes on by itself when there is room"
    )]
    DiskFull {
        /// The file or directory.
        path: PathBuf,
        /// The system's own words.
        why: String,
    },
    /// A file or directory cannot be used.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// The system's own words.
        error: std::io::Error,
    },
    /// A file of the index cannot be understood.
    #[error("{path} cannot be understood ({why}); `morgue rebuild` makes a new index from the log")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

impl EndError {
    /// Returns true if what is on disk is not what was written, so that trying again is of no use.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Unreadable { .. } => true,
            Self::Tantivy { error, .. } => tells_of_damage(error),
            Self::Io { error, .. } => error.kind() == ErrorKind::NotFound,
            Self::DiskFull { .. } => false,
        }
    }

    /// Returns what was found, without what to do.
    pub fn cause(&self) -> String {
        match self {
            Self::Tantivy { error, .. } => error.to_string(),
            Self::Unreadable { path, why } => format!("{}: {why}", path.display()),
            Self::Io { .. } | Self::DiskFull { .. } => self.to_string(),
        }
    }

    /// Returns the error of what tantivy said of the index in this directory.
    pub(crate) fn of_tantivy(dir: &Path, error: TantivyError) -> Self {
        match no_room(&error) {
            Some(said) => Self::DiskFull { path: dir.to_owned(), why: said },
            None => Self::Tantivy { dir: dir.to_owned(), error },
        }
    }
}

/// Names the index in tantivy's error.
pub(crate) fn failed(dir: &Path) -> impl FnOnce(TantivyError) -> EndError + '_ {
    |error| EndError::of_tantivy(dir, error)
}

/// Names the file in an I/O error.
pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> EndError + '_ {
    |error| match is_no_room(&error) {
        true => EndError::DiskFull { path: path.to_owned(), why: error.to_string() },
        false => EndError::Io { path: path.to_owned(), error },
    }
}

/// Returns what the system said where there was no room.
fn no_room(error: &TantivyError) -> Option<String> {
    let error = match error {
        TantivyError::IoError(error)
        | TantivyError::OpenWriteError(OpenWriteError::IoError { io_error: error, .. })
        | TantivyError::OpenReadError(OpenReadError::IoError { io_error: error, .. })
        | TantivyError::LockFailure(LockError::IoError(error), _) => error,
        // Tantivy tells some by their text alone.
        TantivyError::InternalError(text) | TantivyError::ErrorInThread(text) => {
            let code = text.rsplit_once("(os error ")?.1.split(')').next()?.parse().ok()?;
            &Arc::new(std::io::Error::from_raw_os_error(code))
        }
        _ => return None,
    };
    is_no_room(error).then(|| error.to_string())
}

/// Returns true if the system says that there is no room.
pub fn is_no_room(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

fn tells_of_damage(error: &TantivyError) -> bool {
    let io = |error: &std::io::Error| {
        matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof | ErrorKind::NotFound)
    };
    match error {
        TantivyError::DataCorruption(_)
        | TantivyError::IncompatibleIndex(_)
        | TantivyError::FieldNotFound(_)
        | TantivyError::OpenReadError(
            OpenReadError::FileDoesNotExist(_) | OpenReadError::IncompatibleIndex(_),
        ) => true,
        TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. })
        | TantivyError::IoError(io_error) => io(io_error),
        _ => false,
    }
}
