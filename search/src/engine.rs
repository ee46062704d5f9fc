//! Searching: a request in, hits with their evidence out.
//!
//! The index stores no text. A hit is read back from the log: the index gives the seq of the event that published
//! it (column `_seq`), the log's record at that seq gives the asset's id, and the view makes the document from a
//! snapshot of now. So an asset that was withdrawn or erased a moment ago is in no answer, even while the index
//! still has it, whoever asks: what is searched is what readers see. Every hit shows the seq, revision and source that
//! it comes from. For the archive as it stood, the snapshot is as of then.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use indexer::{
    Generation, IndexSearcher, Indexes, Pin,
    end::{Allowance, Lengths, SearchLimits},
};
use query::{Hit, IndexName, SearchRequest};
use store::{AsOf, AssetId, AssetRef, Log, ReadError, Reader, Shown, Snapshot};
use views::{Document, ViewId};

use crate::{answers::Answers, error::SearchError, inquiry::Inquiry, kept::Kept};

/// Answers searches over an archive's indexes. Cheap to clone.
#[derive(Clone)]
pub struct Search {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    indexes: Indexes,
    pub(crate) limits: SearchLimits,
    pub(crate) lengths: Arc<Lengths>,
    kept: Kept,
    pub(crate) answers: Answers,
}

/// A view as it was at one point in time.
#[derive(Clone)]
pub struct Pinned {
    /// Which view, and of when.
    pub name: IndexName,
    /// The generation that is searched.
    pub generation: Arc<Generation>,
    /// At this commit.
    pub index: Arc<IndexSearcher>,
    /// Without these, which were taken from readers since it was pinned.
    pub hidden: Arc<BTreeSet<AssetId>>,
}

/// The longest time that a search waits for the index to take in what was just written.
pub const WAIT_LIMIT: Duration = Duration::from_secs(2);

impl Search {
    /// Over these indexes.
    pub fn new(indexes: Indexes) -> Self {
        Self::with_limits(indexes, SearchLimits::default())
    }

    /// Over these indexes, with other limits.
    pub fn with_limits(indexes: Indexes, limits: SearchLimits) -> Self {
        Self {
            inner: Arc::new(Inner {
                indexes,
                limits,
                lengths: Arc::default(),
                kept: Kept::default(),
                answers: Answers::default(),
            }),
        }
    }

    /// The indexes.
    pub fn indexes(&self) -> &Indexes {
        &self.inner.indexes
    }

    /// The log.
    pub fn log(&self) -> &Log {
        self.inner.indexes.log()
    }

    /// Begins a request, whose searches are made on this thread and share what one request may spend.
    pub fn begin(&self) -> Inquiry<'_> {
        Inquiry { search: self, allowance: Allowance::begin() }
    }

    /// Returns the commit that the page before came from, if it is kept and has what is waited for.
    pub(crate) fn kept(&self, request: &SearchRequest, commit: &str) -> Result<Option<Pinned>, SearchError> {
        let kept = self.inner.kept.find(commit, &request.view.into())?;
        let has_it = |view: &Pinned| request.min_seq.is_none_or(|wanted| wanted <= view.index.reached);
        Ok(kept.filter(has_it))
    }

    /// Keeps the commit of a view for some minutes, for whoever asks for the next page.
    pub(crate) fn keep_for_next_page(&self, commit: String, view: &Pinned) {
        self.inner.kept.keep(commit, view.name.clone(), || {
            self.indexes().pin(Arc::clone(&view.generation), Arc::clone(&view.index))
        });
    }

    /// Returns the views as they are now, to be searched later.
    ///
    /// # Errors
    /// [`SearchError`]: there is no such view, or its index fails.
    pub fn pin(&self, indices: &[IndexName]) -> Result<Vec<Pinned>, SearchError> {
        indices.iter().cloned().map(|name| self.open(name)).collect()
    }

    /// Keeps views at these commits, for whoever goes on with them.
    pub fn keep(&self, views: &[Pinned]) -> Vec<(IndexName, Arc<Pin>)> {
        let keep = |view: &Pinned| {
            let (generation, index) = (Arc::clone(&view.generation), Arc::clone(&view.index));
            (view.name.clone(), self.indexes().pin(generation, index))
        };
        views.iter().map(keep).collect()
    }

    fn open(&self, name: IndexName) -> Result<Pinned, SearchError> {
        let Some(as_of) = &name.as_of else {
            let (generation, index) = self.indexes().searcher(name.view)?;
            return Ok(Pinned { name, generation, index, hidden: Arc::default() });
        };
        // Looked up in the list, so that no name leads out of the directory.
        if !self.indexes().generations(name.view)?.contains(&format!("@{as_of}")) {
            let as_of: String = as_of.chars().take(80).collect();
            let reason = format!(
                "the archive was not built as `{as_of}`: `morgue rebuild --as-of DATE --name NAME` builds it"
            );
            return Err(SearchError::NotThere { reason, pointer: "" });
        }
        let generation = self.indexes().named(name.view, as_of)?;
        Ok(Pinned { index: generation.searcher()?, name, generation, hidden: Arc::default() })
    }

    pub(crate) fn generation(&self, request: &SearchRequest) -> Result<Pinned, SearchError> {
        if let (Some(wanted), None) = (request.min_seq, &request.as_of) {
            let waited = self.indexes().wait_for(request.view, &[wanted], WAIT_LIMIT)?;
            if !waited.shown {
                return Err(SearchError::NotYet { wanted, reached: waited.reached });
            }
        }
        let name = IndexName { view: request.view, as_of: request.as_of.clone() };
        self.open(name).map_err(|error| error.at("as_of"))
    }

    /// The document of one asset as this reader sees it now, or saw it then.
    ///
    /// # Errors
    /// [`SearchError::NoSuchAsset`] and [`SearchError::Gone`] when he does or did not; or the log fails.
    pub fn document(&self, asset: &AssetRef, at: Option<AsOf>, reader: Reader) -> Result<Hit, SearchError> {
        let snapshot = match at {
            None => self.log().snapshot()?,
            Some(at) => self.log().snapshot_as_of(at)?,
        };
        document_in(&snapshot.for_reader(reader), asset, &ViewId::of_kind(asset.kind).into())
    }

    /// Returns the document of one asset of an index, as readers see it.
    ///
    /// # Errors
    /// As [`Self::document`].
    pub fn document_of(&self, index: &IndexName, id: AssetId) -> Result<Hit, SearchError> {
        let asset = AssetRef::new(index.view.kind(), id);
        match index.as_of {
            None => self.document(&asset, None, Reader::PUBLIC),
            Some(_) => {
                let snapshot = self.open(index.clone())?.generation.snapshot(self.log())?;
                document_in(&snapshot, &asset, index)
            }
        }
    }
}

