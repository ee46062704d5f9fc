//! `ids`.

use super::{Kind, Parsed, Parser, Read, Written, options::at_most};
use crate::{Query, json::Fields, limits::MAX_VALUES};

pub(super) const KINDS: &[Kind] = &[Kind { name: "ids", read: Read::Options(read) }];

fn read(_: &mut Parser<'_, '_>, object: &mut Fields) -> Parsed {
    let ids = object.texts("values")?;
    at_most("values", ids.len(), MAX_VALUES, object)?;
    Ok(Query::Ids(ids))
}

pub(super) fn write(ids: &[String]) -> Written {
    Written::new("ids").with("values", ids)
}
