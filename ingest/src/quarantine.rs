//! The quarantine: what could not be read lies there whole, with its place and the reason, until it is retried.
//!
//! One record is two files: `<key>.json` tells of it, `<key>.record` holds its bytes. The key is a digest of where
//! it comes from, so the same record is there once, however often its file is loaded.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::Timestamp;

/// The quarantine of one data directory.
#[derive(Debug, Clone)]
pub struct Quarantine {
    dir: PathBuf,
}

/// One record, or a whole file, that could not be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quarantined {
    /// What it is called in the quarantine: the beginning of its key will do to name it.
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
    /// Which record of the file, from 1; 0 where the whole file is meant.
    pub record: u64,
    /// The name of its format; empty where it has none that is known.
    pub format: String,
    /// Why it could not be read, and what to do.
    pub reason: String,
    /// When.
    pub time: Timestamp,
    /// How many bytes of it lie in the quarantine; 0 where it is told of by reference only.
    pub bytes: u64,
    /// Whether these bytes are the whole record, and not only the beginning of one that is too large.
    #[serde(default)]
    pub whole: bool,
    /// What stands once in its file and belongs to all records: the header of a table, for instance.
    #[serde(default)]
    pub head: String,
    /// What ids are made of where the record has none.
    #[serde(default)]
    pub stem: String,
}

/// Why the quarantine could not be used.
#[derive(Debug, thiserror::Error)]
pub enum QuarantineError {
    /// The disk, or a missing right.
    #[error("the quarantine at {} cannot be used: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
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
    /// The quarantine in this directory, which is made when the first record comes.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Where it lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// All that is there, ordered by file and place.
    ///
    /// # Errors
    /// [`QuarantineError::Io`] when the directory cannot be read.
    pub fn list(&self) -> Result<Vec<Quarantined>, QuarantineError> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_error(&self.dir, error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| io_error(&self.dir, error))?.path();
            if path.extension().is_some_and(|ending| ending == "json") {
                let text = fs::read(&path).map_err(|error| io_error(&path, error))?;
                // One that was cut off by a crash comes back when its file is loaded again.
                found.extend(serde_json::from_slice::<Quarantined>(&text).ok());
            }
        }
        found.sort_by(|a, b| {
            (&a.file, a.record, a.line, a.column, &a.key).cmp(&(&b.file, b.record, b.line, b.column, &b.key))
        });
        Ok(found)
    }

    /// One record, by the beginning of its key, with its bytes.
    ///
    /// # Errors
    /// [`QuarantineError`]: none or several are called so, or the disk fails.
    pub fn show(&self, key: &str) -> Result<(Quarantined, Vec<u8>), QuarantineError> {
        let mut found = self.list()?.into_iter().filter(|one| !key.is_empty() && one.key.starts_with(key));
        let one = found.next().ok_or_else(|| QuarantineError::NotThere(key.to_owned()))?;
        if found.next().is_some() {
            return Err(QuarantineError::Ambiguous(key.to_owned()));
        }
        let bytes = self.bytes(&one)?;
        Ok((one, bytes))
    }

    /// Takes a record out: it was read after all, or nobody wants it.
    ///
    /// # Errors
    /// [`QuarantineError::Io`] when the disk fails.
    pub fn remove(&self, one: &Quarantined) -> Result<(), QuarantineError> {
        for ending in ["json", "record"] {
            let path = self.dir.join(format!("{}.{ending}", one.key));
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(&path, error)),
                _ => {}
            }
        }
        Ok(())
    }

    pub(crate) fn bytes(&self, one: &Quarantined) -> Result<Vec<u8>, QuarantineError> {
        if one.bytes == 0 {
            return Ok(Vec::new());
        }
        let path = self.dir.join(format!("{}.record", one.key));
        fs::read(&path).map_err(|error| io_error(&path, error))
    }

    /// Puts a record in; its key, size and time are set here.
    pub(crate) fn put(&self, mut one: Quarantined, bytes: &[u8]) -> Result<Quarantined, QuarantineError> {
        fs::create_dir_all(&self.dir).map_err(|error| io_error(&self.dir, error))?;
        let place = format!("{}\n{}\n{}\n", one.file, one.line, one.column);
        let digest = Sha256::new().chain_update(place).chain_update(bytes).finalize();
        one.key = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        one.bytes = bytes.len() as u64;
        one.time = Timestamp::now();
        if !bytes.is_empty() {
            self.write(&self.dir.join(format!("{}.record", one.key)), bytes)?;
        }
        // The file that tells of it comes last: what is listed is whole.
        let text = serde_json::to_vec_pretty(&one).map_err(|error| io_error(&self.dir, error.into()))?;
        self.write(&self.dir.join(format!("{}.json", one.key)), &text)?;
        Ok(one)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), QuarantineError> {
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
            file.write_all(bytes)?;
            file.persist(path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(|error| io_error(path, error))
    }
}

impl Quarantined {
    /// Its file on disk, which may be the archive that it lies in.
    pub(crate) fn path(&self) -> &Path {
        Path::new(self.file.split("!/").next().unwrap_or(&self.file))
    }

    /// Where it is in its file: `file:line:column`.
    pub fn place(&self) -> String {
        match self.line {
            0 => self.file.clone(),
            line => format!("{}:{line}:{}", self.file, self.column),
        }
    }
}

/// A path that means the same wherever the next command is run.
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
    /// One line: where, and why.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place(), self.reason)
    }
}
