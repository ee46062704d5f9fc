//! Reading much through the Elasticsearch routes: points in time, scrolls, several indices, collapsing.

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use views::ARTICLES;

use crate::archive::{Archive, post, send};

async fn ask(router: &Router, path: &str, body: &Value) -> Value {
    let (status, answer) = post(router, path, body.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{path} {body}: {answer}");
    answer
}

async fn delete(router: &Router, path: &str, body: &Value) -> (StatusCode, Value) {
    send(router, Request::delete(path).body(Body::from(body.to_string())).unwrap()).await
}

fn hits(answer: &Value) -> Vec<Value> {
    answer["hits"]["hits"].as_array().unwrap().clone()
}

fn ids(answer: &Value) -> Vec<String> {
    hits(answer).iter().map(|hit| hit["_id"].as_str().unwrap().to_owned()).collect()
}

/// An export runs for an hour while editors go on working: it sees each document once, none that came later, and
/// none that was withdrawn in between.
#[tokio::test]
async fn a_point_in_time_keeps_what_there_was() {
    let archive = Archive::small();
    let router = archive.router();
    let (status, opened) = post(&router, "/es/articles/_pit?keep_alive=1m", "").await;
    assert_eq!(status, StatusCode::OK, "{opened}");
    archive.append(&[
        json!({"type": "article.published", "id": "a/new", "data": {"headline": "New", "published": "1800"}}),
        json!({"type": "article.withdrawn", "id": "a/tram", "data": {"reason": "wrong"}}),
    ]);
    archive.index();
    let mut body =
        json!({"pit": {"id": opened["id"], "keep_alive": "2m"}, "sort": [{"published": "asc"}], "size": 2});
    let mut seen = Vec::new();
    loop {
        let page = ask(&router, "/es/_search", &body).await;
        assert_eq!(page["pit_id"], opened["id"]);
        let Some(last) = hits(&page).last().cloned() else { break };
        assert_eq!(last["sort"].as_array().unwrap().len(), 2, "the order is a total one: {last}");
        seen.extend(ids(&page));
        body["search_after"] = last["sort"].clone();
    }
    assert_eq!(seen, ["a/fire", "a/époque", "a/ferry", "nyt://article/0c66/x"]);
    assert_eq!(ids(&ask(&router, "/es/articles/_search", &json!({"sort": "published"})).await)[0], "a/new");
    let refused = json!({"pit": {"id": opened["id"]}});
    assert_eq!(post(&router, "/es/articles/_search", refused.to_string()).await.0, StatusCode::BAD_REQUEST);
    let closing = json!({"id": opened["id"]});
    assert_eq!(
        delete(&router, "/es/_pit", &closing).await,
        (StatusCode::OK, json!({"succeeded": true, "num_freed": 1}))
    );
    assert_eq!(delete(&router, "/es/_pit", &closing).await.0, StatusCode::NOT_FOUND);
    let (status, answer) = post(&router, "/es/_search", refused.to_string()).await;
    assert_eq!(
        (status, &answer["error"]["root_cause"][0]["type"]),
        (StatusCode::NOT_FOUND, &json!("search_context_missing_exception"))
    );
}

#[tokio::test]
async fn opensearch_opens_and_closes_in_its_own_way() {
    let archive = Archive::small();
    let router = archive.router();
    let (_, opened) = post(&router, "/es/_all/_search/point_in_time?keep_alive=1m", "").await;
    let found = ask(&router, "/es/_search", &json!({"pit": {"id": opened["pit_id"]}, "size": 20})).await;
    assert_eq!(hits(&found).len(), 8);
    let (_, closed) =
        delete(&router, "/es/_search/point_in_time", &json!({"pit_id": [opened["pit_id"]]})).await;
    assert_eq!(closed["pits"][0]["successful"], true);
}

#[tokio::test]
async fn points_are_bounded_in_number_and_time() {
    let archive = Archive::small();
    let router = archive.router();
    // More than one client may have: its oldest give way.
    for _ in 0..100 {
        assert_eq!(post(&router, "/es/articles/_pit?keep_alive=1h", "").await.0, StatusCode::OK);
    }
    for wrong in ["", "?keep_alive=61m", "?keep_alive=25h", "?keep_alive=0s", "?keep_alive=soon"] {
        let (status, _) = post(&router, &format!("/es/articles/_pit{wrong}"), "").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let (_, closed) = delete(&router, "/es/_search/point_in_time/_all", &json!({})).await;
    assert_eq!(closed["pits"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn a_scroll_gives_everything_once() {
    let archive = Archive::small();
    let router = archive.router();
    for body in [
        json!({"sort": ["_doc"]}),
        json!({"query": {"match_all": {}}}),
        json!({"sort": [{"published": "desc"}]}),
    ] {
        let mut page = ask(&router, "/es/_all/_search?scroll=1m&size=3", &body).await;
        let mut seen = Vec::new();
        let mut pages = 0;
        while !hits(&page).is_empty() {
            assert_eq!(page["hits"]["total"]["value"], 8, "{body}");
            seen.extend(ids(&page));
            pages += 1;
            page =
                ask(&router, "/es/_search/scroll", &json!({"scroll_id": page["_scroll_id"], "scroll": "1m"}))
                    .await;
        }
        // It stays at its end, however often it is asked.
        let again = ask(&router, "/es/_search/scroll", &json!({"scroll_id": page["_scroll_id"]})).await;
        assert_eq!((hits(&again).len(), pages), (0, 3), "{body}");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 8, "{body}");
        let closing = json!({"scroll_id": [page["_scroll_id"]]});
        assert_eq!(delete(&router, "/es/_search/scroll", &closing).await.1["num_freed"], 1);
        assert_eq!(delete(&router, "/es/_search/scroll", &closing).await.0, StatusCode::NOT_FOUND);
    }
    let (status, _) = post(&router, "/es/_search/scroll", json!({"scroll_id": "none"}).to_string()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    for refused in [json!({"from": 1}), json!({"size": 0}), json!({"collapse": {"field": "section"}})] {
        let (status, answer) = post(&router, "/es/articles/_search?scroll=1m", refused.to_string()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    }
}

#[tokio::test]
async fn several_indices_are_one() {
    let archive = Archive::small();
    let router = archive.router();
    let body = json!({"size": 20, "sort": [{"published": "asc"}, "_seq"], "aggs": {
        "kinds": {"filters": {"filters": {
            "articles": {"exists": {"field": "headline"}}, "images": {"exists": {"field": "caption"}}}}},
        "sections": {"terms": {"field": "section"}, "aggs": {"newest": {"top_hits": {"size": 1, "_source": ["headline"], "sort": {"published": "desc"}}}}},
        "named": {"cardinality": {"field": "photographer.id"}},
        "first": {"min": {"field": "published"}},
        "none": {"missing": {"field": "published"}},
    }});
    let answer = ask(&router, "/es/articles,images/_search", &body).await;
    assert_eq!(answer["hits"]["total"]["value"], 6);
    assert_eq!(answer["_shards"]["total"], 2);
    // What has no such field comes last.
    assert_eq!((ids(&answer)[0].as_str(), ids(&answer)[5].as_str()), ("a/fire", "i/ferry"));
    let aggs = &answer["aggregations"];
    assert_eq!(aggs["kinds"]["buckets"]["articles"]["doc_count"], 5);
    assert_eq!(aggs["kinds"]["buckets"]["images"]["doc_count"], 1);
    assert_eq!(aggs["sections"]["buckets"][0]["key"], "City");
    let newest = &aggs["sections"]["buckets"][0]["newest"]["hits"]["hits"][0];
    assert_eq!(newest["_source"], json!({"headline": "O'Hare opens"}));
    assert_eq!((&aggs["named"]["value"], &aggs["none"]["doc_count"]), (&json!(1), &json!(1)));
    assert_eq!(aggs["first"]["value"], -3_218_832_000_000.0);
    let after = answer["hits"]["hits"][4]["sort"].clone();
    let rest = json!({"sort": [{"published": "asc"}, "_seq"], "search_after": after});
    assert_eq!(ids(&ask(&router, "/es/articles,images/_search", &rest).await), ["i/ferry"]);
}

#[tokio::test]
async fn collapsing_gives_the_best_of_each() {
    let archive = Archive::small();
    let router = archive.router();
    let body = json!({"collapse": {"field": "section"}, "sort": [{"published": "desc"}], "size": 3});
    let answer = ask(&router, "/es/articles/_search", &body).await;
    assert_eq!(ids(&answer), ["nyt://article/0c66/x", "a/ferry", "a/époque"]);
    assert_eq!(answer["hits"]["total"]["value"], 5, "the total is of all that match");
    assert_eq!(answer["hits"]["hits"][1]["fields"], json!({"section": ["Harbour"]}));
    let second =
        json!({"collapse": {"field": "section"}, "sort": [{"published": "desc"}], "from": 1, "size": 1});
    assert_eq!(ids(&ask(&router, "/es/articles/_search", &second).await), ["a/ferry"]);
    let several = json!({"collapse": {"field": "_nothing"}});
    assert_eq!(post(&router, "/es/articles/_search", several.to_string()).await.0, StatusCode::BAD_REQUEST);
    let text = json!({"collapse": {"field": "body"}});
    assert_eq!(post(&router, "/es/articles/_search", text.to_string()).await.0, StatusCode::BAD_REQUEST);
}

/// The best hits are found without looking at all: what a segment has bars worse ones of the next. They are those that
/// are found by looking at all.
#[tokio::test]
async fn the_best_are_the_same_whether_all_are_looked_at() {
    let archive = Archive::small();
    let words = ["ferry", "cable", "comet", "harbour", "tariff"];
    let mut number = 0_usize;
    for _ in 0..4 {
        let article = |n: usize| {
            // Many score the same, and the best are spread over the segments.
            let text: Vec<&str> =
                (0..1 + n % 7).map(|at| words[(n / (at + 1) + at * at) % words.len()]).collect();
            json!({"type": "article.published", "id": format!("a/{n}"), "data": {"body": text.join(" ")}})
        };
        let articles: Vec<Value> = (number..number + 400).map(article).collect();
        number += 400;
        archive.append(&articles);
        archive.index();
    }
    let index = archive.indexes.searcher(ARTICLES).unwrap().1;
    assert!(index.searcher.tantivy().segment_readers().len() > 2, "one segment bars nothing of another");
    let router = archive.router();
    for text in ["ferry", "ferry comet", "tariff cable harbour", "ferry cable comet harbour tariff"] {
        for (operator, size) in [("or", 1), ("or", 10), ("and", 7), ("or", 120)] {
            let query = json!({"match": {"body": {"query": text, "operator": operator}}});
            let body = |total: bool| json!({"query": query, "size": size, "track_total_hits": total});
            let some = hits(&ask(&router, "/es/articles/_search", &body(false)).await);
            let all = hits(&ask(&router, "/es/articles/_search", &body(true)).await);
            assert_eq!(some.len(), all.len());
            let score = |hit: &Value| hit["_score"].as_f64().unwrap();
            for (one, other) in some.iter().zip(&all) {
                // Added up in another order, a score is another in its last digit.
                assert!((score(one) / score(other) - 1.0).abs() < 1e-6, "{one} {other}");
            }
            let worst = some.last().map_or(0.0, score) * (1.0 + 1e-6);
            let better = |hits: &[Value]| {
                let mut ids: Vec<Value> =
                    hits.iter().filter(|hit| score(hit) > worst).map(|hit| hit["_id"].clone()).collect();
                ids.sort_by_key(Value::to_string);
                ids
            };
            assert_eq!(better(&some), better(&all), "{text} {operator} {size}");
        }
    }
}
