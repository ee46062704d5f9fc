//! The worker of a view: follows the log and keeps the live generation up to date, and whole.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use store::{AssetKind, Seq};

use crate::{
    error::IndexError, health::Scrub, indexes::Indexes, progress::Progress, rebuild::RebuildOptions,
    writer::GenerationWriter,
};

/// A log that is further ahead than this of an empty index is built in parallel, not taken in event by event.
const REBUILD_FROM_EVENTS: u64 = 2_000;
/// How long a worker waits before it tries again what failed.
const TRY_AGAIN: Duration = Duration::from_secs(5);
/// How long it waits for events at a time; then it checks one more file of its index.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// How often a build that was not asked for says how far it is.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// The workers of all views, each on a thread of its own.
pub struct Workers {
    indexes: Indexes,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    failures: Failures,
}

type Failures = Arc<Mutex<HashMap<AssetKind, String>>>;

impl Workers {
    /// Starts a worker for each view. A view that another process keeps up to date is left to it until it ends.
    ///
    /// # Errors
    /// The system's, when no thread can be started.
    pub fn start(indexes: &Indexes) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let failures = Failures::default();
        let mut threads = Vec::new();
        for kind in AssetKind::ALL {
            let worker = Worker {
                indexes: indexes.clone(),
                kind,
                stop: Arc::clone(&stop),
                failures: Arc::clone(&failures),
                verified: None,
                scrub: Scrub::default(),
                purged: None,
            };
            let name = format!("indexer-{}", kind.plural());
            threads.push(std::thread::Builder::new().name(name).spawn(move || worker.run())?);
        }
        Ok(Self { indexes: indexes.clone(), stop, threads, failures })
    }

    /// Why a view is not kept up to date just now; `None` when it is.
    pub fn failure(&self, kind: AssetKind) -> Option<String> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).get(&kind).cloned()
    }

    /// Tells the workers to stop after the commit that they are at, and waits for them.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Release);
        self.indexes.log().wake_followers();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!(
                    "a worker has panicked; its index goes on from its last commit at the next start"
                );
            }
        }
    }
}

impl Indexes {
    /// Takes in everything up to `target`, on this thread, or waits for the process that is at it already.
    /// `progress` is told the checkpoint.
    ///
    /// # Errors
    /// [`IndexError`]; what was committed before it stays.
    pub fn catch_up(
        &self,
        kind: AssetKind,
        target: Seq,
        stop: &AtomicBool,
        progress: &dyn Fn(Seq),
    ) -> Result<(), IndexError> {
        loop {
            if stop.load(Ordering::Acquire) {
                return Err(IndexError::Stopped);
            }
            let commit = self.live(kind)?.last_commit()?;
            commit.check(kind, self.log())?;
            if commit.checkpoint >= target {
                return Ok(());
            }
            self.build_if_better(kind, stop)?;
            drop(self.lock(kind, "swap.lock")?);
            match self.try_lock(kind, "write.lock")? {
                Some(_lock) => {
                    let mut writer = GenerationWriter::open(self.live(kind)?, self.log())?;
                    while writer.checkpoint() < target
                        && !stop.load(Ordering::Acquire)
                        && !self.is_swap_asked(kind)?
                    {
                        progress(writer.step(self.log())?.checkpoint);
                    }
                    writer.close()?;
                    self.log().wake_followers();
                }
                None => progress(self.wait_for_all(kind, target, Duration::from_millis(500))?),
            }
        }
    }

    /// Builds a view of which nothing is there yet, if the log is long.
    fn build_if_better(&self, kind: AssetKind, stop: &AtomicBool) -> Result<(), IndexError> {
        let wanted = |indexes: &Self| {
            let commit = indexes.live(kind)?.last_commit()?;
            Ok(commit.reached == Seq::ZERO && indexes.log().head()?.seq.get() >= REBUILD_FROM_EVENTS)
        };
        if wanted(self)? {
            let options = RebuildOptions { keep_previous: false, ..RebuildOptions::default() };
            self.build_unasked(kind, &options, stop, &wanted)?;
        }
        Ok(())
    }

