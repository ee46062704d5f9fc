//! Collecting: the best documents in an order, how many match, and (for aggregations) which.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};

use query::{Missing, Slice, SortValue};
use store::Seq;
use tantivy::{
    DocAddress, DocId, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
    query::Weight,
};

use super::{
    budget::{Budget, Steps},
    groups::Groups,
    order::{Candidate, Order, Rank, SortColumn, SortKey, Source},
};
use crate::segments::Segments;

/// A document that was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) address: DocAddress,
    pub(crate) seq: Seq,
    pub(crate) score: Score,
    pub(crate) sort: Vec<SortValue>,
    /// The value that it stands for, when hits are collapsed.
    pub(crate) group: Option<SortValue>,
}

/// The best documents, and the count of all.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// The number that match; if there are more than were to be counted, that number.
    pub(crate) total: u64,
    /// True if there are more.
    pub(crate) at_least: bool,
    pub(crate) hits: Vec<Found>,
    pub(crate) max_score: Option<Score>,
    /// True if not everything could be looked at.
    pub(crate) cut_short: bool,
    /// Per segment, for aggregations.
    pub(crate) docs: Vec<(SegmentOrdinal, Vec<DocId>)>,
}

/// Options of a collection.
pub(crate) struct Collect {
    pub(crate) segments: Segments,
    pub(crate) sort: Vec<SortKey>,
    /// The number of the best, those before the page included.
    pub(crate) limit: usize,
    /// Of all documents with the same value, only the best.
    pub(crate) collapse: Option<SortColumn>,
    /// Only what comes after these keys and this seq.
    pub(crate) after: Option<(Vec<SortValue>, u64)>,
    pub(crate) min_score: Option<Score>,
    pub(crate) needs_score: bool,
    /// Up to how many documents are counted: what comes after need not be looked at when it cannot be a hit.
    pub(crate) count_to: u64,
    /// The number that were counted, in all segments together.
    pub(crate) counted: AtomicU64,
    /// The bits of a score that a document must pass, because a segment has as many better ones as are wanted; 0
    /// while none has.
    pub(crate) passed: AtomicU32,
    pub(crate) wants_docs: bool,
    /// Only one part of all documents, which are parted into so many by their seqs.
    pub(crate) slice: Option<Slice>,
    pub(crate) budget: Arc<Budget>,
}

/// The collector of one segment.
pub(crate) struct InSegment {
    order: Order,
    segment: SegmentOrdinal,
    limit: usize,
    after: Option<Rank>,
    min_score: Option<Score>,
    total: u64,
    max_score: Option<Score>,
    best: BinaryHeap<Candidate>,
    groups: Option<(Source, Groups)>,
    docs: Option<Vec<DocId>>,
    slice: Option<Slice>,
    budget: Arc<Budget>,
    steps: Steps,
}

impl Collector for Collect {
    type Fruit = Collected;
    type Child = InSegment;

