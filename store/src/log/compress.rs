//! Compression of payloads, one by one, with dictionaries learned from the log itself.
//!
//! One event at a time keeps a hit's read at a few microseconds; the dictionary brings the size down to that of
//! large blocks. A dictionary holds scraps of the payloads it was learned from, so the log keeps which these
//! were (see `tables.rs`): erasing one of them also replaces the dictionary.

use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use zstd::zstd_safe::{CCtx, CDict, DCtx, DDict, compress_bound};

use crate::{
    log::{
        digest::{Digest, Salt},
        record::Encoded,
    },
    validate::MAX_PAYLOAD_BYTES,
};

/// Level 3 with a dictionary: the knee of size against speed on newspapers' text.
const LEVEL: i32 = 3;
/// A payload shorter than this is kept as it is when there is no dictionary.
const WORTH_IT_BYTES: usize = 64;
/// The size of a dictionary.
pub(crate) const DICTIONARY_BYTES: usize = 110 << 10;

/// The dictionaries of a log. Number 0 stands for "none".
#[derive(Default)]
pub(crate) struct Dictionaries {
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    decoders: HashMap<u32, Arc<DDict<'static>>>,
    encoder: Option<(u32, Arc<CDict<'static>>)>,
}

/// The room that a thread keeps for the next frame.
const ROOM_BYTES: usize = 64 << 10;

thread_local! {
    /// With room for what it makes.
    static COMPRESSOR: RefCell<(CCtx<'static>, Vec<u8>)> = RefCell::new((CCtx::create(), Vec::new()));
    static DECOMPRESSOR: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

impl Dictionaries {
    /// Takes a dictionary that the log has for reading. The log uses no number twice, so one that is here already is
    /// the same; what the log does not have yet must not come here, since it may never have it.
    pub(crate) fn add(&self, number: u32, bytes: &[u8]) {
        if !self.has(number) {
            let dictionary = Arc::new(DDict::create(bytes));
            self.write().decoders.insert(number, dictionary);
        }
    }

    /// Sets the dictionary that is used for new payloads from now on.
    pub(crate) fn encode_with(&self, newest: Option<(u32, &[u8])>) {
        let number = newest.map(|(number, _)| number);
        if self.encoder() == number {
            return;
        }
        let encoder = newest.map(|(number, bytes)| (number, Arc::new(CDict::create(bytes, LEVEL))));
        self.write().encoder = encoder;
    }

    /// Returns the one that is used for new payloads.
    pub(crate) fn encoder(&self) -> Option<u32> {
        self.read().encoder.as_ref().map(|(number, _)| *number)
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if this dictionary is here.
    pub(crate) fn has(&self, number: u32) -> bool {
        self.read().decoders.contains_key(&number)
    }

    /// Compresses a payload; what does not become smaller stays as it is.
    pub(crate) fn compress(&self, payload: Vec<u8>) -> Compressed {
        let encoder = self.read().encoder.clone();
        if encoder.is_none() && payload.len() < WORTH_IT_BYTES {
            return Compressed::Plain(payload);
        }
        let frame = COMPRESSOR.with_borrow_mut(|(context, frame)| {
            frame.clear();
            frame.reserve(compress_bound(payload.len()));
            let done = match &encoder {
                Some((_, dictionary)) => context.compress_using_cdict(frame, &payload, dictionary),
                None => context.compress(frame, &payload, LEVEL),
            };
            let smaller = (done.is_ok() && frame.len() < payload.len()).then(|| frame.clone());
            frame.shrink_to(ROOM_BYTES);
            smaller
        });
        let dictionary = encoder.map_or(0, |(number, _)| number);
        match frame {
            Some(frame) => Compressed::Zstd { dictionary, length: payload.len(), frame },
            None => Compressed::Plain(payload),
        }
    }

    /// Decompresses a payload into `out`.
    pub(crate) fn decompress(&self, stored: &Encoded<'_>, out: &mut Vec<u8>) -> Result<(), Undecodable> {
        out.clear();
        match *stored {
            Encoded::Erased(_) => Ok(()),
            Encoded::Plain(_, bytes) => {
                out.extend_from_slice(bytes);
                Ok(())
            }
            Encoded::Zstd { dictionary, length, frame, .. } => {
                if length > MAX_PAYLOAD_BYTES * 2 {
                    return Err(Undecodable::Length(length));
                }
                out.reserve(length);
                let dictionary = match dictionary {
                    0 => None,
                    number => Some(
                        self.read().decoders.get(&number).cloned().ok_or(Undecodable::Dictionary(number))?,
                    ),
                };
                let done = DECOMPRESSOR.with_borrow_mut(|context| match &dictionary {
                    Some(dictionary) => context.decompress_using_ddict(out, frame, dictionary),
                    None => context.decompress(out, frame),
                });
                match done {
                    Ok(found) if found == length => Ok(()),
                    _ => Err(Undecodable::Frame),
                }
            }
        }
    }
}

/// A payload made ready to be stored.
#[derive(Debug, Clone)]
pub(crate) enum Compressed {
    /// Not there: only its digest is known.
    Erased(Digest),
    Plain(Vec<u8>),
    Zstd {
        dictionary: u32,
        length: usize,
        frame: Vec<u8>,
    },
}

impl Compressed {
    /// Returns it as a record's payload.
    pub(crate) fn with_salt(&self, salt: Salt) -> Encoded<'_> {
        match self {
            Self::Erased(digest) => Encoded::Erased(*digest),
            Self::Plain(bytes) => Encoded::Plain(salt, bytes),
            Self::Zstd { dictionary, length, frame } => {
                Encoded::Zstd { salt, dictionary: *dictionary, length: *length, frame }
            }
        }
    }
}

/// A payload that cannot be decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// The dictionary is not in the log.
    #[error("it needs dictionary {0}, which is not in the log")]
    Dictionary(u32),
    /// A length that no payload has.
    #[error("it claims {0} bytes")]
    Length(usize),
    /// Not a zstd frame, or not one of the length that was noted.
    #[error("its zstd frame is damaged")]
    Frame,
}