    /// Builds a view for a reason of our own, and says so.
    fn build_unasked(
        &self,
        kind: AssetKind,
        options: &RebuildOptions,
        stop: &AtomicBool,
        wanted: &dyn Fn(&Self) -> Result<bool, IndexError>,
    ) -> Result<(), IndexError> {
        let said = Mutex::new(Instant::now());
        let say = |progress: Progress| {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            if said.elapsed() >= SAY_EVERY {
                *said = Instant::now();
                let rate = progress.per_second().unwrap_or_default().round();
                let seconds_left = progress.time_left().unwrap_or_default().as_secs();
                let Progress { done, total, .. } = progress;
                tracing::info!(view = kind.plural(), done, total, rate, seconds_left, "building the index");
            }
        };
        tracing::info!(view = kind.plural(), "building the index from the log");
        self.rebuild_if(kind, options, stop, &say, wanted).map(drop)
    }
}

/// One view's worker.
struct Worker {
    indexes: Indexes,
    kind: AssetKind,
    stop: Arc<AtomicBool>,
    failures: Failures,
    /// The generation that was found whole.
    verified: Option<String>,
    scrub: Scrub,
    /// When it last began to build again what may hold what was erased.
    purged: Option<Instant>,
}

impl Worker {
    /// Its life. What fails, a panic included, is said, and tried again.
    fn run(mut self) {
        let mut builder: Option<JoinHandle<()>> = None;
        while !self.stopped() {
            let failure = match catch_unwind(AssertUnwindSafe(|| self.keep_up(&mut builder))) {
                Ok(Ok(())) => None,
                Ok(Err(IndexError::Stopped)) => continue,
                Ok(Err(error)) => Some(error),
                Err(_) => Some(IndexError::Panicked),
            };
            let Some(error) = failure else { continue };
            tracing::error!(view = self.kind.plural(), %error, "the index cannot be kept up to date; trying again soon");
            self.failures().insert(self.kind, error.to_string());
            self.verified = None;
            let stop = || Ok::<_, IndexError>(self.stopped());
            drop(self.indexes.log().wait_until(TRY_AGAIN, stop));
        }
        if let Some(builder) = builder
            && builder.join().is_err()
        {
            tracing::error!(view = self.kind.plural(), "building an index has panicked");
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, HashMap<AssetKind, String>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the live generation up to date until it is no longer the live one.
    fn keep_up(&mut self, builder: &mut Option<JoinHandle<()>>) -> Result<(), IndexError> {
        let (indexes, kind) = (self.indexes.clone(), self.kind);
        self.make_whole()?;
        indexes.build_if_better(kind, &self.stop)?;
        // Whoever is about to swap generations goes first.
        drop(indexes.lock(kind, "swap.lock")?);
        let Some(_lock) = indexes.try_lock(kind, "write.lock")? else {
            // Another process is at it: look again when something happens.
            indexes.log().wait_past(Seq::MAX, Duration::from_secs(1))?;
            return Ok(());
        };
        let mut writer = GenerationWriter::open(indexes.live(kind)?, indexes.log())?;
        self.replace_outdated(&writer, builder)?;
        self.failures().remove(&kind);
        let name = writer.generation().name().to_owned();
        let stop = Arc::clone(&self.stop);
        let elsewhere = || {
            Ok::<_, IndexError>(
                stop.load(Ordering::Acquire)
                    || indexes.is_swap_asked(kind)?
                    || indexes.live_or_missing(kind)?.name != name,
            )
        };
        while !elsewhere()? {
            let step = writer.step(indexes.log())?;
            if !step.idle {
                indexes.log().wake_followers();
                continue;
            }
            let purging = writer.knows_of_erasures() && self.purge(builder)?;
            let reached = writer.reached();
            let woken = indexes.log().wait_until(if purging { TRY_AGAIN } else { LOOK_AGAIN }, || {
                Ok::<_, IndexError>(elsewhere()? || indexes.log().head()?.seq > reached)
            })?;
            if !woken && let Err(error) = self.scrub.step(writer.generation()) {
                self.verified = None;
                return Err(error);
            }
        }
        writer.close()
    }

    /// A damaged live generation is taken out of service and replaced.
    fn make_whole(&mut self) -> Result<(), IndexError> {
        let (indexes, kind) = (&self.indexes, self.kind);
        if indexes.read_live(kind).is_err_and(|error| error.is_damage()) {
            let _alone = indexes.lock(kind, "build.lock")?;
            indexes.read_live_or_mend(kind)?;
        }
        let live = indexes.live_or_missing(kind)?.name;
        if self.verified.as_ref() == Some(&live) {
            return Ok(());
        }
        let options = RebuildOptions { keep_previous: false, ..RebuildOptions::default() };
        let damaged = |indexes: &Indexes| {
            let live = indexes.live_or_missing(kind)?.name;
            Ok(indexes.damage_of(kind, &live)?.is_some())
        };
        if indexes.verify(kind)? {
            self.failures().insert(kind, "it was damaged and is being built again".to_owned());
            indexes.build_unasked(kind, &options, &self.stop, &damaged)?;
        }
        self.verified = Some(indexes.live_or_missing(kind)?.name);
        Ok(())
    }

    /// A generation of other fields or other rules goes on serving, and is kept up to date, while the one that
    /// takes its place is built beside it.
    fn replace_outdated(
        &self,
        writer: &GenerationWriter,
        builder: &mut Option<JoinHandle<()>>,
    ) -> Result<(), IndexError> {
        if !writer.generation().is_outdated() {
            return Ok(());
        }
        self.build_beside(builder, |indexes, kind, stop| {
            let outdated = |indexes: &Indexes| Ok(indexes.live(kind)?.is_outdated());
            indexes.build_unasked(kind, &RebuildOptions::default(), stop, &outdated)
        })
    }

    /// What may still hold words of what was erased goes on serving, too, while it is built again. Returns whether
    /// there is such.
    fn purge(&mut self, builder: &mut Option<JoinHandle<()>>) -> Result<bool, IndexError> {
        if self.indexes.to_purge(self.kind)?.is_empty() {
            return Ok(is_at_work(builder));
        }
        if is_at_work(builder) || self.purged.is_some_and(|last| last.elapsed() < TRY_AGAIN) {
            return Ok(true);
        }
        self.purged = Some(Instant::now());
        self.build_beside(builder, |indexes, kind, stop| {
            tracing::info!(view = kind.plural(), "building indexes again that may hold what was erased");
            if indexes.purge(kind, stop, &|_| {})? {
                tracing::info!(view = kind.plural(), "what was erased is gone from all indexes of this view");
            }
            indexes.log().wake_followers();
            Ok(())
        })?;
        Ok(true)
    }

    /// Builds on a thread of its own while this one keeps the live generation up to date; one build at a time.
    fn build_beside(
        &self,
        builder: &mut Option<JoinHandle<()>>,
        build: impl FnOnce(&Indexes, AssetKind, &AtomicBool) -> Result<(), IndexError> + Send + 'static,
    ) -> Result<(), IndexError> {
        if is_at_work(builder) {
            return Ok(());
        }
        let (indexes, kind, stop) = (self.indexes.clone(), self.kind, Arc::clone(&self.stop));
        let work = move || match build(&indexes, kind, &stop) {
            Ok(()) | Err(IndexError::Stopped) => {}
            Err(error) => {
                tracing::error!(view = kind.plural(), %error, "an index could not be built again; trying again later");
            }
        };
        let thread = std::thread::Builder::new().name(format!("builder-{}", kind.plural()));
        *builder = Some(thread.spawn(work).map_err(crate::error::io(self.indexes.view_dir(kind)))?);
        Ok(())
    }
}

fn is_at_work(builder: &Option<JoinHandle<()>>) -> bool {
    builder.as_ref().is_some_and(|builder| !builder.is_finished())
}
