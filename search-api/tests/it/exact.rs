//! Words as they are written: found just so, by every door, whatever the language, and highlighted alone.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::archive::{Archive, get, ids, post};

fn article(id: &str, language: &str, body: &str) -> Value {
    let data = json!({"headline": id, "body": body, "language": language});
    json!({"type": "article.published", "id": id, "data": data})
}

fn archive() -> Archive {
    Archive::of(&[
        json!({"type": "byline.published", "id": "b/1", "data": {"name": "Nora Running", "bio": "She runs still."}}),
        json!({"type": "image.published", "id": "i/1", "data": {"caption": "Runners resting", "photographer": "b/1"}}),
        article("runs", "en", "The man runs. To be or not to be, he said; it was its own answer."),
        article("running", "en", "The man was running, and the dying lay in the runs."),
        article("run", "en", "A run on the bank. To is be or not, and being to bes."),
        article(
            "mixed",
            "en",
            "They run where others were running; a man who runs, will run the running man down.",
        ),
        article("passé", "fr", "Le passé est passé, et la passe aussi."),
        article("passe", "fr", "Il passe et passera."),
        article("häuser", "de", "Die Häuser am Hafen sind alt."),
        article("haus", "de", "Das Haus am Hafen ist alt."),
        article("пароход", "ru", "Пароход пришёл."),
        article("пароходы", "ru", "Пароходы пришли."),
        article("run-de", "de", "Der Run auf die Bank, und das running gag."),
        json!({"type": "article.published", "id": "caption", "data": {"headline": "Caption", "language": "en",
            "body": "Nothing to see.", "images": ["i/1"], "bylines": ["b/1"]}}),
    ])
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids
}

#[test]
fn words_and_phrases_are_found_as_they_are_written() {
    let archive = archive();
    let check = |q: &str, expected: &[&str]| {
        assert_eq!(
            sorted(archive.ids(q)),
            sorted(expected.iter().map(|id| (*id).to_owned()).collect()),
            "{q}"
        );
        let found = archive.find(&[("q", q), ("limit", "0")]);
        assert_eq!(found.total, expected.len() as u64, "{q}, counted");
    };
    check("=run", &["run", "mixed", "run-de"]);
    check("=runs", &["runs", "running", "mixed"]);
    check("=running body:=Running", &["running", "mixed", "run-de"]);
    check("=dying", &["running"]);
    check("body:=die", &["häuser", "run-de"]);
    check("=its", &["runs"]);
    check("=\"to be or not to be\"", &["runs"]);
    check("\"to be or not to be\"", &["runs"]);
    check("=\"it was its\"", &["runs"]);
    check("=\"be or not\"", &["runs", "run"]);
    check("=\"running man\"", &["mixed"]);
    check("=\"man running\"", &[]);
    check("=\"man running\"~1", &["running"]);
    check("=\"man running\"~2", &["running", "mixed"]);
    check("=\"will run the\"", &["mixed"]);
    check("=\"will runs the\"", &[]);
    // Diacritics and case make no difference, though the stems of these differ.
    check("=passé", &["passé", "passe"]);
    check("=PASSE", &["passé", "passe"]);
    check("=\"le passe est\"", &["passé"]);
    check("=hauser", &["häuser"]);
    check("=Haus", &["haus"]);
    check("=пароход", &["пароход"]);
    check("=пароходы", &["пароходы"]);
    // Beginnings, patterns and near spellings of what is written, not of stems.
    check("body:=runn*", &["running", "mixed", "run-de"]);
    check("body:=dyin*", &["running"]);
    check("body:=r?n", &["run", "mixed", "run-de"]);
    check("body:=*unning", &["running", "mixed", "run-de"]);
    check("body:=runing~1", &["running", "mixed", "run-de"]);
    check("body:=runz~1", &["run", "runs", "running", "mixed", "run-de"]);
    // Mixed with all forms, without, and in groups.
    check("=runs -body:=running", &["runs"]);
    check("body:=(runs OR passera)", &["runs", "running", "mixed", "passe"]);
    check("body:run body:=runs", &["runs", "running", "mixed"]);
    // Captions, and names, which are never stemmed.
    check("=resting", &["caption"]);
    check("caption:=runners", &["caption"]);
    check("caption.exact:runner", &[]);
    check("caption:runner", &["caption"]);
    check("=\"Nora Running\"", &["caption"]);
    check("date:=1900..", &[]);
}

