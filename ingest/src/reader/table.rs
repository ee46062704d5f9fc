//! Tables: CSV and TSV with a header, and flat JSON objects, one a line. Columns are fields of the article by
//! their usual names, or as the user maps them.

use std::{
    collections::BTreeMap,
    io::{self, BufRead},
    sync::Arc,
};

use serde_json::Value;

use super::{Reader, json_object, text_of as decoded};
use crate::{
    cut::{Cursor, Cutter, Gathered, Lines},
    dates,
    fields::{Fields, keywords},
    html,
    nested::{Nested, id_or, language},
    publicity,
    record::{Found, Origin, Raw, Reason},
};

/// Which column is which field, where its name does not tell: `Überschrift` → `headline`.
pub type Columns = BTreeMap<String, String>;

/// What columns are usually called, in lower case without `_`, `-` and spaces.
const NAMES: [(&str, &[&str]); 19] = [
    ("id", &["id", "articleid", "uid", "guid", "uuid", "docid", "identifier"]),
    ("headline", &["headline", "title", "heading", "head"]),
    (
        "body",
        &[
            "body",
            "text",
            "content",
            "article",
            "articlebody",
            "fulltext",
            "articletext",
            "story",
            "maintext",
        ],
    ),
    (
        "published",
        &[
            "published",
            "date",
            "pubdate",
            "publicationdate",
            "datepublished",
            "publishdate",
            "publishedat",
            "datetime",
            "dateissued",
            "issuedate",
        ],
    ),
    ("updated", &["updated", "modified", "updatedat", "datemodified", "lastmodified"]),
    ("url", &["url", "link", "weburl", "href", "permalink"]),
    ("credit", &["byline", "author", "authors", "credit", "writer", "by", "creator"]),
    ("summary", &["summary", "abstract", "description", "lead", "snippet", "excerpt", "standfirst"]),
    ("kicker", &["kicker"]),
    ("subheadline", &["subheadline", "subtitle", "deck", "subheading"]),
    ("section", &["section", "category", "sectionname", "rubric"]),
    ("desk", &["desk", "newsdesk"]),
    ("edition", &["edition"]),
    ("page", &["page", "printpage", "pagenumber"]),
    ("type", &["type", "genre", "kind", "documenttype"]),
    ("source", &["source", "publication", "newspaper", "paper", "publisher", "outlet"]),
    ("language", &["language", "lang"]),
    ("dateline", &["dateline", "location", "place"]),
    ("keywords", &["keywords", "tags", "subjects", "topics", "categories"]),
];

/// The field that a column of this name usually holds.
pub(crate) fn field_of(column: &str) -> Option<&'static str> {
    let plain: String = column.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    NAMES.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(field, _)| *field)
}

/// Whether a header has what makes an article: a headline or a text.
pub(crate) fn is_header(columns: &[String], mapped: &Columns) -> bool {
    columns.len() > 1
        && columns.iter().any(|column| {
            let field = mapped.get(column).map(String::as_str).or_else(|| field_of(column));
            matches!(field, Some("headline" | "body"))
        })
}

/// The columns of a header line, and what parts them.
pub(crate) fn header(line: &str) -> (Vec<String>, u8) {
    let count = |c: char| line.matches(c).count();
    let delimiter = [(b'\t', '\t'), (b';', ';'), (b'|', '|'), (b',', ',')]
        .into_iter()
        .max_by_key(|(_, c)| count(*c))
        .map_or(b',', |(byte, _)| byte);
    let mut reader = csv_reader(line.as_bytes(), delimiter);
    let columns = reader
        .records()
        .next()
        .and_then(Result::ok)
        .map(|row| row.iter().map(|cell| cell.trim().to_owned()).collect());
    (columns.unwrap_or_default(), delimiter)
}

fn csv_reader(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .quoting(delimiter != b'\t')
        .from_reader(bytes)
}

/// CSV and TSV.
pub(crate) struct Table {
    pub(crate) columns: Columns,
}

