//! `morgue generations` and `morgue rollback`

use anyhow::{Result, bail};
use indexer::{GenerationState, GenerationStatus, Indexes, ViewStatus};
use serde_json::json;
use views::{VIEWS, ViewId};

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
    view: Option<ViewId>,

    /// Remove the archive as it stood that has this name, instead of listing.
    #[arg(long, value_name = "NAME")]
    remove: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct RollbackArgs {
    /// The view to take back; all three otherwise.
    #[arg(long, value_name = "VIEW", value_parser = view::view())]
    view: Option<ViewId>,
}

pub(crate) fn list(archive: &Archive, args: &ListArgs, terminal: &Terminal) -> Result<Outcome> {
    let indexes = archive.existing_indexes()?;
    let views = args.view.map_or_else(|| VIEWS.to_vec(), |view| vec![view]);
    if let Some(name) = &args.remove {
        return remove(&indexes, &views, name, terminal);
    }
    let head = "view      generation                 documents       size  checkpoint  built                     state";
    terminal.say(head)?;
    for view in views {
        for generation in indexes.list(view)? {
            show(view, &generation, terminal)?;
        }
    }
    Ok(Outcome::Done)
}

fn show(view: ViewId, generation: &GenerationStatus, terminal: &Terminal) -> Result<()> {
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
            "view": view.name(), "generation": name, "state": word(state), "documents": documents,
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
        view.name(),
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
fn remove(indexes: &Indexes, views: &[ViewId], name: &str, terminal: &Terminal) -> Result<Outcome> {
    for view in indexes.remove_named(views, name.trim_start_matches('@'))? {
        if terminal.is_json() {
            terminal.json(&json!({"view": view.name(), "removed": name}))?;
        } else {
            terminal.say(format!("{:9} {name} is removed", view.name()))?;
        }
    }
    Ok(Outcome::Done)
}

pub(crate) fn rollback(archive: &Archive, args: &RollbackArgs, terminal: &Terminal) -> Result<Outcome> {
    let indexes = archive.existing_indexes()?;
    let asked = |status: &ViewStatus| args.view.is_none_or(|view| view == status.view);
    let (back, stay): (Vec<_>, Vec<_>) =
        indexes.status()?.into_iter().filter(asked).partition(|view| view.previous.is_some());
    if back.is_empty() {
        bail!("there is no generation to go back to: one is kept when `morgue rebuild` makes another");
    }
    for view in stay {
        terminal.note(format!("{:9} {} stays: there is none before it", view.view.name(), view.generation));
    }
    for view in back.into_iter().map(|view| view.view) {
        let live = indexes.rollback(view)?;
        if terminal.is_json() {
            terminal.json(&json!({"view": view.name(), "generation": live}))?;
        } else {
            terminal.say(format!("{:9} {live} is live again", view.name()))?;
        }
    }
    Ok(Outcome::Done)
}
