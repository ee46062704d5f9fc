//! Rows and cells: where each ends, by the dialect of its table (RFC 4180 and its relatives).

use std::borrow::Cow;

use super::dialect::Dialect;

/// The state of reading within a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cell {
    Start,
    Plain,
    Quoted,
    /// After a backslash in a quoted cell.
    Escaped,
    /// After a quote in a quoted cell: its end, or the first of two.
    Quote,
}

/// The meaning of a byte in its row.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Byte {
    Text,
    /// A quote, a backslash or a space that is none of the cell's text.
    Mark,
    /// A space behind a closing quote, which is text only where text follows.
    Gap,
    Delimiter,
    End,
}

/// Goes over the bytes of a row.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    dialect: Dialect,
    cell: Cell,
    /// Cells so far.
    pub(super) cells: usize,
    /// Something follows a quote that closes a cell.
    pub(super) broken: bool,
}

impl Machine {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, cell: Cell::Start, cells: 1, broken: false }
    }

    /// Returns true inside of quotes.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.cell, Cell::Quoted | Cell::Escaped)
    }

    /// Takes the next byte; returns true for the line break that ends the row.
    pub(super) fn ends(&mut self, byte: u8) -> bool {
        self.step(byte) == Byte::End
    }

    fn step(&mut self, byte: u8) -> Byte {
        let Dialect { delimiter, quotes, escapes, spaces, .. } = self.dialect;
        let (cell, is) = match (self.cell, byte) {
            (Cell::Quoted, b'\\') if escapes => (Cell::Escaped, Byte::Mark),
            (Cell::Quoted, b'"') => (Cell::Quote, Byte::Mark),
            (Cell::Quoted | Cell::Escaped, _) => (Cell::Quoted, Byte::Text),
            (Cell::Quote, b'"') => (Cell::Quoted, Byte::Text),
            (_, b'\n' | b'\r') => return Byte::End,
            (_, byte) if byte == delimiter => (Cell::Start, Byte::Delimiter),
            (Cell::Start, b'"') if quotes => (Cell::Quoted, Byte::Mark),
            (Cell::Start, b' ') if spaces => (Cell::Start, Byte::Mark),
            (Cell::Quote, b' ') => (Cell::Quote, Byte::Gap),
            (Cell::Quote, _) => {
                self.broken = true;
                (Cell::Plain, Byte::Text)
            }
            _ => (Cell::Plain, Byte::Text),
        };
        self.cells += usize::from(is == Byte::Delimiter);
        self.cell = cell;
        is
    }
}

/// One row, looked at without being taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// In bytes, with its line break.
    pub(super) length: usize,
    pub(super) cells: usize,
    pub(super) broken: bool,
    /// A quoted cell is open at its end.
    pub(super) open: bool,
    /// A line break ends it.
    pub(super) ended: bool,
}

impl Row {
    /// Returns the row that these bytes begin with.
    pub(super) fn read(bytes: &[u8], dialect: Dialect) -> Self {
        let mut machine = Machine::new(dialect);
        let end = bytes.iter().position(|byte| machine.ends(*byte));
        Self {
            length: end.map_or(bytes.len(), |at| at + 1),
            cells: machine.cells,
            broken: machine.broken,
            open: machine.is_open(),
            ended: end.is_some(),
        }
    }

    /// Returns how long the row is that these bytes begin with, its line break with it.
    pub(super) fn length(bytes: &[u8], dialect: Dialect) -> usize {
        Self::read(bytes, dialect).length
    }

    /// Returns the texts of the cells. `\N` is MySQL's for nothing.
    pub(super) fn cells(row: &str, dialect: Dialect) -> Vec<String> {
        let mut machine = Machine::new(dialect);
        let mut cells = Vec::new();
        let mut cell: Vec<u8> = Vec::new();
        let mut gap = 0;
        for byte in row.bytes() {
            let is = machine.step(byte);
            let before = std::mem::take(&mut gap);
            match is {
                Byte::Text => {
                    cell.resize(cell.len() + before, b' ');
                    cell.push(byte);
                }
                Byte::Mark => {}
                Byte::Gap => gap = before + 1,
                Byte::Delimiter => cells.push(text(&std::mem::take(&mut cell)).into_owned()),
                Byte::End => break,
            }
        }
        cells.push(text(&cell).into_owned());
        cells
    }
}

/// Returns a cell as text. Whole characters were cut at ASCII, and are whole.
fn text(cell: &[u8]) -> Cow<'_, str> {
    if cell == b"\\N" { Cow::Borrowed("") } else { String::from_utf8_lossy(cell) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_parted_by_their_dialect() {
        let check =
            |row: &str, (delimiter, quotes, escapes, spaces): (u8, bool, bool, bool), expected: &[&str]| {
                let dialect = Dialect { quotes, escapes, spaces, ..Dialect::of_delimiter(delimiter) };
                assert_eq!(Row::cells(row, dialect), expected, "{row} {dialect:?}");
            };
        let plain = (b',', true, false, false);
        check("a,\"b, \"\"c\"\"\nd\",,e\n", plain, &["a", "b, \"c\"\nd", "", "e"]);
        check("5\" pipe,\\N,\"x\" y", plain, &["5\" pipe", "", "x y"]);
        check("a, \"b, c\"", plain, &["a", " \"b", " c\""]);
        check("a, \"b, c\" ,d", (b',', true, false, true), &["a", "b, c", "d"]);
        check("\"a \\\"b\\\", \\\\\",c", (b',', true, true, false), &["a \"b\", \\", "c"]);
        check("\"a\"\tb\"\t", (b'\t', false, false, false), &["\"a\"", "b\"", ""]);
        check("\"a\tb\"\tc\r\n", (b'\t', true, false, false), &["a\tb", "c"]);
    }
}
