//! Cutting a table into rows. The first megabyte is read ahead, and decides how the rest is read.

use std::{
    io::{self, BufRead, Read},
    sync::Arc,
};

use super::{
    columns::Columns,
    dialect::{self, Dialect, Header},
    rows::{Machine, Row},
};
use crate::{
    cut::{Cursor, Cutter, Gathered},
    dates::DayOrder,
    record::{Raw, Reason},
};

/// The bytes that are read ahead.
pub(super) const SAMPLE_BYTES: usize = 1 << 20;
/// A quoted cell between tabs that is longer than any is none.
const MAX_QUOTED: usize = 1 << 20;

/// The bytes that were read ahead of a stream.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    bytes: Vec<u8>,
    at: usize,
}

impl Ahead {
    /// Reads ahead; returns true if nothing follows.
    pub(super) fn fill(&mut self, input: &mut dyn BufRead) -> io::Result<bool> {
        Read::take(input, SAMPLE_BYTES as u64).read_to_end(&mut self.bytes)?;
        Ok(self.bytes.len() < SAMPLE_BYTES)
    }

    /// Returns what was read ahead and not taken yet.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Puts bytes back before what is to be read.
    fn put_back(&mut self, bytes: Vec<u8>) {
        self.bytes = [bytes, self.rest().to_vec()].concat();
        self.at = 0;
    }

    /// Returns the stream, beginning with what was read ahead.
    pub(super) fn before<'a>(&'a mut self, input: &'a mut dyn BufRead) -> Before<'a> {
        Before { ahead: self, input }
    }
}

/// A stream of which some was read ahead.
pub(super) struct Before<'a> {
    ahead: &'a mut Ahead,
    input: &'a mut dyn BufRead,
}

impl Read for Before<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Before<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.ahead.rest().is_empty() { self.input.fill_buf() } else { Ok(self.ahead.rest()) }
    }

    fn consume(&mut self, count: usize) {
        if self.ahead.rest().is_empty() {
            self.input.consume(count);
        } else {
            self.ahead.at += count;
            if self.ahead.rest().is_empty() {
                *self.ahead = Ahead::default();
            }
        }
    }
}

/// Rows, of which a quoted cell may hold line breaks; the header's dialect and itself are the head of each.
pub(super) struct Rows {
    mapped: Columns,
    told: Vec<&'static str>,
    cursor: Cursor,
    ahead: Ahead,
    table: Option<Table>,
}

/// A table, as its beginning tells.
struct Table {
    dialect: Dialect,
    columns: usize,
    head: Arc<[u8]>,
    /// The head of rows whose quotes quote nothing.
    literal: Arc<[u8]>,
}

impl Rows {
    pub(super) fn new(mapped: Columns) -> Self {
        Self { mapped, told: Vec::new(), cursor: Cursor::default(), ahead: Ahead::default(), table: None }
    }

    /// Reads ahead, decides, and passes over what stands before the first row.
    fn begin(&mut self, input: &mut dyn BufRead) -> io::Result<Table> {
        let whole = self.ahead.fill(input)?;
        let sample = self.ahead.rest();
        let found = dialect::header(sample, &self.mapped).unwrap_or_else(|| {
            // The format is known by this header, or else the user named it: its first line.
            let length = memchr::memchr(b'\n', sample).map_or(sample.len(), |at| at + 1);
            let dialect =
                Dialect::of_head(&String::from_utf8_lossy(sample.get(..length).unwrap_or_default())).0;
            Header { dialect, columns: Vec::new(), before: 0, length, preamble: 0 }
        });
        let dialect = dialect::of_rows(sample, &found, whole, &self.mapped);
        let header = sample.get(found.before..found.before + found.length).unwrap_or_default();
        let head = |dialect: Dialect| [dialect.line().as_bytes(), header].concat().into();
        let literal = Dialect { quotes: false, ..dialect };
        let table =
            Table { dialect, columns: found.columns.len(), head: head(dialect), literal: head(literal) };
        self.told = told(&found, dialect);
        let passed = sample.get(..found.before + found.length).unwrap_or_default().to_vec();
        self.cursor.pass(&passed);
        self.ahead.before(input).consume(passed.len());
        Ok(table)
    }

    /// Returns one row with its line break, and what its quotes are; empty at the end of the file.
    fn row(&mut self, input: &mut dyn BufRead, dialect: Dialect) -> io::Result<(Gathered, Machine, bool)> {
        let mut row = Gathered::default();
        let mut machine = Machine::new(dialect);
        let mut input = self.ahead.before(input);
        loop {
            let buffer = input.fill_buf()?;
            if buffer.is_empty() {
                return Ok((row, machine, false));
            }
            let end = buffer.iter().position(|byte| machine.ends(*byte));
            let part = buffer.get(..end.map_or(buffer.len(), |at| at + 1)).unwrap_or(buffer);
            row.push(part);
            self.cursor.pass(part);
            let length = part.len();
            input.consume(length);
            if end.is_some()
                || (dialect.delimiter == b'\t' && (machine.broken || row.bytes.len() > MAX_QUOTED))
            {
                return Ok((row, machine, end.is_some()));
            }
        }
    }
}

/// Returns what is told of how a table was understood, where it is not plain.
fn told(found: &Header, dialect: Dialect) -> Vec<&'static str> {
    let tabs = dialect.delimiter == b'\t';
    [
        (found.preamble > 0, "lines stand before the header of this table: passed over"),
        (tabs && dialect.quotes, "cells between tabs stand in quotes: read as such"),
        (dialect.escapes, "quotes in cells have a backslash before them: read as such"),
    ]
    .into_iter()
    .filter_map(|(holds, what)| holds.then_some(what))
    .chain(of_dates(dialect.dates))
    .collect()
}

