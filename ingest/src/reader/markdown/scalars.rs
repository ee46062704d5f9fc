//! YAML's scalars as they are written: `007` is a title, and no seven.
//!
//! A number that another notation would write back (`007`, `0xF4EE`, `1e3`, `1.10`) is the text that stands there. What
//! YAML 1.1 took for true and false (`Yes`, `off`) is text, as YAML 1.2 has it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Reads a document a second time, knowing what is in it: numbers as they are written.
pub(super) struct AsWritten(pub(super) Value);

/// Returns true where a number is among the values.
pub(super) fn has_number(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::Array(list) => list.iter().any(has_number),
        Value::Object(map) => map.values().any(has_number),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

impl<'d> DeserializeSeed<'d> for AsWritten {
    type Value = Value;

    fn deserialize<D: Deserializer<'d>>(self, from: D) -> Result<Value, D::Error> {
        match self.0 {
            Value::Number(number) => {
                let written = from.deserialize_str(Written)?;
                Ok(if number.to_string() == written { Value::Number(number) } else { Value::String(written) })
            }
            Value::Array(list) => from.deserialize_seq(Inside(Value::Array(list))),
            Value::Object(map) => from.deserialize_map(Inside(Value::Object(map))),
            known => {
                from.deserialize_ignored_any(IgnoredAny)?;
                Ok(known)
            }
        }
    }
}

/// A scalar's characters.
struct Written;

impl Visitor<'_> for Written {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.trim().to_owned())
    }
}

/// A list or a map whose values are known.
struct Inside(Value);

impl<'d> Visitor<'d> for Inside {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the list or map that was there before")
    }

    fn visit_seq<A: SeqAccess<'d>>(self, mut list: A) -> Result<Value, A::Error> {
        let Value::Array(known) = self.0 else { return Ok(self.0) };
        let mut found = Vec::with_capacity(known.len());
        for value in known {
            let kept = value.clone();
            found.push(list.next_element_seed(AsWritten(value))?.unwrap_or(kept));
        }
        Ok(Value::Array(found))
    }

    fn visit_map<A: MapAccess<'d>>(self, mut map: A) -> Result<Value, A::Error> {
        let Value::Object(known) = self.0 else { return Ok(self.0) };
        let mut found = known.clone();
        while let Some(key) = map.next_key::<String>()? {
            match known.get(&key).cloned() {
                Some(value) => {
                    let read = map.next_value_seed(AsWritten(value))?;
                    found.insert(key, read);
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Value::Object(found))
    }
}
