//! Printed credits, taken apart: `By JOHN H. CRIDER and ANNE O'HARE McCORMICK; Special to The Herald`, and names as
//! catalogues write them: `García Márquez, Gabriel`.
//!
//! Names that a source gives one by one do not come here: they are [`crate::names`]'.

mod order;
#[cfg(test)]
mod tests;
mod words;

use store::{Byline, MAX_REFERENCES};

use crate::{html, names};

/// Longer texts are no credits.
const MAX_CREDIT: usize = 2_000;

/// Returns the people and organisations that a credit names, in its order, each once. An organisation beside people
/// (`By A, Associated Press`) is where they work, and not taken as an author.
pub(crate) fn parse(credit: &str) -> Vec<Byline> {
    if credit.len() > MAX_CREDIT {
        return Vec::new();
    }
    let credit = html::unescape(credit);
    let credit = names::composed(&credit);
    let (whole, opened) = opened(credit.trim());
    if is_firm(whole) || (is_body(whole) && !whole.contains([',', ';'])) {
        return vec![organisation(whole)];
    }
    let mut found: Vec<Byline> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    let statements = whole.split([';', '；', '\n', '\r']).flat_map(labelled);
    for (at, statement) in statements.map(str::trim).enumerate() {
        let pictures = words::OF_PICTURES.iter().any(|opening| starts(statement, opening));
        if pictures && !found.is_empty() {
            continue;
        }
        let (statement, inner) = self::opened(unlabelled(statement));
        let printed = (opened && at == 0) || inner;
        for person in order::names(&who(statement), printed) {
            add(person, &mut found, &mut others);
        }
    }
    if found.is_empty() {
        found.extend(others.iter().map(|name| organisation(name)));
    }
    let mut seen = Vec::new();
    found.retain(|byline| {
        let new = !seen.contains(&byline.name);
        seen.push(byline.name.clone());
        new
    });
    found.truncate(MAX_REFERENCES);
    found
}

/// Parts a statement where another begins with what somebody did: `Text: Jane Roe, Fotos: Tom Hale`.
fn labelled(statement: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(statement);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let next = text.match_indices(',').map(|(at, _)| at);
        let next = next.into_iter().find(|at| {
            let after = text.get(at + 1..).unwrap_or_default();
            unlabelled(after.trim_start()).len() < after.trim_start().len()
        });
        let Some(at) = next else { return Some(text) };
        rest = text.get(at + 1..);
        text.get(..at)
    })
}

/// Returns a statement without the one word before a colon that says what somebody did: `Interview: Jane Roe`.
fn unlabelled(statement: &str) -> &str {
    match statement.split_once(':') {
        Some((label, rest))
            if label.trim_end().chars().all(|c| c.is_alphabetic() || c == '-')
                && rest.starts_with(char::is_whitespace) =>
        {
            rest.trim_start()
        }
        _ => statement,
    }
}

/// Returns the person or organisation of this name, which the source gives alone: nothing in it is to be parted.
pub(crate) fn one(name: &str) -> Byline {
    let name = html::unescape(name);
    let name = names::composed(name.trim());
    if name.contains('@') && !name.contains(' ') {
        return Byline::default();
    }
    if is_firm(&name) || is_organisation(&name) {
        organisation(&name)
    } else {
        names::person(&names::cased(&name))
    }
}

/// Returns the person or organisation of this name in a list, where one entry is one name, whichever part of it stands
/// first.
pub(crate) fn listed(name: &str) -> Byline {
    match parse(name).as_slice() {
        [person] if name.contains(',') => person.clone(),
        _ => one(name),
    }
}

/// Adds what one part of a credit names: a person, what the person before is, or an organisation.
fn add(part: order::Part, found: &mut Vec<Byline>, others: &mut Vec<String>) {
    let shown = part.shown();
    if !is_name(&shown) {
        return;
    }
    let last = last_word(&shown);
    if !part.inverted && words::ROLES.contains(&last.as_str()) {
        match found.last_mut() {
            Some(person) if person.title.is_empty() => person.title = shown,
            Some(_) => {}
            None => others.push(shown),
        }
    } else if is_organisation(&shown) {
        others.push(shown);
    } else {
        found.push(part.person());
    }
}

fn organisation(name: &str) -> Byline {
    let name = names::cased(name);
    Byline { organization: name.clone(), name, ..Byline::default() }
}

fn starts(text: &str, opening: &str) -> bool {
    text.get(..opening.len()).is_some_and(|start| start.eq_ignore_ascii_case(opening))
}

/// Returns the credit without what it opens with, and whether it opened so.
fn opened(credit: &str) -> (&str, bool) {
    let mut text = credit;
    while let Some(opening) = words::OPENINGS.iter().find(|opening| starts(text, opening)) {
        text = text.get(opening.len()..).unwrap_or("").trim_start();
    }
    // `Von Hans Müller` says who wrote, `Von Trapp` is a name.
    if let Some(opening) = words::OPENINGS_OR_NAMES.iter().find(|opening| starts(text, opening)) {
        let rest = text.get(opening.len()..).unwrap_or("").trim_start();
        let mut named = rest.split([',', ';']).next().unwrap_or("").split_whitespace();
        let particle = named.next().is_some_and(|word| names::is_particle(&word.to_lowercase()));
        if named.next().is_some() && !particle {
            text = rest;
        }
    }
    (text, text.len() < credit.len())
}

