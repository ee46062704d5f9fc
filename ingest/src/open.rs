//! What streams of records a file holds: itself, or what is compressed and packed in it.

use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Cursor, Read, Seek},
    rc::Rc,
};

use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;

use crate::record::Origin;

/// How much of a stream is read before its format is told.
pub(crate) const HEAD_BYTES: usize = 64 << 10;
const BUFFER_BYTES: usize = 256 << 10;
/// Archives in compressed archives in archives: more than this is a trick.
const MAX_LAYERS: usize = 4;
/// Text never shrinks to a five-hundredth. A bomb does.
const MAX_RATIO: u64 = 500;
/// Small files may.
const FREE_BYTES: u64 = 64 << 20;
/// The largest zip file inside another archive: it needs a place where one can seek.
const MAX_NESTED_ZIP: u64 = 4 << 30;

/// A stream in a file.
pub(crate) struct Stream<'a> {
    pub(crate) origin: Origin,
    /// Its first bytes, which are still to be read from `input` too.
    pub(crate) head: Vec<u8>,
    pub(crate) input: &'a mut dyn BufRead,
}

/// Who is given the streams: the records of each, or why one cannot be read. Whether to go on.
pub(crate) type Visitor<'v> = dyn FnMut(Result<Stream<'_>, (Origin, String)>) -> bool + 'v;

/// What can be read, and read again from any place.
pub(crate) trait ReadSeek: Read + Seek {}

impl<R: Read + Seek> ReadSeek for R {}

/// A file that can be sought in, or a stream that cannot.
pub(crate) enum Source<'a> {
    File(&'a mut dyn ReadSeek),
    Stream(&'a mut dyn Read),
}

/// Opens a file and gives all streams in it to the visitor.
pub(crate) fn open(source: Source<'_>, origin: Origin, visit: &mut Visitor<'_>) {
    unpack(source, origin, 0, visit);
}

fn unpack(source: Source<'_>, origin: Origin, layer: usize, visit: &mut Visitor<'_>) -> bool {
    if layer > MAX_LAYERS {
        let why = format!("more than {MAX_LAYERS} archives lie in each other: unpack them first");
        return visit(Err((origin, why)));
    }
    let (head, source) = match source {
        Source::File(file) => {
            let begun = Begun::new(&mut *file);
            let (head, error) = (begun.head.into_inner(), begun.error);
            match error.map_or_else(|| file.rewind(), Err) {
                Ok(()) => (head, Source::File(file)),
                Err(error) => return visit(Err((origin, crate::walk::why(&error)))),
            }
        }
        Source::Stream(stream) => {
            let mut begun = Begun::new(stream);
            let head = begun.head.get_ref().clone();
            return match begun.error.take_if(|_| head.is_empty()) {
                Some(error) => visit(Err((origin, crate::walk::why(&error)))),
                None => unpack_known(&head, Source::Stream(&mut begun), origin, layer, visit),
            };
        }
    };
    unpack_known(&head, source, origin, layer, visit)
}

fn unpack_known(
    head: &[u8],
    source: Source<'_>,
    origin: Origin,
    layer: usize,
    visit: &mut Visitor<'_>,
) -> bool {
    let starts = |magic: &[u8]| head.starts_with(magic);
    if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
        return match source {
            Source::File(file) => unzip(file, &origin, layer, visit),
            Source::Stream(stream) => match spool(stream) {
                Ok(mut file) => unzip(&mut file, &origin, layer, visit),
                Err(error) => visit(Err((origin, crate::walk::why(&error)))),
            },
        };
    }
    let is_tar = head.get(257..262) == Some(b"ustar");
    let stream: &mut dyn Read = match source {
        Source::File(file) => file,
        Source::Stream(stream) => stream,
    };
    if starts(b"\x1f\x8b") {
        let (counted, read) = Counted::new(stream);
        let mut inner =
            Guarded { inner: flate2::bufread::MultiGzDecoder::new(BufReader::new(counted)), read, made: 0 };
        return unpack(
            Source::Stream(&mut inner),
            without_ending(origin, &[".gz", ".tgz"]),
            layer + 1,
            visit,
        );
    }
    if starts(b"\x28\xb5\x2f\xfd") {
        let (counted, read) = Counted::new(stream);
        return match zstd::Decoder::new(counted) {
            Ok(decoder) => {
                let mut inner = Guarded { inner: decoder, read, made: 0 };
                unpack(
                    Source::Stream(&mut inner),
                    without_ending(origin, &[".zst", ".tzst"]),
                    layer + 1,
                    visit,
                )
            }
            Err(error) => visit(Err((origin, crate::walk::why(&error)))),
        };
    }
    if starts(b"BZh") || starts(b"\xfd7zXZ") || starts(b"7z\xbc\xaf") || starts(b"Rar!") {
        let why =
            "this compression is not known: unpack it, or compress it with gzip, zstd or zip".to_owned();
        return visit(Err((origin, why)));
    }
    if is_tar {
        return untar(stream, &origin, layer, visit);
    }
    plain(stream, origin, visit)
}

