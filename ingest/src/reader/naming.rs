//! Giving records the ids that the user states.

use serde_json::Value;
use store::{AssetKind, Fact};

use super::{
    common::text_of as decoded,
    entry::{Entry, RecordShape, Says},
    markdown,
    stated_id::StatedId,
    table,
};
use crate::{
    fields::{Fields, parse},
    link,
    mapping::{Node, Record, TextShape, around},
    record::{Found, Origin, Raw},
    xml,
};

/// Gives what a record is about its id: its only article, or where it has none its only image or byline. What it says
/// otherwise; `Err` tells why the id of the format stays.
pub(super) fn give(
    stated: &StatedId,
    format: &Entry,
    (raw, origin): (&Raw, &Origin),
    found: &mut [Found],
) -> Result<(), &'static str> {
    // These say themselves what they are about.
    if matches!(format.says, Says::Keeper | Says::Mapping) {
        return Ok(());
    }
    let kinds = [AssetKind::Article, AssetKind::Image, AssetKind::Byline];
    let of_kind = |kind: AssetKind| {
        let is = |one: &Found| {
            !one.mention && matches!(&one.event.fact, Fact::Published(content) if content.kind() == kind)
        };
        let at: Vec<usize> = (0..found.len()).filter(|at| found.get(*at).is_some_and(is)).collect();
        (!at.is_empty()).then_some(at)
    };
    let Some(at) = kinds.into_iter().find_map(of_kind) else { return Ok(()) };
    let [at] = at.as_slice() else {
        return Err("records have several articles: they keep the ids of their format");
    };
    let id = id_of(stated, format, raw, origin).filter(|id| !id.is_empty());
    let id = id.and_then(|id| link::asset_id(id).ok());
    match (found.get_mut(*at), id) {
        (Some(one), Some(id)) => {
            one.event.id = id;
            Ok(())
        }
        _ => Err("records have nothing where --id looks: they keep the ids of their format"),
    }
}

fn id_of(stated: &StatedId, format: &Entry, raw: &Raw, origin: &Origin) -> Option<String> {
    let text = |node: Node<'_>| {
        let record = Record::new(node).with(around(&origin.stem, Some(raw.place.record.to_string())));
        stated.expr().text(&record, node, TextShape::Line)
    };
    match format.record {
        RecordShape::Cells => {
            let cells = table::cells(raw).ok()?.cells;
            Some(text(Node::Json(&Value::Object(cells.into_iter().collect()))))
        }
        RecordShape::Front => {
            let Fields(fields) = markdown::fields_of(&decoded(&raw.bytes))?;
            Some(text(Node::Json(&Value::Object(fields))))
        }
        RecordShape::Json => Some(text(Node::Json(&parse(&decoded(&raw.bytes)).ok()?))),
        RecordShape::Xml => Some(text(Node::Element(&xml::parse(raw).ok()?))),
        // Of those a template may name the file.
        RecordShape::Opaque => Some(text(Node::Json(&Value::Null))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        hints::Hints,
        open::{self, Source},
        reader::Readers,
    };

    #[test]
    fn ids_are_stated_for_each_format() {
        let check = |id: &str, (name, text): (&str, &str), expected: &[&str]| {
            let hints = Hints { id: Some(id.parse().unwrap()), ..Hints::default() };
            let readers = Readers::new(&hints);
            let origin = Origin { path: name.to_owned(), stem: name.to_owned(), changed: None };
            let mut ids = Vec::new();
            let mut input = text.as_bytes();
            open::open(Source::Stream(&mut input), origin, None, &mut |stream| {
                let stream = stream.unwrap();
                let crate::reader::format::Detected::Known(format) =
                    crate::reader::format::detect(&stream.head, &stream.origin, &hints)
                else {
                    panic!("{name}")
                };
                let mut cutter = readers.of(format).cutter_at(&stream.head, &stream.origin);
                while let Some(raw) = cutter.next(stream.input).unwrap() {
                    let found = readers.read(format, &raw, &stream.origin).unwrap();
                    ids.push(found.last().unwrap().event.id.to_string());
                }
                true
            });
            assert_eq!(ids, expected, "{id} {text}");
        };
        let table = ("in/a.csv", "nr,title,text\n7,A,b\n,C,d\n");
        check("nr", table, &["7", "in/a#2"]);
        check("q/{nr}", table, &["q/7", "in/a#2"]);
        check("{$name}-{$row}", table, &["a-1", "a-2"]);
        check("meta.key", ("a.jsonl", "{\"title\":\"A\",\"text\":\"b\",\"meta\":{\"key\":\"k\"}}\n"), &["k"]);
        check("slug", ("a.md", "---\ntitle: A\nslug: s-1\n---\nx\n"), &["s-1"]);
        let feed = "<rss><channel><item><title>T</title><guid>1</guid><nr code='n9'/></item></channel></rss>";
        check("nr/@code", ("a.xml", feed), &["n9"]);
    }

    #[test]
    fn what_makes_no_id_says_why() {
        let why = "a..b".parse::<StatedId>().unwrap_err().to_string();
        assert!(why.starts_with("`a..b` makes no id: a name is missing"), "{why}");
    }
}
