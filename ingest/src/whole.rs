//! Nothing is dropped: every text and every attribute of a sample of each format is found in the events that its reader
//! makes of it, or is on the list of what is passed over, which `docs/formats.md` has.

#![allow(clippy::print_stdout, reason = "a test that says what it counted")]

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;
use store::Timestamp;

use crate::{Hints, dates, html, read, xml};

/// What is inside of a sample: where each text and attribute stands, and what it says.
type Leaves = Vec<(String, String)>;

const SAMPLES: [(&str, &str); 19] = [
    ("jsonl", "jsonl/three.jsonl"),
    ("nyt", "nyt-archive/1858-8.json"),
    ("markdown", "markdown/1937-05-08-hindenburg-burned-at-her-moorings.md"),
    ("image-yaml", "image-yaml/data/images/airship.yml"),
    ("ninjs", "ninjs/1937-in-2.1.json"),
    ("json-ld", "json-ld/graph.json"),
    ("json-feed", "json-feed/feed.json"),
    ("html", "html/1858-with-json-ld.html"),
    ("nitf", "nitf/1858-08-17.xml"),
    ("newsml-g2", "newsml-g2/message.xml"),
    ("mets", "mets/1858-08-17/mets.xml"),
    ("alto", "alto/1858-08-17_seq-1.xml"),
    ("rss", "rss/feed.xml"),
    ("atom", "atom/feed.xml"),
    ("wxr", "wxr/export.xml"),
    ("reuters", "reuters/three.sgm"),
    ("table", "table/three.csv"),
    ("records", "records/three.jsonl"),
    ("text", "text/Thomas_Averill/18580817.txt"),
];

#[test]
fn nothing_is_dropped() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let passed_over = passed_over(&fs::read_to_string(root.join("docs/formats.md")).unwrap());
    let hints =
        Hints { patterns: vec!["text/{byline}/{published:%Y%m%d}.txt".parse().unwrap()], ..Hints::default() };
    let mut missing = Vec::new();
    for (format, name) in SAMPLES {
        let path = root.join("data-samples/formats").join(name);
        let bytes = fs::read(&path).unwrap();
        let mut said = Said::default();
        let now = Timestamp::now();
        read(&mut bytes.as_slice(), &path.display().to_string(), &hints, now, &mut |_, events| {
            for event in events.unwrap() {
                said.add(&serde_json::to_value(&event.fact).unwrap());
                said.text(event.id.as_str());
                said.text(&event.time.map(|time| time.to_string()).unwrap_or_default());
            }
        });
        let none = Vec::new();
        let over = passed_over.get(format).unwrap_or(&none);
        let leaves = leaves(format, &bytes);
        let (mut found, mut passed) = (0, 0);
        for (path, text) in &leaves {
            if said.has(text) {
                found += 1;
            } else if over.iter().any(|pattern| is_at(path, pattern)) {
                passed += 1;
            } else {
                missing.push(format!("{format}: {path}: {text:?}"));
            }
        }
        println!(
            "{format}: {} texts and attributes, {found} in the events, {passed} passed over",
            leaves.len()
        );
        assert!(found > 4, "{format}: {found} of {} are found", leaves.len());
    }
    assert!(missing.is_empty(), "dropped:\n{}", missing.join("\n"));
}

/// The patterns in back quotes after `Passed over:`, by the format that the section is called by.
fn passed_over(document: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut formats = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        let quoted = || line.split('`').skip(1).step_by(2).map(str::to_owned);
        if line.starts_with("## ") {
            formats = quoted().collect();
            inside = false;
        }
        inside = (inside && !line.trim().is_empty()) || line.starts_with("Passed over:");
        if inside {
            for format in &formats {
                found.entry(format.clone()).or_default().extend(quoted());
            }
        }
    }
    found
}

/// Returns true if a pattern is a part of a path: `item/link`, `@xmlns`.
fn is_at(path: &str, pattern: &str) -> bool {
    format!("/{path}/").contains(&format!("/{pattern}/"))
}

/// Everything that a sample's events say.
#[derive(Default)]
struct Said {
    /// The words of each text, in small letters, a bar between texts.
    words: String,
    /// The texts as they are.
    texts: Vec<String>,
}

