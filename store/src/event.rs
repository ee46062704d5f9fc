//! Events: one fact in the past tense about one asset, as it arrives and as the log holds it.
//!
//! The JSON form is one object a line:
//!
//! ```json
//! {"type":"article.published","id":"a/1","time":"1931-05-02","source":"load:1931.jsonl","data":{"headline":"…"}}
//! ```

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor},
    ser::{SerializeMap, Serializer},
};
use serde_json::{Map, Value, value::RawValue};

use crate::{
    asset::{AssetId, AssetKind, AssetRef, InvalidId},
    content::{Article, Byline, Content, Image},
    date::{InvalidDate, Timestamp},
    digest::{Digest, Salt},
};

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

    /// A seq by its number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The one before this; 0 stays 0.
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
    /// A revision by its number; 0 stands for "none yet".
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after this.
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

/// What sort of fact an event states.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventType {
    /// `article.published` and so on: a whole new revision.
    Published(AssetKind),
    /// Taken from readers, until it is published again.
    Withdrawn(AssetKind),
    /// The payloads of all its revisions are gone for good.
    Erased(AssetKind),
    /// `byline.merged`: two ids are one person.
    Merged,
    /// A type that this version does not know: stored and handed on.
    Other(String),
}

impl EventType {
    /// The type as it is written: `article.published`.
    pub fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Published(kind) => format!("{kind}.published").into(),
            Self::Withdrawn(kind) => format!("{kind}.withdrawn").into(),
            Self::Erased(kind) => format!("{kind}.erased").into(),
            Self::Merged => "byline.merged".into(),
            Self::Other(name) => name.as_str().into(),
        }
    }

    /// The kind of asset it is about; `None` for a type that this version does not know.
    pub fn kind(&self) -> Option<AssetKind> {
        match self {
            Self::Published(kind) | Self::Withdrawn(kind) | Self::Erased(kind) => Some(*kind),
            Self::Merged => Some(AssetKind::Byline),
            Self::Other(_) => None,
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl From<&str> for EventType {
    fn from(name: &str) -> Self {
        let known = name.split_once('.').and_then(|(kind, verb)| {
            let kind = AssetKind::ALL.into_iter().find(|known| known.name() == kind)?;
            match verb {
                "published" => Some(Self::Published(kind)),
                "withdrawn" => Some(Self::Withdrawn(kind)),
                "erased" => Some(Self::Erased(kind)),
                "merged" if kind == AssetKind::Byline => Some(Self::Merged),
                _ => None,
            }
        });
        known.unwrap_or_else(|| Self::Other(name.to_owned()))
    }
}

/// Why an asset was withdrawn or erased, and by whom.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// For the readers of the record.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who ordered it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Of an erasure: what the asset named in any of its revisions, the newest first. The log fills it in, because
    /// views must touch those documents and the revisions that tell which are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<AssetRef>,
    /// Fields that this version does not know: kept and handed on.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// The byline of the event is the same person as `into`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Merge {
    /// The id that stays.
    pub into: AssetId,
    /// How it is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who said so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Fields that this version does not know: kept and handed on.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// What an event states, with its data.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A whole revision.
    Published(Content),
    /// Taken from readers.
    Withdrawn(AssetKind, Order),
    /// Gone for good.
    Erased(AssetKind, Order),
    /// Two bylines are one.
    Merged(Merge),
    /// Of a type that this version does not know.
    Other(String, Map<String, Value>),
}

impl Fact {
    /// Its type.
    pub fn event_type(&self) -> EventType {
        match self {
            Self::Published(content) => EventType::Published(content.kind()),
            Self::Withdrawn(kind, _) => EventType::Withdrawn(*kind),
            Self::Erased(kind, _) => EventType::Erased(*kind),
            Self::Merged(_) => EventType::Merged,
            Self::Other(name, _) => EventType::Other(name.clone()),
        }
    }

    /// Reads the `data` of an event of this type.
    ///
    /// # Errors
    /// [`InvalidEvent::Data`] with the path to the field that does not fit.
    pub fn from_json(event_type: &EventType, data: &str) -> Result<Self, InvalidEvent> {
        Ok(match event_type {
            EventType::Published(AssetKind::Article) => Self::Published(parse_data::<Article>(data)?.into()),
            EventType::Published(AssetKind::Image) => Self::Published(parse_data::<Image>(data)?.into()),
            EventType::Published(AssetKind::Byline) => Self::Published(parse_data::<Byline>(data)?.into()),
            EventType::Withdrawn(kind) => Self::Withdrawn(*kind, parse_data(data)?),
            EventType::Erased(kind) => Self::Erased(*kind, parse_data(data)?),
            EventType::Merged => Self::Merged(parse_data(data)?),
            EventType::Other(name) => Self::Other(name.clone(), parse_data(data)?),
        })
    }
}

impl Fact {
    /// Reads the `data` of a stored event, which may be of an older schema.
    pub(crate) fn from_stored(event_type: &EventType, schema: u64, data: &str) -> Result<Self, InvalidEvent> {
        match crate::schema::upcast(event_type, schema, data)? {
            Some(upcast) => Self::from_json(event_type, &upcast),
            None => Self::from_json(event_type, data),
        }
    }
}

impl Serialize for Fact {
    /// Its `data`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Published(content) => content.serialize(serializer),
            Self::Withdrawn(_, order) | Self::Erased(_, order) => order.serialize(serializer),
            Self::Merged(merge) => merge.serialize(serializer),
            Self::Other(_, data) => data.serialize(serializer),
        }
    }
}

