//! The door of those who append: a few at a time, a few more who wait, and everybody else is told at once to come again.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::SearchError;

/// A bounded queue before the log.
#[derive(Clone)]
pub(crate) struct Intake {
    /// Those who are in or wait.
    all: Arc<Semaphore>,
    /// Those who are in.
    inside: Arc<Semaphore>,
    places: usize,
}

/// Whoever holds it is in.
pub(crate) struct Entered {
    _all: OwnedSemaphorePermit,
    _inside: OwnedSemaphorePermit,
}

impl Intake {
    pub(super) fn new(inside: usize, waiting: usize) -> Self {
        let places = inside.saturating_add(waiting);
        Self { all: Arc::new(Semaphore::new(places)), inside: Arc::new(Semaphore::new(inside)), places }
    }

    /// Waits for a place, if there is still room to wait.
    ///
    /// # Errors
    /// [`SearchError::Busy`] when there is none.
    pub(crate) async fn enter(&self) -> Result<Entered, SearchError> {
        let all = Arc::clone(&self.all).try_acquire_owned().map_err(|_| SearchError::Busy)?;
        let inside = Arc::clone(&self.inside).acquire_owned().await.map_err(|_| SearchError::Stopping)?;
        Ok(Entered { _all: all, _inside: inside })
    }

    /// How many are in or wait.
    pub(super) fn len(&self) -> usize {
        self.places.saturating_sub(self.all.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_finds_it_full_is_told_at_once() {
        let intake = Intake::new(1, 1);
        let first = intake.enter().await.unwrap();
        let waiting = tokio::spawn({
            let intake = intake.clone();
            async move { intake.enter().await.map(drop) }
        });
        while intake.len() < 2 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(intake.enter().await, Err(SearchError::Busy)));
        drop(first);
        waiting.await.unwrap().unwrap();
        assert_eq!(intake.len(), 0);
        drop(intake.enter().await.unwrap());
    }
}
