//! One generation: one built index of one view, open for searching.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};
use store::{AsOf, AssetKind, InvalidAsOf, Log, Seq, Snapshot, Timestamp};
use tantivy::{
    Index, IndexReader, IndexSettings, ReloadPolicy, Searcher, TantivyError, directory::error::OpenReadError,
    error::DataCorruption, index::SegmentComponent,
};
use views::{ANALYSER_VERSION, Language, View, ViewDigest, view_of};

use crate::{
    commit::Commit,
    directory::IndexDirectory,
    error::{IndexError, io},
    health::mark,
    schema::ViewSchema,
    sealed,
    tokenizer::analysers,
};

/// What is written of a generation beside its index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GenerationInfo {
    /// The view it is of.
    pub view: AssetKind,
    /// The rules its text was analysed by.
    pub analyser: u32,
    /// When it was begun.
    pub created: Timestamp,
    /// The log's last event when it was begun: what was erased up to here was never in it.
    #[serde(default)]
    pub since: Seq,
    /// For the archive as it stood: of when, as it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}

impl GenerationInfo {
    /// What is written beside the index in `dir`, be that damaged or not.
    pub(crate) fn read(dir: &Path) -> Result<Self, IndexError> {
        let path = dir.join(INFO_FILE);
        let stored = std::fs::read(&path).map_err(io(&path))?;
        let json = sealed::unseal(&stored).ok_or_else(|| unreadable(&path, &"its seal does not fit"))?;
        serde_json::from_slice(json).map_err(|error| unreadable(&path, &error))
    }
}

/// One built index of one view.
pub struct Generation {
    name: String,
    dir: PathBuf,
    info: GenerationInfo,
    schema: ViewSchema,
    index: Index,
    reader: IndexReader,
    /// Which directory it was opened in: another may have its name since.
    inode: u64,
    seen: Mutex<Option<Seen>>,
    /// The commit that was read whole after a search had failed.
    whole: Mutex<Option<Stat>>,
    files: Arc<Files>,
}

/// What the reader was last loaded from.
struct Seen {
    meta: Stat,
    current: Arc<IndexSearcher>,
}

/// Time, inode and length of a file.
type Stat = (SystemTime, u64, u64);

/// A generation at one commit.
pub struct IndexSearcher {
    /// Tantivy's own.
    pub searcher: Searcher,
    /// The last event whose effects it shows.
    pub checkpoint: Seq,
    /// Events up to here have been looked at: it shows their effects, but for long fan-outs.
    pub reached: Seq,
    /// How many documents these have still to renew.
    pub fanout_left: u64,
    /// By whose rules a query is analysed.
    pub languages: Languages,
    /// What was taken from readers up to here is not in it.
    pub(crate) followed: Seq,
    /// Dropped with it: whoever waits for its files to be free sees that.
    _files: Arc<Files>,
}

/// The languages by whose rules the texts of an index were analysed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Languages {
    /// Each that any text has.
    pub all: Vec<Language>,
    /// False in an index from before stems ended in the [suffix](Language::suffix) of their language: it serves until a new
    /// one is built.
    pub have_suffixes: bool,
}

/// The files of a generation, for as long as anybody has them open.
pub(crate) struct Files {
    pub(crate) view: AssetKind,
    pub(crate) since: Seq,
}

impl Generation {
    /// Makes an empty generation in `dir`, which must not hold one.
    pub(crate) fn create(dir: &Path, info: &GenerationInfo) -> Result<Self, IndexError> {
        std::fs::create_dir_all(dir).map_err(io(dir))?;
        let schema = ViewSchema::new(view_of(info.view).fields());
        let files = IndexDirectory::open(dir).map_err(|error| failed(dir)(error.into()))?;
        drop(Index::create(files, schema.schema, IndexSettings::default()).map_err(failed(dir))?);
        let path = dir.join(INFO_FILE);
        let json = serde_json::to_vec(info).map_err(|error| unreadable(&path, &error))?;
        sealed::write(&path, &json).map_err(io(&path))?;
        Self::open(dir)
    }

    /// Opens the generation in `dir`.
    pub(crate) fn open(dir: &Path) -> Result<Self, IndexError> {
        let info = GenerationInfo::read(dir)?;
        let inode = inode(&std::fs::metadata(dir).map_err(io(dir))?);
        let index = open_index(dir)?;
        let schema = ViewSchema::of(index.schema(), view_of(info.view).fields()).map_err(failed(dir))?;
        let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let reader = guarded(dir, || index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into())?;
        let files = Arc::new(Files { view: info.view, since: info.since });
        Ok(Self {
            name,
            dir: dir.to_owned(),
            info,
            schema,
            index,
            reader,
            inode,
            seen: Mutex::default(),
            whole: Mutex::default(),
            files,
        })
    }

    /// `g000001`, or `@name` for the archive as it stood.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is written beside its index.
    pub fn info(&self) -> &GenerationInfo {
        &self.info
    }

