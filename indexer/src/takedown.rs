//! Takedowns: what readers may not see any more leaves every generation that answers, not the live one alone: the one
//! before it, to which one may go back, and the archive as it stood under each name. What is brought back comes back
//! there.
//!
//! These generations follow nothing else. Each says in its commits up to where it has followed takedowns, and makes the
//! documents that one touches anew from its own snapshot: [`store::Snapshot::live`] of the past hides what is hidden
//! today. The live generation's checkpoint waits until all others have followed ([`crate::commit::Commit::held`]), so
//! that whoever sees it pass a withdrawal counts nothing of what was withdrawn, wherever he asks.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Instant,
};

use store::{AssetRef, EventType, Log, Payload, ReadError, Seq, Snapshot};
use views::{Change, Touch, ViewId};

use crate::{
    commit::Commit,
    error::{IndexError, io},
    fanout::{queue, remove_others},
    generation::Generation,
    indexes::Indexes,
    worker::TRY_AGAIN,
    writer::GenerationWriter,
};

/// The number of events that are read at once.
const PAGE: usize = 1_000;
/// The largest number of touched documents that one commit renews, or one more event's worth.
const TOUCHED_MAX: usize = 5_000;
/// A generation that nothing is taken from says after so many events that it has looked at them.
const SAY_EVERY: u64 = 10_000;

/// Returns true if an event may change what readers see of the past: if it hides an asset, or brings one back.
///
/// # Errors
/// [`ReadError`] when the log cannot be read.
pub(crate) fn is_takedown(change: &Change, snapshot: &Snapshot) -> Result<bool, ReadError> {
    match change.event_type {
        EventType::Withdrawn(_) | EventType::Restored(_) | EventType::Erased(_) => Ok(true),
        EventType::Merged | EventType::Unmerged => Ok(true),
        EventType::Published(_) => ends_a_withdrawal(change.seq, snapshot),
        EventType::Other(_) => Ok(false),
    }
}

/// Returns true if the asset may have been withdrawn before this revision of it.
fn ends_a_withdrawal(seq: Seq, snapshot: &Snapshot) -> Result<bool, ReadError> {
    for before in snapshot.history_from(seq).skip(1) {
        let event = snapshot.event(before?)?;
        match (&event.event_type, &event.payload) {
            (EventType::Withdrawn(_), _) => return Ok(true),
            // One that was not public ended nothing.
            (EventType::Published(_), Payload::Kept { visibility, .. }) if !visibility.is_public() => {}
            _ => return Ok(false),
        }
    }
    Ok(false)
}

impl Generation {
    /// Hands the documents that an event may have changed to `touch`, given a snapshot that has the event. In the
    /// archive as it stood those are the ones that the asset stood in then.
    pub(crate) fn touched_by(
        &self,
        change: &Change,
        snapshot: &Snapshot,
        touch: Touch<'_>,
    ) -> Result<(), IndexError> {
        let then = self.info().as_of.as_ref().map(|_| self.snapshot(snapshot.log())).transpose()?;
        let Some(then) = then else { return Ok(self.view().touched_by(change, snapshot, touch)?) };
        // What an erased asset named, the erasure says alone.
        if matches!(change.event_type, EventType::Erased(_)) {
            self.view().touched_by(change, snapshot, touch)?;
        }
        if let Some(state) = then.state(&change.asset)? {
            self.view().touched_by(&Change { seq: state.latest, ..change.clone() }, &then, touch)?;
        }
        Ok(())
    }
}

impl Indexes {
    /// Follows takedowns in all generations beside the live one, and returns up to which event.
    ///
    /// # Errors
    /// [`IndexError`]; what was committed before it stays.
    pub(crate) fn follow_takedowns(&self, view: ViewId, stop: &AtomicBool) -> Result<Seq, IndexError> {
        let _alone = self.lock(view, "takedown.lock", stop)?;
        let upto = self.log().head()?.seq;
        for name in self.others(view)? {
            self.follow_takedowns_in(view, &name, upto, stop)?;
        }
        Ok(upto)
    }

    /// Follows takedowns in one generation, for a caller that holds `takedown.lock`. One that is out of service answers nobody.
    pub(crate) fn follow_takedowns_in(
        &self,
        view: ViewId,
        name: &str,
        upto: Seq,
        stop: &AtomicBool,
    ) -> Result<(), IndexError> {
        let followed = self.generation(view, name).and_then(|generation| {
            if generation.last_commit()?.followed(generation.info()) >= upto {
                return Ok(());
            }
            GenerationWriter::follower(generation)?.follow_takedowns(self.log(), upto, stop)
        });
        match followed {
            Err(IndexError::Damaged { .. } | IndexError::NoGeneration { .. }) => Ok(()),
            // It was removed or replaced meanwhile.
            Err(_) if !self.view_dir(view).join(name).is_dir() => Ok(()),
            Err(error) if error.is_damage() => self.take_out_of_service(view, name, &error).map(drop),
            other => other,
        }
    }
}

