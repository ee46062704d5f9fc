//! The reason why a view is not kept up to date, noted beside its generations, so that every process can tell.
//!
//! The note is `indexes/<view>/failing`: the reason, then blanks up to [`NOTE_BYTES`]; nothing but blanks while all
//! is well. It has its whole length before anything fails and is written over where it lies, because a full disk is
//! what it has to tell most often.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::PathBuf,
};

use views::ViewId;

use crate::indexes::Indexes;

/// The length of a note in bytes: a page of every file system.
const NOTE_BYTES: usize = 4_096;

impl Indexes {
    /// Returns why a view is not kept up to date just now, in whichever process; `None` when it is.
    pub fn failing(&self, view: ViewId) -> Option<String> {
        let known = self.failures().get(&view).cloned();
        known.or_else(|| {
            let path = self.failing_path(view);
            let note = match fs::read(&path) {
                Ok(note) => note,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
                Err(error) => return Some(format!("{}: {error}", path.display())),
            };
            let why = String::from_utf8_lossy(&note);
            let why = why.trim_end();
            (!why.is_empty()).then(|| why.to_owned())
        })
    }

    /// Takes the room that a note needs.
    pub(crate) fn prepare_failing(&self, view: ViewId) {
        if self.failing(view).is_none() {
            self.write_failing(view, "");
        }
    }

    /// Notes why a view is not kept up to date.
    pub(crate) fn note_failing(&self, view: ViewId, why: &str) {
        self.failures().insert(view, why.to_owned());
        self.write_failing(view, why);
    }

    /// Notes that a view is kept up to date again.
    pub(crate) fn clear_failing(&self, view: ViewId) {
        if self.failing(view).is_some() {
            self.failures().remove(&view);
            self.write_failing(view, "");
        }
    }

    fn write_failing(&self, view: ViewId, why: &str) {
        let path = self.failing_path(view);
        let write = || -> io::Result<()> {
            let mut note: Vec<u8> = why.bytes().take(NOTE_BYTES).collect();
            note.resize(NOTE_BYTES, b' ');
            OpenOptions::new().create(true).truncate(false).write(true).open(&path)?.write_all(&note)
        };
        // Whoever asks this process is told all the same.
        if let Err(error) = write() {
            tracing::debug!(path = %path.display(), %error, "a failure cannot be noted");
        }
    }

    fn failing_path(&self, view: ViewId) -> PathBuf {
        self.view_dir(view).join("failing")
    }
}
