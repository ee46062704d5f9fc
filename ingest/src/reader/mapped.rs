//! Files of a shape that no standard names, read by a mapping: JSON, XML and tables.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;

use super::{
    beside::Archives,
    common::{Reader, text_of as decoded},
    entry::{Again, Entry, RecordShape, Says, Shared, Stage},
    table::{
        self,
        columns::{Column, Columns},
    },
};
use crate::{
    charset::Charset,
    cut::{Cutter, Lines, Whole},
    cut_elements::XmlElements,
    cut_json::{Elements, Values},
    dates::DayOrder,
    fields::text_of,
    mapping::{About, ByKey, Mapping, Mappings, Node, Path, PathStep, Record, Tables},
    notes::Notes,
    open::{self, Source},
    record::{Found, Origin, Raw, Reason},
    xml,
};

pub(super) const ENTRY: Entry = Entry {
    name: "mapped",
    called: "what a mapping is of",
    told: &[
        (Stage::Said, |head| {
            head.hints.mappings.joining(head.stem).is_none() && head.hints.mappings.names(head.stem)
        }),
        (Stage::Named, |head| head.hints.mappings.of(head.stem).is_some()),
    ],
    says: Says::Mapping,
    record: RecordShape::Opaque,
    again: Again::Another,
    reader: Mapped::reader,
    #[cfg(test)]
    sample: "{\"issues\":[{\"day\":\"2/5/1931\",\"pieces\":[{\"t\":\"One\",\"by\":[{\"n\":\"A B\"}]},{\"t\":\"é\"}]}]}",
};

/// Reads what a mapping is of.
pub(crate) struct Mapped {
    pub(super) mappings: Mappings,
    pub(super) notes: Arc<Notes>,
    pub(super) archives: Arc<Archives>,
    pub(super) charset: Option<Charset>,
    /// Joined tables, by folder, name and column.
    pub(super) joined: Mutex<HashMap<(String, String, String), ByKey>>,
}

/// The number of joined tables that are kept.
const MAX_TABLES: usize = 32;

/// The notation of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    Json,
    Xml,
    Rows,
}

impl Writing {
    /// Tells by the first bytes.
    pub(crate) fn of(head: &[u8]) -> Self {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        match head.trim_ascii_start().first() {
            Some(b'<') => Self::Xml,
            Some(b'{' | b'[') => Self::Json,
            _ => Self::Rows,
        }
    }

    /// Tells by what a cutter gave its records as their head.
    fn of_record(raw: &Raw) -> Self {
        match table::is_head(&raw.head) {
            Some(true) => Self::Rows,
            Some(false) => Self::Json,
            None => Self::Xml,
        }
    }
}

impl Mapped {
    fn reader(shared: &Shared<'_>) -> Box<dyn Reader> {
        Box::new(Self {
            mappings: shared.hints.mappings.clone(),
            notes: Arc::clone(shared.notes),
            archives: Arc::clone(shared.archives),
            charset: shared.hints.charset,
            joined: Mutex::default(),
        })
    }
}

impl Reader for Mapped {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Whole>::default()
    }

    fn cutter_at(&self, head: &[u8], origin: &Origin) -> Box<dyn Cutter> {
        let Some(mapping) = self.mappings.of(&origin.stem) else { return Box::<Whole>::default() };
        let columns = columns_of(mapping);
        let (cut, _) = parted(mapping.record.as_ref());
        let name = cut.iter().rev().find_map(|step| match step {
            PathStep::Name(name) => Some(name.as_str()),
            _ => None,
        });
        match (Writing::of(head), name) {
            (Writing::Rows, _) => table::rows(columns),
            (Writing::Json, Some(name)) => {
                table::objects(Box::new(Elements::of(Some(name.to_owned()))), columns)
            }
            (Writing::Json, None) if is_lines(head) => table::objects(Box::<Lines>::default(), columns),
            (Writing::Json, None) => table::objects(Box::<Values>::default(), columns),
            (Writing::Xml, Some(name)) => Box::new(XmlElements::named(&[name])),
            (Writing::Xml, None) => Box::<Whole>::default(),
        }
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let mapping = self.mappings.of(&origin.stem).ok_or_else(|| {
            Reason::Content("no mapping is of this file: give the mapping with --map".to_owned())
        })?;
        let place = format!("{}:{}", origin.path, raw.place.line);
        let (_, inner) = parted(mapping.record.as_ref());
        let inner = Path::of(inner);
        let about = |row: Option<String>, dates: DayOrder| About {
            stem: &origin.stem,
            row,
            id: None,
            dates,
            place: &place,
            notes: &self.notes,
        };
        let row = raw.place.record.to_string();
        let each = |outer: Node<'_>, row: Option<String>, dates: DayOrder| {
            let record = Record::new(outer);
            let mut found = Vec::new();
            for (at, node) in inner.find(&record, outer).into_iter().enumerate() {
                let row = row.as_ref().map(|row| format!("{row}.{}", at + 1));
                found.extend(mapping.read(node, outer, &about(row, dates))?);
            }
            Ok(found)
        };
        let tables = Neighbours { mapped: self, origin };
        match Writing::of_record(raw) {
            Writing::Rows => {
                let table::Cells { cells, dates, .. } = table::cells(raw)?;
                mapping.read_json(
                    Value::Object(cells.into_iter().collect()),
                    &tables,
                    &about(Some(row), dates),
                )
            }
            Writing::Json => {
                let text = decoded(&raw.bytes);
                let value: Value = serde_json::from_str(&text).map_err(|error| Reason::json(&error))?;
                let dates = table::dates_of(raw);
                match inner.steps() {
                    [] => mapping.read_json(value, &tables, &about(Some(row), dates)),
                    _ => each(Node::Json(&value), Some(row), dates),
                }
            }
            Writing::Xml => {
                let root = xml::parse(raw)?;
                let row = mapping.record.as_ref().map(|_| row);
                match inner.steps() {
                    [] => mapping.read(
                        Node::Element(&root),
                        Node::Element(&root),
                        &about(row, DayOrder::Unknown),
                    ),
                    _ => each(Node::Element(&root), row, DayOrder::Unknown),
                }
            }
        }
    }
}

