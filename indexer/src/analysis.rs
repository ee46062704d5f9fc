//! Analysis: how text becomes terms, the same way when it is indexed, searched and highlighted.
//!
//! A word is a run of letters and digits; an apostrophe parts words (`l'eau`, `O'Hare`), and a possessive `'s` is
//! dropped. Words are lowered, stemmed by the language of the text, and stripped of their diacritics, in this
//! order: the stemmers want the diacritics. Chinese, Japanese and Korean, which do not part their words, become
//! pairs of neighbouring characters.

use std::cell::RefCell;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::{form, language::Language};

/// The version of the rules, and of what the digests of documents are of. An index of another version is built again.
pub const ANALYSER_VERSION: u32 = 3;
/// A longer word is not a word: it is cut here, in characters.
const MAX_WORD_CHARS: usize = 64;

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
        let language = if self == Self::Exact { Language::Other } else { language };
        let mut terms = Vec::new();
        let mut words = Words::new(text);
        let mut term = String::new();
        STEMS.with_borrow_mut(|stems| {
            while let Some(word) = words.next() {
                stems.term(language, &word, text, &mut term);
                let position = terms.len();
                terms.push(Term { text: term.clone(), start: word.start, end: word.end, position });
            }
        });
        terms
    }
}

thread_local! {
    /// The stems of a thread that searches and highlights; a tokenizer has its own.
    static STEMS: RefCell<Stems> = RefCell::default();
}

/// One term of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As it stands in the index.
    pub text: String,
    /// Where its word begins, in bytes.
    pub start: usize,
    /// Where its word ends, in bytes.
    pub end: usize,
    /// Its number among the words, from 0.
    pub position: usize,
}

/// One word, by its place in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Word {
    start: usize,
    end: usize,
    ascii: bool,
}

/// Cuts a text into words.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn next(&mut self) -> Option<Word> {
        let rest = self.text.get(self.at..)?;
        let mut chars = rest.char_indices().peekable();
        let (offset, first) = chars.by_ref().find(|(_, c)| is_word_char(*c))?;
        let start = self.at + offset;
        if is_unparted(first) {
            return Some(self.pair(start, first));
        }
        let mut end = start + first.len_utf8();
        let mut ascii = first.is_ascii();
        let mut count = 1;
        while let Some((offset, c)) = chars.peek().copied() {
            let joins = is_word_char(c) && !is_unparted(c) && count < MAX_WORD_CHARS;
            if !joins {
                if is_apostrophe(c) && self.possessive(self.at + offset + c.len_utf8()) {
                    self.at += offset + c.len_utf8() + 1;
                    return Some(Word { start, end, ascii });
                }
                break;
            }
            chars.next();
            ascii &= c.is_ascii();
            end = self.at + offset + c.len_utf8();
            count += 1;
        }
        self.at = end;
        Some(Word { start, end, ascii })
    }

    /// Two neighbouring characters, or one that stands alone.
    fn pair(&mut self, start: usize, first: char) -> Word {
        let middle = start + first.len_utf8();
        self.at = middle;
        let mut rest = self.text.get(middle..).unwrap_or_default().chars();
        let (second, third) = (rest.next(), rest.next());
        match second.filter(|c| is_unparted(*c)) {
            Some(second) => {
                let end = middle + second.len_utf8();
                if !third.is_some_and(is_unparted) {
                    self.at = end; // the last pair has the last character already
                }
                Word { start, end, ascii: false }
            }
            None => Word { start, end: middle, ascii: false },
        }
    }

    /// Whether an `s` and nothing more of a word follows here.
    fn possessive(&self, at: usize) -> bool {
        let mut chars = self.text.get(at..).unwrap_or_default().chars();
        matches!(chars.next(), Some('s' | 'S')) && !chars.next().is_some_and(is_word_char)
    }
}

fn is_word_char(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { c.is_alphanumeric() || is_combining_mark(c) }
}

const fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}')
}

/// Whether it is of a script that does not part its words: Han, Hiragana, Katakana, Hangul. Those are indexed in pairs.
pub fn is_unparted(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7af
        | 0xf900..=0xfaff | 0x2_0000..=0x3_134f)
}

/// Stemmers, and the stems that they gave lately: the same few thousand words make up most of any text.
#[derive(Clone, Default)]
struct Stems {
    stemmers: Vec<(Language, Option<frostem::Stemmer>)>,
    recent: Vec<Recent>,
    /// The last word, and the same without diacritics.
    lowered: String,
    folded: String,
}

/// One remembered stem. Direct-mapped: a newer word takes the place of the one that was there.
#[derive(Clone, Default)]
struct Recent {
    language: u8,
    word_bytes: u8,
    stem_bytes: u8,
    word: [u8; RECENT_BYTES],
    stem: [u8; RECENT_BYTES],
}

const RECENT_BYTES: usize = 28;
const RECENT_STEMS: usize = 8_192;

impl Stems {
    /// The term of a word, in `out`.
    fn term(&mut self, language: Language, word: &Word, text: &str, out: &mut String) {
        out.clear();
        let word_text = text.get(word.start..word.end).unwrap_or_default();
        let mut lowered = std::mem::take(&mut self.lowered);
        lowered.clear();
        if word.ascii {
            lowered.push_str(word_text);
            lowered.make_ascii_lowercase();
        } else {
            lowered.extend(word_text.nfkc().flat_map(char::to_lowercase));
        }
        if language == Language::Other {
            fold_into(&lowered, out);
        } else {
            self.stem(language, &lowered, out);
        }
        self.lowered = lowered;
    }

