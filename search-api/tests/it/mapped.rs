//! Documents of other shapes than ours, written over HTTP by a mapping: as a pipeline's, to an index of the mapping's name, and
//! as events.

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode},
};
use search_api::ApiState;
use serde_json::{Value, json};

use crate::archive::{Archive, send};

const MAPPINGS: &str = r#"
[mapping.blog.article]
headline = "title"
body = { path = "text", html = true }
published = "pub_date"
section = "category.name"
bylines = "author"
images = "cover"

[mapping.blog.public]
field = "state"
not = ["hidden", "draft"]

[mapping.wire.article]
id = "wire/{slug}"
headline = "slug"
body = "message"

[mapping.people.byline]
name = "full_name"

[mapping.joined]
join = [{ file = "authors.csv", key = "id", equals = "author_id", as = "authors" }]
[mapping.joined.article]
headline = "title"
bylines = "authors.name"
"#;

/// An archive whose server was given mappings, and its routes.
fn archive() -> (Archive, Router) {
    let archive = Archive::small();
    let state = ApiState::new(archive.search.clone()).unwrap().with_mappings(MAPPINGS.parse().unwrap());
    let router = search_api::router(state);
    (archive, router)
}

async fn ask(router: &Router, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    send(router, request.body(Body::from(body.to_owned())).unwrap()).await
}

/// Returns the asset as readers see it, or the status of what they are told.
async fn article(router: &Router, id: &str) -> Result<Value, StatusCode> {
    let (status, told) = ask(router, "GET", &format!("/api/v1/articles/{id}"), "").await;
    if status == StatusCode::OK { Ok(told["document"].clone()) } else { Err(status) }
}

