//! The archive as it stood at a moment that somebody asks for, rather than under a name that somebody gave it: built
//! when it is first asked for, built again when the log has taken more that belongs to it, and kept while it is among
//! those used last.
//!
//! Its name is the moment itself in UTC: `@1912-04-16T07-20-00.000Z`, `@seq-12`. The file `used` in its directory has
//! the last event of the log that was looked at for it; the file's own time is when it was asked for last.

use std::{fs, io::ErrorKind, path::Path, sync::atomic::AtomicBool, time::SystemTime};

use store::{AsOf, Seq};
use views::ViewId;

use crate::{
    error::{IndexError, if_whole, io},
    generation::Generation,
    indexes::Indexes,
    progress::Progress,
    rebuild::RebuildOptions,
};

/// The number of pasts of a view that are kept.
const KEPT: usize = 5;
/// The number of events that are looked at from one snapshot.
const PAGE: u64 = 10_000;
const USED: &str = "used";

impl Indexes {
    /// Makes the archive as of a moment ready to be searched, and says by which name. Those of a view that were asked
    /// for in this way and are not among the last five are removed.
    ///
    /// # Errors
    /// [`IndexError`]; what there was of this moment is still there then.
    pub fn ready_as_of(
        &self,
        view: ViewId,
        as_of: &AsOf,
        options: &RebuildOptions,
        stop: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<String, IndexError> {
        let name = name_of(*as_of);
        if !self.has_as_of(view, &name, as_of)? {
            let lock = self.lock(view, "build.lock", stop)?;
            // Another may have built it meanwhile.
            if !self.has_as_of(view, &name, as_of)? {
                self.build_as_of_holding(&lock, view, (as_of, &name), options, stop, progress)?;
                self.has_as_of(view, &name, as_of)?;
            }
            self.remove_unused(view)?;
        }
        Ok(name)
    }

    /// Returns true if what was built under this name is all of the archive as of this moment, by the rules of today.
    ///
    /// # Errors
    /// [`IndexError`] when the log cannot be read, or what is there cannot be opened though it is whole.
    pub fn has_as_of(&self, view: ViewId, name: &str, as_of: &AsOf) -> Result<bool, IndexError> {
        let Some(built) = if_whole(self.named(view, name))? else { return Ok(false) };
        if built.info().as_of.as_deref() != Some(&as_of.to_string()) || built.is_outdated() {
            return Ok(false);
        }
        let head = self.log().head()?.seq;
        if let AsOf::Time(_) = as_of {
            let mut looked_at = looked_at(&built);
            while looked_at < head {
                let upto = head.min(Seq::new(looked_at.get() + PAGE));
                let snapshot = self.log().snapshot_as_of_within(*as_of, upto)?;
                if !snapshot.changes(looked_at.next(), 1)?.is_empty() {
                    return Ok(false);
                }
                looked_at = upto;
            }
        }
        // A directory that cannot be written is looked at again the next time.
        if let Err(error) = fs::write(built.dir().join(USED), head.to_string()) {
            tracing::debug!(dir = %built.dir().display(), %error, "that it was used cannot be noted");
        }
        Ok(true)
    }

    /// Removes what was asked for by its moment and is not among the last. The caller holds `build.lock`.
    fn remove_unused(&self, view: ViewId) -> Result<(), IndexError> {
        let mut names: Vec<(SystemTime, String)> = Vec::new();
        for name in self.generations(view)?.iter().filter_map(|name| name.strip_prefix('@')) {
            if is_moment(name) {
                let dir = self.view_dir(view).join(format!("@{name}"));
                let used = match modified(&dir.join(USED))? {
                    Some(used) => Some(used),
                    None => modified(&dir)?,
                };
                // One that is gone meanwhile needs no removal.
                names.extend(used.map(|used| (used, name.to_owned())));
            }
        }
        names.sort_unstable();
        names.reverse();
        for (_, name) in names.into_iter().skip(KEPT) {
            self.remove(view, &format!("@{name}"))?;
        }
        Ok(())
    }
}

/// Returns when a file or directory was last written; `None` where it is not there.
fn modified(path: &Path) -> Result<Option<SystemTime>, IndexError> {
    match fs::metadata(path).and_then(|found| found.modified()) {
        Ok(time) => Ok(Some(time)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io(path)(error)),
    }
}

/// Returns the last event of the log that was looked at for what belongs to it. A note that is not there, or was cut
/// short, only has the log looked through once more.
fn looked_at(built: &Generation) -> Seq {
    let noted = fs::read_to_string(built.dir().join(USED)).ok().and_then(|text| text.parse().ok());
    built.info().since.max(noted.unwrap_or(Seq::ZERO))
}

/// Returns the name of what is asked for by its moment.
fn name_of(as_of: AsOf) -> String {
    as_of.to_string().replace(':', "-")
}

/// Returns true if a name is one that [`name_of`] gives.
fn is_moment(name: &str) -> bool {
    let text = match (name.strip_prefix("seq-"), name.split_once('T')) {
        (Some(seq), _) => format!("seq:{seq}"),
        (None, Some((date, time))) => format!("{date}T{}", time.replace('-', ":")),
        (None, None) => return false,
    };
    text.parse::<AsOf>().is_ok_and(|as_of| name_of(as_of) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_one_name_however_it_is_written() {
        let name = |text: &str| name_of(text.parse().unwrap());
        for (text, expected) in [
            ("1912-04-16T02:20:00+05:00", "1912-04-15T21-20-00.000Z"),
            ("1912-04-16T02:20:00-05:00", "1912-04-16T07-20-00.000Z"),
            ("1912-04-16T07:20:00Z", "1912-04-16T07-20-00.000Z"),
            ("1912-04-16", "1912-04-16T23-59-59.999Z"),
            ("seq:12", "seq-12"),
        ] {
            assert_eq!(name(text), expected);
            assert!(is_moment(expected), "{expected}");
        }
        for given in ["fifties", "1912-04-16", "seq-x", "Titanic", "1912-04-16T07-20-00Z"] {
            assert!(!is_moment(given), "{given}");
        }
    }
}
