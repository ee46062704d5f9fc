//! Writing to one generation: what events touched is made anew, and the commit says up to where.

use std::{collections::BTreeSet, sync::Arc};

use end_tantivy::Writer;
use store::{AssetId, Log, Seq, Snapshot};
use views::Known;

use crate::{
    commit::{Commit, link_at},
    error::{IndexError, io},
    fanout::{FanoutPosition, remove_others},
    generation::Generation,
};

/// The number of documents that are made from one snapshot.
pub(crate) const CHUNK: usize = 250;

/// The one who writes to a generation.
pub(crate) struct GenerationWriter {
    pub(crate) generation: Arc<Generation>,
    pub(crate) writer: Writer,
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

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stepped {
    /// Everything up to here is in the index.
    pub(crate) checkpoint: Seq,
    /// True if there was nothing to do.
    pub(crate) idle: bool,
}

impl GenerationWriter {
    /// Waits for nobody: fails when another writes to this generation.
    pub(crate) fn open(generation: Arc<Generation>, log: &Log) -> Result<Self, IndexError> {
        let writer = Self::of(Writer::open_giving_way(generation.index())?, generation)?;
        writer.commit.check(writer.generation.view(), &log.snapshot()?)?;
        writer.writer.keep_segments_few();
        remove_others(writer.generation.dir(), &writer.commit.fanouts)
            .map_err(io(writer.generation.dir()))?;
        Ok(writer)
    }

    /// Opens a writer for a generation that is not live and follows takedowns alone.
    pub(crate) fn follower(generation: Arc<Generation>) -> Result<Self, IndexError> {
        let writer = Self::of(Writer::open_giving_way(generation.index())?, generation)?;
        remove_others(writer.generation.dir(), &writer.commit.fanouts)
            .map_err(io(writer.generation.dir()))?;
        Ok(writer)
    }

    /// Opens a writer that leaves segments as they are, for putting a new generation together.
    pub(crate) fn unmerged(generation: Arc<Generation>) -> Result<Self, IndexError> {
        Self::of(Writer::open(generation.index())?, generation)
    }

