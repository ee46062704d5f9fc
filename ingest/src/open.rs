//! The streams of records that a file holds: itself, or what is compressed and packed in it.

mod archives;
mod bounded;
mod text;

use std::io::{BufRead, BufReader, Read, Seek};

pub(crate) use self::bounded::xz;
use self::bounded::{Counted, Guarded};
use crate::{
    charset::{Charset, ReadAs},
    record::Origin,
};

/// The bytes of a stream that are read before its format is told.
pub(crate) const HEAD_BYTES: usize = 64 << 10;
/// Archives in compressed archives in archives: more than this is a trick.
const MAX_LAYERS: usize = 4;

/// A stream in a file.
pub(crate) struct Stream<'a> {
    pub(crate) origin: Origin,
    /// Its first bytes, which are still to be read from `input` too.
    pub(crate) head: Vec<u8>,
    /// As UTF-8; a record that is neither that nor what its file is in comes as it is.
    pub(crate) input: &'a mut dyn BufRead,
    /// The encoding that it is decoded from, known when the first characters were met that tell.
    pub(crate) read_as: ReadAs,
}

/// The function that is given the streams: the records of each, or why one cannot be read. It returns true to go on.
pub(crate) type Visitor<'v> = dyn FnMut(Result<Stream<'_>, (Origin, String)>) -> bool + 'v;

/// The visitor that streams go to, and the charset that all of them are said to have.
struct Opening<'v, 'f> {
    charset: Option<Charset>,
    visit: &'v mut Visitor<'f>,
}

impl Opening<'_, '_> {
    fn refuse(&mut self, origin: Origin, why: String) -> bool {
        (self.visit)(Err((origin, why)))
    }

    fn failed(&mut self, origin: Origin, error: &std::io::Error) -> bool {
        self.refuse(origin, crate::walk::why(error))
    }
}

/// A source that can be read, and read again from any place.
pub(crate) trait ReadSeek: Read + Seek {}

impl<R: Read + Seek> ReadSeek for R {}

/// A file that can be sought in, or a stream that cannot.
pub(crate) enum Source<'a> {
    File(&'a mut dyn ReadSeek),
    Stream(&'a mut dyn Read),
}

/// Opens a file and gives all streams in it to the visitor. `charset` is the encoding of those that do not show theirs.
pub(crate) fn open(source: Source<'_>, origin: Origin, charset: Option<Charset>, visit: &mut Visitor<'_>) {
    unpack(source, origin, 0, &mut Opening { charset, visit });
}

fn unpack(source: Source<'_>, origin: Origin, layer: usize, to: &mut Opening<'_, '_>) -> bool {
    if layer > MAX_LAYERS {
        let why = format!("more than {MAX_LAYERS} archives lie in each other: unpack them first");
        return to.refuse(origin, why);
    }
    let (head, source) = match source {
        Source::File(file) => {
            let begun = text::Begun::new(&mut *file);
            let (head, error) = (begun.head.into_inner(), begun.error);
            match error.map_or_else(|| file.rewind(), Err) {
                Ok(()) => (head, Source::File(file)),
                Err(error) => return to.failed(origin, &error),
            }
        }
        Source::Stream(stream) => {
            let mut begun = text::Begun::new(stream);
            let head = begun.head.get_ref().clone();
            return match begun.error.take_if(|_| head.is_empty()) {
                Some(error) => to.failed(origin, &error),
                None => unpack_known(&head, Source::Stream(&mut begun), origin, layer, to),
            };
        }
    };
    unpack_known(&head, source, origin, layer, to)
}

fn unpack_known(
    head: &[u8],
    source: Source<'_>,
    origin: Origin,
    layer: usize,
    to: &mut Opening<'_, '_>,
) -> bool {
    let starts = |magic: &[u8]| head.starts_with(magic);
    if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
        return archives::zip(source, &origin, layer, to);
    }
    let is_tar = head.get(257..262) == Some(b"ustar");
    let stream: &mut dyn Read = match source {
        Source::File(file) => file,
        Source::Stream(stream) => stream,
    };
    if starts(b"7z\xbc\xaf") || starts(b"Rar!") {
        let why =
            "this compression is not known: unpack it, or compress it with gzip, bzip2, xz, zstd or zip";
        return to.refuse(origin, why.to_owned());
    }
    let Some(compression) = Compression::of(head) else {
        return if is_tar {
            archives::tar(stream, &origin, layer, to)
        } else {
            text::plain(stream, origin, to)
        };
    };
    let (counted, read) = Counted::new(stream);
    let decoder: Box<dyn Read + '_> = match compression {
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::new(counted))),
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(BufReader::new(counted))),
        Compression::Zstd => match zstd::Decoder::new(counted) {
            Ok(decoder) => Box::new(decoder),
            Err(error) => return to.failed(origin, &error),
        },
        Compression::Xz => match xz(BufReader::new(counted)) {
            Ok(decoder) => Box::new(decoder),
            Err(error) => return to.failed(origin, &error),
        },
    };
    let mut inner = Guarded { inner: decoder, read, made: 0 };
    unpack(Source::Stream(&mut inner), without_ending(origin, compression.endings()), layer + 1, to)
}

/// The compression of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Bzip2,
    Zstd,
    Xz,
}

impl Compression {
    /// Tells a compression by the first bytes.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        // bzip2: `BZh`, the size of blocks, and the digits of π or, of nothing, those of its root.
        let block =
            |head: &[u8]| head.starts_with(b"1AY&SY") || head.starts_with(b"\x17\x72\x45\x38\x50\x90");
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..] if block(rest) => Some(Self::Bzip2),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            _ => None,
        }
    }

    /// Returns what files end in that are compressed so.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Gzip => &[".gz", ".tgz"],
            Self::Bzip2 => &[".bz2", ".tbz2", ".tbz"],
            Self::Zstd => &[".zst", ".tzst"],
            Self::Xz => &[".xz", ".txz"],
        }
    }
}

fn without_ending(origin: Origin, endings: &[&str]) -> Origin {
    let stem = endings.iter().find_map(|ending| origin.stem.strip_suffix(ending)).map(str::to_owned);
    Origin { stem: stem.unwrap_or(origin.stem), ..origin }
}
