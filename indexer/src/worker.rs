//! The worker of a view: follows the log and keeps the live generation up to date, and whole.

use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use store::Seq;
use views::ViewId;

use crate::{
    error::IndexError,
    health::{Scrub, Verified},
    indexes::Indexes,
    progress::Progress,
    rebuild::RebuildOptions,
    takedown::Following,
    writer::GenerationWriter,
};

/// A log that is further ahead than this of an empty index is built in parallel, not taken in event by event.
const REBUILD_FROM_EVENTS: u64 = 2_000;
/// The time after which a worker tries again what failed.
pub(crate) const TRY_AGAIN: Duration = Duration::from_secs(5);
/// The pause before an index is made again that was removed: whoever removes it may not be done.
const MAKE_AGAIN: Duration = Duration::from_millis(200);
/// The time after which it checks one more file of its indexes, whatever arrives.
const SCRUB_EVERY: Duration = Duration::from_secs(60);
/// The time after which a build that was not asked for logs its progress.
const SAY_EVERY: Duration = Duration::from_secs(10);
/// While events keep coming, commits follow each other after so long at the latest.
const COMMITS_EVERY: Duration = Duration::from_millis(100);

/// The workers of all views, each on a thread of its own.
pub struct Workers {
    indexes: Indexes,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts a worker for each view. A view that another process keeps up to date is left to it until it ends.
    ///
    /// # Errors
    /// The system's, when no thread can be started.
    pub fn start(indexes: &Indexes) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for view in indexes.views().iter().copied() {
            let worker = Worker::new(indexes, view, &stop, SCRUB_EVERY);
            let name = format!("indexer-{}", view.name());
            threads.push(std::thread::Builder::new().name(name).spawn(move || worker.run())?);
        }
        Ok(Self { indexes: indexes.clone(), stop, threads })
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
        view: ViewId,
        target: Seq,
        stop: &AtomicBool,
        progress: &dyn Fn(Seq),
    ) -> Result<(), IndexError> {
        loop {
            if stop.load(Ordering::Acquire) {
                return Err(IndexError::Stopped);
            }
            let commit = self.live(view)?.last_commit()?;
            commit.check(view, &self.log().snapshot()?)?;
            if commit.checkpoint >= target {
                return Ok(());
            }
            self.build_if_better(view, stop)?;
            drop(self.lock(view, "swap.lock", stop)?);
            match self.try_lock(view, "write.lock")? {
                Some(_lock) => {
                    let mut writer = GenerationWriter::open(self.live(view)?, self.log())?;
                    while writer.checkpoint() < target
                        && !stop.load(Ordering::Acquire)
                        && !self.is_swap_asked(view)?
                    {
                        writer.set_alone(self.others(view)?.is_empty());
                        progress(writer.step(self.log())?.checkpoint);
                        if writer.is_held() {
                            writer.others_followed(self.follow_takedowns(view, stop)?);
                        }
                    }
                    writer.close()?;
                    self.clear_failing(view);
                    self.log().wake_followers();
                }
                None => progress(self.wait_for_all(view, target, Duration::from_millis(500))?),
            }
        }
    }

    /// Builds a view of which nothing is there yet, if the log is long.
    fn build_if_better(&self, view: ViewId, stop: &AtomicBool) -> Result<(), IndexError> {
        let wanted = |indexes: &Self| {
            let commit = indexes.live(view)?.last_commit()?;
            Ok(commit.reached == Seq::ZERO && indexes.log().head()?.seq.get() >= REBUILD_FROM_EVENTS)
        };
        if wanted(self)? {
            let options = RebuildOptions { keep_previous: false, ..RebuildOptions::default() };
            self.build_unasked(view, &options, stop, &wanted)?;
        }
        Ok(())
    }

    /// Builds a view for a reason of our own, and says so.
    fn build_unasked(
        &self,
        view: ViewId,
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
                tracing::info!(view = view.name(), done, total, rate, seconds_left, "building the index");
            }
        };
        tracing::info!(view = view.name(), "building the index from the log");
        self.rebuild_if(view, options, stop, &say, wanted).map(drop)
    }
}

/// Returns how long events collect after a commit that took so long: as long again, but no commit begins later for it
/// than [`COMMITS_EVERY`] after the one before. Each commit costs the same for one event as for ten, and three views
/// share the machine: committing without a pause made events wait longer, not shorter.
fn pause_after(commit: Duration) -> Duration {
    commit.min(COMMITS_EVERY.saturating_sub(commit))
}

