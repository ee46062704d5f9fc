//! Where one record ends and the next begins: cutting a stream into records without understanding them.
//!
//! Cutting is sequential and must be cheap; understanding is done by many threads afterwards.

use std::io::{self, BufRead};

use memchr::{memchr, memchr_iter, memchr2, memrchr};

use crate::record::{MAX_RECORD_BYTES, Place, Raw, Reason};

/// How much of a record that is too large is kept for people to recognise it.
const KEPT_OF_TOO_LARGE: usize = 64 << 10;

/// Cuts the records of one file off its stream, one after another.
pub(crate) trait Cutter: Send {
    /// The next record; `None` at the end of the file.
    fn next(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Raw>>;
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

    /// The place of the record that begins here, counted.
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

/// Every element of one array of a JSON document is a record: that which is the value of a key, or the document
/// itself.
pub(crate) struct Elements {
    key: Option<&'static str>,
    cursor: Cursor,
    state: Stage,
}

#[derive(PartialEq)]
enum Stage {
    Before,
    Inside,
    After,
}

impl Elements {
    /// The elements of the array under `key`, or of the array that the document is.
    pub(crate) fn of(key: Option<&'static str>) -> Self {
        Self { key, cursor: Cursor::default(), state: Stage::Before }
    }

    /// Reads up to the array's bracket; whether there is one.
    fn find(&mut self, input: &mut dyn BufRead) -> io::Result<bool> {
        let mut last_text: Vec<u8> = Vec::new();
        let mut scan = Scan::default();
        let mut after_key = false;
        while let Some(byte) = peek(input)? {
            let was_string = scan.in_string;
            scan.step(byte);
            match (was_string, byte) {
                (true, b'"') if !scan.in_string => {}
                (true, _) => {
                    if last_text.len() < 64 {
                        last_text.push(byte);
                    }
                }
                (false, b'"') => {
                    last_text.clear();
                    after_key = false;
                }
                (false, b':') => after_key = self.key.is_some_and(|key| last_text == key.as_bytes()),
                (false, b'[') if after_key || (self.key.is_none() && scan.depth == 1) => {
                    self.pass(input, &[byte]);
                    return Ok(true);
                }
                (false, byte) if byte.is_ascii_whitespace() => {}
                _ => after_key = false,
            }
            self.pass(input, &[byte]);
        }
        Ok(false)
    }

    fn pass(&mut self, input: &mut dyn BufRead, bytes: &[u8]) {
        self.cursor.pass(bytes);
        input.consume(bytes.len());
    }
}

impl Cutter for Elements {
    fn next(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Raw>> {
        if self.state == Stage::Before {
            self.state = if self.find(input)? { Stage::Inside } else { Stage::After };
            if self.state == Stage::After {
                let reason = Reason::Content(match self.key {
                    Some(key) => format!("there is no list `{key}` in this document"),
                    None => "this document is no list".to_owned(),
                });
                return Ok(Some(Raw::broken(Place::START, Vec::new(), reason)));
            }
        }
        while self.state == Stage::Inside {
            match peek(input)? {
                None => {
                    self.state = Stage::After;
                    return Ok(Some(Raw::broken(self.cursor.begin(), Vec::new(), Reason::Truncated)));
                }
                Some(b']') => self.state = Stage::After,
                Some(byte) if byte == b',' || byte.is_ascii_whitespace() => self.pass(input, &[byte]),
                Some(_) => return self.element(input).map(Some),
            }
        }
        // What follows the list is of no record, but must be read to know that the file is whole.
        loop {
            let length = input.fill_buf()?.len();
            if length == 0 {
                return Ok(None);
            }
            input.consume(length);
        }
    }
}

impl Elements {
    fn element(&mut self, input: &mut dyn BufRead) -> io::Result<Raw> {
        let place = self.cursor.begin();
        let mut gathered = Gathered::default();
        let mut scan = Scan::default();
        loop {
            let buffer = input.fill_buf()?;
            if buffer.is_empty() {
                self.state = Stage::After;
                return Ok(gathered.record(place, Some(Reason::Truncated)));
            }
            let (length, ended) = scan.run(buffer);
            let part = buffer.get(..length).unwrap_or(buffer);
            gathered.push(part);
            self.cursor.pass(part);
            input.consume(length);
            if ended {
                return Ok(gathered.record(place, None));
            }
        }
    }
}

/// Follows strings and brackets of JSON.
#[derive(Debug, Default)]
struct Scan {
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    fn step(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if self.in_string {
            match byte {
                b'"' => self.in_string = false,
                b'\\' => self.escaped = true,
                _ => {}
            }
        } else {
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// How many bytes belong to the value, and whether it ends there.
    fn run(&mut self, buffer: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while let Some(rest) = buffer.get(at..).filter(|rest| !rest.is_empty()) {
            if self.escaped {
                self.escaped = false;
                at += 1;
            } else if self.in_string {
                match memchr2(b'"', b'\\', rest) {
                    None => return (buffer.len(), false),
                    Some(found) => {
                        self.escaped = rest.get(found) == Some(&b'\\');
                        self.in_string = self.escaped;
                        at += found + 1;
                    }
                }
            } else {
                for byte in rest {
                    // A bare value ends before the comma or bracket of its list.
                    if self.depth == 0 && matches!(byte, b',' | b']' | b'}') {
                        return (at, true);
                    }
                    at += 1;
                    match byte {
                        b'"' => {
                            self.in_string = true;
                            break;
                        }
                        b'{' | b'[' => self.depth += 1,
                        b'}' | b']' => {
                            self.depth -= 1;
                            if self.depth == 0 {
                                return (at, true);
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        (buffer.len(), false)
    }
}

fn peek(input: &mut dyn BufRead) -> io::Result<Option<u8>> {
    Ok(input.fill_buf()?.first().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With buffers of one, three and many bytes, so that every boundary is met.
    fn check(make: &dyn Fn() -> Box<dyn Cutter>, text: &str, expected: &[&str]) {
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

    #[test]
    fn elements_are_cut() {
        let docs = || Box::new(Elements::of(Some("docs"))) as Box<dyn Cutter>;
        check(
            &docs,
            "{\"a\":\"docs\",\"r\":{\"docs\": [\n {\"x\":\"}\\\"\"},\n [1,[2]], 3,null] },\"z\":1}",
            &["2:2 {\"x\":\"}\\\"\"}", "3:2 [1,[2]]", "3:11 3", "3:13 null"],
        );
        check(&docs, "{\"docs\":[]}", &[]);
        check(&docs, "{}", &["1:1  (there is no list `docs` in this document)"]);
        check(
            &docs,
            "{\"docs\":[{\"a\":1},{\"b\":",
            &[
                "1:10 {\"a\":1}",
                "1:18 {\"b\": (the file ends in the middle of this record: it was probably cut off; fetch it again)",
            ],
        );
        let list = || Box::new(Elements::of(None)) as Box<dyn Cutter>;
        check(&list, " [ {} , {\"a\":[{}]} ]", &["1:4 {}", "1:9 {\"a\":[{}]}"]);
    }
}
