//! Ways of reading a query string.

use crate::{FieldBoost, Fuzziness, Need};

/// The signs that mean something, and what becomes of mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// The syntax of search boxes: lenient.
    Plain,
    /// Elasticsearch's `query_string`: strict.
    QueryString,
    /// Elasticsearch's `simple_query_string`: lenient.
    Simple,
}

/// The way in which a query string is read.
pub struct TextOptions<'a> {
    /// The signs that mean something.
    pub syntax: Syntax,
    /// The fields of words that name none; none stands for all that a plain search looks at.
    pub fields: Vec<FieldBoost>,
    /// The operator between words that have none between them.
    pub need: Need,
    /// The slop of phrases that state none.
    pub slop: u32,
    /// The edits of `word~`.
    pub fuzziness: Fuzziness,
    /// The number of characters at the start of `word~` that must be the same.
    pub exact_start: usize,
    /// True if two neighbours that swapped places are one edit.
    pub swaps: bool,
    /// The number of terms that `word~` may stand for; without, all.
    pub max_expansions: Option<usize>,
    /// True if a pattern may begin with `*` or `?`.
    pub leading_wildcard: bool,
    /// For dates without an offset: `+02:00`.
    pub time_zone: Option<String>,
    /// The share that fields other than the best count.
    pub tie_breaker: f32,
    /// True if phrases mean their words as they are written.
    pub exact_phrases: bool,
    /// True if what is no value of a field is not in it, instead of being refused.
    pub lenient: bool,
    /// Returns the fields that a name before a colon stands for; `None` when it is no field.
    pub field: &'a dyn Fn(&str) -> Option<Vec<FieldBoost>>,
}

impl<'a> TextOptions<'a> {
    /// Returns the usual ones of a syntax, with all fields.
    pub fn new(syntax: Syntax, field: &'a dyn Fn(&str) -> Option<Vec<FieldBoost>>) -> Self {
        Self {
            syntax,
            fields: Vec::new(),
            need: Need::Any,
            slop: 0,
            fuzziness: Fuzziness::AUTO,
            exact_start: 0,
            swaps: true,
            max_expansions: None,
            leading_wildcard: true,
            time_zone: None,
            tie_breaker: 0.0,
            exact_phrases: false,
            lenient: false,
            field,
        }
    }
}
