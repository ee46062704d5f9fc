//! The indexes of an archive: for each view its generations, and which of them is live.
//!
//! ```text
//! indexes/<view>/live         the name of the live generation, and of the one before it, a line each; sealed
//! indexes/<view>/g000001/     a generation; @name for the archive as it stood
//! indexes/<view>/building     what is being built, or was built last: see [`crate::building`]
//! indexes/<view>/failing      why it is not kept up to date: see [`crate::failing`]
//! indexes/<view>/build.lock   held by who builds a new generation
//! indexes/<view>/swap.lock    held by who is about to put one generation in the place of another
//! indexes/<view>/write.lock   held by who keeps the live generation up to date
//! indexes/<view>/takedown.lock  held by who follows takedowns in the others, or gives one of them its name
//! ```
//!
//! Locks are taken in this order. A holder of `write.lock` gives it up soon after another
//! takes `swap.lock`.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, atomic::AtomicBool},
};

use store::{Log, Seq, Timestamp, Unchanged};
use views::{ANALYSER_VERSION, VIEWS, ViewDigest, ViewId};

use crate::{
    building::BuildStatus,
    error::{IndexError, io},
    generation::{Files, Generation, GenerationInfo, IndexSearcher},
    listing::bytes_in,
    live::Live,
    locks::NEVER,
    pin::Pin,
};

/// All indexes of an archive. Cheap to clone; all clones are one handle.
#[derive(Clone)]
pub struct Indexes {
    inner: Arc<Inner>,
}

struct Inner {
    views: &'static [ViewId],
    log: Log,
    dir: PathBuf,
    open: Mutex<HashMap<PathBuf, Opened>>,
    /// The live generation of each view, in their order.
    live: Vec<Unchanged<Option<Live>>>,
    /// The errors with which this process does not keep a view up to date.
    failures: Mutex<HashMap<ViewId, String>>,
    pins: Mutex<Vec<Weak<Pin>>>,
    files: Mutex<Vec<Weak<Files>>>,
}

/// A generation that this process has opened.
struct Opened {
    generation: Arc<Generation>,
    /// Whether it was the one of its name, and in service, when its directory was last written to.
    is_current: Unchanged<bool>,
}

/// The state of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewStatus {
    /// The view.
    pub view: ViewId,
    /// Its live generation.
    pub generation: String,
    /// The one that a rollback would bring back.
    pub previous: Option<String>,
    /// Everything up to this event is in, long fan-outs too.
    pub checkpoint: Seq,
    /// The number of events that it has not come to yet.
    pub lag: u64,
    /// The number of documents, and the digest over them.
    pub digest: ViewDigest,
    /// The number of segments of the index.
    pub segments: usize,
    /// Bytes on disk.
    pub bytes: u64,
    /// The number of documents that a long fan-out (a prolific author's new name) has still to renew; the checkpoint waits
    /// for them.
    pub fanout_left: u64,
    /// Generations that may still hold words of what was erased since they were built. Nothing of it is shown: hits
    /// are read back from the log. [`crate::Workers`] build them again by themselves.
    pub to_purge: Vec<String>,
    /// The build that is under way, or was the last: see [`Indexes::building`].
    pub building: Option<BuildStatus>,
    /// The reason why it is not kept up to date; the last commit serves on.
    pub failing: Option<String>,
    /// The reason why it cannot be searched; all figures are 0 then.
    pub failure: Option<String>,
}

impl Indexes {
    /// Opens the indexes of all [`VIEWS`] in `dir`; makes an empty generation for a view that has none.
    ///
    /// # Errors
    /// [`IndexError`] when the directory cannot be used.
    pub fn open(log: Log, dir: impl AsRef<Path>) -> Result<Self, IndexError> {
        Self::open_of(&VIEWS, log, dir)
    }

    /// Opens the indexes of these views in `dir`, like [`Indexes::open`].
    ///
    /// # Errors
    /// [`IndexError`] when the directory cannot be used.
    pub fn open_of(views: &'static [ViewId], log: Log, dir: impl AsRef<Path>) -> Result<Self, IndexError> {
        let inner = Inner {
            views,
            log,
            dir: dir.as_ref().to_owned(),
            open: Mutex::default(),
            live: views.iter().map(|_| Unchanged::default()).collect(),
            failures: Mutex::default(),
            pins: Mutex::default(),
            files: Mutex::default(),
        };
        let indexes = Self { inner: Arc::new(inner) };
        for view in views.iter().copied() {
            indexes.make_if_gone(view, &NEVER)?;
        }
        Ok(indexes)
    }

