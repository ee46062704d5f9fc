//! HTML made plain: its text in paragraphs, and the pictures in it. Tolerant: no markup is an error.

use quick_xml::escape::{resolve_html5_entity, resolve_predefined_entity};

/// What an HTML text says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Plain {
    /// Paragraphs parted by empty lines.
    pub(crate) text: String,
    pub(crate) pictures: Vec<Picture>,
}

/// A picture that a text shows.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Picture {
    pub(crate) href: String,
    pub(crate) alt: String,
    pub(crate) caption: String,
    pub(crate) credit: String,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    /// What WordPress calls it: 7 of `class="wp-image-7"`.
    pub(crate) number: String,
}

/// Elements whose content nobody reads.
const UNSEEN: [&str; 8] = ["script", "style", "head", "noscript", "template", "svg", "iframe", "object"];
/// Elements that begin and end a paragraph.
const BLOCKS: [&str; 38] = [
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

/// Reads HTML, or a fragment of it, or plain text with a few tags.
pub(crate) fn plain(html: &str) -> Plain {
    let mut writer = Writer::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        writer.text(text);
        let Some(tag_text) = tag_at(tag) else {
            writer.text("<");
            rest = tag.get(1..).unwrap_or("");
            continue;
        };
        rest = tag.get(tag_text.len()..).unwrap_or("");
        if tag_text.starts_with("<!") || tag_text.starts_with("<?") {
            continue;
        }
        let name = tag_name(tag_text);
        let closing = tag_text.starts_with("</");
        if !closing && UNSEEN.contains(&name.as_str()) && !tag_text.ends_with("/>") {
            rest = after_element(rest, &name);
            continue;
        }
        writer.tag(&name, closing, tag_text);
    }
    writer.text(rest);
    writer.finish()
}

/// Text with its entities resolved; those that are unknown stay as they are.
pub(crate) fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let name_end = from.bytes().take(34).position(|byte| byte == b';');
        let name = name_end.and_then(|end| from.get(1..end));
        match name.and_then(entity) {
            Some(found) => {
                out.push_str(&found);
                rest = from.get(name_end.map_or(1, |end| end + 1)..).unwrap_or("");
            }
            None => {
                out.push('&');
                rest = from.get(1..).unwrap_or("");
            }
        }
    }
    out.push_str(rest);
    out
}

/// What an entity stands for: a character by number (HTML reads 128 to 159 as Windows does), or a name of HTML 5.
pub(crate) fn entity(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        if let (true, Ok(byte)) = ((0x80..0xa0).contains(&code), u8::try_from(code)) {
            return Some(encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.into_owned());
        }
        let found = char::from_u32(code)?;
        let printable = !found.is_control() || matches!(found, '\n' | '\t' | '\r');
        return Some(if printable { found.to_string() } else { String::new() });
    }
    resolve_predefined_entity(name).or_else(|| resolve_html5_entity(name)).map(str::to_owned)
}

/// The tag, comment or declaration at the beginning; `None` when the `<` begins none.
fn tag_at(text: &str) -> Option<&str> {
    if let Some(comment) = text.strip_prefix("<!--") {
        return text.get(..comment.find("-->").map_or(text.len(), |end| end + 7));
    }
    let second = text.chars().nth(1)?;
    if !(second.is_ascii_alphabetic() || matches!(second, '/' | '!' | '?')) {
        return None;
    }
    // Quotes count only inside a tag, and a quote that never closes ends at the next `>`.
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return text.get(..=at),
            (None, b'"' | b'\'') if text.as_bytes().get(at.wrapping_sub(1)) == Some(&b'=') => {
                quote = Some(byte);
            }
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
        if at > 64 << 10 {
            break;
        }
    }
    text.get(..text.find('>')? + 1)
}

fn tag_name(tag: &str) -> String {
    let name = tag.trim_start_matches(['<', '/']);
    let length =
        name.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'.' | b'-')).count();
    name.get(..length).unwrap_or("").to_ascii_lowercase()
}

