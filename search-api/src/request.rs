//! A search as it is asked, and the plain parameters that make one.

use std::time::Duration;

use indexer::EXACT;
use serde_json::Value;
use store::{AssetKind, Seq};

use crate::{
    execute::{Aggregation, AggregationKind, Histogram, Terms},
    highlight::HighlightOptions,
    query::{
        ALL_EXACT, Bool, Combine, FieldBoost, Need, Phrase, Query, QueryError, Range, Syntax, TextOptions,
        limits::{Clauses, MAX_WINDOW},
        parse_text,
    },
    views::{self, Facet},
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
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Sort {
    /// A field, or `_score`, or `_seq`.
    pub field: String,
    /// The largest first.
    pub descending: bool,
    /// Where documents without a value go.
    pub missing_first: bool,
    /// Whether a field that the view lacks is taken as one that no document has a value in.
    pub may_lack: bool,
}

impl Sort {
    /// By a field, documents without a value last.
    pub fn by(field: impl Into<String>, descending: bool) -> Self {
        Self { field: field.into(), descending, missing_first: false, may_lack: false }
    }

    /// The other way round.
    pub(crate) fn turn(&mut self) {
        self.descending = !self.descending;
        self.missing_first = !self.missing_first;
    }
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
        }
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

    /// The plain parameters of `GET /api/v1/search`:
    ///
    /// | parameter | meaning |
    /// |---|---|
    /// | `q` | words, `"phrases"`, `-not`, `OR`, `field:word`, `wild*`, `fuzzy~`, `date:1963-11..1964` |
    /// | `exact` | `true`: the words of `q` as they are written; as `="phrase"` and `=word` in it say of one |
    /// | `view` | `articles` (if left out), `images`, `bylines` |
    /// | `from`, `to` | dates: `1850`, `1850-05`, `1850-05-02`; both are in |
    /// | `section`, `byline`, `keyword`, `type`, `language` | filters; several of one name are alternatives |
    /// | `sort` | `relevance`, `newest`, `oldest` |
    /// | `limit`, `offset` | up to 100 hits; the first so many left out |
    /// | `cursor` | the next page: what the page before gave as `next` |
    /// | `facets` | names with commas between: `section,year,byline` |
    /// | `highlight` | `true` (if left out) or `false` |
    /// | `as_of` | the archive as it stood, by the name it was built under |
    /// | `min_seq` | wait until the index has taken in this event |
    ///
    /// # Errors
    /// [`QueryError`] at the parameter that is wrong or unknown.
    pub fn from_params<N: AsRef<str>, V: AsRef<str>>(params: &[(N, V)]) -> Result<Self, QueryError> {
        let params: Vec<(&str, &str)> =
            params.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
        let view = params.iter().find(|(name, _)| *name == "view").map_or("articles", |(_, view)| view);
        let kind: AssetKind = view
            .parse()
            .map_err(|error: store::UnknownKind| QueryError::illegal(error.to_string()).at("view"))?;
        let mut request = Self { highlight: Some(HighlightOptions::default()), ..Self::new(kind) };
        let exact = params.iter().rfind(|(name, _)| *name == "exact");
        let exact = exact.map_or(Ok(false), |(_, value)| flag(value).map_err(|error| error.at("exact")))?;
        let mut filters = Filters { exact, ..Filters::default() };
        for (name, value) in params {
            request.param(kind, name, value, &mut filters).map_err(|error| error.at(name))?;
        }
        request.query = filters.around(std::mem::replace(&mut request.query, Query::All));
        if request.from + request.size > MAX_WINDOW {
            return Err(window_too_large().at("offset"));
        }
        if request.query == Query::All && request.sort.is_empty() {
            request.sort = vec![Sort::by(views::date_field(kind), true)];
        }
        Ok(request)
    }

    fn param(
        &mut self,
        kind: AssetKind,
        name: &str,
        value: &str,
        filters: &mut Filters,
    ) -> Result<(), QueryError> {
        let number = |max: usize| match value.parse::<usize>() {
            Ok(number) if number <= max => Ok(number),
            _ => Err(QueryError::illegal(format!("`{}` is no number from 0 to {max}", cut(value)))),
        };
        match name {
            "view" | "exact" => {}
            "q" => self.query = plain_query(kind, value, filters.exact)?,
            "from" => filters.date(kind, value, true),
            "to" => filters.date(kind, value, false),
            "section" => filters.exact(views::section_field(kind), value),
            "byline" => filters.any("byline", Query::Phrase(Phrase::new(views::byline_fields(kind), value))),
            "keyword" | "type" | "language" | "desk" | "edition" | "page" | "source" | "id" => {
                let field = if name == "id" { Some("_id".to_owned()) } else { exact_field(kind, name) };
                let field = field.ok_or_else(|| {
                    QueryError::illegal(format!("the view {} has no filter `{name}`", kind.plural()))
                })?;
                filters.exact(&field, value);
            }
            "sort" => {
                self.sort = match value {
                    "relevance" => Vec::new(),
                    "newest" => vec![Sort::by(views::date_field(kind), true)],
                    "oldest" => vec![Sort::by(views::date_field(kind), false)],
                    other => {
                        return Err(QueryError::illegal(format!(
                            "there is no order `{}`: use relevance, newest or oldest",
                            cut(other)
                        )));
                    }
                }
            }
            "limit" => self.size = number(MAX_LIMIT)?,
            "offset" => self.from = number(MAX_WINDOW)?,
            "cursor" => self.after = Some(cursor_of(value)?),
            "facets" => {
                for facet in value.split(',').filter(|facet| !facet.is_empty()) {
                    self.facets.push(facet_of(kind, facet)?);
                }
                if self.facets.len() > MAX_FACETS {
                    return Err(QueryError::illegal(format!(
                        "at most {MAX_FACETS} facets are given at once"
                    )));
                }
            }
            "highlight" => {
                self.highlight = flag(value)?.then(HighlightOptions::default);
            }
            "as_of" => self.as_of = Some(value.to_owned()).filter(|name| !name.is_empty()),
            "min_seq" => {
                let seq =
                    value.parse().map_err(|_| QueryError::illegal(format!("`{}` is no seq", cut(value))))?;
                self.min_seq = Some(seq);
            }
            other => {
                return Err(QueryError::illegal(format!(
                    "there is no parameter `{}`: use q, exact, view, from, to, section, byline, keyword, type, language, \
                     desk, edition, page, source, id, sort, limit, offset, cursor, facets, highlight, as_of or min_seq",
                    cut(other)
                )));
            }
        }
        Ok(())
    }
}

