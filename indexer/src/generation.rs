//! One generation: one built index of one view, open for searching.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};
use store::{AssetKind, Seq, Timestamp};
use tantivy::{Index, IndexReader, ReloadPolicy, Searcher, TantivyError};

use crate::{
    analysis::{ANALYSER_VERSION, Analyser, MorgueTokenizer},
    document::ViewDigest,
    error::{IndexError, io},
    field::ViewSchema,
    language::Language,
    views::{View, view_of},
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
    /// For the archive as it stood: of when, as it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}

/// One built index of one view.
pub struct Generation {
    name: String,
    dir: PathBuf,
    info: GenerationInfo,
    schema: ViewSchema,
    index: Index,
    reader: IndexReader,
    seen: Mutex<Option<Seen>>,
}

/// What the reader was last loaded from.
struct Seen {
    meta: (SystemTime, u64),
    current: Arc<IndexSearcher>,
}

/// A generation at one commit.
pub struct IndexSearcher {
    /// Tantivy's own.
    pub searcher: Searcher,
    /// The last event whose effects it shows.
    pub checkpoint: Seq,
    /// The languages by whose rules its documents were analysed: a query is analysed by each.
    pub languages: Vec<Language>,
}

/// What each commit says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CommitPayload {
    pub(crate) checkpoint: Seq,
}

impl Generation {
    /// Makes an empty generation in `dir`, which must not hold one.
    pub(crate) fn create(dir: &Path, info: GenerationInfo) -> Result<Self, IndexError> {
        std::fs::create_dir_all(dir).map_err(io(dir))?;
        let schema = ViewSchema::new(view_of(info.view).fields());
        let index = Index::create_in_dir(dir, schema.schema).map_err(failed(dir))?;
        drop(index);
        let path = dir.join(INFO_FILE);
        let json = serde_json::to_vec(&info).map_err(|error| unreadable(&path, &error))?;
        std::fs::write(&path, json).map_err(io(&path))?;
        Self::open(dir)
    }

    /// Opens the generation in `dir`.
    pub(crate) fn open(dir: &Path) -> Result<Self, IndexError> {
        let path = dir.join(INFO_FILE);
        let json = std::fs::read(&path).map_err(io(&path))?;
        let info: GenerationInfo =
            serde_json::from_slice(&json).map_err(|error| unreadable(&path, &error))?;
        let index = Index::open_in_dir(dir).map_err(failed(dir))?;
        register_analysers(&index);
        let schema = ViewSchema::of(index.schema(), view_of(info.view).fields()).map_err(failed(dir))?;
        let reader =
            index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(failed(dir))?;
        let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { name, dir: dir.to_owned(), info, schema, index, reader, seen: Mutex::new(None) })
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
        let path = self.dir.join("meta.json");
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let stat = |path: &Path| {
            let metadata = std::fs::metadata(path).map_err(io(path))?;
            Ok::<_, IndexError>((metadata.modified().map_err(io(path))?, inode(&metadata)))
        };
        let meta = stat(&path)?;
        if let Some(seen) = seen.as_ref().filter(|seen| seen.meta == meta) {
            return Ok(Arc::clone(&seen.current));
        }
        // The checkpoint is read first: the searcher may show more than it says, never less.
        let checkpoint = self.checkpoint()?;
        self.reader.reload().map_err(failed(&self.dir))?;
        let searcher = self.reader.searcher();
        let languages = languages_of(&searcher, &self.schema).map_err(failed(&self.dir))?;
        let current = Arc::new(IndexSearcher { searcher, checkpoint, languages });
        *seen = Some(Seen { meta, current: Arc::clone(&current) });
        Ok(current)
    }

    /// The last event that the last commit has taken in.
    ///
    /// # Errors
    /// [`IndexError`] when the index cannot be read.
    pub fn checkpoint(&self) -> Result<Seq, IndexError> {
        let metas = self.index.load_metas().map_err(failed(&self.dir))?;
        let Some(payload) = metas.payload else { return Ok(Seq::ZERO) };
        let payload: CommitPayload = serde_json::from_str(&payload)
            .map_err(|error| unreadable(&self.dir.join("meta.json"), &error))?;
        Ok(payload.checkpoint)
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }
}

impl IndexSearcher {
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

/// The terms of the field that says by which language a document was analysed.
fn languages_of(searcher: &Searcher, schema: &ViewSchema) -> tantivy::Result<Vec<Language>> {
    let mut found = Vec::new();
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(schema.language)?;
        let mut terms = inverted.terms().stream()?;
        while terms.advance() {
            let tag = std::str::from_utf8(terms.key()).unwrap_or_default();
            found.push(Language::of_tag(tag).unwrap_or(Language::Other));
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Tells tantivy our rules of analysis.
pub(crate) fn register_analysers(index: &Index) {
    for analyser in [Analyser::Text, Analyser::Names] {
        index.tokenizers().register(analyser.name(), MorgueTokenizer::default());
    }
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
    |error| IndexError::Tantivy { dir: dir.to_owned(), error }
}

fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> IndexError {
    IndexError::Unreadable { path: path.to_owned(), why: why.to_string() }
}
