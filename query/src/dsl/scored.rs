//! `function_score`.

use serde_json::{Map, Value};

use super::{Kind, Parsed, Parser, Read, Written, options::scalar, write_query, written::number};
use crate::{
    Curve, FunctionKind, Mode, Modifier, Query, QueryError, Scalar, ScoreFunction, Scored, json::Fields,
    limits::MAX_BOOST,
};

pub(super) const KINDS: &[Kind] = &[Kind { name: "function_score", read: Read::Options(read) }];

/// The advice to those who send scripts.
pub(super) const INSTEAD: &str =
    "use `function_score` with `field_value_factor`, `gauss`, `exp`, `linear` or `weight`";

/// `reciprocal` is our own name of what `distance_feature` computes.
const CURVES: [(&str, Curve); 4] = [
    ("gauss", Curve::Gauss),
    ("exp", Curve::Exp),
    ("linear", Curve::Linear),
    ("reciprocal", Curve::Reciprocal),
];

const MODES: [(&str, Mode); 7] = [
    ("multiply", Mode::Multiply),
    ("sum", Mode::Sum),
    ("avg", Mode::Avg),
    ("first", Mode::First),
    ("max", Mode::Max),
    ("min", Mode::Min),
    ("replace", Mode::Replace),
];

pub(super) const MODIFIERS: [(&str, Modifier); 10] = [
    ("none", Modifier::None),
    ("log", Modifier::Log),
    ("log1p", Modifier::Log1p),
    ("log2p", Modifier::Log2p),
    ("ln", Modifier::Ln),
    ("ln1p", Modifier::Ln1p),
    ("ln2p", Modifier::Ln2p),
    ("sqrt", Modifier::Sqrt),
    ("square", Modifier::Square),
    ("reciprocal", Modifier::Reciprocal),
];

fn read(parser: &mut Parser<'_, '_>, object: &mut Fields) -> Parsed {
    let query = match object.take("query") {
        Some(query) => parser.query(query, &object.pointer_to("query"))?,
        None => Query::All,
    };
    let mut functions = Vec::new();
    match object.take("functions") {
        Some(Value::Array(list)) => {
            for (at, value) in list.into_iter().enumerate() {
                parser.clauses.one()?;
                let mut one = Fields::new(value, &format!("{}/{at}", object.pointer_to("functions")))?;
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
        score_mode: mode(object, "score_mode", Mode::First)?,
        boost_mode: mode(object, "boost_mode", Mode::Replace)?,
        max_boost: object.number("max_boost")?.map_or(f32::MAX, |max| max as f32),
        min_score: object.number("min_score")?.map(|min| min as f32),
    }))
}

/// Reads how scores come together: in one of five ways, or the one that only this parameter has.
fn mode(object: &mut Fields, name: &str, own: Mode) -> Result<Mode, QueryError> {
    let Some(text) = object.text(name)? else { return Ok(Mode::Multiply) };
    let is_here = |mode: &Mode| !matches!(mode, Mode::First | Mode::Replace) || *mode == own;
    let named = MODES.iter().find(|(known, mode)| *known == text && is_here(mode));
    named.map(|(_, mode)| *mode).ok_or_else(|| {
        let names = MODES.iter().filter(|(_, mode)| is_here(mode)).map(|(name, _)| *name).collect::<Vec<_>>();
        QueryError::illegal(format!("there is no `{name}` `{text}`: use one of {}", names.join(", ")))
            .at(object.pointer_to(name))
    })
}

