//! `morgue log …`: look into the log, check it, copy it.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;
use serde_json::json;
use store::{AssetId, AssetKind, AssetRef, Event, EventType, Log, LogHead, Payload, Progress, Seq};

use crate::{
    archive::Archive,
    status::bytes,
    terminal::{Outcome, Terminal, count},
    view,
};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List events, one a line.
    List {
        /// The first one.
        #[arg(long, value_name = "SEQ", default_value = "1")]
        from: Seq,
        /// How many at most.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Show one event whole.
    Show {
        /// Its seq.
        seq: Seq,
    },
    /// All events about an asset, newest first.
    History {
        /// What it is.
        #[arg(value_name = "KIND", value_parser = view::kind())]
        kind: AssetKind,
        /// Which one.
        id: AssetId,
    },
    /// The log's end in one line: keep it elsewhere, and hold it against the log later with `verify --expect`.
    Head,
    /// Write the log as JSON Lines, with seq, times and digests.
    Export {
        /// Where to; standard output otherwise.
        file: Option<PathBuf>,
        /// The first event.
        #[arg(long, value_name = "SEQ", default_value = "1")]
        from: Seq,
    },
    /// Check every digest, and the catalog against the events.
    Verify {
        /// A line that `morgue log head` printed once: the log must still have it.
        #[arg(long, value_name = "LINE")]
        expect: Option<LogHead>,
    },
    /// Fold the catalog again from the events.
    RepairCatalog,
    /// Copy the log as of now into a new directory, while everything else goes on.
    Backup {
        /// Where to; it must not exist or be empty.
        dest: PathBuf,
    },
    /// Make this archive's log of a backup, and verify it. There must be no log yet.
    Restore {
        /// A directory that `morgue log backup` made.
        from: PathBuf,
    },
    /// Read an export into an empty log, with its seqs, times and digests as they were.
    Import {
        /// A file that `morgue log export` wrote.
        file: PathBuf,
    },
    /// Write the log anew without the room that later writes left free.
    Compact,
    /// The JSON Schema of an event type's `data`, such as article.published; a list of the types without one.
    Schema {
        /// The type.
        event_type: Option<String>,
    },
}

pub(crate) fn run(archive: &Archive, command: Command, terminal: &Terminal) -> Result<Outcome> {
    if let (Command::Verify { .. } | Command::Restore { .. }, None) = (&command, std::env::var_os(CHILD)) {
        let done = in_a_child();
        if let (Command::Restore { .. }, Err(_)) = (&command, &done)
            && let Err(error) = Log::discard_unfinished(archive.log_dir())
        {
            terminal.note(format!("what the restore left behind is still there: {error}"));
        }
        return done;
    }
    match command {
        Command::Restore { from } => return restore(archive, &from, terminal),
        Command::Import { file } => return import(&archive.open_log()?, &file, terminal),
        Command::Schema { event_type } => return schema(event_type.as_deref(), terminal),
        _ => {}
    }
    let log = archive.existing_log()?;
    match command {
        Command::List { from, limit } => list(&log, from, limit, terminal),
        Command::Show { seq } => show(&log, seq, terminal),
        Command::History { kind, id } => history(&log, &AssetRef::new(kind, id), terminal),
        Command::Head => head(&log, terminal),
        Command::Export { file, from } => export(&log, file, from, terminal),
        Command::Verify { expect } => verify(&log, expect, terminal),
        Command::RepairCatalog => repair_catalog(&log, terminal),
        Command::Backup { dest } => {
            let head = log.backup(&dest)?;
            terminal.note(format!("the log is copied to {}, up to", dest.display()));
            show_head(&head, terminal)
        }
        Command::Compact => compact(&log, terminal),
        Command::Restore { .. } | Command::Import { .. } | Command::Schema { .. } => Ok(Outcome::Done),
    }
}

/// Set for the process that does the checking.
const CHILD: &str = "MORGUE_CHECKING";

