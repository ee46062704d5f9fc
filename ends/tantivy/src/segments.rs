//! Segments, with what is found out of each once: its columns, open, and which fields have terms.
//!
//! Tantivy opens a column anew for whoever asks, which reads a header for each 512 documents of the segment, and a dictionary
//! of a field without terms is made anew each time. Both would make a small search of a large archive longer than what it
//! looks for. A segment never changes, but for which of its documents are deleted: what is opened is kept for as long as it
//! is in the index, and for as long as anybody searches it. There is no more of it than fields.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use tantivy::{
    Searcher, SegmentReader,
    columnar::{Column, StrColumn},
    fastfield::FastFieldReaders,
    index::SegmentId,
    schema::Field,
};

/// The segments of an index at one commit. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Segments(Arc<[Arc<Segment>]>);

/// One segment.
pub(crate) struct Segment {
    id: SegmentId,
    columns: FastFieldReaders,
    seqs: OnceLock<Column<u64>>,
    numbers: Mutex<HashMap<String, Column<i64>>>,
    texts: Mutex<HashMap<String, Option<StrColumn>>>,
    /// By the number of the field.
    has_terms: Box<[OnceLock<bool>]>,
}

impl Segments {
    /// Returns those of a commit; what is known of them from an earlier one stays known.
    pub(crate) fn of(searcher: &Searcher, before: &Self) -> Self {
        let known = |reader: &SegmentReader| before.find(reader).cloned();
        let readers = searcher.segment_readers().iter();
        Self(readers.map(|reader| known(reader).unwrap_or_else(|| Arc::new(Segment::of(reader)))).collect())
    }

    /// Returns the segment of a reader.
    pub(crate) fn get(&self, reader: &SegmentReader) -> Arc<Segment> {
        self.find(reader).cloned().unwrap_or_else(|| Arc::new(Segment::of(reader)))
    }

    /// Returns true if any of them has terms of a field, given the searcher that they are of.
    pub(crate) fn have_terms(&self, searcher: &Searcher, field: Field) -> bool {
        searcher.segment_readers().iter().any(|reader| match self.find(reader) {
            Some(segment) => segment.has_terms(reader, field),
            None => true,
        })
    }

    fn find(&self, reader: &SegmentReader) -> Option<&Arc<Segment>> {
        self.0.iter().find(|segment| segment.id == reader.segment_id())
    }
}

impl fmt::Debug for Segments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|segment| segment.id)).finish()
    }
}

impl Segment {
    fn of(reader: &SegmentReader) -> Self {
        Self {
            id: reader.segment_id(),
            columns: reader.fast_fields().clone(),
            seqs: OnceLock::new(),
            numbers: Mutex::default(),
            texts: Mutex::default(),
            has_terms: reader.schema().fields().map(|_| OnceLock::new()).collect(),
        }
    }

    /// Returns the column of the documents' seqs.
    pub(crate) fn seqs(&self) -> tantivy::Result<&Column<u64>> {
        if let Some(seqs) = self.seqs.get() {
            return Ok(seqs);
        }
        let seqs = self.columns.u64("_seq")?;
        Ok(self.seqs.get_or_init(|| seqs))
    }

    /// Returns the column of a field of numbers or dates.
    pub(crate) fn numbers(&self, name: &str) -> tantivy::Result<Column<i64>> {
        kept(&self.numbers, name, || self.columns.i64(name))
    }

    /// Returns the column of a field of exact values; `None` where no document of the segment has any.
    pub(crate) fn texts(&self, name: &str) -> tantivy::Result<Option<StrColumn>> {
        kept(&self.texts, name, || self.columns.str(name))
    }

    /// Returns true if the segment has terms of a field, given its reader; also where that cannot be read, which whoever
    /// reads the terms is told.
    pub(crate) fn has_terms(&self, reader: &SegmentReader, field: Field) -> bool {
        let look = || reader.inverted_index(field).map_or(true, |inverted| inverted.terms().num_terms() > 0);
        match self.has_terms.get(field.field_id() as usize) {
            Some(known) => *known.get_or_init(look),
            None => look(),
        }
    }
}

