//! Learning a dictionary from the log.

use heed::{RoTxn, RwTxn};

use crate::{
    compress::DICTIONARY_BYTES,
    error::{AppendError, ReadError},
    event::{EventType, Seq},
    log::{Log, head_in},
    record::Encoded,
    tables::{Tables, seal, unseal},
};

/// The log learns its first dictionary at this many bytes of JSON, and its second, from a wider sample, at the
/// second figure. Small logs never pay for one.
const DUE_AT_JSON_BYTES: [u64; 2] = [1 << 20, 48 << 20];
/// How much is read for it.
const SAMPLE_BYTES: usize = 6 << 20;
/// A sample longer than this says little more.
const SAMPLE_MAX: usize = 8 << 10;

impl Log {
    /// Learns a dictionary when the log has grown enough for the next.
    pub(crate) fn train_when_due(&self) -> Result<(), AppendError> {
        let (tables, txn) = self.read()?;
        let known = tables.dictionaries.len(&txn).map_err(ReadError::from)?;
        let json = tables.number(&txn, "json")?;
        let Ok(at) = usize::try_from(known) else { return Ok(()) };
        if DUE_AT_JSON_BYTES.get(at).is_none_or(|due| json < *due) {
            return Ok(());
        }
        let (samples, seqs) = self.samples(&tables, &txn)?;
        drop(txn);
        let Ok(dictionary) = zstd::dict::from_samples(&samples, DICTIONARY_BYTES) else { return Ok(()) };
        self.write(|tables, mut txn| {
            if tables.dictionaries.len(&txn)? != known || !all_kept(tables, &txn, &seqs)? {
                return Ok(()); // another process was faster, or something that it knows was erased meanwhile
            }
            put_dictionary(tables, &mut txn, &dictionary, &seqs)?;
            txn.commit()?;
            tracing::debug!(samples = samples.len(), "learned a dictionary");
            Ok(())
        })?;
        let (tables, txn) = self.read()?;
        Ok(self.learn_dictionaries(&tables, &txn)?)
    }

    /// Payloads from the whole of the log, evenly spread.
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

/// Whether none of these events was erased.
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
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    tables.dictionaries.put(txn, &number, dictionary)?;
    let seqs: Vec<u8> = seqs.iter().flat_map(|seq| seq.get().to_be_bytes()).collect();
    tables.samples.put(txn, &number, &seal(&number.to_be_bytes(), &seqs))?;
    Ok(number)
}

/// The seqs of the payloads that a dictionary was learned from; `None` when that is not known any more.
pub(crate) fn sampled(tables: &Tables, txn: &RoTxn<'_>, number: u32) -> Result<Option<Vec<Seq>>, ReadError> {
    let Some(sealed) = tables.samples.get(txn, &number)? else { return Ok(None) };
    let Some(seqs) = unseal(&number.to_be_bytes(), sealed) else { return Ok(None) };
    let seqs = seqs.chunks_exact(8).filter_map(|bytes| bytes.try_into().ok());
    Ok(Some(seqs.map(|bytes| Seq::new(u64::from_be_bytes(bytes))).collect()))
}
