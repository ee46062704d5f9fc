//! `morgue status`

use anyhow::Result;
use indexer::{Phase, ViewStatus};
use indicatif::HumanDuration;
use serde_json::{Map, Value, json};

use crate::{
    archive::Archive,
    terminal::{Outcome, Terminal, count, thousands},
};

#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(archive: &Archive, _args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let indexes = archive.existing_indexes()?;
    let log = indexes.log();
    let (head, sizes, views) = (log.head()?, log.sizes()?, indexes.status()?);
    let writer = log.writer()?;
    if terminal.is_json() {
        let views: Map<String, Value> = views
            .iter()
            .map(|view| {
                let value = json!({
                    "generation": view.generation, "previous": view.previous, "checkpoint": view.checkpoint,
                    "lag": view.lag, "documents": view.digest.documents, "digest": view.digest.to_string(),
                    "segments": view.segments, "bytes": view.bytes, "to_purge": view.to_purge, "building": view.building,
                    "fanout_left": view.fanout_left, "failing": view.failing, "failure": view.failure,
                });
                (view.view.name().to_owned(), value)
            })
            .collect();
        terminal.json(&json!({
            "head_seq": head.seq, "head_recorded": head.recorded, "head_digest": head.digest,
            "log_bytes": sizes.disk, "writer": writer, "views": views,
        }))?;
        return Ok(Outcome::Done);
    }
    let recorded = head.recorded.map_or_else(|| "no event yet".to_owned(), |time| format!("last at {time}"));
    terminal.say(format!("{}: {}, {recorded}", archive.dir().display(), count(head.seq.get(), "event")))?;
    terminal.say(format!("log      {} for {} of JSON", bytes(sizes.disk), bytes(sizes.json)))?;
    if let Some(writer) = writer {
        terminal.say(format!("         being written by {writer}"))?;
    }
    terminal.say("")?;
    terminal.say("view      generation  checkpoint     lag  documents  segments      size  digest")?;
    for view in &views {
        terminal.say(format!(
            "{:9} {:10} {:>11} {:>7} {:>10} {:>9} {:>9}  {}",
            view.view.name(),
            view.generation,
            thousands(view.checkpoint.get()),
            thousands(view.lag),
            thousands(view.digest.documents),
            view.segments,
            bytes(view.bytes),
            view.digest
        ))?;
    }
    for view in &views {
        notes(view)
            .into_iter()
            .try_for_each(|note| terminal.say(format!("{:9} {note}", view.view.name())))?;
    }
    Ok(Outcome::Done)
}

/// Returns what is out of the ordinary, or under way.
fn notes(view: &ViewStatus) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(view.failure.clone());
    notes.extend(view.failing.as_ref().map(|why| format!("is not kept up to date: {why}")));
    if let Some(build) = view.building.as_ref().filter(|build| build.progress.phase != Phase::Done) {
        let (generation, done, total) = (&build.generation, build.progress.done, build.progress.total);
        let share = format!("{} of {}", thousands(done), thousands(total));
        let left = build.progress.time_left().map(|left| format!(", {} left", HumanDuration(left)));
        notes.push(match build.progress.phase {
            Phase::Waiting => "waits to be built".to_owned(),
            Phase::Failed => format!("{generation} failed: {}", build.failure.as_deref().unwrap_or_default()),
            Phase::Stopped | Phase::Interrupted if done == 0 => {
                format!("{generation} was interrupted before anything of it was kept")
            }
            Phase::Stopped | Phase::Interrupted => {
                format!("{generation} was interrupted: `morgue rebuild` goes on at {share}")
            }
            phase if phase.is_running() => {
                format!("{generation} is being built: {share}{}", left.unwrap_or_default())
            }
            _ => return notes,
        });
    }
    if view.fanout_left > 0 {
        notes.push(format!(
            "{} to renew after a change to what they name",
            count(view.fanout_left, "document")
        ));
    }
    if !view.to_purge.is_empty() {
        let names = view.to_purge.join(", ");
        notes.push(format!(
            "{names}: may still hold words of what was erased; `morgue serve` builds them again"
        ));
    }
    notes
}

/// `1536` as `1.5 KB`.
pub(crate) fn bytes(number: u64) -> String {
    indicatif::DecimalBytes(number).to_string()
}
