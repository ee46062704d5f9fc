//! Inside a write transaction: whether an event says anything new, its place in the log, and what it changes.

use heed::{PutFlags, RwTxn};

use crate::{
    asset::{AssetId, AssetRef},
    catalog::{Change, Head, Status, changes::Changes, head_key, mark_of, names, snapshot::MAX_MERGES},
    date::Timestamp,
    error::{AppendError, damaged},
    event::{EventType, Fact, OrderedBy, Revision, Seq},
    log::{
        batch::{Appended, Batch, Outcome, Prepared, Refusal},
        blocks::Filling,
        compress::Compressed,
        digest::Digest,
        handle::Log,
        head::head_in,
        record::{Encoded, Record},
        stored::{Stored, data_of, earlier},
        tables::{Tables, seal, time_key},
    },
};

/// The state of one write transaction while it appends.
pub(crate) struct Writer<'a> {
    log: &'a Log,
    tables: &'a Tables,
    head: Seq,
    link: Digest,
    recorded: Timestamp,
    json_bytes: u64,
    /// The records and keys that are appended and not written yet, each kind in the order in which LMDB is given it.
    filling: Filling,
    catalog: Changes,
    times: Vec<[u8; 16]>,
    /// True if anything was written.
    changed: bool,
    /// A dictionary that these tables are known to have.
    known: Option<u32>,
    scratch: Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Begins writing. The head is read here, inside the transaction: another process may have appended. What is
    /// appended is recorded at `recorded`.
    pub(crate) fn new(
        log: &'a Log,
        tables: &'a Tables,
        txn: &RwTxn<'_>,
        recorded: Timestamp,
    ) -> Result<Self, AppendError> {
        let head = head_in(tables, txn)?;
        let newest = tables.dictionaries.last(txn)?.map(|(number, _)| number);
        if newest != log.dictionaries().encoder() {
            log.learn_dictionaries(tables, txn)?; // another process has changed them
        }
        let (head, link) = (head.seq, head.digest);
        Ok(Self {
            log,
            tables,
            head,
            link,
            recorded,
            json_bytes: 0,
            filling: Filling::at_end(tables.events, txn)?,
            catalog: Changes::to(tables.catalog),
            times: Vec::new(),
            changed: false,
            known: None,
            scratch: Vec::new(),
        })
    }

    pub(crate) fn batch(&mut self, txn: &mut RwTxn<'_>, batch: &Batch) -> Result<Appended, AppendError> {
        for (asset, expected) in &batch.expect {
            let head = self.catalog.head(txn, &asset.to_key())?;
            let found = head.map_or(Revision::default(), |head| head.revision);
            if found != *expected {
                return Err(AppendError::Conflict { asset: asset.clone(), expected: *expected, found });
            }
        }
        let outcomes = batch.events.iter().map(|event| self.event(txn, event)).collect::<Result<_, _>>()?;
        if let Some(position) = &batch.position {
            let sealed = seal(position.source.as_bytes(), position.position.as_bytes());
            if self.tables.sources.get(txn, &position.source)? != Some(&sealed) {
                self.tables.sources.put(txn, &position.source, &sealed)?;
                self.changed = true;
            }
        }
        for name in &batch.names {
            let (key, sealed) = names::row(name);
            if self.tables.sources.get(txn, &key)? != Some(&sealed) {
                self.tables.sources.put(txn, &key, &sealed)?;
                self.changed = true;
            }
        }
        Ok(Appended { head: self.head, outcomes })
    }

    /// Returns the log's last event when everything so far is in.
    pub(crate) fn head(&self) -> Seq {
        self.head
    }

    fn event(&mut self, txn: &mut RwTxn<'_>, event: &Prepared) -> Result<Outcome, AppendError> {
        let head = self.head_of(txn, event)?;
        if let Some(outcome) = self.says_nothing_new(txn, event, head.as_ref())? {
            return Ok(outcome);
        }
        let latest = head.as_ref().map_or(Seq::ZERO, |head| head.latest);
        let never_public = head.as_ref().is_none_or(|head| head.live == Seq::ZERO);
        let completed = self.complete_erasure(txn, event, (latest, never_public))?;
        let event = completed.as_ref().unwrap_or(event);
        self.store(txn, event, head, self.recorded)?;
        let publishes =
            matches!(event.event_type, EventType::Published(_)) && event.said.visibility.is_public();
        let after = self.catalog.head(txn, &event.key)?;
        match after.map(|head| head.status) {
            Some(Status::Withdrawn { .. }) if publishes => Ok(Outcome::Withheld(self.head)),
            _ => Ok(Outcome::Appended(self.head)),
        }
    }

    /// Returns the head of an event's asset. If there is one, the asset's older events may be read now.
    pub(crate) fn head_of(
        &mut self,
        txn: &mut RwTxn<'_>,
        event: &Prepared,
    ) -> Result<Option<Head>, AppendError> {
        let head = self.catalog.head(txn, &event.key)?;
        if head.is_some() {
            self.flush(txn)?;
        }
        Ok(head)
    }

    /// Lets what was appended so far be read in this transaction.
    pub(crate) fn flush(&mut self, txn: &mut RwTxn<'_>) -> Result<(), AppendError> {
        Ok(self.filling.flush(txn)?)
    }

    /// Returns an erasure, with what its asset has ever named: a view that follows late may still show an older
    /// revision.
    fn complete_erasure(
        &self,
        txn: &RwTxn<'_>,
        event: &Prepared,
        (latest, never_public): (Seq, bool),
    ) -> Result<Option<Prepared>, AppendError> {
        let Some(mut erasure) = event.erasure.clone() else { return Ok(None) };
        if let Fact::Erased(_, order) = &mut erasure.fact {
            order.named.clear();
            order.never_public = never_public;
            let mut seq = latest;
            while seq != Seq::ZERO {
                for named in self.log.named_at(self.tables, txn, seq)?.0 {
                    if !order.named.contains(&named) {
                        order.named.push(named);
                    }
                }
                seq = earlier(seq, self.tables.record(txn, seq)?.prev)?;
            }
        }
        Ok(Some(self.log.prepare(&erasure)?))
    }

    /// Puts an event at the end of the log, whatever it says. Returns its link in the chain.
    pub(crate) fn store(
        &mut self,
        txn: &mut RwTxn<'_>,
        event: &Prepared,
        head: Option<Head>,
        recorded: Timestamp,
    ) -> Result<Digest, AppendError> {
        let (log, tables) = (self.log, self.tables);
        let seq = self.head.next();
        let before = head.as_ref().unwrap_or(&Head::NONE);
        let latest = before.latest;
        let revision = match event.event_type {
            EventType::Published(_) => before.revision.next(),
            _ => Revision::default(),
        };
        let compressed_anew = self.compressed_anew(txn, event)?;
        let mut record = Record {
            event_type: event.event_type.clone(),
            schema: event.schema,
            id: event.id.clone(),
            recorded,
            time: event.time,
            prev: latest,
            revision,
            link: Digest::ZERO,
            payload: compressed_anew.as_ref().unwrap_or(&event.payload).with_salt(event.salt),
        };
        record.link = record.expected_link(seq, &self.link, &event.digest);
        self.scratch.clear();
        record.encode(&mut self.scratch);
        self.filling.push(txn, seq, &self.scratch)?;
        self.times.push(time_key(record.happened().as_millis(), seq.get()));
        let change = Change { seq, event_type: &event.event_type, time: event.time, said: &event.said };
        self.catalog.take(&event.key, head, &change, |live| log.named_at(tables, txn, live))?;
        if matches!(event.event_type, EventType::Erased(_)) {
            self.filling.flush(txn)?;
            self.forget(txn, latest)?; // the catalog needed the payload to know what it named
            self.filling = Filling::at_end(tables.events, txn)?;
        }
        self.head = seq;
        self.changed = true;
        self.link = record.link;
        self.json_bytes += event.json_bytes as u64;
        Ok(record.link)
    }

    /// Returns the payload compressed anew, if the dictionary that it was prepared with is not in the log any more.
    fn compressed_anew(
        &mut self,
        txn: &RwTxn<'_>,
        event: &Prepared,
    ) -> Result<Option<Compressed>, AppendError> {
        let Compressed::Zstd { dictionary, .. } = event.payload else { return Ok(None) };
        if dictionary == 0 || self.known == Some(dictionary) {
            return Ok(None);
        }
        if self.tables.dictionaries.get(txn, &dictionary)?.is_some() {
            self.known = Some(dictionary);
            return Ok(None);
        }
        let mut payload = Vec::new();
        let stored = event.payload.with_salt(event.salt);
        let done = self.log.dictionaries().decompress(&stored, &mut payload);
        done.map_err(|found| damaged(self.head.next(), found))?;
        Ok(Some(self.log.dictionaries().compress(payload)))
    }

    /// Returns the outcome of an event that is none: the same content as the head's, a state that is so already, or a
    /// fact of a stated time that the log has.
    fn says_nothing_new(
        &self,
        txn: &RwTxn<'_>,
        event: &Prepared,
        head: Option<&Head>,
    ) -> Result<Option<Outcome>, AppendError> {
        if let (EventType::Merged, Some(into)) = (&event.event_type, &event.said.into)
            && self.merge_leads_back(txn, into, &event.id)?
        {
            let refusal = Refusal::MergeCycle { id: event.id.clone(), into: into.clone() };
            return Ok(Some(Outcome::Refused(refusal)));
        }
        let Some(head) = head else { return Ok(None) };
        let is_there = head.is_seen() || matches!(head.status, Status::Merged { .. });
        if let (true, true, Some(kind)) = (event.only_if_absent, is_there, event.event_type.kind()) {
            let asset = AssetRef::new(kind, event.id.clone());
            let seq = if head.live == Seq::ZERO { head.latest } else { head.live };
            return Ok(Some(Outcome::Refused(Refusal::Exists { asset, seq })));
        }
        let same_as_head = match (&event.event_type, &head.status) {
            (EventType::Erased(_), Status::Erased) => true,
            (_, Status::Erased) => {
                let Some(kind) = event.event_type.kind() else { return Ok(None) };
                let asset = AssetRef::new(kind, event.id.clone());
                return Ok(Some(Outcome::Refused(Refusal::Erased { asset, seq: head.latest })));
            }
            (EventType::Published(_), status) => self.is_said_by(event, head, status),
            (EventType::Other(_), _) => head.mark == event.said.mark,
            (EventType::Withdrawn(_), Status::Withdrawn { by }) => {
                *by == OrderedBy::Person || *by == event.said.ordered_by
            }
            (EventType::Restored(_), status) => !matches!(status, Status::Withdrawn { .. }),
            (EventType::Withdrawn(_), Status::Merged { into }) => {
                let refusal = Refusal::Merged { id: event.id.clone(), into: into.clone() };
                return Ok(Some(Outcome::Refused(refusal)));
            }
            (EventType::Merged, Status::Merged { into }) => Some(into) == event.said.into.as_ref(),
            (EventType::Unmerged, Status::Published | Status::Withdrawn { .. }) => true,
            _ => false,
        };
        if same_as_head {
            return Ok(Some(Outcome::Unchanged(head.latest)));
        }
        match event.time {
            Some(time) if Some(time) <= head.newest_time => self.find_in_history(txn, event, time, head),
            _ => Ok(None),
        }
    }

    /// Returns true if the asset's last revision says what this event does, and nothing changes by saying it again. What
    /// is public says more than a revision that is not; what its source withdrew is given back by saying it again.
    fn is_said_by(&self, event: &Prepared, head: &Head, status: &Status) -> bool {
        let said = &event.said;
        if head.published == Seq::ZERO || *status == (Status::Withdrawn { by: OrderedBy::Source }) {
            return head.published != Seq::ZERO && !said.visibility.is_public() && head.mark == said.mark;
        }
        head.mark == said.mark || (!said.visibility.is_public() && head.mark == said.public_mark)
    }

    /// Returns the event of the asset's history that states this fact at this time, if there is one: then an archive with
    /// several revisions of an asset can be loaded again and adds nothing.
    fn find_in_history(
        &self,
        txn: &RwTxn<'_>,
        event: &Prepared,
        time: Timestamp,
        head: &Head,
    ) -> Result<Option<Outcome>, AppendError> {
        let mut seq = head.latest;
        let mut payload = Vec::new();
        let ends_a_withdrawal = matches!(event.event_type, EventType::Published(_))
            && head.status == (Status::Withdrawn { by: OrderedBy::Source });
        while seq != Seq::ZERO {
            let record = self.tables.record(txn, seq)?;
            let withdraws = matches!(record.event_type, EventType::Withdrawn(_));
            if ends_a_withdrawal && withdraws && record.time.is_none() {
                return Ok(None); // withdrawn at a time that nobody stated: what is said now comes after it
            }
            if record.time == Some(time) && record.event_type == event.event_type {
                self.log.payload_of(self.tables, txn, seq, &record, &mut payload)?;
                let stored = Stored::read(seq, &record, &payload)?;
                if stored.is_some_and(|s| mark_of(&s.visibility, data_of(&payload)) == event.said.mark) {
                    return Ok(Some(Outcome::Unchanged(seq)));
                }
            }
            seq = earlier(seq, record.prev)?;
        }
        Ok(None)
    }

    fn merge_leads_back(&self, txn: &RwTxn<'_>, into: &AssetId, id: &AssetId) -> Result<bool, AppendError> {
        let mut at = into.clone();
        for _ in 0..MAX_MERGES {
            if at == *id {
                return Ok(true);
            }
            match self.catalog.head(txn, &head_key(&EventType::Merged, &at))? {
                Some(Head { status: Status::Merged { into }, .. }) => at = into,
                _ => return Ok(false),
            }
        }
        Ok(true) // so long a chain is none; whoever adds to it would hang its readers
    }

    /// Replaces the payloads of all revisions by their digests.
    fn forget(&self, txn: &mut RwTxn<'_>, latest: Seq) -> Result<(), AppendError> {
        let tables = self.tables;
        let mut seq = latest;
        let mut payload = Vec::new();
        let mut stub = Vec::new();
        while seq != Seq::ZERO {
            let record = self.tables.record(txn, seq)?;
            let prev = record.prev;
            if matches!(record.event_type, EventType::Published(_))
                && !matches!(record.payload, Encoded::Erased(_))
            {
                self.log.payload_of(self.tables, txn, seq, &record, &mut payload)?;
                let digest = record.payload.digest(&payload);
                stub.clear();
                Record { payload: Encoded::Erased(digest), ..record }.encode(&mut stub);
                tables.events.replace(txn, seq, &stub)?;
                tables.meta.put(txn, "forget", &1)?;
            }
            seq = earlier(seq, prev)?;
        }
        Ok(())
    }

    /// Writes the times of the new events. One that happens as it is recorded comes after all in the list: LMDB fills its
    /// pages then, and looks for no place among them.
    fn write_times(&mut self, txn: &mut RwTxn<'_>) -> Result<(), AppendError> {
        self.times.sort_unstable();
        let times = self.tables.times;
        let ascends = times.last(txn)?.zip(self.times.first()).is_none_or(|((last, ()), first)| last < first);
        let flags = if ascends { PutFlags::APPEND } else { PutFlags::empty() };
        for time in self.times.drain(..) {
            times.put_with_flags(txn, flags, &time, &())?;
        }
        Ok(())
    }

    /// Writes what is not written yet, and says whether there is anything to commit.
    pub(crate) fn finish(&mut self, txn: &mut RwTxn<'_>) -> Result<bool, AppendError> {
        self.filling.flush(txn)?;
        self.catalog.write(txn)?;
        self.write_times(txn)?;
        if self.json_bytes > 0 {
            let json = self.tables.number(txn, "json")?;
            self.tables.meta.put(txn, "json", &json.saturating_add(self.json_bytes))?;
        }
        Ok(self.changed)
    }
}
