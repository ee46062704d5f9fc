//! What a load tells beside its counts: how files were understood, and what in records is doubtful.

use std::sync::{Mutex, PoisonError};

use crate::load::ReasonCount;

/// What is told of one load, by all its threads.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<Vec<ReasonCount>>);

impl Notes {
    /// Tells something of this place, written as the user would write it.
    pub(crate) fn tell(&self, place: String, what: impl Into<String>) {
        let note = ReasonCount::one(place, what.into());
        note.add_to(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Everything that was told, each thing once with its places.
    pub(crate) fn take(&self) -> Vec<ReasonCount> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
