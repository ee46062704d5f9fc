//! What is found, with which evidence.

use query::{Combine, Query, SearchRequest, Words};
use search::better_spelling;
use search_api::SearchAnswer;
use serde_json::{Value, json};
use store::{AssetId, AssetKind, AssetRef};
use views::ARTICLES;

use crate::archive::{Archive, ids};

#[test]
fn what_is_misspelt_is_offered_in_the_spelling_of_the_archive() {
    let archive = Archive::small();
    let better = |q: &str| better_spelling(&archive.search.begin(), ARTICLES, q, 0);
    // A letter too many, two that changed places, two mistakes; a word that is right stays.
    for (q, offered) in
        [("ferriees", "ferries"), ("tarm", "tram"), ("cuoncyl", "council"), ("coucil tram", "council tram")]
    {
        assert_eq!(better(q).as_deref(), Some(offered), "{q}");
    }
    for q in ["council", "xyzzyq", "\"coucil\"", "headline:coucil", ""] {
        assert_eq!(better(q), None, "{q}");
    }
}

/// A misprint is in the archive, too: what is many times as frequent is offered all the same.
#[test]
fn another_spelling_is_offered_for_few_hits() {
    let article = |at: usize, word: &str| json!({"type": "article.published", "id": format!("{at}"), "data": {"headline": format!("The {word} of the year")}});
    let mut events: Vec<_> = (0..24).map(|at| article(at, "petroleum")).collect();
    events.extend([article(24, "petroluem"), article(25, "gasoline"), article(26, "gasolene")]);
    let archive = Archive::of(&events);
    let better = |q: &str| {
        let found = archive.find(&[("q", q)]).total;
        better_spelling(&archive.search.begin(), ARTICLES, q, found)
    };
    assert_eq!(better("petroluem").as_deref(), Some("petroleum"));
    assert_eq!(better("petroluem year").as_deref(), Some("petroleum year"));
    // Both are spellings.
    assert_eq!(better("gasolene"), None);
    assert_eq!(better("petroleum"), None);
}

#[test]
fn a_name_of_no_field_is_told() {
    let archive = Archive::small();
    let notes = |q: &str| archive.find(&[("q", q)]).notes;
    assert_eq!(notes("heading:ferry"), ["`heading:` names no field: did you mean `headline:`?"]);
    assert_eq!(notes("temperature:ferry"), ["`temperature:` names no field, and was looked for as a word"]);
    assert!(notes("headline:ferry date:1931 http://pier.example/a").is_empty());
}

#[test]
fn what_people_type_finds_what_they_mean() {
    let archive = Archive::small();
    let check = |q: &str, expected: &[&str]| {
        let mut found = archive.ids(q);
        found.sort();
        let mut expected: Vec<String> = expected.iter().map(|id| (*id).to_owned()).collect();
        expected.sort();
        assert_eq!(found, expected, "{q}");
    };
    check("ferry", &["a/ferry", "a/tram"]);
    check("FERRIES", &["a/ferry", "a/tram"]);
    check("ferry -fog", &["a/tram"]);
    check("ferry quill", &["a/ferry"]);
    check("morning star", &["a/ferry"]);
    check("\"golden gate\"", &["a/ferry"]);
    check("\"golden gate\"~1", &["a/ferry", "a/tram"]);
    check("fire OR tram", &["a/fire", "a/tram"]);
    check("headline:ferries", &["a/ferry"]);
    check("byline:quill", &["a/ferry", "a/fire"]);
    check("caption:berth", &["a/ferry"]);
    check("section:City tram", &["a/tram"]);
    check("date:1931-05", &["a/ferry"]);
    check("date:1900..1940", &["a/ferry", "a/tram"]);
    check("date:..1868", &["a/fire"]);
    check("date:>1931", &["nyt://article/0c66/x"]);
    check("vapeur", &["a/époque"]);
    check("epoques", &["a/époque"]);
    check("harb*", &["a/ferry", "a/tram"]);
    check("ferries*", &["a/ferry", "a/tram"]);
    check("fery~", &["a/ferry", "a/tram"]);
    check("f?re", &["a/fire"]);
    check("o'hare", &["nyt://article/0c66/x"]);
    check("wi-fi", &["nyt://article/0c66/x"]);
    check("nosuchword", &[]);
    check("-ferry -fire", &["a/époque", "nyt://article/0c66/x"]);
    check("page:1", &["a/ferry", "a/fire"]);
    check("images.id:*", &["a/ferry"]);
}

