//! The files that a load reads, in an order that is the same on every run, so that a load can go on where it stopped.

use std::{
    cmp::Ordering,
    fs::{self, FileType},
    path::{Path, PathBuf},
};

use walkdir::{DirEntry, WalkDir};

use crate::link::name_of_os;

/// Folders whose records others refer to: read first, so that a profile comes before the articles that name it.
const FIRST: [&str; 6] = ["_authors", "_data", "authors", "bylines", "data", "people"];
/// The number of folders up to which a site's root is looked for.
const MAX_UP: usize = 16;

/// One entry of the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visit {
    /// The path of the file.
    pub(crate) path: PathBuf,
    /// As the user would write it.
    pub(crate) shown: String,
    /// The text that ids are made of: the path from the root of its site, or from the folder that was given.
    pub(crate) stem: String,
    /// Named by the user, not found in a folder.
    pub(crate) named: bool,
    pub(crate) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A regular file: its bytes, and the milliseconds since 1970 of its last change, where that is known.
    File { bytes: u64, changed: Option<i64> },
    /// Standard input.
    Input,
    /// Neither file nor folder, which could block for ever or have no end.
    Special(&'static str),
    /// It cannot even be looked at.
    Failed(String),
}

/// Walks what a user named, lazily: folders in the order of their names, profiles before texts.
pub(crate) fn walk(path: &Path) -> Box<dyn Iterator<Item = Visit>> {
    let shown = path.display().to_string();
    if path == Path::new("-") {
        let input = Visit {
            path: path.to_owned(),
            shown: "-".to_owned(),
            stem: "input".to_owned(),
            named: true,
            what: What::Input,
        };
        return Box::new(std::iter::once(input));
    }
    let root = path.to_owned();
    let mut stems = Stems::new(path);
    let walk = WalkDir::new(path).follow_links(true).sort_by(order).into_iter();
    Box::new(walk.filter_map(move |entry| match entry {
        Ok(entry) if entry.file_type().is_dir() => None,
        Ok(entry) => Some(Visit {
            shown: entry.path().display().to_string(),
            stem: stems.of(entry.path()),
            named: entry.path() == root,
            what: what(&entry),
            path: entry.into_path(),
        }),
        Err(error) => {
            let path = error.path().unwrap_or(&root).to_owned();
            let what = match error.loop_ancestor() {
                Some(_) => What::Special("symlink loop"),
                None => What::Failed(match error.io_error() {
                    Some(error) => why(error),
                    None => "it cannot be read".to_owned(),
                }),
            };
            let shown = if path == root { shown.clone() } else { path.display().to_string() };
            Some(Visit { stem: stems.of(&path), shown, named: path == root, what, path })
        }
    }))
}

/// Returns what an error of the file system says to people.
pub(crate) fn why(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => {
            "it may not be read (permission denied): give yourself the right to read it, and load it again"
                .to_owned()
        }
        std::io::ErrorKind::NotFound => "there is no such file (a link that leads nowhere?)".to_owned(),
        std::io::ErrorKind::UnexpectedEof => {
            "it ends too early: it was probably cut off; fetch it again".to_owned()
        }
        _ => format!("it cannot be read: {error}"),
    }
}

fn order(a: &DirEntry, b: &DirEntry) -> Ordering {
    let rank = |entry: &DirEntry| {
        let first = entry.file_name().to_str().is_some_and(|name| FIRST.contains(&name));
        !(first && entry.path().is_dir())
    };
    rank(a).cmp(&rank(b)).then_with(|| a.file_name().cmp(b.file_name()))
}

fn what(entry: &DirEntry) -> What {
    let kind = entry.file_type();
    if !kind.is_file() {
        return What::Special(special(kind));
    }
    match entry.metadata() {
        Ok(data) => {
            // Some file systems know no such time; one before 1970 is none.
            let changed = data.modified().ok().and_then(|time| {
                let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
                i64::try_from(since.as_millis()).ok()
            });
            What::File { bytes: data.len(), changed }
        }
        Err(error) => What::Failed(error.to_string()),
    }
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        kind if kind.is_fifo() => "pipe",
        kind if kind.is_socket() => "socket",
        kind if kind.is_block_device() || kind.is_char_device() => "device",
        kind if kind.is_symlink() => "broken link",
        _ => "special file",
    }
}

