//! Plain text, one article a file; a pattern tells what the path says of it.

use super::{
    common::{Reader, text_of},
    entry::{Again, Entry, RecordShape, Says, Stage},
    table,
};
use crate::{
    cut::{Cutter, Whole},
    nested::{Nested, id_or},
    pattern::PathPattern,
    record::{Found, Origin, Raw, Reason},
};

/// A headline is not longer.
const MAX_HEADLINE: usize = 200;

pub(super) const ENTRY: Entry = Entry {
    name: "text",
    called: "plain text with a pattern",
    told: &[(Stage::Said, |head| {
        head.hints.patterns.iter().any(|pattern| pattern.fields(head.stem).is_some())
    })],
    says: Says::Format,
    record: RecordShape::Opaque,
    again: Again::Another,
    reader: |shared| Box::new(Text { patterns: shared.hints.patterns.clone() }),
    #[cfg(test)]
    sample: "Headline\n\n  text é\n",
};

/// Files that the pattern fits.
pub(crate) struct Text {
    pub(crate) patterns: Vec<PathPattern>,
}

impl Reader for Text {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Whole>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let fields = self.patterns.iter().find_map(|pattern| {
            pattern.fields(&origin.stem).or_else(|| pattern.fields(as_it_lies(&origin.stem)))
        });
        let fields = fields.ok_or_else(|| Reason::Content("the path does not fit the pattern".to_owned()))?;
        let text = text_of(&raw.bytes).replace('\u{0}', "");
        let mut nested = Nested::default();
        let mut id = String::new();
        for (field, value) in fields {
            match field.as_str() {
                "id" => id = value,
                "byline" => {
                    nested.person(&value.replace('_', " "));
                    nested.article.credit = value;
                }
                field => {
                    table::set(&mut nested, field, &value);
                }
            }
        }
        let (headline, body) = split(&text);
        if nested.article.headline.is_empty() {
            nested.article.headline = headline;
            nested.article.body = body;
        } else {
            nested.article.body = paragraphs(&text);
        }
        if nested.article.headline.is_empty() && nested.article.body.is_empty() {
            return Err(Reason::Content("there is no text in this file".to_owned()));
        }
        let stem = origin.stem.rsplit_once('.').map_or(origin.stem.as_str(), |(stem, _)| stem);
        let id = id_or(&id, || stem.to_owned())?;
        Ok(nested.finish(id))
    }
}

/// Returns a stem as the file lies in its folder, without what tells two folders of one name apart.
fn as_it_lies(stem: &str) -> &str {
    let end = stem.find('/').unwrap_or(stem.len());
    let apart = stem.get(..end).and_then(|root| root.rfind('~'));
    apart.and_then(|at| stem.get(at + 1..)).unwrap_or(stem)
}

/// Splits a text into headline and body: the first line is the headline where it is a line: short, flush, and followed
/// by more.
fn split(text: &str) -> (String, String) {
    let text = text.trim_start_matches(['\u{feff}', '\r', '\n']);
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let line = first.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_headline = !line.is_empty()
        && line.len() <= MAX_HEADLINE
        && !first.starts_with([' ', '\t'])
        && !rest.trim().is_empty();
    if is_headline { (line, paragraphs(rest)) } else { (String::new(), paragraphs(text)) }
}

/// Returns the lines as they are, padding at their ends dropped, paragraphs parted by one empty line.
fn paragraphs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = true;
    for line in text.lines() {
        let line = line.trim_matches(|c: char| c.is_whitespace() || c == '\u{0}');
        if line.is_empty() {
            empty = true;
        } else {
            if !out.is_empty() {
                out.push_str(if empty { "\n\n" } else { "\n" });
            }
            out.push_str(line);
            empty = false;
        }
    }
    out
}
