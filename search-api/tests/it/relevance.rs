//! What counts for how much: fields beside each other, rare words, and the words of long texts.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::archive::{Archive, post};

fn article(id: &str, headline: &str, body: &str) -> Value {
    let data = json!({"headline": headline, "body": body, "language": "en"});
    json!({"type": "article.published", "id": id, "data": data})
}

async fn hits(archive: &Archive, body: Value) -> Vec<Value> {
    let (status, mut answer) = post(&archive.router(), "/es/articles/_search", body.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{body}: {answer}");
    answer["hits"]["hits"].as_array_mut().map(std::mem::take).unwrap()
}

#[tokio::test]
async fn weights_say_what_fields_count_beside_each_other_and_nothing_else() {
    let archive = Archive::of(&[
        article("a", "Ferry lost in fog", "The harbour was closed all night."),
        article("b", "Harbour closed", "The ferry, an old ferry of the northern line, was lost in the fog."),
        article("c", "Tram fares rise", "Riders of the tram are asked for a penny more."),
    ]);
    let scores = async |fields: [&str; 2]| {
        let query = json!({"combined_fields": {"query": "ferry harbour", "fields": fields}});
        let found = hits(&archive, json!({"query": query})).await;
        let score = |hit: &Value| (hit["_id"].clone(), (hit["_score"].as_f64().unwrap() * 1e4).round());
        found.iter().map(score).collect::<Vec<_>>()
    };
    assert_eq!(scores(["headline^4", "body^4"]).await, scores(["headline", "body"]).await);
    assert_ne!(scores(["headline^4", "body"]).await, scores(["headline", "body"]).await);
}

#[tokio::test]
async fn a_word_is_as_rare_as_the_documents_that_have_it_in_any_field() {
    let archive = Archive::of(&[
        article("a", "Ferry lost", "Nobody was hurt; the tram was late."),
        article("b", "Harbour closed", "The ferry stays, and so does the tram."),
        article("c", "Both of them", "Nothing else happened."),
    ]);
    let idf = async |word: &str| {
        let body = json!({"query": {"combined_fields": {"query": word, "fields": ["headline", "body"]}}});
        let (status, answer) = post(&archive.router(), "/es/articles/_explain/b", body.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let parts = answer["explanation"]["details"][0]["details"].as_array().unwrap();
        parts.iter().find(|part| part["description"] == "idf").unwrap()["value"].as_f64().unwrap()
    };
    // Each is in two of three: one in a headline and a body, the other in two bodies.
    assert_eq!(idf("ferry").await, idf("tram").await);
    assert!(idf("harbour").await > idf("ferry").await);
}

#[tokio::test]
async fn long_texts_are_searched_by_their_most_telling_words() {
    let common: Vec<String> = (0..400).map(|number| format!("word{number}")).collect();
    let common = common.join(" ");
    let archive = Archive::of(&[
        article("a", "One", &format!("{common} ferry")),
        article("b", "Two", &common),
        article("c", "Three", &common),
        article("d", "Four", "Nothing but the tram"),
    ]);
    let ask = async |query: Value| {
        let highlight = json!({"fields": {"body": {}}, "number_of_fragments": 0});
        let found = hits(&archive, json!({"query": query, "highlight": highlight})).await;
        let marks = |hit: &Value| {
            let text = hit["highlight"]["body"][0].as_str().unwrap_or_default();
            text.matches("<em>").count()
        };
        found.iter().map(|hit| (hit["_id"].as_str().unwrap().to_owned(), marks(hit))).collect::<Vec<_>>()
    };
    let check = async |query: Value, expected: &[(&str, usize)]| {
        let found = ask(query.clone()).await;
        let found: Vec<(&str, usize)> = found.iter().map(|(id, marks)| (id.as_str(), *marks)).collect();
        let shown: String = query.to_string().chars().take(60).collect();
        assert_eq!(found, expected, "{shown}");
    };
    let text = format!("{common} nowhere ferry");
    // Of those that are alike, the first; and what is not looked for is not marked either.
    let expected = [("a", 256), ("b", 255), ("c", 255)];
    check(json!({"match": {"body": text}}), &expected).await;
    check(json!({"combined_fields": {"query": text, "fields": ["headline", "body"]}}), &expected).await;
    check(json!({"multi_match": {"query": text, "fields": ["headline", "body"]}}), &expected).await;
    // Where all are needed, so is the one that is nowhere.
    check(json!({"match": {"body": {"query": text, "operator": "and"}}}), &[]).await;
    let text = format!("{common} ferry");
    check(json!({"match": {"body": {"query": text, "operator": "and"}}}), &[("a", 256)]).await;
    // A word counts as often as it is there.
    let often = format!("{} {}", "tram ".repeat(300), "ferry");
    check(json!({"match": {"body": often}}), &[("d", 1), ("a", 1)]).await;
    let start = format!("{common} fer");
    check(json!({"match_bool_prefix": {"body": start}}), &expected).await;
}
