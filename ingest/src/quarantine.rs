//! The quarantine: what could not be read lies there whole, with its place and the reason, until it is retried.
//!
//! A record's key is a digest of where it comes from, so the same record is there once, however often its file is loaded.
//! Their form on disk is described in [`shelf`].

mod shelf;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::Timestamp;

use self::shelf::{Lies, Shelf};

/// The bytes that are shown of a file that lies elsewhere.
const MAX_SHOWN: u64 = 1 << 20;

/// The quarantine of one data directory.
#[derive(Debug, Clone)]
pub struct Quarantine {
    dir: PathBuf,
    /// The files that new records go to, and the records that lay there before.
    open: Arc<Mutex<Option<Open>>>,
}

/// The quarantine while something is put in.
#[derive(Debug)]
struct Open {
    /// Begun with the first record that is new.
    shelf: Option<Shelf>,
    /// The reasons of what lay there before, by its key: the same is not put there twice.
    known: HashMap<String, String>,
}

/// One record, or a whole file, that could not be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Its name in the quarantine, of which the beginning will do.
    pub key: String,
    /// The full path of its file, with the path inside an archive; `-` is standard input.
    pub file: String,
    /// The full path of the folder or file that was loaded when it was found: it is found in the same way again.
    #[serde(default)]
    pub root: String,
    /// The line in that file, from 1; 0 where the whole file is meant.
    pub line: u64,
    /// The column in bytes, from 1; 0 where the whole file is meant.
    pub column: u64,
    /// The number of the record in the file, from 1; 0 where the whole file is meant.
    pub record: u64,
    /// The name of its format; empty where it has none that is known.
    pub format: String,
    /// The reason why it could not be read, and what to do.
    pub reason: String,
    /// The time at which it was put here.
    pub time: Timestamp,
    /// The number of its bytes that lie in the quarantine; 0 where it is told of by reference only.
    pub bytes: u64,
    /// True if these bytes are the whole record, and not only the beginning of one that is too large.
    #[serde(default)]
    pub whole: bool,
    /// The text that stands once in its file and belongs to all records: the header of a table, for instance.
    #[serde(default)]
    pub head: String,
    /// The text that ids are made of where the record has none.
    #[serde(default)]
    pub stem: String,
}

/// The reason why the quarantine could not be used.
#[derive(Debug, thiserror::Error)]
pub enum QuarantineError {
    /// The disk, or a missing right.
    #[error("the quarantine at {} cannot be used: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// Nothing is called so.
    #[error("nothing in the quarantine is called {0}: see the list for what is")]
    NotThere(String),
    /// Several are called so.
    #[error("{0} is the beginning of several keys: give more of it")]
    Ambiguous(String),
}