/// One view's worker.
struct Worker {
    indexes: Indexes,
    view: ViewId,
    stop: Arc<AtomicBool>,
    /// The generation that was found whole.
    verified: Option<String>,
    /// The generation that the last try failed on as on a damaged one.
    suspected: Option<String>,
    scrub: Scrub,
    scrub_every: Duration,
    /// The moment at which it last checked a file.
    scrubbed: Instant,
    /// True if it has checked the generations beside the live one.
    others_verified: bool,
    /// The moment at which it last looked for what is due.
    looked: Instant,
    /// The moment at which it last began to do what is due.
    tried: Option<Instant>,
    following: Following,
}

/// Work beside keeping the live generation up to date.
enum Due {
    /// It has other fields or other rules. It goes on serving, and is kept up to date, while the one that takes its
    /// place is built beside it.
    Outdated,
    /// Generations may still hold words of what was erased: they go on serving, too, while they are built again.
    Purge,
    /// The generations beside the live one were not read yet.
    Verify,
    /// Some of those are out of service.
    Mend,
}

impl Worker {
    fn new(indexes: &Indexes, view: ViewId, stop: &Arc<AtomicBool>, scrub_every: Duration) -> Self {
        Self {
            indexes: indexes.clone(),
            view,
            stop: Arc::clone(stop),
            verified: None,
            suspected: None,
            scrub: Scrub::default(),
            scrub_every,
            scrubbed: Instant::now(),
            others_verified: false,
            looked: Instant::now(),
            tried: None,
            following: Following::default(),
        }
    }

