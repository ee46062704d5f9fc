//! `dis_max`.

use super::{Kind, Parsed, Parser, Read, Written, options::share};
use crate::{Query, json::Fields};

pub(super) const KINDS: &[Kind] = &[Kind { name: "dis_max", read: Read::Options(read) }];

fn read(parser: &mut Parser<'_, '_>, object: &mut Fields) -> Parsed {
    let queries = parser.queries(object, "queries")?;
    Ok(Query::Best { queries, tie_breaker: share(object, "tie_breaker", 0.0)? })
}

pub(super) fn write(queries: &[Query], tie_breaker: f32) -> Written {
    Written::new("dis_max").with_queries("queries", queries).with_number("tie_breaker", tie_breaker, 0.0)
}
