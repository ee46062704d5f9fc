//! Writing to one generation: what events touched is made anew, and the commit says up to where.

use std::{
    collections::BTreeSet,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use store::{AssetId, Log, Seq, Snapshot};
use tantivy::{
    Index, IndexWriter, TantivyError, Term,
    directory::error::LockError,
    index::SegmentId,
    indexer::{IndexWriterOptions, NoMergePolicy},
};
use views::Known;

use crate::{
    commit::{Commit, link_at},
    error::{IndexError, io},
    fanout::{FanoutPosition, remove_others},
    generation::{Generation, failed, open_index},
    indexed::Indexed,
    merging::{FewSegments, are_left_alone, lag_behind},
    tokenizer::writers_analysers,
};

/// What tantivy may hold before it writes a segment, in bytes.
const MEMORY_BYTES: usize = 64 << 20;
/// How long a commit waits for merges at most, and after how long it looks again: tantivy does not say when one ends.
const MERGES_WAIT: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(4);
/// How many documents are made from one snapshot.
pub(crate) const CHUNK: usize = 250;

/// The one who writes to a generation.
pub(crate) struct GenerationWriter {
    pub(crate) generation: Arc<Generation>,
    writer: IndexWriter,
    pub(crate) commit: Commit,
    pub(crate) fanouts: Vec<FanoutPosition>,
    /// The last erasure that was looked at.
    pub(crate) erased: Seq,
    /// The first and the last takedown of what was looked at that other generations have still to follow.
    held: Option<(Seq, Seq)>,
    /// There are no other generations that would have to.
    alone: bool,
    /// Something failed: documents may be lost that a later commit would not miss.
    spoilt: bool,
}

/// What a step has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Everything up to here is in the index.
    pub(crate) checkpoint: Seq,
    /// Whether there was nothing to do.
    pub(crate) idle: bool,
}

impl GenerationWriter {
    /// Waits for nobody: fails when another writes to this generation.
    pub(crate) fn open(generation: Arc<Generation>, log: &Log) -> Result<Self, IndexError> {
        let writer = giving_way(|| Self::unmerged(generation))?;
        writer.commit.check(writer.generation.info().view, log)?;
        writer.writer.set_merge_policy(Box::new(FewSegments(writer.index().clone())));
        remove_others(writer.generation.dir(), &writer.commit.fanouts)
            .map_err(io(writer.generation.dir()))?;
        Ok(writer)
    }

    /// One for a generation that is not live and follows takedowns alone.
    pub(crate) fn follower(generation: Arc<Generation>) -> Result<Self, IndexError> {
        let writer = giving_way(|| Self::unmerged(generation))?;
        remove_others(writer.generation.dir(), &writer.commit.fanouts)
            .map_err(io(writer.generation.dir()))?;
        Ok(writer)
    }

    /// One that leaves segments as they are, for putting a new generation together.
    pub(crate) fn unmerged(generation: Arc<Generation>) -> Result<Self, IndexError> {
        let dir = generation.dir();
        let mut index = open_index(dir)?;
        index.set_tokenizers(writers_analysers());
        let writer = writer_of(&index).map_err(failed(dir))?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        // What a writer that was killed has left behind.
        writer.garbage_collect_files().wait().map_err(failed(dir))?;
        // The first operation of a writer has the last commit's own stamp (tantivy 0.27: `Stamper::new` in
        // `IndexWriter::new`). If it is a deletion, a merge that begins before the next commit takes it for done in
        // segments that this commit deleted from, and for due in others: the document stays twice. So a stamp is
        // used up before it can matter.
        writer.run(Vec::new()).map_err(failed(dir))?;
        let commit = generation.last_commit()?;
        Ok(Self {
            writer,
            fanouts: commit.fanouts.clone(),
            erased: commit.erased,
            held: commit.held.map(|first| (first, commit.reached)),
            alone: false,
            commit,
            spoilt: false,
            generation,
        })
    }

    pub(crate) fn generation(&self) -> &Arc<Generation> {
        &self.generation
    }

