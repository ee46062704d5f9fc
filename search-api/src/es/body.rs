//! The body of a search as Elasticsearch's clients write it.

mod collapse;
mod highlight;
mod hits;
mod sort;

use std::time::Duration;

use query::{
    Cursor, DslOptions, Fields, IndexName, Query, QueryError, Scalar, SearchRequest, Slice, kind_of,
    limits::{Clauses, MAX_WINDOW, check_body},
    parse_query, window_too_large,
};
use serde_json::{Map, Value};
use views::ARTICLES;

pub(super) use self::{
    collapse::Inner,
    highlight::{ParseQuery, highlight},
    hits::HitLook,
    sort::sort,
};
use super::{
    aggs::{self, Look},
    times::{keep_alive, time},
};

/// A search and how its answer is to look.
#[derive(Debug, Clone)]
pub(super) struct EsSearch {
    pub(super) request: SearchRequest,
    /// Of aggregations.
    pub(super) looks: Vec<Look>,
    /// The point in time that is searched, and how long it is to be kept from now on.
    pub(super) point: Option<(String, Option<Duration>)>,
    pub(super) look: HitLook,
    /// For collapsed hits: others of the same value, with each of them.
    pub(super) inner: Vec<Inner>,
    pub(super) show_total: bool,
    /// Up to so many documents are counted, and then it ends early.
    pub(super) ends_after: Option<u64>,
    /// The total as a mere number, as it was before Elasticsearch 7.
    pub(super) total_as_number: bool,
    pub(super) typed_keys: bool,
    pub(super) suggest: Option<Value>,
}

/// Up to how many hits are counted when nothing is said.
const USUAL_TOTAL: u64 = 10_000;

impl EsSearch {
    /// Returns a request whose answer looks as usual.
    pub(super) fn of(request: SearchRequest) -> Self {
        Self {
            request,
            looks: Vec::new(),
            point: None,
            look: HitLook::default(),
            inner: Vec::new(),
            show_total: true,
            ends_after: None,
            total_as_number: false,
            typed_keys: false,
            suggest: None,
        }
    }

    /// `track_total_hits`: true, false, or up to how many.
    pub(super) fn track_total(&mut self, value: &Value) -> Result<(), QueryError> {
        let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        let (show, all, to) = match (value, number) {
            (Value::Bool(true), _) => (true, true, u64::MAX),
            (Value::Bool(false), _) => (false, false, 0),
            (Value::String(text), _) if text == "true" => (true, true, u64::MAX),
            (Value::String(text), _) if text == "false" => (false, false, 0),
            (_, Some(to)) => (true, false, to),
            _ => {
                return Err(QueryError::illegal("`track_total_hits` must be true, false or a number")
                    .named("number_format_exception")
                    .at("/track_total_hits"));
            }
        };
        (self.show_total, self.request.count_all, self.request.count_to) = (show, all, to);
        Ok(())
    }

    /// `terminate_after`: so many documents are counted; 0 stands for all.
    pub(super) fn end_after(&mut self, count: u64) {
        if count > 0 {
            self.ends_after = Some(count);
            self.request.count_to =
                if self.request.count_all { count } else { self.request.count_to.min(count) };
            self.request.count_all = false;
        }
    }

    /// `rest_total_hits_as_int`: such a total must be exact.
    pub(super) fn total_as_number(&mut self) -> Result<(), QueryError> {
        if self.show_total && !self.request.count_all && self.request.count_to != USUAL_TOTAL {
            return Err(QueryError::illegal(
                "`rest_total_hits_as_int` needs an exact total: leave `track_total_hits` out",
            )
            .at("rest_total_hits_as_int"));
        }
        self.total_as_number = true;
        self.request.count_all |= self.show_total;
        Ok(())
    }
}

/// Returns true if any of these views has a field of this name.
pub(super) fn known_field(indices: &[IndexName]) -> impl Fn(&str) -> bool + '_ {
    |name: &str| {
        let has = |index: &IndexName| index.view.fields().iter().any(|field| field.is_named(name));
        indices.iter().any(has)
    }
}

/// Returns the JSON of a body within the usual bounds; an empty one asks for nothing in particular.
pub(super) fn json(body: &[u8]) -> Result<Value, QueryError> {
    let text = check_body(body, query::limits::MAX_BODY)?;
    if text.trim().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_str(text).map_err(|error| QueryError::new(format!("the body is no JSON: {error}")))
}

/// Returns the point in time that a body names.
pub(super) fn point_of(body: &Value) -> Option<&str> {
    body.get("pit")?.get("id")?.as_str()
}

/// Reads a body that has a query and nothing else.
pub(super) fn parse_query_alone(value: Value, indices: &[IndexName]) -> Result<EsSearch, QueryError> {
    let mut object = Fields::new(value, "")?;
    let query: Map<String, Value> =
        object.take("query").map(|query| ("query".to_owned(), query)).into_iter().collect();
    object.end()?;
    parse(Value::Object(query), indices)
}

/// Reads a query that stands at a place of a body.
pub(super) fn query_of(value: Value, pointer: &str, indices: &[IndexName]) -> Result<Query, QueryError> {
    let known = known_field(indices);
    parse_query(value, pointer, &DslOptions { field: &known }, &mut Clauses::default())
}

