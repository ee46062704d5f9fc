//! Small files that are asked for at every search, and written seldom: read again only when they were written to.

use std::{
    fs::Metadata,
    io,
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

/// The marks that tell a file from what it was before, and from others of its name: time, inode and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    modified: SystemTime,
    inode: u64,
    length: u64,
}

impl Stamp {
    /// Returns that of a file as it is now.
    ///
    /// # Errors
    /// The system's.
    pub fn of(path: &Path) -> io::Result<Self> {
        let metadata = path.metadata()?;
        Ok(Self { modified: metadata.modified()?, inode: inode(&metadata), length: metadata.len() })
    }

    /// Returns true if whatever is written from this time on has another stamp.
    fn is_settled(&self, now: SystemTime) -> bool {
        now.duration_since(self.modified).is_ok_and(|age| age >= TICK)
    }
}

/// The clock of a file system ticks each ten milliseconds at the slowest. What is written twice within a tick may have one
/// stamp, when the name of a file that was removed meanwhile is free again.
const TICK: Duration = Duration::from_millis(100);

/// What was made of a file when it was read last.
#[derive(Debug)]
pub struct Unchanged<T>(Mutex<Option<(Stamp, T)>>);

impl<T> Default for Unchanged<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Unchanged<T> {
    /// Returns what `read` makes of a file: what it made of it before, if the file was not written to since. Takes one system
    /// call then.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn get<E>(&self, path: &Path, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        // Looked at in this order: what is written behind any of these steps has another stamp, or is not kept.
        let now = SystemTime::now();
        let stamp = Stamp::of(path).ok();
        if let (Some(stamp), Some((known, made))) = (stamp, &*self.kept())
            && stamp == *known
        {
            return Ok(made.clone());
        }
        let made = read()?;
        *self.kept() = stamp.filter(|stamp| stamp.is_settled(now)).map(|stamp| (stamp, made.clone()));
        Ok(made)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<(Stamp, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(metadata: &Metadata) -> u64 {
    metadata.len()
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, fs, fs::File};

    use super::*;

    /// What is written in one tick of the file system's clock, in the place of what was removed, has the stamp of that:
    /// all of them are read.
    #[test]
    fn what_is_written_is_read_however_soon() {
        let dir = tempfile::tempdir().unwrap();
        let (path, next) = (dir.path().join("live"), dir.path().join("next"));
        let unchanged = Unchanged::default();
        for number in 1_000..2_000 {
            fs::write(&next, number.to_string()).unwrap();
            fs::rename(&next, &path).unwrap();
            assert_eq!(unchanged.get(&path, || fs::read_to_string(&path)).unwrap(), number.to_string());
        }
    }

    #[test]
    fn what_was_not_written_to_is_not_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("live");
        let (unchanged, reads) = (Unchanged::default(), Cell::new(0));
        let get = || {
            unchanged.get(&path, || {
                reads.set(reads.get() + 1);
                fs::read_to_string(&path)
            })
        };
        let written_at = |text: &str, before: Duration| {
            fs::write(&path, text).unwrap();
            File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(SystemTime::now() - before)
                .unwrap();
        };
        assert!(get().is_err(), "it is not there");
        written_at("one", Duration::from_secs(9));
        assert_eq!((get().unwrap().as_str(), reads.get()), ("one", 2));
        assert_eq!((get().unwrap().as_str(), reads.get()), ("one", 2));
        written_at("two", Duration::from_secs(5));
        assert_eq!((get().unwrap().as_str(), reads.get()), ("two", 3));
        // Written in place, of the same length, and a moment ago: it is looked at until that is long past.
        written_at("six", Duration::ZERO);
        assert_eq!((get().unwrap().as_str(), reads.get()), ("six", 4));
        assert_eq!((get().unwrap().as_str(), reads.get()), ("six", 5));
        fs::remove_file(&path).unwrap();
        assert!(get().is_err());
    }
}
