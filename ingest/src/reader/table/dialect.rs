//! The dialect of a table: what parts its cells, what its quotes mean, where its header stands, which of two numbers
//! in its dates is the day. Decided once, on the file's first megabyte, by what fits best.

use super::{
    columns::{Columns, field, is_header},
    rows::Row,
};
use crate::{
    charset::text_of,
    dates::{self, DayOrder},
};

/// The number of lines that may stand before the header.
const MAX_PREAMBLE: usize = 20;

/// The way in which a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// A cell may stand in quotes, and then hold delimiters and line breaks (RFC 4180).
    pub(super) quotes: bool,
    /// In quotes, a backslash stands before what is no end (MySQL), instead of two quotes.
    pub(super) escapes: bool,
    /// Spaces may stand before a quote that opens a cell.
    pub(super) spaces: bool,
    pub(super) dates: DayOrder,
}

impl Dialect {
    /// Returns a dialect as RFC 4180 has it, but for the delimiter. Of tabs, cells are taken as they are.
    pub(super) fn of_delimiter(delimiter: u8) -> Self {
        let quotes = delimiter != b'\t';
        Self { delimiter, quotes, escapes: false, spaces: false, dates: DayOrder::Unknown }
    }

    /// Returns it as a line that stands before the header of each record.
    pub(super) fn line(self) -> String {
        let Self { delimiter, quotes, escapes, spaces, dates } = self;
        let dates = match dates {
            DayOrder::Unknown => "unknown",
            DayOrder::DayFirst => "day-first",
            DayOrder::MonthFirst => "month-first",
        };
        format!(
            "{MARK}delimiter={delimiter} quotes={quotes} escapes={escapes} spaces={spaces} dates={dates}\n"
        )
    }

    /// Returns true for a head that says how its file is written.
    pub(super) fn is_stated(head: &str) -> bool {
        head.starts_with(MARK)
    }

    /// Returns what the head of a record says, and the header in it. One of an older version is a header alone.
    pub(super) fn of_head(head: &str) -> (Self, &str) {
        let Some((line, header)) = head.strip_prefix(MARK).and_then(|rest| rest.split_once('\n')) else {
            return (Self::of_delimiter(delimiter_of(head)), head);
        };
        let mut dialect = Self::of_delimiter(delimiter_of(header));
        for (name, value) in line.split(' ').filter_map(|pair| pair.split_once('=')) {
            match name {
                // A number of another form says nothing: the header tells.
                "delimiter" => dialect.delimiter = value.parse().unwrap_or(dialect.delimiter),
                "quotes" => dialect.quotes = value == "true",
                "escapes" => dialect.escapes = value == "true",
                "spaces" => dialect.spaces = value == "true",
                "dates" => {
                    dialect.dates = match value {
                        "day-first" => DayOrder::DayFirst,
                        "month-first" => DayOrder::MonthFirst,
                        _ => DayOrder::Unknown,
                    }
                }
                _ => {}
            }
        }
        (dialect, header)
    }
}

/// Begins the line that a head opens with; no header begins so.
const MARK: &str = "#dialect: ";

/// The header that was found at the beginning of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Header {
    pub(super) dialect: Dialect,
    pub(crate) columns: Vec<String>,
    /// Bytes before the header's line.
    pub(super) before: usize,
    /// Bytes of the header's line, its break with it.
    pub(super) length: usize,
    /// Lines that stand before the header.
    pub(super) preamble: usize,
}

impl Header {
    /// Returns true if nothing stands before it.
    pub(crate) fn is_first(&self) -> bool {
        self.preamble == 0
    }

    /// Returns how many of its columns are known.
    pub(crate) fn known(&self, mapped: &Columns) -> usize {
        self.columns.iter().filter(|column| field(column, mapped).is_some()).count()
    }
}

/// Returns the line that fits best as a header, in the first lines of a table: it has a headline or a text. What stands
/// before one is a title or a note; a line further on must have two columns that are known.
pub(crate) fn header(sample: &[u8], mapped: &Columns) -> Option<Header> {
    let (mut first, mut before) = (0, 0);
    let mut stated = None;
    let mut preamble = 0;
    for _ in 0..MAX_PREAMBLE {
        let rest = sample.get(before..).filter(|rest| !rest.is_empty())?;
        let line = rest.split_inclusive(|byte| *byte == b'\n').next().unwrap_or(rest);
        if line.trim_ascii().is_empty() {
            before += line.len();
            continue;
        }
        // Excel's own.
        if preamble == 0
            && let Some(delimiter) = separator(line)
        {
            stated = Some(delimiter);
            before += line.len();
            first = before;
            continue;
        }
        let delimiters = stated.map_or(vec![b'\t', b';', b'|', b','], |delimiter| vec![delimiter]);
        let best = delimiters.into_iter().filter_map(|delimiter| {
            let dialect = Dialect { quotes: true, spaces: true, ..Dialect::of_delimiter(delimiter) };
            let length = Row::length(rest, dialect);
            let text = text_of(rest.get(..length)?, b"");
            let columns: Vec<String> =
                Row::cells(&text, dialect).iter().map(|cell| cell.trim().to_owned()).collect();
            let known = columns.iter().filter(|column| field(column, mapped).is_some()).count();
            let good = is_header(&columns, mapped) && (preamble == 0 || known > 1);
            // Rows of the table that stand before its header would be lost.
            let passed = sample.get(first..before).unwrap_or_default().split(|byte| *byte == b'\n');
            let good = good
                && passed
                    .filter(|line| !line.is_empty())
                    .all(|line| Row::read(line, dialect).cells != columns.len());
            good.then_some((known, columns.len(), delimiter, length, columns))
        });
        if let Some((_, _, delimiter, length, columns)) =
            best.max_by_key(|(known, count, ..)| (*known, *count))
        {
            return Some(Header {
                dialect: Dialect::of_delimiter(delimiter),
                columns,
                before,
                length,
                preamble,
            });
        }
        before += line.len();
        preamble += 1;
    }
    None
}

