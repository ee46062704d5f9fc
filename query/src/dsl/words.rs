//! `match`, `match_bool_prefix` and `combined_fields`, and a `multi_match` of words.

use super::{
    Kind, Parsed, Parser, Read, Written,
    analyzer::{self, Analysed},
    options::{expansions, fields, fuzziness, need, rewrite, with_expansions, with_need, zero_terms},
    written::field_names,
};
use crate::{Combine, FieldBoost, Need, Query, QueryError, Words, json::Fields};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "match",
        read: Read::OfField("query", |parser, field, object| in_field(parser, field, object, false)),
    },
    Kind {
        name: "match_bool_prefix",
        read: Read::OfField("query", |parser, field, object| in_field(parser, field, object, true)),
    },
    Kind { name: "combined_fields", read: Read::Options(combined) },
];

fn in_field(parser: &Parser<'_, '_>, field: String, object: &mut Fields, last_is_prefix: bool) -> Parsed {
    let text = object.need_text("query")?;
    analysed(parser, Words { last_is_prefix, ..Words::new(vec![FieldBoost::new(field)], text) }, object)
}

fn combined(parser: &mut Parser<'_, '_>, object: &mut Fields) -> Parsed {
    let text = object.need_text("query")?;
    let words = Words::new(fields(object.texts("fields")?)?, text);
    analysed(parser, Words { combine: Combine::OneField, ..words }, object)
}

/// Reads the options of words, and cuts their text by the analyser that is named.
pub(super) fn analysed(parser: &Parser<'_, '_>, mut words: Words, object: &mut Fields) -> Parsed {
    options(&mut words, object)?;
    let text = std::mem::take(&mut words.text);
    let Analysed { text, lost } = analyzer::take(parser, object, text, &mut words.fields)?;
    words.text = text;
    // A word that is in no document is none of any, and one of all.
    if lost && (words.need == Need::All || words.text.is_empty()) {
        return Ok(Query::Nothing);
    }
    Ok(Query::Words(words))
}

/// Reads the options that words have whatever they are looked for in.
fn options(words: &mut Words, object: &mut Fields) -> Result<(), QueryError> {
    words.need = need(object)?;
    words.fuzziness = fuzziness(object, "fuzziness")?;
    words.exact_start = object.count("prefix_length")?.unwrap_or(0);
    words.swaps = object.flag("fuzzy_transpositions")?.unwrap_or(true);
    words.max_expansions = expansions(object, "max_expansions")?.filter(|_| words.fuzziness.is_some());
    words.empty_matches_all = zero_terms(object)?;
    words.compounds = object.flag("auto_generate_phrase_queries")?.unwrap_or(false);
    words.any_case = object.flag("case_insensitive")?.unwrap_or(false);
    rewrite(object, "fuzzy_rewrite")?;
    words.lenient = object.flag("lenient")?.unwrap_or(false);
    // There are no synonyms.
    object.flag("auto_generate_synonyms_phrase_query")?;
    Ok(())
}

/// Returns the `tie_breaker` of a type of `multi_match` that states none.
pub(super) fn usual_tie_breaker(kind: &str) -> f32 {
    if kind == "most_fields" { 1.0 } else { 0.0 }
}

pub(super) fn write(words: &Words) -> Written {
    let alone = match words.fields.as_slice() {
        [field] if words.combine == Combine::BestField && words.tie_breaker.to_bits() == 0 => {
            field.plain_name()
        }
        _ => None,
    };
    let written = match (alone, words.last_is_prefix) {
        (Some(field), false) => Written::of_field("match", field),
        (Some(field), true) => Written::of_field("match_bool_prefix", field),
        (None, last_is_prefix) => {
            let (kind, says_prefix) = match (words.combine, last_is_prefix) {
                (Combine::AllFields, true) => ("bool_prefix", true),
                (Combine::AllFields, false) => ("most_fields", false),
                (Combine::BestField, _) => ("best_fields", false),
                (Combine::OneField, _) => ("cross_fields", false),
            };
            Written::new("multi_match")
                .with("type", kind)
                .with("fields", field_names(&words.fields))
                .with_number("tie_breaker", words.tie_breaker, usual_tie_breaker(kind))
                .with_other("last_is_prefix", last_is_prefix, &says_prefix)
        }
    };
    let written = match words.fuzziness {
        Some(_) => with_expansions(written, words.max_expansions),
        None => written,
    };
    with_need(written, &words.need)
        .with("query", words.text.as_str())
        .with_some("fuzziness", words.fuzziness.map(|fuzziness| fuzziness.to_string()))
        .with_other("prefix_length", words.exact_start, &0)
        .with_other("fuzzy_transpositions", words.swaps, &true)
        .with_some("zero_terms_query", words.empty_matches_all.then_some("all"))
        .with_other("auto_generate_phrase_queries", words.compounds, &false)
        .with_other("case_insensitive", words.any_case, &false)
        .with_other("lenient", words.lenient, &false)
}
