//! The threads that read records: what each says, made ready for the log.

use std::{
    collections::HashSet,
    hash::Hasher,
    sync::{Arc, PoisonError, RwLock},
};

use crossbeam_channel::{Receiver, Sender};
use store::{AssetRef, EventType, Log, Prepared};

use super::{
    cutting::{Chunk, Finding},
    position::{Fnv, Position},
};
use crate::{
    format::Format,
    reader::Readers,
    record::{Found, Origin, Raw, Reason},
};

/// Hashes of the bylines and images that are in the log for certain: a mention of one of them says nothing.
pub(super) type Known = RwLock<HashSet<u64>>;

/// A chunk whose records were read.
pub(super) struct Worked {
    pub(super) number: u64,
    pub(super) results: Vec<Worked1>,
    pub(super) cost: usize,
    pub(super) position: Position,
}

/// What came of one finding.
pub(super) enum Worked1 {
    Read { format: Format, events: Vec<Ready> },
    Unread { format: Option<Format>, origin: Arc<Origin>, raw: Option<Raw>, reason: Reason },
    Skipped(String),
}

/// An event that the log can take.
pub(super) struct Ready {
    pub(super) prepared: Prepared,
    pub(super) event_type: EventType,
    pub(super) asset: Option<AssetRef>,
    pub(super) mention: bool,
}

/// Works until there is nothing left, or nobody wants it.
pub(super) fn run(
    log: &Log,
    readers: &Readers,
    known: &Known,
    chunks: &Receiver<Chunk>,
    worked: &Sender<Worked>,
) {
    for chunk in chunks {
        let results = chunk.findings.into_iter().map(|finding| work(log, readers, known, finding)).collect();
        let done = Worked { number: chunk.number, results, cost: chunk.cost, position: chunk.position };
        if worked.send(done).is_err() {
            return;
        }
    }
}

fn work(log: &Log, readers: &Readers, known: &Known, finding: Finding) -> Worked1 {
    match finding {
        Finding::Skipped(ending) => Worked1::Skipped(ending),
        Finding::Unreadable { origin, reason } => Worked1::Unread { format: None, origin, raw: None, reason },
        Finding::Record { format, origin, raw } => match read(log, readers, known, format, &origin, &raw) {
            Ok(events) => Worked1::Read { format, events },
            Err(Reason::NoAsset(what)) => Worked1::Skipped(format!("({what})")),
            Err(reason) => Worked1::Unread { format: Some(format), origin, raw: Some(raw), reason },
        },
    }
}

/// Reads one record, and prepares its events; none of them where one is refused.
pub(super) fn read(
    log: &Log,
    readers: &Readers,
    known: &Known,
    format: Format,
    origin: &Origin,
    raw: &Raw,
) -> Result<Vec<Ready>, Reason> {
    if let Some(reason) = &raw.broken {
        return Err(reason.clone());
    }
    let found = readers.of(format).read(raw, origin)?;
    let mut events = Vec::with_capacity(found.len());
    for Found { mut event, mention } in found {
        let asset = event.asset();
        if mention
            && let Some(asset) = &asset
            && known.read().unwrap_or_else(PoisonError::into_inner).contains(&hash(asset))
        {
            continue;
        }
        if event.source.is_empty() {
            event.source = format!("load:{}", origin.path.replace(char::is_control, "?"));
        }
        // Our own lines mean it when they state no time: it happened when the log takes it.
        if event.time.is_none() && !mention && format != Format::JsonLines {
            event.time = origin.changed;
        }
        let prepared = log.prepare(&event)?;
        events.push(Ready { prepared, event_type: event.fact.event_type(), asset, mention });
    }
    Ok(events)
}

/// What an asset is called in [`Known`].
pub(super) fn hash(asset: &AssetRef) -> u64 {
    let mut hasher = Fnv::default();
    hasher.write(asset.kind.name().as_bytes());
    hasher.write(asset.id.as_str().as_bytes());
    hasher.finish()
}
