//! Values of the machine room's charts: the log's head and each view's checkpoint, looked at every second
//! for the last two minutes. Only as long as the pages are served, and nothing is written anywhere.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use search::Search;
use views::{VIEWS, ViewId};

/// The time between two looks.
const EVERY: Duration = Duration::from_secs(1);
/// So many looks are kept.
const KEPT: usize = 120;

/// One look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    head: u64,
    /// In the order of [`VIEWS`]; the head where a view cannot be read, which its card says.
    reached: [u64; 3],
}

/// The last two minutes.
#[derive(Debug, Default)]
pub(in crate::pages) struct Gauges {
    looks: Mutex<VecDeque<Look>>,
}

impl Gauges {
    /// Begins to look. The thread ends when nobody holds what is returned.
    pub(in crate::pages) fn start(search: &Search) -> Arc<Self> {
        let gauges = Arc::new(Self::default());
        let (weak, search) = (Arc::downgrade(&gauges), search.clone());
        let work = move || {
            while let Some(gauges) = weak.upgrade() {
                gauges.add(look(&search));
                drop(gauges);
                thread::sleep(EVERY);
            }
        };
        if let Err(error) = thread::Builder::new().name("gauges".to_owned()).spawn(work) {
            tracing::warn!(%error, "the machine room has no charts: no thread can be started");
        }
        gauges
    }

    fn add(&self, look: Option<Look>) {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.extend(look);
        while looks.len() > KEPT {
            looks.pop_front();
        }
    }

    /// Events that the log took in each second, oldest first.
    pub(super) fn rates(&self) -> Vec<u64> {
        let looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs = looks.iter().zip(looks.iter().skip(1));
        pairs.map(|(before, after)| after.head.saturating_sub(before.head)).collect()
    }

    /// Events that a view had still to take in, oldest first.
    pub(super) fn lags(&self, view: ViewId) -> Vec<u64> {
        let looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let at = VIEWS.iter().position(|other| *other == view).unwrap_or_default();
        let lag = |look: &Look| look.reached.get(at).map_or(0, |reached| look.head.saturating_sub(*reached));
        looks.iter().map(lag).collect()
    }
}

fn look(search: &Search) -> Option<Look> {
    let head = search.log().head().ok()?.seq.get();
    let reached = |view| {
        let live = search.indexes().live(view).and_then(|generation| generation.reached());
        live.map_or(head, store::Seq::get)
    };
    Some(Look { head, reached: VIEWS.map(reached) })
}

#[cfg(test)]
mod tests {
    use views::IMAGES;

    use super::*;

    #[test]
    fn rates_and_lags_are_those_of_the_last_two_minutes() {
        let gauges = Gauges::default();
        assert_eq!((gauges.rates(), gauges.lags(IMAGES)), (Vec::new(), Vec::new()));
        for head in [10, 10, 25] {
            gauges.add(Some(Look { head, reached: [10, 7, 30] }));
        }
        gauges.add(None);
        assert_eq!(gauges.rates(), [0, 15]);
        assert_eq!(gauges.lags(VIEWS[0]), [0, 0, 15]);
        assert_eq!(gauges.lags(VIEWS[1]), [3, 3, 18]);
        assert_eq!(gauges.lags(VIEWS[2]), [0, 0, 0]);
        for _ in 0..200 {
            gauges.add(Some(Look { head: 25, reached: [25; 3] }));
        }
        assert_eq!(gauges.lags(VIEWS[0]), [0; KEPT]);
    }
}
