//! The executor: a [`crate::query::Query`] over a generation of the index.

mod aggregate;
mod collect;
mod combined;
mod expand;
mod fields;
mod lengths;
mod like;
mod present;
mod range;
mod score;
mod stopwords;
mod translate;

pub use aggregate::{Aggregation, AggregationKind, Stat};
pub(crate) use aggregate::{AggregationError, Aggregator};
pub use collect::SortValue;
pub(crate) use collect::{Collect, Collected, MAX_SORT_KEYS, SortColumn, SortKey};
pub(crate) use expand::{OUT_OF_TIME, near_terms};
pub(crate) use fields::{AsWhat, target_of};
pub(crate) use lengths::Lengths;
pub(crate) use like::like;
pub(crate) use translate::Translator;