#[cfg(not(unix))]
fn special(kind: FileType) -> &'static str {
    if kind.is_symlink() { "broken link" } else { "special file" }
}

/// Makes stems: what a file is called whatever folder above it was given.
struct Stems {
    /// The folder that was given, or that the given file lies in.
    given: PathBuf,
    /// The folder of the last file, and the root that was found for it.
    last: Option<(PathBuf, PathBuf)>,
}

impl Stems {
    fn new(path: &Path) -> Self {
        let full = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let given = if full.is_dir() { full } else { full.parent().map(Path::to_owned).unwrap_or(full) };
        Self { given, last: None }
    }

    fn of(&mut self, path: &Path) -> String {
        let folder = path.parent().unwrap_or(path);
        let (folder, root) = match self.last.take() {
            Some((last, root)) if last == folder => (last, root),
            _ => (folder.to_owned(), self.root_of(folder)),
        };
        // A link is called as it lies, not as what it leads to.
        let full = fs::canonicalize(&folder).unwrap_or_else(|_| folder.clone());
        let full = full.join(path.file_name().unwrap_or_default());
        let name = root.file_name().map(name_of_os).unwrap_or_default();
        let below = name_of_os(full.strip_prefix(&root).unwrap_or(&full).as_os_str()).replace('\\', "/");
        self.last = Some((folder, root));
        if name.is_empty() { below } else { format!("{name}/{below}") }
    }

    /// Returns the nearest folder above that is the root of a site made of Markdown; else the folder that was given.
    fn root_of(&self, folder: &Path) -> PathBuf {
        let full = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let is_site = |folder: &&Path| {
            folder.join("content").is_dir()
                || ["_posts", "_config.yml", "hugo.toml", "hugo.yaml"]
                    .iter()
                    .any(|name| folder.join(name).exists())
        };
        let found = full.ancestors().take(MAX_UP).find(is_site);
        found.map_or_else(|| self.given.clone(), Path::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visits(path: &Path) -> Vec<(String, String)> {
        walk(path)
            .map(|visit| {
                let what = match visit.what {
                    What::File { .. } => "file".to_owned(),
                    What::Input => "input".to_owned(),
                    What::Special(kind) => kind.to_owned(),
                    What::Failed(why) => why,
                };
                (visit.stem, what)
            })
            .collect()
    }

    #[test]
    fn the_order_is_that_of_names_and_profiles_come_first() {
        let dir = tempfile::tempdir().unwrap();
        let site = dir.path().join("site");
        for file in ["content/a.md", "content/authors/x/_index.md", "content/b/c.md", "data/i.yml"] {
            let path = site.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let stems: Vec<_> = visits(&site).into_iter().map(|(stem, _)| stem).collect();
        let expected = [
            "site/data/i.yml",
            "site/content/authors/x/_index.md",
            "site/content/a.md",
            "site/content/b/c.md",
        ];
        assert_eq!(stems, expected);
        // The same names whatever folder is given.
        assert_eq!(visits(&site.join("content/b"))[0].0, "site/content/b/c.md");
        assert_eq!(visits(&site.join("content/a.md"))[0].0, "site/content/a.md");
    }

    #[cfg(unix)]
    #[test]
    fn loops_and_special_files_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("r");
        fs::create_dir_all(root.join("d")).unwrap();
        std::os::unix::fs::symlink(&root, root.join("d/loop")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("dangling")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
        let found = visits(&root);
        assert_eq!(found[0].0, "r/d/loop");
        assert_eq!(found[0].1, "symlink loop");
        assert_eq!(found[1].1, "there is no such file (a link that leads nowhere?)");
        assert_eq!(found[2].1, "socket");
    }
}
