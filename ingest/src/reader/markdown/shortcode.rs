//! The shortcodes of Hugo, Jekyll and Eleventy in a page's body: taken out of the text, their pictures kept.

use crate::html::Picture;

/// A body without its shortcodes, and the pictures that they named.
pub(super) struct Stripped {
    pub(super) text: String,
    pub(super) pictures: Vec<Picture>,
}

/// The pairs of marks between which a shortcode stands.
const MARKS: [(&str, &str); 4] = [("{{<", ">}}"), ("{{%", "%}}"), ("{%", "%}"), ("{{", "}}")];

/// Takes the shortcodes out. Fenced code is left as it is: there they are what the text is about.
pub(super) fn strip(body: &str) -> Stripped {
    let mut found = Stripped { text: String::with_capacity(body.len()), pictures: Vec::new() };
    let mut rest = body;
    while let Some(at) = rest.find(['{', '`']) {
        let (before, from) = rest.split_at(at);
        found.text.push_str(before);
        let line_start = found.text.is_empty() || found.text.ends_with('\n');
        if line_start && from.starts_with("```") {
            let end = from.get(3..).and_then(|inside| inside.find("\n```")).map_or(from.len(), |end| end + 7);
            let (code, after) = from.split_at(end);
            found.text.push_str(code);
            rest = after;
            continue;
        }
        let Some((inside, after)) = shortcode_at(from) else {
            found.text.push_str(from.get(..1).unwrap_or(""));
            rest = from.get(1..).unwrap_or("");
            continue;
        };
        if found.text.ends_with("](") {
            // A link whose end a shortcode makes: its text stays a link, to what the shortcode quotes.
            match (target(inside), after.starts_with(')')) {
                (Some(target), true) => found.text.push_str(&format!("<{target}>")),
                (None, true) => found.text.push('#'),
                (_, false) => {}
            }
        }
        found.pictures.extend(picture(inside));
        rest = after;
    }
    found.text.push_str(rest);
    found
}

/// Returns the inside of the shortcode that begins here, and what follows it.
fn shortcode_at(text: &str) -> Option<(&str, &str)> {
    let (open, close) = MARKS.into_iter().find(|(open, _)| text.starts_with(open))?;
    let inside = text.get(open.len()..)?;
    // Long enough for any; a lone brace must not cost a search through the whole text.
    let window =
        inside.char_indices().nth(8_000).map_or(inside, |(end, _)| inside.get(..end).unwrap_or(inside));
    let end = window.find(close)?;
    Some((inside.get(..end)?.trim(), inside.get(end + close.len()..)?))
}

/// Returns the picture that a shortcode shows: `img src="a.jpg" alt="…"`, `image "a.jpg" "…"`.
fn picture(inside: &str) -> Option<Picture> {
    let inside = inside.trim_matches(['/', '-']).trim();
    let (name, arguments) = inside.split_once(char::is_whitespace)?;
    let shows =
        name.contains("img") || name.contains("image") || name.contains("figure") || name == "include";
    if !shows {
        return None;
    }
    let (named, positional) = parse_arguments(arguments);
    let get = |names: &[&str]| {
        named.iter().find(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value.clone())
    };
    let href = get(&["src", "href", "url", "image", "image_path", "path"])
        .or_else(|| if name == "include" { None } else { positional.first().cloned() })?;
    if name == "include" && !super::picture::is_file(&href) {
        return None;
    }
    let alt = get(&["alt", "image_alt", "alt_text"]).or_else(|| positional.get(1).cloned());
    Some(Picture {
        href: href.trim().to_owned(),
        alt: alt.unwrap_or_default(),
        caption: get(&["caption", "figcaption", "title"]).unwrap_or_default(),
        credit: get(&["credit", "attr"]).unwrap_or_default(),
        ..Picture::default()
    })
    .filter(|picture| !picture.href.is_empty())
}

