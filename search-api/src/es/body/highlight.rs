//! What to highlight, as Elasticsearch's clients write it.

use query::{Fields, HighlightField, HighlightOptions, Query, QueryError};
use serde_json::Value;

/// Reads a query at a place of the body.
type ParseQuery<'a> = dyn Fn(Value, &str) -> Result<Query, QueryError> + 'a;

/// Reads `highlight`.
pub(super) fn highlight(mut object: Fields, query: &ParseQuery<'_>) -> Result<HighlightOptions, QueryError> {
    let mut options = HighlightOptions::default();
    let mut usual = HighlightField { size: 100, count: 5, ..HighlightField::new("*") };
    field_options(&mut object, &mut usual)?;
    if let Some(own_only) = usual.own_only.take() {
        options.own_field_only = own_only;
    }
    // As in Elasticsearch nothing is escaped unless it is asked for: what is shown as HTML needs `encoder: html`.
    options.escape =
        one_of(&mut object, "encoder", &["html", "default"])?.is_some_and(|encoder| encoder == "html");
    options.query = match object.take("highlight_query") {
        Some(value) => Some(query(value, "/highlight/highlight_query")?),
        None => None,
    };
    object.only("tags_schema", &Value::from("default"))?;
    let mut fields: Vec<(String, Value)> = Vec::new();
    match object.take("fields") {
        Some(Value::Object(named)) => fields.extend(named),
        Some(Value::Array(list)) => {
            for (at, value) in list.into_iter().enumerate() {
                let mut one = Fields::new(value, &format!("/highlight/fields/{at}"))?;
                fields.extend(std::iter::from_fn(|| one.take_any()));
            }
        }
        Some(other) => return Err(object.wrong("fields", "an object", &other)),
        None => {}
    }
    object.end()?;
    for (name, value) in fields {
        let mut field = HighlightField { name: name.clone(), ..usual.clone() };
        let mut inner = Fields::new(value, &format!("/highlight/fields/{name}"))?;
        field_options(&mut inner, &mut field)?;
        inner.end()?;
        options.fields.push(field);
    }
    if options.fields.is_empty() {
        options.fields.push(usual);
    }
    Ok(options)
}

/// The longest fragment, and the longest text without a match, in characters.
const MAX_FRAGMENT: usize = 10_000;
/// What tools send that want no bound.
const NO_BOUND: usize = i32::MAX as usize;
/// The most fragments of a field.
const MAX_FRAGMENTS: usize = 100;
/// The longest tag in bytes: it stands at every word that is found.
const MAX_TAG: usize = 256;

/// What may stand beside the fields and in each of them.
fn field_options(object: &mut Fields, field: &mut HighlightField) -> Result<(), QueryError> {
    let bounded = |object: &mut Fields, name: &str, max: usize, usual: usize| match object.count(name)? {
        None => Ok(usual),
        // As much as can be.
        Some(NO_BOUND) => Ok(max),
        Some(count) if count <= max => Ok(count),
        Some(count) => Err(QueryError::illegal(format!("`{name}` is {count}: at most {max} is taken"))
            .at(object.pointer_to(name))),
    };
    field.size = bounded(object, "fragment_size", MAX_FRAGMENT, field.size)?;
    field.count = bounded(object, "number_of_fragments", MAX_FRAGMENTS, field.count)?;
    field.without_match = bounded(object, "no_match_size", MAX_FRAGMENT, field.without_match)?;
    if let Some(order) = one_of(object, "order", &["score", "none"])? {
        field.best_first = order == "score";
    }
    // Of several tags the first is used, as Elasticsearch's own highlighters do.
    let mut tag = |name: &str| match object.texts(name)?.into_iter().next() {
        Some(tag) if tag.len() > MAX_TAG => {
            let why = format!("`{name}` has {} bytes: at most {MAX_TAG} are taken", tag.len());
            Err(QueryError::illegal(why).at(object.pointer_to(name)))
        }
        tag => Ok(tag),
    };
    let tags = (tag("pre_tags")?, tag("post_tags")?);
    if tags.0.is_some() || tags.1.is_some() {
        let (before, after) = field.tags.take().unwrap_or_else(|| ("<em>".to_owned(), "</em>".to_owned()));
        field.tags = Some((tags.0.unwrap_or(before), tags.1.unwrap_or(after)));
    }
    field.own_only = object.flag("require_field_match")?.or(field.own_only);
    // There is one highlighter, whichever of Elasticsearch's is asked for; it cuts at sentences.
    one_of(object, "type", &["unified", "plain", "fvh"])?;
    object.only("fragmenter", &Value::from("span"))?;
    object.only("boundary_scanner", &Value::from("sentence"))?;
    object.only("force_source", &Value::from(true))?;
    Ok(())
}

/// Takes a word that must be one of these.
fn one_of(object: &mut Fields, name: &str, words: &[&str]) -> Result<Option<String>, QueryError> {
    match object.text(name)? {
        Some(word) if !words.contains(&word.as_str()) => {
            Err(QueryError::illegal(format!("`{name}` must be one of {}", words.join(", ")))
                .at(object.pointer_to(name)))
        }
        word => Ok(word),
    }
}