impl Said {
    fn add(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| {
                self.add(&Value::from(name.as_str()));
                self.add(value);
            }),
            Value::Array(list) => list.iter().for_each(|value| self.add(value)),
            Value::Null => {}
            Value::String(text) => self.text(text),
            other => self.text(&other.to_string()),
        }
    }

    fn text(&mut self, text: &str) {
        self.words.push_str(&format!(" | {} ", words(text)));
        self.texts.push(text.to_owned());
    }

    /// Returns true if a text of the sample is there: as it is, as a date, or all its words.
    fn has(&self, text: &str) -> bool {
        let plain = if text.contains(['<', '&']) { html::plain(text).text } else { text.to_owned() };
        let wanted = words(&plain);
        let has = |wanted: &str| self.words.contains(&format!(" {wanted} "));
        if wanted.is_empty() || has(&wanted) || self.texts.iter().any(|said| said == text.trim()) {
            return true;
        }
        if let Some(date) = dates::parse(text.trim()) {
            return self.texts.iter().any(|said| {
                said.starts_with(date.as_str())
                    || date.as_str().starts_with(said.as_str()) && said.len() >= 10
            });
        }
        let mut parts = wanted.split(' ');
        wanted.contains(' ') && parts.all(has)
    }
}

fn words(text: &str) -> String {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn leaves(format: &str, bytes: &[u8]) -> Leaves {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut found = Leaves::new();
    match format {
        "jsonl" | "records" => {
            for line in text.lines() {
                of_json("", &serde_json::from_str(line).unwrap(), &mut found);
            }
        }
        "nyt" | "ninjs" | "json-ld" | "json-feed" => {
            of_json("", &serde_json::from_str(text).unwrap(), &mut found);
        }
        "nitf" | "newsml-g2" | "mets" | "alto" | "rss" | "atom" | "wxr" => {
            of_xml("", &xml::parse_text(text).unwrap(), &mut found);
        }
        "html" | "reuters" => of_html(text, &mut found),
        "table" => {
            let mut rows = csv::Reader::from_reader(bytes);
            let names = rows.headers().unwrap().clone();
            for row in rows.records() {
                found.extend(names.iter().map(str::to_owned).zip(row.unwrap().iter().map(str::to_owned)));
            }
        }
        "markdown" | "image-yaml" => {
            for line in text.lines().filter(|line| !line.trim_matches('-').is_empty()) {
                let line = line.trim().trim_start_matches("- ");
                let field = line.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
                let field = field.filter(|(name, _)| !name.contains([' ', '#']));
                let comment = line.starts_with("# ").then_some(("comment", line));
                let (name, value) = comment.or(field).unwrap_or(("text", line));
                found.push((name.to_owned(), value.trim_matches(['"', '\'']).to_owned()));
            }
        }
        _ => found.extend(text.lines().map(|line| ("text".to_owned(), line.to_owned()))),
    }
    found.retain(|(_, text)| !text.trim().is_empty());
    found
}

fn of_json(path: &str, value: &Value, found: &mut Leaves) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| of_json(&format!("{path}/{name}"), value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| of_json(path, value, found)),
        Value::Null => {}
        Value::String(text) => found.push((path.trim_start_matches('/').to_owned(), text.clone())),
        other => found.push((path.trim_start_matches('/').to_owned(), other.to_string())),
    }
}

fn of_xml(path: &str, element: &xml::Element, found: &mut Leaves) {
    let path = format!("{path}/{}", element.name);
    let here = path.trim_start_matches('/');
    for (name, value) in &element.attributes {
        let name = if name.starts_with("xmlns") { "xmlns" } else { name };
        found.push((format!("{here}/@{name}"), value.clone()));
    }
    for child in &element.children {
        match child {
            xml::Node::Text(text) => found.push((here.to_owned(), text.clone())),
            xml::Node::Element(child) => of_xml(&path, child, found),
        }
    }
}

fn of_html(text: &str, found: &mut Leaves) {
    let tree = html::Tree::parse(text);
    for node in 1..tree.nodes.len() {
        let mut path = String::new();
        let mut at = node;
        while at != 0 {
            path = format!("{}/{path}", tree.name(at));
            at = tree.parent(at);
        }
        let path = path.trim_matches('/').to_owned();
        match &tree.nodes[node].data {
            // The sign by which an agency ends its texts is none of them.
            html::Data::Text(text) => found.push((
                path,
                text.trim_end_matches(['\u{3}', '\n', ' ']).trim_end_matches("Reuter").to_owned(),
            )),
            html::Data::Element { attributes, .. } => {
                for attribute in attributes {
                    found.push((format!("{path}/@{}", &*attribute.name.local), attribute.value.to_string()));
                }
            }
        }
    }
}
