//! Snapshots: the log and the catalog as of one seq. All reads of one piece of work come from one snapshot.

use heed::RoTxn;
use serde_json::{Map, Value};

use crate::{
    asset::{AssetId, AssetKind, AssetRef, kind_letter},
    catalog::{
        Brief, Head, Status, damaged as catalog_damaged, edges_to, past::Past, reader::Reader, referrer_of,
        work::Work,
    },
    content::Content,
    date::Timestamp,
    error::{ReadError, damaged},
    event::{Event, EventType, Fact, Payload, Revision, Seq},
    log::{
        digest::Digest,
        handle::Log,
        head::head_in,
        record::Record,
        stored::{Stored, as_event, checked_record, earlier},
        tables::{CatalogTables, Read, Tables},
    },
    moment::AsOf,
};

/// The log and the catalog as of one seq. Not shared between threads: each opens its own.
pub struct Snapshot {
    pub(crate) log: Log,
    pub(crate) tables: Tables,
    pub(crate) txn: Read,
    pub(crate) seq: Seq,
    /// The moment of a snapshot of the past.
    pub(crate) past: Option<Past>,
    /// The one that it is read for.
    pub(crate) reader: Reader,
}

/// The state of an asset in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetState {
    /// Its last event of any sort.
    pub latest: Seq,
    /// The event of its last public revision; 0 when it has none.
    pub live: Seq,
    /// The number of that revision.
    pub live_revision: Revision,
    /// The event of its last revision, public or not; 0 when it has none.
    pub published: Seq,
    /// The count of its revisions, public or not.
    pub revision: Revision,
    /// The status, by which readers see it or not.
    pub status: Status,
    /// The time from which on readers may not see its last public revision any more.
    pub until: Option<Timestamp>,
}

impl AssetState {
    /// Returns true if readers see the asset.
    pub fn is_seen(&self) -> bool {
        self.status == Status::Published && self.live != Seq::ZERO
    }
}

/// A revision of an asset that readers see, with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// The event that published it.
    pub seq: Seq,
    /// The number of the revision.
    pub revision: Revision,
    /// The time at which it happened at the source.
    pub time: Timestamp,
    /// Its source, as its sender stated it; empty where that is not known.
    pub source: String,
    /// The content of the revision.
    pub content: Content,
}

/// A revision of an asset that readers see, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveFields {
    /// The event that published it.
    pub seq: Seq,
    /// The number of the revision.
    pub revision: Revision,
    /// Its source, as its sender stated it; empty where that is not known.
    pub source: String,
    /// The content of the revision: the JSON of its [`Content`].
    pub fields: Map<String, Value>,
}

impl Log {
    /// Returns the log and the catalog as of now. Keep it for a second at most: as long as it lives, LMDB cannot use
    /// again what later writes free.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails or the last record is damaged.
    pub fn snapshot(&self) -> Result<Snapshot, ReadError> {
        Snapshot::open(self)
    }
}

impl Snapshot {
    pub(crate) fn open(log: &Log) -> Result<Self, ReadError> {
        let (tables, txn) = log.read()?;
        let seq = head_in(&tables, &txn)?.seq;
        Ok(Self { log: log.clone(), tables, txn, seq, past: None, reader: Reader::PUBLIC })
    }

    /// Returns the last event of the log that this snapshot looks at. As of a date, some up to it are hidden: they
    /// happened later.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// Returns the log that it is of.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Returns one event, its digest checked against the chain.
    ///
    /// # Errors
    /// [`ReadError`]: not there, damaged, or the disk fails.
    pub fn event(&self, seq: Seq) -> Result<Event, ReadError> {
        let mut payload = Vec::new();
        let record = self.record(seq, &mut payload)?;
        as_event(seq, record, &payload)
    }

