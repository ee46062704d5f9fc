//! The parts of documents that Elasticsearch's clients ask for: `_source`, and its parts in a URL.

use query::{QueryError, SourceFilter};
use serde_json::Value;

use super::params::Taker;

/// Reads `_source` of a body.
pub(super) fn of_json(value: Value) -> Result<SourceFilter, QueryError> {
    let texts = |value: Value| -> Result<Vec<String>, QueryError> {
        let list = match value {
            Value::Array(list) => list,
            one => vec![one],
        };
        list.into_iter()
            .map(|value| match value {
                Value::String(text) => Ok(text),
                _ => Err(QueryError::new("names of fields are expected here").at("/_source")),
            })
            .collect()
    };
    Ok(match value {
        Value::Bool(true) => SourceFilter::All,
        Value::Bool(false) => SourceFilter::None,
        Value::Object(mut object) => {
            let mut take = |long: &str, short: &str| {
                object.remove(long).or_else(|| object.remove(short)).map_or_else(|| Ok(Vec::new()), texts)
            };
            let (includes, excludes) = (take("includes", "include")?, take("excludes", "exclude")?);
            // There are no vectors.
            object.remove("exclude_vectors");
            if let Some(name) = object.keys().next() {
                return Err(QueryError::new(format!("`{name}` is not supported here")).at("/_source"));
            }
            SourceFilter::Some { includes, excludes }
        }
        value => SourceFilter::Some { includes: texts(value)?, excludes: Vec::new() },
    })
}

/// Reads `_source`, `_source_includes` and `_source_excludes` in a URL.
pub(super) fn of_params(taker: &mut Taker) -> Option<SourceFilter> {
    let list = |text: Option<String>| -> Vec<String> {
        text.map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default()
    };
    let source = taker.take("_source");
    // There are no vectors.
    taker.take("_source_exclude_vectors");
    let includes = list(taker.take("_source_includes"));
    let excludes = list(taker.take("_source_excludes"));
    match source.as_deref() {
        Some("true") => Some(SourceFilter::All),
        Some("false") => Some(SourceFilter::None),
        Some(text) => Some(SourceFilter::Some { includes: list(Some(text.to_owned())), excludes }),
        None if includes.is_empty() && excludes.is_empty() => None,
        None => Some(SourceFilter::Some { includes, excludes }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sources_are_filtered() {
        let document = json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [{"f": 4, "g": 5}]});
        let check = |filter: Value, expected: Value| {
            let document = document.as_object().unwrap().clone();
            let kept = of_json(filter.clone()).unwrap().apply(document);
            assert_eq!(kept.map_or(Value::Null, Value::Object), expected, "{filter}");
        };
        check(json!(true), document.clone());
        check(json!(false), Value::Null);
        check(json!("a"), json!({"a": 1}));
        check(json!(["b.c", "e.g"]), json!({"b": {"c": 2}, "e": [{"g": 5}]}));
        check(json!("b"), json!({"b": {"c": 2, "d": 3}}));
        check(json!({"excludes": ["b.*", "e"]}), json!({"a": 1, "b": {}}));
        check(json!({"includes": "b.*", "excludes": "b.d"}), json!({"b": {"c": 2}}));
        assert!(of_json(json!(1)).is_err());
    }
}
