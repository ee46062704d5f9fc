//! Counting values before buckets are made, so that a field with a million values costs a number for each and no more.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap},
};

use serde_json::{Map, Value, json};
use tantivy::{DocId, TantivyError};

use super::{Aggregation, Aggregator, Answer, Docs};
use crate::query::QueryError;

/// How `terms` chooses and orders its buckets.
pub(super) struct Choice<'a> {
    pub(super) field: &'a str,
    pub(super) size: usize,
    pub(super) by_key: bool,
    pub(super) reversed: bool,
    pub(super) min_count: u64,
    pub(super) missing: Option<&'a str>,
}

/// The best so far: those of the lowest rank, and how many documents all together.
struct Best<K> {
    size: usize,
    held: BinaryHeap<(u64, K, u64)>,
    total: u64,
}

impl<K: Ord> Best<K> {
    fn new(size: usize) -> Self {
        Self { size, held: BinaryHeap::new(), total: 0 }
    }

    /// Whether one of this rank would be held, if its key came before all others.
    fn takes(&self, rank: u64) -> bool {
        self.held.len() < self.size || self.held.peek().is_some_and(|(worst, ..)| rank <= *worst)
    }

    fn offer(&mut self, rank: u64, key: K, count: u64) {
        self.held.push((rank, key, count));
        if self.held.len() > self.size {
            self.held.pop();
        }
    }

    fn into_sorted(self) -> Vec<(K, u64)> {
        self.held.into_sorted_vec().into_iter().map(|(_, key, count)| (key, count)).collect()
    }
}

impl Choice<'_> {
    /// By what a value is ranked before its key decides.
    fn rank(&self, count: u64) -> u64 {
        match (self.by_key, self.reversed) {
            (true, _) => 0,
            (false, false) => u64::MAX - count,
            (false, true) => count,
        }
    }
}

