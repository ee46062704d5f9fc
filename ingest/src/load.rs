//! Loading: files in, events in the log, with everything between them on its own threads.
//!
//! One thread reads the files and cuts them into records, as many as there are cores read the records and prepare
//! their events, and the caller's thread appends them in the files' order. What is under way between them is
//! bounded in bytes, so memory does not grow with the input.

mod budget;
mod cutting;
mod identity;
mod met;
mod position;
mod remembered;
mod report;
mod retry;
mod site_language;
mod subject;
mod taken_back;
mod watch;
mod working;
mod writing;

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{
        RwLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};

use store::{AppendError, Log, ReadError, Timestamp};

use self::{budget::Budget, position::Position, site_language::SiteLanguages};
pub use self::{
    report::{FormatCount, LoadReport, Progress, Reading, Refused, Unpublished},
    retry::{RetryReport, retry},
    watch::watch,
};
pub(crate) use self::{subject::with_former, taken_back::is_shown_elsewhere};
use crate::{
    append::Terms,
    hints::Hints,
    quarantine::{Quarantine, QuarantineError, absolute},
    reader::Readers,
};

/// Bytes of records that may be under way between reading and appending.
const BYTES_UNDER_WAY: usize = 16 << 20;

/// The files to load, and the terms on which they are loaded.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Files and folders, in this order; `-` is standard input.
    pub paths: Vec<PathBuf>,
    /// The place of records that cannot be read.
    pub quarantine: Quarantine,
    /// The user's statements about files that do not make them themselves.
    pub hints: Hints,
    /// Departures from what events may be usually.
    pub terms: Terms,
    /// Only report what would be done: nothing is appended, nothing quarantined.
    pub dry_run: bool,
    /// Take in what is not public too, as revisions that readers do not see.
    pub unpublished: bool,
    /// The clock by which is decided what is public: [`Timestamp::now`].
    pub now: fn() -> Timestamp,
    /// Threads that read records; 0 for as many as there are cores.
    pub threads: usize,
    /// Of the files that the paths lead to, only these.
    pub(crate) only: Option<HashSet<PathBuf>>,
}

impl LoadOptions {
    /// Loads these paths with everything else as usual.
    pub fn new(paths: Vec<PathBuf>, quarantine: Quarantine) -> Self {
        Self {
            paths,
            quarantine,
            hints: Hints::default(),
            terms: Terms::default(),
            dry_run: false,
            unpublished: false,
            now: Timestamp::now,
            threads: 0,
            only: None,
        }
    }

    /// Checks that there is something where the paths lead. [`load`] does it too; this is for who has something to do before it.
    ///
    /// # Errors
    /// [`LoadError::NoPaths`], [`LoadError::NotThere`].
    pub fn check(&self) -> Result<(), LoadError> {
        if self.paths.is_empty() {
            return Err(LoadError::NoPaths);
        }
        for path in &self.paths {
            if path.as_os_str() != "-" && path.symlink_metadata().is_err() {
                return Err(LoadError::NotThere { path: path.clone() });
            }
        }
        Ok(())
    }
}

