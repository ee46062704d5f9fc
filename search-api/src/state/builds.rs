//! The rebuild that a server runs: one at a time, which ends with the server.

use std::sync::{Mutex, PoisonError};

use indexer::{IndexError, Indexes, RebuildJob, RebuildOptions};
use store::AsOf;
use views::ViewId;

use crate::door::error::RequestError;

/// The last rebuild that this server has begun.
#[derive(Default)]
pub(crate) struct Begun(Mutex<Option<RebuildJob>>);

impl Begun {
    /// Begins one; the one before it has ended, or it is refused.
    pub(crate) fn begin(&self, indexes: &Indexes, views: &[ViewId]) -> Result<(), RequestError> {
        self.hold(|| indexes.start_rebuild(views, RebuildOptions::default()))
    }

    /// Begins to build the archive as it stood.
    pub(crate) fn begin_as_of(
        &self,
        indexes: &Indexes,
        views: &[ViewId],
        as_of: AsOf,
        name: &str,
    ) -> Result<(), RequestError> {
        self.hold(|| indexes.start_build_as_of(views, as_of, name))
    }

    fn hold(&self, start: impl FnOnce() -> Result<RebuildJob, IndexError>) -> Result<(), RequestError> {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *begun = Some(start()?);
        Ok(())
    }

    pub(crate) fn stop(&self) -> bool {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running = begun.as_ref().filter(|job| !job.is_finished());
        running.map(RebuildJob::stop).is_some()
    }

    /// Stops it and waits until it has stopped.
    pub(crate) fn end(&self) {
        self.stop();
        let job = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(error)) = job.map(RebuildJob::wait) {
            tracing::info!(%error, "the rebuild has ended with the server");
        }
    }
}
