//! One generation: one built index of one view, open for searching.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use end_tantivy::{Index, Searcher, sealed};
use serde::{Deserialize, Serialize};
use store::{AsOf, InvalidAsOf, Log, Seq, Snapshot, Stamp, Timestamp};
use views::{ANALYSER_VERSION, ViewDigest, ViewId};

use crate::{
    commit::Commit,
    error::{IndexError, io},
    health::mark,
};

/// The file that lies beside a generation's index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GenerationInfo {
    /// The name of the view it is of; before views had names of their own, that of its kind of asset.
    pub view: String,
    /// The rules its text was analysed by.
    pub analyser: u32,
    /// The time at which it was begun.
    pub created: Timestamp,
    /// The log's last event when it was begun: what was erased up to here was never in it.
    #[serde(default)]
    pub since: Seq,
    /// For the archive as it stood: of when, as it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}

impl GenerationInfo {
    /// Returns what is written beside the index in `dir`, be that damaged or not.
    pub(crate) fn read(dir: &Path) -> Result<Self, IndexError> {
        let path = dir.join(INFO_FILE);
        let stored = std::fs::read(&path).map_err(io(&path))?;
        let json = sealed::unseal(&stored).ok_or_else(|| unreadable(&path, &"its seal does not fit"))?;
        serde_json::from_slice(json).map_err(|error| unreadable(&path, &error))
    }
}

/// One built index of one view.
pub struct Generation {
    view: ViewId,
    name: String,
    dir: PathBuf,
    info: GenerationInfo,
    index: Index,
    seen: Mutex<Option<Seen>>,
    /// The commit that was read whole after a search had failed.
    whole: Mutex<Option<Stamp>>,
    files: Arc<Files>,
}

/// The commit at which the index was last read.
struct Seen {
    commit: Stamp,
    current: Arc<IndexSearcher>,
}

/// A generation at one commit.
pub struct IndexSearcher {
    /// The index at this commit.
    pub searcher: Searcher,
    /// The last event whose effects it shows.
    pub checkpoint: Seq,
    /// Events up to here have been looked at: it shows their effects, but for long fan-outs.
    pub reached: Seq,
    /// The number of documents that these have still to renew.
    pub fanout_left: u64,
    /// The seq up to which it has followed takedowns.
    pub(crate) followed: Seq,
    /// Dropped with it: whoever waits for its files to be free sees that.
    _files: Arc<Files>,
}

/// The files of a generation, for as long as anybody has them open.
pub(crate) struct Files {
    pub(crate) view: ViewId,
    pub(crate) since: Seq,
}

impl Generation {
    /// Makes an empty generation in `dir`, which must not hold one.
    pub(crate) fn create(dir: &Path, view: ViewId, info: &GenerationInfo) -> Result<Self, IndexError> {
        std::fs::create_dir_all(dir).map_err(io(dir))?;
        Index::create(dir, view.fields())?;
        let path = dir.join(INFO_FILE);
        let json = serde_json::to_vec(info).map_err(|error| unreadable(&path, &error))?;
        sealed::write(&path, &json).map_err(io(&path))?;
        Self::open(dir, view)
    }

    /// Opens the generation of a view in `dir`.
    pub(crate) fn open(dir: &Path, view: ViewId) -> Result<Self, IndexError> {
        let info = GenerationInfo::read(dir)?;
        // Before views had names of their own, each was called as the kind of asset that it shows.
        if info.view != view.name() && info.view != view.kind().name() {
            return Err(unreadable(&dir.join(INFO_FILE), &format!("it is of the view {}", info.view)));
        }
        let index = Index::open(dir, view.fields())?;
        #[expect(clippy::expect_used, reason = "every generation is opened in a directory of its name")]
        let name = dir.file_name().expect("a generation has a directory").to_string_lossy().into_owned();
        let files = Arc::new(Files { view, since: info.since });
        Ok(Self {
            view,
            name,
            dir: dir.to_owned(),
            info,
            index,
            seen: Mutex::default(),
            whole: Mutex::default(),
            files,
        })
    }

    /// Returns its name: `g000001`, or `@name` for the archive as it stood.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what is written beside its index.
    pub fn info(&self) -> &GenerationInfo {
        &self.info
    }

    /// Returns the view it is of.
    pub fn view(&self) -> ViewId {
        self.view
    }

    /// Returns its index.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Returns where it lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the log as its documents are made from it: as it is now, or as it stood when the generation is of.
    ///
    /// # Errors
    /// [`IndexError`] when the log cannot be read.
    pub fn snapshot(&self, log: &Log) -> Result<Snapshot, IndexError> {
        let Some(as_of) = &self.info.as_of else { return Ok(log.snapshot()?) };
        let as_of: AsOf =
            as_of.parse().map_err(|error: InvalidAsOf| unreadable(&self.dir.join(INFO_FILE), &error))?;
        Ok(log.snapshot_as_of_within(as_of, self.info.since)?)
    }

