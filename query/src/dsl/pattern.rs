//! `prefix`, `wildcard` and `regexp`.

use serde_json::Value;

use super::{
    Kind, Parsed, Parser, Read, Written,
    options::{at_most, rewrite},
};
use crate::{FieldBoost, PatternKind, Query, QueryError, json::Fields, limits::MAX_PATTERN};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "prefix",
        read: Read::OfFields("value", |_, fields, object| read(fields, "value", object, PatternKind::Prefix)),
    },
    Kind { name: "wildcard", read: Read::OfFields("value", wildcard) },
    Kind { name: "regexp", read: Read::OfFields("value", regexp) },
];

fn wildcard(_: &mut Parser<'_, '_>, fields: Vec<FieldBoost>, object: &mut Fields) -> Parsed {
    let name = if object.has("wildcard") { "wildcard" } else { "value" };
    read(fields, name, object, PatternKind::Wildcard)
}

fn regexp(_: &mut Parser<'_, '_>, fields: Vec<FieldBoost>, object: &mut Fields) -> Parsed {
    object.count("max_determinized_states")?; // automata have a narrower bound of their own
    // The operators that ALL adds are refused in the pattern itself.
    if object.text("flags")?.is_some_and(|flags| flags != "NONE" && flags != "ALL") {
        return Err(QueryError::illegal("`flags` must be NONE or ALL").at(object.pointer_to("flags")));
    }
    read(fields, "value", object, PatternKind::Regexp)
}

fn read(fields: Vec<FieldBoost>, name: &str, object: &mut Fields, make: fn(String) -> PatternKind) -> Parsed {
    let text = match object.need(name)? {
        Value::String(text) => text,
        other => return Err(object.wrong(name, "a text", &other)),
    };
    at_most(name, text.len(), MAX_PATTERN, object)?;
    rewrite(object, "rewrite")?;
    let folds = object.flag("analyze_wildcard")?.unwrap_or(false);
    let any_case = object.flag("case_insensitive")?.unwrap_or(false);
    Ok(Query::Pattern { fields, pattern: make(text), folds, any_case })
}

pub(super) fn write(fields: &[FieldBoost], pattern: &PatternKind, folds: bool, any_case: bool) -> Written {
    let kind = match pattern {
        PatternKind::Prefix(_) => "prefix",
        PatternKind::Wildcard(_) => "wildcard",
        PatternKind::Regexp(_) => "regexp",
    };
    Written::of_fields(kind, fields)
        .with("value", pattern.text())
        .with_other("analyze_wildcard", folds, &false)
        .with_other("case_insensitive", any_case, &false)
}
