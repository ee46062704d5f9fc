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

    /// Wakes everybody who waits on this handle, so that a worker can see that it should stop.
    pub fn wake_followers(&self) {
        self.bell().ring();
    }
}
