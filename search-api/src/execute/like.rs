//! Documents like these: the words that tell most of what is given, looked for in the same fields.

use std::collections::HashMap;

use indexer::{Document, Language, ViewSchema, values_at};
use serde_json::Value;
use tantivy::{Searcher, Term};

use super::fields::{AsWhat, target_of, targets};
use crate::query::{Bool, FieldBoost, Like, Query, QueryError, Words};

/// The query of the most telling words: those that are often in what is given and seldom elsewhere.
pub(crate) fn like(
    like: &Like,
    documents: &[Document],
    searcher: &Searcher,
    schema: &ViewSchema,
) -> Result<Query, QueryError> {
    let fields = match like.fields.is_empty() {
        true => default_fields(schema),
        false => targets(schema, &like.fields)?.iter().map(|target| target.field.spec.name).collect(),
    };
    let total = searcher.num_docs().max(1) as f64;
    let mut telling: Vec<(f64, &'static str, String)> = Vec::new();
    for name in fields {
        let Some(target) = target_of(schema, name) else { continue };
        let AsWhat::Text(analyser, within) = target.as_what else { continue };
        // What a word is in the index, how often it is here, and how it is written.
        let mut words: HashMap<String, (usize, String)> = HashMap::new();
        let mut count = |language: Language, text: &str| {
            for term in analyser.terms(language, text).into_iter().take(MAX_WORDS_OF_TEXT) {
                let written = text.get(term.start..term.end).unwrap_or_default();
                words.entry(term.text).or_insert_with(|| (0, written.to_owned())).0 += 1;
            }
        };
        for text in &like.texts {
            count(Language::detect(text), text);
        }
        for document in documents {
            let mut values = Vec::new();
            values_at(&document.json, name, &mut values);
            values.into_iter().filter_map(Value::as_str).for_each(|text| count(document.language(), text));
        }
        for (term, (here, written)) in words {
            if here < like.min_term_freq || term.chars().count() < 2 {
                continue;
            }
            let elsewhere = searcher.doc_freq(&Term::from_field_text(within.field, &term)).unwrap_or(0);
            if elsewhere >= like.min_doc_freq.max(1) {
                let idf = (1.0 + (total - elsewhere as f64 + 0.5) / (elsewhere as f64 + 0.5)).ln();
                telling.push((here as f64 * idf, target.field.spec.name, written));
            }
        }
    }
    telling.sort_by(|one, other| {
        other.0.total_cmp(&one.0).then_with(|| (one.1, &one.2).cmp(&(other.1, &other.2)))
    });
    telling.truncate(like.max_terms);
    let should: Vec<Query> = telling
        .into_iter()
        .map(|(_, field, word)| Query::Words(Words::new(vec![FieldBoost::new(field)], word)))
        .collect();
    if should.is_empty() {
        return Ok(Query::Nothing);
    }
    let mut must_not = Vec::new();
    if !like.ids.is_empty() {
        must_not.push(Query::Ids(like.ids.clone()));
    }
    Ok(Query::Bool(Bool { should, must_not, need: Some(like.need.clone()), ..Bool::default() }))
}

const MAX_WORDS_OF_TEXT: usize = 20_000;

fn default_fields(schema: &ViewSchema) -> Vec<&'static str> {
    let weighted = schema.fields.iter().filter(|field| field.spec.weight >= 1.0);
    weighted.map(|field| field.spec.name).filter(|name| !name.contains('.')).collect()
}
