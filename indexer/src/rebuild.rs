//! Building a new generation of a view from the log, beside the live one, and putting it in its place.
//!
//! Every core has a thread that takes pages of asset ids, makes their documents from the newest revisions, and
//! feeds a segment writer of its own: nothing is deleted, nothing is sent between threads, each document is made
//! once. The segments are then put together, checked against what was fed, caught up with what has arrived
//! meanwhile, and go live.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use store::{AssetId, AssetKind, Seq, Snapshot};
use tantivy::{
    Directory, Index, SegmentMeta, SingleSegmentIndexWriter, directory::MmapDirectory,
    index::SegmentComponent,
};

use crate::{
    document::ViewDigest,
    error::{IndexError, io},
    generation::{Generation, failed, register_analysers},
    indexes::{Indexes, Live, new_info},
    writer::GenerationWriter,
};

/// What tantivy may hold on all threads together before segments are written, in bytes.
const MEMORY_BYTES: usize = 256 << 20;
/// How many ids a thread takes at once; its snapshot lives as long.
const PAGE: usize = 500;

/// How a generation is to be built.
#[derive(Debug, Clone)]
pub struct RebuildOptions {
    /// How many threads; 0 for as many as there are cores.
    pub threads: usize,
    /// Whether the live generation is kept for going back.
    pub keep_previous: bool,
}

impl Default for RebuildOptions {
    fn default() -> Self {
        Self { threads: 0, keep_previous: true }
    }
}

/// How far a rebuild has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Assets looked at.
    pub done: u64,
    /// Assets that the log has said anything of.
    pub total: u64,
}

/// What a rebuild has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The new generation.
    pub generation: String,
    /// The last event that it has taken in.
    pub checkpoint: Seq,
    /// Its documents when it was checked.
    pub digest: ViewDigest,
}

impl Indexes {
    /// Builds a new generation of a view from the log and makes it the live one. Searches and writes go on
    /// meanwhile. Another rebuild of the same view is waited for.
    ///
    /// # Errors
    /// [`IndexError`]; the live generation is what it was then.
    pub fn rebuild(
        &self,
        kind: AssetKind,
        options: &RebuildOptions,
        stop: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Rebuilt, IndexError> {
        let _alone = self.lock(kind, "build.lock")?;
        let live = self.live_or_missing(kind)?;
        self.remove_leftovers(kind, &live)?;
        let name = self.next_name(kind)?;
        let built = (|| {
            let start = self.log().head()?.seq;
            let open = || self.log().snapshot().map_err(IndexError::from);
            self.build(kind, &name, None, start, options, stop, progress, &open)?;
            let generation = self.generation(kind, &name)?;
            let mut writer = GenerationWriter::open(generation)?;
            while writer.take_in(self.log())? < self.log().head()?.seq {
                if stop.load(Ordering::Acquire) {
                    return Err(IndexError::Stopped);
                }
            }
            writer.close()
        })();
        if let Err(error) = built {
            self.remove(kind, &name)?;
            return Err(error);
        }
        let previous = options.keep_previous.then(|| live.name.clone());
        self.write_live(kind, &Live { name: name.clone(), previous })?;
        self.log().wake_followers();
        self.remove_leftovers(kind, &self.live_or_missing(kind)?)?;
        let searcher = self.generation(kind, &name)?.searcher()?;
        let digest = searcher.digest().map_err(failed(&self.view_dir(kind)))?;
        Ok(Rebuilt { generation: name, checkpoint: searcher.checkpoint, digest })
    }

    /// Builds, puts together and checks; committed with this checkpoint.
    #[expect(clippy::too_many_arguments, reason = "the two callers above differ in just these")]
    pub(crate) fn build(
        &self,
        kind: AssetKind,
        name: &str,
        as_of: Option<String>,
        checkpoint: Seq,
        options: &RebuildOptions,
        stop: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
        open: &(dyn Fn() -> Result<Snapshot, IndexError> + Sync),
    ) -> Result<(), IndexError> {
        let dir = self.view_dir(kind).join(name);
        drop(Generation::create(&dir, new_info(kind, as_of))?);
        let generation = self.generation(kind, name)?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let threads = if options.threads == 0 { cores } else { options.threads };
        let total = self.count_assets(kind)?;
        let job = Job {
            generation: &generation,
            kind,
            memory: MEMORY_BYTES / threads.max(1),
            cursor: Mutex::new(Some(None)),
            done: AtomicU64::new(0),
            total,
            stop,
            progress,
            open,
        };
        let fed: Vec<Result<(ViewDigest, Vec<Index>), IndexError>> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|thread| {
                    scope.spawn({
                        let job = &job;
                        move || job.run(thread)
                    })
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap_or(Err(IndexError::Stopped))).collect()
        });
        let mut expected = ViewDigest::default();
        let mut parts = Vec::new();
        for fed in fed {
            let (digest, indexes) = fed?;
            expected.join(digest);
            parts.extend(indexes);
        }
        put_together(&generation, &parts, checkpoint)?;
        for part in std::fs::read_dir(&dir).map_err(io(&dir))?.filter_map(Result::ok) {
            if part.file_name().to_string_lossy().starts_with("part-") {
                std::fs::remove_dir_all(part.path()).map_err(io(part.path()))?;
            }
        }
        let found = generation.searcher()?.digest().map_err(failed(&dir))?;
        if found != expected {
            let show = |digest: ViewDigest| format!("{} documents, digest {digest}", digest.documents);
            let (name, expected, found) = (name.to_owned(), show(expected), show(found));
            return Err(IndexError::CheckFailed { kind, name, seq: checkpoint, expected, found });
        }
        Ok(())
    }

    /// How many assets of a kind the log has said anything of.
    fn count_assets(&self, kind: AssetKind) -> Result<u64, IndexError> {
        let mut after: Option<AssetId> = None;
        let mut count = 0;
        loop {
            let page = self.log().snapshot()?.assets(kind, after.as_ref(), 10_000)?;
            count += page.len() as u64;
            match page.into_iter().last() {
                Some((id, _)) => after = Some(id),
                None => return Ok(count),
            }
        }
    }

    /// Removes numbered generations that are neither live nor kept: of rebuilds that were cut short, or old.
    fn remove_leftovers(&self, kind: AssetKind, live: &Live) -> Result<(), IndexError> {
        for name in self.generations(kind)? {
            if !name.starts_with('@') && name != live.name && Some(&name) != live.previous.as_ref() {
                self.remove(kind, &name)?;
            }
        }
        Ok(())
    }
}

