//! Collecting: the best documents in an order of several keys, how many match, and (for aggregations) which.
//!
//! Within a segment each document's keys become whole numbers that sort as the keys do, so most documents are
//! turned away by one comparison. The last key is always the document's seq, which no other document of the view
//! has: the order is the same whatever the segments are, and a page can begin behind the one before.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, HashSet},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

use serde::Serialize;
use tantivy::{
    DocAddress, DocId, Score, SegmentOrdinal, SegmentReader, TantivyError,
    collector::{Collector, SegmentCollector},
    columnar::{Column, StrColumn},
    query::Weight,
};

use super::{expand::OUT_OF_TIME, groups::Groups};

/// The most keys of an order.
pub(crate) const MAX_SORT_KEYS: usize = 4;

/// One key of an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SortKey {
    pub(crate) by: SortColumn,
    pub(crate) descending: bool,
    pub(crate) missing_first: bool,
}

/// What a key is taken from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SortColumn {
    Score,
    Seq,
    Number(String),
    Text(String),
    /// A view that lacks the field: no document has a value.
    Nothing,
}

/// A key's value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum SortValue {
    /// Of the score.
    Score(f32),
    /// Of a date (in milliseconds) or number.
    Number(i64),
    /// Of an exact value.
    Text(String),
    /// A document that has no such value.
    Missing,
}

/// A document that was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) address: DocAddress,
    pub(crate) seq: u64,
    pub(crate) score: Score,
    pub(crate) sort: Vec<SortValue>,
    /// The value that it stands for, when hits are collapsed.
    pub(crate) group: Option<SortValue>,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// How many match; when there are more than were to be counted, that number.
    pub(crate) total: u64,
    /// Whether there are more.
    pub(crate) at_least: bool,
    pub(crate) hits: Vec<Found>,
    pub(crate) max_score: Option<Score>,
    /// Per segment, for aggregations.
    pub(crate) docs: Vec<(SegmentOrdinal, Vec<DocId>)>,
}

/// What to collect.
pub(crate) struct Collect {
    pub(crate) sort: Vec<SortKey>,
    /// How many of the best, those before the page included.
    pub(crate) limit: usize,
    /// Of all documents with the same value, only the best.
    pub(crate) collapse: Option<SortColumn>,
    /// Only what comes after these keys and this seq.
    pub(crate) after: Option<(Vec<SortValue>, u64)>,
    pub(crate) min_score: Option<Score>,
    pub(crate) needs_score: bool,
    /// Up to how many documents are counted: what comes after need not be looked at when it cannot be a hit.
    pub(crate) count_to: u64,
    /// How many were counted, in all segments together.
    pub(crate) counted: AtomicU64,
    pub(crate) wants_docs: bool,
    pub(crate) deadline: Instant,
}

/// Whole numbers that sort as the keys do, the smaller the better; the seq last.
pub(super) type Rank = [u64; MAX_SORT_KEYS + 1];

#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) rank: Rank,
    pub(super) score: Score,
    pub(super) doc: DocId,
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank)
    }
}

enum Source {
    Score,
    Seq,
    Number(Column<i64>),
    Text(Option<StrColumn>),
    Nothing,
}

impl Source {
    fn of(by: &SortColumn, reader: &SegmentReader) -> tantivy::Result<Self> {
        let columns = reader.fast_fields();
        Ok(match by {
            SortColumn::Score => Self::Score,
            SortColumn::Seq => Self::Seq,
            SortColumn::Number(name) => Self::Number(columns.i64(name)?),
            SortColumn::Text(name) => Self::Text(columns.str(name)?),
            SortColumn::Nothing => Self::Nothing,
        })
    }

    /// The value by which documents are collapsed: as a number that only this segment knows.
    fn group(&self, doc: DocId) -> Option<u64> {
        match self {
            Self::Number(column) => column.values_for_doc(doc).min().map(of_number),
            Self::Text(column) => column.as_ref().and_then(|column| column.term_ords(doc).min()),
            Self::Score | Self::Seq | Self::Nothing => None,
        }
    }

