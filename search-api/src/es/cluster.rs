//! Questions about a cluster, its nodes and its tasks. There is one node, each index is one shard on it, and no task
//! outlives its request.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, Query as Params, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use indexer::ViewStatus;
use query::QueryError;
use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Pairs},
    cat,
    info::aliases_of,
    mapping,
    node::{CLUSTER, NODE, VERSION},
    params::Taker,
    present::shards,
};
use crate::{door::body::MAX_EVENTS_BODY, state::ApiState};

/// The parts of an address.
type Parts = Option<Path<HashMap<String, String>>>;

fn one_node() -> Value {
    json!({"total": 1, "successful": 1, "failed": 0})
}

/// `_nodes`, whichever of them and whatever of it is asked for: clients that sniff look for the address.
pub(super) async fn nodes(headers: HeaderMap, Params(params): Pairs) -> Answer {
    let mut taker = Taker::new(params);
    taker.time("timeout")?;
    taker.only("flat_settings", &["false"])?;
    taker.end()?;
    let address = address_in(&headers);
    let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
    let node = json!({
        "name": NODE, "transport_address": address, "host": host, "ip": host, "version": VERSION,
        "build_flavor": "default", "build_type": "tar", "build_hash": "morgue", "roles": ["data", "ingest", "master"],
        "http": {
            "bound_address": [address], "publish_address": address,
            "max_content_length_in_bytes": MAX_EVENTS_BODY,
        },
    });
    Ok(Json(json!({"_nodes": one_node(), "cluster_name": CLUSTER, "nodes": {NODE: node}})).into_response())
}

/// Returns the address by which whoever asks has reached this server: the only one that is sure to lead here.
fn address_in(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let has_port =
        host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    if has_port { host.to_owned() } else { format!("{host}:80") }
}

/// `_cluster/state`
pub(super) async fn state(parts: Parts, Params(params): Pairs) -> Answer {
    let index = parts.and_then(|Path(mut parts)| parts.remove("index"));
    let mut taker = Taker::new(params).of(index);
    let indices = taker.indices()?;
    taker.only("flat_settings", &["false"])?;
    taker.end()?;
    let of = |index: &query::IndexName| {
        let whole = json!({
            "state": "open", "settings": mapping::settings_of(), "mappings": {"_doc": mapping::mapping_of(index.view)},
            "aliases": aliases_of(index).as_object().map(|all| all.keys().cloned().collect::<Vec<_>>()),
        });
        (index.to_string(), whole)
    };
    let indices: Map<String, Value> = indices.iter().map(of).collect();
    Ok(Json(json!({
        "cluster_name": CLUSTER, "cluster_uuid": CLUSTER, "version": 1, "state_uuid": CLUSTER, "master_node": NODE,
        "blocks": {}, "nodes": {NODE: {"name": NODE, "attributes": {}, "roles": ["data", "ingest", "master"]}},
        "metadata": {"cluster_uuid": CLUSTER, "templates": {}, "indices": indices},
    }))
    .into_response())
}

/// `_cluster/stats`
pub(super) async fn stats(Params(params): Pairs, State(state): State<ApiState>) -> Answer {
    let mut taker = Taker::new(params);
    taker.time("timeout")?;
    let ids = taker.views()?;
    taker.end()?;
    let views = cat::views(&state, ids).await?;
    let is_behind = views.iter().any(|view| view.lag > 0);
    Ok(Json(json!({
        "_nodes": one_node(), "cluster_name": CLUSTER, "cluster_uuid": CLUSTER,
        "status": if is_behind { "yellow" } else { "green" },
        "indices": {
            "count": views.len(), "shards": {"total": views.len(), "primaries": views.len(), "replication": 0.0},
            "docs": {"count": documents(&views), "deleted": 0}, "store": {"size_in_bytes": bytes(&views)},
            "segments": {"count": views.iter().map(|view| view.segments).sum::<usize>()},
        },
        "nodes": {"count": {"total": 1, "data": 1, "master": 1, "ingest": 1}, "versions": [VERSION]},
    }))
    .into_response())
}

/// `_cluster/settings`: none is set.
pub(super) async fn settings(Params(params): Pairs) -> Answer {
    let mut taker = Taker::new(params);
    let defaults = taker.flag("include_defaults")?.unwrap_or(false);
    taker.take("flat_settings");
    taker.time("timeout")?;
    taker.end()?;
    let mut answer = json!({"persistent": {}, "transient": {}});
    if let (true, Some(fields)) = (defaults, answer.as_object_mut()) {
        fields.insert("defaults".to_owned(), json!({"cluster": {"name": CLUSTER}}));
    }
    Ok(Json(answer).into_response())
}

