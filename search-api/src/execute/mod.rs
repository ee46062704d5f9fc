//! The executor: a [`query::Query`] over a generation of the index.

mod aggregate;
mod budget;
mod collect;
mod combined;
mod exact;
mod expand;
mod fields;
mod groups;
mod guard;
mod lengths;
mod like;
mod order;
mod present;
mod score;
mod sloppy;
mod stopwords;
mod translate;

pub(crate) use aggregate::{AggregatedView, AggregationError, Aggregator, Docs, Place};
pub use budget::SearchLimits;
pub(crate) use budget::{Allowance, Budget, Steps};
pub(crate) use collect::{Collect, Collected, Found, compare, first_of_each};
pub(crate) use exact::{NearWord, is_in_use, near_words};
pub(crate) use fields::{Analysed, AsWhat, Target, fold, target_of, targets};
pub(crate) use lengths::Lengths;
pub(crate) use like::like;
pub(crate) use order::{MAX_SORT_KEYS, SortColumn, SortKey};
pub(crate) use sloppy::{Repeats, each_match};
pub(crate) use translate::Translator;