impl Quarantine {
    /// Returns the quarantine in this directory, which is made when the first record comes.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), open: Arc::default() }
    }

    /// Returns where it lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns all that is there, ordered by file and place.
    ///
    /// # Errors
    /// [`QuarantineError::Io`] when the directory cannot be read.
    pub fn list(&self) -> Result<Vec<Quarantined>, QuarantineError> {
        Ok(self.all()?.into_iter().map(|(one, _)| one).collect())
    }

    /// Returns all that is there, each record once, with where its bytes lie.
    fn all(&self) -> Result<Vec<(Quarantined, Lies)>, QuarantineError> {
        self.flush()?;
        let all = shelf::all(&self.dir).map_err(|error| io_error(&self.dir, error))?;
        let mut by_key: BTreeMap<String, (Quarantined, Lies)> = BTreeMap::new();
        for (one, lies) in all {
            let known = by_key.get(&one.key).is_some_and(|(known, _)| known.time > one.time);
            if !known {
                by_key.insert(one.key.clone(), (one, lies));
            }
        }
        let mut found: Vec<_> = by_key.into_values().collect();
        found.sort_by(|(a, _), (b, _)| {
            (&a.file, a.record, a.line, a.column, &a.key).cmp(&(&b.file, b.record, b.line, b.column, &b.key))
        });
        Ok(found)
    }

    /// Returns one record, by the beginning of its key, with its bytes.
    ///
    /// # Errors
    /// [`QuarantineError`]: none or several are called so, or the disk fails.
    pub fn show(&self, key: &str) -> Result<(Quarantined, Vec<u8>), QuarantineError> {
        let mut found =
            self.all()?.into_iter().filter(|(one, _)| !key.is_empty() && one.key.starts_with(key));
        let (one, lies) = found.next().ok_or_else(|| QuarantineError::NotThere(key.to_owned()))?;
        if found.next().is_some() {
            return Err(QuarantineError::Ambiguous(key.to_owned()));
        }
        let bytes = if one.bytes > 0 {
            shelf::bytes(&one, &lies)
        } else if one.path().is_file() && !one.file.contains("!/") {
            // A file that is told of by reference is shown where it lies.
            File::open(one.path()).and_then(|file| {
                let mut bytes = Vec::new();
                file.take(MAX_SHOWN).read_to_end(&mut bytes)?;
                Ok(bytes)
            })
        } else {
            Ok(Vec::new())
        };
        Ok((one, bytes.map_err(|error| io_error(&self.dir, error))?))
    }

    /// Takes a record out: it was read after all, or nobody wants it.
    ///
    /// # Errors
    /// [`QuarantineError::Io`] when the disk fails.
    pub fn remove(&self, one: &Quarantined) -> Result<(), QuarantineError> {
        self.remove_all(std::slice::from_ref(one))
    }

    /// Takes records out, all of them in one step.
    ///
    /// # Errors
    /// [`QuarantineError::Io`] when the disk fails.
    pub fn remove_all(&self, gone: &[Quarantined]) -> Result<(), QuarantineError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if gone.is_empty() {
            return Ok(());
        }
        // Its files may be written anew now: what comes later goes elsewhere.
        if let Some(mut shelf) = open.take().and_then(|open| open.shelf) {
            shelf.flush().map_err(|error| io_error(&self.dir, error))?;
        }
        let keys: HashSet<&str> = gone.iter().map(|one| one.key.as_str()).collect();
        shelf::remove(&self.dir, &keys).map_err(|error| io_error(&self.dir, error))
    }

    /// Returns the records of these keys with their bytes, the quarantine looked through once.
    pub(crate) fn with_bytes(
        &self,
        chosen: &[Quarantined],
    ) -> Result<Vec<(Quarantined, Vec<u8>)>, QuarantineError> {
        let keys: HashSet<&str> = chosen.iter().map(|one| one.key.as_str()).collect();
        let found = self.all()?.into_iter().filter(|(one, _)| keys.contains(one.key.as_str()));
        found.map(|found| self.read(found)).collect()
    }

    /// Returns all records with their bytes, one read after the other.
    pub(crate) fn records(
        &self,
    ) -> Result<impl Iterator<Item = Result<(Quarantined, Vec<u8>), QuarantineError>>, QuarantineError> {
        Ok(self.all()?.into_iter().map(|found| self.read(found)))
    }

    fn read(&self, (one, lies): (Quarantined, Lies)) -> Result<(Quarantined, Vec<u8>), QuarantineError> {
        let bytes = if one.bytes == 0 { Ok(Vec::new()) } else { shelf::bytes(&one, &lies) };
        bytes.map(|bytes| (one, bytes)).map_err(|error| io_error(&self.dir, error))
    }

    /// Puts a record in; its key, size and time are set here. It is there for others after [`Self::flush`].
    pub(crate) fn put(&self, mut one: Quarantined, bytes: &[u8]) -> Result<Quarantined, QuarantineError> {
        let place = format!("{}\n{}\n{}\n", one.file, one.line, one.column);
        let digest = Sha256::new().chain_update(place).chain_update(bytes).finalize();
        one.key = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        one.bytes = bytes.len() as u64;
        one.time = Timestamp::now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut put = || {
            let open = match &mut *open {
                Some(open) => open,
                empty => {
                    let known = shelf::all(&self.dir)?.into_iter().map(|(one, _)| (one.key, one.reason));
                    empty.insert(Open { shelf: None, known: known.collect() })
                }
            };
            if open.known.get(&one.key) == Some(&one.reason) {
                return Ok(());
            }
            let shelf = match &mut open.shelf {
                Some(shelf) => shelf,
                empty => empty.insert(Shelf::begin(&self.dir)?),
            };
            shelf.put(&one, bytes)
        };
        put().map_err(|error| io_error(&self.dir, error))?;
        Ok(one)
    }

    /// Returns true if nothing lies here.
    pub(crate) fn is_empty(&self) -> Result<bool, QuarantineError> {
        shelf::is_empty(&self.dir).map_err(|error| io_error(&self.dir, error))
    }

    /// Gives what was put to the system.
    pub(crate) fn flush(&self) -> Result<(), QuarantineError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let flushed = open.as_mut().and_then(|open| open.shelf.as_mut()).map_or(Ok(()), Shelf::flush);
        flushed.map_err(|error| io_error(&self.dir, error))
    }
}

impl Quarantined {
    /// Returns its file on disk, which may be the archive that it lies in.
    pub(crate) fn path(&self) -> &Path {
        Path::new(self.file.split("!/").next().unwrap_or(&self.file))
    }

    /// Returns where it is in its file: `file:line:column`.
    pub fn place(&self) -> String {
        match self.line {
            0 => self.file.clone(),
            line => format!("{}:{line}:{}", self.file, self.column),
        }
    }
}

/// Returns a path that means the same wherever the next command is run.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    if path == Path::new("-") {
        return path.to_owned();
    }
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn io_error(path: &Path, error: io::Error) -> QuarantineError {
    QuarantineError::Io { path: path.to_owned(), error }
}

impl std::fmt::Display for Quarantined {
    /// Writes one line: where, and why.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place(), self.reason)
    }
}
