//! `_search`, `_msearch`, `_count`, `_validate/query`.

use std::cmp::Ordering;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query as Params, State},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use store::AssetKind;

use super::{
    body::{self, EsSearch, known_field},
    error::{EsError, body as error_body},
    params::{SourceFilter, Taker, kinds_of, matches_path},
    suggest,
};
use crate::{
    error::SearchError,
    execute::SortValue,
    http::{ApiState, run_search},
    query::{
        Bool, FieldBoost, Fuzziness, Need, Query, QueryError, Syntax, TextOptions, limits::Clauses,
        parse_text,
    },
    search::{Hit, SearchResponse},
};

type Answer = Result<Response, EsError>;
type Pairs = Params<Vec<(String, String)>>;

/// `_search` over all views.
pub(super) async fn search_all(state: State<ApiState>, params: Pairs, body: Bytes) -> Answer {
    search_in(None, state, params, body).await
}

/// `{index}/_search`
pub(super) async fn search(
    Path(index): Path<String>,
    state: State<ApiState>,
    params: Pairs,
    body: Bytes,
) -> Answer {
    search_in(Some(index), state, params, body).await
}

async fn search_in(
    index: Option<String>,
    State(state): State<ApiState>,
    Params(params): Pairs,
    body: Bytes,
) -> Answer {
    let mut taker = Taker::new(params);
    let ignore = taker.flag("ignore_unavailable")?.unwrap_or(false);
    let kinds = kinds_of(index.as_deref(), ignore)?;
    let mut search = body::parse(&body, &kinds)?;
    let as_int = taker.flag("rest_total_hits_as_int")?.unwrap_or(false);
    from_params(&mut search, &mut taker, &kinds)?;
    taker.end()?;
    let mut answer = run(&state, search, &kinds).await?;
    let total = answer.pointer("/hits/total/value").cloned();
    if let (true, Some(total), Some(place)) = (as_int, total, answer.pointer_mut("/hits/total")) {
        *place = total;
    }
    Ok(Json(answer).into_response())
}

/// What of a search may stand in the URL.
fn from_params(search: &mut EsSearch, taker: &mut Taker, kinds: &[AssetKind]) -> Result<(), SearchError> {
    if let Some(query) = text_query(taker, kinds)? {
        search.request.query = match std::mem::replace(&mut search.request.query, Query::All) {
            Query::All => query,
            other => Query::Bool(Bool { must: vec![query, other], ..Bool::default() }),
        };
    }
    let mut number = |name: &str, to: &mut usize| -> Result<(), QueryError> {
        if let Some(text) = taker.take(name) {
            *to = text
                .parse()
                .map_err(|_| QueryError::illegal(format!("`{name}` must be a number")).at(name))?;
        }
        Ok(())
    };
    number("from", &mut search.request.from)?;
    number("size", &mut search.request.size)?;
    if search.request.from.saturating_add(search.request.size) > crate::query::limits::MAX_WINDOW {
        return Err(crate::request::window_too_large().at("size").into());
    }
    if let Some(text) = taker.take("sort") {
        let list = text.split(',').map(|key| Value::String(key.to_owned())).collect();
        search.request.sort = body::sort(Some(Value::Array(list)))?;
    }
    if let Some(source) = SourceFilter::of_params(taker) {
        search.source = source;
    }
    if let Some(text) = taker.take("track_total_hits") {
        search.show_total = text != "false";
        search.request.count_all = search.show_total;
    }
    search.show_version |= taker.flag("version")?.unwrap_or(false);
    search.show_seq_no |= taker.flag("seq_no_primary_term")?.unwrap_or(false);
    search.request.explain |= taker.flag("explain")?.unwrap_or(false);
    taker.flag("track_scores")?;
    Ok(())
}

