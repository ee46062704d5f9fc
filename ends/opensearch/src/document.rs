//! A document as a body of the cluster: readable JSON, and beside it what we ask.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value, json};
use store::Seq;
use views::{Analyser, Document, FieldKind, FieldSpec, Language, Terms, local_of, number_of, values_at};

use crate::mapping::{OURS, token};

/// The longest whole value in bytes, as in the embedded end.
const MAX_KEYWORD_BYTES: usize = 8 << 10;

/// Appends the source of a document, on one line without its end.
///
/// # Errors
/// An error of JSON for what it cannot say, which no document of a view holds.
pub fn put_document(document: &Document, fields: &[FieldSpec], to: &mut Vec<u8>) -> serde_json::Result<()> {
    let ours = ours_of(document, fields);
    let source = Source { readable: &document.json, ours: &ours };
    serde_json::to_writer(to, &source)
}

/// Appends the source of the marker that stands where a document was.
pub fn put_gone(to: &mut Vec<u8>) {
    to.extend_from_slice(br#"{"_morgue":{"kind":"gone"}}"#);
}

/// Returns the source of a checkpoint.
pub(crate) fn checkpoint(seq: Seq, says: &Value) -> Value {
    json!({OURS: {"kind": "checkpoint", "seq": seq.get(), "says": says}})
}

fn ours_of(document: &Document, fields: &[FieldSpec]) -> Map<String, Value> {
    let language = document.language();
    let mut languages = vec![language];
    let [mut terms, mut exact, mut key, mut date, mut local, mut num] = [(); 6].map(|()| Map::new());
    let (mut values, mut texts) = (Vec::new(), Vec::new());
    for spec in fields {
        if matches!(spec.kind, FieldKind::Date | FieldKind::Number) {
            values.clear();
            values_at(&document.json, spec.name, &mut values);
            let numbers =
                |of: &dyn Fn(&Value) -> Option<i64>| values.iter().filter_map(|value| of(value)).collect();
            let first: Vec<i64> = numbers(&|value| number_of(spec.kind, value));
            match spec.kind {
                FieldKind::Date => {
                    put(&mut date, spec.name, first);
                    put(&mut local, spec.name, numbers(&local_of));
                }
                _ => put(&mut num, spec.name, first),
            }
            continue;
        }
        texts.clear();
        document.texts_at(language, spec.name, &mut texts);
        texts.retain(|(_, text)| !text.is_empty());
        if matches!(spec.kind, FieldKind::Keyword | FieldKind::TextAndKeyword(_)) {
            put(&mut key, spec.name, texts.iter().map(|(_, text)| cut(text)).collect::<Vec<_>>());
        }
        if let Some(analyser) = spec.analyser() {
            let lines = texts.iter().map(|(language, text)| tokens(analyser, *language, text));
            put(&mut terms, spec.name, lines.collect::<Vec<_>>());
        }
        if spec.is_stemmed() {
            let lines = texts.iter().map(|(_, text)| tokens(Analyser::Exact, Language::Other, text));
            put(&mut exact, spec.name, lines.collect::<Vec<_>>());
            for (language, _) in &texts {
                if !languages.contains(language) {
                    languages.push(*language);
                }
            }
        }
    }
    let [high, low] = document.digest();
    let tags: Vec<_> = languages.iter().map(|language| language.tag()).collect();
    let mut ours = Map::new();
    for (name, value) in [
        ("kind", json!("document")),
        ("seq", json!(document.seq.get())),
        ("rev", json!(document.revision)),
        ("digest", json!(format!("{high:016x}{low:016x}"))),
        ("language", json!(language.tag())),
        ("languages", json!(tags)),
    ] {
        ours.insert(name.to_owned(), value);
    }
    for (name, part) in
        [("terms", terms), ("exact", exact), ("key", key), ("date", date), ("local", local), ("num", num)]
    {
        ours.insert(name.to_owned(), Value::Object(part));
    }
    ours
}

/// Puts the values of a field, if there are any, under its name with its dots: the cluster reads them as steps.
fn put<T: Into<Value>>(part: &mut Map<String, Value>, name: &str, values: Vec<T>) {
    if !values.is_empty() {
        part.insert(name.to_owned(), values.into());
    }
}

/// The tokens of a text, parted by spaces, one for each place.
fn tokens(analyser: Analyser, language: Language, text: &str) -> String {
    let language = if analyser == Analyser::Exact { Language::Other } else { language };
    let (mut terms, mut key) = (Terms::new(language, text), String::new());
    let mut line = String::with_capacity(text.len() + text.len() / 2);
    while terms.next_into(&mut key, None).is_some() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&token(&key));
    }
    line
}

fn cut(text: &str) -> &str {
    if text.len() <= MAX_KEYWORD_BYTES {
        return text;
    }
    (MAX_KEYWORD_BYTES - 3..=MAX_KEYWORD_BYTES).rev().find_map(|end| text.get(..end)).unwrap_or(text)
}

/// The whole source.
struct Source<'a> {
    readable: &'a Map<String, Value>,
    ours: &'a Map<String, Value>,
}

