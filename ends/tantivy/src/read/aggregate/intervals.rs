//! Histograms: the buckets of numbers and dates by intervals.

use std::collections::{BTreeMap, HashMap};

use query::{Aggregation, Bucket, BucketKey, Histogram, Step, limits::MAX_BUCKETS};
use tantivy::DocId;

use super::{Aggregator, Answer, Docs, Place, buckets::put, date_key, order::Candidate, too_many_buckets};

/// So many intervals are kept as a list, which is searched faster than anything else.
const FEW: usize = 4_096;

/// A bucket while values are counted.
struct Slot {
    key: i64,
    count: u64,
    /// The document that was counted last, since several of its values may be in one bucket.
    last: Option<(Place, DocId)>,
}

/// The buckets that were met. The calendar is asked once for each, not for each value.
struct Slots<'a> {
    wanted: &'a Histogram,
    slots: Vec<Slot>,
    /// The first intervals that were met, by where they begin: where the next does, and its slot, if it is to have a bucket.
    few: Vec<(i64, i64, Option<usize>)>,
    /// Those that were met once there were too many for a list.
    many: BTreeMap<i64, (i64, Option<usize>)>,
    by_key: HashMap<i64, usize>,
    /// The interval of the last value.
    at: (i64, i64, Option<usize>),
}

impl<'a> Slots<'a> {
    fn new(wanted: &'a Histogram) -> Self {
        let (few, many) = (Vec::new(), BTreeMap::new());
        Self { wanted, slots: Vec::new(), few, many, by_key: HashMap::new(), at: (0, 0, None) }
    }

    /// Returns the slot of a value; `None` where it is to have no bucket.
    fn slot_of(&mut self, value: i64) -> Option<usize> {
        let (first, next, slot) = self.at;
        if first <= value && value < next {
            return slot;
        }
        if let Some(known) = self.known(value) {
            self.at = known;
            return known.2;
        }
        let slot = self.wanted.bucket_of(value).map(|key| {
            *self.by_key.entry(key).or_insert_with(|| {
                self.slots.push(Slot { key, count: 0, last: None });
                self.slots.len() - 1
            })
        });
        // Where clocks are put forward and back, an interval need not be all that lies between two beginnings.
        let even = self.wanted.step.is_even();
        let first = if even { self.wanted.floor(value) } else { value };
        let next = if even { self.wanted.next(first) } else { value.checked_add(1) };
        if let Some(next) = next.filter(|next| *next > value) {
            self.at = (first, next, slot);
            if self.few.len() < FEW {
                self.few.insert(self.few.partition_point(|(other, ..)| *other < first), self.at);
            } else {
                self.many.insert(first, (next, slot));
            }
        }
        slot
    }

    /// The interval of a value, if it was met before.
    fn known(&self, value: i64) -> Option<(i64, i64, Option<usize>)> {
        let at = self.few.partition_point(|(first, ..)| *first <= value).checked_sub(1);
        let of_few = at.and_then(|at| self.few.get(at)).filter(|(_, next, _)| value < *next);
        of_few.copied().or_else(|| {
            let (first, (next, slot)) = self.many.range(..=value).next_back()?;
            (value < *next).then_some((*first, *next, *slot))
        })
    }

    fn count(&mut self, place: Place, doc: DocId, value: i64) {
        let Some(slot) = self.slot_of(value).and_then(|at| self.slots.get_mut(at)) else { return };
        if slot.last != Some((place, doc)) {
            (slot.count, slot.last) = (slot.count + 1, Some((place, doc)));
        }
    }
}

impl Aggregator<'_> {
    pub(super) fn histogram(
        &self,
        wanted: &Histogram,
        nested: &[Aggregation],
        docs: &Docs,
    ) -> Answer<Vec<Bucket>> {
        let mut buckets = self.intervals(wanted, !nested.is_empty(), docs)?;
        if !wanted.order.is_empty() {
            buckets = self.ordered(buckets, &wanted.order, nested)?;
        }
        let mut answers = Vec::with_capacity(buckets.len());
        for one in buckets {
            let key = match wanted.step {
                Step::Dates(..) => date_key(one.key, wanted.format.as_ref()),
                Step::Numbers(_) => BucketKey::Number(one.key),
            };
            answers.push(self.counted_bucket(key, one.count, nested, &one.docs)?);
        }
        Ok(answers)
    }

    /// The buckets of a histogram, in the order of their keys; with their documents, if those are wanted.
    fn intervals(&self, wanted: &Histogram, wants_docs: bool, docs: &Docs) -> Answer<Vec<Candidate<i64>>> {
        let mut slots = Slots::new(wanted);
        self.each_number(&wanted.field, wanted.missing, docs, &mut |place, doc, value| {
            slots.count(place, doc, value);
        })?;
        let least = wanted.min_count.max(1);
        if slots.slots.iter().filter(|slot| slot.count >= least).count() > MAX_BUCKETS {
            return Err(too_many_buckets().into());
        }
        // Counted first, so that a bucket that is left out costs a number and no list.
        let mut inside: Vec<Docs> = slots.slots.iter().map(|_| Docs::new()).collect();
        if wants_docs {
            self.each_number(&wanted.field, wanted.missing, docs, &mut |place, doc, value| {
                let slot = slots.slot_of(value);
                let enough = |at: &usize| slots.slots.get(*at).is_some_and(|slot| slot.count >= least);
                if let Some(list) = slot.filter(enough).and_then(|at| inside.get_mut(at)) {
                    put(list, place, doc);
                }
            })?;
        }
        let all = slots.slots.into_iter().zip(inside).filter(|(slot, _)| slot.count >= least);
        let mut buckets: BTreeMap<i64, (u64, Docs)> =
            all.map(|(slot, docs)| (slot.key, (slot.count, docs))).collect();
        if wanted.min_count == 0 {
            fill(wanted, &mut buckets);
        }
        Ok(buckets.into_iter().map(|(key, (count, docs))| Candidate { key, count, docs }).collect())
    }
}

/// Puts the empty buckets between the others.
fn fill(wanted: &Histogram, buckets: &mut BTreeMap<i64, (u64, Docs)>) {
    let floor = |bound: Option<i64>| bound.map(|bound| wanted.floor(bound));
    let (from, to) = (floor(wanted.at_least.0), floor(wanted.at_least.1));
    let first = buckets.keys().next().copied().into_iter().chain(from).min();
    let last = buckets.keys().next_back().copied().into_iter().chain(to).max();
    let (Some(mut at), Some(last)) = (first, last) else { return };
    at = at.max(floor(wanted.at_most.0).unwrap_or(at));
    let last = last.min(wanted.at_most.1.unwrap_or(last));
    // One more than there may be is refused when they are made.
    while at <= last && buckets.len() <= MAX_BUCKETS {
        buckets.entry(at).or_default();
        match wanted.next(at) {
            Some(next) if next > at => at = next,
            _ => break,
        }
    }
}
