//! `range`.

use super::{Kind, Parsed, Parser, Read, Written, options::scalar};
use crate::{Query, QueryError, Range, json::Fields};

pub(super) const KINDS: &[Kind] = &[Kind { name: "range", read: Read::OfField("gte", read) }];

fn read(_: &mut Parser<'_, '_>, field: String, object: &mut Fields) -> Parsed {
    let mut range = Range { field, ..Range::default() };
    for (name, included) in [("gte", true), ("gt", false), ("from", true)] {
        if let Some(value) = object.take(name) {
            range.from = Some((scalar(value, object)?, included));
        }
    }
    for (name, included) in [("lte", true), ("lt", false), ("to", true)] {
        if let Some(value) = object.take(name) {
            range.to = Some((scalar(value, object)?, included));
        }
    }
    for (name, is_from) in [("include_lower", true), ("include_upper", false)] {
        if let Some(included) = object.flag(name)? {
            let bound = if is_from { &mut range.from } else { &mut range.to };
            if let Some(bound) = bound {
                bound.1 = included;
            }
        }
    }
    range.format = object.text("format")?;
    range.lenient = object.flag("lenient")?.unwrap_or(false);
    range.time_zone = object.text("time_zone")?;
    // Of single values all three are the same.
    let relations = ["intersects", "contains", "within"];
    let is_one = |text: &str| relations.iter().any(|relation| text.eq_ignore_ascii_case(relation));
    if object.text("relation")?.is_some_and(|relation| !is_one(&relation)) {
        let why = "`relation` must be INTERSECTS, CONTAINS or WITHIN";
        return Err(QueryError::illegal(why).at(object.pointer_to("relation")));
    }
    Ok(Query::Range(range))
}

pub(super) fn write(range: &Range) -> Written {
    let mut written = Written::of_field("range", &range.field);
    if let Some((value, included)) = &range.from {
        written = written.with(if *included { "gte" } else { "gt" }, value.clone());
    }
    if let Some((value, included)) = &range.to {
        written = written.with(if *included { "lte" } else { "lt" }, value.clone());
    }
    written
        .with_some("format", range.format.as_deref())
        .with_some("time_zone", range.time_zone.as_deref())
        .with_other("lenient", range.lenient, &false)
}