    /// Makes an empty generation of a view that has none, and returns whether it had none: whoever keeps the view up to
    /// date fills it from the log.
    pub(crate) fn make_if_gone(&self, view: ViewId, stop: &AtomicBool) -> Result<bool, IndexError> {
        let dir = self.view_dir(view);
        fs::create_dir_all(&dir).map_err(io(&dir))?;
        let is_there = |live: &Live| dir.join(&live.name).is_dir();
        if matches!(self.read_live(view), Ok(Some(live)) if is_there(&live)) {
            return Ok(false);
        }
        let _alone = self.lock(view, "build.lock", stop)?;
        if self.read_live_or_mend(view)?.is_some_and(|live| is_there(&live)) {
            return Ok(false);
        }
        let name = self.next_name(view)?;
        let since = self.log().head()?.seq;
        Generation::create(&dir.join(&name), view, &new_info(view, since, None))?;
        self.write_live(view, &Live { name, previous: None })?;
        Ok(true)
    }

    /// Returns true if a view has no live generation, as when somebody has removed it.
    pub(crate) fn is_gone(&self, view: ViewId) -> bool {
        match self.read_live(view) {
            Ok(Some(live)) => !self.view_dir(view).join(live.name).is_dir(),
            Ok(None) => true,
            Err(_) => false,
        }
    }

