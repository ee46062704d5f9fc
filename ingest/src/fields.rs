//! A record's fields, taken one by one: what nobody took is what no field of ours has a place for.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};
use store::{ArchiveDate, Keyword};

use crate::dates::{self, DayOrder, Form};

/// The fields of a JSON object, a front matter or a table's row.
#[derive(Debug, Default)]
pub(crate) struct Fields(pub(crate) Map<String, Value>);

impl Fields {
    /// Takes a field's text. What is neither text nor a number stays, and so goes to `extra`.
    pub(crate) fn text(&mut self, name: &str) -> String {
        match self.0.get_mut(name) {
            // Taken, not copied; the empty text that is left says nothing.
            Some(Value::String(text)) => {
                let text = std::mem::take(text);
                if text.trim().len() == text.len() { text } else { text.trim().to_owned() }
            }
            Some(Value::Number(_)) => self.0.remove(name).map(|value| text_of(&value)).unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// Returns the text of the first of these fields that has one; the others stay.
    pub(crate) fn first_text(&mut self, names: &[&str]) -> String {
        names.iter().map(|name| self.text(name)).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Takes a date. One that cannot be understood stays; so does one that can be read in two ways, whose year is taken.
    pub(crate) fn date(&mut self, name: &str) -> Option<ArchiveDate> {
        let dated = dates::read(&text_of(self.0.get(name)?), DayOrder::Unknown)?;
        if dated.form != Form::TwoWays {
            self.0.remove(name);
        }
        Some(dated.date)
    }

    /// Returns the first of these fields that has a date; the others stay.
    pub(crate) fn first_date(&mut self, names: &[&str]) -> Option<ArchiveDate> {
        names.iter().find_map(|name| self.date(name))
    }

    /// Takes an object; anything else stays.
    pub(crate) fn object(&mut self, name: &str) -> Self {
        match self.0.get_mut(name) {
            Some(Value::Object(found)) => Self(std::mem::take(found)),
            _ => Self::default(),
        }
    }

    /// Takes a list; a single value is a list of one, `null` and nothing are an empty one.
    pub(crate) fn list(&mut self, name: &str) -> Vec<Value> {
        match self.0.get_mut(name).map(Value::take) {
            Some(Value::Array(list)) => list,
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) if text.trim().is_empty() => Vec::new(),
            Some(value) => vec![value],
        }
    }

    /// Takes a list of texts; a single text is split at its commas. What is no text stays.
    pub(crate) fn texts(&mut self, name: &str) -> Vec<String> {
        if let Some(Value::String(text)) = self.0.get(name) {
            let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
            let texts = texts.map(str::to_owned).collect();
            self.0.remove(name);
            return texts;
        }
        let (texts, others): (Vec<_>, Vec<_>) =
            self.list(name).into_iter().partition(|value| value.is_string() || value.is_number());
        self.keep(name, Value::Array(others));
        texts.iter().map(text_of).filter(|text| !text.is_empty()).collect()
    }

    /// Puts back what could not be used, if it is anything.
    pub(crate) fn keep(&mut self, name: &str, value: Value) {
        if is_nothing(&value) {
            return;
        }
        match self.0.get_mut(name) {
            Some(place) => *place = value,
            None => {
                self.0.insert(name.to_owned(), value);
            }
        }
    }

    /// Adds what was found elsewhere to a field, whatever it holds.
    pub(crate) fn add(&mut self, name: &str, value: Value) {
        let before = self.0.get_mut(name).map(Value::take).filter(|before| !is_nothing(before));
        let value = match (before, value) {
            (Some(Value::Array(mut list)), Value::Array(more)) => {
                list.extend(more);
                Value::Array(list)
            }
            (Some(before), Value::Array(mut more)) => {
                more.insert(0, before);
                Value::Array(more)
            }
            (Some(before), value) => Value::Array(vec![before, value]),
            (None, value) => value,
        };
        self.0.insert(name.to_owned(), value);
    }

    /// Returns true if nothing is left that says something.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.values().all(is_nothing)
    }

    /// Returns what nobody took and says something.
    pub(crate) fn rest(mut self) -> Map<String, Value> {
        self.0.retain(|_, value| !is_nothing(value));
        self.0
    }
}

/// Returns texts as keywords of one vocabulary.
pub(crate) fn keywords(name: &str, values: Vec<String>) -> impl Iterator<Item = Keyword> {
    values.into_iter().map(move |value| Keyword { name: name.to_owned(), value, ..Keyword::default() })
}

/// Returns the text of a string or a number; nothing of the others.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) if text.trim().len() == text.len() => text.clone(),
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// Returns the object itself, or an empty one for another value.
pub(crate) fn object_of(value: Value) -> Fields {
    match value {
        Value::Object(map) => Fields(map),
        _ => Fields::default(),
    }
}

pub(crate) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.iter().all(is_nothing),
        Value::Object(map) => map.values().all(is_nothing),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A JSON value as it is read, without the fields of objects that say nothing (`null`, `""`, `[]`): there are many.
pub(crate) struct Pruned(pub(crate) Value);

impl<'de> Deserialize<'de> for Pruned {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(PrunedVisitor).map(Self)
    }
}

struct PrunedVisitor;

impl<'de> Visitor<'de> for PrunedVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut found = Vec::new();
        while let Some(Pruned(value)) = list.next_element()? {
            found.push(value);
        }
        Ok(Value::Array(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut found = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let Pruned(value) = map.next_value()?;
            if !is_nothing(&value) {
                found.insert(key, value);
            }
        }
        Ok(Value::Object(found))
    }
}

/// Reads JSON, and leaves out the fields that say nothing.
pub(crate) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str::<Pruned>(text).map(|Pruned(value)| value)
}
