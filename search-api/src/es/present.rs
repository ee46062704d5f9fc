//! The answer to a search as Elasticsearch's clients read it.

use std::collections::BTreeMap;

use query::{
    DateFormat, Explanation, Hit, IndexName, SearchResponse, Sort, SortValue, day_range, matches_path,
};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use store::{AssetId, Revision, Seq};
use views::FieldKind;

use super::{
    aggs,
    body::{EsSearch, HitLook},
};

/// Returns how many indices were searched: each is one shard.
pub(super) fn shards(count: usize) -> Value {
    json!({"total": count, "successful": count, "skipped": 0, "failed": 0})
}

/// The answer to a search, to be written as it is.
#[derive(Serialize)]
pub(super) struct SearchAnswer<'a> {
    #[serde(rename = "_scroll_id", skip_serializing_if = "Option::is_none")]
    scroll_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pit_id: Option<&'a str>,
    pub(super) took: u64,
    timed_out: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminated_early: Option<bool>,
    #[serde(rename = "_shards")]
    shards: Value,
    hits: Hits,
    #[serde(skip_serializing_if = "Option::is_none")]
    aggregations: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) suggest: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

impl<'a> SearchAnswer<'a> {
    /// As a page of a scroll.
    pub(super) fn of_scroll(self, id: &'a str) -> Self {
        Self { scroll_id: Some(id), ..self }
    }

    /// Puts others with each hit under a name: those that `answer` gives for its number.
    pub(super) fn add_inner<E>(
        &mut self,
        name: &str,
        mut answer: impl FnMut(usize) -> Result<Option<Value>, E>,
    ) -> Result<(), E> {
        for (at, hit) in self.hits.hits.iter_mut().enumerate() {
            if let Some(inner) = answer(at)? {
                hit.inner_hits.insert(name.to_owned(), inner);
            }
        }
        Ok(())
    }

    /// Returns the hits alone, as they stand in those of another search.
    pub(super) fn only_hits(&self) -> Value {
        json!({"hits": self.hits})
    }

    /// As one of the answers to several searches.
    pub(super) fn of_many(self) -> Self {
        Self { status: Some(200), ..self }
    }
}

#[derive(Serialize)]
struct Hits {
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Value>,
    max_score: Option<f64>,
    hits: Vec<Shown>,
}

/// One hit. What is long in it is what was found, moved here.
#[derive(Serialize)]
pub(super) struct Shown {
    #[serde(rename = "_index", serialize_with = "as_text")]
    index: IndexName,
    #[serde(rename = "_id")]
    id: AssetId,
    #[serde(rename = "_version", skip_serializing_if = "Option::is_none")]
    version: Option<Revision>,
    #[serde(rename = "_seq_no", skip_serializing_if = "Option::is_none")]
    seq_no: Option<Seq>,
    #[serde(rename = "_primary_term", skip_serializing_if = "Option::is_none")]
    primary_term: Option<u8>,
    #[serde(rename = "_score")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Map<String, Value>>,
    #[serde(rename = "_source", skip_serializing_if = "Option::is_none")]
    source: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    highlight: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort: Option<Vec<Value>>,
    #[serde(rename = "_explanation", skip_serializing_if = "Option::is_none")]
    explanation: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    matched_queries: Vec<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    inner_hits: Map<String, Value>,
}

fn as_text<S: Serializer>(index: &IndexName, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(index)
}

