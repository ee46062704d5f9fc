//! Tables: CSV and TSV with a header, and JSON objects with fields beside each other. Columns are fields of the article
//! by their usual names, or as the user maps them.

pub(crate) mod columns;
mod cutter;
mod dialect;
mod json;
mod rows;

use std::sync::Arc;

use serde_json::Value;

use self::{columns::Columns, dialect::Dialect, rows::Row};
pub(crate) use self::{
    dialect::{Header, columns_of, header},
    json::shape,
};
use super::{
    common::{Reader, json_object, text_of as decoded},
    entry::{Again, Entry, Head, RecordShape, Says, Stage},
    jsonl::is_event,
};
use crate::{
    cut::Cutter,
    dates::{self, DayOrder, Form},
    fields::{Fields, keywords, text_of},
    html,
    nested::{Nested, id_or, language},
    notes::Notes,
    publicity,
    record::{Found, Origin, Raw, Reason},
};

pub(super) const TABLE: Entry = Entry {
    name: "table",
    called: "CSV or TSV",
    told: &[(Stage::Plain, has_columns)],
    says: Says::Columns,
    record: RecordShape::Cells,
    again: Again::Another,
    reader: |shared| {
        Box::new(Table { columns: shared.hints.columns.clone(), notes: Arc::clone(shared.notes) })
    },
    #[cfg(test)]
    sample: "id,title,text,date\n1,\"A, b\",\"x\ny\",1931\n2,é,z,\n",
};

/// Returns true if it begins with columns that are fields.
fn has_columns(head: &Head<'_>) -> bool {
    let columns = &head.hints.columns;
    // A text may begin with words that are columns elsewhere.
    let is_good = |found: &Header| head.is_table() || (found.is_first() && found.known(columns) > 2);
    (head.is_table() || head.ending == "txt")
        && header(head.text.as_bytes(), columns).is_some_and(|found| is_good(&found))
}

/// CSV and TSV.
pub(crate) struct Table {
    pub(crate) columns: Columns,
    pub(crate) notes: Arc<Notes>,
}

impl Reader for Table {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::new(cutter::Rows::new(self.columns.clone()))
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let Cells { cells, dates, is_short } = cells(raw)?;
        if is_short {
            self.notes.tell(place(raw, origin), "rows have fewer cells than their header");
        }
        let record = Record { columns: &self.columns, notes: &self.notes, dates, raw, origin };
        record.article(cells)
    }
}

/// The cells of a row by the names of their columns.
pub(crate) struct Cells {
    pub(crate) cells: Vec<(String, Value)>,
    /// The order of the numbers in the dates of the table, as far as these tell it.
    pub(crate) dates: DayOrder,
    /// There are fewer than the header has.
    pub(crate) is_short: bool,
}

/// Parts a row.
pub(crate) fn cells(raw: &Raw) -> Result<Cells, Reason> {
    let head = decoded(&raw.head);
    let (dialect, header) = Dialect::of_head(&head);
    let columns = Row::cells(header, Dialect { quotes: true, spaces: true, ..dialect });
    let cells = Row::cells(&decoded(&raw.bytes), dialect);
    if cells.len() > columns.len() {
        let why = format!(
            "the row has {} cells, the header {}: quote cells that hold the delimiter",
            cells.len(),
            columns.len()
        );
        return Err(Reason::syntax(why));
    }
    let is_short = cells.len() < columns.len();
    let named = columns.into_iter().map(|column| column.trim().to_owned());
    let cells = named.zip(cells.into_iter().map(Value::String)).collect();
    Ok(Cells { cells, dates: dialect.dates, is_short })
}

/// Cuts a table, in which these columns are known.
pub(crate) fn rows(columns: Columns) -> Box<dyn Cutter> {
    Box::new(cutter::Rows::new(columns))
}

/// Cuts JSON as the inner cutter does, with what the dates under these names tell as the head of each record.
pub(crate) fn objects(inner: Box<dyn Cutter>, columns: Columns) -> Box<dyn Cutter> {
    Box::new(json::Objects::over(inner, columns))
}

/// Returns true if a head is that of a row, `Some(true)`, or of an object; `None` for the heads of other formats.
pub(crate) fn is_head(head: &[u8]) -> Option<bool> {
    let head = decoded(head);
    Dialect::is_stated(&head).then(|| !Dialect::of_head(&head).1.is_empty())
}

