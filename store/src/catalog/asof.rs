//! Looking back: the log and its catalog as of a seq or a date.

use std::{fmt, ops::Bound, str::FromStr};

use crate::{
    catalog::{past::Past, snapshot::Snapshot},
    date::{ArchiveDate, Timestamp},
    error::ReadError,
    event::Seq,
    log::{
        Log,
        tables::{time_key, time_of},
    },
};

/// A moment in the life of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// The first so many events.
    Seq(Seq),
    /// The events that happened not after this, in seq order.
    Time(Timestamp),
}

impl AsOf {
    /// Returns true if the log as of then has this event.
    pub fn takes(self, seq: Seq, happened: Timestamp) -> bool {
        match self {
            Self::Seq(last) => seq <= last,
            Self::Time(last) => happened <= last,
        }
    }
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seq(seq) => write!(f, "seq:{seq}"),
            Self::Time(time) => time.fmt(f),
        }
    }
}

impl FromStr for AsOf {
    type Err = InvalidAsOf;

    /// `seq:12`, a number of more than four digits, or a date: 1912, 1912-04, 1912-04-15 or an RFC 3339 time. A date
    /// means "not after its end", in UTC where it has no offset.
    fn from_str(text: &str) -> Result<Self, InvalidAsOf> {
        let invalid = || InvalidAsOf(text.chars().take(60).collect());
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.strip_prefix("seq:") {
            Some(seq) => seq.parse().map(Self::Seq).map_err(|_| invalid()),
            None if digits && text.len() > 4 => text.parse().map(Self::Seq).map_err(|_| invalid()),
            None => match text.parse::<ArchiveDate>() {
                Ok(date) => Ok(Self::Time(date.end())),
                Err(_) => Err(invalid()),
            },
        }
    }
}

/// A text that names no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a date nor a seq: use 1912, 1912-04, 1912-04-15, 1912-04-15T02:20:00Z or seq:12")]
pub struct InvalidAsOf(String);

impl Log {
    /// The log and the catalog as of then. Opening it reads next to nothing: an asset's history is walked when the asset
    /// is asked for, and the first question for all assets, or for who names one, folds the events up to then
    /// (some 10 µs an event), once for all snapshots of that moment. What was erased since is not there.
    ///
    /// # Errors
    /// [`ReadError::NoSuchEvent`] for a seq that the log has not reached; damaged, or the disk fails.
    pub fn snapshot_as_of(&self, as_of: AsOf) -> Result<Snapshot, ReadError> {
        self.past(as_of, None)
    }

    /// The same, of the log's events up to `last` alone: what came later and belongs before then is not seen, so two
    /// such snapshots never differ.
    ///
    /// # Errors
    /// As [`Self::snapshot_as_of`].
    pub fn snapshot_as_of_within(&self, as_of: AsOf, last: Seq) -> Result<Snapshot, ReadError> {
        self.past(as_of, Some(last))
    }

    fn past(&self, as_of: AsOf, within: Option<Seq>) -> Result<Snapshot, ReadError> {
        let mut snapshot = Snapshot::open(self)?;
        if let AsOf::Seq(seq) = as_of {
            if seq > snapshot.seq {
                return Err(ReadError::NoSuchEvent { seq, head: snapshot.seq });
            }
            snapshot.seq = seq;
        }
        // Whether the log goes on past `last` yet makes no difference: all of these share one catalog.
        let within = within.filter(|last| matches!(as_of, AsOf::Time(_)) || *last < snapshot.seq);
        snapshot.seq = within.map_or(snapshot.seq, |last| last.min(snapshot.seq));
        snapshot.past = Some(Past::new(as_of, within));
        Ok(snapshot)
    }
}

impl Snapshot {
    /// The events that happened from `from` to `to`, both included, in the order of their times, `count` at most.
    /// The next page begins after the last of this one: [`Self::by_time_after`].
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails.
    pub fn by_time(
        &self,
        from: Timestamp,
        to: Timestamp,
        count: usize,
    ) -> Result<Vec<(Timestamp, Seq)>, ReadError> {
        self.by_time_after((from, Seq::ZERO), to, count)
    }

    /// The events after the one that happened at that time and has that seq, to `to`, which is included.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails.
    pub fn by_time_after(
        &self,
        (from, after): (Timestamp, Seq),
        to: Timestamp,
        count: usize,
    ) -> Result<Vec<(Timestamp, Seq)>, ReadError> {
        let mut found = Vec::new();
        if from > to {
            return Ok(found);
        }
        let start = time_key(from.as_millis(), after.get().saturating_add(1));
        let end = time_key(to.as_millis(), u64::MAX);
        let bounds = (Bound::Included(start.as_slice()), Bound::Included(end.as_slice()));
        for entry in self.tables.times.range(&self.txn, &bounds)? {
            let (key, ()) = entry?;
            let (seq, time) = (seq_of(key), time_of(key));
            if found.len() == count {
                break;
            }
            if seq <= self.seq && self.as_of().is_none_or(|as_of| as_of.takes(seq, time)) {
                found.push((time, seq));
            }
        }
        Ok(found)
    }
}

fn seq_of(key: &[u8]) -> Seq {
    let bytes = key.get(8..).and_then(|bytes| bytes.try_into().ok());
    Seq::new(bytes.map_or(0, u64::from_be_bytes))
}
