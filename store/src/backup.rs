//! Backups: a consistent, compact copy of the log while everything runs, and the way back.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use heed::CompactionOption;

use crate::{
    error::{AppendError, OpenError, ReadError},
    log::{Log, LogHead},
    verify::{Progress, VerifyReport},
    volume::{VolumeNumber, sync_dir, write_current},
};

/// Why there is no backup, or no log from one.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The destination holds something.
    #[error("{dir} is not empty: name a directory that does not exist yet")]
    NotEmpty {
        /// Which.
        dir: PathBuf,
    },
    /// The destination cannot be written. What was written of it is removed.
    #[error("{dir} cannot be written: {error}")]
    Write {
        /// Which.
        dir: PathBuf,
        /// What the system or LMDB said.
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
        /// Which.
        dir: PathBuf,
        /// What is wrong.
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
        let dest = dest.as_ref();
        claim(dest)?;
        let copied = self.copy_to(dest).and_then(|()| Ok(Self::open(dest)?.head()?));
        if copied.is_err() {
            remove(dest);
        }
        copied
    }

    /// Makes a log in `dest`, which must not exist or be empty, of a backup, and verifies it.
    ///
    /// # Errors
    /// [`BackupError`]; what was written is removed then.
    pub fn restore(
        backup: impl AsRef<Path>,
        dest: impl AsRef<Path>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<VerifyReport, BackupError> {
        let (backup, dest) = (backup.as_ref(), dest.as_ref());
        if !backup.join("CURRENT").is_file() {
            let dir = backup.to_owned();
            return Err(OpenError::NotALog { dir, why: "its file CURRENT is missing" }.into());
        }
        Self::open(backup)?.backup(dest)?;
        let report = Self::open(dest)?.verify(None, progress)?;
        if !report.is_clean() {
            remove(dest);
            return Err(BackupError::Damaged { dir: backup.to_owned(), report: Box::new(report) });
        }
        Ok(report)
    }

    fn copy_to(&self, dest: &Path) -> Result<(), BackupError> {
        let failed = |error| BackupError::Write { dir: dest.to_owned(), error };
        let io_failed = |error: io::Error| failed(error.into());
        let volume = dest.join(VolumeNumber::FIRST.to_string());
        let unfinished = dest.join("unfinished");
        fs::create_dir(&unfinished).map_err(io_failed)?;
        self.forget_what_is_due().map_err(|error| BackupError::NotForgotten(Box::new(error)))?;
        let (tables, txn) = self.read()?;
        drop(txn); // the copy has its own
        let file = tables.env.copy_to_path(unfinished.join("data.mdb"), CompactionOption::Enabled);
        file.map_err(failed)?.sync_all().map_err(io_failed)?;
        sync_dir(&unfinished).map_err(io_failed)?;
        fs::rename(&unfinished, &volume).map_err(io_failed)?;
        write_current(dest, VolumeNumber::FIRST).map_err(io_failed)
    }
}

/// Makes the directory, or takes it if it is empty.
fn claim(dest: &Path) -> Result<(), BackupError> {
    let failed = |error: io::Error| BackupError::Write { dir: dest.to_owned(), error: error.into() };
    fs::create_dir_all(dest).map_err(failed)?;
    if fs::read_dir(dest).map_err(failed)?.next().is_some() {
        return Err(BackupError::NotEmpty { dir: dest.to_owned() });
    }
    if let Some(parent) = dest.parent()
        && let Ok(parent) = File::open(parent)
        && let Err(error) = parent.sync_all()
    {
        tracing::debug!(%error, "the directory above the backup cannot be synced");
    }
    Ok(())
}

/// Takes back what was begun in a directory that was empty.
fn remove(dest: &Path) {
    if let Err(error) = fs::remove_dir_all(dest) {
        tracing::warn!(%error, dir = %dest.display(), "an unfinished copy is left behind");
    }
}
