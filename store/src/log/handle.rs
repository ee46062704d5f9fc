//! The handle of an open log: its parts, and reading and writing them in transactions. What can be done with a log stands
//! in the modules that do it, as more of `impl Log`.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use heed::{MdbError, RoTxn, RwTxn};

use crate::{
    error::{AppendError, ReadError, damaged},
    event::Seq,
    log::{
        bell::Bell,
        clock::{Clock, ClockWatch},
        compress::Dictionaries,
        queue::Queue,
        record::{Encoded, Record},
        tables::{Read, Tables},
        trainer::Trainer,
        turn::Holder,
        volumes::Volumes,
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

impl Log {
    /// Returns a handle on these parts of a log.
    pub(crate) fn of(dir: PathBuf, volumes: Volumes, bell: Bell, clock: ClockWatch) -> Self {
        let inner = Inner {
            dir,
            volumes,
            dictionaries: Dictionaries::default(),
            queue: Queue::default(),
            trainer: Trainer::default(),
            bell,
            clock,
            commits: AtomicU64::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Returns where it lies.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// Returns the bytes on disk, and the bytes of JSON that they stand for.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails.
    pub fn sizes(&self) -> Result<LogSizes, ReadError> {
        let (tables, txn) = self.read()?;
        Ok(LogSizes { disk: tables.env.real_disk_size()?, json: tables.number(&txn, "json")? })
    }

    /// Returns the length of each stored record in bytes, in seq order: for measuring.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails.
    pub fn record_lengths(&self) -> Result<Vec<usize>, ReadError> {
        let (tables, txn) = self.read()?;
        let records = tables.events.range(&txn, Seq::ZERO, Seq::MAX)?;
        records.map(|entry| entry.map(|(_, stored)| stored.len())).collect()
    }

    /// Frees the places of readers that died: as long as one is taken, LMDB keeps every page that was freed since.
    pub(crate) fn clear_stale_readers(&self) {
        match self.volumes().current().map(|tables| tables.env.clear_stale_readers()) {
            Ok(Ok(0)) => {}
            Ok(Ok(count)) => tracing::info!(count, "cleared readers that had died"),
            Ok(Err(error)) => tracing::debug!(%error, "stale readers cannot be cleared"),
            Err(error) => tracing::debug!(%error, "stale readers cannot be cleared"),
        }
    }

    /// Returns the tables that count now, and a read transaction on them.
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

    /// Returns the clock that says when events are recorded.
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

    /// Counts a commit of this handle, and returns how many there were before.
    pub(crate) fn count_commit(&self) -> u64 {
        self.inner.commits.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn bell(&self) -> &Bell {
        &self.inner.bell
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

    /// Decompresses the payload of a record into `out`.
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
}

/// Returns true for a short write: LMDB says EIO when the system wrote only a part of what it was given, as it does
/// when the disk fills up.
fn is_short_write(error: &heed::Error) -> bool {
    matches!(error, heed::Error::Io(error) if error.raw_os_error() == Some(EIO))
}

const EIO: i32 = 5;

/// The number of times that a transaction is begun again because another process replaced the data file under us.
const TRIES: usize = 8;

/// The sizes of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSizes {
    /// Bytes of its data file.
    pub disk: u64,
    /// Bytes of JSON that all payloads ever appended have together.
    pub json: u64,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("dir", &self.inner.dir).finish_non_exhaustive()
    }
}
