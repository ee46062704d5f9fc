//! The reasons why readers may not see something, as they are stored and as they are told.

use std::fmt;

use store::Timestamp;

/// A reason why readers may not see what a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// Not finished.
    Draft,
    /// Finished, and not yet looked at by whoever decides.
    Pending,
    /// For some people only.
    Private,
    /// For those who know a password.
    Password,
    /// Thrown away.
    Trashed,
    /// Its source says that it is not published, and no more.
    Unpublished,
    /// It has no page of its own, or one that nobody is led to.
    Unlisted,
    /// Its source keeps it back.
    Withheld,
    /// Its source takes it back, perhaps with a word why.
    Canceled(String),
    /// Until a time, if that is known.
    Scheduled(Option<Timestamp>),
    /// Until a time, if that is known.
    Embargoed(Option<Timestamp>),
    /// Since a time, if that is known.
    Expired(Option<Timestamp>),
    /// It came only with what is not public: the picture of a draft.
    Companion,
    /// No text for readers at all, but what a program keeps among them, by the name of its type: never stored.
    Internal(String),
    /// As its source puts it.
    Other(String),
}

impl Hidden {
    /// Returns the sort that it is counted under.
    pub(crate) fn sort(&self) -> &str {
        match self {
            Self::Draft => "draft",
            Self::Pending => "pending",
            Self::Private => "private",
            Self::Password => "password",
            Self::Trashed => "trash",
            Self::Unpublished => "unpublished",
            Self::Unlisted => "unlisted",
            Self::Withheld => "withheld",
            Self::Canceled(_) => "canceled",
            Self::Scheduled(_) => "scheduled",
            Self::Embargoed(_) => "embargoed",
            Self::Expired(_) => "expired",
            Self::Companion => "companion",
            Self::Internal(name) | Self::Other(name) => name,
        }
    }

    /// Returns the time at which readers may see it, if nothing else is said until then.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        match self {
            Self::Scheduled(time) | Self::Embargoed(time) => *time,
            _ => None,
        }
    }

    /// Returns true if it is a text that was or will be for readers: what `--unpublished` takes in. What was taken back
    /// is an order, not a text.
    pub(crate) fn is_text(&self) -> bool {
        !matches!(self, Self::Internal(_) | Self::Canceled(_))
    }

    /// Returns the reason of the withdrawal of what readers could see before.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Canceled(word) if !word.is_empty() => word.clone(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("waiting for review"),
            Self::Password => f.write_str("behind a password"),
            Self::Trashed => f.write_str("in the trash"),
            Self::Unpublished => f.write_str("not published"),
            Self::Scheduled(Some(time)) => write!(f, "scheduled for {}", moment(*time)),
            Self::Embargoed(Some(time)) => write!(f, "embargoed until {}", moment(*time)),
            Self::Expired(Some(time)) => write!(f, "expired {}", moment(*time)),
            Self::Companion => f.write_str("part of what is not public"),
            other => f.write_str(other.sort()),
        }
    }
}

/// Returns a time in UTC for people: the day alone where it is midnight.
pub(crate) fn moment(time: Timestamp) -> String {
    let text = time.to_string();
    let (day, clock) = text.split_once('T').unwrap_or((&text, ""));
    match clock.get(..5) {
        None | Some("00:00") => day.to_owned(),
        Some(clock) => format!("{day} {clock}"),
    }
}
