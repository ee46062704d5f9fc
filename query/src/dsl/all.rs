//! `match_all` and `match_none`.

use super::{Kind, Read, Written};
use crate::Query;

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "match_all", read: Read::Options(|_, _| Ok(Query::All)) },
    Kind { name: "match_none", read: Read::Options(|_, _| Ok(Query::Nothing)) },
];

pub(super) fn write_all() -> Written {
    Written::new("match_all")
}

pub(super) fn write_none() -> Written {
    Written::new("match_none")
}
