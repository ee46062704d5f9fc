//! Documents: what a view makes of one asset in one snapshot.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{AssetRef, Revision, Seq};
use xxhash_rust::xxh3::Xxh3;

use crate::text::Language;

/// A document: what an index holds of an asset, and a search returns.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The asset it is of.
    pub asset: AssetRef,
    /// The event that published the revision that it shows.
    pub seq: Seq,
    /// The number of that revision.
    pub revision: Revision,
    /// The source of that event, as its sender stated it; not indexed.
    pub source: String,
    /// The asset's own fields, and what is joined to them.
    pub json: Map<String, Value>,
}

impl Document {
    /// Returns the digest of id, seq and content: XXH3, 128 bits
    /// (<https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>), as two numbers. It tells indexes apart; what
    /// proves a document is the log's own chain.
    pub fn digest(&self) -> [u64; 2] {
        let mut hasher = Xxh3::new();
        put_text(&mut hasher, self.asset.id.as_str());
        hasher.update(&self.seq.get().to_be_bytes());
        put_object(&mut hasher, &self.json);
        let digest = hasher.digest128();
        [(digest >> 64) as u64, digest as u64]
    }

    /// Returns the language of its own texts: the one it states, or else the one it seems to be in.
    pub fn language(&self) -> Language {
        language_of(&self.json).unwrap_or(Language::Other)
    }

    /// Appends the texts at a path, each with the language by whose rules it is analysed: that of the document, whose
    /// [language](Self::language) is given, or of the joined asset that it is of, if that tells its own. Steps through
    /// lists take all their entries.
    pub fn texts_at<'a>(&'a self, language: Language, path: &str, found: &mut Vec<(Language, &'a str)>) {
        texts_in(&self.json, language, path, found);
    }
}

fn texts_in<'a>(
    object: &'a Map<String, Value>,
    language: Language,
    path: &str,
    found: &mut Vec<(Language, &'a str)>,
) {
    let (step, rest) = match path.split_once('.') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    let entries = match object.get(step) {
        Some(Value::Array(entries)) => entries.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => return,
    };
    for entry in entries {
        match (rest, entry) {
            (None, Value::String(text)) => found.push((language, text)),
            (Some(rest), Value::Object(inner)) => {
                // What has an id is another asset, joined.
                let own = if inner.contains_key("id") { joined_language(inner, language) } else { language };
                texts_in(inner, own, rest, found);
            }
            _ => {}
        }
    }
}

/// Returns the language of a joined asset: its own, or where it has few words and states none, that of what it is
/// joined to.
fn joined_language(asset: &Map<String, Value>, of: Language) -> Language {
    let stated = asset.get("language").and_then(Value::as_str).is_some_and(|tag| !tag.is_empty());
    if !stated && of != Language::Other && of.may_be_of(longest_of(asset)) {
        return of;
    }
    language_of(asset).unwrap_or(of)
}

/// Returns the longest text of an asset.
fn longest_of(asset: &Map<String, Value>) -> &str {
    let text = |name: &str| asset.get(name).and_then(Value::as_str).unwrap_or_default();
    let texts = ["body", "summary", "caption", "alt", "bio", "headline", "title"].map(text);
    texts.into_iter().max_by_key(|text| text.len()).unwrap_or_default()
}

/// Returns the language that an asset states, or else the one that its longest text seems to be in; `None` where
/// neither tells. Of a text of few words, the language of the archive that it came from (`extra.site_language`) counts
/// before its letters.
fn language_of(asset: &Map<String, Value>) -> Option<Language> {
    let tag = |map: &Map<String, Value>, name: &str| {
        map.get(name).and_then(Value::as_str).and_then(Language::of_tag)
    };
    tag(asset, "language").or_else(|| {
        let longest = longest_of(asset);
        let extra = asset.get("extra").and_then(Value::as_object);
        let of_site = extra.and_then(|extra| tag(extra, "site_language"));
        of_site
            .filter(|language| language.may_be_of(longest))
            .or_else(|| Some(Language::detect(longest)).filter(|language| *language != Language::Other))
    })
}

/// Takes in what nothing else is taken in as: a length comes before each text, a letter before each value.
fn put(hasher: &mut Xxh3, value: &Value) {
    match value {
        Value::Null => hasher.update(b"0"),
        Value::Bool(no_or_yes) => hasher.update(if *no_or_yes { b"y" } else { b"n" }),
        Value::Number(number) => {
            hasher.update(b"#");
            put_text(hasher, &number.to_string());
        }
        Value::String(text) => {
            hasher.update(b"s");
            put_text(hasher, text);
        }
        Value::Array(entries) => {
            hasher.update(b"[");
            hasher.update(&(entries.len() as u64).to_be_bytes());
            entries.iter().for_each(|entry| put(hasher, entry));
        }
        Value::Object(fields) => {
            hasher.update(b"{");
            put_object(hasher, fields);
        }
    }
}

fn put_object(hasher: &mut Xxh3, fields: &Map<String, Value>) {
    hasher.update(&(fields.len() as u64).to_be_bytes());
    for (name, value) in fields {
        put_text(hasher, name);
        put(hasher, value);
    }
}

fn put_text(hasher: &mut Xxh3, text: &str) {
    hasher.update(&(text.len() as u64).to_be_bytes());
    hasher.update(text.as_bytes());
}

/// A digest over a set of documents: the sum of theirs, so that the order does not matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewDigest {
    /// The number of documents.
    pub documents: u64,
    high: u64,
    low: u64,
}

impl ViewDigest {
    /// Adds one more document.
    pub fn add(&mut self, [high, low]: [u64; 2]) {
        self.documents += 1;
        self.high = self.high.wrapping_add(high);
        self.low = self.low.wrapping_add(low);
    }

    /// Adds another set.
    pub fn join(&mut self, other: Self) {
        self.documents += other.documents;
        self.high = self.high.wrapping_add(other.high);
        self.low = self.low.wrapping_add(other.low);
    }
}

impl std::fmt::Display for ViewDigest {
    /// Writes thirty-two hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}{:016x}", self.high, self.low)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_record_and_its_archive_count_before_the_letters_of_a_few_words() {
        let check = |asset: Value, joined_to: Language, expected: (Language, Language)| {
            let fields = asset.as_object().unwrap();
            let found = (language_of(fields).unwrap_or(Language::Other), joined_language(fields, joined_to));
            assert_eq!(found, expected, "{asset}");
        };
        let (en, de, other) = (Language::English, Language::German, Language::Other);
        let of_site =
            |tag: &str| json!({"caption": "Wildpixel via Getty Images", "extra": {"site_language": tag}});
        check(of_site("en"), en, (en, en));
        check(of_site("de"), de, (de, de));
        check(json!({"caption": "Ein Dampfer", "language": "de"}), en, (de, de));
        check(json!({"caption": "Der Dampfer lief gestern ein"}), other, (de, de));
        check(json!({"caption": "Der Dampfer lief gestern ein"}), en, (de, de));
        check(json!({"caption": "Der Dampfer Mirabel"}), en, (de, en));
        check(json!({"caption": "Auf der Straße am Fluß"}), en, (de, de));
        let long = "Der Dampfer ist mit den Auswanderern im Hafen und wartet auf das Wetter, das in der Nacht kommen soll.";
        check(json!({"caption": long, "extra": {"site_language": "en"}}), en, (de, de));
    }
}
