//! The form of the quarantine on disk: the records of one load lie together, in two files.
//!
//! `<name>.bytes` has the records' bytes one after another, `<name>.list` a line of JSON for each: what is told of it, and
//! where its bytes are. A line is written after its bytes, so what is listed is whole. To take records out, what is left
//! is written anew beside and takes the old file's place. A record alone in `<key>.json` and `<key>.record` is one that an
//! older version put there.

use std::{
    collections::HashSet,
    fs::{self, File, ReadDir},
    io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::Quarantined;

/// A line of a list.
#[derive(Deserialize)]
struct Line {
    /// The place of its first byte.
    at: u64,
    #[serde(flatten)]
    told: Quarantined,
}

/// A line of a list, as it is written.
#[derive(Serialize)]
struct Told<'t> {
    at: u64,
    #[serde(flatten)]
    told: &'t Quarantined,
}

/// The place of the bytes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lies {
    file: PathBuf,
    at: u64,
}

/// The bytes that are written at once: a write for every few records costs as much as the records.
const BUFFER_BYTES: usize = 256 << 10;

/// The files that one load writes.
#[derive(Debug)]
pub(super) struct Shelf {
    bytes: BufWriter<File>,
    list: BufWriter<File>,
    at: u64,
}

impl Shelf {
    /// Begins new files in this folder.
    pub(super) fn begin(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let bytes = tempfile::Builder::new().prefix("q-").suffix(".bytes").rand_bytes(10).tempfile_in(dir)?;
        let (bytes, path) = bytes.keep().map_err(|error| error.error)?;
        let list = File::create(path.with_extension("list"))?;
        let buffered = |file| BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(Self { bytes: buffered(bytes), list: buffered(list), at: 0 })
    }

    pub(super) fn put(&mut self, told: &Quarantined, bytes: &[u8]) -> io::Result<()> {
        self.bytes.write_all(bytes)?;
        serde_json::to_writer(&mut self.list, &Told { at: self.at, told })?;
        self.list.write_all(b"\n")?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Gives what was put to the system: the bytes first.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.bytes.flush()?;
        self.list.flush()
    }
}

/// Returns true if a folder is not there, or holds no file.
pub(super) fn is_empty(dir: &Path) -> io::Result<bool> {
    Ok(entries(dir)?.is_none_or(|mut entries| entries.next().is_none()))
}

/// Returns what lies in a folder; `None` where there is no such folder.
fn entries(dir: &Path) -> io::Result<Option<ReadDir>> {
    match fs::read_dir(dir) {
        Ok(entries) => Ok(Some(entries)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns everything that lies in a folder, as it comes.
pub(super) fn all(dir: &Path) -> io::Result<Vec<(Quarantined, Lies)>> {
    let Some(entries) = entries(dir)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("json") => {
                let told: Option<Quarantined> = told_in(&fs::read(&path)?, &path, 1);
                found.extend(told.map(|told| (told, Lies { file: path.with_extension("record"), at: 0 })));
            }
            Some("list") => {
                let file = path.with_extension("bytes");
                for line in lines(&path)? {
                    found.push((line.told, Lies { file: file.clone(), at: line.at }));
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

fn lines(list: &Path) -> io::Result<Vec<Line>> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(BufReader::new(File::open(list)?).split(b'\n')) {
        found.extend(told_in::<Line>(&line?, list, number));
    }
    Ok(found)
}

/// Reads what is told of a record. One that a crash cut off comes back when its file is loaded again; so does one that is
/// damaged, which keeps nobody from the others.
fn told_in<T: DeserializeOwned>(json: &[u8], file: &Path, line: u64) -> Option<T> {
    match serde_json::from_slice(json) {
        Ok(told) => Some(told),
        Err(error) if error.is_eof() => None,
        Err(error) => {
            let file = file.display();
            tracing::warn!(%file, line, %error, "a record in quarantine is passed over: load its file again to have it back");
            None
        }
    }
}

/// Returns the bytes of a record.
pub(super) fn bytes(told: &Quarantined, lies: &Lies) -> io::Result<Vec<u8>> {
    let mut file = File::open(&lies.file)?;
    file.seek(SeekFrom::Start(lies.at))?;
    let mut bytes = Vec::new();
    file.take(told.bytes).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Takes the records of these keys out of a folder; nothing of their bytes is left in its files.
pub(super) fn remove(dir: &Path, keys: &HashSet<&str>) -> io::Result<()> {
    let mut files: Vec<PathBuf> = all(dir)?
        .into_iter()
        .filter(|(told, _)| keys.contains(told.key.as_str()))
        .map(|(_, lies)| lies.file)
        .collect();
    files.sort();
    files.dedup();
    for file in files {
        if file.extension().is_some_and(|ending| ending == "record") {
            remove_if_there(&file.with_extension("json"))?;
            remove_if_there(&file)?;
        } else {
            rewrite(dir, &file, keys)?;
        }
    }
    Ok(())
}

/// Writes what is left of a load's files anew: first the new ones are complete, then the old list goes, then the bytes.
fn rewrite(dir: &Path, file: &Path, keys: &HashSet<&str>) -> io::Result<()> {
    let list = file.with_extension("list");
    let mut shelf: Option<Shelf> = None;
    for line in lines(&list)? {
        if !keys.contains(line.told.key.as_str()) {
            let bytes = bytes(&line.told, &Lies { file: file.to_owned(), at: line.at })?;
            if shelf.is_none() {
                shelf = Some(Shelf::begin(dir)?);
            }
            if let Some(shelf) = &mut shelf {
                shelf.put(&line.told, &bytes)?;
            }
        }
    }
    if let Some(mut shelf) = shelf {
        shelf.flush()?;
    }
    remove_if_there(&list)?;
    remove_if_there(file)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
