//! Commits that somebody leafs through: scores are of a commit, so that the next page has to come from the one that the
//! page before came from. Else hits are lost and repeated while an archive grows.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use store::{EventType, Log, ReadError, Seq};

use super::Pinned;

/// How long one is kept since it was last asked.
const KEEP: Duration = Duration::from_secs(300);
/// The most that are kept: each holds files that a merge has taken the place of.
const MAX_KEPT: usize = 32;
/// The most events since a commit that are looked through for erasures; with more it is given up.
const MAX_EVENTS: usize = 50_000;
/// How many of them at once.
const PAGE: usize = 1_000;

/// The commits that were leafed through lately, the latest last.
#[derive(Default)]
pub(super) struct Kept {
    commits: Mutex<Vec<Commit>>,
}

struct Commit {
    name: String,
    view: Pinned,
    used: Instant,
    /// Nothing was erased up to this event since.
    unerased: Seq,
}

impl Kept {
    /// Keeps a view at its commit of this name.
    pub(super) fn keep(&self, name: String, view: Pinned) {
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let known = commits.iter().position(|commit| commit.is(&name, &view));
        let unerased = view.index.reached;
        let commit = match known {
            Some(at) => Commit { used: now, ..commits.remove(at) },
            None => Commit { name, view, used: now, unerased },
        };
        commits.retain(|commit| now.saturating_duration_since(commit.used) < KEEP);
        let too_many = (commits.len() + 1).saturating_sub(MAX_KEPT);
        commits.drain(..too_many);
        commits.push(commit);
    }

    /// The commit of this name, if it is kept and what it shows was not erased since. An erasure closes all of its files at
    /// once, whoever leafs through them.
    ///
    /// # Errors
    /// [`ReadError`] when the log cannot be read.
    pub(super) fn find(
        &self,
        name: &str,
        is_wanted: impl Fn(&Pinned) -> bool,
        log: &Log,
    ) -> Result<Option<Pinned>, ReadError> {
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        commits.retain(|commit| now.saturating_duration_since(commit.used) < KEEP);
        let is_it = |commit: &Commit| commit.name == name && is_wanted(&commit.view);
        let Some(at) = commits.iter().position(is_it) else { return Ok(None) };
        let mut commit = commits.remove(at);
        match erased_since(log, commit.unerased)? {
            Erased::No(seq) => {
                (commit.unerased, commit.used) = (seq, now);
                let view = commit.view.clone();
                commits.push(commit);
                Ok(Some(view))
            }
            Erased::Perhaps => Ok(None),
        }
    }
}

impl Commit {
    fn is(&self, name: &str, view: &Pinned) -> bool {
        self.name == name && self.view.name == view.name
    }
}

enum Erased {
    /// Nothing, up to this event.
    No(Seq),
    Perhaps,
}

/// Whether anything was erased since an event.
fn erased_since(log: &Log, since: Seq) -> Result<Erased, ReadError> {
    let snapshot = log.snapshot()?;
    let mut at = since;
    for _ in 0..MAX_EVENTS / PAGE {
        let page = snapshot.changes(at.next(), PAGE)?;
        if page.iter().any(|(_, event_type, _)| matches!(event_type, EventType::Erased(_))) {
            return Ok(Erased::Perhaps);
        }
        match page.last() {
            Some((last, ..)) => at = *last,
            None => return Ok(Erased::No(at)),
        }
    }
    Ok(Erased::Perhaps)
}
