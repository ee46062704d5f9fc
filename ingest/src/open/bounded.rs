//! Decompressing within bounds: bombs are stopped, and what would take much memory is refused.

use std::{
    cell::Cell,
    io::{self, BufRead, Read},
    rc::Rc,
};

use liblzma::{bufread::XzDecoder, stream};

/// Text never shrinks to a five-hundredth. A bomb does.
const MAX_RATIO: u64 = 500;
/// Small files may.
const FREE_BYTES: u64 = 64 << 20;
/// The memory that reading xz may take: its dictionary, which is of 64 MiB at the highest preset (`xz -9`), and what the
/// decoder needs beside it.
const XZ_MEMORY: u64 = (64 << 20) + (2 << 20);

/// Reads xz, of which one file may hold several streams.
pub(crate) fn xz<R: BufRead>(input: R) -> io::Result<Xz<R>> {
    Ok(Xz(XzDecoder::new_stream(input, stream::Stream::new_stream_decoder(XZ_MEMORY, stream::CONCATENATED)?)))
}

/// A stream of xz.
pub(crate) struct Xz<R: BufRead>(XzDecoder<R>);

impl<R: BufRead> Read for Xz<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
            match inner {
                Some(stream::Error::MemLimit) => io::Error::other(
                    "its dictionary has more than 64 MB, which is more than is taken: compress it with `xz -9` or less",
                ),
                _ => error,
            }
        })
    }
}

/// Counts what is read from a compressed stream.
pub(super) struct Counted<'a> {
    inner: &'a mut dyn Read,
    read: Rc<Cell<u64>>,
}

impl<'a> Counted<'a> {
    pub(super) fn new(inner: &'a mut dyn Read) -> (Self, Rc<Cell<u64>>) {
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
pub(super) struct Guarded<R> {
    pub(super) inner: R,
    pub(super) read: Rc<Cell<u64>>,
    pub(super) made: u64,
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