impl Serialize for Source<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        put_readable(self.readable, &mut map, &[OURS])?;
        map.serialize_entry(OURS, self.ours)?;
        map.end()
    }
}

/// A value of the readable document. A cluster takes names with dots for paths and refuses empty ones, so they are changed.
struct Readable<'a>(&'a Value);

impl Serialize for Readable<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                let mut map = serializer.serialize_map(None)?;
                put_readable(fields, &mut map, &[])?;
                map.end()
            }
            Value::Array(entries) => {
                let mut list = serializer.serialize_seq(Some(entries.len()))?;
                entries.iter().try_for_each(|entry| list.serialize_element(&Readable(entry)))?;
                list.end()
            }
            value => value.serialize(serializer),
        }
    }
}

/// Writes the fields of an object, each under a name that a cluster takes and no other of them has.
fn put_readable<M: SerializeMap>(
    fields: &Map<String, Value>,
    map: &mut M,
    taken: &[&str],
) -> Result<(), M::Error> {
    let is_fine = |name: &str| !name.trim().is_empty() && !name.contains('.') && !taken.contains(&name);
    let mut made: Vec<String> = Vec::new();
    for (name, value) in fields {
        if is_fine(name) {
            map.serialize_entry(name, &Readable(value))?;
            continue;
        }
        let mut new = format!("{}_", name.trim().replace('.', "_"));
        while fields.contains_key(&new) || made.contains(&new) || !is_fine(&new) {
            new.push('_');
        }
        map.serialize_entry(&new, &Readable(value))?;
        made.push(new);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use store::{AssetId, AssetRef, Revision};
    use views::ARTICLES;

    use super::*;

    fn document(json: &Value) -> Document {
        Document {
            asset: AssetRef::new(ARTICLES.kind(), AssetId::new("a/1").unwrap()),
            seq: Seq::new(7),
            revision: Revision::default(),
            source: String::new(),
            json: json.as_object().unwrap().clone(),
        }
    }

    fn source(document: &Document) -> Value {
        let mut bytes = Vec::new();
        put_document(document, ARTICLES.fields(), &mut bytes).unwrap();
        assert!(!bytes.contains(&b'\n'));
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn each_text_is_cut_by_its_own_language() {
        let made = source(&document(&json!({
            "headline": "The Ferries Were Running", "language": "en", "section": "Harbour", "published": "1931-05",
            "bylines": [{"id": "b/1", "name": "Eleanor Quill"}, {"id": "b/2", "name": ""}, {"id": "b/3", "name": "M. Vance"}],
            "images": [{"id": "i/1", "language": "de", "caption": "Die Fähren laufen"}],
        })));
        let ours = made.get("_morgue").unwrap();
        let at = |path: &str| ours.pointer(path).cloned().unwrap_or_default();
        assert_eq!(at("/terms/headline"), json!(["the/en ferri/en were/en run/en"]));
        assert_eq!(at("/exact/headline"), json!(["the ferries were running"]));
        assert_eq!(at("/terms/bylines.name"), json!(["eleanor quill", "m vance"]));
        assert_eq!(at("/key/bylines.name"), json!(["Eleanor Quill", "M. Vance"]));
        assert_eq!(at("/key/section"), json!(["Harbour"]));
        assert_eq!(at("/exact/images.caption"), json!(["die fahren laufen"]));
        assert_eq!(at("/languages"), json!(["en", "de"]));
        assert_eq!(at("/date/published"), json!([-1_220_400_000_000_i64]));
        assert_eq!(made.pointer("/bylines/0/name"), Some(&json!("Eleanor Quill")));
    }

    #[test]
    fn names_that_a_cluster_would_refuse_are_changed() {
        let made = source(&document(&json!({
            "a.b": 1, "a_b_": 2, "": 3, " ": 4, "_morgue": "mine", "deep": [{"x.y": {"": true}}], "headline": "h",
        })));
        assert_eq!(made.get("a_b__"), Some(&json!(1)));
        assert_eq!(made.get("a_b_"), Some(&json!(2)));
        assert_eq!((made.get("_"), made.get("__")), (Some(&json!(3)), Some(&json!(4))));
        assert_eq!(made.get("_morgue_"), Some(&json!("mine")));
        assert_eq!(made.pointer("/deep/0/x_y_/_"), Some(&json!(true)));
    }

    proptest! {
        /// A token for each place: what phrases hang on.
        #[test]
        fn places_are_those_of_the_analysis(text in "\\PC{0,200}") {
            for language in Language::ALL {
                let terms = Analyser::Text.terms(language, &text);
                let line = tokens(Analyser::Text, language, &text);
                let expected: Vec<_> = terms.iter().map(|term| token(&term.text).into_owned()).collect();
                prop_assert_eq!(line.split_whitespace().collect::<Vec<_>>(), expected);
                let exact = tokens(Analyser::Exact, language, &text);
                prop_assert_eq!(exact.split_whitespace().count(), terms.len());
            }
        }
    }
}
