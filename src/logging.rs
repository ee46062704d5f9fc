//! What the program tells of its work: how much of it, and in which form. It goes to standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// The heading of what all subcommands take.
pub(crate) const EVERYWHERE: &str = "Everywhere";

/// The flags of it.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Logging {
    /// How much to tell of the work on standard error: error, warn, info, debug or trace, also for a part of the program, as in
    /// `info,indexer=debug`. Without it, info of a server, and warnings of all else.
    #[arg(long = "log-level", global = true, help_heading = EVERYWHERE, value_name = "LEVELS", env = "MORGUE_LOG", value_parser = levels)]
    levels: Option<String>,

    /// In which form to tell it: json has a line for each, for programs that collect them.
    #[arg(long = "log-format", global = true, help_heading = EVERYWHERE, value_name = "FORM", env = "MORGUE_LOG_FORMAT", default_value = "text")]
    form: Form,
}

/// The form of a line.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Form {
    Text,
    Json,
}

fn levels(text: &str) -> Result<String, String> {
    // A word alone would be taken for a part of the program that is to tell everything.
    let is_known = |part: &str| part.contains(['=', '[']) || part.trim().parse::<LevelFilter>().is_ok();
    match EnvFilter::builder().parse(text) {
        Ok(_) if text.split(',').all(is_known) => Ok(text.to_owned()),
        _ => {
            Err("write error, warn, info, debug, trace or off, as in `info` or `info,indexer=debug`"
                .to_owned())
        }
    }
}

impl Logging {
    /// Begins to tell.
    pub(crate) fn start(&self, serving: bool) {
        let usual = if serving { LevelFilter::INFO } else { LevelFilter::WARN };
        let filter = EnvFilter::builder()
            .with_default_directive(usual.into())
            .parse_lossy(self.levels.as_deref().unwrap_or_default());
        let lines =
            tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
        match self.form {
            Form::Text => lines.with_ansi(io::stderr().is_terminal()).init(),
            Form::Json => lines.json().flatten_event(true).init(),
        }
    }
}
