//! The authors of an item: people named one by one, and printed credits.

use super::{Feed, entry::Taken};
use crate::{credits, names, nested::Nested, xml::Element};

/// Gives an item its authors; where it names nobody, those of its source, or else of its feed.
pub(super) fn add(nested: &mut Nested, taken: &mut Taken<'_>, feed: &Feed) {
    let item = taken.item;
    let mut credit: Vec<String> = Vec::new();
    for author in item.elements().filter(|child| is_author(&child.name)) {
        // Addresses of people are theirs; what else is said of them is kept.
        let shown = one(nested, author);
        let all = author.elements().all(|child| matches!(child.name.as_str(), "name" | "uri" | "email"));
        if all && (!shown.is_empty() || author.text().contains('@')) {
            taken.used(author);
        }
        if !shown.is_empty() && !credit.contains(&shown) {
            credit.push(shown);
        }
    }
    if credit.is_empty() {
        let source = item.own("source").and_then(|source| source.at("author"));
        credit.push(match source {
            Some(author) => one(nested, author),
            None => {
                nested.person(&feed.author);
                feed.author.clone()
            }
        });
    }
    nested.article.credit = credit.join(", ");
}

fn is_author(name: &str) -> bool {
    matches!(
        name,
        "author"
            | "contributor"
            | "dc:creator"
            | "dc:contributor"
            | "creator"
            | "atom:author"
            | "atom:contributor"
    )
}

/// Takes one author's element; returns the name as it is printed.
fn one(nested: &mut Nested, author: &Element) -> String {
    if let Some(name) = author.at("name") {
        // A person construct of Atom (section 3.2) names one person, and nothing is to be guessed.
        let name = name.text();
        let uri = author.text_at("uri");
        nested.person_with(&name, |byline| byline.url = uri);
        return name;
    }
    let printed = author.text();
    let people = credits::parse(&printed);
    let names: Vec<String> = people.iter().map(|person| person.name.clone()).collect();
    for person in people {
        if let Some(id) = names::byline_id(&person.name) {
            nested.byline(id, person);
        }
    }
    // An address is no credit.
    if printed.contains('@') { names.join(", ") } else { printed }
}