fn function(parser: &mut Parser<'_, '_>, object: &mut Fields) -> Result<ScoreFunction, QueryError> {
    let filter = match object.take("filter") {
        Some(filter) => Some(parser.query(filter, &object.pointer_to("filter"))?),
        None => None,
    };
    let weight = object.number("weight")?;
    let mut kinds = Vec::new();
    for (name, curve) in CURVES {
        if let Some(value) = object.take(name) {
            kinds.push(decay(value, &object.pointer_to(name), curve)?);
        }
    }
    if let Some(value) = object.take("field_value_factor") {
        kinds.push(field_value(value, &object.pointer_to("field_value_factor"))?);
    }
    if kinds.len() > 1 {
        return Err(QueryError::new("one function is expected here: put several into `functions`")
            .at(object.pointer()));
    }
    let kind = kinds.pop().unwrap_or(FunctionKind::Weight);
    for name in ["random_score", "script_score"] {
        if object.take(name).is_some() {
            return Err(
                QueryError::new(format!("`{name}` is not supported: {INSTEAD}")).at(object.pointer_to(name))
            );
        }
    }
    if weight.is_none() && kind == FunctionKind::Weight {
        return Err(QueryError::new(
            "a function is expected here: gauss, exp, linear, field_value_factor or weight",
        )
        .at(object.pointer()));
    }
    match weight.unwrap_or(1.0) {
        weight if (0.0..=f64::from(MAX_BOOST)).contains(&weight) => {
            Ok(ScoreFunction { filter, weight: weight as f32, kind })
        }
        weight => Err(QueryError::illegal(format!("`weight` must be from 0 to 1000000, not {weight}"))
            .at(object.pointer_to("weight"))),
    }
}

fn decay(value: Value, pointer: &str, curve: Curve) -> Result<FunctionKind, QueryError> {
    let mut outer = Fields::new(value, pointer)?;
    outer.only("multi_value_mode", &Value::from("min"))?;
    let (field, inner) = outer
        .take_any()
        .ok_or_else(|| QueryError::new("the name of a field is expected here").at(pointer))?;
    let mut object = Fields::new(inner, &outer.pointer_to(&field))?;
    outer.end()?;
    let kind = FunctionKind::Decay {
        field,
        origin: match object.take("origin") {
            Some(origin) => scalar(origin, &object)?,
            None => Scalar::from("now"),
        },
        scale: scalar(object.need("scale")?, &object)?,
        offset: object.take("offset").map(|offset| scalar(offset, &object)).transpose()?,
        decay: object.number("decay")?.unwrap_or(0.5),
        curve,
    };
    object.end()?;
    Ok(kind)
}

fn field_value(value: Value, pointer: &str) -> Result<FunctionKind, QueryError> {
    let mut object = Fields::new(value, pointer)?;
    let modifier = match object.text("modifier")? {
        None => Modifier::None,
        Some(name) => match MODIFIERS.iter().find(|(known, _)| *known == name) {
            Some((_, modifier)) => *modifier,
            None => {
                return Err(QueryError::illegal(format!("the modifier `{name}` is not supported"))
                    .at(object.pointer_to("modifier")));
            }
        },
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

pub(super) fn write(scored: &Scored) -> Written {
    let functions: Vec<Value> = scored.functions.iter().map(write_function).collect();
    Written::new("function_score")
        .with("query", write_query(&scored.query))
        .with("functions", functions)
        .with_other("score_mode", name_of(&MODES, scored.score_mode), &"multiply")
        .with_other("boost_mode", name_of(&MODES, scored.boost_mode), &"multiply")
        .with_number("max_boost", scored.max_boost, f32::MAX)
        .with_some("min_score", scored.min_score.map(number))
}

fn write_function(function: &ScoreFunction) -> Value {
    let mut object = Map::new();
    object.extend(function.filter.as_ref().map(|filter| ("filter".to_owned(), write_query(filter))));
    object.insert("weight".to_owned(), number(function.weight));
    match &function.kind {
        FunctionKind::Weight => {}
        FunctionKind::Decay { field, origin, scale, offset, decay, curve } => {
            let decay = Written::of_field(name_of(&CURVES, *curve), field)
                .with("origin", origin.clone())
                .with("scale", scale.clone())
                .with_some("offset", offset.clone())
                .with("decay", *decay);
            object.extend(decay.into_fields());
        }
        FunctionKind::FieldValue { field, factor, modifier, missing } => {
            let value = Written::new("field_value_factor")
                .with("field", field.as_str())
                .with("factor", *factor)
                .with_other("modifier", name_of(&MODIFIERS, *modifier), &"none")
                .with_some("missing", *missing);
            object.extend(value.into_fields());
        }
    }
    Value::Object(object)
}

/// Returns the name of a value in a table of all of them.
fn name_of<T: PartialEq + Copy>(table: &[(&'static str, T)], value: T) -> &'static str {
    let named = table.iter().find(|(_, known)| *known == value);
    #[expect(clippy::expect_used, reason = "the property test of all queries writes every value")]
    named.expect("tables name all values").0
}
