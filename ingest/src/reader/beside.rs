//! Files that lie beside a record's own: in its folder, or in the archive that it came from.

use std::{
    collections::{HashMap, HashSet},
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    charset::Transcoded,
    open::HEAD_BYTES,
    packed::Packed,
    record::{MAX_RECORD_BYTES, Origin, Place, Raw, Reason},
    walk::why,
    xml,
};

/// The archive that was looked into last, for all threads, and the issues: records of one come one after another.
#[derive(Default)]
pub(super) struct Archives {
    last: Mutex<Option<(String, Arc<Archive>)>>,
    /// The pages of issues that lie in folders, by the paths of their METS.
    issues: Mutex<HashMap<PathBuf, Arc<HashSet<PathBuf>>>>,
}

/// The number of issues that are remembered.
const MAX_ISSUES: usize = 64;

pub(super) struct Archive {
    packed: Packed,
    /// The names of its entries by what they are in small letters.
    by_name: HashMap<String, String>,
    /// The entries that its METS name, as far as these can be read.
    named: HashSet<String>,
}

/// The place of a record's neighbours.
pub(super) enum Beside {
    Folder(PathBuf),
    Archive(Arc<Archive>, String),
}

impl Archives {
    /// Returns what lies beside this record.
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
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, archive)) = &*last
            && known == path
        {
            return Ok(Arc::clone(archive));
        }
        let packed = Packed::open(Path::new(path))?;
        let by_name = packed.names().map(|name| (name.to_lowercase(), name.to_owned())).collect();
        let mut archive = Archive { packed, by_name, named: HashSet::new() };
        let mut named = HashSet::new();
        for name in archive.packed.names().filter(|name| is_mets(name)) {
            let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            // One that cannot be read names no pages: they are read without it, and its own reading says why.
            let Ok(bytes) = archive.packed.read(name, MAX_RECORD_BYTES as u64) else { continue };
            let found =
                |link: &String| tails(link).iter().find_map(|tail| archive.find(&joined(folder, tail)));
            named.extend(links(&bytes).iter().filter_map(found));
        }
        archive.named = named;
        let archive = Arc::new(archive);
        *last = Some((path.to_owned(), Arc::clone(&archive)));
        Ok(archive)
    }

    /// Returns true if the METS of an issue lies beside this page, or in the folder above, and names it.
    pub(super) fn has_issue(&self, origin: &Origin) -> bool {
        match origin.path.split_once("!/") {
            Some((archive, inside)) => {
                let nested = archive == "-" || inside.contains("!/");
                !nested && self.at(archive).is_ok_and(|archive| archive.named.contains(&joined("", inside)))
            }
            None => self.has_issue_in_folder(Path::new(&origin.path)),
        }
    }

    fn has_issue_in_folder(&self, path: &Path) -> bool {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
        path.ancestors().skip(1).take(2).any(|folder| {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(2_000);
            let mut others = entries.filter(|entry| {
                let other = entry.file_name().to_string_lossy().into_owned();
                is_mets(&other) && !other.eq_ignore_ascii_case(name)
            });
            others.any(|mets| {
                let pages = self.pages_of(&mets.path(), folder);
                fs::canonicalize(path).is_ok_and(|path| pages.contains(&path))
            })
        })
    }

    /// Returns the pages of an issue that are there.
    fn pages_of(&self, mets: &Path, folder: &Path) -> Arc<HashSet<PathBuf>> {
        let mut issues = self.issues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pages) = issues.get(mets) {
            return Arc::clone(pages);
        }
        let found = |link: &String| tails(link).iter().find_map(|tail| in_folder(folder, tail));
        // One that cannot be read names no pages: they are read without it, and its own reading says why.
        let links = fs::read(mets).map_or_else(|_| Vec::new(), |bytes| links(&bytes));
        let pages = links.iter().filter_map(found).filter_map(|page| fs::canonicalize(page).ok());
        let pages = Arc::new(pages.collect::<HashSet<_>>());
        if issues.len() >= MAX_ISSUES {
            issues.clear();
        }
        issues.insert(mets.to_owned(), Arc::clone(&pages));
        pages
    }
}

