//! The order of a search as Elasticsearch's clients write it.

use query::{Fields, Missing, QueryError, Scalar, Sort, SortMode};
use serde_json::Value;

use crate::es::aggs::format_as_written;

/// `sort`: names, `{"name": "desc"}`, `{"name": {"order": "desc", "missing": "_first", "format": "yyyy"}}`.
pub(in crate::es) fn sort(value: Option<Value>) -> Result<Vec<Sort>, QueryError> {
    let list = match value {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(one) => vec![one],
    };
    let mut keys = Vec::new();
    for (at, value) in list.into_iter().enumerate() {
        let pointer = format!("/sort/{at}");
        match value {
            Value::String(name) => {
                let (name, order) = match name.rsplit_once(':') {
                    Some((start, order @ ("asc" | "desc"))) => (start.to_owned(), Some(order.to_owned())),
                    _ => (name.clone(), None),
                };
                keys.push(sort_key(name, order.as_deref(), &pointer)?);
            }
            value => {
                let mut object = Fields::new(value, &pointer)?;
                while let Some((name, how)) = object.take_any() {
                    match how {
                        Value::String(order) => keys.push(sort_key(name, Some(&order), &pointer)?),
                        how => {
                            let mut how = Fields::new(how, &object.pointer_to(&name))?;
                            let order = how.text("order")?;
                            let mut key = sort_key(name, order.as_deref(), how.pointer())?;
                            key.missing = match how.take("missing") {
                                None | Some(Value::Null) => Missing::Last,
                                Some(Value::String(last)) if last == "_last" => Missing::Last,
                                Some(Value::String(first)) if first == "_first" => Missing::First,
                                Some(value) => match Scalar::try_from(value) {
                                    Ok(value @ (Scalar::Text(_) | Scalar::Number(_))) => Missing::As(value),
                                    _ => {
                                        let text = "`missing` must be _first, _last or a value";
                                        return Err(QueryError::illegal(text).at(how.pointer_to("missing")));
                                    }
                                },
                            };
                            key.format = format_as_written(&mut how)?;
                            key.mode = mode(&mut how)?.unwrap_or(key.mode);
                            // Numbers are compared as what they are.
                            how.text("numeric_type")?;
                            key.may_lack = how.text("unmapped_type")?.is_some();
                            how.end()?;
                            keys.push(key);
                        }
                    }
                }
            }
        }
    }
    Ok(keys)
}

/// `mode`: which value of several counts.
fn mode(how: &mut Fields) -> Result<Option<SortMode>, QueryError> {
    let Some(text) = how.text("mode")? else { return Ok(None) };
    match text.to_ascii_lowercase().as_str() {
        "min" => Ok(Some(SortMode::Min)),
        "max" => Ok(Some(SortMode::Max)),
        "avg" => Ok(Some(SortMode::Avg)),
        "sum" => Ok(Some(SortMode::Sum)),
        "median" => Ok(Some(SortMode::Median)),
        _ => {
            let why = QueryError::illegal("`mode` must be min, max, avg, sum or median");
            let why = why.named("x_content_parse_exception");
            Err(why.at(how.pointer_to("mode")))
        }
    }
}

fn sort_key(name: String, order: Option<&str>, pointer: &str) -> Result<Sort, QueryError> {
    let descending = match order {
        None => name == "_score",
        Some(order) if order.eq_ignore_ascii_case("desc") => true,
        Some(order) if order.eq_ignore_ascii_case("asc") => false,
        Some(_) => {
            let why = QueryError::illegal("`order` must be asc or desc");
            return Err(why.named("x_content_parse_exception").at(pointer));
        }
    };
    Ok(Sort::by(name, descending))
}
