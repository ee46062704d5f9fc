//! Loading what appears in a folder, for as long as one likes.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use store::Log;

use super::{LoadError, LoadOptions, LoadReport, Progress, load};
use crate::walk::{What, walk};

/// How soon a request to stop is noticed.
const STEP: Duration = Duration::from_millis(50);

/// Loads the paths, and then again whatever is new or changed in them, until `stop` is set. A file is loaded when it
/// was the same for one whole interval, so that it is not read while it is being written. Each load is told to
/// `loaded`.
///
/// # Errors
/// [`LoadError`] of the first load that fails. An empty folder is none here: something may come.
pub fn watch(
    log: &Log,
    options: &LoadOptions,
    every: Duration,
    progress: &dyn Progress,
    stop: &AtomicBool,
    loaded: &mut dyn FnMut(&LoadReport),
) -> Result<(), LoadError> {
    let mut done: HashMap<PathBuf, What> = HashMap::new();
    let mut before: HashMap<PathBuf, What> = HashMap::new();
    let mut first = true;
    while !stop.load(Ordering::Relaxed) {
        let now: HashMap<PathBuf, What> =
            options.paths.iter().flat_map(|path| walk(path)).map(|visit| (visit.path, visit.what)).collect();
        let settled = |path: &PathBuf, what: &What| first || before.get(path) == Some(what);
        let changed: HashSet<PathBuf> = now
            .iter()
            .filter(|(path, what)| done.get(*path) != Some(*what) && settled(path, what))
            .map(|(path, _)| path.clone())
            .collect();
        if !changed.is_empty() {
            for path in &changed {
                if let Some(what) = now.get(path) {
                    done.insert(path.clone(), what.clone());
                }
            }
            // The first load is of everything, and goes on where one was cut off.
            let only = (!first).then_some(changed);
            loaded(&load(log, &LoadOptions { only, ..options.clone() }, progress, stop)?);
        }
        before = now;
        first = false;
        let next = Instant::now() + every;
        while Instant::now() < next && !stop.load(Ordering::Relaxed) {
            thread::sleep(STEP.min(every));
        }
    }
    Ok(())
}