/// The reason why a load ended early. What was appended by then stays; the same load goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Nothing was named.
    #[error("nothing to load: name a file, a folder, or `-` for standard input")]
    NoPaths,
    /// A name that leads nowhere.
    #[error("there is no {}: check the spelling", path.display())]
    NotThere {
        /// As it was given.
        path: PathBuf,
    },
    /// A folder without a file in it.
    #[error("there are no files in {}: nothing was loaded", path.display())]
    Empty {
        /// As it was given.
        path: PathBuf,
    },
    /// The log did not take a batch.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record that cannot be read could not be put away.
    #[error(transparent)]
    Quarantine(#[from] QuarantineError),
    /// A defect of ours: never the file's fault.
    #[error("the load stopped because of a defect in Morgue ({0}): please report it with the file")]
    Defect(&'static str),
}

/// Loads files into the log, and returns when every event is durable.
///
/// Killed in the middle, the same call goes on where it stopped. Set `stop` to end it early and in order.
///
/// # Errors
/// [`LoadError`]. Records that cannot be read are no error: they are in the quarantine, and counted.
#[expect(
    clippy::too_many_lines,
    reason = "the threads of a load and the channels between them are seen at once"
)]
pub fn load(
    log: &Log,
    options: &LoadOptions,
    progress: &dyn Progress,
    stop: &AtomicBool,
) -> Result<LoadReport, LoadError> {
    let started = Instant::now();
    options.check()?;
    let was_empty = options.quarantine.is_empty()?;
    let scan = position::scan(&options.paths);
    if let Some(path) = scan.empty {
        return Err(LoadError::Empty { path });
    }
    progress.total(scan.files, scan.bytes);
    let now = (options.now)();
    let source = position::source_name(&options.paths);
    let anew = position::was_read_otherwise(log, &source)?;
    // Of chosen files no position is kept: it would pass over the others.
    let source = options.only.is_none().then_some(source);
    let mut doubts = Vec::new();
    let hints = remembered::with_remembered(log, &options.paths, &options.hints, &mut doubts)?;
    let from = match &source {
        Some(source) if !options.dry_run => position::resume(
            log,
            source,
            &options.paths,
            (now, options.unpublished, position::stated(&hints)),
        )?,
        _ => Position::default(),
    };

    let threads = match options.threads {
        0 => thread::available_parallelism().map_or(2, std::num::NonZero::get),
        given => given,
    };
    let budget = Budget::new(BYTES_UNDER_WAY);
    let readers = Readers::new(&hints);
    let begun_at = log.head()?.seq;
    let languages = SiteLanguages::of(&options.paths, &readers);
    // What the sample had to tell, the load tells.
    readers.notes.take();
    doubts.into_iter().for_each(|(folder, why)| readers.notes.tell(folder, why));
    let known = RwLock::new(HashSet::new());
    let reading = Reading::default();
    let (chunks, to_work) = crossbeam_channel::bounded(threads * 2);
    let (worked, to_write) = crossbeam_channel::bounded(threads * 2);
    // Set when the writer gives up: the others must not wait for it.
    let ended = AtomicBool::new(false);

    let stopped = || stop.load(Ordering::Relaxed) || ended.load(Ordering::Relaxed);

    let written = thread::scope(|scope| {
        let cutter = cutting::Cutting {
            log,
            options,
            readers: &readers,
            from: &from,
            budget: &budget,
            reading: &reading,
            stop: &stopped,
        };
        let cutting = scope.spawn(move || cutter.run(&chunks));
        let working: Vec<_> = (0..threads)
            .map(|_| {
                let (to_work, worked) = (to_work.clone(), worked.clone());
                let working = working::Working {
                    log,
                    readers: &readers,
                    known: &known,
                    languages: &languages,
                    begun_at,
                    now,
                    terms: options.terms,
                    unpublished: options.unpublished,
                    anew,
                };
                scope.spawn(move || working.run(&to_work, &worked))
            })
            .collect();
        drop((to_work, worked));
        let place = (source, &from);
        let writer = writing::Writing::new(log, options, &known, &budget, &reading, progress, place);
        let written = writer.run(&to_write);
        ended.store(true, Ordering::Relaxed);
        drop(to_write);
        budget.close();
        let whole = cutting.join().is_ok() & working.into_iter().all(|worker| worker.join().is_ok());
        match (written, whole) {
            (written, true) => written,
            (Err(error), false) => Err(error),
            (Ok(_), false) => Err(LoadError::Defect("a reading thread ended early")),
        }
    });
    let (mut report, quarantined) = written?;
    report.files = reading.files();
    report.bytes = reading.bytes();
    report.notes = readers.notes.take();
    report.stopped = stop.load(Ordering::Relaxed);
    report.due_earlier = from.due;
    report.resumed = from.files > 0 || from.records > 0;
    if !options.dry_run && !report.stopped && !report.resumed && !was_empty {
        report.released = release(options, &quarantined)?;
    }
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// Takes out of quarantine the records of files that were read whole just now, unless they came back: they were mended.
fn release(options: &LoadOptions, quarantined: &HashSet<String>) -> Result<u64, LoadError> {
    let paths: Vec<PathBuf> = options.paths.iter().map(|path| absolute(path)).collect();
    let mut mended = options.quarantine.list()?;
    mended.retain(|one| {
        let file = one.path();
        !quarantined.contains(&one.key)
            && paths.iter().any(|path| file.starts_with(path))
            && options.only.as_ref().is_none_or(|only| only.contains(file))
            && file.is_file()
    });
    options.quarantine.remove_all(&mended)?;
    Ok(mended.len() as u64)
}
