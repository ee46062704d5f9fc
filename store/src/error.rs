//! Errors of the store as a whole. One of a single event is [`crate::InvalidEvent`].

use std::{path::PathBuf, sync::Arc};

use crate::{
    asset::AssetRef,
    event::{InvalidEvent, Revision, Seq},
    log::{clock::ClockError, compress::Undecodable, record::Malformed, turn::NoTurn},
    moment::AsOf,
};

/// The reason why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be made or read.
    #[error("the log's directory {dir} cannot be used: {error}")]
    Directory {
        /// The log's directory.
        dir: PathBuf,
        /// The system's error.
        error: std::io::Error,
    },
    /// LMDB refuses.
    #[error("the log in {dir} cannot be opened: {error}")]
    Lmdb {
        /// The log's directory.
        dir: PathBuf,
        /// LMDB's error.
        error: heed::Error,
    },
    /// A newer program wrote it.
    #[error(
        "the log in {dir} has {what} version {found}, this program knows versions up to {known}: use a newer morgue"
    )]
    Format {
        /// The log's directory.
        dir: PathBuf,
        /// The thing whose version it is: `format`, that of its tables, or `catalog`.
        what: &'static str,
        /// Its version.
        found: u64,
        /// Ours.
        known: u64,
    },
    /// An older program wrote it, and it cannot be written anew in today's format.
    #[error("the log in {dir} is of an older format and cannot be written anew: {error}")]
    Upgrade {
        /// The log's directory.
        dir: PathBuf,
        /// The error that stood in the way; the log is as it was.
        error: Box<AppendError>,
    },
    /// An older program wrote its catalog, and it cannot be folded again.
    #[error("the catalog of the log in {dir} is of an older version and cannot be folded again: {error}")]
    Catalog {
        /// The log's directory.
        dir: PathBuf,
        /// The error that stood in the way.
        error: Box<AppendError>,
    },
    /// The directory holds something else, or lost a part.
    #[error("{dir} is no log: {why}; restore it from a backup, or use another directory")]
    NotALog {
        /// The log's directory.
        dir: PathBuf,
        /// The fault.
        why: &'static str,
    },
    /// Its data file lost its end.
    #[error(
        "the log in {dir} was cut short: its data file has {bytes} bytes and lacks some that it had; restore it from a backup"
    )]
    Truncated {
        /// The directory of the volume.
        dir: PathBuf,
        /// The bytes that are left of the file.
        bytes: u64,
    },
    /// This process has it open already.
    #[error("the log in {dir} is open in this process already: use the handle that there is")]
    AlreadyOpen {
        /// The log's directory.
        dir: PathBuf,
    },
    /// Another process is at work on it that must end first.
    #[error("the log in {dir} cannot be opened now: {error}")]
    Busy {
        /// The log's directory.
        dir: PathBuf,
        /// The process that is at work, or why it cannot be told.
        error: NoTurn,
    },
    /// It was opened, but what it holds cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The reason why something cannot be read from the log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// LMDB or the disk fails.
    #[error("the log cannot be read: {0}")]
    Lmdb(Arc<heed::Error>),
    /// The log's data file was replaced, or closed after a failed write, and cannot be opened again.
    #[error(transparent)]
    Reopen(Arc<OpenError>),
    /// The event is not there.
    #[error("there is no event {seq}: the log ends at {head}")]
    NoSuchEvent {
        /// The one asked for.
        seq: Seq,
        /// The last one.
        head: Seq,
    },
    /// The event is in the log, but not in what was asked for.
    #[error("event {seq} happened after {as_of}: it is not in the log as of then")]
    NotYet {
        /// The one asked for.
        seq: Seq,
        /// The moment of the snapshot.
        as_of: AsOf,
    },
    /// A record is damaged.
    #[error(
        "event {seq} is damaged: {damage}; restore the log from a backup, `morgue log verify` tells how much is affected"
    )]
    Damaged {
        /// The event.
        seq: Seq,
        /// The damage.
        damage: Damage,
    },
    /// A head in the catalog is damaged, or it and the log do not agree.
    #[error("the catalog is damaged at {0}: fold it again with `morgue log repair-catalog`")]
    Catalog(String),
    /// The position of a source is damaged.
    #[error(
        "how far the source {0} has been read is damaged: load it again from its beginning, what is known is not added twice"
    )]
    Source(String),
    /// A scratch catalog cannot be made.
    #[error("the catalog as of {as_of} cannot be made: {error}")]
    Scratch {
        /// The moment of the catalog.
        as_of: String,
        /// The error.
        error: Arc<std::io::Error>,
    },
}

