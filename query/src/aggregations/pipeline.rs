//! Aggregations over the answers of others: differences and sums from bucket to bucket, figures over all of them, and which
//! of them are given in which order.

mod buckets;
mod figures;
mod paths;

use super::Aggregation;
use crate::{AggregationAnswer, AggregationKind, AggregationResult, Bucket, Expression};

/// An aggregation over the answers of others.
#[derive(Debug, Clone, PartialEq)]
pub enum Pipeline {
    /// The difference to the bucket before; by a unit of time, if there is one, in milliseconds.
    Derivative {
        /// The number.
        of: Numbers,
        /// The unit.
        unit: Option<i64>,
    },
    /// The sum of all buckets so far.
    CumulativeSum(Numbers),
    /// The difference to the bucket so many before.
    SerialDifference {
        /// The number.
        of: Numbers,
        /// The distance to the earlier bucket.
        lag: usize,
    },
    /// A figure of the buckets in a window that moves on with each.
    Moving {
        /// The number.
        of: Numbers,
        /// The buckets that are in it: those before each.
        window: usize,
        /// By so many the window begins later.
        shift: i64,
        /// The figure.
        figure: Moving,
    },
    /// A number for each bucket that is calculated from others of it.
    Script {
        /// Names, and the numbers that they stand for.
        of: Vec<(String, Numbers)>,
        /// The calculation.
        expression: Expression,
    },
    /// Only the buckets for which this comes out true.
    Selector {
        /// Names, and the numbers that they stand for.
        of: Vec<(String, Numbers)>,
        /// The condition.
        expression: Expression,
    },
    /// Buckets in another order, and only some of them.
    Sort {
        /// The numbers that they are ordered by, and whether the largest comes first.
        by: Vec<(Numbers, bool)>,
        /// The number of buckets that are passed over.
        from: usize,
        /// At most so many are given.
        size: Option<usize>,
    },
    /// A figure of all buckets of another aggregation beside this one.
    Over {
        /// The number: its first step is the other aggregation.
        of: Numbers,
        /// The figure.
        figure: Over,
    },
}

/// A number of each bucket.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// The way to it: `_count`, `sum_of_pages`, `old>pages.max`, `percents[99.0]`.
    pub path: String,
    /// The number that stands for one that a bucket does not have.
    pub gap: Gap,
}

/// The treatment of buckets that have no such number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// They are passed over.
    Skip,
    /// It is taken to be zero.
    Zero,
    /// The number is taken if there is one, also of a bucket without documents.
    Keep,
}

/// A figure of numbers in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moving {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// Their standard deviation.
    Deviation,
    /// Their mean, the later counting the more.
    LinearMean,
}

/// A figure of the numbers of all buckets.
#[derive(Debug, Clone, PartialEq)]
pub enum Over {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// The largest, and whose it is.
    Max,
    /// The smallest, and whose it is.
    Min,
    /// Count, smallest, largest, mean and sum.
    Stats,
    /// The statistics with their spread; bounds are so many standard deviations away.
    Extended(f64),
    /// The numbers below which these shares in percent are.
    Percentiles(Vec<f64>),
}

impl Pipeline {
    /// Returns the paths to the numbers that it takes.
    pub fn paths(&self) -> Vec<&str> {
        buckets::numbers_of(self).into_iter().map(|numbers| numbers.path.as_str()).collect()
    }

    /// Returns true if it is over all buckets of another, beside which it stands.
    pub fn is_beside(&self) -> bool {
        matches!(self, Self::Over { .. })
    }
}

/// Puts the answers of pipelines in their places, given what was asked and what all others have answered.
pub fn with_pipelines(asked: &[Aggregation], answers: Vec<AggregationAnswer>) -> Vec<AggregationAnswer> {
    let mut answers = answers;
    for (asked, answer) in asked.iter().zip(&mut answers) {
        inside(asked, &mut answer.result);
    }
    for at in 0..asked.len() {
        let Some(Aggregation { kind: AggregationKind::Pipeline(Pipeline::Over { of, figure }), .. }) =
            asked.get(at)
        else {
            continue;
        };
        let result = figures::over(of, figure, &answers);
        if let Some(answer) = answers.get_mut(at) {
            answer.result = result;
        }
    }
    answers
}

/// Computes the pipelines nested in the buckets of one answer, then those over the buckets.
fn inside(asked: &Aggregation, result: &mut AggregationResult) {
    if !asked.nested.iter().any(has_pipelines) {
        return;
    }
    let buckets: &mut Vec<Bucket> = match result {
        AggregationResult::Values { buckets, .. }
        | AggregationResult::Intervals(buckets)
        | AggregationResult::AutoIntervals { buckets, .. }
        | AggregationResult::Composite(buckets)
        | AggregationResult::Ranges(buckets)
        | AggregationResult::Filters(buckets) => buckets,
        AggregationResult::One(bucket) => {
            bucket.nested = with_pipelines(&asked.nested, std::mem::take(&mut bucket.nested));
            return;
        }
        _ => return,
    };
    for bucket in buckets.iter_mut() {
        bucket.nested = with_pipelines(&asked.nested, std::mem::take(&mut bucket.nested));
    }
    buckets::apply(&asked.nested, buckets);
}

fn has_pipelines(asked: &Aggregation) -> bool {
    matches!(asked.kind, AggregationKind::Pipeline(_)) || asked.nested.iter().any(has_pipelines)
}
