//! Small archives that loaders read wrongly, and what is right: a table of what comes of each.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{fs, sync::atomic::AtomicBool};

use ingest::{LoadOptions, Quarantine, load};
use serde_json::{Value, json};
use store::{AssetKind, Content, Fact, Log};

/// Loads the files as the folder `a`, and returns a field (a JSON pointer) of every article by its id.
fn loaded(files: &[(&str, &str)], field: &str) -> Value {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join("a").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let log = Log::open(dir.path().join("log")).unwrap();
    let options = LoadOptions::new(vec![dir.path().join("a")], Quarantine::at(dir.path().join("quarantine")));
    load(&log, &options, &(), &AtomicBool::new(false)).unwrap();
    let snapshot = log.snapshot().unwrap();
    let articles = snapshot.assets(AssetKind::Article, None, 100).unwrap().into_iter().map(|(id, state)| {
        let event = snapshot.event(state.published).unwrap();
        let Some(Fact::Published(Content::Article(article))) = event.fact() else {
            panic!("{id} is no article")
        };
        let data = serde_json::to_value(article).unwrap();
        (id.to_string(), data.pointer(field).cloned().unwrap_or_default())
    });
    Value::Object(articles.collect())
}

/// An archive: what it is, its files by their names, and what a field of its articles is by their ids.
type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], Value);