/// Reads the delimiter of a line `sep=;`.
fn separator(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line.get(..4).filter(|start| start.eq_ignore_ascii_case(b"sep=")).and_then(|_| line.get(4..)) {
        Some([delimiter]) => Some(*delimiter),
        Some(b"\\t" | b"") => Some(b'\t'),
        _ => None,
    }
}

/// Returns the dialect that fits the rows of a sample best: in which the fewest break its rules or have another number
/// of cells than the header. `whole` says that nothing follows the sample.
pub(super) fn of_rows(sample: &[u8], found: &Header, whole: bool, mapped: &Columns) -> Dialect {
    let rows = sample.get(found.before + found.length..).unwrap_or_default();
    let has = |needle: &[u8]| memchr::memmem::find(rows, needle).is_some();
    let either = |possible: bool| if possible { vec![false, true] } else { vec![false] };
    let tabs = found.dialect.delimiter == b'\t';
    let mut best: Option<(usize, Dialect)> = None;
    // In order of preference where several fit alike.
    for quotes in if tabs && has(b"\"") { vec![true, false] } else { vec![!tabs] } {
        for escapes in either(quotes && has(b"\\\"")) {
            for spaces in either(quotes && has(b" \"")) {
                let dialect = Dialect { quotes, escapes, spaces, ..found.dialect };
                let fit = Fit::of(rows, dialect, found.columns.len(), whole);
                // One cell that does not close shows that quotes between tabs are what they look like.
                if tabs && quotes && fit.broken > 0 {
                    continue;
                }
                let faults = fit.broken + fit.uneven;
                if best.is_none_or(|(fewest, _)| faults < fewest) {
                    best = Some((faults, dialect));
                }
            }
        }
    }
    let dialect = best.map_or(found.dialect, |(_, dialect)| dialect);
    Dialect { dates: day_order(rows, dialect, &found.columns, mapped), ..dialect }
}

/// The measure of how well rows fit a dialect.
struct Fit {
    /// Rows with a quote where none can be, or one that never closes.
    broken: usize,
    /// Rows with more or fewer cells than the header.
    uneven: usize,
}

impl Fit {
    fn of(rows: &[u8], dialect: Dialect, columns: usize, whole: bool) -> Self {
        let mut fit = Self { broken: 0, uneven: 0 };
        let mut rest = rows;
        while !rest.is_empty() {
            let row = Row::read(rest, dialect);
            let (line, after) = rest.split_at(row.length);
            // The last one may be cut by the sample's end.
            if !row.ended && !whole {
                break;
            }
            rest = after;
            if line.trim_ascii().is_empty() {
                continue;
            }
            fit.broken += usize::from(row.broken || (row.open && !row.ended));
            fit.uneven += usize::from(row.cells != columns);
        }
        fit
    }
}

/// Returns what the dates of all rows tell together; nothing where they contradict each other.
fn day_order(rows: &[u8], dialect: Dialect, columns: &[String], mapped: &Columns) -> DayOrder {
    let dated: Vec<usize> = (0..columns.len())
        .filter(|at| {
            let column = columns.get(*at).map(|column| field(column, mapped));
            matches!(column, Some(Some("published" | "updated")))
        })
        .collect();
    let mut orders = Orders::default();
    let mut rest = rows;
    while !rest.is_empty() && !dated.is_empty() {
        let row = Row::read(rest, dialect);
        let (line, after) = rest.split_at(row.length);
        rest = after;
        if !line.contains(&b'/') && !line.contains(&b'-') {
            continue;
        }
        let cells = Row::cells(&text_of(line, b""), dialect);
        dated.iter().filter_map(|at| cells.get(*at)).for_each(|cell| orders.see(cell));
    }
    orders.decided()
}

/// The counts of what dates tell of the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Orders {
    days_first: usize,
    months_first: usize,
}

impl Orders {
    pub(super) fn see(&mut self, date: &str) {
        match dates::order_of(date) {
            DayOrder::DayFirst => self.days_first += 1,
            DayOrder::MonthFirst => self.months_first += 1,
            DayOrder::Unknown => {}
        }
    }

    pub(super) fn decided(&self) -> DayOrder {
        match (self.days_first, self.months_first) {
            (1.., 0) => DayOrder::DayFirst,
            (0, 1..) => DayOrder::MonthFirst,
            _ => DayOrder::Unknown,
        }
    }
}

/// Returns the columns of a line, by what is in it most often.
pub(crate) fn columns_of(line: &str) -> Vec<String> {
    let dialect = Dialect { quotes: true, ..Dialect::of_delimiter(delimiter_of(line)) };
    Row::cells(line, dialect).iter().map(|cell| cell.trim().to_owned()).collect()
}

/// Returns what parts the cells of a header of which nothing else is known: what is in it most often.
fn delimiter_of(line: &str) -> u8 {
    let count = |byte: u8| line.bytes().filter(|other| *other == byte).count();
    [b'\t', b';', b'|', b','].into_iter().max_by_key(|byte| count(*byte)).unwrap_or(b',')
}
