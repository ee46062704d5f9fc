//! Learning a dictionary from the log.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};

use heed::{RoTxn, RwTxn};

use crate::{
    error::{AppendError, ReadError},
    event::{EventType, Seq},
    log::{
        Log,
        compress::DICTIONARY_BYTES,
        head_in,
        record::Encoded,
        tables::{Tables, seal, unseal},
    },
};

/// The log learns its first dictionary at this many bytes of JSON, and others, each from a wider sample, at the
/// further figures. Small logs never pay for one.
const DUE_AT_JSON_BYTES: [u64; 3] = [1 << 20, 8 << 20, 64 << 20];
/// How much is read for it. Three times as much takes three times as long to learn from and saves nothing: 0.345 of
/// the JSON of newspapers' text either way; half as much costs one part in a hundred.
const SAMPLE_BYTES: usize = 1 << 20;
/// A sample longer than this says little more.
const SAMPLE_MAX: usize = 8 << 10;

impl Log {
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

/// A dictionary that was learned, and is not in the log yet.
struct Trained {
    /// How many the log had when it was begun.
    known: u64,
    dictionary: Vec<u8>,
    seqs: Vec<Seq>,
}

fn train(known: u64, samples: &[Vec<u8>], seqs: Vec<Seq>) -> Option<Trained> {
    let dictionary = zstd::dict::from_samples(samples, DICTIONARY_BYTES).ok()?;
    Some(Trained { known, dictionary, seqs })
}

/// Learns in a thread of its own, which touches no file, so that nobody waits for it. The next commit after it has
/// finished takes what it learned; what was learned for nothing (the process ends) is learned again.
#[derive(Default)]
pub(crate) struct Trainer {
    running: Mutex<Option<JoinHandle<Option<Trained>>>>,
    /// Bytes of JSON.
    not_before: AtomicU64,
}

impl Trainer {
    /// Returns true if to begin at this size of the log: not while a thread is at it, and after a try not before the
    /// log has twice the size, since what there is may be too little or too uniform to learn from.
    fn may_try_at(&self, json: u64) -> bool {
        let free = self.lock().is_none() && json >= self.not_before.load(Ordering::Relaxed);
        if free {
            self.not_before.store(json.saturating_mul(2), Ordering::Relaxed);
        }
        free
    }

    fn start(&self, known: u64, samples: Vec<Vec<u8>>, seqs: Vec<Seq>) {
        let thread = thread::Builder::new().name("dictionary".to_owned());
        match thread.spawn(move || train(known, &samples, seqs)) {
            Ok(handle) => *self.lock() = Some(handle),
            Err(error) => tracing::debug!(%error, "no thread to learn a dictionary in"),
        }
    }

    fn finished(&self) -> Option<Trained> {
        let mut running = self.lock();
        if !running.as_ref()?.is_finished() {
            return None;
        }
        running.take()?.join().ok().flatten()
    }

    fn lock(&self) -> MutexGuard<'_, Option<JoinHandle<Option<Trained>>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
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
