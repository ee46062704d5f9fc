//! How aggregations are to look: typed keys, `keyed`, `meta`, of hits only a part.

use query::SourceFilter;
use serde_json::{Map, Value};

/// What is to be done to the answer of one aggregation.
#[derive(Debug, Clone, Default)]
pub(super) struct Look {
    pub(super) name: String,
    /// What Elasticsearch calls its type in typed keys.
    pub(super) kind: &'static str,
    /// Its buckets as an object under their keys.
    pub(super) keyed: bool,
    /// Each bucket says by how much its count may be wrong: by nothing.
    pub(super) count_error: bool,
    pub(super) meta: Option<Value>,
    pub(super) source: Option<SourceFilter>,
    pub(super) nested: Vec<Look>,
}

/// Makes the answers look as they are asked to.
pub(super) fn decorate(mut answers: Map<String, Value>, looks: &[Look], typed: bool) -> Map<String, Value> {
    let mut decorated = Map::new();
    for look in looks {
        let Some(mut answer) = answers.remove(&look.name) else { continue };
        if let Some(fields) = answer.as_object_mut() {
            look.apply(fields, typed);
        }
        let name = if typed { format!("{}#{}", look.kind, look.name) } else { look.name.clone() };
        decorated.insert(name, answer);
    }
    // What belongs to the bucket itself.
    let mut all = answers;
    all.extend(decorated);
    all
}

impl Look {
    fn apply(&self, answer: &mut Map<String, Value>, typed: bool) {
        if let Some(meta) = &self.meta {
            answer.insert("meta".to_owned(), meta.clone());
        }
        if let (Some(source), Some(Value::Array(hits))) =
            (&self.source, answer.get_mut("hits").and_then(|hits| hits.get_mut("hits")))
        {
            for hit in hits.iter_mut().filter_map(Value::as_object_mut) {
                if let Some(Value::Object(document)) = hit.remove("_source") {
                    hit.extend(
                        source.apply(document).map(|kept| ("_source".to_owned(), Value::Object(kept))),
                    );
                }
            }
        }
        let inner = |bucket: &mut Value| {
            if let Value::Object(fields) = bucket {
                *fields = decorate(std::mem::take(fields), &self.nested, typed);
                if self.count_error {
                    fields.insert("doc_count_error_upper_bound".to_owned(), Value::from(0));
                }
            }
        };
        match answer.get_mut("buckets") {
            Some(Value::Array(buckets)) => {
                buckets.iter_mut().for_each(inner);
            }
            Some(Value::Object(buckets)) => buckets.values_mut().for_each(inner),
            _ if self.nested.is_empty() => {}
            _ => *answer = decorate(std::mem::take(answer), &self.nested, typed),
        }
        if self.keyed
            && let Some(Value::Array(buckets)) = answer.get_mut("buckets")
        {
            let under_key = buckets.drain(..).map(|mut bucket| {
                let key = bucket.get("key_as_string").or_else(|| bucket.get("key"));
                let key = key.map(|key| key.as_str().map_or_else(|| key.to_string(), str::to_owned));
                // Ranges have it nowhere else.
                if let ("range" | "date_range", Some(fields)) = (self.kind, bucket.as_object_mut()) {
                    fields.remove("key");
                }
                (key.unwrap_or_default(), bucket)
            });
            let object: Map<String, Value> = under_key.collect();
            answer.insert("buckets".to_owned(), Value::Object(object));
        }
    }
}
