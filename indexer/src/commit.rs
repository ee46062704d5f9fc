//! The note that each commit of an index carries: up to which event it is done, and what it has still in hand.

use serde::{Deserialize, Serialize};
use store::{Digest, Follower, ReadError, Seq, Snapshot};
use views::ViewId;

use crate::{error::IndexError, fanout::FanoutPosition, generation::GenerationInfo};

/// The payload of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Commit {
    /// Everything up to here is in the index.
    pub(crate) checkpoint: Seq,
    /// Events up to here have been looked at; what they touch is in the index, but for the fan-outs below.
    pub(crate) reached: Seq,
    /// The log's link at [`Self::reached`]: whether it is still the same log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<Digest>,
    /// The last erasure among the events that this index, or those that it took the place of, have looked at; zero
    /// when there was none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) erased: Seq,
    /// Long fan-outs that are worked through between other events, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) fanouts: Vec<FanoutPosition>,
    /// Takedowns up to here are in the index, also where it is not the live one and follows nothing else.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) takedowns: Seq,
    /// Of the live index: the first takedown that others have still to follow. The checkpoint waits before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) held: Option<Seq>,
}

impl Commit {
    /// Of an index that has taken in nothing.
    pub(crate) const NONE: Self = Self {
        checkpoint: Seq::ZERO,
        reached: Seq::ZERO,
        link: None,
        erased: Seq::ZERO,
        fanouts: Vec::new(),
        takedowns: Seq::ZERO,
        held: None,
    };

    /// Returns an index that has looked at everything up to here, with this in hand still.
    pub(crate) fn at(reached: Seq, link: Option<Digest>, erased: Seq, fanouts: Vec<FanoutPosition>) -> Self {
        let waits = fanouts.iter().map(|fanout| fanout.since.before()).min().unwrap_or(reached);
        Self { checkpoint: waits.min(reached), reached, link, erased, fanouts, ..Self::NONE }
    }

    /// Returns the note with a takedown that other indexes have still to follow.
    pub(crate) fn held_at(mut self, takedown: Option<Seq>) -> Self {
        self.held = takedown;
        self.checkpoint = self.checkpoint.min(takedown.map_or(Seq::MAX, Seq::before));
        self
    }

    /// Returns the event up to which an index has followed takedowns, given what is written beside it.
    pub(crate) fn followed(&self, info: &GenerationInfo) -> Seq {
        self.takedowns.max(if info.as_of.is_some() { info.since } else { self.reached })
    }

    /// Returns how many documents are still to be made anew.
    pub(crate) fn behind(&self) -> u64 {
        self.fanouts.iter().map(FanoutPosition::left).sum()
    }

    /// Checks that the log still has what the index has taken in.
    ///
    /// # Errors
    /// [`IndexError::LostLog`] when it has not, and when it cannot be read.
    pub(crate) fn check(&self, view: ViewId, snapshot: &Snapshot) -> Result<(), IndexError> {
        let name = format!("the index of {}", view.name());
        Ok(Follower::new(name, self.reached, self.link).check(snapshot)?)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(seq: &Seq) -> bool {
    *seq == Seq::ZERO
}

/// Returns the log's link at an event; `None` before the first, and where the event is damaged, which others report.
pub(crate) fn link_at(snapshot: &Snapshot, seq: Seq) -> Result<Option<Digest>, ReadError> {
    match snapshot.link(seq) {
        Err(ReadError::Damaged { .. }) => Ok(None),
        link => link,
    }
}
