//! `morgue rebuild`

use anyhow::Result;
use indexer::RebuildOptions;
use serde_json::json;
use store::AsOf;
use views::{VIEWS, ViewId};

use crate::{
    archive::Archive,
    stop,
    terminal::{Outcome, Terminal, count},
    view,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this view; all three otherwise.
    #[arg(long, value_name = "VIEW", value_parser = view::view())]
    view: Option<ViewId>,

    /// Build the archive as it stood then, beside the live index: a date (1912, 1912-04, 1912-04-15), a time, or
    /// seq:N.
    #[arg(long, value_name = "WHEN", requires = "name")]
    as_of: Option<AsOf>,

    /// The name to search it by: `morgue search --as-of NAME`.
    #[arg(long, value_name = "NAME", requires = "as_of")]
    name: Option<String>,

    /// How many threads build; as many as there are cores otherwise.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
}

pub(crate) fn run(archive: &Archive, args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let indexes = archive.existing_indexes()?;
    let stop = stop::on_signal()?;
    let views = args.view.map_or_else(|| VIEWS.to_vec(), |view| vec![view]);
    let mut built = Vec::new();
    for view in views {
        let started = std::time::Instant::now();
        if let Some(other) = indexes.building(view)?.filter(|build| build.progress.phase.is_running()) {
            terminal.note(format!(
                "{} is being built already ({}): waiting for it",
                view.name(),
                other.generation
            ));
        }
        let bar = terminal.build_progress(view);
        let progress = |progress| bar.show(progress);
        let options = RebuildOptions { threads: args.threads, ..RebuildOptions::default() };
        let rebuilt = match (&args.as_of, &args.name) {
            (Some(as_of), Some(name)) => {
                indexes.build_as_of(view, as_of, name, &options, &stop, &progress)?
            }
            _ => indexes.rebuild(view, &options, &stop, &progress)?,
        };
        drop(bar);
        let seconds = started.elapsed().as_secs_f64();
        terminal.say(format!(
            "{:9} {}: {} at event {}, digest {}, in {seconds:.1} s",
            view.name(),
            rebuilt.generation,
            count(rebuilt.digest.documents, "document"),
            rebuilt.checkpoint,
            rebuilt.digest,
        ))?;
        built.push(json!({
            "view": view.name(), "generation": rebuilt.generation, "checkpoint": rebuilt.checkpoint,
            "documents": rebuilt.digest.documents, "digest": rebuilt.digest.to_string(), "seconds": seconds,
        }));
    }
    if terminal.is_json() {
        terminal.json(&json!({ "built": built }))?;
    }
    Ok(Outcome::Done)
}
