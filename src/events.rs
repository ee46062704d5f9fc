//! `morgue publish`, `morgue withdraw`, `morgue restore`, `morgue erase`, `morgue merge`, `morgue unmerge`: one event by hand.

use std::{io::Read, path::PathBuf};

use anyhow::{Context, Result, bail};
use ingest::{
    Quarantine, Traces,
    append::{Terms, admit},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::{
    AssetId, AssetKind, AssetRef, Batch, EventType, Fact, Merge, NewEvent, Order, Outcome as Appended,
    Revision, Snapshot, Timestamp,
};
use views::VIEWS;

use crate::{
    archive::Archive,
    terminal::{Outcome, Terminal, count},
    view,
};

#[derive(clap::Args)]
pub(crate) struct PublishArgs {
    /// What it is.
    #[arg(value_name = "KIND", value_parser = view::kind())]
    kind: AssetKind,
    /// Which one.
    id: AssetId,
    /// The whole new revision as JSON: the fields of the asset, or what `morgue show --json` prints, with its `data` changed.
    /// `-` reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// When it happened at the source; now otherwise.
    #[arg(long, value_name = "DATE")]
    time: Option<Timestamp>,
    /// Refuse unknown fields, which are kept and told otherwise.
    #[arg(long)]
    strict: bool,
}

#[derive(clap::Args)]
pub(crate) struct OrderArgs {
    /// What it is.
    #[arg(value_name = "KIND", value_parser = view::kind())]
    kind: AssetKind,
    /// Which one.
    id: AssetId,
    /// Why: kept in the log, readers are not told.
    #[arg(long)]
    reason: String,
    /// Who ordered it: kept in the log, readers are not told.
    #[arg(long, default_value = "")]
    by: String,
    /// A sentence for readers, who find it in place of what was there.
    #[arg(long, default_value = "")]
    notice: String,
    #[command(flatten)]
    care: Care,
}

/// How far to go with an order.
#[derive(Clone, Copy, clap::Args)]
struct Care {
    /// Only say what it would touch.
    #[arg(long)]
    dry_run: bool,
    /// Do it without asking, also at a terminal.
    #[arg(long)]
    yes: bool,
}

#[derive(clap::Args)]
pub(crate) struct RestoreArgs {
    /// What it is.
    #[arg(value_name = "KIND", value_parser = view::kind())]
    kind: AssetKind,
    /// Which one.
    id: AssetId,
    #[command(flatten)]
    why: Why,
}

#[derive(clap::Args)]
pub(crate) struct MergeArgs {
    /// The byline that is another's, too.
    id: AssetId,
    /// The byline that stays.
    into: AssetId,
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    care: Care,
}

#[derive(clap::Args)]
pub(crate) struct UnmergeArgs {
    /// The byline that was merged into another.
    id: AssetId,
    #[command(flatten)]
    why: Why,
}

#[derive(Clone, clap::Args)]
struct Why {
    /// How it is known: kept in the log.
    #[arg(long, default_value = "")]
    reason: String,
    /// Who says so: kept in the log.
    #[arg(long, default_value = "")]
    by: String,
}

pub(crate) fn publish(archive: &Archive, args: &PublishArgs, terminal: &Terminal) -> Result<Outcome> {
    let mut text = String::new();
    if args.file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
    } else {
        text = std::fs::read_to_string(&args.file)
            .with_context(|| format!("{} cannot be read", args.file.display()))?;
    }
    let (text, shown_at) = data_of(text);
    let asset = AssetRef::new(args.kind, args.id.clone());
    let expected = shown_at.map(|revision| (asset, revision));
    let fact = Fact::from_json(&EventType::Published(args.kind), &text)
        .with_context(|| format!("{} is no {}", args.file.display(), args.kind))?;
    let event = NewEvent { time: args.time, ..NewEvent::new(args.id.clone(), fact) };
    let terms = Terms { strict: args.strict, ..Terms::default() };
    let admitted = admit(event, terms).with_context(|| {
        format!(
            "{} is not the data of {}, as `morgue log history {} {} --json` has it for one that there is",
            args.file.display(),
            AssetRef::new(args.kind, args.id.clone()),
            args.kind,
            args.id
        )
    })?;
    admitted.remarks.iter().for_each(|remark| terminal.note(remark));
    append(archive, &admitted.event, expected, terminal)
}

