//! Making the documents of a new generation, in parallel and so that it can be interrupted.
//!
//! Every core has a thread that takes pages of asset ids, makes their documents from the newest revisions, and
//! feeds a segment writer of its own: nothing is deleted, nothing is sent between threads, each document is made
//! once. A finished segment is a *part*; which ids it covers is noted in the file `build` (sealed), so that after
//! an interruption only what was not yet in a finished part is made again. A part is finished when its memory is
//! full, when the build is told to stop, and when more would be lost by a kill than was kept before: at growing
//! intervals, so that they stay few. In the end the parts are put together; small ones, of runs that were cut
//! short, are merged.

use std::{
    fs,
    io::ErrorKind,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use end_tantivy::{Indexed, LEAST_PART_BYTES, PartWriter, sealed, verify};
use serde::{Deserialize, Serialize};
use store::{AssetId, AssetState, Digest, ReadError, Seq, Snapshot};
use views::{Known, ViewDigest};

use crate::{
    commit::Commit,
    error::{IndexError, io},
    generation::Generation,
    progress::{Clock, Phase, Progress},
    writer::GenerationWriter,
};

/// The number of ids that a thread takes at once; its snapshot lives as long.
const PAGE: usize = 500;
/// The number of documents that are made before they are indexed: each of the two keeps the processor's caches to itself.
const AT_ONCE: usize = 50;
/// The number of ids that are counted at once.
const COUNTED: usize = 10_000;
const FILE: &str = "build";

/// The progress of a build, as it is kept on disk.
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
    /// Of these, those that the log had said something of when it began.
    of_start: u64,
    /// Assets that there were when it was last gone on with.
    pub(crate) total: u64,
    /// Finished parts.
    parts: Vec<FinishedPart>,
    /// Stretches of ids that the parts cover: after the first, up to and with the second.
    covered: Vec<(Option<AssetId>, AssetId)>,
    /// The digest over the documents of the parts.
    digest: ViewDigest,
    /// The parts were put together, and the index was found to hold what was fed.
    checked: bool,
}

/// A finished part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FinishedPart {
    /// Its directory.
    name: String,
    /// True if it was finished because its memory was full; others are small.
    full: bool,
}

impl BuildState {
    /// Returns the state of a build that will say that it has taken in the events up to `start`.
    pub(crate) fn at(start: Seq, link: Option<Digest>, erased: Seq) -> Self {
        Self {
            start,
            link,
            erased,
            done: 0,
            of_start: 0,
            total: 0,
            parts: Vec::new(),
            covered: Vec::new(),
            digest: ViewDigest::default(),
            checked: false,
        }
    }

    /// Returns what was kept in a generation's directory; `None` when there is nothing to go on with: no file, a damaged
    /// one, or one of another version.
    ///
    /// # Errors
    /// [`IndexError::Io`] when the file is there and cannot be read: what was built is not given up for that.
    pub(crate) fn read(dir: &Path) -> Result<Option<Self>, IndexError> {
        let path = dir.join(FILE);
        match fs::read(&path) {
            Ok(stored) => Ok(sealed::unseal(&stored).and_then(|json| serde_json::from_slice(json).ok())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(path)(error)),
        }
    }

    /// Returns true if the files of what was kept are what was written.
    pub(crate) fn is_whole(&self, dir: &Path) -> bool {
        let parts = || self.parts.iter().all(|part| verify(&dir.join(&part.name)).is_ok());
        verify(dir).is_ok() && (self.checked || parts())
    }

    fn write(&self, dir: &Path) -> Result<(), IndexError> {
        let path = dir.join(FILE);
        let json = serde_json::to_vec(self)
            .map_err(|error| IndexError::Unreadable { path: path.clone(), why: error.to_string() })?;
        sealed::write(&path, &json).map_err(io(&path))
    }

    /// Returns the stretch that covers what comes right after this id.
    fn covering(&self, after: Option<&AssetId>) -> Option<&AssetId> {
        let covers = |from: &Option<AssetId>, to: &AssetId| {
            from.as_ref().is_none_or(|from| after.is_some_and(|after| after >= from))
                && after.is_none_or(|after| after < to)
        };
        self.covered.iter().find(|(from, to)| covers(from, to)).map(|(_, to)| to)
    }

    /// Returns where the next covered stretch begins.
    fn next_covered(&self, after: Option<&AssetId>) -> Option<&AssetId> {
        let begins = self.covered.iter().filter_map(|(from, _)| from.as_ref());
        begins.filter(|from| after.is_none_or(|after| *from > after)).min()
    }

    /// Adds stretches of ids; those that meet become one.
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
    /// The bytes that the writers of all parts may hold together.
    pub(crate) memory: usize,
    /// Assets that there are.
    pub(crate) total: u64,
    pub(crate) stop: &'a AtomicBool,
    pub(crate) progress: &'a (dyn Fn(Progress) + Sync),
    pub(crate) open: &'a (dyn Fn() -> Result<Snapshot, IndexError> + Sync),
    /// The time after which a thread finishes its first part, so that it can be gone on with; if it cannot, all that
    /// `open` opens shows one state.
    pub(crate) keep_after: Option<Duration>,
}

