//! Opening a log: what a crash left is removed, what is due is done.

use std::{fs, path::Path};

use crate::{
    error::OpenError,
    log::{bell::Bell, clock::ClockWatch, handle::Log, options::LogOptions, volumes::Volumes},
};

impl Log {
    /// Opens the log in `dir`, which is made when it is not there.
    ///
    /// # Errors
    /// [`OpenError`]: no access, not a log, of a newer format, or open in this process already.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(dir, LogOptions::default())
    }

    /// Opens the log in `dir` in this way; like [`Self::open`] otherwise.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(dir: impl AsRef<Path>, options: LogOptions) -> Result<Self, OpenError> {
        let dir = dir.as_ref().to_owned();
        fs::create_dir_all(&dir).map_err(|error| OpenError::Directory { dir: dir.clone(), error })?;
        let failed = |error| OpenError::Directory { dir: dir.clone(), error };
        let volumes = Volumes::open(&dir, &options)?;
        volumes.clean().map_err(failed)?;
        let bell = Bell::new(&dir).map_err(failed)?;
        let log = Self::of(dir, volumes, bell, ClockWatch::new(options.clock, options.trust_clock));
        let (tables, txn) = log.read()?;
        log.learn_dictionaries(&tables, &txn)?;
        drop(txn);
        drop(tables);
        log.renew_catalog()
            .map_err(|error| OpenError::Catalog { dir: log.dir().to_owned(), error: Box::new(error) })?;
        if let Err(error) = log.forget_what_is_due() {
            tracing::warn!(%error, "what was erased is still in the log's files; the next opening tries again");
        }
        Ok(log)
    }
}
