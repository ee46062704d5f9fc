//! The answer to a search as Elasticsearch's clients read it.

use indexer::FieldKind;
use serde_json::{Map, Value, json};

use super::{body::EsSearch, decorate::decorate, params::matches_path};
use crate::{
    execute::SortValue,
    query::{DateFormat, day_range},
    search::{Hit, SearchResponse},
};

/// How many indices were searched: each is one shard.
pub(super) fn shards(count: usize) -> Value {
    json!({"total": count, "successful": count, "skipped": 0, "failed": 0})
}

pub(super) fn present(response: SearchResponse, search: &EsSearch, views: usize) -> Map<String, Value> {
    let request = &search.request;
    let by_score =
        request.scores || request.sort.is_empty() || request.sort.iter().any(|key| key.field == "_score");
    let shown: Vec<Value> = response.hits.into_iter().map(|hit| hit_json(hit, search, by_score)).collect();
    let mut hits = Map::new();
    if search.show_total {
        let relation = if response.at_least { "gte" } else { "eq" };
        let total = match search.total_as_number {
            true => json!(response.total),
            false => json!({"value": response.total, "relation": relation}),
        };
        hits.insert("total".to_owned(), total);
    }
    let shows_score = by_score && !shown.is_empty();
    hits.insert("max_score".to_owned(), if shows_score { json!(response.max_score) } else { Value::Null });
    hits.insert("hits".to_owned(), Value::Array(shown));
    let mut answer = Map::new();
    answer.insert("took".to_owned(), json!(response.took_ms));
    answer.insert("timed_out".to_owned(), json!(response.timed_out));
    answer.insert("_shards".to_owned(), shards(views));
    answer.insert("hits".to_owned(), Value::Object(hits));
    if !request.facets.is_empty() {
        let aggregations = decorate(response.aggregations, &search.looks, search.typed_keys);
        answer.insert("aggregations".to_owned(), Value::Object(aggregations));
    }
    answer
}

fn hit_json(hit: Hit, search: &EsSearch, by_score: bool) -> Value {
    let mut shown = Map::new();
    shown.insert("_index".to_owned(), json!(hit.index.to_string()));
    shown.insert("_id".to_owned(), json!(hit.id));
    if search.show_version {
        shown.insert("_version".to_owned(), json!(hit.revision));
    }
    if search.show_seq_no {
        shown.insert("_seq_no".to_owned(), json!(hit.seq));
        shown.insert("_primary_term".to_owned(), json!(1));
    }
    shown.insert("_score".to_owned(), if by_score { json!(hit.score) } else { Value::Null });
    let mut fields = if search.fields.is_empty() { Map::new() } else { fields_of(&hit, &search.fields) };
    if let (Some(name), Some(group)) = (&search.request.collapse, &hit.group) {
        fields.insert(name.clone(), json!([plain(group)]));
    }
    if !fields.is_empty() || !search.fields.is_empty() {
        shown.insert("fields".to_owned(), Value::Object(fields));
    }
    if let Some(source) = search.request.source.apply(hit.document) {
        shown.insert("_source".to_owned(), Value::Object(source));
    }
    if !hit.highlights.is_empty() {
        shown.insert("highlight".to_owned(), Value::Object(hit.highlights));
    }
    if !search.request.sort.is_empty() || search.point.is_some() {
        let mut values: Vec<Value> = hit.sort.iter().map(plain).collect();
        if search.point.is_some() {
            // Of two hits with the same values, the one of the lower seq comes first.
            values.push(json!(hit.seq));
        }
        shown.insert("sort".to_owned(), Value::Array(values));
    }
    if let Some(explanation) = hit.explanation {
        shown.insert("_explanation".to_owned(), explanation);
    }
    Value::Object(shown)
}

fn plain(value: &SortValue) -> Value {
    match value {
        SortValue::Missing => Value::Null,
        value => json!(value),
    }
}

/// The values of single fields, flat.
fn fields_of(hit: &Hit, names: &[(String, Option<DateFormat>)]) -> Map<String, Value> {
    let mut found = Map::new();
    for field in indexer::view_of(hit.kind).fields() {
        let wanted = |(name, _): &&(String, Option<DateFormat>)| {
            field.is_named(name) || (name.contains('*') && matches_path(name, field.name))
        };
        let Some((name, format)) = names.iter().find(wanted) else { continue };
        let mut values = Vec::new();
        indexer::values_at(&hit.document, field.name, &mut values);
        if !values.is_empty() {
            let name = if name.contains('*') { field.name } else { name.as_str() };
            let format = format.as_ref().filter(|_| field.kind == FieldKind::Date);
            let shown = values.into_iter().map(|value| in_format(value, format));
            found.insert(name.to_owned(), shown.collect());
        }
    }
    found
}

/// A date in a format; anything else as it is.
fn in_format(value: &Value, format: Option<&DateFormat>) -> Value {
    let first = value.as_str().zip(format).and_then(|(text, format)| Some((day_range(text).ok()?.0, format)));
    first.map_or_else(|| value.clone(), |(first, format)| json!(DateFormat::shown(first, Some(format))))
}
