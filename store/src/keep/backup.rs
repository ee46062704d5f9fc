//! Backups: a consistent, compact copy of the log while everything runs, and the way back.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use heed::CompactionOption;

use crate::{
    error::{AppendError, OpenError, ReadError},
    keep::verify::{Progress, VerifyReport},
    log::{
        handle::Log,
        head::LogHead,
        turn::{NEXT, WRITER},
        volume::VolumeNumber,
        volumes::{LOCK, UNFINISHED, lock_file, sync_dir, write_current},
    },
};

/// The reason why there is no backup, or no log from one.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The destination holds something.
    #[error("{dir} is not empty: name a directory that does not exist yet")]
    NotEmpty {
        /// The directory.
        dir: PathBuf,
    },
    /// The destination lies in what is copied, where the next opening would take it for a leftover, and remove it.
    #[error("{dir} lies in the log that is copied, {log}: name a directory elsewhere, best on another disk")]
    Inside {
        /// Which.
        dir: PathBuf,
        /// The log's own directory.
        log: PathBuf,
    },
    /// The destination cannot be written. What was written of it is removed.
    #[error("{dir} cannot be written: {error}")]
    Write {
        /// The directory.
        dir: PathBuf,
        /// The error of the system or of LMDB.
        error: heed::Error,
    },
    /// Erased bytes are still in the log's files, and would go into the copy.
    #[error("what was erased cannot be driven out of the log before the copy: {0}")]
    NotForgotten(Box<AppendError>),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The backup or the copy cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The backup is damaged; nothing of it is left at the destination.
    #[error("the backup in {dir} is damaged ({} problems, the first: {}): use an older one", .report.problems.len(), first(.report))]
    Damaged {
        /// The directory.
        dir: PathBuf,
        /// The report of the verification.
        report: Box<VerifyReport>,
    },
}

fn first(report: &VerifyReport) -> String {
    report.problems.first().map_or_else(String::new, ToString::to_string)
}

impl Log {
    /// Copies the log as of now to `dest`, which must not exist or be empty, while readers and writers go on.
    /// The copy is a log itself: it can be opened, verified and restored. Returns its head when all of it is
    /// on disk.
    ///
    /// # Errors
    /// [`BackupError`]; what was written is removed then.
    pub fn backup(&self, dest: impl AsRef<Path>) -> Result<LogHead, BackupError> {
        refuse_inside(dest.as_ref(), self.dir())?;
        make(dest.as_ref(), |unfinished| {
            self.copy_to(unfinished)?;
            Ok(Self::open(unfinished)?.head()?)
        })
    }

