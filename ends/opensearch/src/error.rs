//! Errors of a cluster, and which of them pass by themselves.

/// Why the cluster cannot be asked, or does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// A value of the configuration cannot be used.
    #[error("[opensearch] {key}: {why}")]
    Settings {
        /// The key in the section.
        key: &'static str,
        /// Why, and what to write instead.
        why: String,
    },
    /// No node answers.
    #[error(
        "the cluster at {url} does not answer: {why}; the log goes on, and the index catches up when the cluster is back"
    )]
    Unreachable {
        /// The node that was tried last.
        url: String,
        /// The client's words.
        why: String,
    },
    /// The cluster refuses a request.
    #[error("the cluster refuses {call} ({status} {kind}): {reason}")]
    Refused {
        /// Method and path.
        call: String,
        /// The status of its answer.
        status: u16,
        /// The type of its error; empty where it says none.
        kind: String,
        /// Its reason.
        reason: String,
    },
    /// The answer is none of such a cluster.
    #[error("the cluster's answer to {call} cannot be understood: {why}")]
    Unreadable {
        /// Method and path.
        call: String,
        /// The part that is missing or wrong.
        why: String,
    },
    /// One document cannot be written, by no repetition.
    #[error(
        "the cluster refuses the document {id} for {index} ({status} {kind}): {reason}; the view stops there, so that none is \
         left out: mend its index (or build a new one with `morgue rebuild`), and it goes on"
    )]
    Item {
        /// The index that it was to be written to.
        index: String,
        /// The asset's id.
        id: String,
        /// The status of the item.
        status: u16,
        /// The type of its error.
        kind: String,
        /// Its reason.
        reason: String,
    },
    /// The index, or the alias by which it is written, is not there any more.
    #[error(
        "{index} is gone from the cluster: somebody deleted it or moved its alias; `morgue rebuild` makes a new one from the log"
    )]
    Gone {
        /// The index that was written to.
        index: String,
    },
    /// The alias is not where it was.
    #[error(
        "the alias {alias} was moved by somebody else meanwhile; nothing was changed: look at it, and run the command again"
    )]
    Moved {
        /// Which.
        alias: String,
    },
    /// The process is told to stop while the cluster does not take anything.
    #[error(
        "stopped while the cluster did not take what was written; nothing is lost, and it goes on at its checkpoint"
    )]
    Stopped,
}

/// The kind of an error: the action that it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Waiting: the same will be taken later.
    Passing,
    /// Smaller requests.
    TooLarge,
    /// A person.
    Lasting,
}

impl EndError {
    /// Returns what the error asks for.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Unreachable { .. } => Kind::Passing,
            Self::Refused { status: 413, .. } => Kind::TooLarge,
            Self::Refused { status, kind, .. } if passes(*status, kind) => Kind::Passing,
            _ => Kind::Lasting,
        }
    }
}

/// Returns true if what was answered so is worth asking again: the cluster is too busy, without the shard for a while, or
/// blocked by a full disk, which ends when there is room.
pub(crate) fn passes(status: u16, kind: &str) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
        || (status == 403 && kind == "cluster_block_exception")
}
