//! `morgue generations` and `morgue rollback`

use anyhow::Result;
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
    for kind in args.view.map_or_else(|| AssetKind::ALL.to_vec(), |kind| vec![kind]) {
        let live = indexes.rollback(kind)?;
        if terminal.is_json() {
            terminal.json(&json!({"view": kind.plural(), "generation": live}))?;
        } else {
            terminal.say(format!("{:9} {live} is live again", kind.plural()))?;
        }
    }
    Ok(Outcome::Done)
}
