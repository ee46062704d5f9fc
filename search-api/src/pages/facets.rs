//! What a search can be narrowed by, and what it is narrowed by now.

use maud::{Markup, html};

use super::{
    address::{Address, Facet},
    text,
    timeline::{Timeline, Unit},
};

/// So many values of a facet are shown at once; the others are behind "more".
const SHOWN: usize = 7;

/// The column of facets.
pub(super) fn column(
    address: &Address,
    facets: &[(&'static Facet, Vec<(String, u64)>)],
    timeline: Option<&Timeline>,
) -> Markup {
    html! {
        aside.narrow #narrow aria-labelledby="narrow-title" {
            h2 #narrow-title { "Narrow the search" }
            (dates(address))
            @if let Some(timeline) = timeline { (years(address, timeline)) }
            @for (facet, values) in facets {
                @if values.len() > 1 || values.iter().any(|(value, _)| address.has(facet.name, value)) {
                    section.facet aria-labelledby=(format!("facet-{}", facet.name)) {
                        h3 id=(format!("facet-{}", facet.name)) { (facet.label) }
                        (list(address, facet, values))
                    }
                }
            }
        }
    }
}

fn list(address: &Address, facet: &Facet, values: &[(String, u64)]) -> Markup {
    let (first, others) = values.split_at(values.len().min(SHOWN));
    html! {
        ul { @for value in first { (item(address, facet, value)) } }
        @if !others.is_empty() {
            details {
                summary { (others.len()) " more" span.hidden { " of " (facet.label) } }
                ul { @for value in others { (item(address, facet, value)) } }
            }
        }
    }
}

fn item(address: &Address, facet: &Facet, (value, count): &(String, u64)) -> Markup {
    let is_chosen = address.has(facet.name, value);
    let href =
        if is_chosen { address.without(facet.name, value) } else { address.with(facet.name, value) }.href();
    html! {
        li class=[is_chosen.then_some("chosen")] {
            a href=(href) rel="nofollow" {
                @if is_chosen { span.hidden { "Take off: " } }
                span.value { (shown(facet.name, value)) }
                " " span.number { (text::count(*count)) }
            }
        }
    }
}

fn shown<'a>(facet: &str, value: &'a str) -> std::borrow::Cow<'a, str> {
    match facet {
        "language" => text::language_name(value).into(),
        "type" => text::capital(value).into(),
        _ => value.into(),
    }
}

/// The same as the chart says, as text: decades, years, months or days with their counts.
fn years(address: &Address, timeline: &Timeline) -> Markup {
    let (unit, groups) = timeline.groups();
    let filled: Vec<_> = groups.iter().filter(|group| group.count > 0).collect();
    html! {
        @if filled.len() > 1 {
            section.facet aria-labelledby="facet-periods" {
                h3 #facet-periods { (text::capital(unit.name())) }
                details {
                    summary { (filled.len()) " " @if unit == Unit::Century { "centuries" } @else { (unit.name()) "s" } }
                    ul {
                        @for group in filled {
                            @let (from, to) = unit.bounds(group.date);
                            li {
                                a href=(address.between(&from, &to).href()) rel="nofollow" {
                                    span.value { (unit.label(group.date)) } " " span.number { (text::count(group.count)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The range as two fields: for the keyboard, and for exact days.
fn dates(address: &Address) -> Markup {
    html! {
        form.dates action="/" method="get" {
            (address.hidden_inputs(&["from", "to"]))
            fieldset {
                legend { "Dates" }
                p { label for="from" { "From" } input #from name="from" value=(address.from) size="10" maxlength="40" placeholder="1912" autocomplete="off"; }
                p { label for="to" { "To" } input #to name="to" value=(address.to) size="10" maxlength="40" placeholder="1914" autocomplete="off"; }
                button type="submit" { "Apply" }
            }
        }
    }
}

/// What the search is narrowed by now, each to be taken off.
pub(super) fn chosen(address: &Address) -> Markup {
    let range = match (address.from.as_str(), address.to.as_str()) {
        ("", "") => None,
        (from, "") => Some(format!("from {from}")),
        ("", to) => Some(format!("to {to}")),
        (from, to) if from == to => Some(from.to_owned()),
        (from, to) => Some(format!("{from} to {to}")),
    };
    let as_of = &address.as_of;
    html! {
        @if range.is_some() || !address.facets.is_empty() || !as_of.is_empty() {
            ul.chosen aria-label="Narrowed by" {
                @if let Some(range) = range { (chip("Dates", &range, &address.between("", ""))) }
                @for (name, value) in &address.facets { (chip(&text::capital(name), &shown(name, value), &address.without(name, value))) }
                @if !as_of.is_empty() { (chip("As it stood", as_of, &address.but(|it| it.as_of.clear()))) }
            }
        }
    }
}

fn chip(label: &str, value: &str, without: &Address) -> Markup {
    html! {
        li {
            a href=(without.href()) rel="nofollow" {
                span.hidden { "Take off " } span.label { (label) } " " (value) span.off aria-hidden="true" { "×" }
            }
        }
    }
}
