//! Cutting a stream of XML or SGML at the elements that are its records.

use std::{
    io::{self, BufRead},
    sync::Arc,
};

use memchr::memmem;

use crate::{
    cut::{Cursor, Cutter},
    record::{MAX_RECORD_BYTES, Raw, Reason},
};

/// The bytes before the first record that are kept for all of them, at most.
const MAX_HEAD: usize = 256 << 10;
/// The bytes that are kept of a record that is too large.
const KEPT: usize = 64 << 10;
const STEP: usize = 64 << 10;

/// Every element of one of these names is a record, wherever it stands; one with a prefix is one too.
pub(crate) struct XmlElements {
    names: Vec<String>,
    cursor: Cursor,
    /// Bytes that were read and are of no record yet.
    buffer: Vec<u8>,
    /// Of these, what was searched already.
    searched: usize,
    head: Arc<[u8]>,
    max_head: usize,
    met_one: bool,
    ended: bool,
}

impl XmlElements {
    pub(crate) fn named(names: &[&str]) -> Self {
        Self {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            cursor: Cursor::default(),
            buffer: Vec::new(),
            searched: 0,
            head: Arc::default(),
            max_head: MAX_HEAD,
            met_one: false,
            ended: false,
        }
    }

    /// Keeps more of what stands before the first record.
    pub(crate) fn with_head(self, max_head: usize) -> Self {
        Self { max_head, ..self }
    }

    /// Returns what stands before the first record, all of which must have been read.
    pub(crate) fn head(&self) -> Arc<[u8]> {
        Arc::clone(&self.head)
    }

    /// Reads more; whether there was more.
    fn fill(&mut self, input: &mut dyn BufRead) -> io::Result<bool> {
        let bytes = input.fill_buf()?;
        let length = bytes.len().min(STEP);
        self.buffer.extend_from_slice(bytes.get(..length).unwrap_or(bytes));
        input.consume(length);
        self.ended |= length == 0;
        Ok(length > 0)
    }

    /// Drops bytes that belong to no record.
    fn drop_before(&mut self, at: usize) {
        let dropped: Vec<u8> = self.buffer.drain(..at.min(self.buffer.len())).collect();
        self.cursor.pass(&dropped);
        if !self.met_one && self.head.len() < self.max_head {
            let mut head = self.head.to_vec();
            head.extend(dropped);
            head.truncate(self.max_head);
            self.head = head.into();
        }
        self.searched = 0;
    }

    /// Returns where the next record begins, and the name it has there.
    fn start(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
        loop {
            while let Some(found) =
                self.buffer.get(self.searched..).and_then(|rest| memchr::memchr(b'<', rest))
            {
                let at = self.searched + found;
                let rest = self.buffer.get(at + 1..).unwrap_or_default();
                let length = rest.iter().take(80).position(|byte| b" \t\r\n/><!".contains(byte));
                let Some(length) = length else {
                    if rest.len() < 80 && !self.ended {
                        break;
                    }
                    self.searched = at + 1;
                    continue;
                };
                let name = rest.get(..length).unwrap_or_default();
                let local = name.rsplit(|byte| *byte == b':').next().unwrap_or(name);
                if self.names.iter().any(|wanted| wanted.as_bytes() == local) {
                    let name = name.to_vec();
                    self.drop_before(at);
                    return Ok(Some(name));
                }
                self.searched = at + 1;
            }
            // What was searched and holds no start is of no record, but for a `<` whose name is not all there.
            let open = memchr::memrchr(b'<', &self.buffer).filter(|at| *at >= self.searched);
            self.drop_before(open.unwrap_or(self.buffer.len()));
            if !self.fill(input)? {
                return Ok(None);
            }
        }
    }

