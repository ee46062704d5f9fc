//! Looking back: the log and its catalog as of a seq or a date.

use std::{fmt, ops::Bound, str::FromStr, sync::Arc};

use crate::{
    asset::AssetRef,
    catalog::{Head, Status},
    date::{ArchiveDate, Timestamp},
    error::ReadError,
    event::Seq,
    fold::Fold,
    log::Log,
    scratch::Scratch,
    snapshot::{AssetState, Live, Past, Snapshot},
    tables::time_key,
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
    /// Whether the log as of then has this event.
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

/// So many events are folded before the next read transaction.
const CHUNK: usize = 5_000;

impl Log {
    /// The log and the catalog as of then. Folds the events up to then into a catalog of its own, which takes some
    /// 10 µs an event and goes away with the snapshot. What was erased since is not there.
    ///
    /// # Errors
    /// [`ReadError::NoSuchEvent`] for a seq that the log has not reached; damaged, or the disk fails.
    pub fn snapshot_as_of(&self, as_of: AsOf) -> Result<Snapshot, ReadError> {
        let head = self.head()?.seq;
        let seqs = match as_of {
            AsOf::Seq(seq) if seq > head => return Err(ReadError::NoSuchEvent { seq, head }),
            AsOf::Seq(seq) => Seqs::First(seq),
            AsOf::Time(time) => Seqs::These(self.seqs_not_after(time, head)?),
        };
        let failed = |error| ReadError::Scratch { as_of: as_of.to_string(), error: Arc::new(error) };
        let scratch = Scratch::new(self.dir()).map_err(failed)?;
        let mut rest = seqs.iter();
        let mut fold = Fold::new(self, scratch.tables);
        loop {
            let chunk: Vec<Seq> = rest.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                break;
            }
            let (tables, txn) = self.read()?;
            let mut to = scratch.env.write_txn()?;
            for seq in chunk {
                fold.event_at(&tables, &txn, &to, seq)?;
            }
            fold.write(&mut to)?;
            to.commit()?;
        }
        let (tables, txn) = self.read()?;
        let past = Past { as_of, txn: scratch.env.clone().static_read_txn()?, scratch };
        Ok(Snapshot { log: self.clone(), tables, txn, seq: seqs.last(), past: Some(past) })
    }

    /// In seq order.
    fn seqs_not_after(&self, time: Timestamp, head: Seq) -> Result<Vec<Seq>, ReadError> {
        let (tables, txn) = self.read()?;
        let end = time_key(time.as_millis(), u64::MAX);
        let mut seqs = Vec::new();
        for entry in tables.times.range(&txn, &(Bound::Unbounded, Bound::Included(end.as_slice())))? {
            let seq = seq_of(entry?.0);
            if seq <= head {
                seqs.push(seq);
            }
        }
        seqs.sort_unstable();
        Ok(seqs)
    }
}

/// The events of a moment.
enum Seqs {
    First(Seq),
    These(Vec<Seq>),
}

impl Seqs {
    fn iter(&self) -> Box<dyn Iterator<Item = Seq> + '_> {
        match self {
            Self::First(last) => Box::new((1..=last.get()).map(Seq::new)),
            Self::These(seqs) => Box::new(seqs.iter().copied()),
        }
    }

    fn last(&self) -> Seq {
        match self {
            Self::First(last) => *last,
            Self::These(seqs) => seqs.last().copied().unwrap_or(Seq::ZERO),
        }
    }
}

impl Snapshot {
    /// What the log said of an asset then; `None` when it said nothing yet. Walks the asset's history, so it costs as
    /// many reads as the asset has events.
    ///
    /// # Errors
    /// [`ReadError`]: damaged, or the disk fails.
    pub fn state_as_of(&self, asset: &AssetRef, as_of: AsOf) -> Result<Option<AssetState>, ReadError> {
        Ok(self.head_as_of(asset, as_of)?.map(AssetState::from))
    }

    /// The revision of an asset that readers saw then; `None` when there was none, or it was withdrawn, erased since,
    /// or merged into another.
    ///
    /// # Errors
    /// [`ReadError`]: damaged, or the disk fails.
    pub fn live_as_of(&self, asset: &AssetRef, as_of: AsOf) -> Result<Option<Live>, ReadError> {
        match self.head_as_of(asset, as_of)? {
            Some(head) if head.status == Status::Published && head.live != Seq::ZERO => {
                self.live_at(asset, &head)
            }
            _ => Ok(None),
        }
    }

    fn head_as_of(&self, asset: &AssetRef, as_of: AsOf) -> Result<Option<Head>, ReadError> {
        let mut head = None;
        let fold = Fold::new(self.log(), self.tables.catalog);
        for seq in self.history(asset, usize::MAX)?.into_iter().rev() {
            let record = self.tables.record(&self.txn, seq)?;
            if as_of.takes(seq, record.happened()) {
                head = Some(fold.head_after(&self.tables, &self.txn, head, seq, &record)?);
            }
        }
        Ok(head)
    }

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

fn time_of(key: &[u8]) -> Timestamp {
    let bytes = key.get(..8).and_then(|bytes| bytes.try_into().ok());
    let millis = bytes.map_or(0, |bytes| (u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed());
    Timestamp::from_millis(millis).unwrap_or(Timestamp::MIN)
}