    /// Makes the form of the last word from its stem; `false` if that is the word itself.
    fn make_form(&mut self, stem: &mut String) -> bool {
        self.folded.clear();
        fold_into(&self.lowered, &mut self.folded);
        form::make_form(stem, &self.folded)
    }

    fn stem(&mut self, language: Language, lowered: &str, out: &mut String) {
        if self.recent.is_empty() {
            self.recent.resize(RECENT_STEMS, Recent::default());
        }
        let tag = language as u8;
        let slot = hash(lowered.as_bytes(), tag) % RECENT_STEMS;
        if let Some(recent) = self.recent.get(slot)
            && recent.language == tag
            && recent.word.get(..usize::from(recent.word_bytes)) == Some(lowered.as_bytes())
            && let Some(stem) = recent.stem.get(..usize::from(recent.stem_bytes))
            && let Ok(stem) = std::str::from_utf8(stem)
        {
            out.push_str(stem);
            return;
        }
        let known = self.stemmers.iter().position(|(known, _)| *known == language);
        let at = known.unwrap_or_else(|| {
            self.stemmers.push((language, language.stemmer()));
            self.stemmers.len() - 1
        });
        match self.stemmers.get(at) {
            Some((_, Some(stemmer))) => fold_into(&stemmer.stem(lowered), out),
            _ => fold_into(lowered, out),
        }
        if let Some(recent) = self.recent.get_mut(slot)
            && lowered.len() <= RECENT_BYTES
            && out.len() <= RECENT_BYTES
        {
            recent.language = tag;
            recent.word_bytes = lowered.len() as u8;
            recent.stem_bytes = out.len() as u8;
            recent.word.iter_mut().zip(lowered.bytes()).for_each(|(to, from)| *to = from);
            recent.stem.iter_mut().zip(out.bytes()).for_each(|(to, from)| *to = from);
        }
    }
}

/// FNV-1a (<http://www.isthe.com/chongo/tech/comp/fnv/>), seeded with the language.
fn hash(bytes: &[u8], seed: u8) -> usize {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ u64::from(seed);
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    }
    (hash ^ (hash >> 32)) as usize
}

/// Without diacritics: `é` as `e`, `ß` as `ss`.
fn fold_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        out.push_str(text);
        return;
    }
    for c in text.nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'þ' => out.push_str("th"),
            'ı' => out.push('i'),
            c => out.push(c),
        }
    }
}

/// The analyser as tantivy calls it. A text to be stemmed begins with the mark of its language; without one it is not.
#[derive(Clone)]
pub(crate) struct MorgueTokenizer {
    tokens: Tokens,
    stems: Stems,
    token: Token,
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
    pub(crate) fn new(tokens: Tokens) -> Self {
        Self { tokens, stems: Stems::default(), token: Token::default() }
    }
}

/// The tokens of one text.
pub(crate) struct MorgueTokens<'a> {
    stems: &'a mut Stems,
    token: &'a mut Token,
    language: Language,
    words: Words<'a>,
    text: &'a str,
    forms: bool,
}

impl Tokenizer for MorgueTokenizer {
    type TokenStream<'a> = MorgueTokens<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> MorgueTokens<'a> {
        let first = text.chars().next().filter(|_| self.tokens != Tokens::Terms(Analyser::Exact));
        let mark = first.and_then(|first| Some((first, Language::of_mark(first)?)));
        let (language, text) = match mark {
            Some((mark, language)) => (language, text.get(mark.len_utf8()..).unwrap_or_default()),
            None => (Language::Other, text),
        };
        self.token.reset();
        self.token.position = usize::MAX;
        MorgueTokens {
            stems: &mut self.stems,
            token: &mut self.token,
            language,
            words: Words::new(text),
            text,
            forms: self.tokens == Tokens::Forms,
        }
    }
}

impl TokenStream for MorgueTokens<'_> {
    fn advance(&mut self) -> bool {
        let word = loop {
            let Some(word) = self.words.next() else { return false };
            self.stems.term(self.language, &word, self.text, &mut self.token.text);
            self.token.position = self.token.position.wrapping_add(1);
            if !self.forms || self.stems.make_form(&mut self.token.text) {
                break word;
            }
        };
        self.token.offset_from = word.start;
        self.token.offset_to = word.end;
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
                let mut tokenizer = MorgueTokenizer::new(Tokens::Terms(Analyser::Text));
                let marked = format!("{}{text}", language.mark());
                let mut stream = tokenizer.token_stream(&marked);
                let mut seen = Vec::new();
                while stream.advance() {
                    let token = stream.token();
                    seen.push(Term {
                        text: token.text.clone(), start: token.offset_from, end: token.offset_to,
                        position: token.position,
                    });
                }
                for term in &seen {
                    prop_assert!(text.get(term.start..term.end).is_some());
                }
                prop_assert_eq!(seen, Analyser::Text.terms(language, &text));
            }
        }
    }
}
