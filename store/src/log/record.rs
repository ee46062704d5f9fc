//! The grammar of a stored record: what one event is in the table `events`.

use crate::{
    asset::{AssetId, AssetKind},
    date::Timestamp,
    event::{EventType, Revision, Seq},
    log::{
        digest::{Digest, Salt},
        encoding::{Cursor, put_text, put_varint, zigzag},
    },
};

/// The version of the grammar below. A later version adds a decoder and keeps this one.
const VERSION: u8 = 1;
const TIME_STATED: u8 = 0b001;
const TYPE_IN_FULL: u8 = 255;

/// One record, its payload still encoded. The grammar, version 1:
///
/// ```text
/// record   = version:u8 = 1, flags:u8, type:u8, [name:text if type = 255], schema:varint, id:text,
///            recorded:zigzag, [time:zigzag if flags & 1], prev:varint, revision:varint, link:32 bytes, payload
/// payload  = encoding:u8 = 0, digest:32 bytes                                       an erased one
///          | encoding:u8 = 1, salt:16 bytes, bytes                                  as it is
///          | encoding:u8 = 2, salt:16 bytes, dictionary:varint, length:varint, zstd frame
/// text     = length:varint, UTF-8
/// varint   = LEB128, unsigned; zigzag = LEB128 of (n << 1) ^ (n >> 63)
/// ```
///
/// Times are milliseconds since 1970; `prev` is the seq of the event before this on the same asset (0: none);
/// `revision` counts the published events of the asset up to this one; `dictionary` 0 is none; `length` is that
/// of the payload once decompressed. The link is that of [`crate::log::digest`].
///
/// Corrupt forms that decoding refuses: another version, an unknown type code or encoding, a text that is not
/// UTF-8 or no id, a varint of more than ten bytes, an end that comes too soon.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record<'a> {
    pub(crate) event_type: EventType,
    pub(crate) schema: u64,
    pub(crate) id: AssetId,
    pub(crate) recorded: Timestamp,
    pub(crate) time: Option<Timestamp>,
    pub(crate) prev: Seq,
    pub(crate) revision: Revision,
    pub(crate) link: Digest,
    pub(crate) payload: Encoded<'a>,
}

/// A payload as it is stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Encoded<'a> {
    /// Erased: only its digest is left.
    Erased(Digest),
    /// Not compressed: it would not have become smaller.
    Plain(Salt, &'a [u8]),
    /// Compressed.
    Zstd { salt: Salt, dictionary: u32, length: usize, frame: &'a [u8] },
}

/// Returns what the chain's digest takes of a record besides its payload: see [`crate::log::digest`].
pub(crate) fn envelope(
    seq: Seq,
    recorded: Timestamp,
    time: Option<Timestamp>,
    schema: u64,
    event_type: &EventType,
    id: &AssetId,
) -> String {
    let recorded = recorded.as_millis();
    let name = event_type.name();
    match time {
        Some(time) => format!("{seq} {recorded} {} {schema} {name} {id}", time.as_millis()),
        None => format!("{seq} {recorded} - {schema} {name} {id}"),
    }
}

impl Encoded<'_> {
    /// Returns the payload's digest, given the payload itself where it is there.
    pub(crate) fn digest(&self, payload: &[u8]) -> Digest {
        match self {
            Self::Erased(digest) => *digest,
            Self::Plain(salt, _) | Self::Zstd { salt, .. } => Digest::of(&[salt.as_bytes(), payload]),
        }
    }
}

impl<'a> Record<'a> {
    /// Returns when it happened, as far as is known.
    pub(crate) fn happened(&self) -> Timestamp {
        self.time.unwrap_or(self.recorded)
    }

    /// Returns the record's link in the chain, given the one before and its payload's digest.
    pub(crate) fn expected_link(&self, seq: Seq, before: &Digest, payload: &Digest) -> Digest {
        let envelope = envelope(seq, self.recorded, self.time, self.schema, &self.event_type, &self.id);
        Digest::of(&[before.as_bytes(), payload.as_bytes(), envelope.as_bytes()])
    }

