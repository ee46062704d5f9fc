//! A record of XML as a small tree. Nothing is fetched, and no entity is expanded that the file itself declares:
//! such a reference stays as it is written.

mod read;
mod spaces;

use quick_xml::escape::escape;
use serde_json::{Map, Value};

#[cfg(test)]
pub(crate) use self::read::parse_text;
pub(crate) use self::read::{beginning, parse};
use crate::fields::is_nothing;

/// Deeper than anything that has no place is kept: readers of JSON have limits.
const MAX_VALUE_DEPTH: usize = 16;

/// An element, with a name as [`spaces`] has it.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Node>,
}

/// A part of the content of an element.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Element(Element),
    Text(String),
}

/// Elements that part words and paragraphs when an element's text is read.
const PARAGRAPHS: [&str; 22] = [
    "p",
    "hl1",
    "hl2",
    "block",
    "tr",
    "li",
    "dt",
    "dd",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "div",
    "bq",
    "blockquote",
    "hr",
    "table",
    "pre",
    "media",
    "ul",
];

impl Element {
    /// Returns the name without its prefix.
    pub(crate) fn local(&self) -> &str {
        self.name.rsplit(':').next().unwrap_or(&self.name)
    }

    pub(crate) fn attribute(&self, name: &str) -> &str {
        let local = |key: &str| key == name || key.rsplit(':').next() == Some(name);
        self.attributes.iter().find(|(key, _)| local(key)).map_or("", |(_, value)| value.trim())
    }

