//! The threads that read records: what each says, made ready for the log.

use std::{
    collections::HashSet,
    hash::Hasher,
    sync::{Arc, PoisonError, RwLock},
};

use crossbeam_channel::{Receiver, Sender};
use store::{AssetRef, EventType, Log, NewEvent, Prepared, ReadError};

use super::{
    cutting::{Chunk, Finding},
    position::{Fnv, Position},
    report::ReasonCount,
};
use crate::{
    append::{Admitted, NotAdmitted, Terms, admit},
    format::Format,
    reader::Readers,
    record::{Found, Origin, Raw, Reason},
};

/// How many events about one asset are looked through for what a file said last.
const MAX_HISTORY: usize = 1_000;

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
    Read { format: Format, said: Said },
    Unread { format: Option<Format>, origin: Arc<Origin>, raw: Option<Raw>, reason: Reason },
    Skipped(String),
}

/// What a record says.
#[derive(Default)]
pub(super) struct Said {
    pub(super) events: Vec<Ready>,
    /// Remarks for whoever wrote it, with the place.
    pub(super) remarks: Vec<ReasonCount>,
    /// Events that its file has told the log before.
    pub(super) unchanged: u64,
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
    (readers, terms): (&Readers, Terms),
    known: &Known,
    chunks: &Receiver<Chunk>,
    worked: &Sender<Worked>,
) {
    for chunk in chunks {
        let results =
            chunk.findings.into_iter().map(|finding| work(log, (readers, terms), known, finding)).collect();
        let done = Worked { number: chunk.number, results, cost: chunk.cost, position: chunk.position };
        if worked.send(done).is_err() {
            return;
        }
    }
}

fn work(log: &Log, (readers, terms): (&Readers, Terms), known: &Known, finding: Finding) -> Worked1 {
    match finding {
        Finding::Skipped(ending) => Worked1::Skipped(ending),
        Finding::Unreadable { origin, reason } => Worked1::Unread { format: None, origin, raw: None, reason },
        Finding::Record { format, origin, raw } => {
            match read(log, (readers, terms), known, format, &origin, &raw) {
                Ok(said) => Worked1::Read { format, said },
                Err(Reason::NoAsset(what)) => Worked1::Skipped(format!("({what})")),
                Err(reason) => Worked1::Unread { format: Some(format), origin, raw: Some(raw), reason },
            }
        }
    }
}

/// Reads one record, and prepares its events; none of them where one is refused.
pub(super) fn read(
    log: &Log,
    (readers, terms): (&Readers, Terms),
    known: &Known,
    format: Format,
    origin: &Origin,
    raw: &Raw,
) -> Result<Said, Reason> {
    if let Some(reason) = &raw.broken {
        return Err(reason.clone());
    }
    let found = readers.of(format).read(raw, origin)?;
    let is_alone = found.len() == 1;
    let mut said = Said::default();
    let mut left_out = None;
    for Found { event, mention } in found {
        let remark = |text: String| ReasonCount::one(format!("{}:{}", origin.path, raw.place), text);
        let Admitted { mut event, remarks } = match admit(event, terms) {
            // A picture of which an article's record says nothing but that it is there takes nothing from the article.
            Err(empty @ NotAdmitted::NothingToShow { .. }) if !is_alone => {
                said.remarks.push(remark(format!("left out: {empty}")));
                left_out = Some(empty);
                continue;
            }
            admitted => admitted?,
        };
        said.remarks.extend(remarks.into_iter().map(remark));
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
        if event.time.is_none() && !mention {
            event.time = origin.changed;
            if asset.as_ref().is_some_and(|asset| is_what_it_said_last(log, asset, &event).unwrap_or(false)) {
                said.unchanged += 1;
                continue;
            }
        }
        let prepared = log.prepare(&event)?;
        said.events.push(Ready { prepared, event_type: event.fact.event_type(), asset, mention });
    }
    match left_out {
        Some(empty) if said.events.is_empty() && said.unchanged == 0 => Err(empty.into()),
        _ => Ok(said),
    }
}

/// Whether this file has said the same of an asset when it last said something of it. A record without a time of its own
/// is not news then, however often its file is written anew: what others have said since, a correction or a
/// withdrawal, stays.
fn is_what_it_said_last(log: &Log, asset: &AssetRef, event: &NewEvent) -> Result<bool, ReadError> {
    let snapshot = log.snapshot()?;
    let Some(state) = snapshot.state(asset)? else { return Ok(false) };
    for seq in snapshot.history_from(state.latest).take(MAX_HISTORY) {
        let earlier = snapshot.event(seq?)?;
        if earlier.source() == event.source {
            return Ok(earlier.fact() == Some(&event.fact));
        }
    }
    Ok(false)
}

/// What an asset is called in [`Known`].
pub(super) fn hash(asset: &AssetRef) -> u64 {
    let mut hasher = Fnv::default();
    hasher.write(asset.kind.name().as_bytes());
    hasher.write(asset.id.as_str().as_bytes());
    hasher.finish()
}
