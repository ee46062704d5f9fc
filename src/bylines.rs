//! `morgue bylines`: who wrote how much and when, and the bylines that may be one person.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::Serialize;
use store::{AssetId, AssetKind, AssetRef, Byline, Content, Snapshot};

use crate::{
    archive::Archive,
    terminal::{Outcome, Terminal, count},
};

const EXAMPLES: &str = "\
Examples:
  morgue bylines                       all of them, those with the most work first
  morgue bylines --similar             pairs that may be one person
  morgue merge b/n-vance b/nora-vance --reason 'the same handwriting'";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// List pairs whose names agree: the same letters, the same family name with given names or initials that fit, or a
    /// name that is among the other's former ones.
    #[arg(long)]
    similar: bool,
    /// Show so many, those with the most work first.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

/// The bylines that are read at once.
const PAGE: usize = 1_000;
/// The bylines of one family name that are compared with each other: their pairs are their square.
const MAX_FAMILY: usize = 2_000;

/// A byline, what it wrote, and what its names are made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Author {
    id: AssetId,
    name: String,
    articles: u64,
    images: u64,
    first: Option<String>,
    last: Option<String>,
    /// Each of its names in words, the family name last.
    #[serde(skip)]
    names: Vec<Vec<String>>,
}

pub(crate) fn run(archive: &Archive, args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let snapshot = archive.existing_log()?.snapshot()?;
    let mut authors = authors(&snapshot)?;
    if !args.similar {
        authors.sort_by_key(|author| (std::cmp::Reverse(author.articles), author.id.clone()));
        return list(authors, args.limit, terminal);
    }
    let (mut pairs, crowded) = similar(&authors);
    pairs.sort_by_key(|(a, b)| (std::cmp::Reverse(a.articles + b.articles), a.id.clone(), b.id.clone()));
    let left_out = pairs.len().saturating_sub(args.limit);
    pairs.truncate(args.limit);
    if terminal.is_json() {
        let pairs: Vec<[&Author; 2]> = pairs.iter().map(|(a, b)| [*a, *b]).collect();
        terminal.json(&serde_json::json!({"pairs": pairs, "left_out": left_out, "not_compared": crowded}))?;
        return Ok(Outcome::Done);
    }
    terminal.say(format!(
        "{} of {}",
        count(pairs.len() as u64, "pair"),
        count(authors.len() as u64, "byline")
    ))?;
    for (a, b) in &pairs {
        terminal.say(format!("\n{}\n{}", told(a), told(b)))?;
    }
    if left_out > 0 {
        terminal.say(format!("\n{left_out} more: --limit shows them"))?;
    }
    for family in crowded {
        terminal
            .note(format!("more than {MAX_FAMILY} bylines are called {family}: only so many were compared"));
    }
    Ok(Outcome::Done)
}

fn list(mut authors: Vec<Author>, limit: usize, terminal: &Terminal) -> Result<Outcome> {
    let left_out = authors.len().saturating_sub(limit);
    authors.truncate(limit);
    if terminal.is_json() {
        terminal.json(&serde_json::json!({"bylines": authors, "left_out": left_out}))?;
        return Ok(Outcome::Done);
    }
    for author in &authors {
        terminal.say(told(author))?;
    }
    if left_out > 0 {
        terminal.say(format!("\n{left_out} more: --limit shows them"))?;
    }
    Ok(Outcome::Done)
}

fn told(author: &Author) -> String {
    let Author { id, name, articles, images, first, last, .. } = author;
    let years = match (first, last) {
        (Some(first), Some(last)) if first == last => format!(", {first}"),
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        _ => String::new(),
    };
    format!("{id}  {name}: {}, {}{years}", count(*articles, "article"), count(*images, "image"))
}

/// Returns all bylines that readers see.
fn authors(snapshot: &Snapshot) -> Result<Vec<Author>> {
    let (mut authors, mut after) = (Vec::new(), None);
    loop {
        let page = snapshot.assets(AssetKind::Byline, after.as_ref(), PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(authors) };
        after = Some(last.clone());
        for (id, _) in page {
            let asset = AssetRef::new(AssetKind::Byline, id.clone());
            let Some(live) = snapshot.live(&asset)? else { continue };
            let Content::Byline(byline) = live.content else { continue };
            let work = snapshot.work(&asset)?;
            let year = |date: Option<store::ArchiveDate>| date.map(|date| date.year().to_string());
            authors.push(Author {
                id,
                names: names(&byline),
                name: byline.name,
                articles: work.articles,
                images: work.images,
                first: year(work.first),
                last: year(work.last),
            });
        }
    }
}