#[test]
fn a_hit_shows_its_evidence() {
    let archive = Archive::small();
    let response = archive.find(&[("q", "caption:ferry"), ("facets", "section,year")]);
    let json = serde_json::to_value(SearchAnswer::from(response)).unwrap();
    let hit = &json["hits"][0];
    assert_eq!(json["total"], 1);
    assert_eq!(hit["kind"], "article");
    assert_eq!(hit["id"], "a/ferry");
    assert_eq!((&hit["seq"], &hit["revision"], &hit["source"]), (&json!(4), &json!(1), &json!("test")));
    assert!(hit["score"].as_f64().unwrap() > 0.0);
    assert_eq!(hit["document"]["images"][0]["photographer"]["name"], "Eleanor Quill");
    assert_eq!(
        hit["highlights"],
        json!({"images.caption": ["The <em>ferry</em> Morning Star at her berth"]})
    );
    assert_eq!(json["facets"]["section"], json!([{"value": "Harbour", "count": 1}]));
    assert_eq!(json["facets"]["year"], json!([{"value": "1931", "count": 1}]));
}

#[test]
fn text_of_others_is_escaped_in_highlights() {
    let archive = Archive::small();
    let response = archive.find(&[("q", "thought 1955")]);
    let body = response.hits[0].highlights["body"][0].clone();
    assert!(
        body.contains("&lt;script&gt;") && body.contains("<em>1955</em>") && !body.contains("<script"),
        "{body}"
    );
}

#[test]
fn filters_sorts_and_pages() {
    let archive = Archive::small();
    assert_eq!(ids(&archive.find(&[("sort", "oldest")]))[0], "a/fire");
    assert_eq!(ids(&archive.find(&[]))[0], "nyt://article/0c66/x");
    assert_eq!(archive.find(&[("section", "city")]).total, 3);
    assert_eq!(archive.find(&[("section", "City"), ("section", "Harbour")]).total, 4);
    assert_eq!(ids(&archive.find(&[("byline", "Eleanor Quill"), ("from", "1900")])), ["a/ferry"]);
    assert_eq!(ids(&archive.find(&[("byline", "b/penhale"), ("to", "1868")])), ["a/fire"]);
    let mut cursor: Option<String> = None;
    let mut seen = Vec::new();
    loop {
        let mut params = vec![("sort", "newest"), ("limit", "2")];
        if let Some(cursor) = &cursor {
            params.push(("cursor", cursor));
        }
        let page = archive.find(&params);
        assert_eq!(page.total, 5);
        seen.extend(ids(&page));
        match page.next {
            Some(next) => cursor = Some(next.to_string()),
            None => break,
        }
    }
    assert_eq!(seen, ["nyt://article/0c66/x", "a/ferry", "a/tram", "a/époque", "a/fire"]);
}

#[test]
fn the_other_views_are_searched_too() {
    let archive = Archive::small();
    assert_eq!(ids(&archive.find(&[("view", "images"), ("q", "ferry"), ("byline", "quill")])), ["i/ferry"]);
    assert_eq!(ids(&archive.find(&[("view", "images"), ("q", "headline:fog")])), ["i/ferry"]);
    assert_eq!(ids(&archive.find(&[("view", "bylines"), ("q", "E. Quill")])), ["b/quill"]);
    let response = archive.find(&[("view", "bylines"), ("q", "article_count:>=2"), ("sort", "oldest")]);
    assert_eq!(ids(&response), ["b/quill", "b/penhale"]);
}

