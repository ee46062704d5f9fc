//! The machine room: how the log, the indexes, the machine and the quarantine stand, what came in last, and the buttons
//! for those who may press them.

pub(super) mod gauges;
mod machine;
mod views;

use std::{collections::BTreeMap, fs, path::Path};

use ::views::{VIEWS, ViewId};
use axum::response::{IntoResponse, Redirect, Response};
use indexer::{Phase, ViewStatus};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use store::{Event, Holder, Reader, Seq, Timestamp};

use self::machine::Machine;
use super::{
    assets, charts, dates,
    error::PageError,
    layout::{Frame, page},
    state::Pages,
    text,
};
use crate::{door::error::RequestError, links, native::status::other_writer};

/// So many events, records and sources are listed.
const RECENT: u64 = 20;
const MAX_QUARANTINED: usize = 20;
const MAX_SOURCES: usize = 50;

/// A record in quarantine that could not be read.
#[derive(Deserialize)]
#[serde(default)]
struct Quarantined {
    file: String,
    line: u64,
    reason: String,
    time: Timestamp,
}

impl Default for Quarantined {
    fn default() -> Self {
        Self { file: String::new(), line: 0, reason: String::new(), time: Timestamp::MIN }
    }
}

/// `GET /status`. Who may give orders gets the buttons for it; who keeps the archive sees events that are not for readers,
/// and what the quarantine holds.
pub(super) fn show(pages: &Pages, may_order: bool, reader: Reader) -> Result<Response, PageError> {
    let search = &pages.state.search;
    let log = search.log();
    let head = log.head()?;
    let views = search.indexes().status()?;
    let is_building = views
        .iter()
        .any(|view| view.building.as_ref().is_some_and(|build| build.progress.phase.is_running()));
    let positions = log.source_positions()?;
    let first = head.seq.get().saturating_sub(RECENT - 1).max(1);
    let snapshot = log.snapshot()?.for_reader(reader);
    let mut events = Vec::new();
    for event in snapshot.events(Seq::new(first), usize::try_from(RECENT).unwrap_or(20))? {
        if snapshot.may_see(&event)? {
            events.push(event);
        }
    }
    events.reverse();
    let (quarantined, mut records) = pages.config.quarantine.as_deref().map(quarantine).unwrap_or_default();
    records.retain(|_| reader.sees_all());
    let machine = Machine::now(log.dir());
    let writer = other_writer(search);
    let main = html! {
        h1 { "Machine room" }
        div.room data-refresh="/status" {
            (health(&views, machine, writer.as_ref(), quarantined))
            (log_section(pages, &head, writer.as_ref())?)
            (views::section(&views, &pages.gauges, may_order))
            (machine_section(machine))
            @if !positions.is_empty() { (sources(&positions)) }
            @if pages.config.quarantine.is_some() { (quarantine_section(quarantined, &records)) }
            section #events aria-labelledby="events-title" {
                h2 #events-title { "Recent events" }
                (recent(&events))
            }
        }
    };
    // Without a script the page asks for itself again, while there is something to watch.
    let head = html! {
        link rel="stylesheet" href=(assets::href("room.css"));
        script type="module" src=(assets::href("room.js")) {}
        @if is_building { noscript { meta http-equiv="refresh" content="2"; } }
    };
    let frame = Frame { indexed: false, head, ..Frame::new("Machine room", "status") };
    Ok(page(pages, &frame, &main))
}

