//! `more_like_this`.

use serde_json::{Value, json};
use store::AssetKind;

use super::{
    Kind, Parsed, Parser, Read, Written,
    options::{at_most, fields, minimum},
    written::{field_names, number},
};
use crate::{
    Example, Like, Query, QueryError,
    json::Fields,
    limits::{MAX_VALUES, MAX_WORDS},
};

pub(super) const KINDS: &[Kind] = &[Kind { name: "more_like_this", read: Read::Options(read) }];

/// The most documents that may be given as examples.
const MAX_EXAMPLES: usize = 100;

fn read(_: &mut Parser<'_, '_>, object: &mut Fields) -> Parsed {
    let mut like = examples(object, "like")?;
    like.extend(object.texts("ids")?.into_iter().map(|id| Example::Asset { kind: None, id }));
    if like.is_empty() {
        return Err(QueryError::new("`like` is missing").at(object.pointer()));
    }
    let usual = Like::new(like);
    let max_terms = object.count("max_query_terms")?.unwrap_or(usual.max_terms);
    at_most("max_query_terms", max_terms, MAX_WORDS, object)?;
    let count =
        |object: &mut Fields, name: &str| Ok::<_, QueryError>(object.count(name)?.map(|count| count as u64));
    let doc_freq = (count(object, "min_doc_freq")?, count(object, "max_doc_freq")?);
    let (min_length, max_length) = (object.count("min_word_length")?, object.count("max_word_length")?);
    let stop_words = object.texts("stop_words")?;
    at_most("stop_words", stop_words.len(), MAX_VALUES, object)?;
    Ok(Query::Like(Like {
        fields: fields(object.texts("fields")?)?,
        unlike: examples(object, "unlike")?,
        with_examples: object.flag("include")?.unwrap_or(false),
        max_terms,
        min_term_freq: object.count("min_term_freq")?.unwrap_or(usual.min_term_freq),
        doc_freq: doc_freq.0.unwrap_or(*usual.doc_freq.start())..=doc_freq.1.unwrap_or(u64::MAX),
        // For both, 0 stands for no bound.
        length: min_length.unwrap_or(*usual.length.start())
            ..=max_length.filter(|length| *length > 0).unwrap_or(usize::MAX),
        stop_words,
        boost_terms: object.number("boost_terms")?.filter(|boost| *boost > 0.0).map(|boost| boost as f32),
        only_texts: !object.flag("fail_on_unsupported_field")?.unwrap_or(true),
        need: minimum(object)?.unwrap_or_else(|| usual.need.clone()),
        ..usual
    }))
}

/// `like` and `unlike`: texts, `{"_id": …}` of an index or another, and documents of their own as `{"doc": …}`.
fn examples(object: &mut Fields, name: &str) -> Result<Vec<Example>, QueryError> {
    let pointer = object.pointer_to(name);
    let list = object.list(name);
    if list.len() > MAX_EXAMPLES {
        let text =
            format!("`{name}` has {}: at most {MAX_EXAMPLES} texts and documents are taken", list.len());
        return Err(QueryError::illegal(text).at(pointer));
    }
    let mut found = Vec::new();
    for (at, value) in list.into_iter().enumerate() {
        if let Value::String(text) = value {
            found.push(Example::Text(text));
            continue;
        }
        let mut one = Fields::new(value, &format!("{pointer}/{at}"))?;
        // Nothing is routed.
        one.pass_over(&["routing", "_type"]);
        let kind = match one.text("_index")? {
            None => None,
            Some(index) => {
                Some(AssetKind::ALL.into_iter().find(|kind| kind.plural() == index).ok_or_else(|| {
                    QueryError::illegal("`_index` must be articles, images or bylines")
                        .at(one.pointer_to("_index"))
                })?)
            }
        };
        found.push(match one.take("doc") {
            Some(Value::Object(fields)) => Example::Document(fields),
            Some(other) => return Err(one.wrong("doc", "an object", &other)),
            None => Example::Asset { kind, id: one.need_text("_id")? },
        });
        one.end()?;
    }
    Ok(found)
}

pub(super) fn write(like: &Like) -> Written {
    let examples = |examples: &[Example]| examples.iter().map(write_example).collect::<Vec<Value>>();
    let usual = Like::new(Vec::new());
    let written = Written::new("more_like_this").with("like", examples(&like.like));
    let written =
        if like.unlike.is_empty() { written } else { written.with("unlike", examples(&like.unlike)) };
    let written =
        if like.fields.is_empty() { written } else { written.with("fields", field_names(&like.fields)) };
    written
        .with_other("include", like.with_examples, &false)
        .with_other("max_query_terms", like.max_terms, &usual.max_terms)
        .with_other("min_term_freq", like.min_term_freq, &usual.min_term_freq)
        .with_other("min_doc_freq", *like.doc_freq.start(), usual.doc_freq.start())
        .with_other("max_doc_freq", *like.doc_freq.end(), usual.doc_freq.end())
        .with_other("min_word_length", *like.length.start(), usual.length.start())
        .with_other("max_word_length", *like.length.end(), usual.length.end())
        .with_other("stop_words", json!(like.stop_words), &json!([]))
        .with_some("boost_terms", like.boost_terms.map(number))
        .with_other("fail_on_unsupported_field", !like.only_texts, &true)
        .with_other("minimum_should_match", like.need.to_string(), &usual.need.to_string())
}

fn write_example(example: &Example) -> Value {
    match example {
        Example::Text(text) => Value::from(text.as_str()),
        Example::Asset { kind: None, id } => json!({"_id": id}),
        Example::Asset { kind: Some(kind), id } => json!({"_index": kind.plural(), "_id": id}),
        Example::Document(fields) => json!({"doc": fields}),
    }
}