impl Reader for Table {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Rows>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let (columns, delimiter) = header(&decoded(&raw.head));
        let text = decoded(&raw.bytes);
        let row = csv_reader(text.as_bytes(), delimiter).records().next();
        let row = row.ok_or_else(|| Reason::syntax("the row is empty"))?;
        let row = row.map_err(|error| Reason::syntax(format!("the row cannot be read: {error}")))?;
        if row.len() > columns.len() {
            let why = format!(
                "the row has {} cells, the header {}: quote cells that hold the delimiter",
                row.len(),
                columns.len()
            );
            return Err(Reason::syntax(why));
        }
        let cells = columns.into_iter().zip(row.iter().map(str::to_owned));
        article(cells.map(|(column, cell)| (column, Value::String(cell))), &self.columns, raw, origin)
    }
}

/// Flat JSON objects.
pub(crate) struct Records {
    pub(crate) columns: Columns,
}

impl Reader for Records {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Lines>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        article(json_object(raw)?.0, &self.columns, raw, origin)
    }
}

fn article(
    cells: impl IntoIterator<Item = (String, Value)>,
    mapped: &Columns,
    raw: &Raw,
    origin: &Origin,
) -> Result<Vec<Found>, Reason> {
    let mut nested = Nested::default();
    let mut rest = Fields::default();
    let mut id = String::new();
    let cells: Vec<(String, Value)> = cells.into_iter().collect();
    let named = cells.iter().map(|(column, value)| (mapped.get(column).unwrap_or(column).as_str(), value));
    let publicity = publicity::named(named, &publicity::OF_ROWS);
    for (column, value) in cells {
        let field = mapped.get(&column).map(String::as_str).or_else(|| field_of(&column));
        let text = crate::fields::text_of(&value);
        match field {
            Some("id") if id.is_empty() && !text.is_empty() => {
                let own = text.contains(':') || text.len() >= 16 || mapped.contains_key(&column);
                id = if own { text } else { format!("{}#{text}", without_ending(&origin.stem)) };
            }
            Some(field) if !text.is_empty() && set(&mut nested, field, &text) => {}
            _ => rest.keep(&column, value),
        }
    }
    nested.people_of_credit();
    let article = &nested.article;
    if article.headline.is_empty() && article.body.is_empty() && article.summary.is_empty() {
        return Err(Reason::Content("there is neither a headline nor a text in this row".to_owned()));
    }
    let given = if id.is_empty() { article.url.clone() } else { id };
    let id = id_or(&given, || format!("{}#{}", without_ending(&origin.stem), raw.place.record))?;
    nested.article.extra = rest.rest();
    Ok(publicity.on(nested.finish(id)))
}

fn without_ending(stem: &str) -> &str {
    stem.rsplit_once('.').map_or(stem, |(stem, _)| stem)
}

/// Sets a field of the article by its name; whether it could.
pub(crate) fn set(nested: &mut Nested, field: &str, text: &str) -> bool {
    let article = &mut nested.article;
    let place = match field {
        "headline" => &mut article.headline,
        "kicker" => &mut article.kicker,
        "subheadline" => &mut article.subheadline,
        "summary" => &mut article.summary,
        "body" => {
            if !article.body.is_empty() {
                return false;
            }
            let markup = text.contains("</") || text.contains("<br");
            article.body = if markup { html::plain(text).text } else { text.trim().to_owned() };
            return true;
        }
        "section" => &mut article.section,
        "desk" => &mut article.desk,
        "edition" => &mut article.edition,
        "page" => &mut article.page,
        "type" => &mut article.genre,
        "source" => &mut article.source,
        "url" => &mut article.url,
        "dateline" => &mut article.dateline,
        "credit" | "byline" | "bylines" => &mut article.credit,
        "rights" => &mut article.rights,
        "published" | "updated" => {
            let place = if field == "published" { &mut article.published } else { &mut article.updated };
            let date = dates::parse(text);
            let good = date.is_some() && place.is_none();
            if good {
                *place = date;
            }
            return good;
        }
        "language" => {
            article.language = language(text);
            return !article.language.is_empty();
        }
        "keywords" => {
            let mark = if text.contains(';') { ';' } else { ',' };
            let words =
                text.trim_matches(['[', ']']).split(mark).map(|word| word.trim().trim_matches(['\'', '"']));
            let words = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
            article.keywords.extend(keywords("keyword", words));
            return true;
        }
        _ => return false,
    };
    if !place.is_empty() {
        return false;
    }
    text.trim().clone_into(place);
    true
}

