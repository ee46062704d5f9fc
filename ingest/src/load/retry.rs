//! Trying again what lies in quarantine: after a correction, with a newer version, or with better hints.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::{Path, PathBuf},
    sync::{RwLock, atomic::AtomicBool},
};

use serde::Serialize;
use store::{Batch, Log, Timestamp};

use super::{
    LoadError, LoadOptions, load, remembered,
    site_language::SiteLanguages,
    working::{Failure, Working},
    writing::knows,
};
use crate::{
    append::Terms,
    hints::Hints,
    notes::ReasonCount,
    quarantine::{Quarantine, Quarantined},
    reader::{Readers, format::Format},
    record::{Origin, Place, Raw},
};

/// The result of a retry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RetryReport {
    /// Records and files that left the quarantine.
    pub released: u64,
    /// Events appended.
    pub events: u64,
    /// Of the records and files: what readers may not see, which was passed over.
    pub unpublished: u64,
    /// Records and files that stay.
    pub remaining: u64,
    /// The reasons why records remain; no more than the first ten.
    pub reasons: Vec<ReasonCount>,
}

impl RetryReport {
    fn stays(&mut self, place: String, reason: String) {
        self.remaining += 1;
        ReasonCount::one(place, reason).add_to(&mut self.reasons);
    }
}

/// Reads what lies in quarantine once more, all of it or what these keys begin. What can be read now is appended,
/// and leaves the quarantine; files that are there by reference are loaded again.
///
/// # Errors
/// [`LoadError`]: the log or the quarantine fails, or a key names nothing.
pub fn retry(
    log: &Log,
    quarantine: &Quarantine,
    keys: &[String],
    hints: &Hints,
) -> Result<RetryReport, LoadError> {
    let mut chosen = Vec::new();
    if keys.is_empty() {
        chosen = quarantine.list()?;
    }
    for key in keys {
        chosen.push(quarantine.show(key)?.0);
    }
    let readers = Readers::new(hints);
    let mut report = RetryReport::default();
    // Files by what they were found in: their ids are made of the path from there.
    let mut files: BTreeMap<PathBuf, HashSet<PathBuf>> = BTreeMap::new();
    for root in chosen.iter().map(|one| one.root.as_str()).collect::<BTreeSet<_>>() {
        if !root.is_empty() {
            remembered::remember(log, Path::new(root), hints)?;
        }
    }
    let (whole, others): (Vec<_>, Vec<_>) =
        chosen.into_iter().partition(|one| one.whole && Format::named(&one.format).is_some());
    let mut released = Vec::new();
    for (one, bytes) in quarantine.with_bytes(&whole)? {
        if let Some(format) = Format::named(&one.format)
            && record(log, &readers, (&one, bytes), format, &mut report)?
        {
            released.push(one);
        }
    }
    quarantine.remove_all(&released)?;
    for one in others {
        if one.path().exists() {
            let root = if one.root.is_empty() { one.path().to_owned() } else { one.root.clone().into() };
            files.entry(root).or_default().insert(one.path().to_owned());
        } else {
            report.stays(one.file, "it is not there any more: load it from where it is now".to_owned());
        }
    }
    for (root, only) in files {
        let options = LoadOptions {
            hints: hints.clone(),
            only: Some(only),
            ..LoadOptions::new(vec![root], quarantine.clone())
        };
        let loaded = load(log, &options, &(), &AtomicBool::new(false))?;
        report.events += loaded.events;
        report.released += loaded.released;
        report.unpublished += loaded.unpublished.values().map(|one| one.records).sum::<u64>();
        report.remaining += loaded.quarantined;
        loaded.reasons.into_iter().for_each(|reason| reason.add_to(&mut report.reasons));
    }
    Ok(report)
}

fn record(
    log: &Log,
    readers: &Readers,
    (one, bytes): (&Quarantined, Vec<u8>),
    format: Format,
    report: &mut RetryReport,
) -> Result<bool, LoadError> {
    let place = Place { record: one.record, line: one.line, column: one.column };
    let raw = Raw { head: one.head.as_bytes().into(), ..Raw::new(place, bytes) };
    let origin = Origin { path: one.file.clone(), stem: one.stem.clone(), changed: None };
    let known = RwLock::new(HashSet::new());
    let working = Working {
        log,
        readers,
        known: &known,
        languages: &SiteLanguages::default(),
        now: Timestamp::now(),
        begun_at: log.head()?.seq,
        terms: Terms::default(),
        unpublished: false,
        anew: false,
    };
    match working.read(format, &origin, &raw) {
        Ok(found) => {
            let mut events = Vec::new();
            for event in found.events {
                let there = match &event.asset {
                    Some(asset) if event.mention => {
                        log.snapshot()?.state(asset)?.is_some_and(|state| knows(&state, event.public))
                    }
                    _ => false,
                };
                if !there {
                    events.push(event.prepared);
                }
            }
            let appended = log.append(Batch { events, ..Batch::default() })?;
            let count = appended.outcomes.iter().filter(|outcome| outcome.is_new()).count();
            report.events += count as u64;
            report.released += 1;
            report.unpublished += found.hidden.len() as u64;
            Ok(true)
        }
        Err(Failure::Log(error)) => Err(error.into()),
        Err(Failure::Record(reason)) => {
            report.stays(one.place(), reason.to_string());
            Ok(false)
        }
    }
}
