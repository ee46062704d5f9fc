//! The thread that appends: batches in the files' order, each with the position that its source is at then.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use crossbeam_channel::Receiver;
use store::{
    AssetKind, AssetRef, AssetState, Batch, EventType, Log, Outcome, Refusal, Seq, Snapshot, SourcePosition,
};

use super::{
    LoadError, LoadOptions,
    budget::Budget,
    identity::{Identities, Verdict},
    position::Position,
    report::{LoadReport, Progress, Reading, Refused},
    site_language,
    subject::{Order, Subject},
    taken_back::TakenBack,
    working::{Handled, Known, Ready, Worked, hash},
};
use crate::{
    notes::ReasonCount,
    publicity::Hidden,
    quarantine::{Quarantined, absolute},
    reader::format::Format,
    record::{Origin, Place, Raw, Reason},
};

/// A batch is appended when it has so many events …
const BATCH_EVENTS: usize = 1_000;
/// … or its records so many bytes.
const BATCH_BYTES: usize = 4 << 20;
/// The time between two tellings of progress.
const TELL_EVERY: Duration = Duration::from_millis(100);
/// The number of rows of one file that are held back at most: where more have changed, each is taken as the row that it seems.
const MAX_HELD: usize = 10_000;
/// The number of assets that are remembered as known; beyond it the log is asked again.
const MAX_KNOWN: usize = 2_000_000;

/// The data and settings of the thread that writes.
pub(super) struct Writing<'a> {
    log: &'a Log,
    options: &'a LoadOptions,
    known: &'a Known,
    budget: &'a Budget,
    reading: &'a Reading,
    progress: &'a dyn Progress,
    /// The name that its position is kept under; `None` where none is kept.
    source: Option<String>,
    report: LoadReport,
    /// The keys of what went to quarantine.
    quarantined: HashSet<String>,
    pending: Vec<Ready>,
    pending_bytes: usize,
    identities: Identities,
    /// Rows of the file whose asset may be that of a row to come.
    held: Vec<Ready>,
    /// Of a dry run, what the assets that it met said: they are not in the log.
    rehearsed: HashMap<u64, String>,
    /// The position at which the load began.
    from: &'a Position,
    position: Position,
    told: Instant,
}

