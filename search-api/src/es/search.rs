//! `_search`, `_msearch`, `_count`, `_validate/query`.

use axum::{
    Json,
    body::Bytes,
    extract::{Extension, State},
    response::IntoResponse,
};
use query::{
    Bool, FieldBoost, Fields, IndexName, Need, Query, QueryError, SourceFilter, Syntax, TextOptions,
    limits::Clauses, parse_text,
};
use search::{Inquiry, SearchError};
use serde_json::{Value, json};
use views::EXACT;

use super::{
    answer::Answer,
    body::{self, EsSearch, known_field},
    elastic::Elastic,
    error::{EsError, no_body},
    params::Taker,
    present::{self, present, shards},
    scroll, source, suggest,
};
use crate::door::{asker::Asker, error::RequestError, written::Written};

/// `_search`, `{index}/_search`
pub(super) async fn search(
    mut taker: Taker,
    State(state): State<Elastic>,
    Extension(asker): Extension<Asker>,
    body: Bytes,
) -> Answer {
    let body = body::json(&body)?;
    let scroll = taker.keep_alive("scroll")?;
    let indices = match (body::point_of(&body), taker.index()) {
        (None, _) => taker.indices()?,
        (Some(id), None) => state.points.indices(id).map_err(EsError::at_shards)?,
        (Some(_), Some(_)) => {
            return Err(QueryError::illegal("a point in time has its indices: name none").at("/pit").into());
        }
    };
    let mut search = body::parse(body, &indices)?;
    from_params(&mut search, &mut taker, &indices)?;
    taker.end()?;
    if search.request.slice.is_some() && scroll.is_none() && search.point.is_none() {
        let why = "`slice` can only be used with a scroll or a point in time";
        return Err(QueryError::illegal(why).at("/slice").into());
    }
    if scroll.is_some() && !(search.inner.is_empty() && search.request.rescore.is_empty()) {
        let why = "neither `inner_hits` nor `rescore` are supported with a scroll: use a point in time";
        return Err(QueryError::illegal(why).at("scroll").into());
    }
    if scroll.is_some() && search.point.is_some() {
        return Err(QueryError::illegal("a scroll cannot be of a point in time").at("scroll").into());
    }
    let shared = state.clone();
    let written = state.pool_for(IndexName::any_past(&indices)).run(move || match scroll {
        None => Written::of(&answer(&shared, &shared.search.begin(), &search, &indices)?),
        Some(keep) => scroll::open(&shared, asker.client, &search, &indices, keep),
    });
    Ok(written.await.map_err(EsError::at_shards)?.into_response())
}

/// Reads the parts of a search that may stand in the URL.
fn from_params(search: &mut EsSearch, taker: &mut Taker, indices: &[IndexName]) -> Result<(), RequestError> {
    add_query(search, text_query(taker, indices)?);
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
    if search.request.from.saturating_add(search.request.size) > query::limits::MAX_WINDOW {
        return Err(query::window_too_large().at("size").into());
    }
    if let Some(text) = taker.take("sort") {
        let list = text.split(',').map(|key| Value::String(key.to_owned())).collect();
        search.request.sort = body::sort(Some(Value::Array(list)))?;
    }
    search.look.add_fields(taker.take("docvalue_fields").as_deref().unwrap_or_default());
    match taker.take("stored_fields").as_deref() {
        None | Some("_source") => {}
        Some("_none_" | "*") => search.look.source = SourceFilter::None,
        Some(_) => {
            let why = "`stored_fields` is not supported: use `docvalue_fields` or `_source`";
            return Err(QueryError::illegal(why).at("stored_fields").into());
        }
    }
    search.request.source = search.look.source.clone();
    search.request.fields = search.look.parts();
    if let Some(source) = source::of_params(taker) {
        search.look.source = source.clone();
        search.request.source = source;
    }
    if let Some(text) = taker.take("track_total_hits") {
        search.track_total(&Value::String(text))?;
    }
    if taker.flag("rest_total_hits_as_int")?.unwrap_or(false) {
        search.total_as_number()?;
    }
    search.typed_keys = taker.flag("typed_keys")?.unwrap_or(false);
    if let Some(text) = taker.take("terminate_after") {
        let count = text.parse().map_err(|_| QueryError::illegal("`terminate_after` must be a number"));
        search.end_after(count.map_err(|error| error.at("terminate_after"))?);
    }
    search.request.time_limit = taker.time("timeout")?.or(search.request.time_limit);
    search.request.may_be_kept = taker.flag("request_cache")?.unwrap_or(true);
    search.look.version |= taker.flag("version")?.unwrap_or(false);
    search.look.seq_no |= taker.flag("seq_no_primary_term")?.unwrap_or(false);
    search.request.explain |= taker.flag("explain")?.unwrap_or(false);
    search.request.scores |= taker.flag("track_scores")?.unwrap_or(false);
    Ok(())
}

