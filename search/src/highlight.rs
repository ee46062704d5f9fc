//! Highlighting: where in a document's text the query's words are, and the parts of the text around them.
//!
//! The text is analysed again by the same rules as in the index, in the document's language, and held against what
//! the query looks for: words, phrases, prefixes, wildcards, regular expressions, fuzzy words. Everything but our
//! tags is escaped for HTML.

mod find;
mod fragment;

use std::collections::{BTreeMap, HashMap};

use indexer::end::{Budget, Steps};
use query::{ALL_EXACT, FieldBoost, HighlightField, HighlightOptions, Pattern, Query};
use views::{Analyser, Document, EXACT, FieldKind, FieldSpec, Language};

use self::{
    find::{Seek, Seeker, Silent, Span, seeks_of},
    fragment::{Room, render},
};

/// Highlights the hits of one search.
pub(crate) struct Highlighter<'a> {
    options: &'a HighlightOptions,
    seeks: Vec<Seek>,
    fields: Vec<Chosen<'a>>,
    seekers: HashMap<(usize, Language), Seeker>,
    steps: Steps,
}

struct Chosen<'a> {
    spec: &'a views::FieldSpec,
    /// Its own, or that of its words as they are written.
    name: String,
    options: HighlightField,
    /// Of the query that is highlighted in this field alone.
    seeks: Option<Vec<Seek>>,
}

impl<'a> Highlighter<'a> {
    /// For a query over a view of these fields. `silent` returns for each of some words the languages in whose documents
    /// it is not looked for.
    pub(crate) fn new(
        options: &'a HighlightOptions,
        query: &Query,
        of: &'static [FieldSpec],
        silent: &Silent<'_>,
    ) -> Self {
        let mut seeks = Vec::new();
        seeks_of(options.query.as_ref().unwrap_or(query), silent, &mut seeks);
        let mut fields: Vec<Chosen<'a>> = Vec::new();
        for spec in of {
            if matches!(spec.kind, FieldKind::Date | FieldKind::Number) {
                continue;
            }
            let mut choose = |name: String| {
                let chosen = if options.fields.is_empty() {
                    (spec.weight > 0.0 && name == spec.name).then(|| HighlightField::new(spec.name))
                } else {
                    options.fields.iter().find(|wanted| names(&wanted.name, &name)).cloned()
                };
                fields.extend(chosen.map(|options| {
                    let seeks = options.query.as_ref().map(|query| {
                        let mut seeks = Vec::new();
                        seeks_of(query, silent, &mut seeks);
                        seeks
                    });
                    Chosen { spec, name, options, seeks }
                }));
            };
            choose(spec.name.to_owned());
            if spec.is_stemmed() {
                choose(format!("{}{EXACT}", spec.name));
            }
        }
        Self { options, seeks, fields, seekers: HashMap::new(), steps: Steps::default() }
    }

    /// The fragments of a document, by field, and how many bytes they have; none of those that there is nothing left to
    /// look for with. If they have more bytes than `most`, they are not all.
    pub(crate) fn fragments(
        &mut self,
        document: &Document,
        budget: &Budget,
        most: usize,
    ) -> (BTreeMap<String, Vec<String>>, usize) {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut room = Room::new(budget, most);
        let options = self.options;
        self.each_text(document, budget, &mut |chosen, text, spans| {
            if spans.is_empty() && chosen.options.without_match == 0 {
                return true;
            }
            let fragments = found.entry(chosen.name.clone()).or_default();
            render(text, spans, &chosen.options, options, &mut room, fragments);
            let is_full = chosen.options.count > 0 && fragments.len() >= chosen.options.count;
            if is_full {
                fragments.truncate(chosen.options.count);
            }
            !is_full
        });
        found.retain(|_, fragments| !fragments.is_empty());
        (found, room.taken())
    }

    /// The parts of a document's texts that the query finds, as they are written.
    pub(crate) fn marked(&mut self, document: &Document, budget: &Budget) -> Vec<String> {
        let mut marked = Vec::new();
        self.each_text(document, budget, &mut |_, text, spans| {
            marked.extend(spans.iter().filter_map(|span| text.get(span.start..span.end)).map(str::to_owned));
            true
        });
        marked
    }

    /// Hands each text of the chosen fields to `take`, with what the query finds in it, until that has enough of a field
    /// and says no.
    fn each_text(
        &mut self,
        document: &Document,
        budget: &Budget,
        take: &mut dyn FnMut(&Chosen<'a>, &str, &[Span]) -> bool,
    ) {
        let language = document.language();
        for (number, chosen) in self.fields.iter().enumerate() {
            let mut texts = Vec::new();
            document.texts_at(language, chosen.spec.name, &mut texts);
            for (language, text) in texts {
                let seeker = self.seekers.entry((number, language)).or_insert_with(|| {
                    let own_only = chosen.options.own_only.unwrap_or(self.options.own_field_only);
                    Seeker::new(
                        chosen.seeks.as_ref().unwrap_or(&self.seeks),
                        chosen.spec,
                        &chosen.name,
                        language,
                        own_only,
                    )
                });
                if seeker.is_empty() && chosen.options.without_match == 0 {
                    continue;
                }
                if !take(chosen, text, &seeker.find(text, &mut self.steps, budget)) {
                    break;
                }
            }
        }
    }
}

/// Returns true if a name that a query gives means this field. A wildcard means words as they are written only if it
/// ends so.
fn names(wanted: &str, field: &str) -> bool {
    let wanted = wanted.strip_suffix(".keyword").unwrap_or(wanted);
    wanted == field
        || (wanted.contains('*')
            && wanted.ends_with(EXACT) == field.ends_with(EXACT)
            && Pattern::wildcard(wanted).is_ok_and(|pattern| pattern.matches(field)))
}

/// Returns true if any of these means the field as it is analysed here; none means all, found by their stems.
fn any_means(wanted: &[FieldBoost], field: &str, analyser: Option<Analyser>) -> bool {
    let means = |wanted: &FieldBoost| match wanted.name.as_str() {
        ALL_EXACT => analyser != Some(Analyser::Text),
        name => names(name, field),
    };
    if wanted.is_empty() { !field.ends_with(EXACT) } else { wanted.iter().any(means) }
}

/// A budget that no test spends.
#[cfg(test)]
fn endless() -> Budget {
    let hour = std::time::Duration::from_secs(3_600);
    let limits = indexer::end::SearchLimits { time: hour, cpu: hour };
    Budget::begin(limits, &indexer::end::Allowance::begin())
}
