//! Aggregations, as they are asked.

mod auto;
mod expression;
mod keys;
mod order;
mod pipeline;
mod tuples;

use jiff::tz::TimeZone;

pub use self::{
    auto::AutoHistogram,
    expression::Expression,
    keys::{KeySet, Keys},
    order::{BucketOrder, Metric, MetricPath, OrderBy},
    pipeline::{Gap, Moving, Numbers, Over, Pipeline, with_pipelines},
    tuples::{Composite, MultiTerms, Source},
};
use crate::{DateFormat, HighlightOptions, Interval, Query, Sort};

/// One aggregation with its name, and what is nested in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    /// The name it is answered under.
    pub name: String,
    /// Its kind.
    pub kind: AggregationKind,
    /// Aggregations over each of its buckets.
    pub nested: Vec<Aggregation>,
}

/// The kinds of aggregations.
#[derive(Debug, Clone, PartialEq)]
pub enum AggregationKind {
    /// A bucket for each exact value.
    Terms(Terms),
    /// A bucket for each interval of dates or numbers.
    Histogram(Histogram),
    /// A bucket for each range.
    Ranges {
        /// The field.
        field: String,
        /// In the order in which they are answered.
        spans: Vec<Span>,
        /// The format of bounds that are dates.
        format: Option<DateFormat>,
        /// The value of documents that have none.
        missing: Option<f64>,
    },
    /// A number of the values: `min`, `max`, `avg`, `sum`, `value_count`, or all of them as `stats`.
    Stats {
        /// The field.
        field: String,
        /// The number that is asked for.
        which: Stat,
        /// The format of dates.
        format: Option<DateFormat>,
        /// The value of documents that have none.
        missing: Option<String>,
    },
    /// The number of distinct values.
    Cardinality {
        /// The field.
        field: String,
        /// The value of documents that have none.
        missing: Option<String>,
    },
    /// One bucket of what matches.
    Filter(Query),
    /// A bucket for each query.
    Filters {
        /// Each with its name.
        queries: Vec<(String, Query)>,
        /// The name of a bucket for what matches none of them.
        other: Option<String>,
        /// True if the buckets are answered under their names; a list otherwise.
        named: bool,
    },
    /// One bucket of what has no value.
    Missing {
        /// The field.
        field: String,
    },
    /// One bucket of everything that readers see, whatever is searched for.
    Global,
    /// One bucket of the documents that match best.
    Sampler {
        /// At most so many of each view.
        size: usize,
    },
    /// A bucket for each combination of values, page by page.
    Composite(Composite),
    /// A bucket for each combination of values, those that most have first.
    MultiTerms(MultiTerms),
    /// A bucket for each interval of dates, which are as long as it takes for so many.
    AutoHistogram(AutoHistogram),
    /// The sum of the values, and their spread.
    Spread {
        /// The field.
        field: String,
        /// By so many standard deviations the bounds are away from the mean.
        sigma: f64,
        /// The value of documents that have none.
        missing: Option<String>,
    },
    /// The numbers below which these shares of the values are; or the shares that are below these numbers.
    Percentiles {
        /// The field.
        field: String,
        /// Shares in percent, or numbers.
        of: Vec<f64>,
        /// True if they are numbers.
        are_values: bool,
        /// The format of dates.
        format: Option<DateFormat>,
        /// The value of documents that have none.
        missing: Option<String>,
    },
    /// Over the answers of others, when those are there.
    Pipeline(Pipeline),
    /// The first documents of the bucket.
    TopHits {
        /// The highlighting of each, if there is to be any.
        highlight: Option<HighlightOptions>,
        /// The number of those that are passed over.
        from: usize,
        /// Their number.
        size: usize,
        /// In which order; none is by relevance.
        sort: Vec<Sort>,
    },
}

/// A bucket for each exact value of a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// The field.
    pub field: String,
    /// At most so many buckets.
    pub size: usize,
    /// The order of buckets; none is by count, the largest first. Of equals, the lowest value comes first.
    pub order: Vec<BucketOrder>,
    /// Buckets with fewer documents are left out.
    pub min_count: u64,
    /// The value of documents that have none.
    pub missing: Option<String>,
    /// The values that are counted at all.
    pub keys: Keys,
    /// The format of dates.
    pub format: Option<DateFormat>,
}

