//! How much one answer may hold, and how to get the rest.

use std::time::Duration;

use axum::{Router, http::StatusCode};
use search::{Search, SearchLimits};
use search_api::{ApiState, router};
use serde_json::{Value, json};

use crate::archive::{Archive, get, post};

fn article(id: usize, text: &str, bytes: usize) -> Value {
    let data =
        json!({"headline": format!("No {id}"), "body": text.repeat(bytes / text.len()), "language": "en"});
    json!({"type": "article.published", "id": format!("a/{id}"), "data": data})
}

/// Of so many articles of a megabyte, of few words.
fn archive_of(count: usize) -> Archive {
    let text = format!("The ferry was late {}. ", "x".repeat(977));
    Archive::of(&(0..count).map(|id| article(id, &text, 1_000_000)).collect::<Vec<_>>())
}

/// Without the bound on time, which a slow build meets before that on bytes.
fn patient(archive: &Archive) -> Router {
    let limits = SearchLimits { time: Duration::from_secs(600), cpu: Duration::from_secs(600) };
    router(ApiState::new(Search::with_limits(archive.indexes.clone(), limits)).unwrap())
}

fn ids(page: &Value) -> Vec<String> {
    let hits = page["hits"]["hits"].as_array().unwrap();
    hits.iter().map(|hit| hit["_id"].as_str().unwrap().to_owned()).collect()
}

