//! Highlighting, as Elasticsearch's clients ask for it.

use query::{Fields, HighlightField, HighlightOptions, Query, QueryError};
use serde_json::Value;
use views::EXACT;

/// Reads a query at a place of the body.
pub(crate) type ParseQuery<'a> = dyn Fn(Value, &str) -> Result<Query, QueryError> + 'a;

/// Reads `highlight`.
pub(crate) fn highlight(object: Fields, query: &ParseQuery<'_>) -> Result<HighlightOptions, QueryError> {
    read(object, query).map_err(|error| match error.es_type {
        _ if error.late => error,
        "parsing_exception" | "number_format_exception" => error.named("x_content_parse_exception"),
        _ => error,
    })
}

fn read(mut object: Fields, query: &ParseQuery<'_>) -> Result<HighlightOptions, QueryError> {
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
        Some(value) => Some(query(value, &object.pointer_to("highlight_query"))?),
        None => None,
    };
    if one_of(&mut object, "tags_schema", &["default", "styled"])?.is_some_and(|schema| schema == "styled") {
        let (before, after) = STYLED;
        usual.tags.get_or_insert_with(|| (before.to_owned(), after.to_owned()));
    }
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
        if let Some(own) = inner.take("highlight_query") {
            field.query = Some(query(own, &inner.pointer_to("highlight_query"))?);
        }
        inner.end()?;
        options.fields.push(field);
    }
    if options.fields.is_empty() {
        options.fields.push(usual);
    }
    Ok(options)
}

/// The tags of `styled`. Elasticsearch's own number them by importance, up to ten; of several the first is used here.
const STYLED: (&str, &str) = ("<em class=\"hlt1\">", "</em>");

/// The longest fragment, and the longest text without a match, in characters.
const MAX_FRAGMENT: usize = 10_000;
/// The number that tools send that want no bound.
const NO_BOUND: usize = i32::MAX as usize;
/// The most fragments of a field.
const MAX_FRAGMENTS: usize = 100;
/// The longest tag in bytes: it stands at every word that is found.
const MAX_TAG: usize = 256;

/// Reads the options that may stand beside the fields and in each of them.
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
    one_of(object, "type", &["unified", "plain", "fvh"]).map_err(QueryError::late)?;
    one_of(object, "fragmenter", &["span", "simple"])?;
    if let Some(scanner) = one_of(object, "boundary_scanner", &["sentence", "word", "chars"])? {
        field.at_words = scanner != "sentence";
    }
    object.only("force_source", &Value::from(true))?;
    // Whichever of its own analyses is matched, the words are the same.
    let own = |name: &str| name.split(EXACT).next() == field.name.split(EXACT).next();
    if let Some(other) = object.texts("matched_fields")?.iter().find(|name| !own(name)) {
        let why = format!("`matched_fields` must be the field's own, not `{other}`");
        return Err(QueryError::illegal(why).at(object.pointer_to("matched_fields")));
    }
    // Bounds of the work of others' highlighters, and hints to where they cut.
    for name in ["boundary_max_scan", "phrase_limit", "max_analyzer_offset", "fragment_offset"] {
        object.count(name)?;
    }
    object.text("boundary_chars")?;
    object.text("boundary_scanner_locale")?;
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
