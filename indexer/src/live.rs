//! The generation of a view that is live: the file `live`, replaced in one step that all processes see at their next
//! search.

use std::{fs, io::ErrorKind, path::Path};

use end_tantivy::sealed;

use crate::error::{IndexError, io};

/// The generations of a view that are live and next in line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) name: String,
    pub(crate) previous: Option<String>,
}

impl Live {
    /// The file's name.
    pub(crate) const FILE: &str = "live";

    /// Returns what a view's directory says; `None` when it says nothing yet.
    pub(crate) fn read(view_dir: &Path) -> Result<Option<Self>, IndexError> {
        let path = view_dir.join(Self::FILE);
        let stored = match fs::read(&path) {
            Ok(stored) => stored,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(path)(error)),
        };
        let text = sealed::unseal(&stored).and_then(|content| std::str::from_utf8(content).ok());
        let unreadable = |why: &str| IndexError::Unreadable { path, why: why.to_owned() };
        let Some(text) = text else { return Err(unreadable("its seal does not fit")) };
        let mut lines =
            text.lines().map(str::to_owned).map(|name| Some(name).filter(|name| !name.is_empty()));
        match lines.next().flatten() {
            Some(name) => Ok(Some(Self { name, previous: lines.next().flatten() })),
            None => Err(unreadable("it names no generation")),
        }
    }

    /// Goes live, in one atomic step.
    pub(crate) fn write(&self, view_dir: &Path) -> Result<(), IndexError> {
        let path = view_dir.join(Self::FILE);
        let text = format!("{}\n{}\n", self.name, self.previous.as_deref().unwrap_or(""));
        sealed::write(&path, text.as_bytes()).map_err(io(&path))
    }
}
