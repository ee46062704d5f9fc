//! The directory of an index's files: tantivy's own, with two things that it lacks.
//!
//! `meta.json`, which says what the index consists of, is sealed (see [`crate::sealed`]): tantivy's checksums do not
//! cover it. And the list of files that tantivy may delete is not kept in a file that every new segment rewrites
//! and syncs six times: the directory itself says what is there.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tantivy::{
    Directory,
    directory::{
        DirectoryLock, FileHandle, Lock, MmapDirectory, WatchCallback, WatchHandle, WritePtr,
        error::{DeleteError, LockError, OpenDirectoryError, OpenReadError, OpenWriteError},
    },
};

use crate::sealed;

const MANAGED: &str = ".managed.json";

/// One index's directory.
#[derive(Debug, Clone)]
pub(crate) struct IndexDirectory {
    files: MmapDirectory,
    dir: PathBuf,
}

impl IndexDirectory {
    pub(crate) fn open(dir: &Path) -> Result<Self, OpenDirectoryError> {
        Ok(Self { files: MmapDirectory::open(dir)?, dir: dir.to_owned() })
    }

    /// All files of segments, as tantivy lists them.
    fn segment_files(&self) -> io::Result<Vec<u8>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if is_of_segment(&name) {
                found.push(name);
            }
        }
        Ok(serde_json::to_vec(&found)?)
    }
}

/// 32 hexadecimal digits, and what the file holds: `…​.idx`.
fn is_of_segment(name: &str) -> bool {
    name.split_once('.').is_some_and(|(id, _)| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl Directory for IndexDirectory {
    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let failed = |error| OpenReadError::wrap_io_error(error, path.to_owned());
        if path == Path::new(MANAGED) {
            return self.segment_files().map_err(failed);
        }
        let sealed = self.files.atomic_read(path)?;
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it is damaged: its seal does not fit");
        sealed::unseal(&sealed).map(<[u8]>::to_vec).ok_or_else(|| failed(damaged()))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        if path == Path::new(MANAGED) {
            return Ok(());
        }
        sealed::write(&self.dir.join(path), data)
    }

    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.files.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.files.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.files.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.files.open_write(path)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.files.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.files.acquire_lock(lock)
    }

    fn watch(&self, watch_callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.files.watch(watch_callback)
    }
}