/// `_license`, which shippers of events look for before they send any. There is none to run out.
pub(super) async fn license() -> Response {
    Json(json!({"license": {
        "status": "active", "type": "basic", "uid": CLUSTER, "issued_to": CLUSTER, "issuer": CLUSTER, "max_nodes": 1,
        "start_date_in_millis": -1,
    }}))
    .into_response()
}

/// `_stats`, of some indices, and whatever of it is asked for.
pub(super) async fn index_stats(
    parts: Parts,
    Params(params): Pairs,
    State(state): State<ApiState>,
) -> Answer {
    let index = parts.and_then(|Path(mut parts)| parts.remove("index"));
    let mut taker = Taker::new(params).of(index);
    taker.only("level", &["cluster", "indices"])?;
    taker.take("include_segment_file_sizes");
    taker.take("include_unloaded_segments");
    taker.take("forbid_closed_indices");
    let ids = taker.views()?;
    taker.end()?;
    let views = cat::views(&state, ids).await?;
    let figures = |views: &[ViewStatus]| {
        let of = json!({
            "docs": {"count": documents(views), "deleted": 0},
            "store": {"size_in_bytes": bytes(views), "total_data_set_size_in_bytes": bytes(views)},
            "segments": {"count": views.iter().map(|view| view.segments).sum::<usize>()},
        });
        json!({"primaries": of, "total": of})
    };
    let of = |view: &ViewStatus| {
        let mut figures = figures(std::slice::from_ref(view));
        if let Some(fields) = figures.as_object_mut() {
            fields.insert("uuid".to_owned(), json!(view.generation));
            fields.insert("status".to_owned(), json!("open"));
        }
        (view.view.name().to_owned(), figures)
    };
    let indices: Map<String, Value> = views.iter().map(of).collect();
    Ok(Json(json!({"_shards": shards(views.len()), "_all": figures(&views), "indices": indices}))
        .into_response())
}

fn documents(views: &[ViewStatus]) -> u64 {
    views.iter().map(|view| view.digest.documents).sum()
}

fn bytes(views: &[ViewStatus]) -> u64 {
    views.iter().map(|view| view.bytes).sum()
}

/// `_tasks`: none runs on behind its request.
pub(super) async fn tasks(Params(params): Pairs) -> Answer {
    let mut taker = Taker::new(params);
    for name in ["detailed", "actions", "nodes", "parent_task_id", "wait_for_completion"] {
        taker.take(name);
    }
    taker.time("timeout")?;
    let answer = match taker.take("group_by").as_deref() {
        None | Some("nodes") => json!({"nodes": {}}),
        Some("parents") => json!({"tasks": {}}),
        Some("none") => json!({"tasks": []}),
        Some(_) => {
            return Err(QueryError::illegal("`group_by` must be nodes, parents or none")
                .at("group_by")
                .into());
        }
    };
    taker.end()?;
    Ok(Json(answer).into_response())
}

/// `_tasks/{task}`
pub(super) async fn task(Path(task): Path<String>) -> Response {
    let task: String = task.chars().take(80).collect();
    let reason = format!("task [{task}] isn't running and hasn't stored its results");
    let one = json!({"type": "resource_not_found_exception", "reason": reason});
    let mut whole = one.clone();
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("root_cause".to_owned(), json!([one]));
    }
    (StatusCode::NOT_FOUND, Json(json!({"error": whole, "status": 404}))).into_response()
}

/// `_resolve/index/{name}`: the indices and aliases that names mean.
pub(super) async fn resolve(Path(name): Path<String>, Params(params): Pairs) -> Answer {
    let mut taker = Taker::new(params).of(Some(name.clone()));
    taker.take("mode");
    let indices = taker.indices()?;
    taker.end()?;
    let names: Vec<String> = indices.iter().map(ToString::to_string).collect();
    let one = |index: &query::IndexName| {
        let aliases = aliases_of(index).as_object().map(|all| all.keys().cloned().collect::<Vec<_>>());
        json!({"name": index.to_string(), "aliases": aliases, "attributes": ["open"]})
    };
    let shown: Vec<Value> = indices.iter().map(one).collect();
    let is_meant = name.split(',').any(|name| query::matches_path(name, super::params::ALIAS));
    let aliases =
        if is_meant { json!([{"name": super::params::ALIAS, "indices": names}]) } else { json!([]) };
    Ok(Json(json!({"indices": shown, "aliases": aliases, "data_streams": []})).into_response())
}
