//! A stream that is no archive: its head, its text as UTF-8, its lines.

use std::io::{self, BufReader, Cursor, Read};

use super::{HEAD_BYTES, Opening, Stream};
use crate::{charset::Transcoded, record::Origin};

const BUFFER_BYTES: usize = 256 << 10;

/// Visits a stream of records as UTF-8, and with LF at the ends of lines where all end with CR.
pub(super) fn plain(stream: &mut dyn Read, origin: Origin, to: &mut Opening<'_, '_>) -> bool {
    let mut begun = Begun::new(stream);
    let raw = begun.head.get_ref().clone();
    if raw.starts_with(b"\xef\xbb\xbf") {
        begun.head.set_position(3);
    }
    let mut decoded = match Transcoded::new(begun, &raw, to.charset) {
        Ok(decoded) => decoded,
        Err(why) => return to.refuse(origin, why),
    };
    let read_as = decoded.read_as();
    let mut begun = Begun::new(&mut decoded);
    if let Some(error) = begun.error.take_if(|_| begun.head.get_ref().is_empty()) {
        return to.failed(origin, &error);
    }
    let has = |wanted: u8| memchr::memchr(wanted, begun.head.get_ref()).is_some();
    let old = has(b'\r') && !has(b'\n');
    let mut lines = Lines { inner: begun, old };
    lines.mend_head();
    let head = lines.inner.head.get_ref().clone();
    let mut input = BufReader::with_capacity(BUFFER_BYTES, lines);
    (to.visit)(Ok(Stream { origin, head, input: &mut input, read_as }))
}

/// Lines that end with CR alone, as the old Macintosh wrote them, end with LF here.
struct Lines<R> {
    inner: Begun<R>,
    old: bool,
}

impl<R> Lines<R> {
    fn mend(&self, part: &mut [u8]) {
        if self.old {
            part.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
        }
    }

    fn mend_head(&mut self) {
        let mut head = std::mem::take(self.inner.head.get_mut());
        self.mend(&mut head);
        *self.inner.head.get_mut() = head;
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.mend(buffer.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}

/// A stream whose head was read, and comes again. An error that was met there comes when the head has been read:
/// what stands before a break is not lost.
pub(super) struct Begun<R> {
    pub(super) head: Cursor<Vec<u8>>,
    pub(super) error: Option<io::Error>,
    rest: R,
}

impl<R: Read> Begun<R> {
    pub(super) fn new(mut rest: R) -> Self {
        let mut head = Vec::new();
        let error = rest.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head).err();
        Self { head: Cursor::new(head), error, rest }
    }
}

impl<R: Read> Read for Begun<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.head.read(buffer)? {
            0 if buffer.is_empty() => Ok(0),
            0 => self.error.take().map_or_else(|| self.rest.read(buffer), Err),
            count => Ok(count),
        }
    }
}
