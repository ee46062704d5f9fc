//! The views in the machine room: what each holds, how far behind it is, what is being built of it, and the buttons to
//! build it again or go back.

use indexer::{BuildStatus, Phase, ViewStatus};
use maud::{Markup, html};

use super::{bytes, gauges::Gauges};
use crate::pages::{charts, dates, text};

/// All views. Buttons are for those who may press them.
pub(super) fn section(views: &[ViewStatus], gauges: &Gauges, may_order: bool) -> Markup {
    html! {
        section #views aria-labelledby="views-title" {
            div.head {
                h2 #views-title { "Views" }
                @if may_order && !views.iter().any(is_building) { (order("rebuild", "all", "Rebuild all")) }
            }
            div.views { @for view in views { (card(view, gauges, may_order)) } }
        }
    }
}

fn is_building(view: &ViewStatus) -> bool {
    view.building.as_ref().is_some_and(|build| build.progress.phase.is_running())
}

fn card(view: &ViewStatus, gauges: &Gauges, may_order: bool) -> Markup {
    let name = view.view.name();
    let lags = gauges.lags(view.view);
    html! {
        section.view id=(format!("view-{name}")) aria-labelledby=(format!("view-{name}-title")) {
            h3 id=(format!("view-{name}-title")) { (text::capital(name)) }
            @if let Some(failure) = &view.failure {
                p.failure role="alert" { "Cannot be searched: " (failure) "." }
            }
            @if let Some(failing) = &view.failing {
                p.failure role="alert" { "Not kept up to date: " (failing) "." }
            }
            p.documents { strong { (text::count(view.digest.documents)) } @if view.digest.documents == 1 { " document" } @else { " documents" } }
            div.gauge {
                p { "Behind by " strong data-lag=(name) { (text::counted(view.lag, "event", "events")) } }
                (charts::spark(&lags, &format!("Behind in the last two minutes: at most {}", text::counted(lags.iter().copied().max().unwrap_or(0), "event", "events"))))
            }
            @if view.fanout_left > 0 { p.quiet { (text::counted(view.fanout_left, "document", "documents")) " to renew after a change" } }
            dl.facts {
                dt { "Generation" } dd { code { (view.generation) } @if let Some(previous) = &view.previous { ", before it " code { (previous) } } }
                dt { "Up to event" } dd.number { (text::count(view.checkpoint.get())) }
                dt { "Segments" } dd.number { (view.segments) ", " (bytes(view.bytes)) }
            }
            @if let Some(build) = &view.building { (building(build, name)) }
            @if may_order && is_building(view) {
                div.orders-given { (order("stop", name, "Stop")) }
            } @else if may_order {
                div.orders-given {
                    (order("rebuild", name, "Rebuild"))
                    @if let Some(previous) = &view.previous { (order("rollback", name, &format!("Back to {previous}"))) }
                }
            }
        }
    }
}

/// A button that gives an order; the page comes back by itself.
fn order(what: &str, view: &str, label: &str) -> Markup {
    html! {
        form method="post" action=(format!("/status/{what}")) {
            input type="hidden" name="view" value=(view);
            button type="submit" aria-label=[(view != "all").then(|| format!("{label}: {view}"))] { (label) }
        }
    }
}

/// A build that is under way, or how the last one ended.
fn building(build: &BuildStatus, name: &str) -> Markup {
    let progress = &build.progress;
    let rate = progress.per_second().map(|rate| format!(", {} a second", text::count(rate.round() as u64)));
    let left = progress.time_left().map(|left| format!(", {} s left", left.as_secs().saturating_add(1)));
    let counts = html! {
        (text::count(progress.done)) " of " (text::count(progress.total)) (rate.unwrap_or_default()) (left.unwrap_or_default())
    };
    html! {
        div.build {
            @match progress.phase {
                Phase::Waiting => p { "Waits for its turn" },
                Phase::Documents => p { "Making documents: " (counts) },
                Phase::Checking => p { "Checking what was made" },
                Phase::CatchingUp => p { "Taking in what came meanwhile: " (counts) },
                Phase::Done => p.quiet { "Last built: " code { (build.generation) } ", begun " (dates::instant(build.started)) },
                Phase::Failed => p.failure { "The last build failed: " (build.failure.as_deref().unwrap_or("the log says why")) },
                Phase::Stopped => p.quiet { "The last build was stopped; the next " (from(build)) },
                Phase::Interrupted => p.failure { "The last build was cut short; the next " (from(build)) },
            }
            @if progress.phase.is_running() {
                progress max=(progress.total.max(1)) value=(done(build)) aria-label=(format!("Rebuilding {name}")) {}
            }
        }
    }
}

/// Returns where the next build begins: at what is kept of one that was cut short.
fn from(build: &BuildStatus) -> String {
    match build.progress.done {
        0 => "begins again".to_owned(),
        kept => format!("goes on at {} of {}", text::count(kept), text::count(build.progress.total)),
    }
}

/// Returns what is checked and caught up with has been made.
fn done(build: &BuildStatus) -> u64 {
    match build.progress.phase {
        Phase::Waiting => 0,
        Phase::Documents => build.progress.done,
        _ => build.progress.total.max(1),
    }
}