/// What follows the end tag of an element whose content is not read.
fn after_element<'t>(text: &'t str, name: &str) -> &'t str {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("</")) {
        let start = from + at;
        let found = text.get(start + 2..).unwrap_or("");
        if found.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return found.find('>').and_then(|end| found.get(end + 1..)).unwrap_or("");
        }
        from = start + 2;
    }
    ""
}

/// The value of an attribute, its entities resolved.
pub(crate) fn attribute(tag: &str, wanted: &str) -> Option<String> {
    let mut rest = tag.get(tag_name(tag).len() + 1..)?;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'))?;
        let (name, after) = rest.split_at(length);
        let after = after.trim_start();
        if name.is_empty() && !after.starts_with('=') {
            return None;
        }
        let Some(value) = after.strip_prefix('=').map(str::trim_start) else {
            rest = after;
            continue;
        };
        let (value, next) = match value.chars().next()? {
            quote @ ('"' | '\'') => {
                let value = value.get(1..)?;
                let end = value.find(quote)?;
                (value.get(..end)?, value.get(end + 1..)?)
            }
            _ => value.split_at(value.find(|c: char| c.is_whitespace() || c == '>')?),
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(unescape(value));
        }
        rest = next;
    }
}

/// Gathers text, white space folded, paragraphs parted.
#[derive(Default)]
struct Writer {
    out: String,
    space: bool,
    preformatted: bool,
    /// Where in `out` the caption began that is open.
    caption: Option<usize>,
    pictures: Vec<Picture>,
}

impl Writer {
    fn text(&mut self, text: &str) {
        let text = unescape(text);
        if self.preformatted {
            self.out.push_str(&text);
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

    fn tag(&mut self, name: &str, closing: bool, tag: &str) {
        match name {
            "br" => self.line(),
            "img" | "amp-img" if !closing => {
                let get =
                    |name| attribute(tag, name).map(|value| value.trim().to_owned()).unwrap_or_default();
                let href = [get("src"), get("data-src")].into_iter().find(|href| !href.is_empty());
                if let Some(href) = href.filter(|href| !href.starts_with("data:")) {
                    let (width, height) = (get("width").parse().ok(), get("height").parse().ok());
                    let class = get("class");
                    let number = class.split_whitespace().find_map(|name| name.strip_prefix("wp-image-"));
                    self.pictures.push(Picture {
                        href,
                        alt: get("alt"),
                        width,
                        height,
                        number: number.unwrap_or("").to_owned(),
                        ..Picture::default()
                    });
                }
            }
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

    /// A caption belongs to the picture before it, not to the text.
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

    fn finish(mut self) -> Plain {
        self.out.truncate(self.out.trim_end().len());
        Plain { text: self.out.trim_start().to_owned(), pictures: self.pictures }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_text() {
        let check = |html: &str, expected: &str| assert_eq!(plain(html).text, expected, "{html}");
        check(
            "<p>One <b>bold</b>\n word.</p><p>Two&nbsp;&amp; more&#8217;s</p>",
            "One bold word.\n\nTwo & more’s",
        );
        check("a<br>b<br/>c", "a\nb\nc");
        check("plain < text & more", "plain < text & more");
        check("<script>if (a < b) {}</script>x<!-- <p> -->y", "xy");
        check("<ul><li>one</li><li>two</li></ul>", "one\n\ntwo");
        check("<pre>a\n  b</pre>c", "a\n  b\n\nc");
        check("<p", "<p");
        check("<a title=\"a > b\">x</a>", "x");
        check("&bogus; &#0; &#x110000;", "&bogus; &#x110000;");
        check("", "");
    }

    #[test]
    fn pictures_are_found() {
        let found = plain(
            "<figure><img src='a.jpg' alt=\"A &amp; b\" width=640><figcaption>Cap <i>x</i></figcaption></figure>t",
        );
        assert_eq!(found.text, "t");
        let expected = Picture {
            href: "a.jpg".into(),
            alt: "A & b".into(),
            caption: "Cap x".into(),
            width: Some(640),
            ..Picture::default()
        };
        assert_eq!(found.pictures, [expected]);
    }
}
