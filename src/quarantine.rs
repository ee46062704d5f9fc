//! `morgue quarantine …`: what could not be read.

use std::io::Write;

use anyhow::Result;
use ingest::Quarantine;

use crate::{
    archive::Archive,
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
        Command::Remove { key } => {
            let (one, _) = quarantine.show(key)?;
            quarantine.remove(&one)?;
        }
    }
    Ok(Outcome::Done)
}
