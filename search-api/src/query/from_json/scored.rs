//! The queries that change scores: `boosting`, `function_score`, `more_like_this`.

use serde_json::Value;

use super::{Answer, Parser, fields};
use crate::query::{
    Curve, FunctionKind, Like, Mode, Modifier, Need, Query, QueryError, ScoreFunction, Scored,
    json::{Reader, kind_of},
    limits::MAX_WORDS,
};

pub(super) fn boosting(parser: &mut Parser<'_, '_>, object: &mut Reader) -> Answer {
    let positive = object.need("positive")?;
    let negative = object.need("negative")?;
    let factor =
        object.number("negative_boost")?.filter(|factor| (0.0..=1.0).contains(factor)).ok_or_else(|| {
            QueryError::illegal("`negative_boost` must be from 0 to 1")
                .at(object.pointer_to("negative_boost"))
        })?;
    let function = ScoreFunction {
        filter: Some(parser.query(negative, &object.pointer_to("negative"))?),
        weight: factor as f32,
        kind: FunctionKind::Weight,
    };
    Ok(Query::Scored(Scored {
        query: Box::new(parser.query(positive, &object.pointer_to("positive"))?),
        functions: vec![function],
        score_mode: Mode::Multiply,
        boost_mode: Mode::Multiply,
        max_boost: f32::MAX,
        min_score: None,
    }))
}

pub(super) fn function_score(parser: &mut Parser<'_, '_>, object: &mut Reader) -> Answer {
    let query = match object.take("query") {
        Some(query) => parser.query(query, &object.pointer_to("query"))?,
        None => Query::All,
    };
    let mut functions = Vec::new();
    match object.take("functions") {
        Some(Value::Array(list)) => {
            for (at, value) in list.into_iter().enumerate() {
                parser.clauses.one()?;
                let mut one = Reader::new(value, &format!("{}/{at}", object.pointer_to("functions")))?;
                functions.push(function(parser, &mut one)?);
                one.end()?;
            }
        }
        Some(other) => return Err(object.wrong("functions", "a list", &other)),
        None => functions.push(function(parser, object)?),
    }
    Ok(Query::Scored(Scored {
        query: Box::new(query),
        functions,
        score_mode: mode(object, "score_mode")?,
        boost_mode: mode(object, "boost_mode")?,
        max_boost: object.number("max_boost")?.map_or(f32::MAX, |max| max as f32),
        min_score: object.number("min_score")?.map(|min| min as f32),
    }))
}

fn mode(object: &mut Reader, name: &str) -> Result<Mode, QueryError> {
    Ok(match object.text(name)?.as_deref() {
        None | Some("multiply") => Mode::Multiply,
        Some("sum") => Mode::Sum,
        Some("avg") => Mode::Avg,
        Some("first") => Mode::First,
        Some("max") => Mode::Max,
        Some("min") => Mode::Min,
        Some("replace") => Mode::Replace,
        Some(other) => {
            return Err(
                QueryError::illegal(format!("there is no `{name}` `{other}`")).at(object.pointer_to(name))
            );
        }
    })
}

fn function(parser: &mut Parser<'_, '_>, object: &mut Reader) -> Result<ScoreFunction, QueryError> {
    let filter = match object.take("filter") {
        Some(filter) => Some(parser.query(filter, &object.pointer_to("filter"))?),
        None => None,
    };
    let weight = object.number("weight")?;
    let mut kind = FunctionKind::Weight;
    for (name, curve) in [("gauss", Curve::Gauss), ("exp", Curve::Exp), ("linear", Curve::Linear)] {
        if let Some(value) = object.take(name) {
            kind = decay(value, &object.pointer_to(name), curve)?;
        }
    }
    if let Some(value) = object.take("field_value_factor") {
        kind = field_value(value, &object.pointer_to("field_value_factor"))?;
    }
    for name in ["random_score", "script_score"] {
        if object.take(name).is_some() {
            return Err(QueryError::new(format!("`{name}` is not supported")).at(object.pointer_to(name)));
        }
    }
    if weight.is_none() && kind == FunctionKind::Weight {
        return Err(QueryError::new(
            "a function is expected here: gauss, exp, linear, field_value_factor or weight",
        )
        .at(object.pointer()));
    }
    match weight.unwrap_or(1.0) {
        weight if (0.0..=1e6).contains(&weight) => Ok(ScoreFunction { filter, weight: weight as f32, kind }),
        weight => Err(QueryError::illegal(format!("`weight` must be from 0 to 1000000, not {weight}"))),
    }
}

