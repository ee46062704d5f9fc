//! `morgue man`: the manual pages, made of the help.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Command;

use crate::terminal::{Outcome, Terminal};

const EXAMPLES: &str = "\
Examples:
  morgue man ~/.local/share/man/man1 && man morgue-load";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where to, as a directory `man1` of the manual; made if it is not there.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

pub(crate) fn run(command: Command, args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let dir = args.dir.display();
    std::fs::create_dir_all(&args.dir).with_context(|| format!("the directory {dir} cannot be made"))?;
    clap_mangen::generate_to(command, &args.dir)
        .with_context(|| format!("the manual pages cannot be written to {dir}"))?;
    terminal.note(format!("the manual pages are in {dir}"));
    Ok(Outcome::Done)
}
