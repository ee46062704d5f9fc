//! The history of an asset: the events that it comes from, what each changed, and the evidence for it.

use maud::{Markup, html};
use query::limits::MAX_PAGE_BYTES;
use search::Budget;
use store::{
    AsOf, AssetRef, Content, Digest, Event, EventType, Fact, Payload, Seq, Snapshot, Timestamp, Visibility,
};

use super::{dates, difference, error::PageError};
use crate::links;

/// The events of an asset, newest first. More than this many are not shown on a page.
const MAX_EVENTS: usize = 100;

/// The life of an asset, the newest first.
pub(super) struct History {
    steps: Vec<Step>,
    /// The first of the events that there was no time or room for.
    rest: Option<Seq>,
}

/// One step in it: what is shown of an event.
pub(super) struct Step {
    pub(super) seq: Seq,
    pub(super) time: Timestamp,
    /// The reason that an order or a merge gives, and who gave it.
    pub(super) reason: Option<String>,
    said: String,
    event_type: EventType,
    recorded: Timestamp,
    source: String,
    digest: Digest,
    /// True if it is a revision that can be shown.
    is_revision: bool,
    changes: Vec<(&'static str, Markup)>,
}

impl History {
    /// Reads the history of an asset, of that what the snapshot's reader may see: at least its last event, and as much as
    /// there is something left to spend for. Texts are long: no more than two revisions are held at once.
    pub(super) fn read(snapshot: &Snapshot, asset: &AssetRef, budget: &Budget) -> Result<Self, PageError> {
        let mut history = Self { steps: Vec::new(), rest: None };
        let mut later: Option<(usize, Content)> = None;
        let mut given = 0;
        for seq in snapshot.history(asset, MAX_EVENTS + 1)? {
            let steps = &mut history.steps;
            let is_full = steps.len() >= MAX_EVENTS || given > MAX_PAGE_BYTES || budget.check();
            if is_full && !steps.is_empty() {
                history.rest = Some(seq);
                break;
            }
            let event = snapshot.event(seq)?;
            if !snapshot.may_see(&event)? {
                continue;
            }
            steps.push(Step::of(&event));
            let Payload::Kept { fact: Fact::Published(content), .. } = event.payload else { continue };
            if let Some((number, newer)) = &later
                && let Some(step) = steps.get_mut(*number)
            {
                step.changes = difference::between(Some(&content), newer);
                given += step.changes.iter().map(|(_, change)| change.0.len()).sum::<usize>();
            }
            later = Some((steps.len() - 1, content));
        }
        Ok(history)
    }

    /// The section of a page that shows it all.
    pub(super) fn section(&self, asset: &AssetRef) -> Markup {
        html! {
            section.history #history aria-labelledby="history-title" {
                h2 #history-title { "History and evidence" }
                ol.steps reversed {
                    @for step in &self.steps { (shown(step, asset)) }
                }
                @if let Some(rest) = self.rest {
                    p.hint {
                        "Event " (rest) " and those before it are not shown here: "
                        code { "GET /api/v1/" (asset.kind.plural()) "/…/history?before=" (rest.next()) }
                        " has them."
                    }
                }
            }
        }
    }

    /// The last event: if the asset is not to be seen, the one that took it from readers.
    pub(super) fn last(&self) -> Option<&Step> {
        self.steps.first()
    }
}

impl Step {
    fn of(event: &Event) -> Self {
        Self {
            seq: event.seq,
            time: event.time,
            reason: reason(event),
            said: said(event),
            event_type: event.event_type.clone(),
            recorded: event.recorded,
            source: event.source().to_owned(),
            digest: event.digest,
            is_revision: event.revision.is_some() && event.fact().is_some() && event.visibility().is_public(),
            changes: Vec::new(),
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
    let (path, id) = links::form_of(asset.kind, &asset.id);
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
pub(super) fn as_it_stood(asset: &AssetRef, at: AsOf, history: &History, seen_now: bool) -> Markup {
    let ended = history.last().filter(|_| !seen_now);
    let now = links::asset(asset.kind, &asset.id);
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
            @if let Some(step) = ended {
                p {
                    strong { "It was withdrawn later" } ", on " (dates::instant(step.time)) ", by "
                    a href=(now) { "event " (step.seq) }
                    @if let Some(reason) = &step.reason { ": " q { (reason) } } @else { "." }
                }
                p { "It is in no search. What it said is kept here as evidence: it should not be quoted as true." }
            }
        }
    }
}

fn shown(step: &Step, asset: &AssetRef) -> Markup {
    let at = format!("seq:{}", step.seq);
    html! {
        li {
            p.what {
                strong { (step.said) } " "
                (dates::instant(step.time))
                @if step.is_revision {
                    " " a href=(links::asset_at(asset.kind, &asset.id, &at)) { "as it stood then" }
                }
            }
            @if let Some(reason) = &step.reason { p.reason { (reason) } }
            @if !step.changes.is_empty() {
                dl.changes {
                    @for (name, change) in &step.changes { dt { (name) } dd { (change) } }
                }
            }
            dl.evidence {
                div { dt { "Event" } dd { (step.seq) " " code { (step.event_type) } } }
                div { dt { "Recorded" } dd { (dates::instant(step.recorded)) } }
                @if !step.source.is_empty() { div { dt { "From" } dd { (step.source) } } }
                div { dt { "Digest" } dd { code.digest { (step.digest) } } }
            }
        }
    }
}

fn said(event: &Event) -> String {
    match (&event.payload, event.fact()) {
        (Payload::Erased { .. }, _) => "Erased".to_owned(),
        (_, Some(Fact::Published(_))) => match (event.revision, event.visibility()) {
            (Some(revision), Visibility::Unpublished { reason }) => {
                format!("Revision {revision}, not public ({reason})")
            }
            (Some(revision), _) if revision.get() > 1 => format!("Revision {revision}"),
            _ => "Published".to_owned(),
        },
        (_, Some(Fact::Withdrawn(..))) => "Withdrawn".to_owned(),
        (_, Some(Fact::Restored(..))) => "Restored".to_owned(),
        (_, Some(Fact::Erased(..))) => "Erasure ordered".to_owned(),
        (_, Some(Fact::Merged(merge))) => format!("Found to be the same person as {}", merge.into),
        (_, Some(Fact::Unmerged(_))) => "Found to be a person of its own".to_owned(),
        _ => event.event_type.to_string(),
    }
}

/// The reason that an order or a merge gives, and who gave it.
fn reason(event: &Event) -> Option<String> {
    let (reason, by) = match event.fact()? {
        Fact::Withdrawn(_, order)
        | Fact::Restored(_, order)
        | Fact::Erased(_, order)
        | Fact::Unmerged(order) => (&order.reason, &order.by),
        Fact::Merged(merge) => (&merge.reason, &merge.by),
        _ => return None,
    };
    reason_of(reason, by)
}

/// A reason and who gave it, in a line.
pub(super) fn reason_of(reason: &str, by: &str) -> Option<String> {
    match (reason.is_empty(), by.is_empty()) {
        (true, true) => None,
        (true, false) => Some(format!("By {by}")),
        (false, true) => Some(reason.to_owned()),
        (false, false) => Some(format!("{reason} — {by}")),
    }
}
