//! The first documents of a bucket.

use std::collections::HashMap;

use query::{QueryError, Sort, limits::MAX_PAGE_BYTES};
use serde_json::{Value, json};
use tantivy::{DocId, SegmentOrdinal};

use super::{Aggregator, Answer, Docs, count};
use crate::execute::{compare, first_of_each};

impl Aggregator<'_> {
    pub(super) fn top_hits(&self, from: usize, size: usize, sort: &[Sort], docs: &Docs) -> Answer<Value> {
        let mut of_view: HashMap<usize, Vec<(SegmentOrdinal, &[DocId])>> = HashMap::new();
        for (place, docs) in docs {
            of_view.entry(place.view).or_default().push((place.segment, docs));
        }
        let (mut keys, mut found, mut max_score) = (Vec::new(), Vec::new(), None);
        for (number, view) in self.views.iter().enumerate() {
            let Some(docs) = of_view.get(&number) else { continue };
            let (own, best) = view.best(sort, from + size, docs)?;
            keys = own;
            found.extend(best.hits.into_iter().map(|hit| (number, hit)));
            max_score = [max_score, best.max_score].into_iter().flatten().reduce(f32::max);
        }
        found.sort_by(|(_, one), (_, other)| compare(&keys, one, other));
        let by_score = sort.is_empty() || sort.iter().any(|key| key.field == "_score");
        let mut hits = Vec::new();
        for (view, hit) in first_of_each(found, from + size, |(_, hit)| hit).into_iter().skip(from) {
            if self.budget.check() {
                break;
            }
            let shown = self.views.get(view).and_then(|view| view.hit(hit.seq));
            let Some((mut shown, bytes)) = shown else { continue };
            self.bytes.set(self.bytes.get() + bytes);
            if self.bytes.get() > MAX_PAGE_BYTES {
                return Err(QueryError::illegal(format!(
                    "the hits of all buckets have more than {} MB of documents: ask for fewer",
                    MAX_PAGE_BYTES >> 20
                ))
                .at("aggs")
                .into());
            }
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("_score".to_owned(), if by_score { json!(hit.score) } else { Value::Null });
                if !sort.is_empty() {
                    let values = sort.iter().zip(hit.sort).map(|(key, value)| json!(key.shown(value)));
                    fields.insert("sort".to_owned(), values.collect());
                }
            }
            hits.push(shown);
        }
        let max_score = if by_score { json!(max_score) } else { Value::Null };
        Ok(json!({"hits": {
            "total": {"value": count(docs), "relation": "eq"}, "max_score": max_score, "hits": hits,
        }}))
    }
}