/// What the threads of one build share.
struct Job<'a> {
    generation: &'a Generation,
    kind: AssetKind,
    memory: usize,
    /// The last id that was handed out; `None` when all were.
    cursor: Mutex<Option<Option<AssetId>>>,
    done: AtomicU64,
    total: u64,
    stop: &'a AtomicBool,
    progress: &'a (dyn Fn(Progress) + Sync),
    open: &'a (dyn Fn() -> Result<Snapshot, IndexError> + Sync),
}

impl Job<'_> {
    /// One thread's share: the digest over what it fed, and the segments that it made.
    fn run(&self, thread: usize) -> Result<(ViewDigest, Vec<Index>), IndexError> {
        let (mut digest, mut parts) = (ViewDigest::default(), Vec::new());
        let mut writer: Option<SingleSegmentIndexWriter> = None;
        let keeps_snapshot = self.generation.info().as_of.is_some();
        let mut snapshot = (self.open)()?;
        let dir = self.generation.dir();
        while let Some(page) = self.next_page(&snapshot)? {
            if self.stop.load(Ordering::Acquire) {
                return Err(IndexError::Stopped);
            }
            for id in &page {
                let Some(document) = self.generation.view().document(id, &snapshot)? else { continue };
                let writer = match &mut writer {
                    Some(writer) => writer,
                    none => {
                        none.insert(self.begin_part(&dir.join(format!("part-{thread}-{}", parts.len())))?)
                    }
                };
                digest.add(document.digest());
                writer.add_document(document.to_tantivy(self.generation.schema())).map_err(failed(dir))?;
            }
            if let Some(full) = writer.take_if(|writer| writer.mem_usage() >= self.memory) {
                parts.push(full.finalize().map_err(failed(dir))?);
            }
            let done = self.done.fetch_add(page.len() as u64, Ordering::Relaxed) + page.len() as u64;
            (self.progress)(Progress { done, total: self.total.max(done) });
            if !keeps_snapshot {
                snapshot = (self.open)()?;
            }
        }
        if let Some(last) = writer {
            parts.push(last.finalize().map_err(failed(dir))?);
        }
        Ok((digest, parts))
    }

    fn next_page(&self, snapshot: &Snapshot) -> Result<Option<Vec<AssetId>>, IndexError> {
        let mut cursor = self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(after) = cursor.as_ref() else { return Ok(None) };
        let page = snapshot.assets(self.kind, after.as_ref(), PAGE)?;
        let ids: Vec<AssetId> = page.into_iter().map(|(id, _)| id).collect();
        *cursor = ids.last().map(|last| Some(last.clone()));
        Ok(if ids.is_empty() { None } else { Some(ids) })
    }

    fn begin_part(&self, dir: &Path) -> Result<SingleSegmentIndexWriter, IndexError> {
        std::fs::create_dir_all(dir).map_err(io(dir))?;
        let directory = MmapDirectory::open(dir).map_err(|error| failed(dir)(error.into()))?;
        let builder = Index::builder()
            .schema(self.generation.schema().schema.clone())
            .tokenizers(self.generation.index().tokenizers().clone());
        builder.single_segment_index_writer(directory, self.memory).map_err(failed(dir))
    }
}

/// Moves the parts' segments into the generation and commits them.
fn put_together(generation: &Arc<Generation>, parts: &[Index], checkpoint: Seq) -> Result<(), IndexError> {
    let dir = generation.dir();
    let mut writer = GenerationWriter::open(Arc::clone(generation))?;
    for part in parts {
        register_analysers(part);
        for segment in part.searchable_segment_metas().map_err(failed(dir))? {
            copy_segment(part, generation.index(), &segment).map_err(failed(dir))?;
            let meta = generation.index().new_segment_meta(segment.id(), segment.max_doc());
            writer.tantivy().add_segment(meta).map_err(failed(dir))?;
        }
    }
    writer.commit(checkpoint)?;
    writer.close()
}

/// Copies a segment's files through the index's own directory, which then knows and keeps them.
fn copy_segment(from: &Index, to: &Index, segment: &SegmentMeta) -> tantivy::Result<()> {
    use std::io::Write;
    use tantivy::directory::TerminatingWrite;

    for component in [
        SegmentComponent::Terms,
        SegmentComponent::Postings,
        SegmentComponent::Positions,
        SegmentComponent::FastFields,
        SegmentComponent::FieldNorms,
        SegmentComponent::Store,
    ] {
        let path = segment.relative_path(component);
        if !from.directory().exists(&path)? {
            continue; // a segment has no file for what it has nothing of
        }
        let bytes = from.directory().open_read(&path)?.read_bytes()?;
        let mut file = to.directory().open_write(&path)?;
        file.write_all(&bytes)?;
        file.terminate()?;
    }
    Ok(())
}