    fn of(writer: Writer, generation: Arc<Generation>) -> Result<Self, IndexError> {
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

    /// Returns everything up to here was committed.
    pub(crate) fn checkpoint(&self) -> Seq {
        self.commit.checkpoint
    }

    /// Returns the event up to which all were looked at.
    pub(crate) fn reached(&self) -> Seq {
        self.commit.reached
    }

    /// Returns true if anything was ever erased of what this index, or those before it, have taken in.
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

    /// Notes that other generations have to follow this event, too.
    pub(crate) fn hold(&mut self, takedown: Seq) {
        let first = self.held.map_or(takedown, |(first, _)| first);
        self.held = Some((first, takedown));
    }

    /// Returns true if other generations have still to follow takedowns before the checkpoint may pass them.
    pub(crate) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Notes that the others have followed takedowns up to here; the next commit says so.
    pub(crate) fn others_followed(&mut self, upto: Seq) {
        let left = self.held.filter(|(_, last)| *last > upto);
        self.held = left.map(|(first, last)| (first.max(upto.next()), last));
    }

    /// Returns the first takedown that others have still to follow.
    fn first_held(&self) -> Option<Seq> {
        self.held.map(|(first, _)| first)
    }

    /// Takes in what the log has after the checkpoint, a commit's worth, and commits. After an error it is of no use
    /// any more: one of tantivy's threads may have died with documents that the next commit would not miss.
    pub(crate) fn step(&mut self, log: &Log) -> Result<Stepped, IndexError> {
        self.step_to(log, Seq::MAX)
    }

    /// Takes a step; events after `last` wait.
    pub(crate) fn step_to(&mut self, log: &Log, last: Seq) -> Result<Stepped, IndexError> {
        if self.spoilt {
            return Err(IndexError::Spoilt(self.generation.dir().to_owned()));
        }
        self.spoilt = true;
        let step = self.try_step(log, last).map_err(|error| self.cause_of(error))?;
        self.spoilt = false;
        Ok(step)
    }

    /// Returns why the end has failed, where it has told somebody else.
    fn cause_of(&mut self, error: IndexError) -> IndexError {
        match error {
            IndexError::End(error) => self.writer.cause_of(error).into(),
            error => error,
        }
    }

    fn try_step(&mut self, log: &Log, last: Seq) -> Result<Stepped, IndexError> {
        if log.head()?.seq > self.commit.reached {
            self.writer.wait_for_merges()?;
        }
        let mut touched = BTreeSet::new();
        let reached = self.gather(log, last, &mut touched)?;
        if self.alone {
            self.held = None;
        }
        let nothing_in_hand = self.fanouts.is_empty() && self.commit.fanouts.is_empty();
        if reached == self.commit.reached && nothing_in_hand && self.first_held() == self.commit.held {
            return Ok(Stepped { checkpoint: self.commit.checkpoint, idle: true });
        }
        let fresh = !touched.is_empty();
        self.renew(touched.into_iter().collect(), log)?;
        self.slice(log, reached, last, fresh)?;
        let commit =
            Commit::at(reached, link_at(&log.snapshot()?, reached)?, self.erased, self.fanouts.clone());
        let takedowns = self.commit.takedowns;
        self.commit(Commit { takedowns, ..commit.held_at(self.first_held()) })?;
        remove_others(self.generation.dir(), &self.commit.fanouts).map_err(io(self.generation.dir()))?;
        Ok(Stepped { checkpoint: self.commit.checkpoint, idle: false })
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
        for id in ids {
            self.writer.delete(id);
            if let Some(document) = self.generation.view().document_knowing(id, snapshot, known)? {
                self.writer.put(&document)?;
            }
        }
        Ok(())
    }

    /// Commits with the note in the commit itself, so that they are one.
    pub(crate) fn commit(&mut self, commit: Commit) -> Result<(), IndexError> {
        self.writer.commit(&commit)?;
        self.erased = commit.erased;
        self.commit = commit;
        Ok(())
    }

    /// Commits what was renewed out of turn, without going on.
    pub(crate) fn commit_again(&mut self) -> Result<(), IndexError> {
        self.commit(self.commit.clone())
    }

    /// Begins the merges that a rebuild of a large archive has left.
    pub(crate) fn begin_merges(&mut self) -> Result<(), IndexError> {
        if self.writer.has_merges_to_begin()? { self.commit_again() } else { Ok(()) }
    }

    /// Ends after the merges that are under way.
    pub(crate) fn close(self) -> Result<(), IndexError> {
        Ok(self.writer.close()?)
    }
}

/// The number of threads that make documents when there are many to make.
pub(crate) const THREADS: usize = 2;

#[cfg(test)]
mod tests {
    use std::fs;

    use store::{Article, NewEvent};
    use views::ARTICLES;

    use super::*;
    use crate::Indexes;

    /// A commit fails in its last step. The writer is not used any more, the last commit stands, and a writer that is
    /// opened anew goes on from it.
    #[test]
    fn a_writer_that_has_failed_is_not_used_again() {
        let home = tempfile::tempdir().unwrap();
        let log = Log::open(home.path().join("log")).unwrap();
        let indexes = Indexes::open(log.clone(), home.path().join("indexes")).unwrap();
        let live = || indexes.live(ARTICLES).unwrap();
        let documents = || live().searcher().unwrap().digest().unwrap().documents;
        let publish = |id: &str| {
            log.append_one(&NewEvent::published(AssetId::new(id).unwrap(), Article::default())).unwrap();
        };
        publish("a/1");
        let mut writer = GenerationWriter::open(live(), &log).unwrap();
        writer.step(&log).unwrap();
        // Where the new list of segments would be written.
        let in_the_way = live().dir().join("meta.next");
        fs::create_dir(&in_the_way).unwrap();
        publish("a/2");
        assert!(writer.step(&log).is_err());
        fs::remove_dir(&in_the_way).unwrap();
        assert!(matches!(writer.step(&log), Err(IndexError::Spoilt(_))), "it is not to be used any more");
        assert_eq!(documents(), 1);
        drop(writer);
        let mut writer = GenerationWriter::open(live(), &log).unwrap();
        assert_eq!(writer.step(&log).unwrap().checkpoint, Seq::new(2));
        writer.close().unwrap();
        assert_eq!(documents(), 2);
    }
}
