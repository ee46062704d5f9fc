//! Parting documents into buckets.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use query::{Bool, Query, QueryError, limits::MAX_BUCKETS};
use tantivy::{DocId, DocSet, SegmentReader, TERMINATED, query::EnableScoring};

use super::{Aggregator, Answer, Docs, Place, too_many_buckets};
use crate::{read::fields::AsWhat, segments::Segment};

/// The values of a field that can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    Texts,
    Numbers,
    Dates,
}

/// Puts a document behind those that are in a list already, unless it is the last of them.
pub(super) fn put(list: &mut Docs, place: Place, doc: DocId) {
    match list.last_mut() {
        Some((last, docs)) if *last == place => {
            if docs.last() != Some(&doc) {
                docs.push(doc);
            }
        }
        _ => list.push((place, vec![doc])),
    }
}

impl Aggregator<'_> {
    /// The segment at a place, which came from one of the views.
    #[expect(clippy::indexing_slicing, reason = "places are made by counting the views")]
    pub(super) fn segment(&self, place: Place) -> &SegmentReader {
        self.views[place.view].searcher().segment_reader(place.segment)
    }

    /// The columns of the segment at a place.
    #[expect(clippy::indexing_slicing, reason = "places are made by counting the views")]
    pub(super) fn columns(&self, place: Place) -> Arc<Segment> {
        self.views[place.view].columns(self.segment(place))
    }

    /// Returns the values that a field has; `None` for one that no view has and that need not be there.
    pub(super) fn values_of(&self, field: &str) -> Answer<Option<Values>> {
        for view in 0..self.views.len() {
            if let Some((_, values)) = self.column_of(Place { view, segment: 0 }, field)? {
                return Ok(Some(values));
            }
        }
        Ok(None)
    }

    /// The column of a field in a view, and what it has; `None` for a field that need not be there.
    pub(super) fn column_of(&self, place: Place, field: &str) -> Answer<Option<(String, Values)>> {
        let Some(view) = self.views.get(place.view) else { return Ok(None) };
        if field == "_id" {
            return Ok(Some(("_id".to_owned(), Values::Texts)));
        }
        let Some(target) = view.target(field)? else { return Ok(None) };
        let values = match target.as_what {
            AsWhat::Number(_) if target.is_date() => Values::Dates,
            AsWhat::Number(_) => Values::Numbers,
            _ => Values::Texts,
        };
        match target.column() {
            Some(column) => Ok(Some((column, values))),
            None => Err(QueryError::illegal(format!(
                "`{field}` is a text and has no values to count: use a field of exact values"
            ))
            .into()),
        }
    }

    /// The column of a field that has numbers in this view.
    fn number_column(&self, place: Place, field: &str) -> Answer<Option<String>> {
        match self.column_of(place, field)? {
            Some((_, Values::Texts)) => {
                Err(QueryError::illegal(format!("`{field}` holds neither numbers nor dates")).into())
            }
            column => Ok(column.map(|(name, _)| name)),
        }
    }

    /// Hands each number of each document to `each`, those of a document one behind the other; `missing` stands for
    /// those of a document that has none.
    pub(super) fn each_number(
        &self,
        field: &str,
        missing: Option<i64>,
        docs: &Docs,
        each: &mut dyn FnMut(Place, DocId, i64),
    ) -> Answer<()> {
        for (place, docs) in docs {
            let column = match self.number_column(*place, field)? {
                Some(name) => Some(self.columns(*place).numbers(&name)?),
                None => None,
            };
            for doc in self.each(docs) {
                let mut any = false;
                for value in column.iter().flat_map(|column| column.values_for_doc(doc)) {
                    any = true;
                    each(*place, doc, value);
                }
                if let (false, Some(missing)) = (any, missing) {
                    each(*place, doc, missing);
                }
            }
        }
        Ok(())
    }

    /// The documents of each key that so many have.
    pub(super) fn by_number(
        &self,
        field: &str,
        missing: Option<i64>,
        docs: &Docs,
        min_count: u64,
        key: impl Fn(i64) -> Option<i64>,
    ) -> Answer<BTreeMap<i64, Docs>> {
        // Counted first, so that a bucket that is left out costs a number and no list.
        let counts = self.count_numbers(field, missing, docs, &key)?;
        let enough = |count: u64| count >= min_count.max(1);
        if counts.values().filter(|count| enough(**count)).count() > MAX_BUCKETS {
            return Err(too_many_buckets().into());
        }
        let mut inside: HashMap<i64, Docs> = HashMap::new();
        self.each_number(field, missing, docs, &mut |place, doc, value| {
            let Some(key) = key(value).filter(|key| counts.get(key).is_some_and(|count| enough(*count)))
            else {
                return;
            };
            put(inside.entry(key).or_default(), place, doc);
        })?;
        Ok(inside.into_iter().collect())
    }

    /// The documents that have no value in a field.
    pub(super) fn without(&self, field: &str, docs: &Docs) -> Answer<Docs> {
        let exists = Query::Exists { field: field.to_owned() };
        self.filtered(&Query::Bool(Bool { must_not: vec![exists], ..Bool::default() }), docs)
    }

    /// The documents that are in none of these lists.
    pub(super) fn in_none(docs: &Docs, lists: &[Docs]) -> Docs {
        let mut taken: HashSet<(Place, DocId)> = HashSet::new();
        for (place, list) in lists.iter().flatten() {
            taken.extend(list.iter().map(|doc| (*place, *doc)));
        }
        let rest = |(place, list): &(Place, Vec<DocId>)| {
            (*place, list.iter().copied().filter(|doc| !taken.contains(&(*place, *doc))).collect())
        };
        docs.iter().map(rest).collect()
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
