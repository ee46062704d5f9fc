//! The chart over the hits: when they ran. Its bars are links; a script lets a range be dragged.

use maud::{Markup, html};

use super::{
    address::Address,
    charts, text,
    timeline::{Group, Timeline, Unit},
};

/// Below so many groups every label has room.
const ALL_LABELS: usize = 19;

pub(super) fn chart(address: &Address, timeline: &Timeline) -> Markup {
    let (unit, groups) = timeline.groups();
    let bins = timeline.bins.len();
    let is_narrowed = !address.from.is_empty() || !address.to.is_empty();
    let step = groups.len().div_ceil(ALL_LABELS).max(1);
    html! {
        section.timeline aria-label="When they ran" {
            svg.chart width="100%" height="108" data-unit=(timeline.unit.name()) data-start=(timeline.start)
                data-bins=(bins) role="group" aria-label=(format!("Bars by {}, each a link", unit.name())) {
                svg.area x="0" y="0" width="100%" height="84" viewBox=(format!("0 0 {bins} 100")) preserveAspectRatio="none" aria-hidden="true" {
                    path d=(charts::outline(&timeline.bins)) {}
                }
                line.ground x1="0" x2="100%" y1="84.5" y2="84.5" {}
                @for (number, group) in groups.iter().enumerate() {
                    @let next = groups.get(number + 1).map_or(0, |next| next.bins);
                    @let label = (number % step == 0 && (number > 0 || group.bins * 2 >= next)).then_some(number / step);
                    (bar(address, unit, group, bins, label))
                }
            }
            @if is_narrowed { p.wider { a href=(address.between("", "").href()) rel="nofollow" { "All years" } } }
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
            a href=(address.between(&from, &to).href()) rel="nofollow" aria-label=(label) {
                title { (label) }
                rect.touch x=(x) y="0" width=(width) height="100%" {}
            }
        }
        @if let Some(number) = label_number {
            text.(dropped(number)) x=(x) y="102" aria-hidden="true" { (unit.short_label(group.date)) }
        }
    }
}

/// On what widths a label gives way to its neighbours.
fn dropped(number: usize) -> &'static str {
    match number % 4 {
        0 => "kept",
        2 => "not-on-phones",
        _ => "on-wide",
    }
}
