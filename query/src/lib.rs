//! Questions to an archive, as types.
//!
//! Everything that asks (the native API, the Elasticsearch routes, the pages, the command line) makes a
//! [`SearchRequest`], whose [`Query`] is the query DSL of Elasticsearch as far as newspapers' archives want it;
//! everything that answers takes one. Text never gets further than the parsers here: a request has no syntax left in
//! it, and is as deep and as large as [`limits`] allow.
//!
//! ```
//! use query::{Query, SearchRequest};
//! use views::ARTICLES;
//!
//! let request = SearchRequest::from_params(&[("q", "ferry -fog"), ("to", "1912"), ("sort", "oldest")])?;
//! assert_eq!(request.view, ARTICLES);
//! assert!(matches!(request.query, Query::Bool(_)));
//! # Ok::<(), query::QueryError>(())
//! ```
//!
//! *Not* here: the answering of queries (crate `search-api`), and the fields of documents (crate `views`). Nothing here
//! knows an index or HTTP.

mod aggregations;
mod answers;
mod dates;
mod dsl;
mod error;
mod fuzzy;
mod highlight;
mod json;
pub mod limits;
pub mod names;
mod nearby;
mod need;
mod pattern;
mod request;
mod scalar;
mod scored;
mod similar;
mod sort;
mod text;
mod typed;
mod words;

pub use aggregations::{
    Aggregation, AggregationKind, AutoHistogram, BucketOrder, Composite, Expression, Gap, Histogram, KeySet,
    Keys, Metric, MetricPath, Moving, MultiTerms, Numbers, OrderBy, Over, Pipeline, Source, Span, Stat, Step,
    Terms, with_pipelines,
};
pub use answers::{
    AggregationAnswer, AggregationResult, Bound, Bucket, BucketKey, Explanation, Figure, Hit, SearchResponse,
    Share, Spread, TopHits, commit_of, ranks_of, shares_of,
};
pub use dates::{DateError, DateFormat, Interval, day_range, millis_of, parse_bound, zone_of};
pub use dsl::{DslOptions, parse_query, query_kinds, write_query};
pub use error::QueryError;
pub use fuzzy::{Near, Rows};
pub use highlight::{HighlightField, HighlightOptions};
pub use json::{Fields, kind_of};
pub use limits::Clauses;
pub use nearby::each_match;
pub use need::{Minimum, Need};
pub use pattern::{Pattern, PatternError, Run, fold_pattern};
pub use request::{
    Cursor, IndexName, MAX_LIMIT, MIN_SEQ, PARAMETERS, Parameter, PlainOrder, PlainSearch, Rescore,
    SearchRequest, Slice, SourceFilter, Takes, matches_path, text_bytes, window_too_large,
};
pub use scalar::Scalar;
pub use scored::{Curve, Example, FunctionKind, Like, Mode, Modifier, ScoreFunction, Scored};
pub use sort::{Missing, Sort, SortMode, SortValue};
pub use text::{ALL_EXACT, Syntax, TextOptions, parse_text};
pub use typed::{Fit, Typed, folded_words};
pub use words::{Combine, Fuzziness, Fuzzy, Phrase, Words};

/// A query: the documents that are looked for.
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
    /// One of these exact values; in a field of text, one of its terms as they are in the index: stems, unless the field
    /// has words as they are written.
    Terms {
        /// The field.
        field: String,
        /// Any of them.
        values: Vec<Scalar>,
        /// True if `A` and `a` are the same.
        any_case: bool,
    },
    /// Values between bounds.
    Range(Range),
    /// Terms that match a pattern.
    Pattern {
        /// The fields; none stands for all that a plain search looks at.
        fields: Vec<FieldBoost>,
        /// The pattern of the terms.
        pattern: PatternKind,
        /// True if the words of the pattern are lowered and folded as those of texts are, in fields of text.
        folds: bool,
        /// True if `A` and `a` are the same.
        any_case: bool,
    },
    /// Terms that are almost this one.
    Fuzzy(Fuzzy),
    /// Documents that have anything in a field.
    Exists {
        /// The field.
        field: String,
    },
    /// Documents by their ids.
    Ids(Vec<String>),
    /// Several queries at once.
    Bool(Bool),
    /// Documents that match a query, all with the same score.
    Constant(Box<Query>),
    /// The score multiplied.
    Boosted(Box<Query>, f32),
    /// A query with a name, which hits that match it tell.
    Named(Box<Query>, String),
    /// The best of several, the others counting a little.
    Best {
        /// The queries.
        queries: Vec<Query>,
        /// The share that the others count.
        tie_breaker: f32,
    },
    /// Documents like these.
    Like(Like),
    /// Scores changed by functions.
    Scored(Scored),
}

