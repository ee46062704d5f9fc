//! Facets: the values that a search can be narrowed by, and those it is narrowed by now.

use maud::{Markup, html};

use super::{address::Address, results::Values, text, timeline::Timeline};

/// The name of the facet of periods in addresses.
const PERIODS: &str = "periods";

/// The column of facets.
pub(super) fn column(address: &Address, facets: &[Values], timeline: Option<&Timeline>) -> Markup {
    html! {
        aside.narrow #narrow aria-labelledby="narrow-title" {
            h2 #narrow-title { "Narrow the search" }
            (dates(address))
            @if let Some(timeline) = timeline { (periods(address, timeline)) }
            @for Values { facet, counts, goes_on } in facets {
                @if counts.len() > 1 || counts.iter().any(|(value, _)| address.has(facet.name, value)) {
                    (section(address, facet.name, facet.label, &html! {
                        @for value in counts { (item(address, facet.name, value)) }
                    }, goes_on.then_some("More")))
                }
            }
        }
    }
}

/// A facet: its heading, its values, and the way to the others by this name.
fn section(address: &Address, name: &str, label: &str, items: &Markup, others: Option<&str>) -> Markup {
    let id = format!("facet-{name}");
    let unfolded =
        |name: &str| format!("{}#{id}", address.but(|it| name.clone_into(&mut it.unfolded)).href());
    html! {
        section.facet aria-labelledby=(id) {
            h3 id=(id) { (label) }
            ul { (items) }
            @if address.unfolded == name {
                p.more { a href=(unfolded("")) rel="nofollow" { "Fewer" span.hidden { " of " (label) } } }
            } @else if let Some(others) = others {
                p.more { a href=(unfolded(name)) rel="nofollow" { (others) span.hidden { " of " (label) } } }
            }
        }
    }
}

fn item(address: &Address, facet: &str, (value, count): &(String, u64)) -> Markup {
    let is_chosen = address.has(facet, value);
    let href = if is_chosen { address.without(facet, value) } else { address.with(facet, value) }.href();
    html! {
        li class=[is_chosen.then_some("chosen")] {
            a href=(href) rel="nofollow" {
                @if is_chosen { span.hidden { "Take off: " } }
                (shown(facet, value)) " " span { (text::count(*count)) }
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

/// Renders the chart's bins as text for those who ask: decades, years, months or days with their counts.
fn periods(address: &Address, timeline: &Timeline) -> Markup {
    let (unit, groups) = timeline.groups();
    let filled: Vec<_> = groups.iter().filter(|group| group.count > 0).collect();
    let is_unfolded = address.unfolded == PERIODS;
    let items = html! {
        @for group in filled.iter().filter(|_| is_unfolded) {
            @let (from, to) = unit.bounds(group.date);
            li {
                a href=(address.between(&from, &to).href()) rel="nofollow" {
                    (unit.label(group.date)) " " span { (text::count(group.count)) }
                }
            }
        }
    };
    html! {
        @if filled.len() > 1 { (section(address, PERIODS, &text::capital(unit.plural()), &items, Some("As a list"))) }
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

/// Renders the facets that the search is narrowed by now, each to be taken off.
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
