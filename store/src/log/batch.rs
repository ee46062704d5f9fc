//! Batches of events to append, and their outcomes.

use crate::{
    asset::{AssetId, AssetRef},
    catalog::{Statement, head_key},
    date::Timestamp,
    event::{EventType, NewEvent, Revision, Seq},
    log::{
        compress::Compressed,
        digest::{Digest, Salt},
    },
};

/// An event that has been checked, serialised, digested and compressed: ready to be appended.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(crate) event_type: EventType,
    pub(crate) id: AssetId,
    pub(crate) key: Vec<u8>,
    pub(crate) time: Option<Timestamp>,
    pub(crate) said: Statement,
    /// The version of the payload's JSON.
    pub(crate) schema: u64,
    pub(crate) salt: Salt,
    /// Of the payload.
    pub(crate) digest: Digest,
    pub(crate) json_bytes: usize,
    pub(crate) payload: Compressed,
    /// Of an erasure: the event itself, since the log has something to add to it.
    pub(crate) erasure: Option<Box<NewEvent>>,
    pub(crate) only_if_absent: bool,
}

impl Prepared {
    /// Sets the condition that readers do not see the asset when the event's turn comes, inside the write transaction:
    /// otherwise this event alone is refused ([`Refusal::Exists`]), even if it says what is there already. A
    /// withdrawn asset counts as absent, a merged byline as there.
    #[must_use]
    pub fn only_if_absent(self) -> Self {
        Self { only_if_absent: true, ..self }
    }

    /// Returns eight hexadecimal digits of a digest of what the event says: the same wherever it is said.
    pub fn fingerprint(&self) -> String {
        self.said.mark.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns the time at which it happened at its source, if the source states it.
    pub fn time(&self) -> Option<Timestamp> {
        self.time
    }

    /// Returns it as an event about another asset of the same kind. What it says stays as it was prepared.
    #[must_use]
    pub fn renamed(self, id: AssetId) -> Self {
        Self { key: head_key(&self.event_type, &id), id, ..self }
    }
}

/// Events that are appended together or not at all.
#[derive(Debug, Default)]
pub struct Batch {
    /// In this order.
    pub events: Vec<Prepared>,
    /// The position to which their source has been read: stored in the same transaction.
    pub position: Option<SourcePosition>,
    /// Revisions that assets must be at; 0 is "not there". If one is not, nothing is appended. A condition on one
    /// event alone is [`Prepared::only_if_absent`].
    pub expect: Vec<(AssetRef, Revision)>,
    /// The names that the source has for its records, stored in the same transaction.
    pub names: Vec<Name>,
}

/// The name that a source has for a record, and the asset: see [`crate::Snapshot::name`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// At most 400 bytes.
    pub key: String,
    /// Lines of any text. One that is a kind of asset, a space and an id says that the record is this asset.
    pub value: String,
}

/// The position to which a source has been read, in the source's own form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePosition {
    /// The source's name, at most 400 bytes: `load:/archive/1931.jsonl`.
    pub source: String,
    /// Whatever the source needs to go on.
    pub position: String,
}

/// The outcome of one event of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the log.
    Appended(Seq),
    /// It is in the log, and readers do not see it: a person withdrew the asset, and only a person can restore it.
    Withheld(Seq),
    /// It says nothing new: this event says the same.
    Unchanged(Seq),
    /// The log's state does not allow it; nothing is stored of it.
    Refused(Refusal),
}

impl Outcome {
    /// Returns true if the event is in the log and was not before.
    pub fn is_new(&self) -> bool {
        matches!(self, Self::Appended(_) | Self::Withheld(_))
    }
}

/// The reason why the log's state does not allow an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The event was to be taken only if the asset was absent.
    #[error("{asset} is there already, since event {seq}: send it without the condition to replace it")]
    Exists {
        /// The asset.
        asset: AssetRef,
        /// The revision that readers see, or the last event.
        seq: Seq,
    },
    /// An erased asset does not come back by loading it once more.
    #[error("{asset} was erased by event {seq} and stays so: use another id if this is something else")]
    Erased {
        /// The asset.
        asset: AssetRef,
        /// By which event.
        seq: Seq,
    },
    /// A merged byline is the other one.
    #[error("byline {id} was merged into {into}: withdraw that one")]
    Merged {
        /// The byline of the event.
        id: AssetId,
        /// The one that stands for it.
        into: AssetId,
    },
    /// Merges that end where they began name nobody.
    #[error("byline {id} cannot be merged into {into}, which is merged into {id} already")]
    MergeCycle {
        /// The byline of the event.
        id: AssetId,
        /// Its target.
        into: AssetId,
    },
}

/// The result of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The log's last event when the batch was in.
    pub head: Seq,
    /// For each event of the batch, in its order.
    pub outcomes: Vec<Outcome>,
}
