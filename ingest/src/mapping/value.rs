//! Values of fields: a path, a template, a constant, or the first of several that says something.

use std::collections::BTreeMap;

use super::{
    node::{Node, Record},
    path::Path,
};
use crate::html;

/// An expression by which a field gets its text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expr {
    pub(super) from: From,
    /// The form of dates, as `strftime` has it.
    pub(super) form: Option<String>,
    /// The text that parts several texts in one.
    pub(super) split: Option<String>,
    /// The text by which several texts are joined.
    pub(super) join: Option<String>,
    /// True if it is HTML; without it a text of paragraphs that looks so is.
    pub(super) html: Option<bool>,
    /// Texts that mean others: `{ N = "News" }`.
    pub(super) means: BTreeMap<String, String>,
}

/// The origin of a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum From {
    Path(Path),
    Template(Vec<Part>),
    Constant(String),
    First(Vec<Expr>),
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    Text(String),
    Path(Path),
    /// A value that is known beside the record, by its name in [`AROUND`].
    Around(String),
}

/// Names of what is known beside a record, in templates: the path of its file without the ending, the last name in that, and which
/// record of the file it is.
pub(super) const AROUND: [&str; 3] = ["$file", "$name", "$row"];

/// The shape of a field: one line, or paragraphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextShape {
    Line,
    Paragraphs,
}

impl Expr {
    pub(super) fn new(from: From) -> Self {
        Self { from, form: None, split: None, join: None, html: None, means: BTreeMap::new() }
    }

    /// Reads a path or, where it has a `{`, a template.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let from =
            if text.contains('{') { From::Template(template(text)?) } else { From::Path(Path::parse(text)?) };
        Ok(Self::new(from))
    }

    /// Returns the texts that it gives, those that say nothing left out, and notes that they were taken.
    pub(crate) fn texts<'t>(&self, record: &Record<'t>, here: Node<'t>, shape: TextShape) -> Vec<String> {
        let parted = self.given(record, here, shape).into_iter().flat_map(|text| match &self.split {
            Some(mark) => text.split(mark.as_str()).map(|part| part.trim().to_owned()).collect(),
            None => vec![text],
        });
        let meant = parted.map(|text| self.means.get(&text).cloned().unwrap_or(text));
        let plain = meant.map(|text| {
            let looks_so = shape == TextShape::Paragraphs && (text.contains("</") || text.contains("<br"));
            match (self.html.unwrap_or(looks_so), shape) {
                (true, TextShape::Paragraphs) => html::plain(&text).text,
                (true, TextShape::Line) => words(&html::plain(&text).text),
                (false, _) => text,
            }
        });
        plain.filter(|text| !text.is_empty()).collect()
    }

    /// Returns its texts as one; empty where there is none.
    pub(crate) fn text<'t>(&self, record: &Record<'t>, here: Node<'t>, shape: TextShape) -> String {
        let between = match (&self.join, shape) {
            (Some(join), _) => join.as_str(),
            (None, TextShape::Paragraphs) => "\n\n",
            (None, TextShape::Line) => ", ",
        };
        self.texts(record, here, shape).join(between)
    }

    fn given<'t>(&self, record: &Record<'t>, here: Node<'t>, shape: TextShape) -> Vec<String> {
        match &self.from {
            From::Constant(text) => vec![text.clone()],
            From::Path(path) => read(path, record, here, shape),
            From::First(several) => {
                let all = several.iter().map(|one| one.texts(record, here, shape));
                all.into_iter().find(|texts| !texts.is_empty()).unwrap_or_default()
            }
            From::Template(parts) => {
                let mut text = String::new();
                for part in parts {
                    let found = match part {
                        Part::Text(text) => text.clone(),
                        Part::Path(path) => read(path, record, here, TextShape::Line).join(", "),
                        Part::Around(name) => record.around(name),
                    };
                    // Half a template is none: an id or a link would lead elsewhere.
                    if found.is_empty() {
                        return Vec::new();
                    }
                    text.push_str(&found);
                }
                vec![text]
            }
        }
    }

    /// Adds the paths that it looks at.
    pub(crate) fn paths<'e>(&'e self, found: &mut Vec<&'e Path>) {
        match &self.from {
            From::Path(path) => found.push(path),
            From::First(several) => several.iter().for_each(|one| one.paths(found)),
            From::Template(parts) => found.extend(parts.iter().filter_map(|part| match part {
                Part::Path(path) => Some(path),
                _ => None,
            })),
            From::Constant(_) => {}
        }
    }
}

