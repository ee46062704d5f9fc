//! The assets that a load has met: one record of a load is one asset.

use std::collections::HashSet;

/// The number of hashes that are gathered before they are sorted.
const RECENT: usize = 64 << 10;
/// The number of hashes that are remembered; what comes after is taken as not met. 64 MB.
const MAX: usize = 8 << 20;

/// A set of hashes that takes eight bytes for each, and little more while it grows.
#[derive(Default)]
pub(super) struct Met {
    recent: HashSet<u64>,
    /// Sorted, each longer than the one after it.
    runs: Vec<Vec<u64>>,
}

impl Met {
    pub(super) fn contains(&self, hash: u64) -> bool {
        self.recent.contains(&hash) || self.runs.iter().any(|run| run.binary_search(&hash).is_ok())
    }

    /// Adds one. Returns true if it was not there.
    pub(super) fn insert(&mut self, hash: u64) -> bool {
        if self.contains(hash) {
            return false;
        }
        self.recent.insert(hash);
        if self.recent.len() >= RECENT {
            self.sort();
        }
        true
    }

    fn sort(&mut self) {
        let mut run: Vec<u64> = self.recent.drain().collect();
        if self.runs.iter().map(Vec::len).sum::<usize>() + run.len() > MAX {
            return;
        }
        while self.runs.last().is_some_and(|last| last.len() <= 2 * run.len()) {
            run.extend(self.runs.pop().unwrap_or_default());
        }
        run.sort_unstable();
        run.shrink_to_fit();
        self.runs.push(run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_met_is_known_however_many_there_are() {
        let mut met = Met::default();
        let hash = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        assert!((0..300_000).all(|n| met.insert(hash(n))));
        assert!((0..300_000).all(|n| met.contains(hash(n)) && !met.insert(hash(n))));
        assert!((300_000..400_000).all(|n| !met.contains(hash(n))));
        assert!(met.runs.len() < 8 && met.runs.iter().map(Vec::capacity).sum::<usize>() <= 300_000);
    }
}
