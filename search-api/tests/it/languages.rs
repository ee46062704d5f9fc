//! Archives of several languages: a word finds a text by the rules of the text's own language, and by no other's.

use axum::http::StatusCode;
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};
use views::{Analyser, Language};

use crate::archive::{Archive, get, ids, post};

/// Words that one language takes for a form of another word of the list, and another language does not.
const WORDS: [&str; 24] = [
    "cell",
    "cells",
    "cellar",
    "cellars",
    "order",
    "orders",
    "or",
    "bank",
    "banks",
    "banker",
    "bankers",
    "loss",
    "lose",
    "market",
    "mark",
    "agreement",
    "agree",
    "war",
    "wars",
    "running",
    "runs",
    "sıkı",
    "siki",
    "banco",
];

fn article(id: &str, language: &str, body: &str) -> Value {
    let data = json!({"headline": format!("Number {id}"), "body": body, "language": language});
    json!({"type": "article.published", "id": id, "data": data})
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids
}

/// Whether a text of a language has a word: in any of its forms, or, where its language has no rules, as it is written.
fn has(language: Language, text: &str, word: &str) -> bool {
    let keys = |text: &str| Analyser::Text.terms(language, text).into_iter().map(|term| term.text);
    let wanted = keys(word).next().unwrap();
    keys(text).any(|key| key == wanted)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Found is what the text's own language finds, each hit has a mark in it, and counts agree.
    #[test]
    fn a_word_finds_texts_by_the_rules_of_their_own_language(
        texts in vec((select(Language::ALL.to_vec()), vec(select(WORDS.to_vec()), 1..4)), 4..24)
    ) {
        let texts: Vec<(String, Language, String)> = texts
            .into_iter()
            .enumerate()
            .map(|(at, (language, words))| (format!("{at:02}"), language, words.join(" ")))
            .collect();
        let events: Vec<Value> = texts.iter().map(|(id, language, text)| article(id, language.tag(), text)).collect();
        let archive = Archive::of(&events);
        for word in WORDS {
            let expected: Vec<String> = texts
                .iter()
                .filter(|(_, language, text)| has(*language, text, word))
                .map(|(id, ..)| id.clone())
                .collect();
            let q = format!("body:{word}");
            let found = archive.find(&[("q", &q), ("limit", "100"), ("sort", "oldest")]);
            prop_assert_eq!(sorted(ids(&found)), expected.clone(), "{}", word);
            prop_assert_eq!(found.total, expected.len() as u64);
            for hit in &found.hits {
                let marked = hit.highlights.get("body").map(|fragments| fragments.concat()).unwrap_or_default();
                prop_assert!(marked.contains("<em>"), "{} in {}: {}", word, hit.id.as_str(), marked);
            }
            // Near words and beginnings bring in no other language's stems either.
            let near = ids(&archive.find(&[("q", &format!("body:{word}~0")), ("limit", "100")]));
            prop_assert_eq!(sorted(near), expected, "{}, near", word);
        }
    }
}

#[test]
fn what_is_joined_is_read_in_its_own_language() {
    let image =
        |id: &str, caption: &str| json!({"type": "image.published", "id": id, "data": {"caption": caption}});
    let with = |id: &str, language: &str, image: &str| {
        json!({"type": "article.published", "id": id, "data":
            {"headline": "No text", "language": language, "images": [image]}})
    };
    let archive = Archive::of(&[
        image("i/en", "The cells of the old prison were not in use at the time, and had no windows."),
        image("i/de", "Die Zellen des alten Gefängnisses waren zu der Zeit nicht in Gebrauch."),
        image("i/untold", "Cellars"),
        with("de-en", "de", "i/en"),
        with("en-de", "en", "i/de"),
        with("en-untold", "en", "i/untold"),
    ]);
    let check = |q: &str, expected: &[&str]| assert_eq!(sorted(archive.ids(q)), expected, "{q}");
    check("cell", &["de-en"]);
    check("Zelle", &["en-de"]);
    // A caption that tells no language of its own is in that of its article.
    check("cellar", &["en-untold"]);
}

/// The documents of all languages are counted for a word; that of a rare language is not above the others for it.
#[test]
fn a_word_tells_as_much_in_every_language() {
    let mut events = vec![
        article("one-en", "en", "tram depot"),
        article("one-de", "de", "tram depot"),
        article("one-und", "und", "tram depot"),
    ];
    events.extend((0..20).map(|at| article(&format!("many-{at}"), "en", "tram line, and other lines")));
    let archive = Archive::of(&events);
    for q in ["body:tram", "body:\"tram depot\"", "tram depot"] {
        let found = archive.find(&[("q", q), ("limit", "30")]);
        let score = |id: &str| found.hits.iter().find(|hit| hit.id.as_str() == id).unwrap().score;
        let (english, german, untold) = (score("one-en"), score("one-de"), score("one-und"));
        assert!((english - german).abs() < 1e-4 * english, "{q}: {english} and {german}");
        assert!((english - untold).abs() < 1e-4 * english, "{q}: {english} and {untold}");
    }
}

