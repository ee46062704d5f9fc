//! The threads that read records: what each says, made ready for the log.

use std::{
    collections::HashSet,
    hash::Hasher,
    sync::{Arc, PoisonError, RwLock},
};

use crossbeam_channel::{Receiver, Sender};
use store::{
    AssetKind, AssetRef, EventType, Fact, Log, NewEvent, Payload, Prepared, ReadError, Timestamp, Visibility,
};

use super::{
    cutting::{Chunk, Finding},
    position::{Fnv, Position},
    taken_back::TakenBack,
};
use crate::{
    format::Format,
    publicity::Hidden,
    reader::Readers,
    record::{Found, Origin, Raw, Reason},
};

/// How many events about one asset are looked through for what a file said last.
const MAX_HISTORY: usize = 1_000;

/// Hashes of the bylines and images that are in the log for certain, and public: a mention of one of them says nothing.
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
    Read { format: Format, origin: Arc<Origin>, said: Said },
    Unread { format: Option<Format>, origin: Arc<Origin>, raw: Option<Raw>, reason: Reason },
    Skipped(String),
}

/// What a record says.
#[derive(Default)]
pub(super) struct Said {
    pub(super) events: Vec<Ready>,
    /// Events that its file has told the log before.
    pub(super) unchanged: u64,
    /// Why readers may not see a text or a picture, for each of them.
    pub(super) hidden: Vec<Hidden>,
    /// The assets that this is said of: articles before the pictures that came with them.
    pub(super) taken_back: Vec<TakenBack>,
}

/// An event that the log can take.
pub(super) struct Ready {
    pub(super) prepared: Prepared,
    pub(super) event_type: EventType,
    pub(super) asset: Option<AssetRef>,
    pub(super) mention: bool,
    /// Readers may see what it says.
    pub(super) public: bool,
}

/// What the threads work with.
#[derive(Clone, Copy)]
pub(super) struct Working<'a> {
    pub(super) log: &'a Log,
    pub(super) readers: &'a Readers,
    pub(super) known: &'a Known,
    /// The time by which is decided what is public.
    pub(super) now: Timestamp,
    /// What is not public is taken in, too.
    pub(super) unpublished: bool,
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
            Finding::Skipped(ending) => Worked1::Skipped(ending),
            Finding::Unreadable { origin, reason } => {
                Worked1::Unread { format: None, origin, raw: None, reason }
            }
            Finding::Record { format, origin, raw } => match self.read(format, &origin, &raw) {
                Ok(said) => Worked1::Read { format, origin, said },
                Err(Reason::NoAsset(what)) => Worked1::Skipped(format!("({what})")),
                Err(reason) => Worked1::Unread { format: Some(format), origin, raw: Some(raw), reason },
            },
        }
    }

    /// Reads one record, and prepares its events; none of them where one is refused.
    pub(super) fn read(&self, format: Format, origin: &Origin, raw: &Raw) -> Result<Said, Reason> {
        if let Some(reason) = &raw.broken {
            return Err(reason.clone());
        }
        let found = self.readers.of(format).read(raw, origin)?;
        let kind_of = |one: &Found| one.event.asset().map(|asset| asset.kind);
        let has_article = found.iter().any(|one| kind_of(one) == Some(AssetKind::Article));
        let mut said = Said::default();
        for Found { mut event, mention, publicity } in found {
            if event.source.is_empty() {
                event.source = format!("load:{}", origin.path.replace(char::is_control, "?"));
            }
            if let Fact::Published(content) = &event.fact {
                let kind = content.kind();
                match publicity.at(self.now) {
                    Ok(until) => event.visibility = Visibility::Public { until },
                    Err(why) => {
                        if !mention && (kind == AssetKind::Article || !has_article) {
                            said.hidden.push(why.clone());
                        }
                        // Our own lines state facts one after another; every other record how it is now.
                        if !mention && format != Format::JsonLines && TakenBack::may_be(kind) {
                            let with_article = has_article && kind != AssetKind::Article;
                            let with_article = with_article || why == Hidden::Companion;
                            let time = event.time.or(origin.changed);
                            let (asset, source) =
                                (AssetRef::new(kind, event.id.clone()), event.source.clone());
                            let why = why.clone();
                            said.taken_back.push(TakenBack { asset, why, time, source, with_article });
                        }
                        if !self.unpublished || !why.is_text() {
                            continue;
                        }
                        event.visibility = Visibility::unpublished(why.to_string());
                    }
                }
            }
            self.prepare(event, mention, origin, &mut said)?;
        }
        said.taken_back.sort_by_key(|one| one.asset.kind != AssetKind::Article);
        Ok(said)
    }

    /// Makes an event ready, unless it says nothing new for certain.
    fn prepare(
        &self,
        mut event: NewEvent,
        mention: bool,
        origin: &Origin,
        said: &mut Said,
    ) -> Result<(), Reason> {
        let asset = event.asset();
        if mention
            && let Some(asset) = &asset
            && self.known.read().unwrap_or_else(PoisonError::into_inner).contains(&hash(asset))
        {
            return Ok(());
        }
        if event.time.is_none() && !mention {
            event.time = origin.changed;
            let said_before =
                |asset: &AssetRef| is_what_it_said_last(self.log, asset, &event).unwrap_or(false);
            if asset.as_ref().is_some_and(said_before) {
                said.unchanged += 1;
                return Ok(());
            }
        }
        let prepared = self.log.prepare(&event)?;
        let event_type = event.fact.event_type();
        said.events.push(Ready {
            prepared,
            event_type,
            asset,
            mention,
            public: event.visibility.is_public(),
        });
        Ok(())
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
            return Ok(match &earlier.payload {
                Payload::Kept { fact, visibility, .. } => {
                    *fact == event.fact && *visibility == event.visibility
                }
                Payload::Erased { .. } => false,
            });
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
