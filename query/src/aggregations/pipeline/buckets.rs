//! Pipelines from bucket to bucket.

use std::cmp::Ordering;

use super::{Moving, Numbers, Pipeline, paths::number_at};
use crate::{Aggregation, AggregationKind, AggregationResult, Bucket, BucketKey, SortValue};

/// Applies the pipelines among what is nested in these buckets: each after those that it takes numbers of.
pub(super) fn apply(asked: &[Aggregation], buckets: &mut Vec<Bucket>) {
    let pipelines = asked.iter().enumerate().filter_map(|(at, one)| match &one.kind {
        AggregationKind::Pipeline(Pipeline::Over { .. }) => None,
        AggregationKind::Pipeline(pipeline) => Some((at, one.name.as_str(), pipeline)),
        _ => None,
    });
    let mut left: Vec<(usize, &str, &Pipeline)> = pipelines.collect();
    // What chooses and orders buckets comes last: the others look at all of them.
    left.sort_by_key(|(_, _, pipeline)| match pipeline {
        Pipeline::Selector { .. } => 1,
        Pipeline::Sort { .. } => 2,
        _ => 0,
    });
    while !left.is_empty() {
        let waits = |(_, own, pipeline): &(usize, &str, &Pipeline)| {
            let steps = numbers_of(pipeline);
            left.iter().any(|(_, name, _)| name != own && steps.iter().any(|step| step.first_step() == *name))
        };
        // Where each waits for another, the first is taken: its numbers are not there.
        let next = left.iter().position(|one| !waits(one)).unwrap_or(0);
        let (at, _, pipeline) = left.remove(next);
        run(pipeline, at, buckets);
    }
}

pub(super) fn numbers_of(pipeline: &Pipeline) -> Vec<&Numbers> {
    match pipeline {
        Pipeline::Derivative { of, .. }
        | Pipeline::CumulativeSum(of)
        | Pipeline::SerialDifference { of, .. }
        | Pipeline::Moving { of, .. }
        | Pipeline::Over { of, .. } => vec![of],
        Pipeline::Script { of, .. } | Pipeline::Selector { of, .. } => of.iter().map(|(_, of)| of).collect(),
        Pipeline::Sort { by, .. } => by.iter().map(|(of, _)| of).collect(),
    }
}

/// Puts a result in the place of what is nested at a number.
fn put(bucket: &mut Bucket, at: usize, result: AggregationResult) {
    if let Some(answer) = bucket.nested.get_mut(at) {
        answer.result = result;
    }
}

fn run(pipeline: &Pipeline, at: usize, buckets: &mut Vec<Bucket>) {
    match pipeline {
        Pipeline::Derivative { of, unit } => {
            let mut before: Option<(f64, Option<f64>)> = None;
            for bucket in buckets {
                let Some(value) = of.of(bucket) else { continue };
                let key = number_at(bucket, "_key");
                if let Some((last, last_key)) = before {
                    let units =
                        key.zip(last_key).zip(*unit).map(|((key, last), unit)| (key - last) / unit as f64);
                    let by_unit = units.map(|units| (value - last) / units);
                    put(bucket, at, AggregationResult::Change { value: value - last, by_unit });
                }
                before = Some((value, key));
            }
        }
        Pipeline::CumulativeSum(of) => {
            let mut sum = 0.0;
            for bucket in buckets {
                sum += of.of(bucket).unwrap_or(0.0);
                put(bucket, at, AggregationResult::Value(Some(sum)));
            }
        }
        Pipeline::SerialDifference { of, lag } => {
            let values: Vec<Option<f64>> = buckets.iter().map(|bucket| of.of(bucket)).collect();
            for (number, bucket) in buckets.iter_mut().enumerate() {
                let before =
                    number.checked_sub(*lag).and_then(|before| values.get(before)).copied().flatten();
                if let (Some(before), Some(value)) = (before, values.get(number).copied().flatten()) {
                    put(bucket, at, AggregationResult::Value(Some(value - before)));
                }
            }
        }
        Pipeline::Moving { of, window, shift, figure } => {
            // Gaps are no buckets: nothing moves there, and the window goes past them.
            let known: Vec<(&mut Bucket, f64)> =
                buckets.iter_mut().filter_map(|bucket| of.of(bucket).map(|value| (bucket, value))).collect();
            let values: Vec<f64> = known.iter().map(|(_, value)| *value).collect();
            for (number, (bucket, _)) in known.into_iter().enumerate() {
                let bound = |at: i64| usize::try_from(at.max(0)).unwrap_or(0).min(values.len());
                let behind = i64::try_from(number).unwrap_or(i64::MAX).saturating_add(*shift);
                let first = behind.saturating_sub(i64::try_from(*window).unwrap_or(i64::MAX));
                let inside = values.get(bound(first)..bound(behind)).unwrap_or_default();
                put(bucket, at, AggregationResult::Value(moving(*figure, inside)));
            }
        }
        Pipeline::Script { of, expression } => {
            for bucket in buckets {
                if let Some(value) = expression.value(&|name| named(of, name, bucket)) {
                    put(bucket, at, AggregationResult::Value(Some(value)));
                }
            }
        }
        Pipeline::Selector { of, expression } => {
            buckets.retain(|bucket| {
                expression.value(&|name| named(of, name, bucket)).is_some_and(|value| value != 0.0)
            });
        }
        Pipeline::Sort { by, from, size } => {
            sort(by, buckets);
            let end = size.map_or(buckets.len(), |size| from.saturating_add(size).min(buckets.len()));
            buckets.truncate(end);
            buckets.drain(..(*from).min(end));
        }
        Pipeline::Over { .. } => {}
    }
}

fn named(of: &[(String, Numbers)], name: &str, bucket: &Bucket) -> Option<f64> {
    of.iter().find(|(known, _)| known == name).and_then(|(_, numbers)| numbers.of(bucket))
}

fn moving(figure: Moving, values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let sum: f64 = values.iter().sum();
    let some = (!values.is_empty()).then_some(());
    match figure {
        Moving::Sum => Some(sum),
        Moving::Mean => some.map(|()| sum / count),
        Moving::Max => values.iter().copied().reduce(f64::max),
        Moving::Min => values.iter().copied().reduce(f64::min),
        Moving::Deviation => some.map(|()| {
            let mean = sum / count;
            (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
        }),
        Moving::LinearMean => some.map(|()| {
            let weighted: f64 = values.iter().zip(1..).map(|(value, weight)| value * f64::from(weight)).sum();
            weighted / (count * (count + 1.0) / 2.0)
        }),
    }
}

/// Orders buckets; those without a number come last either way.
fn sort(by: &[(Numbers, bool)], buckets: &mut [Bucket]) {
    let text = |of: &Numbers, bucket: &Bucket| match &bucket.key {
        BucketKey::Text(text) if of.path == "_key" => Some(SortValue::Text(text.clone())),
        _ => None,
    };
    buckets.sort_by(|one, other| {
        let compared = by.iter().map(|(of, descending)| {
            let order = match (text(of, one), text(of, other), of.of(one), of.of(other)) {
                (Some(one), Some(other), ..) => one.against(&other),
                (_, _, Some(one), Some(other)) => one.total_cmp(&other),
                (_, _, one, other) => return other.is_some().cmp(&one.is_some()),
            };
            if *descending { order.reverse() } else { order }
        });
        compared.fold(Ordering::Equal, Ordering::then)
    });
}
