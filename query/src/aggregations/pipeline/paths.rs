//! The ways to numbers in answers.

use super::{Gap, Numbers};
use crate::{AggregationAnswer, AggregationResult, Bucket, BucketKey, Stat};

impl Numbers {
    /// Returns the number of a bucket; `None` where there is none and it is to be passed over.
    pub(super) fn of(&self, bucket: &Bucket) -> Option<f64> {
        let is_count = self.path == "_count";
        let found = number_at(bucket, &self.path).filter(|number| number.is_finite());
        let found = found.filter(|_| is_count || bucket.count > 0 || self.gap == Gap::Keep);
        if self.gap == Gap::Zero { found.or(Some(0.0)) } else { found }
    }

    /// Returns the names in the way that may be those of other pipelines.
    pub(super) fn first_step(&self) -> &str {
        let step = self.path.split('>').next().unwrap_or_default().trim();
        step.split(['.', '[']).next().unwrap_or(step)
    }
}

/// Returns the number at the end of a way.
pub(super) fn number_at(bucket: &Bucket, path: &str) -> Option<f64> {
    let (step, rest) = match path.split_once('>') {
        Some((step, rest)) => (step.trim(), Some(rest)),
        None => (path.trim(), None),
    };
    if rest.is_none() {
        match step {
            "_count" => return Some(bucket.count as f64),
            "_key" => return key_of(&bucket.key),
            _ => {}
        }
    }
    // There may be points in names.
    let named = |name: &str| bucket.nested.iter().find(|answer| answer.name == name);
    let (answer, property) = match named(step) {
        Some(answer) => (answer, None),
        None => property_of(step).and_then(|(name, property)| Some((named(name)?, Some(property))))?,
    };
    match (&answer.result, rest) {
        (AggregationResult::One(inner), Some(rest)) => number_at(inner, rest),
        (result, Some("_bucket_count")) => Some(result.buckets().len() as f64),
        (_, Some(_)) => None,
        (result, None) => number_of(result, property),
    }
}

/// `stats.avg`, `percents[99.0]`, `percents.99.0`
fn property_of(step: &str) -> Option<(&str, &str)> {
    match step.split_once('[') {
        Some((name, rest)) => Some((name, rest.strip_suffix(']')?.trim_matches(['\'', '"']))),
        None => step.split_once('.'),
    }
}

fn number_of(result: &AggregationResult, property: Option<&str>) -> Option<f64> {
    match (result, property) {
        (AggregationResult::Value(value), None | Some("value")) => *value,
        (AggregationResult::Change { value, .. }, None | Some("value")) => Some(*value),
        (AggregationResult::Change { by_unit, .. }, Some("normalized_value")) => *by_unit,
        (AggregationResult::Distinct(count), None | Some("value")) => Some(*count as f64),
        (AggregationResult::Peak { value, .. }, None | Some("value")) => *value,
        (AggregationResult::One(bucket), None | Some("_count" | "doc_count")) => Some(bucket.count as f64),
        (AggregationResult::Stats(figures), None | Some("value")) => match figures.as_slice() {
            [figure] => figure.value,
            _ => None,
        },
        (AggregationResult::Stats(figures), Some(name)) => {
            let stat = Stat::named(name)?;
            figures.iter().find(|figure| figure.stat == stat)?.value
        }
        (AggregationResult::Extended(spread), Some(name)) => spread.named(name),
        (AggregationResult::Shares(shares), Some(name)) => {
            let wanted: f64 = name.parse().ok()?;
            shares.iter().find(|share| (share.of - wanted).abs() < 1e-9)?.value
        }
        (result, Some("_bucket_count")) => Some(result.buckets().len() as f64),
        _ => None,
    }
}

fn key_of(key: &BucketKey) -> Option<f64> {
    match key {
        BucketKey::Number(number) | BucketKey::Date { millis: number, .. } => Some(*number as f64),
        _ => None,
    }
}

/// Returns the buckets that a way begins with, and the rest of it.
pub(super) fn buckets_at<'a>(answers: &'a [AggregationAnswer], path: &str) -> Option<(&'a [Bucket], String)> {
    let (first, rest) = path.split_once('>').unwrap_or((path, "_count"));
    let answer = answers.iter().find(|answer| answer.name == first.trim())?;
    match &answer.result {
        AggregationResult::One(bucket) => buckets_at(&bucket.nested, rest),
        result => Some((result.buckets(), rest.to_owned())),
    }
}
