//! Aggregations whose buckets are of several fields at once.

use super::{BucketOrder, Step};
use crate::{DateFormat, Scalar};

/// A bucket for each combination of values, in the order of these and page by page.
#[derive(Debug, Clone, PartialEq)]
pub struct Composite {
    /// The values that are combined, the first counting most in the order.
    pub sources: Vec<Source>,
    /// At most so many buckets.
    pub size: usize,
    /// Only buckets behind this one; a value for each source, none where a document has none.
    pub after: Option<Vec<Option<Scalar>>>,
}

/// Values of one field that are combined with those of others.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The name that its value has in a bucket's key.
    pub name: String,
    /// The field.
    pub field: String,
    /// The intervals that the values are parted into; each is one of its own without.
    pub intervals: Option<(Step, i64)>,
    /// The largest first.
    pub descending: bool,
    /// If documents without a value are counted, too: whether they come first.
    pub missing_first: Option<bool>,
    /// The format of dates; milliseconds without.
    pub format: Option<(DateFormat, String)>,
}

impl Source {
    /// Returns the beginning of the interval that a value is in; the value itself where there are none.
    pub fn key_of(&self, value: i64) -> i64 {
        match &self.intervals {
            None => value,
            Some((step, offset)) => step.floor(value.saturating_sub(*offset)).saturating_add(*offset),
        }
    }
}

/// A bucket for each combination of exact values that documents have, those that most have first.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiTerms {
    /// The fields, and for each the value of documents that have none, which are left out otherwise.
    pub fields: Vec<(String, Option<String>)>,
    /// At most so many buckets.
    pub size: usize,
    /// The order of buckets; none is by count, the largest first.
    pub order: Vec<BucketOrder>,
    /// Buckets with fewer documents are left out.
    pub min_count: u64,
}
