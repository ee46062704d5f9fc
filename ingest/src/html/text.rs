//! The rules by which a page's elements become paragraphs of text.

use super::{Links, Picture, Plain, Tree};

/// Elements whose content nobody reads.
pub(super) const UNSEEN: [&str; 15] = [
    "audio", "button", "canvas", "head", "iframe", "math", "noscript", "object", "script", "select", "style",
    "svg", "template", "textarea", "video",
];
/// Elements that begin and end a paragraph.
pub(super) const BLOCKS: [&str; 38] = [
    "p",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "blockquote",
    "pre",
    "table",
    "tr",
    "section",
    "article",
    "header",
    "footer",
    "aside",
    "figure",
    "figcaption",
    "hr",
    "address",
    "main",
    "nav",
    "form",
    "fieldset",
    "hl1",
    "hl2",
    "block",
    "body",
    "html",
    "tbody",
    "thead",
];

/// Gathers text, white space folded, paragraphs parted.
#[derive(Default)]
pub(super) struct Writer {
    out: String,
    space: bool,
    preformatted: bool,
    /// The place in `out` at which the open caption began.
    caption: Option<usize>,
    pictures: Vec<Picture>,
    links: Links,
}

impl Writer {
    pub(super) fn text(&mut self, text: &str) {
        if self.preformatted {
            self.out.push_str(text);
            return;
        }
        for c in text.chars() {
            if c.is_whitespace() && c != '\u{a0}' {
                self.space = true;
            } else {
                if self.space && !self.out.is_empty() && !self.out.ends_with('\n') {
                    self.out.push(' ');
                }
                self.space = false;
                self.out.push(if c == '\u{a0}' { ' ' } else { c });
            }
        }
    }

    /// Writes what is inside of a node, as far as `wanted` says of each element.
    pub(super) fn write(&mut self, tree: &Tree, node: usize, wanted: &dyn Fn(usize) -> bool) {
        // With an end for each element: pages may be nested deeper than a stack.
        let mut waiting: Vec<(usize, bool)> =
            tree.children(node).iter().rev().map(|child| (*child, false)).collect();
        while let Some((node, is_end)) = waiting.pop() {
            if let Some(text) = tree.text(node) {
                self.text(text);
                continue;
            }
            let name = tree.name(node);
            if is_end {
                self.tag(name, true);
                continue;
            }
            if UNSEEN.contains(&name) || !wanted(node) {
                continue;
            }
            if matches!(name, "img" | "amp-img") {
                self.picture(tree, node);
            }
            if name == "a" {
                self.links.add(tree.attribute(node, "href"));
            }
            self.tag(name, false);
            waiting.push((node, true));
            waiting.extend(tree.children(node).iter().rev().map(|child| (*child, false)));
        }
    }

    fn picture(&mut self, tree: &Tree, node: usize) {
        let get = |name: &str| tree.attribute(node, name).to_owned();
        let href = ["src", "data-src", "data-lazy-src", "data-original"].map(get).into_iter();
        let href = href.filter(|href| !href.starts_with("data:")).find(|href| !href.is_empty());
        let Some(href) = href else { return };
        let class = get("class");
        let number = class.split_whitespace().find_map(|name| name.strip_prefix("wp-image-"));
        self.pictures.push(Picture {
            href,
            alt: get("alt"),
            width: get("width").parse().ok(),
            height: get("height").parse().ok(),
            number: number.unwrap_or("").to_owned(),
            ..Picture::default()
        });
    }

    fn tag(&mut self, name: &str, closing: bool) {
        match name {
            "br" if !closing => self.line(),
            "figcaption" => {
                self.paragraph();
                if closing {
                    self.end_caption();
                } else {
                    self.caption = Some(self.out.len());
                }
            }
            "pre" => {
                self.paragraph();
                self.preformatted = !closing;
            }
            "td" | "th" if !closing => self.space = true,
            name if BLOCKS.contains(&name) => self.paragraph(),
            _ => {}
        }
    }

    /// Ends a caption, which belongs to the picture before it, not to the text.
    fn end_caption(&mut self) {
        if let (Some(start), Some(picture)) = (self.caption.take(), self.pictures.last_mut())
            && picture.caption.is_empty()
            && let Some(caption) = self.out.get(start..)
        {
            picture.caption = caption.trim().to_owned();
            self.out.truncate(start);
        }
    }

    fn line(&mut self) {
        self.space = false;
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn paragraph(&mut self) {
        self.preformatted = false;
        self.space = false;
        self.out.truncate(self.out.trim_end().len());
        if !self.out.is_empty() {
            self.out.push_str("\n\n");
        }
    }

    pub(super) fn finish(mut self) -> Plain {
        self.out.truncate(self.out.trim_end().len());
        Plain { text: self.out.trim_start().to_owned(), pictures: self.pictures, links: self.links }
    }
}
