//! Blocks: how the records of the log lie in LMDB.
//!
//! LMDB gives a value that is too long for half a page whole pages of its own, and packs shorter ones as they come:
//! records of one or two kilobytes would leave a third of the file empty. So they are stored several to a block, which
//! fills eight pages to the last bytes. The last block grows until it is full: an append writes it anew, as LMDB
//! would its page. One record is found by its place in its block, and nothing else of the block is read.

use std::ops::Bound;

use heed::{
    RoTxn, RwTxn,
    byteorder::BE,
    types::{Bytes, U64},
};

use crate::{
    error::{Damage, ReadError},
    event::Seq,
    log::{record::Malformed, tables::Table},
};

/// Eight pages, less LMDB's own header. A longer record has a block to itself.
const BLOCK_BYTES: usize = 8 * 4_096 - 16;

const VERSION: u8 = 1;
const HEADER_BYTES: usize = 3;
const END_BYTES: usize = 4;

/// The log itself: seq of the first record → block. The grammar of a block, version 1:
///
/// ```text
/// block  = version:u8 = 1, count:u16, end:u32 count times, record count times
/// ```
///
/// Numbers are big-endian; `end` is where a record ends, counted from the first record's first byte; the records are of
/// seqs that follow one another. The next block begins with the seq after the last.
///
/// Corrupt forms that reading refuses: another version, no record, ends that do not rise or lie outside of the block,
/// bytes behind the last end, a block that does not begin where the one before ended.
#[derive(Clone, Copy)]
pub(crate) struct Events {
    blocks: Table<U64<BE>, Bytes>,
}

impl Events {
    pub(crate) fn of(blocks: Table<U64<BE>, Bytes>) -> Self {
        Self { blocks }
    }

    /// Returns the record of this seq.
    pub(crate) fn get<'t>(&self, txn: &'t RoTxn<'_>, seq: Seq) -> Result<&'t [u8], ReadError> {
        let block = self.block_of(txn, seq)?;
        block.and_then(|block| block.get(seq)).ok_or_else(|| missing(seq))
    }

    /// Returns the last record.
    pub(crate) fn last<'t>(&self, txn: &'t RoTxn<'_>) -> Result<Option<(Seq, &'t [u8])>, ReadError> {
        let Some(block) = self.block_of(txn, Seq::MAX)? else { return Ok(None) };
        let last = block.last();
        Ok(Some((last, block.get(last).ok_or_else(|| missing(last))?)))
    }

    /// Returns the records from `first` to `last`, if there are so many. Ends at the first that cannot be read.
    pub(crate) fn range<'t>(
        &self,
        txn: &'t RoTxn<'_>,
        first: Seq,
        last: Seq,
    ) -> Result<Records<'t>, ReadError> {
        let first = first.max(Seq::new(1));
        let current = self.block_of(txn, first)?;
        let after = current.as_ref().map_or(Seq::ZERO, |block| block.first).get();
        let bounds = (Bound::Excluded(after), Bound::Included(last.get()));
        Ok(Records { blocks: self.blocks.range(txn, &bounds)?, current, next: first, last })
    }

    /// Returns how many records all blocks hold together, however they follow one another.
    pub(crate) fn count(&self, txn: &RoTxn<'_>) -> Result<u64, ReadError> {
        let mut count = 0;
        for entry in self.blocks.iter(txn)? {
            let (first, bytes) = entry?;
            count += Block::read(first, bytes)?.count() as u64;
        }
        Ok(count)
    }

    /// Returns the table as it is: in a log of format 1, seq → record.
    pub(crate) fn raw(&self) -> Table<U64<BE>, Bytes> {
        self.blocks
    }

    /// Puts another record in the place of this one.
    pub(crate) fn replace(&self, txn: &mut RwTxn<'_>, seq: Seq, record: &[u8]) -> Result<(), ReadError> {
        let block =
            self.block_of(txn, seq)?.filter(|block| seq <= block.last()).ok_or_else(|| missing(seq))?;
        let mut anew = Tail::empty(block.first);
        for at in (block.first.get()..=block.last().get()).map(Seq::new) {
            anew.push(if at == seq { record } else { block.get(at).ok_or_else(|| missing(at))? });
        }
        anew.write(self, txn)
    }

    /// Returns the last block, to go on with.
    fn tail(&self, txn: &RoTxn<'_>) -> Result<Tail, ReadError> {
        Ok(match self.block_of(txn, Seq::MAX)? {
            None => Tail::empty(Seq::new(1)),
            Some(Block { first, ends, records }) => {
                Tail { first, ends: ends.to_vec(), records: records.to_vec(), changed: false }
            }
        })
    }

    /// Returns the block that begins last of those that do not begin after `seq`.
    fn block_of<'t>(&self, txn: &'t RoTxn<'_>, seq: Seq) -> Result<Option<Block<'t>>, ReadError> {
        let found = self.blocks.get_lower_than_or_equal_to(txn, &seq.get())?;
        found.map(|(first, bytes)| Block::read(first, bytes)).transpose()
    }
}

