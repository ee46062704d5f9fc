//! A stream as UTF-8. Bytes pass through as they are as long as they are ASCII; the first others decide, with what
//! follows them.

use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding, ISO_2022_JP};

use super::{
    Charset, Kind,
    declared::{self, Declared},
    mostly_utf8,
};

/// The bytes that are looked at from the first on that is not ASCII.
const SAMPLE_BYTES: usize = 64 << 10;
const STEP: usize = 64 << 10;

/// The encoding that a stream was decoded from, as soon as it is known; `None` for UTF-8.
pub(crate) type ReadAs = Rc<Cell<Option<Charset>>>;

/// A stream that is UTF-8, or becomes it.
pub(crate) struct Transcoded<R> {
    inner: R,
    /// The encoding that the user stated of streams that are not plainly UTF-8.
    asked: Option<Charset>,
    declared: Option<Declared>,
    state: State,
    read_as: ReadAs,
    /// Decoded, and not yet asked for; of this, how much was given.
    ready: Vec<u8>,
    given: usize,
    ended: bool,
}

enum State {
    /// Only ASCII was met.
    Open,
    /// It is UTF-8: single records that are not are read by themselves.
    AsItIs,
    Decoding(Box<Decoder>),
    /// An encoding of single bytes, line by line: one that is UTF-8 stays, as files are stuck together of several.
    /// Holds the line that is not whole yet.
    Lines(Charset, Vec<u8>),
}

impl<R: Read> Transcoded<R> {
    /// Returns a stream whose first bytes are `head`, which it still holds; or why it cannot be read.
    pub(crate) fn new(inner: R, head: &[u8], asked: Option<Charset>) -> Result<Self, String> {
        let marked = Encoding::for_bom(head).map(|(encoding, _)| encoding);
        let known = marked.or_else(|| utf16_of(head));
        let read_as = ReadAs::default();
        read_as.set(known.map(|found| Charset(Kind::Web(found))).filter(|found| *found != Charset::UTF_8));
        let state = match known {
            Some(encoding) => State::Decoding(Box::new(encoding.new_decoder_with_bom_removal())),
            None => State::Open,
        };
        let declared = declared::of(head);
        let made = Self { inner, asked, declared, state, read_as, ready: Vec::new(), given: 0, ended: false };
        match made.refusal() {
            Some(why) if known.is_none() && asked.is_none() && !is_utf8(head, false) => Err(why),
            _ => Ok(made),
        }
    }

    /// Returns why it cannot be read where it is not UTF-8: an encoding is declared that is not known.
    fn refusal(&self) -> Option<String> {
        let Declared { label, charset: None } = self.declared.as_ref()? else { return None };
        let label: String = label.chars().take(60).collect();
        Some(format!(
            "it declares the encoding `{label}`, which is not known: say with --encoding which it is, or convert it to UTF-8"
        ))
    }

    pub(crate) fn read_as(&self) -> ReadAs {
        Rc::clone(&self.read_as)
    }

    /// Decides with what begins at the first byte that is not ASCII.
    fn decide(&mut self, sample: &[u8]) -> io::Result<State> {
        let utf8 = is_utf8(sample, self.ended);
        if let Some(why) = self.refusal().filter(|_| !utf8 && self.asked.is_none()) {
            return Err(io::Error::other(why));
        }
        let plainly = utf8 && !sample.is_ascii();
        let declared = self.declared.as_ref().filter(|declared| declared.charset != Some(Charset::UTF_8));
        let charset = match (self.asked, declared) {
            (Some(_), _) if plainly => None,
            (Some(asked), _) => Some(asked),
            (None, Some(Declared { charset: Some(charset), .. })) => {
                let other = if charset.is_single_byte() { utf8 } else { utf8 && !charset.fits(sample) };
                if other { None } else { Some(*charset) }
            }
            (None, _) if plainly || (!utf8 && mostly_utf8(sample)) => None,
            (None, _) => self.told(sample).filter(|told| !utf8 || *told == Charset(Kind::Web(ISO_2022_JP))),
        };
        let charset = charset.filter(|charset| *charset != Charset::UTF_8);
        self.read_as.set(charset);
        Ok(match charset {
            None => State::AsItIs,
            Some(Charset(Kind::Web(encoding))) if !encoding.is_single_byte() => {
                State::Decoding(Box::new(encoding.new_decoder_without_bom_handling()))
            }
            Some(charset) => State::Lines(charset, Vec::new()),
        })
    }

