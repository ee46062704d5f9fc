//! Scratch catalogs: environments for one piece of work, gone when it ends.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use heed::{Env, WithoutTls};

use crate::log::tables::CatalogTables;

const PREFIX: &str = "scratch-";

/// A catalog in an environment of its own. Its directory is removed when this is dropped; after a crash, at the next
/// opening of the log.
pub(crate) struct Scratch {
    pub(crate) env: Env<WithoutTls>,
    pub(crate) tables: CatalogTables,
    /// Dropped after the environment.
    _home: Home,
}

/// The directory, and beside it a file that is locked as long as the directory is in use.
struct Home {
    dir: PathBuf,
    lock: PathBuf,
    _locked: File,
}

impl Scratch {
    /// Makes one in the log's directory.
    pub(crate) fn new(log: &Path) -> io::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!("{PREFIX}{:016x}", u64::from_be_bytes(random));
        let lock = log.join(format!("{name}.lock"));
        let locked = File::create_new(&lock)?;
        locked.lock()?;
        let home = Home { dir: log.join(name), lock, _locked: locked };
        fs::create_dir(&home.dir)?;
        let (env, tables) = CatalogTables::scratch(&home.dir).map_err(|error| match error {
            heed::Error::Io(error) => error,
            error => io::Error::other(error.to_string()),
        })?;
        Ok(Self { env, tables, _home: home })
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for gone in [fs::remove_dir_all(&self.dir), fs::remove_file(&self.lock)] {
            if let Err(error) = gone {
                tracing::debug!(%error, dir = %self.dir.display(), "a scratch catalog is left behind");
            }
        }
    }
}

/// Removes a scratch directory whose maker is gone, and says whether it did.
pub(crate) fn remove_if_left(path: &Path, name: &str) -> io::Result<bool> {
    if !name.starts_with(PREFIX) || !path.is_dir() {
        return Ok(false);
    }
    let lock = path.with_extension("lock");
    match File::options().write(true).open(&lock) {
        Ok(file) if file.try_lock().is_err() => return Ok(false),
        _ => {}
    }
    fs::remove_dir_all(path)?;
    match fs::remove_file(&lock) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(true),
    }
}