/// The thread on which a worker has takedowns followed while it keeps the live generation up to date.
#[derive(Default)]
pub(crate) struct Following {
    thread: Option<JoinHandle<()>>,
    /// The outcome, set before anybody is woken to look.
    outcome: Arc<Mutex<Option<Result<Seq, IndexError>>>>,
    failed: Option<Instant>,
}

impl Following {
    /// Begins, unless it is under way, or failed a moment ago.
    pub(crate) fn begin(
        &mut self,
        indexes: &Indexes,
        view: ViewId,
        stop: &Arc<AtomicBool>,
    ) -> Result<(), IndexError> {
        if self.thread.is_some() || self.failed.is_some_and(|failed| failed.elapsed() < TRY_AGAIN) {
            return Ok(());
        }
        let (following, stop, outcome) = (indexes.clone(), Arc::clone(stop), Arc::clone(&self.outcome));
        let follow = move || {
            let followed = catch_unwind(AssertUnwindSafe(|| following.follow_takedowns(view, &stop)));
            *locked(&outcome) = Some(followed.unwrap_or(Err(IndexError::Panicked)));
            following.log().wake_followers();
        };
        let thread = std::thread::Builder::new().name(format!("takedowns-{}", view.name()));
        self.thread = Some(thread.spawn(follow).map_err(io(indexes.view_dir(view)))?);
        Ok(())
    }

    /// Returns true if what was begun has ended.
    pub(crate) fn is_done(&self) -> bool {
        locked(&self.outcome).is_some()
    }

    /// Returns up to which event takedowns were followed, once after that was begun. What failed is said, and begun
    /// again later.
    pub(crate) fn done(&mut self, view: ViewId) -> Option<Seq> {
        let outcome = locked(&self.outcome).take()?;
        self.end();
        match outcome {
            Ok(upto) => return Some(upto),
            Err(IndexError::Stopped) => {}
            Err(error) => {
                let view = view.name();
                tracing::error!(view, %error, "takedowns cannot be followed in all its indexes; trying again soon");
                self.failed = Some(Instant::now());
            }
        }
        None
    }

    /// Waits for what was begun.
    pub(crate) fn end(&mut self) {
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("following takedowns has panicked");
        }
    }
}

fn locked<T>(outcome: &Mutex<T>) -> MutexGuard<'_, T> {
    outcome.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GenerationWriter {
    /// Takes in takedowns up to an event.
    fn follow_takedowns(&mut self, log: &Log, upto: Seq, stop: &AtomicBool) -> Result<(), IndexError> {
        let mut at = self.commit.followed(self.generation().info());
        let mut said = at;
        while at < upto || !self.fanouts.is_empty() {
            if stop.load(Ordering::Acquire) {
                return Err(IndexError::Stopped);
            }
            let mut touched = BTreeSet::new();
            at = self.gather_takedowns(log, (at, upto), &mut touched)?;
            let nothing = touched.is_empty() && self.fanouts.is_empty();
            if nothing && (at < upto || at.get() - said.get() < SAY_EVERY) {
                continue;
            }
            self.renew(touched.into_iter().collect(), log)?;
            self.slice(log, at, at, false)?;
            let Commit { reached, link, erased, held, .. } = self.commit.clone();
            let commit = Commit::at(reached, link, erased, self.fanouts.clone()).held_at(held);
            self.commit(Commit { takedowns: at, ..commit })?;
            said = at;
            let dir = self.generation.dir();
            remove_others(dir, &self.commit.fanouts).map_err(io(dir))?;
        }
        // Each takedown may leave a small segment behind.
        Ok(self.writer.merge_small()?)
    }

    /// Collects what the next takedowns touch, a commit's worth. Returns the last event that was looked at.
    fn gather_takedowns(
        &mut self,
        log: &Log,
        (mut at, upto): (Seq, Seq),
        touched: &mut BTreeSet<store::AssetId>,
    ) -> Result<Seq, IndexError> {
        while at < upto && touched.len() < TOUCHED_MAX {
            let snapshot = log.snapshot()?;
            let page = snapshot.changes(at.next(), PAGE)?;
            if page.is_empty() {
                break;
            }
            for (seq, event_type, id) in page.into_iter().take_while(|(seq, ..)| *seq <= upto) {
                at = seq;
                let Some(kind) = event_type.kind() else { continue };
                let change = Change { seq, event_type, asset: AssetRef::new(kind, id) };
                if !is_takedown(&change, &snapshot)? {
                    continue;
                }
                if let Some(fanout) = self.touch(&change, &snapshot, touched)? {
                    queue(&mut self.fanouts, fanout);
                }
                if touched.len() >= TOUCHED_MAX {
                    break;
                }
            }
        }
        Ok(at)
    }
}
