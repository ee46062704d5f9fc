//! Forgetting for good, and compacting: the log written anew into a fresh volume.
//!
//! An erasure is one commit that replaces payloads by stubs, so readers see it at once. But LMDB leaves what was
//! there in free pages and in the gaps of live ones, and a dictionary that was learned from an erased payload holds
//! scraps of it. So the same commit notes that the volume is to be left behind (`forget` in the table `meta`), and
//! before the erasure returns everything else is copied, row by row, into a new volume: see `volume.rs` for how it
//! takes the old one's place. Dictionaries that knew an erased payload are not copied; records that need
//! them are compressed anew. Erasures that wait at the same time share one rewrite. A crash in between is
//! made good when the log is next opened.

use std::{collections::BTreeSet, fs};

use heed::{PutFlags, RoTxn, RwTxn};

use crate::{
    catalog::names,
    error::{AppendError, ReadError, damaged},
    event::Seq,
    keep::verify::{Progress, Stage},
    log::{
        blocks::Filling,
        compress::{DICTIONARY_BYTES, Dictionaries},
        copy::{CHUNK_BYTES, copy_table, new_volume},
        handle::Log,
        head::head_in,
        record::{Encoded, Record},
        tables::{STAMP, Tables},
        train::{put_dictionary, sampled},
        volumes::sync_dir,
    },
};

/// The result of compacting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Compacted {
    /// Bytes of the data file before.
    pub before: u64,
    /// Bytes of the data file after.
    pub after: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// Something was erased.
    Forget,
    /// To give room back: everything is compressed with the newest dictionary.
    Compact,
}

impl Log {
    /// Writes the log anew without its free pages and gaps. Readers go on; writers wait. Needs room for a second
    /// copy meanwhile.
    ///
    /// # Errors
    /// [`AppendError`]: the log is as it was then.
    pub fn compact(&self, progress: &mut dyn FnMut(Progress)) -> Result<Compacted, AppendError> {
        let before = self.sizes()?.disk;
        self.rewrite(Why::Compact, progress)?;
        Ok(Compacted { before, after: self.sizes()?.disk })
    }

    /// Drives erased bytes out of the files, if that is still to be done.
    pub(crate) fn forget_what_is_due(&self) -> Result<(), AppendError> {
        let (tables, txn) = self.read()?;
        let due = tables.number(&txn, "forget")? != 0;
        drop(txn);
        drop(tables);
        if due { self.rewrite(Why::Forget, &mut |_| {}) } else { Ok(()) }
    }

    fn rewrite(&self, why: Why, progress: &mut dyn FnMut(Progress)) -> Result<(), AppendError> {
        let _guard = self.volumes().lock()?;
        self.write(|old, txn| {
            if why == Why::Forget && old.number(&txn, "forget")? == 0 {
                return Ok(()); // another erasure's rewrite took ours along
            }
            let volume = old.volume.next();
            new_volume(self.volumes(), volume, |new| self.copy(old, &txn, new, why, progress))?;
            self.volumes().switch_to(volume)?;
            let left = self.volumes().path(old.volume);
            fs::remove_dir_all(&left).and_then(|()| sync_dir(self.dir()))?;
            drop(txn);
            Ok(())
        })
    }

