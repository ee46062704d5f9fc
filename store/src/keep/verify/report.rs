//! The findings of a verification, and its progress.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{
    error::Damage,
    event::{Revision, Seq},
    log::{digest::Digest, head::LogHead},
};

/// The findings of a verification.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VerifyReport {
    /// The log's end, as far as it was verified.
    pub head: LogHead,
    /// Events that were read.
    pub events: u64,
    /// Bytes of JSON that their payloads have.
    pub json_bytes: u64,
    /// Events whose payloads were erased.
    pub erased: u64,
    /// Assets in the catalog.
    pub assets: u64,
    /// True if the catalog was held against the log: not if an event is damaged, since it could not agree then.
    pub catalog_compared: bool,
    /// The problems, a thousand at most.
    pub problems: Vec<Problem>,
    /// The number of further problems.
    pub more_problems: u64,
}

/// The number of problems that are listed.
pub(crate) const MAX_PROBLEMS: usize = 1_000;

impl VerifyReport {
    /// Returns true if nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn add(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        } else {
            self.more_problems += 1;
        }
    }
}

/// One thing that is wrong with a log. Serialises as `{"seq":…,"problem":"…"}`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// An event is damaged.
    #[error("event {seq}: {damage}")]
    Event {
        /// The event.
        seq: Seq,
        /// The damage.
        damage: Damage,
    },
    /// An event does not name the event before it on the same asset.
    #[error("event {seq}: it says that the event before it on its asset is {found}, it is {expected}")]
    Before {
        /// The event.
        seq: Seq,
        /// The value that stands there.
        found: Seq,
        /// The right value.
        expected: Seq,
    },
    /// An event has another revision than the count of its asset's published events.
    #[error("event {seq}: it says that it is revision {found}, it is {expected}")]
    Revision {
        /// The event.
        seq: Seq,
        /// The value that stands there.
        found: Revision,
        /// The right value.
        expected: Revision,
    },
    /// An event is not listed under its time.
    #[error("event {seq}: it is not listed under its time")]
    NotUnderItsTime {
        /// The event.
        seq: Seq,
    },
    /// A count is not what it should be.
    #[error("{what}: there are {found}, there should be {expected}")]
    Count {
        /// The things that are counted.
        what: &'static str,
        /// The count that was found.
        found: u64,
        /// The right count.
        expected: u64,
    },
    /// The catalog says something else of an asset than the log.
    #[error(
        "catalog: what it says of {0} is not what the log says; `morgue log repair-catalog` folds it again"
    )]
    Head(String),
    /// The catalog says something else of who names whom than the log.
    #[error("catalog: {0}, which the log does not say; `morgue log repair-catalog` folds it again")]
    Edge(String),
    /// The catalog counts those who name an asset otherwise than the log.
    #[error(
        "catalog: the {1} of {0} are counted otherwise than the log says; `morgue log repair-catalog` folds it again"
    )]
    Work(String, &'static str),
    /// The list of what is to be withdrawn later says something else of an asset than the log.
    #[error(
        "catalog: when {0} is to be withdrawn is not what the log says; `morgue log repair-catalog` folds it again"
    )]
    Due(String),
    /// The position of a source is damaged.
    #[error("how far the source {0} has been read is damaged: load it again from its beginning")]
    Source(String),
    /// The list of samples that a dictionary was learned from is damaged.
    #[error("what dictionary {0} was learned from is damaged; `morgue log compact` learns another")]
    Dictionary(u32),
    /// The file shows an older state than the one that was written last.
    #[error(
        "the file shows what transaction {found} wrote, the last one was {expected}: `morgue log restore` a backup"
    )]
    Stale {
        /// The transaction whose state there is.
        found: u64,
        /// The last transaction.
        expected: u64,
    },
    /// The log ends before an event that was there once.
    #[error("the log lost its end: it was at {expected} once, it ends at {found}")]
    Lost {
        /// The seq at which it was.
        expected: Seq,
        /// The seq at which it ends.
        found: Seq,
    },
    /// The chain has another digest than it had once.
    #[error("the log was rewritten: up to event {seq} its digest was {expected}, it is {found}")]
    Rewritten {
        /// Up to which event.
        seq: Seq,
        /// The digest in the note.
        expected: Digest,
        /// The digest that was found.
        found: Digest,
    },
}

impl Problem {
    /// Returns the event that it is about, if it is about one.
    pub fn seq(&self) -> Option<Seq> {
        match self {
            Self::Event { seq, .. }
            | Self::Before { seq, .. }
            | Self::Revision { seq, .. }
            | Self::NotUnderItsTime { seq }
            | Self::Rewritten { seq, .. } => Some(*seq),
            Self::Lost { expected, .. } => Some(*expected),
            Self::Count { .. }
            | Self::Stale { .. }
            | Self::Head(_)
            | Self::Edge(_)
            | Self::Work(..)
            | Self::Due(_)
            | Self::Source(_)
            | Self::Dictionary(_) => None,
        }
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Problem", 2)?;
        fields.serialize_field("seq", &self.seq())?;
        fields.serialize_field("problem", &self.to_string())?;
        fields.end()
    }
}

/// The progress of a long piece of work on the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The stage of the work.
    pub stage: Stage,
    /// Events or entries done in this stage.
    pub done: u64,
    /// The number of all.
    pub of: u64,
}

/// A stage of a long piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading events, oldest first.
    Events,
    /// Reading or writing the catalog.
    Catalog,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Events => "events",
            Self::Catalog => "catalog",
        })
    }
}
