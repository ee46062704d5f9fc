//! In which order buckets come: by count, by key, or by a number of what is nested in them.

use super::{Aggregation, AggregationKind, Stat};
use crate::QueryError;

/// One key of an order of buckets.
#[derive(Debug, Clone, PartialEq)]
pub struct BucketOrder {
    /// The number or value that is compared.
    pub by: OrderBy,
    /// The largest first.
    pub descending: bool,
}

/// The number or value that buckets are compared by.
#[derive(Debug, Clone, PartialEq)]
pub enum OrderBy {
    /// The number of their documents.
    Count,
    /// Their value.
    Key,
    /// A number of what is nested in them. Those without any come last.
    Metric(MetricPath),
}

impl BucketOrder {
    /// Returns true if it is by a number of what is nested.
    pub fn is_by_metric(&self) -> bool {
        matches!(self.by, OrderBy::Metric(_))
    }
}

/// The way to a number in what is nested: `oldest`, `numbers.avg`, `old>pages.max`, `old>_count`.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricPath {
    /// Names of aggregations; all but the last are of a single bucket.
    pub steps: Vec<String>,
    /// The number of the last of them.
    pub metric: Metric,
}

/// A number of the last step of a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// The number of documents in its bucket.
    Documents,
    /// One of its numbers.
    Stat(Stat),
    /// The number of distinct values.
    Distinct,
    /// The number below which this share of the values is, in percent; or the share below this number.
    Share(f64),
}

impl MetricPath {
    /// Reads a path through these aggregations.
    ///
    /// # Errors
    /// [`QueryError`] for a path that leads to no number.
    pub fn parse(text: &str, nested: &[Aggregation]) -> Result<Self, QueryError> {
        let shown = || text.chars().take(80).collect::<String>();
        let (path, documents) = match text.strip_suffix(">_count") {
            Some(path) => (path, true),
            None => (text, false),
        };
        let mut steps: Vec<String> = path.split('>').map(|step| step.trim().to_owned()).collect();
        // There may be points in names: what is not a name ends in what is wanted of it.
        let last = steps.pop().unwrap_or_default();
        let mut inside = nested;
        for step in &steps {
            match inside.iter().find(|one| one.name == *step) {
                Some(one) if is_single(&one.kind) => inside = &one.nested,
                Some(_) => {
                    return Err(QueryError::illegal(format!(
                        "the order `{}` leads through `{step}`, which has more than one bucket",
                        shown()
                    )));
                }
                None => return Err(no_such(&shown(), step)),
            }
        }
        let named = |name: &str| inside.iter().find(|one| one.name == name);
        // The number of a percentile may have a point of its own.
        let parts = last.match_indices('.').map(|(at, _)| (&last[..at], &last[at + 1..]));
        let part = parts.filter_map(|(name, property)| Some((named(name)?, property))).next_back();
        let (found, property) = match (named(&last), part) {
            (Some(found), _) => (found, None),
            (None, Some((found, property))) => (found, Some(property)),
            (None, None) => return Err(no_such(&shown(), last.split('.').next().unwrap_or(&last))),
        };
        let metric = match (&found.kind, property) {
            (kind, None) if is_single(kind) => Some(Metric::Documents),
            (kind, Some("_count" | "doc_count")) if is_single(kind) => Some(Metric::Documents),
            (AggregationKind::Cardinality { .. }, None | Some("value")) => Some(Metric::Distinct),
            (AggregationKind::Stats { which: Stat::All, .. }, Some(name)) => {
                Stat::named(name).map(Metric::Stat)
            }
            (AggregationKind::Stats { which, .. }, None | Some("value")) if *which != Stat::All => {
                Some(Metric::Stat(*which))
            }
            (AggregationKind::Percentiles { of, .. }, Some(share)) => {
                share.parse().ok().filter(|share| of.contains(share)).map(Metric::Share)
            }
            _ => None,
        };
        let metric = metric.filter(|metric| !documents || *metric == Metric::Documents).ok_or_else(|| {
            QueryError::illegal(format!(
                "the order `{}` leads to no number: name a metric, of `stats` one of min, max, avg, sum and count, of percentiles one that it gives",
                shown()
            ))
        })?;
        steps.push(found.name.clone());
        Ok(Self { steps, metric })
    }
}

fn no_such(path: &str, name: &str) -> QueryError {
    QueryError::illegal(format!(
        "there is no aggregation `{}` nested here to order by `{path}`: use _count, _key or the name of one",
        name.chars().take(80).collect::<String>()
    ))
}

fn is_single(kind: &AggregationKind) -> bool {
    matches!(kind, AggregationKind::Filter(_) | AggregationKind::Missing { .. })
}
