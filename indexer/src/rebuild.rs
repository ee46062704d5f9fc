//! Building a new generation of a view from the log, beside the live one, and putting it in its place.
//!
//! Its documents are made in parallel ([`crate::parts`]), put together, checked against what was fed, and caught up
//! with what has arrived meanwhile. Then it goes live. A rebuild that was cut short goes on where it was.

use std::{
    fs::File,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use store::{AssetId, FollowError, Follower, Seq};
use views::{ViewDigest, ViewId};

use crate::{
    building::BuildNote,
    commit::link_at,
    error::{IndexError, if_whole},
    generation::Generation,
    indexes::{Indexes, new_info},
    live::Live,
    parts::{Build, BuildState},
    progress::{Clock, Phase, Progress},
    writer::GenerationWriter,
};

/// The number of times that a new generation runs after the log before it asks the live one to wait for it.
const ROUNDS: u32 = 20;
/// A new generation that is nearer than this to the log's end asks at once, in events.
const NEAR: u64 = 1_000;

/// Options of a build.
#[derive(Debug, Clone)]
pub struct RebuildOptions {
    /// The number of threads; 0 for as many as there are cores.
    pub threads: usize,
    /// True if the live generation is kept for going back.
    pub keep_previous: bool,
    /// The bytes that the index writers of all threads may hold together before they write segments. Less makes more
    /// and smaller segments, and an interrupted rebuild loses less.
    pub memory: usize,
    /// After how long at most a thread keeps what it has made for a rebuild that goes on with this one if it is
    /// killed; then after three times as long, and so on. Less makes more segments.
    pub keep_after: Duration,
}

impl Default for RebuildOptions {
    fn default() -> Self {
        Self { threads: 0, keep_previous: true, memory: 256 << 20, keep_after: Duration::from_secs(5) }
    }
}

/// The result of a rebuild.
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
    /// meanwhile. Another rebuild of the same view is waited for; one that was cut short is gone on with.
    ///
    /// # Errors
    /// [`IndexError`]; the live generation is what it was then.
    pub fn rebuild(
        &self,
        view: ViewId,
        options: &RebuildOptions,
        stop: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Rebuilt, IndexError> {
        let rebuilt = self.rebuild_if(view, options, stop, progress, &|_| Ok(true))?;
        rebuilt.ok_or(IndexError::Stopped)
    }

    /// Rebuilds a view if that is still wanted when the turn has come.
    pub(crate) fn rebuild_if(
        &self,
        view: ViewId,
        options: &RebuildOptions,
        stop: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
        wanted: &dyn Fn(&Self) -> Result<bool, IndexError>,
    ) -> Result<Option<Rebuilt>, IndexError> {
        let lock = self.lock(view, "build.lock", stop)?;
        if !wanted(self)? {
            return Ok(None);
        }
        self.rebuild_holding(&lock, view, options, stop, progress).map(Some)
    }

    /// Rebuilds a view for a caller that holds `build.lock`.
    pub(crate) fn rebuild_holding(
        &self,
        _lock: &File,
        view: ViewId,
        options: &RebuildOptions,
        stop: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Rebuilt, IndexError> {
        let live = self.live_or_missing(view)?;
        let start = self.log().head()?.seq;
        let erased = self.last_erasure(view, &live, start)?;
        let (name, state) = match self.begun(view, &live, erased)? {
            Some(begun) => begun,
            None => (
                self.next_name(view)?,
                BuildState::at(start, link_at(&self.log().snapshot()?, start)?, erased),
            ),
        };
        self.remove_leftovers(view, &live, Some(&name))?;
        let note = BuildNote::begin(self, view, &name, Phase::Documents);
        let progress = &|made: Progress| {
            note.progress(made);
            progress(made);
        };
        let built = (|| {
            let dir = self.view_dir(view).join(&name);
            if !dir.join("generation.json").exists() {
                self.remove(view, &name)?;
                drop(Generation::create(&dir, view, &new_info(view, state.start, None))?);
            }
            let generation = self.generation(view, &name)?;
            let open = || self.log().snapshot().map_err(IndexError::from);
            let total = self.count_assets(view)?;
            let threads = threads(options.threads);
            let memory = options.memory;
            Build {
                generation: &generation,
                threads,
                memory,
                total,
                stop,
                progress,
                open: &open,
                keep_after: Some(options.keep_after),
            }
            .run(state)?;
            self.catch_up_and_swap(view, &live, &name, options, stop, progress)
        })();
        note.end(&built);
        match built {
            Ok(()) => {}
            // What is there is gone on with by the next rebuild.
            Err(error @ IndexError::Stopped) => return Err(error),
            Err(error) => {
                self.remove(view, &name)?;
                return Err(error);
            }
        }
        self.remove_leftovers(view, &self.live_or_missing(view)?, None)?;
        let searcher = self.generation(view, &name)?.searcher()?;
        let digest = searcher.digest()?;
        Ok(Rebuilt { generation: name, checkpoint: searcher.checkpoint, digest })
    }

    /// Follows the log until near its end; then the live generation waits until the new one has come at least as far
    /// as it, so that no reader sees an event go away again. However fast events come, this ends: the last stretch
    /// is up to where the log was when the live generation stood still.
    fn catch_up_and_swap(
        &self,
        view: ViewId,
        live: &Live,
        name: &str,
        options: &RebuildOptions,
        stop: &AtomicBool,
        progress: &dyn Fn(Progress),
    ) -> Result<(), IndexError> {
        let mut writer = GenerationWriter::open(self.generation(view, name)?, self.log())?;
        // Nobody asks it yet: the others follow before it goes live.
        writer.set_alone(true);
        let begun_at = writer.checkpoint().get();
        let clock = Clock::new(Phase::CatchingUp, 0, 0);
        let say = |reached: Seq, head: Seq| {
            let since = |seq: Seq| seq.get().saturating_sub(begun_at);
            progress(Progress { total: since(head), ..clock.progress(since(reached)) });
        };
        for _ in 0..ROUNDS {
            let head = self.log().head()?.seq;
            say(writer.checkpoint(), head);
            if head.get().saturating_sub(writer.checkpoint().get()) < NEAR {
                break;
            }
            while writer.checkpoint() < head {
                if stop.load(Ordering::Acquire) {
                    return Err(IndexError::Stopped);
                }
                say(writer.step_to(self.log(), head)?.checkpoint, head);
            }
        }
        self.follow_takedowns(view, stop)?;
        let swap = self.ask_for_swap(view, stop)?;
        let _writing = self.lock(view, "write.lock", stop)?;
        // The live generation stands still now, and shows nothing that is after this.
        let target = self.log().head()?.seq;
        while writer.checkpoint() < target {
            writer.step_to(self.log(), target)?;
        }
        writer.close()?;
        let previous = options.keep_previous.then(|| live.name.clone());
        let previous = previous.filter(|name| matches!(self.damage_of(view, name), Ok(None)));
        let _following = self.lock(view, "takedown.lock", stop)?;
        let named = self.generations(view)?.into_iter().filter(|name| name.starts_with('@'));
        for other in named.chain(previous.clone()) {
            self.follow_takedowns_in(view, &other, target, stop)?;
        }
        self.write_live(view, &Live { name: name.to_owned(), previous })?;
        drop(swap);
        Ok(())
    }

    /// Returns a rebuild that was cut short and can be gone on with: it is whole and holds nothing that was
    /// erased since.
    fn begun(
        &self,
        view: ViewId,
        live: &Live,
        erased: Seq,
    ) -> Result<Option<(String, BuildState)>, IndexError> {
        for name in self.generations(view)? {
            if name.starts_with('@') || name == live.name || Some(&name) == live.previous.as_ref() {
                continue;
            }
            let Some(state) = BuildState::read(&self.view_dir(view).join(&name))? else { continue };
            let Some(generation) = if_whole(self.generation(view, &name))? else { continue };
            match Follower::new(&name, state.start, state.link).check(&self.log().snapshot()?) {
                Ok(()) => {}
                Err(FollowError::Lost(_)) => continue,
                Err(FollowError::Read(error)) => return Err(error.into()),
            }
            let is_usable = state.start >= erased && !generation.is_outdated();
            if is_usable && state.is_whole(generation.dir()) {
                tracing::info!(view = view.name(), %name, done = state.done, "going on with a rebuild");
                return Ok(Some((name, state)));
            }
        }
        Ok(None)
    }

    /// Returns how many assets of a kind the log has said anything of.
    pub(crate) fn count_assets(&self, view: ViewId) -> Result<u64, IndexError> {
        let mut after: Option<AssetId> = None;
        let mut count = 0;
        loop {
            let page = self.log().snapshot()?.assets(view.kind(), after.as_ref(), 10_000)?;
            count += page.len() as u64;
            match page.into_iter().last() {
                Some((id, _)) => after = Some(id),
                None => return Ok(count),
            }
        }
    }

    /// Removes generations that are neither live nor kept nor named: of builds that were cut short, or old. The
    /// caller holds `build.lock`.
    pub(crate) fn remove_leftovers(
        &self,
        view: ViewId,
        live: &Live,
        also: Option<&str>,
    ) -> Result<(), IndexError> {
        self.bring_back(view)?;
        for name in self.generation_dirs(view)? {
            let kept = name == live.name || Some(&name) == live.previous.as_ref() || Some(&*name) == also;
            if !name.starts_with('@') && !kept {
                self.remove(view, &name)?;
            }
        }
        Ok(())
    }
}

/// Returns how many threads build; 0 stands for all cores.
pub(crate) fn threads(asked: usize) -> usize {
    match asked {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        asked => asked,
    }
}