impl Beside {
    /// Returns the text of the file that a link leads to, as UTF-8 where its encoding is known: below the record's
    /// folder, and nowhere else. Of a link from elsewhere, an address on the web or a path on another machine, the end
    /// is what leads to it here.
    pub(super) fn read(&self, link: &str) -> Result<Vec<u8>, Reason> {
        let tails = tails(link);
        if tails.is_empty() {
            return Err(Reason::Content(format!(
                "its page `{link}` does not lie below the folder of this METS"
            )));
        }
        let unreadable = |error: io::Error| Reason::Content(format!("its page `{link}`: {}", why(&error)));
        let most = MAX_RECORD_BYTES as u64;
        let missing = || unreadable(io::ErrorKind::NotFound.into());
        match self {
            Self::Folder(folder) => {
                let found = tails.iter().find_map(|tail| in_folder(folder, tail));
                let path = found.ok_or_else(missing)?;
                if fs::metadata(&path).map_err(unreadable)?.len() > most {
                    return Err(Reason::Content(format!("its page `{link}` is too large")));
                }
                fs::read(path).map_err(unreadable).map(decoded)
            }
            Self::Archive(archive, folder) => {
                let find = |tail: &String| archive.find(&joined(folder, tail));
                let name = tails.iter().find_map(find).ok_or_else(missing)?;
                archive.packed.read(&name, most).map_err(unreadable).map(decoded)
            }
        }
    }
}

impl Archive {
    /// Returns the entry of this name, its letters in whatever case.
    fn find(&self, name: &str) -> Option<String> {
        self.by_name.get(&name.to_lowercase()).cloned()
    }
}

/// Returns the file of this path below a folder; names are looked up in whatever case where there is none that is spelt
/// so.
fn in_folder(folder: &Path, below: &str) -> Option<PathBuf> {
    let exact = folder.join(below);
    if exact.is_file() {
        return Some(exact);
    }
    let mut path = folder.to_owned();
    for part in below.split('/') {
        let next = path.join(part);
        path = if next.exists() {
            next
        } else {
            let entries = fs::read_dir(&path).ok()?.flatten();
            let same = |name: &std::ffi::OsStr| name.to_string_lossy().to_lowercase() == part.to_lowercase();
            entries.map(|entry| entry.path()).find(|entry| entry.file_name().is_some_and(same))?
        };
    }
    path.is_file().then_some(path)
}

/// Returns the paths below a record's folder that a link may mean, the longest first. One that is relative means
/// itself.
fn tails(link: &str) -> Vec<String> {
    let link = link.trim().replace('\\', "/");
    let path = match link.split_once("://") {
        Some(("file", path)) => path,
        // The name of the server is no folder.
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => &link,
    };
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let decoded = percent_decoded(path);
    let is_part = |part: &&str| !part.is_empty() && !matches!(*part, "." | "..") && !part.ends_with(':');
    let parts: Vec<&str> = decoded.split('/').filter(is_part).collect();
    let elsewhere =
        link.contains("://") || path.starts_with('/') || decoded.contains("..") || decoded.contains(':');
    let count = if elsewhere { parts.len() } else { parts.len().min(1) };
    (0..count).map(|from| parts.get(from..).unwrap_or_default().join("/")).collect()
}

fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code =
            after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|byte| *byte >= b' ') {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

fn joined(folder: &str, name: &str) -> String {
    let parts = folder.split('/').chain(name.split('/'));
    parts.filter(|part| !part.is_empty() && *part != ".").collect::<Vec<_>>().join("/")
}

fn is_mets(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    file.contains("mets") && file.ends_with(".xml")
}

/// Returns a file's text as UTF-8, as it would be read by itself; its bytes where its encoding is not known.
fn decoded(bytes: Vec<u8>) -> Vec<u8> {
    let head = bytes.get(..HEAD_BYTES.min(bytes.len())).unwrap_or_default().to_vec();
    let mut text = Vec::with_capacity(bytes.len());
    match Transcoded::new(bytes.as_slice(), &head, None).map(|mut stream| stream.read_to_end(&mut text)) {
        Ok(Ok(_)) => text,
        _ => bytes,
    }
}

/// Returns where the files are that a METS names; nothing of one that is broken.
fn links(bytes: &[u8]) -> Vec<String> {
    let Ok(root) = xml::parse(&Raw::new(Place::START, decoded(bytes.to_vec()))) else { return Vec::new() };
    root.deep("FLocat").into_iter().map(|link| link.attribute("href").to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_from_elsewhere_is_found_by_its_end() {
        let check = |link: &str, expected: &[&str]| assert_eq!(tails(link), expected, "{link}");
        check("alto/1.xml", &["alto/1.xml"]);
        check("./alto//1.xml", &["alto/1.xml"]);
        check(".\\alto\\1.xml", &["alto/1.xml"]);
        check("file://alto/page%201.xml", &["alto/page 1.xml", "page 1.xml"]);
        check("https://host.example/i/1.xml?v=2", &["i/1.xml", "1.xml"]);
        check("C:\\scans\\i\\1.xml", &["scans/i/1.xml", "i/1.xml", "1.xml"]);
        check("../../etc/passwd", &["etc/passwd", "passwd"]);
        check("..%2f..%2fetc/passwd", &["etc/passwd", "passwd"]);
        check("/", &[]);
        check("https://host.example", &[]);
    }
}
