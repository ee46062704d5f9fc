//! Answers of aggregations, as Elasticsearch's clients read them: typed keys, `keyed`, `meta`, of hits only a part.

use query::{
    Aggregation, AggregationAnswer, AggregationKind, AggregationResult, Bucket, BucketKey, Figure, Scalar,
    Share, Spread, Stat, TopHits,
};
use serde_json::{Map, Value, json};

use crate::es::{body, present};

/// The form of the answer to one aggregation.
#[derive(Debug, Clone, Default)]
pub(in crate::es) struct Look {
    /// The name that Elasticsearch has for its type in typed keys.
    pub(super) kind: &'static str,
    /// Its buckets as an object under their keys.
    pub(super) keyed: bool,
    /// Each bucket says by how much its count may be wrong: by nothing.
    pub(super) count_error: bool,
    pub(super) meta: Option<Value>,
    /// The form of its hits.
    pub(super) hits: Option<Box<body::HitLook>>,
    pub(super) nested: Vec<Look>,
}

/// Writes answers under the names of their aggregations, which were asked in this order with these looks.
pub(in crate::es) fn answers(
    found: Vec<AggregationAnswer>,
    asked: &[Aggregation],
    looks: &[Look],
    typed: bool,
) -> Map<String, Value> {
    let mut written = Map::new();
    for (AggregationAnswer { name, result }, (asked, look)) in found.into_iter().zip(asked.iter().zip(looks))
    {
        if matches!(result, AggregationResult::Absent) {
            continue;
        }
        let name = if typed { format!("{}#{name}", look.kind) } else { name };
        let mut answer = Writer { asked, look, typed }.answer(result);
        answer.extend(look.meta.clone().map(|meta| ("meta".to_owned(), meta)));
        written.insert(name, Value::Object(answer));
    }
    written
}

/// Writes the answer to one aggregation.
struct Writer<'a> {
    asked: &'a Aggregation,
    look: &'a Look,
    typed: bool,
}

