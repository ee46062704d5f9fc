//! Events: one fact in the past tense about one asset, as it arrives and as the log holds it.
//!
//! The JSON form is one object a line:
//!
//! ```json
//! {"type":"article.published","id":"a/1","time":"1931-05-02","source":"load:1931.jsonl","data":{"headline":"…"}}
//! ```

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{
    Deserialize, Serialize,
    ser::{SerializeMap, Serializer},
};
use serde_json::{Map, Value};

use crate::{
    asset::{AssetId, AssetRef, InvalidId},
    date::{InvalidDate, Timestamp},
    log::digest::{Digest, Salt},
};

mod arriving;
mod fact;
mod visibility;

pub(crate) use arriving::ENVELOPE;
pub use arriving::NewEvent;
pub use fact::{EventType, Fact, Merge, Order, OrderedBy};
pub use visibility::Visibility;
pub(crate) use visibility::{UNPUBLISHED, UNTIL};

/// An event's place in the log: 1, 2, 3 …, no gaps. 0 stands before the first event.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Seq(u64);

impl Seq {
    /// Before the first event.
    pub const ZERO: Self = Self(0);
    /// After any event.
    pub const MAX: Self = Self(u64::MAX);

    /// Returns a seq by its number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Returns the one before this; 0 stays 0.
    #[must_use]
    pub const fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Seq {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// The count of an asset's published events: its first revision is 1.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Revision(u64);

impl Revision {
    /// Returns a revision by its number; 0 stands for "none yet".
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An event as the log holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its place in the log.
    pub seq: Seq,
    /// The time at which the log took it.
    pub recorded: Timestamp,
    /// The time at which it happened at the source; [`Self::recorded`] where nothing better is known.
    pub time: Timestamp,
    /// True if the source stated [`Self::time`].
    pub time_stated: bool,
    /// The sort of fact that it states.
    pub event_type: EventType,
    /// The asset it is about.
    pub id: AssetId,
    /// For a published event: which revision of the asset it is.
    pub revision: Option<Revision>,
    /// The version of the form that its payload is stored in: its digest is of that.
    pub schema: u64,
    /// Its link in the chain of digests.
    pub digest: Digest,
    /// The payload, which an erasure takes.
    pub payload: Payload,
}

/// The part of an event that an erasure takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// It is there.
    Kept {
        /// The fact that the event states.
        fact: Fact,
        /// For a published event: whether readers may see the revision.
        visibility: Visibility,
        /// Its source.
        source: String,
        /// Envelope fields that this version does not know.
        unknown: Map<String, Value>,
        /// The payload's digest is salted, so that a stub does not tell who guesses the text that he is right.
        salt: Salt,
    },
    /// It was erased; its digest is left, so that the chain still checks.
    Erased {
        /// The salted digest of what was there.
        digest: Digest,
    },
}

impl Event {
    /// Returns the asset it is about; `None` for a type that this version does not know.
    pub fn asset(&self) -> Option<AssetRef> {
        Some(AssetRef::new(self.event_type.kind()?, self.id.clone()))
    }

    /// Returns who may see what it publishes, and until when; public for an event that publishes nothing, or was erased.
    pub fn visibility(&self) -> &Visibility {
        match &self.payload {
            Payload::Kept { visibility, .. } => visibility,
            Payload::Erased { .. } => &Visibility::PUBLIC,
        }
    }

    /// Returns what it states; `None` once it was erased.
    pub fn fact(&self) -> Option<&Fact> {
        match &self.payload {
            Payload::Kept { fact, .. } => Some(fact),
            Payload::Erased { .. } => None,
        }
    }

    /// Returns where it comes from; empty where that is not known.
    pub fn source(&self) -> &str {
        match &self.payload {
            Payload::Kept { source, .. } => source,
            Payload::Erased { .. } => "",
        }
    }
}

impl Serialize for Event {
    /// Writes the JSON form, with what only the log can say.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("recorded", &self.recorded)?;
        map.serialize_entry("type", &self.event_type.name())?;
        map.serialize_entry("id", &self.id)?;
        if self.time_stated {
            map.serialize_entry("time", &self.time)?;
        }
        if let Some(revision) = self.revision {
            map.serialize_entry("revision", &revision)?;
        }
        match &self.payload {
            Payload::Kept { fact, visibility, source, unknown, salt } => {
                if !source.is_empty() {
                    map.serialize_entry("source", source)?;
                }
                let mut stated = Map::new();
                visibility.put(&mut stated);
                for (key, value) in &stated {
                    map.serialize_entry(key, value)?;
                }
                map.serialize_entry("data", fact)?;
                for (key, value) in unknown {
                    map.serialize_entry(key, value)?;
                }
                map.serialize_entry("salt", salt)?;
            }
            Payload::Erased { digest } => map.serialize_entry("erased", digest)?,
        }
        if self.schema != 1 {
            map.serialize_entry("schema", &self.schema)?;
        }
        map.serialize_entry("digest", &self.digest)?;
        map.end()
    }
}

/// The reason why an event cannot be taken: always the sender's fault.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidEvent {
    /// It is not a JSON object of the right shape.
    #[error("not an event: {0}")]
    Json(String),
    /// A field that every event needs.
    #[error("`{0}` is missing: an event needs `type`, `id` and `data`")]
    Missing(&'static str),
    /// The type's name cannot be one.
    #[error("`type` must be 1 to 100 characters without white space, such as article.published")]
    Type,
    /// The id cannot be one.
    #[error("`id`: {0}")]
    Id(#[from] InvalidId),
    /// The time cannot be read.
    #[error("`time`: {0}")]
    Time(InvalidDate),
    /// A field of the payload does not fit its schema.
    #[error("`{path}`: {why}")]
    Data {
        /// From `data` down: `data.keywords[2].value`.
        path: String,
        /// The fault.
        why: String,
    },
    /// A stored payload of a version that this program does not know.
    #[error("its payload is of schema version {found}, this program knows 1 to {known}: use a newer morgue")]
    Schema {
        /// Its version.
        found: u64,
        /// Ours.
        known: u64,
    },
    /// The whole is larger than the log takes.
    #[error("the event has {bytes} bytes: at most {max} are taken")]
    TooLarge {
        /// Of JSON.
        bytes: usize,
        /// The limit.
        max: usize,
    },
}

impl InvalidEvent {
    /// Returns a field that does not fit, by its path.
    pub(crate) fn field(path: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self::Data { path: path.to_string(), why: why.to_string() }
    }
}