impl Aggregator<'_> {
    pub(super) fn terms(&self, choice: &Choice<'_>, nested: &[Aggregation], docs: &Docs) -> Answer<Value> {
        let numeric = self.is_numeric(choice.field)? == Some(true);
        if numeric && choice.missing.is_some() {
            return Err(QueryError::illegal("`missing` is not supported for numbers and dates").into());
        }
        let descending = choice.by_key && choice.reversed;
        let (chosen, total): (Vec<(Value, u64)>, u64) = if numeric {
            let mut best = Best::new(choice.size);
            for (key, count) in self.count_numbers(choice.field, docs, |value| value)? {
                if count >= choice.min_count {
                    best.total += count;
                    // A larger key comes first when keys are turned round.
                    let place = if descending { -i128::from(key) } else { i128::from(key) };
                    best.offer(choice.rank(count), place, count);
                }
            }
            let total = best.total;
            let key =
                |place: i128| json!(i64::try_from(if descending { -place } else { place }).unwrap_or(0));
            (best.into_sorted().into_iter().map(|(place, count)| (key(place), count)).collect(), total)
        } else if descending {
            let mut best = Best::new(choice.size);
            self.each_text(choice.field, choice.missing, docs, &mut |key, count| {
                if count >= choice.min_count {
                    best.total += count;
                    best.offer(0, Reverse(key.to_owned()), count);
                }
            })?;
            let total = best.total;
            (best.into_sorted().into_iter().map(|(key, count)| (json!(key.0), count)).collect(), total)
        } else {
            let mut best = Best::new(choice.size);
            self.each_text(choice.field, choice.missing, docs, &mut |key, count| {
                if count >= choice.min_count {
                    best.total += count;
                    let rank = choice.rank(count);
                    if best.takes(rank) {
                        best.offer(rank, key.to_owned(), count);
                    }
                }
            })?;
            let total = best.total;
            (best.into_sorted().into_iter().map(|(key, count)| (json!(key), count)).collect(), total)
        };
        let shown: u64 = chosen.iter().map(|(_, count)| count).sum();
        // Only what is nested needs to know which documents they are.
        let inside = match nested.is_empty() {
            true => Vec::new(),
            false => self.docs_of(choice, &chosen, docs)?,
        };
        let mut inside = inside.into_iter();
        let mut answers = Vec::new();
        for (key, count) in chosen {
            let bucket: Map<String, Value> = [("key".to_owned(), key)].into_iter().collect();
            answers.push(self.counted_bucket(bucket, count, nested, &inside.next().unwrap_or_default())?);
        }
        Ok(json!({
            "doc_count_error_upper_bound": 0, "sum_other_doc_count": total.saturating_sub(shown), "buckets": answers,
        }))
    }

    /// The documents of each of these values.
    fn docs_of(&self, choice: &Choice<'_>, chosen: &[(Value, u64)], docs: &Docs) -> Answer<Vec<Docs>> {
        let mut inside: Vec<Docs> = chosen.iter().map(|_| Docs::new()).collect();
        for (place, docs) in docs {
            let mut lists: Vec<Vec<DocId>> = chosen.iter().map(|_| Vec::new()).collect();
            let mut add = |at: Option<&usize>, doc: DocId| {
                if let Some(list) = at.and_then(|at| lists.get_mut(*at))
                    && list.last() != Some(&doc)
                {
                    list.push(doc);
                }
            };
            let is_missing =
                |(key, _): &(Value, u64)| key.as_str().is_some() && key.as_str() == choice.missing;
            let missing = chosen.iter().position(is_missing);
            match self.column_of(*place, choice.field)? {
                Some((name, true)) => {
                    let keys = chosen.iter().zip(0_usize..);
                    let places: HashMap<i64, usize> =
                        keys.filter_map(|((key, _), at)| Some((key.as_i64()?, at))).collect();
                    let column = self.segment(*place).fast_fields().i64(&name)?;
                    for doc in self.each(docs) {
                        column.values_for_doc(doc).for_each(|value| add(places.get(&value), doc));
                    }
                }
                Some((name, false)) => {
                    let column = self.segment(*place).fast_fields().str(&name)?;
                    let mut places: HashMap<u64, usize> = HashMap::new();
                    if let Some(column) = &column {
                        for ((key, _), at) in chosen.iter().zip(0..) {
                            let ord = column.dictionary().term_ord(key.as_str().unwrap_or_default());
                            places.extend(ord.map_err(TantivyError::from)?.map(|ord| (ord, at)));
                        }
                    }
                    for doc in self.each(docs) {
                        let mut any = false;
                        for ord in column.iter().flat_map(|column| column.term_ords(doc)) {
                            any = true;
                            add(places.get(&ord), doc);
                        }
                        if !any {
                            add(missing.as_ref(), doc);
                        }
                    }
                }
                None => docs.iter().for_each(|doc| add(missing.as_ref(), *doc)),
            }
            for (list, all) in lists.into_iter().zip(&mut inside) {
                if !list.is_empty() {
                    all.push((*place, list));
                }
            }
        }
        Ok(inside)
    }

    /// How many documents have each number, made a key.
    pub(super) fn count_numbers(
        &self,
        field: &str,
        docs: &Docs,
        key: impl Fn(i64) -> i64,
    ) -> Answer<BTreeMap<i64, u64>> {
        let mut counts: HashMap<i64, (u64, Option<DocId>)> = HashMap::new();
        for (place, docs) in docs {
            let Some(name) = self.number_column(*place, field)? else { continue };
            let column = self.segment(*place).fast_fields().i64(&name)?;
            counts.values_mut().for_each(|(_, last)| *last = None);
            for doc in self.each(docs) {
                for value in column.values_for_doc(doc) {
                    let (count, last) = counts.entry(key(value)).or_default();
                    if *last != Some(doc) {
                        (*count, *last) = (*count + 1, Some(doc));
                    }
                }
            }
        }
        Ok(counts.into_iter().map(|(key, (count, _))| (key, count)).collect())
    }

    /// Hands each exact value to `each` with the number of documents that have it, in the order of the values.
    pub(super) fn each_text(
        &self,
        field: &str,
        missing: Option<&str>,
        docs: &Docs,
        each: &mut dyn FnMut(&str, u64),
    ) -> Answer<()> {
        let mut without = 0;
        let mut columns = Vec::new();
        for (place, docs) in docs {
            let column = match self.column_of(*place, field)? {
                Some((name, _)) => self.segment(*place).fast_fields().str(&name)?,
                None => None,
            };
            let Some(column) = column else {
                without += docs.len() as u64;
                continue;
            };
            // For each value how many documents, and the last of them.
            let mut counts: Vec<(u32, DocId)> = vec![(0, DocId::MAX); column.num_terms()];
            for doc in self.each(docs) {
                let mut any = false;
                for ord in column.term_ords(doc) {
                    any = true;
                    let slot = usize::try_from(ord).ok().and_then(|ord| counts.get_mut(ord));
                    if let Some((count, last)) = slot
                        && *last != doc
                    {
                        (*count, *last) = (*count + 1, doc);
                    }
                }
                without += u64::from(!any);
            }
            columns.push((column, counts));
        }
        // All dictionaries side by side, each at its next value that any document has.
        let mut streams = Vec::new();
        for (column, counts) in &columns {
            let stream = column.dictionary().stream().map_err(TantivyError::from)?;
            streams.push((stream, counts.iter().map(|(count, _)| u64::from(*count)), 0_u64));
        }
        streams.retain_mut(|(stream, counts, count)| {
            stream.advance() && {
                *count = counts.next().unwrap_or(0);
                true
            }
        });
        let mut missing = missing.filter(|_| without > 0).map(|missing| (missing, without));
        loop {
            let next = streams.iter().map(|(stream, ..)| stream.key()).min().map(<[u8]>::to_vec);
            let text = next.as_deref().map(|key| std::str::from_utf8(key).unwrap_or_default());
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