    /// Everything up to here was committed.
    pub(crate) fn checkpoint(&self) -> Seq {
        self.commit.checkpoint
    }

    /// Events up to here were looked at.
    pub(crate) fn reached(&self) -> Seq {
        self.commit.reached
    }

    /// Whether anything was ever erased of what this index, or those before it, have taken in.
    pub(crate) fn knows_of_erasures(&self) -> bool {
        self.commit.erased != Seq::ZERO
    }

    /// Says whether there are other generations that have to follow takedowns before the checkpoint may pass them.
    pub(crate) fn set_alone(&mut self, alone: bool) {
        self.alone = alone;
    }

    pub(crate) fn is_alone(&self) -> bool {
        self.alone
    }

    /// Other generations have to follow this event, too.
    pub(crate) fn hold(&mut self, takedown: Seq) {
        let first = self.held.map_or(takedown, |(first, _)| first);
        self.held = Some((first, takedown));
    }

    /// Returns true if other generations have still to follow takedowns before the checkpoint may pass them.
    pub(crate) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// The others have followed takedowns up to here; the next commit says so.
    pub(crate) fn others_followed(&mut self, upto: Seq) {
        let left = self.held.filter(|(_, last)| *last > upto);
        self.held = left.map(|(first, last)| (first.max(upto.next()), last));
    }

    /// The first takedown that others have still to follow.
    fn first_held(&self) -> Option<Seq> {
        self.held.map(|(first, _)| first)
    }

    /// Takes in what the log has after the checkpoint, a commit's worth, and commits. After an error it is of no use
    /// any more: one of tantivy's threads may have died with documents that the next commit would not miss.
    pub(crate) fn step(&mut self, log: &Log) -> Result<Step, IndexError> {
        self.step_to(log, Seq::MAX)
    }

    /// The same; events after `last` wait.
    pub(crate) fn step_to(&mut self, log: &Log, last: Seq) -> Result<Step, IndexError> {
        if self.spoilt {
            return Err(IndexError::Spoilt(self.generation.dir().to_owned()));
        }
        self.spoilt = true;
        let step = self.try_step(log, last).map_err(|error| self.cause_of(error))?;
        self.spoilt = false;
        Ok(step)
    }

    /// Why one of tantivy's threads has ended, which it says to who asks for its work, not to who brings more.
    fn cause_of(&mut self, error: IndexError) -> IndexError {
        match error {
            IndexError::Tantivy { error: TantivyError::ErrorInThread(_), .. } => {
                let cause = self.writer.prepare_commit().err();
                cause.map_or(error, |cause| IndexError::of_tantivy(self.generation.dir(), cause))
            }
            error => error,
        }
    }

    fn try_step(&mut self, log: &Log, last: Seq) -> Result<Step, IndexError> {
        if log.head()?.seq > self.commit.reached {
            self.wait_for_merges()?;
        }
        let mut touched = BTreeSet::new();
        let reached = self.gather(log, last, &mut touched)?;
        if self.alone {
            self.held = None;
        }
        let nothing_in_hand = self.fanouts.is_empty() && self.commit.fanouts.is_empty();
        if reached == self.commit.reached && nothing_in_hand && self.first_held() == self.commit.held {
            return Ok(Step { checkpoint: self.commit.checkpoint, idle: true });
        }
        let fresh = !touched.is_empty();
        self.renew(touched.into_iter().collect(), log)?;
        self.slice(log, reached, last, fresh)?;
        let commit = Commit::at(reached, link_at(log, reached)?, self.erased, self.fanouts.clone());
        let takedowns = self.commit.takedowns;
        self.commit(Commit { takedowns, ..commit.held_at(self.first_held()) })?;
        remove_others(self.generation.dir(), &self.commit.fanouts).map_err(io(self.generation.dir()))?;
        Ok(Step { checkpoint: self.commit.checkpoint, idle: false })
    }

