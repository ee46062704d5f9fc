//! Questions of clients about the server: its name, its indices, their fields and health, how text is analysed.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query as Params, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use query::{Fields, IndexName, QueryError, matches_path};
use serde_json::{Map, Value, json};
use views::{EXACT, FieldKind};

use super::{
    answer::{Answer, Pairs},
    body,
    mapping::{self, mapping_of, settings_of},
    node::{CLUSTER, NODE, VERSION},
    params::{ALIAS, Taker},
    pipeline, waiting,
};
use crate::{door::error::RequestError, state::ApiState};

/// `GET /`
pub(super) async fn root() -> Response {
    Json(json!({
        "name": NODE, "cluster_name": CLUSTER, "cluster_uuid": CLUSTER,
        "version": {
            "number": VERSION, "build_flavor": "default", "build_type": "tar", "build_hash": "morgue",
            "build_date": "2026-01-01T00:00:00.000Z", "build_snapshot": false, "lucene_version": "9.12.0",
            "minimum_wire_compatibility_version": "7.17.0", "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    }))
    .into_response()
}

/// `HEAD {index}`, and `GET {index}`: its mapping, settings and aliases.
pub(super) async fn index(mut taker: Taker, State(state): State<ApiState>) -> Answer {
    if let Some(name) = taker.index().filter(|name| pipeline::is_index(name, &state.mappings)) {
        let described = json!({name: pipeline::described(name, &state.mappings)});
        taker.end()?;
        return Ok(Json(described).into_response());
    }
    let indices = taker.indices()?;
    taker.end()?;
    let mut answer = Map::new();
    for index in indices {
        let mut whole = mapping::whole_of(&index);
        if let Some(fields) = whole.as_object_mut() {
            fields.insert("aliases".to_owned(), aliases_of(&index));
        }
        answer.insert(index.to_string(), whole);
    }
    Ok(Json(answer).into_response())
}

/// Returns the alias stands for the views as they are.
pub(super) fn aliases_of(index: &IndexName) -> Value {
    if index.as_of.is_some() { json!({}) } else { json!({ALIAS: {}}) }
}

/// `_settings`, `{index}/_settings`
pub(super) async fn settings(mut taker: Taker) -> Answer {
    let indices = taker.indices()?;
    // There are no others, whichever are asked for.
    taker.take("include_defaults");
    taker.only("flat_settings", &["false"])?;
    taker.end()?;
    let of = |index: IndexName| (index.to_string(), json!({"settings": settings_of()}));
    Ok(Json(indices.into_iter().map(of).collect::<Map<_, _>>()).into_response())
}

/// `_mapping`, `{index}/_mapping`
pub(super) async fn mapping(mut taker: Taker) -> Answer {
    let indices = taker.indices()?;
    taker.end()?;
    let of = |index: IndexName| (index.to_string(), json!({"mappings": mapping_of(index.view)}));
    let answer: Map<String, Value> = indices.into_iter().map(of).collect();
    Ok(Json(answer).into_response())
}

/// `_field_caps`, `{index}/_field_caps`
pub(super) async fn field_caps(mut taker: Taker, body: Bytes) -> Answer {
    let indices = taker.indices()?;
    // No field of any index is unmapped.
    taker.flag("include_unmapped")?;
    taker.flag("include_empty_fields")?;
    taker.only("filters", &[""])?;
    taker.take("types");
    let mut wanted: Vec<String> =
        taker.take("fields").map(|fields| fields.split(',').map(str::to_owned).collect()).unwrap_or_default();
    taker.end()?;
    let mut object = Fields::new(body::json(&body)?, "")?;
    wanted.extend(object.texts("fields")?);
    object.end()?;
    if wanted.is_empty() {
        wanted.push("*".to_owned());
    }
    let mut fields = Map::new();
    for index in &indices {
        for field in index.view.fields() {
            let mut add = |name: &str, kind: &str, aggregatable: bool| {
                if wanted.iter().any(|pattern| matches_path(pattern, name)) {
                    let types = fields.entry(name).or_insert_with(|| json!({}));
                    let caps = json!({
                        "type": kind, "metadata_field": false, "searchable": true, "aggregatable": aggregatable,
                    });
                    if let Some(types) = types.as_object_mut() {
                        types.insert(kind.to_owned(), caps);
                    }
                }
            };
            match field.kind {
                FieldKind::Text(_) => add(field.name, "text", false),
                FieldKind::Keyword => add(field.name, "keyword", true),
                FieldKind::TextAndKeyword(_) => {
                    add(field.name, "text", false);
                    add(&format!("{}.keyword", field.name), "keyword", true);
                }
                FieldKind::Date => add(field.name, "date", true),
                FieldKind::Number => add(field.name, "long", true),
            }
            if field.is_stemmed() {
                add(&format!("{}{EXACT}", field.name), "text", false);
            }
        }
    }
    let indices: Vec<String> = indices.iter().map(IndexName::to_string).collect();
    Ok(Json(json!({"indices": indices, "fields": fields})).into_response())
}

/// `_cluster/health`: green when all that was written can be found. With `wait_for_status` it waits for that.
pub(super) async fn health(mut taker: Taker, State(state): State<ApiState>) -> Answer {
    let views = taker.views()?;
    taker.time("timeout")?;
    taker.only("level", &["cluster", "indices", "shards"])?;
    taker.take("wait_for_nodes");
    taker.take("wait_for_events");
    let wanted = taker.take("wait_for_status");
    if wanted.as_deref().is_some_and(|status| !matches!(status, "green" | "yellow" | "red")) {
        let error = QueryError::illegal("`wait_for_status` must be green, yellow or red");
        return Err(error.at("wait_for_status").into());
    }
    // Nothing is ever moved, and there is one node.
    taker.take("wait_for_no_relocating_shards");
    taker.take("wait_for_no_initializing_shards");
    taker.end()?;
    if wanted.as_deref() == Some("green") {
        let head = state.search.log().head().map_err(RequestError::from)?.seq;
        waiting::wait_for(&state, &views, vec![head]).await?;
    }
    let count = views.len();
    let search = state.search.clone();
    let lag = state
        .door
        .pool
        .run(move || {
            let head = search.log().head()?.seq.get();
            let mut lag = 0;
            for view in views {
                lag = lag.max(head.saturating_sub(search.indexes().live(view)?.reached()?.get()));
            }
            Ok(lag)
        })
        .await?;
    let timed_out = lag > 0 && wanted.as_deref() == Some("green");
    Ok(Json(json!({
        "cluster_name": CLUSTER, "status": if lag == 0 { "green" } else { "yellow" }, "timed_out": timed_out,
        "number_of_nodes": 1, "number_of_data_nodes": 1, "active_primary_shards": count, "active_shards": count,
        "relocating_shards": 0, "initializing_shards": 0, "unassigned_shards": 0, "delayed_unassigned_shards": 0,
        "number_of_pending_tasks": lag, "number_of_in_flight_fetch": 0, "task_max_waiting_in_queue_millis": 0,
        "active_shards_percent_as_number": 100.0,
    }))
    .into_response())
}

/// `_data_stream`, `_data_stream/{name}`: there are none, which clients ask before they copy from or to an index.
pub(super) async fn data_streams(name: Option<Path<String>>, Params(params): Pairs) -> Answer {
    let mut taker = Taker::new(params);
    taker.indices()?;
    taker.end()?;
    match name.filter(|name| !name.0.contains('*') && name.0 != "_all") {
        Some(Path(name)) => Err(RequestError::NoIndex(name.chars().take(200).collect()).into()),
        None => Ok(Json(json!({"data_streams": []})).into_response()),
    }
}

/// `_alias`, `{index}/_alias`
pub(super) async fn alias(mut taker: Taker) -> Answer {
    let indices = taker.indices()?;
    taker.end()?;
    let of = |index: IndexName| (index.to_string(), json!({"aliases": aliases_of(&index)}));
    let answer: Map<String, Value> = indices.into_iter().map(of).collect();
    Ok(Json(answer).into_response())
}

/// `_alias/{name}`: whether there is one, and what it stands for.
pub(super) async fn alias_named(Path(name): Path<String>, params: Pairs) -> Answer {
    alias_of(Path(("_all".to_owned(), name)), params).await
}

/// `{index}/_alias/{name}`
pub(super) async fn alias_of(Path((index, name)): Path<(String, String)>, Params(params): Pairs) -> Answer {
    if name.split(',').any(|name| matches_path(name, ALIAS)) {
        return alias(Taker::new(params).of(Some(index))).await;
    }
    let body = json!({"error": format!("alias [{name}] missing"), "status": 404});
    Ok((StatusCode::NOT_FOUND, Json(body)).into_response())
}

/// `{index}/_refresh`: what is in the log will be found; the workers are at it all the time.
pub(super) async fn refresh(mut taker: Taker, State(state): State<ApiState>) -> Answer {
    let written = taker.index().and_then(|name| pipeline::view_behind(name, &state.mappings));
    let views = written.map_or_else(|| taker.views(), |view| Ok(vec![view]))?;
    taker.end()?;
    let head = state.search.log().head().map_err(RequestError::from)?.seq;
    waiting::wait_for(&state, &views, vec![head]).await?;
    Ok(Json(json!({"_shards": {"total": views.len(), "successful": views.len(), "failed": 0}}))
        .into_response())
}