    /// Returns one record with its payload, its digest checked against the chain.
    fn record(&self, seq: Seq, payload: &mut Vec<u8>) -> Result<Record<'_>, ReadError> {
        if seq == Seq::ZERO || seq > self.seq {
            return Err(ReadError::NoSuchEvent { seq, head: self.seq });
        }
        let before = match seq.before() {
            Seq::ZERO => Digest::ZERO,
            before => self.tables.record(&self.txn, before)?.link,
        };
        let record = self.checked_record(seq, &before, payload)?;
        match self.as_of() {
            Some(as_of) if !as_of.takes(seq, record.happened()) => Err(ReadError::NotYet { seq, as_of }),
            _ => Ok(record),
        }
    }

    /// Returns the moment of the snapshot; `None` for the log as of its opening.
    pub fn as_of(&self) -> Option<AsOf> {
        self.past.as_ref().map(|past| past.as_of)
    }

    /// Returns the events from `first` on, `count` at most, each with its digest checked.
    ///
    /// # Errors
    /// [`ReadError`]: damaged, or the disk fails.
    pub fn events(&self, first: Seq, count: usize) -> Result<Vec<Event>, ReadError> {
        let first = first.max(Seq::new(1));
        let (mut events, mut payload) = (Vec::new(), Vec::new());
        let mut before = match first.before() {
            Seq::ZERO => Digest::ZERO,
            seq if seq >= self.seq => return Ok(events),
            seq => self.tables.record(&self.txn, seq)?.link,
        };
        let mut seq = first;
        while seq <= self.seq && events.len() < count {
            let record = self.checked_record(seq, &before, &mut payload)?;
            let event = as_event(seq, record, &payload)?;
            before = event.digest;
            if self.as_of().is_none_or(|as_of| as_of.takes(seq, event.time)) {
                events.push(event);
            }
            seq = seq.next();
        }
        Ok(events)
    }

    /// Returns the events from `first` on, `count` at most, without checking their digests: for who reads the whole log
    /// to build something of it, and leaves the proof to [`Log::verify`]. What cannot be decoded is still an error.
    ///
    /// # Errors
    /// [`ReadError`]: damaged, or the disk fails.
    pub fn replay(&self, first: Seq, count: usize) -> Result<Vec<Event>, ReadError> {
        let first = first.max(Seq::new(1));
        let mut events = Vec::new();
        let mut payload = Vec::new();
        for entry in self.tables.events.range(&self.txn, first, self.seq)? {
            let (seq, stored) = entry?;
            let record = Record::decode(stored).map_err(|found| damaged(seq, found))?;
            if self.as_of().is_some_and(|as_of| !as_of.takes(seq, record.happened())) {
                continue;
            }
            if events.len() == count {
                break;
            }
            self.log.payload_of(&self.tables, &self.txn, seq, &record, &mut payload)?;
            events.push(as_event(seq, record, &payload)?);
        }
        Ok(events)
    }

    /// Returns what changed: type and asset of the events from `first` on, `count` at most, without their payloads.
    ///
    /// # Errors
    /// [`ReadError`]: damaged, or the disk fails.
    pub fn changes(&self, first: Seq, count: usize) -> Result<Vec<(Seq, EventType, AssetId)>, ReadError> {
        let mut changes = Vec::new();
        let mut seq = first.max(Seq::new(1));
        while seq <= self.seq && changes.len() < count {
            let record = self.tables.record(&self.txn, seq)?;
            if self.as_of().is_none_or(|as_of| as_of.takes(seq, record.happened())) {
                changes.push((seq, record.event_type, record.id));
            }
            seq = seq.next();
        }
        Ok(changes)
    }

    /// Returns what the log says of an asset; `None` when it says nothing.
    ///
    /// # Errors
    /// [`ReadError`]: the catalog is damaged, or the disk fails.
    pub fn state(&self, asset: &AssetRef) -> Result<Option<AssetState>, ReadError> {
        Ok(self.head(&asset.to_key())?.map(AssetState::from))
    }

    /// Returns the revision of an asset that readers see; `None` when there is none, or it is withdrawn, erased, or
    /// merged into another.
    ///
    /// # Errors
    /// [`ReadError`]: damaged, or the disk fails.
    pub fn live(&self, asset: &AssetRef) -> Result<Option<Live>, ReadError> {
        match self.seen_head(asset)? {
            Some(head) => self.live_at(asset, &head),
            None => Ok(None),
        }
    }

    /// Returns the revision's content as it is stored, in half the time: for work on many assets.
    ///
    /// # Errors
    /// [`ReadError`]: damaged, or the disk fails.
    pub fn live_fields(&self, asset: &AssetRef) -> Result<Option<LiveFields>, ReadError> {
        let Some(head) = self.seen_head(asset)? else { return Ok(None) };
        let mut payload = Vec::new();
        let record = self.record(head.live, &mut payload)?;
        let Some(stored) = Stored::read(head.live, &record, &payload)? else {
            return if self.as_of().is_some() { Ok(None) } else { Err(catalog_damaged(&asset.to_key())) };
        };
        if record.event_type != EventType::Published(asset.kind) {
            return Err(catalog_damaged(&asset.to_key()));
        }
        let (seq, revision) = (head.live, head.live_revision);
        Ok(Some(LiveFields { seq, revision, fields: stored.fields(seq, &record)?, source: stored.source }))
    }

    fn seen_head(&self, asset: &AssetRef) -> Result<Option<Head>, ReadError> {
        Ok(self.head(&asset.to_key())?.filter(Head::is_seen))
    }

    /// Returns the revision that a head names; `None` when it was erased after the moment that the head is of.
    fn live_at(&self, asset: &AssetRef, head: &Head) -> Result<Option<Live>, ReadError> {
        let event = self.event(head.live)?;
        match event.payload {
            Payload::Kept { fact: Fact::Published(content), source, .. } => {
                let (seq, revision, time) = (head.live, head.live_revision, event.time);
                Ok(Some(Live { seq, revision, time, source, content }))
            }
            Payload::Erased { .. } if self.as_of().is_some() => Ok(None),
            _ => Err(catalog_damaged(&asset.to_key())),
        }
    }

    /// Returns the byline that stands for this one: itself, or what it was merged into.
    ///
    /// # Errors
    /// [`ReadError`]: the catalog is damaged, or the disk fails.
    pub fn resolve(&self, asset: &AssetRef) -> Result<AssetRef, ReadError> {
        let mut at = asset.clone();
        let mut steps = 0_u32;
        while let Some(Head { status: Status::Merged { into }, .. }) = self.head(&at.to_key())? {
            at.id = into;
            steps += 1;
            // The log refuses a merge that leads back; as of a date, and in a damaged catalog, one may be seen.
            if at == *asset || steps > MAX_MERGES {
                return Ok(asset.clone());
            }
        }
        Ok(at)
    }

    /// Returns the assets of a kind that the log has said anything of, in the order of their ids, after `after`,
    /// `count` at most.
    ///
    /// # Errors
    /// [`ReadError`]: the catalog is damaged, or the disk fails.
    pub fn assets(
        &self,
        kind: AssetKind,
        after: Option<&AssetId>,
        count: usize,
    ) -> Result<Vec<(AssetId, AssetState)>, ReadError> {
        let (txn, tables) = self.catalog()?;
        let letter = [kind_letter(kind)];
        let start = after.map_or(letter.to_vec(), |id| AssetRef::new(kind, id.clone()).to_key());
        let bounds = (std::ops::Bound::Excluded(start.as_slice()), std::ops::Bound::Unbounded);
        let mut found = Vec::new();
        for entry in tables.heads.range(txn, &bounds)? {
            let (key, stored) = entry?;
            if !key.starts_with(&letter) || found.len() == count {
                break;
            }
            let asset = AssetRef::from_key(key).ok_or_else(|| catalog_damaged(key))?;
            let head = Head::decode(stored).map_err(|_| catalog_damaged(key))?;
            found.push((asset.id, AssetState::from(head)));
        }
        Ok(found)
    }

    /// Returns the assets that name this one in their last revision, or were merged into it, in the order of their
    /// kinds and ids, after `after`, `count` at most. Whether readers see them is not asked.
    ///
    /// # Errors
    /// [`ReadError`]: the catalog is damaged, or the disk fails.
    pub fn referrers(
        &self,
        asset: &AssetRef,
        after: Option<&AssetRef>,
        count: usize,
    ) -> Result<Vec<AssetRef>, ReadError> {
        Ok(self.referrers_in_brief(asset, after, count)?.into_iter().map(|(asset, _)| asset).collect())
    }

    /// Returns the referrers, each with what its last revision says in brief.
    ///
    /// # Errors
    /// [`ReadError`]: the catalog is damaged, or the disk fails.
    pub fn referrers_in_brief(
        &self,
        asset: &AssetRef,
        after: Option<&AssetRef>,
        count: usize,
    ) -> Result<Vec<(AssetRef, Brief)>, ReadError> {
        self.edges(asset, None, after, count)
    }

    /// Returns the referrers of one kind alone.
    ///
    /// # Errors
    /// [`ReadError`]: the catalog is damaged, or the disk fails.
    pub fn referrers_of_kind(
        &self,
        asset: &AssetRef,
        kind: AssetKind,
        after: Option<&AssetRef>,
        count: usize,
    ) -> Result<Vec<(AssetRef, Brief)>, ReadError> {
        self.edges(asset, Some(kind), after, count)
    }

    fn edges(
        &self,
        asset: &AssetRef,
        kind: Option<AssetKind>,
        after: Option<&AssetRef>,
        count: usize,
    ) -> Result<Vec<(AssetRef, Brief)>, ReadError> {
        let (txn, tables) = self.catalog()?;
        let target = asset.to_key();
        let to_target = edges_to(&target);
        let mut prefix = to_target.clone();
        prefix.extend(kind.map(kind_letter));
        let start = match after {
            Some(after) => crate::catalog::edge(&target, &after.to_key()).0,
            None => prefix.clone(),
        };
        let bounds = (std::ops::Bound::Excluded(start.as_slice()), std::ops::Bound::Unbounded);
        let mut found = Vec::new();
        for entry in tables.referrers.range(txn, &bounds)? {
            let (key, value) = entry?;
            if !key.starts_with(&prefix) || found.len() == count {
                break;
            }
            found.push(referrer_of(key, value, to_target.len()).ok_or_else(|| catalog_damaged(key))?);
        }
        Ok(found)
    }

    /// Returns true if one asset names the other in its last revision, or was merged into it.
    ///
    /// # Errors
    /// [`ReadError`]: the disk fails.
    pub fn names(&self, referrer: &AssetRef, asset: &AssetRef) -> Result<bool, ReadError> {
        let (txn, tables) = self.catalog()?;
        let key = crate::catalog::edge(&asset.to_key(), &referrer.to_key()).0;
        Ok(tables.referrers.get(txn, &key)?.is_some())
    }

    /// Returns what the assets that name this one add up to, of those that readers see: some rows are read, however
    /// many name it. What names bylines that were merged into it is not in it.
    ///
    /// # Errors
    /// [`ReadError`]: the catalog is damaged, or the disk fails.
    pub fn work(&self, asset: &AssetRef) -> Result<Work, ReadError> {
        let (txn, tables) = self.catalog()?;
        tables.work(txn, asset)
    }

    /// Returns the seqs of all events about an asset, newest first, from `latest` back, `count` at most.
    ///
    /// # Errors
    /// [`ReadError`]: damaged, or the disk fails.
    pub fn history(&self, asset: &AssetRef, count: usize) -> Result<Vec<Seq>, ReadError> {
        let mut found = Vec::new();
        let mut seq = self.head(&asset.to_key())?.map_or(Seq::ZERO, |head| head.latest);
        while seq != Seq::ZERO && found.len() < count {
            let record = self.tables.record(&self.txn, seq)?;
            if self.as_of().is_none_or(|as_of| as_of.takes(seq, record.happened())) {
                found.push(seq);
            }
            seq = earlier(seq, record.prev)?;
        }
        Ok(found)
    }

    /// Returns the seqs of the events about one asset, from this one of them back.
    ///
    /// # Errors
    /// Each step may fail with [`ReadError`]: damaged, or the disk fails.
    pub fn history_from(&self, seq: Seq) -> impl Iterator<Item = Result<Seq, ReadError>> + '_ {
        let mut next = seq;
        std::iter::from_fn(move || {
            let seq = (next != Seq::ZERO).then_some(next)?;
            let before = self.tables.record(&self.txn, seq).map(|record| record.prev);
            next = *before.as_ref().unwrap_or(&Seq::ZERO);
            Some(before.map(|_| seq))
        })
    }

    pub(crate) fn head(&self, key: &[u8]) -> Result<Option<Head>, ReadError> {
        match &self.past {
            Some(past) => past.head(self, key),
            None => self.tables.catalog.head(&self.txn, key),
        }
    }

    fn catalog(&self) -> Result<(&RoTxn<'_>, &CatalogTables), ReadError> {
        match &self.past {
            Some(past) => past.catalog(self),
            None => Ok((&self.txn, &self.tables.catalog)),
        }
    }

    fn checked_record(
        &self,
        seq: Seq,
        before: &Digest,
        payload: &mut Vec<u8>,
    ) -> Result<Record<'_>, ReadError> {
        checked_record(&self.log, &self.tables, &self.txn, (seq, before), payload)
    }
}

/// Longer chains of merged bylines are not followed.
pub(crate) const MAX_MERGES: u32 = 10_000;

impl From<Head> for AssetState {
    fn from(head: Head) -> Self {
        let Head { latest, live, live_revision, published, revision, status, until, .. } = head;
        Self { latest, live, live_revision, published, revision, status, until }
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").field("seq", &self.seq).finish_non_exhaustive()
    }
}
