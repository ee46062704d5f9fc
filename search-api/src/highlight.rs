//! Highlighting: where in a document's text the query's words are, and the parts of the text around them.
//!
//! The text is analysed again by the same rules as in the index, in the document's language, and held against what
//! the query looks for: words, phrases, prefixes, wildcards, regular expressions, fuzzy words. Everything but our
//! tags is escaped for HTML.

mod find;
mod fragment;

use std::collections::HashMap;

use indexer::ViewSchema;
use serde_json::Value;
use views::{Analyser, Document, EXACT, FieldKind, Language, values_at};

use self::{
    find::{Seek, Seeker, seeks_of},
    fragment::{Room, render},
};
use crate::{
    execute::Budget,
    query::{ALL_EXACT, FieldBoost, Pattern, Query},
};

/// What to highlight, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct HighlightOptions {
    /// The fields, `*` standing for anything; none stands for all text that a plain search looks at.
    pub fields: Vec<HighlightField>,
    /// Before a word.
    pub before: String,
    /// After a word.
    pub after: String,
    /// Whether only words that were looked for in a field are highlighted in it.
    pub own_field_only: bool,
    /// Another query to highlight than the one that was asked.
    pub query: Option<Query>,
    /// Whether everything but the tags is escaped for HTML.
    pub escape: bool,
}

/// How a field is highlighted.
#[derive(Debug, Clone, PartialEq)]
pub struct HighlightField {
    /// Its name; `*` stands for anything.
    pub name: String,
    /// How long a fragment is, in characters, more or less.
    pub size: usize,
    /// How many fragments at most; 0 gives the whole value.
    pub count: usize,
    /// The best fragment first, instead of in the order of the text.
    pub best_first: bool,
    /// Without any match: so many characters from the start.
    pub without_match: usize,
    /// What stands before and after a word, if not the same as in all fields.
    pub tags: Option<(String, String)>,
    /// Whether only words that were looked for in this field are highlighted, if not the same as in all fields.
    pub own_only: Option<bool>,
}

impl HighlightField {
    /// A field with the usual fragments.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            size: 160,
            count: 3,
            best_first: false,
            without_match: 0,
            tags: None,
            own_only: None,
        }
    }
}

impl Default for HighlightOptions {
    fn default() -> Self {
        Self {
            fields: Vec::new(),
            before: "<em>".to_owned(),
            after: "</em>".to_owned(),
            own_field_only: true,
            query: None,
            escape: true,
        }
    }
}

/// Highlights the hits of one search.
pub(crate) struct Highlighter<'a> {
    options: &'a HighlightOptions,
    seeks: Vec<Seek>,
    fields: Vec<Chosen<'a>>,
    seekers: HashMap<(usize, Language), Seeker>,
}

struct Chosen<'a> {
    spec: &'a views::FieldSpec,
    /// Its own, or that of its words as they are written.
    name: String,
    options: HighlightField,
}

impl<'a> Highlighter<'a> {
    /// For a query over a view.
    pub(crate) fn new(options: &'a HighlightOptions, query: &Query, schema: &'a ViewSchema) -> Self {
        let mut seeks = Vec::new();
        seeks_of(options.query.as_ref().unwrap_or(query), &mut seeks);
        let mut fields: Vec<Chosen<'a>> = Vec::new();
        for field in &schema.fields {
            let spec = &field.spec;
            if matches!(spec.kind, FieldKind::Date | FieldKind::Number) {
                continue;
            }
            let mut choose = |name: String| {
                let chosen = if options.fields.is_empty() {
                    (spec.weight > 0.0 && name == spec.name).then(|| HighlightField::new(spec.name))
                } else {
                    options.fields.iter().find(|wanted| names(&wanted.name, &name)).cloned()
                };
                fields.extend(chosen.map(|options| Chosen { spec, name, options }));
            };
            choose(spec.name.to_owned());
            if spec.is_stemmed() {
                choose(format!("{}{EXACT}", spec.name));
            }
        }
        Self { options, seeks, fields, seekers: HashMap::new() }
    }

    /// The fragments of a document, by field, and how many bytes they have; none of those that there is nothing left to
    /// look for with. If they have more bytes than `most`, they are not all.
    pub(crate) fn fragments(
        &mut self,
        document: &Document,
        budget: &Budget,
        most: usize,
    ) -> (serde_json::Map<String, Value>, usize) {
        let mut found = serde_json::Map::new();
        let mut room = Room::new(budget, most);
        let language = document.language();
        for (number, chosen) in self.fields.iter().enumerate() {
            let seeker = self.seekers.entry((number, language)).or_insert_with(|| {
                let own_only = chosen.options.own_only.unwrap_or(self.options.own_field_only);
                Seeker::new(&self.seeks, chosen.spec, &chosen.name, language, own_only)
            });
            if seeker.is_empty() && chosen.options.without_match == 0 {
                continue;
            }
            let mut values = Vec::new();
            values_at(&document.json, chosen.spec.name, &mut values);
            let mut fragments = Vec::new();
            for text in values.into_iter().filter_map(Value::as_str) {
                let spans = seeker.find(text, budget);
                if !spans.is_empty() || chosen.options.without_match > 0 {
                    render(text, &spans, &chosen.options, self.options, &mut room, &mut fragments);
                }
                if chosen.options.count > 0 && fragments.len() >= chosen.options.count {
                    fragments.truncate(chosen.options.count);
                    break;
                }
            }
            if !fragments.is_empty() {
                found.insert(chosen.name.clone(), fragments.into_iter().map(Value::String).collect());
            }
        }
        (found, room.taken())
    }
}

/// Whether a name that a query gives means this field. A wildcard means words as they are written only if it ends so.
fn names(wanted: &str, field: &str) -> bool {
    let wanted = wanted.strip_suffix(".keyword").unwrap_or(wanted);
    wanted == field
        || (wanted.contains('*')
            && wanted.ends_with(EXACT) == field.ends_with(EXACT)
            && Pattern::wildcard(wanted).is_ok_and(|pattern| pattern.matches(field)))
}

/// Whether any of these means the field as it is analysed here; none means all, found by their stems.
fn any_means(wanted: &[FieldBoost], field: &str, analyser: Option<Analyser>) -> bool {
    let means = |wanted: &FieldBoost| match wanted.name.as_str() {
        ALL_EXACT => analyser != Some(Analyser::Text),
        name => names(name, field),
    };
    if wanted.is_empty() { !field.ends_with(EXACT) } else { wanted.iter().any(means) }
}
