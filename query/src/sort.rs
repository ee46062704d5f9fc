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
    /// The one of several values that counts.
    pub mode: SortMode,
    /// The place of documents without a value.
    pub missing: Missing<Scalar>,
    /// True if a field that the view lacks is taken as one that no document has a value in.
    pub may_lack: bool,
    /// The format in which dates are shown, and read where a page begins behind them; and the way in which that is
    /// written.
    pub format: Option<(DateFormat, String)>,
}

/// The one of several values that a document is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortMode {
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The mean of numbers or dates, rounded.
    Avg,
    /// The sum of numbers or dates.
    Sum,
    /// The number or date in the middle, or the mean of the two there, rounded.
    Median,
}

impl SortMode {
    /// Returns the one of an order that states none: the value that comes first in it.
    pub fn usual(descending: bool) -> Self {
        if descending { Self::Max } else { Self::Min }
    }

    /// Returns the value that counts of several numbers; `None` of none.
    pub fn of_numbers(self, values: impl Iterator<Item = i64>) -> Option<i64> {
        let mean = |sum: i128, count: usize| (sum as f64 / count as f64).round() as i64;
        let sum = |values: &[i64]| values.iter().map(|value| i128::from(*value)).sum::<i128>();
        match self {
            Self::Min => values.min(),
            Self::Max => values.max(),
            Self::Avg | Self::Sum | Self::Median => {
                let mut values: Vec<i64> = values.collect();
                values.sort_unstable();
                let middle = values.get((values.len().checked_sub(1)?) / 2..=values.len() / 2)?;
                Some(match self {
                    Self::Avg => mean(sum(&values), values.len()),
                    Self::Median => mean(sum(middle), middle.len()),
                    _ => i64::try_from(sum(&values)).unwrap_or(i64::MAX),
                })
            }
        }
    }

    /// Returns the value that counts of several whose order alone is known; `None` of none.
    pub fn of_texts(self, values: impl Iterator<Item = u64>) -> Option<u64> {
        if self == Self::Max { values.max() } else { values.min() }
    }
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
    /// Returns an order by a field, documents without a value last.
    pub fn by(field: impl Into<String>, descending: bool) -> Self {
        let mode = SortMode::usual(descending);
        Self { field: field.into(), descending, mode, missing: Missing::Last, may_lack: false, format: None }
    }

    /// Turns the order the other way round.
    pub fn turn(&mut self) {
        if self.mode == SortMode::usual(self.descending) {
            self.mode = SortMode::usual(!self.descending);
        }
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

    /// Returns the order of two values of one key.
    pub fn against(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Score(one), Self::Score(other)) => one.total_cmp(other),
            (Self::Number(one), Self::Number(other)) => one.cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            _ => Ordering::Equal,
        }
    }
}
