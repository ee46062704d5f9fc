//! The publicity of a record, whether and until when readers may see it: what its format states, and what that means at
//! a given time.
//!
//! Each reader states a [`Publicity`], made by the functions of this module ([`fields`] for named values, [`markup`] for
//! XML). One place, [`Publicity::at`], decides by the clock; the clock is an argument.

mod fields;
mod hidden;
mod markup;
mod words;

use store::{ArchiveDate, Timestamp, Visibility};

pub(crate) use self::{
    fields::{OF_PAGES, OF_ROWS, is_no_date, json_ld, named, ninjs, page},
    hidden::{Hidden, moment},
    markup::{atom, newsml, nitf, wordpress},
};
use crate::record::Found;

/// A format's statement of who may see a record, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Publicity {
    /// The reason why readers may not see it, whatever the time.
    hidden: Option<Hidden>,
    /// Readers may not see it before.
    from: Option<Start>,
    /// Readers may not see it from then on.
    until: Option<Timestamp>,
    /// All of that is said of what it came with.
    companion: bool,
}

/// The time from which on readers may see something, and what keeps it from them before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Start {
    time: Timestamp,
    embargo: bool,
}

impl Publicity {
    /// Returns what is not public, whatever the time.
    pub(crate) fn hidden(why: Hidden) -> Self {
        Self { hidden: Some(why), ..Self::default() }
    }

    /// Returns what this and another statement say together: the stricter of both.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        let later = |a: Start, b: Start| if a.time >= b.time { a } else { b };
        Self {
            hidden: self.hidden.or(other.hidden),
            from: match (self.from, other.from) {
                (Some(a), Some(b)) => Some(later(a, b)),
                (a, b) => a.or(b),
            },
            until: match (self.until, other.until) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
            companion: self.companion || other.companion,
        }
    }

    /// Returns what holds where either statement is enough: the laxer of both.
    #[must_use]
    pub(crate) fn or(self, other: Self) -> Self {
        if self.hidden.is_some() { other } else { self }
    }

    /// Hides it before this time, for which it is scheduled.
    #[must_use]
    pub(crate) fn scheduled(self, date: &ArchiveDate) -> Self {
        let from = Some(Start { time: date.start(), embargo: false });
        self.and(Self { from, ..Self::default() })
    }

    /// Hides it before the embargo ends. One whose end is not known holds.
    #[must_use]
    pub(crate) fn embargoed(self, until: Option<&ArchiveDate>) -> Self {
        self.and(match until {
            Some(date) => Self { from: Some(Start { time: date.start(), embargo: true }), ..Self::default() },
            None => Self::hidden(Hidden::Embargoed(None)),
        })
    }

    /// Hides it from this time on, if one is known.
    #[must_use]
    pub(crate) fn until(self, date: Option<&ArchiveDate>) -> Self {
        self.and(Self { until: date.map(ArchiveDate::start), ..Self::default() })
    }

    /// Takes all times away: for a page about somebody, who does not end with it.
    #[must_use]
    pub(crate) fn at_any_time(self) -> Self {
        Self { from: None, until: None, ..self }
    }

    /// Returns the publicity of what came only with it, as a picture with its article.
    #[must_use]
    pub(crate) fn of_companions(self) -> Self {
        Self { companion: self != Self::default(), ..self }
    }

    /// Returns what an event in our own form says of itself.
    pub(crate) fn stated(visibility: &Visibility) -> Self {
        match visibility {
            Visibility::Public { until } => Self { until: *until, ..Self::default() },
            Visibility::Unpublished { reason } => Self::hidden(Hidden::Other(reason.clone())),
        }
    }

    /// States it of all that a record says.
    pub(crate) fn on(self, mut found: Vec<Found>) -> Vec<Found> {
        if self != Self::default() {
            for one in &mut found {
                one.publicity = std::mem::take(&mut one.publicity).and(self.clone());
            }
        }
        found
    }

    /// Decides until when readers may see it at this time, or why they may not.
    pub(crate) fn at(&self, now: Timestamp) -> Result<Option<Timestamp>, Hidden> {
        self.decided(now).map_err(|why| if self.companion { Hidden::Companion } else { why })
    }

    fn decided(&self, now: Timestamp) -> Result<Option<Timestamp>, Hidden> {
        if let Some(hidden) = &self.hidden {
            return Err(hidden.clone());
        }
        if let Some(Start { time, embargo }) = self.from.filter(|start| start.time > now) {
            return Err(if embargo { Hidden::Embargoed(Some(time)) } else { Hidden::Scheduled(Some(time)) });
        }
        match self.until {
            Some(until) if until <= now => Err(Hidden::Expired(Some(until))),
            until => Ok(until),
        }
    }
}

#[cfg(test)]
mod tests;
