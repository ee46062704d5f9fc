//! What becomes of hits once they are found: others beside them, second scores, orders by one of several values, completions.

use axum::{body::Body, http::Request};
use search_api::{ApiState, pages::PagesConfig};
use serde_json::{Value, json};

use crate::{
    archive::{Archive, send},
    elastic::{ids, search},
};

#[tokio::test]
async fn others_of_the_same_value_stand_with_each_hit() {
    let archive = Archive::small();
    let body = json!({
        "query": {"match_all": {}}, "sort": ["section"], "_source": false,
        "collapse": {"field": "section", "inner_hits": [
            {"name": "old", "size": 2, "sort": [{"published": "asc"}], "_source": ["headline"], "fields": [{"field": "published", "format": "yyyy"}]},
            {"name": "rest", "from": 1, "size": 1, "sort": [{"published": "asc"}], "_source": false, "version": true},
        ]},
    });
    let answer = search(&archive, "articles", body).await;
    let city = &answer["hits"]["hits"][0];
    assert_eq!(city["fields"], json!({"section": ["City"]}));
    let old = &city["inner_hits"]["old"];
    assert_eq!(old["hits"]["total"]["value"], 3);
    assert_eq!(ids(old), ["a/fire", "a/tram"]);
    assert_eq!(old["hits"]["hits"][0]["_source"], json!({"headline": "Fire on the quay"}));
    assert_eq!(old["hits"]["hits"][0]["fields"], json!({"published": ["1868"]}));
    let rest = &city["inner_hits"]["rest"];
    assert_eq!((ids(rest), &rest["hits"]["hits"][0]["_version"]), (vec!["a/tram"], &json!(1)));
    // Of the query's hits alone.
    let body = json!({"query": {"match": {"body": "rope"}}, "collapse": {"field": "section", "inner_hits": {"name": "all"}}});
    let answer = search(&archive, "articles", body).await;
    assert_eq!(ids(&answer["hits"]["hits"][0]["inner_hits"]["all"]), ["a/fire"]);
}

#[tokio::test]
async fn the_best_hits_are_scored_again() {
    let archive = Archive::small();
    let second = |query: Value, window: usize| json!({"window_size": window, "query": {"rescore_query": query, "query_weight": 0, "rescore_query_weight": 2}});
    let late = json!({"constant_score": {"filter": {"range": {"published": {"gte": "1950"}}}}});
    let body = |rescore: Value| json!({"query": {"term": {"section": "City"}}, "rescore": rescore, "_source": false});
    let answer = search(&archive, "articles", body(second(late.clone(), 10))).await;
    assert_eq!(ids(&answer)[0], "nyt://article/0c66/x");
    let scores: Vec<&Value> =
        answer["hits"]["hits"].as_array().unwrap().iter().map(|hit| &hit["_score"]).collect();
    assert_eq!(scores, [&json!(2.0), &json!(0.0), &json!(0.0)]);
    assert_eq!(answer["hits"]["max_score"], 2.0);
    // Those outside the window keep their places, and pages go on as ever.
    let first = ids(&search(&archive, "articles", body(json!([]))).await)[0].to_owned();
    assert_eq!(ids(&search(&archive, "articles", body(second(late.clone(), 1))).await)[0], first);
    let mut paged = body(json!([second(late, 10)]));
    (paged["from"], paged["size"]) = (json!(1), json!(1));
    assert_eq!(ids(&search(&archive, "articles", paged).await), [ids(&answer)[1]]);
}

#[tokio::test]
async fn hits_of_buckets_are_shown_as_others_are() {
    let archive = Archive::small();
    let top = json!({"size": 1, "_source": false, "version": true, "fields": ["section"], "highlight": {"fields": {"body": {"number_of_fragments": 0}}}});
    let body = json!({"size": 0, "query": {"match": {"body": "fog"}}, "aggs": {"s": {"terms": {"field": "section"}, "aggs": {"t": {"top_hits": top}}}}});
    let answer = search(&archive, "articles", body).await;
    let hit = &answer["aggregations"]["s"]["buckets"][0]["t"]["hits"]["hits"][0];
    assert!(hit["highlight"]["body"][0].as_str().unwrap().contains("<em>Fog</em> lay"), "{hit}");
    assert_eq!(
        (&hit["fields"]["section"], &hit["_version"], hit.get("_source")),
        (&json!(["Harbour"]), &json!(1), None)
    );
}

#[tokio::test]
async fn the_nearer_the_better() {
    let archive = Archive::small();
    let near = json!({"distance_feature": {"field": "published", "origin": "1903-11-20", "pivot": "365d"}});
    let answer = search(&archive, "articles", json!({"query": near, "_source": false})).await;
    assert_eq!(ids(&answer), ["a/tram", "a/époque", "a/ferry", "a/fire", "nyt://article/0c66/x"]);
    assert_eq!(answer["hits"]["hits"][0]["_score"], 1.0);
    let near = json!({"distance_feature": {"field": "article_count", "origin": 4, "pivot": 2, "boost": 3}});
    let answer = search(&archive, "bylines", json!({"query": near, "_source": false})).await;
    assert_eq!(answer["hits"]["hits"][0]["_score"], 1.5);
}

