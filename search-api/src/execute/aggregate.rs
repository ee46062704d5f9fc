//! Aggregations: what the documents that match add up to.
//!
//! They work on lists of documents: a bucket is the list of those in it, and what is nested in it is the same
//! function over that list. The memory is four bytes a document and level; buckets are counted and bounded over the
//! whole request.

mod buckets;
mod terms;

use std::cell::Cell;

use serde_json::{Map, Value, json};
use tantivy::{DocId, Searcher, SegmentOrdinal, TantivyError};

use self::terms::Choice;
use super::{
    budget::{Budget, Steps},
    fields::Target,
};
use crate::query::{
    Interval, Query, QueryError, instant_of,
    limits::{MAX_BUCKETS, MAX_PAGE_BYTES},
};

/// One aggregation with its name, and what is nested in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    /// The name it is answered under.
    pub name: String,
    /// What it does.
    pub kind: AggregationKind,
    /// What is done with each of its buckets.
    pub nested: Vec<Aggregation>,
}

/// What an aggregation does.
#[derive(Debug, Clone, PartialEq)]
pub enum AggregationKind {
    /// A bucket for each exact value.
    Terms {
        /// The field.
        field: String,
        /// At most so many buckets.
        size: usize,
        /// By value instead of by count.
        by_key: bool,
        /// The other way round.
        reversed: bool,
        /// Buckets with fewer documents are left out.
        min_count: u64,
        /// A value for documents that have none.
        missing: Option<String>,
    },
    /// A bucket for each interval of dates.
    Dates {
        /// The field.
        field: String,
        /// How long each is.
        interval: Interval,
        /// Buckets with fewer documents are left out; 0 also gives the empty ones between.
        min_count: u64,
        /// `yyyy`, `yyyy-MM`, `yyyy-MM-dd`; all of the instant without.
        format: Option<String>,
    },
    /// A bucket for each interval of numbers.
    Numbers {
        /// The field.
        field: String,
        /// How wide each is.
        interval: i64,
        /// Buckets with fewer documents are left out; 0 also gives the empty ones between.
        min_count: u64,
    },
    /// A bucket for each range; `from` is in it, `to` is not.
    Ranges {
        /// The field.
        field: String,
        /// Key and bounds.
        ranges: Vec<(String, Option<i64>, Option<i64>)>,
        /// Whether the answer is an object.
        keyed: bool,
    },
    /// A number of the values: `min`, `max`, `avg`, `sum`, `value_count`, or all of them as `stats`.
    Stats {
        /// The field.
        field: String,
        /// Which.
        which: Stat,
    },
    /// How many distinct values.
    Cardinality {
        /// The field.
        field: String,
    },
    /// One bucket of what matches.
    Filter(Query),
    /// A bucket for each query.
    Filters(Vec<(String, Query)>),
    /// One bucket of what has no value.
    Missing {
        /// The field.
        field: String,
    },
    /// The first documents of the bucket, newest in the log first.
    TopHits {
        /// How many are passed over.
        from: usize,
        /// How many.
        size: usize,
    },
}

/// A number of many values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stat {
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The mean.
    Avg,
    /// The sum.
    Sum,
    /// How many.
    Count,
    /// All of these.
    All,
}

/// A segment of one of the views that are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Makes a hit of a seq; and how much text it has.
    fn hit(&self, seq: u64) -> Option<(Value, usize)>;
}

