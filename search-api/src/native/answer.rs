//! Answers to searches in the native API's form, which is also that of `morgue search --json`.

use std::collections::BTreeMap;

use query::{AggregationAnswer, BucketKey, Hit, SearchResponse};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use store::{AssetId, AssetKind, Revision, Seq};

/// What was found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SearchResponse")]
pub struct SearchAnswer {
    /// How many documents match.
    total: u64,
    /// The page.
    hits: Vec<HitAnswer>,
    /// Counts of values: for each facet a list of values with their counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<BTreeMap<String, Vec<FacetValue>>>,
    /// The `cursor` of the next page; none when this is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// True if the index has moved on since the page before, whose commit is not kept any more: hits whose scores have
    /// changed may be missing here, or be here once more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    moved: bool,
    /// What whoever typed the query should know: a word before a colon that names no field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    /// The generation that answered.
    generation: String,
    /// The last event that it has taken in.
    checkpoint: Seq,
    /// How long it took, in milliseconds.
    took_ms: u64,
    /// True if it was given up before everything was looked at, because it takes too much of the machine: then more may
    /// match than `total` and `facets` say, and better hits may be missing.
    timed_out: bool,
}

/// One document that was found, with its evidence.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Hit")]
pub struct HitAnswer {
    /// Article, image or byline.
    kind: AssetKind,
    /// Its id.
    id: AssetId,
    /// The event that published the revision that it shows.
    seq: Seq,
    /// Which revision that is.
    revision: Revision,
    /// Where it came from; empty where that is not known.
    source: String,
    /// How well it matches; 0 when another order was asked for.
    score: f32,
    /// What the view makes of it.
    document: Map<String, Value>,
    /// By field, the parts of its text where the query's words are; HTML but for which everything is escaped.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    highlights: BTreeMap<String, Vec<String>>,
}

/// A value of a facet.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct FacetValue {
    /// How many documents that match have it.
    count: u64,
    /// The value: a text, also of a date; or a number.
    value: FacetKey,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum FacetKey {
    Text(String),
    Number(i64),
}

impl From<SearchResponse> for SearchAnswer {
    fn from(found: SearchResponse) -> Self {
        let facets = (!found.aggregations.is_empty())
            .then(|| found.aggregations.into_iter().map(|facet| (facet.name.clone(), values_of(&facet))));
        Self {
            total: found.total,
            hits: found.hits.into_iter().map(HitAnswer::from).collect(),
            facets: facets.map(Iterator::collect),
            next: found.next.map(|cursor| cursor.to_string()),
            moved: found.moved,
            notes: found.notes,
            generation: found.generation,
            checkpoint: found.checkpoint,
            took_ms: found.took_ms,
            timed_out: found.timed_out,
        }
    }
}

impl From<Hit> for HitAnswer {
    fn from(hit: Hit) -> Self {
        let Hit { kind, id, seq, revision, source, score, document, highlights, .. } = hit;
        Self { kind, id, seq, revision, source, score, document, highlights }
    }
}

fn values_of(facet: &AggregationAnswer) -> Vec<FacetValue> {
    let key = |key: &BucketKey| match key {
        BucketKey::Text(text) | BucketKey::Date { shown: text, .. } | BucketKey::Range { name: text, .. } => {
            Some(FacetKey::Text(text.clone()))
        }
        BucketKey::Number(number) => Some(FacetKey::Number(*number)),
        BucketKey::Query(name) => name.clone().map(FacetKey::Text),
        BucketKey::Several(_) => None,
    };
    let buckets = facet.result.buckets().iter();
    buckets.filter_map(|bucket| Some(FacetValue { count: bucket.count, value: key(&bucket.key)? })).collect()
}
