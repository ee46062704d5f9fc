//! Making the documents of a new generation, in parallel and so that it can be interrupted.
//!
//! Every core has a thread that takes pages of asset ids, makes their documents from the newest revisions, and
//! feeds a segment writer of its own: nothing is deleted, nothing is sent between threads, each document is made
//! once. A finished segment is a *part*; which ids it covers is noted in the file `build` (sealed), so that after
//! an interruption only what was not yet in a finished part is made again. In the end the parts are put together.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use store::{AssetId, Digest, Seq, Snapshot};
use tantivy::{
    Directory as _, Index, SegmentMeta, SingleSegmentIndexWriter, directory::TerminatingWrite,
    index::SegmentComponent,
};

use crate::{
    commit::Commit,
    directory::IndexDirectory,
    document::ViewDigest,
    error::{IndexError, io},
    generation::{Generation, failed, open_index},
    progress::{Clock, Phase, Progress},
    sealed,
    views::Known,
    writer::GenerationWriter,
};

/// Tantivy's hash tables alone take this of a thread, in bytes.
const LEAST_BYTES: usize = 3 << 20;
/// How many ids a thread takes at once; its snapshot lives as long.
const PAGE: usize = 500;
/// How many documents are made before they are indexed: each of the two keeps the processor's caches to itself.
const AT_ONCE: usize = 50;
const FILE: &str = "build";

/// How far a build has come, as it is kept on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BuildState {
    /// The log's last event when it began: what came after is taken in when it is put together.
    pub(crate) start: Seq,
    /// The log's link there.
    pub(crate) link: Option<Digest>,
    /// The last erasure up to there.
    pub(crate) erased: Seq,
    /// Assets that the parts cover.
    pub(crate) done: u64,
    /// Finished parts: their directories.
    parts: Vec<String>,
    /// Stretches of ids that the parts cover: after the first, up to and with the second.
    covered: Vec<(Option<AssetId>, AssetId)>,
    /// What the parts hold.
    digest: ViewDigest,
    /// The parts were put together, and the index was found to hold what was fed.
    checked: bool,
}

impl BuildState {
    /// Of a build that will say that it has taken in the events up to `start`.
    pub(crate) fn at(start: Seq, link: Option<Digest>, erased: Seq) -> Self {
        let digest = ViewDigest::default();
        Self { start, link, erased, done: 0, parts: Vec::new(), covered: Vec::new(), digest, checked: false }
    }

    /// What was kept in a generation's directory; `None` when there is nothing to go on with.
    pub(crate) fn read(dir: &Path) -> Option<Self> {
        serde_json::from_slice(sealed::unseal(&fs::read(dir.join(FILE)).ok()?)?).ok()
    }

    fn write(&self, dir: &Path) -> Result<(), IndexError> {
        let path = dir.join(FILE);
        let json = serde_json::to_vec(self).unwrap_or_default();
        sealed::write(&path, &json).map_err(io(&path))
    }

    /// The stretch that covers what comes right after this id.
    fn covering(&self, after: Option<&AssetId>) -> Option<&AssetId> {
        let covers = |from: &Option<AssetId>, to: &AssetId| {
            from.as_ref().is_none_or(|from| after.is_some_and(|after| after >= from))
                && after.is_none_or(|after| after < to)
        };
        self.covered.iter().find(|(from, to)| covers(from, to)).map(|(_, to)| to)
    }

    /// Where the next covered stretch begins.
    fn next_covered(&self, after: Option<&AssetId>) -> Option<&AssetId> {
        let begins = self.covered.iter().filter_map(|(from, _)| from.as_ref());
        begins.filter(|from| after.is_none_or(|after| *from > after)).min()
    }

    /// Stretches that meet become one.
    fn cover(&mut self, pages: Vec<(Option<AssetId>, AssetId)>) {
        self.covered.extend(pages);
        self.covered.sort_unstable();
        let mut joined: Vec<(Option<AssetId>, AssetId)> = Vec::new();
        for (from, to) in std::mem::take(&mut self.covered) {
            match joined.last_mut() {
                Some((_, end)) if from.as_ref() == Some(end) => *end = to,
                _ => joined.push((from, to)),
            }
        }
        self.covered = joined;
    }
}