    /// Returns what lives as long as anybody has its files open.
    pub(crate) fn files(&self) -> Weak<Files> {
        Arc::downgrade(&self.files)
    }

    /// Returns true if this program would build it otherwise: other fields, or other rules of analysis.
    pub fn is_outdated(&self) -> bool {
        self.info.analyser != ANALYSER_VERSION || self.index.differs_from(self.view.fields())
    }

    /// Returns the generation at its last commit, whichever process made it.
    ///
    /// # Errors
    /// [`IndexError`] when the index cannot be read.
    pub fn searcher(&self) -> Result<Arc<IndexSearcher>, IndexError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.index.stamp()?;
        if let Some(seen) = seen.as_ref().filter(|seen| seen.commit == stamp) {
            return Ok(Arc::clone(&seen.current));
        }
        // What the commit says is read first: the searcher may show more than it says, never less.
        let commit = self.last_commit()?;
        let current = Arc::new(IndexSearcher {
            searcher: self.index.searcher()?,
            checkpoint: commit.checkpoint,
            reached: commit.reached,
            fanout_left: commit.behind(),
            followed: match self.info.as_of {
                Some(_) => commit.followed(&self.info),
                None => commit.checkpoint,
            },
            _files: Arc::clone(&self.files),
        });
        *seen = Some(Seen { commit: stamp, current: Arc::clone(&current) });
        Ok(current)
    }

    /// Reads the index after a search has failed, or panicked, and takes it out of service if it is not what was
    /// written. Each commit is read once.
    ///
    /// # Errors
    /// [`IndexError::Damaged`].
    pub fn find_damage(&self) -> Result<(), IndexError> {
        // It was replaced meanwhile.
        if !self.is_current() {
            return Ok(());
        }
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.index.stamp()?;
        if *whole == Some(stamp) {
            return Ok(());
        }
        match Self::verify(&self.dir, self.view) {
            Err(error) if error.is_damage() => {
                // It was replaced, or removed, while it was read.
                if !self.is_current() {
                    return Ok(());
                }
                let why = mark(&self.dir, &error)?;
                Err(IndexError::Damaged { view: self.view, name: self.name.clone(), why })
            }
            found => {
                *whole = Some(stamp);
                found
            }
        }
    }

    /// Returns the last event that the last commit has taken in, with all that it touches.
    ///
    /// # Errors
    /// [`IndexError`] when the index cannot be read.
    pub fn checkpoint(&self) -> Result<Seq, IndexError> {
        Ok(self.last_commit()?.checkpoint)
    }

    /// Returns the last event that the last commit has looked at: in the index are its effects, but for long fan-outs.
    ///
    /// # Errors
    /// [`IndexError`] when the index cannot be read.
    pub fn reached(&self) -> Result<Seq, IndexError> {
        Ok(self.last_commit()?.reached)
    }

    /// Returns what the last commit says of itself.
    pub(crate) fn last_commit(&self) -> Result<Commit, IndexError> {
        Ok(self.index.last_commit()?.unwrap_or(Commit::NONE))
    }

    /// Returns true if its directory is the one that has its name now.
    pub(crate) fn is_current(&self) -> bool {
        self.index.is_current()
    }

    /// Reads the whole index in `dir` and compares it with its checksums. Takes a second for some gigabytes that are
    /// in memory, the disk's time otherwise. Nothing of the index is used before it is known to be whole.
    pub(crate) fn verify(dir: &Path, view: ViewId) -> Result<(), IndexError> {
        end_tantivy::verify(dir)?;
        Self::open(dir, view)?.searcher().map(drop)
    }

    /// Returns the files that its last commit consists of.
    pub(crate) fn segment_files(&self) -> Result<Vec<PathBuf>, IndexError> {
        Ok(self.index.files()?)
    }

    /// Compares one file with its checksum.
    pub(crate) fn verify_file(&self, file: &Path) -> Result<(), IndexError> {
        Ok(self.index.verify_file(file)?)
    }
}

impl IndexSearcher {
    /// Returns what tells this state of the index from its others: in the middle of a long fan-out the checkpoint does
    /// not, nor does it in the archive as it stood, from which something was taken.
    pub fn state(&self) -> String {
        format!("{}-{}-{}-{}", self.checkpoint, self.reached, self.fanout_left, self.followed)
    }

    /// Returns how many documents it has, and the digest over them.
    ///
    /// # Errors
    /// [`IndexError`] when the index cannot be read.
    pub fn digest(&self) -> Result<ViewDigest, IndexError> {
        Ok(self.searcher.digest()?)
    }
}

const INFO_FILE: &str = "generation.json";

fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> IndexError {
    IndexError::Unreadable { path: path.to_owned(), why: why.to_string() }
}
