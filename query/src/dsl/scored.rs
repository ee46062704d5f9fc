//! The queries that change scores: `boosting`, `function_score`, `more_like_this`.

use serde_json::Value;
use store::AssetKind;

use super::{
    Answer, Parser,
    options::{at_most, fields},
};
use crate::{
    Curve, Example, FunctionKind, Like, Mode, Modifier, Need, Query, QueryError, ScoreFunction, Scored,
    json::Reader,
    limits::{MAX_VALUES, MAX_WORDS},
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
        score_mode: mode(object, "score_mode", ("first", Mode::First))?,
        boost_mode: mode(object, "boost_mode", ("replace", Mode::Replace))?,
        max_boost: object.number("max_boost")?.map_or(f32::MAX, |max| max as f32),
        min_score: object.number("min_score")?.map(|min| min as f32),
    }))
}

/// How scores come together: in one of five ways, or the one that only this parameter has.
fn mode(object: &mut Reader, name: &str, own: (&str, Mode)) -> Result<Mode, QueryError> {
    Ok(match object.text(name)?.as_deref() {
        None | Some("multiply") => Mode::Multiply,
        Some("sum") => Mode::Sum,
        Some("avg") => Mode::Avg,
        Some("max") => Mode::Max,
        Some("min") => Mode::Min,
        Some(other) if other == own.0 => own.1,
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
    let mut kinds = Vec::new();
    for (name, curve) in [("gauss", Curve::Gauss), ("exp", Curve::Exp), ("linear", Curve::Linear)] {
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
        weight => Err(QueryError::illegal(format!("`weight` must be from 0 to 1000000, not {weight}"))
            .at(object.pointer_to("weight"))),
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
        Some("log") => Modifier::Log,
        Some("log1p") => Modifier::Log1p,
        Some("log2p") => Modifier::Log2p,
        Some("ln") => Modifier::Ln,
        Some("ln1p") => Modifier::Ln1p,
        Some("ln2p") => Modifier::Ln2p,
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

/// The most documents that may be given as examples.
const MAX_EXAMPLES: usize = 100;

pub(super) fn more_like_this(_: &mut Parser<'_, '_>, object: &mut Reader) -> Answer {
    let mut like = examples(object, "like")?;
    like.extend(object.texts("ids")?.into_iter().map(|id| Example::Asset { kind: None, id }));
    if like.is_empty() {
        return Err(QueryError::new("`like` is missing").at(object.pointer()));
    }
    let usual = Like::new(like);
    let max_terms = object.count("max_query_terms")?.unwrap_or(usual.max_terms);
    at_most("max_query_terms", max_terms, MAX_WORDS, object)?;
    let count =
        |object: &mut Reader, name: &str| Ok::<_, QueryError>(object.count(name)?.map(|count| count as u64));
    let doc_freq = (count(object, "min_doc_freq")?, count(object, "max_doc_freq")?);
    let (min_length, max_length) = (object.count("min_word_length")?, object.count("max_word_length")?);
    let stop_words = object.texts("stop_words")?;
    at_most("stop_words", stop_words.len(), MAX_VALUES, object)?;
    Ok(Query::Like(Like {
        fields: fields(object.texts("fields")?)?,
        unlike: examples(object, "unlike")?,
        with_examples: object.flag("include")?.unwrap_or(false),
        max_terms,
        min_term_freq: object.count("min_term_freq")?.unwrap_or(usual.min_term_freq),
        doc_freq: doc_freq.0.unwrap_or(*usual.doc_freq.start())..=doc_freq.1.unwrap_or(u64::MAX),
        // For both, 0 stands for no bound.
        length: min_length.unwrap_or(*usual.length.start())
            ..=max_length.filter(|length| *length > 0).unwrap_or(usize::MAX),
        stop_words,
        boost_terms: object.number("boost_terms")?.filter(|boost| *boost > 0.0).map(|boost| boost as f32),
        only_texts: !object.flag("fail_on_unsupported_field")?.unwrap_or(true),
        need: object.text("minimum_should_match")?.map_or(usual.need.clone(), Need::Minimum),
        ..usual
    }))
}

/// `like` and `unlike`: texts, `{"_id": …}` of an index or another, and documents of their own as `{"doc": …}`.
fn examples(object: &mut Reader, name: &str) -> Result<Vec<Example>, QueryError> {
    let pointer = object.pointer_to(name);
    let list = object.list(name);
    if list.len() > MAX_EXAMPLES {
        let text =
            format!("`{name}` has {}: at most {MAX_EXAMPLES} texts and documents are taken", list.len());
        return Err(QueryError::illegal(text).at(pointer));
    }
    let mut found = Vec::new();
    for (at, value) in list.into_iter().enumerate() {
        if let Value::String(text) = value {
            found.push(Example::Text(text));
            continue;
        }
        let mut one = Reader::new(value, &format!("{pointer}/{at}"))?;
        // Nothing is routed.
        one.pass_over(&["routing", "_type"]);
        let kind = match one.text("_index")? {
            None => None,
            Some(index) => {
                Some(AssetKind::ALL.into_iter().find(|kind| kind.plural() == index).ok_or_else(|| {
                    QueryError::illegal("`_index` must be articles, images or bylines")
                        .at(one.pointer_to("_index"))
                })?)
            }
        };
        found.push(match one.take("doc") {
            Some(Value::Object(fields)) => Example::Document(fields),
            Some(other) => return Err(one.wrong("doc", "an object", &other)),
            None => Example::Asset { kind, id: one.need_text("_id")? },
        });
        one.end()?;
    }
    Ok(found)
}
