//! Reading XML: its events made a tree.

use std::borrow::Cow;

use quick_xml::{Reader, events::Event};

use super::{Element, Node, spaces::Spaces};
use crate::{
    charset::text_of,
    html,
    record::{Raw, Reason},
};

/// Deeper than any article is nested.
const MAX_DEPTH: usize = 256;
/// The number of characters before the first record that are looked at.
const MAX_BEGINNING: usize = 16 << 10;

/// Reads a record of XML, whose encoding it or the head of its file declares.
pub(crate) fn parse(raw: &Raw) -> Result<Element, Reason> {
    let head = if raw.head.is_empty() { Cow::Borrowed("") } else { text_of(&raw.head, &raw.head) };
    read(&text_of(&raw.bytes, &raw.head), Spaces::of_head(&head), &mut Vec::new())
}

/// Returns what stands in the file before its first record, as far as it can be read: the elements that are open there
/// end.
pub(crate) fn beginning(raw: &Raw) -> Element {
    let text = text_of(&raw.head, &raw.head);
    let end = text.char_indices().nth(MAX_BEGINNING).map_or(text.len(), |(at, _)| at);
    let mut open = Vec::new();
    if let Ok(root) = read(text.get(..end).unwrap_or(&text), Spaces::default(), &mut open) {
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
#[cfg(test)]
pub(crate) fn parse_text(text: &str) -> Result<Element, Reason> {
    read(text, Spaces::default(), &mut Vec::new())
}

/// Reads XML up to the end of its first element; `open` are the elements that were not closed when it fails.
fn read(text: &str, mut spaces: Spaces, open: &mut Vec<Element>) -> Result<Element, Reason> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    // `AT&T`: seen in every archive, and clear enough.
    reader.config_mut().allow_dangling_amp = true;
    // Where each open element begins, to name it as it is written.
    let mut begins: Vec<usize> = Vec::new();
    loop {
        let before = place(reader.buffer_position());
        let event = reader.read_event().map_err(|error| {
            let at = place(reader.error_position());
            let why = error.to_string();
            let why =
                why.strip_prefix("ill-formed document: ").or_else(|| why.strip_prefix("syntax error: "));
            broken(text, at, why.unwrap_or(&error.to_string()))
        })?;
        let at = place(reader.buffer_position());
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
                begins.push(before);
                open.push(element(&start, &mut spaces, open.len() + 1));
            }
            Event::Empty(start) => match open.last_mut() {
                Some(_) => {
                    let empty = element(&start, &mut spaces, open.len() + 1);
                    if let Some(parent) = open.last_mut() {
                        parent.children.push(Node::Element(empty));
                    }
                }
                None => return Ok(element(&start, &mut spaces, 1)),
            },
            Event::End(_) => {
                let Some(done) = open.pop() else { continue };
                begins.pop();
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
                return Err(match begins.last().and_then(|at| text.get(*at..)) {
                    Some(element) => {
                        let tag = element.trim_start_matches(['<', ' ', '\n']);
                        let end = tag.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'));
                        let name = tag.get(..end.unwrap_or(tag.len())).unwrap_or(tag);
                        let why = format!("<{name}> is never closed: the file was probably cut off");
                        broken(text, text.len(), &why)
                    }
                    None => Reason::Content("there is no element in this document".to_owned()),
                });
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

/// Returns a place that the parser counts, as one in the text.
#[expect(clippy::expect_used, reason = "the text is in memory, and the place in it")]
fn place(at: u64) -> usize {
    usize::try_from(at).expect("a place in a text is within memory")
}

fn element(start: &quick_xml::events::BytesStart<'_>, spaces: &mut Spaces, depth: usize) -> Element {
    let name = String::from_utf8_lossy(start.name().as_ref().as_ref()).into_owned();
    // An attribute that is broken, or there twice, does not make its element unreadable.
    let mut attributes = start.attributes();
    let attributes = attributes.with_checks(false).flatten().map(|attribute| {
        let name = String::from_utf8_lossy(attribute.key.as_ref().as_ref()).into_owned();
        (name, html::unescape(&String::from_utf8_lossy(attribute.value.as_ref().as_ref())))
    });
    let attributes: Vec<_> = attributes.collect();
    Element { name: spaces.enter(&name, &attributes, depth), attributes, children: Vec::new() }
}

/// Returns true if a name can begin so (XML 1.0, section 2.3); of what is not ASCII, everything.
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
