//! The worker of a view: follows the log and keeps the live generation up to date.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use store::{AssetKind, Seq};

use crate::{
    error::IndexError,
    indexes::Indexes,
    rebuild::{Progress, RebuildOptions},
    writer::GenerationWriter,
};

/// A log that is further ahead than this of an empty index is built in parallel, not taken in event by event.
const REBUILD_FROM_EVENTS: u64 = 2_000;
/// How long a worker waits before it tries again what failed.
const TRY_AGAIN: Duration = Duration::from_secs(5);
/// How long it waits for events at a time.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

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
        for kind in AssetKind::ALL {
            let (indexes, stop) = (indexes.clone(), Arc::clone(&stop));
            let name = format!("indexer-{}", kind.plural());
            threads
                .push(std::thread::Builder::new().name(name).spawn(move || follow(&indexes, kind, &stop))?);
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
        kind: AssetKind,
        target: Seq,
        stop: &AtomicBool,
        progress: &dyn Fn(Seq),
    ) -> Result<(), IndexError> {
        loop {
            if stop.load(Ordering::Acquire) {
                return Err(IndexError::Stopped);
            }
            if self.live(kind)?.checkpoint()? >= target {
                return Ok(());
            }
            match self.try_lock(kind, "write.lock")? {
                Some(_lock) => {
                    let mut writer = self.writer_of_live(kind, stop)?;
                    while writer.checkpoint() < target && !stop.load(Ordering::Acquire) {
                        progress(writer.take_in(self.log())?);
                    }
                    writer.close()?;
                    self.log().wake_followers();
                }
                None => progress(self.wait_for(kind, target, Duration::from_millis(500))?),
            }
        }
    }

    /// A writer to the live generation; one that has nothing yet of a long log is built first.
    fn writer_of_live(&self, kind: AssetKind, stop: &AtomicBool) -> Result<GenerationWriter, IndexError> {
        let live = self.live(kind)?;
        let behind = self.log().head()?.seq.get();
        if live.is_outdated() || (live.checkpoint()? == Seq::ZERO && behind >= REBUILD_FROM_EVENTS) {
            tracing::info!(view = kind.plural(), events = behind, "building the index from the log");
            let options = RebuildOptions { keep_previous: live.is_outdated(), ..RebuildOptions::default() };
            self.rebuild(kind, &options, stop, &|_: Progress| {})?;
        }
        GenerationWriter::open(self.live(kind)?)
    }
}

/// The life of one worker.
fn follow(indexes: &Indexes, kind: AssetKind, stop: &AtomicBool) {
    while !stop.load(Ordering::Acquire) {
        if let Err(error) = keep_up(indexes, kind, stop)
            && !matches!(error, IndexError::Stopped)
        {
            tracing::error!(view = kind.plural(), %error, "the index cannot be kept up to date; trying again soon");
            let stopped =
                indexes.log().wait_until(TRY_AGAIN, || Ok::<_, IndexError>(stop.load(Ordering::Acquire)));
            drop(stopped);
        }
    }
}

/// Keeps the live generation up to date until it is no longer the live one.
fn keep_up(indexes: &Indexes, kind: AssetKind, stop: &AtomicBool) -> Result<(), IndexError> {
    let Some(_lock) = indexes.try_lock(kind, "write.lock")? else {
        // Another process is at it: look again when something happens.
        indexes.log().wait_past(Seq::MAX, Duration::from_secs(1))?;
        return Ok(());
    };
    let mut writer = indexes.writer_of_live(kind, stop)?;
    while !stop.load(Ordering::Acquire) && indexes.live_or_missing(kind)?.name == writer.generation().name() {
        let before = writer.checkpoint();
        let reached = writer.take_in(indexes.log())?;
        if reached > before {
            indexes.log().wake_followers();
            continue;
        }
        indexes.log().wait_until(LOOK_AGAIN, || {
            let other = indexes.live_or_missing(kind)?.name != writer.generation().name();
            Ok::<_, IndexError>(other || stop.load(Ordering::Acquire) || indexes.log().head()?.seq > reached)
        })?;
    }
    writer.close()
}
