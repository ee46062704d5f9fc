//! `_explain`: whether one document matches a query, and how its score comes about.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query as Params, State},
    http::StatusCode,
    response::IntoResponse,
};
use query::{Query, QueryError, SourceFilter};
use serde_json::json;

use super::{
    answer::{Answer, Pairs},
    body,
    error::EsError,
    params::{Taker, index_of},
    present::explained,
    search::{add_query, text_query},
    source,
};
use crate::state::ApiState;

/// `{index}/_explain/{id}`
pub(super) async fn explain(
    Path((index, id)): Path<(String, String)>,
    State(state): State<ApiState>,
    Params(params): Pairs,
    body: Bytes,
) -> Answer {
    let name = index_of(&index)?;
    let indices = [name.clone()];
    let mut taker = Taker::new(params);
    let filter = source::of_params(&mut taker);
    let in_address = text_query(&mut taker, &indices)?;
    taker.end()?;
    let mut search = body::parse_query_alone(body::json(&body)?, &indices)?;
    if search.request.query == Query::All && in_address.is_none() {
        return Err(QueryError::new("query is missing").into());
    }
    add_query(&mut search, in_address);
    let mut request = search.request;
    request.post_filter = Some(Query::Ids(vec![id.clone()]));
    (request.explain, request.size, request.count_all) = (true, 1, false);
    request.source = SourceFilter::None;
    let engine = state.search.clone();
    let found = state.pool_for(name.as_of.is_some()).run(move || {
        let found = engine.begin().search_all(&request, &indices)?.hits.pop();
        let there = match &found {
            Some(_) => true,
            None => super::documents::find(&engine, &indices[0], &id)?.is_some(),
        };
        let document = match (filter, there) {
            (Some(filter), true) => {
                super::documents::find(&engine, &indices[0], &id)?.and_then(|hit| filter.apply(hit.document))
            }
            _ => None,
        };
        Ok((found, there, document, id))
    });
    let (found, there, document, id) = found.await.map_err(EsError::at_shards)?;
    let mut answer = json!({"_index": name.to_string(), "_id": id, "matched": found.is_some()});
    if let (Some(document), Some(fields)) = (document, answer.as_object_mut()) {
        fields.insert("get".to_owned(), json!({"found": true, "_source": document}));
    }
    let explanation = match &found {
        Some(hit) => hit.explanation.as_ref().map(explained),
        None if there => Some(json!({"value": 0.0, "description": "no matching clause", "details": []})),
        None => None,
    };
    if let (Some(explanation), Some(fields)) = (explanation, answer.as_object_mut()) {
        fields.insert("explanation".to_owned(), explanation);
    }
    let status = if there { StatusCode::OK } else { StatusCode::NOT_FOUND };
    Ok((status, Json(answer)).into_response())
}
