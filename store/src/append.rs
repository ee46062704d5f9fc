//! Appending: what is decided before the write transaction, and what inside it.
//!
//! [`Log::prepare`] does the work that needs no lock (check, serialise, digest, compress) and can run on any
//! thread. [`Log::append`] commits: whoever comes first takes along all batches that are waiting, so many small
//! appends share one commit and its two fsyncs.

use std::sync::{Arc, Mutex, PoisonError};

use heed::{PutFlags, RwTxn};

use crate::{
    asset::{AssetId, AssetRef},
    catalog::{Change, ContentMark, Head, Status, head_key, mark_of},
    compress::Compressed,
    date::Timestamp,
    digest::{Digest, Salt},
    error::AppendError,
    event::{EventType, Fact, InvalidEvent, NewEvent, Revision, Seq},
    log::{Log, head_in},
    record::{Encoded, Record, SCHEMA},
    snapshot,
    tables::{Tables, time_key},
    validate::{self, MAX_PAYLOAD_BYTES},
};

/// An event that has been checked, serialised, digested and compressed: ready to be appended.
#[derive(Debug, Clone)]
pub struct Prepared {
    event_type: EventType,
    id: AssetId,
    key: Vec<u8>,
    time: Option<Timestamp>,
    into: Option<AssetId>,
    references: Option<Vec<AssetRef>>,
    mark: ContentMark,
    salt: Salt,
    digest: Digest,
    json_bytes: usize,
    payload: Compressed,
    /// Of an erasure: the event itself, since the log has something to add to it.
    erasure: Option<Box<NewEvent>>,
}

/// Events that are appended together or not at all.
#[derive(Debug, Default)]
pub struct Batch {
    /// In this order.
    pub events: Vec<Prepared>,
    /// How far their source has been read: stored in the same transaction.
    pub position: Option<SourcePosition>,
    /// Revisions that assets must be at; 0 is "not there". If one is not, nothing is appended.
    pub expect: Vec<(AssetRef, Revision)>,
}

/// How far a source has been read, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePosition {
    /// The source's name, at most 400 bytes: `load:/archive/1931.jsonl`.
    pub source: String,
    /// Whatever the source needs to go on.
    pub position: String,
}

/// What became of one event of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the log.
    Appended(Seq),
    /// It says nothing new: this event says the same.
    Unchanged(Seq),
    /// The log's state does not allow it; nothing is stored of it.
    Refused(Refusal),
}

/// Why the log's state does not allow an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An erased asset does not come back by loading it once more.
    #[error("{asset} was erased by event {seq} and stays so: use another id if this is something else")]
    Erased {
        /// Which.
        asset: AssetRef,
        /// By which event.
        seq: Seq,
    },
    /// A merged byline is the other one.
    #[error("byline {id} was merged into {into}: withdraw that one")]
    Merged {
        /// The byline of the event.
        id: AssetId,
        /// The one that stands for it.
        into: AssetId,
    },
    /// Merges that end where they began name nobody.
    #[error("byline {id} cannot be merged into {into}, which is merged into {id} already")]
    MergeCycle {
        /// The byline of the event.
        id: AssetId,
        /// Its target.
        into: AssetId,
    },
}

/// What an append did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The log's last event when the batch was in.
    pub head: Seq,
    /// For each event of the batch, in its order.
    pub outcomes: Vec<Outcome>,
}

/// Batches that wait for the next commit.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Vec<Arc<Waiting>>>,
    /// Held by the thread that commits for all.
    committing: Mutex<()>,
}

struct Waiting {
    batch: Batch,
    done: Mutex<Option<Result<Appended, AppendError>>>,
}

