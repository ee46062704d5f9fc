//! Searches whose bodies are made from templates: `_search/template`, `_msearch/template`, `_render/template`.

mod mustache;

use axum::{
    Json,
    body::Bytes,
    extract::{Extension, State},
    response::IntoResponse,
};
use query::{Fields, QueryError, limits::MAX_BODY};
use serde_json::{Map, Value, json};

use super::{answer::Answer, body, elastic::Elastic, error::no_body, params::Taker, search};
use crate::door::asker::Asker;

/// `_search/template`, `{index}/_search/template`
pub(super) async fn search(
    mut taker: Taker,
    state: State<Elastic>,
    asker: Extension<Asker>,
    body: Bytes,
) -> Answer {
    // Said here or in the body.
    let (explain, profile) = (taker.flag("explain")?, taker.flag("profile")?);
    let mut object = Fields::new(body::json(&body)?, "")?;
    let explain = object.flag("explain")?.or(explain).unwrap_or(false);
    if object.flag("profile")?.or(profile).unwrap_or(false) {
        return Err(QueryError::illegal("`profile` is not supported").at("profile").into());
    }
    let mut made = made_of(object)?;
    if let (true, Some(fields)) = (explain, made.as_object_mut()) {
        fields.insert("explain".to_owned(), json!(true));
    }
    search::search(taker, state, asker, Bytes::from(made.to_string())).await
}

/// `_msearch/template`, `{index}/_msearch/template`: as `_msearch`, each body a template with its parameters.
pub(super) async fn msearch(taker: Taker, state: State<Elastic>, body: Bytes) -> Answer {
    let text = std::str::from_utf8(&body).map_err(|_| QueryError::new("the body is no UTF-8"))?;
    if text.is_empty() {
        return Err(no_body().into());
    }
    let mut lines = String::new();
    for (at, line) in text.split_terminator('\n').enumerate() {
        if at % 2 == 0 {
            lines.push_str(line);
        } else {
            let made = made_of(Fields::new(body::json(line.as_bytes())?, "")?);
            lines.push_str(
                &made
                    .map_err(|error| QueryError {
                        reason: format!("line {}: {}", at + 1, error.reason),
                        ..error
                    })?
                    .to_string(),
            );
        }
        lines.push('\n');
    }
    if !text.ends_with('\n') {
        lines.pop();
    }
    search::msearch(taker, state, Bytes::from(lines)).await
}

/// `_render/template`: the body that would be searched with.
pub(super) async fn render(taker: Taker, body: Bytes) -> Answer {
    taker.end()?;
    let made = made_of(Fields::new(body::json(&body)?, "")?)?;
    Ok(Json(json!({"template_output": made})).into_response())
}

/// Returns the body that a template and its parameters make.
fn made_of(mut object: Fields) -> Result<Value, QueryError> {
    if object.take("id").is_some() {
        let why = "templates are not stored: send the template itself as `source`";
        return Err(QueryError::illegal(why).at(object.pointer_to("id")));
    }
    let source = match object.need("source")? {
        Value::String(text) => text,
        source => source.to_string(),
    };
    let params = match object.take("params") {
        None => Map::new(),
        Some(Value::Object(params)) => params,
        Some(other) => return Err(object.wrong("params", "an object", &other)),
    };
    object.end()?;
    let text = mustache::render(&source, &Value::Object(params), MAX_BODY)
        .map_err(|why| QueryError::illegal(why).at("/source"))?;
    body::json(text.as_bytes()).map_err(|error| QueryError {
        reason: format!("what the template makes cannot be read: {}", error.reason),
        ..error.at("/source")
    })
}
