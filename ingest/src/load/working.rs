//! The threads that read records: what each says, made ready for the log.

use std::{
    collections::HashSet,
    hash::Hasher,
    sync::{Arc, PoisonError, RwLock},
};

use crossbeam_channel::{Receiver, Sender};
use store::{AssetRef, EventType, Log, NewEvent, Prepared, ReadError, Seq, Timestamp, Visibility};

use super::{
    cutting::{Chunk, Finding},
    identity::File,
    position::{Fnv, Position},
    subject::{self, Subject},
};
use crate::{
    format::Format,
    reader::Readers,
    record::{Found, Origin, Raw, Reason},
};

/// How many events about one asset are looked through for what a file said last.
const MAX_HISTORY: usize = 1_000;

/// Hashes of the bylines and images that are in the log for certain: a mention of one of them says nothing.
pub(super) type Known = RwLock<HashSet<u64>>;

/// What the threads work with.
pub(super) struct Working<'a> {
    pub(super) log: &'a Log,
    pub(super) readers: &'a Readers,
    pub(super) known: &'a Known,
    /// Whether what is not public is taken in.
    pub(super) unpublished: bool,
    /// Whether the log has these records as an older version read them.
    pub(super) anew: bool,
}

/// A chunk whose records were read.
pub(super) struct Worked {
    pub(super) number: u64,
    pub(super) results: Vec<Worked1>,
    pub(super) cost: usize,
    pub(super) position: Position,
}

/// What came of one finding.
pub(super) enum Worked1 {
    File(File),
    Read { format: Format, said: Said },
    Unread { format: Option<Format>, origin: Arc<Origin>, raw: Option<Raw>, reason: Reason },
    Skipped(String),
    Failed(ReadError),
}

/// What a record says.
#[derive(Default)]
pub(super) struct Said {
    pub(super) events: Vec<Ready>,
    /// Of each article that is not public and was passed over, why, and when it will be.
    pub(super) unpublished: Vec<(String, Option<Timestamp>)>,
}

/// An event that the log can take.
pub(super) struct Ready {
    pub(super) prepared: Prepared,
    pub(super) event_type: EventType,
    pub(super) asset: Option<AssetRef>,
    pub(super) mention: bool,
    /// Whether readers may see it.
    pub(super) public: bool,
    /// Whether its file has told the log the same before, and nothing else since.
    pub(super) said_before: bool,
    pub(super) subject: Option<Subject>,
}

/// Why a record gave nothing.
pub(super) enum Failure {
    Record(Reason),
    Log(ReadError),
}

impl<E: Into<Reason>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Record(error.into())
    }
}