    /// Returns the views that they are of.
    pub fn views(&self) -> &'static [ViewId] {
        self.inner.views
    }

    /// Returns the log that they are of.
    pub fn log(&self) -> &Log {
        &self.inner.log
    }

    /// Returns the live generation of a view: the one that searches should use now.
    ///
    /// # Errors
    /// [`IndexError`] when it cannot be opened.
    pub fn live(&self, view: ViewId) -> Result<Arc<Generation>, IndexError> {
        let mut tries = 0;
        loop {
            let name = self.live_or_missing(view)?.name;
            match self.generation(view, &name) {
                // It was replaced and removed between these two steps.
                Err(error) if tries < TRIES && self.live_or_missing(view)?.name != name => {
                    tracing::debug!(%error, "looking for the live generation again");
                    tries += 1;
                }
                found => return found,
            }
        }
    }

    /// Returns the live generation of a view at its last commit: what a search should ask. Unlike [`Self::live`] and
    /// then [`Generation::searcher`], it cannot fail because of a swap between the two.
    ///
    /// # Errors
    /// [`IndexError`] when it cannot be opened.
    pub fn searcher(&self, view: ViewId) -> Result<(Arc<Generation>, Arc<IndexSearcher>), IndexError> {
        let mut tries = 0;
        loop {
            let generation = self.live(view)?;
            match generation.searcher() {
                Ok(searcher) => return Ok((generation, searcher)),
                Err(error) if tries < TRIES && self.live_or_missing(view)?.name != generation.name() => {
                    tracing::debug!(%error, "looking for the live generation again");
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns the archive as it stood, by the name it was built under.
    ///
    /// # Errors
    /// [`IndexError::NoGeneration`] when there is none of this name.
    pub fn named(&self, view: ViewId, name: &str) -> Result<Arc<Generation>, IndexError> {
        self.generation(view, &format!("@{name}"))
    }

    /// Returns the one that [`Self::rollback`] would bring back, if there is one.
    ///
    /// # Errors
    /// [`IndexError`] when it cannot be opened.
    pub fn previous(&self, view: ViewId) -> Result<Option<Arc<Generation>>, IndexError> {
        let name = self.live_or_missing(view)?.previous;
        name.map(|name| self.generation(view, &name)).transpose()
    }

    /// Returns the names of all generations of a view, the numbered ones first.
    ///
    /// # Errors
    /// [`IndexError`] when the directory cannot be read.
    pub fn generations(&self, view: ViewId) -> Result<Vec<String>, IndexError> {
        let mut names = self.generation_dirs(view)?;
        names.retain(|name| !name.starts_with('~'));
        Ok(names)
    }

    /// Returns the directories of all generations, also those that are about to have a name, or were left behind on the way
    /// to it: `~new-name`.
    pub(crate) fn generation_dirs(&self, view: ViewId) -> Result<Vec<String>, IndexError> {
        let dir = self.view_dir(view);
        let mut names = Vec::new();
        for entry in fs::read_dir(&dir).map_err(io(&dir))? {
            let entry = entry.map_err(io(&dir))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() && name.starts_with(['g', '@', '~']) {
                names.push(name);
            }
        }
        names.sort_unstable_by_key(|name| (name.starts_with('@'), name.clone()));
        Ok(names)
    }

    /// Makes the generation before the live one live again, and returns its name; the live one becomes the one
    /// before, so that doing it twice changes nothing. It goes on from its own checkpoint: whoever keeps the view up
    /// to date takes in what it has missed. Takes some milliseconds.
    ///
    /// # Errors
    /// [`IndexError::NoGeneration`] when there is none before; [`IndexError::Damaged`] when it is not what was
    /// written; [`IndexError::Busy`] while one is being built.
    pub fn rollback(&self, view: ViewId) -> Result<String, IndexError> {
        let _alone = self.try_build_lock(view)?;
        let live = self.live_or_missing(view)?;
        let Some(previous) = live.previous else {
            return Err(IndexError::NoGeneration { view, name: format!("before {}", live.name) });
        };
        if let Err(error) = self.verify_generation(view, &previous) {
            if !error.is_damage() {
                return Err(error);
            }
            return Err(match self.take_out_of_service(view, &previous, &error)? {
                Some(why) => IndexError::Damaged { view, name: previous, why },
                None => IndexError::NoGeneration { view, name: previous },
            });
        }
        let _swap = self.ask_for_swap(view, &NEVER)?;
        let _writing = self.lock(view, "write.lock", &NEVER)?;
        self.write_live(view, &Live { name: previous.clone(), previous: Some(live.name) })?;
        Ok(previous)
    }

    /// Returns how all views stand. A view that cannot be searched says why.
    ///
    /// # Errors
    /// [`IndexError`] when the log cannot be read.
    pub fn status(&self) -> Result<Vec<ViewStatus>, IndexError> {
        let head = self.log().head()?.seq;
        let of = |view| {
            self.view_status(view, head).unwrap_or_else(|error| self.status_of_failed(view, head, &error))
        };
        Ok(self.views().iter().copied().map(of).collect())
    }

    /// Returns the status of a view that cannot be searched: why, and whatever else can be told of it all the same.
    fn status_of_failed(&self, view: ViewId, head: Seq, error: &IndexError) -> ViewStatus {
        let (generation, previous) = match self.live_or_missing(view) {
            Ok(live) => (live.name, live.previous),
            Err(_) => (String::new(), None),
        };
        ViewStatus {
            view,
            generation,
            previous,
            checkpoint: Seq::ZERO,
            lag: head.get(),
            digest: ViewDigest::default(),
            segments: 0,
            bytes: 0,
            fanout_left: 0,
            to_purge: Vec::new(),
            building: self.building(view).unwrap_or(None),
            failing: self.failing(view),
            failure: Some(error.to_string()),
        }
    }

    fn view_status(&self, view: ViewId, head: Seq) -> Result<ViewStatus, IndexError> {
        let live = self.live_or_missing(view)?;
        let (generation, searcher) = self.searcher(view)?;
        Ok(ViewStatus {
            view,
            generation: generation.name().to_owned(),
            previous: live.previous,
            checkpoint: searcher.checkpoint,
            lag: head.get().saturating_sub(searcher.reached.get()),
            digest: searcher.digest()?,
            segments: searcher.searcher.segments(),
            bytes: bytes_in(generation.dir()).map_err(io(generation.dir()))?,
            fanout_left: searcher.fanout_left,
            to_purge: self.to_purge(view)?,
            building: self.building(view)?,
            failing: self.failing(view),
            failure: None,
        })
    }

    pub(crate) fn read_live(&self, view: ViewId) -> Result<Option<Live>, IndexError> {
        let dir = self.view_dir(view);
        match self.views().iter().zip(&self.inner.live).find(|(known, _)| **known == view) {
            Some((_, live)) => live.get(&dir.join(Live::FILE), || Live::read(&dir)),
            None => Live::read(&dir),
        }
    }

    pub(crate) fn live_or_missing(&self, view: ViewId) -> Result<Live, IndexError> {
        self.read_live(view)?.ok_or(IndexError::Gone { view })
    }

    /// Makes a generation the live one. The caller holds `build.lock`.
    pub(crate) fn write_live(&self, view: ViewId, live: &Live) -> Result<(), IndexError> {
        live.write(&self.view_dir(view))
    }

    pub(crate) fn failures(&self) -> MutexGuard<'_, HashMap<ViewId, String>> {
        self.inner.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pins(&self) -> MutexGuard<'_, Vec<Weak<Pin>>> {
        self.inner.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the files of the generations that this process has opened.
    pub(crate) fn open_files(&self) -> MutexGuard<'_, Vec<Weak<Files>>> {
        self.inner.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of generations whose place another has taken.
    pub(crate) fn forget_replaced(&self) {
        let mut open = self.inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, opened| opened.generation.is_current());
    }

    pub(crate) fn view_dir(&self, view: ViewId) -> PathBuf {
        self.inner.dir.join(view.name())
    }

    /// Returns a generation by its directory's name. Each is opened once in a process.
    pub(crate) fn generation(&self, view: ViewId, name: &str) -> Result<Arc<Generation>, IndexError> {
        let dir = self.view_dir(view).join(name);
        if !is_name(name) {
            return Err(IndexError::InvalidName(name.to_owned()));
        }
        let in_service = || match self.damage_of(view, name)? {
            Some(why) => Err(IndexError::Damaged { view, name: name.to_owned(), why }),
            None => Ok(()),
        };
        let mut open = self.inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get(&dir) {
            // Another directory that takes its place, and the mark of one that is damaged, are seen by its stamp.
            Some(Opened { generation, is_current }) => {
                if is_current.get(&dir, || in_service().map(|()| generation.is_current()))? {
                    return Ok(Arc::clone(generation));
                }
            }
            None => in_service()?,
        }
        let generation = Arc::new(reading(&dir, || match dir.is_dir() {
            true => Generation::open(&dir, view),
            false => Err(IndexError::NoGeneration { view, name: name.trim_start_matches('@').to_owned() }),
        })?);
        let mut files = self.open_files();
        files.retain(|files| files.strong_count() > 0);
        files.push(generation.files());
        drop(files);
        open.retain(|dir, _| dir.exists());
        open.insert(dir, Opened { generation: Arc::clone(&generation), is_current: Unchanged::default() });
        Ok(generation)
    }

    /// Forgets and removes a generation; one that is not there is removed already. Whoever searches it goes on until
    /// done. Nobody finds a half of it: it has another name first. The caller holds `build.lock`.
    pub(crate) fn remove(&self, view: ViewId, name: &str) -> Result<(), IndexError> {
        let dir = self.view_dir(view).join(name);
        self.inner.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&dir);
        if name.starts_with('~') || !dir.is_dir() {
            return unless_gone(fs::remove_dir_all(&dir)).map_err(io(dir));
        }
        let gone = format!("~gone-{name}");
        self.remove(view, &gone)?;
        unless_gone(fs::rename(&dir, self.view_dir(view).join(&gone))).map_err(io(dir))?;
        self.remove(view, &gone)
    }

    /// Returns the next free number.
    pub(crate) fn next_name(&self, view: ViewId) -> Result<String, IndexError> {
        let numbers = self.generations(view)?;
        let last = numbers.iter().filter_map(|name| name.strip_prefix('g')?.parse::<u32>().ok()).max();
        Ok(format!("g{:06}", last.unwrap_or(0).saturating_add(1)))
    }
}

/// Reads a generation's directory; again if it failed because another took its place, or it was removed, meanwhile.
pub(crate) fn reading<T>(dir: &Path, read: impl Fn() -> Result<T, IndexError>) -> Result<T, IndexError> {
    loop {
        let before = end_tantivy::directory_id(dir);
        match read() {
            Err(error) if end_tantivy::directory_id(dir) != before => {
                tracing::debug!(dir = %dir.display(), %error, "reading it again");
            }
            read => return read,
        }
    }
}

/// Takes a removal for done where there was nothing to remove.
fn unless_gone(removed: std::io::Result<()>) -> std::io::Result<()> {
    match removed {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// The number of times that the live generation is looked for again when it was swapped meanwhile.
const TRIES: u32 = 8;

/// Returns true if a generation may have this name: nothing that leads out of the view's directory.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = name.strip_prefix(['@', '~']).unwrap_or(name);
    (1..=60).contains(&plain.len())
        && plain.starts_with(|c: char| c.is_ascii_alphanumeric())
        && plain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Returns what is written of a generation that begins now.
pub(crate) fn new_info(view: ViewId, since: Seq, as_of: Option<String>) -> GenerationInfo {
    GenerationInfo {
        view: view.name().to_owned(),
        analyser: ANALYSER_VERSION,
        created: Timestamp::now(),
        since,
        as_of,
    }
}
