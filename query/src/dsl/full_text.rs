//! The queries of full text: words and phrases in one field or several, and query strings.

use indexer::EXACT;
use serde_json::json;

use super::{
    Answer, Parser,
    options::{expansions, fields, fuzziness, minimum_of, need, operator, rewrite, share, slop, zero_terms},
};
use crate::{
    Combine, FieldBoost, Fuzziness, Phrase, Query, QueryError, Syntax, TextOptions, Words, json::Reader,
    text::parse_text,
};

impl Parser<'_, '_> {
    pub(super) fn match_text(&mut self, field: String, object: &mut Reader) -> Answer {
        let text = object.need_text("query")?;
        let mut words = Words::new(vec![FieldBoost::new(field)], text);
        self.word_options(&mut words, object)?;
        Ok(Query::Words(words))
    }

    fn word_options(&mut self, words: &mut Words, object: &mut Reader) -> Result<(), QueryError> {
        words.need = need(object)?;
        words.fuzziness = fuzziness(object, "fuzziness")?;
        words.exact_start = object.count("prefix_length")?.unwrap_or(0);
        words.swaps = object.flag("fuzzy_transpositions")?.unwrap_or(true);
        words.max_expansions = expansions(object, "max_expansions")?;
        words.empty_matches_all = zero_terms(object)?;
        rewrite(object, "fuzzy_rewrite")?;
        object.only("lenient", &json!(false))?;
        // There are no synonyms.
        object.flag("auto_generate_synonyms_phrase_query")?;
        Ok(())
    }

    pub(super) fn phrase(&mut self, field: String, object: &mut Reader, last_is_prefix: bool) -> Answer {
        Ok(Query::Phrase(Phrase {
            slop: slop(object, "slop")?,
            last_is_prefix,
            max_expansions: if last_is_prefix { expansions(object, "max_expansions")? } else { None },
            empty_matches_all: zero_terms(object)?,
            ..Phrase::new(vec![FieldBoost::new(field)], object.need_text("query")?)
        }))
    }

    pub(super) fn multi_match(&mut self, object: &mut Reader) -> Answer {
        let text = object.need_text("query")?;
        let fields = fields(object.texts("fields")?)?;
        let kind = object.text("type")?.unwrap_or_else(|| "best_fields".to_owned());
        let default = if kind == "most_fields" { 1.0 } else { 0.0 };
        let tie_breaker = share(object, "tie_breaker", default)?;
        if matches!(kind.as_str(), "phrase" | "phrase_prefix") {
            object.only("lenient", &json!(false))?;
            let last_is_prefix = kind == "phrase_prefix";
            return Ok(Query::Phrase(Phrase {
                slop: slop(object, "slop")?,
                last_is_prefix,
                max_expansions: if last_is_prefix { expansions(object, "max_expansions")? } else { None },
                empty_matches_all: zero_terms(object)?,
                tie_breaker,
                ..Phrase::new(fields, text)
            }));
        }
        let mut words = Words { tie_breaker, ..Words::new(fields, text) };
        self.word_options(&mut words, object)?;
        (words.combine, words.last_is_prefix) = match kind.as_str() {
            "best_fields" => (Combine::BestField, false),
            "most_fields" => (Combine::AllFields, false),
            "cross_fields" => (Combine::OneField, false),
            "bool_prefix" => (Combine::AllFields, true),
            other => {
                return Err(QueryError::illegal(format!(
                    "there is no multi_match of type `{other}`: use best_fields, most_fields, cross_fields, phrase, \
                     phrase_prefix or bool_prefix"
                ))
                .at(object.pointer_to("type")));
            }
        };
        Ok(Query::Words(words))
    }

    pub(super) fn combined_fields(&mut self, object: &mut Reader) -> Answer {
        let text = object.need_text("query")?;
        let mut words = Words::new(fields(object.texts("fields")?)?, text);
        self.word_options(&mut words, object)?;
        words.combine = Combine::OneField;
        Ok(Query::Words(words))
    }

    pub(super) fn text(&mut self, object: &mut Reader, syntax: Syntax) -> Answer {
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
        let all = match object.text("minimum_should_match")? {
            Some(minimum) => minimum_of(minimum)?,
            None => joined,
        };
        let known = |name: &str| {
            (name.contains('*') || matches!(name, "_id" | "_seq") || (self.options.field)(name))
                .then(|| vec![FieldBoost::new(name)])
        };
        let options = TextOptions {
            syntax,
            fields: fields(names)?,
            need: all,
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
                if combine.as_deref() == Some("most_fields") { 1.0 } else { 0.0 },
            )?,
            exact_phrases: match object.text("quote_field_suffix")?.as_deref() {
                None | Some("") => false,
                Some(EXACT) => true,
                Some(_) => {
                    return Err(QueryError::illegal("`quote_field_suffix` must be .exact")
                        .at(object.pointer_to("quote_field_suffix")));
                }
            },
            field: &known,
        };
        object.only("lenient", &json!(false))?;
        object.only("analyze_wildcard", &json!(true))?; // patterns always are
        rewrite(object, "rewrite")?;
        rewrite(object, "fuzzy_rewrite")?;
        // There are no synonyms, nothing takes away positions, and automata have narrower bounds of their own.
        object.flag("auto_generate_synonyms_phrase_query")?;
        object.flag("enable_position_increments")?;
        object.count("max_determinized_states")?;
        if object.take("flags").is_some_and(|flags| flags != "ALL") {
            return Err(QueryError::illegal("`flags` other than ALL are not supported")
                .at(object.pointer_to("flags")));
        }
        parse_text(&text, &options, self.clauses).map_err(|error| error.at(object.pointer_to("query")))
    }
}
