//! Volumes: the data lies in one, a directory of its own that the file `CURRENT` names.
//!
//! ```text
//! log/CURRENT          "volume-7\n": replaced as a whole, by a rename
//! log/volume-7/        one LMDB environment: data.mdb, lock.mdb
//! log/lock             held (flock) by who makes or removes volumes and scratch directories
//! log/bell             see bell.rs
//! log/unfinished/      a log that a backup or a restore is making: what is beside it is none yet
//! ```
//!
//! LMDB never gives a byte back: what an erasure removes stays in free pages and in the gaps of live ones. So
//! what must be forgotten is left behind in the old volume: everything else is written into a new one, `CURRENT` is
//! switched, the old directory is removed. Other processes may be using the old volume: each reader looks at
//! `CURRENT` before it opens a transaction, and each writer once it holds LMDB's write lock, under which
//! the switch is made too.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
    time::Duration,
};

use crate::{
    error::{OpenError, ReadError},
    log::{
        environment::Sync,
        options::LogOptions,
        tables::Tables,
        turn::{NoTurn, Turns},
        upgrade::{OLD_FORMAT, upgrade},
        volume::VolumeNumber,
    },
    stamp::Unchanged,
};

/// The time for which a volume whose transaction failed for good waits for its readers before it is opened anew.
const READERS_FINISH: Duration = Duration::from_secs(2);

/// Names the volume that counts.
const CURRENT: &str = "CURRENT";

/// Held by who makes or removes volumes and scratch directories.
pub(crate) const LOCK: &str = "lock";

/// The directory in which a copy of a log is made until it is whole.
pub(crate) const UNFINISHED: &str = "unfinished";

/// More than the smallest append needs.
const PROBE_BYTES: usize = 64 << 10;

/// The volumes of one log: the one that this process has open, and how to find the one that counts.
pub(crate) struct Volumes {
    dir: PathBuf,
    /// The volume that `CURRENT` names.
    named: Unchanged<Option<VolumeNumber>>,
    open: RwLock<Option<Tables>>,
    turns: Turns,
}

impl Volumes {
    /// Opens the log in `dir`, which must exist; an empty one becomes a log.
    pub(crate) fn open(dir: &Path, options: &LogOptions) -> Result<Self, OpenError> {
        let turns =
            Turns::new(dir, options).map_err(|error| OpenError::Directory { dir: dir.to_owned(), error })?;
        let volumes =
            Self { dir: dir.to_owned(), named: Unchanged::default(), open: RwLock::new(None), turns };
        if volumes.named()?.is_none() {
            volumes.create()?;
        }
        volumes.reopen()?;
        Ok(volumes)
    }

    pub(crate) fn path(&self, volume: VolumeNumber) -> PathBuf {
        self.dir.join(volume.to_string())
    }

    /// Returns the tables that count now.
    pub(crate) fn current(&self) -> Result<Tables, ReadError> {
        let named = self.named.get(&self.dir.join(CURRENT), || self.named()).map_err(ReadError::from)?;
        if let Some(tables) = &*self.open.read().unwrap_or_else(PoisonError::into_inner)
            && Some(tables.volume) == named
        {
            return Ok(tables.clone());
        }
        self.reopen().map_err(ReadError::from)
    }

    /// Returns true if these are the tables that count; to be asked under LMDB's write lock.
    pub(crate) fn is_current(&self, tables: &Tables) -> Result<bool, ReadError> {
        Ok(self.named().map_err(ReadError::from)? == Some(tables.volume))
    }

    /// Gives an environment up in which a write failed in such a way that LMDB takes no more of them in this
    /// environment: it is opened anew by who comes next.
    pub(crate) fn give_up(&self, tables: Tables) {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_some_and(|current| current.volume == tables.volume) {
            *open = None;
            let closing = tables.env.prepare_for_closing();
            if !closing.wait_timeout(READERS_FINISH) {
                tracing::warn!(dir = %self.dir.display(), "a snapshot holds the log after a failed write");
            }
        }
    }

    /// Makes another volume the one that counts; it is opened by who comes next. The caller holds the write lock of
    /// the old one, and everything in the new one is on disk.
    pub(crate) fn switch_to(&self, volume: VolumeNumber) -> io::Result<()> {
        // Held over both steps: who reads the new name before the old tables are put away would open the new volume,
        // have that put away in their place, and find it open when he opens it again.
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        write_current(&self.dir, volume)?;
        *open = None;
        Ok(())
    }

    /// Returns the turns of who writes to any of them.
    pub(crate) fn turns(&self) -> &Turns {
        &self.turns
    }

    /// Waits until no other process makes or removes volumes; nobody does as long as the guard lives.
    pub(crate) fn lock(&self) -> Result<Guard, NoTurn> {
        let file = lock_file(&self.dir).map_err(|error| NoTurn::Failed(error.to_string()))?;
        self.turns.wait_for(&file)?;
        Ok(Guard { _file: file })
    }