    /// Returns the child elements.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// Returns the child elements of this name; one without a prefix fits any.
    pub(crate) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.elements().filter(move |element| element.is(name))
    }

    /// Returns the first child element of exactly this name.
    pub(crate) fn own(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name)
    }

    /// Returns the text of the first child element of exactly this name, white space folded.
    pub(crate) fn own_text(&self, name: &str) -> String {
        self.own(name).map(Element::text).unwrap_or_default()
    }

    /// Returns the element down this path of names, the first of each.
    pub(crate) fn at(&self, path: &str) -> Option<&Element> {
        path.split('/').try_fold(self, |element, name| element.elements().find(|child| child.is(name)))
    }

    /// Returns the text of the element down this path, white space folded; empty where there is none.
    pub(crate) fn text_at(&self, path: &str) -> String {
        self.at(path).map(Element::text).unwrap_or_default()
    }

    /// Returns all elements of this name, however deep, in their order.
    pub(crate) fn deep<'e>(&'e self, name: &str) -> Vec<&'e Element> {
        let mut found = Vec::new();
        let mut waiting: Vec<&Element> = vec![self];
        while let Some(element) = waiting.pop() {
            if element.is(name) {
                found.push(element);
            }
            let children: Vec<&Element> = element.elements().collect();
            waiting.extend(children.into_iter().rev());
        }
        found
    }

    /// Returns all text inside, as one line.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.gather(&mut out);
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Returns the characters inside as they are, markup in `CDATA` among them.
    pub(crate) fn raw_text(&self) -> String {
        let mut out = String::new();
        self.gather(&mut out);
        out
    }

    /// Returns all text inside, its paragraphs parted by empty lines; what is in these elements left out.
    pub(crate) fn paragraphs(&self, without: &[&str]) -> String {
        let mut out: Vec<String> = vec![String::new()];
        self.write_paragraphs(without, &mut out);
        let paragraphs = out.iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        paragraphs.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
    }

    /// Returns the element as JSON, for what has no place of its own: its text, or its attributes and children by name.
    pub(crate) fn value(&self) -> Value {
        self.value_at(0)
    }

    fn value_at(&self, depth: usize) -> Value {
        let attributes = self.attributes.iter().filter(|(name, _)| !name.starts_with("xmlns"));
        let mut fields: Map<String, Value> =
            attributes.map(|(name, value)| (name.clone(), value.clone().into())).collect();
        let children = self.elements().next().is_some() && depth < MAX_VALUE_DEPTH;
        if fields.is_empty() && !children {
            return self.text().into();
        }
        if !children {
            fields.insert("text".to_owned(), self.text().into());
        }
        for child in self.elements().filter(|_| children) {
            let value = child.value_at(depth + 1);
            match fields.get_mut(&child.name) {
                Some(Value::Array(list)) => list.push(value),
                Some(before) => *before = Value::Array(vec![before.take(), value]),
                None => {
                    fields.insert(child.name.clone(), value);
                }
            }
        }
        fields.retain(|_, value| !is_nothing(value));
        Value::Object(fields)
    }

    /// Returns the child elements that are of none of these names, as JSON by their names.
    pub(crate) fn others(&self, known: &[&str]) -> Map<String, Value> {
        self.others_but(&|element| known.contains(&element.name.as_str()))
    }

    /// Returns the child elements that are not known, as JSON by their names.
    pub(crate) fn others_but(&self, known: &dyn Fn(&Self) -> bool) -> Map<String, Value> {
        let others = self.elements().filter(|element| !known(element)).cloned().map(Node::Element);
        match (Self { children: others.collect(), ..Self::default() }).value() {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    /// Returns what is inside, written as HTML again, prefixes dropped: for XHTML that lies in other XML.
    pub(crate) fn markup(&self) -> String {
        let mut out = String::new();
        self.write_markup(&mut out);
        out
    }

    fn write_markup(&self, out: &mut String) {
        for child in &self.children {
            match child {
                Node::Text(text) => out.push_str(&escape(text.as_str())),
                Node::Element(element) => {
                    let name = element.local();
                    out.push('<');
                    out.push_str(name);
                    for (key, value) in &element.attributes {
                        out.push_str(&format!(" {key}=\"{}\"", escape(value.as_str())));
                    }
                    out.push('>');
                    element.write_markup(out);
                    out.push_str(&format!("</{name}>"));
                }
            }
        }
    }

    fn is(&self, name: &str) -> bool {
        self.name == name || (!name.contains(':') && self.local() == name)
    }

    fn gather(&self, out: &mut String) {
        for child in &self.children {
            match child {
                Node::Text(text) => out.push_str(text),
                Node::Element(element) => {
                    if PARAGRAPHS.contains(&element.local()) || element.local() == "br" {
                        out.push(' ');
                    }
                    element.gather(out);
                }
            }
        }
    }

    fn write_paragraphs(&self, without: &[&str], out: &mut Vec<String>) {
        for child in &self.children {
            match child {
                Node::Text(text) => {
                    if let Some(last) = out.last_mut() {
                        last.push_str(text);
                    }
                }
                Node::Element(element) if without.contains(&element.local()) => {}
                Node::Element(element) => {
                    let parts = PARAGRAPHS.contains(&element.local());
                    if parts {
                        out.push(String::new());
                    } else if matches!(element.local(), "br" | "td" | "th")
                        && let Some(last) = out.last_mut()
                    {
                        last.push(' ');
                    }
                    element.write_paragraphs(without, out);
                    if parts {
                        out.push(String::new());
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Raw;

    #[test]
    fn trees_are_read() {
        let root = parse_text(
            "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
             <a b='1 &amp; 2'><!-- c --><n:p>One &x; &eacute;</n:p><p>T<![CDATA[<w>]]>o</p></a>",
        )
        .unwrap();
        assert_eq!(root.attribute("b"), "1 & 2");
        assert_eq!(root.paragraphs(&[]), "One &x; é\n\nT<w>o");
        assert_eq!(root.text_at("p"), "One &x; é");
        assert_eq!(root.deep("p").len(), 2);
    }

    #[test]
    fn what_is_broken_has_a_place() {
        let check = |text: &str, expected: &str| {
            let reason = parse_text(text).unwrap_err();
            let place = reason.place(crate::record::Place::START);
            assert_eq!(format!("{place} {reason}"), expected, "{text}");
        };
        check("<a>\n <b>", "2:5 the XML is broken: <b> is never closed: the file was probably cut off");
        check("x", "1:1 there is no element in this document");
        let deep = "<a>".repeat(100_000);
        check(&deep, "1:772 the XML is broken: elements are nested more than 256 deep");
    }

    #[test]
    fn encodings_are_minded() {
        let raw = |head: &[u8], bytes: &[u8]| Raw {
            head: head.into(),
            ..Raw::new(crate::record::Place::START, bytes.to_vec())
        };
        assert_eq!(parse(&raw(b"<?xml encoding='iso-8859-2'?>", b"<a>\xb3</a>")).unwrap().text(), "ł");
        assert_eq!(parse(&raw(b"", b"<a>\x93</a>")).unwrap().text(), "“");
    }
}
