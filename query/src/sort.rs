//! In which order hits come, and the values that they are ordered by.

use std::cmp::Ordering;

use serde_json::Number;

use crate::{DateFormat, Scalar};

/// One key of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Sort {
    /// A field, or `_score`, or `_seq`.
    pub field: String,
    /// The largest first.
    pub descending: bool,
    /// The place of documents without a value.
    pub missing: Missing<Scalar>,
    /// True if a field that the view lacks is taken as one that no document has a value in.
    pub may_lack: bool,
    /// The format in which dates are shown, and read where a page begins behind them; and the way in which that is
    /// written.
    pub format: Option<(DateFormat, String)>,
}

/// The place of documents without a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Missing<V> {
    /// Behind all others.
    Last,
    /// Before all others.
    First,
    /// To those that have this value.
    As(V),
}

impl Sort {
    /// By a field, documents without a value last.
    pub fn by(field: impl Into<String>, descending: bool) -> Self {
        Self { field: field.into(), descending, missing: Missing::Last, may_lack: false, format: None }
    }

    /// The other way round.
    pub fn turn(&mut self) {
        self.descending = !self.descending;
        match &mut self.missing {
            missing @ Missing::Last => *missing = Missing::First,
            missing @ Missing::First => *missing = Missing::Last,
            Missing::As(_) => {}
        }
    }

    /// Returns a hit's value of this key as it is answered; `None` when it has none.
    pub fn shown(&self, value: SortValue) -> Option<Scalar> {
        match (value, &self.format) {
            (SortValue::Number(millis), Some((format, _))) => {
                Some(Scalar::Text(DateFormat::shown(millis, Some(format))))
            }
            (value, _) => value.into_scalar(),
        }
    }
}

/// A key's value.
#[derive(Debug, Clone, PartialEq)]
pub enum SortValue {
    /// Of the score.
    Score(f32),
    /// Of a date (in milliseconds) or number.
    Number(i64),
    /// Of an exact value.
    Text(String),
    /// A document that has no such value.
    Missing,
}

impl SortValue {
    /// Returns it as a plain value; `None` when there is none.
    pub fn into_scalar(self) -> Option<Scalar> {
        match self {
            Self::Score(score) => Number::from_f64(f64::from(score)).map(Scalar::Number),
            Self::Number(number) => Some(Scalar::from(number)),
            Self::Text(text) => Some(Scalar::Text(text)),
            Self::Missing => None,
        }
    }

    /// The order of two values of one key.
    pub fn against(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Score(one), Self::Score(other)) => one.total_cmp(other),
            (Self::Number(one), Self::Number(other)) => one.cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            _ => Ordering::Equal,
        }
    }
}
