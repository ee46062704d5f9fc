//! Pins: a view at one commit that somebody goes on reading for a while, as a point in time or a scroll.
//!
//! A pin keeps which documents there were and in which order they come, but not what readers may not see any more:
//! whatever a withdrawal touches is left out from then on. An erasure ends each pin whose generation began before it:
//! its files may hold what was erased, and a file that somebody has mapped is on the disk however often it was removed.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use store::{AssetId, AssetRef, EventType, Log, Seq};
use views::{Change, ViewId};

use crate::{
    error::IndexError,
    generation::{Generation, IndexSearcher},
    indexes::Indexes,
};

/// The number of events that are read at once.
const PAGE: usize = 1_000;
/// A pin that so many documents were taken from is closed: leaving them out would slow each search.
const MAX_HIDDEN: usize = 10_000;
/// The longest time that a purge waits for searches that are under way, and the time between two looks.
const SEARCHES: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A view at one commit, kept for as long as this is.
pub struct Pin {
    log: Log,
    view: ViewId,
    /// The log's last event when the generation was begun.
    since: Seq,
    state: Mutex<State>,
}

enum State {
    Open { at: PinnedAt, looked: Seq },
    Closed(PinClosed),
}

/// The index that a pin is searched in.
#[derive(Clone)]
pub struct PinnedAt {
    /// The generation.
    pub generation: Arc<Generation>,
    /// At this commit.
    pub index: Arc<IndexSearcher>,
    /// Without these: readers may not see them any more, or not as they are there.
    pub hidden: Arc<BTreeSet<AssetId>>,
}

/// The reason why there is nothing to be searched of a pin any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinClosed {
    /// Something was erased since its generation was begun.
    Erased,
    /// More was withdrawn since than is left out of it.
    Withdrawn,
}

impl Pin {
    /// Returns what is to be searched now, or why there is nothing.
    ///
    /// # Errors
    /// [`IndexError`] when the log cannot be read.
    pub fn at(&self) -> Result<Result<PinnedAt, PinClosed>, IndexError> {
        let mut state = self.state();
        let (at, looked) = match &*state {
            State::Closed(why) => return Ok(Err(*why)),
            State::Open { at, looked } => (at.clone(), *looked),
        };
        let next = self.look(at, looked)?;
        let found = match &next {
            State::Open { at, .. } => Ok(at.clone()),
            State::Closed(why) => Err(*why),
        };
        *state = next;
        Ok(found)
    }

    /// Returns what has become of it since events up to `looked` were looked at.
    fn look(&self, mut at: PinnedAt, mut looked: Seq) -> Result<State, IndexError> {
        let head = self.log.head()?.seq;
        while looked < head {
            let snapshot = self.log.snapshot()?;
            for (seq, event_type, id) in snapshot.changes(looked.next(), PAGE)? {
                looked = seq;
                match event_type {
                    EventType::Erased(_) if self.since < seq => return Ok(State::Closed(PinClosed::Erased)),
                    EventType::Withdrawn(kind) => {
                        let change = Change { seq, event_type, asset: AssetRef::new(kind, id) };
                        let hidden = Arc::make_mut(&mut at.hidden);
                        at.generation.touched_by(&change, &snapshot, &mut |id| {
                            hidden.insert(id);
                            Ok(())
                        })?;
                    }
                    _ => {}
                }
            }
            if at.hidden.len() > MAX_HIDDEN {
                return Ok(State::Closed(PinClosed::Withdrawn));
            }
        }
        Ok(State::Open { at, looked })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Indexes {
    /// Keeps a generation at one commit.
    pub fn pin(&self, generation: Arc<Generation>, index: Arc<IndexSearcher>) -> Arc<Pin> {
        let info = generation.info();
        let (view, since, looked) = (generation.view(), info.since, index.followed);
        let at = PinnedAt { generation, index, hidden: Arc::default() };
        let state = Mutex::new(State::Open { at, looked });
        let pin = Arc::new(Pin { log: self.log().clone(), view, since, state });
        let mut pins = self.pins();
        pins.retain(|pin| pin.strong_count() > 0);
        pins.push(Arc::downgrade(&pin));
        pin
    }

    /// Closes the pins of a view whose generations were begun before this erasure.
    pub(crate) fn close_pins(&self, view: ViewId, erased: Seq) {
        for pin in self.pins().iter().filter_map(std::sync::Weak::upgrade) {
            if pin.view == view && pin.since < erased {
                *pin.state() = State::Closed(PinClosed::Erased);
            }
        }
    }

    /// Lets go of every file that may hold what was erased, and waits for the searches that are under way in them.
    /// Returns true if nothing of this process has one open any more.
    pub(crate) fn let_go(&self, view: ViewId, erased: Seq) -> bool {
        self.close_pins(view, erased);
        let until = Instant::now() + SEARCHES;
        loop {
            self.forget_replaced();
            let is_open = self
                .open_files()
                .iter()
                .filter_map(std::sync::Weak::upgrade)
                .any(|files| files.view == view && files.since < erased);
            if !is_open || Instant::now() >= until {
                return !is_open;
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}
