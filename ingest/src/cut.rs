//! Cutting a stream into records without understanding them.
//!
//! Cutting is sequential and must be cheap; understanding is done by many threads afterwards.

use std::io::{self, BufRead};

use memchr::{memchr, memchr_iter, memrchr};

use crate::record::{MAX_RECORD_BYTES, Place, Raw, Reason};

/// The bytes that are kept of a record that is too large, for people to recognise it.
const KEPT_OF_TOO_LARGE: usize = 64 << 10;

/// Cuts the records of one file off its stream, one after another.
pub(crate) trait Cutter: Send {
    /// Returns the next record; `None` at the end of the file.
    fn next(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Raw>>;

    /// Returns how it understood the file, where that is not plain: for people.
    fn told(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

/// The line, column and number at which a cutter stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor(pub(crate) Place);

impl Default for Cursor {
    fn default() -> Self {
        Self(Place::START)
    }
}

impl Cursor {
    /// Goes over bytes of the file.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        let lines = memchr_iter(b'\n', bytes).count() as u64;
        match memrchr(b'\n', bytes) {
            Some(last) => {
                self.0.line += lines;
                self.0.column = (bytes.len() - last) as u64;
            }
            None => self.0.column += bytes.len() as u64,
        }
    }

    /// Returns the place of the record that begins here, counted.
    pub(crate) fn begin(&mut self) -> Place {
        let place = self.0;
        self.0.record += 1;
        place
    }
}

/// Bytes of a record, as many as are taken.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) bytes: Vec<u8>,
    too_large: bool,
}

impl Gathered {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.too_large {
            return;
        }
        if self.bytes.len() + bytes.len() > MAX_RECORD_BYTES {
            self.too_large = true;
            self.bytes.truncate(KEPT_OF_TOO_LARGE);
            self.bytes.shrink_to_fit();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }

    pub(crate) fn record(self, place: Place, broken: Option<Reason>) -> Raw {
        let broken = match self.too_large {
            true => Some(Reason::TooLarge { max: MAX_RECORD_BYTES }),
            false => broken,
        };
        Raw { broken, ..Raw::new(place, self.bytes) }
    }
}

/// The whole file is one record.
#[derive(Default)]
pub(crate) struct Whole {
    done: bool,
}

impl Cutter for Whole {
    fn next(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Raw>> {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let mut gathered = Gathered::default();
        loop {
            let buffer = input.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let length = buffer.len();
            gathered.push(buffer);
            input.consume(length);
        }
        Ok(Some(gathered.record(Place::START, None)))
    }
}

/// Every line is a record; empty ones are none.
#[derive(Default)]
pub(crate) struct Lines {
    cursor: Cursor,
}

impl Cutter for Lines {
    fn next(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Raw>> {
        loop {
            let mut line = Gathered::default();
            let mut passed = 0_u64;
            let mut ended = false;
            while !ended {
                let buffer = input.fill_buf()?;
                if buffer.is_empty() {
                    break;
                }
                let length = memchr(b'\n', buffer).map_or(buffer.len(), |at| at + 1);
                let part = buffer.get(..length).unwrap_or(buffer);
                ended = part.ends_with(b"\n");
                line.push(part);
                passed += length as u64;
                input.consume(length);
            }
            if passed == 0 {
                return Ok(None);
            }
            let place = Place { column: 1, ..self.cursor.0 };
            self.cursor.0.line += 1;
            if line.bytes.trim_ascii().is_empty() {
                continue;
            }
            self.cursor.0.record += 1;
            let length = line.bytes.trim_ascii_end().len();
            line.bytes.truncate(length);
            return Ok(Some(line.record(place, None)));
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// With buffers of one, three and many bytes, so that every boundary is met.
    pub(crate) fn check(make: &dyn Fn() -> Box<dyn Cutter>, text: &str, expected: &[&str]) {
        for size in [1, 3, 8_192] {
            let mut input = io::BufReader::with_capacity(size, text.as_bytes());
            let mut cutter = make();
            let mut found = Vec::new();
            while let Some(raw) = cutter.next(&mut input).unwrap() {
                let why = raw.broken.map(|reason| format!(" ({reason})")).unwrap_or_default();
                found.push(format!("{} {}{why}", raw.place, String::from_utf8_lossy(&raw.bytes)));
            }
            assert_eq!(found, expected, "{text:?} in steps of {size}");
        }
    }

    #[test]
    fn lines_are_cut() {
        let lines = || Box::<Lines>::default() as Box<dyn Cutter>;
        check(&lines, "a\n\n  b\r\nc", &["1:1 a", "3:1   b", "4:1 c"]);
        check(&lines, "", &[]);
    }
}