impl Writer<'_> {
    fn answer(&self, result: AggregationResult) -> Map<String, Value> {
        let mut answer = Map::new();
        match result {
            AggregationResult::Values { buckets, others } => {
                answer.insert("doc_count_error_upper_bound".to_owned(), json!(0));
                answer.insert("sum_other_doc_count".to_owned(), json!(others));
                answer.insert("buckets".to_owned(), self.buckets(buckets));
            }
            AggregationResult::Intervals(buckets)
            | AggregationResult::Ranges(buckets)
            | AggregationResult::Filters(buckets) => {
                answer.insert("buckets".to_owned(), self.buckets(buckets));
            }
            AggregationResult::One(bucket) => answer = self.bucket(bucket),
            AggregationResult::Stats(figures) => {
                let is_one = figures.len() == 1;
                figures.into_iter().for_each(|one| figure(&mut answer, is_one, one));
            }
            AggregationResult::Distinct(count) => {
                answer.insert("value".to_owned(), json!(count));
            }
            AggregationResult::TopHits(top) => {
                answer.insert("hits".to_owned(), self.top_hits(top));
            }
            AggregationResult::AutoIntervals { buckets, interval } => {
                answer.insert("buckets".to_owned(), self.buckets(buckets));
                answer.insert("interval".to_owned(), json!(interval));
            }
            AggregationResult::Composite(buckets) => {
                let last = buckets.last().map(|last| self.several(&last.key));
                answer.extend(last.map(|last| ("after_key".to_owned(), last)));
                answer.insert("buckets".to_owned(), self.buckets(buckets));
            }
            AggregationResult::Extended(spread) => answer = spread_out(&spread),
            AggregationResult::Shares(shares) => {
                answer.insert("values".to_owned(), self.shares(&shares));
            }
            AggregationResult::Value(value) => {
                answer.insert("value".to_owned(), json!(value));
            }
            AggregationResult::Change { value, by_unit } => {
                answer.insert("value".to_owned(), json!(value));
                answer.extend(by_unit.map(|by_unit| ("normalized_value".to_owned(), json!(by_unit))));
            }
            AggregationResult::Peak { value, keys } => {
                answer.insert("value".to_owned(), json!(value));
                answer.insert("keys".to_owned(), keys.iter().map(|key| self.key_text(key)).collect());
            }
            AggregationResult::Absent => {}
        }
        answer
    }

    /// Returns a list of buckets, or an object of them under their keys.
    fn buckets(&self, buckets: Vec<Bucket>) -> Value {
        let is_named = |bucket: &Bucket| matches!(bucket.key, BucketKey::Query(Some(_)));
        if !self.look.keyed && !buckets.iter().any(is_named) {
            return buckets.into_iter().map(|bucket| Value::Object(self.bucket(bucket))).collect();
        }
        let mut under_keys = Map::new();
        for bucket in buckets {
            let key = self.key_text(&bucket.key);
            let is_range = matches!(bucket.key, BucketKey::Range { .. });
            let mut bucket = self.bucket(bucket);
            // Ranges have it nowhere else.
            if is_range {
                bucket.remove("key");
            }
            under_keys.insert(key, Value::Object(bucket));
        }
        Value::Object(under_keys)
    }

    fn bucket(&self, bucket: Bucket) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| {
            fields.insert(name.to_owned(), value);
        };
        put("doc_count", json!(bucket.count));
        if self.look.count_error {
            put("doc_count_error_upper_bound", json!(0));
        }
        match bucket.key {
            BucketKey::Query(_) => {}
            BucketKey::Text(text) => put("key", json!(text)),
            BucketKey::Number(number) => put("key", self.number(number)),
            BucketKey::Date { millis, shown } => {
                put("key", json!(millis));
                put("key_as_string", json!(shown));
            }
            key @ BucketKey::Several(_) => {
                put("key", self.several(&key));
                if matches!(self.asked.kind, AggregationKind::MultiTerms(_)) {
                    put("key_as_string", json!(self.key_text(&key)));
                }
            }
            BucketKey::Range { name, from, to } => {
                for (end, bound) in [("from", from), ("to", to)] {
                    let Some(bound) = bound else { continue };
                    put(end, json!(bound.value));
                    if let Some(date) = bound.date {
                        put(&format!("{end}_as_string"), json!(date));
                    }
                }
                put("key", json!(name));
            }
        }
        fields.extend(answers(bucket.nested, &self.asked.nested, &self.look.nested, self.typed));
        fields
    }

    /// Intervals begin at numbers that may have decimals, values of `terms` have none.
    fn number(&self, number: i64) -> Value {
        match self.asked.kind {
            AggregationKind::Histogram(_) => json!(number as f64),
            _ => json!(number),
        }
    }

    fn key_text(&self, key: &BucketKey) -> String {
        match key {
            BucketKey::Query(name) => name.clone().unwrap_or_default(),
            BucketKey::Text(text) => text.clone(),
            BucketKey::Number(number) => self.number(*number).to_string(),
            BucketKey::Date { shown, .. } => shown.clone(),
            BucketKey::Range { name, .. } => name.clone(),
            BucketKey::Several(values) => {
                let text = |(_, value): &(String, Option<Scalar>)| {
                    value.as_ref().map_or_else(String::new, ToString::to_string)
                };
                values.iter().map(text).collect::<Vec<_>>().join("|")
            }
        }
    }

    /// Several values: under their names, or as a list where they have none.
    fn several(&self, key: &BucketKey) -> Value {
        let BucketKey::Several(values) = key else { return Value::Null };
        match self.asked.kind {
            AggregationKind::Composite(_) => {
                values.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>().into()
            }
            _ => values.iter().map(|(_, value)| json!(value)).collect(),
        }
    }

    fn shares(&self, shares: &[Share]) -> Value {
        // Those of a pipeline are always under their names.
        let keyed = self.look.keyed || matches!(self.asked.kind, AggregationKind::Pipeline(_));
        if keyed {
            let mut under_names = Map::new();
            for share in shares {
                // A number always shows that it may have decimals.
                let name = format!("{:?}", share.of);
                let date = share.date.as_ref().map(|date| (format!("{name}_as_string"), json!(date)));
                under_names.extend(date);
                under_names.insert(name, json!(share.value));
            }
            return under_names.into();
        }
        let one = |share: &Share| {
            let mut one = json!({"key": share.of, "value": share.value});
            if let (Some(fields), Some(date)) = (one.as_object_mut(), &share.date) {
                fields.insert("value_as_string".to_owned(), json!(date));
            }
            one
        };
        shares.iter().map(one).collect()
    }

    fn top_hits(&self, top: TopHits) -> Value {
        let sort = match &self.asked.kind {
            AggregationKind::TopHits { sort, .. } => sort.as_slice(),
            _ => &[],
        };
        let by_score = sort.is_empty() || sort.iter().any(|key| key.field == "_score");
        let usual = body::HitLook::default();
        let look = self.look.hits.as_deref().unwrap_or(&usual);
        let by_score = by_score || look.scores;
        let shown = |hit| json!(present::shown(hit, look, sort, by_score, false));
        let hits: Vec<Value> = top.hits.into_iter().map(shown).collect();
        json!({"total": {"value": top.total, "relation": "eq"}, "max_score": top.max_score, "hits": hits})
    }
}

/// Returns all figures of how numbers spread.
fn spread_out(spread: &Spread) -> Map<String, Value> {
    let mut answer = Map::new();
    answer.insert("count".to_owned(), json!(spread.count));
    let names = [
        "min",
        "max",
        "avg",
        "sum",
        "sum_of_squares",
        "variance",
        "variance_population",
        "variance_sampling",
        "std_deviation",
        "std_deviation_population",
        "std_deviation_sampling",
    ];
    answer.extend(names.map(|name| (name.to_owned(), json!(spread.named(name)))));
    let bounds =
        ["upper", "lower", "upper_population", "lower_population", "upper_sampling", "lower_sampling"];
    let bounds: Map<String, Value> =
        bounds.into_iter().map(|name| (name.to_owned(), json!(spread.named(name)))).collect();
    answer.insert("std_deviation_bounds".to_owned(), Value::Object(bounds));
    answer
}

/// Writes a number under its own name, or as `value` when it is the only one.
fn figure(answer: &mut Map<String, Value>, is_one: bool, figure: Figure) {
    let name = if is_one { "value" } else { figure.stat.name() };
    let value = match (figure.stat, figure.value) {
        (Stat::Count, Some(count)) => json!(count as u64),
        (_, value) => json!(value),
    };
    answer.insert(name.to_owned(), value);
    answer.extend(figure.date.map(|date| (format!("{name}_as_string"), json!(date))));
}