    /// While merges lag behind, events collect: the next commit takes them together instead of adding to the segments.
    fn wait_for_merges(&self) -> Result<(), IndexError> {
        let began = Instant::now();
        while began.elapsed() < MERGES_WAIT {
            let segments = self.index().searchable_segment_metas().map_err(failed(self.generation.dir()))?;
            if !lag_behind(&segments) {
                break;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Makes the documents of these assets anew, as the log is now or as it stood when the generation is of, from
    /// snapshots that are as short as they are fresh.
    pub(crate) fn renew(&self, mut ids: Vec<AssetId>, log: &Log) -> Result<(), IndexError> {
        // Two threads at one document would both delete first and both add then.
        ids.sort_unstable();
        ids.dedup();
        let renew = |ids: &[AssetId]| {
            let mut known = Known::default();
            let from = || self.generation.snapshot(log);
            ids.chunks(CHUNK).try_for_each(|chunk| self.renew_chunk(chunk, &from()?, &mut known))
        };
        if ids.len() < 2 * CHUNK {
            return renew(&ids);
        }
        let share = ids.len().div_ceil(THREADS);
        std::thread::scope(|scope| {
            let workers: Vec<_> = ids.chunks(share).map(|ids| scope.spawn(|| renew(ids))).collect();
            workers.into_iter().try_for_each(|worker| worker.join().unwrap_or(Err(IndexError::Panicked)))
        })
    }

    fn renew_chunk(&self, ids: &[AssetId], snapshot: &Snapshot, known: &mut Known) -> Result<(), IndexError> {
        let schema = self.generation.schema();
        for id in ids {
            self.writer.delete_term(Term::from_field_text(schema.id, id.as_str()));
            if let Some(document) = self.generation.view().document_knowing(id, snapshot, known)? {
                let document = Indexed::new(&document, schema);
                self.writer.add_document(document.fields).map_err(failed(self.generation.dir()))?;
            }
        }
        Ok(())
    }

    /// What the commit says of itself goes into the commit itself, so that they are one.
    pub(crate) fn commit(&mut self, commit: Commit) -> Result<(), IndexError> {
        let payload = serde_json::to_string(&commit).unwrap_or_default();
        let dir = self.generation.dir();
        let mut prepared = self.writer.prepare_commit().map_err(failed(dir))?;
        prepared.set_payload(&payload);
        prepared.commit().map_err(failed(dir))?;
        self.erased = commit.erased;
        self.commit = commit;
        Ok(())
    }

    /// Commits what was renewed out of turn, without going on.
    pub(crate) fn commit_again(&mut self) -> Result<(), IndexError> {
        self.commit(self.commit.clone())
    }

    /// A rebuild of a large archive leaves many segments, and tantivy looks for merges only when it commits.
    pub(crate) fn begin_merges(&mut self) -> Result<(), IndexError> {
        let segments = self.index().searchable_segment_metas().map_err(failed(self.generation.dir()))?;
        if are_left_alone(&segments) { Ok(()) } else { self.commit_again() }
    }

    pub(crate) fn tantivy(&self) -> &IndexWriter {
        &self.writer
    }

    /// Makes these segments one, and waits for it.
    pub(crate) fn merge(&mut self, segments: &[SegmentId]) -> Result<(), IndexError> {
        if segments.len() > 1 {
            self.writer.merge(segments).wait().map_err(failed(self.generation.dir()))?;
        }
        Ok(())
    }

    /// The index as the writer has it open.
    pub(crate) fn index(&self) -> &Index {
        self.writer.index()
    }

    /// Ends after the merges that are under way.
    pub(crate) fn close(self) -> Result<(), IndexError> {
        let generation = self.generation;
        self.writer.wait_merging_threads().map_err(failed(generation.dir()))
    }
}

/// Threads that begin in here, tantivy's that merge among them, give way to commits and searches where there are not
/// cores for all: a large merge takes one for many seconds.
fn giving_way<T: Send>(begin: impl FnOnce() -> T + Send) -> T {
    let begin = || {
        // Where it is not to be had, all are equal. Linux has it for each thread, and hands it on to those it begins;
        // elsewhere it is the whole process's.
        #[cfg(target_os = "linux")]
        rustix::process::nice(MERGES_NICE).ok();
        begin()
    };
    std::thread::scope(|scope| {
        scope.spawn(begin).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// A third of the share that others get.
#[cfg(target_os = "linux")]
const MERGES_NICE: i32 = 5;

/// How many threads make documents when there are many to make.
pub(crate) const THREADS: usize = 2;

/// Opens the writer of an index that nobody else writes. Its lock may be found held for a moment all the same: a process
/// that was forked off this one has our open files until it runs its own program.
fn writer_of(index: &Index) -> Result<IndexWriter, TantivyError> {
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
    use store::{Article, AssetKind, NewEvent};
    use tantivy::tokenizer::{BoxTokenStream, Token, TokenStream, Tokenizer};

    use super::*;
    use crate::Indexes;

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

    struct Archive {
        log: Log,
        indexes: Indexes,
        _dir: tempfile::TempDir,
    }

    impl Archive {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let log = Log::open(dir.path().join("log")).unwrap();
            let indexes = Indexes::open(log.clone(), dir.path().join("indexes")).unwrap();
            Self { log, indexes, _dir: dir }
        }

        fn publish(&self, id: &str, headline: &str) {
            let article = Article { headline: headline.into(), ..Article::default() };
            self.log.append_one(&NewEvent::published(AssetId::new(id).unwrap(), article)).unwrap();
        }

        fn live(&self) -> Arc<Generation> {
            self.indexes.live(AssetKind::Article).unwrap()
        }

        fn documents(&self) -> u64 {
            self.live().searcher().unwrap().digest().unwrap().documents
        }
    }

    /// What a kill once left behind: a writer is opened, and a merge begins before its first commit. The first document
    /// that it deleted was there twice afterwards.
    #[test]
    fn the_first_deletion_of_a_writer_survives_a_merge() {
        let archive = Archive::new();
        let mut writer = GenerationWriter::unmerged(archive.live()).unwrap();
        archive.publish("a/1", "one");
        archive.publish("a/2", "two");
        writer.step(&archive.log).unwrap();
        archive.publish("a/1", "one, corrected"); // now the first segment has a deletion of this commit, the second none
        writer.step(&archive.log).unwrap();
        writer.close().unwrap();

        let mut writer = GenerationWriter::unmerged(archive.live()).unwrap();
        writer.renew(vec![AssetId::new("a/2").unwrap()], &archive.log).unwrap();
        let mut segments = writer.index().searchable_segment_metas().unwrap();
        segments.sort_by_key(|segment| segment.has_deletes());
        let ids: Vec<_> = segments.iter().map(|segment| segment.id()).collect();
        assert_eq!(ids.len(), 2);
        writer.writer.merge(&ids).wait().unwrap();
        writer.commit_again().unwrap();
        writer.close().unwrap();
        assert_eq!(archive.documents(), 2);
    }

    /// One of tantivy's threads dies in the middle of a document. That is an error, not a silence; the last commit
    /// stands, and a writer that is opened anew goes on.
    #[test]
    fn a_panic_in_tantivy_is_seen_and_the_writer_opened_anew() {
        let archive = Archive::new();
        archive.publish("a/1", "plugh");
        let mut writer = GenerationWriter::open(archive.live(), &archive.log).unwrap();
        writer.step(&archive.log).unwrap();
        writer.index().tokenizers().register("morgue_text", Faulty);
        archive.publish("a/2", "xyzzy");
        assert!(writer.step(&archive.log).is_err());
        assert!(writer.step(&archive.log).is_err(), "it is not to be used any more");
        assert_eq!(archive.documents(), 1);
        drop(writer);
        let mut writer = GenerationWriter::open(archive.live(), &archive.log).unwrap();
        assert_eq!(writer.step(&archive.log).unwrap().checkpoint, Seq::new(2));
        writer.close().unwrap();
        assert_eq!(archive.documents(), 2);
    }
}
