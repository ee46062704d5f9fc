//! The mapping and the settings of the indices, in such a form that a cluster takes them as they are: whoever moves to one
//! makes its indices of them.

use query::IndexName;
use serde_json::{Map, Value, json};
use views::{Analyser, FieldKind, FieldSpec, ViewId};

/// The format that dates are read in, and by its first shown.
const DATES: &str = "strict_date_optional_time||epoch_millis";
/// The longest exact value that is indexed, in characters: Lucene takes 32,766 bytes.
const LONGEST_VALUE: u32 = 8_191;

/// Returns the mapping of a view.
pub(super) fn mapping_of(view: ViewId) -> Value {
    let mut properties = Map::new();
    for field in view.fields() {
        let (path, last) =
            field.name.rsplit_once('.').map_or((None, field.name), |(path, last)| (Some(path), last));
        let steps: Vec<&str> = path.into_iter().flat_map(|path| path.split('.')).collect();
        insert_at(&mut properties, &steps, last, type_of(field));
    }
    json!({"dynamic": "false", "properties": properties})
}

/// Puts a field into the objects that its path steps through.
fn insert_at(properties: &mut Map<String, Value>, steps: &[&str], name: &str, value: Value) {
    let Some((step, rest)) = steps.split_first() else {
        properties.insert(name.to_owned(), value);
        return;
    };
    let object = properties.entry(*step).or_insert_with(|| json!({"properties": {}}));
    if let Some(inner) = object.get_mut("properties").and_then(Value::as_object_mut) {
        insert_at(inner, rest, name, value);
    }
}

fn type_of(field: &FieldSpec) -> Value {
    let keyword = json!({"type": "keyword", "ignore_above": LONGEST_VALUE});
    match field.kind {
        FieldKind::Text(analyser) if field.is_stemmed() => {
            let exact = json!({"type": "text", "analyzer": Analyser::Exact.name()});
            json!({"type": "text", "analyzer": analyser.name(), "fields": {"exact": exact}})
        }
        FieldKind::Text(analyser) => json!({"type": "text", "analyzer": analyser.name()}),
        FieldKind::Keyword => keyword,
        FieldKind::TextAndKeyword(analyser) => {
            json!({"type": "text", "analyzer": analyser.name(), "fields": {"keyword": keyword}})
        }
        FieldKind::Date => json!({"type": "date", "format": DATES}),
        FieldKind::Number => json!({"type": "long"}),
    }
}

/// Returns the settings of an index: what a cluster needs to make the analysers that the mapping names. A cluster has
/// one rule for the language of a field; that of each text is known here, and the rules are those of the views.
pub(super) fn settings_of() -> Value {
    let signs = ["morgue_possessive", "morgue_apostrophes"];
    let analyser = |filters: &[&str]| json!({"type": "custom", "char_filter": signs, "tokenizer": "standard", "filter": filters});
    json!({"index": {
        "number_of_shards": "1",
        "number_of_replicas": "0",
        "analysis": {
            "char_filter": {
                "morgue_possessive": {"type": "pattern_replace", "pattern": "(?<=\\p{L})['\u{2019}][sS](?!\\p{L})", "replacement": ""},
                "morgue_apostrophes": {"type": "pattern_replace", "pattern": "['\u{2019}]", "replacement": " "},
            },
            "filter": {"morgue_stems": {"type": "stemmer", "language": "porter2"}},
            "analyzer": {
                Analyser::Text.name(): analyser(&["lowercase", "morgue_stems", "asciifolding"]),
                Analyser::Exact.name(): analyser(&["lowercase", "asciifolding"]),
            },
        },
    }})
}

/// Returns the settings and the mapping of an index, as they stand beside each other.
pub(super) fn whole_of(index: &IndexName) -> Value {
    json!({"mappings": mapping_of(index.view), "settings": settings_of()})
}
