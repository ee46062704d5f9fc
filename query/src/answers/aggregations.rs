//! Results of aggregations.

use super::{Hit, Share, Spread};
use crate::{Scalar, Stat};

/// The result of one aggregation, under its name.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregationAnswer {
    /// The name that was asked for it.
    pub name: String,
    /// Its result.
    pub result: AggregationResult,
}

/// The result of an aggregation, by its kind.
#[derive(Debug, Clone, PartialEq)]
pub enum AggregationResult {
    /// Of [`Terms`](crate::AggregationKind::Terms): a bucket for each value.
    Values {
        /// In the order that was asked for.
        buckets: Vec<Bucket>,
        /// The number of documents in buckets that are not given.
        others: u64,
    },
    /// Of a [`Histogram`](crate::AggregationKind::Histogram): a bucket for each interval.
    Intervals(Vec<Bucket>),
    /// Of [`Ranges`](crate::AggregationKind::Ranges): a bucket for each range, in the order in which they were asked for.
    Ranges(Vec<Bucket>),
    /// Of [`Filters`](crate::AggregationKind::Filters): a bucket for each query, and behind them that of what matches
    /// none, if it was asked for.
    Filters(Vec<Bucket>),
    /// Of [`Filter`](crate::AggregationKind::Filter), [`Missing`](crate::AggregationKind::Missing),
    /// [`Global`](crate::AggregationKind::Global) and [`Sampler`](crate::AggregationKind::Sampler): one bucket.
    One(Bucket),
    /// Of [`Stats`](crate::AggregationKind::Stats): the number that was asked for, or all of them.
    Stats(Vec<Figure>),
    /// Of [`Cardinality`](crate::AggregationKind::Cardinality): how many distinct values.
    Distinct(u64),
    /// Of [`TopHits`](crate::AggregationKind::TopHits): the first documents.
    TopHits(TopHits),
    /// Of [`AutoHistogram`](crate::AggregationKind::AutoHistogram): a bucket for each interval.
    AutoIntervals {
        /// In the order of time.
        buckets: Vec<Bucket>,
        /// The interval that was chosen: `7d`.
        interval: String,
    },
    /// Of [`Composite`](crate::AggregationKind::Composite): a bucket for each combination. The next page comes behind the
    /// last of them.
    Composite(Vec<Bucket>),
    /// Of [`Spread`](crate::AggregationKind::Spread) and a pipeline of it.
    Extended(Spread),
    /// Of [`Percentiles`](crate::AggregationKind::Percentiles) and a pipeline of them.
    Shares(Vec<Share>),
    /// Of a pipeline: a number, if it comes to one.
    Value(Option<f64>),
    /// Of a pipeline: the difference to the bucket before.
    Change {
        /// The difference.
        value: f64,
        /// The derivative by a unit of time.
        by_unit: Option<f64>,
    },
    /// Of a pipeline: the largest or smallest number, and whose it is.
    Peak {
        /// The number.
        value: Option<f64>,
        /// The keys of the buckets that have it.
        keys: Vec<BucketKey>,
    },
    /// Of a pipeline that has nothing to say of this bucket.
    Absent,
}

impl AggregationResult {
    /// Returns its buckets, if it has any.
    pub fn buckets(&self) -> &[Bucket] {
        match self {
            Self::Values { buckets, .. }
            | Self::Intervals(buckets)
            | Self::Ranges(buckets)
            | Self::Filters(buckets)
            | Self::Composite(buckets)
            | Self::AutoIntervals { buckets, .. } => buckets,
            Self::One(bucket) => std::slice::from_ref(bucket),
            _ => &[],
        }
    }
}

/// Documents that have something in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// The value or query that they share.
    pub key: BucketKey,
    /// Their number.
    pub count: u64,
    /// The results of nested aggregations.
    pub nested: Vec<AggregationAnswer>,
}

/// The value or query that the documents of a bucket share.
#[derive(Debug, Clone, PartialEq)]
pub enum BucketKey {
    /// They match a query, which may have a name.
    Query(Option<String>),
    /// An exact value.
    Text(String),
    /// A number, or that which the interval begins with.
    Number(i64),
    /// A date, or the beginning of an interval.
    Date {
        /// In milliseconds since 1970.
        millis: i64,
        /// In the format that was asked for.
        shown: String,
    },
    /// Several values, each with its name, if it has any; none where a document has none.
    Several(Vec<(String, Option<Scalar>)>),
    /// A value between bounds.
    Range {
        /// The name that was asked for it, or one that is made of the bounds.
        name: String,
        /// The lowest value in it.
        from: Option<Bound>,
        /// The lowest value that is too large for it.
        to: Option<Bound>,
    },
}

/// A bound of a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The number; of a date, milliseconds since 1970.
    pub value: f64,
    /// A date in the format that was asked for.
    pub date: Option<String>,
}

/// A number of many values.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The sort of number.
    pub stat: Stat,
    /// The number; none of no values. Of dates, milliseconds since 1970.
    pub value: Option<f64>,
    /// A date in the format that was asked for.
    pub date: Option<String>,
}

/// The first documents of a bucket.
#[derive(Debug, Clone, PartialEq)]
pub struct TopHits {
    /// The number of documents in the bucket.
    pub total: u64,
    /// The best score; none when they are not sorted by it.
    pub max_score: Option<f32>,
    /// The first, without highlights.
    pub hits: Vec<Hit>,
}
