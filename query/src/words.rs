//! Queries for the words of a text.

use std::fmt;

use super::{FieldBoost, Need};

/// Words of a text that are looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// Its fields; none stands for all fields that a plain search looks at, with their weights.
    pub fields: Vec<FieldBoost>,
    /// The text, not yet cut into words.
    pub text: String,
    /// The way in which several fields come together.
    pub combine: Combine,
    /// The number of words that must be there.
    pub need: Need,
    /// Words that are almost these match too.
    pub fuzziness: Option<Fuzziness>,
    /// With fuzziness: so many characters at the start must be the same.
    pub exact_start: usize,
    /// With fuzziness: whether two neighbours that swapped places are one edit.
    pub swaps: bool,
    /// With fuzziness: the most terms that a word stands for; without, all.
    pub max_expansions: Option<usize>,
    /// The share that fields other than the best count.
    pub tie_breaker: f32,
    /// True if parts of a compound (`wi-fi`, `O'Hare`) must follow each other.
    pub compounds: bool,
    /// True if the last word may be the start of one.
    pub last_is_prefix: bool,
    /// True if a text without any word matches everything; nothing otherwise.
    pub empty_matches_all: bool,
    /// True if `A` and `a` are the same, in fields of exact values.
    pub any_case: bool,
    /// True if a text that is no value of a field of dates or numbers is not in it, instead of being refused.
    pub lenient: bool,
}

impl Words {
    /// Returns a text in one field, any of its words.
    pub fn new(fields: Vec<FieldBoost>, text: impl Into<String>) -> Self {
        Self {
            fields,
            text: text.into(),
            combine: Combine::BestField,
            need: Need::Any,
            fuzziness: None,
            exact_start: 0,
            swaps: true,
            max_expansions: None,
            tie_breaker: 0.0,
            compounds: false,
            last_is_prefix: false,
            empty_matches_all: false,
            any_case: false,
            lenient: false,
        }
    }
}

/// The way in which several fields come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combine {
    /// The best field's score; the words are counted in each field for itself.
    BestField,
    /// The sum of all fields' scores; the words are counted in each field for itself.
    AllFields,
    /// As if all were one field: each word may be in any of them.
    OneField,
}

/// Words that follow each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Phrase {
    /// Its fields; none stands for all fields that a plain search looks at, with their weights.
    pub fields: Vec<FieldBoost>,
    /// The text, not yet cut into words.
    pub text: String,
    /// The number of places that the words may be moved altogether.
    pub slop: u32,
    /// True if the last word may be the start of one.
    pub last_is_prefix: bool,
    /// The most words that the start of one stands for; without, a few hundred.
    pub max_expansions: Option<usize>,
    /// True if a text without any word matches everything; nothing otherwise.
    pub empty_matches_all: bool,
    /// The share that fields other than the best count.
    pub tie_breaker: f32,
    /// True if `A` and `a` are the same, in fields of exact values.
    pub any_case: bool,
    /// True if a text that is no value of a field of dates or numbers is not in it, instead of being refused.
    pub lenient: bool,
}

impl Phrase {
    /// Returns a query for words that follow each other, in these fields.
    pub fn new(fields: Vec<FieldBoost>, text: impl Into<String>) -> Self {
        Self {
            fields,
            text: text.into(),
            slop: 0,
            last_is_prefix: false,
            max_expansions: None,
            empty_matches_all: false,
            tie_breaker: 0.0,
            any_case: false,
            lenient: false,
        }
    }
}

/// Terms that are almost a word.
#[derive(Debug, Clone, PartialEq)]
pub struct Fuzzy {
    /// The fields; none stands for all that a plain search looks at.
    pub fields: Vec<FieldBoost>,
    /// The word.
    pub value: String,
    /// The distance of a match.
    pub fuzziness: Fuzziness,
    /// The number of characters at the start that must be the same.
    pub exact_start: usize,
    /// True if two neighbours that swapped places are one edit.
    pub swaps: bool,
    /// At most so many terms, the nearest first; without, all.
    pub max_expansions: Option<usize>,
}

/// The greatest distance of a match from a word, in edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fuzziness {
    /// No edit below the first length, one below the second, two above.
    Auto(usize, usize),
    /// This number of edits.
    Edits(u8),
}

impl Fuzziness {
    /// Elasticsearch's `AUTO`.
    pub const AUTO: Self = Self::Auto(3, 6);

    /// Returns the number of edits for this word.
    pub fn edits(self, word: &str) -> u8 {
        match self {
            Self::Edits(edits) => edits,
            Self::Auto(one, two) => {
                let length = word.chars().count();
                u8::from(length >= one) + u8::from(length >= two)
            }
        }
    }
}

/// As it is written in the DSL.
impl fmt::Display for Fuzziness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::AUTO => f.write_str("AUTO"),
            Self::Auto(one, two) => write!(f, "AUTO:{one},{two}"),
            Self::Edits(edits) => write!(f, "{edits}"),
        }
    }
}
