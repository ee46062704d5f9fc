//! Aggregations: what the documents that match add up to.
//!
//! They work on lists of documents: a bucket is the list of those in it, and what is nested in it is the same
//! function over that list. The memory is four bytes a document and level; buckets are counted and bounded over the
//! whole request.

mod auto;
mod buckets;
mod intervals;
mod metrics;
mod order;
mod tally;
mod terms;
mod top;
mod tuples;

use std::cell::Cell;

use query::{
    Aggregation, AggregationAnswer, AggregationKind, AggregationResult, Bound, Bucket, BucketKey, DateFormat,
    QueryError, Span, limits::MAX_BUCKETS, ranks_of, shares_of,
};
use tantivy::{DocId, SegmentOrdinal};

use self::buckets::Values;
use super::{
    budget::{Budget, Steps},
    one::One,
    question::AskError,
};

/// A segment of one of the views that are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) view: usize,
    pub(crate) segment: SegmentOrdinal,
}

/// Lists of documents, each in their order.
pub(crate) type Docs = Vec<(Place, Vec<DocId>)>;

/// The searchers, fields and budget that aggregating needs.
pub(crate) struct Aggregator<'a> {
    views: Vec<One<'a>>,
    budget: &'a Budget,
    /// For dates that are relative to now, in milliseconds.
    now: i64,
    /// So many buckets so far.
    buckets: Cell<usize>,
    /// So much text in their hits so far.
    bytes: Cell<usize>,
    steps: Cell<Steps>,
}

type Answer<T> = Result<T, AskError>;

impl<'a> Aggregator<'a> {
    /// Over the documents of these views, at this time in milliseconds.
    pub(crate) fn new(views: Vec<One<'a>>, budget: &'a Budget, now: i64) -> Self {
        let (buckets, bytes, steps) = (Cell::new(0), Cell::new(0), Cell::default());
        Self { views, budget, now, buckets, bytes, steps }
    }
}

