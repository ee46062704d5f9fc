//! The history of an asset: the events that it comes from, what each changed, and the evidence for it.

use maud::{Markup, html};
use store::{AsOf, AssetRef, Content, Event, Fact, Payload, Snapshot};

use super::{address, dates, difference, error::PageError};

/// The events of an asset, newest first. More than this many are not shown on a page.
const MAX_EVENTS: usize = 100;

/// Whether what revisions said may be shown: not for what readers do not see.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    Changes,
    EventsAlone,
}

/// One step in the life of an asset.
pub(super) struct Step {
    event: Event,
    changes: Vec<(&'static str, Markup)>,
}

/// Reads the history of an asset.
pub(super) fn read(snapshot: &Snapshot, asset: &AssetRef, show: Show) -> Result<Vec<Step>, PageError> {
    let mut steps: Vec<Step> = Vec::new();
    for seq in snapshot.history(asset, MAX_EVENTS)? {
        steps.push(Step { event: snapshot.event(seq)?, changes: Vec::new() });
    }
    if show == Show::EventsAlone {
        return Ok(steps);
    }
    let mut later: Option<usize> = None;
    for number in 0..steps.len() {
        let Some(content) = steps.get(number).and_then(|step| content_of(&step.event)).cloned() else {
            continue;
        };
        if let Some(step) = later.and_then(|later| steps.get_mut(later))
            && let Some(newer) = content_of(&step.event)
        {
            step.changes = difference::between(Some(&content), newer);
        }
        later = Some(number);
    }
    Ok(steps)
}

fn content_of(event: &Event) -> Option<&Content> {
    match event.fact() {
        Some(Fact::Published(content)) => Some(content),
        _ => None,
    }
}

/// The section of a page that shows it all.
pub(super) fn section(steps: &[Step], asset: &AssetRef) -> Markup {
    html! {
        section.history #history aria-labelledby="history-title" {
            h2 #history-title { "History and evidence" }
            ol.steps reversed {
                @for step in steps { (shown(step, asset)) }
            }
        }
    }
}

/// Asks for the page as it stood on a day, a month or a year.
pub(super) fn as_it_stood_form(asset: &AssetRef, at: Option<AsOf>) -> Markup {
    let shown = match at {
        Some(AsOf::Time(time)) => time.to_string().get(..10).unwrap_or_default().to_owned(),
        Some(AsOf::Seq(seq)) => format!("seq:{seq}"),
        None => String::new(),
    };
    let (path, id) = address::form_of(asset.kind, &asset.id);
    html! {
        form.at method="get" action=(path) {
            @if let Some(id) = id { input type="hidden" name="id" value=(id); }
            label for="at" { "As it stood on" }
            span.line {
                input #at name="at" value=(shown) placeholder="1912-04-16" size="12" maxlength="40" autocomplete="off"
                    spellcheck="false" aria-describedby="at-hint";
                button type="submit" { "Show" }
            }
            span.hint #at-hint { "a day, a month (1912-04) or a year" }
        }
    }
}

/// Says that a page is about the past, and what became of it since; leads back.
pub(super) fn as_it_stood(asset: &AssetRef, at: AsOf, steps: &[Step], seen_now: bool) -> Markup {
    let ended = last(steps).filter(|_| !seen_now);
    let now = address::asset(asset.kind, &asset.id);
    html! {
        div.as-of role="note" {
            p {
                "As it stood "
                @match at {
                    AsOf::Seq(seq) => { "after event " (seq) },
                    AsOf::Time(time) => { "at the end of " (dates::instant_day(time)) },
                }
                ". "
                @if seen_now { a href=(now) { "See it as it is now" } }
            }
            @if let Some(event) = ended {
                p {
                    strong { "It was withdrawn later" } ", on " (dates::instant(event.time)) ", by "
                    a href=(now) { "event " (event.seq) }
                    @if let Some(reason) = reason(event) { ": " q { (reason) } } @else { "." }
                }
                p { "It is in no search. What it said is kept here as evidence: it should not be quoted as true." }
            }
        }
    }
}

fn shown(step: &Step, asset: &AssetRef) -> Markup {
    let event = &step.event;
    let at = format!("seq:{}", event.seq);
    html! {
        li {
            p.what {
                strong { (said(event)) } " "
                (dates::instant(event.time))
                @if event.revision.is_some() && event.fact().is_some() {
                    " " a href=(address::asset_at(asset.kind, &asset.id, &at)) { "as it stood then" }
                }
            }
            @if let Some(reason) = reason(event) { p.reason { (reason) } }
            @if !step.changes.is_empty() {
                dl.changes {
                    @for (name, change) in &step.changes { dt { (name) } dd { (change) } }
                }
            }
            dl.evidence {
                div { dt { "Event" } dd { (event.seq) " " code { (event.event_type) } } }
                div { dt { "Recorded" } dd { (dates::instant(event.recorded)) } }
                @if !event.source().is_empty() { div { dt { "From" } dd { (event.source()) } } }
                div { dt { "Digest" } dd { code.digest { (event.digest) } } }
            }
        }
    }
}

fn said(event: &Event) -> String {
    match (&event.payload, event.fact()) {
        (Payload::Erased { .. }, _) => "Erased".to_owned(),
        (_, Some(Fact::Published(_))) => match event.revision {
            Some(revision) if revision.get() > 1 => format!("Revision {revision}"),
            _ => "Published".to_owned(),
        },
        (_, Some(Fact::Withdrawn(..))) => "Withdrawn".to_owned(),
        (_, Some(Fact::Erased(..))) => "Erasure ordered".to_owned(),
        (_, Some(Fact::Merged(merge))) => format!("Found to be the same person as {}", merge.into),
        (_, Some(Fact::Unmerged(_))) => "Found to be a person of its own".to_owned(),
        _ => event.event_type.to_string(),
    }
}

/// The reason that an order or a merge gives, and who gave it.
pub(super) fn reason(event: &Event) -> Option<String> {
    let (reason, by) = match event.fact()? {
        Fact::Withdrawn(_, order) | Fact::Erased(_, order) | Fact::Unmerged(order) => {
            (&order.reason, &order.by)
        }
        Fact::Merged(merge) => (&merge.reason, &merge.by),
        _ => return None,
    };
    match (reason.is_empty(), by.is_empty()) {
        (true, true) => None,
        (true, false) => Some(format!("By {by}")),
        (false, true) => Some(reason.clone()),
        (false, false) => Some(format!("{reason} — {by}")),
    }
}

/// The last event, if it took the asset from readers: why, and when.
pub(super) fn last(steps: &[Step]) -> Option<&Event> {
    steps.first().map(|step| &step.event)
}
