//! The budget of bytes of records that are under way at once: the bound on a load's memory.

use std::sync::{Condvar, Mutex, PoisonError};

/// Bytes that may be taken, and are given back. One request larger than all of it waits until it is alone.
pub(super) struct Budget {
    whole: usize,
    state: Mutex<State>,
    freed: Condvar,
}

struct State {
    taken: usize,
    closed: bool,
}

impl Budget {
    pub(super) fn new(whole: usize) -> Self {
        Self { whole, state: Mutex::new(State { taken: 0, closed: false }), freed: Condvar::new() }
    }

    /// Waits until there is room, and takes it.
    pub(super) fn take(&self, bytes: usize) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |state: &mut State| !state.closed && state.taken > 0 && state.taken + bytes > self.whole;
        let mut state = self.freed.wait_while(state, full).unwrap_or_else(PoisonError::into_inner);
        state.taken += bytes;
    }

    pub(super) fn give_back(&self, bytes: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.taken = state.taken.saturating_sub(bytes);
        drop(state);
        self.freed.notify_all();
    }

    /// Ends all waiting, for good.
    pub(super) fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.freed.notify_all();
    }
}
