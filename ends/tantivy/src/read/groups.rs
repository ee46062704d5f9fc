//! Collapsing: of all documents with the same value of a field, the best.
//!
//! No more groups are held than can be on the page. A group that was turned out comes back only with a document that
//! is better than the worst of those held, which is then the best of its group.

use std::collections::{BTreeMap, HashMap};

use super::order::{Candidate, Rank};

/// The best document of each of the best groups of one segment; documents without a value are one group.
pub(super) struct Groups {
    limit: usize,
    ranks: HashMap<Option<u64>, Rank>,
    order: BTreeMap<Rank, (Option<u64>, Candidate)>,
}

impl Groups {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ranks: HashMap::new(), order: BTreeMap::new() }
    }

    /// Takes one more document in, if it is good enough.
    pub(super) fn offer(&mut self, group: Option<u64>, candidate: Candidate) {
        let full = self.order.len() >= self.limit;
        if full && self.order.last_key_value().is_none_or(|(worst, _)| candidate.rank >= *worst) {
            return;
        }
        if let Some(known) = self.ranks.get(&group).copied() {
            if known <= candidate.rank {
                return;
            }
            self.order.remove(&known);
        } else if full && let Some((_, (turned_out, _))) = self.order.pop_last() {
            self.ranks.remove(&turned_out);
        }
        self.ranks.insert(group, candidate.rank);
        self.order.insert(candidate.rank, (group, candidate));
    }

    /// The best first, each with its group.
    pub(super) fn into_sorted(self) -> impl Iterator<Item = (Option<u64>, Candidate)> {
        self.order.into_values()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However documents come, the groups are those of sorting all and keeping the first of each.
        #[test]
        fn the_best_of_each_group(docs in prop::collection::vec((0_u64..6, 0_u64..50), 0..60), limit in 1_usize..8) {
            let mut groups = Groups::new(limit);
            let mut all = Vec::new();
            for (doc, (group, worth)) in (0..).zip(docs) {
                let group = (group > 0).then_some(group);
                let candidate = Candidate { rank: [worth, u64::from(doc), 0, 0, 0], score: 0.0, doc };
                groups.offer(group, candidate);
                all.push((candidate.rank, group));
            }
            all.sort_unstable();
            let mut expected: Vec<(Rank, Option<u64>)> = Vec::new();
            for (rank, group) in all {
                if expected.len() < limit && expected.iter().all(|(_, other)| *other != group) {
                    expected.push((rank, group));
                }
            }
            let found: Vec<_> = groups.into_sorted().map(|(group, candidate)| (candidate.rank, group)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