/// Reads `key="value"`, `key=value`, `key: "value"`, `"value"`.
fn parse_arguments(mut text: &str) -> (Vec<(String, String)>, Vec<String>) {
    let (mut named, mut positional) = (Vec::new(), Vec::new());
    while named.len() + positional.len() < 50 {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        let Some(first) = text.chars().next() else { break };
        let value;
        if matches!(first, '"' | '\'' | '“') {
            (value, text) = quoted(text);
            positional.push(value);
            continue;
        }
        let end =
            text.find(|c: char| c.is_whitespace() || matches!(c, '=' | ':' | ',')).unwrap_or(text.len());
        let (word, after) = text.split_at(end);
        let after_mark = after.trim_start().strip_prefix('=').or_else(|| {
            // `:` names an argument only where a quoted value follows: `https://` holds one too.
            after.strip_prefix(':').filter(|rest| rest.trim_start().starts_with(['"', '\'']))
        });
        let Some(after_mark) = after_mark.map(str::trim_start) else {
            let end = text.find(|c: char| c.is_whitespace()).unwrap_or(text.len()).max(1);
            let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= end).unwrap_or(text.len());
            let (word, after) = text.split_at(end);
            positional.push(word.trim_end_matches(',').to_owned());
            text = after;
            continue;
        };
        if after_mark.starts_with(['"', '\'', '“']) {
            (value, text) = quoted(after_mark);
        } else {
            let end = after_mark.find(char::is_whitespace).unwrap_or(after_mark.len());
            let (bare, after) = after_mark.split_at(end);
            (value, text) = (bare.to_owned(), after);
        }
        named.push((word.to_owned(), value));
    }
    (named, positional)
}

/// Returns a quoted text, its escapes undone, and what follows it.
fn quoted(text: &str) -> (String, &str) {
    let mut letters = text.char_indices();
    let close = match letters.next() {
        Some((_, '“')) => '”',
        Some((_, quote)) => quote,
        None => return (String::new(), ""),
    };
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in letters {
        if escaped {
            value.push(c);
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == close {
            return (value, text.get(at + c.len_utf8()..).unwrap_or(""));
        } else {
            value.push(c);
        }
    }
    (value, "")
}

/// Returns the first text in quotes that can be a link.
fn target(inside: &str) -> Option<&str> {
    let open = inside.find(['"', '\''])?;
    let quote = inside.get(open..)?.chars().next()?;
    let text = inside.get(open + 1..)?.split(quote).next()?;
    (!text.is_empty() && !text.contains(['<', '>', '\n'])).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortcodes_are_taken_out() {
        let check = |body: &str, text: &str, pictures: &[(&str, &str)]| {
            let found = strip(body);
            assert_eq!(found.text, text, "{body}");
            let shown: Vec<_> = found.pictures.iter().map(|p| (p.href.as_str(), p.alt.as_str())).collect();
            assert_eq!(shown, pictures, "{body}");
        };
        check(
            "a {{< legacy-img src=\"x/y.jpg\" alt=\"A \\\"b\\\"\" >}} b",
            "a  b",
            &[("x/y.jpg", "A \"b\"")],
        );
        check("{% image \"a/b.png\" \"words\" %}", "", &[("a/b.png", "words")]);
        check("{{< img src=uid >}}", "", &[("uid", "")]);
        check("[t]({{< ref \"a.md\" >}}) c", "[t](<a.md>) c", &[]);
        check("[t]({{ \"/a/\" | url }})", "[t](</a/>)", &[]);
        check("```\n{{ site.url }}\n```\n{{ x }}", "```\n{{ site.url }}\n```\n", &[]);
        check("{{< note >}}in{{< /note >}}", "in", &[]);
        check("a { b } {{ c", "a { b } {{ c", &[]);
        check("{% include \"figure.html\", image_path: \"a.png\", caption: \"C\" %}", "", &[("a.png", "")]);
    }
}
