//! Good files of every format, and the ways to damage them.

use std::{fs, path::Path};

/// A good file.
pub(crate) struct Sample {
    /// The name of its format.
    pub(crate) format: &'static str,
    /// Its name, which for some formats says what the content does not.
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// A file that it refers to, and that is whole.
    pub(crate) beside: Option<(&'static str, Vec<u8>)>,
}

/// The family of a format: each breaks in ways of its own.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Family {
    Json,
    Xml,
    Other,
}

const SAMPLES: [(&str, &str, Family); 19] = [
    ("jsonl", "jsonl/three.jsonl", Family::Json),
    ("nyt", "nyt-archive/1858-8.json", Family::Json),
    ("markdown", "markdown/1937-05-08-hindenburg-burned-at-her-moorings.md", Family::Other),
    ("image-yaml", "image-yaml/data/images/airship.yml", Family::Other),
    ("ninjs", "ninjs/1858-in-1.3.json", Family::Json),
    ("json-ld", "json-ld/graph.json", Family::Json),
    ("json-feed", "json-feed/feed.json", Family::Json),
    ("html", "html/1937-with-meta.html", Family::Xml),
    ("nitf", "nitf/1858-08-17.xml", Family::Xml),
    ("newsml-g2", "newsml-g2/message.xml", Family::Xml),
    ("mets", "mets/1858-08-17/mets.xml", Family::Xml),
    ("alto", "alto/1858-08-17_seq-1.xml", Family::Xml),
    ("rss", "rss/feed.xml", Family::Xml),
    ("atom", "atom/feed.xml", Family::Xml),
    ("wxr", "wxr/export.xml", Family::Xml),
    ("reuters", "reuters/three.sgm", Family::Xml),
    ("table", "table/three.csv", Family::Other),
    ("records", "records/three.jsonl", Family::Json),
    ("text", "text/Thomas_Averill/18580817.txt", Family::Other),
];

/// The page that the sample of METS refers to.
const PAGE: &str = "mets/1858-08-17/alto/0001.xml";
/// The pattern that the plain text's path fits.
pub(crate) const PATTERN: &str = "text/{byline}/{published:%Y%m%d}.txt";

/// One good file of every format.
pub(crate) fn samples() -> impl Iterator<Item = (Sample, Family)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data-samples/formats");
    SAMPLES.into_iter().map(move |(format, name, family)| {
        let bytes = |name: &str| fs::read(folder.join(name)).unwrap();
        let beside = (format == "mets").then(|| (PAGE, bytes(PAGE)));
        (Sample { format, name, bytes: bytes(name), beside }, family)
    })
}

/// The damage that was done to a file, in words, and the bytes that became of it.
pub(crate) type Case = (String, Vec<u8>);

/// Returns the file in all the ways that it can be damaged.
pub(crate) fn damaged(sample: &Sample, family: Family) -> Vec<Case> {
    let whole = String::from_utf8(sample.bytes.clone()).unwrap();
    let text = whole.trim_end();
    let middle = at_char(text, text.len() / 2);
    let (before, after) = text.split_at(middle);
    let with = |what: &[u8]| [before.as_bytes(), what, after.as_bytes()].concat();
    let cut = |part: usize| text.as_bytes()[..at_char(text, part)].to_vec();
    let utf16 = |make: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(make).collect() };
    let mut cases: Vec<(&str, Vec<u8>)> = vec![
        ("good", text.into()),
        ("nothing but white space", b" \n\t\r\n ".to_vec()),
        ("cut off after a third", cut(text.len() / 3)),
        ("cut off in the middle", cut(text.len() / 2)),
        ("cut off before its last byte", cut(text.len() - 1)),
        ("its halves exchanged", [after, "\n", before].concat().into()),
        ("twice in one file", [text, "\n", text].concat().into()),
        ("dates of 31 February", of_31_february(text).into()),
        ("a byte of NUL in the middle", with(b"\0")),
        ("NUL to fill a block", with(&[0; 512])),
        ("control characters", with(b"\x01\x08\x1b[31m\x7f")),
        ("broken UTF-8", with(b"\xc3(\xff\xed\xa0\x80")),
        ("Windows-1252", encoding_rs::WINDOWS_1252.encode(text).0.into_owned()),
        ("UTF-16, little end first, marked", [b"\xff\xfe".to_vec(), utf16(u16::to_le_bytes)].concat()),
        ("UTF-16, big end first, marked", [b"\xfe\xff".to_vec(), utf16(u16::to_be_bytes)].concat()),
        ("UTF-16, not marked", utf16(u16::to_le_bytes)),
        ("UTF-8, marked", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("lines end with CR LF", text.replace('\n', "\r\n").into()),
        ("lines end with CR", text.replace('\n', "\r").into()),
        ("lines end in three ways", mixed_line_ends(text).into()),
        ("a line of a megabyte", with(&b"x".repeat(1 << 20))),
        ("quotes gone", text.replace('"', "").into()),
        ("ten thousand brackets", with(&b"[{(".repeat(3_334))),
    ];
    match family {
        Family::Json => cases.extend(of_json(text)),
        Family::Xml => cases.extend(of_xml(text)),
        Family::Other => {}
    }
    cases.into_iter().map(|(what, bytes)| (what.to_owned(), bytes)).collect()
}

/// Returns the last boundary between characters up to there.
fn at_char(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap()
}

