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
//! Who needs more than one lock takes them in this order. Who holds `write.lock` gives it up soon after somebody
//! takes `swap.lock`.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, atomic::AtomicBool},
};

use store::{AssetKind, Log, Seq, Timestamp};
use views::{ANALYSER_VERSION, ViewDigest};

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
    log: Log,
    dir: PathBuf,
    open: Mutex<HashMap<PathBuf, Arc<Generation>>>,
    /// Why this process does not keep a view up to date.
    failures: Mutex<HashMap<AssetKind, String>>,
    pins: Mutex<Vec<Weak<Pin>>>,
    files: Mutex<Vec<Weak<Files>>>,
}

/// How a view stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewStatus {
    /// The view.
    pub kind: AssetKind,
    /// Its live generation.
    pub generation: String,
    /// The one that a rollback would bring back.
    pub previous: Option<String>,
    /// Everything up to this event is in, long fan-outs too.
    pub checkpoint: Seq,
    /// How many events it has not come to yet.
    pub lag: u64,
    /// How many documents, and the digest over them.
    pub digest: ViewDigest,
    /// How many segments the index has.
    pub segments: usize,
    /// Bytes on disk.
    pub bytes: u64,
    /// How many documents a long fan-out (a prolific author's new name) has still to renew; the checkpoint waits
    /// for them.
    pub fanout_left: u64,
    /// Generations that may still hold words of what was erased since they were built. Nothing of it is shown: hits
    /// are read back from the log. [`crate::Workers`] build them again by themselves.
    pub to_purge: Vec<String>,
    /// What is being built of it, or was built last: see [`Indexes::building`].
    pub building: Option<BuildStatus>,
    /// Why it is not kept up to date; the last commit serves on.
    pub failing: Option<String>,
    /// Why it cannot be searched; all figures are 0 then.
    pub failure: Option<String>,
}

impl Indexes {
    /// Opens the indexes in `dir`; makes an empty generation for a view that has none.
    ///
    /// # Errors
    /// [`IndexError`] when the directory cannot be used.
    pub fn open(log: Log, dir: impl AsRef<Path>) -> Result<Self, IndexError> {
        let inner = Inner {
            log,
            dir: dir.as_ref().to_owned(),
            open: Mutex::default(),
            failures: Mutex::default(),
            pins: Mutex::default(),
            files: Mutex::default(),
        };
        let indexes = Self { inner: Arc::new(inner) };
        for kind in AssetKind::ALL {
            indexes.make_if_gone(kind, &NEVER)?;
        }
        Ok(indexes)
    }

    /// Makes an empty generation of a view that has none, and returns whether it had none: whoever keeps the view up to
    /// date fills it from the log.
    pub(crate) fn make_if_gone(&self, kind: AssetKind, stop: &AtomicBool) -> Result<bool, IndexError> {
        let dir = self.view_dir(kind);
        fs::create_dir_all(&dir).map_err(io(&dir))?;
        let is_there = |live: &Live| dir.join(&live.name).is_dir();
        if matches!(self.read_live(kind), Ok(Some(live)) if is_there(&live)) {
            return Ok(false);
        }
        let _alone = self.lock(kind, "build.lock", stop)?;
        if self.read_live_or_mend(kind)?.is_some_and(|live| is_there(&live)) {
            return Ok(false);
        }
        let name = self.next_name(kind)?;
        let since = self.log().head()?.seq;
        Generation::create(&dir.join(&name), &new_info(kind, since, None))?;
        self.write_live(kind, &Live { name, previous: None })?;
        Ok(true)
    }

    /// Returns true if a view has no live generation, as when somebody has removed it.
    pub(crate) fn is_gone(&self, kind: AssetKind) -> bool {
        match self.read_live(kind) {
            Ok(Some(live)) => !self.view_dir(kind).join(live.name).is_dir(),
            Ok(None) => true,
            Err(_) => false,
        }
    }

    /// The log that they are of.
    pub fn log(&self) -> &Log {
        &self.inner.log
    }

    /// The live generation of a view: the one that searches should use now.
    ///
    /// # Errors
    /// [`IndexError`] when it cannot be opened.
    pub fn live(&self, kind: AssetKind) -> Result<Arc<Generation>, IndexError> {
        let mut tries = 0;
        loop {
            let name = self.live_or_missing(kind)?.name;
            match self.generation(kind, &name) {
                // It was replaced and removed between these two steps.
                Err(error) if tries < TRIES && self.live_or_missing(kind)?.name != name => {
                    tracing::debug!(%error, "looking for the live generation again");
                    tries += 1;
                }
                found => return found,
            }
        }
    }

