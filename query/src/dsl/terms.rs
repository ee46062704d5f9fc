//! `term` and `terms`.

use serde_json::Value;

use super::{
    Kind, Parsed, Parser, Read, Written,
    options::{at_most, scalar},
};
use crate::{
    Query, QueryError, Scalar,
    json::{Fields, kind_of},
    limits::MAX_VALUES,
};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "term", read: Read::OfField("value", one) },
    Kind { name: "terms", read: Read::Options(several) },
];

fn one(_: &mut Parser<'_, '_>, field: String, object: &mut Fields) -> Parsed {
    let values = vec![scalar(object.need("value")?, object)?];
    let any_case = object.flag("case_insensitive")?.unwrap_or(false);
    Ok(Query::Terms { field, values, any_case })
}

fn several(_: &mut Parser<'_, '_>, object: &mut Fields) -> Parsed {
    let any_case = object.flag("case_insensitive")?.unwrap_or(false);
    let (field, values) =
        object.take_any().ok_or_else(|| QueryError::new("the name of a field is expected here"))?;
    let Value::Array(values) = values else {
        return Err(QueryError::new(format!("a list of values is expected here, not {}", kind_of(&values)))
            .at(object.pointer_to(&field)));
    };
    at_most(&field, values.len(), MAX_VALUES, object)?;
    let values = values.into_iter().map(|value| scalar(value, object)).collect::<Result<_, _>>()?;
    Ok(Query::Terms { field, values, any_case })
}

pub(super) fn write(field: &str, values: &[Scalar], any_case: bool) -> Written {
    let written = match values {
        [value] => Written::of_field("term", field).with("value", value.clone()),
        values => Written::new("terms").with(field, values.to_vec()),
    };
    written.with_other("case_insensitive", any_case, &false)
}
