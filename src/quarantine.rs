//! `morgue quarantine …`: what could not be read.

use std::{collections::BTreeMap, io::Write};

use anyhow::Result;
use ingest::{Quarantine, Quarantined};
use serde_json::json;

use crate::{
    archive::Archive,
    load::{Hints, make_searchable, tell_reasons},
    stop,
    terminal::{Outcome, Terminal, count, thousands},
};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List the records that could not be read, with their places and the reasons; of many, the reasons with how often each
    /// was met.
    List {
        /// Only those whose reason has this in it.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Only those whose path has this in it.
        #[arg(long, value_name = "TEXT")]
        path: Option<String>,
        /// Each of them, no more than so many.
        #[arg(long, value_name = "COUNT")]
        limit: Option<usize>,
        /// After so many.
        #[arg(long, value_name = "COUNT", default_value_t = 0)]
        skip: usize,
    },
    /// Print one of them as it was found.
    Show {
        /// Its key in the list.
        key: String,
    },
    /// Read them once more, all or the named ones: after a mend, or with a hint that was missing.
    Retry {
        /// Their keys in the list; all without one.
        keys: Vec<String>,
        #[command(flatten)]
        hints: Hints,
    },
    /// Forget them: they were mended at their source, or are not wanted.
    Remove {
        /// Their keys in the list.
        #[arg(required_unless_present = "all", value_name = "KEY")]
        keys: Vec<String>,
        /// All of them.
        #[arg(long, conflicts_with = "keys")]
        all: bool,
    },
}

pub(crate) fn run(archive: &Archive, command: &Command, terminal: &Terminal) -> Result<Outcome> {
    let quarantine = Quarantine::at(archive.quarantine_dir());
    match command {
        Command::List { reason, path, limit, skip } => {
            let mut all = quarantine.list()?;
            let has = |wanted: &Option<String>, text: &str| {
                wanted.as_ref().is_none_or(|wanted| text.contains(wanted))
            };
            all.retain(|one| has(reason, &one.reason) && has(path, &one.file));
            let page = Page { skip: *skip, limit: *limit };
            list(&all, &page, &quarantine, terminal)?;
        }
        Command::Show { key } => {
            let (one, bytes) = quarantine.show(key)?;
            if terminal.is_json() {
                terminal.json(&one)?;
            } else {
                std::io::stdout().lock().write_all(&bytes)?;
            }
        }
        Command::Retry { keys, hints } => {
            let log = archive.open_log()?;
            let report = ingest::retry(&log, &quarantine, keys, &hints.to_ingest(archive.mappings())?)?;
            tell_reasons(&report.reasons, report.remaining, terminal);
            let head = log.head()?.seq;
            let stop = stop::on_signal()?;
            make_searchable(&archive.open_indexes(log)?, head, &stop, terminal)?;
            if terminal.is_json() {
                terminal.json(&report)?;
            } else {
                let (records, events) = (count(report.released, "record"), count(report.events, "event"));
                terminal.say(format!("{records} could be read now, {events} appended"))?;
                if report.unpublished > 0 {
                    let records = count(report.unpublished, "record");
                    terminal.say(format!("  {records} passed over: not public"))?;
                }
            }
            return Ok(if report.remaining == 0 { Outcome::Done } else { Outcome::Quarantined });
        }
        Command::Remove { keys, all } => {
            let mut chosen = if *all { quarantine.list()? } else { Vec::new() };
            for key in keys {
                chosen.push(quarantine.show(key)?.0);
            }
            quarantine.remove_all(&chosen)?;
            let removed = chosen.len() as u64;
            if terminal.is_json() {
                terminal.json(&json!({ "removed": removed }))?;
            } else {
                terminal.say(format!("{} removed", count(removed, "record")))?;
            }
        }
    }
    Ok(Outcome::Done)
}

/// How many records are listed one by one where nobody says how many.
const EACH: usize = 100;
/// How many places are shown of one reason.
const PLACES: usize = 3;

/// Which of the records are to be listed.
struct Page {
    skip: usize,
    limit: Option<usize>,
}

fn list(all: &[Quarantined], page: &Page, quarantine: &Quarantine, terminal: &Terminal) -> Result<()> {
    let shown = all.iter().skip(page.skip).take(page.limit.unwrap_or(usize::MAX));
    if terminal.is_json() {
        shown.into_iter().try_for_each(|one| terminal.json(one))?;
    } else if page.limit.is_some() || page.skip > 0 || all.len() <= EACH {
        for one in shown {
            terminal.say(format!("{}  {}  {}", one.key, one.place(), one.reason))?;
        }
    } else {
        let mut by_reason: BTreeMap<&str, Vec<&Quarantined>> = BTreeMap::new();
        all.iter().for_each(|one| by_reason.entry(&one.reason).or_default().push(one));
        let mut reasons: Vec<_> = by_reason.into_iter().collect();
        reasons.sort_by_key(|(_, records)| std::cmp::Reverse(records.len()));
        for (reason, records) in reasons {
            terminal.say(format!("{}: {reason}", count(records.len() as u64, "record")))?;
            for one in records.iter().take(PLACES) {
                terminal.say(format!("  {}  {}", one.key, one.place()))?;
            }
            if records.len() > PLACES {
                terminal.say(format!("  and {} more", thousands((records.len() - PLACES) as u64)))?;
            }
        }
        terminal.note("`--limit COUNT` lists each, `--reason TEXT` and `--path TEXT` choose");
    }
    terminal.say(format!("{} in {}", count(all.len() as u64, "record"), quarantine.dir().display()))?;
    Ok(())
}
