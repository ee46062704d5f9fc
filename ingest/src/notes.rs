//! Notes of a load beside its counts: how files were understood, and what in records is doubtful.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// A fault that some records have, or something else that is to be told of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReasonCount {
    /// The fault, and what to do.
    pub reason: String,
    /// The number of records that it is told of.
    pub records: u64,
    /// The places of the first of them, as the user would write them: `file`, or `file:line:column`.
    pub places: Vec<String>,
}

impl ReasonCount {
    /// The number of reasons that are told.
    const MAX_REASONS: usize = 10;
    /// The number of places that are told of each.
    const MAX_PLACES: usize = 3;

    /// Returns the count of one record.
    pub(crate) fn one(place: String, reason: String) -> Self {
        Self { reason, records: 1, places: vec![place] }
    }

    /// Adds itself to what is told.
    pub(crate) fn add_to(self, told: &mut Vec<Self>) {
        let has_room = told.len() < Self::MAX_REASONS;
        match told.iter_mut().find(|known| known.reason == self.reason) {
            Some(known) => {
                known.records += self.records;
                let room = Self::MAX_PLACES.saturating_sub(known.places.len());
                known.places.extend(self.places.into_iter().take(room));
            }
            None if has_room => told.push(self),
            None => {}
        }
    }
}

/// The notes of one load, by all its threads.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<Vec<ReasonCount>>);

impl Notes {
    /// Tells something of this place, written as the user would write it.
    pub(crate) fn tell(&self, place: String, what: impl Into<String>) {
        let note = ReasonCount::one(place, what.into());
        note.add_to(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Returns everything that was told, each thing once with its places.
    pub(crate) fn take(&self) -> Vec<ReasonCount> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
