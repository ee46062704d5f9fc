//! Reuters-21578: the news wire collection of 1987, SGML that is no XML, read tag by tag.

use serde_json::{Map, Value};
use store::Keyword;

use super::{
    common::Reader,
    entry::{Again, Entry, RecordShape, Says, Stage},
};
use crate::{
    cut::Cutter,
    cut_elements::XmlElements,
    dates, html,
    nested::{Nested, id_or},
    record::{Found, Origin, Raw, Reason},
};

pub(super) const ENTRY: Entry = Entry {
    name: "reuters",
    called: "Reuters-21578",
    told: &[(Stage::Markup, |head| head.root == "REUTERS")],
    says: Says::Format,
    record: RecordShape::Opaque,
    again: Again::Another,
    reader: |_| Box::new(Reuters),
    #[cfg(test)]
    sample: "<REUTERS TOPICS=\"YES\" NEWID=\"1\"><DATE>26-FEB-1987 15:01:01.79</DATE><TOPICS><D>a</D></TOPICS><TEXT TYPE=\"BRIEF\">&#2;<TITLE>T</TITLE><BODY>x\n    y\n Reuter\n&#3;</BODY></TEXT></REUTERS>",
};

pub(crate) struct Reuters;

/// The lists of terms that a story has.
const TERMS: [(&str, &str); 6] = [
    ("TOPICS", "topic"),
    ("PLACES", "place"),
    ("PEOPLE", "person"),
    ("ORGS", "organization"),
    ("EXCHANGES", "exchange"),
    ("COMPANIES", "company"),
];

impl Reader for Reuters {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::new(XmlElements::named(&["REUTERS"]))
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let text = crate::charset::text_of(&raw.bytes, &raw.head);
        let tag = text.split_inclusive('>').next().unwrap_or("");
        let attribute = |name: &str| html::attribute(tag, name).unwrap_or_default();
        let number = attribute("NEWID");
        let id = if number.is_empty() { String::new() } else { format!("reuters:{number}") };
        let id = id_or(&id, || format!("{}#{}", origin.stem, raw.place.record))?;
        let mut nested = Nested::default();
        let article = &mut nested.article;
        article.language = "en".to_owned();
        article.source = "Reuters".to_owned();
        article.published = dates::parse(&line(inside(&text, "DATE")));
        article.headline = line(inside(&text, "TITLE"));
        article.credit = line(inside(&text, "AUTHOR"));
        article.dateline = line(inside(&text, "DATELINE")).trim_end_matches(['-', ' ']).to_owned();
        article.body = match inside(&text, "BODY") {
            Some(body) => paragraphs(body),
            // A story that nobody took apart: its first line is the headline, set in capitals.
            None => unprocessed(&text),
        };
        for (tag, vocabulary) in TERMS {
            let mut rest = inside(&text, tag).unwrap_or("");
            while let Some(value) = inside(rest, "D") {
                let value = line(Some(value));
                rest = rest.split_once("</D>").map_or("", |(_, rest)| rest);
                article.keywords.push(Keyword { name: vocabulary.to_owned(), value, unknown: Map::new() });
            }
        }
        for name in ["OLDID", "LEWISSPLIT", "CGISPLIT", "TOPICS"] {
            let value = attribute(name);
            if !value.is_empty() {
                article.extra.insert(name.to_lowercase(), value.into());
            }
        }
        for name in ["UNKNOWN", "MKNOTE"] {
            let value = clean(inside(&text, name).unwrap_or(""));
            if !value.trim().is_empty() {
                article.extra.insert(name.to_lowercase(), Value::String(value.trim().to_owned()));
            }
        }
        let kind = text
            .find("<TEXT")
            .and_then(|at| text.get(at..))
            .and_then(|text| text.split_inclusive('>').next());
        if let Some(kind) = kind.and_then(|tag| html::attribute(tag, "TYPE")).filter(|kind| kind != "NORM") {
            article.extra.insert("text_type".to_owned(), kind.into());
        }
        nested.people_of_credit();
        Ok(nested.finish(id))
    }
}

/// Returns what stands between a tag and its end.
fn inside<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    let start =
        [format!("<{tag}>"), format!("<{tag} ")].iter().filter_map(|open| text.find(open.as_str())).min()?;
    let rest = text.get(start..)?;
    let rest = rest.get(rest.find('>')? + 1..)?;
    rest.get(..rest.find(&format!("</{tag}>"))?)
}

/// Returns a text with its entities resolved, what no reader sees dropped.
fn clean(text: &str) -> String {
    html::unescape(text).chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

fn line(text: Option<&str>) -> String {
    clean(text.unwrap_or("")).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Parts paragraphs: one begins where a line is moved in.
fn paragraphs(body: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    for text in clean(body).lines() {
        let trimmed = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match out.last_mut() {
            Some(last) if !text.starts_with("  ") && !trimmed.is_empty() => {
                last.push(' ');
                last.push_str(&trimmed);
            }
            _ if trimmed.is_empty() => {}
            _ => out.push(trimmed),
        }
    }
    if out.last().is_some_and(|last| last.eq_ignore_ascii_case("reuter")) {
        out.pop();
    }
    out.join("\n\n").trim_end_matches("Reuter").trim_end().to_owned()
}

/// Returns the text of a story of type UNPROC or BRIEF, without the parts that have tags of their own.
fn unprocessed(text: &str) -> String {
    let Some(body) = inside(text, "TEXT") else { return String::new() };
    let mut rest = body.to_owned();
    for tag in ["TITLE", "AUTHOR", "DATELINE"] {
        if let Some(part) = inside(&rest, tag).map(|part| format!("<{tag}>{part}</{tag}>")) {
            rest = rest.replace(&part, "");
        }
    }
    paragraphs(&rest)
}
