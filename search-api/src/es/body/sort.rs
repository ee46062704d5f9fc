//! The order of a search as Elasticsearch's clients write it.

use query::{Fields, Missing, QueryError, Scalar, Sort};
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
                            let usual = if key.descending { "max" } else { "min" };
                            if how.text("mode")?.is_some_and(|mode| mode != usual) {
                                return Err(QueryError::illegal(format!(
                                    "`mode` must be {usual} in this order"
                                ))
                                .at(how.pointer_to("mode")));
                            }
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

fn sort_key(name: String, order: Option<&str>, pointer: &str) -> Result<Sort, QueryError> {
    let descending = match order {
        None => name == "_score",
        Some(order) if order.eq_ignore_ascii_case("desc") => true,
        Some(order) if order.eq_ignore_ascii_case("asc") => false,
        Some(_) => return Err(QueryError::illegal("`order` must be asc or desc").at(pointer)),
    };
    Ok(Sort::by(name, descending))
}