fn missing(seq: Seq) -> ReadError {
    ReadError::Damaged { seq, damage: Damage::Missing }
}

/// A stored block.
struct Block<'t> {
    first: Seq,
    ends: &'t [u8],
    records: &'t [u8],
}

impl<'t> Block<'t> {
    fn read(first: u64, bytes: &'t [u8]) -> Result<Self, ReadError> {
        let first = Seq::new(first);
        Self::decode(first, bytes)
            .ok_or_else(|| ReadError::Damaged { seq: first, damage: Malformed::Block.into() })
    }

    fn decode(first: Seq, bytes: &'t [u8]) -> Option<Self> {
        let ([VERSION, high, low], rest) = bytes.split_first_chunk::<HEADER_BYTES>()? else { return None };
        let count = usize::from(u16::from_be_bytes([*high, *low]));
        let (ends, records) = rest.split_at_checked(count * END_BYTES)?;
        let block = Self { first, ends, records };
        (block.end(count.checked_sub(1)?)? == records.len()).then_some(block)
    }

    fn count(&self) -> usize {
        self.ends.len() / END_BYTES
    }

    fn last(&self) -> Seq {
        Seq::new(self.first.get().saturating_add(self.count() as u64).saturating_sub(1))
    }

    fn get(&self, seq: Seq) -> Option<&'t [u8]> {
        let at = usize::try_from(seq.get().checked_sub(self.first.get())?).ok()?;
        let from = if at == 0 { 0 } else { self.end(at - 1)? };
        self.records.get(from..self.end(at)?)
    }

    fn end(&self, at: usize) -> Option<usize> {
        let end = self.ends.get(at.checked_mul(END_BYTES)?..)?.first_chunk::<END_BYTES>()?;
        usize::try_from(u32::from_be_bytes(*end)).ok()
    }
}

/// Records in the order of their seqs.
pub(crate) struct Records<'t> {
    blocks: heed::RoRange<'t, U64<BE>, Bytes>,
    current: Option<Block<'t>>,
    next: Seq,
    last: Seq,
}

impl<'t> Iterator for Records<'t> {
    type Item = Result<(Seq, &'t [u8]), ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let seq = self.next;
        if seq > self.last {
            return None;
        }
        if let Some(found) = self.current.as_ref().and_then(|block| block.get(seq)) {
            self.next = seq.next();
            return Some(Ok((seq, found)));
        }
        let block = match self.blocks.next()? {
            Ok((first, bytes)) => Block::read(first, bytes),
            Err(error) => Err(error.into()),
        };
        let found = block.and_then(|block| {
            let found = if block.first == seq { block.get(seq) } else { None };
            self.current = Some(block);
            found.ok_or_else(|| missing(seq))
        });
        match found {
            Ok(_) => self.next = seq.next(),
            Err(_) => self.last = Seq::ZERO,
        }
        Some(found.map(|record| (seq, record)))
    }
}

/// A block that is being filled.
struct Tail {
    first: Seq,
    ends: Vec<u8>,
    records: Vec<u8>,
    /// Since it was last written.
    changed: bool,
}

impl Tail {
    /// Returns a new block.
    fn empty(first: Seq) -> Self {
        Self { first, ends: Vec::new(), records: Vec::with_capacity(BLOCK_BYTES), changed: false }
    }

    /// Returns true if a record of so many bytes still fits.
    fn has_room_for(&self, bytes: usize) -> bool {
        self.ends.is_empty()
            || HEADER_BYTES + self.ends.len() + END_BYTES + self.records.len() + bytes <= BLOCK_BYTES
    }

    /// Adds a record behind the last. The caller asks first whether it fits.
    #[expect(clippy::expect_used, reason = "a block's records are far from 4 GB")]
    fn push(&mut self, record: &[u8]) {
        self.records.extend_from_slice(record);
        let end = u32::try_from(self.records.len()).expect(
            "a record has some megabytes at most, and only the first of a block may be longer than it",
        );
        self.ends.extend(end.to_be_bytes());
        self.changed = true;
    }

    /// Writes the block, if something was added to it.
    #[expect(clippy::expect_used, reason = "a block has room for less than 65,536 records")]
    fn write(&mut self, events: &Events, txn: &mut RwTxn<'_>) -> Result<(), ReadError> {
        if self.changed {
            let count = u16::try_from(self.ends.len() / END_BYTES)
                .expect("a block has fewer bytes than 65,536 ends")
                .to_be_bytes();
            let block = [&[VERSION], count.as_slice(), &self.ends, &self.records].concat();
            events.blocks.put(txn, &self.first.get(), &block)?;
            self.changed = false;
        }
        Ok(())
    }
}

/// Fills blocks one after the other with records that come in the order of their seqs.
pub(crate) struct Filling {
    events: Events,
    tail: Tail,
}

impl Filling {
    /// Begins a log.
    pub(crate) fn anew(events: Events) -> Self {
        Self { events, tail: Tail::empty(Seq::new(1)) }
    }

