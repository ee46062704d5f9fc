//! A post's text as WordPress shows it: line ends that make paragraphs, and shortcodes.
//!
//! The grammar is that of WordPress's `get_shortcode_regex` and `shortcode_parse_atts`, the paragraphs those of
//! `wpautop`. WordPress knows which shortcodes a blog has; here one is told by what it looks like, so that `[sic]` stays.

/// The contents of a post that are no text of its own.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Shown {
    /// The numbers of the pictures of its galleries.
    pub(super) pictures: Vec<String>,
    /// True if a gallery shows the pictures that were uploaded for the post.
    pub(super) uploads: bool,
    /// Other shortcodes, as they are written.
    pub(super) others: Vec<String>,
}

/// Shortcodes that need neither arguments nor an end: WordPress's own and Jetpack's.
const KNOWN: [&str; 14] = [
    "audio",
    "caption",
    "contact-form",
    "embed",
    "gallery",
    "googlemaps",
    "instagram",
    "playlist",
    "slideshow",
    "soundcloud",
    "video",
    "vimeo",
    "wp_caption",
    "youtube",
];
/// Elements whose line ends are no paragraphs.
const VERBATIM: [&str; 4] = ["pre", "script", "style", "textarea"];

/// Writes a post's content as the HTML that WordPress makes of it.
pub(super) fn expand(content: &str, shown: &mut Shown) -> String {
    // A post of blocks has its paragraphs as elements, and line ends between them mean nothing.
    let lines = !content.contains("<!-- wp:");
    let mut writer =
        Writer { out: String::with_capacity(content.len() + 64), lines, open: Vec::new(), shown };
    writer.write(content);
    writer.out
}

struct Writer<'s> {
    out: String,
    lines: bool,
    /// Shortcodes that have begun, whose end is one too.
    open: Vec<String>,
    shown: &'s mut Shown,
}

impl Writer<'_> {
    fn write(&mut self, content: &str) {
        let mut rest = content;
        while let Some(at) = rest.find(['<', '[', '\n']) {
            let (before, from) = rest.split_at(at);
            self.out.push_str(before);
            let length = match from.as_bytes().first() {
                Some(b'<') => self.markup(from),
                Some(b'[') => self.bracket(from),
                _ => self.line_end(from),
            };
            rest = from.get(length..).unwrap_or("");
        }
        self.out.push_str(rest);
    }

    /// Copies a tag or a comment, and what is inside of elements that are shown as they are. Returns its length.
    fn markup(&mut self, from: &str) -> usize {
        let end = |from: &str, mark: &str| from.find(mark).map_or(from.len(), |at| at + mark.len());
        let name: String = from
            .chars()
            .skip(1)
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        let length = if let Some(page) =
            ["<!--nextpage-->", "<!--more-->"].iter().find(|mark| from.starts_with(**mark))
        {
            // Where WordPress parts a text.
            self.out.push_str("\n<p>");
            return page.len();
        } else if from.starts_with("<!--") {
            end(from, "-->")
        } else if VERBATIM.contains(&name.as_str()) {
            end(from, &format!("</{name}"))
        } else if from.chars().nth(1).is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '!')) {
            tag_length(from)
        } else {
            1
        };
        self.out.push_str(from.get(..length).unwrap_or(from));
        length
    }

    /// Writes a line's end: an empty line parts paragraphs, another line end is a break. Returns the length of the
    /// white space.
    fn line_end(&mut self, from: &str) -> usize {
        let length = from.find(|c: char| !c.is_whitespace()).unwrap_or(from.len());
        let ends = from.get(..length).unwrap_or("").bytes().filter(|byte| *byte == b'\n').count();
        self.out.push_str(match (self.lines, ends) {
            (false, _) => "\n",
            (true, 1) => "<br>\n",
            (true, _) => "\n<p>",
        });
        length
    }

    /// Writes what a shortcode stands for, or a bracket that is none. Returns the length of what was read.
    fn bracket(&mut self, from: &str) -> usize {
        if let Some(length) = self.escaped(from).or_else(|| self.end(from)) {
            return length;
        }
        let Some(code) = Shortcode::at(from) else {
            self.out.push('[');
            return 1;
        };
        match code.name {
            "caption" | "wp_caption" => return self.caption(&code, from),
            "gallery" => self.gallery(&code),
            "embed" => {}
            _ => self.shown.others.push(code.whole.to_owned()),
        }
        self.open.push(code.name.to_owned());
        code.whole.len()
    }

    /// Writes `[[gallery]]`, which is a text about a shortcode.
    fn escaped(&mut self, from: &str) -> Option<usize> {
        let code = Shortcode::at(from.get(1..)?)?;
        from.get(1 + code.whole.len()..)?.starts_with(']').then(|| {
            self.out.push_str(code.whole);
            code.whole.len() + 2
        })
    }

    /// Passes over the `[/name]` of a shortcode that has begun.
    fn end(&mut self, from: &str) -> Option<usize> {
        let end = from.strip_prefix("[/")?.find(']')?;
        let name = from.get(2..2 + end)?;
        let at = self.open.iter().rposition(|open| open == name)?;
        self.open.remove(at);
        Some(end + 3)
    }

    /// Writes a picture with its caption, as HTML has it.
    fn caption(&mut self, code: &Shortcode<'_>, from: &str) -> usize {
        let inside = from.get(code.whole.len()..).unwrap_or("");
        let close = format!("[/{}]", code.name);
        let Some(end) = inside.find(&close) else { return code.whole.len() };
        let inside = inside.get(..end).unwrap_or("").trim();
        let (picture, text) = inside.split_at(end_of_picture(inside));
        let number = code.argument("id").and_then(|id| id.rsplit('_').next());
        let picture = match number {
            Some(number) if !picture.contains("wp-image-") => {
                picture.replacen("<img ", &format!("<img class=\"wp-image-{number}\" "), 1)
            }
            _ => picture.to_owned(),
        };
        let caption = code.argument("caption").unwrap_or(text);
        self.out.push_str(&format!("<figure>{picture}<figcaption>{caption}</figcaption></figure>"));
        code.whole.len() + end + close.len()
    }

    fn gallery(&mut self, code: &Shortcode<'_>) {
        let ids = code.argument("ids").or_else(|| code.argument("include"));
        let Some(ids) = ids else {
            self.shown.uploads = true;
            return;
        };
        let numbers = ids.split(',').map(str::trim).filter(|number| !number.is_empty());
        self.shown.pictures.extend(numbers.map(str::to_owned));
    }
}

