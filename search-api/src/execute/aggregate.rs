//! Aggregations: what the documents that match add up to.
//!
//! They work on lists of documents: a bucket is the list of those in it, and what is nested in it is the same
//! function over that list. The memory is four bytes a document and level; buckets are counted and bounded over the
//! whole request.

mod buckets;
mod metrics;
mod order;
mod terms;
mod top;

use std::cell::Cell;

use query::{
    Aggregation, AggregationKind, DateFormat, Histogram, Query, QueryError, Sort, Span, Step,
    limits::MAX_BUCKETS,
};
use serde_json::{Map, Value, json};
use tantivy::{DocId, Searcher, SegmentOrdinal, TantivyError};

use self::{buckets::Values, order::Candidate};
use super::{
    Collected, SortKey,
    budget::{Budget, Steps},
    fields::Target,
};

/// A segment of one of the views that are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) view: usize,
    pub(crate) segment: SegmentOrdinal,
}

/// Lists of documents, each in their order.
pub(crate) type Docs = Vec<(Place, Vec<DocId>)>;

/// One of the views that are searched.
pub(crate) trait AggregatedView {
    fn searcher(&self) -> &Searcher;
    /// The field of this name; `None` when it is not there and need not be.
    fn target(&self, field: &str) -> Result<Option<Target<'_>>, QueryError>;
    fn translate(&self, query: &Query) -> Result<Box<dyn tantivy::query::Query>, QueryError>;
    /// The first of these documents in an order, and the order's keys; without an order, by relevance.
    fn best(
        &self,
        sort: &[Sort],
        limit: usize,
        docs: &[(SegmentOrdinal, &[DocId])],
    ) -> Result<(Vec<SortKey>, Collected), AggregationError>;
    /// Makes a hit of a seq; and how much text it has.
    fn hit(&self, seq: u64) -> Option<(Value, usize)>;
}

/// What aggregating needs to know.
pub(crate) struct Aggregator<'a> {
    views: Vec<&'a dyn AggregatedView>,
    budget: &'a Budget,
    /// For dates that are relative to now, in milliseconds.
    now: i64,
    /// So many buckets so far.
    buckets: Cell<usize>,
    /// So much text in their hits so far.
    bytes: Cell<usize>,
    steps: Cell<Steps>,
}

/// Why an aggregation failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AggregationError {
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Tantivy(#[from] TantivyError),
}

type Answer<T> = Result<T, AggregationError>;

impl<'a> Aggregator<'a> {
    /// Over the documents of these views, at this time in milliseconds.
    pub(crate) fn new(views: Vec<&'a dyn AggregatedView>, budget: &'a Budget, now: i64) -> Self {
        let (buckets, bytes, steps) = (Cell::new(0), Cell::new(0), Cell::default());
        Self { views, budget, now, buckets, bytes, steps }
    }
}