    fn for_segment(&self, segment: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<InSegment> {
        let columns = self.segments.get(reader);
        let groups = match &self.collapse {
            None => None,
            Some(by) => Some((Source::of(by, &columns)?, Groups::new(self.limit))),
        };
        let mut child = InSegment {
            order: Order::of(&self.sort, &columns)?,
            segment,
            limit: self.limit,
            after: None,
            min_score: self.min_score,
            total: 0,
            max_score: None,
            best: BinaryHeap::with_capacity(self.limit.min(1_024) + 1),
            groups,
            docs: self.wants_docs.then(Vec::new),
            slice: self.slice,
            budget: Arc::clone(&self.budget),
            steps: Steps::default(),
        };
        if let Some((values, seq)) = &self.after {
            child.after = Some(child.order.rank_of(values, *seq)?);
        }
        Ok(child)
    }

    fn requires_scoring(&self) -> bool {
        self.needs_score
    }

    fn collect_segment(
        &self,
        weight: &dyn Weight,
        segment: u32,
        reader: &SegmentReader,
    ) -> tantivy::Result<Collected> {
        if self.budget.next_segment() {
            return Ok(Collected { cut_short: true, ..Collected::default() });
        }
        if self.only_counts() {
            let total = u64::from(weight.count(reader)?);
            self.counted.fetch_add(total, Relaxed);
            return Ok(Collected { total, cut_short: self.budget.is_over(), ..Collected::default() });
        }
        let mut child = self.for_segment(segment, reader)?;
        let alive = reader.alive_bitset();
        let lives = |doc: DocId| alive.is_none_or(|alive| alive.is_alive(doc));
        let by_score_alone =
            matches!(self.sort.as_slice(), [SortKey { by: SortColumn::Score, descending: true, .. }]);
        let only_best = self.count_to < u64::MAX && !self.wants_docs;
        if self.needs_score && by_score_alone && only_best && self.after.is_none() && self.collapse.is_none()
        {
            // When enough are counted, nothing but the best is wanted: blocks that cannot hold any are skipped.
            let start = self.min_score.map_or(Score::MIN, f32::next_down);
            let before = self.counted.load(Relaxed);
            let floor = if before > self.count_to { start.max(self.passed()) } else { start };
            weight.for_each_pruning(floor, reader, &mut |doc, score| {
                if lives(doc) {
                    child.collect(doc, score);
                }
                match child.best.peek() {
                    _ if self.budget.is_over() => Score::MAX,
                    _ if before + child.total <= self.count_to => start,
                    Some(worst) if child.best.len() >= child.limit => just_below(worst.score).max(floor),
                    _ => floor,
                }
            })?;
            self.pass(&child);
        } else if self.needs_score {
            weight.for_each(reader, &mut |doc, score| {
                if lives(doc) {
                    child.collect(doc, score);
                }
            })?;
        } else {
            weight.for_each_no_score(reader, &mut |docs| {
                for doc in docs {
                    if lives(*doc) {
                        child.collect(*doc, 0.0);
                    }
                }
            })?;
        }
        self.counted.fetch_add(child.total, Relaxed);
        Ok(child.harvest())
    }

    fn merge_fruits(&self, segments: Vec<Collected>) -> tantivy::Result<Collected> {
        let mut all = Collected::default();
        for segment in segments {
            all.cut_short |= segment.cut_short;
            all.total += segment.total;
            all.hits.extend(segment.hits);
            all.docs.extend(segment.docs);
            all.max_score = match (all.max_score, segment.max_score) {
                (Some(one), Some(other)) => Some(one.max(other)),
                (one, other) => one.or(other),
            };
        }
        all.hits.sort_by(|one, other| compare(&self.sort, one, other));
        all.hits = first_of_each(all.hits, self.limit, |found| found);
        all.count_to(self.count_to);
        Ok(all)
    }
}

impl Collect {
    /// Returns true if nothing is wanted but the number of all that match.
    fn only_counts(&self) -> bool {
        self.limit == 0
            && !self.wants_docs
            && !self.needs_score
            && self.min_score.is_none()
            && self.slice.is_none()
    }

    /// Returns what a document of another segment must score more than; the lowest of all scores when nothing is known.
    fn passed(&self) -> Score {
        match self.passed.load(Relaxed) {
            0 => Score::MIN,
            bits => Score::from_bits(bits),
        }
    }

