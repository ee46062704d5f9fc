//! The event of the log that an action states.

use ingest::append::{Assets, Terms, read};
use serde_json::{Map, Value, json};
use store::AssetKind;

use super::{
    action::{Action, Verb},
    plan::Before,
};
use crate::door::error::RequestError;

/// Returns the events of an action; `None` when there is nothing to say. `mapped` are those of its document, where a
/// mapping has read it.
pub(super) fn events(
    action: &Action,
    before: &Before,
    mapped: Option<Assets>,
) -> Result<Option<Assets>, RequestError> {
    let id = action.id.as_str();
    if let Some(wanted) = action.if_seq_no {
        let found = before.live.as_ref().map_or(0, |(seq, _)| seq.get());
        if found != wanted {
            return Err(RequestError::Conflict(format!(
                "[{id}]: version conflict, required seqNo [{wanted}]; current document has seqNo [{found}]"
            )));
        }
    }
    let data = match (action.verb, &before.live) {
        (Verb::Create, Some(_)) => {
            return Err(exists(id));
        }
        _ if mapped.is_some() => return Ok(mapped),
        (Verb::Index | Verb::Create, _) => as_data(action.kind, action.document.clone()),
        (Verb::Update, Some((_, live))) => {
            let mut merged = live.clone();
            merge(&mut merged, as_data(action.kind, action.document.clone()));
            if merged == *live {
                return Ok(None);
            }
            merged
        }
        (Verb::Update, None) => match &action.upsert {
            Some(fields) => as_data(action.kind, fields.clone()),
            None => {
                return Err(RequestError::NoDocument(format!("[{id}]: document missing")));
            }
        },
        (Verb::Delete, None) => return Ok(None),
        (Verb::Delete, Some(_)) => {
            let mut data = Map::new();
            data.insert("reason".to_owned(), json!("deleted through the Elasticsearch API"));
            // A client that deletes a document brings it back by writing it again.
            data.insert("ordered_by".to_owned(), json!("source"));
            data
        }
    };
    let verb = if action.verb == Verb::Delete { "withdrawn" } else { "published" };
    let line =
        json!({"type": format!("{}.{verb}", action.kind), "id": id, "source": "elasticsearch", "data": data});
    Ok(Some(read(&line.to_string(), Terms::default())?.into()))
}

/// `create` found one, at first sight or when its turn came.
pub(super) fn exists(id: &str) -> RequestError {
    RequestError::Conflict(format!("[{id}]: version conflict, document already exists"))
}

/// Returns a document as a search returns it, as the data of an event.
fn as_data(kind: AssetKind, mut document: Map<String, Value>) -> Map<String, Value> {
    let id_of = |value: Value| match value {
        Value::Object(object) => object.get("id").cloned().unwrap_or(Value::Object(object)),
        other => other,
    };
    let computed: &[&str] = match kind {
        AssetKind::Article => &[],
        AssetKind::Image => &["used_in", "used_in_count"],
        AssetKind::Byline => {
            &["merged", "article_count", "image_count", "first_published", "last_published", "sections"]
        }
    };
    for name in computed {
        document.remove(*name);
    }
    for name in ["bylines", "images"] {
        if let (AssetKind::Article, Some(value)) = (kind, document.get_mut(name)) {
            *value = match value.take() {
                Value::Array(list) => list.into_iter().map(id_of).collect(),
                one => one,
            };
        }
    }
    if let (AssetKind::Image, Some(value)) = (kind, document.get_mut("photographer")) {
        *value = id_of(value.take());
    }
    document
}

/// Objects are merged field by field, everything else is replaced; null takes a field away.
fn merge(to: &mut Map<String, Value>, from: Map<String, Value>) {
    for (name, value) in from {
        match (to.get_mut(&name), value) {
            (_, Value::Null) => {
                to.remove(&name);
            }
            (Some(Value::Object(inner)), Value::Object(value)) => merge(inner, value),
            (_, value) => {
                to.insert(name, value);
            }
        }
    }
}