/// Reads the body of a search over these views.
#[expect(clippy::too_many_lines, reason = "one key of the body after the other")]
pub(super) fn parse(value: Value, indices: &[IndexName]) -> Result<EsSearch, QueryError> {
    let known = known_field(indices);
    let options = DslOptions { field: &known };
    let mut clauses = Clauses::default();
    let mut object = Fields::new(value, "")?;
    let mut request = SearchRequest::new(indices.first().map_or(ARTICLES, |index| index.view));
    // As in Elasticsearch a field that no index has is one that no document has anything in.
    request.lenient = true;
    let mut looks = Vec::new();
    let mut query_at = |object: &mut Fields, name: &str| match object.take(name) {
        None => Ok(None),
        Some(query) => parse_query(query, &object.pointer_to(name), &options, &mut clauses).map(Some),
    };
    request.query = query_at(&mut object, "query")?.unwrap_or(Query::All);
    request.post_filter = query_at(&mut object, "post_filter")?;
    for name in ["aggs", "aggregations"] {
        if let Some(value) = object.take(name) {
            let (aggregations, own) = aggs::parse(value, &object.pointer_to(name), &options, &mut clauses)?;
            request.aggregations.extend(aggregations);
            looks.extend(own);
        }
    }
    request.from = object.count("from")?.unwrap_or(0);
    request.size = object.count("size")?.unwrap_or(10);
    if request.from + request.size > MAX_WINDOW {
        return Err(window_too_large().at("/from"));
    }
    request.sort = sort(object.take("sort"))?;
    request.after = match object.take("search_after") {
        None => None,
        Some(Value::Array(values)) => Some(after(values, &request)?),
        Some(other) => return Err(object.wrong("search_after", "a list", &other)),
    };
    if request.after.is_some() && request.from > 0 {
        return Err(QueryError::illegal("`from` must be 0 with `search_after`").at("/from"));
    }
    let query_here =
        |value: Value, pointer: &str| parse_query(value, pointer, &options, &mut Clauses::default());
    if let Some(value) = object.take("highlight") {
        request.highlight = Some(highlight(Fields::new(value, "/highlight")?, &query_here)?);
    }
    request.min_score = object.number("min_score")?.map(|score| score as f32);
    request.explain = object.flag("explain")?.unwrap_or(false);
    let inner;
    (request.collapse, inner) = collapse::collapse(&mut object, &request, &query_here)?;
    request.rescore = collapse::rescore(&mut object, &request, &query_here)?;
    request.time_limit = match object.text("timeout")? {
        None => None,
        Some(text) => Some(time(&text).map_err(|error| error.at("/timeout"))?),
    };
    let point = match object.take("pit") {
        None => None,
        Some(value) => {
            let mut pit = Fields::new(value, "/pit")?;
            let id = pit.need_text("id")?;
            let keep = pit.text("keep_alive")?.map(|text| keep_alive(&text)).transpose();
            pit.end()?;
            Some((id, keep.map_err(|error| error.at("/pit/keep_alive"))?))
        }
    };
    let look = HitLook::take(&mut object)?;
    (request.source, request.fields, request.scores) = (look.source.clone(), look.parts(), look.scores);
    object.only("profile", &Value::Bool(false))?;
    // What tools always send, and what says nothing as long as it is empty.
    for name in ["script_fields", "runtime_mappings", "indices_boost", "ext"] {
        let is_empty = |value: &Value| {
            matches!(value, Value::Object(all) if all.is_empty())
                || matches!(value, Value::Array(all) if all.is_empty())
        };
        if object.take(name).is_some_and(|value| name != "ext" && !is_empty(&value)) {
            return Err(QueryError::new(format!("`{name}` is not supported")).at(object.pointer_to(name)));
        }
    }
    // Names under which Elasticsearch would count searches.
    object.texts("stats")?;
    let suggest = object.take("suggest");
    let mut search = EsSearch { looks, point, look, inner, suggest, ..EsSearch::of(request) };
    search.request.slice = slice(&mut object)?;
    let total = object.take("track_total_hits").unwrap_or_else(|| Value::from(USUAL_TOTAL));
    search.track_total(&total)?;
    if let Some(count) = object.count("terminate_after")? {
        search.end_after(count as u64);
    }
    object.end()?;
    Ok(search)
}

/// `slice`: one part of all documents, whichever field would part them.
fn slice(object: &mut Fields) -> Result<Option<Slice>, QueryError> {
    let Some(value) = object.take("slice") else { return Ok(None) };
    let mut inner = Fields::new(value, "/slice")?;
    inner.text("field")?;
    let (part, of) = (inner.count("id")?, inner.count("max")?);
    inner.end()?;
    match (part, of) {
        (Some(part), Some(of)) if part < of && of > 1 => Ok(Some(Slice { part: part as u64, of: of as u64 })),
        _ => Err(QueryError::illegal("`slice` must have an `id` below its `max`, which is 2 at least")
            .at("/slice")),
    }
}

/// Returns the values of `search_after`: one for each key, and perhaps one more that is the seq.
fn after(mut values: Vec<Value>, request: &SearchRequest) -> Result<Cursor, QueryError> {
    let keys = request.sort.len().max(1);
    let seq = match values.len() {
        count if count == keys => u64::MAX,
        count if count == keys + 1 => values.pop().and_then(|seq| seq.as_u64()).unwrap_or(u64::MAX),
        count => {
            return Err(QueryError::illegal(format!(
                "`search_after` has {count} values, but the order has {keys} keys"
            ))
            .late()
            .at("/search_after"));
        }
    };
    let value = |value: Value| match value {
        Value::Null => Ok(None),
        value => Scalar::try_from(value).map(Some).map_err(|other| {
            QueryError::illegal(format!("single values are expected here, not {}", kind_of(&other)))
                .at("/search_after")
        }),
    };
    Ok(Cursor::new(values.into_iter().map(value).collect::<Result<_, _>>()?, seq))
}
