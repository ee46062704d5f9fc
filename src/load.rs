//! `morgue load`

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::Result;
use indexer::Indexes;
use indicatif::{ProgressBar, ProgressStyle};
use ingest::{LoadOptions, LoadReport, PathPattern, Progress, Quarantine};
use store::{AssetKind, Log, Seq};

use crate::{
    archive::Archive,
    status::bytes,
    stop,
    terminal::{Outcome, Terminal, count, thousands},
};

const EXAMPLES: &str = "\
Examples:
  morgue load archive/                        every format in it, told by content
  morgue load --dry-run archive/              what would be loaded, and what not, with the reasons
  zcat dump.ndjson.gz | morgue load -         from another program
  morgue load --pattern '{published:%Y%m%d}/{source}_ed-{edition}_seq-{page}.txt' scans/
  morgue load --column Title=headline --column When=published articles.csv

Killed in the middle, the same command goes on where it stopped; run again, it adds nothing.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files and folders; `-` reads standard input. Formats are told by content, and .gz, .zst, .zip and .tar are
    /// opened.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Return when everything is durable, without waiting until searches show it.
    #[arg(long)]
    r#async: bool,

    /// Only report what would be done.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    hints: Hints,

    /// Keep loading what is new or changed in the folders, every so many seconds, until Ctrl-C.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2")]
    watch: Option<u64>,
}

/// What the user says of files that do not say it themselves.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Hints {
    /// What the paths of plain texts say: '{byline}/{published:%d%b%Y}{_}.txt'. Names are the article's fields, {_} is
    /// anything.
    #[arg(long, value_name = "PATTERN")]
    pattern: Option<PathPattern>,

    /// Which column of a table is which field, where its name does not tell: --column Title=headline.
    #[arg(long = "column", value_name = "COLUMN=FIELD", value_parser = column)]
    columns: Vec<(String, String)>,
}

impl Hints {
    pub(crate) fn to_ingest(&self) -> ingest::Hints {
        ingest::Hints { pattern: self.pattern.clone(), columns: self.columns.iter().cloned().collect() }
    }
}

fn column(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('=') {
        Some((column, field)) if !column.is_empty() && !field.is_empty() => {
            Ok((column.to_owned(), field.to_owned()))
        }
        _ => Err("write COLUMN=FIELD, as in Title=headline".to_owned()),
    }
}

pub(crate) fn run(archive: &Archive, args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let stop = stop::on_signal()?;
    let log = archive.open_log()?;
    let mut options = LoadOptions::new(args.paths.clone(), Quarantine::at(archive.quarantine_dir()));
    options.dry_run = args.dry_run;
    options.hints = args.hints.to_ingest();
    if let Some(seconds) = args.watch {
        let every = Duration::from_secs(seconds.max(1));
        return watch(&log, archive, &options, every, &stop, terminal);
    }
    let bar = Bar::new(terminal);
    let report = ingest::load(&log, &options, &bar, &stop)?;
    bar.0.finish_and_clear();
    if !args.r#async && !args.dry_run && report.last_seq > Seq::ZERO {
        make_searchable(&archive.open_indexes(log)?, report.last_seq, &stop, terminal)?;
    }
    tell(&report, terminal)?;
    Ok(match report {
        LoadReport { stopped: true, .. } => Outcome::Failed,
        LoadReport { quarantined: 0, .. } => Outcome::Done,
        _ => Outcome::Quarantined,
    })
}

/// Loads again and again, and makes each load searchable.
fn watch(
    log: &Log,
    archive: &Archive,
    options: &LoadOptions,
    every: Duration,
    stop: &AtomicBool,
    terminal: &Terminal,
) -> Result<Outcome> {
    let indexes = archive.open_indexes(log.clone())?;
    let mut failed = None;
    ingest::watch(log, options, every, &(), stop, &mut |report| {
        let told =
            make_searchable(&indexes, report.last_seq, stop, terminal).and_then(|()| tell(report, terminal));
        if let Err(error) = told {
            failed.get_or_insert(error);
            stop.store(true, Ordering::Relaxed);
        }
    })?;
    failed.map_or(Ok(Outcome::Done), Err)
}

/// Brings all views up to this event.
pub(crate) fn make_searchable(
    indexes: &Indexes,
    seq: Seq,
    stop: &AtomicBool,
    terminal: &Terminal,
) -> Result<()> {
    for kind in AssetKind::ALL {
        let done = indexes.live(kind)?.checkpoint()?;
        let bar = terminal.progress(
            &format!("indexing {}", kind.plural()),
            seq.get() - done.get().min(seq.get()),
            "events",
        );
        indexes.catch_up(kind, seq, stop, &|reached| {
            bar.set_position(reached.get().saturating_sub(done.get()));
        })?;
        bar.finish_and_clear();
    }
    Ok(())
}

/// What was done, for people or as one line of JSON.
pub(crate) fn tell(report: &LoadReport, terminal: &Terminal) -> Result<()> {
    for reason in &report.first_reasons {
        terminal.note(reason);
    }
    let more = report.quarantined.saturating_sub(report.first_reasons.len() as u64);
    if more > 0 {
        terminal.note(format!("and {more} more: `morgue quarantine list` has them all"));
    }
    if terminal.is_json() {
        return terminal.json(report);
    }
    let done = if report.dry_run { "would be appended" } else { "appended" };
    terminal.say(format!(
        "{} {done} ({}, {}, {}), {} unchanged, {} quarantined, from {} ({}) in {:.1} s",
        count(report.events, "event"),
        count(report.articles, "article"),
        count(report.images, "image"),
        count(report.bylines, "byline"),
        thousands(report.unchanged),
        thousands(report.quarantined),
        count(report.files, "file"),
        bytes(report.bytes),
        report.seconds,
    ))?;
    for (format, of) in &report.formats {
        terminal.say(format!("  {format}: {}", count(of.records, "record")))?;
    }
    if !report.skipped.is_empty() {
        let skipped: Vec<String> =
            report.skipped.iter().map(|(ending, files)| format!("{files} {ending}")).collect();
        terminal.say(format!("  files that are no archive's text: {}", skipped.join(", ")))?;
    }
    if report.released > 0 {
        terminal.say(format!("  {} left the quarantine: mended since", count(report.released, "record")))?;
    }
    if report.refused > 0 {
        terminal
            .say(format!("  {} about assets that were erased: left out", count(report.refused, "record")))?;
    }
    if report.resumed {
        terminal.say("  went on where an earlier load was cut off")?;
    }
    if report.stopped {
        terminal.say("  stopped before its end: the same command goes on from here")?;
    }
    Ok(())
}

/// Bytes read, with the events so far beside them.
struct Bar(ProgressBar);

impl Bar {
    fn new(terminal: &Terminal) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), terminal.draw_target());
        let template = "loading {wide_bar} {decimal_bytes}/{decimal_total_bytes}  {msg}  {decimal_bytes_per_sec}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }
}

impl Progress for Bar {
    fn total(&self, _files: u64, bytes: u64) {
        self.0.set_length(bytes);
    }

    fn advanced(&self, _files: u64, bytes: u64, so_far: &LoadReport) {
        self.0.set_position(bytes);
        self.0.set_message(count(so_far.events, "event"));
    }
}
