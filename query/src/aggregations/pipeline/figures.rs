//! Figures of the numbers of all buckets.

use super::{Numbers, Over, paths::buckets_at};
use crate::{AggregationAnswer, AggregationResult, BucketKey, Figure, Spread, Stat, answers::nearest_of};

/// Returns the figure of a number of all buckets of one of these answers.
pub(super) fn over(of: &Numbers, figure: &Over, answers: &[AggregationAnswer]) -> AggregationResult {
    let Some((buckets, path)) = buckets_at(answers, &of.path) else { return AggregationResult::Value(None) };
    let numbers = Numbers { path, gap: of.gap };
    let found: Vec<(f64, &BucketKey)> =
        buckets.iter().filter_map(|bucket| Some((numbers.of(bucket)?, &bucket.key))).collect();
    let values: Vec<f64> = found.iter().map(|(value, _)| *value).collect();
    let spread = |sigma| Spread::of(&values, sigma);
    match figure {
        Over::Sum => AggregationResult::Value(Some(values.iter().sum())),
        Over::Mean => AggregationResult::Value(
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64),
        ),
        Over::Max => peak(&found, f64::max),
        Over::Min => peak(&found, f64::min),
        Over::Stats => {
            let spread = spread(2.0);
            let figure = |stat: Stat| Figure { stat, value: spread.named(stat.name()), date: None };
            let all = [Stat::Count, Stat::Min, Stat::Max, Stat::Avg, Stat::Sum];
            AggregationResult::Stats(all.map(figure).into())
        }
        Over::Extended(sigma) => AggregationResult::Extended(spread(*sigma)),
        Over::Percentiles(percents) => AggregationResult::Shares(nearest_of(values, percents)),
    }
}

fn peak(found: &[(f64, &BucketKey)], better: fn(f64, f64) -> f64) -> AggregationResult {
    let value = found.iter().map(|(value, _)| *value).reduce(better);
    let keys = found.iter().filter(|(own, _)| Some(*own) == value).map(|(_, key)| (*key).clone());
    AggregationResult::Peak { value, keys: keys.collect() }
}
