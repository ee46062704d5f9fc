//! Single documents: `_doc`, `_source`, `_mget`.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query as Params, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use query::{Fields, Hit, IndexName, QueryError, SourceFilter, limits::MAX_PAGE_BYTES};
use search::{Search, SearchError};
use serde_json::{Map, Value, json};
use store::AssetId;

use super::{
    body,
    error::{EsError, invalid},
    params::{Taker, index_of},
    source,
};
use crate::{door::error::RequestError, state::ApiState};

/// `GET {index}/_doc/{id}`, and `_source` alone.
pub(super) async fn document(
    Path((index, id)): Path<(String, String)>,
    State(state): State<ApiState>,
    Params(params): Params<Vec<(String, String)>>,
    source_only: bool,
) -> Result<Response, EsError> {
    let index = index_of(&index)?;
    let mut taker = Taker::new(params);
    let filter = source::of_params(&mut taker).unwrap_or(SourceFilter::All);
    taker.flag("refresh")?;
    taker.end()?;
    let search = state.search.clone();
    let (name, pool) = (index.to_string(), state.pool_for(index.as_of.is_some()));
    let found = pool.run(move || find(&search, &index, &id).map(|hit| (hit, id))).await?;
    Ok(match found {
        (Some(hit), _) if source_only => Json(filter.apply(hit.document).unwrap_or_default()).into_response(),
        (Some(hit), _) => Json(present(hit, &filter)).into_response(),
        (None, id) if source_only => {
            return Err(RequestError::NotFound(format!("Document not found [{name}]/[{id}]")).into());
        }
        (None, id) => {
            let body = json!({"_index": name, "_id": id, "found": false});
            (StatusCode::NOT_FOUND, Json(body)).into_response()
        }
    })
}

/// Returns a document as readers see it; `None` when they do not, or not any more, for which Elasticsearch has no word,
/// or the id can be none.
pub(super) fn find(search: &Search, index: &IndexName, id: &str) -> Result<Option<Hit>, RequestError> {
    let Ok(id) = AssetId::new(id) else { return Ok(None) };
    match search.document_of(index, id) {
        Ok(hit) => Ok(Some(hit)),
        Err(SearchError::NoSuchAsset(_) | SearchError::Gone(..)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn present(hit: Hit, filter: &SourceFilter) -> Value {
    let mut shown: Map<String, Value> = [
        ("_index".to_owned(), json!(hit.index.to_string())),
        ("_id".to_owned(), json!(hit.id)),
        ("_version".to_owned(), json!(hit.revision)),
        ("_seq_no".to_owned(), json!(hit.seq)),
        ("_primary_term".to_owned(), json!(1)),
        ("found".to_owned(), json!(true)),
    ]
    .into_iter()
    .collect();
    if let Some(source) = filter.apply(hit.document) {
        shown.insert("_source".to_owned(), Value::Object(source));
    }
    Value::Object(shown)
}

/// The most documents of one `_mget`.
const MAX_DOCUMENTS: usize = 1_000;

/// More than may be given or read at once.
fn too_much(documents: usize) -> QueryError {
    QueryError::illegal(format!(
        "the documents are too much for one answer after {documents} of them: ask for fewer at once, or for less of \
         each with `_source`; an answer has at most {} MB of them",
        MAX_PAGE_BYTES >> 20
    ))
    .at("/docs")
}

/// `_mget`, `{index}/_mget`
pub(super) async fn mget(
    mut taker: Taker,
    State(state): State<ApiState>,
    body: Bytes,
) -> Result<Response, EsError> {
    let index = taker.index().map(str::to_owned);
    let usual = source::of_params(&mut taker).unwrap_or(SourceFilter::All);
    taker.end()?;
    let mut object = Fields::new(body::json(&body)?, "")?;
    let mut wanted: Vec<(String, String, SourceFilter)> = Vec::new();
    let missing = || QueryError::illegal("an index is missing: articles, images or bylines").at("/docs");
    for id in object.texts("ids")? {
        wanted.push((index.clone().ok_or_else(missing)?, id, usual.clone()));
    }
    for (at, value) in object.list("docs").into_iter().enumerate() {
        let mut one = Fields::new(value, &format!("/docs/{at}"))?;
        let own = one.text("_index")?.or_else(|| index.clone()).ok_or_else(missing)?;
        let filter = one.take("_source").map_or_else(|| Ok(usual.clone()), source::of_json)?;
        let id = one.text("_id")?.ok_or_else(|| invalid(&format!("id is missing for doc {at}")))?;
        wanted.push((own, id, filter));
        one.pass_over(&["routing", "_type"]);
        one.end()?;
    }
    object.end()?;
    if wanted.is_empty() {
        return Err(invalid("no documents to get").into());
    }
    if wanted.len() > MAX_DOCUMENTS {
        return Err(
            QueryError::illegal(format!("at most {MAX_DOCUMENTS} documents are given at once")).into()
        );
    }
    let search = state.search.clone();
    let past = wanted.iter().any(|(index, ..)| index.contains('@'));
    let docs = state
        .pool_for(past)
        .run(move || {
            let mut docs = Vec::new();
            let (budget, mut bytes) = (search.begin().budget(), 0);
            for (index, id, filter) in wanted {
                // However large it is, the first can be given.
                if !docs.is_empty() && (bytes > MAX_PAGE_BYTES || budget.check()) {
                    return Err(too_much(docs.len()).into());
                }
                docs.push(match index_of(&index) {
                    Err(error) => {
                        json!({"_index": index, "_id": id, "error": super::error::body(&error).get("error")})
                    }
                    Ok(index) => match find(&search, &index, &id)? {
                        Some(hit) => {
                            bytes += filter.bytes(&hit.document);
                            present(hit, &filter)
                        }
                        None => json!({"_index": index.to_string(), "_id": id, "found": false}),
                    },
                });
            }
            Ok(docs)
        })
        .await?;
    Ok(Json(json!({"docs": docs})).into_response())
}
