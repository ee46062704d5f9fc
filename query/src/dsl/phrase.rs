//! `match_phrase`, `match_phrase_prefix`, and a `multi_match` of phrases.

use super::{
    Kind, Parsed, Parser, Read, Written,
    analyzer::{self, Analysed},
    options::{expansions, operator, slop, with_expansions, zero_terms},
    written::field_names,
};
use crate::{FieldBoost, Phrase, Query, QueryError, json::Fields};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "match_phrase",
        read: Read::OfField("query", |parser, field, object| read(parser, field, object, false)),
    },
    Kind {
        name: "match_phrase_prefix",
        read: Read::OfField("query", |parser, field, object| read(parser, field, object, true)),
    },
];

fn read(parser: &Parser<'_, '_>, field: String, object: &mut Fields, last_is_prefix: bool) -> Parsed {
    let phrase = Phrase::new(vec![FieldBoost::new(field)], object.need_text("query")?);
    analysed(parser, Phrase { last_is_prefix, ..phrase }, object)
}

/// Reads the options of a phrase, and cuts its text by the analyser that is named.
pub(super) fn analysed(parser: &Parser<'_, '_>, mut phrase: Phrase, object: &mut Fields) -> Parsed {
    options(&mut phrase, object)?;
    let text = std::mem::take(&mut phrase.text);
    let Analysed { text, lost } = analyzer::take(parser, object, text, &mut phrase.fields)?;
    phrase.text = text;
    Ok(if lost { Query::Nothing } else { Query::Phrase(phrase) })
}

/// Reads the options that phrases have whatever they are looked for in.
fn options(phrase: &mut Phrase, object: &mut Fields) -> Result<(), QueryError> {
    phrase.slop = slop(object, "slop")?;
    if phrase.last_is_prefix {
        phrase.max_expansions = expansions(object, "max_expansions")?;
    }
    phrase.empty_matches_all = zero_terms(object)?;
    // All words of a phrase are needed, whatever is said of them; clients say it of every type of `multi_match`.
    operator(object, "operator")?;
    phrase.lenient = object.flag("lenient")?.unwrap_or(false);
    phrase.any_case = object.flag("case_insensitive")?.unwrap_or(false);
    Ok(())
}

pub(super) fn write(phrase: &Phrase) -> Written {
    let alone = match phrase.fields.as_slice() {
        [field] if phrase.tie_breaker.to_bits() == 0 => field.plain_name(),
        _ => None,
    };
    let written = match (alone, phrase.last_is_prefix) {
        (Some(field), false) => Written::of_field("match_phrase", field),
        (Some(field), true) => Written::of_field("match_phrase_prefix", field),
        (None, last_is_prefix) => Written::new("multi_match")
            .with("type", if last_is_prefix { "phrase_prefix" } else { "phrase" })
            .with("fields", field_names(&phrase.fields))
            .with_number("tie_breaker", phrase.tie_breaker, 0.0),
    };
    let written = match phrase.last_is_prefix {
        true => with_expansions(written, phrase.max_expansions),
        false => written,
    };
    written
        .with("query", phrase.text.as_str())
        .with_other("slop", phrase.slop, &0)
        .with_some("zero_terms_query", phrase.empty_matches_all.then_some("all"))
        .with_other("case_insensitive", phrase.any_case, &false)
        .with_other("lenient", phrase.lenient, &false)
}