/// Returns the texts at a path, which are taken. What has no text, an object, stays.
fn read<'t>(path: &Path, record: &Record<'t>, here: Node<'t>, shape: TextShape) -> Vec<String> {
    let mut texts = Vec::new();
    for node in path.find(record, here) {
        let text = match shape {
            TextShape::Line => node.line(),
            TextShape::Paragraphs => node.paragraphs(),
        };
        if !text.is_empty() {
            record.take(node);
            texts.push(text);
        }
    }
    texts
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads a template: text with paths in braces; `{{` and `}}` are braces.
fn template(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
            plain.push_str(from.get(..1).unwrap_or_default());
            rest = after;
            continue;
        }
        let inside = from.strip_prefix('{').ok_or_else(|| format!("`{text}`: a `}}` without its `{{`"))?;
        let end = inside.find('}').ok_or_else(|| format!("`{text}`: a `{{` is never closed"))?;
        let (path, after) = inside.split_at(end);
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        parts.push(match path.trim() {
            around if AROUND.contains(&around) => Part::Around(around.to_owned()),
            around if around.starts_with('$') => {
                return Err(format!(
                    "`{around}` is nothing that is known beside a record: there are {}",
                    AROUND.join(", ")
                ));
            }
            path => Part::Path(Path::parse(path)?),
        });
        rest = after.get(1..).unwrap_or_default();
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_made_of_a_record() {
        let value = json!({
            "id": 7, "vol": "XII", "empty": "", "tags": "ice; ferry ;", "parts": ["One.", "Two."], "h": "A <b>bold</b> one",
            "code": "N"
        });
        let check = |expr: Expr, shape: TextShape, expected: &str| {
            let mut record = Record::new(Node::Json(&value));
            record.around = vec![("$row", "3".to_owned())];
            assert_eq!(expr.text(&record, record.root, shape), expected, "{expr:?}");
        };
        let parse = |text: &str| Expr::parse(text).unwrap();
        check(parse("vol"), TextShape::Line, "XII");
        check(parse("{vol}/{id}"), TextShape::Line, "XII/7");
        check(parse("{vol}/{empty}"), TextShape::Line, "");
        check(parse("row {$row} {{x}}"), TextShape::Line, "row 3 {x}");
        check(parse("parts"), TextShape::Paragraphs, "One.\n\nTwo.");
        check(parse("parts"), TextShape::Line, "One., Two.");
        check(Expr { split: Some(";".to_owned()), ..parse("tags") }, TextShape::Line, "ice, ferry");
        check(Expr { html: Some(true), ..parse("h") }, TextShape::Line, "A bold one");
        check(parse("h"), TextShape::Paragraphs, "A bold one");
        check(parse("h"), TextShape::Line, "A <b>bold</b> one");
        let means = [("N".to_owned(), "News".to_owned())].into();
        check(Expr { means, ..parse("code") }, TextShape::Line, "News");
        check(
            Expr::new(From::First(vec![parse("empty"), parse("none"), parse("vol")])),
            TextShape::Line,
            "XII",
        );
        check(Expr::new(From::Constant("Quay Post".to_owned())), TextShape::Line, "Quay Post");
    }

    #[test]
    fn a_template_that_cannot_be_read_says_why() {
        let check = |text: &str, expected: &str| {
            let why = Expr::parse(text).unwrap_err();
            assert!(why.contains(expected), "{text}: {why}");
        };
        check("{a", "never closed");
        check("a} {b}", "without its");
        check("{$table}", "there are $file, $name, $row");
        check("{a..b}", "a name is missing");
    }
}
