//! Trying again what lies in quarantine: after a correction, with a newer version, or with better hints.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{RwLock, atomic::AtomicBool},
};

use serde::Serialize;
use store::{Batch, Log, Outcome};

use super::{LoadError, LoadOptions, load, working};
use crate::{
    format::Format,
    quarantine::{Quarantine, Quarantined},
    reader::{Hints, Readers},
    record::{Origin, Place, Raw},
};

/// What came of a retry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RetryReport {
    /// Records and files that left the quarantine.
    pub released: u64,
    /// Events appended.
    pub events: u64,
    /// What stays, one line each.
    pub remaining: Vec<String>,
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
    let mut files = HashSet::new();
    for one in chosen {
        // It may have gone with its file.
        if !quarantine.holds(&one) {
            continue;
        }
        match Format::named(&one.format).filter(|_| one.whole) {
            Some(format) => record(log, quarantine, &readers, &one, format, &mut report)?,
            // A file in an archive is read with its archive.
            None if files.insert(one.file.split("!/").next().unwrap_or(&one.file).to_owned()) => {
                file(log, quarantine, hints, &one, &mut report)?;
            }
            None => {}
        }
    }
    Ok(report)
}

fn record(
    log: &Log,
    quarantine: &Quarantine,
    readers: &Readers,
    one: &Quarantined,
    format: Format,
    report: &mut RetryReport,
) -> Result<(), LoadError> {
    let place = Place { record: one.record, line: one.line, column: one.column };
    let raw = Raw { head: one.head.as_bytes().into(), ..Raw::new(place, quarantine.bytes(one)?) };
    let origin = Origin { path: one.file.clone(), stem: one.stem.clone(), changed: None };
    let known = RwLock::new(HashSet::new());
    match working::read(log, readers, &known, format, &origin, &raw) {
        Ok(found) => {
            let mut events = Vec::new();
            for event in found {
                let there = match &event.asset {
                    Some(asset) if event.mention => log.snapshot()?.state(asset)?.is_some(),
                    _ => false,
                };
                if !there {
                    events.push(event.prepared);
                }
            }
            let appended = log.append(Batch { events, ..Batch::default() })?;
            let count =
                appended.outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Appended(_))).count();
            report.events += count as u64;
            report.released += 1;
            quarantine.remove(one)?;
        }
        Err(reason) => {
            report.remaining.push(Quarantined { reason: reason.to_string(), ..one.clone() }.to_string());
        }
    }
    Ok(())
}

fn file(
    log: &Log,
    quarantine: &Quarantine,
    hints: &Hints,
    one: &Quarantined,
    report: &mut RetryReport,
) -> Result<(), LoadError> {
    let path = PathBuf::from(one.file.split("!/").next().unwrap_or(&one.file));
    if !path.exists() {
        report
            .remaining
            .push(format!("{}: it is not there any more; load it from where it is now", path.display()));
        return Ok(());
    }
    // What still cannot be read comes back under the same key.
    quarantine.remove(one)?;
    let options = LoadOptions { hints: hints.clone(), ..LoadOptions::new(vec![path], quarantine.clone()) };
    let loaded = load(log, &options, &(), &AtomicBool::new(false))?;
    report.events += loaded.events;
    report.released += loaded.released + u64::from(loaded.quarantined == 0);
    report.remaining.extend(loaded.first_reasons);
    Ok(())
}