impl<'a> Writing<'a> {
    pub(super) fn new(
        log: &'a Log,
        options: &'a LoadOptions,
        known: &'a Known,
        budget: &'a Budget,
        reading: &'a Reading,
        progress: &'a dyn Progress,
        (source, from): (Option<String>, &'a Position),
    ) -> Self {
        let (dry_run, takes_unpublished) = (options.dry_run, options.unpublished);
        let report = LoadReport { dry_run, takes_unpublished, ..LoadReport::default() };
        Self {
            log,
            options,
            known,
            budget,
            reading,
            progress,
            source,
            report,
            quarantined: HashSet::new(),
            pending: Vec::new(),
            pending_bytes: 0,
            identities: Identities::new(),
            held: Vec::new(),
            rehearsed: HashMap::new(),
            from,
            position: Position::start(),
            told: Instant::now(),
        }
    }

    /// Takes the chunks as they come, appends them in their order. Returns the keys of what went to quarantine, too.
    pub(super) fn run(
        mut self,
        worked: &Receiver<Worked>,
    ) -> Result<(LoadReport, HashSet<String>), LoadError> {
        let mut early: BTreeMap<u64, Worked> = BTreeMap::new();
        let mut next = 0;
        for chunk in worked {
            early.insert(chunk.number, chunk);
            while let Some(chunk) = early.remove(&next) {
                next += 1;
                self.chunk(chunk)?;
            }
            if self.told.elapsed() >= TELL_EVERY {
                self.told = Instant::now();
                self.progress.advanced(self.reading.files(), self.reading.bytes(), &self.report);
            }
        }
        if !early.is_empty() {
            return Err(LoadError::Defect("a part of the load was lost"));
        }
        self.release_held()?;
        if self.reading.finished() {
            // The next load of the same files is a new one.
            self.position = Position::start();
        }
        self.flush()?;
        self.report.last_seq = self.log.head()?.seq;
        self.progress.advanced(self.reading.files(), self.reading.bytes(), &self.report);
        Ok((self.report, self.quarantined))
    }

    fn chunk(&mut self, chunk: Worked) -> Result<(), LoadError> {
        for result in chunk.results {
            match result {
                Handled::File(file) => {
                    self.release_held()?;
                    self.identities.begin(file);
                }
                Handled::Skipped(ending) => *self.report.skipped.entry(ending).or_default() += 1,
                Handled::Read { format, origin, said } => {
                    self.report.formats.entry(format.name().to_owned()).or_default().records += 1;
                    said.hidden.iter().for_each(|why| self.report.hidden(why, &origin.path));
                    for event in said.events {
                        self.event(event)?;
                    }
                    for one in said.taken_back {
                        self.take_back(&one)?;
                    }
                }
                Handled::Unread { format, origin, raw, reason } => {
                    self.unread(format, &origin, raw.as_ref(), &reason)?;
                }
                Handled::Failed(error) => return Err(error.into()),
            }
        }
        // What is held is in no batch yet: a load that is killed comes back to its file.
        if self.held.is_empty() {
            let due = [self.from.due, self.report.next_due()].into_iter().flatten().min();
            self.position = Position { due, unpublished: self.options.unpublished, ..chunk.position };
        }
        self.pending_bytes += chunk.cost;
        self.budget.give_back(chunk.cost);
        if self.pending.len() >= BATCH_EVENTS || self.pending_bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Keeps an event for the next batch, unless it only mentions what the log knows.
    fn event(&mut self, event: Ready) -> Result<(), LoadError> {
        if event.subject.is_some() {
            return self.subject(event, false);
        }
        if let Some(asset) = event.asset.as_ref().filter(|asset| asset.kind != AssetKind::Article) {
            // One that is not public takes nobody's place.
            let first = !event.public || self.remember(asset);
            if event.mention && !first {
                return Ok(());
            }
            if event.mention
                && self.log.snapshot()?.state(asset)?.is_some_and(|state| knows(&state, event.public))
            {
                self.report.unchanged += 1;
                return Ok(());
            }
        }
        if event.said_before {
            self.report.unchanged += 1;
        } else {
            self.pending.push(event);
        }
        Ok(())
    }

    /// Withdraws what readers see of an asset that is not for them any more.
    fn take_back(&mut self, one: &TakenBack) -> Result<(), LoadError> {
        let Some(asset) = self.taken_back_as(one)? else { return Ok(()) };
        let waits = self.pending.iter().any(|ready| ready.asset.as_ref() == Some(&asset));
        if !waits && self.log.snapshot()?.state(&asset)?.is_none_or(|state| !state.is_seen()) {
            return Ok(());
        }
        // Whether readers see an article that names a picture is known when that article is in the log.
        if waits || one.with_article {
            self.flush()?;
        }
        let Some(event) = one.event(self.log, &asset)? else { return Ok(()) };
        let prepared = self.log.prepare(&event).map_err(store::AppendError::from)?;
        let event_type = event.fact.event_type();
        let (asset, subject) = (Some(asset), None);
        let (mention, public, said_before) = (false, false, false);
        self.pending.push(Ready {
            prepared,
            event_type,
            asset,
            mention,
            public,
            said_before,
            subject,
            of_site: None,
        });
        Ok(())
    }

    /// Returns the asset that a record is, of which it says that it is not for readers; `None` where its id is that of
    /// another.
    fn taken_back_as(&mut self, one: &TakenBack) -> Result<Option<AssetRef>, LoadError> {
        let (called, Some(subject)) = (&one.asset, &one.subject) else { return Ok(Some(one.asset.clone())) };
        let snapshot = self.log.snapshot()?;
        Ok(match self.identities.resolve(&snapshot, called, subject, true)? {
            Verdict::Is(id) if id != called.id => Some(AssetRef::new(called.kind, id)),
            Verdict::Is(_) if self.identities.is_held_elsewhere(&snapshot, called, subject)? => {
                self.identities.beside(&called.id).map(|id| AssetRef::new(called.kind, id))
            }
            // Two things have the id; only an order to take one back says which is meant.
            Verdict::Claimed if subject.order == Order::None && !matches!(one.why, Hidden::Canceled(_)) => {
                None
            }
            _ => Some(called.clone()),
        })
    }

    /// Finds out which asset the subject of a record is, and keeps its event for the next batch. `again` says that it was
    /// held, and its file is at its end.
    fn subject(&mut self, mut event: Ready, again: bool) -> Result<(), LoadError> {
        let (Some(called), Some(subject)) = (event.asset.clone(), event.subject.take()) else {
            return Err(LoadError::Defect("a subject without an asset"));
        };
        let snapshot = self.log.snapshot()?;
        let asset = match self.identities.resolve(&snapshot, &called, &subject, again)? {
            Verdict::Is(id) if id == called.id => {
                match self.identities.same_further(&snapshot, &called, &event)? {
                    Some(further) => Some(AssetRef::new(called.kind, further)),
                    None => self.if_not_held_elsewhere(&snapshot, &event, &called, &subject)?,
                }
            }
            Verdict::Is(id) => Some(AssetRef::new(called.kind, id)),
            Verdict::Claimed => self.claimed(&event, &called, &subject)?,
            Verdict::Held if self.held.len() < MAX_HELD => {
                self.held.push(Ready { subject: Some(subject), ..event });
                return Ok(());
            }
            Verdict::Held => Some(called.clone()),
        };
        let Some(asset) = asset else { return Ok(()) };
        self.identities.note(&snapshot, &called, &asset, &subject)?;
        if event.public {
            self.remember(&asset);
        }
        if self.options.dry_run {
            self.rehearsed.insert(hash(&asset), event.prepared.fingerprint());
        }
        if asset != called {
            if let Some(mut one) = event.of_site.take()
                && site_language::settle(&snapshot, &asset, &mut one)?
            {
                self.report.unchanged += 1;
                return Ok(());
            }
            event.prepared = event.prepared.renamed(asset.id.clone());
            event.asset = Some(asset);
        } else if event.said_before {
            self.report.unchanged += 1;
            return Ok(());
        }
        self.pending.push(event);
        Ok(())
    }

    /// Returns the asset of a record whose id is free, or is another file's.
    fn if_not_held_elsewhere(
        &mut self,
        snapshot: &Snapshot,
        event: &Ready,
        called: &AssetRef,
        subject: &Subject,
    ) -> Result<Option<AssetRef>, LoadError> {
        let elsewhere = subject.order == Order::None
            && snapshot.state(called)?.is_some()
            && self.identities.is_held_elsewhere(snapshot, called, subject)?;
        if !elsewhere || event.said_before || self.is_unchanged(event)? {
            return Ok(Some(called.clone()));
        }
        self.report.same_ids.add(called);
        Ok(self.identities.beside(&called.id).map(|id| AssetRef::new(called.kind, id)))
    }

    /// Returns the asset of a record whose id another record of this load has; `None` where it says nothing more.
    fn claimed(
        &mut self,
        event: &Ready,
        called: &AssetRef,
        subject: &Subject,
    ) -> Result<Option<AssetRef>, LoadError> {
        self.flush()?;
        let rehearsed = self.rehearsed.get(&hash(called)) == Some(&event.prepared.fingerprint());
        if rehearsed || self.is_unchanged(event)? {
            self.report.unchanged += 1;
            return Ok(None);
        }
        let snapshot = self.log.snapshot()?;
        let newer = match subject.order {
            Order::None => false,
            Order::Met => true,
            Order::Files => !self.identities.was_met_here(called),
            Order::Time(time) => {
                let state = snapshot.state(called)?.filter(|state| state.published != Seq::ZERO);
                let before = state.map(|state| snapshot.event(state.published)).transpose()?;
                if before.as_ref().is_some_and(|before| before.time > time) {
                    self.report.older += 1;
                    return Ok(None);
                }
                before.is_none_or(|before| before.time < time)
            }
        };
        if newer {
            return Ok(Some(called.clone()));
        }
        self.report.same_ids.add(called);
        let id = match &subject.natural {
            Some(natural) => natural.clone(),
            None => self.identities.further(&snapshot, called, event)?,
        };
        let asset = AssetRef::new(called.kind, id);
        self.identities.note_further(&snapshot, called, &asset)?;
        Ok(Some(asset))
    }

    /// Returns true if the log would take nothing of an event.
    fn is_unchanged(&self, event: &Ready) -> Result<bool, LoadError> {
        let batch = Batch { events: vec![event.prepared.clone()], ..Batch::default() };
        let outcomes = self.log.rehearse(&batch)?;
        Ok(matches!(outcomes.as_slice(), [Outcome::Unchanged(_)]))
    }

    /// Releases what was held of a file that is at its end: it is what it seems.
    fn release_held(&mut self) -> Result<(), LoadError> {
        for event in std::mem::take(&mut self.held) {
            self.subject(event, true)?;
        }
        Ok(())
    }

    /// Returns true if the load meets this asset for the first time.
    fn remember(&self, asset: &AssetRef) -> bool {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(hash(asset))
    }

    fn unread(
        &mut self,
        format: Option<Format>,
        origin: &Arc<Origin>,
        raw: Option<&Raw>,
        reason: &Reason,
    ) -> Result<(), LoadError> {
        let name = format.map(|format| format.name().to_owned()).unwrap_or_default();
        if !name.is_empty() {
            self.report.formats.entry(name.clone()).or_default().quarantined += 1;
        }
        // Without its bytes it is a file, told of by reference.
        let place = raw.map(|raw| reason.place(raw.place)).unwrap_or(Place { record: 0, line: 0, column: 0 });
        let one = Quarantined {
            key: String::new(),
            file: origin.path.clone(),
            root: String::new(),
            line: place.line,
            column: place.column,
            record: place.record,
            format: name,
            reason: reason.to_string(),
            time: store::Timestamp::now(),
            bytes: 0,
            whole: raw.is_some() && !matches!(reason, Reason::TooLarge { .. } | Reason::Unreadable(_)),
            head: raw.map(|raw| String::from_utf8_lossy(&raw.head).into_owned()).unwrap_or_default(),
            stem: origin.stem.clone(),
        };
        self.report.quarantined += 1;
        ReasonCount::one(one.place(), one.reason.clone()).add_to(&mut self.report.reasons);
        if !self.options.dry_run {
            let bytes = raw.map(|raw| raw.bytes.as_slice()).unwrap_or_default();
            let put = self.options.quarantine.put(self.located(one), bytes)?;
            self.quarantined.insert(put.key);
        }
        Ok(())
    }

    /// Returns a record with paths that mean the same wherever the next command is run.
    fn located(&self, one: Quarantined) -> Quarantined {
        let (file, inside) = one.file.split_at(one.file.find("!/").unwrap_or(one.file.len()));
        let file = absolute(Path::new(file));
        let mut roots = self.options.paths.iter().map(|path| absolute(path));
        let root = roots.find(|root| file.starts_with(root)).unwrap_or_default();
        Quarantined { file: format!("{}{inside}", file.display()), root: root.display().to_string(), ..one }
    }

    fn flush(&mut self) -> Result<(), LoadError> {
        let events = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        let position = serde_json::to_string(&self.position);
        let position = position.map_err(|_| LoadError::Defect("a position that is no JSON"))?;
        let (types, events): (Vec<_>, Vec<_>) =
            events.into_iter().map(|event| (event.event_type, event.prepared)).unzip();
        let position = self.source.clone().map(|source| SourcePosition { source, position });
        if !self.options.dry_run {
            self.options.quarantine.flush()?;
        }
        let names = self.identities.take_names();
        let batch = Batch { events, position, names, ..Batch::default() };
        let outcomes = match self.options.dry_run {
            true => self.log.rehearse(&batch)?,
            false => self.log.append(batch)?.outcomes,
        };
        for (event_type, outcome) in types.iter().zip(outcomes) {
            match outcome {
                Outcome::Appended(_) => count(&mut self.report, event_type),
                Outcome::Withheld(_) => {
                    count(&mut self.report, event_type);
                    self.report.withheld += 1;
                }
                Outcome::Unchanged(_) => self.report.unchanged += 1,
                Outcome::Refused(refusal) => {
                    tracing::info!(%refusal, "an event was refused");
                    refuse(&mut self.report, &refusal);
                }
            }
        }
        Ok(())
    }
}

/// Returns true if the log has what a mention would add: the asset, and for readers where the mention is for them.
pub(super) fn knows(state: &AssetState, public: bool) -> bool {
    !public || state.live != Seq::ZERO || state.published == Seq::ZERO
}

fn refuse(report: &mut LoadReport, refusal: &Refusal) {
    let (sort, reason) = match refusal {
        Refusal::Exists { .. } => ("exists", "since their assets are there already"),
        Refusal::Erased { .. } => ("erased", "since their assets were erased"),
        Refusal::Merged { .. } => ("merged", "since their bylines were merged into others"),
        Refusal::MergeCycle { .. } => ("merge_cycle", "since they merge bylines in a circle"),
    };
    report.refused += 1;
    let of_sort = report.refusals.entry(sort).or_insert_with(|| Refused {
        reason,
        events: 0,
        first: refusal.to_string(),
    });
    of_sort.events += 1;
}

fn count(report: &mut LoadReport, event_type: &EventType) {
    report.events += 1;
    match event_type {
        EventType::Published(AssetKind::Article) => report.articles += 1,
        EventType::Published(AssetKind::Image) => report.images += 1,
        EventType::Published(AssetKind::Byline) => report.bylines += 1,
        EventType::Withdrawn(_) => report.withdrawn += 1,
        _ => {}
    }
}
