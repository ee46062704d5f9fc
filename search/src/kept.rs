//! Commits that somebody leafs through: scores are of a commit, so that the next page has to come from the one that the
//! page before came from. Else hits are lost and repeated while an archive grows.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use indexer::{Pin, PinnedAt};
use query::IndexName;

use crate::{engine::Pinned, error::SearchError};

/// The time for which one is kept after it was last asked.
const KEEP: Duration = Duration::from_secs(300);
/// The most that are kept: each holds files that a merge has taken the place of.
const MAX_KEPT: usize = 32;

/// The commits that were leafed through lately, the latest last.
#[derive(Default)]
pub(crate) struct Kept {
    commits: Mutex<Vec<Commit>>,
}

struct Commit {
    name: String,
    view: IndexName,
    pin: Arc<Pin>,
    used: Instant,
}

impl Kept {
    /// Keeps a view at its commit of this name; where there is no room, the one that was asked the longest ago goes.
    pub(crate) fn keep(&self, name: String, view: IndexName, pin: impl FnOnce() -> Arc<Pin>) {
        let mut commits = self.unexpired();
        let pin = match take(&mut commits, &name, &view) {
            Some(known) => known.pin,
            None => pin(),
        };
        let too_many = (commits.len() + 1).saturating_sub(MAX_KEPT);
        let gone: Vec<Commit> = commits.drain(..too_many).collect();
        commits.push(Commit { name, view, pin, used: Instant::now() });
        // Files are closed where nobody waits for it.
        drop(commits);
        drop(gone);
    }

    /// The commit of this name, if it is kept. An erasure ends it, as it ends every [pin](Pin).
    ///
    /// # Errors
    /// [`SearchError`] when the log cannot be read.
    pub(crate) fn find(&self, name: &str, view: &IndexName) -> Result<Option<Pinned>, SearchError> {
        let mut commits = self.unexpired();
        let Some(commit) = take(&mut commits, name, view) else { return Ok(None) };
        let pin = Arc::clone(&commit.pin);
        commits.push(Commit { used: Instant::now(), ..commit });
        drop(commits);
        let found = pin.at()?.ok();
        let name = view.clone();
        Ok(found.map(|PinnedAt { generation, index, hidden }| Pinned { name, generation, index, hidden }))
    }

    fn unexpired(&self) -> MutexGuard<'_, Vec<Commit>> {
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        commits.retain(|commit| now.saturating_duration_since(commit.used) < KEEP);
        commits
    }
}

fn take(commits: &mut Vec<Commit>, name: &str, view: &IndexName) -> Option<Commit> {
    let at = commits.iter().position(|commit| commit.name == name && commit.view == *view)?;
    Some(commits.remove(at))
}
