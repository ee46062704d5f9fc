//! Visibility: whether readers may see a revision. Fixed when it is appended, and part of the payload that the chain
//! of digests proves.

use serde_json::{Map, Value};

use crate::{date::Timestamp, event::EventType};

/// True if readers may see a published revision.
///
/// In an event's JSON form a public revision may have `until`, and one that is not public has `unpublished`, the
/// reason:
///
/// ```json
/// {"type":"article.published","id":"a/1","unpublished":"draft","data":{}}
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visibility {
    /// Readers may see it.
    Public {
        /// The time from which on they may not; an event withdraws it then.
        until: Option<Timestamp>,
    },
    /// Readers never see it, whatever follows.
    Unpublished {
        /// In a word or two, for people: `draft`, `private`, `scheduled for 2030-01-01`.
        reason: String,
    },
}

impl Default for Visibility {
    fn default() -> Self {
        Self::PUBLIC
    }
}

impl Visibility {
    /// Public without an end.
    pub const PUBLIC: Self = Self::Public { until: None };

    /// Returns the visibility of what is not public for this reason.
    pub fn unpublished(reason: impl Into<String>) -> Self {
        Self::Unpublished { reason: reason.into() }
    }

    /// Returns true if readers may see the revision.
    pub fn is_public(&self) -> bool {
        matches!(self, Self::Public { .. })
    }

    /// Returns the time from which on readers may not see it any more, if one is set.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Public { until } => *until,
            Self::Unpublished { .. } => None,
        }
    }

    /// Adds its fields to those of an event's JSON form; public without an end has none.
    pub(crate) fn put(&self, fields: &mut Map<String, Value>) {
        match self {
            Self::Public { until: None } => None,
            Self::Public { until: Some(until) } => fields.insert(UNTIL.to_owned(), until.to_string().into()),
            Self::Unpublished { reason } => fields.insert(UNPUBLISHED.to_owned(), reason.as_str().into()),
        };
    }

    /// Takes its fields out of those of a stored event of this type and schema. Events of the first schema have none,
    /// and neither have those that publish nothing.
    pub(crate) fn take(
        event_type: &EventType,
        schema: u64,
        fields: &mut Map<String, Value>,
    ) -> Result<Self, String> {
        if schema < 2 || !matches!(event_type, EventType::Published(_)) {
            return Ok(Self::PUBLIC);
        }
        let text = |field: Option<Value>, name: &str| match field {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(format!("`{name}` must be a string, not {other}")),
        };
        let unpublished = text(fields.remove(UNPUBLISHED), UNPUBLISHED)?;
        let until = text(fields.remove(UNTIL), UNTIL)?;
        Self::stated(
            unpublished,
            until.map(|until| until.parse()).transpose().map_err(|e| format!("`{UNTIL}`: {e}"))?,
        )
    }

    /// Returns the visibility that these two fields state together.
    pub(crate) fn stated(unpublished: Option<String>, until: Option<Timestamp>) -> Result<Self, String> {
        match (unpublished, until) {
            (None, until) => Ok(Self::Public { until }),
            (Some(reason), None) => Ok(Self::Unpublished { reason }),
            (Some(_), Some(_)) => Err(format!("`{UNPUBLISHED}` and `{UNTIL}` exclude each other")),
        }
    }

    /// Returns bytes that tell the contents of revisions apart which differ in nothing but their visibility. Why a
    /// revision is not public makes no difference.
    pub(crate) fn tag(&self) -> Vec<u8> {
        match self {
            Self::Public { until: None } => Vec::new(),
            Self::Public { until: Some(until) } => format!("until {}\n", until.as_millis()).into_bytes(),
            Self::Unpublished { .. } => b"unpublished\n".to_vec(),
        }
    }
}

/// The field with the reason of a revision that is not public.
pub(crate) const UNPUBLISHED: &str = "unpublished";
/// The field with the time from which on a revision is not public.
pub(crate) const UNTIL: &str = "until";
