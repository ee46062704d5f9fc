//! `morgue status`

use anyhow::Result;
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
    if terminal.is_json() {
        let views: Map<String, Value> = views
            .iter()
            .map(|view| {
                let value = json!({
                    "generation": view.generation, "previous": view.previous, "checkpoint": view.checkpoint,
                    "lag": view.lag, "documents": view.digest.documents, "digest": view.digest.to_string(),
                    "segments": view.segments, "bytes": view.bytes,
                });
                (view.kind.plural().to_owned(), value)
            })
            .collect();
        terminal.json(&json!({
            "head_seq": head.seq, "head_recorded": head.recorded, "head_digest": head.digest,
            "log_bytes": sizes.disk, "views": views,
        }))?;
        return Ok(Outcome::Done);
    }
    let recorded = head.recorded.map_or_else(|| "no event yet".to_owned(), |time| format!("last at {time}"));
    terminal.say(format!("{}: {}, {recorded}", archive.dir().display(), count(head.seq.get(), "event")))?;
    terminal.say(format!("log      {} for {} of JSON", bytes(sizes.disk), bytes(sizes.json)))?;
    terminal.say("")?;
    terminal.say("view      generation  checkpoint     lag  documents  segments      size  digest")?;
    for view in views {
        terminal.say(format!(
            "{:9} {:10} {:>11} {:>7} {:>10} {:>9} {:>9}  {}",
            view.kind.plural(),
            view.generation,
            thousands(view.checkpoint.get()),
            thousands(view.lag),
            thousands(view.digest.documents),
            view.segments,
            bytes(view.bytes),
            view.digest
        ))?;
    }
    Ok(Outcome::Done)
}

/// `1536` as `1.5 KB`.
pub(crate) fn bytes(number: u64) -> String {
    indicatif::DecimalBytes(number).to_string()
}
