//! Nothing is dropped: every text and every attribute of a sample of each format is found in the events that its reader
//! makes of it, or is on the list of what is passed over, which `docs/formats.md` has.

#![allow(clippy::print_stdout, reason = "a test that says what it counted")]

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;
use store::Timestamp;

use crate::{Hints, dates, html, read, xml};

/// The texts and attributes inside of a sample: the place and the content of each.
type Leaves = Vec<(String, String)>;

/// A sample of each format, and how many texts and attributes it has: in all, in fields of ours, in `extra`, passed over. What moves
/// from one to another is seen here.
const SAMPLES: [(&str, &str, [usize; 4]); 19] = [
    ("jsonl", "jsonl/three.jsonl", [206, 193, 0, 13]),
    ("nyt", "nyt-archive/1858-8.json", [196, 183, 6, 7]),
    ("markdown", "markdown/1937-05-08-hindenburg-burned-at-her-moorings.md", [28, 28, 0, 0]),
    ("image-yaml", "image-yaml/data/images/airship.yml", [9, 7, 0, 2]),
    ("ninjs", "ninjs/1937-in-2.1.json", [47, 31, 5, 11]),
    ("json-ld", "json-ld/graph.json", [127, 97, 15, 15]),
    ("json-feed", "json-feed/feed.json", [55, 54, 0, 1]),
    ("html", "html/1858-with-json-ld.html", [21, 14, 0, 7]),
    ("nitf", "nitf/1858-08-17.xml", [42, 38, 2, 2]),
    ("newsml-g2", "newsml-g2/message.xml", [123, 78, 3, 42]),
    ("mets", "mets/1858-08-17/mets.xml", [54, 9, 0, 45]),
    ("alto", "alto/1858-08-17_seq-1.xml", [347, 9, 1, 337]),
    ("rss", "rss/feed.xml", [62, 54, 0, 8]),
    ("atom", "atom/feed.xml", [66, 56, 0, 10]),
    ("wxr", "wxr/export.xml", [154, 95, 28, 31]),
    ("reuters", "reuters/three.sgm", [52, 34, 18, 0]),
    ("table", "table/three.csv", [36, 36, 0, 0]),
    ("records", "records/three.jsonl", [21, 21, 0, 0]),
    ("text", "text/Thomas_Averill/18580817.txt", [17, 17, 0, 0]),
];

#[test]
fn nothing_is_dropped() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let passed_over = passed_over(&fs::read_to_string(root.join("docs/formats.md")).unwrap());
    let (mut missing, mut counts) = (Vec::new(), Vec::new());
    for (format, name, expected) in SAMPLES {
        let path = root.join("data-samples/formats").join(name);
        let bytes = fs::read(&path).unwrap();
        let said = Contents::of(&bytes, &path);
        let over = passed_over.get(format).map_or(&[][..], Vec::as_slice);
        let mut counted = [0; 4];
        for (path, text) in leaves(format, &bytes) {
            let place = if said.fields.has(&text) {
                1
            } else if said.extra.has(&text) {
                2
            } else if over.iter().any(|pattern| is_at(&path, pattern)) {
                3
            } else {
                missing.push(format!("{format}: {path}: {text:?}"));
                continue;
            };
            counted[0] += 1;
            counted[place] += 1;
        }
        let [all, fields, extra, passed] = counted;
        println!(
            "{format}: {all} texts and attributes, {fields} in fields, {extra} in `extra`, {passed} passed over"
        );
        if counted != expected {
            counts.push(format!("{format}: {counted:?}, not {expected:?}"));
        }
    }
    assert!(missing.is_empty(), "dropped:\n{}", missing.join("\n"));
    assert!(counts.is_empty(), "found elsewhere than before:\n{}", counts.join("\n"));
}

/// Returns the patterns in back quotes after `Passed over:`, by the format that the section is called by.
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

/// Everything that a sample's events say: in the fields that assets have, and in `extra`.
#[derive(Default)]
struct Contents {
    fields: Texts,
    extra: Texts,
}

