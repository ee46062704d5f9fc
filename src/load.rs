//! `morgue load`

use std::{
    path::PathBuf,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use indexer::{Indexes, Phase};
use indicatif::{ProgressBar, ProgressStyle};
use ingest::{
    LoadError, LoadOptions, LoadReport, Mappings, PathPattern, Progress, Quarantine, ReasonCount, Refused,
    append::Terms,
};
use store::{Expiries, Log, Seq};
use views::VIEWS;

use crate::{
    archive::Archive,
    map,
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
  morgue load --column Title=headline --column 'When=published:%d/%m/%Y' articles.csv
  morgue load --map scans.toml scans/         of a shape of its own: see `morgue map`

Killed in the middle, the same command goes on where it stopped; run again, it adds nothing.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files and folders; `-` reads standard input. Formats are told by content, and .gz, .bz2, .xz, .zst, .zip and
    /// .tar are opened.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Return when everything is durable, without waiting until searches show it.
    #[arg(long)]
    r#async: bool,

    /// Only report what would be done.
    #[arg(long)]
    dry_run: bool,

    /// Take in what is not public, too (drafts, what is scheduled, private or embargoed, has expired): as revisions that
    /// readers never see. Without it such records are passed over, and loaded by a later run when they are public.
    #[arg(long)]
    unpublished: bool,

    #[command(flatten)]
    hints: Hints,

    /// Refuse events of our own JSON Lines that have unknown fields, which are kept and told otherwise.
    #[arg(long)]
    strict: bool,

    /// Take events of types that this version does not know, as a later one may write.
    #[arg(long)]
    unknown_types: bool,

    /// Keep loading what is new or changed in the folders, or has become public since, and withdraw what expires: every
    /// so many seconds, until Ctrl-C.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2")]
    watch: Option<u64>,
}

/// What the user says of files that do not say it themselves.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Hints {
    /// What the paths of plain texts say: '{byline}/{published:%d%b%Y}{_}.txt'. Names are the article's fields, {_} is
    /// anything. Give several, and the first that fits a path is its.
    #[arg(long = "pattern", value_name = "PATTERN")]
    patterns: Vec<PathPattern>,

    /// Which column of a table is which field, where its name does not tell: --column Title=headline. Of a date, its form,
    /// too: --column 'When=published:%d/%m/%Y'.
    #[arg(long = "column", value_name = "COLUMN=FIELD", value_parser = column)]
    columns: Vec<(String, ingest::Column)>,

    /// What makes the ids of records, where the source knows better than its format: a column, a path or a template as in a
    /// mapping: --id nr, --id 'paper/{date}/{nr}'.
    #[arg(long, value_name = "VALUE")]
    id: Option<ingest::StatedId>,

    /// How files of a shape that no standard names are read: a mapping in TOML. `morgue map` proposes one.
    #[arg(long = "map", value_name = "FILE")]
    maps: Vec<PathBuf>,

    /// The encoding of files that are not UTF-8, whatever they declare: windows-1250, Shift_JIS, IBM850. Without it, what
    /// they declare, or what their bytes look like.
    #[arg(long, value_name = "NAME")]
    encoding: Option<ingest::Charset>,
}

impl Hints {
    /// Reads the files of mappings, too, which come behind those that there are.
    pub(crate) fn to_ingest(&self, there_are: &Mappings) -> Result<ingest::Hints> {
        Ok(ingest::Hints {
            patterns: self.patterns.clone(),
            columns: self.columns.iter().cloned().collect(),
            id: self.id.clone(),
            mappings: map::read(there_are, &self.maps)?,
            charset: self.encoding,
        })
    }
}

fn column(text: &str) -> Result<(String, ingest::Column), String> {
    match text.rsplit_once('=') {
        Some((column, field)) if !column.is_empty() && !field.is_empty() => {
            Ok((column.to_owned(), field.parse().map_err(|error: ingest::InvalidColumn| error.to_string())?))
        }
        _ => Err("write COLUMN=FIELD, as in Title=headline".to_owned()),
    }
}

pub(crate) fn run(archive: &Archive, args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let stop = stop::on_signal()?;
    let mut options = LoadOptions::new(args.paths.clone(), Quarantine::at(archive.quarantine_dir()));
    options.dry_run = args.dry_run;
    options.unpublished = args.unpublished;
    options.hints = args.hints.to_ingest(archive.mappings())?;
    options.terms = Terms { strict: args.strict, unknown_types: args.unknown_types };
    // A slip in a name, or a look at what would be, makes no archive.
    options.check()?;
    let scratch = tempfile::tempdir().context("no temporary directory can be made")?;
    let log = match args.dry_run && !archive.exists() {
        true => Log::open(scratch.path())?,
        false => archive.open_log()?,
    };
    if let Some(seconds) = args.watch {
        let every = Duration::from_secs(seconds.max(1));
        return watch(&log, archive, &options, every, &stop, terminal);
    }
    let bar = Bar::new(terminal);
    let loaded = ingest::load(&log, &options, &bar, &stop);
    bar.0.finish_and_clear();
    let report = loaded.map_err(|error| match error {
        LoadError::Append(error) => {
            anyhow!("{error}; what was appended before stays, and the same command goes on from there")
        }
        error => error.into(),
    })?;
    let started = Instant::now();
    let indexed = if args.r#async || args.dry_run || report.stopped || report.last_seq == Seq::ZERO {
        Ok(())
    } else {
        archive.open_indexes(log).and_then(|indexes| {
            make_searchable(&indexes, report.last_seq, &stop, terminal).context(
                "all of this is in the log, but not all in the indexes: `morgue serve` goes on with them",
            )
        })
    };
    let seconds = started.elapsed().as_secs_f64();
    tell(&report, terminal)?;
    indexed?;
    if seconds > WORTH_TELLING {
        terminal.say(format!("  indexed in {seconds:.1} s"))?;
    }
    Ok(match report {
        LoadReport { stopped: true, .. } => Outcome::Failed,
        LoadReport { quarantined: 0, refused: 0, .. } => Outcome::Done,
        _ => Outcome::Quarantined,
    })
}

