//! Rebuilds that go on in the background, for a server whose callers do not wait.

use std::{
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use store::AsOf;
use views::{ARTICLES, ViewId};

use crate::{
    as_of::check_name,
    building::BuildNote,
    error::{IndexError, io},
    indexes::Indexes,
    progress::Phase,
    rebuild::{RebuildOptions, Rebuilt},
};

/// A rebuild in the background. Dropping this lets it go on; if the process ends before it, the next rebuild goes
/// on where it was.
#[derive(Debug)]
pub struct RebuildJob {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Vec<Rebuilt>, IndexError>>,
}

impl RebuildJob {
    /// Tells it to stop at the next page of assets. What is done by then is kept for the next rebuild.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Returns true if it has ended.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for its end: the new generations, in the order of the views asked for.
    ///
    /// # Errors
    /// [`IndexError`] of the view that failed; those before it are live, those after it are as they were.
    pub fn wait(self) -> Result<Vec<Rebuilt>, IndexError> {
        self.thread.join().unwrap_or(Err(IndexError::Panicked))
    }
}

impl Indexes {
    /// Starts to rebuild these views, one after the other, on a thread of its own, and returns at once. How far it
    /// is, and how it ends, [`Indexes::building`] says of each view, in every process; so does [`Indexes::status`].
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let log = store::Log::open(dir.path().join("log"))?;
    /// # let indexes = indexer::Indexes::open(log, dir.path().join("indexes"))?;
    /// use indexer::{IndexError, Phase, RebuildOptions};
    /// use views::{ARTICLES, IMAGES, VIEWS};
    ///
    /// let job = indexes.start_rebuild(&VIEWS, RebuildOptions::default())?;
    /// match indexes.start_rebuild(&[ARTICLES], RebuildOptions::default()) {
    ///     Err(IndexError::Busy { view, .. }) => println!("{} is being built already", view.name()),
    ///     second => drop(second?.wait()?), // the first one was done
    /// }
    /// if let Some(build) = indexes.building(ARTICLES)? {
    ///     let progress = build.progress;
    ///     println!("{:?}: {} of {}", progress.phase, progress.done, progress.total);
    ///     println!("{:?} a second, {:?} left", progress.per_second(), progress.time_left());
    /// }
    /// let built = job.wait()?;
    /// assert_eq!(built.len(), 3);
    /// indexes.rollback(IMAGES)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`IndexError::Busy`] when one of them is being built already, here or in another process: nothing was
    /// started then.
    pub fn start_rebuild(&self, views: &[ViewId], options: RebuildOptions) -> Result<RebuildJob, IndexError> {
        self.start(views, move |indexes, lock, view, stop| {
            indexes.rebuild_holding(lock, view, &options, stop, &|_| {})
        })
    }

    /// Starts to build the archive as it stood, as [`Indexes::start_rebuild`] does and [`Indexes::build_as_of`].
    ///
    /// # Errors
    /// [`IndexError::InvalidName`], or [`IndexError::Busy`] when one of the views is being built already: nothing was
    /// started then.
    pub fn start_build_as_of(
        &self,
        views: &[ViewId],
        as_of: AsOf,
        name: &str,
    ) -> Result<RebuildJob, IndexError> {
        check_name(name)?;
        let name = name.to_owned();
        self.start(views, move |indexes, lock, view, stop| {
            let options = RebuildOptions::default();
            indexes.build_as_of_holding(lock, view, (&as_of, &name), &options, stop, &|_| {})
        })
    }

    /// Builds these views one after the other by `build`, which is given the lock of each.
    fn start(
        &self,
        views: &[ViewId],
        build: impl Fn(&Self, &File, ViewId, &AtomicBool) -> Result<Rebuilt, IndexError> + Send + 'static,
    ) -> Result<RebuildJob, IndexError> {
        let mut turns: Vec<(ViewId, File)> = Vec::with_capacity(views.len());
        for view in self.views().iter().copied().filter(|view| views.contains(view)) {
            turns.push((view, self.try_build_lock(view)?));
        }
        let waiting: Vec<BuildNote> =
            turns.iter().map(|(view, _)| BuildNote::begin(self, *view, "", Phase::Waiting)).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let (indexes, stopped) = (self.clone(), Arc::clone(&stop));
        let work = move || {
            let mut built = Vec::with_capacity(turns.len());
            for (at, (view, lock)) in turns.into_iter().enumerate() {
                match build(&indexes, &lock, view, &stopped) {
                    Ok(one) => built.push(one),
                    Err(error) => {
                        let not_begun = waiting.iter().skip(at + 1);
                        not_begun.for_each(|note| note.end::<()>(&Err(IndexError::Stopped)));
                        if !matches!(error, IndexError::Stopped) {
                            tracing::error!(view = view.name(), %error, "a rebuild has failed");
                        }
                        return Err(error);
                    }
                }
            }
            Ok(built)
        };
        let thread = std::thread::Builder::new().name("rebuild".to_owned()).spawn(work);
        Ok(RebuildJob { stop, thread: thread.map_err(io(self.view_dir(ARTICLES)))? })
    }
}