/// The most hits of one page by plain parameters.
pub const MAX_LIMIT: usize = 100;
const MAX_FACETS: usize = 10;
const FACET_VALUES: usize = 20;

pub(crate) fn window_too_large() -> QueryError {
    QueryError::illegal(format!("a page must end within the first {MAX_WINDOW} hits: go on with the cursor"))
}

fn flag(value: &str) -> Result<bool, QueryError> {
    match value {
        "true" | "1" | "" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(QueryError::illegal(format!("`{}` is neither true nor false", cut(other)))),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The query of a text that people type: all words must be there, in any field, as they are written if `exact`; near
/// each other is better.
pub(crate) fn plain_query(kind: AssetKind, q: &str, exact: bool) -> Result<Query, QueryError> {
    if q.trim().is_empty() {
        return Ok(Query::All);
    }
    let suffix = if exact { EXACT } else { "" };
    let known = |name: &str| views::fields_named(kind, &format!("{name}{suffix}"));
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

fn exact_field(kind: AssetKind, name: &str) -> Option<String> {
    match views::facet(kind, name)? {
        Facet::Values(field) => Some(field),
        Facet::Dates(..) => None,
    }
}

fn facet_of(kind: AssetKind, name: &str) -> Result<Aggregation, QueryError> {
    let kind = match views::facet(kind, name) {
        None => {
            return Err(QueryError::illegal(format!(
                "there is no facet `{}`: use century, decade, year, month, day, section, byline, keyword, or a field of \
                 exact values",
                cut(name)
            )));
        }
        Some(Facet::Values(field)) => AggregationKind::Terms(Terms::of(field, FACET_VALUES)),
        Some(Facet::Dates(interval, format)) => {
            AggregationKind::Histogram(Histogram::of_dates(views::date_field(kind), interval, format))
        }
    };
    Ok(Aggregation { name: name.to_owned(), kind, nested: Vec::new() })
}

/// Filters by name: several of one name are alternatives.
#[derive(Default)]
struct Filters {
    /// Whether the words of `q` are meant as they are written.
    exact: bool,
    named: Vec<(String, Vec<Query>)>,
    range: Range,
}

impl Filters {
    fn any(&mut self, name: &str, query: Query) {
        match self.named.iter_mut().find(|(other, _)| other == name) {
            Some((_, queries)) => queries.push(query),
            None => self.named.push((name.to_owned(), vec![query])),
        }
    }

    fn exact(&mut self, field: &str, value: &str) {
        let values = vec![Value::String(value.to_owned())];
        self.any(field, Query::Terms { field: field.to_owned(), values, any_case: true });
    }

    fn date(&mut self, kind: AssetKind, value: &str, from: bool) {
        if value.is_empty() {
            return;
        }
        self.range.field = views::date_field(kind).to_owned();
        let bound = Some((Value::String(value.to_owned()), true));
        if from { self.range.from = bound } else { self.range.to = bound }
    }

    fn around(self, query: Query) -> Query {
        let mut filter: Vec<Query> = Vec::new();
        for (_, mut queries) in self.named {
            filter.push(if queries.len() == 1 {
                queries.swap_remove(0)
            } else {
                Query::Bool(Bool { should: queries, ..Bool::default() })
            });
        }
        if !self.range.field.is_empty() {
            filter.push(Query::Range(self.range));
        }
        if filter.is_empty() {
            return query;
        }
        Query::Bool(Bool { must: vec![query], filter, ..Bool::default() })
    }
}

/// The text of a cursor: what the next page comes behind.
pub(crate) fn cursor(sort: &[Value], seq: u64) -> String {
    let json = serde_json::to_vec(&(sort, seq)).unwrap_or_default();
    json.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn cursor_of(text: &str) -> Result<(Vec<Value>, u64), QueryError> {
    let refused =
        || QueryError::illegal("the cursor is none of ours: take `next` of the page before as it is");
    if text.len() > 8_192 || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return Err(refused());
    }
    let pairs = (0..text.len()).step_by(2).filter_map(|at| text.get(at..at + 2));
    let bytes: Option<Vec<u8>> = pairs.map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
    let bytes = bytes.ok_or_else(refused)?;
    let json = crate::query::limits::check_body(&bytes, 8_192).map_err(|_| refused())?;
    serde_json::from_str(json).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read() {
        let request = SearchRequest::from_params(&[
            ("q", "ferry"),
            ("view", "images"),
            ("from", "1850"),
            ("sort", "oldest"),
            ("limit", "5"),
            ("facets", "section,year"),
            ("highlight", "false"),
        ])
        .unwrap();
        assert_eq!(request.kind, AssetKind::Image);
        assert_eq!((request.size, request.facets.len()), (5, 2));
        assert_eq!(request.sort, [Sort::by("taken", false)]);
        assert!(request.highlight.is_none());
    }

    #[test]
    fn wrong_parameters_are_named() {
        let check = |name: &str, value: &str| {
            let error = SearchRequest::from_params(&[(name, value)]).unwrap_err();
            assert_eq!(error.pointer, name, "{error}");
        };
        check("view", "videos");
        check("limit", "many");
        check("limit", "101");
        check("sort", "sideways");
        check("facets", "mood");
        check("highlight", "maybe");
        check("exact", "maybe");
        check("colour", "red");
        check("cursor", "zz");
        check("min_seq", "-1");
        check("offset", "9999999");
    }

    #[test]
    fn cursors_come_back() {
        let sort = vec![serde_json::json!(1.5), serde_json::json!("x")];
        assert_eq!(cursor_of(&cursor(&sort, 7)).unwrap(), (sort, 7));
    }
}
