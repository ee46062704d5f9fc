//! Writing to one generation: what events touched is made anew, and the commit says up to where.

use std::{collections::BTreeSet, sync::Arc};

use store::{AssetId, AssetRef, Log, ReadError, Seq, Snapshot};
use tantivy::{
    IndexWriter, TantivyDocument, Term,
    indexer::{IndexWriterOptions, LogMergePolicy},
};

use crate::{
    error::IndexError,
    generation::{CommitPayload, Generation, failed},
    views::Change,
};

/// What tantivy may hold before it writes a segment, in bytes.
const MEMORY_BYTES: usize = 64 << 20;
/// How many touched assets are remembered before their documents are made.
const TOUCHED_MAX: usize = 20_000;
/// How many events one commit takes in at most.
const EVENTS_MAX: usize = 20_000;
/// How many events are read at once.
const PAGE: usize = 2_000;
/// Segments with a larger share of deleted documents are merged.
const DELETED_SHARE: f32 = 0.25;

/// The one who writes to a generation.
pub(crate) struct GenerationWriter {
    generation: Arc<Generation>,
    writer: IndexWriter,
    checkpoint: Seq,
}

impl GenerationWriter {
    /// Waits for nobody: fails when another writes to this generation.
    pub(crate) fn open(generation: Arc<Generation>) -> Result<Self, IndexError> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .memory_budget_per_thread(MEMORY_BYTES)
            .num_merge_threads(1)
            .build();
        let writer = generation.index().writer_with_options(options).map_err(failed(generation.dir()))?;
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(4);
        policy.set_del_docs_ratio_before_merge(DELETED_SHARE);
        writer.set_merge_policy(Box::new(policy));
        let checkpoint = generation.checkpoint()?;
        Ok(Self { generation, writer, checkpoint })
    }

    pub(crate) fn generation(&self) -> &Arc<Generation> {
        &self.generation
    }

    /// The last event that was committed.
    pub(crate) fn checkpoint(&self) -> Seq {
        self.checkpoint
    }

    /// Takes in what the log has after the checkpoint, a commit's worth, and commits. Returns the new checkpoint;
    /// the same as before when there is nothing new.
    pub(crate) fn take_in(&mut self, log: &Log) -> Result<Seq, IndexError> {
        let snapshot = log.snapshot()?;
        if snapshot.seq() < self.checkpoint {
            return Err(IndexError::LogLostItsEnd {
                kind: self.generation.info().view,
                checkpoint: self.checkpoint,
                head: snapshot.seq(),
            });
        }
        if snapshot.seq() == self.checkpoint {
            return Ok(self.checkpoint);
        }
        let mut reached = self.checkpoint;
        let mut touched = BTreeSet::new();
        let mut events = 0;
        while reached < snapshot.seq() && events < EVENTS_MAX {
            for (seq, event_type, id) in snapshot.changes(reached.next(), PAGE)? {
                reached = seq;
                events += 1;
                let Some(kind) = event_type.kind() else { continue };
                let change = Change { seq, event_type, asset: AssetRef::new(kind, id) };
                let mut failure = None;
                self.generation.view().touched_by(&change, &snapshot, &mut |id| {
                    touched.insert(id);
                    if touched.len() >= TOUCHED_MAX && failure.is_none() {
                        failure = self.renew(&mut touched, &snapshot).err();
                    }
                    Ok::<(), ReadError>(())
                })?;
                if let Some(failure) = failure {
                    return Err(failure);
                }
            }
        }
        self.renew(&mut touched, &snapshot)?;
        self.commit(reached)?;
        Ok(reached)
    }

    /// Makes the documents of these assets anew.
    fn renew(&self, touched: &mut BTreeSet<AssetId>, snapshot: &Snapshot) -> Result<(), IndexError> {
        let schema = self.generation.schema();
        for id in std::mem::take(touched) {
            self.writer.delete_term(Term::from_field_text(schema.id, id.as_str()));
            if let Some(document) = self.generation.view().document(&id, snapshot)? {
                self.add(document.to_tantivy(schema))?;
            }
        }
        Ok(())
    }

    fn add(&self, document: TantivyDocument) -> Result<(), IndexError> {
        self.writer.add_document(document).map_err(failed(self.generation.dir()))?;
        Ok(())
    }

    /// The checkpoint goes into the commit itself, so that they are one.
    pub(crate) fn commit(&mut self, checkpoint: Seq) -> Result<(), IndexError> {
        let payload = CommitPayload { checkpoint };
        let payload = serde_json::to_string(&payload).unwrap_or_default();
        let dir = self.generation.dir();
        let mut prepared = self.writer.prepare_commit().map_err(failed(dir))?;
        prepared.set_payload(&payload);
        prepared.commit().map_err(failed(dir))?;
        self.checkpoint = checkpoint;
        Ok(())
    }

    pub(crate) fn tantivy(&mut self) -> &mut IndexWriter {
        &mut self.writer
    }

    /// Ends after the merges that are under way.
    pub(crate) fn close(self) -> Result<(), IndexError> {
        let generation = self.generation;
        self.writer.wait_merging_threads().map_err(failed(generation.dir()))
    }
}