/// The query of `q=`.
fn text_query(taker: &mut Taker, kinds: &[AssetKind]) -> Result<Option<Query>, SearchError> {
    let (df, operator) = (taker.take("df"), taker.take("default_operator"));
    taker.flag("lenient")?;
    let Some(q) = taker.take("q") else { return Ok(None) };
    let known = known_field(kinds);
    let field = |name: &str| (name.contains('*') || known(name)).then(|| vec![FieldBoost::new(name)]);
    let options = TextOptions {
        syntax: Syntax::QueryString,
        fields: df.map(FieldBoost::new).into_iter().collect(),
        need: if operator.is_some_and(|operator| operator.eq_ignore_ascii_case("and")) {
            Need::All
        } else {
            Need::Any
        },
        slop: 0,
        fuzziness: Fuzziness::AUTO,
        tie_breaker: 0.0,
        field: &field,
    };
    Ok(Some(parse_text(&q, &options, &mut Clauses::default()).map_err(|error| error.at("q"))?))
}

/// Searches each view and puts the answers together.
pub(super) async fn run(
    state: &ApiState,
    search: EsSearch,
    kinds: &[AssetKind],
) -> Result<Value, SearchError> {
    let several = kinds.len() > 1;
    if several && !search.request.facets.is_empty() {
        return Err(QueryError::illegal("aggregations are over one index: name articles, images or bylines")
            .at("/aggs")
            .into());
    }
    let mut responses = Vec::new();
    for kind in kinds {
        let mut request = search.request.clone();
        request.kind = *kind;
        if several {
            (request.from, request.size) = (0, request.from + request.size);
        }
        responses.push(run_search(state, request).await?);
    }
    let suggestions = match &search.suggest {
        Some(suggest) => Some(suggest::answer(state, suggest, kinds).await?),
        None => None,
    };
    let mut answer = present(responses, &search, several);
    if let (Some(suggestions), Some(fields)) = (suggestions, answer.as_object_mut()) {
        fields.insert("suggest".to_owned(), suggestions);
    }
    Ok(answer)
}

fn present(responses: Vec<SearchResponse>, search: &EsSearch, several: bool) -> Value {
    let request = &search.request;
    let total: u64 = responses.iter().map(|response| response.total).sum();
    let took = responses.iter().map(|response| response.took_ms).sum::<u64>();
    let max_score = responses.iter().filter_map(|response| response.max_score).reduce(f32::max);
    let by_score = request.sort.is_empty() || request.sort.iter().any(|key| key.field == "_score");
    let mut aggregations = Map::new();
    let mut hits: Vec<Hit> = Vec::new();
    let shards = responses.len();
    for response in responses {
        aggregations.extend(response.aggregations);
        hits.extend(response.hits);
    }
    if several {
        let directions: Vec<bool> = match request.sort.is_empty() {
            true => vec![true],
            false => request.sort.iter().map(|key| key.descending).collect(),
        };
        hits.sort_by(|one, other| compare(one, other, &directions));
        hits = hits.into_iter().skip(request.from).take(request.size).collect();
    }
    let shown: Vec<Value> = hits.into_iter().map(|hit| hit_json(hit, search, by_score)).collect();
    let mut outer = Map::new();
    if search.show_total {
        outer.insert("total".to_owned(), json!({"value": total, "relation": "eq"}));
    }
    let shows_score = by_score && !shown.is_empty();
    outer.insert("max_score".to_owned(), if shows_score { json!(max_score) } else { Value::Null });
    outer.insert("hits".to_owned(), Value::Array(shown));
    let mut answer = Map::new();
    answer.insert("took".to_owned(), json!(took));
    answer.insert("timed_out".to_owned(), json!(false));
    answer.insert(
        "_shards".to_owned(),
        json!({"total": shards, "successful": shards, "skipped": 0, "failed": 0}),
    );
    answer.insert("hits".to_owned(), Value::Object(outer));
    if !request.facets.is_empty() {
        answer.insert("aggregations".to_owned(), Value::Object(aggregations));
    }
    Value::Object(answer)
}