impl Log {
    /// Checks an event and does all work on it that needs no lock. Costs some 10 µs for an article.
    ///
    /// # Errors
    /// [`InvalidEvent`] with the field that breaks the schema.
    pub fn prepare(&self, event: &NewEvent) -> Result<Prepared, InvalidEvent> {
        validate::check(event)?;
        let payload = payload_of(&event.source, &event.unknown, &event.fact)?;
        let event_type = event.fact.event_type();
        let data_at = payload.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)
            .map_err(|error| InvalidEvent::Json(format!("no random bytes: {error}")))?;
        let salt = Salt::from_bytes(salt);
        Ok(Prepared {
            key: head_key(&event_type, &event.id),
            id: event.id.clone(),
            time: event.time,
            into: match &event.fact {
                Fact::Merged(merge) => Some(merge.into.clone()),
                _ => None,
            },
            references: match &event.fact {
                Fact::Published(content) => Some(content.references()),
                Fact::Erased(..) => Some(Vec::new()),
                _ => None,
            },
            mark: mark_of(payload.get(data_at..).unwrap_or_default()),
            digest: Digest::of(&[salt.as_bytes(), &payload]),
            salt,
            json_bytes: payload.len(),
            event_type,
            payload: self.dictionaries().compress(payload),
            erasure: matches!(event.fact, Fact::Erased(..)).then(|| Box::new(event.clone())),
        })
    }

    /// Appends a batch and returns when it is on disk. Batches that other threads append at the same time share
    /// the commit; other processes take turns.
    ///
    /// # Errors
    /// [`AppendError`]; nothing of the batch is in the log then.
    pub fn append(&self, batch: Batch) -> Result<Appended, AppendError> {
        let mine = Arc::new(Waiting { batch, done: Mutex::new(None) });
        lock(&self.queue().waiting).push(Arc::clone(&mine));
        let _commit = lock(&self.queue().committing);
        if let Some(done) = lock(&mine.done).take() {
            return done;
        }
        let all = std::mem::take(&mut *lock(&self.queue().waiting));
        self.commit(&all);
        let done = lock(&mine.done).take();
        done.unwrap_or_else(|| {
            Err(AppendError::Lmdb(Arc::new(heed::Error::Io(std::io::ErrorKind::Other.into()))))
        })
    }

    /// Checks and appends one event: the short way for a single one.
    ///
    /// # Errors
    /// [`AppendError`]; nothing is in the log then.
    pub fn append_one(&self, event: &NewEvent) -> Result<Outcome, AppendError> {
        let batch = Batch { events: vec![self.prepare(event)?], ..Batch::default() };
        let appended = self.append(batch)?;
        Ok(appended.outcomes.into_iter().next().unwrap_or(Outcome::Unchanged(appended.head)))
    }

    /// One transaction for all that wait.
    fn commit(&self, all: &[Arc<Waiting>]) {
        match self.commit_together(all) {
            Ok(results) => {
                all.iter().zip(results).for_each(|(waiting, result)| *lock(&waiting.done) = Some(result));
                self.committed();
            }
            // Something that one batch needs is damaged: the others shall not suffer for it.
            Err(AppendError::Read(_)) if all.len() > 1 => {
                all.iter().for_each(|waiting| self.commit(std::slice::from_ref(waiting)));
            }
            Err(error) => {
                for waiting in all {
                    *lock(&waiting.done) = Some(Err(error.clone()));
                }
            }
        }
    }

    fn commit_together(
        &self,
        all: &[Arc<Waiting>],
    ) -> Result<Vec<Result<Appended, AppendError>>, AppendError> {
        self.write(|tables, mut txn| {
            let mut writer = Writer::new(self, tables, &txn)?;
            let mut results = Vec::with_capacity(all.len());
            for waiting in all {
                match writer.batch(&mut txn, &waiting.batch) {
                    Err(error) if error.is_fatal() => return Err(error),
                    result => results.push(result),
                }
            }
            writer.finish(&mut txn)?;
            txn.commit()?;
            Ok(results)
        })
    }
}

impl AppendError {
    /// Whether the transaction it happened in cannot go on.
    fn is_fatal(&self) -> bool {
        !matches!(self, Self::Conflict { .. } | Self::Invalid(_))
    }
}

/// What one write transaction knows while it appends.
struct Writer<'a> {
    log: &'a Log,
    tables: &'a Tables,
    head: Seq,
    link: Digest,
    recorded: Timestamp,
    json_bytes: u64,
    /// A dictionary that these tables are known to have.
    known: Option<u32>,
    scratch: Vec<u8>,
}

impl<'a> Writer<'a> {
    /// The head is read here, inside the transaction: another process may have appended.
    fn new(log: &'a Log, tables: &'a Tables, txn: &RwTxn<'_>) -> Result<Self, AppendError> {
        let head = head_in(tables, txn)?;
        let newest = tables.dictionaries.last(txn)?.map(|(number, _)| number);
        if newest != log.dictionaries().encoder() {
            log.learn_dictionaries(tables, txn)?; // another process has changed them
        }
        let recorded = head.recorded.max(Some(Timestamp::now())).unwrap_or(Timestamp::MIN);
        let (head, link) = (head.seq, head.digest);
        Ok(Self { log, tables, head, link, recorded, json_bytes: 0, known: None, scratch: Vec::new() })
    }

