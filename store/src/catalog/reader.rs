//! Readers: what somebody who reads the archive may see of it. The rule is here and nowhere else; whatever reads for
//! somebody is given a [`Reader`].
//!
//! Public is a property of a revision ([`Visibility`]). A reader sees the public revisions of assets that are neither
//! withdrawn nor erased. An asset without a public revision does not exist for him; one that had a public revision and
//! was withdrawn or erased is gone, at a time, perhaps with a notice. Those who keep the archive see all.

use crate::{
    asset::AssetRef,
    catalog::{Head, Status, snapshot::Snapshot},
    date::Timestamp,
    error::ReadError,
    event::{Event, EventType, Fact, Order, Payload, Seq},
    log::{digest::Digest, stored::as_event},
};

/// Somebody who reads the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    sees_all: bool,
}

impl Reader {
    /// Sees what is public.
    pub const PUBLIC: Self = Self { sees_all: false };
    /// Keeps the archive: sees what was withdrawn, what is not public, and who ordered it.
    pub const KEEPER: Self = Self { sees_all: true };

    /// Returns true if nothing is kept from this reader.
    pub const fn sees_all(self) -> bool {
        self.sees_all
    }
}

/// The answer to a reader who asks for an asset.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// He may see it: its last public revision, or the asset that it was merged into.
    Seen,
    /// It was there, and is not any more.
    Gone(Gone),
    /// There is none for him.
    Unknown,
}

/// The end of an asset, as a reader is told it.
#[derive(Debug, Clone, PartialEq)]
pub struct Gone {
    /// The time of the event that took it from readers.
    pub since: Timestamp,
    /// True if its texts are gone for good.
    pub erased: bool,
    /// A sentence for readers; may be empty.
    pub notice: String,
    /// The order by which it is gone, with its reason: for those who see all.
    pub order: Option<Order>,
}

impl Snapshot {
    /// Returns this snapshot, read for somebody.
    #[must_use]
    pub fn for_reader(self, reader: Reader) -> Self {
        Self { reader, ..self }
    }

    /// Returns the one that this snapshot is read for: [`Reader::PUBLIC`] where nobody was named.
    pub fn reader(&self) -> Reader {
        self.reader
    }

    /// Returns what a reader is told of an asset today, whatever moment the snapshot is of.
    ///
    /// # Errors
    /// [`ReadError`]: damaged, or the disk fails.
    pub fn shown(&self, asset: &AssetRef) -> Result<Shown, ReadError> {
        let Some(head) = self.tables.catalog.head(&self.txn, &asset.to_key())? else {
            return Ok(Shown::Unknown);
        };
        match head {
            Head { live: Seq::ZERO, .. } => Ok(Shown::Unknown),
            Head { status: Status::Published | Status::Merged { .. }, .. } => Ok(Shown::Seen),
            Head { status: Status::Withdrawn { .. } | Status::Erased, .. } => {
                Ok(self.end_of(&head)?.map_or(Shown::Unknown, Shown::Gone))
            }
        }
    }

    /// Returns one event, also where the snapshot is of a moment before it.
    fn event_whenever(&self, seq: Seq) -> Result<Event, ReadError> {
        let record = self.tables.record(&self.txn, seq)?;
        let mut payload = Vec::new();
        self.log.payload_of(&self.tables, &self.txn, seq, &record, &mut payload)?;
        as_event(seq, record, &payload)
    }

    /// Finds the event that took an asset from readers.
    fn end_of(&self, head: &Head) -> Result<Option<Gone>, ReadError> {
        let erased = head.status == Status::Erased;
        for seq in self.history_from(head.latest) {
            let event = self.event_whenever(seq?)?;
            let ends = match event.event_type {
                EventType::Erased(_) => erased,
                EventType::Withdrawn(_) => !erased,
                _ => false,
            };
            if ends {
                let order = match event.fact() {
                    Some(Fact::Withdrawn(_, order) | Fact::Erased(_, order)) => order.clone(),
                    _ => Order::default(),
                };
                let notice = order.notice.clone();
                let order = self.reader.sees_all().then_some(order);
                return Ok(Some(Gone { since: event.time, erased, notice, order }));
            }
        }
        Ok(None)
    }

    /// Returns an event as this snapshot's reader may see it: whole, or as an erasure would leave it, so that the chain
    /// of digests still checks.
    ///
    /// # Errors
    /// [`ReadError`]: damaged, or the disk fails.
    pub fn as_seen(&self, event: Event) -> Result<Event, ReadError> {
        if self.may_see(&event)? {
            return Ok(event);
        }
        let digest = match &event.payload {
            Payload::Erased { digest } => *digest,
            Payload::Kept { .. } => self.payload_digest(event.seq)?,
        };
        Ok(Event { payload: Payload::Erased { digest }, ..event })
    }

    /// Returns true if this snapshot's reader may see what an event says.
    ///
    /// # Errors
    /// [`ReadError`]: the catalog is damaged, or the disk fails.
    pub fn may_see(&self, event: &Event) -> Result<bool, ReadError> {
        if self.reader.sees_all() {
            return Ok(true);
        }
        // Orders say who gave them and why, and a type of the future may say anything.
        let is_for_readers = match &event.payload {
            Payload::Erased { .. } => true,
            Payload::Kept { fact: Fact::Published(_), visibility, .. } => visibility.is_public(),
            Payload::Kept { fact: Fact::Merged(_) | Fact::Unmerged(_), .. } => true,
            Payload::Kept { fact: Fact::Withdrawn(..) | Fact::Restored(..) | Fact::Erased(..), .. } => false,
            Payload::Kept { fact: Fact::Other(..), .. } => false,
        };
        match event.asset() {
            Some(asset) if is_for_readers => Ok(self.shown(&asset)? == Shown::Seen),
            _ => Ok(false),
        }
    }

    fn payload_digest(&self, seq: Seq) -> Result<Digest, ReadError> {
        let record = self.tables.record(&self.txn, seq)?;
        let mut payload = Vec::new();
        self.log.payload_of(&self.tables, &self.txn, seq, &record, &mut payload)?;
        Ok(record.payload.digest(&payload))
    }
}
