//! The first documents of a bucket.

use std::collections::HashMap;

use query::{Query, QueryError, Sort, TopHits, limits::MAX_PAGE_BYTES, text_bytes};
use tantivy::{DocId, SegmentOrdinal, query::EnableScoring};

use super::{Aggregator, Answer, Docs, Place, buckets::put, count};
use crate::read::collect::{compare, first_of_each};

impl Aggregator<'_> {
    /// Of these documents those that match best, so many of each view.
    pub(super) fn best_of(&self, size: usize, docs: &Docs) -> Answer<Docs> {
        let mut kept = Docs::new();
        for (number, view) in self.views.iter().enumerate() {
            let own = docs.iter().filter(|(place, _)| place.view == number);
            let own: Vec<(SegmentOrdinal, &[DocId])> =
                own.map(|(place, docs)| (place.segment, docs.as_slice())).collect();
            let (_, best) = view.best(&[], size, &own)?;
            let mut found: Vec<(SegmentOrdinal, DocId)> =
                best.hits.iter().map(|hit| (hit.address.segment_ord, hit.address.doc_id)).collect();
            found.sort_unstable();
            for (segment, doc) in found {
                put(&mut kept, Place { view: number, segment }, doc);
            }
        }
        Ok(kept)
    }

    /// All documents that readers see.
    pub(super) fn everything(&self) -> Answer<Docs> {
        let mut all = Docs::new();
        for (number, view) in self.views.iter().enumerate() {
            let weight = view
                .translate(&Query::All)?
                .weight(EnableScoring::disabled_from_searcher(view.searcher()))?;
            for (segment, reader) in (0..).zip(view.searcher().segment_readers()) {
                let alive = reader.alive_bitset();
                let mut docs = Vec::new();
                weight.for_each_no_score(reader, &mut |found| {
                    docs.extend(
                        found.iter().copied().filter(|doc| alive.is_none_or(|alive| alive.is_alive(*doc))),
                    );
                })?;
                all.push((Place { view: number, segment }, docs));
            }
        }
        Ok(all)
    }

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
