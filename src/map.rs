//! `morgue map`: a mapping for files of a shape that no reader knows, and what their records become by it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use ingest::Mappings;
use serde_json::{Value, json};
use store::{Fact, NewEvent};

use crate::terminal::{Outcome, Terminal};

const EXAMPLES: &str = "\
Examples:
  morgue map scans/ > scans.toml                  a mapping to begin with, its first records as remarks
  morgue map --map scans.toml scans/              the first records by it, after a change
  morgue load --map scans.toml scans/             and then all of them";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files and folders of JSON, XML or tables.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Show the first records by this mapping, instead of proposing one.
    #[arg(long = "map", value_name = "FILE")]
    maps: Vec<PathBuf>,

    /// How many records to show.
    #[arg(long, value_name = "N", default_value_t = 3)]
    records: usize,
}

/// Reads files of mappings, which come behind those that there are.
pub(crate) fn read(there_are: &Mappings, files: &[PathBuf]) -> Result<Mappings> {
    let mut all = there_are.clone();
    for file in files {
        let name = file.display().to_string();
        let text =
            std::fs::read_to_string(file).with_context(|| format!("the mapping {name} cannot be read"))?;
        all = all.and(&Mappings::parse(&name, &text)?)?;
    }
    Ok(all)
}

pub(crate) fn run(args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let proposed = match args.maps.as_slice() {
        [] => Some(ingest::propose_mapping(&args.paths)?),
        _ => None,
    };
    let mappings = match &proposed {
        Some(text) => Mappings::parse("the proposal", text)?,
        None => read(&Mappings::default(), &args.maps)?,
    };
    let records = ingest::first_records(&args.paths, &mappings, args.records)?;
    let is_whole = !records.is_empty() && records.iter().all(|(_, said)| said.is_ok());
    if terminal.is_json() {
        let shown = records.into_iter().map(|(place, said)| match said {
            Ok(events) => {
                let line = |event: &NewEvent| match &event.fact {
                    Fact::Published(content) => {
                        json!({"type": event.fact.event_type().to_string(), "id": event.id, "data": content})
                    }
                    fact => json!({"type": fact.event_type().to_string(), "id": event.id}),
                };
                json!({"place": place, "events": events.iter().map(line).collect::<Vec<_>>()})
            }
            Err(why) => json!({"place": place, "reason": why}),
        });
        terminal.json(&json!({"mapping": proposed, "records": shown.collect::<Vec<_>>()}))?;
    } else {
        for line in proposed.iter().flat_map(|text| text.lines()) {
            terminal.say(line)?;
        }
        for (place, said) in &records {
            terminal.say(format!("\n# {place}"))?;
            match said {
                Ok(events) => events.iter().try_for_each(|event| show(event, terminal))?,
                Err(why) => terminal.say(format!("#   cannot be read: {why}"))?,
            }
        }
        if records.is_empty() {
            terminal.note("no record of these files is of the mapping: look at its `files` and `record`");
        }
    }
    Ok(if is_whole { Outcome::Done } else { Outcome::Quarantined })
}

/// The longest text that is shown, in characters.
const MAX_SHOWN: usize = 90;

/// One asset, a field a line, as remarks in TOML.
fn show(event: &NewEvent, terminal: &Terminal) -> Result<()> {
    let kind = event.fact.event_type().kind().map_or("event", |kind| kind.name());
    let public = if event.visibility.is_public() { "" } else { " (not public)" };
    terminal.say(format!("#   {kind} {}{public}", event.id))?;
    let Fact::Published(content) = &event.fact else { return Ok(()) };
    let Value::Object(fields) = serde_json::to_value(content)? else { return Ok(()) };
    for (name, value) in fields {
        let text = match value {
            Value::String(text) => text.replace('\n', " "),
            other => other.to_string(),
        };
        let shown: String = text.chars().take(MAX_SHOWN).collect();
        let more = if text.chars().nth(MAX_SHOWN).is_some() { "…" } else { "" };
        terminal.say(format!("#     {name}: {shown}{more}"))?;
    }
    Ok(())
}
