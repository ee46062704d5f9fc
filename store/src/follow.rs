//! Following the log: wait until there is more, in this process or in another.

use std::time::{Duration, Instant};

use crate::{error::ReadError, event::Seq, log::Log};

impl Log {
    /// Waits until the log's head is after `seq`, at most `limit`. Returns the head either way. Wakes on a commit
    /// in any process on the same directory, without busy waiting.
    ///
    /// # Errors
    /// [`ReadError`] when the log cannot be read.
    pub fn wait_past(&self, seq: Seq, limit: Duration) -> Result<Seq, ReadError> {
        let deadline = Instant::now() + limit;
        loop {
            let heard = self.bell().listen();
            let head = self.head()?.seq;
            let left = deadline.saturating_duration_since(Instant::now());
            if head > seq || left.is_zero() {
                return Ok(head);
            }
            self.bell().wait(heard, left);
        }
    }

    /// Waits until `ready` says so, at most `limit`; asks again whenever something was committed or somebody called
    /// [`Self::wake_followers`], in any process. Returns what `ready` said last.
    ///
    /// # Errors
    /// What `ready` returns.
    pub fn wait_until<E>(
        &self,
        limit: Duration,
        mut ready: impl FnMut() -> Result<bool, E>,
    ) -> Result<bool, E> {
        let deadline = Instant::now() + limit;
        loop {
            let heard = self.bell().listen();
            let left = deadline.saturating_duration_since(Instant::now());
            if ready()? {
                return Ok(true);
            }
            if left.is_zero() {
                return Ok(false);
            }
            self.bell().wait(heard, left);
        }
    }

    /// Wakes everybody who waits on this handle, so that a worker can see that it should stop.
    pub fn wake_followers(&self) {
        self.bell().ring();
    }
}
