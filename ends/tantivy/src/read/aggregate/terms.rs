//! Counting values before buckets are made, so that a field with a million values costs a number for each and no more.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BinaryHeap, HashMap},
};

use query::{
    Aggregation, AggregationResult, BucketKey, BucketOrder, KeySet, Keys, OrderBy, QueryError, Terms,
};
use tantivy::{DocId, TantivyError};

use super::{
    Aggregator, Answer, Docs, Place,
    buckets::{Values, put},
    date_key,
    order::Candidate,
    tally::{Tally, most_frequent},
};

/// The most values whose buckets are made to be ordered by what is nested in them.
const MAX_ORDERED: usize = 100_000;

/// Up to so many values are looked up one by one; where more are wanted, the dictionaries are walked.
const FEW: usize = 1_000;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(String),
}

/// A value with its place among the others: the lower the better.
#[derive(PartialEq, Eq)]
struct Ranked {
    rank: u64,
    key: Key,
    /// Of the same rank, the largest key comes first.
    turned: bool,
    count: u64,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        let keys = self.key.cmp(&other.key);
        self.rank.cmp(&other.rank).then(if self.turned { keys.reverse() } else { keys })
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The best values so far, and how many documents all together have any.
struct Best<'a> {
    wanted: &'a Terms,
    size: usize,
    /// Ordered by count, which may be the largest first; by key alone without.
    by_count: Option<bool>,
    turned: bool,
    held: BinaryHeap<Ranked>,
    total: u64,
}

impl<'a> Best<'a> {
    fn new(wanted: &'a Terms, size: usize) -> Self {
        let usual = [BucketOrder { by: OrderBy::Count, descending: true }];
        let order = if wanted.order.is_empty() { &usual[..] } else { &wanted.order };
        // What is nested is looked at when all are known.
        let by_count = order.first().filter(|one| one.by == OrderBy::Count).map(|one| one.descending);
        let turned = order.iter().find(|one| one.by == OrderBy::Key).is_some_and(|one| one.descending);
        Self { wanted, size, by_count, turned, held: BinaryHeap::new(), total: 0 }
    }

    /// True if those that most documents have are wanted, whatever they are.
    fn is_of_largest(&self) -> bool {
        self.by_count == Some(true) && self.wanted.min_count <= 1 && self.wanted.keys.take_all()
    }

    /// One more value; its key is made only when it is among the best.
    fn offer(&mut self, count: u64, key: impl FnOnce() -> Key) {
        if count < self.wanted.min_count {
            return;
        }
        self.total += count;
        let rank = match self.by_count {
            None => 0,
            Some(true) => u64::MAX - count,
            Some(false) => count,
        };
        if self.held.len() < self.size || self.held.peek().is_some_and(|worst| rank <= worst.rank) {
            self.held.push(Ranked { rank, key: key(), turned: self.turned, count });
            if self.held.len() > self.size {
                self.held.pop();
            }
        }
    }
}

