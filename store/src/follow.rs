//! Following the log: wait until there is more, in this process or in another.

use std::time::{Duration, Instant};

use crate::{
    error::ReadError,
    event::Seq,
    log::{Log, digest::Digest},
};

/// Why a follower cannot go on.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FollowError {
    /// The log is not the one that it followed.
    #[error(transparent)]
    Lost(#[from] LostTail),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// A log lacks what a follower has seen of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LostTail {
    /// It ends too soon.
    #[error(
        "the log lost its end: {follower} has worked up to event {checkpoint}, the log ends at {head}; restore the log from a backup that reaches {checkpoint}, or, if there is none, load the missing sources again and rebuild {follower}"
    )]
    Behind {
        /// Who follows.
        follower: String,
        /// How far it had come.
        checkpoint: Seq,
        /// Where the log ends.
        head: Seq,
    },
    /// It holds other events.
    #[error(
        "the log is not the one that {follower} followed: at event {checkpoint} it had the digest {expected}, now it has {found}; restore the right log, or rebuild {follower}"
    )]
    Other {
        /// Who follows.
        follower: String,
        /// How far it had come.
        checkpoint: Seq,
        /// The digest that it saw there.
        expected: Digest,
        /// The digest that is there.
        found: Digest,
    },
}

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

    /// Whether the log still holds what a follower did its work on. A log that is behind a follower's checkpoint lost
    /// its tail: a disk that lied about a sync, a file that was put back from a copy. Whoever goes on from there gives
    /// old seqs to new events, and the follower never sees them; so this wants to be asked at each start.
    ///
    /// # Errors
    /// [`LostTail`] says what is missing and what to do; [`FollowError::Read`] when the log cannot be read.
    pub fn check_follower(
        &self,
        follower: &str,
        checkpoint: Seq,
        digest: Option<Digest>,
    ) -> Result<(), FollowError> {
        let snapshot = self.snapshot()?;
        let follower = follower.to_owned();
        if checkpoint > snapshot.seq() {
            return Err(LostTail::Behind { follower, checkpoint, head: snapshot.seq() }.into());
        }
        match digest {
            Some(expected) if checkpoint > Seq::ZERO => {
                let found = snapshot.tables.record(&snapshot.txn, checkpoint)?.link;
                if found == expected {
                    return Ok(());
                }
                Err(LostTail::Other { follower, checkpoint, expected, found }.into())
            }
            _ => Ok(()),
        }
    }

    /// Wakes everybody who waits on this handle, so that a worker can see that it should stop.
    pub fn wake_followers(&self) {
        self.bell().ring();
    }
}
