//! Searching the archive as it stood.

use std::sync::atomic::AtomicBool;

use serde_json::json;
use views::{ARTICLES, IMAGES, ViewId};

use crate::archive::{Archive, get, post};

fn build(archive: &Archive, view: ViewId, as_of: &str, name: &str) {
    let stop = AtomicBool::new(false);
    archive
        .indexes
        .build_as_of(view, &as_of.parse().unwrap(), name, &indexer::RebuildOptions::default(), &stop, &|_| {})
        .unwrap();
}

#[test]
fn the_archive_as_it_stood_is_searched_as_it_stood() {
    let archive = Archive::small();
    archive.append(&[json!({"type": "article.published", "id": "a/ferry", "time": "1950", "data":
        {"headline": "Corrected", "body": "There was no fog.", "published": "1931-05-02", "language": "en"}})]);
    build(&archive, ARTICLES, "seq:8", "before");
    archive.index();
    let now = archive.find(&[("q", "fog")]);
    assert_eq!(
        (now.hits[0].document["headline"].as_str(), now.hits[0].revision.get()),
        (Some("Corrected"), 2)
    );
    let then = archive.find(&[("q", "fog"), ("as_of", "before")]);
    assert_eq!(then.hits[0].document["headline"], "Ferries stopped by fog");
    assert_eq!(then.hits[0].revision.get(), 1);
}

/// A story: the server has answered from last year's archive before a court orders a name to be forgotten. It must
/// not go on saying it from what it remembers of last year.
#[test]
fn what_is_erased_is_gone_from_the_past_at_once() {
    let archive = Archive::small();
    let views = [(ARTICLES, "articles"), (IMAGES, "images")];
    for (view, _) in views {
        build(&archive, view, "seq:8", "before");
    }
    let ferry = |view: &str| {
        let found = archive.find(&[("view", view), ("q", "ferry"), ("as_of", "before")]);
        serde_json::to_string(&found.hits[0].document).unwrap()
    };
    for (_, view) in views {
        assert!(ferry(view).contains("Eleanor Quill"), "{view}: {}", ferry(view));
    }
    archive.append(&[
        json!({"type": "byline.erased", "id": "b/quill", "data": {"by": "a court", "reason": "an order"}}),
    ]);
    for (_, view) in views {
        assert!(!ferry(view).contains("Eleanor Quill"), "{view}: {}", ferry(view));
    }
}

#[test]
fn a_name_that_is_built_again_shows_its_new_moment() {
    let archive = Archive::small();
    archive.append(&[json!({"type": "article.published", "id": "a/ferry", "data": {"headline": "Corrected", "body": "Fog."}})]);
    for (as_of, headline) in
        [("seq:8", "Ferries stopped by fog"), ("seq:9", "Corrected"), ("seq:8", "Ferries stopped by fog")]
    {
        build(&archive, ARTICLES, as_of, "a-day");
        let then = archive.find(&[("q", "fog"), ("as_of", "a-day")]);
        assert_eq!(then.hits[0].document["headline"], headline, "as of {as_of}");
    }
}

/// Clients of Elasticsearch name it `articles@NAME`, alone or beside what is there now.
#[tokio::test]
async fn clients_of_elasticsearch_search_it_by_its_name() {
    let archive = Archive::small();
    archive.append(&[json!({"type": "article.published", "id": "a/ferry", "data": {"headline": "Corrected", "body": "Fog."}})]);
    archive.index();
    build(&archive, ARTICLES, "seq:8", "before");
    let router = archive.router();
    let query =
        json!({"query": {"match": {"body": "fog"}}, "aggs": {"top": {"top_hits": {"size": 1}}}}).to_string();
    for (indices, expected) in [
        ("articles", json!([["articles", "Corrected"]])),
        ("articles@before", json!([["articles@before", "Ferries stopped by fog"]])),
        (
            "articles,articles@before",
            json!([["articles", "Corrected"], ["articles@before", "Ferries stopped by fog"]]),
        ),
    ] {
        let (status, found) = post(&router, &format!("/es/{indices}/_search"), query.clone()).await;
        assert_eq!(status, 200, "{found}");
        let hits = found["hits"]["hits"].as_array().unwrap().iter();
        let mut shown: Vec<_> = hits.map(|hit| json!([hit["_index"], hit["_source"]["headline"]])).collect();
        shown.sort_by_key(ToString::to_string);
        assert_eq!(json!(shown), expected, "{indices}");
        let (_, counted) = post(
            &router,
            &format!("/es/{indices}/_count"),
            json!({"query": {"match": {"body": "fog"}}}).to_string(),
        )
        .await;
        assert_eq!(counted["count"], shown.len());
    }
    let (_, one) = get(&router, "/es/articles@before/_doc/a%2Fferry").await;
    assert_eq!(
        (&one["_index"], &one["_source"]["headline"]),
        (&json!("articles@before"), &json!("Ferries stopped by fog"))
    );
    let (_, mapping) = get(&router, "/es/articles@before/_mapping").await;
    assert!(mapping["articles@before"]["mappings"]["properties"]["headline"].is_object(), "{mapping}");
    for (status, uri) in [
        (404, "/es/articles@never/_search"),
        (404, "/es/images@before/_search"),
        (404, "/es/films@before/_search"),
    ] {
        assert_eq!(get(&router, uri).await.0, status, "{uri}");
    }
    let (status, refused) =
        post(&router, "/es/articles@before/_doc/x", json!({"headline": "No"}).to_string()).await;
    assert_eq!(
        (status.as_u16(), refused["error"]["type"].as_str()),
        (400, Some("illegal_argument_exception")),
        "{refused}"
    );
}
