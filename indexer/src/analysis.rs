//! Analysis: how text becomes terms, the same way when it is indexed, searched and highlighted.
//!
//! Text is cut into [words](crate::words). They are lowered, stemmed by the language of the text, and stripped of
//! their diacritics, in this order: the stemmers want the diacritics.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};

use crate::{kept::Kept, language::Language, stems::Stems, words::Words};

/// The version of the rules, and of what the digests of documents are of. An index of another version is built again.
pub const ANALYSER_VERSION: u32 = 5;

/// Which rules a field follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Analyser {
    /// Running text: stemmed by its language.
    Text,
    /// Names, and the words of running text as they are written: never stemmed.
    Exact,
}

impl Analyser {
    /// Its name in the index's schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "morgue_text",
            Self::Exact => "morgue_exact",
        }
    }

    /// The terms of a text in a language, with their places.
    pub fn terms(self, language: Language, text: &str) -> Vec<Term> {
        let mut terms = Vec::new();
        self.each_term(language, text, |term| {
            terms.push(term);
            true
        });
        terms
    }

    /// The same one by one, until `take` says that it wants no more: of a long text they need much room.
    pub fn each_term(self, language: Language, text: &str, mut take: impl FnMut(Term) -> bool) {
        let language = if self == Self::Exact { Language::Other } else { language };
        let mut words = Words::new(text);
        let mut term = String::new();
        let mut position = 0;
        while let Some(word) = words.next() {
            let written = Stems::with(|stems| {
                stems.term(language, &word, text, &mut term);
                Some(stems.written()).filter(|written| *written != term).map(str::to_owned)
            });
            if !take(Term { text: term.clone(), written, start: word.start, end: word.end, position }) {
                return;
            }
            position += 1;
        }
    }
}

/// One term of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As it stands in the index.
    pub text: String,
    /// Its word as it is written, where that is not the term itself.
    written: Option<String>,
    /// Where its word begins, in bytes.
    pub start: usize,
    /// Where its word ends, in bytes.
    pub end: usize,
    /// Its number among the words, from 0.
    pub position: usize,
}

impl Term {
    /// Its word as it is written, lowered and without diacritics.
    pub fn written(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.text)
    }
}

/// The analysers as tantivy knows them.
pub fn analysers() -> TokenizerManager {
    registered(false)
}

/// The same for who writes an index: what one field's analysis has found out is kept for the next.
pub fn writers_analysers() -> TokenizerManager {
    registered(true)
}

fn registered(keeps: bool) -> TokenizerManager {
    let manager = TokenizerManager::default();
    for tokens in [Tokens::Terms(Analyser::Text), Tokens::Terms(Analyser::Exact), Tokens::Forms] {
        manager.register(tokens.name(), MorgueTokenizer::new(tokens, keeps));
    }
    manager
}

/// The analyser as tantivy calls it. A text to be stemmed begins with the mark of its language; without one it is not.
#[derive(Clone)]
pub(crate) struct MorgueTokenizer {
    tokens: Tokens,
    /// Whether forms are kept while terms are made.
    keeps: bool,
    token: Token,
    term: String,
}

/// Which tokens a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tokens {
    /// The terms of all words.
    Terms(Analyser),
    /// At the places of words that are not their own stems, their [forms](crate::form).
    Forms,
}

impl Tokens {
    /// The name in the index's schema.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Terms(analyser) => analyser.name(),
            Self::Forms => "morgue_forms",
        }
    }
}

impl MorgueTokenizer {
    pub(crate) fn new(tokens: Tokens, keeps: bool) -> Self {
        Self { tokens, keeps, token: Token::default(), term: String::new() }
    }
}

/// The tokens of one text.
pub(crate) struct MorgueTokens<'a> {
    token: &'a mut Token,
    from: Origin<'a>,
}

/// Where tokens come from.
enum Origin<'a> {
    /// Terms of the text's words; what is to be kept of their forms is kept.
    Terms { words: Words<'a>, text: &'a str, language: Language, kept: Option<Kept> },
    /// Forms of the text's words.
    Forms { words: Words<'a>, text: &'a str, language: Language, term: &'a mut String },
    /// Forms that were kept, from this number on.
    Kept { kept: Kept, next: usize },
}

impl Tokenizer for MorgueTokenizer {
    type TokenStream<'a> = MorgueTokens<'a>;

    fn token_stream<'a>(&'a mut self, marked: &'a str) -> MorgueTokens<'a> {
        self.token.reset();
        let first = marked.chars().next().filter(|_| self.tokens != Tokens::Terms(Analyser::Exact));
        let mark = first.and_then(|first| Some((first, Language::of_mark(first)?)));
        let (language, text) = match mark {
            Some((mark, language)) => (language, marked.get(mark.len_utf8()..).unwrap_or_default()),
            None => (Language::Other, marked),
        };
        let words = Words::new(text);
        let from = match self.tokens {
            Tokens::Terms(_) => {
                let keeps = self.keeps && language != Language::Other;
                let kept = keeps.then(|| Stems::with(|stems| stems.kept.begin(marked))).flatten();
                Origin::Terms { words, text, language, kept }
            }
            Tokens::Forms => match Stems::with(|stems| stems.kept.take(marked)) {
                Some(kept) => Origin::Kept { kept, next: 0 },
                None => Origin::Forms { words, text, language, term: &mut self.term },
            },
        };
        MorgueTokens { token: &mut self.token, from }
    }
}

