//! `exists`.

use super::{Kind, Parsed, Parser, Read, Written};
use crate::{Query, json::Fields};

pub(super) const KINDS: &[Kind] = &[Kind { name: "exists", read: Read::Options(read) }];

fn read(_: &mut Parser<'_, '_>, object: &mut Fields) -> Parsed {
    Ok(Query::Exists { field: object.need_text("field")? })
}

pub(super) fn write(field: &str) -> Written {
    Written::new("exists").with("field", field)
}
