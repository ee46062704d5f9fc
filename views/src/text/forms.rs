//! Forms: words as they are written, beside the stems that they are indexed as.
//!
//! ```text
//! form = [UNLIKE] stem PART word
//! ```
//!
//! A stemmed field has one form at the place of each word that is not its own stem: `run\0running`. All else is in the
//! stems already: a word stands where a form ends in it, and where the stem that is spelt like it stands without a form
//! of that stem. That is half of the size, and of the time, of indexing all words a second time.
//!
//! All forms of a stem are neighbours in the dictionary. So that those of a word are near each other too, stem and word
//! begin with the same [`ALIKE`] bytes; forms in which they do not (`\u{1}die\0dying`) are set apart by [`UNLIKE`].

use std::ops::Range;

/// How many bytes stem and word have in common at the start; a shorter stem has all of its own.
pub const ALIKE: usize = 2;
/// Parts the stem from the word. No word has it in it.
pub const PART: u8 = 0;
/// Before forms whose word begins otherwise than its stem.
pub const UNLIKE: u8 = 1;

/// Appends the form of a word; `false` if the word is its own stem.
pub(crate) fn put_form(stem: &str, word: &str, out: &mut String) -> bool {
    if stem == word {
        return false;
    }
    let start = stem.as_bytes().get(..ALIKE).unwrap_or(stem.as_bytes());
    if !word.as_bytes().starts_with(start) {
        out.push(char::from(UNLIKE));
    }
    out.push_str(stem);
    out.push(char::from(PART));
    out.push_str(word);
    true
}

/// Where the forms of a stem are in the dictionary.
pub fn forms_of(stem: &[u8]) -> [Range<Vec<u8>>; 2] {
    let key = |mark: &[u8], end: u8| [mark, stem, &[end]].concat();
    [[].as_slice(), &[UNLIKE]].map(|mark| key(mark, PART)..key(mark, PART + 1))
}

/// The stem of a form.
pub fn stem_of(form: &[u8]) -> Option<&[u8]> {
    let at = form.iter().position(|byte| *byte == PART)?;
    let stem = form.get(..at)?;
    Some(stem.strip_prefix(&[UNLIKE]).unwrap_or(stem))
}

/// The word of a form.
pub fn word_of(form: &[u8]) -> Option<&str> {
    let at = form.iter().position(|byte| *byte == PART)?;
    std::str::from_utf8(form.get(at + 1..)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_lie_with_their_stems() {
        let check = |stem: &str, word: &str, expected: &str| {
            let mut form = String::new();
            assert!(put_form(stem, word, &mut form));
            assert_eq!(form, expected);
            assert_eq!(word_of(form.as_bytes()), Some(word));
            assert_eq!(stem_of(form.as_bytes()), Some(stem.as_bytes()));
            let ranges = forms_of(stem.as_bytes());
            assert_eq!(
                ranges.iter().filter(|range| range.contains(&form.clone().into_bytes())).count(),
                1,
                "{form:?}"
            );
        };
        check("run", "running", "run\0running");
        check("die", "dying", "\u{1}die\0dying");
        check("i", "is", "i\0is");
        check("пароход", "пароходы", "пароход\0пароходы");
        assert!(!put_form("run", "run", &mut String::new()));
    }
}