/// Rows, of which a quoted cell may hold line breaks; the first is the header (RFC 4180).
#[derive(Default)]
struct Rows {
    cursor: Cursor,
    head: Option<Arc<[u8]>>,
    delimiter: u8,
}

/// Where in a row one stands.
#[derive(Clone, Copy, PartialEq)]
enum Cell {
    Start,
    Plain,
    Quoted,
    /// After a quote in a quoted cell: its end, or the first of two.
    Quote,
}

impl Rows {
    /// One row with its line break, and whether a quoted cell in it never ends; empty at the end of the file.
    fn row(&mut self, input: &mut dyn BufRead) -> io::Result<(Gathered, bool)> {
        let mut row = Gathered::default();
        let mut cell = Cell::Start;
        loop {
            let buffer = input.fill_buf()?;
            if buffer.is_empty() {
                return Ok((row, cell == Cell::Quoted));
            }
            let ends = |byte: &u8| {
                cell = match (cell, *byte) {
                    (Cell::Quoted, b'"') => Cell::Quote,
                    (Cell::Quoted, _) => Cell::Quoted,
                    (_, b'\n' | b'\r') => return true,
                    (Cell::Start, b'"') if self.delimiter != b'\t' => Cell::Quoted,
                    (Cell::Quote, b'"') => Cell::Quoted,
                    (_, byte) if byte == self.delimiter => Cell::Start,
                    _ => Cell::Plain,
                };
                false
            };
            let end = buffer.iter().position(ends);
            let part = buffer.get(..end.map_or(buffer.len(), |at| at + 1)).unwrap_or(buffer);
            row.push(part);
            self.cursor.pass(part);
            let length = part.len();
            input.consume(length);
            if end.is_some() {
                return Ok((row, false));
            }
        }
    }
}

impl Cutter for Rows {
    fn next(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Raw>> {
        if self.head.is_none() {
            self.delimiter = b',';
            let line = self.row(input)?.0.bytes;
            self.delimiter = header(&decoded(&line)).1;
            self.head = Some(line.into());
        }
        loop {
            let start = self.cursor.0;
            let (row, open) = self.row(input)?;
            if self.cursor.0 == start {
                return Ok(None);
            }
            if row.bytes.trim_ascii().is_empty() {
                continue;
            }
            self.cursor.0.record += 1;
            let head = self.head.clone().unwrap_or_default();
            let why =
                "a quoted cell of this row never ends: its closing quote is missing, or the file was cut off";
            let broken = open.then(|| Reason::syntax(why));
            return Ok(Some(Raw { head, ..row.record(start, broken) }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_count_only_at_the_beginning_of_a_cell() {
        let text = "title,text\r\n5\" pipe,A\r\"B \"\"b\"\"\nb\",C\nD,\"never\nends\n";
        for size in [1, 3, 64] {
            let mut input = io::BufReader::with_capacity(size, text.as_bytes());
            let mut cutter = Rows::default();
            let mut rows = Vec::new();
            while let Some(raw) = cutter.next(&mut input).unwrap() {
                rows.push((raw.place.line, String::from_utf8(raw.bytes).unwrap(), raw.broken.is_some()));
            }
            let row = |line, text: &str, broken| (line, text.to_owned(), broken);
            let expected = [
                row(2, "5\" pipe,A\r", false),
                row(2, "\"B \"\"b\"\"\nb\",C\n", false),
                row(4, "D,\"never\nends\n", true),
            ];
            assert_eq!(rows, expected, "in steps of {size}");
        }
    }

    #[test]
    fn rows_may_hold_line_breaks() {
        let text =
            "url,date,title,text\nhttps://a,2019-01-04,\"A, b\",\"One\n\nTwo \"\"x\"\"\"\nhttps://b,,C,D\n";
        let mut input = io::BufReader::with_capacity(5, text.as_bytes());
        let table = Table { columns: Columns::new() };
        let mut cutter = table.cutter(b"");
        let mut found = Vec::new();
        while let Some(raw) = cutter.next(&mut input).unwrap() {
            let events = table.read(&raw, &Origin::default()).unwrap();
            found.push((raw.place.line, serde_json::to_value(&events[0].event.fact).unwrap()));
        }
        assert_eq!(found[0].1["body"], "One\n\nTwo \"x\"");
        assert_eq!(found[0].1["headline"], "A, b");
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 5]);
    }
}
