//! Tables and JSON as programs and people write them: what is read of each, and what is told.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails is a panic")]

use std::{fs, sync::atomic::AtomicBool};

use ingest::{Hints, LoadOptions, LoadReport, Quarantine, load, read};
use serde_json::{Value, json};
use store::{Log, Timestamp};

fn hints(columns: &[(&str, &str)]) -> Hints {
    let columns = columns.iter().map(|(column, field)| ((*column).to_owned(), field.parse().unwrap()));
    Hints { columns: columns.collect(), ..Hints::default() }
}

/// Returns the articles of a file, or why a record cannot be read.
fn articles(name: &str, text: &str, hints: &Hints) -> Vec<Value> {
    let mut found = Vec::new();
    read(&mut text.as_bytes(), name, hints, Timestamp::now(), &mut |_, said| match said {
        Ok(events) => found.push(serde_json::to_value(&events.last().unwrap().fact).unwrap()),
        Err(why) => found.push(why.into()),
    });
    found
}

/// One article in each file, of which these fields are held against what is expected.
fn check(name: &str, text: &str, expected: &Value) {
    let found = articles(name, text, &hints(&[]));
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    for (field, expected) in expected.as_object().unwrap() {
        assert_eq!(&found[0][field], expected, "{field} of {text}");
    }
}

#[test]
fn cells_are_read_as_their_program_wrote_them() {
    // MySQL's backslashes.
    check(
        "a.csv",
        "id,title,text\n1,\"The \\\"Gull\\\" is late\",\"a, b\"\n",
        &json!({"headline": "The \"Gull\" is late", "body": "a, b"}),
    );
    // A path that ends a cell is none.
    check(
        "a.csv",
        "title,text,path\nA,\"b\",\"C:\\dir\\\"\n",
        &json!({"body": "b", "extra": {"path": "C:\\dir\\"}}),
    );
    // People put spaces behind commas.
    check(
        "a.csv",
        "title, text, place\nA, \"b, c\", Quay\n",
        &json!({"headline": "A", "body": "b, c", "dateline": " Quay".trim()}),
    );
    // Excel between tabs, and pandas.
    check("a.tsv", "title\ttext\nA\t\"one\n\"\"two\"\"\"\n", &json!({"body": "one\n\"two\""}));
    check("a.tsv", "title\ttext\n\"A\" he said\tone\n", &json!({"headline": "\"A\" he said"}));
    // What stands before the header.
    check("a.csv", "sep=;\ntitle;text\nA;b\n", &json!({"headline": "A", "body": "b"}));
    check(
        "a.csv",
        "Quay archive\nExported by hand, 1 May\n\nid,title,text\n1,A,b\n",
        &json!({"headline": "A", "body": "b"}),
    );
    check("a.csv", "title,text,page\nA,b,\\N\n", &json!({"page": null, "extra": null}));
}

#[test]
fn headers_are_known_in_other_languages() {
    let article = json!({"headline": "A", "body": "b", "published": "1906-12-05", "credit": "Eva Roth"});
    check("a.csv", "Titel;Text;Datum;Verfasser\nA;b;5.12.1906;Eva Roth\n", &article);
    check("a.csv", "Titre;Texte;Date;Auteur\nA;b;5 déc. 1906;Eva Roth\n", &article);
    check("a.csv", "Título,Texto,Fecha,Autor\nA,b,5 de diciembre de 1906,Eva Roth\n", &article);
    check("a.csv", "Titolo\tTesto\tData\tAutore\nA\tb\t5 dicembre 1906\tEva Roth\n", &article);
    check("a.csv", "Kop,Tekst,Publicatiedatum,Schrijver\nA,b,5 december 1906,Eva Roth\n", &article);
    check("a.csv", "Заголовок,Текст,Дата,Автор\nA,b,5 декабря 1906,Eva Roth\n", &article);
}

#[test]
fn json_records_are_read_wherever_they_lie() {
    let article = json!({"headline": "A", "body": "b"});
    let record = "{\"title\": \"A\", \"text\": \"b\"}";
    for text in [
        record.to_owned(),
        format!("[{record}]"),
        format!("[\n  {}\n]", record.replace(", ", ",\n    ")),
        record.replace(", ", ",\n  "),
        format!("{{\"count\": 1, \"articles\": [{record}]}}"),
        format!("{{\"status\": \"ok\", \"response\": {{\"pages\": [1, 2], \"results\": [\n{record}\n]}}}}"),
    ] {
        check("a.json", &text, &article);
    }
    let many = format!("{{\"a\": \"{}\", \"stories\": [{record}]}}", "x".repeat(40_000));
    check("a.json", &many, &article);
    let two = articles("a.json", &format!("{record}\n\n{record}"), &hints(&[]));
    assert_eq!(two.len(), 2);
    assert_eq!(articles("a.json", &format!("{record}{record}"), &hints(&[])).len(), 2);
}

/// WordPress's REST API (`/wp-json/wp/v2/posts`) gives each text in an object.
#[test]
fn texts_may_be_rendered() {
    let post = json!({
        "id": 7, "date": "2020-01-02T03:04:05", "status": "publish", "link": "https://b.example/a",
        "title": {"rendered": "Joe&#8217;s"}, "content": {"rendered": "<p>One</p><p>Two</p>", "protected": false},
        "excerpt": {"rendered": "<p>In short</p>"},
    });
    let article = json!({"headline": "Joe’s", "body": "One\n\nTwo", "summary": "In short", "url": "https://b.example/a"});
    check("a.json", &json!([post]).to_string(), &article);
    check("a.json", &post.to_string(), &article);
}

