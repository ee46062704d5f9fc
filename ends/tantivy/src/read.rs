//! Reading: a [`query::Query`] over indexes, and the rows, counts and numbers that it gives.

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
mod one;
mod order;
mod present;
mod question;
mod score;
mod sloppy;
mod stopwords;
mod translate;

pub use self::{
    budget::{Allowance, Budget, SearchLimits, Steps},
    exact::NearWord,
    lengths::Lengths,
    question::{AskError, Asked, Examples, Matching, Question, ReadFailure, Row, Rows},
};
pub(crate) use self::{
    exact::{is_in_use, near_words},
    fields::{Analysed, AsWhat, target_of, targets},
};
