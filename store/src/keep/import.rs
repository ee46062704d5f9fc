//! Import: an export read back into a log, event by event the same, each digest checked on the way.

use std::io::{self, BufRead};

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{
    asset::AssetId,
    catalog::{Statement, head_key},
    date::Timestamp,
    error::{AppendError, ReadError},
    event::{EventType, Seq, Visibility},
    keep::verify::{Progress, Stage},
    log::{
        batch::Prepared,
        compress::Compressed,
        digest::{Digest, Salt},
        handle::Log,
        head::LogHead,
        stored::{begin_payload, fact_of},
        writer::Writer,
    },
    validate::MAX_PAYLOAD_BYTES,
};

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Imported {
    /// Events that are new in the log.
    pub events: u64,
    /// Events that it had already.
    pub known: u64,
    /// The log's head now: the same as that of the log that was exported.
    pub head: LogHead,
}

/// The reason why an import ended early. What came before the line is in the log; the same import can be run again and
/// goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The input cannot be read.
    #[error("the export cannot be read: {0}")]
    Input(#[from] io::Error),
    /// A line is no line of an export.
    #[error("line {line}: {why}")]
    Line {
        /// Counted from 1.
        line: u64,
        /// The fault.
        why: String,
    },
    /// The digests differ: the line was changed, or the log holds something else at its seq.
    #[error(
        "line {line}: event {seq} has the digest {expected} in the export, and {found} here: the line was changed, or the log holds other events"
    )]
    Digest {
        /// Counted from 1.
        line: u64,
        /// The event.
        seq: Seq,
        /// The digest in the line.
        expected: Digest,
        /// The digest that follows from the line and the events before it, or that the log has.
        found: Digest,
    },
    /// The log cannot be written.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// A line with all that it stands for may be longer than its payload, but not by much.
const MAX_LINE_BYTES: u64 = MAX_PAYLOAD_BYTES as u64 * 7 + (1 << 20);
/// The number of events that share a transaction.
const CHUNK: usize = 1_000;

#[derive(Deserialize)]
struct Line<'a> {
    seq: Seq,
    recorded: Timestamp,
    #[serde(rename = "type")]
    event_type: String,
    id: AssetId,
    time: Option<Timestamp>,
    #[serde(default)]
    source: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    salt: Option<Salt>,
    erased: Option<Digest>,
    schema: Option<u64>,
    digest: Digest,
}

/// A line that is ready to be stored.
struct Ready {
    line: u64,
    seq: Seq,
    recorded: Timestamp,
    link: Digest,
    event: Prepared,
}

/// The fields of a line that are no extras.
const KNOWN: [&str; 11] =
    ["seq", "recorded", "revision", "type", "id", "time", "data", "salt", "erased", "schema", "digest"];

impl Log {
    /// Reads an export into this log, which must be empty or hold the export's first events. Every digest is
    /// checked against the chain, so in the end both logs have the same head. Positions of sources are
    /// not in an export.
    ///
    /// # Errors
    /// [`ImportError`] with the line; running it again goes on from there.
    pub fn import(
        &self,
        input: &mut dyn BufRead,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Imported, ImportError> {
        let (mut events, mut known) = (0, 0);
        let mut at = 0;
        let mut text = Vec::new();
        let mut ready = Vec::new();
        loop {
            text.clear();
            let read = io::Read::take(&mut *input, MAX_LINE_BYTES).read_until(b'\n', &mut text)?;
            at += 1;
            if !text.trim_ascii().is_empty() {
                ready.push(self.read_line(at, &text).map_err(|why| ImportError::Line { line: at, why })?);
            }
            if ready.len() == CHUNK || (read == 0 && !ready.is_empty()) {
                let (new, old) = self.import_chunk(&ready)?;
                events += new;
                known += old;
                let last = ready.last().map_or(0, |ready| ready.seq.get());
                progress(Progress { stage: Stage::Events, done: last, of: last });
                ready.clear();
            }
            if read == 0 {
                return Ok(Imported { events, known, head: self.head()? });
            }
        }
    }

    fn read_line(&self, line: u64, bytes: &[u8]) -> Result<Ready, String> {
        let why = |error: &dyn std::fmt::Display| error.to_string();
        let text = std::str::from_utf8(bytes).map_err(|error| why(&error))?;
        let fields: Line<'_> = serde_json::from_str(text).map_err(|error| why(&error))?;
        let event_type = EventType::from(fields.event_type.as_str());
        let schema = fields.schema.unwrap_or(1);
        let event = match (fields.data, fields.salt, fields.erased) {
            (Some(data), Some(salt), None) => {
                let fact = fact_of(&event_type, schema, data.get()).map_err(|error| why(&error))?;
                let source = &*fields.source;
                let mut extras: Map<String, Value> =
                    serde_json::from_str(text).map_err(|error| why(&error))?;
                KNOWN.iter().for_each(|known| drop(extras.remove(*known)));
                extras.remove("source");
                let visibility = Visibility::take(&event_type, schema, &mut extras.clone())?;
                let said = Statement::of(schema, (&fact, &visibility, source), data.get().as_bytes());
                let mut payload = begin_payload(source, extras).map_err(|error| why(&error))?;
                payload.extend(data.get().as_bytes());
                self.prepared((event_type, fields.id, fields.time), said, (schema, salt, payload))
            }
            (None, None, Some(digest)) => Prepared {
                key: head_key(&event_type, &fields.id),
                event_type,
                id: fields.id,
                time: fields.time,
                said: Statement::gone(),
                schema,
                salt: Salt::default(),
                digest,
                json_bytes: 0,
                payload: Compressed::Erased(digest),
                erasure: None,
                only_if_absent: false,
            },
            _ => return Err("it must have either `data` and `salt`, or `erased`".to_owned()),
        };
        Ok(Ready { line, seq: fields.seq, recorded: fields.recorded, link: fields.digest, event })
    }

    fn import_chunk(&self, chunk: &[Ready]) -> Result<(u64, u64), ImportError> {
        let mut refused = None;
        let done = self.write(|tables, mut txn| {
            // What is imported keeps its own times.
            let mut writer = Writer::new(self, tables, &txn, self.clock().now())?;
            let (mut new, mut known) = (0, 0);
            for ready in chunk {
                let found = if ready.seq <= writer.head() {
                    known += 1;
                    writer.flush(&mut txn)?;
                    tables.record(&txn, ready.seq)?.link
                } else if ready.seq == writer.head().next() {
                    new += 1;
                    let head = writer.head_of(&mut txn, &ready.event)?;
                    writer.store(&mut txn, &ready.event, head, ready.recorded)?
                } else {
                    let why = format!("event {} cannot follow event {}", ready.seq, writer.head());
                    refused = Some(ImportError::Line { line: ready.line, why });
                    return Ok((0, 0));
                };
                if found != ready.link {
                    let (line, seq, expected) = (ready.line, ready.seq, ready.link);
                    refused = Some(ImportError::Digest { line, seq, expected, found });
                    return Ok((0, 0));
                }
            }
            writer.finish(&mut txn)?;
            txn.commit()?;
            Ok((new, known))
        })?;
        self.committed();
        refused.map_or(Ok(done), Err)
    }
}
