//! Learning a dictionary from the log.

use heed::{RoTxn, RwTxn};

use crate::{
    error::{AppendError, ReadError},
    event::{EventType, Seq},
    log::{
        handle::Log,
        head::head_in,
        record::Encoded,
        tables::{Tables, seal, unseal},
        trainer::{Trained, Trainer, train},
    },
};

/// One commit in so many also clears the places of readers that died.
const READERS_EVERY: u64 = 1_000;

/// The log learns its first dictionary at this many bytes of JSON, and others, each from a wider sample, at the
/// further figures. Small logs never pay for one.
const DUE_AT_JSON_BYTES: [u64; 3] = [1 << 20, 8 << 20, 64 << 20];
/// The bytes that are read for it. Three times as much takes three times as long to learn from and saves nothing: 0.345 of
/// the JSON of newspapers' text either way; half as much costs one part in a hundred.
const SAMPLE_BYTES: usize = 1 << 20;
/// A sample longer than this says little more.
const SAMPLE_MAX: usize = 8 << 10;

impl Log {
    /// Does what is due after each commit: whoever follows is told, and what was written may be worth a dictionary.
    pub(crate) fn committed(&self) {
        self.bell().ring();
        if self.count_commit() % READERS_EVERY == READERS_EVERY - 1 {
            self.clear_stale_readers();
        }
        if let Err(error) = self.train_when_due() {
            tracing::warn!(%error, "no dictionary could be learned; the log goes on with the one it has");
        }
    }

    /// Learns a dictionary when the log has grown enough for the next.
    pub(crate) fn train_when_due(&self) -> Result<(), AppendError> {
        if let Some(trained) = self.trainer().finished() {
            self.take_dictionary(&trained)?;
        }
        let (tables, txn) = self.read()?;
        let known = tables.dictionaries.len(&txn).map_err(ReadError::from)?;
        let json = tables.number(&txn, "json")?;
        let Ok(at) = usize::try_from(known) else { return Ok(()) };
        if DUE_AT_JSON_BYTES.get(at).is_none_or(|due| json < *due) || !self.trainer().may_try_at(json) {
            return Ok(());
        }
        let begin = |trainer: &Trainer| -> Result<(), AppendError> {
            let (samples, seqs) = self.samples(&tables, &txn)?;
            trainer.start(known, samples, seqs);
            Ok(())
        };
        match known {
            // Whoever has no dictionary at all waits for the first: what is appended without one is twice as large.
            0 => {
                let (samples, seqs) = self.samples(&tables, &txn)?;
                drop(txn);
                match train(known, &samples, seqs) {
                    Some(trained) => self.take_dictionary(&trained),
                    None => Ok(()),
                }
            }
            _ => begin(self.trainer()),
        }
    }

    fn take_dictionary(&self, trained: &Trained) -> Result<(), AppendError> {
        self.write(|tables, mut txn| {
            if tables.dictionaries.len(&txn)? != trained.known || !all_kept(tables, &txn, &trained.seqs)? {
                return Ok(()); // another process was faster, or something that it knows was erased meanwhile
            }
            put_dictionary(tables, &mut txn, &trained.dictionary, &trained.seqs)?;
            txn.commit()?;
            tracing::debug!(samples = trained.seqs.len(), "learned a dictionary");
            Ok(())
        })?;
        let (tables, txn) = self.read()?;
        Ok(self.learn_dictionaries(&tables, &txn)?)
    }

    /// Returns payloads from the whole of the log, evenly spread.
    pub(crate) fn samples(
        &self,
        tables: &Tables,
        txn: &RoTxn<'_>,
    ) -> Result<(Vec<Vec<u8>>, Vec<Seq>), ReadError> {
        let json = tables.number(txn, "json")?;
        let head = head_in(tables, txn)?.seq;
        let step = (json / SAMPLE_BYTES as u64).max(1);
        let (mut samples, mut seqs) = (Vec::new(), Vec::new());
        let mut seq = Seq::new(1);
        while seq <= head {
            let record = tables.record(txn, seq)?;
            if !matches!(record.event_type, EventType::Erased(_)) {
                let mut payload = Vec::new();
                self.payload_of(tables, txn, seq, &record, &mut payload)?;
                payload.truncate(SAMPLE_MAX);
                if payload.len() > 8 {
                    samples.push(payload);
                    seqs.push(seq);
                }
            }
            seq = Seq::new(seq.get().saturating_add(step));
        }
        Ok((samples, seqs))
    }
}

/// Returns true if none of these events was erased.
fn all_kept(tables: &Tables, txn: &RoTxn<'_>, seqs: &[Seq]) -> Result<bool, ReadError> {
    for seq in seqs {
        if matches!(tables.record(txn, *seq)?.payload, Encoded::Erased(_)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Stores a dictionary under a number that none had before, and what it was learned from. Returns the number.
pub(crate) fn put_dictionary(
    tables: &Tables,
    txn: &mut RwTxn<'_>,
    dictionary: &[u8],
    seqs: &[Seq],
) -> Result<u32, ReadError> {
    let number = tables.number(txn, "next_dictionary")?.max(1);
    tables.meta.put(txn, "next_dictionary", &number.saturating_add(1))?;
    let number = u32::try_from(number).map_err(|error| heed::Error::Decoding(error.into()))?;
    tables.dictionaries.put(txn, &number, dictionary)?;
    let seqs: Vec<u8> = seqs.iter().flat_map(|seq| seq.get().to_be_bytes()).collect();
    tables.samples.put(txn, &number, &seal(&number.to_be_bytes(), &seqs))?;
    Ok(number)
}

/// Returns the seqs of the payloads that a dictionary was learned from; `None` when that is not known any more.
pub(crate) fn sampled(tables: &Tables, txn: &RoTxn<'_>, number: u32) -> Result<Option<Vec<Seq>>, ReadError> {
    let Some(sealed) = tables.samples.get(txn, &number)? else { return Ok(None) };
    let Some(seqs) = unseal(&number.to_be_bytes(), sealed) else { return Ok(None) };
    let (seqs, []) = seqs.as_chunks::<8>() else { return Ok(None) };
    Ok(Some(seqs.iter().map(|bytes| Seq::new(u64::from_be_bytes(*bytes))).collect()))
}
