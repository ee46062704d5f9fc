//! The query language: the query DSL of Elasticsearch, as far as newspapers' archives want it, as types.
//!
//! Everything that asks (the native API, the Elasticsearch routes, the pages, the command line) translates into a
//! [`Query`]; everything that answers takes one. Text never gets further than the parsers here: a [`Query`] has no
//! syntax left in it, and is as deep and as large as [`limits`] allow.

mod dates;
mod error;
mod from_json;
mod fuzzy;
mod json;
pub mod limits;
mod pattern;
mod text;

use serde_json::Value;

pub(crate) use dates::millis_of;
pub use dates::{DateError, DateFormat, Interval, day_range, instant_of, parse_bound};
pub use error::QueryError;
pub use from_json::{DslOptions, parse_query};
pub use fuzzy::{Near, Rows};
pub(crate) use json::{Reader, kind_of};
pub use limits::Clauses;
pub use pattern::{Pattern, PatternError, Run};
pub(crate) use text::ALL_EXACT;
pub use text::{Syntax, TextOptions, parse_text};

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// Every document.
    All,
    /// No document.
    Nothing,
    /// Words of a text, in one field or several.
    Words(Words),
    /// Words that follow each other.
    Phrase(Phrase),
    /// One of these exact values.
    Terms {
        /// The field.
        field: String,
        /// Any of them.
        values: Vec<Value>,
        /// Whether `A` and `a` are the same.
        any_case: bool,
    },
    /// Values between bounds.
    Range(Range),
    /// Terms that match a pattern.
    Pattern {
        /// The fields; none stands for all that a plain search looks at.
        fields: Vec<FieldBoost>,
        /// What the terms look like.
        pattern: PatternKind,
        /// Whether `A` and `a` are the same, in fields of exact values.
        any_case: bool,
    },
    /// Terms that are almost this one.
    Fuzzy {
        /// The fields; none stands for all that a plain search looks at.
        fields: Vec<FieldBoost>,
        /// The word.
        value: String,
        /// How far away a match may be.
        fuzziness: Fuzziness,
        /// So many characters at the start must be the same.
        exact_start: usize,
        /// Whether two neighbours that swapped places are one edit.
        swaps: bool,
        /// At most so many terms, the nearest first.
        max_expansions: Option<usize>,
    },
    /// Documents that have anything in a field.
    Exists {
        /// The field.
        field: String,
    },
    /// Documents by their ids.
    Ids(Vec<String>),
    /// Several queries at once.
    Bool(Bool),
    /// What matches, all with the same score.
    Constant(Box<Query>),
    /// The score multiplied.
    Boosted(Box<Query>, f32),
    /// The best of several, the others counting a little.
    Best {
        /// The queries.
        queries: Vec<Query>,
        /// What the others count.
        tie_breaker: f32,
    },
    /// Documents like these.
    Like(Like),
    /// Scores changed by functions.
    Scored(Scored),
}

/// A field and what a hit in it weighs.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldBoost {
    /// The field's name; `*` in it stands for anything.
    pub name: String,
    /// What a hit in it weighs.
    pub boost: f32,
}

impl FieldBoost {
    /// A field as it is.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), boost: 1.0 }
    }
}

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
        }
    }
}

/// Values between bounds. A bound is as it was written: whether it is a date, a number or a text is the field's to
/// say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Range {
    /// The field.
    pub field: String,
    /// At least, and whether that value is in.
    pub from: Option<(Value, bool)>,
    /// At most, and whether that value is in.
    pub to: Option<(Value, bool)>,
    /// Elasticsearch's `format`: `yyyy`, `epoch_millis` …
    pub format: Option<String>,
    /// For dates without an offset: `+02:00`.
    pub time_zone: Option<String>,
}

/// What terms look like.
#[derive(Debug, Clone, PartialEq)]
pub enum PatternKind {
    /// They begin so.
    Prefix(String),
    /// `*` and `?`.
    Wildcard(String),
    /// A regular expression.
    Regexp(String),
}

impl PatternKind {
    /// As it was written.
    pub fn text(&self) -> &str {
        match self {
            Self::Prefix(text) | Self::Wildcard(text) | Self::Regexp(text) => text,
        }
    }

    /// The automaton of the pattern with its text changed first.
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn compile(&self, change: impl Fn(&str) -> String) -> Result<Pattern, PatternError> {
        match self {
            Self::Prefix(text) => Pattern::prefix(&change(text)),
            Self::Wildcard(text) => Pattern::wildcard(&change(text)),
            Self::Regexp(text) => Pattern::regexp(&change(text)),
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

/// Several queries at once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bool {
    /// All must match, and score.
    pub must: Vec<Query>,
    /// All must match, and do not score.
    pub filter: Vec<Query>,
    /// The more match the better.
    pub should: Vec<Query>,
    /// None may match.
    pub must_not: Vec<Query>,
    /// How many of `should` must match; left out, one if there is neither `must` nor `filter`.
    pub need: Option<Need>,
}

/// Documents like these.
#[derive(Debug, Clone, PartialEq)]
pub struct Like {
    /// Where words are taken from and looked for; none stands for the fields of running text.
    pub fields: Vec<FieldBoost>,
    /// Texts to be like.
    pub texts: Vec<String>,
    /// Documents to be like, by id, which are not hits themselves.
    pub ids: Vec<String>,
    /// At most so many words are looked for.
    pub max_terms: usize,
    /// A word must be so often in what is given.
    pub min_term_freq: usize,
    /// A word must be in so many documents.
    pub min_doc_freq: u64,
    /// How many of the words must match.
    pub need: Need,
}

/// Scores changed by functions.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// What matches.
    pub query: Box<Query>,
    /// What changes the score.
    pub functions: Vec<ScoreFunction>,
    /// How several functions come together.
    pub score_mode: Mode,
    /// How they and the query's score come together.
    pub boost_mode: Mode,
    /// The functions' value is at most this.
    pub max_boost: f32,
    /// Documents of a lower score are left out.
    pub min_score: Option<f32>,
}

/// One function of a score.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreFunction {
    /// It counts for documents that match this.
    pub filter: Option<Query>,
    /// What it is multiplied with.
    pub weight: f32,
    /// What it looks at; nothing for a mere weight.
    pub kind: FunctionKind,
}

/// What a score function looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum FunctionKind {
    /// Nothing: the weight alone.
    Weight,
    /// The nearer the better.
    Decay {
        /// A field of dates or numbers.
        field: String,
        /// The best value.
        origin: Value,
        /// At this distance from `offset` the value is `decay`.
        scale: Value,
        /// Up to here the value is 1.
        offset: Option<Value>,
        /// The value at `scale`.
        decay: f64,
        /// How it falls.
        curve: Curve,
    },
    /// The number in a field.
    FieldValue {
        /// The field.
        field: String,
        /// The number is multiplied with this.
        factor: f64,
        /// How large numbers are made smaller.
        modifier: Modifier,
        /// For documents that have none.
        missing: Option<f64>,
    },
}

/// How a decay falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// As the normal distribution.
    Gauss,
    /// As a half-life.
    Exp,
    /// As a straight line.
    Linear,
}

/// How large numbers are made smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modifier {
    /// As they are.
    None,
    /// log10(1 + x)
    Log1p,
    /// ln(1 + x)
    Ln1p,
    /// √x
    Sqrt,
    /// x²
    Square,
    /// 1 / x
    Reciprocal,
}

/// How several scores come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Multiplied.
    Multiply,
    /// Added.
    Sum,
    /// Their mean.
    Avg,
    /// The first that counts.
    First,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// The functions' value alone.
    Replace,
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
