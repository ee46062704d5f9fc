//! Folding stored events into a catalog: for a look back, for verifying, for repairing.
//!
//! An append folds what it appends; here the same step ([`Changes::take`]) is fed from stored records. A
//! revision that was erased says nothing any more: its asset counts as erased from there on, which is what the
//! whole fold comes to in any case.

use heed::{RoTxn, RwTxn};

use crate::{
    append::data_of,
    asset::{AssetId, AssetRef},
    catalog::{Brief, Change, ContentMark, Head, head_key, mark_of},
    changes::Changes,
    error::ReadError,
    event::{Fact, Seq},
    log::Log,
    record::{Encoded, Record},
    stored::decode_payload,
    tables::{CatalogTables, Tables},
};

/// Folds events, one after the other, into a catalog.
pub(crate) struct Fold<'a> {
    log: &'a Log,
    into: Changes,
    payload: Vec<u8>,
}

/// What the catalog takes of a payload.
struct Said {
    mark: ContentMark,
    into: Option<AssetId>,
    references: Option<Vec<AssetRef>>,
    brief: Brief,
    gone: bool,
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
        let fact = decode_payload(seq, &record, &payload)?.map(|(fact, ..)| fact);
        let key = head_key(&record.event_type, &record.id);
        let head = self.head(to, &key)?;
        self.event(from, txn, (seq, &record, fact.as_ref(), &payload), (&key, head))?;
        self.payload = payload;
        Ok(())
    }

    /// The head under this key as of the last event taken in.
    pub(crate) fn head(&self, to: &RoTxn<'_>, key: &[u8]) -> Result<Option<Head>, ReadError> {
        self.into.head(to, key)
    }

    /// Writes what was taken in; due before the transaction on the catalog's tables is committed.
    pub(crate) fn write(&mut self, to: &mut RwTxn<'_>) -> Result<(), ReadError> {
        self.into.write(to)
    }

    /// Takes in an event that was decoded already, given its asset's key and head.
    pub(crate) fn event(
        &mut self,
        from: &Tables,
        txn: &RoTxn<'_>,
        (seq, record, fact, payload): (Seq, &Record<'_>, Option<&Fact>, &[u8]),
        (key, head): (&[u8], Option<Head>),
    ) -> Result<(), ReadError> {
        let said = said(record, fact, payload);
        let log = self.log;
        self.into.take(key, head, &said.change(seq, record), |live| log.named_at(from, txn, live))
    }

    /// The head of an asset after one more of its events, without touching any table.
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
        let fact = decode_payload(seq, record, &payload)?.map(|(fact, ..)| fact);
        let said = said(record, fact.as_ref(), &payload);
        Ok(head.unwrap_or(Head::NONE).after(&said.change(seq, record)))
    }
}

fn said(record: &Record<'_>, fact: Option<&Fact>, payload: &[u8]) -> Said {
    let gone = matches!(record.payload, Encoded::Erased(_));
    Said {
        gone,
        mark: if gone { ContentMark::default() } else { mark_of(data_of(payload)) },
        into: match fact {
            Some(Fact::Merged(merge)) => Some(merge.into.clone()),
            _ => None,
        },
        references: match fact {
            Some(Fact::Published(content)) => Some(content.references()),
            Some(Fact::Erased(..)) | None => Some(Vec::new()),
            _ => None,
        },
        brief: match fact {
            Some(Fact::Published(content)) => Brief::of(content),
            _ => Brief::default(),
        },
    }
}

impl Said {
    fn change<'s>(&'s self, seq: Seq, record: &'s Record<'_>) -> Change<'s> {
        Change {
            seq,
            event_type: &record.event_type,
            time: record.time,
            mark: self.mark,
            gone: self.gone,
            into: self.into.as_ref(),
            references: self.references.as_deref(),
            brief: &self.brief,
        }
    }
}
