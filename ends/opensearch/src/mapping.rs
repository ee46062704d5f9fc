//! The mapping and settings of an index, made of a view's table: what we ask lies under `_morgue`, the rest is for people.

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use views::{ANALYSER_VERSION, FieldKind, FieldSpec, Language, ViewId};
use xxhash_rust::xxh3::xxh3_64;

use crate::settings::Settings;

/// The object that all fields of ours lie under.
pub const OURS: &str = "_morgue";
/// The version of this shape.
pub const FORMAT: u32 = 1;
/// The longest token, in characters: analysers of the cluster cut at 255 units of UTF-16.
const MAX_TOKEN_CHARS: usize = 100;

/// Returns the field of a text's terms.
pub fn terms_field(name: &str) -> String {
    format!("{OURS}.terms.{name}")
}

/// Returns the field of a stemmed text's words as they are written.
pub fn exact_field(name: &str) -> String {
    format!("{OURS}.exact.{name}")
}

/// Returns the field of whole values.
pub fn key_field(name: &str) -> String {
    format!("{OURS}.key.{name}")
}

/// Returns the field of a date's first instant, in milliseconds since 1970.
pub fn date_field(name: &str) -> String {
    format!("{OURS}.date.{name}")
}

/// Returns the field of a date by the clock that it was written by, in milliseconds.
pub fn local_field(name: &str) -> String {
    format!("{OURS}.local.{name}")
}

/// Returns the field of a number.
pub fn num_field(name: &str) -> String {
    format!("{OURS}.num.{name}")
}

/// Returns a key or a word as it stands in a field of tokens: the suffix of its language as a tag, nothing that parts tokens,
/// and no longer than the cluster lets it be.
pub fn token(key: &str) -> Cow<'_, str> {
    let suffix = key.chars().next_back().filter(|c| *c < ' ');
    let language = suffix
        .and_then(|suffix| Language::ALL.into_iter().find(|language| language.suffix() == Some(suffix)));
    let stem = match (suffix, language) {
        (Some(suffix), Some(_)) => key.get(..key.len() - suffix.len_utf8()).unwrap_or(key),
        _ => key,
    };
    let parts = |c: char| c.is_whitespace() || c.is_control();
    let is_plain = !stem.is_empty() && stem.len() <= MAX_TOKEN_CHARS && !stem.contains(parts);
    let stem = if is_plain { Cow::Borrowed(stem) } else { Cow::Owned(plain(stem, parts)) };
    match language {
        Some(language) => Cow::Owned(format!("{stem}/{}", language.tag())),
        None => stem,
    }
}

fn plain(stem: &str, parts: impl Fn(char) -> bool) -> String {
    let mut text: String =
        stem.chars().take(MAX_TOKEN_CHARS).map(|c| if parts(c) { '_' } else { c }).collect();
    if stem.is_empty() {
        text.push('_');
    }
    if stem.chars().nth(MAX_TOKEN_CHARS).is_some() {
        text.push_str(&format!("…{:016x}", xxh3_64(stem.as_bytes())));
    }
    text
}

/// Returns what a new index of a view is made with: its settings while it is built, and its mapping.
pub fn index_body(view: ViewId, settings: &Settings, meta: &Value) -> Value {
    let tokens = json!({"type": "text", "analyzer": "whitespace", "position_increment_gap": 1});
    let keyword = json!({"type": "keyword"});
    let long = json!({"type": "long"});
    let mut ours = Map::new();
    for (name, spec) in [
        ("kind", &keyword),
        ("seq", &long),
        ("digest", &keyword),
        ("language", &keyword),
        ("languages", &keyword),
    ] {
        put_at(&mut ours, name, spec.clone());
    }
    put_at(&mut ours, "rev", json!({"type": "long", "index": false, "doc_values": false}));
    put_at(&mut ours, "says", json!({"type": "object", "enabled": false}));
    let mut root = Map::new();
    for spec in view.fields() {
        for (part, field) in parts_of(spec, &tokens, &keyword, &long) {
            put_at(&mut ours, &format!("{part}.{}", spec.name), field);
        }
        if let Some(readable) = readable(spec, settings.readable_text) {
            put_at(&mut root, spec.name, readable);
        }
    }
    put_at(&mut root, "extra", json!({"type": "object", "enabled": false}));
    root.insert(OURS.to_owned(), json!({"dynamic": false, "properties": ours}));
    let mut mapping = json!({
        "dynamic": false,
        "date_detection": false,
        "_meta": {"morgue": {"view": view.name(), "analyser": ANALYSER_VERSION, "format": FORMAT, "of": meta}},
        "properties": root,
    });
    if !settings.tokens_in_source
        && let Some(mapping) = mapping.as_object_mut()
    {
        let left_out = [format!("{OURS}.terms"), format!("{OURS}.exact")];
        mapping.insert("_source".to_owned(), json!({"excludes": left_out}));
    }
    json!({
        "settings": {"index": {
            "number_of_shards": settings.shards,
            "number_of_replicas": 0,
            "refresh_interval": "-1",
            "mapping.total_fields.limit": 2000,
        }},
        "mappings": mapping,
    })
}

