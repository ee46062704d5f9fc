//! Beginnings, patterns, near spellings and suggestions in running text: of words as they are written.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::archive::{Archive, get, post};

fn article(id: &str, language: &str, body: &str) -> Value {
    let data = json!({"headline": id, "body": body, "language": language, "section": "Front Page"});
    json!({"type": "article.published", "id": id, "data": data})
}

fn archive() -> Archive {
    Archive::of(&[
        article("government", "en", "The government has fallen, and nobody mourns it."),
        article("governor", "en", "The governors met at Dover; the talks are over."),
        article("ferry", "en", "The ferries were late. The ferry was full. A telegraph office is aboard."),
        article("telegraphy", "en", "Wireless telegraphy is the operation of the age."),
        article("titanic", "en", "The Titanic was lost. Navigation by night is a fern in the dark."),
        article("époque", "fr", "Les époques heureuses sont passées."),
        article("港", "ja", "東京都の船と港"),
        article("船", "ja", "船は港に"),
    ])
}

fn sorted<T: AsRef<str>>(ids: &[T]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(|id| id.as_ref().to_owned()).collect();
    ids.sort_unstable();
    ids
}

async fn found(archive: &Archive, index: &str, body: Value) -> Vec<(String, f64)> {
    let (status, answer) = post(&archive.router(), &format!("/es/{index}/_search"), body.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{body}: {answer}");
    let hits = answer["hits"]["hits"].as_array().unwrap();
    hits.iter()
        .map(|hit| (hit["_id"].as_str().unwrap().to_owned(), hit["_score"].as_f64().unwrap()))
        .collect()
}

#[tokio::test]
async fn patterns_find_words_as_they_are_written() {
    let archive = archive();
    let check = |q: &str, expected: &[&str]| assert_eq!(sorted(&archive.ids(q)), sorted(expected), "{q}");
    check("governme*", &["government"]);
    check("govern*", &["government", "governor"]);
    check("body:ferr*", &["ferry"]);
    check("ferri*", &["ferry"]);
    check("body:ferries*", &["ferry"]);
    check("*ernment", &["government"]);
    check("g?vernment", &["government"]);
    check("époqu*", &["époque"]);
    check("=governme*", &["government"]);
    let check = async |query: Value, expected: &[&str]| {
        let ids: Vec<String> =
            found(&archive, "articles", json!({"query": query})).await.into_iter().map(|hit| hit.0).collect();
        assert_eq!(sorted(&ids), sorted(expected), "{query}");
    };
    check(json!({"prefix": {"body": "governme"}}), &["government"]).await;
    check(json!({"wildcard": {"body": "govern*nt"}}), &["government"]).await;
    check(json!({"regexp": {"body": "governments?"}}), &["government"]).await;
    check(json!({"match_bool_prefix": {"body": "governme"}}), &["government"]).await;
    check(
        json!({"match_bool_prefix": {"body": {"query": "governme", "max_expansions": 1}}}),
        &["government"],
    )
    .await;
    check(json!({"match_phrase_prefix": {"body": "governme"}}), &["government"]).await;
    check(json!({"match_phrase_prefix": {"body": "the governme"}}), &["government"]).await;
    // What a phrase finds, the same phrase as a beginning finds too.
    check(json!({"match_phrase": {"body": "the governments"}}), &["government"]).await;
    check(json!({"match_phrase_prefix": {"body": "the governments"}}), &["government"]).await;
}

#[test]
fn patterns_and_near_words_are_highlighted() {
    let archive = archive();
    let check = |q: &str, id: &str, expected: &str| {
        let found = archive.find(&[("q", q)]);
        let hit = found.hits.iter().find(|hit| hit.id.as_str() == id).unwrap();
        assert!(
            hit.highlights["body"].iter().any(|text| text.contains(expected)),
            "{q}: {:?}",
            hit.highlights
        );
    };
    check("body:governme*", "government", "<em>government</em> has");
    check("body:ferri*", "ferry", "The <em>ferries</em> were late. The <em>ferry</em> was");
    check("body:époqu*", "époque", "<em>époques</em>");
    check("body:goverment~", "government", "<em>government</em>");
    check("body:港", "港", "東京都の船と<em>港</em>");
    check("body:港", "船", "船は<em>港</em>に");
}

#[tokio::test]
async fn near_words_are_near_as_they_are_written() {
    let archive = archive();
    let check = |q: &str, expected: &[&str]| assert_eq!(archive.ids(q), expected, "{q}");
    check("goverment~", &["government"]);
    check("operatoin~", &["telegraphy"]);
    check("titnic~", &["titanic"]);
    // The nearer first, whatever the field: `fern` is one edit away, `ferry` two.
    check("body:ferm~2", &["titanic", "ferry"]);
    check("ov~", &[]);
    check("=goverment~", &["government"]);
    let scored = found(
        &archive,
        "articles",
        json!({"query": {"match": {"body": {"query": "governers", "fuzziness": 2}}}}),
    )
    .await;
    // The one has the word's own stem, the other is near it.
    let ids: Vec<&str> = scored.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["government", "governor"], "{scored:?}");
    for query in [
        json!({"fuzzy": {"body": {"value": "goverment"}}}),
        json!({"fuzzy": {"body": {"value": "goverment", "max_expansions": 1}}}),
        json!({"match": {"body": {"query": "goverment", "fuzziness": "AUTO"}}}),
        json!({"match": {"body": {"query": "goverment", "fuzziness": "AUTO", "max_expansions": 50}}}),
        json!({"query_string": {"query": "body:goverment~"}}),
    ] {
        let ids = found(&archive, "articles", json!({"query": query})).await;
        assert_eq!(ids.len(), 1, "{query}: {ids:?}");
        assert_eq!(ids[0].0, "government", "{query}");
    }
}