/// How often the progress of a build is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Seconds of indexing that people want to know of.
const WORTH_TELLING: f64 = 1.0;

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
    let clock = log.clock().clone();
    let _expiries = Expiries::start(log, move || clock.now()).context("no threads can be started")?;
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
    for view in VIEWS {
        let bar = terminal.build_progress(view);
        let begun = indexes.live(view)?.checkpoint()?.get();
        let since = |seq: Seq| seq.get().saturating_sub(begun);
        let ((end, ended), bar) = (mpsc::channel::<()>(), &bar);
        thread::scope(|scope| {
            // A view of which nothing is there yet is built, by this process or another: its note says how far it is.
            scope.spawn(move || {
                while ended.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                    if let Ok(Some(build)) = indexes.building(view)
                        && build.progress.phase.is_running()
                    {
                        bar.show(build.progress);
                    }
                }
            });
            let _at_the_end = end;
            indexes.catch_up(view, seq, stop, &|reached| {
                let (phase, done, total) = (Phase::CatchingUp, since(reached), since(seq));
                bar.show(indexer::Progress { phase, done, total, ..indexer::Progress::default() });
            })
        })?;
    }
    Ok(())
}

/// What was done, for people or as one line of JSON.
pub(crate) fn tell(report: &LoadReport, terminal: &Terminal) -> Result<()> {
    tell_reasons(&report.reasons, report.quarantined, terminal);
    if terminal.is_json() {
        return terminal.json(report);
    }
    if report.expired > 0 {
        let assets = count(report.expired, "asset");
        return terminal.say(format!("{assets} withdrawn: the time was over until which they were public"));
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
    if report.withheld > 0 {
        let withheld = count(report.withheld, "revision");
        terminal.say(format!(
            "  {withheld} kept from readers: a person withdrew the asset, `morgue restore` ends that"
        ))?;
    }
    if report.withdrawn > 0 {
        let assets = count(report.withdrawn, "asset");
        let done = if report.dry_run { "would be withdrawn" } else { "withdrawn" };
        terminal.say(format!("  {assets} {done}: their source does not show them any more"))?;
    }
    if !report.unpublished.is_empty() {
        let told: Vec<String> = report.unpublished.values().map(ToString::to_string).collect();
        let done = match report.takes_unpublished {
            true => "taken in for those who keep the archive",
            false => "passed over (`--unpublished` takes them in)",
        };
        terminal.say(format!("  not public, {done}: {}", told.join(", ")))?;
    }
    if report.same_ids.records > 0 {
        terminal.say(format!(
            "  {} an id that another record has, and became assets of their own: {}",
            verb(report.same_ids.records, "record has", "records have"),
            report.same_ids.ids.join(", ")
        ))?;
    }
    if report.older > 0 {
        terminal.say(format!(
            "  {} older than another of this load, passed over",
            verb(report.older, "record is", "records are")
        ))?;
    }
    for (format, of) in &report.formats {
        terminal.say(format!("  {format}: {}", count(of.records, "record")))?;
    }
    if !report.skipped.is_empty() {
        let skipped: Vec<String> =
            report.skipped.iter().map(|(ending, files)| format!("{files} {ending}")).collect();
        terminal.say(format!("  passed over, no articles in them: {}", skipped.join(", ")))?;
    }
    for ReasonCount { reason, records, places } in &report.notes {
        let more = if *records > places.len() as u64 { ", …" } else { "" };
        terminal.say(format!("  {reason}: {} ({}{more})", thousands(*records), places.join(", ")))?;
    }
    if report.released > 0 {
        terminal.say(format!("  {} left the quarantine: mended since", count(report.released, "record")))?;
    }
    for Refused { reason, events, first } in report.refusals.values() {
        let others = if *events > 1 { ", and others" } else { "" };
        terminal.say(format!("  {} left out, {reason}: {first}{others}", count(*events, "event")))?;
    }
    if report.resumed {
        terminal.say("  went on where an earlier load was cut off")?;
    }
    if report.stopped {
        terminal.say("  stopped before its end: the same command goes on from here")?;
    }
    Ok(())
}

/// A count with its noun and verb.
fn verb(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(count), if count == 1 { one } else { many })
}

/// Why records could not be read: a line for each, or the reason once over the places where it was met.
pub(crate) fn tell_reasons(reasons: &[ReasonCount], records: u64, terminal: &Terminal) {
    for ReasonCount { reason, records, places } in reasons {
        match places.as_slice() {
            [place] => terminal.note(format!("{place}: {reason}")),
            places => {
                terminal.note(format!("{}: {reason}", count(*records, "record")));
                places.iter().for_each(|place| terminal.note(format!("  {place}")));
                let more = records.saturating_sub(places.len() as u64);
                if more > 0 {
                    terminal.note(format!("  and {} more", thousands(more)));
                }
            }
        }
    }
    let told: u64 = reasons.iter().map(|reason| reason.records).sum();
    let more = records.saturating_sub(told);
    if more > 0 {
        terminal.note(format!("and {} more, for other reasons", thousands(more)));
    }
    if records > reasons.iter().map(|reason| reason.places.len() as u64).sum() {
        terminal.note("`morgue quarantine list` has them all");
    }
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