/// What aggregating needs to know.
pub(crate) struct Aggregator<'a> {
    views: Vec<&'a dyn AggregatedView>,
    budget: &'a Budget,
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
    /// Over the documents of these views.
    pub(crate) fn new(views: Vec<&'a dyn AggregatedView>, budget: &'a Budget) -> Self {
        let (buckets, bytes, steps) = (Cell::new(0), Cell::new(0), Cell::default());
        Self { views, budget, buckets, bytes, steps }
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
            AggregationKind::Terms { field, size, by_key, reversed, min_count, missing } => {
                let choice = Choice {
                    field,
                    size: *size,
                    by_key: *by_key,
                    reversed: *reversed,
                    min_count: *min_count,
                    missing: missing.as_deref(),
                };
                self.terms(&choice, nested, docs)
            }
            AggregationKind::Dates { field, interval, min_count, format } => {
                let buckets = self.by_number(field, docs, *min_count, |value| interval.floor(value))?;
                let buckets = self.with_empty(buckets, *min_count, |key| interval.next(key))?;
                let mut answers = Vec::new();
                for (key, docs) in buckets {
                    let mut bucket = Map::new();
                    bucket.insert("key_as_string".to_owned(), json!(formatted(key, format.as_deref())));
                    bucket.insert("key".to_owned(), json!(key));
                    answers.push(self.bucket(bucket, nested, &docs)?);
                }
                Ok(json!({"buckets": answers}))
            }
            AggregationKind::Numbers { field, interval, min_count } => {
                let interval = (*interval).max(1);
                let floor = |value: i64| value.div_euclid(interval).saturating_mul(interval);
                let buckets = self.by_number(field, docs, *min_count, floor)?;
                let buckets = self.with_empty(buckets, *min_count, |key| key.checked_add(interval))?;
                let mut answers = Vec::new();
                for (key, docs) in buckets {
                    let bucket = [("key".to_owned(), json!(key as f64))].into_iter().collect();
                    answers.push(self.bucket(bucket, nested, &docs)?);
                }
                Ok(json!({"buckets": answers}))
            }
            AggregationKind::Ranges { field, ranges, keyed } => {
                self.ranges(field, ranges, *keyed, nested, docs)
            }
            AggregationKind::Stats { field, which } => self.stats(field, *which, docs),
            AggregationKind::Cardinality { field } => {
                let column = self.is_numeric(field)?;
                let count = match column {
                    None => 0,
                    Some(true) => self.count_numbers(field, docs, |value| value)?.len(),
                    Some(false) => {
                        let mut values = 0;
                        self.each_text(field, None, docs, &mut |_, _| values += 1)?;
                        values
                    }
                };
                Ok(json!({"value": count}))
            }
            AggregationKind::Filter(query) => {
                let docs = self.filtered(query, docs)?;
                self.bucket(Map::new(), nested, &docs)
            }
            AggregationKind::Filters(queries) => {
                let mut answers = Map::new();
                for (name, query) in queries {
                    let docs = self.filtered(query, docs)?;
                    answers.insert(name.clone(), self.bucket(Map::new(), nested, &docs)?);
                }
                Ok(json!({"buckets": answers}))
            }
            AggregationKind::Missing { field } => {
                let query = crate::query::Bool {
                    must_not: vec![Query::Exists { field: field.clone() }],
                    ..crate::query::Bool::default()
                };
                let docs = self.filtered(&Query::Bool(query), docs)?;
                self.bucket(Map::new(), nested, &docs)
            }
            AggregationKind::TopHits { from, size } => self.top_hits(*from, *size, docs),
        }
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

    fn ranges(
        &self,
        field: &str,
        ranges: &[(String, Option<i64>, Option<i64>)],
        keyed: bool,
        nested: &[Aggregation],
        docs: &Docs,
    ) -> Answer<Value> {
        let mut answers = Map::new();
        for (key, from, to) in ranges {
            let inside = |value: i64| {
                i64::from(from.is_none_or(|from| value >= from) && to.is_none_or(|to| value < to))
            };
            let docs = self.by_number(field, docs, 1, inside)?.remove(&1).unwrap_or_default();
            let mut bucket = Map::new();
            if let Some(from) = from {
                bucket.insert("from".to_owned(), json!(*from as f64));
            }
            if let Some(to) = to {
                bucket.insert("to".to_owned(), json!(*to as f64));
            }
            answers.insert(key.clone(), self.bucket(bucket, nested, &docs)?);
        }
        if keyed {
            return Ok(json!({"buckets": answers}));
        }
        let list = answers.into_iter().map(|(key, mut bucket)| {
            if let Value::Object(bucket) = &mut bucket {
                bucket.insert("key".to_owned(), json!(key));
            }
            bucket
        });
        Ok(json!({"buckets": list.collect::<Vec<_>>()}))
    }

    fn stats(&self, field: &str, which: Stat, docs: &Docs) -> Answer<Value> {
        let (mut count, mut sum, mut min, mut max) = (0_u64, 0.0_f64, f64::INFINITY, f64::NEG_INFINITY);
        for (place, docs) in docs {
            let Some((name, numeric)) = self.column_of(*place, field)? else { continue };
            let columns = self.segment(*place).fast_fields();
            if numeric {
                let column = columns.i64(&name)?;
                for value in self.each(docs).flat_map(|doc| column.values_for_doc(doc)) {
                    let value = value as f64;
                    (count, sum, min, max) = (count + 1, sum + value, min.min(value), max.max(value));
                }
            } else if which != Stat::Count {
                return Err(QueryError::illegal(format!("`{field}` holds neither numbers nor dates")).into());
            } else if let Some(column) = columns.str(&name)? {
                count += self.each(docs).map(|doc| column.term_ords(doc).count() as u64).sum::<u64>();
            }
        }
        let some = |value: f64| if count == 0 { Value::Null } else { json!(value) };
        Ok(match which {
            Stat::Min => json!({"value": some(min)}),
            Stat::Max => json!({"value": some(max)}),
            Stat::Avg => json!({"value": some(sum / count as f64)}),
            Stat::Sum => json!({"value": sum}),
            Stat::Count => json!({"value": count}),
            Stat::All => {
                json!({"count": count, "min": some(min), "max": some(max), "avg": some(sum / count as f64), "sum": sum})
            }
        })
    }

    fn top_hits(&self, from: usize, size: usize, docs: &Docs) -> Answer<Value> {
        let mut seqs = Vec::new();
        for (place, docs) in docs {
            let column = self.segment(*place).fast_fields().u64("_seq")?;
            seqs.extend(self.each(docs).filter_map(|doc| Some((column.first(doc)?, place.view))));
        }
        seqs.sort_unstable_by(|one, other| other.cmp(one));
        let page = seqs.iter().skip(from).take(size);
        let mut hits = Vec::new();
        for (seq, view) in page {
            if self.budget.check() {
                break;
            }
            let Some((hit, bytes)) = self.views.get(*view).and_then(|view| view.hit(*seq)) else { continue };
            self.bytes.set(self.bytes.get() + bytes);
            if self.bytes.get() > MAX_PAGE_BYTES {
                return Err(QueryError::illegal(format!(
                    "the hits of all buckets have more than {} MB of documents: ask for fewer",
                    MAX_PAGE_BYTES >> 20
                ))
                .at("aggs")
                .into());
            }
            hits.push(hit);
        }
        Ok(json!({"hits": {
            "total": {"value": seqs.len(), "relation": "eq"}, "max_score": Value::Null, "hits": hits,
        }}))
    }
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

/// A date in a format of Elasticsearch's that we know; the whole instant otherwise.
fn formatted(millis: i64, format: Option<&str>) -> String {
    let instant = instant_of(millis);
    let signed = if instant.starts_with(['-', '+']) { 3 } else { 0 };
    let length = match format {
        Some("yyyy" | "uuuu" | "year" | "strict_year") => 4,
        Some("yyyy-MM" | "uuuu-MM" | "year_month" | "strict_year_month") => 7,
        Some(
            "yyyy-MM-dd" | "uuuu-MM-dd" | "date" | "strict_date" | "year_month_day" | "strict_year_month_day",
        ) => 10,
        Some("epoch_millis") => return millis.to_string(),
        _ => return instant,
    };
    instant.get(..length + signed).unwrap_or(&instant).to_owned()
}