/// Returns what the head of an object tells of the order of numbers in its dates.
pub(crate) fn dates_of(raw: &Raw) -> DayOrder {
    Dialect::of_head(&decoded(&raw.head)).0.dates
}

pub(super) const RECORDS: Entry = Entry {
    name: "records",
    called: "objects with a headline or a text",
    told: &[(Stage::Json, has_records)],
    says: Says::Columns,
    record: RecordShape::Json,
    again: Again::Another,
    reader: |shared| {
        Box::new(Records { columns: shared.hints.columns.clone(), notes: Arc::clone(shared.notes) })
    },
    #[cfg(test)]
    sample: "{\"id\":1,\"title\":\"T\",\"text\":\"x\",\"tags\":[\"a\"]}\n",
};

/// Returns true if there are records with a headline or a text, and no events.
fn has_records(head: &Head<'_>) -> bool {
    // The first lines may be the broken ones.
    !head.text.lines().take(5).any(is_event) && shape(head.text, &head.hints.columns).is_some()
}

/// JSON objects.
pub(crate) struct Records {
    pub(crate) columns: Columns,
    pub(crate) notes: Arc<Notes>,
}

impl Reader for Records {
    fn cutter(&self, head: &[u8]) -> Box<dyn Cutter> {
        Box::new(json::Objects::new(head, self.columns.clone()))
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let dates = dates_of(raw);
        let record = Record { columns: &self.columns, notes: &self.notes, dates, raw, origin };
        record.article(json_object(raw)?.0)
    }
}

fn place(raw: &Raw, origin: &Origin) -> String {
    format!("{}:{}", origin.path, raw.place.line)
}

/// A row or an object, with what is known of its file.
struct Record<'r> {
    columns: &'r Columns,
    notes: &'r Notes,
    dates: DayOrder,
    raw: &'r Raw,
    origin: &'r Origin,
}

