//! `_terms_enum`: the exact values of a field that begin so. They are counted in the documents that readers see, so that a
//! value which is in none of them is not told, as it may be still in the index's dictionary.

use axum::{Json, body::Bytes, extract::State, response::IntoResponse};
use query::{
    Aggregation, AggregationKind, BucketKey, BucketOrder, Fields, KeySet, Keys, OrderBy, Pattern, QueryError,
    SearchRequest, Terms,
};
use serde_json::json;

use super::{
    answer::Answer,
    body::{self, query_of},
    error::{EsError, invalid},
    params::Taker,
    present::shards,
    times::time,
};
use crate::state::ApiState;
use query::IndexName;
use views::ARTICLES;

/// The most values of one answer.
const MAX_SIZE: usize = 1_000;
/// The longest beginning, in bytes.
const MAX_START: usize = 100;

/// `{index}/_terms_enum`
pub(super) async fn terms_enum(mut taker: Taker, State(state): State<ApiState>, body: Bytes) -> Answer {
    let indices = taker.indices()?;
    taker.end()?;
    let mut object = Fields::new(body::json(&body)?, "")?;
    let field = object.text("field")?.ok_or_else(|| invalid("field cannot be null"))?;
    let start = object.text("string")?.unwrap_or_default();
    let size = object.count("size")?.unwrap_or(10);
    let any_case = object.flag("case_insensitive")?.unwrap_or(false);
    let after = object.text("search_after")?;
    let limit = object.text("timeout")?.map(|text| time(&text)).transpose()?;
    let filter = object.take("index_filter");
    object.end()?;
    if size > MAX_SIZE || start.len() > MAX_START {
        let why = format!("at most {MAX_SIZE} values that begin with {MAX_START} bytes are given");
        return Err(QueryError::illegal(why).at("/size").into());
    }
    let like =
        Pattern::prefix(&start).map_err(|error| QueryError::illegal(error.to_string()).at("/string"))?;
    let like = if any_case { like.any_case() } else { like };
    // Of those behind a value, the ones before it are passed over.
    let wanted = if after.is_some() { MAX_SIZE } else { size };
    let terms = Terms {
        order: vec![BucketOrder { by: OrderBy::Key, descending: false }],
        keys: Keys { include: Some(KeySet::Like(like)), exclude: None },
        ..Terms::of(field, wanted.max(1))
    };
    let mut request = SearchRequest::new(indices.first().map_or(ARTICLES, |index| index.view));
    (request.size, request.lenient, request.time_limit) = (0, true, limit);
    request.query =
        filter.map_or(Ok(query::Query::All), |filter| query_of(filter, "/index_filter", &indices))?;
    request.aggregations = vec![Aggregation {
        name: "terms".to_owned(),
        kind: AggregationKind::Terms(terms),
        nested: Vec::new(),
    }];
    let (engine, searched, count) = (state.search.clone(), indices.clone(), indices.len());
    let found = state
        .pool_for(IndexName::any_past(&indices))
        .run(move || Ok(engine.begin().search_all(&request, &searched)?))
        .await
        .map_err(EsError::at_shards)?;
    let buckets = found.aggregations.first().map(|answer| answer.result.buckets()).unwrap_or_default();
    let texts = buckets.iter().filter_map(|bucket| match &bucket.key {
        BucketKey::Text(text) => Some(text),
        _ => None,
    });
    let behind = |text: &&String| after.as_ref().is_none_or(|after| *text > after);
    let terms: Vec<&String> = texts.filter(behind).take(size).collect();
    Ok(Json(json!({"_shards": shards(count), "terms": terms, "complete": !found.timed_out})).into_response())
}