fn decay(value: Value, pointer: &str, curve: Curve) -> Result<FunctionKind, QueryError> {
    let mut outer = Reader::new(value, pointer)?;
    outer.only("multi_value_mode", &Value::from("min"))?;
    let (field, inner) = outer
        .take_any()
        .ok_or_else(|| QueryError::new("the name of a field is expected here").at(pointer))?;
    let mut object = Reader::new(inner, &outer.pointer_to(&field))?;
    outer.end()?;
    let kind = FunctionKind::Decay {
        field,
        origin: object.take("origin").unwrap_or_else(|| Value::String("now".to_owned())),
        scale: object.need("scale")?,
        offset: object.take("offset"),
        decay: object.number("decay")?.unwrap_or(0.5),
        curve,
    };
    object.end()?;
    Ok(kind)
}

fn field_value(value: Value, pointer: &str) -> Result<FunctionKind, QueryError> {
    let mut object = Reader::new(value, pointer)?;
    let modifier = match object.text("modifier")?.as_deref() {
        None | Some("none") => Modifier::None,
        Some("log1p") => Modifier::Log1p,
        Some("ln1p") => Modifier::Ln1p,
        Some("sqrt") => Modifier::Sqrt,
        Some("square") => Modifier::Square,
        Some("reciprocal") => Modifier::Reciprocal,
        Some(other) => {
            return Err(QueryError::illegal(format!("the modifier `{other}` is not supported"))
                .at(object.pointer_to("modifier")));
        }
    };
    let kind = FunctionKind::FieldValue {
        field: object.need_text("field")?,
        factor: object.number("factor")?.unwrap_or(1.0),
        modifier,
        missing: object.number("missing")?,
    };
    object.end()?;
    Ok(kind)
}

pub(super) fn more_like_this(_: &mut Parser<'_, '_>, object: &mut Reader) -> Answer {
    let mut like = Like {
        fields: fields(object.texts("fields")?)?,
        texts: Vec::new(),
        ids: object.texts("ids")?,
        max_terms: object.count("max_query_terms")?.unwrap_or(25).min(MAX_WORDS),
        min_term_freq: object.count("min_term_freq")?.unwrap_or(2),
        min_doc_freq: object.count("min_doc_freq")?.unwrap_or(5) as u64,
        need: object
            .text("minimum_should_match")?
            .map_or_else(|| Need::Minimum("30%".to_owned()), Need::Minimum),
    };
    for value in object.list("like") {
        match value {
            Value::String(text) => like.texts.push(text),
            Value::Object(document) => match document.get("_id").and_then(Value::as_str) {
                Some(id) => like.ids.push(id.to_owned()),
                None => return Err(QueryError::new("`_id` is missing").at(object.pointer_to("like"))),
            },
            other => {
                return Err(QueryError::new(format!(
                    "texts or documents are expected here, not {}",
                    kind_of(&other)
                ))
                .at(object.pointer_to("like")));
            }
        }
    }
    if like.texts.is_empty() && like.ids.is_empty() {
        return Err(QueryError::new("`like` is missing").at(object.pointer()));
    }
    if like.ids.len() > 100 {
        return Err(QueryError::illegal("at most 100 documents can be given").at(object.pointer_to("like")));
    }
    Ok(Query::Like(like))
}