/// Most payloads are good: the path is looked for only when one is not.
fn parse_data<'de, T: Deserialize<'de>>(data: &'de str) -> Result<T, InvalidEvent> {
    serde_json::from_str(data).or_else(|_| {
        let mut deserializer = serde_json::Deserializer::from_str(data);
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| InvalidEvent::Data {
            path: if error.path().to_string() == "." {
                "data".into()
            } else {
                format!("data.{}", error.path())
            },
            why: without_position(&error.into_inner()),
        })
    })
}

/// The position is that inside `data`, which tells a reader of the whole line nothing.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text.chars().take(text.get(..at).map_or(0, |head| head.chars().count())).collect(),
        None => text,
    }
}

/// An event that the log has not taken yet.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// The asset it is about.
    pub id: AssetId,
    /// When it happened at the source; the log puts its own clock's time where it is not known.
    pub time: Option<Timestamp>,
    /// Where it comes from, for people: `load:archive/1931.jsonl`, `http`, `kafka:articles/0`.
    pub source: String,
    /// What it states.
    pub fact: Fact,
    /// Fields beside `type`, `id`, `time`, `source` and `data` that this version does not know: kept.
    pub unknown: Map<String, Value>,
}

impl NewEvent {
    /// A fact about an asset, its time and source not stated.
    pub fn new(id: AssetId, fact: Fact) -> Self {
        Self { id, time: None, source: String::new(), fact, unknown: Map::new() }
    }

    /// A whole revision of an asset, its time and source not stated.
    pub fn published(id: AssetId, content: impl Into<Content>) -> Self {
        Self::new(id, Fact::Published(content.into()))
    }

    /// The asset it is about; `None` for a type that this version does not know.
    pub fn asset(&self) -> Option<AssetRef> {
        Some(AssetRef::new(self.fact.event_type().kind()?, self.id.clone()))
    }

    /// Reads the JSON form. What only the log can say (`seq`, `recorded`, `revision`, `schema`, `salt`, `digest`) is
    /// passed over, so an export can be loaded again.
    ///
    /// # Errors
    /// [`InvalidEvent`], with the field that is wrong.
    pub fn from_json(line: &str) -> Result<Self, InvalidEvent> {
        let line: Line<'_> =
            serde_json::from_str(line).map_err(|error| InvalidEvent::Json(error.to_string()))?;
        let event_type = EventType::from(line.event_type.ok_or(InvalidEvent::Missing("type"))?.as_ref());
        if let EventType::Other(name) = &event_type
            && (name.is_empty()
                || name.len() > 100
                || name.chars().any(|c| c.is_control() || c.is_whitespace()))
        {
            return Err(InvalidEvent::Type);
        }
        let time = match line.time.as_deref() {
            None | Some("") => None,
            Some(text) => Some(text.parse().map_err(InvalidEvent::Time)?),
        };
        let data = line.data.ok_or(InvalidEvent::Missing("data"))?;
        Ok(Self {
            id: AssetId::new(line.id.ok_or(InvalidEvent::Missing("id"))?)?,
            time,
            source: line.source.unwrap_or_default().into_owned(),
            fact: Fact::from_json(&event_type, data.get())?,
            unknown: line.unknown,
        })
    }
}