#[tokio::test]
async fn nearer_words_rank_above_farther_ones() {
    let archive = Archive::of(&[
        article("berries", "en", "Something about it."),
        article("two", "en", "The berrier is here, the berrier is there."),
        article(
            "one",
            "en",
            "A ferrier went over the water, which took the whole of a day and half of the night.",
        ),
        article(
            "itself",
            "en",
            "Not one of the ferriers of this town or of any other one near it was ever to be seen.",
        ),
    ]);
    for query in [
        json!({"match": {"body": {"query": "ferriers", "fuzziness": 2}}}),
        json!({"match": {"body": {"query": "ferriers", "fuzziness": 2, "max_expansions": 9}}}),
        json!({"fuzzy": {"body": {"value": "ferriers", "fuzziness": 2}}}),
    ] {
        let ids: Vec<String> =
            found(&archive, "articles", json!({"query": query})).await.into_iter().map(|hit| hit.0).collect();
        assert_eq!(ids.last().map(String::as_str), Some("two"), "{query}: {ids:?}");
    }
    let ids = archive.ids("ferriep~2");
    assert_eq!(ids.get(..2).unwrap(), ["one", "berries"], "one edit, and two in a headline: {ids:?}");
}

#[tokio::test]
async fn beginnings_of_phrases_score_and_may_be_moved() {
    let archive = Archive::small();
    let scored = async |query: Value| found(&archive, "articles", json!({"query": query})).await;
    let whole = scored(json!({"match_phrase": {"body": "golden gate"}})).await;
    let begun = scored(json!({"match_phrase_prefix": {"body": "golden gat"}})).await;
    assert_eq!(whole.len(), 1);
    assert_eq!(whole[0].0, begun[0].0);
    assert!((whole[0].1 - begun[0].1).abs() < 1e-4, "{whole:?} {begun:?}");
    assert!((begun[0].1 - 1.0).abs() > 1e-4, "{begun:?}");
    let near = scored(json!({"match_phrase_prefix": {"body": {"query": "golden gat", "slop": 1}}})).await;
    assert_eq!(near.len(), 2, "{near:?}");
    let multi = json!({"multi_match": {"query": "golden gat", "type": "phrase_prefix", "fields": ["body"], "slop": 1}});
    assert_eq!(scored(multi).await.len(), 2);
    // One word does not stand for two.
    let twice = json!({"match_phrase_prefix": {"body": {"query": "golden golde", "slop": 3}}});
    assert!(scored(twice).await.is_empty());
}

