//! The files of one archive, read by their names: for records that refer to files beside them.
//!
//! A load reads archives as streams; what stands elsewhere in one is read here from the file itself. A compressed tar
//! is unpacked once into a nameless file for it.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::Path,
    sync::{Mutex, PoisonError},
};

use crate::open::{Compression, xz};

/// An archive whose entries can be read in any order.
pub(crate) struct Packed {
    /// The place of each entry, its number in a zip and its first byte in a tar, and its length.
    entries: HashMap<String, (u64, u64)>,
    inner: Mutex<Inner>,
}

enum Inner {
    Zip(zip::ZipArchive<File>),
    Tar(File),
}

impl Packed {
    /// Opens an archive on disk: a zip or a tar, which may be compressed.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut magic = Vec::new();
        file.by_ref().take(10).read_to_end(&mut magic)?;
        file.rewind()?;
        if magic.starts_with(b"PK\x03\x04") {
            return Self::zip(file);
        }
        let file = match Compression::of(&magic) {
            Some(Compression::Gzip) => unpacked(flate2::read::MultiGzDecoder::new(file))?,
            Some(Compression::Bzip2) => unpacked(bzip2::read::MultiBzDecoder::new(file))?,
            Some(Compression::Zstd) => unpacked(zstd::Decoder::new(file)?)?,
            Some(Compression::Xz) => unpacked(xz(BufReader::new(file))?)?,
            None => file,
        };
        Self::tar(file)
    }

    fn zip(file: File) -> io::Result<Self> {
        let mut archive = zip::ZipArchive::new(file).map_err(io::Error::other)?;
        let mut entries = HashMap::new();
        for number in 0..archive.len() {
            let entry = archive.by_index_raw(number).map_err(io::Error::other)?;
            let name = String::from_utf8_lossy(entry.name_raw());
            entries.insert(plain(&name), (number as u64, entry.size()));
        }
        Ok(Self { entries, inner: Mutex::new(Inner::Zip(archive)) })
    }

    fn tar(file: File) -> io::Result<Self> {
        let mut archive = tar::Archive::new(&file);
        let mut entries = HashMap::new();
        // What follows a break cannot be found; the load says that it is there.
        for entry in archive.entries_with_seek()?.map_while(Result::ok) {
            if entry.header().entry_type().is_file() {
                let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                entries.insert(plain(&name), (entry.raw_file_position(), entry.size()));
            }
        }
        Ok(Self { entries, inner: Mutex::new(Inner::Tar(file)) })
    }

    /// Returns the names of all entries, without `./` before them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Returns the bytes of an entry, of which no more than `most` are taken.
    pub(crate) fn read(&self, name: &str, most: u64) -> io::Result<Vec<u8>> {
        let (at, size) = *self.entries.get(&plain(name)).ok_or(io::ErrorKind::NotFound)?;
        if size > most {
            return Err(io::Error::other(format!("it has {} MB, which is more than is taken", size >> 20)));
        }
        let mut bytes = Vec::new();
        match &mut *self.inner.lock().unwrap_or_else(PoisonError::into_inner) {
            Inner::Zip(archive) => {
                let number = usize::try_from(at).map_err(io::Error::other)?;
                let entry = archive.by_index(number).map_err(io::Error::other)?;
                entry.take(most).read_to_end(&mut bytes)?;
            }
            Inner::Tar(file) => {
                file.seek(SeekFrom::Start(at))?;
                file.take(size).read_to_end(&mut bytes)?;
            }
        }
        Ok(bytes)
    }
}

/// Returns a name without the `.` and empty parts that tar writes before it.
fn plain(name: &str) -> String {
    name.split('/').filter(|part| !part.is_empty() && *part != ".").collect::<Vec<_>>().join("/")
}

fn unpacked(mut stream: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut stream, &mut file)?;
    file.rewind()?;
    Ok(file)
}
