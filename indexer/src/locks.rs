//! Locks between processes: files of a view's directory, free when their holder or his process ends.
//!
//! Nobody waits for one without looking at whether he is told to stop: the system's own waiting cannot be ended.

use std::{
    fs::{File, TryLockError},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use store::Log;
use views::ViewId;

use crate::{
    error::{IndexError, io},
    indexes::Indexes,
};

/// The time between two tries for a lock.
const TRY_EVERY: Duration = Duration::from_millis(5);
/// The wait after which it is logged what is waited for.
const SAY_AFTER: Duration = Duration::from_secs(1);

/// Of who is not told to stop: what he waits for takes moments.
pub(crate) static NEVER: AtomicBool = AtomicBool::new(false);

impl Indexes {
    /// Waits for a lock until `stop` is set.
    ///
    /// # Errors
    /// [`IndexError::Stopped`] then.
    pub(crate) fn lock(&self, view: ViewId, name: &str, stop: &AtomicBool) -> Result<File, IndexError> {
        let began = Instant::now();
        let mut said = false;
        loop {
            if let Some(lock) = self.try_lock(view, name)? {
                return Ok(lock);
            }
            if stop.load(Ordering::Acquire) {
                return Err(IndexError::Stopped);
            }
            if !said && began.elapsed() >= SAY_AFTER {
                said = true;
                let holder = holder_of(name);
                tracing::warn!(view = view.name(), lock = name, "waiting for {holder}");
            }
            std::thread::sleep(TRY_EVERY);
        }
    }

    /// Takes a lock without waiting; `None` if another holds it.
    pub(crate) fn try_lock(&self, view: ViewId, name: &str) -> Result<Option<File>, IndexError> {
        let path = self.view_dir(view).join(name);
        let file = File::create(&path).map_err(io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(io(path)(error)),
        }
    }

    /// Asks who keeps the live generation up to date to let go of it. Lasts as long as the guard.
    pub(crate) fn ask_for_swap(&self, view: ViewId, stop: &AtomicBool) -> Result<SwapAsked, IndexError> {
        let lock = self.lock(view, "swap.lock", stop)?;
        self.log().wake_followers();
        Ok(SwapAsked { _lock: lock, log: self.log().clone() })
    }

    /// Returns true if somebody asks for the live generation.
    pub(crate) fn is_swap_asked(&self, view: ViewId) -> Result<bool, IndexError> {
        Ok(self.try_lock(view, "swap.lock")?.is_none())
    }
}

/// Returns who holds a lock, in words.
fn holder_of(name: &str) -> &'static str {
    match name {
        "build.lock" => "another build of this view to end",
        "takedown.lock" => "another to follow what was taken from readers",
        "swap.lock" => "another to put a generation in its place",
        _ => "who keeps this view up to date to let go of it",
    }
}

/// Somebody is about to put one generation in the place of another; followers look again when he is done.
pub(crate) struct SwapAsked {
    _lock: File,
    log: Log,
}

impl Drop for SwapAsked {
    fn drop(&mut self) {
        self.log.wake_followers();
    }
}