    /// Removes what a crash left: volumes that do not count, half written names. Does nothing while another process
    /// is at work on volumes: it may be about to switch to one of them.
    pub(crate) fn clean(&self) -> io::Result<()> {
        let file = lock_file(&self.dir)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Where the log cannot be opened, nothing is removed; opening tells why.
        let Ok(Some(current)) = self.named() else { return Ok(()) };
        let mut removed = false;
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            match VolumeNumber::parse(&name) {
                Some(volume) if volume == current => continue,
                Some(_) => fs::remove_dir_all(entry.path())?,
                None if name == UNFINISHED => fs::remove_dir_all(entry.path())?,
                None if name.starts_with("CURRENT.") => fs::remove_file(entry.path())?,
                None if crate::log::scratch::remove_if_left(&entry.path(), &name)? => {}
                None => continue,
            }
            removed = true;
        }
        if removed { sync_dir(&self.dir) } else { Ok(()) }
    }

    /// Returns true if the disk takes no more, tried with a few pages.
    pub(crate) fn no_room(&self) -> bool {
        let path = self.dir.join(format!("CURRENT.probe-{}", std::process::id()));
        let tried = fs::write(&path, [1; PROBE_BYTES]).and_then(|()| File::open(&path)?.sync_all());
        let removed = fs::remove_file(&path);
        tried.is_err() || removed.is_err()
    }

    /// Returns the volume that counts; `None` in a directory where none was ever made.
    pub(crate) fn named(&self) -> Result<Option<VolumeNumber>, OpenError> {
        match fs::read_to_string(self.dir.join(CURRENT)) {
            Ok(text) => match VolumeNumber::parse(text.trim_end()) {
                Some(volume) => Ok(Some(volume)),
                None => {
                    Err(OpenError::NotALog { dir: self.dir.clone(), why: "its file CURRENT names no volume" })
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(OpenError::Directory { dir: self.dir.clone(), error }),
        }
    }

    fn create(&self) -> Result<(), OpenError> {
        let failed = |error| OpenError::Directory { dir: self.dir.clone(), error };
        let _guard = self.lock().map_err(|error| OpenError::Busy { dir: self.dir.clone(), error })?;
        if self.named()?.is_some() {
            return Ok(()); // another process was faster
        }
        let path = self.path(VolumeNumber::FIRST);
        for entry in fs::read_dir(&self.dir).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if name == UNFINISHED {
                return Err(OpenError::NotALog {
                    dir: self.dir.clone(),
                    why: "it is a backup that was not finished",
                });
            }
            if VolumeNumber::parse(&name.to_string_lossy()).is_some_and(|found| found != VolumeNumber::FIRST)
            {
                return Err(OpenError::NotALog { dir: self.dir.clone(), why: "its file CURRENT is missing" });
            }
        }
        fs::create_dir_all(&path).map_err(failed)?;
        let tables = Tables::create(&path, VolumeNumber::FIRST, Sync::Commits)?;
        drop(tables);
        sync_dir(&path).and_then(|()| write_current(&self.dir, VolumeNumber::FIRST)).map_err(failed)?;
        if let Some(parent) = self.dir.parent()
            && let Err(error) = sync_dir(parent)
        {
            tracing::debug!(%error, "the directory above the log cannot be synced");
        }
        Ok(())
    }

    fn reopen(&self) -> Result<Tables, OpenError> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some(named) = self.named()? else {
                return Err(OpenError::NotALog { dir: self.dir.clone(), why: "its file CURRENT is missing" });
            };
            if let Some(tables) = &*open
                && tables.volume == named
            {
                return Ok(tables.clone());
            }
            let opened = Tables::open(&self.path(named), named);
            if self.named()? != Some(named) {
                continue; // it was replaced in the meantime
            }
            let tables = match opened {
                Err(OpenError::Format { what: "format", found: OLD_FORMAT, .. }) => {
                    upgrade(self, &self.dir, named)?;
                    continue;
                }
                opened => opened?,
            };
            *open = Some(tables.clone());
            return Ok(tables);
        }
    }
}

pub(crate) fn lock_file(dir: &Path) -> io::Result<File> {
    File::options().create(true).write(true).truncate(false).open(dir.join(LOCK))
}

/// Names the volume that counts, in one step.
pub(crate) fn write_current(dir: &Path, volume: VolumeNumber) -> io::Result<()> {
    let new = dir.join(format!("CURRENT.{}", std::process::id()));
    let mut file = File::create(&new)?;
    writeln!(file, "{volume}")?;
    file.sync_all()?;
    fs::rename(&new, dir.join(CURRENT))?;
    sync_dir(dir)
}

/// Nobody else makes or removes volumes while this lives.
pub(crate) struct Guard {
    _file: File,
}

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(()); // a directory cannot be opened there
    }
    File::open(dir)?.sync_all()
}
