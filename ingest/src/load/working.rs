//! The threads that read records: what each says, made ready for the log.

use std::{
    collections::HashSet,
    hash::Hasher,
    sync::{Arc, PoisonError, RwLock},
};

use crossbeam_channel::{Receiver, Sender};
use store::{
    AssetKind, AssetRef, EventType, Fact, Log, NewEvent, Payload, Prepared, ReadError, Seq, Timestamp,
};

use super::{
    cutting::{Chunk, Finding},
    identity::File,
    position::{Fnv, Position},
    site_language::{self, SiteLanguages},
    subject::{self, Subject},
    taken_back::TakenBack,
};
use crate::{
    append::{Admitted, NotAdmitted, Terms, admit},
    publicity::Hidden,
    reader::{Readers, entry::Says, format::Format},
    record::{Found, Origin, Place, Raw, Reason},
};

/// The number of events about one asset that are looked through for what a file said last.
const MAX_HISTORY: usize = 1_000;

/// Hashes of the bylines and images that are in the log for certain: a mention of one of them says nothing.
pub(super) type Known = RwLock<HashSet<u64>>;

/// The data and settings of the threads that read.
pub(super) struct Working<'a> {
    pub(super) log: &'a Log,
    pub(super) readers: &'a Readers,
    pub(super) known: &'a Known,
    /// Of short texts.
    pub(super) languages: &'a SiteLanguages,
    /// The time by which is decided what is public.
    pub(super) now: Timestamp,
    /// The last event when the load began.
    pub(super) begun_at: Seq,
    /// Departures from what events may be usually.
    pub(super) terms: Terms,
    /// True if what is not public is taken in.
    pub(super) unpublished: bool,
    /// True if the log has these records as an older version read them.
    pub(super) anew: bool,
}

/// A chunk whose records were read.
pub(super) struct Worked {
    pub(super) number: u64,
    pub(super) results: Vec<Handled>,
    pub(super) cost: usize,
    pub(super) position: Position,
}

/// The result of one finding.
pub(super) enum Handled {
    File(File),
    Read { format: Format, origin: Arc<Origin>, said: Contents },
    Unread { format: Option<Format>, origin: Arc<Origin>, raw: Option<Raw>, reason: Reason },
    Skipped(String),
    Failed(ReadError),
}

/// The content of a record: events, and assets that readers may not see.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) events: Vec<Ready>,
    /// The reasons why readers may not see what the record is about, one for each asset.
    pub(super) hidden: Vec<Hidden>,
    /// Assets that readers may not see, of those that they may have seen: articles before the pictures that came with them.
    pub(super) taken_back: Vec<TakenBack>,
}

/// An event that the log can take.
pub(super) struct Ready {
    pub(super) prepared: Prepared,
    pub(super) event_type: EventType,
    pub(super) asset: Option<AssetRef>,
    pub(super) mention: bool,
    /// True if readers may see it.
    pub(super) public: bool,
    /// True if its file has told the log the same before, and nothing else since.
    pub(super) said_before: bool,
    pub(super) subject: Option<Subject>,
    /// The event itself, where it tells no language of its own.
    pub(super) of_site: Option<Box<NewEvent>>,
}

