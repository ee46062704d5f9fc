//! Waiting until events can be found.

use std::time::Duration;

use store::Seq;
use views::ViewId;

use crate::{commit::Commit, error::IndexError, indexes::Indexes};

/// The result of waiting for events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waited {
    /// True if all of them are in the index.
    pub shown: bool,
    /// Events up to here are in the index, but for long fan-outs.
    pub reached: Seq,
}

impl Indexes {
    /// Waits until the live generation of a view has taken in these events, at most `limit`. An event that touches very
    /// many documents (a prolific author's new name) is in when it has renewed them all; the others do not wait for
    /// that. Somebody else must be indexing, in this process or another.
    ///
    /// # Errors
    /// [`IndexError`] when the index or the log cannot be read.
    pub fn wait_for(&self, view: ViewId, seqs: &[Seq], limit: Duration) -> Result<Waited, IndexError> {
        let mut waited = Waited { shown: seqs.is_empty(), reached: Seq::ZERO };
        self.log().wait_until(limit, || {
            let commit = match self.live(view).and_then(|live| live.last_commit()) {
                // It was removed, or is not what was written: it comes back from the log.
                Err(error)
                    if error.is_damage()
                        || matches!(error, IndexError::Gone { .. } | IndexError::NoGeneration { .. }) =>
                {
                    return Ok(false);
                }
                commit => commit?,
            };
            waited = Waited { shown: self.shows(&commit, seqs)?, reached: commit.reached };
            Ok::<_, IndexError>(waited.shown)
        })?;
        Ok(waited)
    }

    /// Waits until everything up to this event is in, long fan-outs too, at most `limit`. Returns the checkpoint that was
    /// reached.
    pub(crate) fn wait_for_all(&self, view: ViewId, seq: Seq, limit: Duration) -> Result<Seq, IndexError> {
        let mut reached = Seq::ZERO;
        self.log().wait_until(limit, || {
            reached = self.live(view)?.checkpoint()?;
            Ok::<_, IndexError>(reached >= seq)
        })?;
        Ok(reached)
    }

    fn shows(&self, commit: &Commit, seqs: &[Seq]) -> Result<bool, IndexError> {
        if seqs.iter().any(|seq| *seq > commit.reached) {
            return Ok(false);
        }
        for fanout in &commit.fanouts {
            // It stands for events of its asset alone; others lie between them.
            for seq in seqs.iter().filter(|seq| (fanout.since..=fanout.seq).contains(*seq)) {
                let found = self.log().snapshot()?.changes(*seq, 1)?;
                let is_its = |event_type: &store::EventType| event_type.kind() == Some(fanout.asset.kind);
                if found.iter().any(|(_, event_type, id)| is_its(event_type) && *id == fanout.asset.id) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}