#[tokio::test]
async fn one_of_several_values_counts_in_an_order() {
    let archive = Archive::of(&[
        json!({"type": "image.published", "id": "i/a", "data": {"caption": "A", "taken": "1900-01-01", "renditions": [{"href": "a.svg"}]}}),
        json!({"type": "image.published", "id": "i/b", "data": {"caption": "B", "taken": "1920-01-01", "renditions": [{"href": "b.svg"}]}}),
        json!({"type": "image.published", "id": "i/c", "data": {"caption": "C", "taken": "1906-01-01", "renditions": [{"href": "c.svg"}]}}),
        json!({"type": "article.published", "id": "a/ab", "data": {"headline": "One", "images": ["i/a", "i/b"]}}),
        json!({"type": "article.published", "id": "a/c", "data": {"headline": "Two", "images": ["i/c"]}}),
    ]);
    let check = async |mode: &str, order: &str, expected: [&str; 2]| {
        let body = json!({"sort": [{"images.taken": {"mode": mode, "order": order, "format": "yyyy"}}]});
        let answer = search(&archive, "articles", body).await;
        assert_eq!(ids(&answer), expected, "{mode} {order}");
        answer["hits"]["hits"][0]["sort"][0].as_str().unwrap().to_owned()
    };
    assert_eq!(check("min", "asc", ["a/ab", "a/c"]).await, "1900");
    assert_eq!(check("max", "asc", ["a/c", "a/ab"]).await, "1906");
    assert_eq!(check("min", "desc", ["a/c", "a/ab"]).await, "1906");
    assert_eq!(check("avg", "desc", ["a/ab", "a/c"]).await, "1910");
    assert_eq!(check("median", "asc", ["a/c", "a/ab"]).await, "1906");
}

#[tokio::test]
async fn what_is_typed_is_completed() {
    let archive = Archive::small();
    let body = |suggester: Value| json!({"size": 0, "suggest": {"s": suggester}});
    let answer = search(
        &archive,
        "articles",
        body(json!({"prefix": "fi", "completion": {"field": "headline", "_source": "section"}})),
    )
    .await;
    let found = &answer["suggest"]["s"][0];
    assert_eq!((&found["text"], &found["length"]), (&json!("fi"), &json!(2)));
    let options = json!([{"text": "Fire on the quay", "_index": "articles", "_id": "a/fire", "_score": 1.0, "_source": {"section": "City"}}]);
    assert_eq!(found["options"], options);
    // Where it begins, not where any of its words do.
    let answer =
        search(&archive, "articles", body(json!({"prefix": "tram", "completion": {"field": "headline"}})))
            .await;
    assert_eq!(answer["suggest"]["s"][0]["options"], json!([]));
}

#[tokio::test]
async fn a_query_may_name_an_analyser() {
    let archive = Archive::small();
    let check = async |query: Value, expected: &[&str]| {
        let answer = search(&archive, "articles", json!({"query": query, "sort": ["_seq"]})).await;
        assert_eq!(ids(&answer), expected, "{query}");
    };
    let named = |kind: &str, text: &str, analyzer: &str| json!({kind: {"body": {"query": text, "analyzer": analyzer}}});
    check(named("match", "ferry", "english"), &["a/ferry", "a/tram"]).await;
    check(named("match", "Ferries", "standard"), &["a/ferry", "a/tram"]).await;
    check(named("match", "ferry", "standard"), &[]).await;
    check(named("match", "Ferries fog", "whitespace"), &["a/ferry"]).await;
    check(named("match", "ferries fog", "keyword"), &[]).await;
    check(named("match", "fog", "keyword"), &["a/ferry"]).await;
    check(named("match_phrase", "Golden-Gate", "simple"), &["a/ferry"]).await;
    check(named("match_phrase", "Golden Gate", "whitespace"), &[]).await;
    let all =
        json!({"match": {"body": {"query": "ferries Fog", "analyzer": "whitespace", "operator": "and"}}});
    check(all, &[]).await;
    let text = json!({"query_string": {"query": "ferries", "default_field": "body", "analyzer": "standard"}});
    check(text, &["a/ferry", "a/tram"]).await;
}

#[tokio::test]
async fn buckets_are_ordered_by_percentiles() {
    let archive = Archive::small();
    let check = async |order: &str, expected: [&str; 3]| {
        let aggs = json!({"s": {"terms": {"field": "section", "order": {order: "desc"}}, "aggs": {"p": {"percentiles": {"field": "published", "percents": [0, 99.9]}}}}});
        let answer = search(&archive, "articles", json!({"size": 0, "aggs": aggs})).await;
        let buckets = answer["aggregations"]["s"]["buckets"].as_array().unwrap().clone();
        let keys: Vec<&str> = buckets.iter().map(|bucket| bucket["key"].as_str().unwrap()).collect();
        assert_eq!(keys, expected, "{order}");
    };
    check("p.99.9", ["City", "Harbour", "Étranger"]).await;
    check("p.0", ["Harbour", "Étranger", "City"]).await;
}

#[tokio::test]
async fn the_root_answers_json_to_who_asks_for_it() {
    let archive = Archive::small();
    let app = search_api::app(ApiState::new(archive.search.clone()).unwrap(), PagesConfig::default());
    let ask = async |accept: &str| {
        let request = Request::get("/").header("host", "localhost").header("accept", accept);
        send(&app, request.body(Body::empty()).unwrap()).await.1
    };
    assert_eq!(ask("application/json").await["tagline"], "You Know, for Search");
    for accept in ["text/html,application/json;q=0.9", "*/*", ""] {
        assert_eq!(ask(accept).await.get("tagline"), None, "{accept}");
    }
}
