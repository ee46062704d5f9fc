//! A query as it has been typed so far: words, the last of which may be the beginning of one. Case and diacritics make no
//! difference.

use views::{Analyser, Language};

/// The words that were typed so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    words: Vec<String>,
    whole: String,
}

/// The fit of a value to what was typed; the larger the better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// The words stand anywhere in it.
    #[default]
    Within,
    /// It begins with them.
    Begins,
    /// It is them.
    Is,
}

impl Typed {
    /// Reads a text.
    pub fn new(text: &str) -> Self {
        let words = folded_words(text);
        Self { whole: words.join(" "), words }
    }

    /// Returns its words, folded.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Returns true if each word typed is one of these folded words, the last one the beginning of one.
    pub fn is_in<S: AsRef<str>>(&self, words: &[S]) -> bool {
        self.words.iter().enumerate().all(|(number, typed)| match number + 1 == self.words.len() {
            true => words.iter().any(|word| word.as_ref().starts_with(typed.as_str())),
            false => words.iter().any(|word| word.as_ref() == typed),
        })
    }

    /// Returns how well a value that has the words fits; its words are folded, with a space between each two.
    pub fn fit(&self, folded: &str) -> Fit {
        match folded.strip_prefix(self.whole.as_str()) {
            Some("") => Fit::Is,
            Some(_) => Fit::Begins,
            None => Fit::Within,
        }
    }
}

/// Returns a text's words without case and diacritics.
pub fn folded_words(text: &str) -> Vec<String> {
    Analyser::Exact.terms(Language::Other, text).into_iter().map(|term| term.text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_their_beginnings() {
        let check = |value: &str, q: &str, expected: bool| {
            assert_eq!(Typed::new(q).is_in(&folded_words(value)), expected, "{q} in {value}");
        };
        check("Eleanor Quill", "qu", true);
        check("Eleanor Quill", "QUILL el", true);
        check("Eleanor Quill", "elea quill", false);
        check("La belle époque", "EPO", true);
        check("東京都", "東", true);
    }

    #[test]
    fn what_begins_so_comes_first() {
        let quill = Typed::new("quill");
        assert!(quill.fit("quill") > quill.fit("quill eleanor"));
        assert!(quill.fit("quill eleanor") > quill.fit("eleanor quill"));
    }
}
