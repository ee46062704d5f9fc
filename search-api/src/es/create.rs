//! Requests that make an index or change its fields in a cluster: here the indices and their fields are given. What agrees with them
//! is acknowledged, so that tools go on; what does not is refused with the difference.

use axum::{Json, body::Bytes, extract::State, response::IntoResponse};
use query::{Fields, QueryError, kind_of};
use serde_json::{Value, json};
use views::{Analyser, ViewId};

use super::{
    answer::Answer,
    body,
    mapping::mapping_of,
    params::{ALIAS, Taker, view_of},
    pipeline,
};
use crate::state::ApiState;

/// Answers `PUT {index}`.
pub(super) async fn index(mut taker: Taker, State(state): State<ApiState>, body: Bytes) -> Answer {
    let name = taker.index().unwrap_or_default().to_owned();
    if pipeline::is_index(&name, &state.mappings) {
        // Its fields are those that the mapping reads.
        no_waiting(&mut taker)?;
        taker.end()?;
        body::json(&body)?;
        let made = json!({"acknowledged": true, "shards_acknowledged": true, "index": name});
        return Ok(Json(made).into_response());
    }
    let view = view_of(&name)?;
    no_waiting(&mut taker)?;
    taker.end()?;
    let mut object = Fields::new(body::json(&body)?, "")?;
    if let Some(mappings) = object.take("mappings") {
        agrees(view, mappings, "/mappings")?;
    }
    if let Some(settings) = object.take("settings") {
        settings_agree(settings, "/settings")?;
    }
    if let Some(aliases) = object.take("aliases") {
        let others = aliases.as_object().is_none_or(|all| all.keys().any(|name| name != ALIAS));
        if others {
            let why = format!("the only alias is `{ALIAS}`, which stands for all indices");
            return Err(QueryError::illegal(why).at("/aliases").into());
        }
    }
    object.end()?;
    Ok(Json(json!({"acknowledged": true, "shards_acknowledged": true, "index": view.name()})).into_response())
}

/// Answers `PUT {index}/_mapping`.
pub(super) async fn mapping(mut taker: Taker, State(state): State<ApiState>, body: Bytes) -> Answer {
    if taker.index().is_some_and(|name| pipeline::is_index(name, &state.mappings)) {
        body::json(&body)?;
        return Ok(Json(json!({"acknowledged": true})).into_response());
    }
    let views = taker.views()?;
    no_waiting(&mut taker)?;
    taker.take("write_index_only");
    taker.end()?;
    let mapping = body::json(&body)?;
    for view in views {
        agrees(view, mapping.clone(), "")?;
    }
    Ok(Json(json!({"acknowledged": true})).into_response())
}

/// Answers `PUT {index}/_settings`.
pub(super) async fn settings(mut taker: Taker, body: Bytes) -> Answer {
    taker.views()?;
    no_waiting(&mut taker)?;
    taker.take("preserve_existing");
    taker.only("flat_settings", &["true", "false"])?;
    taker.end()?;
    settings_agree(body::json(&body)?, "")?;
    Ok(Json(json!({"acknowledged": true})).into_response())
}

fn no_waiting(taker: &mut Taker) -> Result<(), QueryError> {
    taker.time("timeout").map(drop)
}

/// Refuses a mapping that is another than ours.
fn agrees(view: ViewId, mapping: Value, pointer: &str) -> Result<(), QueryError> {
    let mut object = Fields::new(mapping, pointer)?;
    // What these say is of fields that are not mapped; ours are kept in the document, and not indexed.
    object.pass_over(&[
        "dynamic",
        "_source",
        "_meta",
        "date_detection",
        "numeric_detection",
        "dynamic_templates",
        "_routing",
    ]);
    let properties = object.take("properties");
    let here = object.pointer_to("properties");
    object.end()?;
    let ours = mapping_of(view);
    match (properties, ours.get("properties")) {
        (Some(properties), Some(ours)) => fields_agree(view, properties, ours, "", &here),
        _ => Ok(()),
    }
}

/// The parts of a field's mapping that say how it is found, and must be ours; the rest says how it is stored.
const OF_FINDING: [&str; 2] = ["type", "analyzer"];

fn fields_agree(
    view: ViewId,
    theirs: Value,
    ours: &Value,
    path: &str,
    pointer: &str,
) -> Result<(), QueryError> {
    let mut theirs = Fields::new(theirs, pointer)?;
    while let Some((name, field)) = theirs.take_any() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let here = theirs.pointer_to(&name);
        let refused = |why: String| {
            QueryError { es_type: "mapper_parsing_exception", ..QueryError::illegal(why) }.at(here.as_str())
        };
        let Some(own) = ours.get(&name) else {
            let known = view.name();
            return Err(refused(format!(
                "the index {known} has no field `{path}`: its fields are given, see `{known}/_mapping`"
            )));
        };
        let mut field = Fields::new(field, &here)?;
        for option in OF_FINDING {
            // An object need not say that it is one.
            let usual = json!("object");
            let own =
                own.get(option).or_else(|| own.get("properties").map(|_| &usual)).unwrap_or(&Value::Null);
            let agrees = |value: &Value| {
                let is_ours = value == own || (option == "analyzer" && is_one_of_ours(value, own));
                is_ours || (value == "nested" && own == "object")
            };
            if let Some(value) = field.take(option).filter(|value| !agrees(value)) {
                let (value, own) = (shown(&value), shown(own));
                return Err(refused(format!("the field `{path}` has the {option} {own}, not {value}")));
            }
        }
        for inner in ["properties", "fields"] {
            if let (Some(fields), Some(own)) = (field.take(inner), own.get(inner)) {
                fields_agree(view, fields, own, &path, &field.pointer_to(inner))?;
            }
        }
    }
    Ok(())
}

/// Returns true if our analysers take what Elasticsearch's of these names are for.
fn is_one_of_ours(theirs: &Value, ours: &Value) -> bool {
    match theirs.as_str() {
        Some("standard" | "simple") => ours == Analyser::Exact.name(),
        Some("english") => ours == Analyser::Text.name(),
        _ => false,
    }
}

fn shown(value: &Value) -> String {
    let text: String = value.as_str().unwrap_or(kind_of(value)).chars().take(80).collect();
    format!("`{text}`")
}

/// Settings of how many shards there are and when they are written, which is nobody's to say here.
const PASSED_OVER: [&str; 6] = [
    "number_of_shards",
    "number_of_replicas",
    "refresh_interval",
    "auto_expand_replicas",
    "codec",
    "analysis",
];

fn settings_agree(settings: Value, pointer: &str) -> Result<(), QueryError> {
    let mut object = Fields::new(settings, pointer)?;
    if let Some(inner) = object.take("index") {
        settings_agree(inner, &object.pointer_to("index"))?;
    }
    while let Some((name, _)) = object.take_any() {
        let plain = name.strip_prefix("index.").unwrap_or(&name);
        let known =
            PASSED_OVER.iter().any(|known| plain == *known || plain.starts_with(&format!("{known}.")));
        if !known {
            let name: String = name.chars().take(80).collect();
            let why =
                format!("the setting `{name}` cannot be changed here: see `_settings` for what there is");
            return Err(QueryError::illegal(why).at(object.pointer_to(&name)));
        }
    }
    Ok(())
}