/// Returns the data of what `morgue show --json` has printed, and the revision that it was of; else the text as it is.
fn data_of(text: String) -> (String, Option<Revision>) {
    #[derive(Deserialize)]
    struct Shown {
        data: Map<String, Value>,
        revision: Revision,
        #[serde(rename = "evidence")]
        _evidence: Value,
    }
    match serde_json::from_str::<Shown>(&text) {
        Ok(Shown { data, revision, .. }) => (Value::Object(data).to_string(), Some(revision)),
        Err(_) => (text, None),
    }
}

pub(crate) fn withdraw(archive: &Archive, args: &OrderArgs, terminal: &Terminal) -> Result<Outcome> {
    let asset = AssetRef::new(args.kind, args.id.clone());
    careful(archive, &asset, Fact::Withdrawn(args.kind, order_of(args)), args.care, terminal)
        .map(|(done, _)| done)
}

pub(crate) fn restore(archive: &Archive, args: &RestoreArgs, terminal: &Terminal) -> Result<Outcome> {
    let asset = AssetRef::new(args.kind, args.id.clone());
    let Why { reason, by } = args.why.clone();
    order(archive, &asset, Fact::Restored(args.kind, Order { reason, by, ..Order::default() }), terminal)
}

/// The indexes are built again, since a deleted document's terms lie in them until its segment is merged away. What lies
/// in the quarantine is a person's to judge: it may hold other assets, too.
pub(crate) fn erase(archive: &Archive, args: &OrderArgs, terminal: &Terminal) -> Result<Outcome> {
    let asset = AssetRef::new(args.kind, args.id.clone());
    let traces = Traces::of(&asset, &archive.existing_log()?.snapshot()?)?;
    let (done, is_appended) =
        careful(archive, &asset, Fact::Erased(args.kind, order_of(args)), args.care, terminal)?;
    if !is_appended {
        return Ok(done);
    }
    let indexes = archive.existing_indexes()?;
    let stop = crate::stop::on_signal()?;
    for view in VIEWS {
        let bar = terminal.build_progress(view);
        indexes.purge(view, &stop, &|progress| bar.show(progress))?;
    }
    terminal.say("its contents are gone from the log and from all indexes")?;
    let quarantined = Quarantine::at(archive.quarantine_dir()).with_traces(&traces)?;
    if quarantined.is_empty() {
        return Ok(done);
    }
    let records = count(quarantined.len() as u64, "record");
    terminal.say(format!("but {records} in the quarantine may hold words of it, at"))?;
    for one in &quarantined {
        terminal.say(format!("  {}  {}", one.key, one.place()))?;
    }
    let keys: Vec<&str> = quarantined.iter().map(|one| one.key.as_str()).collect();
    terminal.say(format!("forget them with: morgue quarantine remove {}", keys.join(" ")))?;
    Ok(done)
}

/// A merge into somebody that nobody knows would take a name from readers.
pub(crate) fn merge(archive: &Archive, args: &MergeArgs, terminal: &Terminal) -> Result<Outcome> {
    let [id, into] = [&args.id, &args.into].map(|id| AssetRef::new(AssetKind::Byline, id.clone()));
    must_be_there(archive, &into)?;
    let Why { reason, by } = args.why.clone();
    let merge = Merge { into: into.id, reason, by, unknown: serde_json::Map::new() };
    careful(archive, &id, Fact::Merged(merge), args.care, terminal).map(|(done, _)| done)
}

pub(crate) fn unmerge(archive: &Archive, args: &UnmergeArgs, terminal: &Terminal) -> Result<Outcome> {
    let id = AssetRef::new(AssetKind::Byline, args.id.clone());
    let Why { reason, by } = args.why.clone();
    order(archive, &id, Fact::Unmerged(Order { reason, by, ..Order::default() }), terminal)
}