    /// Goes on where the log ends.
    pub(crate) fn at_end(events: Events, txn: &RoTxn<'_>) -> Result<Self, ReadError> {
        Ok(Self { events, tail: events.tail(txn)? })
    }

    /// Adds the record of this seq, the one after the last.
    pub(crate) fn push(&mut self, txn: &mut RwTxn<'_>, seq: Seq, record: &[u8]) -> Result<(), ReadError> {
        if !self.tail.has_room_for(record.len()) {
            self.flush(txn)?;
            self.tail = Tail::empty(seq);
        }
        self.tail.push(record);
        Ok(())
    }

    /// Writes what is not written yet: before anything added is read, and before the commit.
    pub(crate) fn flush(&mut self, txn: &mut RwTxn<'_>) -> Result<(), ReadError> {
        self.tail.write(&self.events, txn)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Log;

    /// A block that the first version wrote, byte for byte: it is read for ever.
    #[test]
    fn blocks_of_version_1_are_read_for_ever() {
        let stored = b"\x01\x00\x03\x00\x00\x00\x03\x00\x00\x00\x03\x00\x00\x00\x08oneseven";
        let block = Block::decode(Seq::new(7), stored).unwrap();
        let records: Vec<_> = (6..11).map(|seq| block.get(Seq::new(seq))).collect();
        assert_eq!(
            records,
            [None, Some(b"one".as_slice()), Some(b"".as_slice()), Some(b"seven".as_slice()), None]
        );
        assert_eq!((block.first, block.last()), (Seq::new(7), Seq::new(9)));
    }

    #[test]
    fn corrupt_blocks_are_refused() {
        for (what, stored) in [
            ("nothing", b"".as_slice()),
            ("another version", b"\x02\x00\x01\x00\x00\x00\x01x"),
            ("no record", b"\x01\x00\x00"),
            ("ends that are not there", b"\x01\x00\x02\x00\x00\x00\x01x"),
            ("bytes behind the last end", b"\x01\x00\x01\x00\x00\x00\x01xy"),
            ("an end outside", b"\x01\x00\x01\x00\x00\x00\x05x"),
        ] {
            assert!(Block::decode(Seq::new(1), stored).is_none(), "{what}");
        }
        let falling = Block::decode(Seq::new(1), b"\x01\x00\x02\x00\x00\x00\x09\x00\x00\x00\x01x").unwrap();
        assert_eq!([1, 2].map(|seq| falling.get(Seq::new(seq))), [None, None]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(block) = Block::decode(Seq::new(5), &bytes) {
                (0..70_000).step_by(997).for_each(|seq| _ = block.get(Seq::new(seq)));
            }
        }

        /// However many are appended at once, each record is found alone and in the row, also once one was replaced.
        #[test]
        fn records_come_back(
            lengths in proptest::collection::vec(prop_oneof![0..60_usize, 0..4_000_usize, 30_000..70_000_usize], 1..80),
            commit_every in 1..30_usize,
            replaced in any::<prop::sample::Index>(),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let (tables, txn) = Log::open(dir.path()).unwrap().read().unwrap();
            drop(txn);
            let events = tables.events;
            let mut expected: Vec<Vec<u8>> =
                lengths.iter().enumerate().map(|(at, length)| vec![at as u8; *length]).collect();
            for (chunk, records) in expected.chunks(commit_every).enumerate() {
                let mut txn = tables.env.write_txn().unwrap();
                let mut filling = Filling::at_end(events, &txn).unwrap();
                for (at, record) in records.iter().enumerate() {
                    let seq = Seq::new((chunk * commit_every + at) as u64 + 1);
                    filling.push(&mut txn, seq, record).unwrap();
                }
                filling.flush(&mut txn).unwrap();
                txn.commit().unwrap();
            }
            let at = replaced.index(expected.len());
            expected[at] = b"a stub".to_vec();
            let mut txn = tables.env.write_txn().unwrap();
            events.replace(&mut txn, Seq::new(at as u64 + 1), b"a stub").unwrap();
            txn.commit().unwrap();

            let txn = tables.env.read_txn().unwrap();
            prop_assert_eq!(events.count(&txn).unwrap(), expected.len() as u64);
            for first in [1, at + 1, expected.len()] {
                let row = events.range(&txn, Seq::new(first as u64), Seq::MAX).unwrap();
                let row: Vec<_> = row.map(|entry| entry.map(|(_, record)| record.to_vec()).unwrap()).collect();
                prop_assert_eq!(row.as_slice(), &expected[first - 1..]);
            }
            for (at, record) in expected.iter().enumerate() {
                prop_assert_eq!(events.get(&txn, Seq::new(at as u64 + 1)).unwrap(), record.as_slice());
            }
            prop_assert!(events.get(&txn, Seq::new(expected.len() as u64 + 1)).is_err());
            prop_assert_eq!(events.last(&txn).unwrap().unwrap().0, Seq::new(expected.len() as u64));
        }
    }
}
