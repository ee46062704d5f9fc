//! Words that say nothing where any of several words will do: `the` in "the wreck of the ferry".
//!
//! They are indexed like all others, so phrases have them, and a search for nothing else finds them. A word says nothing
//! in documents of the language that lists it: `war` is a verb of German and no function word of English. Nor is one left
//! out where it is all that there is to find: where no document of its language has any of the other words.

use std::ops::Range;

use query::QueryError;
use tantivy::{
    Searcher, TERMINATED, Term,
    query::{BooleanQuery, ConstScoreQuery, EnableScoring, Occur, Query, TermSetQuery},
};
use views::{Analyser, Language};

use super::{super::stopwords::is_listed, Boxed, Translator, any};

/// The place where a word is looked for.
pub(super) enum Telling {
    Everywhere,
    /// In the documents of this query: those of other languages than the ones in which it says nothing.
    In(Boxed),
    /// It says nothing to any document that there is.
    Nowhere,
}

impl Telling {
    /// Returns the word where it is looked for; `None` if that is nowhere.
    pub(super) fn restrict(&self, word: Boxed) -> Option<Boxed> {
        match self {
            Self::Everywhere => Some(word),
            Self::In(documents) => Some(both(word, documents.box_clone())),
            Self::Nowhere => None,
        }
    }
}

/// Makes the query of a unit, given the places of its words.
type QueryOfUnit<'a> = dyn Fn(&Range<usize>) -> Result<Boxed, QueryError> + 'a;

/// Returns for each unit of a text (a word, or several that stand together) the languages in whose documents it is not
/// looked for, if any of the units will do. `in_any_field` makes the query of a unit.
pub(super) fn silent(
    translator: &Translator<'_>,
    units: &[Range<usize>],
    text: &str,
    in_any_field: &QueryOfUnit<'_>,
) -> Result<Vec<Vec<Language>>, QueryError> {
    let listed = listed(units, text);
    let mut silent: Vec<Vec<Language>> = vec![Vec::new(); units.len()];
    if listed.iter().all(Vec::is_empty) {
        return Ok(silent);
    }
    for language in &languages_of(translator) {
        let says_nothing: Vec<bool> = listed.iter().map(|of| of.contains(language)).collect();
        if !says_nothing.contains(&true) || !says_nothing.contains(&false) {
            continue;
        }
        let telling = units.iter().zip(&says_nothing).filter(|(_, silent)| !**silent);
        let others = telling.map(|(of, _)| in_any_field(of)).collect::<Result<_, _>>()?;
        if finds_any(translator.searcher, &both(any(others), documents_in(translator, &[*language]))) {
            let of_language = silent.iter_mut().zip(says_nothing).filter(|(_, silent)| *silent);
            of_language.for_each(|(silent, _)| silent.push(*language));
        }
    }
    Ok(silent)
}

/// Returns for each unit where it is looked for, given the languages in whose documents it is not.
pub(super) fn telling(translator: &Translator<'_>, silent: Vec<Vec<Language>>) -> Vec<Telling> {
    if silent.iter().all(Vec::is_empty) {
        return silent.into_iter().map(|_| Telling::Everywhere).collect();
    }
    let languages = languages_of(translator);
    let place = |silent: Vec<Language>| {
        let rest: Vec<Language> =
            languages.iter().copied().filter(|language| !silent.contains(language)).collect();
        match (silent.is_empty(), rest.is_empty()) {
            (true, _) => Telling::Everywhere,
            (false, true) => Telling::Nowhere,
            (false, false) => Telling::In(documents_in(translator, &rest)),
        }
    };
    silent.into_iter().map(place).collect()
}

/// Returns the languages that the index has documents of.
fn languages_of(translator: &Translator<'_>) -> Vec<Language> {
    Language::ALL.into_iter().filter(|language| has_documents(translator, *language)).collect()
}

/// For each unit the languages that have it among their function words.
fn listed(units: &[Range<usize>], text: &str) -> Vec<Vec<Language>> {
    let words: Vec<_> = Analyser::Exact
        .terms(Language::Other, text)
        .into_iter()
        .map(|word| (word.start, text.get(word.start..word.end).unwrap_or_default().to_lowercase()))
        .collect();
    let languages_of = |of: &Range<usize>| {
        let (1, Some((start, word))) = (of.len(), words.get(of.start)) else { return Vec::new() };
        let contracted = is_ending(text, *start, word)
            || words.get(of.end).is_some_and(|(start, word)| is_ending(text, *start, word));
        let is_silent = |language: &Language| {
            is_listed(word, *language) || (contracted && *language == Language::English)
        };
        Language::ALL.into_iter().filter(is_silent).collect()
    };
    units.iter().map(languages_of).collect()
}

fn has_documents(translator: &Translator<'_>, language: Language) -> bool {
    let term = Term::from_field_text(translator.schema.language, language.tag());
    // Where the index cannot be read, the search itself will tell.
    translator.searcher.doc_freq(&term).is_ok_and(|count| count > 0)
}

fn documents_in(translator: &Translator<'_>, languages: &[Language]) -> Boxed {
    let field = translator.schema.language;
    let terms = languages.iter().map(|language| Term::from_field_text(field, language.tag()));
    Box::new(ConstScoreQuery::new(translator.list(TermSetQuery::new(terms)), 0.0))
}

fn both(one: Boxed, other: Boxed) -> Boxed {
    Box::new(BooleanQuery::new(vec![(Occur::Must, one), (Occur::Must, other)]))
}

/// Returns true if a query finds any document. One that fails finds none here; the search itself will tell.
fn finds_any(searcher: &Searcher, query: &Boxed) -> bool {
    let find = || -> tantivy::Result<bool> {
        let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
        for reader in searcher.segment_readers() {
            let mut scorer = weight.scorer(reader, 1.0)?;
            while scorer.doc() != TERMINATED {
                if !reader.is_deleted(scorer.doc()) {
                    return Ok(true);
                }
                scorer.advance();
            }
        }
        Ok(false)
    };
    find().unwrap_or(false)
}

/// Returns true if it is the `t` of `don't`, the `ll` of `we'll`: what is before it says as little.
fn is_ending(text: &str, start: usize, word: &str) -> bool {
    matches!(word, "t" | "d" | "m" | "ll" | "re" | "ve")
        && text.get(..start).is_some_and(|before| before.ends_with(['\'', '\u{2019}']))
}