fn order_of(args: &OrderArgs) -> Order {
    let OrderArgs { reason, by, notice, .. } = args;
    Order { reason: reason.clone(), by: by.clone(), notice: notice.clone(), ..Order::default() }
}

/// Says what an order touches, and gives it unless it is only to be looked at, or somebody at the terminal says no. Returns whether it was
/// given.
fn careful(
    archive: &Archive,
    asset: &AssetRef,
    fact: Fact,
    care: Care,
    terminal: &Terminal,
) -> Result<(Outcome, bool)> {
    must_be_there(archive, asset)?;
    let what = fact.event_type();
    let touched = touched(&archive.existing_log()?.snapshot()?, asset)?;
    if care.dry_run {
        if terminal.is_json() {
            terminal.json(&json!({"appended": false, "event": what.to_string(), "articles": touched}))?;
        } else {
            terminal.say(format!("{what} {} would touch {}", asset.id, count(touched, "article")))?;
        }
        return Ok((Outcome::Done, false));
    }
    terminal.note(format!("{what} {} touches {}", asset.id, count(touched, "article")));
    if !care.yes && Terminal::has_person() && !terminal.agreed("go on?")? {
        return Ok((Outcome::Failed, false));
    }
    Ok((order(archive, asset, fact, terminal)?, true))
}

/// Returns how many articles that readers see show an asset: itself, or those that name it.
fn touched(snapshot: &Snapshot, asset: &AssetRef) -> Result<u64> {
    Ok(match asset.kind {
        AssetKind::Article => u64::from(snapshot.state(asset)?.is_some_and(|state| state.is_seen())),
        AssetKind::Image | AssetKind::Byline => snapshot.work(asset)?.articles,
    })
}

/// A slip in the id must not be recorded as an order.
fn order(archive: &Archive, asset: &AssetRef, fact: Fact, terminal: &Terminal) -> Result<Outcome> {
    must_be_there(archive, asset)?;
    append(archive, &NewEvent::new(asset.id.clone(), fact), None, terminal)
}

fn must_be_there(archive: &Archive, asset: &AssetRef) -> Result<()> {
    if archive.existing_log()?.snapshot()?.state(asset)?.is_none() {
        bail!("there is no {asset} in the archive");
    }
    Ok(())
}

/// Appends if an asset is at its revision, where one is named, and returns when searches show it.
#[expect(clippy::expect_used, reason = "an append has an outcome for each of its events")]
pub(crate) fn append(
    archive: &Archive,
    event: &NewEvent,
    expect: Option<(AssetRef, Revision)>,
    terminal: &Terminal,
) -> Result<Outcome> {
    let log = archive.open_log()?;
    let event = NewEvent { source: "command line".to_owned(), ..event.clone() };
    let batch = Batch {
        events: vec![log.prepare(&event)?],
        expect: expect.into_iter().collect(),
        ..Batch::default()
    };
    let outcome = log.append(batch)?.outcomes.into_iter().next().expect("one event has one outcome");
    let (seq, appended) = match outcome {
        Appended::Appended(seq) => (seq, true),
        Appended::Withheld(seq) => {
            terminal.note(format!(
                "{} was withdrawn by a person, and readers go on not seeing it: `morgue restore` ends that",
                event.id
            ));
            (seq, true)
        }
        Appended::Unchanged(seq) => (seq, false),
        Appended::Refused(refusal) => bail!(refusal),
    };
    let indexes = archive.open_indexes(log)?;
    let stop = crate::stop::on_signal()?;
    for view in VIEWS {
        indexes.catch_up(view, seq, &stop, &|_| {})?;
    }
    if terminal.is_json() {
        terminal.json(&json!({"seq": seq, "appended": appended}))?;
    } else if appended {
        terminal.say(format!("event {seq}: {} {}", event.fact.event_type(), event.id))?;
    } else {
        terminal.say(format!("nothing new: event {seq} says the same"))?;
    }
    Ok(Outcome::Done)
}
