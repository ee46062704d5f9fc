//! Intervals that are as long as it takes for so many buckets.

use query::{Aggregation, AggregationResult, AutoHistogram};

use super::{Aggregator, Answer, Docs, date_key};

impl Aggregator<'_> {
    pub(super) fn auto_histogram(
        &self,
        wanted: &AutoHistogram,
        nested: &[Aggregation],
        docs: &Docs,
    ) -> Answer<AggregationResult> {
        let mut ends: Option<(i64, i64)> = None;
        self.each_number(&wanted.field, wanted.missing, docs, &mut |_, _, value| {
            let (low, high) = ends.unwrap_or((value, value));
            ends = Some((low.min(value), high.max(value)));
        })?;
        let Some((first, last)) = ends else {
            return Ok(AggregationResult::AutoIntervals { buckets: Vec::new(), interval: "1s".to_owned() });
        };
        let (starts, interval) = wanted.starts(first, last);
        let key = |value: i64| {
            let behind = starts.partition_point(|start| *start <= value);
            behind.checked_sub(1).and_then(|at| starts.get(at)).copied()
        };
        let mut parted = self.by_number(&wanted.field, wanted.missing, docs, 1, key)?;
        let mut buckets = Vec::with_capacity(starts.len());
        for start in &starts {
            let docs = parted.remove(start).unwrap_or_default();
            buckets.push(self.bucket(date_key(*start, wanted.format.as_ref()), nested, &docs)?);
        }
        Ok(AggregationResult::AutoIntervals { buckets, interval })
    }
}