/// A stream of records, as UTF-8 where it is UTF-16, and with LF at the ends of lines where all end with CR.
fn plain(stream: &mut dyn Read, origin: Origin, visit: &mut Visitor<'_>) -> bool {
    let begun = Begun::new(stream);
    let mut builder = DecodeReaderBytesBuilder::new();
    let encoding = utf16_of(begun.head.get_ref());
    let builder = builder.encoding(encoding).utf8_passthru(true).strip_bom(true).bom_override(true);
    let mut decoded = builder.build(begun);
    let mut begun = Begun::new(&mut decoded);
    if let Some(error) = begun.error.take_if(|_| begun.head.get_ref().is_empty()) {
        return visit(Err((origin, crate::walk::why(&error))));
    }
    let has = |wanted: u8| memchr::memchr(wanted, begun.head.get_ref()).is_some();
    let old = has(b'\r') && !has(b'\n');
    let mut lines = Lines { inner: begun, old };
    lines.mend_head();
    let head = lines.inner.head.get_ref().clone();
    let mut input = BufReader::with_capacity(BUFFER_BYTES, lines);
    visit(Ok(Stream { origin, head, input: &mut input }))
}

/// UTF-16 without a mark: every other byte of its beginning is zero, as in markup, JSON and Latin texts.
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
struct Begun<R> {
    head: Cursor<Vec<u8>>,
    error: Option<io::Error>,
    rest: R,
}

impl<R: Read> Begun<R> {
    fn new(mut rest: R) -> Self {
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

fn untar(stream: &mut dyn Read, origin: &Origin, layer: usize, visit: &mut Visitor<'_>) -> bool {
    let mut archive = tar::Archive::new(stream);
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return visit(Err((origin.clone(), crate::walk::why(&error)))),
    };
    for entry in entries {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let why = match error.kind() {
                    io::ErrorKind::UnexpectedEof => {
                        "the archive ends too early: it was probably cut off".to_owned()
                    }
                    _ => format!("the archive is broken from here on: {error}"),
                };
                let why = format!("{why}; fetch or pack it again");
                return visit(Err((origin.clone(), why)));
            }
        };
        // Links, devices and folders hold no bytes of their own.
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if !unpack(Source::Stream(&mut entry), inside(origin, &name), layer + 1, visit) {
            return false;
        }
    }
    true
}

fn unzip(file: &mut dyn ReadSeek, origin: &Origin, layer: usize, visit: &mut Visitor<'_>) -> bool {
    let mut archive = match zip::ZipArchive::new(file) {
        Ok(archive) => archive,
        Err(error) => {
            let why = match error {
                zip::result::ZipError::InvalidArchive(_) => {
                    "its directory, which stands at the end of a zip file, is missing or broken".to_owned()
                }
                error => format!("the zip file is broken: {error}"),
            };
            let why = format!("{why}; fetch or pack it again");
            return visit(Err((origin.clone(), why)));
        }
    };
    for index in 0..archive.len() {
        let go_on = match archive.by_index(index) {
            Ok(entry) if entry.is_file() => {
                let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
                let read = Rc::new(Cell::new(entry.compressed_size()));
                let mut inner = Guarded { inner: entry, read, made: 0 };
                unpack(Source::Stream(&mut inner), inside(origin, &name), layer + 1, visit)
            }
            Ok(_) => true,
            Err(error) => {
                let why = format!("entry {} of the zip file cannot be read: {error}", index + 1);
                visit(Err((origin.clone(), why)))
            }
        };
        if !go_on {
            return false;
        }
    }
    true
}

/// Copies a stream into a nameless file, where one can seek.
fn spool(stream: &mut dyn Read) -> io::Result<std::fs::File> {
    let mut file = tempfile::tempfile()?;
    let copied = io::copy(&mut stream.take(MAX_NESTED_ZIP), &mut file)?;
    if copied == MAX_NESTED_ZIP {
        return Err(io::Error::other("a zip file in an archive may have 4 GB at most: unpack it first"));
    }
    file.rewind()?;
    Ok(file)
}

/// The origin of an entry. Nothing is written under its name, so `../` does no harm; ids do without it.
fn inside(origin: &Origin, name: &str) -> Origin {
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let parts: Vec<&str> =
        name.split(['/', '\\']).filter(|part| !part.is_empty() && !matches!(*part, "." | "..")).collect();
    let below = parts.join("/");
    let records = name.ends_with(".yml") || name.ends_with(".yaml");
    let site = parts.iter().skip(1).any(|part| match *part {
        "content" | "_posts" => true,
        "data" | "_data" => records,
        _ => false,
    });
    let folder = without_ending(origin.clone(), &[".zip", ".tar"]).stem;
    let stem = if site { below } else { format!("{folder}/{below}") };
    Origin { path: format!("{}!/{name}", origin.path), stem, changed: origin.changed }
}

fn without_ending(origin: Origin, endings: &[&str]) -> Origin {
    let stem = endings.iter().find_map(|ending| origin.stem.strip_suffix(ending)).map(str::to_owned);
    Origin { stem: stem.unwrap_or(origin.stem), ..origin }
}

/// Counts what is read from a compressed stream.
struct Counted<'a> {
    inner: &'a mut dyn Read,
    read: Rc<Cell<u64>>,
}

impl<'a> Counted<'a> {
    fn new(inner: &'a mut dyn Read) -> (Self, Rc<Cell<u64>>) {
        let read = Rc::new(Cell::new(0));
        (Self { inner, read: Rc::clone(&read) }, read)
    }
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

/// Stops what decompresses without end.
struct Guarded<R> {
    inner: R,
    read: Rc<Cell<u64>>,
    made: u64,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.made += count as u64;
        if self.made > FREE_BYTES && self.made / MAX_RATIO > self.read.get() {
            return Err(io::Error::other(format!(
                "it decompresses to more than {MAX_RATIO} times its size, which no text does: it is a bomb, and not read on"
            )));
        }
        Ok(count)
    }
}
