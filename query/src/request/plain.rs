//! A search by plain parameters, as the native API, the pages and the command line ask it.

use store::{Seq, Timestamp};
use views::{ARTICLES, ViewId};

use super::{Cursor, SearchRequest, notes_on, parameters, plain_query, window_too_large};
use crate::{
    Aggregation, AggregationKind, Bool, HighlightOptions, Histogram, Pattern, Phrase, Query, QueryError,
    Range, Scalar, Sort, Terms,
    dates::whole,
    limits::MAX_WINDOW,
    names::{self, Facet},
    parse_bound,
};

/// The most hits of one page by plain parameters.
pub const MAX_LIMIT: usize = 1_000;
const MAX_FACETS: usize = 10;
const FACET_VALUES: usize = 20;

/// A search by plain parameters: see [`PARAMETERS`](super::PARAMETERS) for what each means.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainSearch {
    /// The view.
    pub view: ViewId,
    /// The text that was typed.
    pub q: String,
    /// True if the words of `q` are meant as they are written.
    pub exact: bool,
    /// The first date; empty for none.
    pub from: String,
    /// The last date; empty for none.
    pub to: String,
    /// Filters by their names, with a value each; several of one name are alternatives.
    pub filters: Vec<(String, String)>,
    /// In which order.
    pub order: PlainOrder,
    /// The number of hits.
    pub limit: usize,
    /// The number of hits to pass over.
    pub offset: usize,
    /// The beginning of the page.
    pub cursor: Option<Cursor>,
    /// The names of the facets whose values are counted.
    pub facets: Vec<String>,
    /// True if hits show where the words are.
    pub highlight: bool,
    /// The archive as it stood, by the name it was built under.
    pub as_of: Option<String>,
    /// Wait until the index has taken in this event.
    pub min_seq: Option<Seq>,
}

/// The order of a search by plain parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainOrder {
    /// The best first; the newest where nothing is looked for.
    Relevance,
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
}

impl PlainOrder {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Relevance, Self::Newest, Self::Oldest];
    /// Their names, in the same order.
    pub const NAMES: [&str; 3] = ["relevance", "newest", "oldest"];

    /// Returns the order of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().zip(Self::ALL).find(|(known, _)| *known == name).map(|(_, order)| order)
    }

    fn sort(self, view: ViewId) -> Vec<Sort> {
        match self {
            Self::Relevance => Vec::new(),
            Self::Newest => vec![Sort::by(names::date_field(view), true)],
            Self::Oldest => vec![Sort::by(names::date_field(view), false)],
        }
    }
}

impl PlainSearch {
    /// Returns the search for everything in a view, ten at a time.
    pub fn new(view: ViewId) -> Self {
        Self {
            view,
            q: String::new(),
            exact: false,
            from: String::new(),
            to: String::new(),
            filters: Vec::new(),
            order: PlainOrder::Relevance,
            limit: 10,
            offset: 0,
            cursor: None,
            facets: Vec::new(),
            highlight: true,
            as_of: None,
            min_seq: None,
        }
    }

    /// Reads parameters by their names.
    ///
    /// # Errors
    /// [`QueryError`] at the parameter that is unknown or cannot be read.
    pub fn read<N: AsRef<str>, V: AsRef<str>>(params: &[(N, V)]) -> Result<Self, QueryError> {
        let mut plain = Self::new(ARTICLES);
        for (name, value) in params {
            let (name, value) = (name.as_ref(), value.as_ref());
            parameters::read(&mut plain, name, value).map_err(|error| error.at(name))?;
        }
        Ok(plain)
    }

    /// Returns the search that the parameters mean.
    ///
    /// # Errors
    /// [`QueryError`] at the parameter that is wrong.
    pub fn request(&self) -> Result<SearchRequest, QueryError> {
        let view = self.view;
        if self.limit > MAX_LIMIT {
            return Err(too_large(self.limit, MAX_LIMIT).at("limit"));
        }
        if self.offset > MAX_WINDOW {
            return Err(too_large(self.offset, MAX_WINDOW).at("offset"));
        }
        if self.offset + self.limit > MAX_WINDOW {
            return Err(window_too_large().at("offset"));
        }
        let query = plain_query(view, &self.q, self.exact).map_err(|error| error.at("q"))?;
        let query = self.filters()?.around(query);
        let mut sort = self.order.sort(view);
        if query == Query::All && sort.is_empty() {
            sort = PlainOrder::Newest.sort(view);
        }
        Ok(SearchRequest {
            query,
            sort,
            from: self.offset,
            size: self.limit,
            after: self.cursor.clone(),
            highlight: self.highlight.then(HighlightOptions::default),
            as_of: self.as_of.clone(),
            aggregations: self.aggregations().map_err(|error| error.at("facets"))?,
            min_seq: self.min_seq,
            notes: notes_on(view, &self.q),
            ..SearchRequest::new(view)
        })
    }

