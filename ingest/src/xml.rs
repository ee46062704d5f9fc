//! A record of XML as a small tree. Nothing is fetched, and no entity is expanded that the file itself declares:
//! such a reference stays as it is written.

use quick_xml::{Reader, escape::escape, events::Event};
use serde_json::{Map, Value};

use crate::{
    charset::text_of,
    fields::is_nothing,
    html,
    record::{Raw, Reason},
};

/// Deeper than any article is nested.
const MAX_DEPTH: usize = 256;
/// Deeper than anything that has no place is kept: readers of JSON have limits.
const MAX_VALUE_DEPTH: usize = 16;
/// How many characters are looked at of what stands before the first record.
const MAX_BEGINNING: usize = 16 << 10;

/// An element, with the name as it is written.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Node>,
}

/// What an element holds.
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
    /// The name without its prefix.
    pub(crate) fn local(&self) -> &str {
        self.name.rsplit(':').next().unwrap_or(&self.name)
    }

    pub(crate) fn attribute(&self, name: &str) -> &str {
        let local = |key: &str| key == name || key.rsplit(':').next() == Some(name);
        self.attributes.iter().find(|(key, _)| local(key)).map_or("", |(_, value)| value.trim())
    }

    /// The child elements.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The child elements of this name; one without a prefix fits any.
    pub(crate) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.elements().filter(move |element| element.is(name))
    }

    /// Down this path of names, the first element of each.
    pub(crate) fn at(&self, path: &str) -> Option<&Element> {
        path.split('/').try_fold(self, |element, name| element.elements().find(|child| child.is(name)))
    }

    /// The text of the element down this path, white space folded; empty where there is none.
    pub(crate) fn text_at(&self, path: &str) -> String {
        self.at(path).map(Element::text).unwrap_or_default()
    }

    /// All elements of this name, however deep, in their order.
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

    /// All text inside, as one line.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.gather(&mut out);
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The characters inside as they are, markup in `CDATA` among them.
    pub(crate) fn raw_text(&self) -> String {
        let mut out = String::new();
        self.gather(&mut out);
        out
    }

    /// All text inside, its paragraphs parted by empty lines; what is in these elements left out.
    pub(crate) fn paragraphs(&self, without: &[&str]) -> String {
        let mut out: Vec<String> = vec![String::new()];
        self.write_paragraphs(without, &mut out);
        let paragraphs = out.iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        paragraphs.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
    }

    /// The element as JSON, for what has no place of its own: its text, or its attributes and children by name.
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

    /// The child elements that are of none of these names, as JSON by their names.
    pub(crate) fn others(&self, known: &[&str]) -> Map<String, Value> {
        let others = self.children.iter().filter(|child| match child {
            Node::Element(element) => {
                !known.contains(&element.local()) && !known.contains(&element.name.as_str())
            }
            Node::Text(_) => false,
        });
        match (Self { children: others.cloned().collect(), ..Self::default() }).value() {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    /// What is inside, written as HTML again, prefixes dropped: for XHTML that lies in other XML.
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

/// Reads a record of XML, whose encoding it or the head of its file declares.
pub(crate) fn parse(raw: &Raw) -> Result<Element, Reason> {
    parse_text(&text_of(&raw.bytes, &raw.head))
}

/// What stands in the file before its first record, as far as it can be read: the elements that are open there end.
pub(crate) fn beginning(raw: &Raw) -> Element {
    let text = text_of(&raw.head, &raw.head);
    let end = text.char_indices().nth(MAX_BEGINNING).map_or(text.len(), |(at, _)| at);
    let mut open = Vec::new();
    if let Ok(root) = read(text.get(..end).unwrap_or(&text), &mut open) {
        return root;
    }
    while open.len() > 1 {
        if let (Some(done), Some(parent)) = (open.pop(), open.last_mut()) {
            parent.children.push(Node::Element(done));
        }
    }
    open.pop().unwrap_or_default()
}

/// Reads XML from its text.
pub(crate) fn parse_text(text: &str) -> Result<Element, Reason> {
    read(text, &mut Vec::new())
}

/// Reads XML up to the end of its first element; `open` are the elements that were not closed when it fails.
fn read(text: &str, open: &mut Vec<Element>) -> Result<Element, Reason> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    // `AT&T`: seen in every archive, and clear enough.
    reader.config_mut().allow_dangling_amp = true;
    loop {
        let event = reader.read_event().map_err(|error| {
            let at = usize::try_from(reader.error_position()).unwrap_or(0);
            let why = error.to_string();
            let why =
                why.strip_prefix("ill-formed document: ").or_else(|| why.strip_prefix("syntax error: "));
            broken(text, at, why.unwrap_or(&error.to_string()))
        })?;
        let at = usize::try_from(reader.buffer_position()).unwrap_or(0);
        match event {
            Event::Start(start) => {
                if open.len() >= MAX_DEPTH {
                    return Err(broken(text, at, &format!("elements are nested more than {MAX_DEPTH} deep")));
                }
                if !start.name().as_ref().starts_with(begins_name) {
                    let open = text.get(..at).and_then(|before| before.rfind('<')).unwrap_or(at);
                    return Err(broken(
                        text,
                        open,
                        "this `<` begins no element: in a text it is written `&lt;`",
                    ));
                }
                open.push(element(&start));
            }
            Event::Empty(start) => match open.last_mut() {
                Some(parent) => parent.children.push(Node::Element(element(&start))),
                None => return Ok(element(&start)),
            },
            Event::End(_) => {
                let Some(done) = open.pop() else { continue };
                match open.last_mut() {
                    Some(parent) => parent.children.push(Node::Element(done)),
                    None => return Ok(done),
                }
            }
            Event::Text(found) => add_text(open, &String::from_utf8_lossy(found.as_ref().as_ref())),
            Event::CData(found) => add_text(open, &String::from_utf8_lossy(found.as_ref().as_ref())),
            Event::GeneralRef(found) => {
                let name = String::from_utf8_lossy(found.as_ref().as_ref()).into_owned();
                match html::entity(&name) {
                    Some(text) => add_text(open, &text),
                    None => add_text(open, &format!("&{name};")),
                }
            }
            Event::Eof => {
                return Err(match open.last() {
                    Some(element) => broken(
                        text,
                        text.len(),
                        &format!("<{}> is never closed: the file was probably cut off", element.name),
                    ),
                    None => Reason::Content("there is no element in this document".to_owned()),
                });
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn element(start: &quick_xml::events::BytesStart<'_>) -> Element {
    let name = String::from_utf8_lossy(start.name().as_ref().as_ref()).into_owned();
    // An attribute that is broken, or there twice, does not make its element unreadable.
    let mut attributes = start.attributes();
    let attributes = attributes.with_checks(false).flatten().map(|attribute| {
        let name = String::from_utf8_lossy(attribute.key.as_ref().as_ref()).into_owned();
        (name, html::unescape(&String::from_utf8_lossy(attribute.value.as_ref().as_ref())))
    });
    Element { name, attributes: attributes.collect(), children: Vec::new() }
}

/// Whether a name can begin so (XML 1.0, section 2.3); of what is not ASCII, everything.
fn begins_name(first: char) -> bool {
    first.is_ascii_alphabetic() || matches!(first, '_' | ':') || !first.is_ascii()
}

fn add_text(open: &mut [Element], text: &str) {
    let Some(element) = open.last_mut() else { return };
    match element.children.last_mut() {
        Some(Node::Text(before)) => before.push_str(text),
        _ => element.children.push(Node::Text(text.to_owned())),
    }
}

fn broken(text: &str, at: usize, why: &str) -> Reason {
    let head = text.as_bytes().get(..at.min(text.len())).unwrap_or_default();
    let line = memchr::memchr_iter(b'\n', head).count() as u64 + 1;
    let column = (head.len() - memchr::memrchr(b'\n', head).map_or(0, |last| last + 1)) as u64 + 1;
    Reason::Syntax { why: format!("the XML is broken: {why}"), line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

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
