//! Parting documents into buckets.

use std::collections::{BTreeMap, HashMap};

use tantivy::{DocId, DocSet, SegmentReader, TERMINATED, query::EnableScoring};

use super::{Aggregator, Answer, Docs, Place, too_many_buckets};
use crate::{
    execute::fields::AsWhat,
    query::{Query, QueryError, limits::MAX_BUCKETS},
};

impl Aggregator<'_> {
    /// The segment at a place, which came from one of the views.
    #[expect(clippy::indexing_slicing, reason = "places are made by counting the views")]
    pub(super) fn segment(&self, place: Place) -> &SegmentReader {
        self.views[place.view].searcher().segment_reader(place.segment)
    }

    /// Whether a field has numbers; `None` for a field that no view has and that need not be there.
    pub(super) fn is_numeric(&self, field: &str) -> Answer<Option<bool>> {
        for view in 0..self.views.len() {
            if let Some((_, numeric)) = self.column_of(Place { view, segment: 0 }, field)? {
                return Ok(Some(numeric));
            }
        }
        Ok(None)
    }

    /// The column of a field in a view, and whether it has numbers; `None` for a field that need not be there.
    pub(super) fn column_of(&self, place: Place, field: &str) -> Answer<Option<(String, bool)>> {
        let Some(view) = self.views.get(place.view) else { return Ok(None) };
        let Some(target) = view.target(field)? else { return Ok(None) };
        let numeric = matches!(target.as_what, AsWhat::Number(_));
        match target.column() {
            Some(column) => Ok(Some((column, numeric))),
            None => Err(QueryError::illegal(format!(
                "`{field}` is a text and has no values to count: use a field of exact values"
            ))
            .into()),
        }
    }

    /// The column of a field that has numbers in this view.
    pub(super) fn number_column(&self, place: Place, field: &str) -> Answer<Option<String>> {
        match self.column_of(place, field)? {
            Some((_, false)) => {
                Err(QueryError::illegal(format!("`{field}` holds neither numbers nor dates")).into())
            }
            column => Ok(column.map(|(name, _)| name)),
        }
    }

    /// The documents of each key that so many have.
    pub(super) fn by_number(
        &self,
        field: &str,
        docs: &Docs,
        min_count: u64,
        key: impl Fn(i64) -> i64,
    ) -> Answer<BTreeMap<i64, Docs>> {
        let counts = self.count_numbers(field, docs, &key)?;
        let enough = |count: u64| count >= min_count.max(1);
        if counts.values().filter(|count| enough(**count)).count() > MAX_BUCKETS {
            return Err(too_many_buckets().into());
        }
        let mut buckets: BTreeMap<i64, Docs> = BTreeMap::new();
        for (place, docs) in docs {
            let Some(name) = self.number_column(*place, field)? else { continue };
            let column = self.segment(*place).fast_fields().i64(&name)?;
            let mut inside: HashMap<i64, Vec<DocId>> = HashMap::new();
            for doc in self.each(docs) {
                for value in column.values_for_doc(doc).map(&key) {
                    if counts.get(&value).is_some_and(|count| enough(*count)) {
                        let bucket = inside.entry(value).or_default();
                        if bucket.last() != Some(&doc) {
                            bucket.push(doc);
                        }
                    }
                }
            }
            for (key, docs) in inside {
                buckets.entry(key).or_default().push((*place, docs));
            }
        }
        Ok(buckets)
    }

    pub(super) fn with_empty(
        &self,
        mut buckets: BTreeMap<i64, Docs>,
        min_count: u64,
        next: impl Fn(i64) -> Option<i64>,
    ) -> Answer<BTreeMap<i64, Docs>> {
        if min_count > 0 {
            return Ok(buckets);
        }
        let (Some(first), Some(last)) = (buckets.keys().next().copied(), buckets.keys().next_back().copied())
        else {
            return Ok(buckets);
        };
        let mut at = first;
        while let Some(following) = next(at).filter(|following| *following < last) {
            buckets.entry(following).or_default();
            at = following;
            if buckets.len() > MAX_BUCKETS {
                break; // refused when they are made
            }
        }
        Ok(buckets)
    }

    pub(super) fn filtered(&self, query: &Query, docs: &Docs) -> Answer<Docs> {
        let mut kept = Docs::new();
        for (view, one) in self.views.iter().enumerate() {
            let query = one.translate(query)?;
            let weight = query.weight(EnableScoring::disabled_from_searcher(one.searcher()))?;
            for (place, docs) in docs.iter().filter(|(place, _)| place.view == view) {
                let mut matching = weight.scorer(self.segment(*place), 1.0)?;
                let mut inside = Vec::new();
                for doc in self.each(docs) {
                    if matching.doc() < doc {
                        matching.seek(doc);
                    }
                    match matching.doc() {
                        TERMINATED => break,
                        found if found == doc => inside.push(doc),
                        _ => {}
                    }
                }
                kept.push((*place, inside));
            }
        }
        Ok(kept)
    }
}
