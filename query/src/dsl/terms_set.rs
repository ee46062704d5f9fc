//! `terms_set`, which is a `bool` of its terms.

use super::{
    Kind, Parsed, Parser, Read,
    options::{at_most, minimum, scalar},
};
use crate::{Bool, Minimum, Query, json::Fields, limits::MAX_WORDS};

pub(super) const KINDS: &[Kind] = &[Kind { name: "terms_set", read: Read::OfField("terms", read) }];

fn read(_: &mut Parser<'_, '_>, field: String, object: &mut Fields) -> Parsed {
    let need = minimum(object)?.unwrap_or(Minimum::count(1));
    let values = object.list("terms");
    at_most("terms", values.len(), MAX_WORDS, object)?;
    let values = values.into_iter().map(|value| scalar(value, object)).collect::<Result<Vec<_>, _>>()?;
    let one = |(field, value)| Query::Terms { field, values: vec![value], any_case: false };
    let should = std::iter::repeat_n(field, values.len()).zip(values).map(one).collect();
    Ok(Query::Bool(Bool { should, need: Some(need), ..Bool::default() }))
}
