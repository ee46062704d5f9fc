//! The same articles in every format tell the same.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{Archive, text};

/// What a format can tell of the samples' three articles, beside their texts.
const FORMATS: [(&str, &[&str]); 19] = [
    ("jsonl", &["headline", "day", "bylines", "images"]),
    ("nyt-archive", &["headline", "day", "bylines", "images"]),
    ("markdown", &["headline", "day", "bylines", "images"]),
    ("image-yaml", &["headline", "day", "bylines", "images"]),
    ("ninjs", &["headline", "day", "bylines", "images"]),
    ("nitf", &["headline", "day", "bylines", "images"]),
    ("newsml-g2", &["headline", "day", "bylines", "images"]),
    ("json-ld", &["headline", "day", "bylines", "images"]),
    ("json-feed", &["headline", "day", "bylines", "images"]),
    ("html", &["headline", "day", "bylines", "images"]),
    ("rss", &["headline", "day", "bylines", "images"]),
    ("atom", &["headline", "day", "bylines", "images"]),
    // WordPress knows one author of a post.
    ("wxr", &["headline", "day", "images"]),
    ("mets", &["headline", "day", "bylines"]),
    // A page without its issue is no more than its words.
    ("alto", &[]),
    ("reuters", &["headline", "day", "bylines"]),
    ("table", &["headline", "day", "bylines"]),
    ("records", &["headline", "day", "bylines"]),
    ("text", &["headline", "day"]),
];

/// The samples' three articles are the same articles whichever format they come in.
#[test]
fn formats_tell_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data-samples/formats");
    let told = |format: &str| -> Vec<Value> {
        let archive = Archive::new();
        let files = folder.join(format);
        let mut args = vec!["load", "--async", text(&files)];
        if format == "text" {
            args.extend(["--pattern", "text/{byline}/{published:%Y%m%d}.txt"]);
        }
        assert_eq!(archive.json(&args, 0)["articles"], 3, "{format}");
        let lines = archive.run(&["log", "export"], 0);
        let events = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut found: Vec<Value> = events.filter(|event| event["type"] == "article.published").collect();
        found.sort_by_key(|event| event["data"]["published"].to_string() + event["id"].as_str().unwrap());
        let article = |event: &Value| {
            let data = &event["data"];
            let day: String = data["published"].as_str().unwrap_or("").chars().take(10).collect();
            let count = |list: &str| data[list].as_array().map_or(0, Vec::len);
            let text = data["body"].as_str().unwrap().replace('\n', " ");
            json!({
                "headline": data["headline"], "day": day, "bylines": count("bylines"), "images": count("images"),
                "text": text,
            })
        };
        found.iter().map(article).collect()
    };
    let expected = told("jsonl");
    assert_eq!(expected.len(), 3);
    let mut on_disk: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|entry| name_of(&entry.unwrap())).collect();
    on_disk.sort();
    let mut listed = FORMATS.map(|(format, _)| format);
    listed.sort_unstable();
    assert_eq!(on_disk, listed);
    for (format, fields) in FORMATS {
        for (told, expected) in told(format).iter().zip(&expected) {
            for field in fields {
                assert_eq!(told[field], expected[field], "{format}: {field}");
            }
            // Some have the first paragraph alone, and a page has its headline printed over it.
            let opening: String = expected["text"].as_str().unwrap().chars().take(150).collect();
            assert!(told["text"].as_str().unwrap().contains(&opening), "{format}: {}", told["text"]);
        }
    }
}

fn name_of(entry: &fs::DirEntry) -> String {
    entry.file_name().to_string_lossy().into_owned()
}
