//! A search as it is asked, and the plain parameters that make one.

mod params;
mod source;

use std::time::Duration;

use indexer::EXACT;
use serde_json::Value;
use store::{AssetKind, Seq};

pub use self::{
    params::MAX_LIMIT,
    source::{SourceFilter, matches_path, text_bytes},
};
use crate::{
    ALL_EXACT, Aggregation, Combine, FieldBoost, HighlightOptions, Need, Phrase, Query, QueryError, Sort,
    Syntax, TextOptions,
    limits::{Clauses, MAX_WINDOW},
    names, parse_text,
};

/// A search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRequest {
    /// The view.
    pub kind: AssetKind,
    /// What is looked for.
    pub query: Query,
    /// What is taken away from the hits after facets and aggregations have seen them.
    pub post_filter: Option<Query>,
    /// The order; none is by relevance.
    pub sort: Vec<Sort>,
    /// How many hits to pass over.
    pub from: usize,
    /// How many hits to give.
    pub size: usize,
    /// Only what comes behind this hit: the values that it was sorted by, and its seq.
    pub after: Option<(Vec<Value>, u64)>,
    /// Whether and how to highlight.
    pub highlight: Option<HighlightOptions>,
    /// The archive as it stood, by the name it was built under.
    pub as_of: Option<String>,
    /// Counts of values, under their own names.
    pub facets: Vec<Aggregation>,
    /// Whether all hits are counted; without, the best are found faster.
    pub count_all: bool,
    /// When not all are counted: up to how many are.
    pub count_to: u64,
    /// Of all hits with the same value in this field, only the best.
    pub collapse: Option<String>,
    /// Scores are wanted although the order does not need them.
    pub scores: bool,
    /// A shorter limit than the usual one.
    pub time_limit: Option<Duration>,
    /// Hits of a lower score are left out.
    pub min_score: Option<f32>,
    /// Whether each hit says how its score came about.
    pub explain: bool,
    /// A field that the view lacks matches nothing instead of being refused.
    pub lenient: bool,
    /// Wait (at most two seconds) until the index has taken in this event.
    pub min_seq: Option<Seq>,
    /// What is given of the documents that are found.
    pub source: SourceFilter,
    /// What is given of them as single fields besides.
    pub fields: SourceFilter,
    /// Whether a page whose documents are too large together ends before the first that is too much, instead of being
    /// refused.
    pub ends_early: bool,
}

impl SearchRequest {
    /// Everything in a view, ten at a time.
    pub fn new(kind: AssetKind) -> Self {
        Self {
            kind,
            query: Query::All,
            post_filter: None,
            sort: Vec::new(),
            from: 0,
            size: 10,
            after: None,
            highlight: None,
            as_of: None,
            facets: Vec::new(),
            count_all: true,
            count_to: 0,
            collapse: None,
            scores: false,
            time_limit: None,
            min_score: None,
            explain: false,
            lenient: false,
            min_seq: None,
            source: SourceFilter::All,
            fields: SourceFilter::None,
            ends_early: false,
        }
    }

    /// Whether anything is wanted of the documents, so that they must be read.
    pub fn reads_documents(&self) -> bool {
        self.source != SourceFilter::None || self.fields != SourceFilter::None || self.highlight.is_some()
    }

    /// What people type into a search box.
    ///
    /// # Errors
    /// [`QueryError`]: too long, too deep or too many words.
    pub fn plain(kind: AssetKind, q: &str) -> Result<Self, QueryError> {
        Ok(Self {
            query: plain_query(kind, q, false)?,
            highlight: Some(HighlightOptions::default()),
            ..Self::new(kind)
        })
    }
}

/// Why a page that ends too far behind is refused.
pub fn window_too_large() -> QueryError {
    QueryError::illegal(format!("a page must end within the first {MAX_WINDOW} hits: go on with the cursor"))
}

/// The query of a text that people type: all words must be there, in any field, as they are written if `exact`; near
/// each other is better.
///
/// # Errors
/// [`QueryError`]: too long, too deep or too many words.
pub fn plain_query(kind: AssetKind, q: &str, exact: bool) -> Result<Query, QueryError> {
    if q.trim().is_empty() {
        return Ok(Query::All);
    }
    let suffix = if exact { EXACT } else { "" };
    let known = |name: &str| names::fields_named(kind, &format!("{name}{suffix}"));
    let options = TextOptions {
        fields: if exact { vec![FieldBoost::new(ALL_EXACT)] } else { Vec::new() },
        need: Need::All,
        tie_breaker: PLAIN_TIE_BREAKER,
        ..TextOptions::new(Syntax::Plain, &known)
    };
    Ok(join_words(parse_text(q, &options, &mut Clauses::default())?, &options.fields))
}

/// What fields other than the best one count in a plain search.
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
    joined.need = joined.need.or(Some(Need::Minimum("0".to_owned())));
    Query::Bool(joined)
}

/// What words side by side count more.
const NEARNESS: f32 = 0.5;

/// The text of a cursor: what the next page comes behind.
pub fn cursor(sort: &[Value], seq: u64) -> String {
    let json = serde_json::to_vec(&(sort, seq)).unwrap_or_default();
    json.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the text of a cursor says: the values of the hit that the page comes behind, and its seq.
///
/// # Errors
/// [`QueryError`] for a text that is no cursor of ours.
pub fn cursor_of(text: &str) -> Result<(Vec<Value>, u64), QueryError> {
    let refused =
        || QueryError::illegal("the cursor is none of ours: take `next` of the page before as it is");
    if text.len() > 8_192 || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return Err(refused());
    }
    let pairs = (0..text.len()).step_by(2).filter_map(|at| text.get(at..at + 2));
    let bytes: Option<Vec<u8>> = pairs.map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
    let bytes = bytes.ok_or_else(refused)?;
    let json = crate::limits::check_body(&bytes, 8_192).map_err(|_| refused())?;
    serde_json::from_str(json).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back() {
        let sort = vec![serde_json::json!(1.5), serde_json::json!("x")];
        assert_eq!(cursor_of(&cursor(&sort, 7)).unwrap(), (sort, 7));
    }
}
