//! The log: opening it, its head, and reading stored records.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use heed::RoTxn;

use crate::{
    append::Queue,
    asset::AssetRef,
    bell::Bell,
    compress::Dictionaries,
    date::Timestamp,
    digest::Digest,
    error::{Damage, OpenError, ReadError},
    event::{Fact, Seq},
    record::Record,
    snapshot::{Snapshot, damaged, decode_payload},
    tables::Tables,
};

/// The log and its catalog: the source of truth. Cheap to clone; all clones are one handle.
///
/// Any number of processes and threads may hold one on the same directory.
#[derive(Clone)]
pub struct Log {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    tables: Tables,
    dictionaries: Dictionaries,
    queue: Queue,
    bell: Bell,
}

/// The end of the log: what a signed note about it would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHead {
    /// The last event; 0 when there is none.
    pub seq: Seq,
    /// When the log took it.
    pub recorded: Option<Timestamp>,
    /// The link of the chain there: it stands for everything up to it.
    pub digest: Digest,
}

impl Log {
    /// Opens the log in `dir`, which is made when it is not there.
    ///
    /// # Errors
    /// [`OpenError`]: no access, not a log, of a newer format, or open in this process already.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, OpenError> {
        let dir = dir.as_ref().to_owned();
        fs::create_dir_all(&dir).map_err(|error| OpenError::Directory { dir: dir.clone(), error })?;
        let tables = Tables::open(&dir)?;
        let bell = Bell::new(&dir).map_err(|error| OpenError::Directory { dir: dir.clone(), error })?;
        let inner =
            Inner { dir, tables, dictionaries: Dictionaries::default(), queue: Queue::default(), bell };
        let log = Self { inner: Arc::new(inner) };
        let txn = log.tables().env.read_txn().map_err(ReadError::from)?;
        log.learn_dictionaries(&txn)?;
        drop(txn);
        Ok(log)
    }

    /// Where it lies.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// The last event.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails or the last record is damaged.
    pub fn head(&self) -> Result<LogHead, ReadError> {
        let txn = self.tables().env.read_txn()?;
        head_in(self.tables(), &txn)
    }

    /// The log and the catalog as of now. Keep it for a second at most: as long as it lives, LMDB cannot use
    /// again what later writes free.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails or the last record is damaged.
    pub fn snapshot(&self) -> Result<Snapshot, ReadError> {
        Snapshot::open(self)
    }

    /// How far each source has been read, in its own words.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails.
    pub fn source_positions(&self) -> Result<BTreeMap<String, String>, ReadError> {
        let txn = self.tables().env.read_txn()?;
        let mut found = BTreeMap::new();
        for entry in self.tables().sources.iter(&txn)? {
            let (source, position) = entry?;
            found.insert(source.to_owned(), position.to_owned());
        }
        Ok(found)
    }

    /// How far this source has been read.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails.
    pub fn source_position(&self, source: &str) -> Result<Option<String>, ReadError> {
        let txn = self.tables().env.read_txn()?;
        Ok(self.tables().sources.get(&txn, source)?.map(str::to_owned))
    }

    /// Bytes on disk, and bytes of JSON that they stand for.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails.
    pub fn sizes(&self) -> Result<LogSizes, ReadError> {
        let txn = self.tables().env.read_txn()?;
        let json = self.tables().meta.get(&txn, "json")?.unwrap_or(0);
        Ok(LogSizes { disk: self.tables().env.real_disk_size()?, json })
    }

    pub(crate) fn tables(&self) -> &Tables {
        &self.inner.tables
    }

    pub(crate) fn dictionaries(&self) -> &Dictionaries {
        &self.inner.dictionaries
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.inner.queue
    }

    pub(crate) fn bell(&self) -> &Bell {
        &self.inner.bell
    }

    /// After each commit: whoever follows is told, and what was written may be worth a dictionary.
    pub(crate) fn committed(&self) {
        self.inner.bell.ring();
        if let Err(error) = self.train_when_due() {
            tracing::warn!(%error, "no dictionary could be learned; the log goes on with the one it has");
        }
    }

    /// Takes the dictionaries that other processes may have added.
    pub(crate) fn learn_dictionaries(&self, txn: &RoTxn<'_>) -> Result<(), ReadError> {
        for entry in self.tables().dictionaries.iter(txn)? {
            let (number, bytes) = entry?;
            if !self.dictionaries().has(number) {
                self.dictionaries().add(number, bytes);
            }
        }
        Ok(())
    }

    /// The record of an event.
    pub(crate) fn record<'t>(&self, txn: &'t RoTxn<'_>, seq: Seq) -> Result<Record<'t>, ReadError> {
        let stored = self.tables().events.get(txn, &seq.get())?;
        let stored = stored.ok_or(ReadError::Damaged { seq, damage: Damage::Missing })?;
        Record::decode(stored).map_err(|found| damaged(seq, found))
    }

    /// The payload of a record, decompressed into `out`.
    pub(crate) fn payload_of(
        &self,
        seq: Seq,
        record: &Record<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        self.dictionaries().decompress(&record.payload, out).map_err(|found| damaged(seq, found))
    }

    /// What the revision of this seq names.
    pub(crate) fn references_at(&self, txn: &RoTxn<'_>, seq: Seq) -> Result<Vec<AssetRef>, ReadError> {
        let record = self.record(txn, seq)?;
        let mut payload = Vec::new();
        self.payload_of(seq, &record, &mut payload)?;
        Ok(match decode_payload(seq, &record, &payload)? {
            Some((Fact::Published(content), ..)) => content.references(),
            _ => Vec::new(),
        })
    }
}

/// How large a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSizes {
    /// Bytes of its data file.
    pub disk: u64,
    /// Bytes of JSON that all payloads ever appended have together.
    pub json: u64,
}

/// The last event that this transaction sees.
pub(crate) fn head_in(tables: &Tables, txn: &RoTxn<'_>) -> Result<LogHead, ReadError> {
    let Some((seq, stored)) = tables.events.last(txn)? else {
        return Ok(LogHead { seq: Seq::ZERO, recorded: None, digest: Digest::ZERO });
    };
    let seq = Seq::new(seq);
    let record = Record::decode(stored).map_err(|found| damaged(seq, found))?;
    Ok(LogHead { seq, recorded: Some(record.recorded), digest: record.link })
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("dir", &self.inner.dir).finish_non_exhaustive()
    }
}

impl std::fmt::Display for LogHead {
    /// One line that can be kept elsewhere and later be held against the log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.recorded {
            Some(recorded) => write!(f, "{} {recorded} {}", self.seq, self.digest),
            None => write!(f, "{} - {}", self.seq, self.digest),
        }
    }
}