/// Adds the query of the address to that of the body.
pub(super) fn add_query(search: &mut EsSearch, in_address: Option<Query>) {
    let Some(query) = in_address else { return };
    search.request.query = match std::mem::replace(&mut search.request.query, Query::All) {
        Query::All => query,
        other => Query::Bool(Bool { must: vec![query, other], ..Bool::default() }),
    };
}

/// Returns the query of `q=`.
pub(super) fn text_query(taker: &mut Taker, indices: &[IndexName]) -> Result<Option<Query>, RequestError> {
    let df = taker.take("df");
    let need = match taker.take("default_operator") {
        None => Need::Any,
        Some(operator) if operator.eq_ignore_ascii_case("or") => Need::Any,
        Some(operator) if operator.eq_ignore_ascii_case("and") => Need::All,
        Some(_) => {
            let error = QueryError::illegal("`default_operator` must be and or or");
            return Err(error.at("default_operator").into());
        }
    };
    // Patterns are always analysed.
    taker.only("analyze_wildcard", &["true"])?;
    let lenient = taker.flag("lenient")?.unwrap_or(false);
    let Some(q) = taker.take("q") else { return Ok(None) };
    let known = known_field(indices);
    // A field that no index has is one that no document has anything in.
    let is_field = |name: &str| !name.ends_with(EXACT) || known(name);
    let field = |name: &str| is_field(name).then(|| vec![FieldBoost::new(name)]);
    let options = TextOptions {
        fields: df.map(FieldBoost::new).into_iter().collect(),
        need,
        lenient,
        ..TextOptions::new(Syntax::QueryString, &field)
    };
    let query = parse_text(&q, &options, &mut Clauses::default());
    Ok(Some(query.map_err(|error| error.at("q").named("query_shard_exception").late())?))
}

/// Searches all views as one, on this thread.
fn answer<'a>(
    state: &Elastic,
    inquiry: &Inquiry<'_>,
    search: &'a EsSearch,
    indices: &[IndexName],
) -> Result<present::SearchAnswer<'a>, RequestError> {
    let response = match &search.point {
        Some((id, keep)) => inquiry.search_at(&search.request, &state.points.views(id, *keep)?)?,
        None => inquiry.search_all(&search.request, indices)?,
    };
    let groups: Vec<_> = response.hits.iter().map(|hit| hit.group.clone()).collect();
    let mut answer = present(response, search, indices.len());
    for inner in &search.inner {
        answer.add_inner(&inner.name, |at| {
            let group = groups.get(at).and_then(Option::as_ref);
            let Some((field, group)) = search.request.collapse.as_ref().zip(group) else { return Ok(None) };
            let own = inner.of_group(&search.request, field, group);
            let response = match &search.point {
                Some((id, keep)) => inquiry.search_at(&own.request, &state.points.views(id, *keep)?)?,
                None => inquiry.search_all(&own.request, indices)?,
            };
            Ok::<_, RequestError>(Some(present(response, &own, indices.len()).only_hits()))
        })?;
    }
    if let Some(suggest) = &search.suggest {
        answer.suggest = Some(suggest::answer(inquiry, suggest, indices, search.typed_keys)?);
    }
    Ok(answer)
}

/// Returns a request that counts and gives no hits.
async fn count_of(state: &Elastic, mut search: EsSearch, indices: &[IndexName]) -> Result<u64, RequestError> {
    (search.request.size, search.request.from, search.request.count_all) = (0, 0, true);
    search.request.aggregations.clear();
    let (engine, indices) = (state.search.clone(), indices.to_vec());
    let pool = state.pool_for(IndexName::any_past(&indices));
    let found = pool.run(move || Ok(engine.begin().search_all(&search.request, &indices)?)).await?;
    // A part of a count is none.
    if found.timed_out { Err(SearchError::TooLong.into()) } else { Ok(found.total) }
}

/// `_count`, `{index}/_count`
pub(super) async fn count(mut taker: Taker, State(state): State<Elastic>, body: Bytes) -> Answer {
    let indices = taker.indices()?;
    let mut search = body::parse_query_alone(body::json(&body)?, &indices)?;
    add_query(&mut search, text_query(&mut taker, &indices)?);
    let ends_after: Option<u64> =
        match taker.take("terminate_after") {
            Some(text) => Some(text.parse().map_err(|_| {
                QueryError::illegal("`terminate_after` must be a number").at("terminate_after")
            })?),
            None => None,
        };
    let ends_after = ends_after.filter(|most| *most > 0);
    taker.end()?;
    let total = count_of(&state, search, &indices).await.map_err(EsError::at_shards)?;
    let total = ends_after.map_or(total, |most| total.min(most));
    Ok(Json(json!({"count": total, "_shards": shards(indices.len())})).into_response())
}