/// One build.
pub(crate) struct Build<'a> {
    pub(crate) generation: &'a Arc<Generation>,
    pub(crate) threads: usize,
    /// What tantivy may hold on all threads together, in bytes.
    pub(crate) memory: usize,
    /// Assets that there are.
    pub(crate) total: u64,
    pub(crate) stop: &'a AtomicBool,
    pub(crate) progress: &'a (dyn Fn(Progress) + Sync),
    pub(crate) open: &'a (dyn Fn() -> Result<Snapshot, IndexError> + Sync),
    /// Whether it can be gone on with; if not, all that `open` opens shows one state.
    pub(crate) resumable: bool,
}

/// What the threads of one build share.
struct Shared<'a> {
    build: &'a Build<'a>,
    state: Mutex<BuildState>,
    /// The last id that was handed out; `None` when all were.
    cursor: Mutex<Option<Option<AssetId>>>,
    done: AtomicU64,
    clock: Clock,
}

impl Build<'_> {
    /// Makes what is not there yet, puts it together and checks it: committed at the state's start.
    pub(crate) fn run(&self, state: BuildState) -> Result<(), IndexError> {
        let dir = self.generation.dir();
        let mut state = state;
        if state.checked {
            return Ok(());
        }
        remove_unfinished(dir, &state.parts)?;
        if self.generation.last_commit()? == Commit::NONE {
            if self.resumable {
                state.write(dir)?;
            }
            let shared = Shared {
                build: self,
                done: AtomicU64::new(state.done),
                clock: Clock::new(Phase::Documents, state.done, self.total),
                state: Mutex::new(state),
                cursor: Mutex::new(Some(None)),
            };
            std::thread::scope(|scope| {
                let shared = &shared;
                let workers: Vec<_> =
                    (0..self.threads.max(1)).map(|_| scope.spawn(move || shared.work())).collect();
                workers.into_iter().try_for_each(|worker| worker.join().unwrap_or(Err(IndexError::Panicked)))
            })?;
            state = shared.state.into_inner().unwrap_or_else(PoisonError::into_inner);
            (self.progress)(Clock::new(Phase::Checking, state.done, self.total).progress(state.done));
            put_together(self.generation, &state)?;
        }
        let found = self.generation.searcher()?.digest().map_err(failed(dir))?;
        if found != state.digest {
            let show = |digest: ViewDigest| format!("{} documents, digest {digest}", digest.documents);
            return Err(IndexError::CheckFailed {
                kind: self.generation.info().view,
                name: self.generation.name().to_owned(),
                seq: state.start,
                expected: show(state.digest),
                found: show(found),
            });
        }
        state.checked = true;
        if self.resumable {
            state.write(dir)?;
        }
        remove_unfinished(dir, &[])
    }
}

/// One thread's part while it is being made.
struct Part {
    name: String,
    writer: SingleSegmentIndexWriter,
    digest: ViewDigest,
    pages: Vec<(Option<AssetId>, AssetId)>,
    done: u64,
}

