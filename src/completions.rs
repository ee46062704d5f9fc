//! `morgue completions`: what a shell needs to complete the command line.

use std::io;

use anyhow::Result;
use clap::Command;
use clap_complete::{Shell, generate};

use crate::terminal::Outcome;

const EXAMPLES: &str = "\
Examples:
  morgue completions bash > ~/.local/share/bash-completion/completions/morgue
  morgue completions zsh > ~/.zfunc/_morgue
  morgue completions fish > ~/.config/fish/completions/morgue.fish";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Which shell.
    shell: Shell,
}

/// Writes to a buffer first: the generator panics where its output is closed early.
pub(crate) fn run(mut command: Command, args: &Args) -> Result<Outcome> {
    let mut script = Vec::new();
    generate(args.shell, &mut command, "morgue", &mut script);
    io::Write::write_all(&mut io::stdout(), &script)?;
    Ok(Outcome::Done)
}