/// The reason why a record gave nothing.
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

    fn work(&self, finding: Finding) -> Handled {
        match finding {
            Finding::File(file) => Handled::File(file),
            Finding::Failed(error) => Handled::Failed(error),
            Finding::Skipped(ending) => Handled::Skipped(ending),
            Finding::Unreadable { origin, reason } => {
                Handled::Unread { format: None, origin, raw: None, reason }
            }
            Finding::Record { format, origin, raw } => match self.read(format, &origin, &raw) {
                Ok(said) => Handled::Read { format, origin, said },
                Err(Failure::Record(Reason::NoAsset(what))) => Handled::Skipped(format!("({what})")),
                Err(Failure::Record(reason)) => {
                    Handled::Unread { format: Some(format), origin, raw: Some(raw), reason }
                }
                Err(Failure::Log(error)) => Handled::Failed(error),
            },
        }
    }

    /// Reads one record, and prepares its events; none of them where one is refused.
    pub(super) fn read(&self, format: Format, origin: &Origin, raw: &Raw) -> Result<Contents, Failure> {
        if let Some(reason) = &raw.broken {
            return Err(reason.clone().into());
        }
        let mut found = self.readers.read(format, raw, origin)?;
        self.languages.state(format, &origin.path, &mut found);
        let mut subjects = Subject::all(format, &found, raw, origin);
        let known = subject::know_pictures(self.log, (raw, origin), &mut found, &mut subjects);
        known.map_err(Failure::Log)?;
        let is_alone = found.len() == 1;
        let mut said = Contents::default();
        // A name that is mentioned is no record.
        let (mut left_out, mut is_something) = (None, false);
        for (mut one, subject) in found.into_iter().zip(subjects) {
            let at = (origin, raw.place);
            let mention = one.mention;
            let taken = match one.decide(self.now) {
                Some(why) => self.hidden(one, &why, (format, subject), at, &mut said),
                None => self.ready(one, subject, at, &mut said),
            };
            match taken {
                // A picture of which an article's record says nothing but that it is there takes nothing from the article.
                Err(Failure::Record(Reason::NotAdmitted(empty @ NotAdmitted::NothingToShow { .. })))
                    if !is_alone =>
                {
                    self.readers.notes.tell(place_of(at), format!("left out: {empty}"));
                    left_out = Some(empty);
                }
                taken => {
                    taken?;
                    is_something |= !mention;
                }
            }
        }
        if let Some(empty) = left_out.filter(|_| !is_something) {
            return Err(empty.into());
        }
        said.taken_back.sort_by_key(|one| one.asset.kind != AssetKind::Article);
        Ok(said)
    }

    /// Takes a revision that readers may not see: passes it over, or makes it ready for those who keep the archive. Readers
    /// may see an earlier one.
    fn hidden(
        &self,
        mut one: Found,
        why: &Hidden,
        (format, subject): (Format, Option<Subject>),
        (origin, place): (&Origin, Place),
        said: &mut Contents,
    ) -> Result<(), Failure> {
        // Event lines state facts, one after another; every other record says how it is now.
        let is_event = format.entry().says == Says::Keeper;
        if subject.is_some() || is_event {
            said.hidden.push(why.clone());
        }
        let kind = one.event.fact.event_type().kind();
        if let Some(kind) = kind.filter(|kind| !is_event && !one.mention && TakenBack::may_be(*kind)) {
            let renamed = self.log.snapshot().and_then(|snapshot| subject::with_former(&snapshot, &mut one));
            renamed.map_err(Failure::Log)?;
            said.taken_back.push(TakenBack {
                asset: AssetRef::new(kind, one.event.id.clone()),
                with_article: subject.is_none() || *why == Hidden::Companion,
                why: why.clone(),
                time: one.event.time.or(origin.changed),
                source: source_of(origin),
                subject: subject.clone(),
            });
        }
        if self.unpublished && why.is_text() {
            self.ready(one, subject, (origin, place), said)
        } else {
            Ok(())
        }
    }

    fn ready(
        &self,
        mut one: Found,
        mut subject: Option<Subject>,
        (origin, place): (&Origin, Place),
        said: &mut Contents,
    ) -> Result<(), Failure> {
        let Admitted { event, remarks, .. } = admit(one.event, self.terms)?;
        one.event = event;
        remarks.into_iter().for_each(|remark| self.readers.notes.tell(place_of((origin, place)), remark));
        let public = one.event.visibility.is_public();
        if !one.former.is_empty() {
            let natural = self.log.snapshot().and_then(|snapshot| subject::with_former(&snapshot, &mut one));
            let natural = natural.map_err(Failure::Log)?;
            if let Some(subject) = &mut subject {
                subject.natural = natural;
            }
        }
        let Found { mut event, mention, is_short, .. } = one;
        let asset = event.asset();
        if let Some(asset) = asset.as_ref().filter(|_| is_short && !mention) {
            let settled =
                self.log.snapshot().and_then(|snapshot| site_language::settle(&snapshot, asset, &mut event));
            settled.map_err(Failure::Log)?;
        }
        if mention
            && let Some(asset) = &asset
            && self.known.read().unwrap_or_else(PoisonError::into_inner).contains(&hash(asset))
        {
            return Ok(());
        }
        if event.source.is_empty() {
            event.source = source_of(origin);
        }
        let mut said_before = false;
        if event.time.is_none() && !mention {
            event.time = origin.changed;
            let same = |asset| was_said(self.log, asset, &event, self.begun_at).map_err(Failure::Log);
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
        let of_site = (subject.is_some() && is_short).then(|| Box::new(event));
        said.events.push(Ready {
            prepared,
            event_type,
            asset,
            mention,
            public,
            said_before,
            subject,
            of_site,
        });
        Ok(())
    }
}