impl Aggregator<'_> {
    /// The answers to several aggregations over the same documents.
    pub(crate) fn all(&self, aggregations: &[Aggregation], docs: &Docs) -> Answer<Vec<AggregationAnswer>> {
        let mut answers = Vec::with_capacity(aggregations.len());
        for aggregation in aggregations {
            // When nothing is left to spend, what is missing in the answer is what it would have counted.
            let result = match self.budget.check() {
                true => self.one(aggregation, &Docs::new()),
                false => self.one(aggregation, docs),
            };
            answers.push(AggregationAnswer { name: aggregation.name.clone(), result: result? });
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

    fn one(&self, aggregation: &Aggregation, docs: &Docs) -> Answer<AggregationResult> {
        let nested = &aggregation.nested;
        Ok(match &aggregation.kind {
            AggregationKind::Terms(wanted) => self.terms(wanted, nested, docs)?,
            AggregationKind::Histogram(wanted) => {
                AggregationResult::Intervals(self.histogram(wanted, nested, docs)?)
            }
            AggregationKind::Ranges { field, spans, format, missing } => {
                let mut buckets = Vec::new();
                let missing = missing.map(|number| number as i64);
                let is_date = self.values_of(field)? == Some(Values::Dates);
                for span in spans {
                    let inside = |value: i64| span.has(value as f64).then_some(1);
                    let docs =
                        self.by_number(field, missing, docs, 1, inside)?.remove(&1).unwrap_or_default();
                    let key = key_of_span(span, is_date, format.as_ref());
                    buckets.push(self.bucket(key, nested, &docs)?);
                }
                AggregationResult::Ranges(buckets)
            }
            AggregationKind::Stats { field, which, format, missing } => {
                let figures = self.stats(field, *which, format.as_ref(), missing.as_deref(), docs)?;
                AggregationResult::Stats(figures)
            }
            AggregationKind::Cardinality { field, missing } => {
                AggregationResult::Distinct(self.distinct(field, missing.as_deref(), docs)?)
            }
            AggregationKind::Filter(query) => {
                let docs = self.filtered(query, docs)?;
                AggregationResult::One(self.bucket(BucketKey::Query(None), nested, &docs)?)
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
                let buckets = names.into_iter().zip(&lists).map(|(name, docs)| {
                    self.bucket(BucketKey::Query(named.then(|| name.clone())), nested, docs)
                });
                AggregationResult::Filters(buckets.collect::<Answer<_>>()?)
            }
            AggregationKind::Missing { field } => {
                let docs = self.without(field, docs)?;
                AggregationResult::One(self.bucket(BucketKey::Query(None), nested, &docs)?)
            }
            AggregationKind::Global => {
                AggregationResult::One(self.bucket(BucketKey::Query(None), nested, &self.everything()?)?)
            }
            AggregationKind::Sampler { size } => {
                let docs = self.best_of(*size, docs)?;
                AggregationResult::One(self.bucket(BucketKey::Query(None), nested, &docs)?)
            }
            AggregationKind::Composite(wanted) => self.composite(wanted, nested, docs)?,
            AggregationKind::MultiTerms(wanted) => self.multi_terms(wanted, nested, docs)?,
            AggregationKind::AutoHistogram(wanted) => self.auto_histogram(wanted, nested, docs)?,
            AggregationKind::Spread { field, sigma, missing } => {
                AggregationResult::Extended(self.spread(field, *sigma, missing.as_deref(), docs)?)
            }
            AggregationKind::Percentiles { field, of, are_values, format, missing } => {
                let values = self.numbers(field, missing.as_deref(), docs)?;
                let is_date = self.values_of(field)? == Some(Values::Dates);
                let mut shares = if *are_values { ranks_of(values, of) } else { shares_of(values, of) };
                for share in shares.iter_mut().filter(|_| is_date) {
                    let number = if *are_values { Some(share.of) } else { share.value };
                    share.date = number.map(|number| DateFormat::shown(number as i64, format.as_ref()));
                }
                AggregationResult::Shares(shares)
            }
            // Its place, until all others have answered.
            AggregationKind::Pipeline(_) => AggregationResult::Absent,
            AggregationKind::TopHits { from, size, sort, .. } => {
                AggregationResult::TopHits(self.top_hits(*from, *size, sort, docs)?)
            }
        })
    }

    /// A bucket with its count and what is nested in it.
    fn bucket(&self, key: BucketKey, nested: &[Aggregation], docs: &Docs) -> Answer<Bucket> {
        self.counted_bucket(key, count(docs), nested, docs)
    }

    /// A bucket whose documents were counted already.
    fn counted_bucket(
        &self,
        key: BucketKey,
        count: u64,
        nested: &[Aggregation],
        docs: &Docs,
    ) -> Answer<Bucket> {
        self.buckets.set(self.buckets.get() + 1);
        if self.buckets.get() > MAX_BUCKETS {
            return Err(too_many_buckets().into());
        }
        Ok(Bucket { key, count, nested: self.all(nested, docs)? })
    }
}

fn date_key(millis: i64, format: Option<&DateFormat>) -> BucketKey {
    BucketKey::Date { millis, shown: DateFormat::shown(millis, format) }
}

/// The bounds of a range, as numbers and (of dates) as texts.
fn key_of_span(span: &Span, is_date: bool, format: Option<&DateFormat>) -> BucketKey {
    let bound = |value: f64| Bound { value, date: is_date.then(|| DateFormat::shown(value as i64, format)) };
    let (from, to) = (span.from.map(bound), span.to.map(bound));
    let name = span.key.clone().unwrap_or_else(|| {
        // A number always shows that it may have decimals.
        let text = |bound: &Bound| bound.date.clone().unwrap_or_else(|| format!("{:?}", bound.value));
        let shown = |bound: &Option<Bound>| bound.as_ref().map_or_else(|| "*".to_owned(), text);
        format!("{}-{}", shown(&from), shown(&to))
    });
    BucketKey::Range { name, from, to }
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