fn bulk(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn statuses(answer: &Value) -> Vec<u64> {
    let items = answer["items"].as_array().unwrap().iter();
    items.map(|item| item.as_object().unwrap().values().next().unwrap()["status"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_pipeline_is_a_mapping() {
    let (archive, router) = archive();
    let post = json!({"title": "The lock keeper", "text": "<p>He opens it.</p><p>Twice.</p>", "pub_date": "2026-11-30T08:00:00Z",
        "category": {"name": "Canal", "id": 7}, "author": "Ada Weir", "cover": "covers/lock.jpg", "views": 12});
    let lines =
        bulk(&[json!({"index": {"_index": "articles", "_id": "p1", "pipeline": "blog"}}), post.clone()]);
    let (status, answer) = ask(&router, "POST", "/es/_bulk", &lines).await;
    assert_eq!((status, statuses(&answer)), (StatusCode::OK, vec![201]), "{answer}");
    assert_eq!(answer["items"][0]["index"]["_id"], "p1");
    let shown = article(&router, "p1").await.unwrap();
    assert_eq!(
        (&shown["headline"], &shown["body"], &shown["section"], &shown["extra"]),
        (
            &json!("The lock keeper"),
            &json!("He opens it.\n\nTwice."),
            &json!("Canal"),
            &json!({"views": 12, "category": {"id": 7}})
        )
    );
    assert_eq!(shown["bylines"][0]["name"], "Ada Weir");
    assert_eq!(shown["images"].as_array().unwrap().len(), 1, "{shown}");
    archive.index();
    let (_, found) = ask(&router, "GET", "/api/v1/search?q=lock+keeper", "").await;
    assert_eq!(found["hits"][0]["id"], "p1", "{found}");

    // The same again adds nothing, by the address's pipeline as well; the last that is sent counts.
    let head = archive.log.head().unwrap().seq;
    let (status, again) = ask(&router, "PUT", "/es/articles/_doc/p1?pipeline=blog", &post.to_string()).await;
    assert_eq!((status, &again["_version"]), (StatusCode::OK, &json!(1)), "{again}");
    assert_eq!(archive.log.head().unwrap().seq, head);
    let other = json!({"title": "The lock", "text": "Shut.", "pub_date": "2026-11-30T08:00:00Z"});
    for (sent, version) in [(&other, 2), (&post, 3)] {
        let path = "/es/articles/_bulk?pipeline=blog";
        let (_, answer) =
            ask(&router, "POST", path, &bulk(&[json!({"index": {"_id": "p1"}}), (*sent).clone()])).await;
        assert_eq!(answer["items"][0]["index"]["_version"], version, "{answer}");
        assert_eq!(article(&router, "p1").await.unwrap()["headline"], sent["title"]);
    }
    let (_, answer) =
        ask(&router, "POST", "/es/articles/_bulk?pipeline=blog", &bulk(&[json!({"delete": {"_id": "p1"}})]))
            .await;
    assert_eq!(statuses(&answer), [200], "{answer}");
    assert_eq!(article(&router, "p1").await, Err(StatusCode::GONE));
}

#[tokio::test]
async fn an_index_of_a_mappings_name_is_written_by_it() {
    let (archive, router) = archive();
    let (status, told) =
        ask(&router, "PUT", "/es/blog", r#"{"mappings": {"properties": {"title": {"type": "text"}}}}"#).await;
    assert_eq!((status, &told["acknowledged"]), (StatusCode::OK, &json!(true)), "{told}");
    assert_eq!(ask(&router, "HEAD", "/es/blog", "").await.0, StatusCode::OK);
    assert_eq!(ask(&router, "HEAD", "/es/nowhere", "").await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask(&router, "PUT", "/es/blog/_mapping", r#"{"properties": {}}"#).await.0, StatusCode::OK);
    let line = |index: &str, id: Option<&str>| json!({"index": {"_index": index, "_id": id}});
    let lines = bulk(&[
        line("blog", Some("1")),
        json!({"title": "First of the blog"}),
        line("wire", Some("1")),
        json!({"slug": "first", "message": "of the wire"}),
        line("articles", Some("1")),
        json!({"headline": "Of our own form"}),
        line("wire", None),
        json!({"slug": "second", "message": "Named by its slug"}),
        line("blog", None),
        json!({"title": "Named by nobody"}),
        line("people", Some("1")),
        json!({"full_name": "Ada Weir", "born": 1861}),
    ]);
    let (_, answer) = ask(&router, "POST", "/es/_bulk", &lines).await;
    assert_eq!(statuses(&answer), [201; 6], "{answer}");
    let ids: Vec<&str> = answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["index"]["_id"].as_str().unwrap())
        .collect();
    assert_eq!((ids[0], ids[1], ids[2], ids[3]), ("blog/1", "wire/1", "1", "wire/second"));
    assert!(ids[4].starts_with("blog/") && ids[4].len() == "blog/".len() + 30, "{}", ids[4]);
    assert_eq!(answer["items"][5]["index"]["_index"], "bylines");
    for (id, headline) in [("blog/1", "First of the blog"), ("wire/1", "first"), ("1", "Of our own form")] {
        assert_eq!(article(&router, id).await.unwrap()["headline"], headline);
    }
    let (status, told) = ask(&router, "DELETE", "/es/blog/_doc/1", "").await;
    assert_eq!((status, &told["_id"]), (StatusCode::OK, &json!("blog/1")), "{told}");
    assert_eq!(article(&router, "blog/1").await, Err(StatusCode::GONE));
    assert_eq!(article(&router, "1").await.unwrap()["headline"], "Of our own form");
    // `create` finds it there, and writes nothing of what came with it.
    let head = archive.log.head().unwrap().seq;
    let sent = json!({"slug": "first", "message": "again"}).to_string();
    assert_eq!(ask(&router, "PUT", "/es/wire/_create/1", &sent).await.0, StatusCode::CONFLICT);
    assert_eq!(archive.log.head().unwrap().seq, head);
}

/// What readers may not see is kept from them, and taken from them where they saw it: with what came with it alone.
#[tokio::test]
async fn drafts_stay_with_those_who_wrote_them() {
    let (_archive, router) = archive();
    let post = |state: &str, title: &str| {
        json!({"title": title, "text": "x", "state": state, "cover": "https://img.example/c.jpg"}).to_string()
    };
    let picture = "/api/v1/images/https://img.example/c.jpg";
    let (status, told) = ask(&router, "PUT", "/es/blog/_doc/d", &post("draft", "Secret")).await;
    assert_eq!(status, StatusCode::CREATED, "{told}");
    assert!(told["remarks"][0].as_str().unwrap().starts_with("readers do not see it"), "{told}");
    assert_eq!(article(&router, "blog/d").await, Err(StatusCode::NOT_FOUND));
    assert_eq!(ask(&router, "GET", picture, "").await.0, StatusCode::NOT_FOUND);
    ask(&router, "PUT", "/es/blog/_doc/d", &post("live", "Open")).await;
    assert_eq!(article(&router, "blog/d").await.unwrap()["headline"], "Open");
    assert_eq!(ask(&router, "GET", picture, "").await.0, StatusCode::OK);
    for state in ["hidden", "draft"] {
        ask(&router, "PUT", "/es/blog/_doc/d", &post(state, "Secret again")).await;
        assert_eq!(article(&router, "blog/d").await, Err(StatusCode::GONE), "{state}");
        assert_eq!(ask(&router, "GET", picture, "").await.0, StatusCode::GONE, "{state}");
        ask(&router, "PUT", "/es/blog/_doc/d", &post("live", "Open")).await;
        assert_eq!(article(&router, "blog/d").await.unwrap()["headline"], "Open", "{state}");
        assert_eq!(ask(&router, "GET", picture, "").await.0, StatusCode::OK, "{state}");
    }
    // Another article shows the picture: it stays.
    ask(&router, "PUT", "/es/blog/_doc/e", &post("live", "Beside")).await;
    ask(&router, "PUT", "/es/blog/_doc/d", &post("draft", "Secret")).await;
    assert_eq!(ask(&router, "GET", picture, "").await.0, StatusCode::OK);
    // As events likewise.
    let lines = [
        json!({"slug": "s", "message": "m"}),
        json!({"slug": "s", "message": "m", "status": "draft"}),
        json!({"slug": "t", "message": "m"}),
    ];
    let (status, told) = ask(&router, "POST", "/api/v1/events?mapping=wire", &bulk(&lines)).await;
    assert_eq!((status, &told["errors"]), (StatusCode::OK, &json!(false)), "{told}");
    assert_eq!(article(&router, "wire/s").await, Err(StatusCode::GONE));
    assert_eq!(article(&router, "wire/t").await.unwrap()["body"], "m");
}

/// What comes with one document and is another's own in the same request: in their order, as one by one.
#[tokio::test]
async fn what_comes_with_a_document_keeps_its_turn() {
    let (archive, router) = archive();
    let lines = bulk(&[
        json!({"index": {"_index": "blog", "_id": "1"}}),
        json!({"title": "A", "author": "Ada Weir", "cover": "https://img.example/a.jpg"}),
        json!({"update": {"_index": "bylines", "_id": "ada-weir"}}),
        json!({"doc": {"title": "Keeper"}}),
        json!({"index": {"_index": "images", "_id": "https://img.example/a.jpg"}}),
        json!({"caption": "The lock", "renditions": [{"href": "https://img.example/a.jpg"}]}),
        json!({"index": {"_index": "blog", "_id": "1"}}),
        json!({"title": "B", "author": "Ada Weir", "cover": "https://img.example/a.jpg"}),
        json!({"update": {"_index": "articles", "_id": "blog/1"}}),
        json!({"doc": {"kicker": "K"}}),
    ]);
    let (_, answer) = ask(&router, "POST", "/es/_bulk", &lines).await;
    let statuses = statuses(&answer);
    let byline = answer["items"][1]["update"]["_id"].clone();
    assert_eq!((statuses[0], &statuses[2..]), (201, &[200, 200, 200][..]), "{answer}");
    let shown = article(&router, "blog/1").await.unwrap();
    assert_eq!((&shown["headline"], &shown["kicker"]), (&json!("B"), &json!("K")));
    let id = shown["bylines"][0]["id"].as_str().unwrap();
    assert_eq!(byline, "ada-weir");
    // A mention takes nothing from what is known of a person.
    let before = archive.log.head().unwrap().seq;
    let sent = json!({"name": "Ada Weir", "bio": "Keeps the lock."}).to_string();
    assert_eq!(ask(&router, "PUT", &format!("/es/bylines/_doc/{id}"), &sent).await.0, StatusCode::OK);
    ask(&router, "PUT", "/es/blog/_doc/2", r#"{"title": "C", "author": "Ada Weir"}"#).await;
    let (_, shown) = ask(&router, "GET", &format!("/api/v1/bylines/{id}"), "").await;
    assert_eq!(shown["document"]["bio"], "Keeps the lock.");
    assert_eq!(archive.log.head().unwrap().seq.get(), before.get() + 2);
}

#[tokio::test]
async fn what_cannot_be_mapped_is_refused_by_name() {
    let (archive, router) = archive();
    let head = archive.log.head().unwrap().seq;
    let reason = |answer: &Value| {
        answer["error"]["reason"].as_str().or(answer["detail"].as_str()).unwrap_or("").to_owned()
    };
    for (method, path, body, status, expected) in [
        (
            "PUT",
            "/es/articles/_doc/1?pipeline=blogg",
            "{}",
            400,
            "there is no mapping `blogg`: there is `blog`, `joined`, `people`, `wire`",
        ),
        (
            "PUT",
            "/es/images/_doc/1?pipeline=blog",
            "{}",
            400,
            "the mapping `blog` makes articles: write to that index, not to `images`",
        ),
        (
            "PUT",
            "/es/blog/_doc/1",
            r#"{"views": 1}"#,
            400,
            "by mapping `blog` there is neither a headline nor a text in this record",
        ),
        (
            "PUT",
            "/es/joined/_doc/1",
            r#"{"title": "x", "author_id": 1}"#,
            400,
            "joins the table `authors.csv`",
        ),
        ("POST", "/es/blog/_update/1", r#"{"doc": {"title": "x"}}"#, 400, "is written whole"),
        ("POST", "/api/v1/events?mapping=nope", "{}", 400, "there is no mapping `nope`"),
        ("POST", "/api/v1/events?mapping=blog", r#"{"title": "x"}"#, 400, "neither an id nor a url"),
        ("POST", "/api/v1/events?mapping=blog", r#"{"title": "#, 400, "line"),
        ("GET", "/es/blog/_search", "{}", 404, "no such index [blog]"),
        (
            "PUT",
            "/es/_ingest/pipeline/blog",
            "{}",
            400,
            "pipelines are the mappings that the server was started with",
        ),
    ] {
        let (got, answer) = ask(&router, method, path, body).await;
        assert_eq!(got.as_u16(), status, "{method} {path}: {answer}");
        assert!(reason(&answer).contains(expected), "{method} {path}: {answer}");
    }
    let (_, answer) = ask(&Archive::small().router(), "PUT", "/es/articles/_doc/1?pipeline=blog", "{}").await;
    assert!(reason(&answer).contains("the server was given none: start it with --map FILE"), "{answer}");
    assert_eq!(archive.log.head().unwrap().seq, head);
}

#[tokio::test]
async fn a_mapping_is_tried_without_writing() {
    let (archive, router) = archive();
    let head = archive.log.head().unwrap().seq;
    let (_, all) = ask(&router, "GET", "/es/_ingest/pipeline", "").await;
    assert_eq!(all.as_object().unwrap().keys().collect::<Vec<_>>(), ["blog", "joined", "people", "wire"]);
    assert_eq!(
        ask(&router, "GET", "/es/_ingest/pipeline/nope", "").await,
        (StatusCode::NOT_FOUND, json!({}))
    );
    let docs = json!({"docs": [
        {"_id": "7", "_source": {"title": "A", "author": "Ada Weir", "pub_date": "no day", "state": "draft"}},
        {"_source": {"views": 1}},
    ]});
    let path = "/es/_ingest/pipeline/blog/_simulate";
    let (status, told) = ask(&router, "POST", path, &docs.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let first = &told["docs"][0]["doc"];
    assert_eq!(
        (&first["_index"], &first["_id"], &first["_source"]["headline"]),
        (&json!("articles"), &json!("7"), &json!("A"))
    );
    assert_eq!(
        (&first["_ingest"]["public"], first["_ingest"]["with"].as_array().unwrap().len()),
        (&json!(false), 0)
    );
    assert!(first["_ingest"]["remarks"][0].as_str().unwrap().contains("dates cannot be read"), "{told}");
    assert!(
        told["docs"][1]["error"]["reason"].as_str().unwrap().contains("neither a headline nor a text"),
        "{told}"
    );
    assert_eq!(archive.log.head().unwrap().seq, head);
}