/// At a glance: that all is well, or what is not.
fn health(views: &[ViewStatus], machine: Machine, writer: Option<&Holder>, quarantined: usize) -> Markup {
    let mut troubles = Vec::new();
    for view in views {
        let name = view.view.name();
        if view.failure.is_some() {
            troubles.push(format!("{name} cannot be searched"));
        }
        if view.failing.is_some() {
            troubles.push(format!("{name} are not kept up to date"));
        }
        if view.lag > FAR_BEHIND {
            troubles.push(format!("{name} are behind by {}", text::counted(view.lag, "event", "events")));
        }
        if !view.to_purge.is_empty() {
            troubles.push(format!(
                "words of what was erased may still be in an index of {name}, which is being made anew"
            ));
        }
        if view.building.as_ref().is_some_and(|build| build.progress.phase == Phase::Failed) {
            troubles.push(format!("the last build of {name} failed"));
        }
    }
    if let Some(writer) = writer.filter(|writer| writer.stopped) {
        troubles.push(format!("nothing can be written to the log, which is held by {writer}"));
    }
    if machine.disk.is_some_and(|(free, all)| free < all / NEARLY_FULL) {
        troubles.push("the disk is nearly full".to_owned());
    }
    html! {
        section #health.health.trouble[!troubles.is_empty()] aria-label="At a glance" {
            p role="status" {
                @if troubles.is_empty() { strong { "All is well." } " Every view is live and follows the log." }
                @else { strong { "Not all is well:" } " " (troubles.join("; ")) "." }
                @if quarantined > 0 {
                    " " a href="#quarantine" { (text::counted(quarantined as u64, "record waits", "records wait")) } " in the quarantine."
                }
            }
        }
    }
}

/// More events than an index takes in between two looks are told.
const FAR_BEHIND: u64 = 10_000;
/// A disk with less than this part of it free is told.
const NEARLY_FULL: u64 = 20;

/// `POST /status/rebuild` of one view or `all`: begins it and leads back; the page shows how far it is.
pub(super) fn rebuild(pages: &Pages, view: &str) -> Result<Response, PageError> {
    let views = match view {
        "all" => VIEWS.to_vec(),
        view => vec![view_of(view)?],
    };
    pages.state.rebuild.begin(pages.state.search.indexes(), &views)?;
    Ok(Redirect::to("/status#views").into_response())
}

/// `POST /status/stop`: what was made by then is kept for the next rebuild.
pub(super) fn stop(pages: &Pages) -> Result<Response, PageError> {
    if !pages.state.rebuild.stop() {
        return Err(RequestError::Conflict(STRANGE.to_owned()).into());
    }
    Ok(Redirect::to("/status#views").into_response())
}

const STRANGE: &str =
    "this server has begun no rebuild that could be stopped: it has ended, or another process does it";

/// `POST /status/rollback` of one view.
pub(super) fn rollback(pages: &Pages, view: &str) -> Result<Response, PageError> {
    pages.state.search.indexes().rollback(view_of(view)?)?;
    Ok(Redirect::to("/status#views").into_response())
}

fn view_of(view: &str) -> Result<ViewId, PageError> {
    view.parse().map_err(|error: ::views::UnknownView| RequestError::NotFound(error.to_string()).into())
}

fn log_section(pages: &Pages, head: &store::LogHead, writer: Option<&Holder>) -> Result<Markup, PageError> {
    let sizes = pages.state.search.log().sizes()?;
    let rates = pages.gauges.rates();
    let (now, most) = (rates.last().copied().unwrap_or(0), rates.iter().copied().max().unwrap_or(0));
    let of_two_minutes = format!("Events a second in the last two minutes: now {now}, at most {most}");
    Ok(html! {
        section #log aria-labelledby="log-title" {
            h2 #log-title { "Log" }
            dl.figures {
                div { dt { "Head" } dd #head { (text::count(head.seq.get())) } }
                div.gauge { dt { "Events a second" } dd { (text::count(now)) (charts::spark(&rates, &of_two_minutes)) } }
                @if let Some(recorded) = head.recorded { div { dt { "Last event taken" } dd { (dates::instant(recorded)) } } }
                @if let Some(writer) = writer { div { dt { "Being written by" } dd #writer { (writer) } } }
                div { dt { "On disk" } dd { (bytes(sizes.disk)) } }
                div { dt { "As JSON" } dd { (bytes(sizes.json)) } }
            }
            p.digest { "Digest " code { (head.digest) } }
        }
    })
}

fn machine_section(machine: Machine) -> Markup {
    let share = |label: &str, (free, all): (u64, u64)| {
        html! {
            div {
                dt { (label) }
                dd {
                    (bytes(free)) span.quiet { " of " (bytes(all)) " free" }
                    (charts::share(all.saturating_sub(free), all, label))
                }
            }
        }
    };
    html! {
        section #machine aria-labelledby="machine-title" {
            h2 #machine-title { "Machine" }
            dl.figures {
                @if let Some(disk) = machine.disk { (share("Disk", disk)) }
                @if let Some(memory) = machine.memory { (share("Memory", memory)) }
                @if let Some(resident) = machine.resident { div { dt { "Held by this process" } dd { (bytes(resident)) } } }
            }
        }
    }
}

fn sources(positions: &BTreeMap<String, String>) -> Markup {
    html! {
        section #sources aria-labelledby="sources-title" {
            h2 #sources-title { "Sources" }
            div.scroll tabindex="0" role="region" aria-labelledby="sources-title" {
                table {
                    thead { tr { th scope="col" { "Source" } th scope="col" { "Read up to" } } }
                    tbody {
                        @for (source, position) in positions.iter().take(MAX_SOURCES) {
                            tr { th scope="row" { (source) } td { (read_up_to(position)) } }
                        }
                    }
                }
            }
            @if positions.len() > MAX_SOURCES { p.quiet { "and " (positions.len() - MAX_SOURCES) " more" } }
        }
    }
}

