//! The chart over the hits: when they ran. Its bars are links; a script lets a range be dragged.

use jiff::civil::Date;
use maud::{Markup, html};

use super::{
    address::Address,
    charts, text,
    timeline::{Group, Timeline, Unit},
};

/// Below so many groups every label has room.
const ALL_LABELS: usize = 19;

/// So many labels have room on a phone, too.
const FEW_LABELS: usize = 6;

pub(super) fn chart(address: &Address, timeline: &Timeline) -> Markup {
    let (unit, groups) = timeline.groups();
    let bins = timeline.bins.len();
    let is_narrowed = !address.from.is_empty() || !address.to.is_empty();
    let step = groups.len().div_ceil(ALL_LABELS).max(1);
    let are_few = groups.len() <= FEW_LABELS;
    html! {
        section.timeline aria-label="When they ran" {
            div.above {
                @if is_narrowed { (way(address)) }
                @if let Some((date, most)) = timeline.peak() {
                    p.scale { "Most: " (text::count(most)) @if timeline.unit == Unit::Day { " on " } @else { " in " } (timeline.unit.label(date)) }
                }
            }
            svg.chart width="100%" height="108" data-unit=(timeline.unit.name()) data-start=(timeline.start)
                data-bins=(bins) role="group" aria-label=(format!("Bars by {}, each a link", unit.name())) {
                svg.area x="0" y="0" width="100%" height="84" viewBox=(format!("0 0 {bins} 100")) preserveAspectRatio="none" aria-hidden="true" {
                    path d=(charts::outline(&timeline.bins)) {}
                }
                line.ground x1="0" x2="100%" y1="84.5" y2="84.5" {}
                @for (number, group) in groups.iter().enumerate() {
                    @let next = groups.get(number + 1).map_or(0, |next| next.bins);
                    @let has_room = (number > 0 || group.bins * 2 >= next) && group.first * 100 < bins * 97;
                    @let label = (number % step == 0 && has_room).then_some(if are_few { 0 } else { number / step });
                    (bar(address, unit, group, bins, label))
                }
            }
            (strays(address, timeline))
        }
    }
}

/// Renders the place of the search in time: the way out, step by step, and the periods before and after.
fn way(address: &Address) -> Markup {
    let to = |unit: Unit, date: Date| {
        let (from, to) = unit.bounds(unit.floor(date));
        address.between(&from, &to).href()
    };
    html! {
        nav.way aria-label="Period" {
            a href=(address.between("", "").href()) rel="nofollow" { "All years" }
            @if let Some((unit, date)) = Unit::of(&address.from, &address.to) {
                @for outer in unit.around() { a href=(to(*outer, date)) rel="nofollow" { (outer.label(outer.floor(date))) } }
                span.now aria-current="true" { (unit.label(date)) }
                @let before = date.yesterday().ok();
                @for (rel, sign, date) in [("prev", "← ", before), ("next", "→ ", unit.next(date))] {
                    @if let Some(date) = date {
                        a.beside rel=(format!("{rel} nofollow")) href=(to(unit, date)) { span aria-hidden="true" { (sign) } (unit.label(unit.floor(date))) }
                    }
                }
            }
        }
    }
}

/// Renders the hits so far from all others that their dates may be wrong: told, not drawn.
fn strays(address: &Address, timeline: &Timeline) -> Markup {
    let (before, after) = timeline.outside;
    let year = timeline.start.year();
    let years_before = address.between("", &format!("{:04}", year.saturating_sub(1)));
    let end = timeline.end();
    let years_after = end.map(|end| address.between(&format!("{:04}", end.year().saturating_add(1)), ""));
    html! {
        @if before > 0 || after > 0 {
            p.strays {
                @if before > 0 { a href=(years_before.href()) rel="nofollow" { (text::count(before)) " before " (year) } }
                @if let (true, Some(years_after), Some(end)) = (after > 0, years_after, end) {
                    a href=(years_after.href()) rel="nofollow" { (text::count(after)) " after " (end.year()) }
                }
            }
        }
    }
}

fn bar(address: &Address, unit: Unit, group: &Group, bins: usize, label_number: Option<usize>) -> Markup {
    let percent = |part: usize| format!("{:.3}%", part as f64 * 100.0 / bins as f64);
    let (x, width) = (percent(group.first), percent(group.bins));
    let (from, to) = unit.bounds(group.date);
    let label = format!("{}: {}", unit.label(group.date), text::counted(group.count, "hit", "hits"));
    html! {
        @if group.count > 0 {
            a href=(address.between(&from, &to).href()) rel="nofollow" {
                title { (label) }
                rect x=(x) y="0" width=(width) height="100%" {}
            }
        }
        @if let Some(number) = label_number {
            text.(dropped(number, group.first * 100 > bins * 88)) x=(x) y="102" aria-hidden="true" { (unit.short_label(group.date)) }
        }
    }
}

/// On what widths a label gives way to its neighbours.
fn dropped(number: usize, is_at_end: bool) -> &'static str {
    match number % 4 {
        0 if !is_at_end => "kept",
        0 | 2 => "not-on-phones",
        _ => "on-wide",
    }
}