    /// The view it is of.
    pub fn view(&self) -> &'static dyn View {
        view_of(self.info.view)
    }

    /// Its fields, and where they lie in the index.
    pub fn schema(&self) -> &ViewSchema {
        &self.schema
    }

    /// Where it lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The log as its documents are made from it: as it is now, or as it stood when the generation is of.
    ///
    /// # Errors
    /// [`IndexError`] when the log cannot be read.
    pub fn snapshot(&self, log: &Log) -> Result<Snapshot, IndexError> {
        let Some(as_of) = &self.info.as_of else { return Ok(log.snapshot()?) };
        let as_of: AsOf =
            as_of.parse().map_err(|error: InvalidAsOf| unreadable(&self.dir.join(INFO_FILE), &error))?;
        Ok(log.snapshot_as_of_within(as_of, self.info.since)?)
    }

    /// Lives as long as anybody has its files open.
    pub(crate) fn files(&self) -> Weak<Files> {
        Arc::downgrade(&self.files)
    }

    /// Whether this program would build it otherwise: other fields, or other rules of analysis.
    pub fn is_outdated(&self) -> bool {
        self.info.analyser != ANALYSER_VERSION
            || self.index.schema() != ViewSchema::new(self.view().fields()).schema
    }

    /// The generation at its last commit, whichever process made it.
    ///
    /// # Errors
    /// [`IndexError`] when the index cannot be read.
    pub fn searcher(&self) -> Result<Arc<IndexSearcher>, IndexError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let meta = self.meta()?;
        if let Some(seen) = seen.as_ref().filter(|seen| seen.meta == meta) {
            return Ok(Arc::clone(&seen.current));
        }
        // What the commit says is read first: the searcher may show more than it says, never less.
        let commit = self.last_commit()?;
        guarded(&self.dir, || self.reader.reload())?;
        let searcher = self.reader.searcher();
        let languages = guarded(&self.dir, || languages_of(&searcher, &self.schema))?;
        let current = Arc::new(IndexSearcher {
            searcher,
            checkpoint: commit.checkpoint,
            reached: commit.reached,
            fanout_left: commit.behind(),
            languages,
            followed: match self.info.as_of {
                Some(_) => commit.followed(&self.info),
                None => commit.checkpoint,
            },
            _files: Arc::clone(&self.files),
        });
        *seen = Some(Seen { meta, current: Arc::clone(&current) });
        Ok(current)
    }

    /// By what the last commit is told from others.
    fn meta(&self) -> Result<Stat, IndexError> {
        let path = self.dir.join("meta.json");
        let metadata = std::fs::metadata(&path).map_err(io(&path))?;
        Ok((metadata.modified().map_err(io(&path))?, inode(&metadata), metadata.len()))
    }

    /// Whether a search that has failed, or panicked, did so because the index is not what was written: then it is
    /// taken out of service. Each commit is read once.
    ///
    /// # Errors
    /// [`IndexError::Damaged`].
    pub fn find_damage(&self) -> Result<(), IndexError> {
        // It was replaced meanwhile.
        if !self.is_current() {
            return Ok(());
        }
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        let meta = self.meta()?;
        if *whole == Some(meta) {
            return Ok(());
        }
        match Self::verify(&self.dir) {
            Err(error) if error.is_damage() => {
                let why = mark(&self.dir, &error)?;
                Err(IndexError::Damaged { kind: self.info.view, name: self.name.clone(), why })
            }
            found => {
                *whole = Some(meta);
                found
            }
        }
    }

    /// The last event that the last commit has taken in, with all that it touches.
    ///
    /// # Errors
    /// [`IndexError`] when the index cannot be read.
    pub fn checkpoint(&self) -> Result<Seq, IndexError> {
        Ok(self.last_commit()?.checkpoint)
    }

    /// The last event that the last commit has looked at: in the index are its effects, but for long fan-outs.
    ///
    /// # Errors
    /// [`IndexError`] when the index cannot be read.
    pub fn reached(&self) -> Result<Seq, IndexError> {
        Ok(self.last_commit()?.reached)
    }

    /// What the last commit says of itself.
    pub(crate) fn last_commit(&self) -> Result<Commit, IndexError> {
        let metas = self.index.load_metas().map_err(failed(&self.dir))?;
        let Some(payload) = metas.payload else { return Ok(Commit::NONE) };
        serde_json::from_str(&payload).map_err(|error| unreadable(&self.dir.join("meta.json"), &error))
    }

    /// Whether its directory is the one that has its name now.
    pub(crate) fn is_current(&self) -> bool {
        std::fs::metadata(&self.dir).is_ok_and(|metadata| inode(&metadata) == self.inode)
    }

    /// Reads the whole index in `dir` and compares it with its checksums. Takes a second for some gigabytes that are
    /// in memory, the disk's time otherwise. Nothing of the index is used before it is known to be whole.
    pub(crate) fn verify(dir: &Path) -> Result<(), IndexError> {
        verify_files(dir)?;
        Self::open(dir)?.searcher().map(drop)
    }

    /// The files that its last commit consists of.
    pub(crate) fn segment_files(&self) -> Result<Vec<PathBuf>, IndexError> {
        files_of(&self.index, &self.dir)
    }

    /// Compares one file with its checksum.
    pub(crate) fn verify_file(&self, file: &Path) -> Result<(), IndexError> {
        verify_file(&self.index, file, &self.dir)
    }
}

