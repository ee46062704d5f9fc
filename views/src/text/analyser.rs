//! Analysis: how text becomes terms, the same way when it is indexed, searched and highlighted.
//!
//! Text is cut into [words](super::words). They are lowered, stemmed by the language of the text, and [folded](super::fold),
//! in this order: the stemmers want the diacritics. What stands in an index is the [key](super::forms) of each.

use super::{
    fold::{fold_into, lower_into},
    forms::stem_of,
    language::Language,
    stems::Stems,
    words::{Word, Words},
};

/// The version of the rules, and of what the digests of documents are of. An index of another version is built again.
pub const ANALYSER_VERSION: u32 = 7;

/// The rules of analysis that a field follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Analyser {
    /// Running text: stemmed by its language.
    Text,
    /// Names, and the words of running text as they are written: never stemmed.
    Exact,
}

impl Analyser {
    /// Returns its name in the index's schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "morgue_text",
            Self::Exact => "morgue_exact",
        }
    }

    /// Returns the terms of a text in a language, with their places.
    pub fn terms(self, language: Language, text: &str) -> Vec<Term> {
        let mut terms = Vec::new();
        self.each_term(language, text, |term| {
            terms.push(term);
            true
        });
        terms
    }

    /// Gives the terms of a text one by one, until `take` returns false: those of a long text need much room.
    pub fn each_term(self, language: Language, text: &str, mut take: impl FnMut(Term) -> bool) {
        let language = if self == Self::Exact { Language::Other } else { language };
        let mut words = Words::new(text);
        let mut key = String::new();
        let mut position = 0;
        while let Some(word) = words.next() {
            let written = Stems::with(|stems| {
                stems.key(language, &word, text, &mut key);
                Some(stems.written()).filter(|written| *written != stem_of(&key)).map(str::to_owned)
            });
            let (text, Word { start, end, cells, .. }) = (key.clone(), word);
            if !take(Term { text, written, start, end, position, is_lone: cells == 1, is_pair: cells == 2 }) {
                return;
            }
            position += 1;
        }
    }
}

/// One term of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As it stands in the index: the [key](super::forms) of its word.
    pub text: String,
    /// Its word as it is written, where that is not its stem.
    written: Option<String>,
    /// The byte at which its word begins.
    pub start: usize,
    /// The byte behind its word.
    pub end: usize,
    /// Its number among the words, from 0.
    pub position: usize,
    /// True for one character of a script that does not part its words: those are indexed in pairs.
    pub is_lone: bool,
    /// True for two neighbours of such a script.
    pub is_pair: bool,
}

impl Term {
    /// Returns its word as it is written, lowered and folded.
    pub fn written(&self) -> &str {
        self.written.as_deref().unwrap_or(self.stem())
    }

    /// Returns its stem, of whichever language.
    pub fn stem(&self) -> &str {
        stem_of(&self.text)
    }
}

/// The terms of a text one by one, in the caller's own room: whoever writes an index asks for millions of them.
pub struct Terms<'a> {
    words: Words<'a>,
    text: &'a str,
    language: Language,
}

/// The place of a term's word in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The byte at which it begins.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
    /// True if a [form](super::forms) was appended: the word is not its own stem.
    pub has_form: bool,
}

impl<'a> Terms<'a> {
    /// Returns the terms of a text in a language; of [`Language::Other`] they are the words as they are written.
    pub fn new(language: Language, text: &'a str) -> Self {
        Self { words: Words::new(text), text, language }
    }

    /// Writes the next key over `key`, and appends the form of its word to `forms` if it has one; `None` after the last.
    pub fn next_into(&mut self, key: &mut String, forms: Option<&mut String>) -> Option<Place> {
        let word = self.words.next()?;
        let has_form = Stems::with(|stems| {
            stems.key(self.language, &word, self.text, key);
            forms.is_some_and(|forms| stems.put_form(key, forms))
        });
        Some(Place { start: word.start, end: word.end, has_form })
    }
}

/// Returns a text lowered and folded like the words of an index, all else as it is: patterns keep their signs.
pub fn fold(text: &str) -> String {
    let (mut lowered, mut folded) = (String::new(), String::new());
    lower_into(Language::Other, text, &mut lowered);
    fold_into(&lowered, false, &mut folded);
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_terms() {
        let check = |language: Language, text: &str, expected: &str| {
            let terms = Analyser::Text.terms(language, text);
            let joined: Vec<&str> = terms.iter().map(Term::stem).collect();
            assert_eq!(joined.join(" "), expected, "{text}");
        };
        check(Language::English, "The ferries were running", "the ferri were run");
        check(Language::English, "Quill's dog's bone", "quill dog bone");
        check(Language::English, "Quill’s", "quill");
        check(Language::Other, "O'Hare l'eau 1,000", "o hare l eau 1 000");
        check(Language::French, "Les époques heureuses", "le epoqu heureux");
        check(Language::German, "Häuser und Straßen", "haus und strass");
        check(Language::Russian, "пароходы", "пароход");
        check(Language::Other, "Köln Łódź straße", "koln lodz strasse");
        check(Language::Other, "港の船 port", "港の の船 port");
        check(Language::Other, "港", "港");
        check(Language::Other, "", "");
        check(Language::Other, "ﬁsh Ｆｅｒｒｙ", "fish ferry");
        check(Language::Other, "ﾊﾞｽが", "バス スが");
        check(Language::English, "Hawai'i, Hawaiʻi", "hawaii hawaii");
        check(Language::Turkish, "KIZ kız kiz İzmir", "kız kız kiz izmir");
        check(Language::English, "Isparta", "isparta");
    }

    /// Pages say with soft hyphens where a word may be broken; Persian and Hindi keep letters apart, or together.
    #[test]
    fn what_is_not_seen_parts_no_words() {
        let terms = |text: &str| {
            let terms = Analyser::Text.terms(Language::German, text);
            terms.into_iter().map(|term| (term.stem().to_owned(), term.start, term.end)).collect::<Vec<_>>()
        };
        let ferry = |start, end| ("dampffahr".to_owned(), start, end);
        assert_eq!(terms("Dampffähren"), [ferry(0, 12)]);
        assert_eq!(
            terms("Dampf\u{ad}fäh\u{ad}ren\u{ad}"),
            [ferry(0, 16)],
            "one that ends a word is no part of it"
        );
        let persian = Analyser::Text.terms(Language::Other, "می\u{200c}روم");
        assert_eq!(persian.iter().map(|term| term.text.as_str()).collect::<Vec<_>>(), ["میروم"]);
    }

    /// `cellar` is a German plural of `cell`, by the rules of German only.
    #[test]
    fn one_language_does_not_know_the_stems_of_another() {
        let key = |language: Language, word: &str| Analyser::Text.terms(language, word).remove(0).text;
        assert_eq!(key(Language::English, "cells"), key(Language::English, "cell"));
        for (at, one) in Language::ALL.into_iter().enumerate() {
            for other in &Language::ALL[at + 1..] {
                assert_ne!(key(one, "cell"), key(*other, "cell"), "{one:?}, {other:?}");
            }
        }
        assert_eq!(key(Language::Other, "cell"), "cell");
    }

    #[test]
    fn words_as_they_are_written_are_not_stemmed() {
        let terms = Analyser::Exact.terms(Language::English, "Flowers");
        assert_eq!(terms.first().map(|term| term.text.as_str()), Some("flowers"));
    }
}