/// State that the threads of one build share.
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
        state.total = self.total;
        if self.generation.last_commit()? == Commit::NONE {
            let is_resumed = !state.parts.is_empty();
            if self.keep_after.is_some() {
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
            put_together(self.generation, &state, is_resumed)?;
        }
        let differs = |expected: String, found: String| IndexError::CheckFailed {
            view: self.generation.view(),
            name: self.generation.name().to_owned(),
            seq: state.start,
            expected,
            found,
        };
        let of_start = self.count_of_start(state.start)?;
        if of_start != state.of_start {
            return Err(differs(format!("{of_start} assets"), format!("{} assets", state.of_start)));
        }
        let found = self.generation.searcher()?.digest()?;
        if found != state.digest {
            let show = |digest: ViewDigest| format!("{} documents, digest {digest}", digest.documents);
            return Err(differs(show(state.digest), show(found)));
        }
        state.checked = true;
        if self.keep_after.is_some() {
            state.write(dir)?;
        }
        remove_unfinished(dir, &[])
    }

    /// Returns true if a part that has taken so long is finished: it is when it has taken twice as long as its thread's
    /// parts before it, so that a kill loses no more than two thirds of a run, and a long run has few parts.
    fn is_to_be_kept(&self, taken: Duration, before: Duration) -> bool {
        self.keep_after.is_some_and(|first| taken >= first.max(before.saturating_mul(2)))
    }

    /// Returns how many assets the log had said something of at `start`, as the catalog says now: it loses none.
    fn count_of_start(&self, start: Seq) -> Result<u64, IndexError> {
        let view = self.generation.view();
        let mut snapshot = (self.open)()?;
        let (mut after, mut count) = (None::<AssetId>, 0);
        loop {
            let page = snapshot.assets(view.kind(), after.as_ref(), COUNTED)?;
            if page.is_empty() {
                return Ok(count);
            }
            for (id, asset) in page {
                count += u64::from(was_there(&snapshot, &asset, start)?);
                after = Some(id);
            }
            if self.keep_after.is_some() {
                snapshot = (self.open)()?;
            }
        }
    }
}

/// Returns true if the log had said something of an asset then.
fn was_there(snapshot: &Snapshot, asset: &AssetState, then: Seq) -> Result<bool, ReadError> {
    if asset.latest <= then {
        return Ok(true);
    }
    for seq in snapshot.history_from(asset.latest) {
        if seq? <= then {
            return Ok(true);
        }
    }
    Ok(false)
}

/// One thread's part while it is being made.
struct Part {
    name: String,
    writer: PartWriter,
    digest: ViewDigest,
    pages: Vec<(Option<AssetId>, AssetId)>,
    done: u64,
    of_start: u64,
    begun: Instant,
    full: bool,
}

/// Ids that a thread takes at once.
struct Page {
    /// The one before them.
    after: Option<AssetId>,
    ids: Vec<AssetId>,
    /// The number of them that the log had said something of when the build began.
    of_start: u64,
}