/// A story: everything is exported as Elasticsearch's `helpers.scan` does it, a thousand at a time, and a thousand long
/// articles are more than a page may have.
#[tokio::test]
async fn a_scroll_of_long_articles_gives_each_once() {
    let archive = archive_of(18);
    let router = patient(&archive);
    for sort in [json!(["_doc"]), json!([{"_id": "desc"}])] {
        let body = json!({"sort": sort, "size": 1_000}).to_string();
        let (status, mut page) = post(&router, "/es/articles/_search?scroll=1m", body).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let (mut seen, mut pages) = (Vec::new(), 0);
        while !ids(&page).is_empty() {
            assert_eq!(page["hits"]["total"]["value"], 18);
            (seen, pages) = ([seen, ids(&page)].concat(), pages + 1);
            let next = json!({"scroll_id": page["_scroll_id"], "scroll": "1m"}).to_string();
            page = post(&router, "/es/_search/scroll", next).await.1;
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!((seen.len(), pages), (18, 2), "{sort}");
    }
}

/// What is not given does not count, and need not be read; but that it was withdrawn is seen.
#[tokio::test]
async fn only_what_is_given_counts() {
    let archive = archive_of(19);
    archive.append(&[json!({"type": "article.withdrawn", "id": "a/7", "data": {"reason": "wrong"}})]);
    let router = patient(&archive);
    let ask = async |body: Value| {
        let (status, answer) = post(&router, "/es/articles/_search", body.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    };
    for source in [json!(false), json!(["headline"]), json!({"excludes": ["body"]})] {
        let page = ask(json!({"size": 10_000, "_source": source})).await;
        assert_eq!((ids(&page).len(), ids(&page).contains(&"a/7".to_owned())), (18, false), "{source}");
    }
    let page =
        ask(json!({"size": 100, "_source": false, "version": true, "seq_no_primary_term": true})).await;
    let hit = &page["hits"]["hits"][0];
    assert_eq!((&hit["_version"], &hit["_seq_no"]), (&json!(1), &json!(1)), "{hit}");
    assert!(hit.get("_source").is_none());
    let page = ask(json!({"size": 100, "_source": false, "fields": ["headline"]})).await;
    assert_eq!(page["hits"]["hits"][0]["fields"], json!({"headline": ["No 0"]}));
    let highlight = json!({"fields": {"body": {}}});
    let query = json!({"match": {"body": "ferry"}});
    let page = ask(json!({"size": 100, "_source": false, "query": query, "highlight": highlight})).await;
    assert_eq!(page["hits"]["hits"][17]["highlight"]["body"].as_array().unwrap().len(), 5);
    for too_much in [json!({"size": 100}), json!({"size": 100, "_source": false, "fields": ["body"]})] {
        let (status, answer) = post(&router, "/es/articles/_search", too_much.to_string()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{too_much}");
        let reason = answer["error"]["root_cause"][0]["reason"].as_str().unwrap();
        assert!(reason.contains("more than 16 MB after 1"), "{reason}");
    }
}

/// A story: every word of a text is put between tags that are longer than it.
#[tokio::test]
async fn highlights_count_and_tags_are_short() {
    let archive = Archive::of(&[article(0, "ferry ", 300_000)]);
    let router = patient(&archive);
    let ask = async |tag: usize, count: usize| {
        let fields = json!({"body": {"number_of_fragments": count}});
        let highlight =
            json!({"pre_tags": "x".repeat(tag), "post_tags": ["y".repeat(tag)], "fields": fields});
        let body = json!({"query": {"match": {"body": "ferry"}}, "_source": false, "highlight": highlight});
        let (status, answer) = post(&router, "/es/articles/_search", body.to_string()).await;
        (status, answer["error"]["root_cause"][0]["reason"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(ask(256, 3).await.0, StatusCode::OK);
    assert_eq!(ask(10, 0).await.0, StatusCode::OK);
    let (status, reason) = ask(257, 3).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(reason.contains("`pre_tags` has 257 bytes: at most 256"), "{reason}");
    let (status, reason) = ask(256, 0).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(reason.contains("more than 16 MB after 0 hits"), "{reason}");
}

#[tokio::test]
async fn mget_gives_no_more_than_a_search() {
    let archive = archive_of(19);
    let router = patient(&archive);
    let wanted: Vec<String> = (0..19).map(|id| format!("a/{id}")).collect();
    let (status, answer) = post(&router, "/es/articles/_mget", json!({"ids": wanted}).to_string()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let reason = answer["error"]["reason"].as_str().unwrap();
    assert!(reason.contains("after 17 of them: ask for fewer"), "{reason}");
    for (path, count) in
        [("/es/articles/_mget?_source=headline", 19), ("/es/articles/_mget?_source=false", 19)]
    {
        let (status, answer) = post(&router, path, json!({"ids": wanted}).to_string()).await;
        assert_eq!((status, answer["docs"].as_array().unwrap().len()), (StatusCode::OK, count), "{path}");
    }
    // What may be spent is spent: who asks for one more is told so.
    let limits = SearchLimits { cpu: Duration::ZERO, ..SearchLimits::default() };
    let spent = router_of(&archive, limits);
    let (status, _) = post(&spent, "/es/articles/_mget", json!({"ids": ["a/1"]}).to_string()).await;
    assert_eq!(status, StatusCode::OK);
    let (status, answer) =
        post(&spent, "/es/articles/_mget", json!({"ids": ["a/1", "a/2"]}).to_string()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
}

fn router_of(archive: &Archive, limits: SearchLimits) -> Router {
    router(ApiState::new(Search::with_limits(archive.indexes.clone(), limits)).unwrap())
}

/// A story: an article of a megabyte was corrected twenty times.
#[tokio::test]
async fn a_long_history_comes_in_parts() {
    let archive = Archive::small();
    for times in 1..=20 {
        archive.append(&[article(0, &format!("The ferry was late {times} times. "), 1_000_000)]);
    }
    for router in [
        patient(&archive),
        router_of(&archive, SearchLimits { cpu: Duration::ZERO, ..SearchLimits::default() }),
    ] {
        let (mut revisions, mut parts) = (Vec::new(), 0);
        let mut query = String::new();
        loop {
            let (status, part) = get(&router, &format!("/api/v1/articles/a/0/history{query}")).await;
            assert_eq!(status, StatusCode::OK, "{part}");
            let events = part["events"].as_array().unwrap();
            assert!((1..=17).contains(&events.len()), "{}", events.len());
            revisions.extend(events.iter().map(|event| event["seq"].as_u64().unwrap()));
            parts += 1;
            match part["next"].as_u64() {
                Some(next) => query = format!("?before={next}"),
                None => break,
            }
        }
        assert!(revisions.is_sorted_by(|one, other| one > other), "{revisions:?}");
        assert!((revisions.len(), parts >= 2) == (20, true), "{} in {parts}", revisions.len());
    }
}

#[tokio::test]
async fn points_in_time_are_kept_for_an_hour_at_most() {
    let archive = Archive::small();
    let router = archive.router();
    let (status, answer) = post(&router, "/es/articles/_pit?keep_alive=2h", "").await;
    let reason = "Keep alive for request (2h) is too large. It must be less than (1h)";
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["error"]["reason"].as_str().unwrap().starts_with(reason), "{answer}");
    let (status, _) = post(&router, "/es/articles/_search?scroll=61m", "{}").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, answer) = post(&router, "/es/articles/_search", json!({"timeout": "2h"}).to_string()).await;
    assert_eq!(
        status,
        StatusCode::OK,
        "a search may have as long as it likes, and gets what there is: {answer}"
    );
}