impl TokenStream for MorgueTokens<'_> {
    fn advance(&mut self) -> bool {
        let token = &mut *self.token;
        match &mut self.from {
            Origin::Terms { words, text, language, kept } => {
                let Some(word) = words.next() else {
                    if let Some(kept) = kept.take() {
                        Stems::with(|stems| stems.kept.put(kept));
                    }
                    return false;
                };
                token.position = token.position.wrapping_add(1);
                Stems::with(|stems| {
                    stems.term(*language, &word, text, &mut token.text);
                    if let Some(kept) = kept {
                        kept.add(token.position, |forms| stems.put_form(&token.text, forms));
                    }
                });
                (token.offset_from, token.offset_to) = (word.start, word.end);
            }
            Origin::Forms { words, text, language, term } => loop {
                let Some(word) = words.next() else { return false };
                token.position = token.position.wrapping_add(1);
                token.text.clear();
                let has_form = Stems::with(|stems| {
                    stems.term(*language, &word, text, term);
                    stems.put_form(term, &mut token.text)
                });
                if has_form {
                    (token.offset_from, token.offset_to) = (word.start, word.end);
                    break;
                }
            },
            Origin::Kept { kept, next } => {
                let Some((position, form)) = kept.get(*next) else {
                    Stems::with(|stems| stems.kept.give_back(std::mem::take(kept)));
                    return false;
                };
                *next += 1;
                token.position = position;
                token.text.clear();
                token.text.push_str(form);
            }
        }
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_becomes_terms() {
        let check = |language: Language, text: &str, expected: &str| {
            let terms = Analyser::Text.terms(language, text);
            let joined: Vec<&str> = terms.iter().map(|term| term.text.as_str()).collect();
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
    }

    /// Pages say with soft hyphens where a word may be broken; Persian and Hindi keep letters apart, or together.
    #[test]
    fn what_is_not_seen_parts_no_words() {
        let terms = |text: &str| {
            let terms = Analyser::Text.terms(Language::German, text);
            terms.into_iter().map(|term| (term.text, term.start, term.end)).collect::<Vec<_>>()
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

    #[test]
    fn words_as_they_are_written_are_not_stemmed() {
        let terms = Analyser::Exact.terms(Language::English, "Flowers");
        assert_eq!(terms.first().map(|term| term.text.as_str()), Some("flowers"));
    }

    proptest! {
        /// What tantivy indexes and what a query asks for come from two callers of the same code.
        #[test]
        fn tantivy_sees_the_same_terms(text in "\\PC{0,200}") {
            for language in [Language::Other, Language::English, Language::French] {
                let mut tokenizer = MorgueTokenizer::new(Tokens::Terms(Analyser::Text), false);
                let marked = format!("{}{text}", language.mark());
                let mut stream = tokenizer.token_stream(&marked);
                let mut seen = Vec::new();
                while stream.advance() {
                    let token = stream.token();
                    seen.push((token.text.clone(), token.offset_from, token.offset_to, token.position));
                }
                let terms = Analyser::Text.terms(language, &text).into_iter();
                let terms: Vec<_> = terms.map(|term| (term.text, term.start, term.end, term.position)).collect();
                prop_assert!(terms.iter().all(|(_, start, end, _)| text.get(*start..*end).is_some()));
                prop_assert_eq!(seen, terms);
            }
        }

        /// Forms are the same whether the text's terms were asked for before them or not, and however many texts there
        /// are.
        #[test]
        fn kept_forms_are_those_that_are_made(texts in proptest::collection::vec("[a-zé' ]{0,60}|\\PC{0,60}", 1..40)) {
            fn tokens(tokens: Tokens, text: &str) -> Vec<(usize, String)> {
                let mut tokenizer = MorgueTokenizer::new(tokens, true);
                let mut stream = tokenizer.token_stream(text);
                let mut seen = Vec::new();
                while stream.advance() {
                    seen.push((stream.token().position, stream.token().text.clone()));
                }
                seen
            }
            for language in [Language::Other, Language::English, Language::French] {
                let marked: Vec<String> = texts.iter().map(|text| format!("{}{text}", language.mark())).collect();
                let alone: Vec<_> = marked.iter().map(|text| tokens(Tokens::Forms, text)).collect();
                marked.iter().for_each(|text| drop(tokens(Tokens::Terms(Analyser::Text), text)));
                let after: Vec<_> = marked.iter().map(|text| tokens(Tokens::Forms, text)).collect();
                prop_assert_eq!(alone, after);
            }
        }
    }
}
