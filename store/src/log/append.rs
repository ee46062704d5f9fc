//! Appending: what is decided before the write transaction, and what inside it.
//!
//! [`Log::prepare`] does the work that needs no lock (check, serialise, digest, compress) and can run on any
//! thread. [`Log::append`] commits, together with all batches that are waiting (see `queue.rs`).

use std::{sync::Arc, time::Instant};

use crate::{
    asset::{AssetId, MAX_ID_BYTES},
    catalog::{Statement, head_key},
    date::Timestamp,
    error::AppendError,
    event::{EventType, Fact, InvalidEvent, NewEvent},
    log::{
        batch::{Appended, Batch, Outcome, Prepared, SourcePosition},
        digest::{Digest, Salt},
        handle::Log,
        head::head_in,
        queue::Waiting,
        stored::{begin_payload, data_of},
        turn::NoTurn,
        writer::Writer,
    },
    schema::SCHEMA,
    validate::{self, MAX_PAYLOAD_BYTES},
};

impl Log {
    /// Checks an event and does all work on it that needs no lock. Costs some 10 µs for an article.
    ///
    /// # Errors
    /// [`InvalidEvent`] with the field that breaks the schema.
    pub fn prepare(&self, event: &NewEvent) -> Result<Prepared, InvalidEvent> {
        validate::check(event)?;
        let payload = payload_of(event)?;
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)
            .map_err(|error| InvalidEvent::Json(format!("no random bytes: {error}")))?;
        let salt = Salt::from_bytes(salt);
        let said = Statement::of(SCHEMA, (&event.fact, &event.visibility, &event.source), data_of(&payload));
        let event_type = event.fact.event_type();
        let prepared =
            self.prepared((event_type, event.id.clone(), event.time), said, (SCHEMA, salt, payload));
        let erasure = matches!(event.fact, Fact::Erased(..)).then(|| Box::new(event.clone()));
        Ok(Prepared { erasure, ..prepared })
    }

    /// Returns an event made ready, given its payload as it is to be digested.
    pub(crate) fn prepared(
        &self,
        (event_type, id, time): (EventType, AssetId, Option<Timestamp>),
        said: Statement,
        (schema, salt, payload): (u64, Salt, Vec<u8>),
    ) -> Prepared {
        Prepared {
            key: head_key(&event_type, &id),
            id,
            time,
            said,
            digest: Digest::of(&[salt.as_bytes(), &payload]),
            schema,
            salt,
            json_bytes: payload.len(),
            event_type,
            payload: self.dictionaries().compress(payload),
            erasure: None,
            only_if_absent: false,
        }
    }

    /// Appends a batch and returns when it is on disk. Batches that other threads append at the same time share
    /// the commit; other processes take turns. A batch with an erasure also returns only when the erased bytes
    /// are in no file of the log any more, which costs a rewrite of the log.
    ///
    /// # Errors
    /// [`AppendError`]; nothing of the batch is in the log then.
    pub fn append(&self, batch: Batch) -> Result<Appended, AppendError> {
        check_names(&batch)?;
        let erases = batch.events.iter().any(|event| matches!(event.event_type, EventType::Erased(_)));
        let appended = self.append_with_others(batch)?;
        if erases {
            let not_forgotten =
                |error| AppendError::NotForgotten { seq: appended.head, error: Arc::new(error) };
            self.forget_what_is_due().map_err(not_forgotten)?;
        }
        Ok(appended)
    }

    /// Returns what would become of a batch if it were appended now. Nothing is written.
    ///
    /// # Errors
    /// [`AppendError`], as [`Self::append`].
    pub fn rehearse(&self, batch: &Batch) -> Result<Vec<Outcome>, AppendError> {
        check_names(batch)?;
        self.write(|tables, mut txn| {
            let mut writer = Writer::new(self, tables, &txn, self.clock().now())?;
            let appended = writer.batch(&mut txn, batch)?;
            txn.abort();
            Ok(appended.outcomes)
        })
    }

    /// Appends without driving out what the batch erases.
    pub(crate) fn append_with_others(&self, batch: Batch) -> Result<Appended, AppendError> {
        let until = self.volumes().turns().until();
        self.queue().commit_with_others(batch, until, |all| self.commit(all))
    }

    /// Checks and appends one event: the short way for a single one.
    ///
    /// # Errors
    /// [`AppendError`]; nothing is in the log then.
    #[expect(clippy::expect_used, reason = "an append has an outcome for each of its events")]
    pub fn append_one(&self, event: &NewEvent) -> Result<Outcome, AppendError> {
        let batch = Batch { events: vec![self.prepare(event)?], ..Batch::default() };
        let appended = self.append(batch)?;
        Ok(appended.outcomes.into_iter().next().expect("one event has one outcome"))
    }

    /// Writes one transaction for all that wait. Returns those that are to wait on: while another process writes, each
    /// is refused when its own time is up.
    fn commit(&self, all: &[Arc<Waiting>]) -> Vec<Arc<Waiting>> {
        let Some(first) = all.first() else { return Vec::new() };
        match self.commit_together(all, first.until) {
            Ok(results) => {
                let news = results.iter().flatten().any(|done| done.outcomes.iter().any(Outcome::is_new));
                all.iter().zip(results).for_each(|(waiting, result)| waiting.finish(result));
                if news {
                    self.committed();
                }
                Vec::new()
            }
            // What one batch needs is damaged, or it cannot be completed: the others shall not suffer for it.
            Err(AppendError::Read(_) | AppendError::Invalid(_)) if all.len() > 1 => {
                all.iter().flat_map(|waiting| self.commit(std::slice::from_ref(waiting))).collect()
            }
            Err(error @ AppendError::NoTurn(NoTurn::Held { .. })) => {
                let now = Instant::now();
                let is_up = |waiting: &&Arc<Waiting>| waiting.until <= now || Arc::ptr_eq(waiting, first);
                let (up, left): (Vec<_>, Vec<_>) = all.iter().partition(is_up);
                up.into_iter().for_each(|waiting| waiting.finish(Err(error.clone())));
                left.into_iter().cloned().collect()
            }
            Err(error) => {
                all.iter().for_each(|waiting| waiting.finish(Err(error.clone())));
                Vec::new()
            }
        }
    }

    fn commit_together(
        &self,
        all: &[Arc<Waiting>],
        until: Instant,
    ) -> Result<Vec<Result<Appended, AppendError>>, AppendError> {
        self.write_by(until, |tables, mut txn| {
            let recorded = self.clock_watch().record_after(head_in(tables, &txn)?.recorded)?;
            let mut writer = Writer::new(self, tables, &txn, recorded)?;
            let mut results = Vec::with_capacity(all.len());
            for waiting in all {
                match writer.batch(&mut txn, &waiting.batch) {
                    Err(error) if error.is_fatal() => return Err(error),
                    result => results.push(result),
                }
            }
            if writer.finish(&mut txn)? {
                txn.commit()?;
            }
            Ok(results)
        })
    }
}