impl Shared<'_> {
    /// Does one thread's share.
    fn work(&self) -> Result<(), IndexError> {
        let generation = self.build.generation;
        let memory = (self.build.memory / self.build.threads.max(1)).max(LEAST_PART_BYTES);
        let (mut part, mut kept) = (None::<Part>, Duration::ZERO);
        let mut snapshot = (self.build.open)()?;
        let (mut known, mut made) = (Known::default(), Vec::with_capacity(AT_ONCE));
        while let Some(page) = self.next_page(&snapshot)? {
            if self.build.stop.load(Ordering::Acquire) {
                // What was made is kept for the next run.
                part.filter(|_| self.build.keep_after.is_some())
                    .map_or(Ok(()), |open| self.finish_part(open))?;
                return Err(IndexError::Stopped);
            }
            let Some(last) = page.ids.last().cloned() else { continue };
            let into = match &mut part {
                Some(part) => part,
                none => none.insert(self.begin_part(memory)?),
            };
            for few in page.ids.chunks(AT_ONCE) {
                for id in few {
                    let document = generation.view().document_knowing(id, &snapshot, &mut known)?;
                    made.extend(
                        document.map(|document| Indexed::new(&document, generation.index().schema())),
                    );
                }
                for document in made.drain(..) {
                    into.digest.add(document.digest);
                    into.writer.put(document)?;
                }
            }
            let looked_at = page.ids.len() as u64;
            into.pages.push((page.after, last));
            into.done += looked_at;
            into.of_start += page.of_start;
            into.full = into.writer.memory() >= memory;
            let taken = into.begun.elapsed();
            if let Some(done) = part.take_if(|part| part.full || self.build.is_to_be_kept(taken, kept)) {
                kept += taken;
                self.finish_part(done)?;
            }
            let done = self.done.fetch_add(looked_at, Ordering::Relaxed) + looked_at;
            (self.build.progress)(self.clock.progress(done));
            // However long the build is, no thread reads from one state of the log for longer than a page takes.
            snapshot = (self.build.open)()?;
        }
        part.map_or(Ok(()), |last| self.finish_part(last))
    }

    /// Returns the next ids that no part covers.
    fn next_page(&self, snapshot: &Snapshot) -> Result<Option<Page>, IndexError> {
        let mut cursor = self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut after) = cursor.clone() else { return Ok(None) };
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Parts that were finished in this run lie behind the cursor, so these are an earlier run's.
        while let Some(covered) = state.covering(after.as_ref()) {
            after = Some(covered.clone());
        }
        let (start, end) = (state.start, state.next_covered(after.as_ref()).cloned());
        drop(state);
        let view = self.build.generation.view();
        let mut page = Page { after, ids: Vec::new(), of_start: 0 };
        for (id, asset) in snapshot.assets(view.kind(), page.after.as_ref(), PAGE)? {
            if end.as_ref().is_some_and(|end| id > *end) {
                break;
            }
            page.of_start += u64::from(was_there(snapshot, &asset, start)?);
            page.ids.push(id);
        }
        *cursor = match (page.ids.last(), end) {
            (Some(last), _) => Some(Some(last.clone())),
            // Nothing lies between here and the next covered stretch.
            (None, Some(end)) => Some(Some(end)),
            (None, None) => None,
        };
        Ok(cursor.is_some().then_some(page))
    }

    fn begin_part(&self, memory: usize) -> Result<Part, IndexError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let generation = self.build.generation;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("part-{}-{number}", std::process::id());
        let writer = PartWriter::create(&generation.dir().join(&name), generation.index(), memory)?;
        let (digest, pages) = (ViewDigest::default(), Vec::new());
        Ok(Part { name, writer, digest, pages, done: 0, of_start: 0, begun: Instant::now(), full: false })
    }

    fn finish_part(&self, part: Part) -> Result<(), IndexError> {
        part.writer.finish()?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.parts.push(FinishedPart { name: part.name, full: part.full });
        state.digest.join(part.digest);
        state.done += part.done;
        state.of_start += part.of_start;
        state.cover(part.pages);
        if self.build.keep_after.is_some() { state.write(self.build.generation.dir()) } else { Ok(()) }
    }
}

/// Moves the parts' segments into the generation and commits them. With `merge`, more than a few are made fewer: of
/// those that are small.
fn put_together(generation: &Arc<Generation>, state: &BuildState, merge: bool) -> Result<(), IndexError> {
    let mut writer = GenerationWriter::unmerged(Arc::clone(generation))?;
    let parts = state.parts.iter().map(|part| (generation.dir().join(&part.name), part.full));
    let taken = writer.writer.take_parts(parts)?;
    writer.commit(Commit::at(state.start, state.link, state.erased, Vec::new()))?;
    if merge {
        writer.writer.merge_parts(taken)?;
    }
    writer.close()
}

/// Removes the directories of parts that are not among these.
fn remove_unfinished(dir: &Path, finished: &[FinishedPart]) -> Result<(), IndexError> {
    for entry in fs::read_dir(dir).map_err(io(dir))? {
        let entry = entry.map_err(io(dir))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("part-") && !finished.iter().any(|part| part.name == name) {
            fs::remove_dir_all(entry.path()).map_err(io(entry.path()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use store::{Article, Log, NewEvent};
    use views::ARTICLES;

    use super::*;
    use crate::{Indexes, indexes::new_info};

    /// A fault in handing out ids: a stretch of them is taken for covered, and no part covers it. Index and digest
    /// agree then, for both lack the same documents; the catalog knows better.
    #[test]
    fn an_asset_that_nobody_looked_at_is_missed() {
        let home = tempfile::tempdir().unwrap();
        let log = Log::open(home.path().join("log")).unwrap();
        for n in 0..9 {
            let article = Article { headline: format!("{n}"), ..Article::default() };
            log.append_one(&NewEvent::published(AssetId::new(format!("a/{n}")).unwrap(), article)).unwrap();
        }
        let indexes = Indexes::open(log.clone(), home.path().join("indexes")).unwrap();
        let dir = home.path().join("indexes/articles/g000002");
        let start = log.head().unwrap().seq;
        drop(Generation::create(&dir, ARTICLES, &new_info(ARTICLES, start, None)).unwrap());
        let (stop, open) = (AtomicBool::new(false), || log.snapshot().map_err(IndexError::from));
        let build = Build {
            generation: &indexes.generation(ARTICLES, "g000002").unwrap(),
            threads: 1,
            memory: 1,
            total: 9,
            stop: &stop,
            progress: &|_| {},
            open: &open,
            keep_after: Some(Duration::from_secs(5)),
        };
        let mut state = BuildState::at(start, None, Seq::ZERO);
        state.cover(vec![(None, AssetId::new("a/2").unwrap())]);
        match build.run(state) {
            Err(IndexError::CheckFailed { expected, found, .. }) => {
                assert_eq!((expected.as_str(), found.as_str()), ("9 assets", "6 assets"));
            }
            other => panic!("{other:?}"),
        }
    }
}
