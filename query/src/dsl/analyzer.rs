//! `analyzer`: the way in which a query's own text is cut into words, instead of that of the field.
//!
//! An index has one analysis of each field. What another analyser makes of the text is looked for among the words as they
//! are written: a word that they never are (in capitals, with signs in it) is in no document.

use views::{Analyser, EXACT, Language};

use super::Parser;
use crate::{ALL_EXACT, FieldBoost, QueryError, json::Fields};

/// The analysers that a query may name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// Ours of running text: as if none was named.
    Text,
    /// Words as they are written, lowered and folded.
    Exact,
    /// Words of letters alone, lowered.
    Letters,
    /// Words parted by white space.
    Space,
    /// The whole as one word.
    Whole,
}

/// The text that an analyser has made of another.
pub(super) struct Analysed {
    pub(super) text: String,
    /// True if it made words that are in no document.
    pub(super) lost: bool,
}

/// Takes `analyzer` and lets it cut a text. The fields become those of words as they are written.
pub(super) fn take(
    parser: &Parser<'_, '_>,
    object: &mut Fields,
    text: String,
    fields: &mut Vec<FieldBoost>,
) -> Result<Analysed, QueryError> {
    let Some(analyser) = named(object)? else { return Ok(Analysed { text, lost: false }) };
    as_written(parser, fields);
    let tokens: Vec<String> = match analyser {
        Named::Text | Named::Exact => return Ok(Analysed { text, lost: false }),
        Named::Letters => {
            let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
            words.map(str::to_lowercase).collect()
        }
        Named::Space => text.split_whitespace().map(str::to_owned).collect(),
        Named::Whole => vec![text],
    };
    let (kept, lost): (Vec<String>, Vec<String>) = tokens.into_iter().partition(|token| {
        let words = Analyser::Exact.terms(Language::Other, token);
        matches!(words.as_slice(), [word] if word.written() == token)
    });
    Ok(Analysed { text: kept.join(" "), lost: !lost.is_empty() })
}

/// Takes an `analyzer` of a text with a syntax of its own, which is cut at its signs before any word is analysed.
pub(super) fn take_plain(
    parser: &Parser<'_, '_>,
    object: &mut Fields,
    fields: &mut Vec<FieldBoost>,
) -> Result<(), QueryError> {
    match named(object)? {
        None => Ok(()),
        Some(Named::Text | Named::Exact) => {
            as_written(parser, fields);
            Ok(())
        }
        Some(Named::Letters | Named::Space | Named::Whole) => {
            let why = "of a query string `analyzer` must be standard, morgue_exact or morgue_text";
            Err(QueryError::illegal(why).at(object.pointer_to("analyzer")))
        }
    }
}

/// Returns the analyser that is named, but for that of running text, which is that of the fields themselves.
fn named(object: &mut Fields) -> Result<Option<Named>, QueryError> {
    let Some(name) = object.text("analyzer")? else { return Ok(None) };
    let analyser = match name.as_str() {
        "standard" => Named::Exact,
        name if name == Analyser::Exact.name() => Named::Exact,
        "default" | "english" => Named::Text,
        name if name == Analyser::Text.name() => Named::Text,
        "simple" => Named::Letters,
        "whitespace" => Named::Space,
        "keyword" => Named::Whole,
        name => {
            let name: String = name.chars().take(80).collect();
            let why = format!(
                "the analyzer `{name}` is not found: there are standard, simple, whitespace and keyword"
            );
            let error = QueryError::illegal(why).named("query_shard_exception").late();
            return Err(error.at(object.pointer_to("analyzer")));
        }
    };
    Ok(Some(analyser).filter(|analyser| *analyser != Named::Text))
}

/// Makes of fields of running text those of their words as they are written.
fn as_written(parser: &Parser<'_, '_>, fields: &mut Vec<FieldBoost>) {
    for field in fields.iter_mut() {
        let exact = format!("{}{EXACT}", field.name);
        if !field.name.ends_with(EXACT) && (parser.options.field)(&exact) {
            field.name = exact;
        }
    }
    if fields.is_empty() {
        fields.push(FieldBoost::new(ALL_EXACT));
    }
}