    fn filters(&self) -> Result<Filters, QueryError> {
        let mut filters = Filters::default();
        for (name, value) in &self.filters {
            filters.add(self.view, name, value).map_err(|error| error.at(name))?;
        }
        filters.range.field = names::day_field(self.view);
        filters.range.from = bound(&self.from).map_err(|error| error.at("from"))?;
        filters.range.to = bound(&self.to).map_err(|error| error.at("to"))?;
        Ok(filters)
    }

    fn aggregations(&self) -> Result<Vec<Aggregation>, QueryError> {
        if self.facets.len() > MAX_FACETS {
            return Err(QueryError::illegal(format!("at most {MAX_FACETS} facets are given at once")));
        }
        self.facets.iter().map(|facet| facet_of(self.view, facet)).collect()
    }
}

fn too_large(number: usize, most: usize) -> QueryError {
    QueryError::illegal(format!("`{number}` is no number from 0 to {most}"))
}

/// Returns a date, both of whose ends are in.
fn bound(date: &str) -> Result<Option<(Scalar, bool)>, QueryError> {
    if date.is_empty() {
        return Ok(None);
    }
    // Elasticsearch's queries take such a number for milliseconds since 1970; nobody who writes it here means that.
    if date.len() > 4 && date.bytes().all(|byte| byte.is_ascii_digit()) {
        let text = format!("`{}` is no date: write 1912, 1912-04 or 1912-04-15", cut(date));
        return Err(QueryError::illegal(text));
    }
    parse_bound(date, None, None, Timestamp::now().as_millis())
        .map_err(|error| QueryError::illegal(error.to_string()))?;
    Ok(Some((whole(date), true)))
}

fn exact_field(view: ViewId, name: &str) -> Option<String> {
    match names::facet(view, name)? {
        Facet::Values(field) => Some(field),
        Facet::Dates(..) => None,
    }
}

fn facet_of(view: ViewId, name: &str) -> Result<Aggregation, QueryError> {
    let kind = match names::facet(view, name) {
        None => {
            return Err(QueryError::illegal(format!(
                "there is no facet `{}`: use century, decade, year, month, day, section, byline, keyword, or a field of \
                 exact values",
                cut(name)
            )));
        }
        Some(Facet::Values(field)) => AggregationKind::Terms(Terms::of(field, FACET_VALUES)),
        Some(Facet::Dates(interval, format)) => {
            AggregationKind::Histogram(Histogram::of_dates(names::day_field(view), interval, format))
        }
    };
    Ok(Aggregation { name: name.to_owned(), kind, nested: Vec::new() })
}

/// Filters by name: several of one name are alternatives.
#[derive(Default)]
struct Filters {
    named: Vec<(String, Vec<Query>)>,
    range: Range,
}

impl Filters {
    fn add(&mut self, view: ViewId, name: &str, value: &str) -> Result<(), QueryError> {
        let field = match name {
            "byline" => {
                self.any(name, Query::Phrase(Phrase::new(names::byline_fields(view), value)));
                return Ok(());
            }
            "section" => Some(names::section_field(view).to_owned()),
            "id" => Some("_id".to_owned()),
            name => exact_field(view, name),
        };
        let field = field
            .ok_or_else(|| QueryError::illegal(format!("the view {} has no filter `{name}`", view.name())))?;
        self.exact(&field, value)
    }

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

    fn around(self, query: Query) -> Query {
        let mut filter: Vec<Query> = Vec::new();
        for (_, mut queries) in self.named {
            filter.push(if queries.len() == 1 {
                queries.swap_remove(0)
            } else {
                Query::Bool(Bool { should: queries, ..Bool::default() })
            });
        }
        if self.range.from.is_some() || self.range.to.is_some() {
            filter.push(Query::Range(self.range));
        }
        if filter.is_empty() {
            return query;
        }
        Query::Bool(Bool { must: vec![query], filter, ..Bool::default() })
    }
}

/// Returns the beginning of what was sent, to be shown.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use views::IMAGES;

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
        assert_eq!(request.view, IMAGES);
        assert_eq!((request.size, request.aggregations.len()), (5, 2));
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
        check("limit", "1001");
        check("sort", "sideways");
        check("facets", "mood");
        check("highlight", "maybe");
        check("exact", "maybe");
        check("colour", "red");
        check("cursor", "zz");
        check("min_seq", "-1");
        check("section", &"s".repeat(200));
        check("from", "abc");
        check("from", "99999");
        check("to", "19120415");
        check("to", "1912-13");
        check("offset", "9999999");
    }
}