/// A source's own position, in words where it is that of a load.
fn read_up_to(position: &str) -> String {
    let count = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64);
    let load = serde_json::from_str::<Value>(position).ok();
    match load.and_then(|load| count(&load, "files").zip(count(&load, "records"))) {
        Some((0, 0)) => "All of it".to_owned(),
        Some((files, records)) => format!(
            "{} and {} of the next",
            text::counted(files, "file", "files"),
            text::counted(records, "record", "records")
        ),
        None => text::beginning(position, 120),
    }
}

fn quarantine_section(count: usize, records: &[Quarantined]) -> Markup {
    // What failed for one reason stands together.
    let mut reasons: Vec<(&str, Vec<&Quarantined>)> = Vec::new();
    for record in records {
        match reasons.iter_mut().find(|(reason, _)| *reason == record.reason) {
            Some((_, those)) => those.push(record),
            None => reasons.push((&record.reason, vec![record])),
        }
    }
    html! {
        section #quarantine aria-labelledby="quarantine-title" {
            h2 #quarantine-title { "Quarantine" }
            @if count == 0 { p { "Empty: everything that came could be read." } }
            @else {
                p { (text::counted(count as u64, "record", "records")) " could not be read and wait here whole." }
                ul.records {
                    @for (reason, those) in &reasons {
                        li {
                            p { (text::capital(reason)) }
                            ul {
                                @for record in those {
                                    li { code { (record.file) @if record.line > 0 { ":" (record.line) } } " " span.when { (dates::instant(record.time)) } }
                                }
                            }
                        }
                    }
                }
                @if count > records.len() { p.quiet { "and " (count - records.len()) " more: " code { "morgue quarantine list" } " has them all" } }
            }
        }
    }
}

fn recent(events: &[Event]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-labelledby="events-title" {
            table.events {
                thead { tr { @for name in ["Event", "What", "Which", "When", "Recorded"] { th scope="col" { (name) } } } }
                tbody {
                    @for event in events {
                        tr {
                            td.n { (event.seq) }
                            td { code { (event.event_type) } }
                            td {
                                @match event.asset() {
                                    Some(asset) => a href=(links::asset(asset.kind, &asset.id)) { (asset.id) },
                                    None => (event.id),
                                }
                            }
                            td { (dates::instant(event.time)) }
                            td { (dates::instant(event.recorded)) }
                        }
                    }
                }
            }
        }
    }
}

/// Returns how many records lie in the quarantine, and the newest of them.
fn quarantine(dir: &Path) -> (usize, Vec<Quarantined>) {
    let Ok(entries) = fs::read_dir(dir) else { return (0, Vec::new()) };
    let mut files: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
        .collect();
    files.sort_unstable_by(|one, other| other.cmp(one));
    let read = |path: &Path| serde_json::from_slice(&fs::read(path).ok()?).ok();
    (files.len(), files.iter().take(MAX_QUARANTINED).filter_map(|(_, path)| read(path)).collect())
}

/// In decimal units, as the command line says them.
fn bytes(number: u64) -> String {
    match number {
        0..1_000 => format!("{number} B"),
        1_000..1_000_000 => format!("{:.0} kB", number as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", number as f64 / 1e6),
        _ => format!("{:.2} GB", number as f64 / 1e9),
    }
}