/// The fields of ours that one of a view has.
fn parts_of(spec: &FieldSpec, tokens: &Value, keyword: &Value, long: &Value) -> Vec<(&'static str, Value)> {
    let mut parts = match spec.kind {
        FieldKind::Text(_) => vec![("terms", tokens)],
        FieldKind::Keyword => vec![("key", keyword)],
        FieldKind::TextAndKeyword(_) => vec![("terms", tokens), ("key", keyword)],
        FieldKind::Date => vec![("date", long), ("local", long)],
        FieldKind::Number => vec![("num", long)],
    };
    if spec.is_stemmed() {
        parts.push(("exact", tokens));
    }
    parts.into_iter().map(|(part, field)| (part, field.clone())).collect()
}

/// The field that people and their tools see; `None` where it is only shown.
fn readable(spec: &FieldSpec, with_text: bool) -> Option<Value> {
    let keyword = json!({"type": "keyword", "ignore_above": 8191});
    Some(match spec.kind {
        FieldKind::Keyword => keyword,
        FieldKind::Date => {
            json!({"type": "date", "format": "strict_date_optional_time||epoch_millis", "ignore_malformed": true})
        }
        FieldKind::Number => json!({"type": "long", "ignore_malformed": true}),
        FieldKind::Text(_) if with_text => json!({"type": "text"}),
        FieldKind::TextAndKeyword(_) if with_text => json!({"type": "text", "fields": {"keyword": keyword}}),
        FieldKind::TextAndKeyword(_) => keyword,
        FieldKind::Text(_) => return None,
    })
}

/// Puts a field at a path of properties.
fn put_at(properties: &mut Map<String, Value>, path: &str, field: Value) {
    match path.split_once('.') {
        None => {
            properties.insert(path.to_owned(), field);
        }
        Some((step, rest)) => {
            let inner = properties.entry(step).or_insert_with(|| json!({"properties": {}}));
            if let Some(inner) = inner.get_mut("properties").and_then(Value::as_object_mut) {
                put_at(inner, rest, field);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use views::{ARTICLES, Analyser, VIEWS};

    use super::*;

    #[test]
    fn a_key_says_its_language() {
        let key = |language: Language, word: &str| Analyser::Text.terms(language, word).remove(0).text;
        assert_eq!(token(&key(Language::English, "running")), "run/en");
        assert_eq!(token(&key(Language::German, "Häuser")), "haus/de");
        assert_eq!(token(&key(Language::Other, "Running")), "running");
        assert_eq!(token(""), "_");
        assert_eq!(token("a b\tc"), "a_b_c");
    }

    proptest! {
        /// A cluster's `whitespace` makes of a token one token, and two keys are never one.
        #[test]
        fn tokens_stay_whole_and_apart(texts in proptest::collection::vec("\\PC{0,90}", 2..6)) {
            let mut seen = std::collections::HashMap::new();
            for text in &texts {
                for language in Language::ALL {
                    for term in Analyser::Text.terms(language, text) {
                        for key in [term.text.as_str(), term.written()] {
                            let made = token(key).into_owned();
                            prop_assert!(!made.is_empty() && made.encode_utf16().count() < 255);
                            prop_assert!(!made.contains(|c: char| c.is_whitespace() || c.is_control()));
                            let other = seen.insert(made, key.to_owned());
                            prop_assert!(other.is_none_or(|other| other == key || key.contains(char::is_whitespace)));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_field_of_every_view_has_its_place() {
        let settings = Settings::default();
        for view in VIEWS {
            let body = index_body(view, &settings, &Value::Null);
            for spec in view.fields() {
                for name in [terms_field, exact_field, key_field, date_field, local_field, num_field]
                    .map(|of| of(spec.name))
                {
                    let at = format!("/mappings/properties/{}/type", name.replace('.', "/properties/"));
                    let part = name.split('.').nth(1).unwrap();
                    let has = body.pointer(&at).is_some();
                    let expected = parts_of(spec, &Value::Null, &Value::Null, &Value::Null)
                        .iter()
                        .any(|(of, _)| *of == part);
                    assert_eq!(has, expected, "{view} {name}");
                }
            }
        }
    }

    #[test]
    fn tokens_are_left_out_of_the_source_where_that_is_asked() {
        let settings = Settings { tokens_in_source: false, ..Settings::default() };
        let body = index_body(ARTICLES, &settings, &Value::Null);
        assert_eq!(
            body.pointer("/mappings/_source/excludes").unwrap(),
            &json!(["_morgue.terms", "_morgue.exact"])
        );
    }
}