impl Aggregator<'_> {
    /// The answers to several aggregations over the same documents, in Elasticsearch's shapes.
    pub(crate) fn all(&self, aggregations: &[Aggregation], docs: &Docs) -> Answer<Map<String, Value>> {
        let mut answers = Map::new();
        for aggregation in aggregations {
            // When nothing is left to spend, what is missing in the answer is what it would have counted.
            let answer = match self.budget.check() {
                true => self.one(aggregation, &Docs::new()),
                false => self.one(aggregation, docs),
            };
            answers.insert(aggregation.name.clone(), answer?);
        }
        Ok(answers)
    }

    /// So many steps more: whether nothing is left to spend.
    fn over(&self, steps: usize) -> bool {
        let mut all = self.steps.take();
        let over = all.more(steps, self.budget);
        self.steps.set(all);
        over
    }

    /// These documents, or as many of them as can be looked at.
    fn each<'d>(&'d self, docs: &'d [DocId]) -> impl Iterator<Item = DocId> + 'd {
        docs.iter().copied().take_while(|_| !self.over(1))
    }

    fn one(&self, aggregation: &Aggregation, docs: &Docs) -> Answer<Value> {
        let nested = &aggregation.nested;
        match &aggregation.kind {
            AggregationKind::Terms(wanted) => self.terms(wanted, nested, docs),
            AggregationKind::Histogram(wanted) => self.histogram(wanted, nested, docs),
            AggregationKind::Ranges { field, spans, format, missing } => {
                let mut buckets = Vec::new();
                let missing = missing.map(|number| number as i64);
                let is_date = self.values_of(field)? == Some(Values::Dates);
                for span in spans {
                    let inside = |value: i64| span.has(value as f64).then_some(1);
                    let docs =
                        self.by_number(field, missing, docs, 1, inside)?.remove(&1).unwrap_or_default();
                    let bucket = span_bucket(span, is_date, format.as_ref());
                    buckets.push(self.bucket(bucket, nested, &docs)?);
                }
                Ok(json!({"buckets": buckets}))
            }
            AggregationKind::Stats { field, which, format, missing } => {
                self.stats(field, *which, format.as_ref(), missing.as_deref(), docs)
            }
            AggregationKind::Cardinality { field, missing } => {
                Ok(json!({"value": self.distinct(field, missing.as_deref(), docs)?}))
            }
            AggregationKind::Filter(query) => {
                let docs = self.filtered(query, docs)?;
                self.bucket(Map::new(), nested, &docs)
            }
            AggregationKind::Filters { queries, other, named } => {
                let mut lists = Vec::new();
                for (_, query) in queries {
                    lists.push(self.filtered(query, docs)?);
                }
                let mut names: Vec<&String> = queries.iter().map(|(name, _)| name).collect();
                if let Some(other) = other {
                    lists.push(Self::in_none(docs, &lists));
                    names.push(other);
                }
                let buckets = lists.iter().map(|docs| self.bucket(Map::new(), nested, docs));
                let buckets = buckets.collect::<Answer<Vec<Value>>>()?;
                if !named {
                    return Ok(json!({"buckets": buckets}));
                }
                let named: Map<String, Value> = names.into_iter().cloned().zip(buckets).collect();
                Ok(json!({"buckets": named}))
            }
            AggregationKind::Missing { field } => {
                self.bucket(Map::new(), nested, &self.without(field, docs)?)
            }
            AggregationKind::TopHits { from, size, sort } => self.top_hits(*from, *size, sort, docs),
        }
    }

    fn histogram(&self, wanted: &Histogram, nested: &[Aggregation], docs: &Docs) -> Answer<Value> {
        let buckets = self.intervals(wanted, docs)?.into_iter();
        let mut buckets: Vec<Candidate<i64>> =
            buckets.map(|(key, docs)| Candidate { key, count: count(&docs), docs }).collect();
        if !wanted.order.is_empty() {
            buckets = self.ordered(buckets, &wanted.order, nested)?;
        }
        let mut answers = Vec::new();
        for one in buckets {
            let mut bucket = Map::new();
            match wanted.step {
                Step::Dates(..) => {
                    let shown = DateFormat::shown(one.key, wanted.format.as_ref());
                    bucket.insert("key_as_string".to_owned(), json!(shown));
                    bucket.insert("key".to_owned(), json!(one.key));
                }
                Step::Numbers(_) => {
                    bucket.insert("key".to_owned(), json!(one.key as f64));
                }
            }
            answers.push(self.counted_bucket(bucket, one.count, nested, &one.docs)?);
        }
        Ok(json!({"buckets": answers}))
    }

    /// A bucket with its count and what is nested in it.
    fn bucket(&self, bucket: Map<String, Value>, nested: &[Aggregation], docs: &Docs) -> Answer<Value> {
        self.counted_bucket(bucket, count(docs), nested, docs)
    }

    /// A bucket whose documents were counted already.
    fn counted_bucket(
        &self,
        mut bucket: Map<String, Value>,
        count: u64,
        nested: &[Aggregation],
        docs: &Docs,
    ) -> Answer<Value> {
        self.buckets.set(self.buckets.get() + 1);
        if self.buckets.get() > MAX_BUCKETS {
            return Err(too_many_buckets().into());
        }
        bucket.insert("doc_count".to_owned(), json!(count));
        bucket.extend(self.all(nested, docs)?);
        Ok(Value::Object(bucket))
    }
}

/// The bounds of a range, as numbers and (of dates) as texts.
fn span_bucket(span: &Span, is_date: bool, format: Option<&DateFormat>) -> Map<String, Value> {
    let mut bucket = Map::new();
    let mut texts = Vec::new();
    for (name, bound) in [("from", span.from), ("to", span.to)] {
        let Some(bound) = bound else {
            texts.push("*".to_owned());
            continue;
        };
        bucket.insert(name.to_owned(), json!(bound));
        // A number always shows that it may have decimals.
        let text = if is_date { DateFormat::shown(bound as i64, format) } else { format!("{bound:?}") };
        if is_date {
            bucket.insert(format!("{name}_as_string"), json!(text));
        }
        texts.push(text);
    }
    bucket.insert("key".to_owned(), json!(span.key.clone().unwrap_or_else(|| texts.join("-"))));
    bucket
}

fn too_many_buckets() -> QueryError {
    QueryError {
        es_type: "too_many_buckets_exception",
        ..QueryError::illegal(format!("the aggregations give more than {MAX_BUCKETS} buckets: ask for fewer"))
    }
}

fn count(docs: &Docs) -> u64 {
    docs.iter().map(|(_, docs)| docs.len() as u64).sum()
}