    /// Lives its life. What fails, a panic included, is said, and tried again.
    fn run(mut self) {
        self.indexes.prepare_failing(self.view);
        let mut builder: Option<JoinHandle<()>> = None;
        while !self.stopped() {
            let failure = match catch_unwind(AssertUnwindSafe(|| self.keep_up(&mut builder))) {
                Ok(Ok(())) => None,
                Ok(Err(IndexError::Stopped)) => continue,
                Ok(Err(error)) => Some(error),
                Err(_) => Some(IndexError::Panicked),
            };
            let Some(error) = failure else { continue };
            self.verified = None;
            let is_gone = self.indexes.is_gone(self.view);
            if is_gone {
                tracing::warn!(view = self.view.name(), %error, "the index was removed under way");
            } else {
                tracing::error!(view = self.view.name(), %error, "the index cannot be kept up to date; trying again soon");
                self.suspect(&error);
            }
            self.indexes.note_failing(self.view, &error.to_string());
            let stop = || Ok::<_, Infallible>(self.stopped());
            let pause = if is_gone { MAKE_AGAIN } else { TRY_AGAIN };
            let Ok(_) = self.indexes.log().wait_until(pause, stop);
        }
        self.following.end();
        if let Some(builder) = builder
            && builder.join().is_err()
        {
            tracing::error!(view = self.view.name(), "building an index has panicked");
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Takes the live generation out of service when two tries in a row to keep it up to date ran into damage that
    /// reading it had not found.
    fn suspect(&mut self, error: &IndexError) {
        let live = self.indexes.live_or_missing(self.view).ok().filter(|_| error.is_damage());
        let Some(name) = live.map(|live| live.name) else {
            self.suspected = None;
            return;
        };
        if self.suspected.as_ref() == Some(&name) {
            // Where that cannot be written, the next try comes here again.
            drop(self.indexes.take_out_of_service(self.view, &name, error));
        }
        self.suspected = Some(name);
    }

    /// Keeps the live generation up to date until it is no longer the live one.
    fn keep_up(&mut self, builder: &mut Option<JoinHandle<()>>) -> Result<(), IndexError> {
        let (indexes, view) = (self.indexes.clone(), self.view);
        if indexes.make_if_gone(view, &self.stop)? {
            tracing::warn!(view = view.name(), "the index is gone: it is made again from the log");
            self.others_verified = false;
        }
        self.make_whole()?;
        indexes.build_if_better(view, &self.stop)?;
        // Whoever is about to swap generations goes first.
        drop(indexes.lock(view, "swap.lock", &self.stop)?);
        let Some(_lock) = indexes.try_lock(view, "write.lock")? else {
            // Another process is at it: look again when something happens.
            indexes.log().wait_past(Seq::MAX, Duration::from_secs(1))?;
            indexes.close_pins(view, indexes.live(view)?.last_commit()?.erased);
            indexes.forget_replaced();
            return Ok(());
        };
        let mut writer = GenerationWriter::open(indexes.live(view)?, indexes.log())?;
        writer.begin_merges()?;
        let name = writer.generation().name().to_owned();
        let stop = Arc::clone(&self.stop);
        let elsewhere = || {
            Ok::<_, IndexError>(
                stop.load(Ordering::Acquire)
                    || indexes.is_swap_asked(view)?
                    || indexes.live_or_missing(view)?.name != name
                    || indexes.damage_of(view, &name)?.is_some(),
            )
        };
        while !elsewhere()? {
            let began = Instant::now();
            writer.set_alone(indexes.others(view)?.is_empty());
            if let Some(upto) = self.following.done(view) {
                writer.others_followed(upto);
            }
            let step = writer.step(indexes.log())?;
            if writer.knows_of_erasures() {
                // Another process may have built them again.
                indexes.close_pins(view, writer.erased);
                indexes.forget_replaced();
            }
            if writer.is_held() {
                self.following.begin(&indexes, view, &self.stop)?;
            }
            let pause = pause_after(began.elapsed());
            indexes.clear_failing(view);
            self.suspected = None;
            if self.scrubbed.elapsed() >= self.scrub_every {
                self.scrubbed = Instant::now();
                self.scrub.step(&indexes, view)?;
            }
            let is_due =
                (step.idle || self.looked.elapsed() >= TRY_AGAIN) && self.do_what_is_due(&writer, builder)?;
            if !step.idle {
                indexes.log().wake_followers();
                std::thread::sleep(pause);
                continue;
            }
            let reached = writer.reached();
            let until_scrub = self.scrub_every.saturating_sub(self.scrubbed.elapsed());
            let looks_again = is_due || writer.is_held();
            indexes.log().wait_until(
                if looks_again { until_scrub.min(TRY_AGAIN) } else { until_scrub },
                || {
                    let followed = self.following.is_done();
                    Ok::<_, IndexError>(followed || elsewhere()? || indexes.log().head()?.seq > reached)
                },
            )?;
        }
        writer.close()
    }

    /// Takes a damaged live generation out of service, and replaces it.
    fn make_whole(&mut self) -> Result<(), IndexError> {
        let (indexes, view) = (&self.indexes, self.view);
        if indexes.read_live(view).is_err_and(|error| error.is_damage()) {
            let _alone = indexes.lock(view, "build.lock", &self.stop)?;
            indexes.read_live_or_mend(view)?;
        }
        let live = indexes.live_or_missing(view)?.name;
        if self.verified.as_ref() == Some(&live) && indexes.damage_of(view, &live)?.is_none() {
            return Ok(());
        }
        let options = RebuildOptions { keep_previous: false, ..RebuildOptions::default() };
        let damaged = |indexes: &Indexes| {
            let live = indexes.live_or_missing(view)?.name;
            Ok(indexes.damage_of(view, &live)?.is_some())
        };
        if let Verified::Damaged(_) = indexes.verify(view, &self.stop)? {
            indexes.note_failing(view, "it was damaged and is being built again");
            indexes.build_unasked(view, &options, &self.stop, &damaged)?;
        }
        self.verified = Some(indexes.live_or_missing(view)?.name);
        Ok(())
    }

    /// Begins what is due, on a thread beside, some time after the last try. Returns whether anything is, or is under
    /// way.
    fn do_what_is_due(
        &mut self,
        writer: &GenerationWriter,
        builder: &mut Option<JoinHandle<()>>,
    ) -> Result<bool, IndexError> {
        self.looked = Instant::now();
        let Some(due) = self.due(writer)? else { return Ok(is_at_work(builder)) };
        if is_at_work(builder) || self.tried.is_some_and(|last| last.elapsed() < TRY_AGAIN) {
            return Ok(true);
        }
        if let Due::Verify = due {
            self.others_verified = true;
        } else {
            self.tried = Some(Instant::now());
        }
        self.build_beside(builder, move |indexes, view, stop| {
            match due {
                Due::Outdated => {
                    let outdated = |indexes: &Indexes| Ok(indexes.live(view)?.is_outdated());
                    indexes.build_unasked(view, &RebuildOptions::default(), stop, &outdated)?;
                }
                Due::Purge => {
                    tracing::info!(
                        view = view.name(),
                        "building indexes again that may hold what was erased"
                    );
                    if indexes.purge(view, stop, &|_| {})? {
                        tracing::info!(
                            view = view.name(),
                            "what was erased is gone from all indexes of this view"
                        );
                    }
                }
                Due::Verify => drop(indexes.verify_others(view, stop)?),
                Due::Mend => {
                    for built in indexes.mend(view, stop, &|_| {})? {
                        let generation = built.generation;
                        tracing::info!(view = view.name(), %generation, "it was damaged and is built again");
                    }
                }
            }
            indexes.log().wake_followers();
            Ok(())
        })?;
        Ok(true)
    }

    /// Returns what is to be done beside, the most urgent first.
    fn due(&self, writer: &GenerationWriter) -> Result<Option<Due>, IndexError> {
        if writer.generation().is_outdated() {
            return Ok(Some(Due::Outdated));
        }
        if writer.knows_of_erasures() && !self.indexes.to_purge(self.view)?.is_empty() {
            return Ok(Some(Due::Purge));
        }
        if !self.others_verified {
            return Ok(Some(Due::Verify));
        }
        Ok((!self.indexes.to_mend(self.view)?.is_empty()).then_some(Due::Mend))
    }

    /// Builds on a thread of its own while this one keeps the live generation up to date; one build at a time.
    fn build_beside(
        &self,
        builder: &mut Option<JoinHandle<()>>,
        build: impl FnOnce(&Indexes, ViewId, &AtomicBool) -> Result<(), IndexError> + Send + 'static,
    ) -> Result<(), IndexError> {
        if is_at_work(builder) {
            return Ok(());
        }
        let (indexes, view, stop) = (self.indexes.clone(), self.view, Arc::clone(&self.stop));
        let work = move || match build(&indexes, view, &stop) {
            Ok(()) | Err(IndexError::Stopped) => {}
            Err(error) => {
                tracing::error!(view = view.name(), %error, "an index could not be built again; trying again later");
            }
        };
        let thread = std::thread::Builder::new().name(format!("builder-{}", view.name()));
        *builder = Some(thread.spawn(work).map_err(crate::error::io(self.indexes.view_dir(view)))?);
        Ok(())
    }
}

fn is_at_work(builder: &Option<JoinHandle<()>>) -> bool {
    builder.as_ref().is_some_and(|builder| !builder.is_finished())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use store::{Article, AsOf, AssetId, Log, NewEvent};
    use views::ARTICLES;

    use super::*;

    /// A disk that forgets under an archive that never rests: whatever arrives, each file is read in its turn, those of
    /// the archive as it stood too, and what is damaged is built again from what it is as of.
    #[test]
    fn files_are_read_whatever_arrives() {
        const VIEW: ViewId = ARTICLES;
        let home = tempfile::tempdir().unwrap();
        let log = Log::open(home.path().join("log")).unwrap();
        let publish = |n: u64| {
            let article = Article { headline: format!("Tide {n}"), ..Article::default() };
            log.append_one(&NewEvent::published(AssetId::new(format!("a/{}", n % 9)).unwrap(), article))
                .unwrap();
        };
        (0..5).for_each(publish);
        let indexes = Indexes::open(log.clone(), home.path().join("indexes")).unwrap();
        let (as_of, options) = (AsOf::Seq(Seq::new(3)), RebuildOptions::default());
        indexes.build_as_of(VIEW, &as_of, "then", &options, &AtomicBool::new(false), &|_| {}).unwrap();
        let built = indexes.named(VIEW, "then").unwrap();
        let file = built.dir().join(built.segment_files().unwrap().remove(0));
        let mut bytes = fs::read(&file).unwrap();
        bytes[0] ^= 1;
        fs::write(&file, bytes).unwrap();

        let stop = Arc::new(AtomicBool::new(false));
        let mut worker = Worker::new(&indexes, VIEW, &stop, Duration::ZERO);
        worker.others_verified = true; // it was whole at the start
        std::thread::scope(|scope| {
            scope.spawn(move || worker.run());
            let ended = Arc::clone(&stop);
            scope.spawn(move || (5..).take_while(|_| !ended.load(Ordering::Acquire)).for_each(publish));
            let again = log.wait_until(Duration::from_secs(60), || {
                Ok::<_, IndexError>(indexes.named(VIEW, "then").is_ok_and(|now| !Arc::ptr_eq(&now, &built)))
            });
            stop.store(true, Ordering::Release);
            log.wake_followers();
            assert!(again.unwrap(), "nobody read it");
        });
        let searcher = indexes.named(VIEW, "then").unwrap().searcher().unwrap();
        assert_eq!((searcher.checkpoint, searcher.digest().unwrap().documents), (Seq::new(3), 3));
        assert_eq!(indexes.verify_others(VIEW, &AtomicBool::new(false)).unwrap(), []);
    }
}
