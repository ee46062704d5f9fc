//! Export: the log as JSON Lines, exact to the byte of every payload, so that an import has the same digests.
//!
//! A line is an event's JSON form, with its payload as it was stored. What [`crate::log::digest`] needs is all in
//! it: `seq`, `recorded`, `salt`, `digest`, and `schema` where the payload is not of the first; an erased event has
//! `erased`, its payload's digest, in place of `data` and `salt`.

use std::io::{self, Write};

use serde_json::{Map, Value, value::RawValue};

use crate::{
    error::{Damage, ReadError},
    event::Seq,
    keep::verify::{Progress, Stage},
    log::{
        handle::Log,
        head::{LogHead, head_in},
        record::{Encoded, Record},
    },
};

/// The result of an export.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    /// The number of events.
    pub events: u64,
    /// The log's head as of the last of them.
    pub head: LogHead,
}

/// The reason why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The output cannot be written.
    #[error("the export cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// The number of events that are read in one transaction: a slow output must not keep one open for long.
const CHUNK: u64 = 1_000;

impl Log {
    /// Writes the events from `first` on, up to the log's head as of now, one a line, each with its digest
    /// checked.
    ///
    /// # Errors
    /// [`ExportError`]: an event is damaged, or the output cannot be written.
    pub fn export(
        &self,
        first: Seq,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Exported, ExportError> {
        let head = self.head()?;
        let mut next = first.max(Seq::new(1));
        let mut lines = Vec::new();
        let mut events = 0;
        while next <= head.seq {
            lines.clear();
            {
                let (tables, txn) = self.read()?;
                let head_now = head_in(&tables, &txn)?.seq.min(head.seq);
                let end = Seq::new(next.get().saturating_add(CHUNK)).min(head_now.next());
                let mut link = match next.before() {
                    Seq::ZERO => crate::log::digest::Digest::ZERO,
                    before => tables.record(&txn, before)?.link,
                };
                let mut payload = Vec::new();
                while next < end {
                    let record = tables.record(&txn, next)?;
                    self.payload_of(&tables, &txn, next, &record, &mut payload)?;
                    if record.expected_link(next, &link, &record.payload.digest(&payload)) != record.link {
                        return Err(ReadError::Damaged { seq: next, damage: Damage::Digest }.into());
                    }
                    link = record.link;
                    write_line(next, &record, &payload, &mut lines)?;
                    next = next.next();
                    events += 1;
                }
            }
            out.write_all(&lines)?;
            progress(Progress { stage: Stage::Events, done: next.before().get(), of: head.seq.get() });
        }
        out.flush()?;
        Ok(Exported { events, head })
    }
}

fn write_line(seq: Seq, record: &Record<'_>, payload: &[u8], out: &mut Vec<u8>) -> Result<(), ReadError> {
    let broken =
        |why: &dyn std::fmt::Display| ReadError::Damaged { seq, damage: Damage::Payload(why.to_string()) };
    let mut line = Vec::with_capacity(payload.len() + 300);
    let mut field = |name: &str, value: &dyn erased::Json| {
        line.push(if line.is_empty() { b'{' } else { b',' });
        value.write(name, &mut line).map_err(|error| broken(&error))
    };
    field("seq", &seq)?;
    field("recorded", &record.recorded)?;
    field("type", &record.event_type.name())?;
    field("id", &record.id)?;
    if let Some(time) = record.time {
        field("time", &time)?;
    }
    if record.revision.get() > 0 {
        field("revision", &record.revision)?;
    }
    match record.payload {
        Encoded::Erased(digest) => field("erased", &digest)?,
        Encoded::Plain(salt, _) | Encoded::Zstd { salt, .. } => {
            let text = std::str::from_utf8(payload).map_err(|error| broken(&error))?;
            let (extras, data) = text.split_once('\n').ok_or_else(|| broken(&"it has no line of extras"))?;
            if !extras.is_empty() {
                let extras: Map<String, Value> =
                    serde_json::from_str(extras).map_err(|error| broken(&error))?;
                for (name, value) in &extras {
                    field(name, value)?;
                }
            }
            let data: &RawValue = serde_json::from_str(data).map_err(|error| broken(&error))?;
            field("data", &data)?;
            field("salt", &salt)?;
        }
    }
    if record.schema != 1 {
        field("schema", &record.schema)?;
    }
    field("digest", &record.link)?;
    line.extend(b"}\n");
    out.append(&mut line);
    Ok(())
}

/// One field of a line.
mod erased {
    pub(super) trait Json {
        fn write(&self, name: &str, out: &mut Vec<u8>) -> serde_json::Result<()>;
    }

    impl<T: serde::Serialize> Json for T {
        fn write(&self, name: &str, out: &mut Vec<u8>) -> serde_json::Result<()> {
            serde_json::to_writer(&mut *out, name)?;
            out.push(b':');
            serde_json::to_writer(&mut *out, self)
        }
    }
}