impl Contents {
    fn of(bytes: &[u8], path: &Path) -> Self {
        let pattern = "text/{byline}/{published:%Y%m%d}.txt".parse().unwrap();
        let hints = Hints { patterns: vec![pattern], ..Hints::default() };
        let mut said = Self::default();
        let (mut input, now) = (bytes, Timestamp::now());
        read(&mut input, &path.display().to_string(), &hints, now, &mut |_, events| {
            for event in events.unwrap() {
                let mut fact = serde_json::to_value(&event.fact).unwrap();
                if let Some(extra) = fact.as_object_mut().and_then(|fact| fact.remove("extra")) {
                    said.extra.add(&extra, true);
                }
                said.fields.add(&fact, false);
                said.fields.add(&event.id.as_str().into(), false);
                said.fields.add(&event.time.map(|time| time.to_string()).into(), false);
            }
        });
        said
    }
}

/// The texts of one part, as they are and as their words in small letters.
#[derive(Default)]
struct Texts(Vec<(String, String)>);

impl Texts {
    /// Adds the texts of a value, and of what has no names of ours its names.
    fn add(&mut self, value: &Value, with_names: bool) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| {
                if with_names {
                    self.add(&name.as_str().into(), false);
                }
                self.add(value, with_names);
            }),
            Value::Array(list) => list.iter().for_each(|value| self.add(value, with_names)),
            Value::Null => {}
            Value::String(text) => self.0.push((text.clone(), words(text))),
            other => self.0.push((other.to_string(), words(&other.to_string()))),
        }
    }

    /// Returns true if a text of the sample is there, or each part of a list.
    fn has(&self, text: &str) -> bool {
        let mut parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        self.has_part(text) || text.contains(';') && parts.all(|part| self.has_part(part))
    }

    /// Returns true if a text is there: as it is, as its words in a row, or as a date.
    fn has_part(&self, text: &str) -> bool {
        let plain = if text.contains(['<', '&']) { html::plain(text).text } else { text.to_owned() };
        let wanted = words(&plain);
        // A number or a letter is found anywhere by chance.
        let is_long = wanted.len() > 3;
        let inside = |said: &str| is_long && format!(" {said} ").contains(&format!(" {wanted} "));
        let date = dates::parse(text.trim());
        let is_date = |said: &str| {
            let same = |date: &store::ArchiveDate| {
                said.starts_with(date.as_str()) || date.as_str().starts_with(said) && said.len() >= 10
            };
            date.as_ref().is_some_and(same)
        };
        self.0.iter().any(|(as_is, said)| {
            as_is == text.trim() || !wanted.is_empty() && (*said == wanted || inside(said)) || is_date(as_is)
        })
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
            of_xml("", &xml::parse_text(text).unwrap(), false, &mut found);
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
    // YAML's sign for a text on the lines that follow, and what wire agencies begin and end theirs with.
    found.retain(|(_, text)| {
        text.trim() != ">-" && text.contains(|c: char| !c.is_whitespace() && !c.is_control())
    });
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

fn of_xml(path: &str, element: &xml::Element, words_of_line: bool, found: &mut Leaves) {
    let path = format!("{path}/{}", element.name);
    let here = path.trim_start_matches('/');
    let strings = || element.all("String").map(|string| string.attribute("CONTENT"));
    // The words of a line stand in a row, unless one is parted.
    let in_a_row = element.local() == "TextLine" && element.deep("HYP").is_empty();
    if in_a_row {
        found.push((format!("{here}/String/@CONTENT"), strings().collect::<Vec<_>>().join(" ")));
    }
    for (name, value) in &element.attributes {
        if name == "CONTENT" && words_of_line {
            continue;
        }
        let name = if name.starts_with("xmlns") { "xmlns" } else { name };
        found.push((format!("{here}/@{name}"), value.clone()));
    }
    for child in &element.children {
        match child {
            xml::Node::Text(text) => found.push((here.to_owned(), text.clone())),
            xml::Node::Element(child) => of_xml(&path, child, in_a_row, found),
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
            html::Data::Text(text) if is_ld(&tree, node) => {
                of_json("ld", &serde_json::from_str(text).unwrap_or_default(), found);
            }
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

fn is_ld(tree: &html::Tree, node: usize) -> bool {
    match &tree.nodes[tree.parent(node)].data {
        html::Data::Element { attributes, .. } => {
            attributes.iter().any(|attribute| &*attribute.value == "application/ld+json")
        }
        html::Data::Text(_) => false,
    }
}