    /// Returns where the record ends that the buffer begins with, counted from its beginning; `None` when the file
    /// ends.
    fn end(&mut self, input: &mut dyn BufRead, name: &[u8]) -> io::Result<(Option<usize>, bool)> {
        let close: Vec<u8> = [b"</", name].concat();
        let mut at = 0;
        let mut passed = 0_usize;
        let mut first_tag = true;
        loop {
            let rest = self.buffer.get(at..).unwrap_or_default();
            let Some(found) = memchr::memchr(if first_tag { b'>' } else { b'<' }, rest) else {
                at = self.buffer.len();
                if !self.more(input, &mut at, &mut passed)? {
                    return Ok((None, passed > 0));
                }
                continue;
            };
            let rest = rest.get(found..).unwrap_or_default();
            if first_tag {
                first_tag = false;
                at += found + 1;
                if self.buffer.get(at.wrapping_sub(2)) == Some(&b'/') {
                    return Ok((Some(at), passed > 0));
                }
                continue;
            }
            at += found;
            let need = close.len().max(9) + 1;
            if rest.len() < need && !self.ended {
                self.more(input, &mut at, &mut passed)?;
                continue;
            }
            let skip = |open: &[u8], close: &[u8]| {
                rest.starts_with(open).then(|| memmem::find(rest, close).map(|end| end + close.len()))
            };
            if let Some(end) = skip(b"<![CDATA[", b"]]>").or_else(|| skip(b"<!--", b"-->")) {
                match end {
                    Some(end) => at += end,
                    // Searched again when there is more: such a section is seldom longer than what is read at once.
                    None if !self.more(input, &mut at, &mut passed)? => return Ok((None, passed > 0)),
                    None => {}
                }
            } else if rest.starts_with(&close)
                && rest.get(close.len()).is_none_or(|byte| *byte == b'>' || byte.is_ascii_whitespace())
            {
                match memchr::memchr(b'>', rest) {
                    Some(end) => return Ok((Some(at + end + 1), passed > 0)),
                    None if !self.more(input, &mut at, &mut passed)? => return Ok((None, passed > 0)),
                    None => {}
                }
            } else {
                at += 1;
            }
        }
    }

    /// Reads on inside a record. Of one that is too large only its beginning is kept.
    fn more(&mut self, input: &mut dyn BufRead, at: &mut usize, passed: &mut usize) -> io::Result<bool> {
        if self.buffer.len() > MAX_RECORD_BYTES || *passed > 0 && self.buffer.len() > 4 * STEP + KEPT {
            // The last kilobyte may hold the beginning of the end tag.
            let keep_from = (*at).min(self.buffer.len().saturating_sub(1_024)).max(KEPT);
            let dropped: Vec<u8> = self.buffer.drain(KEPT..keep_from).collect();
            self.cursor.pass(&dropped);
            *passed += dropped.len();
            *at -= dropped.len();
        }
        self.fill(input)
    }
}

impl Cutter for XmlElements {
    fn next(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Raw>> {
        let Some(name) = self.start(input)? else {
            return Ok(None);
        };
        self.met_one = true;
        let place = self.cursor.begin();
        let (end, too_large) = self.end(input, &name)?;
        let bytes: Vec<u8> = self.buffer.drain(..end.unwrap_or(self.buffer.len())).collect();
        self.cursor.pass(&bytes);
        self.searched = 0;
        let broken = match (too_large, end) {
            (true, _) => Some(Reason::TooLarge { max: MAX_RECORD_BYTES }),
            (false, None) => Some(Reason::Truncated),
            (false, Some(_)) => None,
        };
        Ok(Some(Raw { head: Arc::clone(&self.head), broken, ..Raw::new(place, bytes) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_cut_in_steps_of_any_size() {
        let check = |text: &str, expected: &[&str]| {
            for size in [1, 3, 8_192] {
                let mut input = io::BufReader::with_capacity(size, text.as_bytes());
                let mut cutter = XmlElements::named(&["item"]);
                let mut found = Vec::new();
                while let Some(raw) = cutter.next(&mut input).unwrap() {
                    let why = raw.broken.map(|reason| format!(" ({reason})")).unwrap_or_default();
                    found.push(format!("{} {}{why}", raw.place, String::from_utf8_lossy(&raw.bytes)));
                }
                assert_eq!(found, expected, "{text:?} in steps of {size}");
            }
        };
        check(
            "<r><items><item a='1'>x</item>\n<item/> <n:item>y</n:item></items></r>",
            &["1:11 <item a='1'>x</item>", "2:1 <item/>", "2:9 <n:item>y</n:item>"],
        );
        check(
            "<item><![CDATA[</item>]]><!-- </item> --></item>",
            &["1:1 <item><![CDATA[</item>]]><!-- </item> --></item>"],
        );
        check("<item><items></items></item >", &["1:1 <item><items></items></item >"]);
        check("<a><", &[]);
        check(
            "<item>a",
            &[
                "1:1 <item>a (the file ends in the middle of this record: it was probably cut off; fetch it again)",
            ],
        );
    }
}
