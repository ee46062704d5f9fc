//! What is taken from readers while they search: points in time and scrolls that are open, other generations, suggestions.

use std::{fs, time::Duration};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use indexer::{IndexError, RebuildOptions, Workers};
use search::better_spelling;
use serde_json::{Value, json};
use views::ARTICLES;

use crate::archive::{Archive, get, post, send};

fn article(n: u32, headline: &str) -> Value {
    json!({"type": "article.published", "id": format!("a/{n}"), "data": {
        "headline": headline, "body": "At the harbour.", "section": headline, "images": ["i/1"], "bylines": ["b/1"],
    }})
}

/// Two articles that share a picture and an author, and one of other words.
fn archive() -> Archive {
    Archive::of(&[
        json!({"type": "byline.published", "id": "b/1", "data": {"name": "Ada Frotzer"}}),
        json!({"type": "image.published", "id": "i/1", "data": {"caption": "The plughost"}}),
        article(1, "Zorkmids"),
        article(2, "Grues"),
        json!({"type": "article.published", "id": "a/3", "data": {"headline": "Lamps", "body": "At the harbour."}}),
    ])
}

fn order(verb: &str, id: &str) -> Value {
    let kind = match id.chars().next() {
        Some('a') => "article",
        Some('i') => "image",
        _ => "byline",
    };
    json!({"type": format!("{kind}.{verb}"), "id": id, "data": {"reason": "asked", "notice": "Sorry."}})
}

async fn open_point(router: &axum::Router) -> String {
    let (status, opened) = post(router, "/es/articles/_pit?keep_alive=1h", Body::empty()).await;
    assert_eq!(status, StatusCode::OK, "{opened}");
    opened["id"].as_str().unwrap().to_owned()
}

async fn at_point(router: &axum::Router, id: &str, word: &str) -> (StatusCode, Value) {
    let body = json!({
        "pit": {"id": id},
        "query": {"multi_match": {"query": word, "fields": ["*"]}},
        "aggs": {"sections": {"terms": {"field": "section"}}},
    });
    post(router, "/es/_search", body.to_string()).await
}

fn total(answer: &Value) -> u64 {
    answer["hits"]["total"]["value"].as_u64().unwrap()
}

/// A story: an export reads on in a point in time while something is withdrawn. It goes on, without it.
#[tokio::test]
async fn a_point_in_time_goes_on_without_what_was_withdrawn() {
    let archive = archive();
    let router = archive.router();
    let point = open_point(&router).await;
    for (word, expected) in [("zorkmids", 1), ("plughost", 2), ("frotzer", 2), ("harbour", 3)] {
        assert_eq!(total(&at_point(&router, &point, word).await.1), expected, "{word}");
    }
    archive.append(&[order("withdrawn", "a/1")]);
    for (word, expected) in [("zorkmids", 0), ("plughost", 1), ("harbour", 2)] {
        let (status, answer) = at_point(&router, &point, word).await;
        assert_eq!((status, total(&answer)), (StatusCode::OK, expected), "{word}: {answer}");
        assert!(!answer["aggregations"].to_string().contains("Zorkmids"), "{answer}");
    }
    // What a picture said stands in the documents that show it: they were made with it, and are left out, too.
    archive.append(&[order("withdrawn", "i/1")]);
    assert_eq!(total(&at_point(&router, &point, "plughost").await.1), 0);
    assert_eq!(total(&at_point(&router, &point, "harbour").await.1), 1);
    // One that is opened now has them as they are now.
    archive.index();
    let point = open_point(&router).await;
    assert_eq!(total(&at_point(&router, &point, "harbour").await.1), 2);
}

/// The words of an erased asset lie in files that are removed; a point in time would keep them open.
#[tokio::test]
async fn an_erasure_closes_what_was_open_and_frees_its_files() {
    let archive = archive();
    let router = archive.router();
    let points = [open_point(&router).await, open_point(&router).await];
    let scroll = json!({"size": 1, "query": {"match_all": {}}}).to_string();
    let (_, opened) = post(&router, "/es/articles/_search?scroll=1h", scroll).await;
    let scroll = opened["_scroll_id"].as_str().unwrap().to_owned();
    let old = archive.indexes.live(ARTICLES).unwrap().dir().to_owned();
    assert!(mapped(&old) > 0);

    archive.append(&[order("erased", "a/1")]);
    // It is closed at once, to who asks before anything was built again.
    let (status, answer) = at_point(&router, &points[0], "harbour").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{answer}");
    let workers = Workers::start(&archive.indexes).unwrap();
    let head = archive.log.head().unwrap().seq;
    let purged = archive.log.wait_until(Duration::from_secs(60), || {
        let status = archive.indexes.status()?;
        Ok::<_, IndexError>(status.iter().all(|view| view.checkpoint >= head && view.to_purge.is_empty()))
    });
    assert!(purged.unwrap(), "{:?}", archive.indexes.status().unwrap());
    workers.stop();
    assert!(!old.exists());
    assert_eq!(mapped(&old), 0, "files that are gone are open still");

    for id in &points {
        let (status, answer) = at_point(&router, id, "zorkmids").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{answer}");
        let reason = answer["error"]["caused_by"]["reason"].as_str().unwrap();
        assert!(reason.contains("erased"), "{reason}");
    }
    let next = json!({"scroll_id": scroll, "scroll": "1h"}).to_string();
    let (status, answer) = post(&router, "/es/_search/scroll", next).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{answer}");
    assert!(answer["error"]["caused_by"]["reason"].as_str().unwrap().contains("erased"), "{answer}");
}

/// How many files of a directory, removed or not, this process has mapped.
fn mapped(dir: &std::path::Path) -> usize {
    let dir = dir.to_string_lossy();
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    maps.lines().filter(|line| line.contains(dir.as_ref())).count()
}