    /// Returns what the bytes look like.
    fn told(&self, sample: &[u8]) -> Option<Charset> {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
        detector.feed(sample, self.ended);
        Some(Charset(Kind::Web(detector.guess(None, Utf8Detection::Deny))))
    }

    /// Reads on to a full sample, or the end.
    fn fill(&mut self, sample: &mut Vec<u8>) -> io::Result<()> {
        let room = SAMPLE_BYTES.saturating_sub(sample.len()) as u64;
        let read = self.inner.by_ref().take(room).read_to_end(sample)?;
        self.ended |= (read as u64) < room;
        Ok(())
    }

    /// Decodes these bytes, which may be the last, into what is ready.
    fn decode(&mut self, bytes: &[u8]) {
        self.ready.clear();
        self.given = 0;
        match &mut self.state {
            State::Open | State::AsItIs => self.ready.extend_from_slice(bytes),
            State::Decoding(decoder) => {
                let room = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 4 + 16);
                self.ready.resize(room, 0);
                let (_, _, written, _) = decoder.decode_to_utf8(bytes, &mut self.ready, self.ended);
                self.ready.truncate(written);
            }
            State::Lines(charset, rest) => {
                rest.extend_from_slice(bytes);
                let end =
                    if self.ended { rest.len() } else { memchr::memrchr(b'\n', rest).map_or(0, |at| at + 1) };
                // A line longer than any is given as far as it is read.
                let end = if end == 0 && rest.len() > SAMPLE_BYTES { rest.len() } else { end };
                for line in rest.get(..end).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
                    match std::str::from_utf8(line) {
                        Ok(text) => self.ready.extend_from_slice(text.as_bytes()),
                        Err(_) => self.ready.extend_from_slice(charset.decode(line).as_bytes()),
                    }
                }
                rest.drain(..end);
            }
        }
    }
}

impl<R: Read> Read for Transcoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let ready = self.ready.get(self.given..).unwrap_or_default();
            if !ready.is_empty() {
                let count = { ready }.read(buffer)?;
                self.given += count;
                return Ok(count);
            }
            match self.state {
                State::AsItIs => return self.inner.read(buffer),
                State::Open => {
                    let count = self.inner.read(buffer)?;
                    let part = buffer.get(..count).unwrap_or_default();
                    let ascii = Encoding::iso_2022_jp_ascii_valid_up_to(part);
                    let Some(telling) = part.get(ascii..).filter(|rest| !rest.is_empty()) else {
                        return Ok(count);
                    };
                    let mut sample = telling.to_vec();
                    self.fill(&mut sample)?;
                    self.state = self.decide(&sample)?;
                    self.decode(&sample);
                    if ascii > 0 {
                        return Ok(ascii);
                    }
                }
                State::Decoding(_) | State::Lines(..) if self.ended => return Ok(0),
                State::Decoding(_) | State::Lines(..) => {
                    let mut bytes = vec![0; STEP];
                    let count = self.inner.read(&mut bytes)?;
                    bytes.truncate(count);
                    self.ended = count == 0;
                    self.decode(&bytes);
                }
            }
            if buffer.is_empty() {
                return Ok(0);
            }
        }
    }
}

/// Returns true for UTF-8, whose last character may be cut where more follows.
fn is_utf8(bytes: &[u8], ended: bool) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && !ended,
    }
}

/// Tells UTF-16 without a mark: every other byte of its beginning is zero, as in markup, JSON and Latin texts.
fn utf16_of(head: &[u8]) -> Option<&'static Encoding> {
    let (pairs, _) = head.get(..head.len().min(64))?.as_chunks::<2>();
    let all = |zero: fn(&[u8; 2]) -> bool| pairs.len() > 1 && pairs.iter().all(zero);
    if all(|[first, second]| *first != 0 && *second == 0) {
        Some(encoding_rs::UTF_16LE)
    } else if all(|[first, second]| *first == 0 && *second != 0) {
        Some(encoding_rs::UTF_16BE)
    } else {
        None
    }
}
