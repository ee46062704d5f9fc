//! `morgue generations` and `morgue rollback`

use anyhow::{Result, bail};
use indexer::{GenerationState, GenerationStatus, Indexes, ViewStatus};
use serde_json::json;
use store::AssetKind;

use crate::{
    archive::Archive,
    status::bytes,
    terminal::{Outcome, Terminal, thousands},
    view,
};

#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// Only this view; all three otherwise.
    #[arg(long, value_name = "VIEW", value_parser = view::view())]
    view: Option<AssetKind>,

    /// Remove the archive as it stood that has this name, instead of listing.
    #[arg(long, value_name = "NAME")]
    remove: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct RollbackArgs {
    /// The view to take back; all three otherwise.
    #[arg(long, value_name = "VIEW", value_parser = view::view())]
    view: Option<AssetKind>,
}

pub(crate) fn list(archive: &Archive, args: &ListArgs, terminal: &Terminal) -> Result<Outcome> {
    let indexes = archive.existing_indexes()?;
    let kinds = args.view.map_or_else(|| AssetKind::ALL.to_vec(), |kind| vec![kind]);
    if let Some(name) = &args.remove {
        return remove(&indexes, &kinds, name, terminal);
    }
    let head = "view      generation                 documents       size  checkpoint  built                     state";
    terminal.say(head)?;
    for kind in kinds {
        for generation in indexes.list(kind)? {
            show(kind, &generation, terminal)?;
        }
    }
    Ok(Outcome::Done)
}

fn show(kind: AssetKind, generation: &GenerationStatus, terminal: &Terminal) -> Result<()> {
    let GenerationStatus { name, state, documents, checkpoint, created, as_of, .. } = generation;
    if terminal.is_json() {
        let (done, total, why) = match state {
            GenerationState::Building { done, total } | GenerationState::Interrupted { done, total } => {
                (Some(done), Some(total), None)
            }
            GenerationState::Damaged { why } => (None, None, Some(why)),
            _ => (None, None, None),
        };
        return terminal.json(&json!({
            "view": kind.plural(), "generation": name, "state": word(state), "documents": documents,
            "bytes": generation.bytes, "checkpoint": checkpoint, "created": created, "as_of": as_of,
            "done": done, "total": total, "why": why,
        }));
    }
    let state = match state {
        GenerationState::Building { done, total } | GenerationState::Interrupted { done, total } => {
            format!("{} at {} of {}", word(state), thousands(*done), thousands(*total))
        }
        GenerationState::Damaged { why } => format!("damaged: {why}"),
        GenerationState::Past => format!("as of {}", as_of.as_deref().unwrap_or("an unknown moment")),
        _ => word(state).to_owned(),
    };
    terminal.say(format!(
        "{:9} {name:25} {:>10} {:>10} {:>11}  {:24}  {state}",
        kind.plural(),
        thousands(*documents),
        bytes(generation.bytes),
        thousands(checkpoint.get()),
        created.map(|time| time.to_string()).unwrap_or_default(),
    ))
}

fn word(state: &GenerationState) -> &'static str {
    match state {
        GenerationState::Live => "live",
        GenerationState::Previous => "previous",
        GenerationState::Past => "as of",
        GenerationState::Building { .. } => "being built",
        GenerationState::Interrupted { .. } => "interrupted",
        GenerationState::Damaged { .. } => "damaged",
        GenerationState::Leftover => "leftover",
    }
}

/// The live generation, and the one before it, are not removed: they have no name that could be given here.
fn remove(indexes: &Indexes, kinds: &[AssetKind], name: &str, terminal: &Terminal) -> Result<Outcome> {
    for kind in indexes.remove_named(kinds, name.trim_start_matches('@'))? {
        if terminal.is_json() {
            terminal.json(&json!({"view": kind.plural(), "removed": name}))?;
        } else {
            terminal.say(format!("{:9} {name} is removed", kind.plural()))?;
        }
    }
    Ok(Outcome::Done)
}

pub(crate) fn rollback(archive: &Archive, args: &RollbackArgs, terminal: &Terminal) -> Result<Outcome> {
    let indexes = archive.existing_indexes()?;
    let asked = |view: &ViewStatus| args.view.is_none_or(|kind| kind == view.kind);
    let (back, stay): (Vec<_>, Vec<_>) =
        indexes.status()?.into_iter().filter(asked).partition(|view| view.previous.is_some());
    if back.is_empty() {
        bail!("there is no generation to go back to: one is kept when `morgue rebuild` makes another");
    }
    for view in stay {
        terminal.note(format!("{:9} {} stays: there is none before it", view.kind.plural(), view.generation));
    }
    for kind in back.into_iter().map(|view| view.kind) {
        let live = indexes.rollback(kind)?;
        if terminal.is_json() {
            terminal.json(&json!({"view": kind.plural(), "generation": live}))?;
        } else {
            terminal.say(format!("{:9} {live} is live again", kind.plural()))?;
        }
    }
    Ok(Outcome::Done)
}
