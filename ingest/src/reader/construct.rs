//! Text constructs: what their type says of the characters in an element (RFC 4287, sections 3.1 and 4.1.3; NewsML-G2's
//! `contenttype`).

use base64::{Engine, engine::general_purpose::STANDARD};
use quick_xml::escape::escape;

use crate::xml::Element;

/// The content of an element without a type: in RSS escaped markup, by custom; in Atom and NewsML text, by their standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unstated {
    Html,
    Text,
}

/// Returns the markup of an element of RSS; nothing where there is none.
pub(super) fn content_of(element: Option<&Element>) -> String {
    element.and_then(|element| markup(element, Unstated::Html)).unwrap_or_default()
}

/// Returns what an element holds, as markup; `None` where it is no text: another file's bytes.
pub(super) fn markup(element: &Element, unstated: Unstated) -> Option<String> {
    let kind = [element.attribute("type"), element.attribute("contenttype")].concat();
    let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let kind = kind.as_str();
    // Atom 0.3 had the escaping apart from the type, as NewsML has.
    let encoded = element.attribute("mode") == "base64" || element.attribute("encoding").contains("base64");
    if element.elements().next().is_some() && !encoded {
        return Some(element.markup());
    }
    let text = element.raw_text();
    let text = match kind {
        _ if encoded => decoded(&text)?,
        "" | "text" | "html" | "xhtml" => text,
        kind if kind.starts_with("text/") || is_xml(kind) => text,
        _ => decoded(&text)?,
    };
    Some(match kind {
        "text" | "text/plain" => of_text(&text),
        "" if unstated == Unstated::Text && !looks_like_html(&text) => of_text(&text),
        _ => text,
    })
}

fn is_xml(kind: &str) -> bool {
    kind.ends_with("+xml") || kind.ends_with("/xml")
}

/// Decodes a text in base64; `None` for the bytes of a picture or a sound.
fn decoded(text: &str) -> Option<String> {
    let plain: String = text.split_whitespace().collect();
    let text = String::from_utf8(STANDARD.decode(plain).ok()?).ok()?;
    let shown = |c: char| !c.is_control() || c.is_whitespace();
    text.chars().all(shown).then_some(text)
}

/// Returns plain text as markup: its paragraphs are parted by empty lines.
pub(super) fn of_text(text: &str) -> String {
    let mut paragraphs: Vec<String> = vec![String::new()];
    for line in text.lines() {
        match paragraphs.last_mut() {
            Some(last) if !line.trim().is_empty() => {
                last.push_str(&escape(line));
                last.push('\n');
            }
            _ => paragraphs.push(String::new()),
        }
    }
    match paragraphs.as_slice() {
        [alone] => alone.clone(),
        _ => paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect(),
    }
}

/// Returns true for what can only be HTML: feeds leave its type out against their standard.
pub(super) fn looks_like_html(text: &str) -> bool {
    const ENDS: [&str; 22] = [
        "p",
        "a",
        "b",
        "i",
        "em",
        "strong",
        "div",
        "span",
        "ul",
        "ol",
        "li",
        "blockquote",
        "h1",
        "h2",
        "h3",
        "h4",
        "table",
        "figure",
        "pre",
        "code",
        "cite",
        "sup",
    ];
    const ALONE: [&str; 3] = ["br", "img", "hr"];
    text.split('<').skip(1).any(|tag| {
        let (end, rest) = tag.strip_prefix('/').map_or((false, tag), |rest| (true, rest));
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (name, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let name = name.to_ascii_lowercase();
        let known = if end { ENDS.contains(&name.as_str()) } else { ALONE.contains(&name.as_str()) };
        known && after.contains('>')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{html, xml::parse_text};

    #[test]
    fn types_say_what_characters_are() {
        let check = |xml: &str, unstated: Unstated, expected: Option<&str>| {
            let text = markup(&parse_text(xml).unwrap(), unstated).map(|markup| html::plain(&markup).text);
            assert_eq!(text.as_deref(), expected, "{xml} {unstated:?}");
        };
        use Unstated::{Html, Text};
        check("<t>Option&lt;Box&gt; &amp;amp; more</t>", Text, Some("Option<Box> &amp; more"));
        check("<t>a &lt;b&gt;bold&lt;/b&gt; step</t>", Html, Some("a bold step"));
        check("<t>a &lt;b&gt;bold&lt;/b&gt; step</t>", Text, Some("a bold step"));
        check("<t type='text'>a &lt;b&gt;bold&lt;/b&gt; step</t>", Text, Some("a <b>bold</b> step"));
        check("<t type='text'>a &lt;br&gt; step</t>", Html, Some("a <br> step"));
        check("<t type='html'>5 &amp;lt; 6</t>", Text, Some("5 < 6"));
        check("<t type='text/html'>&lt;i&gt;x&lt;/i&gt;</t>", Text, Some("x"));
        check(
            "<t type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>1 &lt; 2 <b>x</b></div></t>",
            Text,
            Some("1 < 2 x"),
        );
        check("<t type='text/plain'>One\ntwo\n\n three &lt;p&gt;</t>", Html, Some("One two\n\nthree <p>"));
        check("<t type='application/x-any'>VGhlIHRpZGU=</t>", Text, Some("The tide"));
        check("<t type='image/png'>iVBORw0KGgo=</t>", Text, None);
        check("<t type='image/png'>no base64</t>", Text, None);
        check("<t contenttype='text/plain'>1 &lt;b&gt; 2</t>", Text, Some("1 <b> 2"));
        check(
            "<t contenttype='text/html' encoding='http://x.example/base64'>PGI+dGlkZTwvYj4=</t>",
            Text,
            Some("tide"),
        );
        check("<t type='text/html' mode='base64'>PGI+dGlkZTwvYj4=</t>", Text, Some("tide"));
        check("<t type='image/svg+xml'><svg><title>w</title></svg></t>", Text, Some(""));
    }
}