/// Returns where the picture ends that a caption is about: after its element, and the link around it.
fn end_of_picture(inside: &str) -> usize {
    let Some(img) = inside.find("<img") else { return 0 };
    let end = img + tag_length(inside.get(img..).unwrap_or(""));
    let rest = inside.get(end..).unwrap_or("");
    let space = rest.len() - rest.trim_start().len();
    if rest.trim_start().starts_with("</a>") { end + space + 4 } else { end }
}

/// Returns the length of the tag at the beginning, `>` inside of quotes passed over.
fn tag_length(from: &str) -> usize {
    let mut quote = None;
    for (at, byte) in from.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') if from.as_bytes().get(at.wrapping_sub(1)) == Some(&b'=') => {
                quote = Some(byte);
            }
            (Some(open), byte) if byte == open => quote = None,
            _ => {}
        }
    }
    from.find('>').map_or(from.len(), |at| at + 1)
}

/// A shortcode's first tag.
struct Shortcode<'t> {
    name: &'t str,
    /// With its brackets.
    whole: &'t str,
    arguments: Vec<(&'t str, &'t str)>,
}

impl<'t> Shortcode<'t> {
    /// Returns the shortcode that begins here.
    fn at(from: &'t str) -> Option<Self> {
        let inside = from.strip_prefix('[')?;
        let length = inside.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))?;
        let (name, rest) = inside.split_at(length);
        if !name.starts_with(|c: char| c.is_ascii_alphabetic())
            || !rest.starts_with([' ', '\n', '\t', ']', '/', '='])
        {
            return None;
        }
        let end = end_of_arguments(rest)?;
        let (arguments, after) = rest.split_at(end);
        let whole = from.get(..1 + length + end + 1)?;
        let closed = arguments.trim_end().ends_with('/');
        let arguments = parse(arguments.trim_end().trim_end_matches('/'));
        let named = arguments.iter().any(|(name, _)| !name.is_empty());
        let link = matches!(arguments.as_slice(), [(_, value)] if value.contains("://"));
        let is_one =
            KNOWN.contains(&name) || closed || named || link || after.contains(&format!("[/{name}]"));
        is_one.then_some(Self { name, whole, arguments })
    }

    fn argument(&self, name: &str) -> Option<&'t str> {
        self.arguments.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

/// Returns where the bracket is that ends a tag: outside of quotes, or at least anywhere.
fn end_of_arguments(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate().take(4_096) {
        match (quote, byte) {
            (None, b']') => return Some(at),
            (None, b'[') => return None,
            (None, b'"' | b'\'') if rest.as_bytes().get(at.wrapping_sub(1)) == Some(&b'=') => {
                quote = Some(byte);
            }
            (Some(open), byte) if byte == open => quote = None,
            _ => {}
        }
    }
    rest.find(']')
}

/// Reads `name="value"`, `name='value'`, `name=value`, or a value alone.
fn parse(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let (name, value) = match after.strip_prefix('=') {
            Some(value) if !name.contains(['/', ':', '"', '\'']) => (name, value),
            _ => ("", rest),
        };
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let value = value.get(1..).unwrap_or("");
                let end = value.find(quote).unwrap_or(value.len());
                (value.get(..end).unwrap_or(""), value.get(end + 1..).unwrap_or(""))
            }
            _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        found.push((name, value));
        rest = after.trim_start();
    }
    found
}
