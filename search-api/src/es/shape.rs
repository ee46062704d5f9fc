//! Parameters of any answer: `filter_path` leaves parts of it out, `pretty` sets it in lines.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use query::{Pattern, QueryError};
use serde_json::{Map, Value};

use super::{error::EsError, params::pairs};
use crate::door::error::RequestError;

/// The most paths of a `filter_path`.
const MAX_PATHS: usize = 64;

/// Shapes the answer to a request as its URL asks.
pub(super) async fn shaped<F: Future<Output = Response>>(
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let params = match pairs(request.uri()) {
        Ok(params) => params,
        Err(error) => return EsError::from(error).into_response(),
    };
    let param = |name: &str| params.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let pretty = param("pretty").is_some_and(|value| value != "false");
    let paths = match param("filter_path").map(Paths::new) {
        Some(Err(error)) => return EsError::from(error.at("filter_path")).into_response(),
        Some(Ok(paths)) => Some(paths),
        None => None,
    };
    let response = next(request).await;
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.contains("json")));
    if !is_json || !(pretty || paths.is_some()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // It is an answer of ours, which is in memory already.
    let bytes = match to_bytes(body, usize::MAX).await {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::error!(%error, "an answer broke off before it could be shaped");
            return EsError::from(RequestError::Panicked).into_response();
        }
    };
    // An empty one, or one of several lines, has no paths.
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    if let (Some(paths), true) = (paths, parts.status.is_success()) {
        value = paths.apply(value);
    }
    let text = if pretty { format!("{value:#}\n") } else { value.to_string() };
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(text.len()));
    Response::from_parts(parts, Body::from(text))
}

/// The paths of a `filter_path`: what is kept, and behind a minus what is left out.
struct Paths {
    kept: Vec<Vec<PathStep>>,
    left_out: Vec<Vec<PathStep>>,
}

/// One step of a path.
#[derive(Clone)]
enum PathStep {
    /// `**`: any number of steps.
    Any,
    Name(String),
    Like(Pattern),
}

impl Paths {
    fn new(text: &str) -> Result<Self, QueryError> {
        query::limits::check_text(text)?;
        let mut paths = Self { kept: Vec::new(), left_out: Vec::new() };
        for path in text.split(',').filter(|path| !path.is_empty()) {
            let (path, list) = match path.strip_prefix('-') {
                Some(path) => (path, &mut paths.left_out),
                None => (path, &mut paths.kept),
            };
            let step = |step: &str| match step {
                "**" => Ok(PathStep::Any),
                step if step.contains('*') => Pattern::wildcard(step)
                    .map(PathStep::Like)
                    .map_err(|error| QueryError::illegal(error.to_string())),
                step => Ok(PathStep::Name(step.to_owned())),
            };
            list.push(path.split('.').map(step).collect::<Result<_, _>>()?);
        }
        if paths.kept.len() + paths.left_out.len() > MAX_PATHS {
            return Err(QueryError::illegal(format!("at most {MAX_PATHS} paths are taken")));
        }
        Ok(paths)
    }

    fn apply(&self, value: Value) -> Value {
        let mut value = value;
        if !self.left_out.is_empty() {
            let paths: Vec<&[PathStep]> = self.left_out.iter().map(Vec::as_slice).collect();
            without(&mut value, &paths);
        }
        if self.kept.is_empty() {
            return value;
        }
        let paths: Vec<&[PathStep]> = self.kept.iter().map(Vec::as_slice).collect();
        only(value, &paths).unwrap_or_else(|| Value::Object(Map::new()))
    }
}

/// Returns what is left of the paths behind a name; an empty one ends here.
fn behind<'a>(paths: &[&'a [PathStep]], name: &str) -> Vec<&'a [PathStep]> {
    let mut found: Vec<&[PathStep]> = Vec::new();
    for path in paths {
        let mut path = *path;
        while let [PathStep::Any, rest @ ..] = path {
            found.push(path);
            if rest.is_empty() {
                found.push(rest);
            }
            path = rest;
        }
        if let [step, rest @ ..] = path {
            let fits = match step {
                PathStep::Name(own) => own == name,
                PathStep::Like(pattern) => pattern.matches(name),
                PathStep::Any => false,
            };
            if fits {
                found.push(rest);
            }
        }
    }
    // The same rest may have been reached in several ways.
    found.sort_by_key(|rest| (rest.as_ptr(), rest.len()));
    found.dedup_by_key(|rest| (rest.as_ptr(), rest.len()));
    found
}

fn only(value: Value, paths: &[&[PathStep]]) -> Option<Value> {
    match value {
        Value::Object(object) => {
            let mut kept = Map::new();
            for (name, value) in object {
                let rest = behind(paths, &name);
                let value =
                    if rest.iter().any(|rest| rest.is_empty()) { Some(value) } else { only(value, &rest) };
                kept.extend(value.map(|value| (name, value)));
            }
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(list) => {
            let kept: Vec<Value> = list.into_iter().filter_map(|value| only(value, paths)).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        _ => None,
    }
}

fn without(value: &mut Value, paths: &[&[PathStep]]) {
    match value {
        Value::Object(object) => object.retain(|name, value| {
            let rest = behind(paths, name);
            let goes = rest.iter().any(|rest| rest.is_empty());
            if !goes && !rest.is_empty() {
                without(value, &rest);
            }
            !goes
        }),
        Value::Array(list) => list.iter_mut().for_each(|value| without(value, paths)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_keep_and_leave_out() {
        let answer = json!({"took": 1, "hits": {"total": {"value": 2}, "hits": [
            {"_id": "a", "_source": {"headline": "A", "body": "x"}}, {"_id": "b", "_source": {"body": "y"}}]}});
        let check = |paths: &str, expected: Value| {
            assert_eq!(Paths::new(paths).unwrap().apply(answer.clone()), expected, "{paths}");
        };
        check("took", json!({"took": 1}));
        check("hits.hits._id", json!({"hits": {"hits": [{"_id": "a"}, {"_id": "b"}]}}));
        check("hits.*.value,to*", json!({"took": 1, "hits": {"total": {"value": 2}}}));
        check("**.headline", json!({"hits": {"hits": [{"_source": {"headline": "A"}}]}}));
        check("-hits", json!({"took": 1}));
        check("hits.hits,-**._source", json!({"hits": {"hits": [{"_id": "a"}, {"_id": "b"}]}}));
        check("mood", json!({}));
        check("", answer.clone());
        assert!(Paths::new(&"a,".repeat(65)).is_err());
    }
}
