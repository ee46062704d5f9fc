//! Forgetting: an erasure takes an asset out of every index at once, but the words of a deleted document lie in a
//! segment until it is merged away. What may still hold them is built again.
//!
//! That this is due is no message that could get lost. It follows from what is on disk: each generation says where
//! the log ended when it was begun ([`crate::GenerationInfo::since`]), and each commit which erasure was the last
//! that it, or an index before it, has looked at. Whatever was begun before that erasure is due.

use std::sync::atomic::AtomicBool;

use store::{AssetKind, EventType, Seq};

use crate::{error::IndexError, indexes::Indexes, live::Live, progress::Progress, rebuild::RebuildOptions};

/// How many events are read at once.
const PAGE: usize = 1_000;

impl Indexes {
    /// Generations of a view that may still hold words of what was erased since they were begun.
    ///
    /// # Errors
    /// [`IndexError`] when the live generation cannot be read.
    pub(crate) fn to_purge(&self, kind: AssetKind) -> Result<Vec<String>, IndexError> {
        let being_built = self.building(kind)?.filter(|build| build.progress.phase.is_running());
        let mut due = self.all_to_purge(kind)?;
        if let Some(build) = being_built {
            // Under a name there is the old one until the new one, `~new-name`, takes its place.
            let is_new =
                |name: &str| name.starts_with('~') || (name.starts_with('g') && name == build.generation);
            due.retain(|name| !is_new(name));
        }
        Ok(due)
    }

    fn all_to_purge(&self, kind: AssetKind) -> Result<Vec<String>, IndexError> {
        let erased = self.live(kind)?.last_commit()?.erased;
        if erased == Seq::ZERO {
            return Ok(Vec::new());
        }
        let mut due = self.generation_dirs(kind)?;
        // One that cannot be opened may hold anything.
        due.retain(|name| self.generation(kind, name).map_or(true, |found| found.info().since < erased));
        Ok(due)
    }

    /// Builds everything of a view again that may still hold words of what was erased: the live generation, and the
    /// archive as it stood under each name; one that was kept for going back is removed. In the end no file that may
    /// hold it is open in this process: what searches have pinned is closed. Returns whether there was anything to do. [`crate::Workers`] do this by themselves.
    ///
    /// # Errors
    /// [`IndexError`]; what was not reached yet is as it was, and still due.
    pub fn purge(
        &self,
        kind: AssetKind,
        stop: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<bool, IndexError> {
        let lock = self.lock(kind, "build.lock", stop)?;
        let due = self.all_to_purge(kind)?;
        if due.is_empty() {
            return Ok(false);
        }
        let live = self.live_or_missing(kind)?;
        if due.contains(&live.name) {
            let options = RebuildOptions { keep_previous: false, ..RebuildOptions::default() };
            self.rebuild_holding(&lock, kind, &options, stop, progress)?;
        } else if live.previous.as_ref().is_some_and(|previous| due.contains(previous)) {
            self.write_live(kind, &Live { name: live.name, previous: None })?;
        }
        self.remove_leftovers(kind, &self.live_or_missing(kind)?, None)?;
        for name in due.iter().filter_map(|name| name.strip_prefix('@')) {
            match self.as_of_what(kind, &format!("@{name}")) {
                Some(as_of) => {
                    let options = RebuildOptions::default();
                    self.build_as_of_holding(&lock, kind, (&as_of, name), &options, stop, progress)?;
                }
                None => self.remove(kind, &format!("@{name}"))?,
            }
        }
        let erased = self.live(kind)?.last_commit()?.erased;
        if !self.let_go(kind, erased) {
            tracing::warn!(
                view = kind.plural(),
                "searches under way still have files open that were removed"
            );
        }
        Ok(true)
    }

    /// The last erasure up to `start`: the one that the live generation knows of, or one that it has not come to
    /// yet.
    pub(crate) fn last_erasure(&self, kind: AssetKind, live: &Live, start: Seq) -> Result<Seq, IndexError> {
        let commit = self.generation(kind, &live.name).and_then(|live| live.last_commit()).ok();
        let snapshot = self.log().snapshot()?;
        let commit = commit.filter(|commit| commit.check(kind, &snapshot).is_ok());
        let (mut at, mut erased) =
            commit.map_or((Seq::ZERO, Seq::ZERO), |commit| (commit.reached, commit.erased));
        let alone = self.generation_dirs(kind)?.iter().all(|name| *name == live.name);
        if alone && at == Seq::ZERO {
            return Ok(erased); // there is nothing that could hold what was erased
        }
        while at < start {
            let page = self.log().snapshot()?.changes(at.next(), PAGE)?;
            let Some((last, ..)) = page.last() else { break };
            at = *last;
            let erasures =
                page.iter().filter(|(_, event_type, _)| matches!(event_type, EventType::Erased(_)));
            erased = erasures.map(|(seq, ..)| *seq).filter(|seq| *seq <= start).max().unwrap_or(erased);
        }
        Ok(erased)
    }
}
