//! The archive on disk: one data directory with its log, its indexes and its quarantine.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use indexer::Indexes;
use ingest::Mappings;
use store::{Log, LogOptions};

/// Where everything of one archive lies.
pub(crate) struct Archive {
    dir: PathBuf,
    options: LogOptions,
    mappings: Mappings,
}

impl Archive {
    /// The archive in `dir`, whose log is opened with these options, and what is written to it read by these mappings.
    pub(crate) fn at(dir: PathBuf, options: LogOptions, mappings: Mappings) -> Self {
        Self { dir, options, mappings }
    }

    /// Returns the mappings of the configuration.
    pub(crate) fn mappings(&self) -> &Mappings {
        &self.mappings
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn quarantine_dir(&self) -> PathBuf {
        self.dir.join("quarantine")
    }

    pub(crate) fn log_dir(&self) -> PathBuf {
        self.dir.join("log")
    }

    /// The log; made when there is none.
    pub(crate) fn open_log(&self) -> Result<Log> {
        Log::open_with(self.log_dir(), self.options.clone()).map_err(|error| match is_denied(&error) {
            true => anyhow!(
                "{error}: whoever reads the log notes it there, and so must be allowed to write there"
            ),
            false => error.into(),
        })
    }

    /// Returns true if there is a log.
    pub(crate) fn exists(&self) -> bool {
        self.log_dir().is_dir()
    }

    /// The log of an archive that must be there: looking at nothing is a mistake in the directory's name.
    pub(crate) fn existing_log(&self) -> Result<Log> {
        if !self.exists() {
            bail!(
                "there is no archive in {}: load one with `morgue load PATH`, or name another directory with --data-dir",
                self.dir.display()
            );
        }
        self.open_log()
    }

    /// The indexes of this log; empty ones are made where there are none.
    pub(crate) fn open_indexes(&self, log: Log) -> Result<Indexes> {
        let dir = self.dir.join("indexes");
        Indexes::open(log, &dir).with_context(|| format!("the indexes in {} cannot be opened", dir.display()))
    }

    /// The indexes of an archive that must be there.
    pub(crate) fn existing_indexes(&self) -> Result<Indexes> {
        self.open_indexes(self.existing_log()?)
    }
}

/// Returns true if the system says that this may not be written.
fn is_denied(error: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::{Error, ErrorKind};
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    causes.any(|cause| {
        let kind = cause.downcast_ref::<Error>().map(Error::kind);
        matches!(kind, Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem))
    })
}
