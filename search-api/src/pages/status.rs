//! The machine room: how the log, the indexes and the quarantine stand, and what came in last.

use std::{fs, path::Path};

use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use store::{Event, Seq, Timestamp};

use super::{
    Pages, address, dates,
    error::PageError,
    layout::{Frame, page},
    text,
};
use indexer::ViewStatus;

/// So many events and records are listed.
const RECENT: u64 = 20;
const MAX_QUARANTINED: usize = 20;

/// What the quarantine says of a record that could not be read.
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

/// `GET /status`
pub(super) fn show(pages: &Pages) -> Result<Response, PageError> {
    let search = &pages.state.search;
    let log = search.log();
    let head = log.head()?;
    let sizes = log.sizes()?;
    let views = search.indexes().status()?;
    let positions = log.source_positions()?;
    let first = head.seq.get().saturating_sub(RECENT - 1).max(1);
    let mut events = log.snapshot()?.events(Seq::new(first), usize::try_from(RECENT).unwrap_or(20))?;
    events.reverse();
    let (quarantined, records) = pages.config.quarantine.as_deref().map(quarantine).unwrap_or_default();
    let main = html! {
        h1 { "Machine room" }
        div.room data-refresh="/status" {
            section.log aria-labelledby="log-title" {
                h2 #log-title { "Log" }
                dl.figures {
                    div { dt { "Head" } dd #head data-series="head" { (text::count(head.seq.get())) } }
                    @if let Some(recorded) = head.recorded { div { dt { "Last event taken" } dd { (dates::instant(recorded)) } } }
                    div { dt { "On disk" } dd { (bytes(sizes.disk)) } }
                    div { dt { "Of JSON" } dd { (bytes(sizes.json)) } }
                }
                p.digest { "Digest " code { (head.digest) } }
            }
            section.views aria-labelledby="views-title" {
                h2 #views-title { "Views" }
                (table_of_views(&views))
            }
            @if !positions.is_empty() {
                section aria-labelledby="sources-title" {
                    h2 #sources-title { "Sources" }
                    div.scroll tabindex="0" role="region" aria-labelledby="sources-title" {
                        table {
                            thead { tr { th scope="col" { "Source" } th scope="col" { "Read up to" } } }
                            tbody { @for (source, position) in positions.iter().take(50) { tr { th scope="row" { (source) } td { (text::beginning(position, 120)) } } } }
                        }
                    }
                }
            }
            @if pages.config.quarantine.is_some() { (quarantine_section(quarantined, &records)) }
            section aria-labelledby="events-title" {
                h2 #events-title { "Recent events" }
                (recent(&events))
            }
        }
    };
    let frame = Frame { indexed: false, ..Frame::new("Machine room", "status") };
    Ok(page(pages, &frame, &main))
}

fn table_of_views(views: &[ViewStatus]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-labelledby="views-title" {
            table {
                thead {
                    tr {
                        @for name in ["View", "Documents", "Generation", "Before it", "Up to event", "Behind", "Segments", "On disk"] {
                            th scope="col" { (name) }
                        }
                    }
                }
                tbody {
                    @for view in views {
                        tr {
                            th scope="row" { (text::capital(view.kind.plural())) }
                            td.n { (text::count(view.digest.documents)) }
                            td { code { (view.generation) } }
                            td { @if let Some(previous) = &view.previous { code { (previous) } } @else { "–" } }
                            td.n { (text::count(view.checkpoint.get())) }
                            td.n data-series=(format!("lag-{}", view.kind.plural())) { (text::count(view.lag)) }
                            td.n { (view.segments) }
                            td.n { (bytes(view.bytes)) }
                        }
                    }
                }
            }
        }
    }
}

fn quarantine_section(count: usize, records: &[Quarantined]) -> Markup {
    html! {
        section.quarantine aria-labelledby="quarantine-title" {
            h2 #quarantine-title { "Quarantine" }
            @if count == 0 { p { "Empty: everything that came could be read." } }
            @else {
                p { (text::counted(count as u64, "record", "records")) " could not be read and wait here whole." }
                ul.list {
                    @for record in records {
                        li {
                            code { (record.file) @if record.line > 0 { ":" (record.line) } } " "
                            (record.reason) " " span.when { (dates::instant(record.time)) }
                        }
                    }
                }
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
                                    Some(asset) => a href=(address::asset(asset.kind, &asset.id)) { (asset.id) },
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

/// How many records lie in the quarantine, and the newest of them.
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

fn bytes(number: u64) -> String {
    match number {
        0..=1_023 => format!("{number} B"),
        1_024..=1_048_575 => format!("{} KB", number >> 10),
        1_048_576..=1_073_741_823 => format!("{:.1} MB", number as f64 / 1_048_576.0),
        _ => format!("{:.2} GB", number as f64 / 1_073_741_824.0),
    }
}
