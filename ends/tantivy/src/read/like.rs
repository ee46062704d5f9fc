//! Documents like these: the words that tell most of what is given, looked for in the same fields.

use std::collections::{HashMap, HashSet};

use query::{Bool, Example, FieldBoost, Like, Query, QueryError, Words};
use serde_json::{Map, Value};
use store::AssetKind;
use tantivy::{Searcher, Term};
use views::{Analyser, Document, Language, forms::stem_of, values_at};

use super::{
    budget::{Budget, Steps},
    fields::{Analysed, AsWhat, Target, target_of, targets},
};
use crate::{index::Languages, schema::ViewSchema};

/// Finds the document of an asset; `None` when readers see none.
type Documents<'a> = dyn Fn(Option<AssetKind>, &str) -> Option<Document> + 'a;

/// The query of the most telling words over the view of one kind: those that are often in what is given and seldom
/// elsewhere.
#[expect(clippy::too_many_lines, reason = "one choice of words over all fields, to be parted by its steps")]
pub(crate) fn like(
    like: &Like,
    document: &Documents<'_>,
    kind: AssetKind,
    searcher: &Searcher,
    languages: &Languages,
    schema: &ViewSchema,
    budget: &Budget,
) -> Result<Query, QueryError> {
    let fields = match like.fields.is_empty() {
        true => default_fields(schema),
        false => {
            let targets = targets(schema, &like.fields)?;
            let is_exact =
                |target: &Target<'_>| matches!(target.as_what, AsWhat::Text(_, within) if within.as_written);
            if let Some(exact) = targets.iter().find(|target| is_exact(target)) {
                return Err(QueryError::illegal(format!(
                    "more_like_this looks at the stems of words: use `{}`",
                    exact.field.spec.name
                )));
            }
            targets.iter().map(|target| target.field.spec.name).collect()
        }
    };
    let given: Vec<Given> = like.like.iter().filter_map(|example| Given::of(example, document)).collect();
    let unlike: Vec<Given> = like.unlike.iter().filter_map(|example| Given::of(example, document)).collect();
    let stop_words: HashSet<String> = like.stop_words.iter().map(|word| word.to_lowercase()).collect();
    let total = searcher.num_docs().max(1) as f64;
    let mut steps = Steps::default();
    let mut telling: Vec<(f64, &'static str, String)> = Vec::new();
    for name in fields {
        let Some(target) = target_of(schema, name) else { continue };
        let AsWhat::Text(analyser, within) = target.as_what else {
            if like.only_texts {
                continue;
            }
            return Err(QueryError::illegal(format!(
                "`{name}` is no text, and more_like_this looks at the words of texts"
            )));
        };
        // A word is one word in all languages, and an example may be too short to tell its own.
        let keys_of = |written: &str| {
            let analysed = Analysed::new(analyser, languages, written);
            analysed.alternatives(0).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let avoided: HashSet<String> = words_of(&unlike, name, analyser)
            .into_values()
            .flat_map(|(_, written)| keys_of(&written))
            .collect();
        for (term, (here, written)) in words_of(&given, name, analyser) {
            if steps.more(64, budget) {
                break;
            }
            let written_small = written.to_lowercase();
            if here < like.min_term_freq
                || !like.length.contains(&stem_of(&term).chars().count())
                || stop_words.contains(&written_small)
                || stop_words.contains(stem_of(&term))
            {
                continue;
            }
            let keys = keys_of(&written);
            if keys.iter().any(|key| avoided.contains(key)) {
                continue;
            }
            let count =
                |key: &String| searcher.doc_freq(&Term::from_field_text(within.field, key)).unwrap_or(0);
            let elsewhere: u64 = keys.iter().map(count).sum();
            if elsewhere > 0 && like.doc_freq.contains(&elsewhere) {
                let idf = (1.0 + (total - elsewhere as f64 + 0.5) / (elsewhere as f64 + 0.5)).ln();
                telling.push((here as f64 * idf, target.field.spec.name, written));
            }
        }
    }
    telling.sort_by(|one, other| {
        other.0.total_cmp(&one.0).then_with(|| (one.1, &one.2).cmp(&(other.1, &other.2)))
    });
    telling.truncate(like.max_terms);
    let best = telling.first().map_or(1.0, |(most, ..)| *most);
    let should: Vec<Query> = telling
        .into_iter()
        .map(|(tells, field, word)| {
            let query = Query::Words(Words::new(vec![FieldBoost::new(field)], word));
            match like.boost_terms {
                Some(boost) => Query::Boosted(Box::new(query), boost * (tells / best) as f32),
                None => query,
            }
        })
        .collect();
    if should.is_empty() {
        return Ok(Query::Nothing);
    }
    let own = |example: &Example| match example {
        Example::Asset { kind: other, id } if other.is_none_or(|other| other == kind) => Some(id.clone()),
        _ => None,
    };
    let examples: Vec<String> = like.like.iter().filter_map(own).collect();
    let must_not =
        if like.with_examples || examples.is_empty() { Vec::new() } else { vec![Query::Ids(examples)] };
    Ok(Query::Bool(Bool { should, must_not, need: Some(like.need.clone()), ..Bool::default() }))
}

/// An example with its words.
enum Given {
    /// A text for all fields.
    Text(Language, String),
    Document(Document),
    /// Made up: each text is in the language that it seems to be in.
    Made(Map<String, Value>),
}

impl Given {
    fn of(example: &Example, document: &Documents<'_>) -> Option<Self> {
        Some(match example {
            Example::Text(text) => Self::Text(Language::detect(text), text.clone()),
            Example::Document(json) => Self::Made(json.clone()),
            Example::Asset { kind, id } => Self::Document(document(*kind, id)?),
        })
    }
}

/// The words of examples in one field: what a word is in the index, how often it is here, and how it is written.
fn words_of(given: &[Given], field: &str, analyser: Analyser) -> HashMap<String, (usize, String)> {
    let mut words: HashMap<String, (usize, String)> = HashMap::new();
    let mut count = |language: Language, text: &str| {
        for term in analyser.terms(language, text).into_iter().take(MAX_WORDS_OF_TEXT) {
            let written = text.get(term.start..term.end).unwrap_or_default();
            words.entry(term.text).or_insert_with(|| (0, written.to_owned())).0 += 1;
        }
    };
    for one in given {
        match one {
            Given::Text(language, text) => count(*language, text),
            Given::Document(document) => {
                let mut texts = Vec::new();
                document.texts_at(document.language(), field, &mut texts);
                texts.into_iter().for_each(|(language, text)| count(language, text));
            }
            Given::Made(json) => {
                let mut values = Vec::new();
                values_at(json, field, &mut values);
                let texts = values.into_iter().filter_map(Value::as_str);
                texts.for_each(|text| count(Language::detect(text), text));
            }
        }
    }
    words
}

const MAX_WORDS_OF_TEXT: usize = 20_000;

fn default_fields(schema: &ViewSchema) -> Vec<&'static str> {
    let weighted = schema.fields.iter().filter(|field| field.spec.weight >= 1.0);
    weighted.map(|field| field.spec.name).filter(|name| !name.contains('.')).collect()
}