/// A function word of one language is a word like any other in texts of the others.
#[tokio::test]
async fn any_of_several_words_leaves_out_what_says_nothing_in_a_text_of_its_language() {
    let archive = Archive::of(&[
        article("en-1", "en", "A long war about a harbour"),
        article("en-2", "en", "The man of the hour"),
        article("de-1", "de", "Der Hafen war lange geschlossen, und man hat gewartet"),
        article("de-2", "de", "Das Zebra war im Hafen"),
        article("und-1", "und", "war"),
    ]);
    let router = archive.router();
    let check = async |query: Value, expected: &[&str]| {
        let body = json!({"query": query, "_source": false}).to_string();
        let (status, json) = post(&router, "/es/articles/_search", body).await;
        assert_eq!(status, StatusCode::OK, "{json}");
        let hits = json["hits"]["hits"].as_array().unwrap();
        let found = hits.iter().map(|hit| hit["_id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(sorted(found), expected, "{query}");
    };
    // Nothing else is to be found in German: `war` is looked for there, too.
    check(json!({"match": {"body": "war gnu"}}), &["de-1", "de-2", "en-1", "und-1"]).await;
    // The zebra is: it alone is looked for in German.
    check(json!({"match": {"body": "war zebra"}}), &["de-2", "en-1", "und-1"]).await;
    check(json!({"match": {"body.exact": "war zebra"}}), &["de-2", "en-1", "und-1"]).await;
    check(json!({"match_bool_prefix": {"body": "war zeb"}}), &["de-2", "en-1", "und-1"]).await;
    check(json!({"multi_match": {"query": "war zebra"}}), &["de-2", "en-1", "und-1"]).await;
    check(
        json!({"combined_fields": {"query": "war zebra", "fields": ["body", "headline"]}}),
        &["de-2", "en-1", "und-1"],
    )
    .await;
    check(json!({"match": {"body": "man harbours"}}), &["de-1", "en-1", "en-2"]).await;
    check(json!({"match": {"body": "the harbour"}}), &["en-1"]).await;
    check(json!({"match": {"body": "the gnu"}}), &["en-2"]).await;
    check(json!({"match": {"body": "the"}}), &["en-2"]).await;
    // All of the words, and so many of them, are all and so many.
    check(json!({"match": {"body": {"query": "war zebra", "operator": "and"}}}), &["de-2"]).await;
    check(json!({"match": {"body": {"query": "war zebra im", "minimum_should_match": 2}}}), &["de-2"]).await;
}

#[tokio::test]
async fn folding_is_that_of_the_script() {
    let archive = Archive::of(&[
        article("bus", "ja", "市バスの停留所"),
        article("pass", "ja", "市パスの停留所"),
        article("narrow", "ja", "ﾊﾞｽ停"),
        article("man", "hi", "मान और सम्मान"),
        article("mean", "hi", "मीन और सागर"),
        article("thai", "th", "รถไฟสายใหม่เปิดวันนี้"),
        article("lao", "lo", "ລົດໄຟສາຍໃໝ່"),
        article("sigma", "el", "Ο ΔΡΌΜΟΣ"),
        article("okina", "en", "The road to Lānaʻi"),
        article("ukrainian", "uk", "Запах м\u{2bc}яти"),
        article("tatweel", "ar", "مديـــنة"),
        article("marks", "en", "\u{feff}light\u{200e}house keeper"),
        article("turkish", "tr", "KIRIK kapı"),
        article("stress", "ru", "Старый замо\u{301}к"),
        article("iod", "ru", "Йод и вода"),
    ]);
    let check = |q: &str, expected: &[&str]| assert_eq!(sorted(archive.ids(q)), expected, "{q}");
    check("バス", &["bus", "narrow"]);
    check("=バス", &["bus", "narrow"]);
    check("ﾊﾟｽ", &["pass"]);
    check("मान", &["man"]);
    check("รถไฟ", &["thai"]);
    check("วันนี้", &["thai"]);
    check("วันนา", &[]);
    check("ໄຟ", &["lao"]);
    check("δρομος", &["sigma"]);
    check("lanai", &["okina"]);
    check("Lana'i", &["okina"]);
    check("м'яти", &["ukrainian"]);
    check("м’яти", &["ukrainian"]);
    check("مدينة", &["tatweel"]);
    check("lighthouse", &["marks"]);
    check("kırık", &["turkish"]);
    check("kirik", &[]);
    check("kırı*", &["turkish"]);
    check("=kırık", &["turkish"]);
    check("замок", &["stress"]);
    check("иод", &[]);
    let (status, json) = get(&archive.router(), "/api/v1/search?q=%E0%B8%A3").await;
    assert_eq!(status, StatusCode::OK, "{json}");
    assert_eq!(json["hits"][0]["id"], "thai", "one letter, which is indexed in pairs");
}