/// Returns the names of a byline, the present one first, in words.
fn names(byline: &Byline) -> Vec<Vec<String>> {
    let all = std::iter::once(&byline.name).chain(&byline.also_known_as);
    all.map(|name| in_words(name)).filter(|words| !words.is_empty()).collect()
}

/// Returns a name in words as they are compared: without case and signs, the family name last, `Vance, Nora` as well.
fn in_words(name: &str) -> Vec<String> {
    let turned = match name.split_once(',') {
        Some((family, given)) => format!("{given} {family}"),
        None => name.to_owned(),
    };
    let lower = turned.to_lowercase();
    let words = lower.split(|sign: char| !sign.is_alphanumeric() && sign != '\'');
    let mut words: Vec<String> = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
    if words.first().is_some_and(|word| word == "by") {
        words.remove(0);
    }
    words
}

/// Returns the pairs that may be one person, and the family names that are too many to compare all.
fn similar(authors: &[Author]) -> (Vec<(&Author, &Author)>, Vec<String>) {
    let mut families: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (at, author) in authors.iter().enumerate() {
        for family in author.names.iter().filter_map(|name| name.last()).map(String::as_str) {
            families.entry(family).or_default().insert(at);
        }
    }
    let (mut found, mut crowded) = (BTreeSet::new(), Vec::new());
    for (family, members) in families {
        if members.len() > MAX_FAMILY {
            crowded.push(family.to_owned());
        }
        let members: Vec<usize> = members.into_iter().take(MAX_FAMILY).collect();
        for (at, a) in members.iter().enumerate() {
            for b in members.iter().skip(at + 1) {
                let (Some(one), Some(other)) = (authors.get(*a), authors.get(*b)) else { continue };
                if may_be_one(one, other) {
                    found.insert((*a, *b));
                }
            }
        }
    }
    let pair = |(a, b): (usize, usize)| Some((authors.get(a)?, authors.get(b)?));
    (found.into_iter().filter_map(pair).collect(), crowded)
}

fn may_be_one(a: &Author, b: &Author) -> bool {
    a.names.iter().any(|one| b.names.iter().any(|other| fit(one, other)))
}

/// Returns true if two names may be of one person: the family names are the same, and of the given names one is a beginning of
/// the other's, initials for names included.
fn fit(one: &[String], other: &[String]) -> bool {
    let (Some((family, given)), Some((other_family, other_given))) = (one.split_last(), other.split_last())
    else {
        return false;
    };
    let alike = |a: &String, b: &String| {
        let is_initial = |word: &str| word.chars().count() == 1;
        a == b || is_initial(a) && b.starts_with(a.as_str()) || is_initial(b) && a.starts_with(b.as_str())
    };
    // A family name alone is everybody's.
    family == other_family
        && given.is_empty() == other_given.is_empty()
        && given.iter().zip(other_given).all(|(a, b)| alike(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_may_be_of_one_person() {
        let check = |one: &str, other: &str, expected: bool| {
            assert_eq!(fit(&in_words(one), &in_words(other)), expected, "{one} / {other}");
            assert_eq!(fit(&in_words(other), &in_words(one)), expected, "{other} / {one}");
        };
        check("Nora Vance", "N. Vance", true);
        check("Nora Vance", "By NORA VANCE", true);
        check("Vance, Nora", "Nora Vance", true);
        check("Nora Mary Vance", "Nora Vance", true);
        check("N. M. Vance", "Nora Mary Vance", true);
        check("N.M. Vance", "Nora Mary Vance", true);
        check("Nora Vance", "Tom Vance", false);
        check("Nora Vance", "Nell Vance", false);
        check("Nora Vance", "Vance", false);
        check("Reuters", "REUTERS", true);
        check("Nora Vance", "Nora Pell", false);
        check("", "", false);
    }
}