impl Record<'_> {
    fn article(&self, cells: impl IntoIterator<Item = (String, Value)>) -> Result<Vec<Found>, Reason> {
        let (raw, origin) = (self.raw, self.origin);
        let mut nested = Nested::default();
        let mut rest = Fields::default();
        let mut id = String::new();
        let cells: Vec<(String, Value)> = cells.into_iter().collect();
        let named = cells.iter().map(|(column, value)| {
            let field = self.columns.get(column).map_or(column.as_str(), |column| column.field.as_str());
            (field, value)
        });
        let publicity = publicity::named(named, &publicity::OF_ROWS, self.dates);
        for (column, value) in cells {
            let field = columns::field(&column, self.columns);
            let text = text_of(&value);
            match field {
                Some("id") if id.is_empty() && !text.is_empty() => {
                    let own = text.contains(':') || text.len() >= 16 || self.columns.contains_key(&column);
                    id = if own { text } else { format!("{}#{text}", without_ending(&origin.stem)) };
                }
                Some("published" | "updated") if !text.is_empty() => {
                    let updated = field == Some("updated");
                    if !self.date(&mut nested, updated, &column, &text) {
                        rest.keep(&column, value);
                    }
                }
                Some(field) if !text.is_empty() && set(&mut nested, field, &text) => {}
                Some(field) if text.is_empty() => rest.keep(&column, structured(&mut nested, field, value)),
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
        let shown = std::mem::replace(&mut nested.article.extra, rest.rest());
        let links = shown.get("links").and_then(Value::as_array);
        nested.links(links.into_iter().flatten().map(text_of));
        Ok(publicity.on(nested.finish(id)))
    }

    /// Takes a date; returns true if its text says nothing more.
    fn date(&self, nested: &mut Nested, updated: bool, column: &str, text: &str) -> bool {
        let article = &mut nested.article;
        let place = if updated { &mut article.updated } else { &mut article.published };
        if place.is_some() {
            return false;
        }
        let stated = self.columns.get(column).and_then(|column| column.form.as_deref());
        let dated = match stated {
            Some(form) => dates::as_stated(text, form).map(|date| (date, Form::Local)),
            None => dates::read(text, self.dates).map(|dated| (dated.date, dated.form)),
        };
        let Some((date, form)) = dated else {
            let why = match stated {
                Some(form) => format!("dates have not the form {form}: kept as they are written"),
                None => "dates cannot be read: kept as they are written".to_owned(),
            };
            self.notes.tell(self::place(self.raw, self.origin), why);
            return false;
        };
        *place = Some(date);
        if form == Form::TwoWays {
            let name = if updated { "updated" } else { "published" };
            let why = format!(
                "dates can be read in two ways, and only their year was taken: say --column '{column}={name}:%d/%m/%Y' or %m/%d/%Y"
            );
            self.notes.tell(self::place(self.raw, self.origin), why);
        }
        form != Form::TwoWays
    }
}

/// Takes what is no text: lists of authors, of words, of paragraphs, and things that have a name. Returns what is left.
fn structured(nested: &mut Nested, field: &str, value: Value) -> Value {
    match (field, value) {
        ("credit" | "byline" | "bylines", value @ (Value::Array(_) | Value::Object(_))) => {
            authors(nested, value)
        }
        ("keywords", Value::Array(list)) => {
            let (texts, others): (Vec<Value>, Vec<Value>) = list
                .into_iter()
                .partition(|one| one.is_string() || one.is_number() || one.get("name").is_some());
            let texts = texts.iter().map(|one| text_of(one.get("name").unwrap_or(one)));
            let texts = texts.filter(|text| !text.is_empty()).collect();
            nested.article.keywords.extend(keywords("keyword", texts));
            Value::Array(others)
        }
        (_, Value::Array(list)) if list.iter().all(Value::is_string) => {
            let texts: Vec<String> = list.iter().map(text_of).collect();
            let parted = if matches!(field, "body" | "summary") { "\n\n" } else { ", " };
            if set(nested, field, &texts.join(parted)) { Value::Null } else { Value::Array(list) }
        }
        (field, Value::Object(mut map)) => {
            // `rendered` is a text as WordPress's REST API gives it.
            for part in ["name", "rendered"] {
                let Some(text) = map.get(part).map(text_of).filter(|text| !text.is_empty()) else { continue };
                let text = if part == "rendered" && field != "body" { html::plain(&text).text } else { text };
                if set(nested, field, &text) {
                    map.remove(part);
                }
            }
            Value::Object(map)
        }
        (_, other) => other,
    }
}

/// Takes authors one by one, each a name or an object that has one. Returns what else is said of them.
fn authors(nested: &mut Nested, value: Value) -> Value {
    let list = match value {
        Value::Array(list) => list,
        one => vec![one],
    };
    let mut shown: Vec<String> = Vec::new();
    let mut others = Vec::new();
    for author in list {
        let (name, rest) = match author {
            Value::Object(author) => {
                let mut author = Fields(author);
                let name = author.first_text(&["name", "full_name", "fullName", "display_name"]);
                let parts = [
                    author.first_text(&[
                        "given",
                        "first",
                        "first_name",
                        "firstName",
                        "firstname",
                        "givenName",
                    ]),
                    author.first_text(&["family", "last", "last_name", "lastName", "lastname", "familyName"]),
                ];
                let name = if name.is_empty() { parts.join(" ").trim().to_owned() } else { name };
                (name, Value::Object(author.rest()))
            }
            other => (text_of(&other), Value::Null),
        };
        others.push(rest);
        if !name.is_empty() {
            let found = nested.listed_person(&name);
            shown.push(if name.contains(',') { found } else { name });
        }
    }
    if nested.article.credit.is_empty() {
        nested.article.credit = shown.join(", ");
    }
    Value::Array(others)
}

fn without_ending(stem: &str) -> &str {
    stem.rsplit_once('.').map_or(stem, |(stem, _)| stem)
}

/// Sets a field of the article by its name. Returns true if it could.
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
            if markup {
                let found = html::plain(text);
                article.body = found.text;
                nested.links(found.links);
            } else {
                article.body = text.trim().to_owned();
            }
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

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn rows_may_hold_line_breaks() {
        let text =
            "url,date,title,text\nhttps://a,2019-01-04,\"A, b\",\"One\n\nTwo \"\"x\"\"\"\nhttps://b,,C,D\n";
        let mut input = io::BufReader::with_capacity(5, text.as_bytes());
        let table = Table { columns: Columns::new(), notes: Arc::default() };
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