impl Query {
    /// Returns the query with its score multiplied, with [`limits::MAX_BOOST`] at most.
    #[must_use]
    pub fn boosted(self, boost: f32) -> Self {
        match self {
            query if boost.to_bits() == 1.0_f32.to_bits() => query,
            Self::Named(query, name) => Self::Named(Box::new(query.boosted(boost)), name),
            Self::Boosted(query, own) => Self::Boosted(query, (own * boost).min(limits::MAX_BOOST)),
            query => Self::Boosted(Box::new(query), boost),
        }
    }
}

impl Query {
    /// Returns the query under a name, instead of the one that it may have.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        match self {
            Self::Named(query, _) => Self::Named(query, name.into()),
            query => Self::Named(Box::new(query), name.into()),
        }
    }

    /// Returns all queries in it that have names, with these.
    pub fn with_names(&self) -> Vec<(&str, &Self)> {
        let mut found = Vec::new();
        self.add_names(&mut found);
        found
    }

    fn add_names<'a>(&'a self, found: &mut Vec<(&'a str, &'a Self)>) {
        match self {
            Self::Named(query, name) => {
                found.push((name, query));
                query.add_names(found);
            }
            Self::Bool(bool) => {
                let all = [&bool.must, &bool.filter, &bool.should, &bool.must_not];
                all.into_iter().flatten().for_each(|query| query.add_names(found));
            }
            Self::Constant(query) | Self::Boosted(query, _) => query.add_names(found),
            Self::Best { queries, .. } => queries.iter().for_each(|query| query.add_names(found)),
            Self::Scored(scored) => {
                scored.query.add_names(found);
                let filters = scored.functions.iter().filter_map(|function| function.filter.as_ref());
                filters.for_each(|filter| filter.add_names(found));
            }
            _ => {}
        }
    }
}

/// A field and what a hit in it weighs.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldBoost {
    /// The field's name; `*` in it stands for anything.
    pub name: String,
    /// The weight of a hit in it.
    pub boost: f32,
}

impl FieldBoost {
    /// Returns a field as it is.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), boost: 1.0 }
    }

    /// Returns the name of a field that weighs what it weighs anyway.
    fn plain_name(&self) -> Option<&str> {
        (self.boost.to_bits() == 1.0_f32.to_bits()).then_some(self.name.as_str())
    }
}

/// Values between bounds. A bound is as it was written: whether it is a date, a number or a text is the field's to
/// say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Range {
    /// The field.
    pub field: String,
    /// At least, and whether that value is in.
    pub from: Option<(Scalar, bool)>,
    /// At most, and whether that value is in.
    pub to: Option<(Scalar, bool)>,
    /// Elasticsearch's `format`: `yyyy`, `epoch_millis` …
    pub format: Option<String>,
    /// For dates without an offset: `+02:00`.
    pub time_zone: Option<String>,
    /// True if a bound that is no value of the field leaves nothing between, instead of being refused.
    pub lenient: bool,
}

/// A pattern of terms.
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
    /// Returns it as it was written.
    pub fn text(&self) -> &str {
        match self {
            Self::Prefix(text) | Self::Wildcard(text) | Self::Regexp(text) => text,
        }
    }

    /// Returns the automaton of the pattern with its text changed first.
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
    /// The number of `should` that must match; left out, one if there is neither `must` nor `filter`.
    pub need: Option<Minimum>,
}
