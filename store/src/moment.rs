//! A moment in the life of a log, and how it is written.

use std::{fmt, str::FromStr};

use crate::{
    date::{ArchiveDate, Timestamp},
    event::Seq,
};

/// A moment in the life of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// The first so many events.
    Seq(Seq),
    /// The events that happened not after this, in seq order.
    Time(Timestamp),
}

impl AsOf {
    /// Returns true if the log as of then has this event.
    pub fn takes(self, seq: Seq, happened: Timestamp) -> bool {
        match self {
            Self::Seq(last) => seq <= last,
            Self::Time(last) => happened <= last,
        }
    }
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seq(seq) => write!(f, "seq:{seq}"),
            Self::Time(time) => time.fmt(f),
        }
    }
}

impl FromStr for AsOf {
    type Err = InvalidAsOf;

    /// Reads `seq:12`, a number of more than four digits, or a date: 1912, 1912-04, 1912-04-15 or an RFC 3339 time. A
    /// date means "not after its end", in UTC where it has no offset.
    fn from_str(text: &str) -> Result<Self, InvalidAsOf> {
        let invalid = || InvalidAsOf(text.chars().take(60).collect());
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.strip_prefix("seq:") {
            Some(seq) => seq.parse().map(Self::Seq).map_err(|_| invalid()),
            None if digits && text.len() > 4 => text.parse().map(Self::Seq).map_err(|_| invalid()),
            None => match text.parse::<ArchiveDate>() {
                Ok(date) => Ok(Self::Time(date.end())),
                Err(_) => Err(invalid()),
            },
        }
    }
}

/// A text that names no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a date nor a seq: use 1912, 1912-04, 1912-04-15, 1912-04-15T02:20:00Z or seq:12")]
pub struct InvalidAsOf(String);
