//! The end of the log.

use heed::RoTxn;

use crate::{
    date::Timestamp,
    error::{ReadError, damaged},
    event::Seq,
    log::{digest::Digest, handle::Log, record::Record, tables::Tables},
};

/// The end of the log: what a signed note about it would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHead {
    /// The last event; 0 when there is none.
    pub seq: Seq,
    /// The time at which the log took it.
    pub recorded: Option<Timestamp>,
    /// The link of the chain there: it stands for everything up to it.
    pub digest: Digest,
}

impl Log {
    /// Returns the last event.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails or the last record is damaged.
    pub fn head(&self) -> Result<LogHead, ReadError> {
        let (tables, txn) = self.read()?;
        head_in(&tables, &txn)
    }
}

/// Returns the last event that this transaction sees.
pub(crate) fn head_in(tables: &Tables, txn: &RoTxn<'_>) -> Result<LogHead, ReadError> {
    let Some((seq, stored)) = tables.events.last(txn)? else {
        return Ok(LogHead { seq: Seq::ZERO, recorded: None, digest: Digest::ZERO });
    };
    let record = Record::decode(stored).map_err(|found| damaged(seq, found))?;
    Ok(LogHead { seq, recorded: Some(record.recorded), digest: record.link })
}