#[test]
fn a_whole_search_is_meant_so() {
    let archive = archive();
    let find = |params: &[(&str, &str)]| sorted(ids(&archive.find(params)));
    assert_eq!(find(&[("q", "man running"), ("exact", "true")]), ["mixed", "running"]);
    assert_eq!(find(&[("exact", "true"), ("q", "\"man runs\"")]), ["runs"]);
    assert_eq!(find(&[("exact", "false"), ("q", "\"they runs\"")]), ["mixed"]);
    assert_eq!(find(&[("exact", "true"), ("q", "\"they runs\"")]), [""; 0]);
    assert_eq!(find(&[("q", "headline:run"), ("exact", "1")]), ["run", "run-de"]);
    assert_eq!(find(&[("q", "=run"), ("exact", "true")]), find(&[("q", "=run")]));
    assert_eq!(find(&[("q", "runners"), ("exact", "true"), ("view", "images")]), ["i/1"]);
    assert_eq!(find(&[("q", "runner"), ("exact", "true"), ("view", "images")]), [""; 0]);
    assert_eq!(find(&[("q", "runs"), ("exact", "true"), ("view", "bylines")]), ["b/1"]);
    assert_eq!(find(&[("q", "running"), ("exact", "true"), ("view", "bylines")]), ["b/1"]);
}

