//! Following the log: waiting until there is more, in this process or in another, and knowing it again.

use std::time::{Duration, Instant};

use crate::{
    catalog::snapshot::Snapshot,
    error::ReadError,
    event::Seq,
    log::{digest::Digest, handle::Log},
};

/// A follower: it reads the log on and keeps its checkpoint beside its work. An index, a reader of events, a publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    name: String,
    checkpoint: Seq,
    link: Option<Digest>,
}

impl Follower {
    /// Returns a follower of this name that has done its work up to `checkpoint`, where the log had this link in its
    /// chain of digests; `None` where that was not kept.
    pub fn new(name: impl Into<String>, checkpoint: Seq, link: Option<Digest>) -> Self {
        Self { name: name.into(), checkpoint, link }
    }

    /// Checks that the log still holds what the follower did its work on. A log that is behind a checkpoint lost its tail:
    /// a disk that lied about a sync, a file that was put back from a copy. Whoever goes on from there gives old seqs to
    /// new events, and the follower never sees them; so this wants to be asked at each start. An event that is damaged
    /// tells nothing, and whoever reads it is told.
    ///
    /// # Errors
    /// [`FollowError::Lost`] says what is missing; [`FollowError::Read`] when the log cannot be read.
    pub fn check(&self, snapshot: &Snapshot) -> Result<(), FollowError> {
        let Self { name, checkpoint, link } = self;
        let (follower, checkpoint, head) = (name.clone(), *checkpoint, snapshot.seq());
        if checkpoint > head {
            return Err(LostTail::Behind { follower, checkpoint, head }.into());
        }
        match (link, snapshot.link(checkpoint)) {
            (_, Err(ReadError::Damaged { .. })) | (None, Ok(_)) | (Some(_), Ok(None)) => Ok(()),
            (_, Err(error)) => Err(error.into()),
            (Some(expected), Ok(Some(found))) if *expected == found => Ok(()),
            (Some(expected), Ok(Some(found))) => {
                Err(LostTail::Other { follower, checkpoint, expected: *expected, found }.into())
            }
        }
    }
}

impl Snapshot {
    /// Returns the link of an event in the chain of digests; `None` before the first event.
    ///
    /// # Errors
    /// [`ReadError`] when the log ends before it, or the event cannot be read.
    pub fn link(&self, seq: Seq) -> Result<Option<Digest>, ReadError> {
        match seq {
            Seq::ZERO => Ok(None),
            seq => Ok(Some(self.tables.record(&self.txn, seq)?.link)),
        }
    }
}

/// The reason why a follower cannot go on.
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
        "the log has lost its end: {follower} has come to event {checkpoint}, and the log ends at {head}"
    )]
    Behind {
        /// Its name.
        follower: String,
        /// The seq that the follower had come to.
        checkpoint: Seq,
        /// The last seq of the log.
        head: Seq,
    },
    /// It holds other events.
    #[error(
        "the log is not the one that {follower} has followed: event {checkpoint} had the digest {expected}, and has {found}"
    )]
    Other {
        /// Its name.
        follower: String,
        /// The seq that the follower had come to.
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
    /// The error that `ready` returns.
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