/// Reads the files of the index in `dir` and compares them with their checksums.
pub(crate) fn verify_files(dir: &Path) -> Result<(), IndexError> {
    let index = open_index(dir)?;
    files_of(&index, dir)?.iter().try_for_each(|file| verify_file(&index, file, dir))
}

/// The files that the last commit calls for, no more and no less: tantivy takes a segment without its positions for
/// one that has none, and all our views have text with positions.
fn files_of(index: &Index, dir: &Path) -> Result<Vec<PathBuf>, IndexError> {
    let mut files = Vec::new();
    for segment in index.load_metas().map_err(failed(dir))?.segments {
        let deleted = segment.has_deletes().then_some(SegmentComponent::Delete);
        files.extend(COMPONENTS.into_iter().chain(deleted).map(|component| segment.relative_path(component)));
    }
    files.sort_unstable();
    Ok(files)
}

fn verify_file(index: &Index, file: &Path, dir: &Path) -> Result<(), IndexError> {
    let why = match index.directory().validate_checksum(file) {
        Ok(true) => return Ok(()),
        Ok(false) => "its checksum does not fit".to_owned(),
        Err(OpenReadError::FileDoesNotExist(_)) => "it is missing".to_owned(),
        Err(error) => error.to_string(),
    };
    // What was merged away since has nothing to say any more.
    if !files_of(index, dir)?.iter().any(|there| there == file) {
        return Ok(());
    }
    Err(IndexError::Unreadable { path: dir.join(file), why })
}

/// The files that every segment has.
pub(crate) const COMPONENTS: [SegmentComponent; 6] = [
    SegmentComponent::Terms,
    SegmentComponent::Postings,
    SegmentComponent::Positions,
    SegmentComponent::FastFields,
    SegmentComponent::FieldNorms,
    SegmentComponent::Store,
];

/// Tantivy may panic on what is damaged.
fn guarded<T>(dir: &Path, work: impl FnOnce() -> tantivy::Result<T>) -> Result<T, IndexError> {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    done.unwrap_or_else(|_| {
        Err(TantivyError::DataCorruption(DataCorruption::comment_only("reading it panics")))
    })
    .map_err(failed(dir))
}

impl IndexSearcher {
    /// What tells this state of the index from its others: in the middle of a long fan-out the checkpoint does not, nor does
    /// it in the archive as it stood, from which something was taken.
    pub fn state(&self) -> String {
        format!("{}-{}-{}-{}", self.checkpoint, self.reached, self.fanout_left, self.followed)
    }

    /// How many documents it has, and the digest over them, from the columns of the index.
    ///
    /// # Errors
    /// [`TantivyError`] when the index cannot be read.
    pub fn digest(&self) -> Result<ViewDigest, TantivyError> {
        let mut digest = ViewDigest::default();
        for segment in self.searcher.segment_readers() {
            let high = segment.fast_fields().u64("_digest_0")?;
            let low = segment.fast_fields().u64("_digest_1")?;
            for doc in segment.doc_ids_alive() {
                digest.add([high.first(doc).unwrap_or_default(), low.first(doc).unwrap_or_default()]);
            }
        }
        Ok(digest)
    }
}

/// The terms of the field that says by which languages texts were analysed.
fn languages_of(searcher: &Searcher, schema: &ViewSchema) -> tantivy::Result<Languages> {
    let mut found = Vec::new();
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(schema.languages.unwrap_or(schema.language))?;
        let mut terms = inverted.terms().stream()?;
        while terms.advance() {
            let tag = std::str::from_utf8(terms.key()).unwrap_or_default();
            found.push(Language::of_tag(tag).unwrap_or(Language::Other));
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(Languages { all: found, have_suffixes: schema.languages.is_some() })
}

/// Opens the index in `dir`. Who writes opens it anew: an index that was opened earlier does not know the files
/// that another process has written since.
pub(crate) fn open_index(dir: &Path) -> Result<Index, IndexError> {
    let files = IndexDirectory::open(dir).map_err(|error| failed(dir)(error.into()))?;
    let mut index = Index::open(files).map_err(failed(dir))?;
    index.set_tokenizers(analysers());
    Ok(index)
}

const INFO_FILE: &str = "generation.json";

#[cfg(unix)]
fn inode(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(metadata: &std::fs::Metadata) -> u64 {
    metadata.len()
}

/// Names the index in tantivy's error.
pub(crate) fn failed(dir: &Path) -> impl FnOnce(TantivyError) -> IndexError + '_ {
    |error| IndexError::of_tantivy(dir, error)
}

fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> IndexError {
    IndexError::Unreadable { path: path.to_owned(), why: why.to_string() }
}