pub(super) fn present(response: SearchResponse, search: &EsSearch, views: usize) -> SearchAnswer<'_> {
    let request = &search.request;
    let by_score =
        request.scores || request.sort.is_empty() || request.sort.iter().any(|key| key.field == "_score");
    // A search that is to end early counts no further, and says how many it has counted.
    let terminated_early = search.ends_after.map(|most| response.at_least && response.total >= most);
    let at_least = response.at_least && terminated_early != Some(true);
    let total = search.show_total.then(|| match search.total_as_number {
        true => json!(response.total),
        false => json!({"value": response.total, "relation": if at_least { "gte" } else { "eq" }}),
    });
    let at_point = search.point.is_some();
    let one = |hit: Hit| {
        let group = request.collapse.as_ref().zip(hit.group.clone());
        let mut shown = shown(hit, &search.look, &request.sort, by_score, at_point);
        if let Some((name, group)) = group {
            let fields = shown.fields.get_or_insert_default();
            fields.insert(name.clone(), json!([group.into_scalar()]));
        }
        shown
    };
    let hits: Vec<Shown> = response.hits.into_iter().map(one).collect();
    let max_score = response.max_score.filter(|_| by_score && !hits.is_empty());
    SearchAnswer {
        scroll_id: None,
        pit_id: search.point.as_ref().map(|(id, _)| id.as_str()),
        took: response.took_ms,
        timed_out: response.timed_out,
        terminated_early,
        shards: shards(views),
        hits: Hits { total, max_score: max_score.map(f64::from), hits },
        aggregations: (!request.aggregations.is_empty()).then(|| {
            aggs::answers(response.aggregations, &request.aggregations, &search.looks, search.typed_keys)
        }),
        suggest: None,
        status: None,
    }
}

/// Returns a hit as it is to look; with its seq behind the values of its order if that goes on at a point in time.
pub(super) fn shown(hit: Hit, look: &HitLook, sort: &[Sort], by_score: bool, at_point: bool) -> Shown {
    let fields = if look.fields.is_empty() { Map::new() } else { fields_of(&hit, &look.fields) };
    let values = (!sort.is_empty() || at_point).then(|| {
        let keys = sort.iter().map(Some).chain(std::iter::repeat(None));
        let shown = |(value, key): (SortValue, Option<&Sort>)| {
            json!(match key {
                Some(key) => key.shown(value),
                None => value.into_scalar(),
            })
        };
        let mut values: Vec<Value> = hit.sort.into_iter().zip(keys).map(shown).collect();
        if at_point {
            // Of two hits with the same values, the one of the lower seq comes first.
            values.push(json!(hit.seq));
        }
        values
    });
    Shown {
        index: hit.index,
        id: hit.id,
        version: look.version.then_some(hit.revision),
        seq_no: look.seq_no.then_some(hit.seq),
        primary_term: look.seq_no.then_some(1),
        score: by_score.then(|| f64::from(hit.score)),
        fields: (!fields.is_empty()).then_some(fields),
        source: look.source.apply(hit.document),
        highlight: hit.highlights,
        sort: values,
        explanation: hit.explanation.as_ref().map(explained),
        matched_queries: hit.matched,
        inner_hits: Map::new(),
    }
}

pub(super) fn explained(explanation: &Explanation) -> Value {
    let mut shown = Map::new();
    shown.insert("value".to_owned(), json!(explanation.value));
    shown.insert("description".to_owned(), json!(explanation.description));
    if !explanation.details.is_empty() {
        shown.insert("details".to_owned(), explanation.details.iter().map(explained).collect());
    }
    Value::Object(shown)
}

/// Returns the values of single fields, flat.
fn fields_of(hit: &Hit, names: &[(String, Option<DateFormat>)]) -> Map<String, Value> {
    let mut found = Map::new();
    for field in hit.index.view.fields() {
        let wanted = |(name, _): &&(String, Option<DateFormat>)| {
            field.is_named(name) || (name.contains('*') && matches_path(name, field.name))
        };
        let Some((name, format)) = names.iter().find(wanted) else { continue };
        let mut values = Vec::new();
        views::values_at(&hit.document, field.name, &mut values);
        if !values.is_empty() {
            let name = if name.contains('*') { field.name } else { name.as_str() };
            let is_date = field.kind == FieldKind::Date;
            let shown =
                |value: &Value| if is_date { in_format(value, format.as_ref()) } else { value.clone() };
            let shown = values.into_iter().map(shown);
            found.insert(name.to_owned(), shown.collect());
        }
    }
    found
}

/// Returns a date in a format, without one in that of the mapping.
fn in_format(value: &Value, format: Option<&DateFormat>) -> Value {
    let first = value.as_str().and_then(|text| day_range(text).ok());
    first.map_or_else(|| value.clone(), |(first, _)| json!(DateFormat::shown(first, format)))
}
