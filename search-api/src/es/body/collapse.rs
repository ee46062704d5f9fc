//! `collapse` and `rescore`: what becomes of hits once they are found.

use query::{
    Bool, Fields, Mode, Query, QueryError, Range, Rescore, SearchRequest, SortValue, limits::MAX_WINDOW,
};
use serde_json::Value;

use super::{EsSearch, HitLook, ParseQuery, highlight::highlight, sort};

/// Other hits of the same value that are shown with each.
#[derive(Debug, Clone)]
pub(in crate::es) struct Inner {
    /// The name they are answered under.
    pub(in crate::es) name: String,
    /// The search by which they are found, and their form.
    search: EsSearch,
}

/// The most lists of others with each hit, and the most of one list.
const MAX_LISTS: usize = 5;
const MAX_INNER: usize = 100;

/// `collapse`: of all hits with the same value, the best.
pub(super) fn collapse(
    object: &mut Fields,
    request: &SearchRequest,
    query: &ParseQuery<'_>,
) -> Result<(Option<String>, Vec<Inner>), QueryError> {
    let Some(value) = object.take("collapse") else { return Ok((None, Vec::new())) };
    let mut one = Fields::new(value, "/collapse")?;
    let field = one.need_text("field")?;
    // A hint for the work on many shards.
    one.pass_over(&["max_concurrent_group_searches"]);
    let mut inner = Vec::new();
    for (at, value) in one.list("inner_hits").into_iter().enumerate() {
        let mut list = Fields::new(value, &format!("/collapse/inner_hits/{at}"))?;
        inner.push(inner_hits(&mut list, request, query)?);
        list.end()?;
    }
    one.end()?;
    if inner.len() > MAX_LISTS {
        let why = format!("at most {MAX_LISTS} lists of `inner_hits` are given");
        return Err(QueryError::illegal(why).at("/collapse/inner_hits"));
    }
    if request.after.is_some() {
        return Err(QueryError::illegal("`collapse` is not supported with `search_after`").at("/collapse"));
    }
    Ok((Some(field), inner))
}

fn inner_hits(
    object: &mut Fields,
    outer: &SearchRequest,
    query: &ParseQuery<'_>,
) -> Result<Inner, QueryError> {
    let Some(name) = object.text("name")? else {
        return Err(QueryError::illegal("`inner_hits` need a `name`").at(object.pointer()));
    };
    let mut request = SearchRequest { lenient: true, ..SearchRequest::new(outer.view) };
    request.from = object.count("from")?.unwrap_or(0);
    request.size = object.count("size")?.unwrap_or(3);
    if request.from + request.size > MAX_INNER {
        let why = format!("`inner_hits` are the first {MAX_INNER}: `from` and `size` ask for more");
        return Err(QueryError::illegal(why).at(object.pointer_to("size")));
    }
    request.sort = sort(object.take("sort"))?;
    if let Some(value) = object.take("highlight") {
        let options = highlight(Fields::new(value, &object.pointer_to("highlight"))?, query)?;
        request.highlight = Some(options);
    }
    request.explain = object.flag("explain")?.unwrap_or(false);
    let look = HitLook::take(object)?;
    (request.source, request.fields, request.scores) = (look.source.clone(), look.parts(), look.scores);
    Ok(Inner { name, search: EsSearch { look, ..EsSearch::of(request) } })
}

impl Inner {
    /// Returns the search for those that have this value of the hits of another search.
    pub(in crate::es) fn of_group(&self, outer: &SearchRequest, field: &str, group: &SortValue) -> EsSearch {
        let field = field.to_owned();
        let same = match group.clone().into_scalar() {
            None => Query::Bool(Bool { must_not: vec![Query::Exists { field }], ..Bool::default() }),
            Some(value) if matches!(group, SortValue::Text(_)) => {
                Query::Terms { field, values: vec![value], any_case: false }
            }
            Some(value) => {
                let bound = Some((value, true));
                Query::Range(Range { field, from: bound.clone(), to: bound, ..Range::default() })
            }
        };
        let mut search = self.search.clone();
        search.request.query = Query::Bool(Bool {
            must: vec![outer.query.clone()],
            filter: outer.post_filter.iter().cloned().chain([same]).collect(),
            ..Bool::default()
        });
        search
    }
}

/// The window of a rescorer that states none.
const USUAL_WINDOW: usize = 10;
/// The most rescorers, one after the other.
const MAX_RESCORERS: usize = 10;

/// `rescore`: queries by which the best hits are scored again.
pub(super) fn rescore(
    object: &mut Fields,
    request: &SearchRequest,
    query: &ParseQuery<'_>,
) -> Result<Vec<Rescore>, QueryError> {
    let mut all = Vec::new();
    for (at, value) in object.list("rescore").into_iter().enumerate() {
        // What tools send that want none.
        if matches!(&value, Value::Object(fields) if fields.is_empty()) {
            continue;
        }
        let mut outer = Fields::new(value, &format!("/rescore/{at}"))?;
        let window = outer.count("window_size")?.unwrap_or(USUAL_WINDOW);
        let Some(body) = outer.take("query") else {
            let why = "a rescorer is expected here: `query` is the one that there is";
            return Err(QueryError::new(why).at(outer.pointer()));
        };
        let mut inner = Fields::new(body, &outer.pointer_to("query"))?;
        outer.end()?;
        let here = inner.pointer_to("rescore_query");
        let second = query(inner.need("rescore_query")?, &here)?;
        let mode = match inner.text("score_mode")?.as_deref() {
            None | Some("total") => Mode::Sum,
            Some("multiply") => Mode::Multiply,
            Some("avg") => Mode::Avg,
            Some("max") => Mode::Max,
            Some("min") => Mode::Min,
            Some(_) => {
                let why = QueryError::illegal("`score_mode` must be total, multiply, avg, max or min");
                return Err(why.named("x_content_parse_exception").at(inner.pointer_to("score_mode")));
            }
        };
        all.push(Rescore {
            window,
            query: second,
            first_weight: inner.number("query_weight")?.unwrap_or(1.0) as f32,
            second_weight: inner.number("rescore_query_weight")?.unwrap_or(1.0) as f32,
            mode,
        });
        inner.end()?;
    }
    let refused = |why: String| Err(QueryError::illegal(why).late().at("/rescore"));
    if all.iter().any(|one| one.window > MAX_WINDOW) {
        return refused(format!("`window_size` must be at most {MAX_WINDOW}"));
    }
    if all.len() > MAX_RESCORERS {
        return refused(format!("at most {MAX_RESCORERS} rescorers are taken"));
    }
    let by_score =
        matches!(request.sort.as_slice(), []) || request.sort.iter().all(|key| key.field == "_score");
    if !all.is_empty() && !by_score {
        return refused("`rescore` is not supported with a `sort` by anything but the score".to_owned());
    }
    if !all.is_empty() && (request.collapse.is_some() || request.after.is_some()) {
        return refused("`rescore` is supported neither with `collapse` nor with `search_after`".to_owned());
    }
    Ok(all)
}
