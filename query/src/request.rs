//! A search as it is asked, and the plain parameters that make one.

mod cursor;
mod index;
mod parameters;
mod plain;
mod source;

use std::time::Duration;

use store::Seq;
use views::{EXACT, ViewId};

pub use self::{
    cursor::Cursor,
    index::IndexName,
    parameters::{MIN_SEQ, PARAMETERS, Parameter, Takes},
    plain::{MAX_LIMIT, PlainOrder, PlainSearch},
    source::{SourceFilter, matches_path, text_bytes},
};
use crate::{
    ALL_EXACT, Aggregation, Combine, FieldBoost, HighlightOptions, Minimum, Mode, Need, Phrase, Query,
    QueryError, Sort, Syntax, TextOptions,
    limits::{Clauses, MAX_WINDOW},
    names, parse_text,
    text::unknown_names,
};

/// A search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRequest {
    /// The view.
    pub view: ViewId,
    /// The documents that are looked for.
    pub query: Query,
    /// The query that hits must match, too, after aggregations have seen all.
    pub post_filter: Option<Query>,
    /// The order; none is by relevance.
    pub sort: Vec<Sort>,
    /// The number of hits to pass over.
    pub from: usize,
    /// The number of hits to give.
    pub size: usize,
    /// The queries by which the best hits are scored again, one after the other.
    pub rescore: Vec<Rescore>,
    /// Only what comes behind this hit.
    pub after: Option<Cursor>,
    /// The highlighting, if there is to be any.
    pub highlight: Option<HighlightOptions>,
    /// The archive as it stood, by the name it was built under.
    pub as_of: Option<String>,
    /// Aggregations over the documents that match.
    pub aggregations: Vec<Aggregation>,
    /// True if all hits are counted; without, the best are found faster.
    pub count_all: bool,
    /// The number up to which hits are counted where not all are.
    pub count_to: u64,
    /// Only one part of all hits.
    pub slice: Option<Slice>,
    /// Of all hits with the same value in this field, only the best.
    pub collapse: Option<String>,
    /// Scores are wanted although the order does not need them.
    pub scores: bool,
    /// True if an answer without hits may be one that was given before, of the same commit.
    pub may_be_kept: bool,
    /// A shorter limit than the usual one.
    pub time_limit: Option<Duration>,
    /// Hits of a lower score are left out.
    pub min_score: Option<f32>,
    /// True if each hit says how its score came about.
    pub explain: bool,
    /// A field that the view lacks matches nothing instead of being refused.
    pub lenient: bool,
    /// Wait (at most two seconds) until the index has taken in this event.
    pub min_seq: Option<Seq>,
    /// The parts of the documents that are given.
    pub source: SourceFilter,
    /// The parts of them that are given as single fields besides.
    pub fields: SourceFilter,
    /// Notes for the one who typed the query: words before a colon that name no field.
    pub notes: Vec<String>,
    /// True if a page whose documents are too large together ends before the first that is too much, instead of being
    /// refused.
    pub ends_early: bool,
}

impl SearchRequest {
    /// Returns everything in a view, ten at a time.
    pub fn new(view: ViewId) -> Self {
        Self {
            view,
            query: Query::All,
            post_filter: None,
            sort: Vec::new(),
            from: 0,
            size: 10,
            rescore: Vec::new(),
            after: None,
            highlight: None,
            as_of: None,
            aggregations: Vec::new(),
            count_all: true,
            count_to: 0,
            slice: None,
            collapse: None,
            scores: false,
            may_be_kept: true,
            time_limit: None,
            min_score: None,
            explain: false,
            lenient: false,
            min_seq: None,
            source: SourceFilter::All,
            fields: SourceFilter::None,
            notes: Vec::new(),
            ends_early: false,
        }
    }

    /// Returns true if the order of the hits hangs on their scores, which are of one commit of the index.
    pub fn is_by_score(&self) -> bool {
        self.sort.is_empty() || self.sort.iter().any(|sort| sort.field == "_score")
    }

    /// Returns the request that finds all hits which are scored again, and those of the page.
    pub fn with_all_to_rescore(&self) -> Self {
        let window = self.rescore.iter().map(|one| one.window).max().unwrap_or(0);
        Self { from: 0, size: window.max(self.from + self.size), ..self.clone() }
    }

    /// Returns true if anything is wanted of the documents, so that they must be read.
    pub fn reads_documents(&self) -> bool {
        self.source != SourceFilter::None || self.fields != SourceFilter::None || self.highlight.is_some()
    }

    /// Returns the search that plain parameters mean: see [`PARAMETERS`].
    ///
    /// # Errors
    /// [`QueryError`] at the parameter that is wrong or unknown.
    pub fn from_params<N: AsRef<str>, V: AsRef<str>>(params: &[(N, V)]) -> Result<Self, QueryError> {
        PlainSearch::read(params)?.request()
    }