/// Checks a field (a JSON pointer) of the articles of each archive.
fn check(field: &str, cases: &[Case<'_>]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(says, files, right)| (says, loaded(files, field), right))
        .filter(|(_, found, right)| found != *right)
        .map(|(says, found, right)| format!("{says}\n  right {right}\n  found {found}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn pictures_of_one_name_in_two_folders_are_two() {
    let html = |title: &str| {
        format!(
            "<!doctype html><title>{title}</title><article><p>One, and more of it.</p><img src=cover.jpg alt=Mill></article>"
        )
    };
    let nitf = |title: &str| {
        format!(
            "<nitf><head><title>{title}</title></head><body><body.head><hedline><hl1>{title}</hl1></hedline></body.head>\
             <body.content><p>One.</p><media media-type='image'><media-reference source='cover.jpg'/>\
             <media-caption>{title}</media-caption></media></body.content></body></nitf>"
        )
    };
    let json_ld = |title: &str| {
        format!(
            r#"{{"@context": "https://schema.org", "@type": "NewsArticle", "headline": "{title}", "articleBody": "One.", "image": "cover.jpg"}}"#
        )
    };
    check(
        "/images",
        &[
            (
                "bundles of a static site: the picture lies beside its page",
                &[
                    ("content/fire/index.md", "---\ntitle: Fire\n---\n![The mill burns](cover.jpg)\n\nOne\n"),
                    (
                        "content/flood/index.md",
                        "---\ntitle: Flood\n---\n![The mill is wet](cover.jpg)\n\nTwo\n",
                    ),
                ],
                json!({"a/content/fire/index": ["image:a/content/fire/cover.jpg"], "a/content/flood/index": ["image:a/content/flood/cover.jpg"]}),
            ),
            (
                "a path from the site's root is one picture for all of its pages",
                &[
                    ("content/fire.md", "---\ntitle: Fire\n---\n![Mill](/img/mill.jpg)\n\nOne\n"),
                    ("content/flood.md", "---\ntitle: Flood\n---\n![Mill](/img/mill.jpg)\n\nTwo\n"),
                ],
                json!({"a/content/fire": ["image:a/img/mill.jpg"], "a/content/flood": ["image:a/img/mill.jpg"]}),
            ),
            (
                "saved pages without an address of their own",
                &[("fire/page.html", &html("Fire")), ("flood/page.html", &html("Flood"))],
                json!({"a/fire/page.html": ["image:a/fire/cover.jpg"], "a/flood/page.html": ["image:a/flood/cover.jpg"]}),
            ),
            (
                "wire stories with their pictures beside them",
                &[("fire/a.xml", &nitf("Fire")), ("flood/a.xml", &nitf("Flood"))],
                json!({"a/fire/a.xml": ["image:a/fire/cover.jpg"], "a/flood/a.xml": ["image:a/flood/cover.jpg"]}),
            ),
            (
                "structured data with a relative link and no address",
                &[("fire/a.json", &json_ld("Fire")), ("flood/a.json", &json_ld("Flood"))],
                json!({"a/fire/a.json#1.0": ["image:a/fire/cover.jpg"], "a/flood/a.json#1.0": ["image:a/flood/cover.jpg"]}),
            ),
        ],
    );
}

#[test]
fn dates_are_read_as_programs_write_them() {
    for (written, right) in [
        ("1262304000", "2010-01-01T00:00:00Z"),
        ("1262304000000", "2010-01-01T00:00:00Z"),
        ("Fri Jan 01 2010 10:00:00 GMT+0100 (CET)", "2010-01-01T10:00:00+01:00"),
        ("Fri, 01 Jan 2010 10:00:00 GMT-0330", "2010-01-01T10:00:00-03:30"),
        ("Fri, 01 Jan 2010 10:00:00 UTC+2", "2010-01-01T10:00:00+02:00"),
        ("2010-01-01T24:00:00+01:00", "2010-01-02T00:00:00+01:00"),
        ("2010-01-01 10:00:00 +0000 UTC", "2010-01-01T10:00:00+00:00"),
        ("1. Januar 2010", "2010-01-01"),
        ("1er janvier 2010", "2010-01-01"),
    ] {
        let page = format!("---\ntitle: T\ndate: {written}\n---\nx\n");
        check("/published", &[(written, &[("p.md", &page)], json!({"a/p": right}))]);
        let row = format!("title,date\nT,\"{written}\"\n");
        check("/published", &[(written, &[("t.csv", &row)], json!({"a/t#1": right}))]);
    }
}

#[test]
fn json_is_read_in_the_shapes_that_exports_have() {
    let article = r#"{"title": "T", "text": "bodyword"}"#;
    for (says, json) in [
        ("one", article.to_owned()),
        ("an array", format!("[{article}]")),
        ("an array that is written over several lines", format!("[\n  {article}\n]\n")),
        ("inside an object", format!(r#"{{"articles": [{article}]}}"#)),
        (
            "inside an object with what is said of them",
            format!(r#"{{"count": 1, "next": null, "results": [{article}]}}"#),
        ),
        ("deeper inside", format!(r#"{{"response": {{"docs": [{article}]}}}}"#)),
    ] {
        let found = loaded(&[("a.json", &json)], "/body");
        assert_eq!(
            found.as_object().unwrap().values().collect::<Vec<_>>(),
            [&json!("bodyword")],
            "{says}: {json}"
        );
    }
}

#[test]
fn front_matter_is_read_in_the_forms_that_sites_have() {
    check(
        "/page",
        &[
            (
                "YAML: a number is the text it is",
                &[("p.md", "---\ntitle: T\npage: 08\n---\nx\n")],
                json!({"a/p": "08"}),
            ),
            ("TOML", &[("p.md", "+++\ntitle = \"T\"\npage = \"08\"\n+++\nx\n")], json!({"a/p": "08"})),
            ("JSON", &[("p.md", "{\n  \"title\": \"T\",\n  \"page\": \"08\"\n}\nx\n")], json!({"a/p": "08"})),
        ],
    );
    check(
        "/headline",
        &[
            ("octal", &[("p.md", "---\ntitle: 0o17\n---\nx\n")], json!({"a/p": "0o17"})),
            ("a number in base 60", &[("p.md", "---\ntitle: 1:30\n---\nx\n")], json!({"a/p": "1:30"})),
            (
                "nothing that means something",
                &[("p.md", "---\ntitle: ~\n---\n# Heading\n\nx\n")],
                json!({"a/p": "Heading"}),
            ),
            ("a date", &[("p.md", "---\ntitle: 1984-01-01\n---\nx\n")], json!({"a/p": "1984-01-01"})),
            ("no", &[("p.md", "---\ntitle: No\n---\nx\n")], json!({"a/p": "No"})),
        ],
    );
}
