//! Aggregations, as clients of Elasticsearch ask for them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    archive::{Archive, post},
    elastic::search,
};

#[tokio::test]
async fn aggregations_add_up() {
    let archive = Archive::small();
    let body = json!({"size": 0, "aggs": {
        "sections": {"terms": {"field": "section"}, "aggs": {"first": {"min": {"field": "published"}},
            "people": {"terms": {"field": "bylines.name.keyword"}}}},
        "years": {"date_histogram": {"field": "published", "calendar_interval": "decade", "min_doc_count": 1, "format": "yyyy"}},
        "named": {"cardinality": {"field": "bylines.id"}},
        "old": {"filter": {"range": {"published": {"lt": "1900"}}}, "aggs": {"top": {"top_hits": {"size": 1}}}},
        "ranges": {"date_range": {"field": "published", "ranges": [{"to": "1900"}, {"from": "1900", "key": "new"}]}},
        "nobody": {"missing": {"field": "bylines.id"}},
        "both": {"filters": {"filters": {"a": {"match": {"body": "fog"}}, "b": {"match_all": {}}}}},
    }});
    let answer = search(&archive, "articles", body).await;
    let aggs = &answer["aggregations"];
    let sections = aggs["sections"]["buckets"].as_array().unwrap();
    assert_eq!((&sections[0]["key"], &sections[0]["doc_count"]), (&json!("City"), &json!(3)));
    assert_eq!(sections[0]["people"]["buckets"][0], json!({"key": "Josiah Penhale", "doc_count": 2}));
    assert_eq!(aggs["years"]["buckets"].as_array().unwrap().len(), 5);
    assert_eq!(aggs["years"]["buckets"][0]["key_as_string"], "1860");
    assert_eq!(aggs["named"]["value"], 2);
    assert_eq!(aggs["old"]["doc_count"], 2);
    assert_eq!(aggs["old"]["top"]["hits"]["total"]["value"], 2);
    assert_eq!(
        aggs["ranges"]["buckets"][1],
        json!({"key": "new", "from": -2_208_988_800_000.0, "from_as_string": "1900-01-01T00:00:00.000Z", "doc_count": 3})
    );
    assert_eq!(aggs["nobody"]["doc_count"], 2);
    assert_eq!(aggs["both"]["buckets"]["a"]["doc_count"], 1);
    assert_eq!(answer["hits"]["hits"], json!([]));
}

#[tokio::test]
async fn terms_come_in_the_order_that_is_asked() {
    let archive = Archive::small();
    let check = async |options: Value, expected: &[(&str, u64)]| {
        let mut terms = json!({"field": "section"});
        terms.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let aggs = json!({"a": {"terms": terms, "aggs": {"n": {"value_count": {"field": "published"}}}}});
        let answer = search(&archive, "articles,images", json!({"size": 0, "aggs": aggs})).await;
        let buckets = answer["aggregations"]["a"]["buckets"].as_array().unwrap().clone();
        let found: Vec<(&str, u64)> = buckets
            .iter()
            .map(|bucket| (bucket["key"].as_str().unwrap(), bucket["doc_count"].as_u64().unwrap()))
            .collect();
        assert_eq!(found, expected, "{options}");
        let nested: u64 = buckets.iter().map(|bucket| bucket["n"]["value"].as_u64().unwrap()).sum();
        let own = found.iter().filter(|(key, _)| *key != "Nowhere").map(|(_, count)| count).sum::<u64>();
        assert_eq!(nested, own, "{options}: what is nested is over the same documents");
    };
    check(json!({}), &[("City", 3), ("Harbour", 1), ("Étranger", 1)]).await;
    check(json!({"order": {"_count": "asc"}}), &[("Harbour", 1), ("Étranger", 1), ("City", 3)]).await;
    check(json!({"order": {"_key": "desc"}, "size": 2}), &[("Étranger", 1), ("Harbour", 1)]).await;
    check(json!({"order": {"_key": "asc"}, "size": 1}), &[("City", 3)]).await;
    check(json!({"min_doc_count": 2}), &[("City", 3)]).await;
    check(json!({"missing": "Nowhere"}), &[("City", 3), ("Harbour", 1), ("Nowhere", 1), ("Étranger", 1)])
        .await;
    check(
        json!({"order": [{"_count": "asc"}, {"_key": "desc"}]}),
        &[("Étranger", 1), ("Harbour", 1), ("City", 3)],
    )
    .await;
    check(json!({"order": {"n": "ASC"}, "size": 2}), &[("Harbour", 1), ("Étranger", 1)]).await;
    check(
        json!({"order": [{"n": "asc"}, {"_key": "desc"}]}),
        &[("Étranger", 1), ("Harbour", 1), ("City", 3)],
    )
    .await;
    check(json!({"include": "C.*|H.*"}), &[("City", 3), ("Harbour", 1)]).await;
    check(json!({"exclude": ["City"]}), &[("Harbour", 1), ("Étranger", 1)]).await;
    check(json!({"include": ["City", "Harbour", "None"], "exclude": "Ha.*"}), &[("City", 3)]).await;
}

