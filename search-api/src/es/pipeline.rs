//! Mappings as Elasticsearch's clients see them: pipelines that a write may name, and indices that are written to and not searched.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use ingest::{Mappings, NotRead, Sent, append::Terms};
use query::{Fields, QueryError};
use serde_json::{Map, Value, json};
use store::{AssetId, AssetKind, Fact};
use views::ViewId;

use super::{answer::Answer, body, error::cause, params::Taker, write::new_id};
use crate::{door::error::RequestError, es::params::view_of, state::ApiState};

/// The most documents that are tried at once.
const MAX_TRIED: usize = 100;

/// Returns true if an index is no view and a mapping is called so, by which what is written to it becomes assets.
pub(super) fn is_index(name: &str, mappings: &Mappings) -> bool {
    view_behind(name, mappings).is_some()
}

/// Returns the view that has what is written to an index of a mapping's name.
pub(super) fn view_behind(name: &str, mappings: &Mappings) -> Option<ViewId> {
    mappings.kind_of(name).filter(|_| view_of(name).is_err()).map(ViewId::of_kind)
}

/// Returns the description of an index that a mapping stands for.
pub(super) fn described(name: &str, mappings: &Mappings) -> Value {
    let says = says(name, mappings);
    json!({"aliases": {}, "mappings": {"dynamic": true, "_meta": {"morgue": says}}, "settings": {}})
}

fn says(name: &str, mappings: &Mappings) -> String {
    let view = mappings.kind_of(name).map_or("", AssetKind::plural);
    format!("documents that are written here become {view} by the mapping `{name}`; search them in `{view}`")
}

/// `GET _ingest/pipeline`, `GET _ingest/pipeline/{name}`
pub(super) async fn all(
    mut taker: Taker,
    State(state): State<ApiState>,
    path: Option<Path<String>>,
) -> Answer {
    taker.time("master_timeout")?;
    taker.flag("summary")?;
    taker.end()?;
    let wanted = path.map(|Path(name)| name).filter(|name| name != "*");
    let is_wanted =
        |name: &&str| wanted.as_deref().is_none_or(|wanted| wanted.split(',').any(|one| one == *name));
    let names: Vec<&str> = state.mappings.all_names().filter(is_wanted).collect();
    let found: Map<String, Value> = names
        .iter()
        .map(|name| {
            ((*name).to_owned(), json!({"description": says(name, &state.mappings), "processors": []}))
        })
        .collect();
    let status = if found.is_empty() && wanted.is_some() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    Ok((status, Json(found)).into_response())
}

/// `_ingest/pipeline/{name}/_simulate`: what documents become by a mapping, without writing anything.
pub(super) async fn simulate(
    mut taker: Taker,
    State(state): State<ApiState>,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    taker.only("verbose", &["false"])?;
    taker.end()?;
    if state.mappings.kind_of(&name).is_none() {
        let why = format!("pipelines are mappings, and {}", state.mappings.no_such(&name));
        return Err(QueryError::illegal(why).into());
    }
    let mut object = Fields::new(body::json(&body)?, "")?;
    let docs = match object.take("docs") {
        Some(Value::Array(docs)) if !docs.is_empty() && docs.len() <= MAX_TRIED => docs,
        _ => {
            let why = format!("`docs` must be a list of one to {MAX_TRIED} documents");
            return Err(QueryError::illegal(why).at("/docs").into());
        }
    };
    object.end()?;
    let mut sent = Vec::with_capacity(docs.len());
    for (at, one) in docs.into_iter().enumerate() {
        let mut one = Fields::new(one, &format!("/docs/{at}"))?;
        one.pass_over(&["_index", "_version", "_version_type", "_routing"]);
        let id = one.text("_id")?;
        let document = one.take("_source").ok_or_else(|| {
            QueryError::illegal("a document has its fields under `_source`").at(one.pointer_to("_source"))
        })?;
        one.end()?;
        sent.push((id, document));
    }
    let search = state.search.clone();
    let mappings = state.mappings.clone();
    let tried = state.door.pool.run(move || -> Result<Vec<Value>, RequestError> {
        let log = search.log();
        let snapshot = log.snapshot()?;
        let each = sent.into_iter().map(|(id, document)| {
            let made = if id.is_none() { Some(new_id()?) } else { None };
            let read = Sent {
                mapping: &name,
                document,
                id: id.clone().map(AssetId::new).transpose()?,
                name: id.as_deref().or(made.as_deref()),
                source: "elasticsearch",
            };
            match mappings.read(read, Terms::default(), log.clock().now(), &snapshot) {
                Ok(assets) => {
                    let event = assets.own.event;
                    let source = match &event.fact {
                        Fact::Published(content) => serde_json::to_value(content),
                        _ => Ok(Value::Null),
                    };
                    let source = source.map_err(|error| {
                        tracing::error!(%error, "an asset has no JSON");
                        RequestError::Panicked
                    })?;
                    let index = mappings.kind_of(&name).map(AssetKind::plural);
                    let others = assets.before.into_iter().map(|one| one.event.id.to_string());
                    Ok(json!({"doc": {
                        "_index": index, "_id": event.id, "_source": source,
                        "_ingest": {
                            "public": event.visibility.is_public(),
                            "with": others.collect::<Vec<_>>(),
                            "remarks": assets.own.remarks,
                        },
                    }}))
                }
                Err(NotRead::Document(error)) => {
                    let (kind, reason) = cause(&error.into());
                    Ok(json!({"error": {"type": kind, "reason": reason}}))
                }
                Err(NotRead::Log(error)) => Err(error.into()),
            }
        });
        each.collect()
    });
    Ok(Json(json!({"docs": tried.await?})).into_response())
}
