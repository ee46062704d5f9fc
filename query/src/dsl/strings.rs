//! `query_string` and `simple_query_string`, which are read as the queries that they stand for.

use serde_json::json;
use views::EXACT;

use super::{
    Kind, Parsed, Parser, Read, analyzer,
    options::{expansions, fields, fuzziness, minimum, operator, rewrite, share, slop},
    words::usual_tie_breaker,
};
use crate::{FieldBoost, Fuzziness, Need, QueryError, Syntax, TextOptions, json::Fields, text::parse_text};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "query_string",
        read: Read::Options(|parser, object| read(parser, object, Syntax::QueryString)),
    },
    Kind {
        name: "simple_query_string",
        read: Read::Options(|parser, object| read(parser, object, Syntax::Simple)),
    },
];

/// Returns an error of syntax as Elasticsearch states it, which finds those on its shards.
fn found_late(error: QueryError) -> QueryError {
    match error.es_type {
        "parsing_exception" | "illegal_argument_exception" => error.named("query_shard_exception").late(),
        _ => error,
    }
}

fn read(parser: &mut Parser<'_, '_>, object: &mut Fields, syntax: Syntax) -> Parsed {
    let text = object.need_text("query")?;
    let mut names = object.texts("fields")?;
    names.extend(object.text("default_field")?);
    if names.iter().any(|name| name == "*") {
        names.clear();
    }
    let combine = object.text("type")?;
    if let Some(kind) = combine.as_deref()
        && !matches!(kind, "best_fields" | "most_fields" | "cross_fields")
    {
        return Err(QueryError::illegal("`type` must be best_fields, most_fields or cross_fields")
            .at(object.pointer_to("type")));
    }
    let joined = operator(object, "default_operator")?;
    let need = minimum(object)?.map_or(joined, Need::Minimum);
    // A field that no view has is one that no document has anything in.
    let mut fields = fields(names)?;
    analyzer::take_plain(parser, object, &mut fields)?;
    let known = |name: &str| {
        (!name.ends_with(EXACT) || (parser.options.field)(name)).then(|| vec![FieldBoost::new(name)])
    };
    let options = TextOptions {
        syntax,
        fields,
        need,
        slop: slop(object, "phrase_slop")?,
        fuzziness: fuzziness(object, "fuzziness")?.unwrap_or(Fuzziness::AUTO),
        exact_start: object.count("fuzzy_prefix_length")?.unwrap_or(0),
        swaps: object.flag("fuzzy_transpositions")?.unwrap_or(true),
        max_expansions: expansions(object, "fuzzy_max_expansions")?,
        time_zone: if syntax == Syntax::QueryString { object.text("time_zone")? } else { None },
        leading_wildcard: object.flag("allow_leading_wildcard")?.unwrap_or(true),
        tie_breaker: share(
            object,
            "tie_breaker",
            usual_tie_breaker(combine.as_deref().unwrap_or("best_fields")),
        )?,
        exact_phrases: match object.text("quote_field_suffix")?.as_deref() {
            // Where a field has no other of that name, it is used itself.
            Some(suffix) => suffix == EXACT,
            None => false,
        },
        lenient: object.flag("lenient")?.unwrap_or(false),
        field: &known,
    };
    object.only("analyze_wildcard", &json!(true))?; // patterns always are
    rewrite(object, "rewrite")?;
    rewrite(object, "fuzzy_rewrite")?;
    // There are no synonyms, nothing takes away positions, and automata have narrower bounds of their own.
    object.flag("auto_generate_synonyms_phrase_query")?;
    object.flag("enable_position_increments")?;
    object.count("max_determinized_states")?;
    if object.take("flags").is_some_and(|flags| flags != "ALL") {
        return Err(
            QueryError::illegal("`flags` other than ALL are not supported").at(object.pointer_to("flags"))
        );
    }
    parse_text(&text, &options, parser.clauses)
        .map_err(|error| found_late(error).at(object.pointer_to("query")))
}
