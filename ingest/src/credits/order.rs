//! The words of a credit that are one name, and the one of them that is the family's.
//!
//! Print has `Jane Roe, Tom Hale and Ann Bee`; catalogues (Dublin Core, MARC, MODS) and the styles of citation have the
//! family name of each, or of the first, before a comma: `Roe, Jane`, `Roe, J., & Hale, T.`, `Roe, Jane, and Tom Hale`.

use store::Byline;

use super::words::{ORGANISATIONS, ROLES, SUFFIXES};
use crate::names;

/// One name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Part {
    /// Whole, or where it is inverted the family name.
    text: String,
    given: String,
    suffix: String,
    pub(super) inverted: bool,
}

impl Part {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// Returns the name as it is said.
    pub(super) fn shown(&self) -> String {
        let words = [self.given.as_str(), self.text.as_str(), self.suffix.as_str()];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn person(self) -> Byline {
        if !self.inverted {
            return names::person(&names::cased(&self.shown()));
        }
        let (given, family) = (names::cased(&self.given), names::cased(&self.text));
        let name = Self { given: given.clone(), text: family.clone(), ..self }.shown();
        Byline { given, family, name, ..Byline::default() }
    }

    fn count(&self) -> usize {
        self.text.split_whitespace().count()
    }

    /// Returns true for `J.`, `J. R.`, `J.-P.`.
    fn is_initials(&self) -> bool {
        let mut letters = self.text.split(['.', ' ', '-']).filter(|part| !part.is_empty());
        self.text.contains('.') && letters.all(|part| part.chars().count() == 1)
    }

    fn begins_with_particle(&self) -> bool {
        self.count() > 1 && self.text.split_whitespace().next().is_some_and(names::is_particle)
    }

    /// Returns true for what may be somebody's given names.
    fn may_be_given(&self) -> bool {
        let known = |word: &str| ORGANISATIONS.contains(&word) || ROLES.contains(&word);
        self.count() <= 3 && !self.text.split_whitespace().any(|word| known(&word.to_lowercase()))
    }
}

/// Returns the names in one statement. In one that opens with `By`, names are as they are said.
pub(super) fn names(text: &str, printed: bool) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    // Of each part: whether a comma stands before it, and no word that joins.
    let mut joined: Vec<bool> = Vec::new();
    for (piece, after_comma) in pieces(text) {
        let suffix = piece.trim_end_matches('.').replace('.', "").to_lowercase();
        if SUFFIXES.contains(&suffix.as_str()) {
            if let Some(last) = parts.last_mut() {
                last.suffix = if matches!(suffix.as_str(), "jr" | "sr") && !piece.ends_with('.') {
                    format!("{piece}.")
                } else {
                    piece
                };
            }
        } else if piece.chars().any(char::is_alphabetic) {
            parts.push(Part::new(&piece));
            joined.push(after_comma);
        }
    }
    if printed { parts } else { turned(&parts, &joined) }
}

/// Puts given names before family names where commas tell that they stand behind.
fn turned(parts: &[Part], joined: &[bool]) -> Vec<Part> {
    let comma = |at: usize| joined.get(at).copied().unwrap_or(false);
    let mut found: Vec<Part> = Vec::new();
    let mut rest = parts.iter().enumerate().peekable();
    let all_in_pairs = parts.len().is_multiple_of(2)
        && parts
            .chunks(2)
            .enumerate()
            .all(|(pair, parts)| comma(pair * 2 + 1) && parts.get(1).is_some_and(Part::is_initials));
    // `Roe, Jane and Hale, Tom`: what joins stands between the pairs alone.
    let pairs_joined = parts.len() > 2
        && parts.len().is_multiple_of(2)
        && parts.chunks(2).enumerate().all(|(pair, parts)| {
            let [family, given] = parts else { return false };
            let short = family.count() == 1 || family.begins_with_particle();
            comma(pair * 2 + 1)
                && !comma(pair * 2)
                && short
                && (given.count() == 1 || given.is_initials())
                && given.may_be_given()
        });
    // `Roe, Jane, and Tom Hale`: all others are said as they are.
    let first_alone = parts.len() > 2
        && parts.iter().take(2).all(|part| part.count() == 1)
        && parts.iter().skip(2).all(|part| part.count() > 1);
    while let Some((at, part)) = rest.next() {
        let next = rest.peek().map(|(_, next)| *next).filter(|_| comma(at + 1));
        let inverts = next.is_some_and(|given| {
            let one_name = parts.len() == 2 && {
                let short = given.count() == 1 || given.is_initials() || given.text.ends_with('.');
                let family = part.count() == 1 || short || part.begins_with_particle();
                // `Jane Roe, Tom Hale`: two.
                family && given.may_be_given()
            };
            all_in_pairs || pairs_joined || one_name || (first_alone && at == 0)
        });
        match rest.next_if(|_| inverts) {
            Some((_, given)) => found.push(Part {
                text: part.text.clone(),
                given: given.text.clone(),
                suffix: if given.suffix.is_empty() { part.suffix.clone() } else { given.suffix.clone() },
                inverted: true,
            }),
            None => found.push(part.clone()),
        }
    }
    found
}

/// Returns what commas and words that join part, and whether a comma stands before each.
fn pieces(text: &str) -> Vec<(String, bool)> {
    let mut found: Vec<(String, bool)> = Vec::new();
    for (at, between) in text.split(',').enumerate() {
        for (nth, piece) in between.split(['&', '/', '，', '、']).flat_map(split_words).enumerate() {
            let marks = ['"', '*', '_', '(', ')', ' ', '“', '”'];
            let piece = piece.trim().trim_matches(marks).trim_start_matches('.');
            // A full stop that ends an initial or a suffix is part of it.
            let initial = piece
                .split([' ', '.'])
                .rfind(|word| !word.is_empty())
                .is_some_and(|word| word.chars().count() <= 3);
            let piece = if initial { piece } else { piece.trim_end_matches('.') };
            if !piece.is_empty() {
                found.push((piece.to_owned(), at > 0 && nth == 0));
            }
        }
    }
    found
}

/// Splits at the words that join names. Some of them stand inside of names, too: they join where on both sides more
/// than one word is (`Ana Ruiz y Juan Gil`, but `José Ortega y Gasset`).
fn split_words(part: &str) -> Vec<String> {
    let words: Vec<&str> = part.split_whitespace().collect();
    let mut names: Vec<Vec<&str>> = vec![Vec::new()];
    for (at, word) in words.iter().enumerate() {
        let before = names.last().map_or(0, Vec::len);
        let joins = match word.to_lowercase().as_str() {
            "and" | "with" | "und" | "et" | "mit" | "avec" => true,
            "y" | "e" | "i" | "en" | "con" | "com" | "ed" | "и" => before > 1 && words.len() - at > 2,
            _ => false,
        };
        match names.last_mut() {
            Some(name) if !joins => name.push(word),
            _ => names.push(Vec::new()),
        }
    }
    names.into_iter().map(|words| words.join(" ")).collect()
}
