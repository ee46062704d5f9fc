//! The log: opening it, its head, and reading stored records.

pub(crate) mod append;
pub(crate) mod bell;
pub(crate) mod blocks;
pub(crate) mod clock;
pub(crate) mod compress;
pub(crate) mod digest;
pub(crate) mod encoding;
pub(crate) mod environment;
pub(crate) mod note;
pub(crate) mod queue;
pub(crate) mod record;
pub(crate) mod stored;
pub(crate) mod tables;
pub(crate) mod train;
pub(crate) mod turn;
pub(crate) mod volume;
pub(crate) mod writer;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use heed::{MdbError, RoTxn, RwTxn};

use crate::{
    asset::AssetRef,
    catalog::{Brief, names::is_name, snapshot::Snapshot},
    date::Timestamp,
    error::{AppendError, OpenError, ReadError},
    event::{Fact, Seq},
    log::{
        bell::Bell,
        clock::{Clock, ClockWatch},
        compress::Dictionaries,
        digest::Digest,
        queue::Queue,
        record::{Encoded, Record},
        stored::{Decoded, damaged, decode_payload},
        tables::{Read, Tables, unseal},
        train::Trainer,
        turn::Holder,
        volume::Volumes,
    },
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
    volumes: Volumes,
    dictionaries: Dictionaries,
    queue: Queue,
    trainer: Trainer,
    bell: Bell,
    clock: ClockWatch,
    commits: AtomicU64,
}

