//! Cutting a JSON document at the values that are its records.

use std::{
    io::{self, BufRead},
    sync::Arc,
};

use crate::{
    cut::{Cursor, Cutter, Gathered},
    record::{Place, Raw, Reason},
    scan_json::{End, Scan},
};

/// The bytes before the list that are kept for its records, at most.
const MAX_HEAD: usize = 64 << 10;

/// Every element of one array of a JSON document is a record: that which is the value of a key, or the document
/// itself.
pub(crate) struct Elements {
    key: Option<String>,
    cursor: Cursor,
    /// The text before the list, where it is wanted.
    head: Option<Vec<u8>>,
    shared: Arc<[u8]>,
    state: Stage,
    /// The beginning of a record that was read while the end of a broken one was looked for.
    carried: Option<(Place, Vec<u8>)>,
}

#[derive(PartialEq)]
enum Stage {
    Before,
    Inside,
    After,
}

impl Elements {
    /// Cuts out the elements of the array under `key`, or of the array that the document is.
    pub(crate) fn of(key: Option<String>) -> Self {
        Self {
            key,
            cursor: Cursor::default(),
            head: None,
            shared: Arc::default(),
            state: Stage::Before,
            carried: None,
        }
    }

    /// Gives each record what stands before the list, too.
    pub(crate) fn with_head(self) -> Self {
        Self { head: Some(Vec::new()), ..self }
    }

