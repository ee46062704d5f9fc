//! `morgue quarantine …`: what could not be read.

use std::io::Write;

use anyhow::Result;
use ingest::Quarantine;
use serde_json::json;

use crate::{
    archive::Archive,
    load::{Hints, make_searchable},
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
    /// Forget one of them: it was mended at its source, or is not wanted.
    Remove {
        /// Its key in the list.
        key: String,
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
                    terminal.say(format!(
                        "{}  {}:{}:{}  {}",
                        one.key, one.file, one.line, one.column, one.reason
                    ))?;
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
            report.remaining.iter().for_each(|line| terminal.note(line));
            let head = log.head()?.seq;
            let stop = stop::on_signal()?;
            make_searchable(&archive.open_indexes(log)?, head, &stop, terminal)?;
            if terminal.is_json() {
                let remaining = report.remaining.len();
                terminal.json(
                    &json!({"released": report.released, "events": report.events, "remaining": remaining}),
                )?;
            } else {
                let (records, events) = (count(report.released, "record"), count(report.events, "event"));
                terminal.say(format!("{records} could be read now, {events} appended"))?;
            }
            return Ok(if report.remaining.is_empty() { Outcome::Done } else { Outcome::Quarantined });
        }
        Command::Remove { key } => {
            let (one, _) = quarantine.show(key)?;
            quarantine.remove(&one)?;
        }
    }
    Ok(Outcome::Done)
}