/// Options for opening a log.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// Names this process to others that wait for it: `morgue load`.
    pub name: String,
    /// Limits how long a write waits while another process writes, before it is refused.
    pub write_wait: Duration,
    /// Lets a write wait on beyond that for a process that is not stopped, as whoever sits before a terminal expects.
    pub patient: bool,
    /// The clock that says when an event is recorded.
    pub clock: Clock,
    /// Records events by this clock, however it stands to the last event and has moved since.
    pub trust_clock: bool,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            name: String::new(),
            write_wait: Duration::from_secs(10),
            patient: false,
            clock: Clock::machine(),
            trust_clock: false,
        }
    }
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
        Self::open_with(dir, LogOptions::default())
    }

    /// Opens the log in `dir` in this way; like [`Self::open`] otherwise.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(dir: impl AsRef<Path>, options: LogOptions) -> Result<Self, OpenError> {
        let dir = dir.as_ref().to_owned();
        fs::create_dir_all(&dir).map_err(|error| OpenError::Directory { dir: dir.clone(), error })?;
        let failed = |error| OpenError::Directory { dir: dir.clone(), error };
        let volumes = Volumes::open(&dir, &options)?;
        volumes.clean().map_err(failed)?;
        let bell = Bell::new(&dir).map_err(failed)?;
        let inner = Inner {
            dir,
            volumes,
            dictionaries: Dictionaries::default(),
            queue: Queue::default(),
            trainer: Trainer::default(),
            bell,
            clock: ClockWatch::new(options.clock, options.trust_clock),
            commits: AtomicU64::new(0),
        };
        let log = Self { inner: Arc::new(inner) };
        let (tables, txn) = log.read()?;
        log.learn_dictionaries(&tables, &txn)?;
        drop(txn);
        drop(tables);
        log.renew_catalog()
            .map_err(|error| OpenError::Catalog { dir: log.dir().to_owned(), error: Box::new(error) })?;
        if let Err(error) = log.forget_what_is_due() {
            tracing::warn!(%error, "what was erased is still in the log's files; the next opening tries again");
        }
        Ok(log)
    }

    /// Returns where it lies.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// The last event.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails or the last record is damaged.
    pub fn head(&self) -> Result<LogHead, ReadError> {
        let (tables, txn) = self.read()?;
        head_in(&tables, &txn)
    }

    /// The log and the catalog as of now. Keep it for a second at most: as long as it lives, LMDB cannot use
    /// again what later writes free.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails or the last record is damaged.
    pub fn snapshot(&self) -> Result<Snapshot, ReadError> {
        Snapshot::open(self)
    }

    /// Returns how far each source has been read, in its own words.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails, or a position is damaged.
    pub fn source_positions(&self) -> Result<BTreeMap<String, String>, ReadError> {
        let (tables, txn) = self.read()?;
        let mut found = BTreeMap::new();
        for entry in tables.sources.iter(&txn)? {
            let (source, sealed) = entry?;
            if is_name(source) {
                continue;
            }
            found.insert(source.to_owned(), position(source, sealed)?);
        }
        Ok(found)
    }

    /// Returns how far this source has been read.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails, or a position is damaged.
    pub fn source_position(&self, source: &str) -> Result<Option<String>, ReadError> {
        let (tables, txn) = self.read()?;
        tables.sources.get(&txn, source)?.map(|sealed| position(source, sealed)).transpose()
    }

    /// Bytes on disk, and bytes of JSON that they stand for.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails.
    pub fn sizes(&self) -> Result<LogSizes, ReadError> {
        let (tables, txn) = self.read()?;
        Ok(LogSizes { disk: tables.env.real_disk_size()?, json: tables.number(&txn, "json")? })
    }

    /// The length of each stored record in bytes, in seq order: for measuring.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails.
    pub fn record_lengths(&self) -> Result<Vec<usize>, ReadError> {
        let (tables, txn) = self.read()?;
        let records = tables.events.range(&txn, Seq::ZERO, Seq::MAX)?;
        records.map(|entry| entry.map(|(_, stored)| stored.len())).collect()
    }

    /// Frees the places of readers that died: as long as one is taken, LMDB keeps every page that was freed since.
    fn clear_stale_readers(&self) {
        match self.volumes().current().map(|tables| tables.env.clear_stale_readers()) {
            Ok(Ok(0)) => {}
            Ok(Ok(count)) => tracing::info!(count, "cleared readers that had died"),
            Ok(Err(error)) => tracing::debug!(%error, "stale readers cannot be cleared"),
            Err(error) => tracing::debug!(%error, "stale readers cannot be cleared"),
        }
    }

    /// The tables that count now, and a read transaction on them.
    pub(crate) fn read(&self) -> Result<(Tables, Read), ReadError> {
        for _ in 0..TRIES {
            let tables = self.volumes().current()?;
            match tables.env.clone().static_read_txn() {
                Ok(txn) => return Ok((tables, txn)),
                Err(heed::Error::Mdb(MdbError::Panic)) => self.volumes().give_up(tables),
                Err(heed::Error::Mdb(MdbError::ReadersFull)) => {
                    tables.env.clear_stale_readers()?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok((self.volumes().current()?, self.volumes().current()?.env.static_read_txn()?))
    }

    /// Returns the process that writes to the log now, or keeps others from it; `None` mostly.
    ///
    /// # Errors
    /// The system's, when the files of the lock cannot be used.
    pub fn writer(&self) -> std::io::Result<Option<Holder>> {
        self.volumes().turns().holder()
    }

    /// Refuses from now on whoever waits for another process that writes: this process is about to end.
    pub fn end_waiting(&self) {
        self.volumes().turns().end();
    }

    /// The clock that says when events are recorded.
    pub fn clock(&self) -> &Clock {
        self.inner.clock.clock()
    }

    pub(crate) fn clock_watch(&self) -> &ClockWatch {
        &self.inner.clock
    }

    /// Does something in a write transaction on the tables that count. What the closure was given is only
    /// written when it commits.
    pub(crate) fn write<R>(
        &self,
        work: impl FnOnce(&Tables, RwTxn<'_>) -> Result<R, AppendError>,
    ) -> Result<R, AppendError> {
        self.write_by(self.volumes().turns().until(), work)
    }

    /// Like [`Self::write`], if it is this thread's turn to write by `until`.
    pub(crate) fn write_by<R>(
        &self,
        until: Instant,
        work: impl FnOnce(&Tables, RwTxn<'_>) -> Result<R, AppendError>,
    ) -> Result<R, AppendError> {
        let _turn = self.volumes().turns().take(until)?;
        self.write_once(work).map_err(|error| match error {
            AppendError::Lmdb(cause) if is_short_write(&cause) && self.volumes().no_room() => {
                AppendError::DiskFull
            }
            error => error,
        })
    }

    fn write_once<R>(
        &self,
        work: impl FnOnce(&Tables, RwTxn<'_>) -> Result<R, AppendError>,
    ) -> Result<R, AppendError> {
        for _ in 0..TRIES {
            let tables = self.volumes().current()?;
            let given_up = match tables.env.write_txn() {
                Ok(mut txn) if self.volumes().is_current(&tables)? => {
                    tables.stamp(&mut txn)?;
                    return work(&tables, txn);
                }
                Ok(_) => false,
                Err(heed::Error::Mdb(MdbError::Panic)) => true,
                Err(error) => return Err(error.into()),
            };
            if given_up {
                self.volumes().give_up(tables);
            }
        }
        Err(heed::Error::Mdb(MdbError::Panic).into())
    }

    pub(crate) fn volumes(&self) -> &Volumes {
        &self.inner.volumes
    }

    pub(crate) fn dictionaries(&self) -> &Dictionaries {
        &self.inner.dictionaries
    }

    pub(crate) fn trainer(&self) -> &Trainer {
        &self.inner.trainer
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
        if self.inner.commits.fetch_add(1, Ordering::Relaxed) % READERS_EVERY == READERS_EVERY - 1 {
            self.clear_stale_readers();
        }
        if let Err(error) = self.train_when_due() {
            tracing::warn!(%error, "no dictionary could be learned; the log goes on with the one it has");
        }
    }

    /// Takes the dictionaries that these tables have, and uses the newest of them for what is prepared from now
    /// on.
    pub(crate) fn learn_dictionaries(&self, tables: &Tables, txn: &RoTxn<'_>) -> Result<(), ReadError> {
        let mut newest = None;
        for entry in tables.dictionaries.iter(txn)? {
            let (number, bytes) = entry?;
            self.dictionaries().add(number, bytes);
            newest = Some((number, bytes));
        }
        self.dictionaries().encode_with(newest);
        Ok(())
    }

    /// The payload of a record, decompressed into `out`.
    pub(crate) fn payload_of(
        &self,
        tables: &Tables,
        txn: &RoTxn<'_>,
        seq: Seq,
        record: &Record<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        if let Encoded::Zstd { dictionary, .. } = record.payload
            && dictionary != 0
            && !self.dictionaries().has(dictionary)
        {
            self.learn_dictionaries(tables, txn)?; // another process has added it
        }
        self.dictionaries().decompress(&record.payload, out).map_err(|found| damaged(seq, found))
    }

    /// Returns what the revision of this seq names, and what it says in brief.
    pub(crate) fn named_at(
        &self,
        tables: &Tables,
        txn: &RoTxn<'_>,
        seq: Seq,
    ) -> Result<(Vec<AssetRef>, Brief), ReadError> {
        let record = tables.record(txn, seq)?;
        let mut payload = Vec::new();
        self.payload_of(tables, txn, seq, &record, &mut payload)?;
        Ok(match decode_payload(seq, &record, &payload)? {
            Some(Decoded { fact: Fact::Published(content), .. }) => {
                (content.references(), Brief::of(&content))
            }
            _ => Default::default(),
        })
    }
}

/// LMDB says EIO when the system wrote only a part of what it was given, as it does when the disk fills up.
fn is_short_write(error: &heed::Error) -> bool {
    matches!(error, heed::Error::Io(error) if error.raw_os_error() == Some(EIO))
}

const EIO: i32 = 5;

/// A source's position, if its seal is whole.
pub(crate) fn position(source: &str, sealed: &[u8]) -> Result<String, ReadError> {
    let position = unseal(source.as_bytes(), sealed).and_then(|value| std::str::from_utf8(value).ok());
    position.map(str::to_owned).ok_or_else(|| ReadError::Source(source.to_owned()))
}

/// One commit in so many also clears the places of readers that died.
const READERS_EVERY: u64 = 1_000;

/// How often a transaction is begun again because another process replaced the data file under us.
const TRIES: usize = 8;

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
    let record = Record::decode(stored).map_err(|found| damaged(seq, found))?;
    Ok(LogHead { seq, recorded: Some(record.recorded), digest: record.link })
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("dir", &self.inner.dir).finish_non_exhaustive()
    }
}