fn compare(one: &Hit, other: &Hit, descending: &[bool]) -> Ordering {
    for ((one, other), descending) in one.sort.iter().zip(&other.sort).zip(descending) {
        let order = match (one, other) {
            (SortValue::Missing, SortValue::Missing) => Ordering::Equal,
            (SortValue::Missing, _) => Ordering::Greater,
            (_, SortValue::Missing) => Ordering::Less,
            (SortValue::Score(one), SortValue::Score(other)) if *descending => other.total_cmp(one),
            (SortValue::Score(one), SortValue::Score(other)) => one.total_cmp(other),
            (SortValue::Number(one), SortValue::Number(other)) if *descending => other.cmp(one),
            (SortValue::Number(one), SortValue::Number(other)) => one.cmp(other),
            (SortValue::Text(one), SortValue::Text(other)) if *descending => other.cmp(one),
            (SortValue::Text(one), SortValue::Text(other)) => one.cmp(other),
            _ => Ordering::Equal,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    one.seq.cmp(&other.seq)
}

fn hit_json(hit: Hit, search: &EsSearch, by_score: bool) -> Value {
    let mut shown = Map::new();
    shown.insert("_index".to_owned(), json!(hit.kind.plural()));
    shown.insert("_id".to_owned(), json!(hit.id));
    if search.show_version {
        shown.insert("_version".to_owned(), json!(hit.revision));
    }
    if search.show_seq_no {
        shown.insert("_seq_no".to_owned(), json!(hit.seq));
        shown.insert("_primary_term".to_owned(), json!(1));
    }
    shown.insert("_score".to_owned(), if by_score { json!(hit.score) } else { Value::Null });
    if !search.fields.is_empty() {
        shown.insert("fields".to_owned(), Value::Object(fields_of(&hit, &search.fields)));
    }
    if let Some(source) = search.source.apply(hit.document) {
        shown.insert("_source".to_owned(), Value::Object(source));
    }
    if !hit.highlights.is_empty() {
        shown.insert("highlight".to_owned(), Value::Object(hit.highlights));
    }
    if !search.request.sort.is_empty() {
        let values = hit.sort.iter().map(|value| match value {
            SortValue::Missing => Value::Null,
            value => json!(value),
        });
        shown.insert("sort".to_owned(), values.collect());
    }
    if let Some(explanation) = hit.explanation {
        shown.insert("_explanation".to_owned(), explanation);
    }
    Value::Object(shown)
}

/// The values of single fields, flat.
fn fields_of(hit: &Hit, names: &[String]) -> Map<String, Value> {
    let mut found = Map::new();
    for field in indexer::view_of(hit.kind).fields() {
        let wanted = |name: &&String| {
            let base = name.strip_suffix(".keyword").unwrap_or(name);
            base == field.name || (name.contains('*') && matches_path(name, field.name))
        };
        if let Some(name) = names.iter().find(wanted) {
            let mut values = Vec::new();
            indexer::values_at(&hit.document, field.name, &mut values);
            if !values.is_empty() {
                let name = if name.contains('*') { field.name } else { name.as_str() };
                found.insert(name.to_owned(), values.into_iter().cloned().collect());
            }
        }
    }
    found
}

/// `_count`, `{index}/_count`
pub(super) async fn count(
    index: Option<Path<String>>,
    State(state): State<ApiState>,
    Params(params): Pairs,
    body: Bytes,
) -> Answer {
    let mut taker = Taker::new(params);
    let ignore = taker.flag("ignore_unavailable")?.unwrap_or(false);
    let kinds = kinds_of(index.as_ref().map(|index| index.0.as_str()), ignore)?;
    let mut search = body::parse(&body, &kinds)?;
    if let Some(query) = text_query(&mut taker, &kinds)? {
        search.request.query = query;
    }
    taker.end()?;
    (search.request.size, search.request.from) = (0, 0);
    let mut total = 0;
    for kind in &kinds {
        let mut request = search.request.clone();
        request.kind = *kind;
        total += run_search(&state, request).await?.total;
    }
    let shards = json!({"total": kinds.len(), "successful": kinds.len(), "skipped": 0, "failed": 0});
    Ok(Json(json!({"count": total, "_shards": shards})).into_response())
}

/// The most searches of one `_msearch`.
const MAX_SEARCHES: usize = 50;

/// `_msearch`, `{index}/_msearch`
pub(super) async fn msearch(
    index: Option<Path<String>>,
    State(state): State<ApiState>,
    Params(params): Pairs,
    body: Bytes,
) -> Answer {
    let mut taker = Taker::new(params);
    taker.flag("rest_total_hits_as_int")?;
    taker.end()?;
    let text = std::str::from_utf8(&body).map_err(|_| QueryError::new("the body is no UTF-8"))?;
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() > MAX_SEARCHES * 2 {
        return Err(QueryError::illegal(format!("at most {MAX_SEARCHES} searches are taken at once")).into());
    }
    let mut answers = Vec::new();
    let mut took = 0;
    for pair in lines.chunks(2) {
        let [header, body] = pair else {
            if pair.iter().all(|line| line.trim().is_empty()) {
                continue;
            }
            return Err(QueryError::new("each header needs a body on the next line").into());
        };
        let answer = one_of_many(&state, header, body, index.as_ref().map(|index| index.0.as_str())).await;
        answers.push(match answer {
            Ok(Value::Object(mut answer)) => {
                took += answer.get("took").and_then(Value::as_u64).unwrap_or(0);
                answer.insert("status".to_owned(), json!(200));
                Value::Object(answer)
            }
            Ok(other) => other,
            Err(SearchError::Busy) if answers.is_empty() => return Err(SearchError::Busy.into()),
            Err(error) => error_body(&error),
        });
    }
    Ok(Json(json!({"took": took, "responses": answers})).into_response())
}

async fn one_of_many(
    state: &ApiState,
    header: &str,
    body: &str,
    default: Option<&str>,
) -> Result<Value, SearchError> {
    let header = crate::query::limits::check_body(header.as_bytes(), 4_096)?;
    let header: Value = match header.trim() {
        "" => Value::Null,
        header => serde_json::from_str(header)
            .map_err(|error| QueryError::new(format!("a header is no JSON: {error}")))?,
    };
    let index = match header.get("index") {
        Some(Value::String(index)) => Some(index.clone()),
        Some(Value::Array(list)) => Some(list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")),
        _ => default.map(str::to_owned),
    };
    let ignore = header.get("ignore_unavailable").and_then(Value::as_bool).unwrap_or(false);
    let kinds = kinds_of(index.as_deref(), ignore)?;
    run(state, body::parse(body.as_bytes(), &kinds)?, &kinds).await
}

/// `_validate/query`
pub(super) async fn validate(
    index: Option<Path<String>>,
    State(state): State<ApiState>,
    Params(params): Pairs,
    body: Bytes,
) -> Answer {
    let mut taker = Taker::new(params);
    let explain = taker.flag("explain")?.unwrap_or(false);
    taker.flag("rewrite")?;
    let kinds = kinds_of(index.as_ref().map(|index| index.0.as_str()), false)?;
    let checked = async {
        let mut search = body::parse(&body, &kinds)?;
        if let Some(query) = text_query(&mut taker, &kinds)? {
            search.request.query = query;
        }
        search.request.size = 0;
        for kind in &kinds {
            let mut request = search.request.clone();
            request.kind = *kind;
            run_search(&state, request).await?;
        }
        Ok::<_, SearchError>(())
    };
    let error = match checked.await {
        Ok(()) => None,
        Err(error) if error.status() == 400 => Some(error.to_string()),
        Err(error) => return Err(error.into()),
    };
    let mut answer = json!({"valid": error.is_none(), "_shards": {"total": 1, "successful": 1, "failed": 0}});
    if let (true, Some(fields)) = (explain, answer.as_object_mut()) {
        let index = index.map_or_else(|| "_all".to_owned(), |index| index.0);
        fields.insert(
            "explanations".to_owned(),
            json!([{"index": index, "valid": error.is_none(), "error": error}]),
        );
    }
    Ok(Json(answer).into_response())
}
