//! `bool`.

use serde_json::json;

use super::{Kind, Parsed, Parser, Read, Written, options::minimum};
use crate::{Bool, Query, json::Fields};

pub(super) const KINDS: &[Kind] = &[Kind { name: "bool", read: Read::Options(read) }];

fn read(parser: &mut Parser<'_, '_>, object: &mut Fields) -> Parsed {
    object.only("adjust_pure_negative", &json!(true))?;
    Ok(Query::Bool(Bool {
        must: parser.queries(object, "must")?,
        filter: parser.queries(object, "filter")?,
        should: parser.queries(object, "should")?,
        must_not: parser.queries(object, "must_not")?,
        need: minimum(object)?,
    }))
}

pub(super) fn write(bool: &Bool) -> Written {
    Written::new("bool")
        .with_queries("must", &bool.must)
        .with_queries("filter", &bool.filter)
        .with_queries("should", &bool.should)
        .with_queries("must_not", &bool.must_not)
        .with_some("minimum_should_match", bool.need.as_ref().map(ToString::to_string))
}
