//! Keys and forms: what a stemmed text has in an index.
//!
//! ```text
//! key  = stem [suffix]
//! form = [UNLIKE] stem suffix word
//! ```
//!
//! The *key* of a word is its stem and the [suffix](super::Language::suffix) of the language whose rules gave it, so that
//! `cellar` in a German text, whose stem is `cell`, is not found by the English `cell`. A text of no known language has
//! words as they are written, and no suffix.
//!
//! A stemmed field has one *form* at the place of each word that is not its own stem: `run`, the suffix of English,
//! `running`. All else is in the keys already: a word stands where a form ends in it, and where the stem that is spelt
//! like it stands without a form of that stem. That is half of the size, and of the time, of indexing all words a second
//! time.
//!
//! All forms of a stem are neighbours in the dictionary. So that those of a word are near each other too, stem and word
//! begin with the same [`ALIKE`] bytes; forms in which they do not (`die`, `dying`) are set apart by [`UNLIKE`].

use std::ops::Range;

/// The number of bytes that stem and word have in common at the start; a shorter stem has all of its own.
pub const ALIKE: usize = 2;
/// Before forms whose word begins otherwise than its stem.
pub const UNLIKE: u8 = 1;

/// Returns true if a byte ends a stem: the suffix of a language, or the zero that ended the stems of all in older
/// indexes.
pub const fn ends_stem(byte: u8) -> bool {
    byte < b' ' && byte != UNLIKE
}

/// Returns the stem of a key, without the suffix of its language.
pub fn stem_of(key: &str) -> &str {
    key.strip_suffix(|c: char| c < ' ').unwrap_or(key)
}

/// Appends the form of a word; `false` if the word is its own stem, or has none.
pub(crate) fn put_form(key: &str, word: &str, out: &mut String) -> bool {
    let stem = stem_of(key);
    if stem == word || stem.len() == key.len() {
        return false;
    }
    let start = stem.as_bytes().get(..ALIKE).unwrap_or(stem.as_bytes());
    if !word.as_bytes().starts_with(start) {
        out.push(char::from(UNLIKE));
    }
    out.push_str(key);
    out.push_str(word);
    true
}

/// Returns where the forms of a key are in the dictionary.
pub fn forms_of(key: &[u8]) -> [Range<Vec<u8>>; 2] {
    let (stem, suffix) = match key.split_last() {
        Some((last, stem)) if ends_stem(*last) => (stem, *last),
        _ => (key, 0),
    };
    let bound = |mark: &[u8], end: u8| [mark, stem, &[end]].concat();
    [[].as_slice(), &[UNLIKE]].map(|mark| bound(mark, suffix)..bound(mark, suffix + 1))
}

/// Returns the key of a form.
pub fn key_of(form: &[u8]) -> Option<&[u8]> {
    let key = form.get(..=end_of_stem(form)?)?;
    Some(key.strip_prefix(&[UNLIKE]).unwrap_or(key))
}

/// Returns the word of a form.
pub fn word_of(form: &[u8]) -> Option<&str> {
    std::str::from_utf8(form.get(end_of_stem(form)? + 1..)?).ok()
}

fn end_of_stem(form: &[u8]) -> Option<usize> {
    form.iter().position(|byte| ends_stem(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    #[test]
    fn forms_lie_with_their_stems() {
        let check = |language: Language, stem: &str, word: &str, expected: &str| {
            let key = format!("{stem}{}", language.suffix().unwrap());
            let mut form = String::new();
            assert!(put_form(&key, word, &mut form));
            assert_eq!(form.replace(|c| c > '\u{1}' && c < ' ', "|"), expected);
            assert_eq!(word_of(form.as_bytes()), Some(word));
            assert_eq!(key_of(form.as_bytes()), Some(key.as_bytes()));
            assert_eq!(stem_of(&key), stem);
            let holds = |key: &str| {
                let ranges = forms_of(key.as_bytes());
                ranges.iter().filter(|range| range.contains(&form.clone().into_bytes())).count()
            };
            assert_eq!(holds(&key), 1, "{form:?}");
            assert_eq!((holds(stem), holds(&format!("{stem}{}", Language::Dutch.suffix().unwrap()))), (0, 0));
        };
        check(Language::English, "run", "running", "run|running");
        check(Language::English, "die", "dying", "\u{1}die|dying");
        check(Language::English, "i", "is", "i|is");
        check(Language::Russian, "пароход", "пароходы", "пароход|пароходы");
        let english = format!("run{}", Language::English.suffix().unwrap());
        assert!(!put_form(&english, "run", &mut String::new()));
        assert!(!put_form("run", "running", &mut String::new()), "of no language");
    }

    #[test]
    fn forms_of_older_indexes_are_read() {
        let form = b"run\0running";
        assert_eq!(word_of(form), Some("running"));
        assert!(forms_of(b"run").iter().any(|range| range.contains(&form.to_vec())));
    }
}