    /// The live generation of a view at its last commit: what a search should ask. Unlike [`Self::live`] and then
    /// [`Generation::searcher`], it cannot fail because of a swap between the two.
    ///
    /// # Errors
    /// [`IndexError`] when it cannot be opened.
    pub fn searcher(&self, kind: AssetKind) -> Result<(Arc<Generation>, Arc<IndexSearcher>), IndexError> {
        let mut tries = 0;
        loop {
            let generation = self.live(kind)?;
            match generation.searcher() {
                Ok(searcher) => return Ok((generation, searcher)),
                Err(error) if tries < TRIES && self.live_or_missing(kind)?.name != generation.name() => {
                    tracing::debug!(%error, "looking for the live generation again");
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The archive as it stood, by the name it was built under.
    ///
    /// # Errors
    /// [`IndexError::NoGeneration`] when there is none of this name.
    pub fn named(&self, kind: AssetKind, name: &str) -> Result<Arc<Generation>, IndexError> {
        self.generation(kind, &format!("@{name}"))
    }

    /// The one that [`Self::rollback`] would bring back, if there is one.
    ///
    /// # Errors
    /// [`IndexError`] when it cannot be opened.
    pub fn previous(&self, kind: AssetKind) -> Result<Option<Arc<Generation>>, IndexError> {
        let name = self.live_or_missing(kind)?.previous;
        name.map(|name| self.generation(kind, &name)).transpose()
    }

    /// The names of all generations of a view, the numbered ones first.
    ///
    /// # Errors
    /// [`IndexError`] when the directory cannot be read.
    pub fn generations(&self, kind: AssetKind) -> Result<Vec<String>, IndexError> {
        let mut names = self.generation_dirs(kind)?;
        names.retain(|name| !name.starts_with('~'));
        Ok(names)
    }

    /// The same with those that are about to have a name, or were left behind on the way to it: `~new-name`.
    pub(crate) fn generation_dirs(&self, kind: AssetKind) -> Result<Vec<String>, IndexError> {
        let dir = self.view_dir(kind);
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
    pub fn rollback(&self, kind: AssetKind) -> Result<String, IndexError> {
        let _alone = self.try_build_lock(kind)?;
        let live = self.live_or_missing(kind)?;
        let Some(previous) = live.previous else {
            return Err(IndexError::NoGeneration { kind, name: format!("before {}", live.name) });
        };
        if let Err(error) = self.verify_generation(kind, &previous) {
            if !error.is_damage() {
                return Err(error);
            }
            let why = self.take_out_of_service(kind, &previous, &error)?;
            return Err(IndexError::Damaged { kind, name: previous, why });
        }
        let _swap = self.ask_for_swap(kind, &NEVER)?;
        let _writing = self.lock(kind, "write.lock", &NEVER)?;
        self.write_live(kind, &Live { name: previous.clone(), previous: Some(live.name) })?;
        Ok(previous)
    }

    /// How all views stand. A view that cannot be searched says why.
    ///
    /// # Errors
    /// [`IndexError`] when the log cannot be read.
    pub fn status(&self) -> Result<Vec<ViewStatus>, IndexError> {
        let head = self.log().head()?.seq;
        let of = |kind| {
            self.view_status(kind, head).unwrap_or_else(|error| ViewStatus {
                kind,
                generation: self.live_or_missing(kind).map(|live| live.name).unwrap_or_default(),
                previous: self.live_or_missing(kind).ok().and_then(|live| live.previous),
                checkpoint: Seq::ZERO,
                lag: head.get(),
                digest: ViewDigest::default(),
                segments: 0,
                bytes: 0,
                fanout_left: 0,
                to_purge: Vec::new(),
                building: self.building(kind).unwrap_or_default(),
                failing: self.failing(kind),
                failure: Some(error.to_string()),
            })
        };
        Ok(AssetKind::ALL.into_iter().map(of).collect())
    }

    fn view_status(&self, kind: AssetKind, head: Seq) -> Result<ViewStatus, IndexError> {
        let live = self.live_or_missing(kind)?;
        let (generation, searcher) = self.searcher(kind)?;
        Ok(ViewStatus {
            kind,
            generation: generation.name().to_owned(),
            previous: live.previous,
            checkpoint: searcher.checkpoint,
            lag: head.get().saturating_sub(searcher.reached.get()),
            digest: searcher.digest()?,
            segments: searcher.searcher.segments(),
            bytes: bytes_in(generation.dir()).map_err(io(generation.dir()))?,
            fanout_left: searcher.fanout_left,
            to_purge: self.to_purge(kind)?,
            building: self.building(kind)?,
            failing: self.failing(kind),
            failure: None,
        })
    }

    pub(crate) fn read_live(&self, kind: AssetKind) -> Result<Option<Live>, IndexError> {
        Live::read(&self.view_dir(kind))
    }

    pub(crate) fn live_or_missing(&self, kind: AssetKind) -> Result<Live, IndexError> {
        self.read_live(kind)?.ok_or(IndexError::Gone { kind })
    }

    /// Makes a generation the live one. The caller holds `build.lock`.
    pub(crate) fn write_live(&self, kind: AssetKind, live: &Live) -> Result<(), IndexError> {
        live.write(&self.view_dir(kind))
    }

    pub(crate) fn failures(&self) -> MutexGuard<'_, HashMap<AssetKind, String>> {
        self.inner.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pins(&self) -> MutexGuard<'_, Vec<Weak<Pin>>> {
        self.inner.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The files of the generations that this process has opened.
    pub(crate) fn open_files(&self) -> MutexGuard<'_, Vec<Weak<Files>>> {
        self.inner.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of generations whose place another has taken.
    pub(crate) fn forget_replaced(&self) {
        let mut open = self.inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, generation| generation.is_current());
    }

    pub(crate) fn view_dir(&self, kind: AssetKind) -> PathBuf {
        self.inner.dir.join(kind.plural())
    }

    /// A generation by its directory's name. Each is opened once in a process.
    pub(crate) fn generation(&self, kind: AssetKind, name: &str) -> Result<Arc<Generation>, IndexError> {
        let dir = self.view_dir(kind).join(name);
        if !is_name(name) {
            return Err(IndexError::InvalidName(name.to_owned()));
        }
        if let Some(why) = self.damage_of(kind, name)? {
            return Err(IndexError::Damaged { kind, name: name.to_owned(), why });
        }
        let mut open = self.inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(generation) = open.get(&dir).filter(|generation| generation.is_current()) {
            return Ok(Arc::clone(generation));
        }
        if !dir.is_dir() {
            return Err(IndexError::NoGeneration { kind, name: name.trim_start_matches('@').to_owned() });
        }
        let generation = Arc::new(Generation::open(&dir)?);
        let mut files = self.open_files();
        files.retain(|files| files.strong_count() > 0);
        files.push(generation.files());
        drop(files);
        open.retain(|dir, _| dir.exists());
        open.insert(dir, Arc::clone(&generation));
        Ok(generation)
    }

    /// Forgets and removes a generation. Whoever searches it goes on until done.
    pub(crate) fn remove(&self, kind: AssetKind, name: &str) -> Result<(), IndexError> {
        let dir = self.view_dir(kind).join(name);
        self.inner.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&dir);
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io(dir)(error)),
            _ => Ok(()),
        }
    }

    /// The next free number.
    pub(crate) fn next_name(&self, kind: AssetKind) -> Result<String, IndexError> {
        let numbers = self.generations(kind)?;
        let last = numbers.iter().filter_map(|name| name.strip_prefix('g')?.parse::<u32>().ok()).max();
        Ok(format!("g{:06}", last.unwrap_or(0).saturating_add(1)))
    }
}

/// How often the live generation is looked for again when it was swapped meanwhile.
const TRIES: u32 = 8;

/// Whether a generation may have this name: nothing that leads out of the view's directory.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = name.strip_prefix(['@', '~']).unwrap_or(name);
    (1..=60).contains(&plain.len())
        && plain.starts_with(|c: char| c.is_ascii_alphanumeric())
        && plain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// What is written of a generation that begins now.
pub(crate) fn new_info(view: AssetKind, since: Seq, as_of: Option<String>) -> GenerationInfo {
    GenerationInfo { view, analyser: ANALYSER_VERSION, created: Timestamp::now(), since, as_of }
}