impl Working<'_> {
    /// Works until there is nothing left, or nobody wants it.
    pub(super) fn run(&self, chunks: &Receiver<Chunk>, worked: &Sender<Worked>) {
        for chunk in chunks {
            let results = chunk.findings.into_iter().map(|finding| self.work(finding)).collect();
            let done = Worked { number: chunk.number, results, cost: chunk.cost, position: chunk.position };
            if worked.send(done).is_err() {
                return;
            }
        }
    }

    fn work(&self, finding: Finding) -> Worked1 {
        match finding {
            Finding::File(file) => Worked1::File(file),
            Finding::Failed(error) => Worked1::Failed(error),
            Finding::Skipped(ending) => Worked1::Skipped(ending),
            Finding::Unreadable { origin, reason } => {
                Worked1::Unread { format: None, origin, raw: None, reason }
            }
            Finding::Record { format, origin, raw } => match self.read(format, &origin, &raw) {
                Ok(said) => Worked1::Read { format, said },
                Err(Failure::Record(Reason::NoAsset(what))) => Worked1::Skipped(format!("({what})")),
                Err(Failure::Record(reason)) => {
                    Worked1::Unread { format: Some(format), origin, raw: Some(raw), reason }
                }
                Err(Failure::Log(error)) => Worked1::Failed(error),
            },
        }
    }

    /// Reads one record, and prepares its events; none of them where one is refused.
    pub(super) fn read(&self, format: Format, origin: &Origin, raw: &Raw) -> Result<Said, Failure> {
        if let Some(reason) = &raw.broken {
            return Err(reason.clone().into());
        }
        let found = self.readers.read(format, raw, origin)?;
        let subjects = Subject::all(format, &found, raw, origin);
        let mut said = Said::default();
        for (one, subject) in found.into_iter().zip(subjects) {
            self.ready(one, subject, origin, &mut said)?;
        }
        Ok(said)
    }

    fn ready(
        &self,
        mut one: Found,
        mut subject: Option<Subject>,
        origin: &Origin,
        said: &mut Said,
    ) -> Result<(), Failure> {
        let public = one.event.visibility.is_public();
        if let (Visibility::Unpublished { reason }, false) = (&one.event.visibility, self.unpublished) {
            if subject.is_some() {
                said.unpublished.push((reason.clone(), one.shown.from));
            }
            return Ok(());
        }
        if !one.former.is_empty() {
            let natural = self.log.snapshot().and_then(|snapshot| subject::with_former(&snapshot, &mut one));
            let natural = natural.map_err(Failure::Log)?;
            if let Some(subject) = &mut subject {
                subject.natural = natural;
            }
        }
        let Found { mut event, mention, .. } = one;
        let asset = event.asset();
        if mention
            && let Some(asset) = &asset
            && self.known.read().unwrap_or_else(PoisonError::into_inner).contains(&hash(asset))
        {
            return Ok(());
        }
        if event.source.is_empty() {
            event.source = format!("load:{}", origin.path.replace(char::is_control, "?"));
        }
        let mut said_before = false;
        if event.time.is_none() && !mention {
            event.time = origin.changed;
            let same = |asset| is_what_it_said_last(self.log, asset, &event).map_err(Failure::Log);
            said_before = asset.as_ref().map(same).transpose()?.unwrap_or(false);
        }
        if self.anew
            && let Some(asset) = asset.as_ref().filter(|_| !mention)
            && is_of_the_same_time(self.log, asset, &event).map_err(Failure::Log)?
        {
            event.source.insert_str(0, READ_ANEW);
        }
        let prepared = self.log.prepare(&event)?;
        let event_type = event.fact.event_type();
        said.events.push(Ready { prepared, event_type, asset, mention, public, said_before, subject });
        Ok(())
    }
}

/// What the source of a revision begins with that is no news, but an older record read by better rules.
const READ_ANEW: &str = "read anew: ";

/// Whether a load has brought a revision of this time that says something else.
fn is_of_the_same_time(log: &Log, asset: &AssetRef, event: &NewEvent) -> Result<bool, ReadError> {
    let snapshot = log.snapshot()?;
    let Some(state) = snapshot.state(asset)?.filter(|state| state.published != Seq::ZERO) else {
        return Ok(false);
    };
    let earlier = snapshot.event(state.published)?;
    let loaded = earlier.source().strip_prefix(READ_ANEW).unwrap_or(earlier.source()).starts_with("load:");
    Ok(loaded
        && earlier.time_stated
        && Some(earlier.time) == event.time
        && earlier.fact() != Some(&event.fact))
}

/// Whether this file has said the same of an asset when it last said something of it. A record without a time of its own
/// is not news then, however often its file is written anew: what others have said since, a correction or a
/// withdrawal, stays.
fn is_what_it_said_last(log: &Log, asset: &AssetRef, event: &NewEvent) -> Result<bool, ReadError> {
    let snapshot = log.snapshot()?;
    let Some(state) = snapshot.state(asset)? else { return Ok(false) };
    for seq in snapshot.history_from(state.latest).take(MAX_HISTORY) {
        let earlier = snapshot.event(seq?)?;
        if earlier.source().strip_prefix(READ_ANEW).unwrap_or(earlier.source()) == event.source {
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
