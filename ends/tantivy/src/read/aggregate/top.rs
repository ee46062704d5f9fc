//! The first documents of a bucket.

use std::collections::HashMap;

use query::{QueryError, Sort, TopHits, limits::MAX_PAGE_BYTES, text_bytes};
use tantivy::{DocId, SegmentOrdinal};

use super::{Aggregator, Answer, Docs, count};
use crate::read::collect::{compare, first_of_each};

impl Aggregator<'_> {
    pub(super) fn top_hits(&self, from: usize, size: usize, sort: &[Sort], docs: &Docs) -> Answer<TopHits> {
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
            let Some(mut shown) = self.views.get(view).and_then(|view| view.hit(hit.seq)) else { continue };
            self.bytes.set(self.bytes.get() + text_bytes(&shown.document));
            if self.bytes.get() > MAX_PAGE_BYTES {
                return Err(QueryError::illegal(format!(
                    "the hits of all buckets have more than {} MB of documents: ask for fewer",
                    MAX_PAGE_BYTES >> 20
                ))
                .at("aggs")
                .into());
            }
            (shown.score, shown.sort) = (hit.score, hit.sort);
            hits.push(shown);
        }
        Ok(TopHits { total: count(docs), max_score: max_score.filter(|_| by_score), hits })
    }
}