/// LMDB maps its file into memory, so a page of a damaged one that points to nowhere kills whoever reads it. So
/// whoever checks a log is a process of its own, and its death is an answer.
fn in_a_child() -> Result<Outcome> {
    let itself = std::env::current_exe().context("the program cannot start itself once more")?;
    let status = std::process::Command::new(&itself)
        .args(std::env::args_os().skip(1))
        .env(CHILD, "1")
        .status()
        .with_context(|| format!("{} cannot be started once more", itself.display()))?;
    match status.code() {
        Some(0) => Ok(Outcome::Done),
        Some(1 | 2) => Ok(Outcome::Failed),
        _ => bail!(
            "NOT CLEAN: the process that read the log died of it ({status}): its file is damaged where LMDB trusts \
             it; restore the log from an older backup"
        ),
    }
}

fn show_progress(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.of);
    bar.set_position(progress.done);
}

/// How many events are read from one snapshot.
const PAGE: usize = 1_000;

/// Hands the events from `from` on to `each`, `limit` at most.
/// Returns the seq of the one behind the last of them.
fn each_event(log: &Log, from: Seq, limit: usize, mut each: impl FnMut(&Event) -> Result<()>) -> Result<Seq> {
    let (mut next, mut left) = (from, limit);
    while left > 0 {
        let events = log.snapshot()?.events(next, PAGE.min(left))?;
        let Some(last) = events.last() else { return Ok(next) };
        next = last.seq.next();
        left -= events.len();
        events.iter().try_for_each(&mut each)?;
    }
    Ok(next)
}

fn list(log: &Log, from: Seq, limit: usize, terminal: &Terminal) -> Result<Outcome> {
    let next = each_event(log, from, limit, |event| show_line(event, terminal))?;
    let head = log.head()?.seq;
    if next <= head && !terminal.is_json() {
        terminal.note(format!("the log goes on to event {head}: --from {next}, or a larger --limit"));
    }
    Ok(Outcome::Done)
}

fn show_line(event: &Event, terminal: &Terminal) -> Result<()> {
    if terminal.is_json() {
        return terminal.json(event);
    }
    let revision = event.revision.map(|revision| format!(" r{revision}")).unwrap_or_default();
    let erased = if matches!(event.payload, Payload::Erased { .. }) { "  (erased)" } else { "" };
    terminal.say(format!(
        "{:>8}  {}  {:20} {}{revision}{erased}",
        event.seq, event.time, event.event_type, event.id
    ))
}

fn show(log: &Log, seq: Seq, terminal: &Terminal) -> Result<Outcome> {
    let event = log.snapshot()?.event(seq)?;
    if terminal.is_json() {
        terminal.json(&event)?;
    } else {
        terminal.say(serde_json::to_string_pretty(&event)?)?;
    }
    Ok(Outcome::Done)
}

fn history(log: &Log, asset: &AssetRef, terminal: &Terminal) -> Result<Outcome> {
    let snapshot = log.snapshot()?;
    let seqs = snapshot.history(asset, usize::MAX)?;
    if seqs.is_empty() {
        bail!("there is no {asset} in the archive");
    }
    for seq in seqs {
        show_line(&snapshot.event(seq)?, terminal)?;
    }
    Ok(Outcome::Done)
}

fn head(log: &Log, terminal: &Terminal) -> Result<Outcome> {
    show_head(&log.head()?, terminal)
}

fn show_head(head: &LogHead, terminal: &Terminal) -> Result<Outcome> {
    if terminal.is_json() {
        terminal.json(&json!({"seq": head.seq, "recorded": head.recorded, "digest": head.digest}))?;
    } else {
        terminal.say(head)?;
    }
    Ok(Outcome::Done)
}