impl AppendError {
    /// Returns true if the transaction it happened in cannot go on.
    fn is_fatal(&self) -> bool {
        !matches!(self, Self::Conflict { .. })
    }
}

/// Names that LMDB would not take as keys must not fail who shares the commit.
fn check_names(batch: &Batch) -> Result<(), InvalidEvent> {
    if let Some(name) = batch.names.iter().find(|name| name.key.is_empty() || name.key.len() > MAX_ID_BYTES) {
        let why = format!("a name must have 1 to {MAX_ID_BYTES} bytes, it has {}", name.key.len());
        return Err(InvalidEvent::Data { path: "names.key".to_owned(), why });
    }
    match &batch.position {
        Some(SourcePosition { source, .. }) if source.is_empty() || source.len() > MAX_ID_BYTES => {
            let why = format!("its name must have 1 to {MAX_ID_BYTES} bytes, it has {}", source.len());
            Err(InvalidEvent::Data { path: "position.source".to_owned(), why })
        }
        _ => Ok(()),
    }
}

/// Returns the payload that is digested and stored: see [`crate::log::digest`].
fn payload_of(event: &NewEvent) -> Result<Vec<u8>, InvalidEvent> {
    let json = |error: serde_json::Error| InvalidEvent::Json(error.to_string());
    let mut extras = event.unknown.clone();
    event.visibility.put(&mut extras);
    let mut payload = begin_payload(&event.source, extras).map_err(json)?;
    serde_json::to_writer(&mut payload, &event.fact).map_err(json)?;
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(InvalidEvent::TooLarge { bytes: payload.len(), max: MAX_PAYLOAD_BYTES });
    }
    Ok(payload)
}