/// Whatever answers: once the checkpoint has passed it, nothing has its words.
#[tokio::test]
async fn nothing_counts_suggests_or_spells_what_was_withdrawn() {
    let archive = archive();
    let router = archive.router();
    let never = std::sync::atomic::AtomicBool::new(false);
    let options = RebuildOptions::default();
    archive.indexes.rebuild(ARTICLES, &options, &never, &|_| {}).unwrap();
    let then = store::AsOf::Seq(archive.log.head().unwrap().seq);
    archive.indexes.build_as_of(ARTICLES, &then, "then", &options, &never, &|_| {}).unwrap();
    let asked = async |what: &str| get(&router, what).await.1;
    let near = json!({"size": 0, "suggest": {"text": "zorkmidz", "near": {"term": {"field": "headline"}}}})
        .to_string();
    let expect = async |seen: bool, when: &str| {
        let count = u64::from(seen);
        for place in ["", "&as_of=then"] {
            let found = asked(&format!("/api/v1/search?q=zorkmids&facets=section{place}")).await;
            assert_eq!(found["total"], count, "{when} {place}: {found}");
            assert_eq!(found["facets"].to_string().contains("Zorkmids"), seen, "{when} {place}: {found}");
        }
        let suggested = asked("/api/v1/suggest?q=zork").await.to_string();
        assert_eq!(suggested.contains("Zorkmids"), seen, "{when}: {suggested}");
        let spelled = better_spelling(&archive.search.begin(), ARTICLES, "zorkmidz", 0);
        assert_eq!(spelled.is_some(), seen, "{when}: {spelled:?}");
        for index in ["articles", "articles@then"] {
            let (_, near) = post(&router, &format!("/es/{index}/_search"), near.clone()).await;
            assert_eq!(near["suggest"].to_string().contains("zorkmids"), seen, "{when} {index}: {near}");
        }
    };
    expect(true, "before").await;
    for (verb, seen) in [("withdrawn", false), ("restored", true), ("withdrawn", false)] {
        archive.append(&[order(verb, "a/1")]);
        let found = asked("/api/v1/search?q=zorkmids&as_of=then").await;
        assert_eq!(
            found["hits"].as_array().unwrap().is_empty(),
            !seen || found["total"] == 0,
            "hits at once"
        );
        archive.index();
        expect(seen, verb).await;
    }
    archive.indexes.rollback(ARTICLES).unwrap();
    let found = asked("/api/v1/search?q=zorkmids").await;
    assert_eq!(found["total"], 0, "after going back: {found}");
}

#[tokio::test]
async fn what_is_gone_says_when_and_what_was_written_for_readers() {
    let archive = archive();
    archive.append(&[
        order("withdrawn", "a/1"),
        order("erased", "a/2"),
        json!({"type": "article.published", "id": "a/9", "unpublished": "draft", "data": {"headline": "Draft"}}),
    ]);
    archive.index();
    let router = archive.router();
    let check = async |address: &str, status: u16, erased: Option<bool>| {
        let (found, problem) = get(&router, address).await;
        assert_eq!(found.as_u16(), status, "{address}: {problem}");
        assert_eq!(problem["erased"].as_bool(), erased, "{address}: {problem}");
        assert_eq!(problem["since"].is_string(), erased.is_some(), "{address}: {problem}");
        assert!(!problem.to_string().contains("asked"), "{address}: {problem}");
    };
    for end in ["", "/history", "/diff", "?at=seq:5"] {
        check(&format!("/api/v1/articles/a/1{end}"), 410, Some(false)).await;
        check(&format!("/api/v1/articles/a/2{end}"), 410, Some(true)).await;
        check(&format!("/api/v1/articles/a/9{end}"), 404, None).await;
        check(&format!("/api/v1/articles/a/none{end}"), 404, None).await;
    }
    for route in ["similar", "cite"] {
        check(&format!("/api/v1/{route}/a/1"), 410, Some(false)).await;
        check(&format!("/api/v1/{route}/a/9"), 404, None).await;
    }
    // Elasticsearch knows no 410.
    let (status, found) = get(&router, "/es/articles/_doc/a/1").await;
    assert_eq!((status, &found["found"]), (StatusCode::NOT_FOUND, &json!(false)), "{found}");
    let request = Request::get("/api/v1/articles/a/1/history").body(Body::empty()).unwrap();
    assert_eq!(send(&router, request).await.1["notice"], "Sorry.");
    // By the API it comes back as it went.
    let (status, taken) = post(&router, "/api/v1/events", order("restored", "a/1").to_string()).await;
    assert_eq!((status, &taken["items"][0]["status"]), (StatusCode::OK, &json!("appended")), "{taken}");
    let (status, history) = get(&router, "/api/v1/articles/a/1/history").await;
    assert_eq!(status, StatusCode::OK);
    let types: Vec<_> =
        history["events"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["article.published"], "readers are not told of orders: {history}");
}

/// The number of a revision tells no reader how many drafts came after it.
#[tokio::test]
async fn a_hit_has_the_number_of_the_revision_that_it_shows() {
    let archive = archive();
    for n in 0..3 {
        let draft = json!({"headline": format!("Draft {n}")});
        archive.append(&[
            json!({"type": "article.published", "id": "a/3", "unpublished": "draft", "data": draft}),
        ]);
    }
    archive.index();
    let router = archive.router();
    for source in [true, false] {
        let query = json!({"query": {"match": {"headline": "lamps"}}, "version": true, "_source": source});
        let (_, found) = post(&router, "/es/articles/_search", query.to_string()).await;
        assert_eq!(found["hits"]["hits"][0]["_version"], 1, "{source}: {found}");
    }
}