    /// Documents of other segments are to be as good as the worst of these, if these are as many as are wanted.
    fn pass(&self, segment: &InSegment) {
        let worst = segment.best.peek().filter(|_| segment.best.len() >= segment.limit);
        let score = worst.map_or(0.0, |worst| just_below(worst.score));
        // No score is negative: their bits are in the same order.
        self.passed.fetch_max(score.to_bits(), Relaxed);
    }
}

impl Collected {
    /// Says no larger number than was to be counted.
    pub(crate) fn count_to(&mut self, count_to: u64) {
        self.at_least |= self.cut_short || self.total > count_to;
        self.total = self.total.min(count_to);
    }
}

/// Returns what a document must score more than to be looked at while one of this score is the worst of those that are
/// wanted: of the same score, one of a lower seq comes first. The most that a block of documents can score is a sum of
/// floating point numbers, added up in another order than the scores are: for 256 of them the two differ by a 32,768th
/// at most.
fn just_below(score: Score) -> Score {
    score.max(0.0) * (1.0 - 1.0 / 32_768.0)
}

/// Which of two comes first in this order.
pub(crate) fn compare(sort: &[SortKey], one: &Found, other: &Found) -> Ordering {
    let keys = sort.iter().zip(one.sort.iter().zip(&other.sort));
    for (key, (one, other)) in keys {
        let missing = |value: &SortValue| *value == SortValue::Missing;
        let order = match (missing(one), missing(other)) {
            (true, true) => Ordering::Equal,
            (true, false) if key.missing == Missing::First => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, true) if key.missing == Missing::First => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) if key.descending => other.against(one),
            (false, false) => one.against(other),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    one.seq.cmp(&other.seq)
}

/// The first hits; of those that stand for the same value only the first.
pub(crate) fn first_of_each<T>(mut hits: Vec<T>, limit: usize, found: impl Fn(&T) -> &Found) -> Vec<T> {
    let mut seen = HashSet::new();
    hits.retain(|hit| match &found(hit).group {
        None => true,
        Some(group) => seen.len() < limit && seen.insert(format!("{group:?}")),
    });
    hits.truncate(limit);
    hits
}

impl SegmentCollector for InSegment {
    type Fruit = Collected;

    fn collect(&mut self, doc: DocId, score: Score) {
        if self.steps.more(1, &self.budget) || self.min_score.is_some_and(|least| score < least) {
            return;
        }
        if self.slice.is_some_and(|slice| !slice.has(self.order.seq(doc))) {
            return;
        }
        self.total += 1;
        self.max_score = Some(self.max_score.map_or(score, |max| max.max(score)));
        if let Some(docs) = &mut self.docs {
            docs.push(doc);
        }
        if self.limit == 0 {
            return;
        }
        let full = self.best.len() >= self.limit;
        let first = self.order.rank_at(0, doc, score);
        if full
            && self.groups.is_none()
            && self.best.peek().is_some_and(|worst| worst.rank.first().is_some_and(|worst| first > *worst))
        {
            return;
        }
        let rank = self.order.rank(first, doc, score);
        if self.after.is_some_and(|after| rank <= after) {
            return;
        }
        let candidate = Candidate { rank, score, doc };
        if let Some((source, groups)) = &mut self.groups {
            groups.offer(source.group(doc), candidate);
        } else if !full {
            self.best.push(candidate);
        } else if let Some(mut worst) = self.best.peek_mut()
            && candidate < *worst
        {
            *worst = candidate;
        }
    }

    fn harvest(mut self) -> Collected {
        let best = std::mem::take(&mut self.best).into_sorted_vec();
        let mut hits: Vec<Found> = best.into_iter().map(|candidate| self.found(&candidate)).collect();
        if let Some((source, groups)) = self.groups.take() {
            hits.extend(groups.into_sorted().map(|(group, candidate)| Found {
                group: Some(source.group_value(group)),
                ..self.found(&candidate)
            }));
        }
        let docs = self.docs.take().map(|docs| (self.segment, docs)).into_iter().collect();
        Collected {
            total: self.total,
            hits,
            max_score: self.max_score,
            docs,
            at_least: false,
            cut_short: self.budget.is_over(),
        }
    }
}

impl InSegment {
    fn found(&self, candidate: &Candidate) -> Found {
        Found {
            address: DocAddress::new(self.segment, candidate.doc),
            seq: Seq::new(self.order.seq(candidate.doc)),
            score: candidate.score,
            sort: self.order.values(candidate.doc, candidate.score),
            group: None,
        }
    }
}