    fn copy(
        &self,
        old: &Tables,
        txn: &RwTxn<'_>,
        new: &Tables,
        why: Why,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), AppendError> {
        let mut to = new.env.write_txn()?;
        for entry in old.meta.iter(txn)? {
            let (name, number) = entry?;
            if name != "forget" && name != STAMP {
                new.meta.put(&mut to, name, &number)?;
            }
        }
        let (kept, dropped) = self.copy_dictionaries(old, txn, new, &mut to)?;
        to.commit()?;
        let newest = kept.encoder();
        let outdated = |payload: &Encoded<'_>| match payload {
            Encoded::Zstd { dictionary, .. } => {
                dropped.contains(dictionary) || (why == Why::Compact && Some(*dictionary) != newest)
            }
            Encoded::Plain(..) => why == Why::Compact,
            Encoded::Erased(_) => false,
        };
        self.copy_events(old, txn, (new, &kept), &outdated, progress)?;
        copy_sources(old, txn, new)?;
        copy_table(old.times, txn, new, new.times)?;
        copy_table(old.catalog.heads, txn, new, new.catalog.heads)?;
        copy_table(old.catalog.referrers, txn, new, new.catalog.referrers)?;
        copy_table(old.catalog.due, txn, new, new.catalog.due)?;
        copy_table(old.catalog.hidden, txn, new, new.catalog.hidden)?;
        Ok(())
    }

    /// Copies the dictionaries that know nothing erased, and learns one if none is left. Returns the new volume's and
    /// the numbers of those that were not copied.
    ///
    /// The new volume's are not those of the log handle until the volume counts: if it never does, another
    /// dictionary will have the number of the one that was learned here.
    fn copy_dictionaries(
        &self,
        old: &Tables,
        txn: &RwTxn<'_>,
        new: &Tables,
        to: &mut RwTxn<'_>,
    ) -> Result<(Dictionaries, BTreeSet<u32>), AppendError> {
        let (kept, mut dropped) = (Dictionaries::default(), BTreeSet::new());
        let mut newest = None;
        for entry in old.dictionaries.iter(txn)? {
            let (number, dictionary) = entry?;
            if knows_erased(old, txn, number)? {
                dropped.insert(number);
            } else {
                new.dictionaries.put(to, &number, dictionary)?;
                if let Some(samples) = old.samples.get(txn, &number)? {
                    new.samples.put(to, &number, samples)?;
                }
                newest = Some((number, dictionary.to_vec()));
            }
        }
        if newest.is_none() && !dropped.is_empty() {
            let (samples, seqs) = self.samples(old, txn)?;
            if let Ok(dictionary) = zstd::dict::from_samples(&samples, DICTIONARY_BYTES) {
                newest = Some((put_dictionary(new, to, &dictionary, &seqs)?, dictionary));
            }
        }
        kept.encode_with(newest.as_ref().map(|(number, bytes)| (*number, bytes.as_slice())));
        Ok((kept, dropped))
    }

    fn copy_events(
        &self,
        old: &Tables,
        txn: &RwTxn<'_>,
        (new, dictionaries): (&Tables, &Dictionaries),
        outdated: &dyn Fn(&Encoded<'_>) -> bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), AppendError> {
        let of = head_in(old, txn)?.seq.get();
        let (mut payload, mut stored) = (Vec::new(), Vec::new());
        let mut rows = old.events.range(txn, Seq::ZERO, Seq::MAX)?.peekable();
        let mut filling = Filling::anew(new.events);
        let mut done = 0;
        while rows.peek().is_some() {
            let mut to = new.env.write_txn()?;
            let mut bytes = 0;
            while bytes < CHUNK_BYTES {
                let Some(row) = rows.next() else { break };
                let (seq, row) = row?;
                let record = Record::decode(row).map_err(|found| damaged(seq, found))?;
                let row = match record.payload {
                    Encoded::Plain(salt, _) | Encoded::Zstd { salt, .. } if outdated(&record.payload) => {
                        self.payload_of(old, txn, seq, &record, &mut payload)?;
                        let anew = dictionaries.compress(std::mem::take(&mut payload));
                        stored.clear();
                        Record { payload: anew.with_salt(salt), ..record }.encode(&mut stored);
                        stored.as_slice()
                    }
                    _ => row,
                };
                bytes += row.len();
                filling.push(&mut to, seq, row)?;
                done = seq.get();
            }
            filling.flush(&mut to)?;
            to.commit()?;
            progress(Progress { stage: Stage::Events, done, of });
        }
        Ok(())
    }
}

/// Copies what sources said of themselves, but for names that are of erased assets.
fn copy_sources(old: &Tables, txn: &RoTxn<'_>, new: &Tables) -> Result<(), AppendError> {
    let mut to = new.env.write_txn()?;
    for entry in old.sources.iter(txn)? {
        let (name, sealed) = entry?;
        if names::may_stay(old, txn, name, sealed)? {
            new.sources.put_with_flags(&mut to, PutFlags::APPEND, name, sealed)?;
        }
    }
    Ok(to.commit()?)
}

/// Returns true if a dictionary was learned from something that was erased; so too if that cannot be told.
fn knows_erased(tables: &Tables, txn: &RoTxn<'_>, dictionary: u32) -> Result<bool, ReadError> {
    let Some(seqs) = sampled(tables, txn, dictionary)? else { return Ok(true) };
    for seq in seqs {
        if matches!(tables.record(txn, seq)?.payload, Encoded::Erased(_)) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