    fn batch(&mut self, txn: &mut RwTxn<'_>, batch: &Batch) -> Result<Appended, AppendError> {
        for (asset, expected) in &batch.expect {
            let head = self.tables.catalog.head(txn, &asset.to_key())?;
            let found = head.map_or(Revision::default(), |head| head.revision);
            if found != *expected {
                return Err(AppendError::Conflict { asset: asset.clone(), expected: *expected, found });
            }
        }
        let outcomes = batch.events.iter().map(|event| self.event(txn, event)).collect::<Result<_, _>>()?;
        if let Some(position) = &batch.position {
            self.tables.sources.put(txn, &position.source, &position.position)?;
        }
        Ok(Appended { head: self.head, outcomes })
    }

    fn event(&mut self, txn: &mut RwTxn<'_>, event: &Prepared) -> Result<Outcome, AppendError> {
        let tables = self.tables;
        let head = tables.catalog.head(txn, &event.key)?;
        if let Some(outcome) = self.says_nothing_new(txn, event, head.as_ref())? {
            return Ok(outcome);
        }
        let seq = self.head.next();
        let before = head.as_ref().unwrap_or(&Head::NONE);
        let completed = self.complete_erasure(txn, event, before.live)?;
        let event = completed.as_ref().unwrap_or(event);
        let revision = match event.event_type {
            EventType::Published(_) => before.revision.next(),
            _ => Revision::default(),
        };
        let compressed_anew = self.compressed_anew(txn, event)?;
        let mut record = Record {
            event_type: event.event_type.clone(),
            schema: SCHEMA,
            id: event.id.clone(),
            recorded: self.recorded,
            time: event.time,
            prev: before.latest,
            revision,
            link: Digest::ZERO,
            payload: compressed_anew.as_ref().unwrap_or(&event.payload).with_salt(event.salt),
        };
        record.link = record.expected_link(seq, &self.link, &event.digest);
        self.scratch.clear();
        record.encode(&mut self.scratch);
        if matches!(event.event_type, EventType::Erased(_)) {
            self.forget(txn, before.latest)?;
        }
        tables.events.put_with_flags(txn, PutFlags::APPEND, &seq.get(), &self.scratch)?;
        let time = event.time.unwrap_or(self.recorded);
        tables.times.put(txn, &time_key(time.as_millis(), seq.get()), &())?;
        let change = Change {
            seq,
            event_type: &event.event_type,
            time: event.time,
            gone: false,
            into: event.into.as_ref(),
            mark: event.mark,
            references: event.references.as_deref(),
        };
        let log = self.log;
        tables
            .catalog
            .apply(txn, &event.key, head, &change, |txn, live| log.references_at(tables, txn, live))?;
        self.head = seq;
        self.link = record.link;
        self.json_bytes += event.json_bytes as u64;
        Ok(Outcome::Appended(seq))
    }