    /// The value again.
    fn group_value(&self, group: Option<u64>) -> SortValue {
        let value = match (self, group) {
            (Self::Number(_), Some(number)) => Some(SortValue::Number((number ^ (1 << 63)) as i64)),
            (Self::Text(Some(column)), Some(ord)) => {
                let mut text = String::new();
                column.ord_to_str(ord, &mut text).ok().map(|_| SortValue::Text(text))
            }
            _ => None,
        };
        value.unwrap_or(SortValue::Missing)
    }
}

/// The collector of one segment.
pub(crate) struct InSegment {
    keys: Vec<(Source, bool, bool)>,
    seqs: Column<u64>,
    segment: SegmentOrdinal,
    limit: usize,
    after: Option<Rank>,
    min_score: Option<Score>,
    total: u64,
    max_score: Option<Score>,
    best: BinaryHeap<Candidate>,
    groups: Option<(Source, Groups)>,
    docs: Option<Vec<DocId>>,
    deadline: Instant,
    steps: u32,
    late: bool,
}

/// What one segment gave.
#[derive(Default)]
pub(crate) struct OfSegment {
    collected: Collected,
    late: bool,
}

impl Collector for Collect {
    type Fruit = Collected;
    type Child = InSegment;

    fn for_segment(&self, segment: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<InSegment> {
        if Instant::now() > self.deadline {
            return Err(TantivyError::InternalError(OUT_OF_TIME.to_owned()));
        }
        let columns = reader.fast_fields();
        let keys = self
            .sort
            .iter()
            .map(|key| Ok((Source::of(&key.by, reader)?, key.descending, key.missing_first)))
            .collect::<tantivy::Result<Vec<_>>>()?;
        let groups = match &self.collapse {
            None => None,
            Some(by) => Some((Source::of(by, reader)?, Groups::new(self.limit))),
        };
        let mut child = InSegment {
            keys,
            seqs: columns.u64("_seq")?,
            segment,
            limit: self.limit,
            after: None,
            min_score: self.min_score,
            total: 0,
            max_score: None,
            best: BinaryHeap::with_capacity(self.limit.min(1_024) + 1),
            groups,
            docs: self.wants_docs.then(Vec::new),
            deadline: self.deadline,
            steps: 0,
            late: false,
        };
        if let Some((values, seq)) = &self.after {
            child.after = Some(child.rank_of(values, *seq)?);
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
    ) -> tantivy::Result<OfSegment> {
        let mut child = self.for_segment(segment, reader)?;
        let alive = reader.alive_bitset();
        let lives = |doc: DocId| alive.is_none_or(|alive| alive.is_alive(doc));
        let by_score_alone =
            matches!(self.sort.as_slice(), [SortKey { by: SortColumn::Score, descending: true, .. }]);
        let only_best = self.count_to < u64::MAX && !self.wants_docs;
        if by_score_alone && only_best && self.after.is_none() && self.collapse.is_none() {
            // When enough are counted, nothing but the best is wanted: blocks that cannot hold any are skipped.
            let start = self.min_score.map_or(Score::MIN, f32::next_down);
            let before = self.counted.load(Relaxed);
            weight.for_each_pruning(start, reader, &mut |doc, score| {
                if lives(doc) {
                    child.collect(doc, score);
                }
                match child.best.peek() {
                    _ if child.late => Score::MAX,
                    _ if before + child.total <= self.count_to => start,
                    // One of the same score may have a lower seq.
                    Some(worst) if child.best.len() >= child.limit => worst.score.next_down().max(start),
                    _ => start,
                }
            })?;
        } else if self.needs_score {
            weight.for_each(reader, &mut |doc, score| {
                if lives(doc) {
                    child.collect(doc, score);
                }
            })?;
        } else if !self.wants_docs && self.limit == 0 && self.min_score.is_none() {
            child.total = u64::from(weight.count(reader)?);
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

    fn merge_fruits(&self, segments: Vec<OfSegment>) -> tantivy::Result<Collected> {
        let mut all = Collected::default();
        for segment in segments {
            if segment.late {
                return Err(TantivyError::InternalError(OUT_OF_TIME.to_owned()));
            }
            all.total += segment.collected.total;
            all.hits.extend(segment.collected.hits);
            all.docs.extend(segment.collected.docs);
            all.max_score = match (all.max_score, segment.collected.max_score) {
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

impl Collected {
    /// Says no larger number than was to be counted.
    pub(crate) fn count_to(&mut self, count_to: u64) {
        self.at_least |= self.total > count_to;
        self.total = self.total.min(count_to);
    }
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

/// Which of two comes first in this order.
pub(crate) fn compare(sort: &[SortKey], one: &Found, other: &Found) -> Ordering {
    let keys = sort.iter().zip(one.sort.iter().zip(&other.sort));
    for (key, (one, other)) in keys {
        let missing = |value: &SortValue| *value == SortValue::Missing;
        let order = match (missing(one), missing(other)) {
            (true, true) => Ordering::Equal,
            (true, false) if key.missing_first => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, true) if key.missing_first => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                let order = match (one, other) {
                    (SortValue::Score(one), SortValue::Score(other)) => one.total_cmp(other),
                    (SortValue::Number(one), SortValue::Number(other)) => one.cmp(other),
                    (SortValue::Text(one), SortValue::Text(other)) => one.cmp(other),
                    _ => Ordering::Equal,
                };
                if key.descending { order.reverse() } else { order }
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    one.seq.cmp(&other.seq)
}

impl SegmentCollector for InSegment {
    type Fruit = OfSegment;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.steps = self.steps.wrapping_add(1);
        if self.steps.is_multiple_of(4_096) && !self.late {
            self.late = Instant::now() > self.deadline;
        }
        if self.late || self.min_score.is_some_and(|least| score < least) {
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
        let first = self.rank_at(0, doc, score);
        if full
            && self.groups.is_none()
            && self.best.peek().is_some_and(|worst| worst.rank.first().is_some_and(|worst| first > *worst))
        {
            return;
        }
        let mut rank: Rank = [0; MAX_SORT_KEYS + 1];
        let keys = self.keys.len();
        for (at, place) in rank.iter_mut().enumerate().take(keys) {
            *place = if at == 0 { first } else { self.rank_at(at, doc, score) };
        }
        if let Some(place) = rank.get_mut(keys) {
            *place = self.seqs.first(doc).unwrap_or(0);
        }
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

    fn harvest(mut self) -> OfSegment {
        let best = std::mem::take(&mut self.best).into_sorted_vec();
        let mut hits: Vec<Found> = best.into_iter().map(|candidate| self.found(&candidate)).collect();
        if let Some((source, groups)) = self.groups.take() {
            hits.extend(groups.into_sorted().map(|(group, candidate)| Found {
                group: Some(source.group_value(group)),
                ..self.found(&candidate)
            }));
        }
        let docs = self.docs.take().map(|docs| (self.segment, docs)).into_iter().collect();
        let max_score = self.max_score;
        OfSegment {
            collected: Collected { total: self.total, hits, max_score, docs, at_least: false },
            late: self.late,
        }
    }
}

impl InSegment {
    /// The number of one key of a document; past the keys, its seq.
    fn rank_at(&self, at: usize, doc: DocId, score: Score) -> u64 {
        let Some((source, descending, missing_first)) = self.keys.get(at) else {
            return self.seqs.first(doc).unwrap_or(0);
        };
        let value = match source {
            Source::Score => Some(of_score(score)),
            Source::Seq => self.seqs.first(doc),
            Source::Number(column) => extreme(column.values_for_doc(doc), *descending).map(of_number),
            Source::Text(column) => column
                .as_ref()
                .and_then(|column| extreme(column.term_ords(doc), *descending))
                .map(|ord| ord * 2 + 1),
            Source::Nothing => None,
        };
        directed(value, *descending, *missing_first)
    }

    /// The rank of values that came from elsewhere; a text that this segment does not have lies between two.
    fn rank_of(&self, values: &[SortValue], seq: u64) -> tantivy::Result<Rank> {
        let mut rank: Rank = [0; MAX_SORT_KEYS + 1];
        for ((place, value), (source, descending, missing_first)) in
            rank.iter_mut().zip(values).zip(&self.keys)
        {
            let number = match (value, source) {
                (SortValue::Score(score), Source::Score) => Some(of_score(*score)),
                (SortValue::Number(score), Source::Score) => Some(of_score(*score as f32)),
                (SortValue::Number(number), Source::Number(_)) => Some(of_number(*number)),
                (SortValue::Number(seq), Source::Seq) => u64::try_from(*seq).ok(),
                (SortValue::Text(text), Source::Text(Some(column))) => {
                    let hit = column.dictionary().term_ord_or_next(text.as_bytes())?;
                    Some(match hit {
                        tantivy::columnar::TermOrdHit::Exact(ord) => ord * 2 + 1,
                        tantivy::columnar::TermOrdHit::Next(ord) => ord.saturating_mul(2),
                    })
                }
                (SortValue::Missing, _) => None,
                // The value is another segment's: here no document has any.
                (_, Source::Nothing | Source::Text(None)) => Some(1),
                _ => None,
            };
            *place = directed(number, *descending, *missing_first);
        }
        if let Some(place) = rank.get_mut(self.keys.len()) {
            *place = seq;
        }
        Ok(rank)
    }

    fn found(&self, candidate: &Candidate) -> Found {
        let sort = self
            .keys
            .iter()
            .map(|(source, descending, _)| {
                let value = match source {
                    Source::Score => Some(SortValue::Score(candidate.score)),
                    Source::Seq => {
                        let seq = self.seqs.first(candidate.doc).unwrap_or(0);
                        Some(SortValue::Number(i64::try_from(seq).unwrap_or(i64::MAX)))
                    }
                    Source::Number(column) => {
                        extreme(column.values_for_doc(candidate.doc), *descending).map(SortValue::Number)
                    }
                    Source::Text(column) => column.as_ref().and_then(|column| {
                        let ord = extreme(column.term_ords(candidate.doc), *descending)?;
                        let mut text = String::new();
                        column.ord_to_str(ord, &mut text).ok()?.then_some(SortValue::Text(text))
                    }),
                    Source::Nothing => None,
                };
                value.unwrap_or(SortValue::Missing)
            })
            .collect();
        Found {
            address: DocAddress::new(self.segment, candidate.doc),
            seq: self.seqs.first(candidate.doc).unwrap_or(0),
            score: candidate.score,
            sort,
            group: None,
        }
    }
}

/// Of several values, the one that counts: the largest for a descending order.
fn extreme<T: Ord>(values: impl Iterator<Item = T>, descending: bool) -> Option<T> {
    if descending { values.max() } else { values.min() }
}

fn directed(value: Option<u64>, descending: bool, missing_first: bool) -> u64 {
    match value {
        None if missing_first => 0,
        None => u64::MAX,
        Some(value) if descending => (!value).clamp(1, u64::MAX - 1),
        Some(value) => value.clamp(1, u64::MAX - 1),
    }
}

/// Scores are never negative, so their bits sort as they do.
fn of_score(score: f32) -> u64 {
    u64::from(score.max(0.0).to_bits())
}

fn of_number(number: i64) -> u64 {
    (number as u64) ^ (1 << 63)
}
