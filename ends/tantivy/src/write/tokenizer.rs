//! The analysers of `views` as Tantivy calls them.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};
use views::{Analyser, Language, Terms};

use super::kept::{Kept, KeptTexts};

/// The analysers as tantivy knows them.
pub fn analysers() -> TokenizerManager {
    registered(false)
}

/// Returns the analysers of a writer of an index, which keep what one field's analysis has found out for the next.
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
    /// True if forms are kept while terms are made.
    keeps: bool,
    token: Token,
    term: String,
}

/// Which tokens a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tokens {
    /// The terms of all words.
    Terms(Analyser),
    /// At the places of words that are not their own stems, their [forms](views::forms).
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

/// The source of tokens.
enum Origin<'a> {
    /// Terms of the text's words; what is to be kept of their forms is kept.
    Terms { terms: Terms<'a>, kept: Option<Kept> },
    /// Forms of the text's words.
    Forms { terms: Terms<'a>, term: &'a mut String },
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
        let terms = Terms::new(language, text);
        let from = match self.tokens {
            Tokens::Terms(_) => {
                let keeps = self.keeps && language != Language::Other;
                let kept = keeps.then(|| KeptTexts::with(|texts| texts.begin(marked))).flatten();
                Origin::Terms { terms, kept }
            }
            Tokens::Forms => match KeptTexts::with(|texts| texts.take(marked)) {
                Some(kept) => Origin::Kept { kept, next: 0 },
                None => Origin::Forms { terms, term: &mut self.term },
            },
        };
        MorgueTokens { token: &mut self.token, from }
    }
}

impl TokenStream for MorgueTokens<'_> {
    fn advance(&mut self) -> bool {
        let token = &mut *self.token;
        match &mut self.from {
            Origin::Terms { terms, kept } => {
                let forms = kept.as_mut().map(|kept| &mut kept.forms);
                let Some(place) = terms.next_into(&mut token.text, forms) else {
                    if let Some(kept) = kept.take() {
                        KeptTexts::with(|texts| texts.put(kept));
                    }
                    return false;
                };
                token.position = token.position.wrapping_add(1);
                if let Some(kept) = kept.as_mut().filter(|_| place.has_form) {
                    kept.end_form(token.position);
                }
                (token.offset_from, token.offset_to) = (place.start, place.end);
            }
            Origin::Forms { terms, term } => loop {
                token.text.clear();
                let Some(place) = terms.next_into(term, Some(&mut token.text)) else { return false };
                token.position = token.position.wrapping_add(1);
                if place.has_form {
                    (token.offset_from, token.offset_to) = (place.start, place.end);
                    break;
                }
            },
            Origin::Kept { kept, next } => {
                let Some((position, form)) = kept.get(*next) else {
                    KeptTexts::with(|texts| texts.give_back(std::mem::take(kept)));
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

    proptest! {
        /// Tantivy's tokens are the terms that a query asks for: two callers of one code.
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
