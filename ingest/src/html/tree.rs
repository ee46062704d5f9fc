//! A page, or a piece of one, as a tree. Its tags are told by the tokenizer of the HTML standard (WHATWG, section 13.2.5),
//! as browsers tell them; the tree is simpler than theirs: what text needs, in time that grows with the length alone.

use std::{borrow::Cow, cell::RefCell};

use html5ever::{
    Attribute, LocalName,
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
        states::RawKind,
    },
};

/// Deeper than any page is nested: what is deeper lies beside its parent.
const MAX_DEPTH: usize = 256;
/// More attributes than any tag has. The tokenizer compares each with all others.
const MAX_ATTRIBUTES: usize = 4_096;

/// Elements that never have content.
const VOID: [&str; 16] = [
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "hr", "img", "input", "link", "meta",
    "param", "source", "track", "wbr",
];
/// Elements that end an open paragraph (13.2.6.4.7).
const ENDS_PARAGRAPH: [&str; 34] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dd",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "ul",
];
/// Elements whose inside an end tag does not reach out of (13.2.4.2).
const SCOPES: [&str; 9] = ["table", "td", "th", "caption", "button", "template", "object", "svg", "math"];
/// Elements that may stand in a page's head.
const OF_HEAD: [&str; 9] =
    ["base", "link", "meta", "noscript", "script", "style", "template", "title", "basefont"];
/// The number of levels up to which an element is looked for that a tag ends.
const MAX_LOOK: usize = 64;

/// A node of a tree.
pub(crate) struct Node {
    pub(crate) parent: usize,
    pub(crate) children: Vec<usize>,
    pub(crate) data: Data,
}

/// The content of a node.
pub(crate) enum Data {
    Text(StrTendril),
    Element { name: LocalName, attributes: Vec<Attribute> },
}

/// Nodes by their numbers, parents before their children; 0 is the root, which has no name.
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
}

impl Tree {
    /// Reads HTML. No markup is an error.
    pub(crate) fn parse(html: &str) -> Self {
        let tokenizer = Tokenizer::new(Builder::new(), TokenizerOpts::default());
        let queue = BufferQueue::default();
        queue.push_back(StrTendril::from_slice(&tamed(html)));
        // The sink never asks to pause for a script.
        let _ = tokenizer.feed(&queue);
        tokenizer.end();
        Self { nodes: tokenizer.sink.0.into_inner().nodes }
    }

    /// Returns the name of an element; empty for a text.
    pub(crate) fn name(&self, node: usize) -> &str {
        match self.nodes.get(node).map(|node| &node.data) {
            Some(Data::Element { name, .. }) => name,
            _ => "",
        }
    }

