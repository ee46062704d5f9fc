//! Bringing buckets into an order: by count, by key, or by a number of what is nested in them.

use std::cmp::Ordering;

use query::{Aggregation, AggregationKind, BucketOrder, Metric, OrderBy, Stat, ranks_of, shares_of};

use super::{Aggregator, Answer, Docs, count};

/// A bucket before it is answered.
pub(super) struct Candidate<K> {
    pub(super) key: K,
    pub(super) count: u64,
    /// Empty where nothing is nested.
    pub(super) docs: Docs,
}

impl Aggregator<'_> {
    /// Brings buckets into an order; those that are equal in it come by their keys.
    pub(super) fn ordered<K: Ord>(
        &self,
        buckets: Vec<Candidate<K>>,
        order: &[BucketOrder],
        nested: &[Aggregation],
    ) -> Answer<Vec<Candidate<K>>> {
        let mut rated = Vec::with_capacity(buckets.len());
        for bucket in buckets {
            if self.budget.check() {
                break;
            }
            let mut numbers = Vec::new();
            for one in order {
                if let OrderBy::Metric(path) = &one.by {
                    numbers.push(self.metric(&path.steps, path.metric, nested, &bucket.docs)?);
                }
            }
            rated.push((numbers, bucket));
        }
        rated.sort_by(|(numbers, one), (others, other)| {
            let mut metrics = numbers.iter().zip(others);
            let compared = order.iter().map(|by| {
                let found = match by.by {
                    OrderBy::Count => one.count.cmp(&other.count),
                    OrderBy::Key => one.key.cmp(&other.key),
                    OrderBy::Metric(_) => match metrics.next() {
                        Some((Some(one), Some(other))) => one.total_cmp(other),
                        // What has no number comes last either way.
                        Some((one, other)) => return other.is_some().cmp(&one.is_some()),
                        None => Ordering::Equal,
                    },
                };
                if by.descending { found.reverse() } else { found }
            });
            let first = compared.fold(Ordering::Equal, Ordering::then);
            first.then_with(|| one.key.cmp(&other.key))
        });
        Ok(rated.into_iter().map(|(_, bucket)| bucket).collect())
    }

    /// The number at the end of a path; `None` where no document has a value.
    fn metric(
        &self,
        steps: &[String],
        metric: Metric,
        nested: &[Aggregation],
        docs: &Docs,
    ) -> Answer<Option<f64>> {
        let Some((step, rest)) = steps.split_first() else { return Ok(Some(count(docs) as f64)) };
        let Some(found) = nested.iter().find(|one| one.name == *step) else { return Ok(None) };
        match (&found.kind, metric) {
            (AggregationKind::Filter(query), _) => {
                self.metric(rest, metric, &found.nested, &self.filtered(query, docs)?)
            }
            (AggregationKind::Missing { field }, _) => {
                self.metric(rest, metric, &found.nested, &self.without(field, docs)?)
            }
            (AggregationKind::Stats { field, missing, .. }, Metric::Stat(stat)) => {
                Ok(self.summary(field, missing.as_deref(), stat == Stat::Count, docs)?.number(stat))
            }
            (AggregationKind::Cardinality { field, missing }, _) => {
                Ok(Some(self.distinct(field, missing.as_deref(), docs)? as f64))
            }
            (AggregationKind::Percentiles { field, are_values, missing, .. }, Metric::Share(of)) => {
                let values = self.numbers(field, missing.as_deref(), docs)?;
                let shares = if *are_values { ranks_of(values, &[of]) } else { shares_of(values, &[of]) };
                Ok(shares.first().and_then(|share| share.value))
            }
            _ => Ok(None),
        }
    }
}