impl Shared<'_> {
    /// One thread's share.
    fn work(&self) -> Result<(), IndexError> {
        let generation = self.build.generation;
        let memory = (self.build.memory / self.build.threads.max(1)).max(LEAST_BYTES);
        let mut part: Option<Part> = None;
        let mut snapshot = (self.build.open)()?;
        let (mut known, mut made) = (Known::default(), Vec::with_capacity(AT_ONCE));
        while let Some((after, page)) = self.next_page(&snapshot)? {
            if self.build.stop.load(Ordering::Acquire) {
                return Err(IndexError::Stopped);
            }
            let Some(last) = page.last().cloned() else { continue };
            let into = match &mut part {
                Some(part) => part,
                none => none.insert(self.begin_part(memory)?),
            };
            for few in page.chunks(AT_ONCE) {
                for id in few {
                    let document = generation.view().document_knowing(id, &snapshot, &mut known)?;
                    made.extend(document.map(|document| document.to_tantivy(generation.schema())));
                }
                for document in made.drain(..) {
                    into.digest.add(document.digest);
                    into.writer.add_document(document.fields).map_err(failed(generation.dir()))?;
                }
            }
            into.pages.push((after, last));
            into.done += page.len() as u64;
            if let Some(full) = part.take_if(|part| part.writer.mem_usage() >= memory) {
                self.finish_part(full)?;
            }
            let done = self.done.fetch_add(page.len() as u64, Ordering::Relaxed) + page.len() as u64;
            (self.build.progress)(self.clock.progress(done));
            // However long the build is, no thread reads from one state of the log for longer than a page takes.
            snapshot = (self.build.open)()?;
        }
        part.map_or(Ok(()), |last| self.finish_part(last))
    }

    /// The next ids that no part covers, and the one before them.
    #[expect(clippy::type_complexity, reason = "it is taken apart at once")]
    fn next_page(&self, snapshot: &Snapshot) -> Result<Option<(Option<AssetId>, Vec<AssetId>)>, IndexError> {
        let mut cursor = self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut after) = cursor.clone() else { return Ok(None) };
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Parts that were finished in this run lie behind the cursor, so these are an earlier run's.
        while let Some(covered) = state.covering(after.as_ref()) {
            after = Some(covered.clone());
        }
        let end = state.next_covered(after.as_ref()).cloned();
        drop(state);
        let kind = self.build.generation.info().view;
        let page = snapshot.assets(kind, after.as_ref(), PAGE)?;
        let ids: Vec<AssetId> = page
            .into_iter()
            .map(|(id, _)| id)
            .take_while(|id| end.as_ref().is_none_or(|end| id <= end))
            .collect();
        *cursor = match (ids.last(), end) {
            (Some(last), _) => Some(Some(last.clone())),
            // Nothing lies between here and the next covered stretch.
            (None, Some(end)) => Some(Some(end)),
            (None, None) => None,
        };
        Ok(cursor.is_some().then_some((after, ids)))
    }

    fn begin_part(&self, memory: usize) -> Result<Part, IndexError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let generation = self.build.generation;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("part-{}-{number}", std::process::id());
        let dir = generation.dir().join(&name);
        fs::create_dir_all(&dir).map_err(io(&dir))?;
        let directory = IndexDirectory::open(&dir).map_err(|error| failed(&dir)(error.into()))?;
        let builder = Index::builder()
            .schema(generation.schema().schema.clone())
            .tokenizers(generation.index().tokenizers().clone());
        let writer = builder.single_segment_index_writer(directory, memory).map_err(failed(&dir))?;
        Ok(Part { name, writer, digest: ViewDigest::default(), pages: Vec::new(), done: 0 })
    }

    fn finish_part(&self, part: Part) -> Result<(), IndexError> {
        part.writer.finalize().map_err(failed(self.build.generation.dir()))?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.parts.push(part.name);
        state.digest.join(part.digest);
        state.done += part.done;
        state.cover(part.pages);
        if self.build.resumable { state.write(self.build.generation.dir()) } else { Ok(()) }
    }
}

/// Moves the parts' segments into the generation and commits them.
fn put_together(generation: &Arc<Generation>, state: &BuildState) -> Result<(), IndexError> {
    let dir = generation.dir();
    let mut writer = GenerationWriter::unmerged(Arc::clone(generation))?;
    for name in &state.parts {
        let part = open_index(&dir.join(name))?;
        for segment in part.searchable_segment_metas().map_err(failed(dir))? {
            // Tantivy keeps the files of a segment that somebody holds a meta of: it must be there first.
            let meta = writer.index().new_segment_meta(segment.id(), segment.max_doc());
            take_segment(&part, &dir.join(name), writer.index(), dir, &segment).map_err(failed(dir))?;
            writer.tantivy().add_segment(meta).map_err(failed(dir))?;
        }
    }
    writer.commit(Commit::at(state.start, state.link, state.erased, Vec::new()))?;
    writer.close()
}

/// Gives a segment's files a second name in the index's own directory; where the file system has no such thing, copies
/// them. The part keeps its own until the index is committed.
fn take_segment(
    from: &Index,
    from_dir: &Path,
    to: &Index,
    to_dir: &Path,
    segment: &SegmentMeta,
) -> tantivy::Result<()> {
    use std::io::Write;

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
        if fs::hard_link(from_dir.join(&path), to_dir.join(&path)).is_ok() {
            continue;
        }
        let bytes = from.directory().open_read(&path)?.read_bytes()?;
        let mut file = to.directory().open_write(&path)?;
        file.write_all(&bytes)?;
        file.terminate()?;
    }
    Ok(())
}

/// Removes the directories of parts that are not among these.
fn remove_unfinished(dir: &Path, finished: &[String]) -> Result<(), IndexError> {
    for entry in fs::read_dir(dir).map_err(io(dir))?.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("part-") && !finished.contains(&name) {
            fs::remove_dir_all(entry.path()).map_err(io(entry.path()))?;
        }
    }
    Ok(())
}