    /// Writes the record.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend([VERSION, if self.time.is_some() { TIME_STATED } else { 0 }]);
        match type_code(&self.event_type) {
            Some(code) => out.push(code),
            None => {
                out.push(TYPE_IN_FULL);
                put_text(out, &self.event_type.name());
            }
        }
        put_varint(out, self.schema);
        put_text(out, self.id.as_str());
        put_varint(out, zigzag(self.recorded.as_millis()));
        if let Some(time) = self.time {
            put_varint(out, zigzag(time.as_millis()));
        }
        put_varint(out, self.prev.get());
        put_varint(out, self.revision.get());
        out.extend(self.link.as_bytes());
        match self.payload {
            Encoded::Erased(digest) => {
                out.push(0);
                out.extend(digest.as_bytes());
            }
            Encoded::Plain(salt, bytes) => {
                out.push(1);
                out.extend(salt.as_bytes());
                out.extend(bytes);
            }
            Encoded::Zstd { salt, dictionary, length, frame } => {
                out.push(2);
                out.extend(salt.as_bytes());
                put_varint(out, u64::from(dictionary));
                put_varint(out, length as u64);
                out.extend(frame);
            }
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`Malformed`], with what was found.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut from = Cursor { rest: bytes };
        match from.byte()? {
            VERSION => {}
            other => return Err(Malformed::Version(other)),
        }
        let flags = from.byte()?;
        let event_type = match from.byte()? {
            TYPE_IN_FULL => EventType::from(from.text()?),
            code => type_of(code).ok_or(Malformed::Type(code))?,
        };
        let schema = from.varint()?;
        let id = AssetId::new(from.text()?).map_err(|_| Malformed::Text)?;
        let recorded = from.timestamp()?;
        let time = if flags & TIME_STATED == 0 { None } else { Some(from.timestamp()?) };
        let prev = Seq::new(from.varint()?);
        let revision = Revision::new(from.varint()?);
        let link = Digest::from_bytes(from.array()?);
        let payload = match from.byte()? {
            0 => Encoded::Erased(Digest::from_bytes(from.array()?)),
            1 => Encoded::Plain(Salt::from_bytes(from.array()?), from.rest),
            2 => Encoded::Zstd {
                salt: Salt::from_bytes(from.array()?),
                dictionary: u32::try_from(from.varint()?).map_err(|_| Malformed::Number)?,
                length: usize::try_from(from.varint()?).map_err(|_| Malformed::Number)?,
                frame: from.rest,
            },
            other => return Err(Malformed::Encoding(other)),
        };
        Ok(Self { event_type, schema, id, recorded, time, prev, revision, link, payload })
    }
}

/// A record that does not follow the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Of a version that this program does not know.
    #[error("it is of version {0}")]
    Version(u8),
    /// A type's code that this program does not know.
    #[error("it has the type code {0}")]
    Type(u8),
    /// A payload's encoding that this program does not know.
    #[error("its payload has the encoding {0}")]
    Encoding(u8),
    /// Not UTF-8, or no id.
    #[error("a text in it cannot be read")]
    Text,
    /// A number that is too large.
    #[error("a number in it cannot be read")]
    Number,
    /// It ends too soon.
    #[error("it ends too soon")]
    End,
    /// Not the record: the block that it lies in.
    #[error("the block of records that it lies in cannot be read")]
    Block,
}

/// The types that have a code of their own: the order is part of the grammar. What came later is written in full, which
/// programs of before hand on instead of taking it for damage.
const TYPES: [EventType; 10] = [
    EventType::Published(AssetKind::Article),
    EventType::Withdrawn(AssetKind::Article),
    EventType::Erased(AssetKind::Article),
    EventType::Published(AssetKind::Image),
    EventType::Withdrawn(AssetKind::Image),
    EventType::Erased(AssetKind::Image),
    EventType::Published(AssetKind::Byline),
    EventType::Withdrawn(AssetKind::Byline),
    EventType::Erased(AssetKind::Byline),
    EventType::Merged,
];

fn type_code(event_type: &EventType) -> Option<u8> {
    let at = TYPES.iter().position(|known| known == event_type)?;
    u8::try_from(at).ok()
}

