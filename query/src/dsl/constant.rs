//! `constant_score`.

use super::{Kind, Parsed, Parser, Read, Written, write_query};
use crate::{Query, json::Fields};

pub(super) const KINDS: &[Kind] = &[Kind { name: "constant_score", read: Read::Options(read) }];

fn read(parser: &mut Parser<'_, '_>, object: &mut Fields) -> Parsed {
    let filter = object.need("filter")?;
    Ok(Query::Constant(Box::new(parser.query(filter, &object.pointer_to("filter"))?)))
}

pub(super) fn write(query: &Query) -> Written {
    Written::new("constant_score").with("filter", write_query(query))
}