    /// Makes a log in `dest`, which must not exist or be empty, of a backup, and verifies it. It is no log until it was
    /// found clean: if the process dies of a damaged backup, there is none, and the next try begins anew.
    ///
    /// # Errors
    /// [`BackupError`]; what was written is removed then.
    pub fn restore(
        backup: impl AsRef<Path>,
        dest: impl AsRef<Path>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<VerifyReport, BackupError> {
        let backup = backup.as_ref();
        let dir = || backup.to_owned();
        if !backup.join("CURRENT").is_file() {
            return Err(OpenError::NotALog { dir: dir(), why: "its file CURRENT is missing" }.into());
        }
        refuse_inside(dest.as_ref(), backup)?;
        make(dest.as_ref(), |unfinished| {
            Self::open(backup)?.copy_to(unfinished)?;
            let report = Self::open(unfinished)?.verify(None, progress)?;
            if report.is_clean() {
                Ok(report)
            } else {
                Err(BackupError::Damaged { dir: dir(), report: Box::new(report) })
            }
        })
    }

    /// Removes what [`Self::backup`] or [`Self::restore`] left in `dest` when its process died.
    ///
    /// # Errors
    /// [`BackupError`]: something else is there, or another process is at work.
    pub fn discard_unfinished(dest: impl AsRef<Path>) -> Result<(), BackupError> {
        let dest = dest.as_ref();
        let _lock = claim(dest)?;
        remove(dest);
        Ok(())
    }

    /// Makes a log in `dir`, which must not exist, of this one.
    fn copy_to(&self, dir: &Path) -> Result<(), BackupError> {
        let failed = |error| BackupError::Write { dir: dir.to_owned(), error };
        let io_failed = |error: io::Error| failed(error.into());
        let volume = dir.join(VolumeNumber::FIRST.to_string());
        fs::create_dir_all(&volume).map_err(io_failed)?;
        self.forget_what_is_due().map_err(|error| BackupError::NotForgotten(Box::new(error)))?;
        let (tables, txn) = self.read()?;
        drop(txn); // the copy has its own
        let file = tables.env.copy_to_path(volume.join("data.mdb"), CompactionOption::Enabled);
        file.map_err(failed)?.sync_all().map_err(io_failed)?;
        sync_dir(&volume).map_err(io_failed)?;
        write_current(dir, VolumeNumber::FIRST).map_err(io_failed)
    }
}

/// Refuses a destination in the log's own directory, whatever links lead there.
fn refuse_inside(dest: &Path, log: &Path) -> Result<(), BackupError> {
    let failed = |error: io::Error| BackupError::Write { dir: dest.to_owned(), error: error.into() };
    let log = log.canonicalize().map_err(failed)?;
    let whole = std::path::absolute(dest).map_err(failed)?;
    // Of a path that is not there yet, the part that is.
    let there = whole.ancestors().find_map(|dir| dir.canonicalize().ok());
    match there.is_some_and(|there| there.starts_with(&log)) {
        true => Err(BackupError::Inside { dir: dest.to_owned(), log }),
        false => Ok(()),
    }
}

/// Makes a log in `dest`: first under another name, which nobody opens, and then in one step.
fn make<T>(dest: &Path, work: impl FnOnce(&Path) -> Result<T, BackupError>) -> Result<T, BackupError> {
    let _lock = claim(dest)?;
    let unfinished = dest.join(UNFINISHED);
    let made = work(&unfinished).and_then(|made| match publish(dest, &unfinished) {
        Ok(()) => Ok(made),
        Err(error) => Err(BackupError::Write { dir: dest.to_owned(), error: error.into() }),
    });
    if made.is_err() {
        remove(dest);
    }
    made
}

fn publish(dest: &Path, unfinished: &Path) -> io::Result<()> {
    let volume = VolumeNumber::FIRST.to_string();
    fs::rename(unfinished.join(&volume), dest.join(&volume))?;
    sync_dir(dest)?;
    write_current(dest, VolumeNumber::FIRST)?;
    fs::remove_dir_all(unfinished)
}

/// Makes the directory, or takes it if there is nothing in it but what a process left that died at this. Nobody else
/// takes it, and nobody makes a log there, as long as the lock is held.
fn claim(dest: &Path) -> Result<File, BackupError> {
    let failed = |error: io::Error| BackupError::Write { dir: dest.to_owned(), error: error.into() };
    fs::create_dir_all(dest).map_err(failed)?;
    refuse_what_is_not_ours(dest)?;
    let lock = lock_file(dest).map_err(failed)?;
    lock.try_lock().map_err(|error| failed(error.into()))?;
    refuse_what_is_not_ours(dest)?; // whoever had the lock may have finished
    for left in fs::read_dir(dest).map_err(failed)? {
        let left = left.map_err(failed)?;
        let is_dir = left.file_type().map_err(failed)?.is_dir();
        if left.file_name() != LOCK {
            let removed = if is_dir { fs::remove_dir_all(left.path()) } else { fs::remove_file(left.path()) };
            removed.map_err(failed)?;
        }
    }
    if let Some(parent) = dest.parent()
        && let Err(error) = sync_dir(parent)
    {
        tracing::debug!(%error, "the directory above the copy cannot be synced");
    }
    Ok(lock)
}

fn refuse_what_is_not_ours(dest: &Path) -> Result<(), BackupError> {
    let failed = |error: io::Error| BackupError::Write { dir: dest.to_owned(), error: error.into() };
    let volume = VolumeNumber::FIRST.to_string();
    let begun = dest.join(UNFINISHED).is_dir();
    for entry in fs::read_dir(dest).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy();
        let is_lock = [LOCK, WRITER, NEXT].contains(&&*name);
        let ours =
            is_lock || (begun && (name == UNFINISHED || name == volume || name.starts_with("CURRENT.")));
        if !ours {
            return Err(BackupError::NotEmpty { dir: dest.to_owned() });
        }
    }
    Ok(())
}

/// Takes back what was begun in a directory that was empty.
fn remove(dest: &Path) {
    if let Err(error) = fs::remove_dir_all(dest) {
        tracing::warn!(%error, dir = %dest.display(), "an unfinished copy is left behind");
    }
}