/// Returns a place as people write it: `file:line:column`.
fn place_of((origin, place): (&Origin, Place)) -> String {
    format!("{}:{place}", origin.path)
}

/// Returns what events of a file say that they come from.
fn source_of(origin: &Origin) -> String {
    format!("load:{}", origin.path.replace(char::is_control, "?"))
}

/// Returns the source of an event without the note that it was read anew.
pub(super) fn source_anew(source: &str) -> &str {
    source.strip_prefix(READ_ANEW).unwrap_or(source)
}

/// The beginning of the source of a revision that is no news, but an older record read by better rules.
const READ_ANEW: &str = "read anew: ";

/// Returns true if a load has brought a revision of this time that says something else.
fn is_of_the_same_time(log: &Log, asset: &AssetRef, event: &NewEvent) -> Result<bool, ReadError> {
    let snapshot = log.snapshot()?;
    let Some(state) = snapshot.state(asset)?.filter(|state| state.published != Seq::ZERO) else {
        return Ok(false);
    };
    let earlier = snapshot.event(state.published)?;
    let loaded = source_anew(earlier.source()).starts_with("load:");
    Ok(loaded
        && earlier.time_stated
        && Some(earlier.time) == event.time
        && earlier.fact() != Some(&event.fact))
}

/// Returns true if this file has said the same of an asset when it last said something of it, or, of a file that is
/// new, another has in a load before this one: an archive that was moved or packed. A record without a time of its own
/// is not news then, however often its file is written anew: what others have said since, a correction or a withdrawal,
/// stays.
fn was_said(log: &Log, asset: &AssetRef, event: &NewEvent, begun_at: Seq) -> Result<bool, ReadError> {
    let snapshot = log.snapshot()?;
    let Some(state) = snapshot.state(asset)? else { return Ok(false) };
    let (mut said_elsewhere, mut taken_back) = (false, false);
    for seq in snapshot.history_from(state.latest).take(MAX_HISTORY) {
        let seq = seq?;
        let earlier = snapshot.event(seq)?;
        let source = source_anew(earlier.source());
        let same = match &earlier.payload {
            Payload::Kept { fact, visibility, .. } => {
                let same = match (fact, &event.fact) {
                    (Fact::Published(one), Fact::Published(other)) => site_language::is_same(one, other),
                    (one, other) => one == other,
                };
                same && *visibility == event.visibility
            }
            Payload::Erased { .. } => false,
        };
        if source == event.source {
            return Ok(same);
        }
        // What a source took back, it may give again.
        let loaded = source.starts_with("load:") && seq <= begun_at;
        taken_back |= loaded && matches!(earlier.fact(), Some(Fact::Withdrawn(..)));
        said_elsewhere |= loaded && same && !taken_back;
    }
    Ok(said_elsewhere)
}

/// Returns what an asset is called in [`Known`].
pub(super) fn hash(asset: &AssetRef) -> u64 {
    let mut hasher = Fnv::default();
    hasher.write(asset.kind.name().as_bytes());
    hasher.write(asset.id.as_str().as_bytes());
    hasher.finish()
}
