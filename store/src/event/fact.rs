//! The facts that events state: their types, and the data of each.

use std::{borrow::Cow, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, ser::Serializer};
use serde_json::{Map, Value};

use crate::{
    asset::{AssetId, AssetKind, AssetRef},
    content::{Article, Byline, Content, Image},
    event::InvalidEvent,
};

/// The sort of fact that an event states.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventType {
    /// `article.published` and so on: a whole new revision.
    Published(AssetKind),
    /// Taken from readers, until it is restored.
    Withdrawn(AssetKind),
    /// Given back to readers.
    Restored(AssetKind),
    /// The payloads of all its revisions are gone for good.
    Erased(AssetKind),
    /// `byline.merged`: two ids are one person.
    Merged,
    /// `byline.unmerged`: they are not, after all.
    Unmerged,
    /// A type that this version does not know: stored and handed on.
    Other(String),
}

impl EventType {
    /// Returns the type as it is written: `article.published`.
    pub fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Published(kind) => format!("{kind}.published").into(),
            Self::Withdrawn(kind) => format!("{kind}.withdrawn").into(),
            Self::Restored(kind) => format!("{kind}.restored").into(),
            Self::Erased(kind) => format!("{kind}.erased").into(),
            Self::Merged => "byline.merged".into(),
            Self::Unmerged => "byline.unmerged".into(),
            Self::Other(name) => name.as_str().into(),
        }
    }

    /// Returns the kind of asset it is about; `None` for a type that this version does not know.
    pub fn kind(&self) -> Option<AssetKind> {
        match self {
            Self::Published(kind) | Self::Withdrawn(kind) | Self::Restored(kind) | Self::Erased(kind) => {
                Some(*kind)
            }
            Self::Merged | Self::Unmerged => Some(AssetKind::Byline),
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
                "restored" => Some(Self::Restored(kind)),
                "erased" => Some(Self::Erased(kind)),
                "merged" if kind == AssetKind::Byline => Some(Self::Merged),
                "unmerged" if kind == AssetKind::Byline => Some(Self::Unmerged),
                _ => None,
            }
        });
        known.unwrap_or_else(|| Self::Other(name.to_owned()))
    }
}

/// The sort of who ordered a withdrawal: it decides what ends it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OrderedBy {
    /// A person: only a person ends it, by restoring the asset.
    #[default]
    Person,
    /// The source that the asset comes from: a public revision ends it, too.
    Source,
}

impl OrderedBy {
    fn is_person(&self) -> bool {
        *self == Self::Person
    }
}

/// An order: why an asset was withdrawn, restored or erased, or a byline is one of its own again, and by whom.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// For those who keep the archive: readers are not told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The name of whoever ordered it: readers are not told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Of a withdrawal: a sentence for readers, who find it in the asset's place.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notice: String,
    /// Of a withdrawal: a person or the source of the asset.
    #[serde(default, skip_serializing_if = "OrderedBy::is_person")]
    pub ordered_by: OrderedBy,
    /// Of an erasure: the asset never had a public revision, so that readers are not told that it ever was. The log
    /// fills it in, because the erased revisions do not tell any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub never_public: bool,
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
    /// The reason to believe it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The name of whoever said so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Fields that this version does not know: kept and handed on.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// The fact that an event states, with its data.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A whole revision.
    Published(Content),
    /// Taken from readers.
    Withdrawn(AssetKind, Order),
    /// Given back to readers.
    Restored(AssetKind, Order),
    /// Gone for good.
    Erased(AssetKind, Order),
    /// Two bylines are one.
    Merged(Merge),
    /// A byline that was merged into another is one of its own again.
    Unmerged(Order),
    /// Of a type that this version does not know.
    Other(String, Map<String, Value>),
}

impl Fact {
    /// Returns its type.
    pub fn event_type(&self) -> EventType {
        match self {
            Self::Published(content) => EventType::Published(content.kind()),
            Self::Withdrawn(kind, _) => EventType::Withdrawn(*kind),
            Self::Restored(kind, _) => EventType::Restored(*kind),
            Self::Erased(kind, _) => EventType::Erased(*kind),
            Self::Merged(_) => EventType::Merged,
            Self::Unmerged(_) => EventType::Unmerged,
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
            EventType::Restored(kind) => Self::Restored(*kind, parse_data(data)?),
            EventType::Erased(kind) => Self::Erased(*kind, parse_data(data)?),
            EventType::Merged => Self::Merged(parse_data(data)?),
            EventType::Unmerged => Self::Unmerged(parse_data(data)?),
            EventType::Other(name) => Self::Other(name.clone(), parse_data(data)?),
        })
    }
}

impl Fact {}

impl Serialize for Fact {
    /// Writes its `data`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Published(content) => content.serialize(serializer),
            Self::Withdrawn(_, order)
            | Self::Restored(_, order)
            | Self::Erased(_, order)
            | Self::Unmerged(order) => order.serialize(serializer),
            Self::Merged(merge) => merge.serialize(serializer),
            Self::Other(_, data) => data.serialize(serializer),
        }
    }
}

/// Reads the `data` of an event. Most are good: the path is looked for only when one is not.
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

/// Takes the position out of a message: it is that inside `data`, which tells a reader of the whole line nothing.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text.chars().take(text.get(..at).map_or(0, |head| head.chars().count())).collect(),
        None => text,
    }
}