/// The envelope of an event in its JSON form.
#[derive(Default)]
struct Line<'a> {
    event_type: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
    source: Option<Cow<'a, str>>,
    data: Option<&'a RawValue>,
    unknown: Map<String, Value>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Line<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Line<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event: an object with `type`, `id` and `data`")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Line<'de>, M::Error> {
                let mut line = Line::default();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    match key.as_ref() {
                        "type" => line.event_type = text(&mut map, &key)?,
                        "id" => line.id = text(&mut map, &key)?,
                        "time" => line.time = text(&mut map, &key)?,
                        "source" => line.source = text(&mut map, &key)?,
                        "data" => line.data = Some(map.next_value()?),
                        "seq" | "recorded" | "revision" | "salt" | "digest" | "schema" => {
                            map.next_value::<de::IgnoredAny>()?;
                        }
                        _ => {
                            let value = map.next_value()?;
                            line.unknown.insert(key.into_owned(), value);
                        }
                    }
                }
                Ok(line)
            }
        }

        fn text<'de, M: MapAccess<'de>>(map: &mut M, key: &str) -> Result<Option<Cow<'de, str>>, M::Error> {
            match map.next_value::<Value>()? {
                Value::String(text) => Ok(Some(Cow::Owned(text))),
                Value::Null => Ok(None),
                other => Err(de::Error::custom(format_args!("`{key}` must be a string, not {other}"))),
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// An event as the log holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its place in the log.
    pub seq: Seq,
    /// When the log took it.
    pub recorded: Timestamp,
    /// When it happened at the source; [`Self::recorded`] where nothing better is known.
    pub time: Timestamp,
    /// Whether the source stated [`Self::time`].
    pub time_stated: bool,
    /// What sort of fact it states.
    pub event_type: EventType,
    /// The asset it is about.
    pub id: AssetId,
    /// For a published event: which revision of the asset it is.
    pub revision: Option<Revision>,
    /// Its link in the chain of digests.
    pub digest: Digest,
    /// What an erasure takes.
    pub payload: Payload,
}

/// The part of an event that an erasure takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// It is there.
    Kept {
        /// What the event states.
        fact: Fact,
        /// Where it comes from.
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
    /// The asset it is about; `None` for a type that this version does not know.
    pub fn asset(&self) -> Option<AssetRef> {
        Some(AssetRef::new(self.event_type.kind()?, self.id.clone()))
    }

    /// What it states; `None` once it was erased.
    pub fn fact(&self) -> Option<&Fact> {
        match &self.payload {
            Payload::Kept { fact, .. } => Some(fact),
            Payload::Erased { .. } => None,
        }
    }

    /// Where it comes from; empty where that is not known.
    pub fn source(&self) -> &str {
        match &self.payload {
            Payload::Kept { source, .. } => source,
            Payload::Erased { .. } => "",
        }
    }
}

impl Serialize for Event {
    /// The JSON form, with what only the log can say.
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
            Payload::Kept { fact, source, unknown, salt } => {
                if !source.is_empty() {
                    map.serialize_entry("source", source)?;
                }
                map.serialize_entry("data", fact)?;
                for (key, value) in unknown {
                    map.serialize_entry(key, value)?;
                }
                map.serialize_entry("salt", salt)?;
            }
            Payload::Erased { digest } => map.serialize_entry("erased", digest)?,
        }
        map.serialize_entry("digest", &self.digest)?;
        map.end()
    }
}

/// Why an event cannot be taken: always the sender's fault.
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
        /// What is wrong with it.
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
