//! `morgue check`

use std::sync::atomic::AtomicBool;

use anyhow::Result;
use indexer::{CheckReport, Damage, Indexes, RebuildOptions, Verified};
use serde_json::{Value, json};
use store::AssetId;
use views::{VIEWS, ViewId};

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
/// First the files of each index are compared with their checksums, those of the archive as it stood too. Then every
/// document is made again from the log and compared with what the live index holds: `missing` are documents that readers
/// should find and cannot, `extra` those that they should not find or would find twice, `stale` those of another
/// content. Searching and indexing go on meanwhile; it takes about as long as a rebuild on one core. An index that
/// another version of this program has built by other rules is told as one: its documents are not compared.
///
/// Exit codes: 0 when all is as the log says or was mended, 1 when something differs, was damaged, or was built by other
/// rules.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this view; all three otherwise.
    #[arg(long, value_name = "VIEW", value_parser = view::view())]
    view: Option<ViewId>,

    /// Mend what differs: those documents alone are made again. An index that has damaged files, or was built by other
    /// rules, is built again.
    #[arg(long)]
    repair: bool,
}

pub(crate) fn run(archive: &Archive, args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let indexes = archive.existing_indexes()?;
    let stop = stop::on_signal()?;
    let check = Check { indexes: &indexes, repair: args.repair, stop: &stop, terminal };
    let mut found = Found::default();
    for view in args.view.map_or_else(|| VIEWS.to_vec(), |view| vec![view]) {
        check.live(view, &mut found)?;
        check.others(view, &mut found)?;
    }
    if terminal.is_json() {
        terminal.json(&json!({ "checked": found.checked }))?;
    } else if found.to_mend {
        terminal.say("`morgue check --repair` mends this")?;
    }
    Ok(if found.is_wrong { Outcome::Failed } else { Outcome::Done })
}

struct Check<'a> {
    indexes: &'a Indexes,
    repair: bool,
    stop: &'a AtomicBool,
    terminal: &'a Terminal,
}

#[derive(Default)]
struct Found {
    checked: Vec<Value>,
    /// True if something differs that was not mended.
    is_wrong: bool,
    /// True if `--repair` would mend it.
    to_mend: bool,
}

impl Check<'_> {
    /// The live index: its files, and then its documents.
    fn live(&self, view: ViewId, found: &mut Found) -> Result<()> {
        let terminal = self.terminal;
        let mut damage = None;
        match self.indexes.verify(view, self.stop)? {
            Verified::Whole => {}
            Verified::Replaced { damage: Damage { generation, why }, by } => {
                found.is_wrong |= !self.repair;
                terminal
                    .say(format!("{view:9} {generation} was damaged: {why}; {by} is live in its place"))?;
                found.checked.push(
                    json!({ "view": view, "generation": generation, "failure": why, "replaced_by": by }),
                );
            }
            Verified::Damaged(Damage { why, .. }) => damage = Some(why),
        }
        let mut rebuilt = false;
        if damage.is_none() && self.indexes.live(view)?.is_outdated() {
            let generation = self.indexes.live(view)?.name().to_owned();
            if !self.repair {
                (found.is_wrong, found.to_mend) = (true, true);
                let otherwise = "another version has built it by other rules";
                terminal
                    .say(format!("{view:9} {generation} cannot be compared with the log: {otherwise}"))?;
                found.checked.push(json!({ "view": view, "generation": generation, "outdated": true }));
                return Ok(());
            }
            self.rebuild(view, "had been built by other rules")?;
            rebuilt = true;
        }
        let report = loop {
            match damage.take() {
                Some(_) if self.repair => {
                    self.rebuild(view, "was damaged")?;
                    rebuilt = true;
                }
                Some(why) => {
                    (found.is_wrong, found.to_mend) = (true, true);
                    terminal.say(format!("{view:9} is damaged and out of service: {why}"))?;
                    found.checked.push(json!({ "view": view, "failure": why }));
                    return Ok(());
                }
                None => {}
            }
            let bar = terminal.build_progress(view);
            match self.indexes.check(view, self.repair, self.stop, &|progress| bar.show(progress)) {
                Err(error) if error.is_damage() && !rebuilt => damage = Some(error.to_string()),
                report => break report?,
            }
        };
        if !report.is_clean() && !report.repaired {
            (found.is_wrong, found.to_mend) = (true, true);
        }
        say(&report, view, terminal)?;
        found.checked.push(json!({
            "view": view, "generation": report.generation, "seq": report.seq, "documents": report.documents,
            "missing": report.missing, "extra": report.extra, "stale": report.stale, "repaired": report.repaired,
            "rebuilt": rebuilt,
        }));
        Ok(())
    }

    fn rebuild(&self, view: ViewId, why: &str) -> Result<()> {
        let bar = self.terminal.build_progress(view);
        let options = RebuildOptions { keep_previous: false, ..RebuildOptions::default() };
        let built = self.indexes.rebuild(view, &options, self.stop, &|progress| bar.show(progress))?;
        drop(bar);
        self.terminal.say(format!("{view:9} {why}: {} is built and live", built.generation))
    }

    /// The files of the index before the live one, and of the archive as it stood under each name.
    fn others(&self, view: ViewId, found: &mut Found) -> Result<()> {
        let terminal = self.terminal;
        let damaged = self.indexes.verify_others(view, self.stop)?;
        let mut mended = Vec::new();
        if self.repair && !damaged.is_empty() {
            let bar = terminal.build_progress(view);
            mended = self.indexes.mend(view, self.stop, &|progress| bar.show(progress))?;
        }
        let there = self.indexes.generations(view)?;
        for Damage { generation, why } in damaged {
            let is_rebuilt = mended.iter().any(|built| built.generation == generation);
            let is_mended = is_rebuilt || !there.contains(&generation);
            match (is_rebuilt, is_mended) {
                (true, _) => terminal.say(format!("{view:9} {generation} was damaged: it is built again"))?,
                (_, true) => terminal.say(format!("{view:9} {generation} was damaged: it is removed"))?,
                _ => terminal.say(format!("{view:9} {generation} is damaged and out of service: {why}"))?,
            }
            if !is_mended {
                found.is_wrong = true;
                found.to_mend |= !self.repair;
            }
            found.checked.push(json!({
                "view": view, "generation": generation, "failure": why, "rebuilt": is_rebuilt, "repaired": is_mended,
            }));
        }
        Ok(())
    }
}

/// One line when all is well, and the ids when not.
fn say(report: &CheckReport, view: ViewId, terminal: &Terminal) -> Result<()> {
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
