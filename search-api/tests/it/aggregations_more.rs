//! Aggregations of several fields, of how values spread, and over the answers of others.

use serde_json::{Value, json};

use crate::{archive::Archive, elastic::search};

async fn of(archive: &Archive, index: &str, aggs: Value) -> Value {
    search(archive, index, json!({"size": 0, "aggs": aggs})).await["aggregations"].clone()
}

#[tokio::test]
async fn combinations_come_page_by_page() {
    let archive = Archive::small();
    let sources = json!([
        {"section": {"terms": {"field": "section"}}},
        {"century": {"date_histogram": {"field": "published", "calendar_interval": "century", "format": "yyyy", "order": "desc"}}},
    ]);
    let (mut after, mut seen, mut pages) = (Value::Null, Vec::new(), 0);
    loop {
        let mut composite = json!({"sources": sources, "size": 2});
        if !after.is_null() {
            composite["after"] = after.clone();
        }
        let answer = of(
            &archive,
            "articles",
            json!({"c": {"composite": composite, "aggs": {"n": {"value_count": {"field": "page"}}}}}),
        )
        .await;
        let buckets = answer["c"]["buckets"].as_array().unwrap();
        if buckets.is_empty() {
            assert!(answer["c"].get("after_key").is_none(), "{answer}");
            break;
        }
        pages += 1;
        after = answer["c"]["after_key"].clone();
        assert_eq!(after, buckets.last().unwrap()["key"]);
        seen.extend(buckets.iter().map(|bucket| {
            let key = &bucket["key"];
            format!(
                "{} {} {} {}",
                key["section"].as_str().unwrap(),
                key["century"].as_str().unwrap(),
                bucket["doc_count"],
                bucket["n"]["value"]
            )
        }));
    }
    assert_eq!(seen, ["City 1900 2 1", "City 1800 1 1", "Harbour 1900 1 1", "Étranger 1800 1 0"]);
    assert_eq!(pages, 2);
    let by_page = json!({"c": {"composite": {"sources": [{"page": {"terms": {"field": "page", "missing_bucket": true, "order": "desc"}}}]}}});
    let buckets = of(&archive, "articles", by_page).await["c"]["buckets"].clone();
    assert_eq!(
        buckets,
        json!([
            {"key": {"page": "2"}, "doc_count": 1}, {"key": {"page": "1"}, "doc_count": 2}, {"key": {"page": null}, "doc_count": 2},
        ])
    );
    let numbers = json!({"c": {"composite": {"sources": [{"n": {"histogram": {"field": "used_in_count", "interval": 1}}}]}}});
    let buckets = of(&archive, "images", numbers).await["c"]["buckets"].clone();
    assert_eq!(buckets[0]["doc_count"], 1, "{buckets}");
}

#[tokio::test]
async fn several_values_are_one_term() {
    let archive = Archive::small();
    let aggs = json!({"m": {"multi_terms": {"terms": [{"field": "section"}, {"field": "page", "missing": "-"}], "size": 3}}});
    let answer = of(&archive, "articles", aggs).await["m"].clone();
    assert_eq!(
        answer["buckets"][0],
        json!({"key": ["City", "-"], "key_as_string": "City|-", "doc_count": 1}),
        "{answer}"
    );
    assert_eq!((&answer["sum_other_doc_count"], answer["buckets"].as_array().unwrap().len()), (&json!(2), 3));
    let only = json!({"m": {"multi_terms": {"terms": [{"field": "section"}, {"field": "page"}], "order": {"_key": "desc"}},
        "aggs": {"first": {"min": {"field": "published"}}}}});
    let buckets = of(&archive, "articles", only).await["m"]["buckets"].clone();
    let keys: Vec<&str> =
        buckets.as_array().unwrap().iter().map(|one| one["key_as_string"].as_str().unwrap()).collect();
    assert_eq!(keys, ["Harbour|1", "City|2", "City|1"]);
    assert!(buckets[0]["first"]["value"].is_number());
}