fn export(log: &Log, file: Option<PathBuf>, from: Seq, terminal: &Terminal) -> Result<Outcome> {
    let mut out: Box<dyn Write> = match &file {
        None => Box::new(std::io::stdout().lock()),
        Some(path) => Box::new(
            std::fs::File::create_new(path).with_context(|| format!("{} cannot be made", path.display()))?,
        ),
    };
    let bar = terminal.progress("exporting", 0, "events");
    let exported = log.export(from, &mut out, &mut |progress| show_progress(&bar, progress))?;
    out.flush()?;
    bar.finish_and_clear();
    if let Some(path) = file {
        terminal.note(format!("{} written to {}", count(exported.events, "event"), path.display()));
    }
    Ok(Outcome::Done)
}

fn verify(log: &Log, expect: Option<LogHead>, terminal: &Terminal) -> Result<Outcome> {
    let bar = terminal.progress("verifying", log.head()?.seq.get(), "events");
    let report = log.verify(expect.as_ref(), &mut |progress| show_progress(&bar, progress))?;
    bar.finish_and_clear();
    if terminal.is_json() {
        terminal.json(&report)?;
    } else {
        for problem in &report.problems {
            terminal.say(problem)?;
        }
        let verdict = if report.is_clean() { "clean" } else { "NOT CLEAN" };
        terminal.say(format!(
            "{verdict}: {}, {} found",
            count(report.events, "event"),
            count(report.problems.len() as u64, "problem")
        ))?;
        terminal.say(report.head)?;
    }
    Ok(if report.is_clean() { Outcome::Done } else { Outcome::Failed })
}

fn repair_catalog(log: &Log, terminal: &Terminal) -> Result<Outcome> {
    let bar = terminal.progress("folding the catalog", log.head()?.seq.get(), "events");
    let repaired = log.repair_catalog(&mut |progress| show_progress(&bar, progress))?;
    bar.finish_and_clear();
    if terminal.is_json() {
        terminal.json(&repaired)?;
    } else {
        let assets = count(repaired.assets, "asset");
        let references = count(repaired.references, "reference");
        terminal.say(format!("the catalog was folded again: {assets}, {references}"))?;
    }
    Ok(Outcome::Done)
}

fn compact(log: &Log, terminal: &Terminal) -> Result<Outcome> {
    let bar = terminal.progress("compacting", 0, "events");
    let compacted = log.compact(&mut |progress| show_progress(&bar, progress))?;
    bar.finish_and_clear();
    if terminal.is_json() {
        terminal.json(&compacted)?;
    } else {
        terminal.say(format!("{} before, {} after", bytes(compacted.before), bytes(compacted.after)))?;
    }
    Ok(Outcome::Done)
}

fn restore(archive: &Archive, from: &Path, terminal: &Terminal) -> Result<Outcome> {
    let bar = terminal.progress("verifying", 0, "events");
    let report = Log::restore(from, archive.log_dir(), &mut |progress| show_progress(&bar, progress))?;
    bar.finish_and_clear();
    terminal
        .say(format!("{} restored; `morgue rebuild` makes the indexes", count(report.events, "event")))?;
    show_head(&report.head, terminal)
}

fn import(log: &Log, file: &Path, terminal: &Terminal) -> Result<Outcome> {
    let input = std::fs::File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let bar = terminal.progress("importing", 0, "events");
    let progress = &mut |progress| show_progress(&bar, progress);
    let imported = log
        .import(&mut std::io::BufReader::with_capacity(1 << 20, input), progress)
        .with_context(|| format!("{} cannot be imported", file.display()))?;
    bar.finish_and_clear();
    terminal
        .note(format!("{} imported; `morgue rebuild` makes the indexes", count(imported.events, "event")));
    head(log, terminal)
}

fn schema(event_type: Option<&str>, terminal: &Terminal) -> Result<Outcome> {
    match event_type {
        None => store::event_types().iter().try_for_each(|known| terminal.print(known))?,
        Some(name) => match EventType::from(name) {
            EventType::Other(_) => bail!("`{name}` is no event type: `morgue log schema` lists them"),
            known => terminal.print(serde_json::to_string_pretty(&store::schema(&known))?)?,
        },
    }
    Ok(Outcome::Done)
}
