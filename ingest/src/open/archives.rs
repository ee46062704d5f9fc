//! Archives: the entries of tar and zip files.

use std::{
    cell::Cell,
    io::{self, Read, Seek},
    rc::Rc,
};

use super::{Opening, ReadSeek, Source, bounded::Guarded, unpack, without_ending};
use crate::{link::name_of, record::Origin};

/// The largest zip file inside another archive: it needs a place where one can seek.
const MAX_NESTED_ZIP: u64 = 4 << 30;

/// Visits the entries of a zip file.
pub(super) fn zip(source: Source<'_>, origin: &Origin, layer: usize, to: &mut Opening<'_, '_>) -> bool {
    match source {
        Source::File(file) => unzip(file, origin, layer, to),
        Source::Stream(stream) => match spool(stream) {
            Ok(mut file) => unzip(&mut file, origin, layer, to),
            Err(error) => to.failed(origin.clone(), &error),
        },
    }
}

/// Visits the entries of a tar file.
pub(super) fn tar(stream: &mut dyn Read, origin: &Origin, layer: usize, to: &mut Opening<'_, '_>) -> bool {
    let mut archive = tar::Archive::new(stream);
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return to.failed(origin.clone(), &error),
    };
    for entry in entries {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let why = match error.kind() {
                    io::ErrorKind::UnexpectedEof => {
                        "the archive ends too early: it was probably cut off".to_owned()
                    }
                    _ => format!("the archive is broken from here on: {error}"),
                };
                let why = format!("{why}; fetch or pack it again");
                return to.refuse(origin.clone(), why);
            }
        };
        // Links, devices and folders hold no bytes of their own.
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = name_of(&entry.path_bytes());
        if !unpack(Source::Stream(&mut entry), inside(origin, &name), layer + 1, to) {
            return false;
        }
    }
    true
}

fn unzip(file: &mut dyn ReadSeek, origin: &Origin, layer: usize, to: &mut Opening<'_, '_>) -> bool {
    let mut archive = match zip::ZipArchive::new(file) {
        Ok(archive) => archive,
        Err(error) => {
            let why = match error {
                zip::result::ZipError::InvalidArchive(_) => {
                    "its directory, which stands at the end of a zip file, is missing or broken".to_owned()
                }
                error => format!("the zip file is broken: {error}"),
            };
            let why = format!("{why}; fetch or pack it again");
            return to.refuse(origin.clone(), why);
        }
    };
    for index in 0..archive.len() {
        let go_on = match archive.by_index(index) {
            Ok(entry) if entry.is_file() => {
                // What is not UTF-8 is of a time when a zip file's names were in the code page 437.
                let name = match (std::str::from_utf8(entry.name_raw()), entry.name()) {
                    (Ok(name), _) => name.to_owned(),
                    (Err(_), Ok(name)) => name.into_owned(),
                    (Err(_), Err(_)) => name_of(entry.name_raw()),
                };
                let read = Rc::new(Cell::new(entry.compressed_size()));
                let mut inner = Guarded { inner: entry, read, made: 0 };
                unpack(Source::Stream(&mut inner), inside(origin, &name), layer + 1, to)
            }
            Ok(_) => true,
            Err(error) => {
                let why = format!("entry {} of the zip file cannot be read: {error}", index + 1);
                to.refuse(origin.clone(), why)
            }
        };
        if !go_on {
            return false;
        }
    }
    true
}

/// Copies a stream into a nameless file, where one can seek.
fn spool(stream: &mut dyn Read) -> io::Result<std::fs::File> {
    let mut file = tempfile::tempfile()?;
    let copied = io::copy(&mut stream.take(MAX_NESTED_ZIP), &mut file)?;
    if copied == MAX_NESTED_ZIP {
        return Err(io::Error::other("a zip file in an archive may have 4 GB at most: unpack it first"));
    }
    file.rewind()?;
    Ok(file)
}

/// Returns the origin of an entry. Nothing is written under its name, so `../` does no harm; ids do without it.
fn inside(origin: &Origin, name: &str) -> Origin {
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let parts: Vec<&str> =
        name.split(['/', '\\']).filter(|part| !part.is_empty() && !matches!(*part, "." | "..")).collect();
    let below = parts.join("/");
    let records = name.ends_with(".yml") || name.ends_with(".yaml");
    let site = parts.iter().skip(1).any(|part| match *part {
        "content" | "_posts" => true,
        "data" | "_data" => records,
        _ => false,
    });
    let folder = without_ending(origin.clone(), &[".zip", ".tar"]).stem;
    let stem = if site { below } else { format!("{folder}/{below}") };
    Origin { path: format!("{}!/{name}", origin.path), stem, changed: origin.changed }
}
