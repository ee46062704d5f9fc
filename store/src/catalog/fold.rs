//! Folding stored events into a catalog: for a look back, for verifying, for repairing.
//!
//! An append folds what it appends; here the same step ([`Changes::take`]) is fed from stored records. A
//! revision that was erased says nothing any more: its asset counts as erased from there on, which is what the
//! whole fold comes to in any case.

use heed::{RoTxn, RwTxn};

use crate::{
    catalog::{Change, Head, Statement, changes::Changes, head_key},
    error::ReadError,
    event::Seq,
    log::{
        handle::Log,
        record::Record,
        stored::{Decoded, data_of, decode_payload},
        tables::{CatalogTables, Tables},
    },
};

/// Folds events, one after the other, into a catalog.
pub(crate) struct Fold<'a> {
    log: &'a Log,
    into: Changes,
    payload: Vec<u8>,
}

impl<'a> Fold<'a> {
    pub(crate) fn new(log: &'a Log, into: CatalogTables) -> Self {
        Self { log, into: Changes::to(into), payload: Vec::new() }
    }

    /// Takes in the event of this seq; `to` is a transaction on the catalog's tables.
    pub(crate) fn event_at(
        &mut self,
        from: &Tables,
        txn: &RoTxn<'_>,
        to: &RoTxn<'_>,
        seq: Seq,
    ) -> Result<(), ReadError> {
        let record = from.record(txn, seq)?;
        let mut payload = std::mem::take(&mut self.payload);
        self.log.payload_of(from, txn, seq, &record, &mut payload)?;
        let key = head_key(&record.event_type, &record.id);
        let head = self.head(to, &key)?;
        self.event(from, txn, (seq, &record, &payload), (&key, head))?;
        self.payload = payload;
        Ok(())
    }

    /// Returns the head under this key as of the last event taken in.
    pub(crate) fn head(&self, to: &RoTxn<'_>, key: &[u8]) -> Result<Option<Head>, ReadError> {
        self.into.head(to, key)
    }

    /// Writes what was taken in; due before the transaction on the catalog's tables is committed.
    pub(crate) fn write(&mut self, to: &mut RwTxn<'_>) -> Result<(), ReadError> {
        self.into.write(to)
    }

    /// Takes in an event whose payload was read already, given its asset's key and head.
    pub(crate) fn event(
        &mut self,
        from: &Tables,
        txn: &RoTxn<'_>,
        (seq, record, payload): (Seq, &Record<'_>, &[u8]),
        (key, head): (&[u8], Option<Head>),
    ) -> Result<(), ReadError> {
        let said = said(seq, record, payload)?;
        let change = Change { seq, event_type: &record.event_type, time: record.time, said: &said };
        self.into.take(key, head, &change, |live| self.log.named_at(from, txn, live))
    }

    /// Returns the head of an asset after one more of its events, without touching any table.
    pub(crate) fn head_after(
        &self,
        from: &Tables,
        txn: &RoTxn<'_>,
        head: Option<Head>,
        seq: Seq,
        record: &Record<'_>,
    ) -> Result<Head, ReadError> {
        let mut payload = Vec::new();
        self.log.payload_of(from, txn, seq, record, &mut payload)?;
        let said = said(seq, record, &payload)?;
        let change = Change { seq, event_type: &record.event_type, time: record.time, said: &said };
        Ok(head.unwrap_or(Head::NONE).after(&change))
    }
}

fn said(seq: Seq, record: &Record<'_>, payload: &[u8]) -> Result<Statement, ReadError> {
    Ok(match decode_payload(seq, record, payload)? {
        None => Statement::gone(),
        Some(Decoded { fact, visibility, source, .. }) => {
            Statement::of(record.schema, (&fact, &visibility, &source), data_of(payload))
        }
    })
}
