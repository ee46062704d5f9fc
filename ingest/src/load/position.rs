//! The position of a load, kept in the log with the events that it appended, so that it can go on after a crash.

use std::{
    hash::Hasher,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use store::{Log, ReadError, Timestamp};

use crate::{
    hints::Hints,
    walk::{Visit, What, walk},
};

/// The progress of a load, as far as it is in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Files of which everything is in the log.
    pub(super) files: u64,
    /// Records (and other findings) of the next file that are in the log too.
    pub(super) records: u64,
    /// A digest of the names, sizes and times of those files and the next one: if they are not what they were,
    /// the load begins anew, which adds nothing twice.
    pub(super) listing: u64,
    /// By which rules the records were read: see [`READING`].
    #[serde(default)]
    pub(super) reading: u32,
    /// The earliest time at which a record of them that was passed over becomes public: from then on there is more in
    /// those files than the log has, and the load begins anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) due: Option<Timestamp>,
    /// True if records were taken in that are not public: a load that does otherwise begins anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unpublished: bool,
    /// A digest of the mappings and the ids that were stated: with others, the load begins anew.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) stated: u64,
}

/// The rules by which records are read, counted up when they come to say more or something else of the same bytes.
const READING: u32 = 1;

impl Position {
    /// Returns the position of a load that begins, or that is at its end.
    pub(super) fn start() -> Self {
        Self { reading: READING, ..Self::default() }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Returns a digest of what the user states of how records become assets; 0 where that is nothing.
pub(super) fn stated(hints: &Hints) -> u64 {
    let id = hints.id.as_ref().map(ToString::to_string).unwrap_or_default();
    if id.is_empty() && hints.mappings.text().is_empty() {
        return 0;
    }
    let mut digest = Fnv::default();
    digest.write(id.as_bytes());
    digest.write(&[0]);
    digest.write(hints.mappings.text().as_bytes());
    digest.finish()
}

/// Returns true if these files were loaded before, by a version that read them otherwise: then a difference between a
/// record and what the log has is ours, and no correction of the source.
pub(super) fn was_read_otherwise(log: &Log, source: &str) -> Result<bool, ReadError> {
    let kept = log.source_position(source)?;
    let kept = kept.and_then(|text| serde_json::from_str::<Position>(&text).ok());
    Ok(kept.is_some_and(|kept| kept.reading < READING))
}

/// The extent of what there is to load.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// The first folder without a file.
    pub(super) empty: Option<PathBuf>,
}

/// Counts files and bytes.
pub(super) fn scan(paths: &[PathBuf]) -> Scan {
    let mut scan = Scan::default();
    for path in paths {
        let before = scan.files;
        for visit in walk(path) {
            scan.files += 1;
            if let What::File { bytes, .. } = visit.what {
                scan.bytes += bytes;
            }
        }
        if scan.files == before && scan.empty.is_none() {
            scan.empty = Some(path.clone());
        }
    }
    scan
}

/// Returns what the log calls a load: the same paths given once more are the same load.
pub(super) fn source_name(paths: &[PathBuf]) -> String {
    let full =
        |path: &PathBuf| std::fs::canonicalize(path).unwrap_or_else(|_| path.clone()).display().to_string();
    let name = format!("load:{}", paths.iter().map(full).collect::<Vec<_>>().join(" "));
    if name.len() <= 300 {
        return name.replace(char::is_control, "?");
    }
    let mut listing = Listing::default();
    listing.0.write(name.as_bytes());
    let head: String = name.chars().take(60).map(|c| if c.is_control() { '?' } else { c }).collect();
    format!("{head}… {:016x}", listing.0.finish())
}

/// Returns where to begin: at the start, unless a load of the same files was cut off that would now do the same with
/// them.
pub(super) fn resume(
    log: &Log,
    source: &str,
    paths: &[PathBuf],
    (now, unpublished, stated): (Timestamp, bool, u64),
) -> Result<Position, ReadError> {
    let kept = log.source_position(source)?;
    let Some(kept) = kept.and_then(|text| serde_json::from_str::<Position>(&text).ok()) else {
        return Ok(Position::default());
    };
    if kept.due.is_some_and(|due| due <= now) || kept.unpublished != unpublished || kept.stated != stated {
        return Ok(Position::default());
    }
    // Standard input has no past to go back to.
    if paths.iter().any(|path| path == Path::new("-")) {
        return Ok(Position::default());
    }
    let mut listing = Listing::default();
    let mut visits = paths.iter().flat_map(|path| walk(path));
    for _ in 0..=kept.files {
        match visits.next() {
            Some(visit) => listing.add(&visit),
            None => return Ok(Position::default()),
        }
    }
    Ok(if listing.digest() == kept.listing { kept } else { Position::default() })
}

/// A running digest of the files that were met.
#[derive(Debug, Clone, Default)]
pub(super) struct Listing(Fnv);

impl Listing {
    pub(super) fn add(&mut self, visit: &Visit) {
        self.0.write(visit.path.as_os_str().as_encoded_bytes());
        if let What::File { bytes, changed } = visit.what {
            self.0.write(&bytes.to_le_bytes());
            // Sixteen bytes, as all positions before have it.
            self.0.write(&i128::from(changed.unwrap_or(0)).to_le_bytes());
        }
    }

    pub(super) fn digest(&self) -> u64 {
        self.0.finish()
    }
}

/// FNV-1a, 64 bits: the same on every machine and in every version, which std's hasher does not promise.
#[derive(Debug, Clone)]
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use store::{Batch, SourcePosition};

    use super::*;

    /// A load is cut off after a file with a record that is scheduled. Its time comes before the load goes on.
    #[test]
    fn a_load_that_was_cut_off_begins_anew_when_what_it_passed_over_is_due() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path().join("log")).unwrap();
        std::fs::create_dir(dir.path().join("in")).unwrap();
        for name in ["in/a.md", "in/b.md"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        let paths = [dir.path().join("in")];
        let mut listing = Listing::default();
        walk(&paths[0]).for_each(|visit| listing.add(&visit));
        let due = Some("2030-01-01".parse().unwrap());
        let kept = Position { files: 1, listing: listing.digest(), due, ..Position::start() };
        let position = serde_json::to_string(&kept).unwrap();
        let position = Some(SourcePosition { source: "s".to_owned(), position });
        log.append(Batch { position, ..Batch::default() }).unwrap();
        let check = |now: &str, unpublished: bool, expected: &Position| {
            let found = resume(&log, "s", &paths, (now.parse().unwrap(), unpublished, 0)).unwrap();
            assert_eq!(found, *expected, "{now} {unpublished}");
        };
        check("2029-12-31", false, &kept);
        check("2030-01-01", false, &Position::default());
        check("2029-12-31", true, &Position::default());
    }
}