fn type_of(code: u8) -> Option<EventType> {
    TYPES.get(usize::from(code)).cloned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_record() -> impl Strategy<Value = (EventType, u64, String, i64, Option<i64>, u64, u64, Vec<u8>, u8)>
    {
        let event_type = prop_oneof![
            (0..10_usize).prop_map(|at| TYPES[at].clone()),
            "[a-z]{1,9}\\.[a-z]{1,9}".prop_map(|name| EventType::from(name.as_str())),
        ];
        let time = -377_705_023_201_000_i64..=253_402_207_200_000;
        (
            event_type,
            any::<u64>(),
            "\\PC{1,80}",
            time.clone(),
            proptest::option::of(time),
            any::<u64>(),
            any::<u64>(),
            proptest::collection::vec(any::<u8>(), 0..200),
            0..3_u8,
        )
    }

    proptest! {
        #[test]
        fn records_come_back((event_type, schema, id, recorded, time, prev, revision, bytes, encoding) in any_record()) {
            let salt = Salt::from_bytes([7; 16]);
            let record = Record {
                event_type, schema,
                id: AssetId::new(id).unwrap(),
                recorded: Timestamp::from_millis(recorded).unwrap(),
                time: time.and_then(Timestamp::from_millis),
                prev: Seq::new(prev),
                revision: Revision::new(revision),
                link: Digest::of(&[&bytes]),
                payload: match encoding {
                    0 => Encoded::Erased(Digest::of(&[b"x"])),
                    1 => Encoded::Plain(salt, &bytes),
                    _ => Encoded::Zstd { salt, dictionary: 3, length: 1 << 20, frame: &bytes },
                },
            };
            let mut stored = Vec::new();
            record.encode(&mut stored);
            prop_assert_eq!(Record::decode(&stored), Ok(record));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Record::decode(&bytes);
            let mut versioned = vec![VERSION];
            versioned.extend(&bytes);
            let _ = Record::decode(&versioned);
        }
    }

    /// The other two encodings are read for ever, too.
    #[test]
    fn version_1_payloads_are_read_for_ever() {
        let head = [&[1, 0, 255, 13][..], b"podcast.aired", &[1, 1], b"p", &[0, 0, 0], &[9; 32]].concat();
        let erased = [&head[..], &[0], &[8; 32]].concat();
        let frame = [&head[..], &[2], &[7; 16], &[0x81, 0x01, 0xac, 0x02], b"frame"].concat();
        let salt = Salt::from_bytes([7; 16]);
        let check = |stored: &[u8], payload: Encoded<'_>| {
            let record = Record::decode(stored).unwrap();
            assert_eq!(record.event_type, EventType::Other("podcast.aired".into()));
            assert_eq!((record.time, record.payload), (None, payload));
            let mut again = Vec::new();
            record.encode(&mut again);
            assert_eq!(again, stored);
        };
        check(&erased, Encoded::Erased(Digest::from_bytes([8; 32])));
        check(&frame, Encoded::Zstd { salt, dictionary: 129, length: 300, frame: b"frame" });
    }

    /// Bytes that version 1 wrote, which must be read for ever: they are never to be changed.
    #[test]
    fn version_1_is_read_for_ever() {
        let golden = [
            &[1, 1, 0, 1, 3][..],
            b"a/1",
            &[0x80, 0x90, 0xfb, 0xf2, 0xf7, 0x66], // recorded: 1 767 000 000 000 ms, zigzag
            &[0x01],                               // time: -1 ms
            &[5, 2],
            &[9; 32],
            &[1],
            &[7; 16],
            b"\n{}",
        ]
        .concat();
        let record = Record::decode(&golden).unwrap();
        assert_eq!(record.event_type, EventType::Published(AssetKind::Article));
        assert_eq!(record.id.as_str(), "a/1");
        assert_eq!(record.time, Timestamp::from_millis(-1));
        assert_eq!((record.prev, record.revision), (Seq::new(5), Revision::new(2)));
        assert_eq!(record.payload, Encoded::Plain(Salt::from_bytes([7; 16]), b"\n{}"));
        let mut again = Vec::new();
        record.encode(&mut again);
        assert_eq!(again, golden);
    }
}
