//! Exporting a log as JSON Lines, which [`crate::load`] reads again: an archive can always leave.

use std::io::{self, Write};

use store::{Log, ReadError, Seq};

/// How many events are read at once: a snapshot must not live long.
const EVENTS_AT_ONCE: usize = 500;

/// Why an export ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The output cannot be written.
    #[error("the export cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes the events from `first` on, one JSON object a line, and returns how many there were. Events that are
/// appended meanwhile are not written.
///
/// # Errors
/// [`ExportError`]; what was written by then stays.
pub fn export(log: &Log, first: Seq, out: &mut dyn Write) -> Result<u64, ExportError> {
    let head = log.head()?.seq;
    let mut at = first.max(Seq::new(1));
    let mut count = 0;
    while at <= head {
        let events = log.snapshot()?.events(at, EVENTS_AT_ONCE)?;
        for event in events.iter().take_while(|event| event.seq <= head) {
            serde_json::to_writer(&mut *out, event).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
            count += 1;
            at = event.seq.next();
        }
        if events.is_empty() {
            break;
        }
    }
    out.flush()?;
    Ok(count)
}