/// The most searches of one `_msearch`.
const MAX_SEARCHES: usize = 50;

/// `_msearch`, `{index}/_msearch`
pub(super) async fn msearch(mut taker: Taker, State(state): State<Elastic>, body: Bytes) -> Answer {
    let index = taker.index().map(str::to_owned);
    let as_number = taker.flag("rest_total_hits_as_int")?.unwrap_or(false);
    let typed_keys = taker.flag("typed_keys")?.unwrap_or(false);
    taker.end()?;
    let text = std::str::from_utf8(&body).map_err(|_| QueryError::new("the body is no UTF-8"))?;
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(QueryError::illegal("The msearch request must be terminated by a newline [\n]").into());
    }
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return Err(no_body().into());
    }
    if lines.len() > MAX_SEARCHES * 2 {
        return Err(QueryError::illegal(format!("at most {MAX_SEARCHES} searches are taken at once")).into());
    }
    let mut asked = Vec::new();
    for pair in lines.chunks(2) {
        let [header, body] = pair else {
            if pair.iter().all(|line| line.trim().is_empty()) {
                continue;
            }
            return Err(QueryError::new("each header needs a body on the next line").into());
        };
        asked.push(one_of_many(&state, header, body, index.as_deref()).and_then(|(indices, mut search)| {
            search.typed_keys = typed_keys;
            if as_number {
                search.total_as_number()?;
            }
            Ok((indices, search))
        }));
    }
    let past = asked.iter().flatten().any(|(indices, _)| IndexName::any_past(indices));
    let shared = state.clone();
    Ok(state.pool_for(past).run(move || all_of(&shared, asked)).await?.into_response())
}

/// Several searches one after another: on one thread, so that they share what one request may spend.
fn all_of(
    state: &Elastic,
    asked: Vec<Result<(Vec<IndexName>, EsSearch), RequestError>>,
) -> Result<Written, RequestError> {
    let (mut written, mut took) = (Written::default(), 0);
    let inquiry = state.search.begin();
    written.add_text("{\"responses\":[");
    for (at, one) in asked.into_iter().enumerate() {
        if at > 0 {
            written.add_text(",");
        }
        let (indices, search) = match one {
            Ok(one) => one,
            Err(error) => {
                written.add(&EsError::from(error).body())?;
                continue;
            }
        };
        match answer(state, &inquiry, &search, &indices) {
            Ok(answer) => {
                took += answer.took;
                written.add(&answer.of_many())?;
            }
            Err(error) => written.add(&EsError::at_shards(error).body())?,
        }
    }
    written.add_text(&format!("],\"took\":{took}}}"));
    Ok(written)
}

/// One search of several: a header and a body.
fn one_of_many(
    state: &Elastic,
    header: &str,
    body: &str,
    default: Option<&str>,
) -> Result<(Vec<IndexName>, EsSearch), RequestError> {
    let mut header = Fields::new(body::json(header.as_bytes())?, "")?;
    let names = header.texts("index")?;
    let index = if names.is_empty() { default.map(str::to_owned) } else { Some(names.join(",")) };
    let mut params = Vec::new();
    while let Some((name, value)) = header.take_any() {
        params.push((name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    let mut taker = Taker::new(params).of(index);
    let body = body::json(body.as_bytes())?;
    let indices = match body::point_of(&body) {
        Some(id) => state.points.indices(id)?,
        None => taker.indices()?,
    };
    let may_be_kept = taker.flag("request_cache")?.unwrap_or(true);
    taker.end()?;
    let mut search = body::parse(body, &indices)?;
    search.request.may_be_kept = may_be_kept;
    Ok((indices, search))
}

/// `_validate/query`
pub(super) async fn validate(mut taker: Taker, State(state): State<Elastic>, body: Bytes) -> Answer {
    let index = taker.index().unwrap_or("_all").to_owned();
    let explain = taker.flag("explain")?.unwrap_or(false);
    let indices = taker.indices()?;
    let in_address = text_query(&mut taker, &indices);
    taker.end()?;
    let checked = async {
        let mut search = body::parse_query_alone(body::json(&body)?, &indices)?;
        add_query(&mut search, in_address?);
        count_of(&state, search, &indices).await
    };
    let error = match checked.await {
        Ok(_) => None,
        Err(error) if error.status() == 400 => Some(error.to_string()),
        Err(error) => return Err(error.into()),
    };
    let mut answer = json!({"valid": error.is_none(), "_shards": {"total": 1, "successful": 1, "failed": 0}});
    if let (true, Some(fields)) = (explain, answer.as_object_mut()) {
        fields.insert(
            "explanations".to_owned(),
            json!([{"index": index, "valid": error.is_none(), "error": error}]),
        );
    }
    Ok(Json(answer).into_response())
}