    /// Returns the text of a text node.
    pub(crate) fn text(&self, node: usize) -> Option<&str> {
        match self.nodes.get(node).map(|node| &node.data) {
            Some(Data::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns an attribute, without white space around it; empty where there is none.
    pub(crate) fn attribute(&self, node: usize, wanted: &str) -> &str {
        match self.nodes.get(node).map(|node| &node.data) {
            Some(Data::Element { attributes, .. }) => {
                let found = attributes.iter().find(|attribute| &*attribute.name.local == wanted);
                found.map_or("", |attribute| attribute.value.trim())
            }
            _ => "",
        }
    }

    pub(crate) fn children(&self, node: usize) -> &[usize] {
        self.nodes.get(node).map_or(&[], |node| &node.children)
    }

    pub(crate) fn parent(&self, node: usize) -> usize {
        self.nodes.get(node).map_or(0, |node| node.parent)
    }

    /// Returns all elements of this name, in the order of the page.
    pub(crate) fn all<'t>(&'t self, name: &'t str) -> impl Iterator<Item = usize> + 't {
        (0..self.nodes.len()).filter(move |node| self.name(*node) == name)
    }

    /// Returns the characters inside an element, as they are.
    pub(crate) fn inner_text(&self, node: usize) -> String {
        let mut out = String::new();
        let mut waiting = vec![node];
        while let Some(node) = waiting.pop() {
            out.push_str(self.text(node).unwrap_or(""));
            waiting.extend(self.children(node).iter().rev());
        }
        out
    }
}

/// Builds the tree from the tokens.
struct Builder(RefCell<Building>);

struct Building {
    nodes: Vec<Node>,
    /// The elements that are open, the root first.
    open: Vec<usize>,
}

impl Builder {
    fn new() -> Self {
        let name = LocalName::from("");
        let root =
            Node { parent: 0, children: Vec::new(), data: Data::Element { name, attributes: Vec::new() } };
        Self(RefCell::new(Building { nodes: vec![root], open: vec![0] }))
    }
}

impl TokenSink for Builder {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut building = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => building.text(text),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return building.start(tag),
            Token::TagToken(tag) => building.end(&tag.name),
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.0.borrow().is_foreign()
    }
}

impl Building {
    fn name(&self, node: usize) -> &str {
        match self.nodes.get(node).map(|node| &node.data) {
            Some(Data::Element { name, .. }) => name,
            _ => "",
        }
    }

    fn current(&self) -> usize {
        self.open.last().copied().unwrap_or(0)
    }

    /// Returns true if the tag that comes is of an image or a formula, whose elements may close themselves.
    fn is_foreign(&self) -> bool {
        self.open.iter().rev().take(MAX_LOOK).any(|node| matches!(self.name(*node), "svg" | "math"))
    }

    fn add(&mut self, data: Data) -> usize {
        let (parent, node) = (self.current(), self.nodes.len());
        self.nodes.push(Node { parent, children: Vec::new(), data });
        if let Some(parent) = self.nodes.get_mut(parent) {
            parent.children.push(node);
        }
        node
    }

    fn text(&mut self, text: StrTendril) {
        if self.name(self.current()) == "head" && !text.trim().is_empty() {
            self.open.pop();
        }
        self.add(Data::Text(text));
    }

    fn start(&mut self, tag: Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        match name {
            "html" | "body" if self.has_open(name) => {
                return TokenSinkResult::Continue;
            }
            _ => {}
        }
        if self.name(self.current()) == "head" && !OF_HEAD.contains(&name) {
            self.open.pop();
        }
        if ENDS_PARAGRAPH.contains(&name) {
            self.close_open(&["p"], &["table", "td", "th", "button", "object", "template", "caption"]);
        }
        match name {
            "li" => self.close_open(&["li"], &["ul", "ol", "menu", "table"]),
            "dd" | "dt" => self.close_open(&["dd", "dt"], &["dl", "table"]),
            "option" | "optgroup" => self.close_open(&["option"], &["select"]),
            "td" | "th" => self.close_open(&["td", "th"], &["tr", "table"]),
            "tr" => self.close_open(&["tr"], &["tbody", "thead", "tfoot", "table"]),
            "tbody" | "thead" | "tfoot" => self.close_open(&["tbody", "thead", "tfoot"], &["table"]),
            "a" => self.close_open(&["a"], &["table", "td", "th", "p", "div", "li"]),
            _ => {}
        }
        let closed = VOID.contains(&name) || (tag.self_closing && self.is_foreign());
        let raw = match name {
            "script" => Some(RawKind::ScriptData),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => Some(RawKind::Rawtext),
            "title" | "textarea" if !self.is_foreign() => Some(RawKind::Rcdata),
            _ => None,
        };
        let node = self.add(Data::Element { name: tag.name, attributes: tag.attrs });
        if !closed && (self.open.len() < MAX_DEPTH || raw.is_some()) {
            self.open.push(node);
        }
        raw.map_or(TokenSinkResult::Continue, TokenSinkResult::RawData)
    }

    fn has_open(&self, name: &str) -> bool {
        self.open.iter().take(4).any(|node| self.name(*node) == name)
    }

    /// Ends what is open down to one of these elements, unless one of the others lies above it.
    fn close_open(&mut self, names: &[&str], unless: &[&str]) {
        for (up, node) in self.open.iter().rev().take(MAX_LOOK).enumerate() {
            let name = self.name(*node);
            if names.contains(&name) {
                self.open.truncate(self.open.len() - up - 1);
                return;
            }
            if unless.contains(&name) {
                return;
            }
        }
    }

    fn end(&mut self, name: &LocalName) {
        if matches!(&**name, "html" | "body") {
            return;
        }
        let is_block = ENDS_PARAGRAPH.contains(&&**name);
        for (up, node) in self.open.iter().enumerate().skip(1).rev().take(MAX_LOOK) {
            let open = self.name(*node);
            if open == &**name {
                self.open.truncate(up);
                return;
            }
            // An end tag of a line element ends no block around it; none ends a table's cell from inside.
            if (SCOPES.contains(&open) && !matches!(&**name, "table" | "tr" | "tbody" | "thead" | "tfoot"))
                || (!is_block && ENDS_PARAGRAPH.contains(&open) && !SCOPES.contains(&&**name))
            {
                break;
            }
        }
        // Browsers make an empty paragraph of it: a break.
        if &**name == "p" {
            self.add(Data::Element { name: name.clone(), attributes: Vec::new() });
        }
    }
}

/// Returns the text with every `<` escaped that begins a tag of more attributes than any has.
fn tamed(html: &str) -> Cow<'_, str> {
    let mut wild = Vec::new();
    let bytes = html.as_bytes();
    let mut from = 0;
    while let Some(found) = bytes.get(from..).and_then(|rest| memchr::memchr(b'<', rest)) {
        let start = from + found;
        from = start + 1;
        if !bytes.get(from).is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let (mut quote, mut parts, mut before) = (None, 0, b'<');
        while let Some(byte) = bytes.get(from) {
            match (quote, byte) {
                (None, b'>') => break,
                (None, b'"' | b'\'') if before == b'=' => quote = Some(*byte),
                (None, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'/' | b'"' | b'\'') => parts += 1,
                (Some(open), _) if *byte == open => {
                    quote = None;
                    parts += 1;
                }
                _ => {}
            }
            before = *byte;
            from += 1;
        }
        if parts > MAX_ATTRIBUTES {
            wild.push(start);
            from = start + 1;
            // One look is enough: what follows in it is text from here on.
            if wild.len() > 64 {
                return Cow::Owned(html.replace('<', "&lt;"));
            }
        }
    }
    if wild.is_empty() {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len() + 3 * wild.len());
    let mut done = 0;
    for start in wild {
        out.push_str(html.get(done..start).unwrap_or(""));
        out.push_str("&lt;");
        done = start + 1;
    }
    out.push_str(html.get(done..).unwrap_or(""));
    Cow::Owned(out)
}
