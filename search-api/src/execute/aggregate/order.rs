//! In which order buckets come: by count, by key, or by a number of what is nested in them.

use std::cmp::Ordering;

use super::{Aggregation, AggregationKind, Aggregator, Answer, Docs, Stat, count};
use crate::query::QueryError;

/// One key of an order of buckets.
#[derive(Debug, Clone, PartialEq)]
pub struct BucketOrder {
    /// What is compared.
    pub by: OrderBy,
    /// The largest first.
    pub descending: bool,
}

/// What buckets are compared by.
#[derive(Debug, Clone, PartialEq)]
pub enum OrderBy {
    /// How many documents they have.
    Count,
    /// Their value.
    Key,
    /// A number of what is nested in them. Those without any come last.
    Metric(MetricPath),
}

impl BucketOrder {
    pub(super) fn is_by_metric(&self) -> bool {
        matches!(self.by, OrderBy::Metric(_))
    }
}

/// The way to a number in what is nested: `oldest`, `numbers.avg`, `old>pages.max`, `old>_count`.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricPath {
    /// Names of aggregations; all but the last are of a single bucket.
    steps: Vec<String>,
    what: What,
}

/// Which number of the last step is meant.
#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    Documents,
    Stat(Stat),
    Distinct,
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
        let (found, property) = match (named(&last), last.rsplit_once('.')) {
            (Some(found), _) => (found, None),
            (None, Some((name, property))) => {
                (named(name).ok_or_else(|| no_such(&shown(), name))?, Some(property))
            }
            (None, None) => return Err(no_such(&shown(), &last)),
        };
        let what = match (&found.kind, property) {
            (kind, None) if is_single(kind) => Some(What::Documents),
            (kind, Some("_count" | "doc_count")) if is_single(kind) => Some(What::Documents),
            (AggregationKind::Cardinality { .. }, None | Some("value")) => Some(What::Distinct),
            (AggregationKind::Stats { which: Stat::All, .. }, Some(name)) => {
                Stat::named(name).map(What::Stat)
            }
            (AggregationKind::Stats { which, .. }, None | Some("value")) if *which != Stat::All => {
                Some(What::Stat(*which))
            }
            _ => None,
        };
        let what = what.filter(|what| !documents || *what == What::Documents).ok_or_else(|| {
            QueryError::illegal(format!(
                "the order `{}` leads to no number: name a metric, of `stats` one of min, max, avg, sum and count",
                shown()
            ))
        })?;
        steps.push(found.name.clone());
        Ok(Self { steps, what })
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
                    numbers.push(self.metric(&path.steps, path.what, nested, &bucket.docs)?);
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
        what: What,
        nested: &[Aggregation],
        docs: &Docs,
    ) -> Answer<Option<f64>> {
        let Some((step, rest)) = steps.split_first() else { return Ok(Some(count(docs) as f64)) };
        let Some(found) = nested.iter().find(|one| one.name == *step) else { return Ok(None) };
        match (&found.kind, what) {
            (AggregationKind::Filter(query), _) => {
                self.metric(rest, what, &found.nested, &self.filtered(query, docs)?)
            }
            (AggregationKind::Missing { field }, _) => {
                self.metric(rest, what, &found.nested, &self.without(field, docs)?)
            }
            (AggregationKind::Stats { field, missing, .. }, What::Stat(stat)) => {
                Ok(self.summary(field, missing.as_deref(), stat == Stat::Count, docs)?.number(stat))
            }
            (AggregationKind::Cardinality { field, missing }, _) => {
                Ok(Some(self.distinct(field, missing.as_deref(), docs)? as f64))
            }
            _ => Ok(None),
        }
    }
}
