//! Learning a dictionary beside all other work.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};

use crate::{event::Seq, log::compress::DICTIONARY_BYTES};

/// A dictionary that was learned, and is not in the log yet.
pub(crate) struct Trained {
    /// The number of dictionaries that the log had when it was begun.
    pub(crate) known: u64,
    pub(crate) dictionary: Vec<u8>,
    pub(crate) seqs: Vec<Seq>,
}

/// Learns a dictionary; `None` when the samples are too few or too uniform to learn from.
pub(crate) fn train(known: u64, samples: &[Vec<u8>], seqs: Vec<Seq>) -> Option<Trained> {
    match zstd::dict::from_samples(samples, DICTIONARY_BYTES) {
        Ok(dictionary) => Some(Trained { known, dictionary, seqs }),
        Err(error) => {
            tracing::debug!(%error, "no dictionary was learned; the log is tried again at twice its size");
            None
        }
    }
}

/// Learns in a thread of its own, which touches no file, so that nobody waits for it. The next commit after it has
/// finished takes what it learned; what was learned for nothing (the process ends) is learned again.
#[derive(Default)]
pub(crate) struct Trainer {
    running: Mutex<Option<JoinHandle<Option<Trained>>>>,
    /// Bytes of JSON.
    not_before: AtomicU64,
}

impl Trainer {
    /// Returns true if to begin at this size of the log: not while a thread is at it, and after a try not before the
    /// log has twice the size, since what there is may be too little or too uniform to learn from.
    pub(crate) fn may_try_at(&self, json: u64) -> bool {
        let free = self.lock().is_none() && json >= self.not_before.load(Ordering::Relaxed);
        if free {
            self.not_before.store(json.saturating_mul(2), Ordering::Relaxed);
        }
        free
    }

    pub(crate) fn start(&self, known: u64, samples: Vec<Vec<u8>>, seqs: Vec<Seq>) {
        let thread = thread::Builder::new().name("dictionary".to_owned());
        match thread.spawn(move || train(known, &samples, seqs)) {
            Ok(handle) => *self.lock() = Some(handle),
            Err(error) => tracing::debug!(%error, "no thread to learn a dictionary in"),
        }
    }

    pub(crate) fn finished(&self) -> Option<Trained> {
        let mut running = self.lock();
        if !running.as_ref()?.is_finished() {
            return None;
        }
        running.take()?.join().unwrap_or_else(|_| {
            tracing::error!("learning a dictionary has panicked; the log is tried again at twice its size");
            None
        })
    }

    fn lock(&self) -> MutexGuard<'_, Option<JoinHandle<Option<Trained>>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