    /// Reads up to the array's bracket; whether there is one.
    fn find(&mut self, input: &mut dyn BufRead) -> io::Result<bool> {
        let mut last_text: Vec<u8> = Vec::new();
        let mut scan = Scan::default();
        let mut after_key = false;
        while let Some(byte) = peek(input)? {
            let was_string = scan.in_string();
            scan.step(byte);
            match (was_string, byte) {
                (true, b'"') if !scan.in_string() => {}
                (true, _) => {
                    if last_text.len() < 64 {
                        last_text.push(byte);
                    }
                }
                (false, b'"') => {
                    last_text.clear();
                    after_key = false;
                }
                (false, b':') => after_key = self.key.as_ref().is_some_and(|key| last_text == key.as_bytes()),
                (false, b'[') if after_key || (self.key.is_none() && scan.depth() == 1) => {
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
        if let Some(head) = self.head.as_mut().filter(|head| head.len() < MAX_HEAD) {
            head.extend_from_slice(bytes);
        }
        input.consume(bytes.len());
    }
}

impl Cutter for Elements {
    fn next(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Raw>> {
        if self.state == Stage::Before {
            self.state = if self.find(input)? { Stage::Inside } else { Stage::After };
            self.shared = self.head.take().unwrap_or_default().into();
            if self.state == Stage::After {
                let reason = Reason::Content(match &self.key {
                    Some(key) => format!("there is no list `{key}` in this document"),
                    None => "this document is no list".to_owned(),
                });
                return Ok(Some(Raw::broken(Place::START, Vec::new(), reason)));
            }
        }
        while self.state == Stage::Inside {
            if self.carried.is_some() {
                return self.element(input).map(|raw| Some(Raw { head: Arc::clone(&self.shared), ..raw }));
            }
            match peek(input)? {
                None => {
                    self.state = Stage::After;
                    return Ok(Some(Raw::broken(self.cursor.begin(), Vec::new(), Reason::Truncated)));
                }
                Some(b']') => self.state = Stage::After,
                Some(byte) if byte == b',' || byte.is_ascii_whitespace() => self.pass(input, &[byte]),
                Some(_) => {
                    return self
                        .element(input)
                        .map(|raw| Some(Raw { head: Arc::clone(&self.shared), ..raw }));
                }
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
    /// Reads one record, and where it is broken the way to the next: a missing quote or brace must not take its
    /// neighbours along.
    fn element(&mut self, input: &mut dyn BufRead) -> io::Result<Raw> {
        let mut gathered = Gathered::default();
        let mut scan = Scan::default();
        let place = match self.carried.take() {
            Some((place, bytes)) => {
                scan.run(&bytes);
                gathered.push(&bytes);
                place
            }
            None => self.cursor.begin(),
        };
        loop {
            let buffer = input.fill_buf()?;
            if buffer.is_empty() {
                self.state = Stage::After;
                return Ok(gathered.record(place, Some(Reason::Truncated)));
            }
            let (length, end) = scan.run(buffer);
            let part = buffer.get(..length).unwrap_or(buffer);
            gathered.push(part);
            self.cursor.pass(part);
            input.consume(length);
            match end {
                End::NotYet => {}
                End::Here if gathered.bytes.is_empty() => {
                    // A bracket that closes nothing would be met here for ever.
                    let stray = peek(input)?.into_iter().collect::<Vec<u8>>();
                    self.pass(input, &stray);
                    return Ok(Raw::new(place, stray));
                }
                End::Here => return Ok(gathered.record(place, None)),
                End::Broken(why) => {
                    let Place { line, column, .. } = self.cursor.0;
                    let inside = if line == place.line { column - place.column + 1 } else { column };
                    let why = format!("the JSON is broken: {why}");
                    let reason = Reason::Syntax { why, line: line - place.line + 1, column: inside };
                    if peek(input)? != Some(b'{') {
                        self.find_next(input, &mut gathered)?;
                    }
                    return Ok(gathered.record(place, Some(reason)));
                }
            }
        }
    }

    /// Reads on to where an object begins with the key that the broken one begins with.
    fn find_next(&mut self, input: &mut dyn BufRead, broken: &mut Gathered) -> io::Result<()> {
        let key = first_key(&broken.bytes).map(<[u8]>::to_vec);
        let mut candidate: Option<(Place, Vec<u8>)> = None;
        let mut before = b' ';
        while let Some(byte) = peek(input)? {
            // Something that is no object: the next one is a record again.
            if key.is_none() && byte == b'{' {
                return Ok(());
            }
            let place = self.cursor.0;
            self.pass(input, &[byte]);
            if let (Some((_, bytes)), Some(key)) = (&mut candidate, &key) {
                let matched = bytes.iter().skip(1).skip_while(|byte| byte.is_ascii_whitespace()).count();
                if (matched == 0 && byte.is_ascii_whitespace()) || key.get(matched) == Some(&byte) {
                    bytes.push(byte);
                    if matched + 1 == key.len() {
                        self.cursor.0.record += 1;
                        self.carried = candidate;
                        return Ok(());
                    }
                    continue;
                }
                broken.push(bytes);
                before = b'{';
                candidate = None;
            }
            // Objects inside of a record follow a colon or a bracket, and begin with another key as a rule.
            if byte == b'{' && before != b':' {
                candidate = Some((place, vec![byte]));
            } else {
                broken.push(&[byte]);
            }
            if !byte.is_ascii_whitespace() {
                before = byte;
            }
        }
        Ok(())
    }
}

/// Returns the key that an object begins with, in its quotes.
fn first_key(object: &[u8]) -> Option<&[u8]> {
    let inside = object.strip_prefix(b"{")?.trim_ascii_start();
    let end = memchr::memchr(b'"', inside.strip_prefix(b"\"")?)?;
    inside.get(..end + 2)
}

/// Every value of a JSON document is a record: one after another, or the elements of the list that it is.
pub(crate) struct Values {
    elements: Elements,
    started: bool,
}

impl Default for Values {
    fn default() -> Self {
        Self { elements: Elements::of(None), started: false }
    }
}

impl Cutter for Values {
    fn next(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Raw>> {
        loop {
            if self.elements.carried.is_some() {
                return self.elements.element(input).map(Some);
            }
            match peek(input)? {
                None => return Ok(None),
                Some(byte) if byte.is_ascii_whitespace() || byte == b',' => {
                    self.elements.pass(input, &[byte]);
                }
                Some(b'[') if !self.started => break,
                Some(_) if self.elements.state == Stage::Before => {
                    self.started = true;
                    let raw = self.elements.element(input)?;
                    return Ok(Some(raw));
                }
                Some(_) => break,
            }
        }
        self.started = true;
        self.elements.next(input)
    }
}

fn peek(input: &mut dyn BufRead) -> io::Result<Option<u8>> {
    Ok(input.fill_buf()?.first().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cut::tests::check;

    #[test]
    fn elements_are_cut() {
        let docs = || Box::new(Elements::of(Some("docs".to_owned()))) as Box<dyn Cutter>;
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

    #[test]
    fn a_broken_element_does_not_take_its_neighbours_along() {
        let docs = || Box::new(Elements::of(Some("docs".to_owned()))) as Box<dyn Cutter>;
        let broken = |text: &str, expected: &[&str]| check(&docs, text, expected);
        broken(
            "{\"docs\":[{\"a\":\"x y\"z\"},{\"a\":1}]}",
            &[
                "1:10 {\"a\":\"x y\"z\"}, (the JSON is broken: there is text outside of quotes (a missing `\"`?))",
                "1:24 {\"a\":1}",
            ],
        );
        broken(
            "{\"docs\":[\n{\"a\":\"x,\n\"b\":1},\n{\"a\":1}]}",
            &[
                "2:1 {\"a\":\"x,\n\"b\":1},\n (the JSON is broken: a text in quotes does not end on its line (a missing `\"`?))",
                "4:1 {\"a\":1}",
            ],
        );
        broken(
            "{\"docs\":[{\"a\":{\"b\":1},{\"a\":2}]}",
            &[
                "1:10 {\"a\":{\"b\":1}, (the JSON is broken: an object begins where none can be (a missing `}`?))",
                "1:23 {\"a\":2}",
            ],
        );
        broken(
            "{\"docs\":[{\"a\":1]},{\"a\":2}]}",
            &[
                "1:10 {\"a\":1]}, (the JSON is broken: a bracket closes what was not opened)",
                "1:19 {\"a\":2}",
            ],
        );
    }
}