fn of_31_february(text: &str) -> String {
    let days = [("1858-08-17", "1858-02-31"), ("18580817", "18580231"), ("17 Aug 1858", "31 Feb 1858")];
    let later = [("17-AUG-1858", "31-FEB-1858"), ("1937-05-08", "1937-02-31"), ("2021-12-26", "2021-02-31")];
    days.into_iter().chain(later).fold(text.to_owned(), |text, (day, wrong)| text.replace(day, wrong))
}

fn mixed_line_ends(text: &str) -> String {
    let ends = ["\n", "\r\n", "\r"];
    text.lines().enumerate().map(|(at, line)| [line, ends[at % 3]].concat()).collect()
}

fn of_json(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let values = |with: &str| {
        let mut out = String::new();
        let mut rest = text;
        // Every text that is the value of a key.
        while let Some(at) = rest.find(":\"").or_else(|| rest.find(": \"")) {
            let start = at + rest[at..].find('"').unwrap();
            let end = start + 1 + rest[start + 1..].find(['"', '\\']).unwrap();
            let end = if rest[end..].starts_with('"') { end } else { start };
            if end == start {
                out.push_str(&rest[..=start]);
                rest = &rest[start + 1..];
                continue;
            }
            out.push_str(&rest[..start]);
            out.push_str(with);
            rest = &rest[end + 1..];
        }
        (out + rest).into_bytes()
    };
    let close = text.rfind('}').unwrap();
    let at_end = |what: &str| [&text[..close], what, &text[close..]].concat().into_bytes();
    let in_string = text.find(". ").unwrap_or(close);
    let inside = |what: &str| [&text[..in_string], what, &text[in_string..]].concat().into_bytes();
    vec![
        ("a number for every text", values("7")),
        ("null for every text", values("null")),
        ("a list for every text", values("[[], {}]")),
        ("an object for every text", values("{\"value\": [1]}")),
        ("single quotes", text.replace('"', "'").into()),
        ("a comma too many", at_end(",")),
        ("NaN", at_end(",\"x\":NaN")),
        ("a number that is too large", at_end(",\"x\":1e999")),
        ("a key that is there twice", at_end(",\"x\":1,\"x\":2")),
        ("half a surrogate pair", inside("\\ud800")),
        ("an escape that there is not", inside("\\q")),
        ("a line break inside a text", inside("\n")),
        (
            "a thousand objects in each other",
            at_end(&format!(",\"x\":{}1{}", "{\"a\":".repeat(1_000), "}".repeat(1_000))),
        ),
        (
            "a hundred objects in each other",
            at_end(&format!(",\"x\":{}1{}", "{\"a\":".repeat(100), "}".repeat(100))),
        ),
        ("a comment", at_end("/* comment */")),
    ]
}

fn of_xml(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut tags = text.match_indices('<').map(|(at, _)| at);
    let root = tags.find(|at| text[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic()));
    let body = &text[root.unwrap()..];
    let declared = |subset: &str| format!("<?xml version=\"1.0\"?>\n<!DOCTYPE x [\n{subset}]>\n");
    // After a tag in the middle: in a record, where there are several.
    let half = at_char(body, body.len() / 2);
    let place = half + body[half..].find('>').unwrap() + 1;
    let (before, after) = body.split_at(place);
    let inside = |what: &str| [before, what, after].concat();
    let bomb: String =
        (1..10).map(|at| format!("<!ENTITY b{at} \"{}\">\n", format!("&b{};", at - 1).repeat(10))).collect();
    vec![
        (
            "an entity bomb",
            [declared(&format!("<!ENTITY b0 \"ha\">\n{bomb}")), inside("&b9;")].concat().into(),
        ),
        (
            "an entity that is itself",
            [declared("<!ENTITY a \"&b;\">\n<!ENTITY b \"&a;\">\n"), inside("&a;")].concat().into(),
        ),
        (
            "an entity from a file",
            [declared("<!ENTITY a SYSTEM \"file:///etc/passwd\">\n"), inside("&a;")].concat().into(),
        ),
        (
            "an entity from the net",
            [declared("<!ENTITY % a SYSTEM \"http://127.0.0.1:1/x.dtd\">\n%a;\n"), inside("&a;")]
                .concat()
                .into(),
        ),
        ("an entity that nobody declared", inside("&nobody;").into()),
        ("a character that XML forbids", inside("&#0;&#x1f;&#xd800;&#x110000;").into()),
        ("an ampersand alone", inside(" & ").into()),
        ("a bracket alone", inside(" < ").into()),
        ("an end tag of another element", inside("</other>").into()),
        ("an element that never ends", inside("<open>").into()),
        ("an attribute twice", inside("<i a='1' a='2'/>").into()),
        ("an attribute without quotes", inside("<i a=1 b></i>").into()),
        ("a comment that never ends", inside("<!-- ").into()),
        ("CDATA that never ends", inside("<![CDATA[ ").into()),
        ("a declaration that never ends", format!("<!DOCTYPE x [ {body}").into()),
        ("ten thousand elements in each other", inside(&"<i>".repeat(10_000)).into()),
        (
            "an encoding that there is not",
            format!("<?xml version=\"1.0\" encoding=\"klingon\"?>\n{body}").into(),
        ),
        (
            "an encoding that it does not have",
            format!("<?xml version=\"1.0\" encoding=\"utf-16\"?>\n{body}").into(),
        ),
        ("a name without an end", inside("<i").into()),
        ("two roots", [body, "\n", body].concat().into()),
    ]
}
