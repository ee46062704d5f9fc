//! Following strings and brackets of JSON without reading it: where a value ends, and where it is broken.

use memchr::memchr3;

/// Follows strings and brackets of JSON.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// The containers that are open: whether each is an object.
    open: Vec<bool>,
    in_string: bool,
    escaped: bool,
    /// The last byte outside strings that is no white space.
    before: u8,
}

/// The end of a value, as far as it was followed.
pub(crate) enum End {
    NotYet,
    Here,
    /// It cannot be followed from here on.
    Broken(&'static str),
}

/// Deeper than any record is nested.
const MAX_DEPTH: usize = 1_000;

impl Scan {
    /// Returns true if it stands inside a text in quotes.
    pub(crate) fn in_string(&self) -> bool {
        self.in_string
    }

    /// Returns how many containers are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Goes over one byte.
    pub(crate) fn step(&mut self, byte: u8) {
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
                b'{' | b'[' if self.open.len() < MAX_DEPTH => self.open.push(byte == b'{'),
                b'}' | b']' => {
                    self.open.pop();
                }
                _ => {}
            }
        }
    }

    /// Returns how many bytes belong to the value, and whether it ends there.
    pub(crate) fn run(&mut self, buffer: &[u8]) -> (usize, End) {
        let mut at = 0;
        while let Some(rest) = buffer.get(at..).filter(|rest| !rest.is_empty()) {
            if self.escaped {
                self.escaped = false;
                at += 1;
            } else if self.in_string {
                match memchr3(b'"', b'\\', b'\n', rest) {
                    None => return (buffer.len(), End::NotYet),
                    Some(found) => {
                        let byte = rest.get(found).copied().unwrap_or(b'"');
                        at += found + 1;
                        self.escaped = byte == b'\\';
                        self.in_string = self.escaped;
                        if byte == b'\n' {
                            return (
                                at,
                                End::Broken("a text in quotes does not end on its line (a missing `\"`?)"),
                            );
                        }
                    }
                }
            } else {
                match self.outside(rest) {
                    (length, End::NotYet) => at += length,
                    (length, end) => return (at + length, end),
                }
            }
        }
        (buffer.len(), End::NotYet)
    }

    /// As [`Self::run`], up to the next string.
    fn outside(&mut self, rest: &[u8]) -> (usize, End) {
        for (at, byte) in rest.iter().copied().enumerate() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => continue,
                // A bare value ends before the comma or bracket of its list.
                b',' | b']' | b'}' if self.open.is_empty() => return (at, End::Here),
                b'"' => {
                    self.in_string = true;
                    self.before = byte;
                    return (at + 1, End::NotYet);
                }
                b'{' if self.open.last() == Some(&true) && self.before != b':' => {
                    return (at, End::Broken("an object begins where none can be (a missing `}`?)"));
                }
                b'{' | b'[' if self.open.len() >= MAX_DEPTH => {
                    return (at + 1, End::Broken("it is nested more than 1000 deep"));
                }
                b'{' | b'[' => self.open.push(byte == b'{'),
                b'}' | b']' => {
                    if self.open.pop() != Some(byte == b'}') {
                        return (at + 1, End::Broken("a bracket closes what was not opened"));
                    }
                    if self.open.is_empty() {
                        return (at + 1, End::Here);
                    }
                }
                b',' | b':' => {}
                _ if self.before == b'"' => {
                    return (at + 1, End::Broken("there is text outside of quotes (a missing `\"`?)"));
                }
                // A number, a word: whether it is a good one is for the parser to say.
                _ => {}
            }
            self.before = byte;
        }
        (rest.len(), End::NotYet)
    }
}