/// Keys and counts of the buckets of one aggregation over all articles, with what is nested in them.
async fn buckets(archive: &Archive, index: &str, body: Value) -> Vec<(Value, u64)> {
    let answer = search(archive, index, json!({"size": 0, "aggs": {"a": body}})).await;
    let buckets = answer["aggregations"]["a"]["buckets"].as_array().unwrap().clone();
    let key = |bucket: &Value| bucket.get("key_as_string").unwrap_or(&bucket["key"]).clone();
    buckets.iter().map(|bucket| (key(bucket), bucket["doc_count"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn buckets_come_in_the_order_of_what_is_nested_in_them() {
    let archive = Archive::small();
    let nested = json!({
        "first": {"min": {"field": "published"}},
        "all": {"stats": {"field": "published"}},
        "people": {"cardinality": {"field": "bylines.id"}},
        "old": {"filter": {"range": {"published": {"lt": "1900"}}}, "aggs": {"last": {"max": {"field": "published"}}}},
        "nobody": {"missing": {"field": "bylines.id"}},
        "years": {"date_histogram": {"field": "published", "calendar_interval": "year", "min_doc_count": 1}},
    });
    let check = async |order: Value, expected: &[&str]| {
        let body = json!({"terms": {"field": "section", "order": order}, "aggs": nested});
        let found = buckets(&archive, "articles", body).await;
        let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str().unwrap()).collect();
        assert_eq!(keys, expected, "{order}");
    };
    check(json!({"first": "asc"}), &["City", "Étranger", "Harbour"]).await;
    check(json!({"first": "desc"}), &["Harbour", "Étranger", "City"]).await;
    check(json!({"first.value": "desc"}), &["Harbour", "Étranger", "City"]).await;
    check(json!({"all.max": "desc"}), &["City", "Harbour", "Étranger"]).await;
    check(json!({"all.count": "desc"}), &["City", "Harbour", "Étranger"]).await;
    check(json!([{"people": "asc"}, {"first": "desc"}]), &["Étranger", "Harbour", "City"]).await;
    check(json!({"old": "desc"}), &["City", "Étranger", "Harbour"]).await;
    check(json!({"old>_count": "asc"}), &["Harbour", "City", "Étranger"]).await;
    check(json!([{"nobody._count": "desc"}, {"_key": "desc"}]), &["Étranger", "City", "Harbour"]).await;
    // What has no number comes last, whichever way.
    check(json!({"old>last": "desc"}), &["Étranger", "City", "Harbour"]).await;
    check(json!({"old>last.value": "asc"}), &["City", "Étranger", "Harbour"]).await;
    let years = json!({"date_histogram": {"field": "published", "calendar_interval": "century", "min_doc_count": 1,
        "format": "yyyy", "order": {"people": "desc"}}, "aggs": {"people": {"cardinality": {"field": "bylines.id"}}}});
    assert_eq!(buckets(&archive, "articles", years).await, [(json!("1800"), 2), (json!("1900"), 3)]);
    for order in ["x", "years", "all", "all.median", "years>x", "old>x", "first>_count", "first.x", "", ">"] {
        let body =
            json!({"aggs": {"a": {"terms": {"field": "section", "order": {order: "asc"}}, "aggs": nested}}});
        let (status, answer) = post(&archive.router(), "/es/articles/_search", body.to_string()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{order}: {answer}");
        assert!(answer["error"]["reason"].as_str().unwrap().contains("/aggs/a/terms/order"), "{answer}");
    }
}

#[tokio::test]
async fn histograms_have_the_bounds_that_are_asked() {
    let archive = Archive::small();
    let check = async |options: Value, expected: &[(&str, u64)]| {
        let mut own = json!({"field": "published", "calendar_interval": "decade", "format": "yyyy"});
        own.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let found = buckets(&archive, "articles", json!({"date_histogram": own})).await;
        let found: Vec<(&str, u64)> =
            found.iter().map(|(key, count)| (key.as_str().unwrap(), *count)).collect();
        assert_eq!(found, expected, "{options}");
    };
    let all = [
        ("1860", 1),
        ("1870", 0),
        ("1880", 0),
        ("1890", 1),
        ("1900", 1),
        ("1910", 0),
        ("1920", 0),
        ("1930", 1),
        ("1940", 0),
        ("1950", 1),
    ];
    check(json!({}), &all).await;
    let more = [&[("1840", 0), ("1850", 0)], &all[..], &[("1960", 0)]].concat();
    check(json!({"extended_bounds": {"min": "1849", "max": "1963-05"}}), &more).await;
    check(json!({"extended_bounds": {"min": "1900", "max": "1900"}}), &all).await;
    check(json!({"hard_bounds": {"min": "1895", "max": "1905"}}), &all[3..5]).await;
    check(
        json!({"hard_bounds": {"min": "1890", "max": "1910"}, "extended_bounds": {"min": "1000", "max": "2500"}}),
        &all[3..6],
    )
    .await;
    check(json!({"min_doc_count": 1, "extended_bounds": {"min": "1000", "max": "2500"}, "order": {"_key": "desc"}}), &[
        ("1950", 1), ("1930", 1), ("1900", 1), ("1890", 1), ("1860", 1),
    ])
    .await;
    let shifted = json!({"date_histogram": {"field": "published", "calendar_interval": "century", "offset": "+365d",
        "format": "yyyy-MM-dd", "min_doc_count": 1}});
    let found = buckets(&archive, "articles", shifted).await;
    assert_eq!(found, [(json!("1801-01-01"), 2), (json!("1901-01-01"), 3)]);
    let counts = json!({"histogram": {"field": "used_in_count", "interval": 2, "offset": 1, "missing": 4}});
    assert_eq!(buckets(&archive, "images,articles", counts).await, [(json!(1.0), 1), (json!(3.0), 5)]);
    let nothing = json!({"date_histogram": {"field": "published", "fixed_interval": "1ms", "min_doc_count": 0,
        "hard_bounds": {"min": "1000", "max": "1001"}, "extended_bounds": {"min": "1000", "max": "2000"}}});
    let body = json!({"size": 0, "query": {"match_none": {}}, "aggs": {"a": nothing}}).to_string();
    let (status, answer) = post(&archive.router(), "/es/articles/_search", body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "a year of milliseconds is too many: {answer}");
    assert_eq!(answer["error"]["root_cause"][0]["type"], "too_many_buckets_exception");
}

#[tokio::test]
async fn dates_are_parted_by_the_clocks_of_a_zone() {
    let archive = Archive::small();
    let find = async |aggregation: Value| {
        let body = json!({"size": 0, "query": {"ids": {"values": ["a/ferry"]}}, "aggs": {"a": aggregation}});
        search(&archive, "articles", body).await["aggregations"]["a"]["buckets"].clone()
    };
    let day = |zone: &str, format: Value| {
        json!({"date_histogram": {"field": "published", "calendar_interval": "day", "time_zone": zone, "format": format,
            "extended_bounds": {"max": "1931-05-02"}}})
    };
    // Dates begin at midnight in Greenwich, when it was still the evening before in New York.
    let key =
        |text: &str, key: i64, count: u64| json!({"key_as_string": text, "key": key, "doc_count": count});
    assert_eq!(
        find(day("America/New_York", Value::Null)).await,
        json!([
            key("1931-05-01T00:00:00.000-04:00", -1_220_385_600_000, 1),
            key("1931-05-02T00:00:00.000-04:00", -1_220_299_200_000, 0),
        ])
    );
    assert_eq!(
        find(day("Asia/Tokyo", json!("yyyy-MM-dd HH:mm"))).await,
        json!([key("1931-05-02 00:00", -1_220_346_000_000, 1)])
    );
    let ranges = json!({"date_range": {"field": "published", "time_zone": "+01:00", "format": "yyyy-MM-dd'T'HH:mmXXX",
        "ranges": [{"from": "1931-05-02T01:00+01:00"}, {"to": "1931-05-02T00:59+01:00"}]}});
    let from = |bucket: &Value| (bucket["key"].clone(), bucket["doc_count"].clone());
    let found = find(ranges).await;
    assert_eq!(
        found.as_array().unwrap().iter().map(from).collect::<Vec<_>>(),
        [(json!("*-1931-05-02T00:59+01:00"), json!(0)), (json!("1931-05-02T01:00+01:00-*"), json!(1)),]
    );
}

#[tokio::test]
async fn answers_have_the_shapes_that_clients_read() {
    let archive = Archive::small();
    let aggs = json!({
        "pages": {"range": {"field": "used_in_count", "ranges": [{"from": 1.5, "to": 3}, {"to": 1.5}], "keyed": true}},
        "when": {"date_range": {"field": "published", "format": "yyyy", "ranges": [{"from": "1900"}, {"to": "1900"}]}},
        "first": {"min": {"field": "published", "format": "yyyy-MM-dd"}},
        "all": {"stats": {"field": "published"}},
        "used": {"stats": {"field": "used_in_count"}},
        "filled": {"sum": {"field": "used_in_count", "missing": 10}},
        "dates": {"terms": {"field": "published", "format": "yyyy", "include": ["1931-05-02", "1868"],
            "show_term_doc_count_error": true}},
        "lists": {"filters": {"filters": [{"term": {"section": "City"}}, {"term": {"section": "Harbour"}}],
            "other_bucket": true}},
        "named": {"filters": {"filters": {"city": {"term": {"section": "City"}}}, "other_bucket_key": "rest"}},
        "relevant": {"top_hits": {"size": 1, "_source": false}},
        "oldest": {"top_hits": {"size": 2, "from": 1, "sort": [{"published": "asc"}], "_source": ["headline"]}},
        "none": {"filter": {"match_none": {}}, "aggs": {"a": {"avg": {"field": "published"}}}},
    });
    let body = json!({"size": 0, "query": {"bool": {"should": {"match": {"headline": "fog"}}, "must": {"match_all": {}}}},
        "aggs": aggs});
    let answer = search(&archive, "articles,images", body).await;
    let aggs = &answer["aggregations"];
    let check = |name: &str, expected: Value| assert_eq!(aggs[name], expected, "{name}");
    check(
        "pages",
        json!({"buckets": {"*-1.5": {"to": 1.5, "doc_count": 1}, "1.5-3.0": {"from": 1.5, "to": 3.0, "doc_count": 0}}}),
    );
    let turn =
        json!({"from": -2_208_988_800_000.0, "from_as_string": "1900", "key": "1900-*", "doc_count": 3});
    assert_eq!(aggs["when"]["buckets"][1], turn);
    assert_eq!(aggs["when"]["buckets"][0]["key"], "*-1900");
    check("first", json!({"value": -3_218_832_000_000.0, "value_as_string": "1868-01-01"}));
    assert_eq!(aggs["all"]["max_as_string"], "1955-10-29T00:00:00.000Z");
    check("used", json!({"count": 1, "min": 1.0, "max": 1.0, "avg": 1.0, "sum": 1.0}));
    check("filled", json!({"value": 51.0}));
    let dates = &aggs["dates"]["buckets"];
    assert_eq!(
        dates[0],
        json!({"key": -3_218_832_000_000_i64, "key_as_string": "1868", "doc_count": 1,
        "doc_count_error_upper_bound": 0})
    );
    assert_eq!((dates.as_array().unwrap().len(), &aggs["dates"]["sum_other_doc_count"]), (2, &json!(0)));
    check("lists", json!({"buckets": [{"doc_count": 3}, {"doc_count": 1}, {"doc_count": 2}]}));
    check("named", json!({"buckets": {"city": {"doc_count": 3}, "rest": {"doc_count": 3}}}));
    let relevant = &aggs["relevant"]["hits"];
    assert_eq!(relevant["hits"][0]["_id"], "a/ferry");
    assert!(relevant["max_score"].as_f64() > Some(1.0) && relevant["hits"][0].get("_source").is_none());
    assert_eq!(relevant["hits"][0]["_score"], relevant["max_score"]);
    let oldest = &aggs["oldest"]["hits"]["hits"];
    assert_eq!(oldest[0]["_source"]["headline"], "La belle époque des vapeurs");
    assert_eq!((&oldest[1]["sort"], &oldest[1]["_score"]), (&json!([-2_086_473_600_000_i64]), &Value::Null));
    check("none", json!({"doc_count": 0, "a": {"value": null}}));
}

/// All values come in one part or another, and none in two.
#[tokio::test]
async fn values_are_taken_part_by_part() {
    let archive = Archive::small();
    let mut all = Vec::new();
    for part in 0..3 {
        let include = json!({"partition": part, "num_partitions": 3});
        all.extend(
            buckets(&archive, "articles", json!({"terms": {"field": "published", "include": include}})).await,
        );
    }
    all.sort_by_key(|(key, _)| key.as_str().map(str::to_owned));
    let whole =
        buckets(&archive, "articles", json!({"terms": {"field": "published", "order": {"_key": "asc"}}}))
            .await;
    assert_eq!((all.len(), all), (5, whole));
}