/// Returns the part of a statement that tells who: without addresses of mail, what stands in brackets, places and
/// papers.
fn who(statement: &str) -> String {
    let mut text = without_brackets(statement);
    // ASCII lower case keeps the length, so the places found in it are places of the text.
    let lower = text.to_ascii_lowercase();
    if let Some(end) = words::ENDINGS.iter().filter_map(|ending| lower.find(ending)).min() {
        text.truncate(end);
    }
    if words::ENDINGS.iter().any(|ending| starts(&lower, ending.trim_start())) {
        return String::new();
    }
    without_places(&text)
}

/// Returns a text without the places that names are from: `Jane Roe in London and Tom Hale in New York`.
fn without_places(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut named = 0;
    let mut in_place = false;
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let ends = word.ends_with([',', '/', '&']) || matches!(word, "and" | "und" | "et");
        if in_place && !ends && word.starts_with(char::is_uppercase) {
            continue;
        }
        let place = words.peek().is_some_and(|next| next.starts_with(char::is_uppercase));
        if named >= 2 && place && words::BEFORE_PLACES.contains(&word) {
            in_place = true;
            continue;
        }
        if in_place && word.ends_with(',') {
            kept.push(",");
        } else {
            kept.push(word);
        }
        in_place = false;
        named = if ends { 0 } else { named + 1 };
    }
    kept.join(" ")
}

/// Returns a text without what stands in brackets, unless nothing else is there or it is the name beside an address of
/// mail: `Jane Roe (Quay Post)`, `jane@quay.example (Jane Roe)`, `Jane Roe <jane@quay.example>`.
fn without_brackets(text: &str) -> String {
    let mut outside = String::new();
    let mut inside = String::new();
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '(' | '<' | '[' => depth += 1,
            ')' | '>' | ']' => depth = depth.saturating_sub(1),
            c if depth == 0 => outside.push(c),
            c => inside.push(c),
        }
    }
    let words: Vec<&str> = outside.split_whitespace().filter(|word| !word.contains('@')).collect();
    let addressed = words.len() < outside.split_whitespace().count();
    match (words.is_empty(), addressed) {
        (false, _) => words.join(" "),
        (true, _) if !inside.trim().is_empty() && !inside.contains('@') => inside,
        (true, true) => of_address(&outside),
        (true, false) => of_address(&inside),
    }
}

/// Returns the name that an address of mail is made of: of `jane.roe@quay.example`, `Jane Roe`; nothing of
/// `desk@quay.example`.
fn of_address(address: &str) -> String {
    let local = address.trim().trim_start_matches("mailto:").split('@').next().unwrap_or("");
    let words: Vec<&str> = local.split(['.', '_']).filter(|word| !word.is_empty()).collect();
    let name = words.iter().all(|word| word.chars().all(|c| c.is_alphabetic() || c == '-'));
    if address.contains('@') && words.len() > 1 && name {
        names::cased(&words.join(" ").to_lowercase())
    } else {
        String::new()
    }
}

fn last_word(text: &str) -> String {
    let last = text.split_whitespace().next_back().unwrap_or("");
    last.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// Returns true for the name of a firm, which `and` and commas may join: `Marks, Spencer and Company`.
fn is_firm(text: &str) -> bool {
    let count = text.split_whitespace().count();
    (2..=8).contains(&count) && !text.contains(';') && words::FIRMS.contains(&last_word(text).as_str())
}

fn is_name(text: &str) -> bool {
    let count = text.split_whitespace().count();
    let plain = text.trim_end_matches('.').to_lowercase();
    let digits = |word: &str| word.chars().any(|c| c.is_ascii_digit());
    (1..=8).contains(&count)
        && text.chars().count() >= 2
        && text.len() <= 120
        && text.chars().any(char::is_alphabetic)
        && !text.chars().any(|c| matches!(c, '@' | '<' | '>' | '=' | '{' | '}'))
        && !text
            .split_whitespace()
            .any(|word| digits(word) && !words::SUFFIXES.contains(&word.to_lowercase().as_str()))
        && !words::NOBODY.contains(&plain.as_str())
}

/// Returns true for a body that is named by what it is for: `Department of Health and Human Services`.
fn is_body(name: &str) -> bool {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    words.windows(2).any(|pair| match pair {
        [body, of] => words::BODIES.contains(&body.as_str()) && matches!(of.as_str(), "of" | "for" | "on"),
        _ => false,
    })
}

fn is_organisation(name: &str) -> bool {
    if is_body(name) {
        return true;
    }
    name.split_whitespace().any(|word| {
        let word = word.to_lowercase();
        words::ORGANISATIONS.contains(&word.trim_matches(|c: char| !c.is_alphanumeric()))
    })
}
