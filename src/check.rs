//! `morgue check`

use anyhow::Result;
use indexer::{CheckReport, RebuildOptions};
use serde_json::json;
use store::{AssetId, AssetKind};

use crate::{
    archive::Archive,
    stop,
    terminal::{Outcome, Terminal, count},
    view,
};

/// How many ids of a sort people are shown; `--json` has all.
const SHOWN: usize = 20;

/// Compare the live indexes with the log, document by document.
///
/// First the files of each live index are compared with their checksums. Then every document is made again from the log
/// and compared with what the index holds: `missing` are documents that readers should find and cannot, `extra` those
/// that they should not find or would find twice, `stale` those of another content. Searches go on meanwhile; new
/// events wait until the view is done, which takes about as long as a rebuild on one core.
///
/// Exit codes: 0 when all is as the log says or was mended, 1 when something differs.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this view; all three otherwise.
    #[arg(long, value_name = view::NAMES, value_parser = view::parse)]
    view: Option<AssetKind>,

    /// Mend what differs: those documents alone are made again. An index with damaged files is built again.
    #[arg(long)]
    repair: bool,
}

pub(crate) fn run(archive: &Archive, args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let indexes = archive.existing_indexes()?;
    let stop = stop::on_signal()?;
    let (mut checked, mut outcome) = (Vec::new(), Outcome::Done);
    for kind in args.view.map_or_else(|| AssetKind::ALL.to_vec(), |kind| vec![kind]) {
        let view = kind.plural();
        let damaged = indexes.verify(kind)?;
        if damaged && args.repair {
            let bar = terminal.build_progress(kind);
            let options = RebuildOptions { keep_previous: false, ..RebuildOptions::default() };
            let built = indexes.rebuild(kind, &options, &stop, &|progress| bar.show(progress))?;
            drop(bar);
            terminal.say(format!("{view:9} was damaged: {} is built and live", built.generation))?;
        } else if damaged {
            outcome = Outcome::Failed;
            let why = indexes.live(kind).err().map(|error| error.to_string()).unwrap_or_default();
            terminal.say(format!("{view:9} is damaged and out of service: {why}"))?;
            checked.push(json!({ "view": view, "failure": why }));
            continue;
        }
        let bar = terminal.build_progress(kind);
        let report = indexes.check(kind, args.repair, &stop, &|progress| bar.show(progress))?;
        drop(bar);
        if !report.is_clean() && !report.repaired {
            outcome = Outcome::Failed;
        }
        say(&report, view, terminal)?;
        checked.push(json!({
            "view": view, "generation": report.generation, "seq": report.seq, "documents": report.documents,
            "missing": report.missing, "extra": report.extra, "stale": report.stale, "repaired": report.repaired,
            "rebuilt": damaged,
        }));
    }
    if terminal.is_json() {
        terminal.json(&json!({ "checked": checked }))?;
    } else if outcome == Outcome::Failed {
        terminal.say("`morgue check --repair` mends this")?;
    }
    Ok(outcome)
}

/// One line when all is well, and the ids when not.
fn say(report: &CheckReport, view: &str, terminal: &Terminal) -> Result<()> {
    let CheckReport { generation, seq, documents, missing, extra, stale, .. } = report;
    let documents = count(*documents, "document");
    if report.is_clean() {
        return terminal
            .say(format!("{view:9} {generation}: {documents} at event {seq}, all as the log says"));
    }
    let mended = if report.repaired { "; mended" } else { "" };
    terminal.say(format!(
        "{view:9} {generation}: {documents} at event {seq}, {} missing, {} extra, {} stale{mended}",
        missing.len(),
        extra.len(),
        stale.len(),
    ))?;
    for (sort, ids) in [("missing", missing), ("extra", extra), ("stale", stale)] {
        ids.iter().take(SHOWN).try_for_each(|id: &AssetId| terminal.say(format!("  {sort:8} {id}")))?;
        if let Some(more) = ids.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            terminal.say(format!("  {sort:8} … and {more} more: `--json` lists them all"))?;
        }
    }
    Ok(())
}
