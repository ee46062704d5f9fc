//! `fuzzy`.

use super::{
    Kind, Parsed, Parser, Read, Written,
    options::{expansions, fuzziness, rewrite, with_expansions},
};
use crate::{FieldBoost, Fuzziness, Fuzzy, Query, json::Fields};

pub(super) const KINDS: &[Kind] = &[Kind { name: "fuzzy", read: Read::OfFields("value", read) }];

fn read(_: &mut Parser<'_, '_>, fields: Vec<FieldBoost>, object: &mut Fields) -> Parsed {
    rewrite(object, "rewrite")?;
    Ok(Query::Fuzzy(Fuzzy {
        fields,
        value: object.need_text("value")?,
        fuzziness: fuzziness(object, "fuzziness")?.unwrap_or(Fuzziness::AUTO),
        exact_start: object.count("prefix_length")?.unwrap_or(0),
        swaps: object.flag("transpositions")?.unwrap_or(true),
        max_expansions: expansions(object, "max_expansions")?,
    }))
}

pub(super) fn write(fuzzy: &Fuzzy) -> Written {
    let written = Written::of_fields("fuzzy", &fuzzy.fields)
        .with("value", fuzzy.value.as_str())
        .with_other("fuzziness", fuzzy.fuzziness.to_string(), &Fuzziness::AUTO.to_string())
        .with_other("prefix_length", fuzzy.exact_start, &0)
        .with_other("transpositions", fuzzy.swaps, &true);
    with_expansions(written, fuzzy.max_expansions)
}
