//! Looking back: the log and its catalog as of a seq or a date.

use std::ops::Bound;

use crate::{
    catalog::{past::Past, snapshot::Snapshot},
    date::Timestamp,
    error::ReadError,
    event::Seq,
    log::{
        handle::Log,
        tables::{time_and_seq, time_key},
    },
    moment::AsOf,
};

impl Log {
    /// Returns the log and the catalog as of then. Opening it reads next to nothing: an asset's history is walked when
    /// the asset is asked for, and the first question for all assets, or for who names one, folds the events up to then
    /// (some 10 µs an event), once for all snapshots of that moment. What was erased since is not there.
    ///
    /// # Errors
    /// [`ReadError::NoSuchEvent`] for a seq that the log has not reached; damaged, or the disk fails.
    pub fn snapshot_as_of(&self, as_of: AsOf) -> Result<Snapshot, ReadError> {
        self.past(as_of, None)
    }

    /// Returns the snapshot of that moment of the log's events up to `last` alone: what came later and belongs before then is
    /// not seen, so two such snapshots never differ.
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
    /// Returns the events that happened from `from` to `to`, both included, in the order of their times, `count` at
    /// most. The next page begins after the last of this one: [`Self::by_time_after`].
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

    /// Returns the events after the one that happened at that time and has that seq, to `to`, which is included.
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
            let (time, seq) = time_and_seq(key)?;
            let seq = Seq::new(seq);
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
