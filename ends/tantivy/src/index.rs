//! One index, open: created, looked at, checked against its checksums, and searched at its last commit.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::de::DeserializeOwned;
use store::Stamp;
use tantivy::{
    DocId, Index as TantivyIndex, IndexReader, IndexSettings, ReloadPolicy, Searcher as TantivySearcher,
    SegmentReader, TantivyError, columnar::Column, directory::error::OpenReadError, error::DataCorruption,
    index::SegmentComponent,
};
use views::{FieldSpec, Language, ViewDigest};

use crate::{
    directory::IndexDirectory,
    error::{EndError, failed, io},
    schema::ViewSchema,
    segments::Segments,
    write::analysers,
};

/// The file that says what the last commit consists of.
const META_FILE: &str = "meta.json";

/// One index, open.
pub struct Index {
    dir: Arc<Path>,
    schema: Arc<ViewSchema>,
    index: TantivyIndex,
    reader: IndexReader,
    /// Those of the commit that was asked for last.
    segments: Mutex<Segments>,
    /// Which directory it was opened in: another may have its name since.
    inode: u64,
}

/// An index at one commit: what a search asks.
#[derive(Clone)]
pub struct Searcher {
    pub(crate) dir: Arc<Path>,
    pub(crate) schema: Arc<ViewSchema>,
    pub(crate) searcher: TantivySearcher,
    pub(crate) segments: Segments,
    pub(crate) languages: Languages,
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

/// The documents that an index has of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// See [`views::Document::digest`].
    pub digest: [u64; 2],
    /// The count of documents of this asset.
    pub count: u32,
}

impl Index {
    /// Makes an empty index of these fields in `dir`, which must be there and have none.
    ///
    /// # Errors
    /// [`EndError`] when it cannot be written.
    pub fn create(dir: &Path, fields: &'static [FieldSpec]) -> Result<(), EndError> {
        let schema = ViewSchema::new(fields);
        let files = IndexDirectory::open(dir).map_err(|error| failed(dir)(error.into()))?;
        TantivyIndex::create(files, schema.schema, IndexSettings::default()).map(drop).map_err(failed(dir))
    }

    /// Opens the index in `dir`, which may lack some of these fields.
    ///
    /// # Errors
    /// [`EndError`] when it is damaged or cannot be read.
    pub fn open(dir: &Path, fields: &'static [FieldSpec]) -> Result<Self, EndError> {
        let inode = inode(&std::fs::metadata(dir).map_err(io(dir))?);
        let index = open_index(dir)?;
        let schema = Arc::new(ViewSchema::of(index.schema(), fields).map_err(failed(dir))?);
        let reader = guarded(dir, || index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into())?;
        Ok(Self { dir: dir.into(), schema, index, reader, segments: Mutex::default(), inode })
    }

    /// Returns where it lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns its fields, and where they lie in it.
    pub fn schema(&self) -> &Arc<ViewSchema> {
        &self.schema
    }

    /// Returns true if an index of these fields would be another one.
    pub fn differs_from(&self, fields: &'static [FieldSpec]) -> bool {
        self.index.schema() != ViewSchema::new(fields).schema
    }

    /// Returns true if its directory is the one that has its name now.
    pub fn is_current(&self) -> bool {
        directory_id(&self.dir) == Some(self.inode)
    }

    /// Returns what its last commit is told from others by, whichever process made it.
    ///
    /// # Errors
    /// [`EndError`] when its directory cannot be read.
    pub fn stamp(&self) -> Result<Stamp, EndError> {
        let path = self.dir.join(META_FILE);
        Stamp::of(&path).map_err(io(&path))
    }

    /// Returns what the last commit says of itself; `None` before the first.
    ///
    /// # Errors
    /// [`EndError`] when it cannot be read.
    pub fn last_commit<T: DeserializeOwned>(&self) -> Result<Option<T>, EndError> {
        let Some(payload) = self.index.load_metas().map_err(failed(&self.dir))?.payload else {
            return Ok(None);
        };
        serde_json::from_str(&payload)
            .map(Some)
            .map_err(|error| EndError::Unreadable { path: self.dir.join(META_FILE), why: error.to_string() })
    }

    /// Returns the index at its last commit.
    ///
    /// # Errors
    /// [`EndError`] when it is damaged or cannot be read.
    pub fn searcher(&self) -> Result<Searcher, EndError> {
        guarded(&self.dir, || self.reader.reload())?;
        let searcher = self.reader.searcher();
        let languages = guarded(&self.dir, || languages_of(&searcher, &self.schema))?;
        let mut kept = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        let segments = Segments::of(&searcher, &kept);
        *kept = segments.clone();
        drop(kept);
        let (dir, schema) = (Arc::clone(&self.dir), Arc::clone(&self.schema));
        Ok(Searcher { dir, schema, searcher, segments, languages })
    }

    /// Returns the files that its last commit consists of.
    ///
    /// # Errors
    /// [`EndError`] when that cannot be read.
    pub fn files(&self) -> Result<Vec<PathBuf>, EndError> {
        files_of(&self.index, &self.dir)
    }

    /// Compares one file with its checksum.
    ///
    /// # Errors
    /// [`EndError`] when it does not fit.
    pub fn verify_file(&self, file: &Path) -> Result<(), EndError> {
        verify_file(&self.index, file, &self.dir)
    }
}

impl Searcher {
    /// Returns its fields, and where they lie in the index.
    pub fn schema(&self) -> &ViewSchema {
        &self.schema
    }

    /// Returns the languages by whose rules a query is analysed.
    pub fn languages(&self) -> &Languages {
        &self.languages
    }