#[test]
fn highlights_are_of_those_words_alone() {
    let archive = archive();
    let marked = |q: &str, exact: &str, id: &str| {
        let found = archive.find(&[("q", q), ("exact", exact)]);
        let hit = found.hits.iter().find(|hit| hit.id.as_str() == id).unwrap();
        let marked = hit.highlights["body"].iter().flat_map(|text| text.split("<em>").skip(1));
        marked.map(|rest| rest.split("</em>").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(marked("run", "false", "mixed"), ["run", "running", "runs", "run", "running"]);
    assert_eq!(marked("run", "true", "mixed"), ["run", "run"]);
    assert_eq!(marked("=runs man", "false", "mixed"), ["man", "runs", "man"]);
    assert_eq!(marked("=\"running man\"", "false", "mixed"), ["running man"]);
    assert_eq!(marked("=runn*", "false", "mixed"), ["running", "running"]);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one archive, asked in every way")]
async fn elasticsearch_has_sub_fields() {
    let archive = archive();
    let router = archive.router();
    let search = async |body: Value| {
        let (status, answer) = post(&router, "/es/articles/_search", body.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    };
    let check = async |query: Value, expected: &[&str]| {
        let answer = search(json!({"query": query})).await;
        let hits = answer["hits"]["hits"].as_array().unwrap();
        let found = sorted(hits.iter().map(|hit| hit["_id"].as_str().unwrap().to_owned()).collect());
        assert_eq!(found, sorted(expected.iter().map(|id| (*id).to_owned()).collect()), "{query}");
        assert_eq!(answer["hits"]["total"]["value"], expected.len(), "{query}");
    };
    check(json!({"match": {"body.exact": "RUN"}}), &["run", "mixed", "run-de"]).await;
    check(json!({"match": {"body.exact": {"query": "runs bank", "operator": "and"}}}), &[]).await;
    check(
        json!({"match": {"body.exact": {"query": "runing", "fuzziness": 1}}}),
        &["running", "mixed", "run-de"],
    )
    .await;
    check(json!({"match_phrase": {"body.exact": "was running"}}), &["running"]).await;
    check(json!({"match_phrase": {"body.exact": "was run"}}), &[]).await;
    check(json!({"match_phrase_prefix": {"body.exact": "was runn"}}), &["running"]).await;
    check(json!({"match_phrase_prefix": {"body.exact": "resting"}}), &[]).await;
    check(
        json!({"multi_match": {"query": "runs", "fields": ["body.exact", "headline.exact^2"]}}),
        &["runs", "running", "mixed"],
    )
    .await;
    check(json!({"multi_match": {"query": "runner", "fields": ["*.exact"]}}), &[]).await;
    check(
        json!({"multi_match": {"query": "runners", "fields": ["*.exact"], "type": "phrase"}}),
        &["caption"],
    )
    .await;
    check(json!({"multi_match": {"query": "nora", "fields": ["*.exact"]}}), &[]).await;
    check(json!({"query_string": {"query": "body.exact:running AND NOT body.exact:runs"}}), &["run-de"])
        .await;
    check(json!({"query_string": {"query": "\"the runs\" OR pass*", "fields": ["body"], "quote_field_suffix": ".exact"}}),
        &["running", "passé", "passe"]).await;
    check(json!({"simple_query_string": {"query": "\"it was it\"", "quote_field_suffix": ".exact"}}), &[])
        .await;
    check(json!({"term": {"body.exact": "dying"}}), &["running"]).await;
    check(json!({"terms": {"body.exact": ["dying", "passera"]}}), &["running", "passe"]).await;
    check(json!({"prefix": {"body.exact": "dy"}}), &["running"]).await;
    check(json!({"wildcard": {"body.exact": "d?ing"}}), &["running"]).await;
    check(json!({"regexp": {"body.exact": "runn.*"}}), &["running", "mixed", "run-de"]).await;
    check(json!({"fuzzy": {"body.exact": {"value": "dyinf", "max_expansions": 1}}}), &["running"]).await;
    check(json!({"bool": {"must_not": {"exists": {"field": "body.exact"}}}}), &[]).await;
    let answer = search(json!({"query": {"match": {"body.exact": "running"}}, "fields": ["body.exact"],
        "highlight": {"fields": {"body.exact": {"number_of_fragments": 0}, "body": {"number_of_fragments": 0}}}}))
    .await;
    let hits = answer["hits"]["hits"].as_array().unwrap();
    let hit = hits.iter().find(|hit| hit["_id"] == "mixed").unwrap();
    let text = "They run where others were <em>running</em>; a man who runs, will run the <em>running</em> man down.";
    assert_eq!(hit["highlight"], json!({"body.exact": [text], "body": [text]}));
    assert!(hit["fields"]["body.exact"].is_array(), "{hit}");

    let (_, mapping) = get(&router, "/es/articles/_mapping").await;
    let properties = &mapping["articles"]["mappings"]["properties"];
    assert_eq!(properties["body"]["fields"]["exact"], json!({"type": "text", "analyzer": "morgue_exact"}));
    assert!(properties["images"]["properties"]["caption"]["fields"]["exact"].is_object());
    assert!(properties["credit"]["fields"].is_null(), "names are not stemmed");
    let (_, caps) = get(&router, "/es/articles/_field_caps?fields=body*").await;
    assert_eq!(caps["fields"]["body.exact"]["text"]["searchable"], true);
    let (_, answer) = post(
        &router,
        "/es/articles/_analyze",
        json!({"field": "body.exact", "text": "Running Époques"}).to_string(),
    )
    .await;
    let tokens: Vec<&str> =
        answer["tokens"].as_array().unwrap().iter().map(|one| one["token"].as_str().unwrap()).collect();
    assert_eq!(tokens, ["running", "epoques"]);
    for field in ["section.exact", "bylines.name.exact", "nothing.exact"] {
        let query = json!({"query": {"match": {field: "fire"}}});
        let (status, answer) = post(&router, "/es/articles/_search", query.to_string()).await;
        assert_eq!(
            (status, &answer["hits"]["total"]["value"]),
            (StatusCode::OK, &json!(0)),
            "{field}: {answer}"
        );
    }
}

/// Random texts of few words, which are stems and forms of each other: what is found is what a look at the texts finds.
#[test]
fn what_is_found_is_what_is_written() {
    let words = "run runs running runner Runner's is it its the die dying dies lie lying skies sky ferry ferries époque \
                 epoques passé passe passer Häuser haus hause straße strasse 港の船 a i as";
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut seed = 7_u64;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut texts = Vec::new();
    let mut events = Vec::new();
    for number in 0..300 {
        let count = 1 + next(12);
        let text = (0..count).map(|_| words[next(words.len())]).collect::<Vec<_>>().join(" ");
        events.push(article(&format!("a/{number:03}"), ["en", "fr", "de", "und"][next(4)], &text));
        texts.push(text);
    }
    let archive = Archive::of(&events);
    let terms = |text: &str| -> Vec<String> {
        let terms = views::Analyser::Exact.terms(views::Language::Other, text);
        terms.into_iter().map(|term| term.text).collect()
    };
    let written: Vec<Vec<String>> = texts.iter().map(|text| terms(text)).collect();
    let mut tried = 0;
    let mut check = |q: &str, holds: &dyn Fn(&[String]) -> bool| {
        let expected: Vec<String> =
            (0..written.len()).filter(|at| holds(&written[*at])).map(|at| format!("a/{at:03}")).collect();
        let mut found = Vec::new();
        for offset in ["0", "100", "200"] {
            found.extend(ids(&archive.find(&[
                ("q", q),
                ("limit", "100"),
                ("offset", offset),
                ("highlight", "false"),
            ])));
        }
        assert_eq!(sorted(found), expected, "{q}");
        tried += 1;
    };
    for word in &words {
        let wanted = terms(word);
        check(&format!("body:={word}"), &|text| text.windows(wanted.len()).any(|run| run == wanted));
        let start = terms(word).swap_remove(0);
        check(&format!("body:={start}*"), &|text| text.iter().any(|word| word.starts_with(&start)));
    }
    for _ in 0..200 {
        let phrase = (0..2 + next(2)).map(|_| words[next(words.len())]).collect::<Vec<_>>().join(" ");
        let wanted = terms(&phrase);
        check(&format!("body:=\"{phrase}\""), &|text| text.windows(wanted.len()).any(|run| run == wanted));
    }
    println!("{tried} exact searches compared with {} texts", texts.len());
}