impl Mapped {
    fn joined(&self, origin: &Origin, table: &str, column: &str) -> Result<ByKey, Reason> {
        let folder = origin.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let key = (folder.to_owned(), table.to_owned(), column.to_owned());
        // One thread reads it, the others wait: each needs it.
        let mut joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = joined.get(&key) {
            return Ok(Arc::clone(known));
        }
        let bytes = self.archives.beside(origin)?.read(table).map_err(|reason| {
            Reason::Content(format!("the table `{table}`, which is joined to it, cannot be read: {reason}"))
        })?;
        let rows = Arc::new(by_key(&bytes, table, column, self.charset)?);
        if joined.len() >= MAX_TABLES {
            joined.clear();
        }
        joined.insert(key, Arc::clone(&rows));
        Ok(rows)
    }
}

/// The tables beside a record's file.
struct Neighbours<'a> {
    mapped: &'a Mapped,
    origin: &'a Origin,
}

impl Tables for Neighbours<'_> {
    fn by_key(&self, table: &str, column: &str) -> Result<ByKey, Reason> {
        self.mapped.joined(self.origin, table, column)
    }
}

/// Reads a table, its rows by what a column has.
fn by_key(
    bytes: &[u8],
    table: &str,
    column: &str,
    charset: Option<Charset>,
) -> Result<HashMap<String, Vec<Value>>, Reason> {
    let mut rows: HashMap<String, Vec<Value>> = HashMap::new();
    let mut failed = None;
    let origin = Origin { path: table.to_owned(), stem: table.to_owned(), changed: None };
    let mut bytes = bytes;
    open::open(Source::Stream(&mut bytes), origin, charset, &mut |stream| {
        let read = || -> Result<(), Reason> {
            let stream = stream.map_err(|(_, why)| Reason::Unreadable(why))?;
            let mut cutter: Box<dyn Cutter> = match Writing::of(&stream.head) {
                Writing::Rows => table::rows([(column.to_owned(), Column::of("body"))].into()),
                Writing::Json => Box::<Values>::default(),
                Writing::Xml => {
                    return Err(Reason::Content("it is XML, and must be a table or JSON".to_owned()));
                }
            };
            let unreadable = |error: std::io::Error| Reason::Unreadable(crate::walk::why(&error));
            while let Some(raw) = cutter.next(stream.input).map_err(unreadable)? {
                let row = match table::is_head(&raw.head) {
                    Some(true) => Value::Object(table::cells(&raw)?.cells.into_iter().collect()),
                    _ => serde_json::from_str(&decoded(&raw.bytes)).map_err(|error| Reason::json(&error))?,
                };
                match row.get(column).map(text_of) {
                    Some(key) => rows.entry(key).or_default().push(row),
                    None => return Err(Reason::Content(format!("it has no column `{column}`"))),
                }
            }
            Ok(())
        };
        failed = read().err();
        failed.is_none()
    });
    match failed {
        Some(reason) => Err(Reason::Content(format!("the table `{table}`, which is joined to it: {reason}"))),
        None => Ok(rows),
    }
}

/// Parts the path of a record: what a file is cut at, and what leads on from there.
fn parted(record: Option<&Path>) -> (&[PathStep], &[PathStep]) {
    let steps = record.map(Path::steps).unwrap_or_default();
    match steps.iter().position(|step| *step == PathStep::Each) {
        Some(at) => (steps.get(..at).unwrap_or_default(), steps.get(at + 1..).unwrap_or_default()),
        None => (steps, &[]),
    }
}

/// Returns the columns that a mapping names, so that a table's header and the order of its dates are found by them.
fn columns_of(mapping: &Mapping) -> Columns {
    let mut columns = Columns::new();
    for (field, expr) in mapping.values() {
        let mut paths = Vec::new();
        expr.paths(&mut paths);
        for name in paths.into_iter().filter_map(Path::last_name) {
            let field = if matches!(field, "published" | "updated") { "published" } else { "body" };
            columns.insert(name.to_owned(), Column::of(field));
        }
    }
    columns
}

/// Returns true if each line is a value of its own.
fn is_lines(head: &[u8]) -> bool {
    let mut lines = head.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.next().is_some_and(|line| {
        line.ends_with(b"\n") && line.starts_with(b"{") && serde_json::from_slice::<Value>(line).is_ok()
    })
}
