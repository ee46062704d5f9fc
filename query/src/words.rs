//! Queries for the words of a text.

use super::{FieldBoost, QueryError};

/// Words of a text that are looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// Where; none stands for all fields that a plain search looks at, with their weights.
    pub fields: Vec<FieldBoost>,
    /// The text, not yet cut into words.
    pub text: String,
    /// How several fields come together.
    pub combine: Combine,
    /// How many of the words must be there.
    pub need: Need,
    /// Words that are almost these match too.
    pub fuzziness: Option<Fuzziness>,
    /// With fuzziness: so many characters at the start must be the same.
    pub exact_start: usize,
    /// With fuzziness: whether two neighbours that swapped places are one edit.
    pub swaps: bool,
    /// How many terms a fuzzy word or the start of one may stand for; without, all.
    pub max_expansions: Option<usize>,
    /// What fields other than the best count.
    pub tie_breaker: f32,
    /// Whether parts of a compound (`wi-fi`, `O'Hare`) must follow each other.
    pub compounds: bool,
    /// Whether the last word may be the start of one.
    pub last_is_prefix: bool,
    /// What a text without any word matches.
    pub empty_matches_all: bool,
    /// Whether `A` and `a` are the same, in fields of exact values.
    pub any_case: bool,
}

impl Words {
    /// A text in one field, any of its words.
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
        }
    }
}

/// How several fields come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combine {
    /// The best field's score; the words are counted in each field for itself.
    BestField,
    /// The sum of all fields' scores; the words are counted in each field for itself.
    AllFields,
    /// As if all were one field: each word may be in any of them.
    OneField,
}

/// How many of several things must be there.
#[derive(Debug, Clone, PartialEq)]
pub enum Need {
    /// One of them.
    Any,
    /// All of them.
    All,
    /// What `minimum_should_match` says: `2`, `-1`, `75%`, `2<-25% 9<-3`.
    Minimum(String),
}

impl Need {
    /// Of `count` things, how many.
    ///
    /// # Errors
    /// A text that cannot be read.
    pub fn of(&self, count: usize) -> Result<usize, QueryError> {
        match self {
            Self::Any => Ok(1.min(count)),
            Self::All => Ok(count),
            Self::Minimum(text) => minimum_of(text, count).ok_or_else(|| {
                QueryError::new(format!("`{text}` is no minimum_should_match: use 2, -1, 75% or 2<75%"))
            }),
        }
    }
}

fn minimum_of(text: &str, count: usize) -> Option<usize> {
    let signed = i64::try_from(count).ok()?;
    let one = |text: &str| -> Option<i64> {
        let wanted = match text.strip_suffix('%') {
            Some(percent) => {
                let percent: i64 = percent.parse().ok()?;
                let part = signed.saturating_mul(percent.saturating_abs()) / 100;
                if percent < 0 { signed.saturating_sub(part) } else { part }
            }
            None => {
                let wanted: i64 = text.parse().ok()?;
                if wanted < 0 { signed.saturating_add(wanted) } else { wanted }
            }
        };
        Some(wanted.clamp(0, signed))
    };
    let mut wanted = signed;
    for rule in text.split_whitespace() {
        match rule.split_once('<') {
            Some((above, then)) => {
                if signed > above.parse::<i64>().ok()? {
                    wanted = one(then)?;
                }
            }
            None => wanted = one(rule)?,
        }
    }
    usize::try_from(if text.trim().is_empty() { return None } else { wanted }).ok()
}

/// Words that follow each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Phrase {
    /// Where; none stands for all fields that a plain search looks at, with their weights.
    pub fields: Vec<FieldBoost>,
    /// The text, not yet cut into words.
    pub text: String,
    /// How many places the words may be moved altogether.
    pub slop: u32,
    /// Whether the last word may be the start of one.
    pub last_is_prefix: bool,
    /// How many words the start of one may stand for; without, a few hundred.
    pub max_expansions: Option<usize>,
    /// What a text without any word matches.
    pub empty_matches_all: bool,
    /// What fields other than the best count.
    pub tie_breaker: f32,
    /// Whether `A` and `a` are the same, in fields of exact values.
    pub any_case: bool,
}

impl Phrase {
    /// Words that follow each other, in these fields.
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
        }
    }
}

/// How far from a word a match may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fuzziness {
    /// No edit below the first length, one below the second, two above.
    Auto(usize, usize),
    /// So many.
    Edits(u8),
}

impl Fuzziness {
    /// Elasticsearch's `AUTO`.
    pub const AUTO: Self = Self::Auto(3, 6);

    /// For this word.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimum_should_match_is_read_as_elasticsearch_reads_it() {
        let check = |text: &str, count: usize, expected: usize| {
            assert_eq!(Need::Minimum(text.to_owned()).of(count).unwrap(), expected, "{text} of {count}");
        };
        check("2", 3, 2);
        check("-1", 3, 2);
        check("75%", 4, 3);
        check("75%", 3, 2);
        check("-25%", 4, 3);
        check("2<75%", 2, 2);
        check("2<75%", 4, 3);
        check("2<-25% 9<-3", 10, 7);
        check("9", 3, 3);
        check("-9", 3, 0);
        assert!(Need::Minimum("many".to_owned()).of(3).is_err());
        assert!(Need::Minimum(String::new()).of(3).is_err());
    }
}