#[test]
fn lists_of_authors_are_people_one_by_one() {
    let check = |authors: Value, credit: &str, bylines: &[&str]| {
        let record = json!({"title": "A", "text": "b", "authors": authors});
        check("a.json", &record.to_string(), &json!({"credit": credit, "bylines": bylines}));
    };
    check(json!(["Ida Lee", "Max Orr"]), "Ida Lee, Max Orr", &["byline:ida-lee", "byline:max-orr"]);
    check(json!(["Lee, Ida", "Orr, Max"]), "Ida Lee, Max Orr", &["byline:ida-lee", "byline:max-orr"]);
    check(json!(["Lee, Orr and Poe"]), "Lee, Orr and Poe", &["byline:lee-orr-and-poe"]);
    check(json!([{"name": "Ida Lee", "age": 40}]), "Ida Lee", &["byline:ida-lee"]);
    check(json!([{"given": "Ida", "family": "Lee"}]), "Ida Lee", &["byline:ida-lee"]);
    check(json!([{"first": "Ida", "last": "Lee"}]), "Ida Lee", &["byline:ida-lee"]);
    check(json!([{"firstName": "Ida", "lastName": "Lee"}]), "Ida Lee", &["byline:ida-lee"]);
    check(json!({"name": "Ida Lee"}), "Ida Lee", &["byline:ida-lee"]);
    check(json!("Ida Lee and Max Orr"), "Ida Lee and Max Orr", &["byline:ida-lee", "byline:max-orr"]);
}

#[test]
fn lists_and_things_with_names_are_fields() {
    check(
        "a.json",
        "{\"title\": \"A\", \"text\": [\"one\", \"two\"], \"source\": {\"id\": 7, \"name\": \"The Quay\"}, \"tags\": [\"x\", {\"name\": \"y\"}]}",
        &json!({
            "body": "one\n\ntwo", "source": "The Quay", "extra": {"source": {"id": 7}},
            "keywords": [{"name": "keyword", "value": "x"}, {"name": "keyword", "value": "y"}]
        }),
    );
}

/// The dates of a table say together which number is the day.
#[test]
fn the_file_decides_what_a_date_alone_does_not() {
    let check = |dates: &[&str], columns: &[(&str, &str)], expected: &[&str]| {
        let rows: String = dates.iter().map(|date| format!("A,b,{date}\n")).collect();
        let objects: Vec<Value> =
            dates.iter().map(|date| json!({"title": "A", "text": "b", "date": date})).collect();
        for (name, text) in
            [("a.csv", format!("title,text,date\n{rows}")), ("a.json", Value::from(objects).to_string())]
        {
            let found = articles(name, &text, &hints(columns));
            let published: Vec<&str> =
                found.iter().map(|one| one["published"].as_str().unwrap_or("")).collect();
            assert_eq!(published, expected, "{text}");
        }
    };
    check(&["3/4/1906", "25/12/1906"], &[], &["1906-04-03", "1906-12-25"]);
    check(&["3/4/1906", "12/25/1906"], &[], &["1906-03-04", "1906-12-25"]);
    check(&["3/4/1906", "5/6/1906"], &[], &["1906", "1906"]);
    check(&["3/4/1906", "25/12/1906", "12/25/1906"], &[], &["1906", "1906-12-25", "1906-12-25"]);
    check(&["3/4/1906", "5/6/1906"], &[("date", "published:%d/%m/%Y")], &["1906-04-03", "1906-06-05"]);
    check(&["3/4/1906", "some day"], &[("date", "published:%m/%d/%Y")], &["1906-03-04", ""]);
}

fn loaded(files: &[(&str, &str)]) -> LoadReport {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("in");
    fs::create_dir(&root).unwrap();
    for (name, text) in files {
        fs::write(root.join(name), text).unwrap();
    }
    let log = Log::open(dir.path().join("log")).unwrap();
    let options = LoadOptions::new(vec![root], Quarantine::at(dir.path().join("quarantine")));
    load(&log, &options, &(), &AtomicBool::new(false)).unwrap()
}

#[test]
fn what_is_doubtful_or_was_decided_is_told() {
    let report = loaded(&[
        ("a.csv", "title,text,date\nA,b,3/4/1906\nC,d,5/6/1906\nE,f,soon\n"),
        ("b.tsv", "title\ttext\nA\t\"b\nc\"\n"),
        ("c.csv", "Quay\n\nid,title,text\n1,A,b\n2,C\n"),
        ("d.json", "[{\"title\":\"A\",\"date\":\"25/12/1906\"}]"),
    ]);
    let mut told: Vec<(&str, u64, usize)> =
        report.notes.iter().map(|note| (note.reason.as_str(), note.records, note.places.len())).collect();
    told.sort_unstable();
    let expected = [
        ("cells between tabs stand in quotes: read as such", 1, 1),
        (
            "dates can be read in two ways, and only their year was taken: say --column 'date=published:%d/%m/%Y' or %m/%d/%Y",
            2,
            2,
        ),
        ("dates cannot be read: kept as they are written", 1, 1),
        ("dates have the day before the month, as some of them show", 1, 1),
        ("lines stand before the header of this table: passed over", 1, 1),
        ("rows have fewer cells than their header", 1, 1),
    ];
    assert_eq!(told, expected);
    assert!(report.notes.iter().any(|note| note.places[0].ends_with("a.csv:2")), "{:?}", report.notes);
    assert_eq!((report.articles, report.quarantined), (7, 0));
}
