//! The parts of documents that are given: all, nothing, or some of their fields.

use serde_json::{Map, Value};

use crate::Pattern;

/// The parts of a document that are given; fields by their names or patterns, which mean everything inside them too.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceFilter {
    /// The whole.
    All,
    /// Nothing, so that it need not be read.
    None,
    /// Some fields.
    Some {
        /// The fields that are given; none stands for all.
        includes: Vec<String>,
        /// The fields among them that are not.
        excludes: Vec<String>,
    },
}

impl SourceFilter {
    /// Returns the parts of a document that are given; `None` for nothing at all.
    pub fn apply(&self, document: Map<String, Value>) -> Option<Map<String, Value>> {
        match self {
            Self::All => Some(document),
            Self::None => None,
            Self::Some { includes, excludes } => {
                Some(filtered(document, "", includes, excludes, includes.is_empty()))
            }
        }
    }

    /// Returns the size of the text that is given of a document, in bytes.
    pub fn bytes(&self, document: &Map<String, Value>) -> usize {
        match self {
            Self::All => text_bytes(document),
            Self::None => 0,
            Self::Some { includes, excludes } => {
                bytes_left(document, "", includes, excludes, includes.is_empty())
            }
        }
    }
}

fn filtered(
    object: Map<String, Value>,
    prefix: &str,
    includes: &[String],
    excludes: &[String],
    included: bool,
) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in object {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if excludes.iter().any(|pattern| matches_path(pattern, &path)) {
            continue;
        }
        let included = included || includes.iter().any(|pattern| matches_path(pattern, &path));
        let value = match value {
            Value::Object(inner) => Value::Object(filtered(inner, &path, includes, excludes, included)),
            Value::Array(entries) if entries.iter().any(Value::is_object) => entries
                .into_iter()
                .map(|entry| match entry {
                    Value::Object(inner) => {
                        Value::Object(filtered(inner, &path, includes, excludes, included))
                    }
                    entry => entry,
                })
                .filter(|entry| included || entry.as_object().is_some_and(|inner| !inner.is_empty()))
                .collect(),
            value if included => value,
            _ => continue,
        };
        let empty = match &value {
            Value::Object(inner) => inner.is_empty(),
            Value::Array(inner) => inner.is_empty(),
            _ => false,
        };
        if included || !empty {
            kept.insert(name, value);
        }
    }
    kept
}

/// Returns the bytes of what [`filtered`] keeps, without keeping it.
fn bytes_left(
    object: &Map<String, Value>,
    prefix: &str,
    includes: &[String],
    excludes: &[String],
    included: bool,
) -> usize {
    let mut bytes = 0;
    for (name, value) in object {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if excludes.iter().any(|pattern| matches_path(pattern, &path)) {
            continue;
        }
        let included = included || includes.iter().any(|pattern| matches_path(pattern, &path));
        let inside = |inner: &Map<String, Value>| bytes_left(inner, &path, includes, excludes, included);
        let left = match value {
            Value::Object(inner) => inside(inner),
            Value::Array(entries) if entries.iter().any(Value::is_object) => {
                entries.iter().filter_map(Value::as_object).map(inside).sum()
            }
            value if included => bytes_of(value),
            _ => 0,
        };
        bytes += if included || left > 0 { name.len() + left } else { 0 };
    }
    bytes
}

/// Returns the size of a document's text, in bytes.
pub fn text_bytes(fields: &Map<String, Value>) -> usize {
    fields.iter().map(|(name, value)| name.len() + bytes_of(value)).sum()
}

fn bytes_of(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(bytes_of).sum(),
        Value::Object(fields) => text_bytes(fields),
        _ => 8,
    }
}

/// Returns true if a pattern means a path: it means a field and everything in it.
pub fn matches_path(pattern: &str, path: &str) -> bool {
    if !pattern.contains('*') {
        return path == pattern || path.strip_prefix(pattern).is_some_and(|rest| rest.starts_with('.'));
    }
    Pattern::wildcard(pattern).is_ok_and(|pattern| pattern.matches(path))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_given_is_counted() {
        let document =
            json!({"a": 1, "b": {"c": "xx", "d": 3}, "e": [{"f": "xxxx", "g": 5}], "h": ["x", "y"]});
        let document = document.as_object().unwrap();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let check = |includes: &[&str], excludes: &[&str]| {
            let filter = SourceFilter::Some { includes: names(includes), excludes: names(excludes) };
            let left = filter.apply(document.clone()).unwrap();
            assert_eq!(filter.bytes(document), text_bytes(&left), "{filter:?}: {left:?}");
        };
        check(&[], &[]);
        check(&["a"], &[]);
        check(&["b"], &["b.c"]);
        check(&["e.f", "h"], &[]);
        check(&[], &["e", "b.*"]);
        check(&["x"], &[]);
        assert_eq!(SourceFilter::None.bytes(document), 0);
        assert_eq!(SourceFilter::All.bytes(document), text_bytes(document));
    }
}