/// Returns what is kept under a name, opened now if it is not there yet.
fn kept<T: Clone>(
    kept: &Mutex<HashMap<String, T>>,
    name: &str,
    open: impl FnOnce() -> tantivy::Result<T>,
) -> tantivy::Result<T> {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(name) {
        return Ok(known.clone());
    }
    let opened = open()?;
    kept.insert(name.to_owned(), opened.clone());
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use query::{Query, SearchRequest, Sort, Words};
    use serde_json::{Value, json};
    use store::{AssetId, AssetKind, AssetRef, Revision, Seq};
    use tempfile::TempDir;
    use views::{ARTICLES, Document};

    use super::*;
    use crate::{Allowance, Asked, Budget, Index, Lengths, Question, SearchLimits, Searcher, Writer};

    struct Archive {
        index: Index,
        _dir: TempDir,
    }

    impl Archive {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            Index::create(dir.path(), ARTICLES.fields()).unwrap();
            Self { index: Index::open(dir.path(), ARTICLES.fields()).unwrap(), _dir: dir }
        }

        /// Commits a document, in a segment of its own, and returns the index with it.
        fn put(&self, seq: u64, json: &Value) -> Searcher {
            let mut writer = Writer::open(&self.index).unwrap();
            let id = AssetId::new(format!("a/{seq}")).unwrap();
            let document = Document {
                asset: AssetRef::new(AssetKind::Article, id),
                seq: Seq::new(seq),
                revision: Revision::new(1),
                source: String::new(),
                json: json.as_object().unwrap().clone(),
            };
            writer.put(&document).unwrap();
            writer.commit(&seq).unwrap();
            self.index.searcher().unwrap()
        }
    }

    /// Asks, and returns the count of hits, their seqs, and the number of lists that were walked.
    fn ask(index: &Searcher, request: &SearchRequest) -> (u64, Vec<u64>, u64) {
        let limits = SearchLimits { cpu: Duration::from_secs(600), ..SearchLimits::default() };
        let budget = Arc::new(Budget::begin(limits, &Allowance::begin()));
        let hidden = BTreeSet::new();
        let view = Asked {
            index,
            view: ARTICLES,
            hidden: &hidden,
            example: Box::new(|_, _| None),
            hit: Box::new(|_| None),
        };
        let lengths = Arc::<Lengths>::default();
        let question = Question { request, views: vec![view], lengths: &lengths, budget: &budget };
        let rows = question.rows(&request.query, false).unwrap();
        (rows.total, rows.rows.iter().map(|row| row.seq.get()).collect(), budget.lists())
    }

    fn words(text: &str) -> SearchRequest {
        SearchRequest { query: Query::Words(Words::new(Vec::new(), text)), ..SearchRequest::new(ARTICLES) }
    }

    #[test]
    fn what_is_open_stays_open_as_long_as_its_segment_is_there() {
        let archive = Archive::new();
        let latest = SearchRequest { sort: vec![Sort::by("published", true)], ..words("ferry") };
        let first = archive.put(1, &json!({"body": "ferry", "published": "1931-05-02"}));
        assert_eq!(ask(&first, &latest).1, [1]);
        let opened =
            |segment: &Segment| (segment.seqs.get().is_some(), segment.numbers.lock().unwrap().len());
        assert_eq!(opened(&first.segments.0[0]), (true, 1));

        let second = archive.put(2, &json!({"body": "ferry", "published": "1932-05-02"}));
        let same = second.segments.0.iter().filter(|one| Arc::ptr_eq(one, &first.segments.0[0])).count();
        assert_eq!((second.segments.0.len(), same), (2, 1), "only the new one is unknown");
        assert_eq!(ask(&second, &latest).1, [2, 1]);

        let many = (3..=20).map(|seq| archive.put(seq, &json!({"body": "tram"}))).last().unwrap();
        let known: Vec<_> = many.segments.0.iter().map(Arc::downgrade).collect();
        let mut writer = Writer::open(&archive.index).unwrap();
        writer.merge_small().unwrap();
        let merged = archive.index.searcher().unwrap();
        assert!(merged.segments.0.len() < known.len());
        assert_eq!(ask(&merged, &latest).1, [2, 1]);
        assert!(known.iter().all(|one| one.upgrade().is_some()), "somebody searches them");
        drop((first, second, many));
        let left = known.iter().filter(|one| one.upgrade().is_some()).count();
        assert!(left < known.len(), "what was merged is held by nobody");
        let is_there = |one: &Arc<Segment>| merged.segments.0.iter().any(|there| Arc::ptr_eq(one, there));
        assert!(known.iter().filter_map(std::sync::Weak::upgrade).all(|one| is_there(&one)));
    }

    #[test]
    fn what_only_counts_opens_no_column() {
        let archive = Archive::new();
        let index = archive.put(1, &json!({"body": "ferry", "published": "1931-05-02"}));
        let sort = vec![Sort::by("published", true)];
        assert_eq!(ask(&index, &SearchRequest { size: 0, sort, ..words("ferry") }).0, 1);
        let segment = &index.segments.0[0];
        assert!(segment.seqs.get().is_none() && segment.numbers.lock().unwrap().is_empty());
    }

    /// A field that has no words is not asked, and is asked as soon as any document has words in it.
    #[test]
    fn fields_without_words_are_not_asked() {
        let archive = Archive::new();
        let first = archive.put(1, &json!({"body": "The harbour ferry."}));
        let check = |index: &Searcher, text: &str, found: &[u64]| {
            let (total, seqs, lists) = ask(index, &words(text));
            assert_eq!(
                (total, BTreeSet::from_iter(seqs)),
                (found.len() as u64, found.iter().copied().collect())
            );
            lists
        };
        let one_field = check(&first, "ferry", &[1]);
        assert_eq!(one_field, 1, "lists of fields without words are walked");
        check(&first, "kicker", &[]);
        let second = archive.put(2, &json!({"kicker": "A kicker of the ferry", "body": "Boats."}));
        check(&second, "ferry", &[1, 2]);
        check(&second, "kicker", &[2]);
        check(&first, "kicker", &[]);
        let stems = second.schema.field("kicker").unwrap().text.unwrap();
        let had = |index: &Searcher| index.segments.have_terms(index.tantivy(), stems);
        assert_eq!((had(&first), had(&second)), (false, true));
    }
}
