//! The plain parameters that make a search.

use store::{AssetKind, Timestamp};

use super::{SearchRequest, notes_on, plain_query, window_too_large};
use crate::{
    Aggregation, AggregationKind, Bool, HighlightOptions, Histogram, Pattern, Phrase, Query, QueryError,
    Range, Scalar, Sort, Terms,
    limits::MAX_WINDOW,
    names::{self, Facet},
    parse_bound,
};

/// The most hits of one page by plain parameters.
pub const MAX_LIMIT: usize = 100;
const MAX_FACETS: usize = 10;
const FACET_VALUES: usize = 20;

impl SearchRequest {
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
            request.sort = vec![Sort::by(names::date_field(kind), true)];
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
            "q" => {
                self.query = plain_query(kind, value, filters.exact)?;
                self.notes = notes_on(kind, value);
            }
            "from" => filters.date(kind, value, true)?,
            "to" => filters.date(kind, value, false)?,
            "section" => filters.exact(names::section_field(kind), value)?,
            "byline" => filters.any("byline", Query::Phrase(Phrase::new(names::byline_fields(kind), value))),
            "keyword" | "type" | "language" | "desk" | "edition" | "page" | "source" | "id" => {
                let field = if name == "id" { Some("_id".to_owned()) } else { exact_field(kind, name) };
                let field = field.ok_or_else(|| {
                    QueryError::illegal(format!("the view {} has no filter `{name}`", kind.plural()))
                })?;
                filters.exact(&field, value)?;
            }
            "sort" => {
                self.sort = match value {
                    "relevance" => Vec::new(),
                    "newest" => vec![Sort::by(names::date_field(kind), true)],
                    "oldest" => vec![Sort::by(names::date_field(kind), false)],
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
            "cursor" => self.after = Some(value.parse()?),
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

fn flag(value: &str) -> Result<bool, QueryError> {
    match value {
        "true" | "1" | "" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(QueryError::illegal(format!("`{}` is neither true nor false", cut(other)))),
    }
}

fn exact_field(kind: AssetKind, name: &str) -> Option<String> {
    match names::facet(kind, name)? {
        Facet::Values(field) => Some(field),
        Facet::Dates(..) => None,
    }
}

fn facet_of(kind: AssetKind, name: &str) -> Result<Aggregation, QueryError> {
    let kind = match names::facet(kind, name) {
        None => {
            return Err(QueryError::illegal(format!(
                "there is no facet `{}`: use century, decade, year, month, day, section, byline, keyword, or a field of \
                 exact values",
                cut(name)
            )));
        }
        Some(Facet::Values(field)) => AggregationKind::Terms(Terms::of(field, FACET_VALUES)),
        Some(Facet::Dates(interval, format)) => {
            AggregationKind::Histogram(Histogram::of_dates(names::day_field(kind), interval, format))
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

    fn exact(&mut self, field: &str, value: &str) -> Result<(), QueryError> {
        if field != "_id" {
            Pattern::literal(value).map_err(|error| QueryError::illegal(error.to_string()))?;
        }
        let values = vec![Scalar::from(value)];
        self.any(field, Query::Terms { field: field.to_owned(), values, any_case: true });
        Ok(())
    }

    fn date(&mut self, kind: AssetKind, value: &str, from: bool) -> Result<(), QueryError> {
        if value.is_empty() {
            return Ok(());
        }
        parse_bound(value, None, None, Timestamp::now().as_millis())
            .map_err(|error| QueryError::illegal(error.to_string()))?;
        self.range.field = names::day_field(kind);
        let bound = Some((Scalar::from(value), true));
        *(if from { &mut self.range.from } else { &mut self.range.to }) = bound;
        Ok(())
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

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
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
        check("section", &"s".repeat(200));
        check("from", "abc");
        check("to", "1912-13");
        check("offset", "9999999");
    }
}
