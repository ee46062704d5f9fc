//! Events as they arrive: the envelope, before the log has taken it.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

use crate::{
    asset::{AssetId, AssetRef},
    content::Content,
    date::{InvalidDate, Timestamp},
    event::{EventType, Fact, InvalidEvent, UNPUBLISHED, UNTIL, Visibility},
};

/// An event that the log has not taken yet.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// The asset it is about.
    pub id: AssetId,
    /// The time at which it happened at the source; the log puts its own clock's time where it is not known.
    pub time: Option<Timestamp>,
    /// Its source, for people: `load:archive/1931.jsonl`, `http`, `kafka:articles/0`.
    pub source: String,
    /// The fact that it states.
    pub fact: Fact,
    /// For a published event: whether readers may see the revision.
    pub visibility: Visibility,
    /// Fields beside `type`, `id`, `time`, `source`, `unpublished`, `until` and `data` that this version does not know: kept.
    pub unknown: Map<String, Value>,
}

impl NewEvent {
    /// Returns a fact about an asset, its time and source not stated.
    pub fn new(id: AssetId, fact: Fact) -> Self {
        let (source, visibility) = (String::new(), Visibility::PUBLIC);
        Self { id, time: None, source, fact, visibility, unknown: Map::new() }
    }

    /// Returns a whole revision of an asset, its time and source not stated.
    pub fn published(id: AssetId, content: impl Into<Content>) -> Self {
        Self::new(id, Fact::Published(content.into()))
    }

    /// Returns the asset it is about; `None` for a type that this version does not know.
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
        let until = line.until.filter(|until| !until.is_empty()).map(|until| until.parse()).transpose();
        let until = until.map_err(|error: InvalidDate| InvalidEvent::field(UNTIL, error))?;
        let unpublished = line.unpublished.filter(|reason| !reason.is_empty()).map(Cow::into_owned);
        Ok(Self {
            id: AssetId::new(line.id.ok_or(InvalidEvent::Missing("id"))?)?,
            time,
            source: line.source.unwrap_or_default().into_owned(),
            fact: Fact::from_json(&event_type, data.get())?,
            visibility: Visibility::stated(unpublished, until)
                .map_err(|why| InvalidEvent::field(UNPUBLISHED, why))?,
            unknown: line.unknown,
        })
    }
}

/// The fields of an event's JSON form that have a meaning of their own.
pub(crate) const ENVELOPE: [&str; 14] = [
    "seq",
    "recorded",
    "revision",
    "type",
    "id",
    "time",
    "source",
    UNPUBLISHED,
    UNTIL,
    "data",
    "salt",
    "erased",
    "schema",
    "digest",
];

/// The envelope of an event in its JSON form.
#[derive(Default)]
struct Line<'a> {
    event_type: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
    source: Option<Cow<'a, str>>,
    unpublished: Option<Cow<'a, str>>,
    until: Option<Cow<'a, str>>,
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
                let mut seen = [false; ENVELOPE.len()];
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    let known = ENVELOPE.iter().zip(&mut seen).find(|(known, _)| **known == key);
                    if known.is_some_and(|(_, seen)| std::mem::replace(seen, true))
                        || line.unknown.contains_key(&*key)
                    {
                        return Err(de::Error::custom(format_args!("duplicate field `{key}`")));
                    }
                    match key.as_ref() {
                        "type" => line.event_type = text(&mut map, &key)?,
                        "id" => line.id = text(&mut map, &key)?,
                        "time" => line.time = text(&mut map, &key)?,
                        "source" => line.source = text(&mut map, &key)?,
                        UNPUBLISHED => line.unpublished = text(&mut map, &key)?,
                        UNTIL => line.until = text(&mut map, &key)?,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_stands_twice_is_refused() {
        for twice in
            ["type", "id", "time", "source", "unpublished", "until", "data", "seq", "digest", "colour"]
        {
            let value = match twice {
                "type" => "\"article.published\"",
                "data" => "{\"headline\":\"Ferry\"}",
                "time" | "until" => "\"2030-01-01\"",
                _ => "\"x\"",
            };
            let again = format!("\"{twice}\":{value}");
            let needed =
                [("type", "\"article.published\""), ("id", "\"x\""), ("data", "{\"headline\":\"Ferry\"}")];
            let rest = needed
                .iter()
                .filter(|(name, _)| *name != twice)
                .map(|(name, value)| format!("\"{name}\":{value}"));
            let fields: Vec<String> = [again.clone()].into_iter().chain(rest).collect();
            assert!(NewEvent::from_json(&format!("{{{}}}", fields.join(","))).is_ok(), "{fields:?}");
            let error =
                NewEvent::from_json(&format!("{{{},{again}}}", fields.join(","))).unwrap_err().to_string();
            assert!(error.contains(&format!("duplicate field `{twice}`")), "{error}");
        }
    }
}
