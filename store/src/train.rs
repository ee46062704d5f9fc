//! Learning a dictionary from the log.

use crate::{
    compress::DICTIONARY_BYTES,
    error::ReadError,
    event::{EventType, Seq},
    log::{Log, head_in},
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
    pub(crate) fn train_when_due(&self) -> Result<(), ReadError> {
        let txn = self.tables().env.read_txn()?;
        let known = self.tables().dictionaries.len(&txn)?;
        let json = self.tables().meta.get(&txn, "json")?.unwrap_or(0);
        let Ok(at) = usize::try_from(known) else { return Ok(()) };
        if DUE_AT_JSON_BYTES.get(at).is_none_or(|due| json < *due) {
            return Ok(());
        }
        let head = head_in(self.tables(), &txn)?.seq;
        let (samples, seqs) = self.samples(&txn, head, json)?;
        drop(txn);
        let Ok(dictionary) = zstd::dict::from_samples(&samples, DICTIONARY_BYTES) else { return Ok(()) };
        let mut txn = self.tables().env.write_txn()?;
        if self.tables().dictionaries.len(&txn)? == known {
            let number = u32::try_from(known).unwrap_or(u32::MAX).saturating_add(1);
            self.tables().dictionaries.put(&mut txn, &number, &dictionary)?;
            let seqs: Vec<u8> = seqs.iter().flat_map(|seq| seq.get().to_be_bytes()).collect();
            self.tables().samples.put(&mut txn, &number, &seqs)?;
            txn.commit()?;
            self.dictionaries().add(number, &dictionary);
            tracing::debug!(number, samples = samples.len(), "learned a dictionary");
        }
        Ok(())
    }

    /// Payloads from the whole of the log, evenly spread.
    fn samples(
        &self,
        txn: &heed::RoTxn<'_>,
        head: Seq,
        json: u64,
    ) -> Result<(Vec<Vec<u8>>, Vec<Seq>), ReadError> {
        let step = (json / SAMPLE_BYTES as u64).max(1);
        let (mut samples, mut seqs) = (Vec::new(), Vec::new());
        let mut seq = Seq::new(1);
        while seq <= head {
            let record = self.record(txn, seq)?;
            if !matches!(record.event_type, EventType::Erased(_)) {
                let mut payload = Vec::new();
                self.payload_of(seq, &record, &mut payload)?;
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