    /// The payload compressed anew, if the dictionary that it was prepared with is not in the log any more.
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
        done.map_err(|found| snapshot::damaged(self.head.next(), found))?;
        Ok(Some(self.log.dictionaries().compress(payload)))
    }

    /// The outcome of an event that is none: the same content as the head's, a state that is so already, or a
    /// fact of a stated time that the log has.
    fn says_nothing_new(
        &self,
        txn: &RwTxn<'_>,
        event: &Prepared,
        head: Option<&Head>,
    ) -> Result<Option<Outcome>, AppendError> {
        if let (EventType::Merged, Some(into)) = (&event.event_type, &event.into)
            && self.merge_leads_back(txn, into, &event.id)?
        {
            let refusal = Refusal::MergeCycle { id: event.id.clone(), into: into.clone() };
            return Ok(Some(Outcome::Refused(refusal)));
        }
        let Some(head) = head else { return Ok(None) };
        let same_as_head = match (&event.event_type, &head.status) {
            (EventType::Erased(_), Status::Erased) => true,
            (_, Status::Erased) => {
                let Some(kind) = event.event_type.kind() else { return Ok(None) };
                let asset = AssetRef::new(kind, event.id.clone());
                return Ok(Some(Outcome::Refused(Refusal::Erased { asset, seq: head.latest })));
            }
            (EventType::Published(_), Status::Published | Status::Merged { .. }) => {
                head.live != Seq::ZERO && head.mark == event.mark
            }
            (EventType::Other(_), _) => head.mark == event.mark,
            (EventType::Withdrawn(_), Status::Withdrawn) => true,
            (EventType::Withdrawn(_), Status::Merged { into }) => {
                let refusal = Refusal::Merged { id: event.id.clone(), into: into.clone() };
                return Ok(Some(Outcome::Refused(refusal)));
            }
            (EventType::Merged, Status::Merged { into }) => Some(into) == event.into.as_ref(),
            _ => false,
        };
        if same_as_head {
            return Ok(Some(Outcome::Unchanged(head.latest)));
        }
        match event.time {
            Some(time) if Some(time) <= head.newest_time => {
                self.find_in_history(txn, event, time, head.latest)
            }
            _ => Ok(None),
        }
    }

    /// The same fact of the same stated time, if the asset's history has it: then an archive with several
    /// revisions of an asset can be loaded again and adds nothing.
    fn find_in_history(
        &self,
        txn: &RwTxn<'_>,
        event: &Prepared,
        time: Timestamp,
        latest: Seq,
    ) -> Result<Option<Outcome>, AppendError> {
        let mut seq = latest;
        let mut payload = Vec::new();
        while seq != Seq::ZERO {
            let record = self.tables.record(txn, seq)?;
            if record.time == Some(time) && record.event_type == event.event_type {
                self.log.payload_of(self.tables, txn, seq, &record, &mut payload)?;
                let data_at = payload.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                if mark_of(payload.get(data_at..).unwrap_or_default()) == event.mark {
                    return Ok(Some(Outcome::Unchanged(seq)));
                }
            }
            seq = record.prev;
        }
        Ok(None)
    }

    fn merge_leads_back(&self, txn: &RwTxn<'_>, into: &AssetId, id: &AssetId) -> Result<bool, AppendError> {
        let mut at = into.clone();
        loop {
            if at == *id {
                return Ok(true);
            }
            match self.tables.catalog.head(txn, &head_key(&EventType::Merged, &at))? {
                Some(Head { status: Status::Merged { into }, .. }) => at = into,
                _ => return Ok(false),
            }
        }
    }

    /// An erasure, with what its asset named until now.
    fn complete_erasure(
        &self,
        txn: &RwTxn<'_>,
        event: &Prepared,
        live: Seq,
    ) -> Result<Option<Prepared>, AppendError> {
        let Some(mut erasure) = event.erasure.clone() else { return Ok(None) };
        if let (Fact::Erased(_, order), true) = (&mut erasure.fact, live != Seq::ZERO) {
            order.named = self.log.references_at(self.tables, txn, live)?;
        }
        Ok(Some(self.log.prepare(&erasure)?))
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
                tables.events.put(txn, &seq.get(), &stub)?;
            }
            seq = prev;
        }
        Ok(())
    }

    fn finish(&self, txn: &mut RwTxn<'_>) -> Result<(), AppendError> {
        let json = self.tables.number(txn, "json")?;
        self.tables.meta.put(txn, "json", &json.saturating_add(self.json_bytes))?;
        Ok(())
    }
}

/// The payload that is digested and stored: see [`crate::digest`].
fn payload_of(
    source: &str,
    unknown: &serde_json::Map<String, serde_json::Value>,
    fact: &Fact,
) -> Result<Vec<u8>, InvalidEvent> {
    let json = |error: serde_json::Error| InvalidEvent::Json(error.to_string());
    let mut payload = Vec::with_capacity(1_024);
    if !source.is_empty() || !unknown.is_empty() {
        let mut extras = unknown.clone();
        if !source.is_empty() {
            extras.insert("source".to_owned(), source.into());
        }
        serde_json::to_writer(&mut payload, &extras).map_err(json)?;
    }
    payload.push(b'\n');
    serde_json::to_writer(&mut payload, fact).map_err(json)?;
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(InvalidEvent::TooLarge { bytes: payload.len(), max: MAX_PAYLOAD_BYTES });
    }
    Ok(payload)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