    /// Returns tantivy's own, for who measures or looks inside.
    pub fn tantivy(&self) -> &TantivySearcher {
        &self.searcher
    }

    /// Returns how many segments it has.
    pub fn segments(&self) -> usize {
        self.searcher.segment_readers().len()
    }

    /// Returns how many documents it has, and the digest over them, from the columns of the index.
    ///
    /// # Errors
    /// [`EndError`] when the index cannot be read.
    pub fn digest(&self) -> Result<ViewDigest, EndError> {
        let sum = || {
            let mut sum = ViewDigest::default();
            for segment in self.searcher.segment_readers() {
                let digests = Digests::of(segment)?;
                for doc in segment.doc_ids_alive() {
                    sum.add(digests.of_doc(doc)?);
                }
            }
            Ok(sum)
        };
        sum().map_err(failed(&self.dir))
    }

    /// Returns the ids of its documents, each with its digest.
    ///
    /// # Errors
    /// [`EndError`] when the index cannot be read.
    pub fn holds(&self) -> Result<HashMap<String, Held>, EndError> {
        self.holdings().map_err(failed(&self.dir))
    }

    fn holdings(&self) -> tantivy::Result<HashMap<String, Held>> {
        let mut found = HashMap::new();
        for segment in self.searcher.segment_readers() {
            let columns = segment.fast_fields();
            let digests = Digests::of(segment)?;
            let Some(ids) = columns.str("_id")? else {
                match segment.num_docs() {
                    0 => continue,
                    _ => return Err(lacks("an id")),
                }
            };
            let mut id = String::new();
            for doc in segment.doc_ids_alive() {
                let Some(ord) = ids.term_ords(doc).next() else { return Err(lacks("an id")) };
                id.clear();
                ids.ord_to_str(ord, &mut id)?;
                let digest = digests.of_doc(doc)?;
                found.entry(id.clone()).or_insert(Held { digest, count: 0 }).count += 1;
            }
        }
        Ok(found)
    }
}

/// The digests of a segment's documents, in two columns.
struct Digests([Column<u64>; 2]);

impl Digests {
    fn of(segment: &SegmentReader) -> tantivy::Result<Self> {
        let columns = segment.fast_fields();
        Ok(Self([columns.u64("_digest_0")?, columns.u64("_digest_1")?]))
    }

    fn of_doc(&self, doc: DocId) -> tantivy::Result<[u64; 2]> {
        let Self([high, low]) = self;
        match (high.first(doc), low.first(doc)) {
            (Some(high), Some(low)) => Ok([high, low]),
            _ => Err(lacks("a digest")),
        }
    }
}

/// Returns the error of an index with a document that lacks what every document has.
fn lacks(what: &str) -> TantivyError {
    DataCorruption::comment_only(format!("a document lacks {what}")).into()
}

/// Reads the files of the index in `dir` and compares them with their checksums. Takes a second for some gigabytes that are
/// in memory, the disk's time otherwise.
///
/// # Errors
/// [`EndError`] when one is missing or does not fit.
pub fn verify(dir: &Path) -> Result<(), EndError> {
    let index = open_index(dir)?;
    files_of(&index, dir)?.iter().try_for_each(|file| verify_file(&index, file, dir))
}

/// The files that the last commit calls for, no more and no less: tantivy takes a segment without its positions for
/// one that has none, and all our views have text with positions.
fn files_of(index: &TantivyIndex, dir: &Path) -> Result<Vec<PathBuf>, EndError> {
    let mut files = Vec::new();
    for segment in index.load_metas().map_err(failed(dir))?.segments {
        let deleted = segment.has_deletes().then_some(SegmentComponent::Delete);
        files.extend(COMPONENTS.into_iter().chain(deleted).map(|component| segment.relative_path(component)));
    }
    files.sort_unstable();
    Ok(files)
}

fn verify_file(index: &TantivyIndex, file: &Path, dir: &Path) -> Result<(), EndError> {
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
    Err(EndError::Unreadable { path: dir.join(file), why })
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
fn guarded<T>(dir: &Path, work: impl FnOnce() -> tantivy::Result<T>) -> Result<T, EndError> {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    done.unwrap_or_else(|_| {
        Err(TantivyError::DataCorruption(DataCorruption::comment_only("reading it panics")))
    })
    .map_err(failed(dir))
}

/// The terms of the field that says by which languages texts were analysed.
fn languages_of(searcher: &TantivySearcher, schema: &ViewSchema) -> tantivy::Result<Languages> {
    let mut found = Vec::new();
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(schema.languages.unwrap_or(schema.language))?;
        let mut terms = inverted.terms().stream()?;
        while terms.advance() {
            // A language of a later version is none that this one has rules for.
            let tag = std::str::from_utf8(terms.key()).ok();
            found.push(tag.and_then(Language::of_tag).unwrap_or(Language::Other));
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(Languages { all: found, have_suffixes: schema.languages.is_some() })
}

/// Opens the index in `dir`. Who writes opens it anew: an index that was opened earlier does not know the files
/// that another process has written since.
pub(crate) fn open_index(dir: &Path) -> Result<TantivyIndex, EndError> {
    let files = IndexDirectory::open(dir).map_err(|error| failed(dir)(error.into()))?;
    let mut index = TantivyIndex::open(files).map_err(failed(dir))?;
    index.set_tokenizers(analysers());
    Ok(index)
}

/// Returns what tells a directory from others that had its name before it or will have it; `None` when it is not there.
pub fn directory_id(dir: &Path) -> Option<u64> {
    std::fs::metadata(dir).ok().map(|metadata| inode(&metadata))
}

#[cfg(unix)]
fn inode(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(metadata: &std::fs::Metadata) -> u64 {
    metadata.len()
}
