//! The fields of a view: what of its documents can be searched, and how. One table is the source of the index's
//! schema, of what is indexed, of the query translation and of the mapping that clients see.

use serde_json::{Map, Value};
use store::ArchiveDate;

use crate::text::Analyser;

/// The ending of a stemmed field's name for its words as they are written: `headline.exact`.
pub const EXACT: &str = ".exact";

/// The ending of a date's name for its day by the clock that it was written by: `published.local`.
pub const LOCAL: &str = ".local";

/// The way a field is indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Analysed text, with positions. Where that means stems, the words as they are written are indexed too, under the
    /// name with [`EXACT`] added.
    Text(Analyser),
    /// The exact value, also for facets and sorting.
    Keyword,
    /// Analysed text; and the exact value under the name with `.keyword` added.
    TextAndKeyword(Analyser),
    /// A date of any precision, as milliseconds since 1970 of its first instant; and the same by the clock that it was
    /// written by, under the name with [`LOCAL`] added.
    Date,
    /// A whole number.
    Number,
}

/// One field of a view's documents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldSpec {
    /// The path in the document's JSON; steps through lists take all their entries: `images.caption`.
    pub name: &'static str,
    /// The way it is indexed.
    pub kind: FieldKind,
    /// The weight of a hit in it in a plain search; 0 leaves it out of plain searches.
    pub weight: f32,
}

impl FieldSpec {
    /// Returns a field of analysed running text.
    pub const fn text(name: &'static str, weight: f32) -> Self {
        Self { name, kind: FieldKind::Text(Analyser::Text), weight }
    }

    /// Returns a field of analysed names.
    pub const fn names(name: &'static str, weight: f32) -> Self {
        Self { name, kind: FieldKind::Text(Analyser::Exact), weight }
    }

    /// Returns a field of analysed names, and their exact values.
    pub const fn names_and_keyword(name: &'static str, weight: f32) -> Self {
        Self { name, kind: FieldKind::TextAndKeyword(Analyser::Exact), weight }
    }

    /// Returns a field of exact values.
    pub const fn keyword(name: &'static str) -> Self {
        Self { name, kind: FieldKind::Keyword, weight: 0.0 }
    }

    /// Returns a field of dates.
    pub const fn date(name: &'static str) -> Self {
        Self { name, kind: FieldKind::Date, weight: 0.0 }
    }

    /// Returns a field of whole numbers.
    pub const fn number(name: &'static str) -> Self {
        Self { name, kind: FieldKind::Number, weight: 0.0 }
    }

    /// Returns how its text is analysed, if it is.
    pub const fn analyser(&self) -> Option<Analyser> {
        match self.kind {
            FieldKind::Text(analyser) | FieldKind::TextAndKeyword(analyser) => Some(analyser),
            _ => None,
        }
    }

    /// Returns true if its terms are stems: then the index has its words as they are written too.
    pub const fn is_stemmed(&self) -> bool {
        matches!(self.analyser(), Some(Analyser::Text))
    }

    /// Returns true if a name means it: its own, or that of one of its sub-fields.
    pub fn is_named(&self, name: &str) -> bool {
        match name.strip_prefix(self.name) {
            Some("" | ".keyword") => true,
            Some(EXACT) => self.is_stemmed(),
            Some(LOCAL) => self.kind == FieldKind::Date,
            _ => false,
        }
    }
}

/// Adds all values at a path of a document; steps through lists take all their entries.
pub fn values_at<'a>(document: &'a Map<String, Value>, path: &str, found: &mut Vec<&'a Value>) {
    let (step, rest) = match path.split_once('.') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    let Some(value) = document.get(step) else { return };
    let entries = match value {
        Value::Array(entries) => entries.as_slice(),
        value => std::slice::from_ref(value),
    };
    for entry in entries {
        match (rest, entry) {
            (None, value) => found.push(value),
            (Some(rest), Value::Object(inner)) => values_at(inner, rest, found),
            _ => {}
        }
    }
}

/// Returns the number that a date or number field holds for a value; `None` for what is neither.
pub fn number_of(kind: FieldKind, value: &Value) -> Option<i64> {
    match kind {
        FieldKind::Date => Some(value.as_str()?.parse::<ArchiveDate>().ok()?.start().as_millis()),
        _ => value.as_i64(),
    }
}

/// Returns what a date field holds of a value by its own clock; `None` for what is no date.
pub fn local_of(value: &Value) -> Option<i64> {
    Some(value.as_str()?.parse::<ArchiveDate>().ok()?.by_own_clock())
}