/// Returns what is told of dates by numbers alone.
pub(super) fn of_dates(order: DayOrder) -> Option<&'static str> {
    match order {
        DayOrder::Unknown => None,
        DayOrder::DayFirst => Some("dates have the day before the month, as some of them show"),
        DayOrder::MonthFirst => Some("dates have the month before the day, as some of them show"),
    }
}

impl Cutter for Rows {
    fn told(&self) -> Vec<&'static str> {
        self.told.clone()
    }

    fn next(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Raw>> {
        if self.table.is_none() {
            self.table = Some(self.begin(input)?);
        }
        loop {
            let Some(Table { dialect, columns, head, literal }) = &self.table else { return Ok(None) };
            let (dialect, columns) = (*dialect, *columns);
            let (mut head, literal) = (Arc::clone(head), Arc::clone(literal));
            let start = self.cursor;
            let (mut row, mut machine, ended) = self.row(input, dialect)?;
            if self.cursor.0 == start.0 {
                return Ok(None);
            }
            if dialect.quotes
                && dialect.delimiter == b'\t'
                && is_literal(&row.bytes, &machine, ended, dialect, columns)
            {
                // A quote that quotes nothing must not take the rows along that follow.
                self.ahead.put_back(row.bytes);
                self.cursor = start;
                (row, machine, _) = self.row(input, Dialect { quotes: false, ..dialect })?;
                head = literal;
            }
            if row.bytes.trim_ascii().is_empty() {
                continue;
            }
            self.cursor.0.record += 1;
            let why =
                "a quoted cell of this row never ends: its closing quote is missing, or the file was cut off";
            let broken = machine.is_open().then(|| Reason::syntax(why));
            return Ok(Some(Raw { head, ..row.record(start.0, broken) }));
        }
    }
}

/// Returns true for a row between tabs whose quotes are part of its text: one does not close where a cell ends, or what
/// it holds makes no row, while its first line alone does.
fn is_literal(row: &[u8], machine: &Machine, ended: bool, dialect: Dialect, columns: usize) -> bool {
    let first = Row::read(row, Dialect { quotes: false, ..dialect });
    let parts_better = first.length < row.len() && machine.cells != columns && first.cells == columns;
    machine.broken || (machine.is_open() && !ended) || parts_better
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, size: usize) -> (Vec<(u64, String, bool)>, Vec<&'static str>) {
        let mut input = io::BufReader::with_capacity(size, text.as_bytes());
        let mut cutter = Rows::new(Columns::new());
        let mut rows = Vec::new();
        while let Some(raw) = cutter.next(&mut input).unwrap() {
            rows.push((raw.place.line, String::from_utf8(raw.bytes).unwrap(), raw.broken.is_some()));
        }
        (rows, cutter.told())
    }

    fn check(text: &str, expected: &[(u64, &str, bool)], told: &[&str]) {
        for size in [1, 3, 64] {
            let expected: Vec<_> =
                expected.iter().map(|(line, row, broken)| (*line, (*row).to_owned(), *broken)).collect();
            let (rows, notes) = rows(text, size);
            assert_eq!(rows, expected, "{text:?} in steps of {size}");
            assert_eq!(notes, told, "{text:?}");
        }
    }

    #[test]
    fn quotes_count_only_at_the_beginning_of_a_cell() {
        check(
            "title,text\n5\" pipe,A\r\"B \"\"b\"\"\nb\",C\nD,\"never\nends\n",
            &[
                (2, "5\" pipe,A\r", false),
                (2, "\"B \"\"b\"\"\nb\",C\n", false),
                (4, "D,\"never\nends\n", true),
            ],
            &[],
        );
    }

    /// Programs quote cells between tabs, where people write quotes that are none.
    #[test]
    fn quotes_between_tabs_hold_where_all_of_them_close() {
        let quoted = "cells between tabs stand in quotes: read as such";
        check(
            "title\ttext\nA\t\"x\ny\"\nB\tz\n",
            &[(2, "A\t\"x\ny\"\n", false), (4, "B\tz\n", false)],
            &[quoted],
        );
        check(
            "title\ttext\nA\t\"x\" he said\nB\tz\n",
            &[(2, "A\t\"x\" he said\n", false), (3, "B\tz\n", false)],
            &[],
        );
        check("title\ttext\nA\t\"x\nB\tz\n", &[(2, "A\t\"x\n", false), (3, "B\tz\n", false)], &[]);
    }

    /// A breach further on than what decides costs its own row its quotes, and no other its place.
    #[test]
    fn a_late_breach_is_read_literally() {
        let good = "A\t\"x\ny\"\n".repeat(SAMPLE_BYTES / 8);
        let text = format!("title\ttext\n{good}B\t\"z\" he said\nC\t\"open\nD\t\"x\ny\"\nE\te\n");
        let (rows, _) = rows(&text, 8_192);
        let tail: Vec<&str> = rows.iter().rev().take(5).rev().map(|(_, row, _)| row.as_str()).collect();
        assert_eq!(tail, ["A\t\"x\ny\"\n", "B\t\"z\" he said\n", "C\t\"open\n", "D\t\"x\ny\"\n", "E\te\n"]);
        assert!(rows.iter().all(|(_, _, broken)| !broken));
    }

    #[test]
    fn what_stands_before_the_header_is_passed_over() {
        let passed = "lines stand before the header of this table: passed over";
        check("Export of 1931\n\nid,title,text\n1,A,B\n", &[(4, "1,A,B\n", false)], &[passed]);
        check("sep=;\nid;title;text\n1;A,a;B\n", &[(3, "1;A,a;B\n", false)], &[]);
    }
}