#[tokio::test]
async fn values_spread() {
    let archive = Archive::small();
    let aggs = json!({
        "p": {"percentiles": {"field": "published", "percents": [0, 50, 100], "format": "yyyy"}},
        "l": {"percentiles": {"field": "published", "percents": [50], "keyed": false}},
        "r": {"percentile_ranks": {"field": "published", "values": [-2_208_988_800_000.0]}},
        "s": {"extended_stats": {"field": "published", "sigma": 1}},
        "n": {"extended_stats": {"field": "nothing"}},
        "a": {"auto_date_histogram": {"field": "published", "buckets": 5, "format": "yyyy"}},
    });
    let answer = of(&archive, "articles", aggs).await;
    assert_eq!(answer["p"]["values"]["0.0_as_string"], "1868");
    assert_eq!(answer["p"]["values"]["50.0_as_string"], "1903");
    assert_eq!(answer["p"]["values"]["100.0_as_string"], "1955");
    assert_eq!(answer["l"]["values"][0]["key"], 50.0);
    assert_eq!(answer["r"]["values"]["-2208988800000.0"], 40.0, "two of five are before 1900");
    let spread = &answer["s"];
    assert_eq!(spread["count"], 5);
    let of = |name: &str| spread[name].as_f64().unwrap();
    assert!((of("std_deviation").powi(2) / of("variance") - 1.0).abs() < 1e-9, "{spread}");
    assert!(
        (spread["std_deviation_bounds"]["upper"].as_f64().unwrap() - of("avg") - of("std_deviation")).abs()
            < 1.0
    );
    assert_eq!((&answer["n"]["count"], &answer["n"]["avg"]), (&json!(0), &Value::Null));
    let auto = &answer["a"];
    assert_eq!((&auto["interval"], auto["buckets"].as_array().unwrap().len()), (&json!("20y"), 5), "{auto}");
    let counts: u64 =
        auto["buckets"].as_array().unwrap().iter().map(|one| one["doc_count"].as_u64().unwrap()).sum();
    assert_eq!(counts, 5);
}

#[tokio::test]
async fn everything_stands_beside_what_is_found() {
    let archive = Archive::small();
    let body = json!({"size": 0, "query": {"match": {"body": "fog harbour"}}, "aggs": {
        "all": {"global": {}, "aggs": {"n": {"value_count": {"field": "published"}}}},
        "best": {"sampler": {"shard_size": 1}, "aggs": {"s": {"terms": {"field": "section"}}}},
    }});
    let answer = search(&archive, "articles", body).await["aggregations"].clone();
    assert_eq!(answer["all"], json!({"doc_count": 5, "n": {"value": 5}}));
    assert_eq!(answer["best"]["s"]["buckets"], json!([{"key": "Harbour", "doc_count": 1}]));
}

#[tokio::test]
async fn figures_go_from_bucket_to_bucket() {
    let archive = Archive::small();
    let aggs = json!({
        "c": {
            "date_histogram": {"field": "published", "calendar_interval": "century", "format": "yyyy"},
            "aggs": {
                "words": {"value_count": {"field": "bylines.name.keyword"}},
                "d": {"derivative": {"buckets_path": "_count"}},
                "sum": {"cumulative_sum": {"buckets_path": "words"}},
                "double": {"cumulative_sum": {"buckets_path": "sum"}},
                "m": {"moving_fn": {"buckets_path": "_count", "window": 2, "script": "MovingFunctions.unweightedAvg(values)"}},
                "x": {"bucket_script": {"buckets_path": {"a": "words", "b": "_count"}, "script": {"source": "params.a / params.b * params.c", "params": {"c": 2}}}},
                "s": {"serial_diff": {"buckets_path": "_count", "lag": 1}},
            },
        },
        "mean": {"avg_bucket": {"buckets_path": "c>_count"}},
        "max": {"max_bucket": {"buckets_path": "c>words"}},
        "stats": {"stats_bucket": {"buckets_path": "c>words"}},
        "spread": {"extended_stats_bucket": {"buckets_path": "c>_count"}},
        "percents": {"percentiles_bucket": {"buckets_path": "c>_count", "percents": [50]}},
    });
    let answer = of(&archive, "articles", aggs).await;
    let buckets = answer["c"]["buckets"].as_array().unwrap();
    let (first, second) = (&buckets[0], &buckets[1]);
    assert_eq!((&first["doc_count"], &second["doc_count"]), (&json!(2), &json!(3)));
    assert_eq!((first.get("d"), &second["d"]["value"]), (None, &json!(1.0)), "{answer}");
    assert_eq!((&first["sum"]["value"], &second["sum"]["value"]), (&json!(2.0), &json!(4.0)));
    assert_eq!(second["double"]["value"], 6.0);
    assert_eq!((&first["m"]["value"], &second["m"]["value"]), (&Value::Null, &json!(2.0)));
    assert_eq!(first["x"]["value"], 2.0);
    assert_eq!((first.get("s"), &second["s"]["value"]), (None, &json!(1.0)));
    assert_eq!(answer["mean"]["value"], 2.5);
    assert_eq!(answer["max"], json!({"value": 2.0, "keys": ["1800", "1900"]}));
    assert_eq!(answer["stats"], json!({"count": 2, "min": 2.0, "max": 2.0, "avg": 2.0, "sum": 4.0}));
    assert_eq!(answer["spread"]["variance"], 0.25);
    assert_eq!(answer["percents"]["values"], json!({"50.0": 3.0}));
    let chosen = json!({"s": {"terms": {"field": "section"}, "aggs": {
        "few": {"bucket_selector": {"buckets_path": {"n": "_count"}, "script": "params.n < 3"}},
        "last": {"bucket_sort": {"sort": [{"_key": {"order": "desc"}}], "size": 1}},
    }}});
    let buckets = of(&archive, "articles", chosen).await["s"]["buckets"].clone();
    assert_eq!(buckets, json!([{"key": "Étranger", "doc_count": 1}]));
}