/// The damage of a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It does not follow the grammar.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// Its payload cannot be decompressed.
    #[error("{0}")]
    Undecodable(#[from] Undecodable),
    /// Its digest is not the one that the chain has.
    #[error("its digest does not fit the chain")]
    Digest,
    /// The digest fits, but the payload breaks its schema: written by a program that was wrong.
    #[error("its payload breaks its schema: {0}")]
    Payload(String),
    /// It is not there.
    #[error("it is missing")]
    Missing,
    /// It names an event that comes after it as one before it.
    #[error("it names a later event as the one before it")]
    Order,
}

impl From<OpenError> for ReadError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Read(error) => error,
            error => Self::Reopen(Arc::new(error)),
        }
    }
}

impl From<heed::Error> for ReadError {
    fn from(error: heed::Error) -> Self {
        Self::Lmdb(Arc::new(error))
    }
}

/// The reason why a batch was not appended. Nothing of it is in the log then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// An asset is not at the revision that the batch was made for.
    #[error("{asset} is at revision {found}, not at {expected}: read it again and send the change again")]
    Conflict {
        /// The asset.
        asset: AssetRef,
        /// The revision that the batch expected; 0 is "not there".
        expected: Revision,
        /// The revision that there is.
        found: Revision,
    },
    /// Another process writes to the log and did not end in time, or this one is about to end.
    #[error("{0}: nothing was appended; send it again later")]
    NoTurn(#[from] NoTurn),
    /// The clock cannot be believed, and what is recorded by it would be wrong for ever.
    #[error("nothing was appended: {0}")]
    Clock(#[from] ClockError),
    /// An event in it cannot be taken.
    #[error(transparent)]
    Invalid(#[from] InvalidEvent),
    /// No room: nothing was written, and the same process goes on when there is room.
    #[error("the disk is full: nothing was appended; make room and send it again")]
    DiskFull,
    /// LMDB or the disk fails.
    #[error("the log cannot be written: {0}")]
    Lmdb(Arc<heed::Error>),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The erasure is in the log and readers see it, but the erased bytes could not be driven out of its files yet.
    #[error(
        "event {seq} erased it for readers, but its bytes are still in the log's files ({error}): make room and erase it once more, or open the log again, which does the rest"
    )]
    NotForgotten {
        /// The log's head when the erasure was in.
        seq: Seq,
        /// The error that stood in the way.
        error: Arc<AppendError>,
    },
}

impl From<std::io::Error> for AppendError {
    fn from(error: std::io::Error) -> Self {
        heed::Error::Io(error).into()
    }
}

impl From<heed::Error> for AppendError {
    fn from(error: heed::Error) -> Self {
        match &error {
            heed::Error::Mdb(heed::MdbError::MapFull) => Self::DiskFull,
            heed::Error::Io(io) if no_room(io.kind()) => Self::DiskFull,
            _ => Self::Lmdb(Arc::new(error)),
        }
    }
}

/// Returns true if there is no room on the disk, in the user's quota, or in the largest file that the process may
/// write.
fn no_room(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind;
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

/// Returns the error of an event whose record is not what was written.
pub(crate) fn damaged(seq: Seq, found: impl Into<Damage>) -> ReadError {
    ReadError::Damaged { seq, damage: found.into() }
}
