//! Words that say nothing where any of several words will do: `the` in "the wreck of the ferry".
//!
//! They are indexed like all others, so phrases have them, and a search for nothing else finds them. Left out is what
//! is on the list of the language that most documents are in. `die` is an article in German and a verb in English, so
//! the list of another language counts only for words that are in more than a tenth of the documents.

use std::ops::Range;

use tantivy::Term;
use views::{Analyser, Language};

use super::{
    super::{
        fields::{Analysed, AsWhat, Target},
        stopwords::is_listed,
    },
    Translator,
};

/// The share of documents above which a word on the list of another language says nothing.
const COMMON: f64 = 0.1;

/// Without the words that say nothing, if others are left.
pub(super) fn telling(
    translator: &Translator<'_>,
    units: Vec<Range<usize>>,
    text: &str,
    analysed: &[(Target<'_>, Analysed)],
) -> Vec<Range<usize>> {
    let written: Vec<_> = Analyser::Exact
        .terms(Language::Other, text)
        .into_iter()
        .map(|word| (word.start, text.get(word.start..word.end).unwrap_or_default().to_lowercase()))
        .collect();
    let main = main_language(translator);
    let limit = translator.searcher.num_docs() as f64 * COMMON;
    let is_common = |at: usize| {
        analysed.iter().any(|(target, analysed)| {
            let AsWhat::Text(_, within) = target.as_what else { return false };
            analysed.alternatives(at).into_iter().any(|term| {
                let count = translator.searcher.doc_freq(&Term::from_field_text(within.field, term));
                count.is_ok_and(|count| count as f64 > limit)
            })
        })
    };
    let says_nothing = |of: &Range<usize>| {
        let (1, Some((start, word))) = (of.len(), written.get(of.start)) else { return false };
        let contracted = main == Some(Language::English)
            && (is_ending(text, *start, word)
                || written.get(of.end).is_some_and(|(start, word)| is_ending(text, *start, word)));
        contracted
            || main.is_some_and(|main| is_listed(word, main))
            || (translator.languages.iter().any(|language| is_listed(word, *language)) && is_common(of.start))
    };
    let kept: Vec<Range<usize>> = units.iter().filter(|of| !says_nothing(of)).cloned().collect();
    if kept.is_empty() { units } else { kept }
}

/// The language that most documents are in, if there is one.
fn main_language(translator: &Translator<'_>) -> Option<Language> {
    let count = |language: Language| {
        let term = Term::from_field_text(translator.schema.language, language.tag());
        translator.searcher.doc_freq(&term).unwrap_or(0)
    };
    // Texts too short to tell their language are in the language of the others.
    let known = translator.languages.iter().copied().filter(|language| *language != Language::Other);
    let counts: Vec<(u64, Language)> = known.map(|language| (count(language), language)).collect();
    let all: u64 = counts.iter().map(|(count, _)| count).sum();
    counts.into_iter().find(|(count, _)| count * 2 > all).map(|(_, language)| language)
}

/// Whether it is the `t` of `don't`, the `ll` of `we'll`: what is before it says as little.
fn is_ending(text: &str, start: usize, word: &str) -> bool {
    matches!(word, "t" | "d" | "m" | "ll" | "re" | "ve")
        && text.get(..start).is_some_and(|before| before.ends_with(['\'', '\u{2019}']))
}