fn document_in(snapshot: &Snapshot, asset: &AssetRef, index: &IndexName) -> Result<Hit, SearchError> {
    match index.view.document(&asset.id, snapshot)? {
        Some(document) => Ok(hit_of(document, index)),
        None => Err(unseen(snapshot, asset)?),
    }
}

/// Returns why a snapshot's reader does not see an asset: it is gone, or there is none for him.
///
/// # Errors
/// The log fails.
pub fn unseen(snapshot: &Snapshot, asset: &AssetRef) -> Result<SearchError, ReadError> {
    Ok(match snapshot.shown(asset)? {
        Shown::Gone(gone) => SearchError::Gone(asset.clone(), Box::new(gone)),
        Shown::Seen | Shown::Unknown => SearchError::NoSuchAsset(asset.clone()),
    })
}

pub(crate) fn hit_of(document: Document, index: &IndexName) -> Hit {
    Hit {
        kind: document.asset.kind,
        id: document.asset.id,
        seq: document.seq,
        revision: document.revision,
        source: document.source,
        score: 0.0,
        document: document.json,
        highlights: BTreeMap::new(),
        sort: Vec::new(),
        explanation: None,
        group: None,
        matched: Vec::new(),
        index: index.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        panic::{AssertUnwindSafe, catch_unwind},
        sync::atomic::AtomicBool,
    };

    use indexer::IndexError;
    use store::{Article, NewEvent, Seq};
    use views::ARTICLES;

    use super::*;

    /// Tantivy panics on some damaged files. Whoever asks is told of the damage, and nobody asks that index again; a
    /// panic over files that are whole is a fault of ours, and passes on.
    #[test]
    fn a_panic_over_damaged_files_is_told_as_damage() {
        let home = tempfile::tempdir().unwrap();
        let log = Log::open(home.path().join("log")).unwrap();
        let article = Article { headline: "Ferry".into(), ..Article::default() };
        log.append_one(&NewEvent::published(AssetId::new("a/1").unwrap(), article)).unwrap();
        let open = || Search::new(Indexes::open(log.clone(), home.path().join("indexes")).unwrap());
        let (view, as_of) = (ARTICLES, AsOf::Seq(Seq::new(1)));
        let options = indexer::RebuildOptions::default();
        let never = AtomicBool::new(false);
        open().indexes().build_as_of(view, &as_of, "then", &options, &never, &|_| {}).unwrap();
        let request = SearchRequest::from_params(&[("q", "ferry"), ("as_of", "then")]).unwrap();
        let panicking = |search: &Search, pinned: Pinned| {
            let asked = || {
                search
                    .begin()
                    .with_runs(&request, &[pinned], |_, _| -> Result<(), _> { panic!("as tantivy does") })
            };
            catch_unwind(AssertUnwindSafe(asked))
        };
        let search = open();
        assert_eq!(search.begin().search(&request).unwrap().total, 1);
        let pinned = search.generation(&request).unwrap();
        let mut files = fs::read_dir(pinned.generation.dir()).unwrap().map(|entry| entry.unwrap().path());
        let postings = files.find(|path| path.extension().is_some_and(|end| end == "idx")).unwrap();
        assert!(panicking(&search, pinned).is_err(), "a fault was taken for damage");

        let mut bytes = fs::read(&postings).unwrap();
        bytes[0] ^= 1;
        fs::write(&postings, bytes).unwrap();
        // What was read whole once is not read again before the next commit or start.
        let search = open();
        let told = panicking(&search, search.generation(&request).unwrap()).unwrap();
        assert!(matches!(told, Err(SearchError::Index(IndexError::Damaged { .. }))), "{told:?}");
        let told = search.begin().search(&request);
        assert!(matches!(told, Err(SearchError::Index(IndexError::Damaged { .. }))), "{told:?}");
    }
}