impl Aggregator<'_> {
    pub(super) fn terms(
        &self,
        wanted: &Terms,
        nested: &[Aggregation],
        docs: &Docs,
    ) -> Answer<AggregationResult> {
        let values = self.values_of(&wanted.field)?;
        let by_metric = wanted.order.iter().any(BucketOrder::is_by_metric);
        let size = if by_metric { MAX_ORDERED + 1 } else { wanted.size };
        let best = self.best(wanted, values, size, docs)?;
        let (total, chosen) = (best.total, best.held.into_sorted_vec());
        if by_metric && chosen.len() > MAX_ORDERED {
            return Err(QueryError::illegal(format!(
                "`{}` has more than {MAX_ORDERED} values here, too many to be ordered by what is nested in them: \
                 narrow the query, or order by _count or _key",
                wanted.field
            ))
            .into());
        }
        // Only what is nested needs to know which documents they are.
        let inside = match nested.is_empty() {
            true => chosen.iter().map(|_| Docs::new()).collect(),
            false => self.docs_of(wanted, &chosen, docs)?,
        };
        let chosen = chosen.into_iter().zip(inside);
        let mut chosen: Vec<Candidate<Key>> =
            chosen.map(|(one, docs)| Candidate { key: one.key, count: one.count, docs }).collect();
        if by_metric {
            chosen = self.ordered(chosen, &wanted.order, nested)?;
            chosen.truncate(wanted.size);
        }
        let shown: u64 = chosen.iter().map(|one| one.count).sum();
        let mut buckets = Vec::with_capacity(chosen.len());
        for one in chosen {
            let key = match one.key {
                Key::Text(text) => BucketKey::Text(text),
                Key::Number(millis) if values == Some(Values::Dates) => {
                    date_key(millis, wanted.format.as_ref())
                }
                Key::Number(number) => BucketKey::Number(number),
            };
            buckets.push(self.counted_bucket(key, one.count, nested, &one.docs)?);
        }
        Ok(AggregationResult::Values { buckets, others: total.saturating_sub(shown) })
    }

    /// The values that come first, as far as their counts and keys tell.
    fn best<'a>(
        &self,
        wanted: &'a Terms,
        values: Option<Values>,
        size: usize,
        docs: &Docs,
    ) -> Answer<Best<'a>> {
        let mut best = Best::new(wanted, size);
        let missing = wanted.missing.as_deref();
        match values {
            None if missing.is_none() => {}
            Some(Values::Numbers | Values::Dates) => {
                let keys = self.keys_of_numbers(wanted)?;
                let missing = self.number_for(&wanted.field, missing)?;
                for (key, count) in self.count_numbers(&wanted.field, missing, docs, &Some)? {
                    if keys.take_all() || keys.take(&key.to_string()) {
                        best.offer(count, || Key::Number(key));
                    }
                }
            }
            _ if missing.is_none() && best.is_of_largest() && size <= FEW => {
                let (tallies, _) = self.tallies(&wanted.field, docs)?;
                let total = tallies.iter().flat_map(Tally::counts).sum();
                most_frequent(&tallies, size, &mut |term, count| {
                    best.offer(count, || Key::Text(String::from_utf8_lossy(term).into_owned()));
                })?;
                best.total = total;
            }
            _ => self.each_text(&wanted.field, missing, docs, &mut |key, count| {
                if wanted.keys.take(key) {
                    best.offer(count, || Key::Text(key.to_owned()));
                }
            })?,
        }
        Ok(best)
    }

    /// `include` and `exclude` of numbers and dates, as the numbers that they are.
    fn keys_of_numbers(&self, wanted: &Terms) -> Answer<Keys> {
        if wanted.keys.have_pattern() {
            let text = "`include` and `exclude` of numbers and dates take lists of values, not patterns";
            return Err(QueryError::illegal(text).into());
        }
        let read = |keys: &Option<KeySet>| -> Answer<Option<KeySet>> {
            let Some(KeySet::Values(texts)) = keys else { return Ok(keys.clone()) };
            let number =
                |text: &String| Ok(self.number_for(&wanted.field, Some(text))?.map(|one| one.to_string()));
            let numbers: Answer<Vec<Option<String>>> = texts.iter().map(number).collect();
            Ok(Some(KeySet::Values(numbers?.into_iter().flatten().collect())))
        };
        Ok(Keys { include: read(&wanted.keys.include)?, exclude: read(&wanted.keys.exclude)? })
    }

    /// The documents of each of these values.
    fn docs_of(&self, wanted: &Terms, chosen: &[Ranked], docs: &Docs) -> Answer<Vec<Docs>> {
        let mut inside: Vec<Docs> = chosen.iter().map(|_| Docs::new()).collect();
        let mut add = |at: Option<&usize>, place, doc: DocId| {
            if let Some(list) = at.and_then(|at| inside.get_mut(*at)) {
                put(list, place, doc);
            }
        };
        if let Some(Values::Numbers | Values::Dates) = self.values_of(&wanted.field)? {
            let keys = chosen.iter().zip(0_usize..);
            let number = |key: &Key| if let Key::Number(number) = key { Some(*number) } else { None };
            let places: HashMap<i64, usize> =
                keys.filter_map(|(one, at)| Some((number(&one.key)?, at))).collect();
            let missing = self.number_for(&wanted.field, wanted.missing.as_deref())?;
            self.each_number(&wanted.field, missing, docs, &mut |place, doc, value| {
                add(places.get(&value), place, doc);
            })?;
            return Ok(inside);
        }
        let text = |key: &Key| if let Key::Text(text) = key { text.clone() } else { String::new() };
        let missing = wanted.missing.as_deref();
        let missing = chosen.iter().position(|one| missing.is_some_and(|missing| text(&one.key) == missing));
        for (place, docs) in docs {
            let column = match self.column_of(*place, &wanted.field)? {
                Some((name, _)) => self.columns(*place).texts(&name)?,
                None => None,
            };
            let mut places: HashMap<u64, usize> = HashMap::new();
            if let Some(column) = &column {
                for (one, at) in chosen.iter().zip(0..) {
                    let ord = column.dictionary().term_ord(text(&one.key)).map_err(TantivyError::from)?;
                    places.extend(ord.map(|ord| (ord, at)));
                }
            }
            for doc in self.each(docs) {
                let mut any = false;
                for ord in column.iter().flat_map(|column| column.term_ords(doc)) {
                    any = true;
                    add(places.get(&ord), *place, doc);
                }
                if !any {
                    add(missing.as_ref(), *place, doc);
                }
            }
        }
        Ok(inside)
    }

    /// Counts the documents that have each number, made a key; one without a key is not counted.
    pub(super) fn count_numbers(
        &self,
        field: &str,
        missing: Option<i64>,
        docs: &Docs,
        key: &dyn Fn(i64) -> Option<i64>,
    ) -> Answer<BTreeMap<i64, u64>> {
        let mut counts: HashMap<i64, (u64, Option<(Place, DocId)>)> = HashMap::new();
        self.each_number(field, missing, docs, &mut |place, doc, value| {
            let Some(key) = key(value) else { return };
            let (count, last) = counts.entry(key).or_default();
            if *last != Some((place, doc)) {
                (*count, *last) = (*count + 1, Some((place, doc)));
            }
        })?;
        Ok(counts.into_iter().map(|(key, (count, _))| (key, count)).collect())
    }

    /// Hands the number of exact values of each document to `each`.
    pub(super) fn each_value(&self, field: &str, docs: &Docs, each: &mut dyn FnMut(u64)) -> Answer<()> {
        for (place, docs) in docs {
            let column = match self.column_of(*place, field)? {
                Some((name, Values::Texts)) => self.columns(*place).texts(&name)?,
                _ => None,
            };
            for doc in self.each(docs) {
                each(column.iter().flat_map(|column| column.term_ords(doc)).count() as u64);
            }
        }
        Ok(())
    }

    /// Hands each exact value to `each` with the number of documents that have it, in the order of the values.
    pub(super) fn each_text(
        &self,
        field: &str,
        missing: Option<&str>,
        docs: &Docs,
        each: &mut dyn FnMut(&str, u64),
    ) -> Answer<()> {
        let (tallies, without) = self.tallies(field, docs)?;
        // All dictionaries side by side, each at its next value that any document has.
        let mut streams = Vec::new();
        for tally in &tallies {
            let stream = tally.column.dictionary().stream().map_err(TantivyError::from)?;
            streams.push((stream, tally.counts(), 0_u64));
        }
        streams.retain_mut(|(stream, counts, count)| {
            stream.advance() && {
                *count = counts.next().unwrap_or(0);
                true
            }
        });
        let mut missing = missing.filter(|_| without > 0).map(|missing| (missing, without));
        let mut next = Vec::new();
        loop {
            let first = streams.iter().map(|(stream, ..)| stream.key()).min();
            let any = first.is_some();
            next.clear();
            next.extend_from_slice(first.unwrap_or_default());
            let text = any.then(|| std::str::from_utf8(&next).unwrap_or_default());
            let mut count: u64 = 0;
            match (text, missing) {
                (None, None) => return Ok(()),
                _ if self.over(1) => return Ok(()),
                (text, Some((value, here))) if text.is_none_or(|text| value <= text) => {
                    missing = None;
                    if text != Some(value) {
                        each(value, here);
                        continue;
                    }
                    count += here;
                }
                _ => {}
            }
            let Some(text) = text else { continue };
            streams.retain_mut(|(stream, counts, here)| {
                if stream.key() != text.as_bytes() {
                    return true;
                }
                count += *here;
                *here = counts.next().unwrap_or(0);
                stream.advance()
            });
            if count > 0 {
                each(text, count);
            }
        }
    }
}
