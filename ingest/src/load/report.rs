//! The reports of a load: on the way, and at its end.

use std::{
    collections::BTreeMap,
    fmt,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use serde::Serialize;
use store::{AssetRef, Seq, Timestamp};

use crate::{
    notes::ReasonCount,
    publicity::{Hidden, moment},
};

/// Told how far a load is. All calls come from the thread that called [`crate::load`].
pub trait Progress: Sync {
    /// Takes the extent of the load, told once at the beginning. Bytes are those of the files as they lie on disk.
    fn total(&self, files: u64, bytes: u64) {
        let _ = (files, bytes);
    }

    /// Takes the progress: files and bytes read, and what became of the records so far.
    fn advanced(&self, files: u64, bytes: u64, so_far: &LoadReport) {
        let _ = (files, bytes, so_far);
    }
}

/// For those who do not want to know.
impl Progress for () {}

/// The files and bytes that were read, counted by the thread that reads.
#[derive(Debug, Default)]
pub struct Reading {
    files: AtomicU64,
    bytes: AtomicU64,
    finished: AtomicBool,
}

impl Reading {
    /// Returns the number of files that were opened.
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }

    /// Returns the number of bytes that were read, before decompression.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Notes that everything was read to its end.
    pub(super) fn finish(&self) {
        self.finished.store(true, Ordering::Release);
    }

    pub(super) fn finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    pub(super) fn file(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// The result of a load.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LoadReport {
    /// Events appended.
    pub events: u64,
    /// Of these: articles published.
    pub articles: u64,
    /// Of these: images published.
    pub images: u64,
    /// Of these: bylines published.
    pub bylines: u64,
    /// Of the events: public revisions of assets that a person withdrew, which readers go on not seeing.
    pub withheld: u64,
    /// Of the events: withdrawals of what the source shows no longer.
    pub withdrawn: u64,
    /// Assets whose time was over, and which were withdrawn for it.
    pub expired: u64,
    /// Records that readers may not see, by the sort of reason: passed over, or taken in for those who keep the archive.
    pub unpublished: BTreeMap<String, Unpublished>,
    /// True if it was taken in.
    pub takes_unpublished: bool,
    /// Records whose id another record has, of this load or of another file: they are assets of their own.
    pub same_ids: SameIds,
    /// Records older than the revision that another record of this load brought: they were passed over.
    pub older: u64,
    /// Events that said nothing new, and assets mentioned that the log had before.
    pub unchanged: u64,
    /// Events that the log's state does not allow.
    pub refused: u64,
    /// Of these, by the sort of reason.
    pub refusals: BTreeMap<&'static str, Refused>,
    /// Records, and files of no known format, that went to quarantine.
    pub quarantined: u64,
    /// Records of these files that left the quarantine: they were mended since.
    pub released: u64,
    /// Seconds it took.
    pub seconds: f64,
    /// Files visited.
    pub files: u64,
    /// Bytes read, before decompression.
    pub bytes: u64,
    /// Records read, by the name of their format.
    pub formats: BTreeMap<String, FormatCount>,
    /// Files that are no archive's text, by their ending.
    pub skipped: BTreeMap<String, u64>,
    /// The log's last event when the load ended.
    pub last_seq: Seq,
    /// True if it was asked to stop before its end.
    pub stopped: bool,
    /// True if it went on where an earlier load was cut off.
    pub resumed: bool,
    /// True if nothing was really done.
    pub dry_run: bool,
    /// Notes on how files were understood that do not show it themselves, and on what in records is doubtful; ten at most.
    pub notes: Vec<ReasonCount>,
    /// The reasons why records were quarantined, in the order in which they were met; no more than the first ten.
    pub reasons: Vec<ReasonCount>,
    /// By the file, as it is shown: when the first record in it that was passed over becomes public.
    #[serde(skip)]
    pub(crate) due: BTreeMap<String, Timestamp>,
    /// The time at which the first record becomes public that was passed over in files which the earlier load was done with
    /// that this one went on with.
    #[serde(skip)]
    pub(crate) due_earlier: Option<Timestamp>,
}

impl LoadReport {
    /// Counts something that readers may not see, found in this file.
    pub(super) fn hidden(&mut self, why: &Hidden, file: &str) {
        if let Hidden::Internal(kind) = why {
            *self.skipped.entry(format!("({kind})")).or_default() += 1;
            return;
        }
        let counted = self.unpublished.entry(why.sort().to_owned()).or_default();
        counted.records += 1;
        if counted.reason.is_empty() {
            counted.reason = why.to_string();
        }
        if let Some(due) = why.due() {
            counted.next = Some(counted.next.map_or(due, |next| next.min(due)));
            let file = file.split("!/").next().unwrap_or(file);
            let next = self.due.entry(file.to_owned()).or_insert(due);
            *next = due.min(*next);
        }
    }

    /// Returns the earliest time at which something that was passed over becomes public.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.values().min().copied()
    }
}

/// Records that readers may not see for a reason of one sort.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Unpublished {
    /// The reason of the first, for people.
    pub reason: String,
    /// The number of records.
    pub records: u64,
    /// The time at which the first of them becomes public, where that is known.
    pub next: Option<Timestamp>,
}

impl fmt::Display for Unpublished {
    /// Writes it as people say it: `3 drafts`, `1 scheduled for 2030-01-01`, `4 scheduled, the next for 2030-01-01`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, records, next } = self;
        match (records, next) {
            (1, _) => write!(f, "1 {reason}"),
            (_, Some(next)) => {
                let sort = reason.split(' ').next().unwrap_or_default();
                let until = if sort == "embargoed" { "until" } else { "for" };
                write!(f, "{records} {sort}, the next {until} {}", moment(*next))
            }
            (_, None) if reason == "draft" => write!(f, "{records} drafts"),
            // The time at which one of several expired says nothing of the others.
            (_, None) if reason.starts_with("expired") => write!(f, "{records} expired"),
            _ => write!(f, "{records} {reason}"),
        }
    }
}

/// Records with an id that others have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SameIds {
    /// The number of records.
    pub records: u64,
    /// The first of the ids, no more than three.
    pub ids: Vec<String>,
}

impl SameIds {
    /// Counts one.
    pub(super) fn add(&mut self, asset: &AssetRef) {
        self.records += 1;
        let id = asset.id.to_string();
        if self.ids.len() < 3 && !self.ids.contains(&id) {
            self.ids.push(id);
        }
    }
}

/// Events that the log did not take for a reason of one sort.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// That sort, for people.
    pub reason: &'static str,
    /// The number of events.
    pub events: u64,
    /// The log's reason to refuse the first.
    pub first: String,
}

/// The counts of what became of the records of one format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FormatCount {
    /// Records that were read.
    pub records: u64,
    /// Records that could not be.
    pub quarantined: u64,
}
