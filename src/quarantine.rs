//! `morgue quarantine …`: what could not be read.

use std::io::Write;

use anyhow::Result;
use ingest::Quarantine;
use serde_json::json;

use crate::{
    archive::Archive,
    load::{Hints, make_searchable, tell_reasons},
    stop,
    terminal::{Outcome, Terminal, count},
};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List the records that could not be read, with their places and the reasons.
    List,
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
        Command::List => {
            let all = quarantine.list()?;
            for one in &all {
                if terminal.is_json() {
                    terminal.json(one)?;
                } else {
                    terminal.say(format!("{}  {}  {}", one.key, one.place(), one.reason))?;
                }
            }
            terminal.say(format!(
                "{} in {}",
                count(all.len() as u64, "record"),
                quarantine.dir().display()
            ))?;
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
            let report = ingest::retry(&log, &quarantine, keys, &hints.to_ingest())?;
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
            chosen.iter().try_for_each(|one| quarantine.remove(one))?;
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
