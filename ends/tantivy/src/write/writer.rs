//! The one who writes to an index: puts and deletes documents, merges segments, and commits.

use std::{
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;
use store::AssetId;
use tantivy::{
    Index as TantivyIndex, IndexWriter, SegmentMeta, TantivyError, Term,
    directory::error::LockError,
    index::SegmentId,
    indexer::{IndexWriterOptions, NoMergePolicy},
};
use views::Document;

use super::{
    document::Indexed,
    merging::{FewSegments, are_left_alone, lag_behind},
    tokenizer::writers_analysers,
};
use crate::{
    error::{EndError, failed},
    index::{Index, open_index},
    schema::ViewSchema,
};

/// The bytes that tantivy may hold before it writes a segment.
const MEMORY_BYTES: usize = 64 << 20;
/// The longest time that a commit waits for merges, and the time between two looks: tantivy does not say when one ends.
const MERGES_WAIT: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(4);
/// So many small segments are left by themselves.
const SMALL_SEGMENTS: usize = 8;
/// In documents.
const SMALL: u32 = 10_000;

/// The one who writes to an index. After an error it is of no use any more: one of tantivy's threads may have died with
/// documents that the next commit would not miss.
pub struct Writer {
    dir: Arc<Path>,
    schema: Arc<ViewSchema>,
    writer: IndexWriter,
}

impl Writer {
    /// Opens the writer of an index, which leaves segments as they are. Waits for nobody.
    ///
    /// # Errors
    /// [`EndError`] when another writes to this index, or it cannot be written.
    pub fn open(index: &Index) -> Result<Self, EndError> {
        let dir = index.dir();
        let mut opened = open_index(dir)?;
        opened.set_tokenizers(writers_analysers());
        let writer = writer_of(&opened).map_err(failed(dir))?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        // What a writer that was killed has left behind.
        writer.garbage_collect_files().wait().map_err(failed(dir))?;
        // The first operation of a writer has the last commit's own stamp (tantivy 0.27: `Stamper::new` in
        // `IndexWriter::new`). If it is a deletion, a merge that begins before the next commit takes it for done in
        // segments that this commit deleted from, and for due in others: the document stays twice. So a stamp is
        // used up before it can matter.
        writer.run(Vec::new()).map_err(failed(dir))?;
        Ok(Self { dir: dir.into(), schema: Arc::clone(index.schema()), writer })
    }

    /// Like [`Writer::open`]; its threads, those that merge among them, give way to commits and searches where there are
    /// not cores for all: a large merge takes one for many seconds.
    ///
    /// # Errors
    /// As [`Writer::open`].
    pub fn open_giving_way(index: &Index) -> Result<Self, EndError> {
        giving_way(|| Self::open(index))
    }

    /// From now on segments are kept few: merged in the background after commits.
    pub fn keep_segments_few(&self) {
        self.writer.set_merge_policy(Box::new(FewSegments(self.writer.index().clone())));
    }

    /// Deletes the document of an asset, if there is one.
    pub fn delete(&self, id: &AssetId) {
        self.writer.delete_term(Term::from_field_text(self.schema.id, id.as_str()));
    }

    /// Adds a document. One of the same asset that is there has to be deleted first.
    ///
    /// # Errors
    /// [`EndError`] when it cannot be written.
    pub fn put(&self, document: &Document) -> Result<(), EndError> {
        let document = Indexed::new(document, &self.schema);
        self.writer.add_document(document.fields).map(drop).map_err(failed(&self.dir))
    }

    /// Commits. What the commit says of itself goes into the commit itself, so that they are one.
    ///
    /// # Errors
    /// [`EndError`] when it cannot be written.
    pub fn commit(&mut self, says: &impl Serialize) -> Result<(), EndError> {
        let payload = serde_json::to_string(says)
            .map_err(|error| failed(&self.dir)(TantivyError::InvalidArgument(error.to_string())))?;
        let mut prepared = self.writer.prepare_commit().map_err(failed(&self.dir))?;
        prepared.set_payload(&payload);
        prepared.commit().map(drop).map_err(failed(&self.dir))
    }

    /// Returns why one of tantivy's threads has ended, which it says to who asks for its work, not to who brings more.
    pub fn cause_of(&mut self, error: EndError) -> EndError {
        match error {
            EndError::Tantivy { error: TantivyError::ErrorInThread(_), .. } => {
                let cause = self.writer.prepare_commit().err();
                cause.map_or(error, |cause| EndError::of_tantivy(&self.dir, cause))
            }
            error => error,
        }
    }

    /// Waits a while as long as merges lag behind: the next commit takes what collects meanwhile together instead of adding
    /// to the segments.
    ///
    /// # Errors
    /// [`EndError`] when the index cannot be read.
    pub fn wait_for_merges(&self) -> Result<(), EndError> {
        let began = Instant::now();
        while began.elapsed() < MERGES_WAIT && lag_behind(&self.segments()?) {
            thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Returns true if a commit would begin a merge: a rebuild of a large archive leaves many segments, and tantivy looks
    /// for merges only when it commits.
    ///
    /// # Errors
    /// [`EndError`] when the index cannot be read.
    pub fn has_merges_to_begin(&self) -> Result<bool, EndError> {
        Ok(!are_left_alone(&self.segments()?))
    }

    /// Makes the small segments one when there are more than a few, and waits for it.
    ///
    /// # Errors
    /// [`EndError`] when the index cannot be written.
    pub fn merge_small(&mut self) -> Result<(), EndError> {
        let segments = self.segments()?;
        let small = segments.iter().filter(|segment| segment.max_doc() < SMALL);
        let small: Vec<_> = small.map(SegmentMeta::id).collect();
        if small.len() > SMALL_SEGMENTS { self.merge(&small) } else { Ok(()) }
    }

    /// Ends after the merges that are under way.
    ///
    /// # Errors
    /// [`EndError`] when one of them has failed.
    pub fn close(self) -> Result<(), EndError> {
        self.writer.wait_merging_threads().map_err(failed(&self.dir))
    }

    /// Makes these segments one, and waits for it.
    pub(super) fn merge(&mut self, segments: &[SegmentId]) -> Result<(), EndError> {
        if segments.len() > 1 {
            self.writer.merge(segments).wait().map_err(failed(&self.dir))?;
        }
        Ok(())
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn tantivy(&self) -> &IndexWriter {
        &self.writer
    }

    fn segments(&self) -> Result<Vec<SegmentMeta>, EndError> {
        self.writer.index().searchable_segment_metas().map_err(failed(&self.dir))
    }
}

/// Threads that begin in here give way to others.
fn giving_way<T: Send>(begin: impl FnOnce() -> T + Send) -> T {
    let begin = || {
        // Where it is not to be had, all are equal. Linux has it for each thread, and hands it on to those it begins;
        // elsewhere it is the whole process's.
        #[cfg(target_os = "linux")]
        rustix::process::nice(MERGES_NICE).ok();
        begin()
    };
    thread::scope(|scope| scope.spawn(begin).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
}

/// A third of the share that others get.
#[cfg(target_os = "linux")]
const MERGES_NICE: i32 = 5;

/// Opens the writer of an index that nobody else writes. Its lock may be found held for a moment all the same: a process
/// that was forked off this one has our open files until it runs its own program.
fn writer_of(index: &TantivyIndex) -> Result<IndexWriter, TantivyError> {
    let until = Instant::now() + LOCKED_AT_MOST;
    loop {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .memory_budget_per_thread(MEMORY_BYTES)
            .num_merge_threads(3) // large merges must not keep the small ones waiting
            .build();
        match index.writer_with_options(options) {
            Err(TantivyError::LockFailure(LockError::LockBusy, _)) if Instant::now() < until => {
                thread::sleep(Duration::from_millis(2));
            }
            opened => return opened,
        }
    }
}

/// The time that a forked process is given to run its own program.
const LOCKED_AT_MOST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use serde_json::json;
    use store::{AssetKind, AssetRef, Revision, Seq};
    use tantivy::tokenizer::{BoxTokenStream, Token, TokenStream, Tokenizer};
    use views::ARTICLES;

    use super::*;

    /// A tokenizer with a fault.
    #[derive(Clone)]
    struct Faulty;

    struct Never(Token);

    impl Tokenizer for Faulty {
        type TokenStream<'a> = BoxTokenStream<'a>;

        fn token_stream<'a>(&'a mut self, text: &'a str) -> BoxTokenStream<'a> {
            assert!(!text.contains("xyzzy"), "a fault in a thread of tantivy's");
            BoxTokenStream::new(Never(Token::default()))
        }
    }

    impl TokenStream for Never {
        fn advance(&mut self) -> bool {
            false
        }

        fn token(&self) -> &Token {
            &self.0
        }

        fn token_mut(&mut self) -> &mut Token {
            &mut self.0
        }
    }

    fn id(id: &str) -> AssetId {
        AssetId::new(id).unwrap()
    }

    /// An article of this id and headline takes the place of the one that is there.
    fn renew(writer: &Writer, of: &str, headline: &str) -> Result<(), EndError> {
        let json = json!({"headline": headline}).as_object().unwrap().clone();
        writer.delete(&id(of));
        writer.put(&Document {
            asset: AssetRef::new(AssetKind::Article, id(of)),
            seq: Seq::new(1),
            revision: Revision::default(),
            source: String::new(),
            json,
        })
    }

    fn empty_index() -> (tempfile::TempDir, Index) {
        let dir = tempfile::tempdir().unwrap();
        let fields = ARTICLES.fields();
        Index::create(dir.path(), fields).unwrap();
        let index = Index::open(dir.path(), fields).unwrap();
        (dir, index)
    }

    fn documents(index: &Index) -> u64 {
        index.searcher().unwrap().digest().unwrap().documents
    }

    /// A kill once left this behind: a writer is opened, and a merge begins before its first commit. The first document
    /// that it deleted was there twice afterwards.
    #[test]
    fn the_first_deletion_of_a_writer_survives_a_merge() {
        let (_dir, index) = empty_index();
        let mut writer = Writer::open(&index).unwrap();
        renew(&writer, "a/1", "one").unwrap();
        renew(&writer, "a/2", "two").unwrap();
        writer.commit(&2).unwrap();
        renew(&writer, "a/1", "one, corrected").unwrap(); // now the first segment has a deletion of this commit, the second none
        writer.commit(&3).unwrap();
        writer.close().unwrap();

        let mut writer = Writer::open(&index).unwrap();
        renew(&writer, "a/2", "two").unwrap();
        let mut segments = writer.segments().unwrap();
        segments.sort_by_key(SegmentMeta::has_deletes);
        let ids: Vec<_> = segments.iter().map(SegmentMeta::id).collect();
        assert_eq!(ids.len(), 2);
        writer.writer.merge(&ids).wait().unwrap();
        writer.commit(&3).unwrap();
        writer.close().unwrap();
        assert_eq!(documents(&index), 2);
    }

    /// One of tantivy's threads dies in the middle of a document. That is an error, not a silence; the last commit
    /// stands, and a writer that is opened anew goes on.
    #[test]
    fn a_panic_in_tantivy_is_seen_and_the_writer_opened_anew() {
        let (_dir, index) = empty_index();
        let mut writer = Writer::open_giving_way(&index).unwrap();
        renew(&writer, "a/1", "plugh").unwrap();
        writer.commit(&1).unwrap();
        writer.tantivy().index().tokenizers().register("morgue_text", Faulty);
        assert!(renew(&writer, "a/2", "xyzzy").and_then(|()| writer.commit(&2)).is_err());
        assert_eq!((documents(&index), index.last_commit::<u64>().unwrap()), (1, Some(1)));
        drop(writer);
        let mut writer = Writer::open(&index).unwrap();
        renew(&writer, "a/2", "xyzzy").unwrap();
        writer.commit(&2).unwrap();
        writer.close().unwrap();
        assert_eq!((documents(&index), index.last_commit::<u64>().unwrap()), (2, Some(2)));
    }
}
