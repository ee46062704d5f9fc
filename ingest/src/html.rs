//! HTML made plain: its text in paragraphs, and the pictures in it. Tolerant: no markup is an error.

mod content;
mod text;
mod tree;

use quick_xml::escape::{resolve_html5_entity, resolve_predefined_entity};
use serde_json::Value;

#[cfg(test)]
pub(crate) use self::tree::Data;
pub(crate) use self::{content::main_text, tree::Tree};

/// An HTML text as plain text, with its pictures and links.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Plain {
    /// Paragraphs parted by empty lines.
    pub(crate) text: String,
    pub(crate) pictures: Vec<Picture>,
    /// The addresses that its links lead to, as they are written.
    pub(crate) links: Links,
}

/// More links than any text has.
const MAX_LINKS: usize = 10_000;

/// The addresses that the links of a text lead to, each once.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Links(Vec<String>);

impl Links {
    /// Adds an address; places on the same page, addresses of mail, and scripts are none.
    pub(crate) fn add(&mut self, address: &str) {
        let address = address.trim();
        let scheme = address.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        let none = address.is_empty()
            || address.starts_with('#')
            || scheme.is_some_and(|scheme| matches!(scheme.as_str(), "mailto" | "javascript" | "data"));
        if !none && self.0.len() < MAX_LINKS && !self.0.iter().any(|other| other == address) {
            self.0.push(address.to_owned());
        }
    }

    /// Adds those of another text.
    pub(crate) fn extend(&mut self, others: &Self) {
        others.0.iter().for_each(|other| self.add(other));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Links> for Value {
    fn from(links: Links) -> Self {
        links.0.into()
    }
}

impl IntoIterator for Links {
    type Item = String;
    type IntoIter = std::vec::IntoIter<String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
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
    /// Its number in WordPress: 7 of `class="wp-image-7"`.
    pub(crate) number: String,
}

/// Reads HTML, or a fragment of it, or plain text with a few tags.
pub(crate) fn plain(html: &str) -> Plain {
    let mut writer = text::Writer::default();
    if html.contains(['<', '&']) {
        let tree = Tree::parse(html);
        writer.write(&tree, 0, &|_| true);
    } else {
        writer.text(html);
    }
    writer.finish()
}

/// Returns a text with its entities resolved; those that are unknown stay as they are.
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

/// Returns what an entity stands for: a character by number (HTML reads 128 to 159 as Windows does), or a name of HTML
/// 5.
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

/// Returns the value of an attribute of one tag, its entities resolved: where a whole page is not read.
pub(crate) fn attribute(tag: &str, wanted: &str) -> Option<String> {
    let mut rest = tag.get(1 + tag.get(1..)?.find(|c: char| !c.is_ascii_alphanumeric())?..)?;
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
        check("a <p", "a");
        check("<a title=\"a > b\">x</a>", "x");
        check("&bogus; &#x110000; AT&T", "&bogus; \u{fffd} AT&T");
        check("<p>1<div>2</p>3", "1\n\n2\n\n3");
        check("a<svg><title>Logo</title></svg><button>Share</button> b", "a b");
        check("<b>x</b>y<i>z", "xyz");
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
