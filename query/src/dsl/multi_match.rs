//! `multi_match`: words or a phrase in several fields.

use super::{
    Kind, Parsed, Parser, Read,
    options::{fields, share},
    phrase,
    words::{self, usual_tie_breaker},
};
use crate::{Combine, Phrase, QueryError, Words, json::Fields};

/// Refuses a type that there is not, as what cannot be read.
fn refused(reason: String) -> QueryError {
    QueryError::illegal(reason).named("parse_exception")
}

pub(super) const KINDS: &[Kind] = &[Kind { name: "multi_match", read: Read::Options(read) }];

fn read(parser: &mut Parser<'_, '_>, object: &mut Fields) -> Parsed {
    let text = object.need_text("query")?;
    let fields = fields(object.texts("fields")?)?;
    let kind = object.text("type")?.unwrap_or_else(|| "best_fields".to_owned());
    let tie_breaker = share(object, "tie_breaker", usual_tie_breaker(&kind))?;
    let (combine, last_is_prefix) = match kind.as_str() {
        "phrase" | "phrase_prefix" => {
            let last_is_prefix = kind == "phrase_prefix";
            let phrase = Phrase { tie_breaker, last_is_prefix, ..Phrase::new(fields, text) };
            return phrase::analysed(parser, phrase, object);
        }
        "best_fields" => (Combine::BestField, false),
        "most_fields" => (Combine::AllFields, false),
        "cross_fields" => (Combine::OneField, false),
        "bool_prefix" => (Combine::AllFields, true),
        other => {
            return Err(refused(format!(
                "there is no multi_match of type `{other}`: use best_fields, most_fields, cross_fields, phrase, \
                 phrase_prefix or bool_prefix"
            ))
            .at(object.pointer_to("type")));
        }
    };
    let last_is_prefix = object.flag("last_is_prefix")?.unwrap_or(last_is_prefix);
    let words = Words { tie_breaker, combine, last_is_prefix, ..Words::new(fields, text) };
    words::analysed(parser, words, object)
}
