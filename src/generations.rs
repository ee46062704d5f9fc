//! `morgue generations` and `morgue rollback`

use anyhow::{Result, bail};
use indexer::ViewStatus;
use serde_json::json;
use store::AssetKind;

use crate::{
    archive::Archive,
    terminal::{Outcome, Terminal},
};

#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// Only this view; all three otherwise.
    #[arg(long, value_name = "articles|images|bylines")]
    view: Option<AssetKind>,
}

#[derive(clap::Args)]
pub(crate) struct RollbackArgs {
    /// The view to take back; all three otherwise.
    #[arg(long, value_name = "articles|images|bylines")]
    view: Option<AssetKind>,
}

pub(crate) fn list(archive: &Archive, args: &ListArgs, terminal: &Terminal) -> Result<Outcome> {
    let indexes = archive.existing_indexes()?;
    for view in indexes.status()?.into_iter().filter(|view| args.view.is_none_or(|kind| kind == view.kind)) {
        for name in indexes.generations(view.kind)? {
            let state = match () {
                () if name == view.generation => "live",
                () if Some(&name) == view.previous.as_ref() => "previous",
                () if name.starts_with('@') => "as of",
                () => "leftover",
            };
            if terminal.is_json() {
                terminal.json(&json!({"view": view.kind.plural(), "generation": name, "state": state}))?;
            } else {
                terminal.say(format!("{:9} {name:16} {state}", view.kind.plural()))?;
            }
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