/// A story: a court orders an article to be taken down. It is withdrawn at noon; the next index commit is a minute
/// away. From noon on no search may show it.
#[test]
fn what_is_withdrawn_is_gone_before_the_index_knows() {
    let archive = Archive::small();
    assert_eq!(archive.find(&[("q", "fog")]).total, 1);
    archive
        .append(&[json!({"type": "article.withdrawn", "id": "a/ferry", "data": {"reason": "court order"}})]);
    let response = archive.find(&[("q", "fog")]);
    assert_eq!((response.total, response.hits.len()), (0, 0));
    let asset = AssetRef::new(AssetKind::Article, AssetId::new("a/ferry").unwrap());
    assert!(archive.search.document(&asset, None, store::Reader::PUBLIC).is_err());
}

#[test]
fn a_renamed_byline_is_shown_at_once_and_found_after_the_next_commit() {
    let archive = Archive::small();
    archive
        .append(&[json!({"type": "byline.published", "id": "b/quill", "data": {"name": "Eleanor Marsh"}})]);
    let shown = archive.find(&[("q", "fog")]);
    assert_eq!(shown.hits[0].document["bylines"][0]["name"], "Eleanor Marsh");
    assert_eq!(archive.find(&[("q", "byline:marsh")]).total, 0);
    archive.index();
    assert_eq!(archive.find(&[("q", "byline:marsh")]).total, 2);
}

#[test]
fn the_samples_are_a_pleasure_to_search() {
    let archive = Archive::samples();
    let first = |q: &str| archive.find(&[("q", q)]).hits.first().map(|hit| hit.id.as_str().to_owned());
    assert_eq!(first("concorde").as_deref(), Some("a/2003-11-27-concorde"));
    assert_eq!(first("marconi lettera").as_deref(), Some("a/1901-12-21-marconi"));
    let facets = archive.find(&[("facets", "century,byline")]);
    let total = facets.total;
    let facets = serde_json::to_value(SearchAnswer::from(facets)).unwrap();
    let centuries = facets["facets"]["century"].as_array().unwrap();
    assert_eq!(total, centuries.iter().map(|facet| facet["count"].as_u64().unwrap()).sum::<u64>());
    assert_eq!(centuries[0]["value"], Value::from("1800"));
}

/// Function words are in the index, so that phrases have them; but a text is not long for having many, and one of
/// several words is no match.
#[test]
fn function_words_are_found_in_phrases_and_count_for_nothing_else() {
    let article = |id: &str, body: &str| json!({"type": "article.published", "id": id, "data": {"headline": id, "body": body, "language": "en"}});
    let archive = Archive::of(&[
        article("hamlet", "To be, or not to be, that is the question of the prince."),
        article(
            "wordy",
            "It was the ferry that there was, and there it was on its way, as they have said of it.",
        ),
        article("terse", "Ferry company accounts published today: seventeen pages, figures, signatures."),
        article("other", "Trams ran. Nobody noticed."),
    ]);
    assert_eq!(archive.ids("\"to be or not to be\""), ["hamlet"]);
    assert_eq!(archive.ids("\"that is the question of the prince\""), ["hamlet"]);
    // Seen without its function words, the wordy one is the shorter.
    assert_eq!(archive.ids("ferry"), ["wordy", "terse"]);
    let any = |text: &str| {
        let query = Query::Words(Words { combine: Combine::OneField, ..Words::new(Vec::new(), text) });
        let request = SearchRequest { query, ..SearchRequest::new(ARTICLES) };
        ids(&archive.search.begin().search(&request).unwrap())
    };
    assert_eq!(any("what was there of the trams"), ["other"]);
    assert_eq!(any("we don't know which trams"), ["other"]);
    assert_eq!(any("to be"), ["hamlet"]);
}
