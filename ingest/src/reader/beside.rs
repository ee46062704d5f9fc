//! Files that lie beside a record's own: in its folder, or in the archive that it came from.

use std::{
    collections::HashSet,
    fs, io,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    packed::Packed,
    record::{MAX_RECORD_BYTES, Origin, Reason},
    walk::why,
};

/// The archive that was looked into last, for all threads: the records of one come one after another.
#[derive(Default)]
pub(super) struct Archives(Mutex<Option<(String, Arc<Archive>)>>);

pub(super) struct Archive {
    packed: Packed,
    /// The files that the archive's METS name.
    named: HashSet<String>,
}

/// Where a record's neighbours lie.
pub(super) enum Beside {
    Folder(PathBuf),
    Archive(Arc<Archive>, String),
}

impl Archives {
    /// What lies beside this record.
    pub(super) fn beside(&self, origin: &Origin) -> Result<Beside, Reason> {
        let Some((archive, inside)) = origin.path.split_once("!/") else {
            if origin.path == "-" {
                return Err(Reason::Content(
                    "its pages cannot be reached through standard input: give the folder or the archive by name"
                        .to_owned(),
                ));
            }
            return Ok(Beside::Folder(Path::new(&origin.path).parent().unwrap_or(Path::new("")).to_owned()));
        };
        if archive == "-" || inside.contains("!/") {
            return Err(Reason::Content(
                "its pages cannot be reached in an archive that lies in another or comes through standard input: \
                 unpack the outer one"
                    .to_owned(),
            ));
        }
        let packed = self.at(archive).map_err(|error| Reason::Unreadable(why(&error)))?;
        let folder = inside.rsplit_once('/').map_or("", |(folder, _)| folder);
        Ok(Beside::Archive(packed, folder.to_owned()))
    }

    fn at(&self, path: &str) -> io::Result<Arc<Archive>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, archive)) = &*last
            && known == path
        {
            return Ok(Arc::clone(archive));
        }
        let packed = Packed::open(Path::new(path))?;
        let mut named = HashSet::new();
        for name in packed.names().filter(|name| is_mets(name)) {
            let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            let bytes = packed.read(name, MAX_RECORD_BYTES as u64).unwrap_or_default();
            named.extend(links(&bytes).filter_map(below).map(|link| joined(folder, &link)));
        }
        let archive = Arc::new(Archive { packed, named });
        *last = Some((path.to_owned(), Arc::clone(&archive)));
        Ok(archive)
    }

    /// Whether the METS of an issue lies beside this page, or in the folder above, and names it.
    pub(super) fn has_issue(&self, origin: &Origin) -> bool {
        match origin.path.split_once("!/") {
            Some((archive, inside)) => {
                let nested = archive == "-" || inside.contains("!/");
                !nested && self.at(archive).is_ok_and(|archive| archive.named.contains(&joined("", inside)))
            }
            None => has_issue(Path::new(&origin.path)),
        }
    }
}

impl Beside {
    /// The bytes of the file that a link leads to: below the record's folder, and nowhere else.
    pub(super) fn read(&self, link: &str) -> Result<Vec<u8>, Reason> {
        let below = below(link).ok_or_else(|| {
            Reason::Content(format!("its page `{link}` does not lie below the folder of this METS"))
        })?;
        let unreadable = |error: io::Error| Reason::Content(format!("its page `{link}`: {}", why(&error)));
        let most = MAX_RECORD_BYTES as u64;
        match self {
            Self::Folder(folder) => {
                let path = folder.join(&below);
                if fs::metadata(&path).map_err(unreadable)?.len() > most {
                    return Err(Reason::Content(format!("its page `{link}` is too large")));
                }
                fs::read(path).map_err(unreadable)
            }
            Self::Archive(archive, folder) => {
                archive.packed.read(&joined(folder, &below), most).map_err(unreadable)
            }
        }
    }
}

/// A link without what says that it begins here; `None` where it leads elsewhere.
fn below(link: &str) -> Option<String> {
    let link = link.trim_start_matches("file://").trim_start_matches("./");
    let normal = Path::new(link).components().all(|part| matches!(part, Component::Normal(_)));
    (!link.contains("://") && normal && !link.is_empty()).then(|| link.to_owned())
}

fn joined(folder: &str, name: &str) -> String {
    let parts = folder.split('/').chain(name.split('/'));
    parts.filter(|part| !part.is_empty() && *part != ".").collect::<Vec<_>>().join("/")
}

fn is_mets(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    file.contains("mets") && file.ends_with(".xml")
}

/// The values of all `href="…"`.
fn links(xml: &[u8]) -> impl Iterator<Item = &str> {
    memchr::memmem::find_iter(xml, b"href=").filter_map(|at| {
        let rest = xml.get(at + 5..)?;
        let quote = *rest.first()?;
        std::str::from_utf8(rest.get(1..)?.split(|byte| *byte == quote).next()?).ok()
    })
}

fn has_issue(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    path.ancestors().skip(1).take(2).any(|folder| {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.take(2_000).any(|entry| {
            let other = entry.file_name().to_string_lossy().into_owned();
            is_mets(&other)
                && !other.eq_ignore_ascii_case(name)
                && fs::read(entry.path())
                    .is_ok_and(|bytes| memchr::memmem::find(&bytes, name.as_bytes()).is_some())
        })
    })
}
