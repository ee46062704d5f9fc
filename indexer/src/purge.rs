//! Forgetting: an erasure takes an asset out of every index at once, but the words of a deleted document lie in a
//! segment until it is merged away. What may still hold them is built again.
//!
//! That this is due is no message that could get lost. It follows from what is on disk: each generation says where
//! the log ended when it was begun ([`crate::GenerationInfo::since`]), and each commit which erasure was the last
//! that it, or an index before it, has looked at. Whatever was begun before that erasure is due.

use std::sync::atomic::AtomicBool;

use store::{EventType, Seq};
use views::ViewId;

use crate::{
    error::{IndexError, if_whole},
    indexes::Indexes,
    live::Live,
    progress::Progress,
    rebuild::RebuildOptions,
};

/// The number of events that are read at once.
const PAGE: usize = 1_000;

impl Indexes {
    /// Returns the generations of a view that may still hold words of what was erased since they were begun.
    ///
    /// # Errors
    /// [`IndexError`] when the live generation cannot be read.
    pub(crate) fn to_purge(&self, view: ViewId) -> Result<Vec<String>, IndexError> {
        let being_built = self.building(view)?.filter(|build| build.progress.phase.is_running());
        let mut due = self.all_to_purge(view)?;
        if let Some(build) = being_built {
            // Under a name there is the old one until the new one, `~new-name`, takes its place.
            let is_new =
                |name: &str| name.starts_with('~') || (name.starts_with('g') && name == build.generation);
            due.retain(|name| !is_new(name));
        }
        Ok(due)
    }

    fn all_to_purge(&self, view: ViewId) -> Result<Vec<String>, IndexError> {
        let erased = self.live(view)?.last_commit()?.erased;
        if erased == Seq::ZERO {
            return Ok(Vec::new());
        }
        let mut due = self.generation_dirs(view)?;
        // One that cannot be opened may hold anything.
        due.retain(|name| self.generation(view, name).map_or(true, |found| found.info().since < erased));
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
        view: ViewId,
        stop: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<bool, IndexError> {
        let lock = self.lock(view, "build.lock", stop)?;
        let due = self.all_to_purge(view)?;
        if due.is_empty() {
            return Ok(false);
        }
        let live = self.live_or_missing(view)?;
        if due.contains(&live.name) {
            let options = RebuildOptions { keep_previous: false, ..RebuildOptions::default() };
            self.rebuild_holding(&lock, view, &options, stop, progress)?;
        } else if live.previous.as_ref().is_some_and(|previous| due.contains(previous)) {
            self.write_live(view, &Live { name: live.name, previous: None })?;
        }
        self.remove_leftovers(view, &self.live_or_missing(view)?, None)?;
        for name in due.iter().filter_map(|name| name.strip_prefix('@')) {
            match self.as_of_what(view, &format!("@{name}"))? {
                Some(as_of) => {
                    let options = RebuildOptions::default();
                    self.build_as_of_holding(&lock, view, (&as_of, name), &options, stop, progress)?;
                }
                None => self.remove(view, &format!("@{name}"))?,
            }
        }
        let erased = self.live(view)?.last_commit()?.erased;
        if !self.let_go(view, erased) {
            tracing::warn!(view = view.name(), "searches under way still have files open that were removed");
        }
        Ok(true)
    }

    /// Returns the last erasure up to `start`: the one that the live generation knows of, or one that it has not come
    /// to yet.
    pub(crate) fn last_erasure(&self, view: ViewId, live: &Live, start: Seq) -> Result<Seq, IndexError> {
        let commit = if_whole(self.generation(view, &live.name).and_then(|live| live.last_commit()))?;
        let snapshot = self.log().snapshot()?;
        let (mut at, mut erased) = match commit.map(|commit| (commit.check(view, &snapshot), commit)) {
            Some((Ok(()), commit)) => (commit.reached, commit.erased),
            // What the index knows is of another log, or gone: the log is looked through from its beginning.
            None | Some((Err(IndexError::LostLog(_)), _)) => (Seq::ZERO, Seq::ZERO),
            Some((Err(error), _)) => return Err(error),
        };
        let alone = self.generation_dirs(view)?.iter().all(|name| *name == live.name);
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
