//! The thread that appends: batches in the files' order, each with the position that its source is at then.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use crossbeam_channel::Receiver;
use store::{AssetKind, AssetRef, Batch, EventType, Log, Outcome, Refusal, SourcePosition};

use super::{
    LoadError, LoadOptions,
    budget::Budget,
    position::Position,
    report::{LoadReport, Progress, Reading, ReasonCount, Refused},
    working::{Known, Ready, Worked, Worked1, hash},
};
use crate::{
    format::Format,
    quarantine::{Quarantined, absolute},
    record::{Origin, Place, Raw, Reason},
};

/// A batch is appended when it has so many events …
const BATCH_EVENTS: usize = 1_000;
/// … or its records so many bytes.
const BATCH_BYTES: usize = 4 << 20;
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(100);
/// How many assets are remembered as known; beyond it the log is asked again.
const MAX_KNOWN: usize = 2_000_000;

/// What the thread works with.
pub(super) struct Writing<'a> {
    log: &'a Log,
    options: &'a LoadOptions,
    known: &'a Known,
    budget: &'a Budget,
    reading: &'a Reading,
    progress: &'a dyn Progress,
    /// What its position is kept under; `None` where none is kept.
    source: Option<String>,
    report: LoadReport,
    /// The keys of what went to quarantine.
    quarantined: HashSet<String>,
    pending: Vec<Ready>,
    pending_bytes: usize,
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
        source: Option<String>,
    ) -> Self {
        let report = LoadReport { dry_run: options.dry_run, ..LoadReport::default() };
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
            position: Position::default(),
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
        if self.reading.finished() {
            // The next load of the same files is a new one.
            self.position = Position::default();
        }
        self.flush()?;
        self.report.last_seq = self.log.head()?.seq;
        self.progress.advanced(self.reading.files(), self.reading.bytes(), &self.report);
        Ok((self.report, self.quarantined))
    }

    fn chunk(&mut self, chunk: Worked) -> Result<(), LoadError> {
        for result in chunk.results {
            match result {
                Worked1::Skipped(ending) => *self.report.skipped.entry(ending).or_default() += 1,
                Worked1::Read { format, said } => {
                    self.report.formats.entry(format.name().to_owned()).or_default().records += 1;
                    self.report.unchanged += said.unchanged;
                    for remark in said.remarks {
                        self.report.remarked += 1;
                        remark.add_to(&mut self.report.remarks);
                    }
                    for event in said.events {
                        self.event(event)?;
                    }
                }
                Worked1::Unread { format, origin, raw, reason } => {
                    self.unread(format, &origin, raw.as_ref(), &reason)?;
                }
            }
        }
        self.position = chunk.position;
        self.pending_bytes += chunk.cost;
        self.budget.give_back(chunk.cost);
        if self.pending.len() >= BATCH_EVENTS || self.pending_bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Keeps an event for the next batch, unless it only mentions what the log knows.
    fn event(&mut self, event: Ready) -> Result<(), LoadError> {
        if let Some(asset) = event.asset.as_ref().filter(|asset| asset.kind != AssetKind::Article) {
            let first = self.remember(asset);
            if event.mention && !first {
                return Ok(());
            }
            if event.mention && self.log.snapshot()?.state(asset)?.is_some() {
                self.report.unchanged += 1;
                return Ok(());
            }
        }
        self.pending.push(event);
        Ok(())
    }

    /// Whether the load meets this asset for the first time.
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

    /// With paths that mean the same wherever the next command is run.
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
        if self.options.dry_run {
            events.iter().for_each(|event| count(&mut self.report, &event.event_type));
            return Ok(());
        }
        let position = serde_json::to_string(&self.position).unwrap_or_default();
        let (types, events): (Vec<_>, Vec<_>) =
            events.into_iter().map(|event| (event.event_type, event.prepared)).unzip();
        let position = self.source.clone().map(|source| SourcePosition { source, position });
        let appended = self.log.append(Batch { events, position, expect: Vec::new() })?;
        for (event_type, outcome) in types.iter().zip(appended.outcomes) {
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
        _ => {}
    }
}