    /// Returns the search for a text that people type into a search box.
    ///
    /// # Errors
    /// [`QueryError`]: too long, too deep or too many words.
    pub fn plain(view: ViewId, q: &str) -> Result<Self, QueryError> {
        Ok(Self {
            query: plain_query(view, q, false)?,
            notes: notes_on(view, q),
            highlight: Some(HighlightOptions::default()),
            ..Self::new(view)
        })
    }
}

/// A query by which the best hits are scored again.
#[derive(Debug, Clone, PartialEq)]
pub struct Rescore {
    /// The number of the best hits that are scored again.
    pub window: usize,
    /// The query.
    pub query: Query,
    /// The factor of the score so far.
    pub first_weight: f32,
    /// The factor of this query's score.
    pub second_weight: f32,
    /// The way in which the two come together where a hit matches; where it does not, it keeps the first.
    pub mode: Mode,
}

impl Rescore {
    /// Returns the score of a hit that had one and gets another by this query, or none if it does not match.
    pub fn score(&self, first: f32, second: Option<f32>) -> f32 {
        let first = first * self.first_weight;
        let Some(second) = second.map(|second| second * self.second_weight) else { return first };
        match self.mode {
            Mode::Multiply => first * second,
            Mode::Avg => f32::midpoint(first, second),
            Mode::Max => first.max(second),
            Mode::Min => first.min(second),
            Mode::Sum | Mode::First | Mode::Replace => first + second,
        }
    }
}

/// One part of all documents, so that several can read them at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// The number of the part, from 0 on.
    pub part: u64,
    /// The number of all parts.
    pub of: u64,
}

impl Slice {
    /// Returns true if the document of this seq is in it.
    pub fn has(self, seq: u64) -> bool {
        seq % self.of.max(1) == self.part
    }
}

/// Returns why a page that ends too far behind is refused.
pub fn window_too_large() -> QueryError {
    QueryError::illegal(format!("a page must end within the first {MAX_WINDOW} hits: go on with the cursor"))
        .late()
}

/// Returns the query of a text that people type: all words must be there, in any field, as they are written if `exact`;
/// near each other is better.
///
/// # Errors
/// [`QueryError`]: too long, too deep or too many words.
pub(crate) fn plain_query(view: ViewId, q: &str, exact: bool) -> Result<Query, QueryError> {
    if q.trim().is_empty() {
        return Ok(Query::All);
    }
    let suffix = if exact { EXACT } else { "" };
    let known = |name: &str| names::fields_named(view, &format!("{name}{suffix}"));
    let options = TextOptions {
        fields: if exact { vec![FieldBoost::new(ALL_EXACT)] } else { Vec::new() },
        need: Need::All,
        tie_breaker: PLAIN_TIE_BREAKER,
        ..TextOptions::new(Syntax::Plain, &known)
    };
    Ok(join_words(parse_text(q, &options, &mut Clauses::default())?, &options.fields))
}

/// Says of each word before a colon that names no field that it was taken for a word, and which name may be meant.
fn notes_on(view: ViewId, q: &str) -> Vec<String> {
    let note = |name: &str| {
        let meant = match names::nearest(view, name) {
            Some(near) => format!(": did you mean `{near}:`?"),
            None => ", and was looked for as a word".to_owned(),
        };
        format!("`{name}:` names no field{meant}")
    };
    unknown_names(q, &|name| names::fields_named(view, name).is_some())
        .iter()
        .map(|name| note(name))
        .collect()
}

/// The share that fields other than the best one count in a plain search.
const PLAIN_TIE_BREAKER: f32 = 0.1;

/// Several words in a row are one text, so that documents that have them side by side can be preferred.
fn join_words(query: Query, fields: &[FieldBoost]) -> Query {
    let Query::Bool(bool) = &query else { return query };
    let words = bool.must.iter().map(|query| match query {
        Query::Words(words) if words.fields == fields && words.combine == Combine::OneField => {
            Some(words.text.as_str())
        }
        _ => None,
    });
    let Some(words) = words.collect::<Option<Vec<&str>>>().filter(|words| words.len() > 1) else {
        return query;
    };
    let near = Query::Phrase(Phrase { slop: 2, ..Phrase::new(fields.to_vec(), words.join(" ")) });
    let mut joined = bool.clone();
    joined.should.push(Query::Boosted(Box::new(near), NEARNESS));
    joined.need = joined.need.or(Some(Minimum::count(0)));
    Query::Bool(joined)
}

/// The weight of words side by side.
const NEARNESS: f32 = 0.5;
