//! The sample archive, inside the binary: *The Harbour Ledger* of Port Merrow, an invented paper with true news.
//!
//! ```
//! let dir = tempfile::tempdir()?;
//! data_samples::write_archive(dir.path())?;
//! assert!(dir.path().join("01-bylines.jsonl").is_file());
//! # Ok::<(), std::io::Error>(())
//! ```

use std::{fs, io, path::Path};

use include_dir::{Dir, include_dir};

static ARCHIVE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/archive");

/// Writes the archive's files into `dir`, which is made when it is not there: JSON Lines to load in the order of
/// their names, and the pictures under `images/`.
///
/// # Errors
/// The system's error when a file cannot be written.
pub fn write_archive(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    ARCHIVE.extract(dir)
}

/// Returns a picture of the archive by the path that its rendition names: `images/ferry.svg`.
pub fn picture(href: &str) -> Option<&'static [u8]> {
    ARCHIVE.get_file(href).map(include_dir::File::contents)
}