#[tokio::test]
async fn suggestions_are_words_that_are_there() {
    let archive = archive();
    let suggest = async |kind: &str, text: &str| {
        let body = json!({"size": 0, "suggest": {"s": {"text": text, kind: {"field": "body"}}}});
        let (status, answer) = post(&archive.router(), "/es/articles/_search", body.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["suggest"]["s"].clone()
    };
    let first = async |text: &str| suggest("term", text).await[0]["options"][0]["text"].clone();
    let fery = suggest("term", "fery").await[0]["options"].clone();
    let fery: Vec<&str> = fery.as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(fery, ["fern", "ferry"]);
    assert_eq!(first("titnic").await, "titanic");
    assert_eq!(first("navgation").await, "navigation");
    assert_eq!(first("tellegraph").await, "telegraph");
    assert_eq!(first("governmet").await, "government");
    assert_eq!(first("government").await, Value::Null, "it is there");
    assert_eq!(first("governments").await, Value::Null, "it is found");
    assert_eq!(
        suggest("phrase", "Wireless tellegraphy").await[0]["options"][0]["text"],
        "Wireless telegraphy"
    );
    // What was typed, and where it stands as Elasticsearch counts: in units of UTF-16.
    let answer = suggest("term", "Café Titnic").await;
    assert_eq!(answer[0]["text"], "Café");
    assert_eq!(answer[1]["text"], "Titnic");
    assert_eq!((&answer[1]["offset"], &answer[1]["length"]), (&json!(5), &json!(6)));
    let body = json!({"analyzer": "standard", "text": "Café 🚢 au"}).to_string();
    let (_, tokens) = post(&archive.router(), "/es/_analyze", body).await;
    let offsets = |at: usize| {
        (tokens["tokens"][at]["start_offset"].clone(), tokens["tokens"][at]["end_offset"].clone())
    };
    assert_eq!(offsets(0), (json!(0), json!(4)));
    assert_eq!(offsets(1), (json!(8), json!(10)));
}

#[tokio::test]
async fn one_character_finds_the_pairs_that_it_is_in() {
    let archive = archive();
    let check = |q: &str, expected: &[&str]| assert_eq!(sorted(&archive.ids(q)), sorted(expected), "{q}");
    check("船", &["港", "船"]);
    check("東", &["港"]);
    check("body:港", &["港", "船"]);
    check("body:=港", &["港", "船"]);
    check("都 船", &["港"]);
    check("body:空", &[]);
    let hits = found(&archive, "articles", json!({"query": {"match": {"body": "に"}}})).await;
    assert_eq!(hits.len(), 1, "the last character of a text");
    let korean = Archive::of(&[article("한국", "ko", "한국 사람"), article("하늘", "ko", "하늘")]);
    assert_eq!(korean.ids("body:한"), ["한국"]);
    assert_eq!(korean.ids("body:하"), ["하늘"]);
}

#[tokio::test]
async fn ids_are_asked_for_like_fields() {
    let archive = Archive::small();
    assert_eq!(archive.ids("_id:a/ferry"), ["a/ferry"]);
    assert_eq!(archive.ids("_id:\"a/ferry\" OR _seq:5"), archive.ids("_id:a/ferry OR _id:a/tram"));
    let check = async |query: Value, expected: usize| {
        assert_eq!(found(&archive, "articles", json!({"query": query})).await.len(), expected, "{query}");
    };
    check(json!({"query_string": {"query": "_id:\"a/ferry\""}}), 1).await;
    check(json!({"match": {"_id": "a/ferry"}}), 1).await;
    check(json!({"match_phrase": {"_id": "a/ferry"}}), 1).await;
    check(json!({"prefix": {"_id": "a/f"}}), 2).await;
    check(json!({"wildcard": {"_id": "*ferr?"}}), 1).await;
    check(json!({"match": {"_id": "ferry"}}), 0).await;
    let (_, answer) = get(&archive.router(), "/es/articles/_count?q=_id:%22a/ferry%22").await;
    assert_eq!(answer["count"], 1, "{answer}");
}

#[test]
fn typed_values_match_in_any_case() {
    let archive = archive();
    let all = archive.find(&[("section", "front page")]).total;
    assert_eq!(all, 8);
    for q in ["section:\"front page\"", "section:\"FRONT Page\"", "section:front*"] {
        assert_eq!(archive.find(&[("q", q)]).total, all, "{q}");
    }
    assert_eq!(archive.find(&[("q", "language:EN")]).total, archive.find(&[("language", "en")]).total);
    assert_eq!(archive.find(&[("q", "section:\"front\"")]).total, 0, "a value is looked for as a whole");
}

#[tokio::test]
async fn a_query_in_the_address_is_beside_that_of_the_body() {
    let archive = Archive::small();
    let router = archive.router();
    let body = json!({"query": {"match": {"body": "fog"}}}).to_string();
    let count = post(&router, "/es/articles/_count?q=section:City", body.clone()).await.1;
    assert_eq!(count["count"], 0, "{count}");
    let count = post(&router, "/es/articles/_count?q=section:Harbour", body).await.1;
    assert_eq!(count["count"], 1, "{count}");
    let wrong = json!({"query": {"match": {"published": "soon"}}}).to_string();
    let valid = post(&router, "/es/articles/_validate/query?q=section:City", wrong).await.1;
    assert_eq!(valid["valid"], false, "{valid}");
}

#[tokio::test]
async fn a_field_that_no_view_has_is_one_without_values() {
    let archive = Archive::small();
    let router = archive.router();
    let ask = async |body: Value| post(&router, "/es/_search", body.to_string()).await;
    for (body, count) in [
        (json!({"query": {"match": {"headlin": "fog"}}}), 0),
        (json!({"query": {"match_phrase": {"headlin": "fog"}}}), 0),
        (json!({"query": {"multi_match": {"query": "fog", "fields": ["headlin", "body"]}}}), 1),
        (json!({"query": {"term": {"headlin": "fog"}}}), 0),
        (json!({"query": {"range": {"headlin": {"gte": "1931"}}}}), 0),
        (json!({"query": {"exists": {"field": "headlin"}}}), 0),
        (json!({"query": {"prefix": {"headlin": "f"}}}), 0),
        (json!({"query": {"query_string": {"query": "headlin:fog"}}}), 0),
        (json!({"query": {"query_string": {"query": "headlin:fog body:fog"}}}), 1),
        (json!({"query": {"bool": {"must_not": {"term": {"headlin": "fog"}}}}}), 8),
        (json!({"aggs": {"a": {"terms": {"field": "headlin"}}}}), 8),
    ] {
        let (status, answer) = ask(body.clone()).await;
        assert_eq!(
            (status, &answer["hits"]["total"]["value"]),
            (StatusCode::OK, &json!(count)),
            "{body}: {answer}"
        );
    }
    // What an order or a group is made of must be there.
    for body in [json!({"sort": "headlin"}), json!({"collapse": {"field": "headlin"}})] {
        let (status, answer) = ask(body.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {answer}");
        assert!(answer.to_string().contains("headlin"), "{body}: {answer}");
    }
    for body in [
        json!({"query": {"match": {"headline": "fog"}}}),
        json!({"query": {"multi_match": {"query": "fog", "fields": ["caption", "head*"]}}}),
        json!({"query": {"exists": {"field": "photographer"}}}),
        json!({"query": {"range": {"taken": {"gte": "1931"}}}}),
        json!({"aggs": {"a": {"terms": {"field": "section"}}}}),
        json!({"sort": "published"}),
        json!({"sort": {"headlin": {"unmapped_type": "keyword"}}}),
    ] {
        let (status, answer) = ask(body.clone()).await;
        assert_eq!(status, StatusCode::OK, "{body}: {answer}");
    }
}

#[tokio::test]
async fn ranges_take_the_formats_that_dates_are_shown_in() {
    let archive = Archive::small();
    let count = async |from: &str, to: &str, format: &str| {
        let range = json!({"range": {"published": {"gte": from, "lte": to, "format": format}}});
        found(&archive, "articles", json!({"query": range})).await.len()
    };
    assert_eq!(count("1903-11-20 00:00:00", "1931-05-02 23:59:59", "yyyy-MM-dd HH:mm:ss").await, 2);
    assert_eq!(count("20/11/1903", "02/05/1931", "dd/MM/yyyy").await, 2);
    assert_eq!(count("1931-05-02T00:00:00", "1931-05-03T00:00:00", "yyyy-MM-dd'T'HH:mm:ss").await, 1);
    assert_eq!(count("11-1903", "12-1903", "MM-yyyy").await, 1);
    // A month that is not said is its first day.
    assert_eq!(count("11-1903", "11-1903", "MM-yyyy").await, 0);
}

#[tokio::test]
async fn a_problem_names_the_parameter() {
    let archive = Archive::small();
    let router = archive.router();
    for (query, pointer) in [
        ("from=abc", "from"),
        ("from=1912-13", "from"),
        ("q=date:nonsense", "q"),
        ("q=ferry&to=soon", "to"),
        ("min_seq=999999", "min_seq"),
        ("as_of=nope", "as_of"),
    ] {
        let (status, problem) = get(&router, &format!("/api/v1/search?{query}")).await;
        assert!(status.is_client_error(), "{query}: {status}");
        assert_eq!(problem["pointer"], pointer, "{query}: {problem}");
    }
}
