//! Loading what appears in a folder, for as long as one likes, and withdrawing what expires meanwhile.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use store::{Log, Timestamp};

use super::{LoadError, LoadOptions, LoadReport, Progress, load};
use crate::walk::{Visit, What, walk};

/// The time within which a request to stop is noticed.
const STEP: Duration = Duration::from_millis(50);

/// Loads the paths, and then again whatever is new or changed in them, or has a record that has become public since,
/// until `stop` is set. A file is loaded when it was the same for one whole interval, so that it is not read while it is
/// being written. What the log has as public until a time is withdrawn when that has come, whoever brought it. Each
/// load, and each time that something expired, is told to `loaded`.
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
    let mut seen = Seen::default();
    while !stop.load(Ordering::Relaxed) {
        let time = (options.now)();
        if !options.dry_run && log.next_due()?.is_some_and(|due| due <= time) {
            let expired = log.withdraw_due(time)?;
            loaded(&LoadReport { expired, last_seq: log.head()?.seq, ..LoadReport::default() });
        }
        let visits = options.paths.iter().flat_map(|path| walk(path)).collect();
        match seen.look(visits, time) {
            Wanted::Nothing => {}
            wanted => {
                let only = if let Wanted::These(paths) = wanted { Some(paths) } else { None };
                let report = load(log, &LoadOptions { only, ..options.clone() }, progress, stop)?;
                seen.waits(&report);
                loaded(&report);
            }
        }
        let next = Instant::now() + every;
        while Instant::now() < next && !stop.load(Ordering::Relaxed) {
            thread::sleep(STEP.min(every));
        }
    }
    Ok(())
}

/// The files that are to be loaded now.
enum Wanted {
    Nothing,
    /// All of it, which goes on where an earlier load was cut off.
    All,
    These(HashSet<PathBuf>),
}

/// The files that were seen in the folders so far.
#[derive(Default)]
struct Seen {
    /// As each file was when it was last loaded; `None` before the first load.
    done: Option<HashMap<PathBuf, What>>,
    /// As each file was at the last look.
    before: HashMap<PathBuf, What>,
    /// By the file, as it is shown: when a record in it becomes public.
    due: HashMap<String, Timestamp>,
    /// The time at which the first record becomes public that was passed over in files that an earlier load was done with.
    due_earlier: Option<Timestamp>,
}

impl Seen {
    /// Looks at the files as they are now.
    fn look(&mut self, visits: Vec<Visit>, time: Timestamp) -> Wanted {
        let mut wanted = HashSet::new();
        for Visit { path, shown, what, .. } in &visits {
            let done = self.done.as_ref().and_then(|done| done.get(path));
            let settled = self.before.get(path) == Some(what);
            let due = self.due.get(shown).is_some_and(|due| *due <= time);
            if settled && (done != Some(what) || due) {
                wanted.insert(path.clone());
                self.due.remove(shown);
            }
        }
        self.before = visits.into_iter().map(|visit| (visit.path, visit.what)).collect();
        let anew = self.due_earlier.take_if(|due| *due <= time).is_some();
        if anew {
            self.due.clear();
        }
        let Some(done) = self.done.as_mut().filter(|_| !anew) else {
            self.done = Some(self.before.clone());
            return if self.before.is_empty() { Wanted::Nothing } else { Wanted::All };
        };
        if wanted.is_empty() {
            return Wanted::Nothing;
        }
        for path in &wanted {
            if let Some(what) = self.before.get(path) {
                done.insert(path.clone(), what.clone());
            }
        }
        Wanted::These(wanted)
    }

    /// Remembers when the files that were loaded have more for readers.
    fn waits(&mut self, report: &LoadReport) {
        self.due.extend(report.due.iter().map(|(file, due)| (file.clone(), *due)));
        self.due_earlier = [self.due_earlier, report.due_earlier].into_iter().flatten().min();
    }
}