impl Terms {
    /// Returns the values that most documents have.
    pub fn of(field: impl Into<String>, size: usize) -> Self {
        Self {
            field: field.into(),
            size,
            order: Vec::new(),
            min_count: 1,
            missing: None,
            keys: Keys::default(),
            format: None,
        }
    }
}

/// The width of a histogram's buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// By the calendar and the clocks of a zone.
    Dates(Interval, TimeZone),
    /// A whole number.
    Numbers(i64),
}

impl Step {
    /// Returns the beginning of a value's bucket.
    pub fn floor(&self, value: i64) -> i64 {
        match self {
            Self::Dates(interval, zone) => interval.floor(value, zone),
            Self::Numbers(width) => value.div_euclid((*width).max(1)).saturating_mul((*width).max(1)),
        }
    }

    /// Returns true if a bucket is all that lies between its beginning and the next, as it is unless clocks are put forward and back.
    pub fn is_even(&self) -> bool {
        match self {
            Self::Dates(_, zone) => *zone == TimeZone::UTC,
            Self::Numbers(_) => true,
        }
    }

    /// Returns the beginning of the next bucket; `None` behind the last.
    pub fn next(&self, key: i64) -> Option<i64> {
        match self {
            Self::Dates(interval, zone) => interval.next(key, zone),
            Self::Numbers(width) => key.checked_add((*width).max(1)),
        }
    }
}

/// A bucket for each interval of dates or numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// The field.
    pub field: String,
    /// The width of each bucket.
    pub step: Step,
    /// The distance by which each begins later than it would otherwise.
    pub offset: i64,
    /// Buckets with fewer documents are left out; 0 also gives the empty ones between.
    pub min_count: u64,
    /// With empty ones: from and to which value there are buckets at least.
    pub at_least: (Option<i64>, Option<i64>),
    /// Buckets that begin outside are left out.
    pub at_most: (Option<i64>, Option<i64>),
    /// The order of buckets; none is by value.
    pub order: Vec<BucketOrder>,
    /// The value of documents that have none.
    pub missing: Option<i64>,
    /// The format of dates.
    pub format: Option<DateFormat>,
}

impl Histogram {
    /// Returns a histogram of the dates that anything happened at.
    pub fn of_dates(field: impl Into<String>, interval: Interval, format: DateFormat) -> Self {
        Self { min_count: 1, format: Some(format), ..Self::of(field, Step::Dates(interval, TimeZone::UTC)) }
    }

    /// Returns everything from the first value to the last.
    pub fn of(field: impl Into<String>, step: Step) -> Self {
        Self {
            field: field.into(),
            step,
            offset: 0,
            min_count: 0,
            at_least: (None, None),
            at_most: (None, None),
            order: Vec::new(),
            missing: None,
            format: None,
        }
    }

    /// Returns the beginning of a value's bucket; `None` when there is to be none.
    pub fn bucket_of(&self, value: i64) -> Option<i64> {
        let key = self.floor(value);
        let (first, last) = self.at_most;
        let inside =
            first.is_none_or(|first| key >= self.floor(first)) && last.is_none_or(|last| key <= last);
        inside.then_some(key)
    }

    /// Returns the beginning of a value's bucket, within the bounds or not.
    pub fn floor(&self, value: i64) -> i64 {
        self.step.floor(value.saturating_sub(self.offset)).saturating_add(self.offset)
    }

    /// Returns the beginning of the bucket behind this one; `None` behind the last.
    pub fn next(&self, key: i64) -> Option<i64> {
        self.step.next(key.checked_sub(self.offset)?)?.checked_add(self.offset)
    }
}

/// A range of values.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The name of its bucket; made of the bounds when it has none.
    pub key: Option<String>,
    /// The lowest value in it.
    pub from: Option<f64>,
    /// The lowest value that is too large for it.
    pub to: Option<f64>,
}

impl Span {
    /// Returns true if a value is in it.
    pub fn has(&self, value: f64) -> bool {
        self.from.is_none_or(|from| value >= from) && self.to.is_none_or(|to| value < to)
    }
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
    /// Their number.
    Count,
    /// All of these.
    All,
}

impl Stat {
    /// Returns the name that the answer to `stats` has it under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
            Self::Avg => "avg",
            Self::Sum => "sum",
            Self::Count => "count",
            Self::All => "stats",
        }
    }

    /// Returns the one that the answer to `stats` has under this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Min, Self::Max, Self::Avg, Self::Sum, Self::Count].into_iter().find(|stat| stat.name() == name)
    }
}
