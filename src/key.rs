//! `morgue key`: a new key for who may read, write or administer.

use anyhow::{Result, anyhow};
use search_api::{Access, Role};
use serde_json::json;

use crate::{
    terminal::{Outcome, Terminal},
    view,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What it allows: write reads, too, and admin does all.
    #[arg(value_name = "ROLE", value_parser = view::role())]
    role: Role,
}

/// The key itself is shown once and kept nowhere; the server's file has its digest.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("the system gives no random bytes: {error}"))?;
    let key: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let line = Access::line(args.role, &key);
    if terminal.is_json() {
        terminal.json(&json!({ "key": key, "line": line }))?;
    } else {
        terminal.note(format!("the key, shown only now: {key}"));
        terminal.note("the line for the file of `morgue serve --keys FILE`:");
        terminal.say(line)?;
    }
    Ok(Outcome::Done)
}
