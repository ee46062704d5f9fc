//! The native routes: what they answer, without a socket.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::archive::{Archive, get, post};

async fn whole(router: &Router, uri: &str, accept: &str) -> (StatusCode, HeaderMap, String) {
    let request = Request::get(uri).header("accept", accept).header("host", "archive.example:7700");
    let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 16 << 20).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

fn texts(answer: &Value) -> Vec<&str> {
    answer["suggestions"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn suggestions_are_names_keywords_and_headlines() {
    let archive = Archive::small();
    let router = archive.router();
    let check = async |q: &str, expected: &[&str]| {
        let (status, answer) = get(&router, &format!("/api/v1/suggest?q={q}")).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(texts(&answer), expected, "{q}");
    };
    check("el", &["Eleanor Quill"]).await;
    check("QUILL%20el", &["Eleanor Quill"]).await;
    // A keyword before a headline; a stem (`ferri`) is no obstacle, nor is a shorter one than what was typed.
    check("ferrie", &["Ferries", "Ferries stopped by fog"]).await;
    check("stoppe", &["Ferries stopped by fog"]).await;
    check("harb", &["Harbour", "A tram line to the harbour"]).await;
    // Case and diacritics make no difference.
    check("EPOQ", &["La belle époque des vapeurs"]).await;
    check("etr", &["Étranger"]).await;
    check("zzz", &[]).await;
    // Who is a keyword, too, is there once.
    let two = Archive::of(&[
        json!({"type": "byline.published", "id": "b/1", "data": {"name": "Eleanor Quill"}}),
        json!({"type": "article.published", "id": "a/1", "data": {"headline": "Eleanor Quill", "bylines": ["b/1"],
            "keywords": [{"name": "person", "value": "ELEANOR QUILL"}]}}),
    ]);
    let (_, answer) = get(&two.router(), "/api/v1/suggest?q=quill").await;
    assert_eq!(texts(&answer).len(), 1, "{answer}");
    check("%20", &[]).await;
    let (_, answer) = get(&router, "/api/v1/suggest?q=ferr").await;
    assert_eq!(answer["suggestions"][0], json!({"text": "Ferries", "kind": "keyword", "count": 1}));
    assert_eq!(
        answer["suggestions"][1],
        json!({"text": "Ferries stopped by fog", "kind": "headline", "id": "a/ferry"})
    );
    assert_eq!(get(&router, "/api/v1/suggest").await.0, StatusCode::BAD_REQUEST);
}

/// A story: an article is withdrawn, and a moment later somebody types the first letters of its keyword.
#[tokio::test]
async fn what_was_withdrawn_is_not_suggested_even_before_the_index_knows() {
    let archive = Archive::small();
    let router = archive.router();
    archive
        .append(&[json!({"type": "article.withdrawn", "id": "a/ferry", "data": {"reason": "a complaint"}})]);
    let (_, answer) = get(&router, "/api/v1/suggest?q=ferri").await;
    assert_eq!(texts(&answer), Vec::<&str>::new());
    let (_, answer) = get(&router, "/api/v1/suggest?q=el").await;
    assert_eq!(texts(&answer), ["Eleanor Quill"], "another article of hers is there");
}

#[tokio::test]
async fn hits_as_csv_hold_no_formulas() {
    let archive = Archive::of(&[json!({"type": "article.published", "id": "=1+1", "source": "@x", "data":
        {"headline": "=HYPERLINK(\"http://evil\")", "body": "-2+3 trams, \"quoted\"\n\nand more", "published": "1903",
         "keywords": [{"name": "subject", "value": "Trams"}, {"name": "place", "value": "Harbour"}]}})]);
    let router = archive.router();
    let (status, headers, text) = whole(&router, "/api/v1/search?q=trams&format=csv", "").await;
    assert_eq!((status, headers["x-total-count"].as_bytes()), (StatusCode::OK, b"1".as_slice()));
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let cell = |name: &str| &row[names.iter().position(|other| other == name).unwrap()];
    assert_eq!((cell("id"), cell("seq"), cell("event_source")), ("'=1+1", "1", "'@x"));
    assert_eq!(cell("headline"), "'=HYPERLINK(\"http://evil\")");
    assert_eq!(cell("body"), "'-2+3 trams, \"quoted\"\n\nand more");
    assert_eq!(cell("keywords.value"), "Trams; Harbour");
    let (_, headers, _) = whole(&router, "/api/v1/search?q=trams", "text/csv, */*;q=0.1").await;
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert_eq!(headers["vary"], "accept, authorization");
}

/// A story: somebody writes out all that was found, more than a page has room for, while the archive grows.
#[tokio::test]
async fn all_hits_come_in_one_body() {
    let articles: Vec<Value> = (0..600)
        .map(|n| json!({"type": "article.published", "id": format!("a/{n}"), "data": {"headline": format!("Tram {n}"), "published": "1903"}}))
        .collect();
    let archive = Archive::of(&articles);
    let router = archive.router();
    let lines = async |address: &str| {
        let (status, headers, text) = whole(&router, address, "").await;
        assert_eq!(status, StatusCode::OK, "{text}");
        assert_eq!(headers["x-total-count"].as_bytes(), b"600", "{address}");
        text
    };
    for order in ["relevance", "newest", "oldest"] {
        let text = lines(&format!("/api/v1/search?q=tram&sort={order}&format=ndjson&highlight=false")).await;
        let ids: std::collections::BTreeSet<String> = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!((text.lines().count(), ids.len()), (600, 600), "{order}");
    }
    assert_eq!(lines("/api/v1/search?q=tram&format=ndjson&limit=251").await.lines().count(), 251);
    assert_eq!(lines("/api/v1/search?q=tram&format=csv").await.lines().count(), 601);
    assert_eq!(lines("/api/v1/search?q=tram&format=csv&limit=7").await.lines().count(), 8);
    let (_, headers, text) = whole(&router, "/api/v1/search?q=nothing&format=ndjson", "").await;
    assert_eq!((text.as_str(), headers["x-total-count"].as_bytes()), ("", b"0".as_slice()));
    let (status, _, text) = whole(&router, "/api/v1/search?q=date:soon&format=ndjson", "").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
    let (status, _, text) = whole(&router, "/api/v1/search?q=tram&limit=1000", "").await;
    assert_eq!((status, text.matches("\"id\":\"a/").count()), (StatusCode::OK, 600));
}

#[tokio::test]
async fn hits_as_atom_are_valid() {
    let archive = Archive::small();
    let router = archive.router();
    let (status, headers, text) = whole(&router, "/api/v1/search?q=harbour&limit=1&format=atom", "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-type"], "application/atom+xml; charset=utf-8");
    let links = children_of(&text, "feed", "link");
    let own = "http://archive.example:7700/api/v1/search?q=harbour&amp;limit=1&amp;format=atom";
    assert!(links[0].contains("rel=\"self\"") && links[0].contains(own), "{links:?}");
    assert!(links.iter().any(|link| link.contains("rel=\"next\"") && link.contains("cursor=")), "{links:?}");
    // What RFC 4287 wants of feeds and entries, each once.
    for (parent, child) in [
        ("feed", "id"),
        ("feed", "title"),
        ("feed", "updated"),
        ("feed", "author"),
        ("entry", "id"),
        ("entry", "title"),
        ("entry", "updated"),
    ] {
        assert_eq!(children_of(&text, parent, child).len(), 1, "{child} in {parent}: {text}");
    }
    // The same page again is found behind the link.
    let next = headers["link"].to_str().unwrap();
    let next = next.split(['<', '>']).nth(1).unwrap();
    let (status, _, second) = whole(&router, next, "").await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(children_of(&text, "entry", "id"), children_of(&second, "entry", "id"));
    // An id that is a URI is the entry's id; scripts stay text.
    let (_, _, text) = whole(&router, "/api/v1/search?q=airport", "application/atom+xml").await;
    assert!(text.contains("<id>nyt://article/0c66/x</id>") && !text.contains("<script>"), "{text}");
}

/// The elements of a name directly within the first element of another, as they are written.
fn children_of(xml: &str, parent: &str, child: &str) -> Vec<String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(xml);
    let (mut open, mut found, mut done): (Vec<String>, Vec<String>, bool) = (Vec::new(), Vec::new(), false);
    loop {
        let event = reader.read_event().unwrap();
        let name = |text: &str| text.to_owned();
        let mut seen = |open: &[String], name: String, text: String| {
            if !done && name == child && open.last().is_some_and(|last| last == parent) {
                found.push(text);
            }
        };
        match event {
            Event::Start(tag) => {
                let own = name(tag.local_name().as_ref());
                let inside =
                    xml[usize::try_from(reader.buffer_position()).unwrap()..].split('<').next().unwrap();
                seen(&open, own.clone(), inside.to_owned());
                open.push(own);
            }
            Event::Empty(tag) => {
                seen(&open, name(tag.local_name().as_ref()), format!("{tag:?}").replace('\\', ""));
            }
            Event::End(tag) => {
                let own = open.pop().unwrap();
                assert_eq!(own, name(tag.local_name().as_ref()));
                done |= own == parent;
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty());
    found
}

#[tokio::test]
async fn articles_are_cited_compared_and_liked() {
    let archive = Archive::small();
    archive.append(&[json!({"type": "article.published", "id": "a/ferry", "data":
        {"headline": "Ferries stopped by snow", "published": "1931-05-02", "page": "1", "bylines": ["b/quill"]}})]);
    archive.index();
    let router = archive.router();
    let (status, _, text) = whole(&router, "/api/v1/cite/a/ferry", "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(text, "Eleanor Quill. “Ferries stopped by snow.” The Morgue, 2 May 1931, p. 1.");
    for (format, media, has) in [
        ("bibtex", "application/x-bibtex", "@article{a-ferry,"),
        ("ris", "application/x-research-info-systems", "TY  - NEWS"),
        ("csl-json", "application/vnd.citationstyles.csl+json", "article-newspaper"),
    ] {
        let (_, headers, text) = whole(&router, &format!("/api/v1/cite/a/ferry?format={format}"), "").await;
        assert_eq!(headers["content-type"], media);
        assert!(text.contains(has), "{text}");
    }
    let (_, _, text) = whole(&router, "/api/v1/cite/i/ferry?view=images&format=csl-json", "").await;
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()[0]["type"], "graphic");
    assert_eq!(get(&router, "/api/v1/cite/b/quill?view=bylines").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(get(&router, "/api/v1/cite/a/none").await.0, StatusCode::NOT_FOUND);

    let (status, diff) = get(&router, "/api/v1/articles/a/ferry/diff").await;
    assert_eq!((status, &diff["from"], &diff["to"]), (StatusCode::OK, &json!(1), &json!(2)), "{diff}");
    let headline = diff["fields"].as_array().unwrap().iter().find(|one| one["field"] == "headline").unwrap();
    assert!(headline["pieces"].as_array().unwrap().contains(&json!({"added": "snow"})), "{headline}");
    let (status, _) = get(&router, "/api/v1/articles/a/ferry/diff?from=1&to=9").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(get(&router, "/api/v1/articles/a/tram/diff").await.0, StatusCode::NOT_FOUND);

    let (status, like) = get(&router, "/api/v1/similar/a/tram?limit=2").await;
    assert_eq!(status, StatusCode::OK, "{like}");
    assert!(like["hits"].as_array().unwrap().iter().all(|hit| hit["id"] != "a/tram" && hit["seq"].is_u64()));
    assert_eq!(get(&router, "/api/v1/similar/a/none").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_history_of_what_was_withdrawn_tells_no_text() {
    let archive = Archive::small();
    let router = archive.router();
    archive
        .append(&[json!({"type": "article.withdrawn", "id": "a/ferry", "data": {"reason": "a complaint"}})]);
    let (status, history) = get(&router, "/api/v1/articles/a/ferry/history").await;
    assert_eq!(status, StatusCode::GONE);
    assert!(history["events"].is_null() && !history.to_string().contains("a complaint"), "{history}");
    assert_eq!(get(&router, "/api/v1/articles/a/ferry/diff").await.0, StatusCode::GONE);
    assert_eq!(get(&router, "/api/v1/cite/a/ferry").await.0, StatusCode::GONE);
}

#[tokio::test]
async fn parameters_that_are_not_there_are_named() {
    let archive = Archive::small();
    let router = archive.router();
    let check = async |uri: &str, pointer: &str| {
        let (status, problem) = get(&router, uri).await;
        assert_eq!(
            (status, &problem["pointer"]),
            (StatusCode::BAD_REQUEST, &json!(pointer)),
            "{uri}: {problem}"
        );
    };
    check("/api/v1/articles/a/ferry?colour=red", "colour").await;
    check("/api/v1/articles/a/ferry?at=soon", "at").await;
    check("/api/v1/status?x=1", "x").await;
    check("/api/v1/search?q=a&q=b", "q").await;
    check("/api/v1/search?format=xml", "format").await;
    check("/api/v1/events?from=first", "from").await;
    check("/api/v1/cite/a/ferry?format=endnote", "format").await;
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let archive = Archive::small();
    let router = archive.router();
    let ask = async |uri: &str, known: &str| {
        let request = Request::get(uri).header("if-none-match", known).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let tag = response.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
        (response.status(), tag.unwrap_or_default(), to_bytes(response.into_body(), 1 << 20).await.unwrap())
    };
    for uri in ["/api/v1/search?q=ferry", "/api/v1/articles/a/ferry", "/api/v1/cite/a/ferry?format=ris"] {
        let (status, tag, _) = ask(uri, "\"other\"").await;
        assert_eq!(status, StatusCode::OK, "{uri}");
        let (status, same, body) = ask(uri, &tag).await;
        assert_eq!((status, &same, body.len()), (StatusCode::NOT_MODIFIED, &tag, 0), "{uri}");
        assert_eq!(ask(uri, "*").await.0, StatusCode::NOT_MODIFIED, "{uri}");
    }
    // Who has whatever there is is told that there is nothing.
    assert_eq!(ask("/api/v1/articles/a/no-such", "*").await.0, StatusCode::NOT_FOUND);
    let (_, csv, _) = ask("/api/v1/search?q=ferry&format=csv", "").await;
    let (_, tag, _) = ask("/api/v1/search?q=ferry", "").await;
    assert_ne!(csv, tag);
    // A withdrawal counts at once, before the index knows.
    archive
        .append(&[json!({"type": "article.withdrawn", "id": "a/ferry", "data": {"reason": "a complaint"}})]);
    let (status, other, _) = ask("/api/v1/search?q=ferry", &tag).await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(tag, other);
    archive.index();
    assert_eq!(ask("/api/v1/search?q=ferry", &other).await.0, StatusCode::OK);
}

#[tokio::test]
async fn answers_are_packed_for_who_takes_it() {
    let archive = Archive::small();
    let router = archive.router();
    let ask = async |accept: &str| {
        let request = Request::get("/api/v1/search?q=harbour").header("accept-encoding", accept);
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let packed = response.headers().get("content-encoding").is_some();
        (packed, to_bytes(response.into_body(), 1 << 20).await.unwrap())
    };
    let (packed, small) = ask("gzip, br").await;
    assert!(packed);
    let (packed, large) = ask("identity").await;
    assert!(!packed && small.len() < large.len());
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&*small), &mut text).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["total"], 2);
}

#[tokio::test]
async fn metrics_count_by_route() {
    let archive = Archive::small();
    let router = archive.router();
    get(&router, "/api/v1/articles/a/ferry/history").await;
    get(&router, "/api/v1/articles/a/tram/history").await;
    get(&router, "/api/v1/search?q=ferry&limit=many").await;
    get(&router, "/es/articles/_search").await;
    get(&router, "/no/such/thing").await;
    let (status, headers, text) = whole(&router, "/metrics", "").await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    for line in [
        "morgue_http_request_duration_seconds_count{route=\"/api/v1/articles/{id}/history\",method=\"GET\",status=\"200\"} 2",
        "morgue_http_request_duration_seconds_count{route=\"/api/v1/search\",method=\"GET\",status=\"400\"} 1",
        "morgue_http_request_duration_seconds_count{route=\"/es/{index}/_search\",method=\"GET\",status=\"200\"} 1",
        "morgue_http_request_duration_seconds_count{route=\"none\",method=\"GET\",status=\"404\"} 1",
        "morgue_http_refusals_total 0",
        "morgue_log_head_seq 8",
        "morgue_view_lag_events{view=\"articles\"} 0",
        "morgue_view_documents{view=\"articles\"} 5",
        "morgue_view_generation{view=\"articles\",generation=\"g000001\"} 1",
        "morgue_search_queue 0",
        "# EOF",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn the_document_has_all_routes_and_the_page_loads_nothing_from_elsewhere() {
    let archive = Archive::small();
    let router = archive.router();
    let (status, document) = get(&router, "/api/v1/openapi.json").await;
    assert_eq!((status, &document["openapi"]), (StatusCode::OK, &json!("3.1.1")));
    let paths = document["paths"].as_object().unwrap();
    for path in ["/api/v1/search", "/api/v1/articles/{id}/diff", "/api/v1/rebuild", "/metrics"] {
        assert!(paths.contains_key(path), "{path}");
    }
    // Whatever is referred to is there.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    let (status, headers, page) = whole(&router, "/api/v1", "text/html").await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert!(!page.contains("http://") && !page.contains("https://"), "nothing from elsewhere");
    for path in ["/api/v1/try.css", "/api/v1/try.js"] {
        assert!(page.contains(path));
        assert_eq!(whole(&router, path, "").await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn methods_that_are_not_there_say_which_are() {
    let archive = Archive::small();
    let router = archive.router();
    let request = Request::delete("/api/v1/search")
        .extension(axum::extract::ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 1))));
    let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "GET,HEAD");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
}

/// A story: somebody removes the indexes while a client appends. The client is told what became of its event.
#[tokio::test]
async fn a_write_is_told_of_whatever_becomes_of_the_indexes() {
    let archive = Archive::small();
    let router = archive.router();
    let head = archive.log.head().unwrap().seq.get();
    std::fs::remove_dir_all(archive.dir.path().join("indexes")).unwrap();
    let event = r#"{"type":"article.published","id":"a/new","data":{"headline":"New"}}"#;
    let (status, answer) = post(&router, "/api/v1/events?wait=searchable", event).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["items"][0], json!({"line": 1, "status": "appended", "seq": head + 1}));
    assert_eq!(answer["searchable"], false);
    let (status, answer) =
        post(&router, "/es/articles/_doc/a%2Fnewer?refresh=wait_for", r#"{"headline":"Newer"}"#).await;
    assert_eq!((status.as_u16(), &answer["_seq_no"]), (201, &json!(head + 2)), "{answer}");
    let (status, answer) = get(&router, "/api/v1/search?q=new").await;
    assert_eq!(status, 503, "{answer}");
}

/// What is misspelt, and what has nothing to show, is refused by either surface, and nothing of it is in the log.
#[tokio::test]
async fn slips_of_the_pen_are_refused_by_either_surface() {
    let archive = Archive::small();
    let router = archive.router();
    let head = archive.log.head().unwrap();
    let event =
        |name: &str, data: Value| json!({"type": name, "id": "a/ferry", "data": data}).to_string() + "\n";
    let slips = [
        (event("articel.published", json!({"headline": "One"})), "is `article.published` meant?"),
        (event("byline.published", json!({"nome": "A. Quill"})), "a byline must have a name"),
        (event("article.published", json!({})), "an article must have something to show"),
    ];
    for (event, told) in &slips {
        let (status, problem) = post(&router, "/api/v1/events", event.clone()).await;
        assert!(status == 400 && problem.to_string().contains(told), "{event} {status} {problem}");
    }
    let all: String = slips.iter().map(|(event, _)| event.as_str()).collect();
    let (_, taken) = post(&router, "/api/v1/events", all).await;
    let items = taken["items"].as_array().unwrap();
    assert!(items.len() == 3 && items.iter().all(|item| item["status"] == "invalid"), "{taken}");
    for (index, document, told) in [
        ("bylines", json!({"nome": "A. Quill"}), "a byline must have a name"),
        ("articles", json!({}), "an article must have something to show"),
    ] {
        let (status, refused) =
            post(&router, &format!("/es/{index}/_doc/a%2Fferry"), document.to_string()).await;
        assert!(status == 400 && refused.to_string().contains(told), "{document} {status} {refused}");
        let lines = format!("{}\n{document}\n", json!({"index": {"_index": index, "_id": "a/ferry"}}));
        let (_, bulk) = post(&router, "/es/_bulk", lines).await;
        assert_eq!(bulk["items"][0]["index"]["status"], 400, "{bulk}");
    }
    assert_eq!(archive.log.head().unwrap(), head);
}

/// Two editors have one article open: the second is told that the first was faster, and nothing of the first's is lost.
#[tokio::test]
async fn one_field_is_changed_and_nothing_is_overwritten() {
    let archive = Archive::small();
    let router = archive.router();
    let patch = async |uri: &str, tag: Option<&str>, body: Value| {
        let request = Request::patch(uri).header("content-type", "application/merge-patch+json");
        let request = tag.into_iter().fold(request, |request, tag| request.header("if-match", tag));
        crate::archive::send(&router, request.body(Body::from(body.to_string())).unwrap()).await
    };
    let at = "/api/v1/articles/a/ferry";
    let head = get(&router, "/api/v1/status").await.1["log"].clone();
    let dry = format!("{at}?dry_run=true");
    let (status, told) = patch(&dry, Some("\"1\""), json!({"headline": "Ferries run"})).await;
    assert_eq!(
        (status, &told["appended"], &told["revision"]),
        (StatusCode::OK, &json!(false), &json!(2)),
        "{told}"
    );
    assert_eq!(told["fields"][0]["field"], "headline");
    assert_eq!(get(&router, "/api/v1/status").await.1["log"], head, "nothing was appended");

    let (status, told) = patch(at, Some("\"1\""), json!({"headline": "Ferries run", "section": null})).await;
    assert_eq!(
        (status, &told["appended"], &told["revision"]),
        (StatusCode::OK, &json!(true), &json!(2)),
        "{told}"
    );
    let (_, now) = get(&router, at).await;
    assert_eq!((&now["document"]["headline"], &now["revision"]), (&json!("Ferries run"), &json!(2)));
    assert!(now["document"].get("section").is_none() && now["document"].get("body").is_some(), "{now}");
    let (status, told) = patch(at, Some("\"1\""), json!({"headline": "Ferries stop"})).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED, "{told}");
    assert!(told["detail"].as_str().unwrap().contains("is at revision 2"), "{told}");
    for tag in [None, Some("*"), Some("\"2\"")] {
        let (status, told) = patch(at, tag, json!({"headline": "Ferries run"})).await;
        assert_eq!((status, &told["appended"]), (StatusCode::OK, &json!(false)), "{tag:?} {told}");
    }
    for (uri, body, expected) in [
        (at, json!({"published": "soon"}), StatusCode::BAD_REQUEST),
        (at, json!(["headline"]), StatusCode::BAD_REQUEST),
        ("/api/v1/articles/a/none", json!({"headline": "x"}), StatusCode::NOT_FOUND),
        ("/api/v1/articles/a/ferry?strict=true", json!({"headlin": "x"}), StatusCode::BAD_REQUEST),
    ] {
        let (status, told) = patch(uri, None, body).await;
        assert_eq!(status, expected, "{uri} {told}");
    }
}
