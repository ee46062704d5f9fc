//! The executor: a [`crate::query::Query`] over a generation of the index.

mod aggregate;
mod collect;
mod combined;
mod exact;
mod expand;
mod fields;
mod groups;
mod lengths;
mod like;
mod present;
mod range;
mod score;
mod stopwords;
mod translate;
mod words;

pub(crate) use aggregate::{AggregatedView, AggregationError, Aggregator, Docs, Place};
pub use aggregate::{
    Aggregation, AggregationKind, BucketOrder, Histogram, KeySet, Keys, MetricPath, OrderBy, Span, Stat,
    Step, Terms,
};
pub use collect::SortValue;
pub(crate) use collect::{
    Collect, Collected, Found, MAX_SORT_KEYS, SortColumn, SortKey, compare, first_of_each,
};
pub(crate) use expand::{OUT_OF_TIME, near_terms};
pub(crate) use fields::{AsWhat, Target, target_of};
pub(crate) use lengths::Lengths;
pub(crate) use like::like;
pub(crate) use translate::Translator;
