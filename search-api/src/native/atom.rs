//! Hits as an Atom feed (RFC 4287).

use query::Hit;
use search::cite::web_link;
use serde_json::{Map, Value};
use store::{ArchiveDate, AssetKind, Log, Timestamp};

use crate::{door::error::RequestError, links};

/// The head of a feed.
pub(crate) struct Feed {
    pub(crate) title: String,
    /// The archive's name: who answers for the feed.
    pub(crate) archive: String,
    /// The address of the feed itself; its id, too.
    pub(crate) address: String,
    /// The page that shows the same.
    pub(crate) alternate: String,
    pub(crate) next: Option<String>,
    /// The beginning of addresses.
    pub(crate) origin: String,
}

/// The feed of these hits. `updated` is when the log took the revision that a hit shows.
pub(crate) fn write(feed: &Feed, hits: &[Hit], log: &Log) -> Result<String, RequestError> {
    let snapshot = log.snapshot()?;
    let mut entries = String::new();
    let mut newest = None;
    for hit in hits {
        let recorded = snapshot.event(hit.seq)?.recorded;
        newest = newest.max(Some(recorded));
        entries.push_str(&entry(feed, hit, recorded));
    }
    let last = || Ok::<_, RequestError>(snapshot.event(snapshot.seq())?.recorded);
    let updated = match newest {
        Some(newest) => newest,
        None if snapshot.seq() == store::Seq::ZERO => Timestamp::now(),
        None => last()?,
    };
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    text.push_str("<feed xmlns=\"http://www.w3.org/2005/Atom\">\n");
    element(&mut text, "id", &feed.address);
    element(&mut text, "title", &feed.title);
    element(&mut text, "updated", &updated.to_string());
    text.push_str("<author>");
    element(&mut text, "name", &feed.archive);
    text.push_str("</author>\n");
    link(&mut text, "self", "application/atom+xml", &feed.address);
    link(&mut text, "alternate", "text/html", &feed.alternate);
    if let Some(next) = &feed.next {
        link(&mut text, "next", "application/atom+xml", next);
    }
    text.push_str(&entries);
    text.push_str("</feed>\n");
    Ok(text)
}

fn entry(feed: &Feed, hit: &Hit, recorded: Timestamp) -> String {
    let document = &hit.document;
    let [title, summary, date] = match hit.kind {
        AssetKind::Article => ["headline", "summary", "published"],
        AssetKind::Image => ["caption", "alt", "taken"],
        AssetKind::Byline => ["name", "bio", "first_published"],
    };
    let address = format!("{}{}", feed.origin, links::asset(hit.kind, &hit.id));
    let mut text = String::from("<entry>\n");
    element(&mut text, "id", if is_uri(hit.id.as_str()) { hit.id.as_str() } else { &address });
    let title = [title, "summary", "alt"].into_iter().find_map(|name| said(document, name));
    element(&mut text, "title", title.unwrap_or(hit.id.as_str()));
    element(&mut text, "updated", &recorded.to_string());
    let published = said(document, date).and_then(|date| date.parse::<ArchiveDate>().ok());
    // RFC 3339 has the years 0 to 9999.
    if let Some(published) =
        published.map(|date| date.start().to_string()).filter(|text| !text.starts_with('-'))
    {
        element(&mut text, "published", &published);
    }
    link(&mut text, "alternate", "text/html", &address);
    if let Some(original) = said(document, "url").and_then(web_link) {
        link(&mut text, "via", "text/html", original);
    }
    let mut authors: Vec<&str> = names_in(document.get("bylines"));
    authors.extend(document.get("photographer").and_then(|one| one.get("name")).and_then(Value::as_str));
    for author in authors {
        text.push_str("<author>");
        element(&mut text, "name", author);
        text.push_str("</author>\n");
    }
    for (name, label) in [("section", "section"), ("type", "type")] {
        if let Some(term) = said(document, name) {
            text.push_str(&format!("<category term=\"{}\" label=\"{label}\"/>\n", escaped(term)));
        }
    }
    let summary = said(document, summary).or_else(|| said(document, "body"));
    if let Some(summary) = summary {
        let beginning: String = summary.chars().take(MAX_SUMMARY).collect();
        let more = if beginning.len() < summary.len() { "…" } else { "" };
        element(&mut text, "summary", &format!("{beginning}{more}"));
    }
    text.push_str("</entry>\n");
    text
}

/// So many characters of a text stand for it.
const MAX_SUMMARY: usize = 400;

fn said<'a>(document: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    document.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn names_in(list: Option<&Value>) -> Vec<&str> {
    let all = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(|one| one.get("name")?.as_str()).filter(|name| !name.is_empty()).collect()
}

/// Returns true if an id is a URI by itself, which an Atom id must be.
fn is_uri(id: &str) -> bool {
    let Some((scheme, rest)) = id.split_once("://") else { return false };
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        && !rest.is_empty()
        && rest.chars().all(fits)
}

fn element(to: &mut String, name: &str, text: &str) {
    to.push_str(&format!("<{name}>{}</{name}>\n", escaped(text)));
}

fn link(to: &mut String, rel: &str, media: &str, href: &str) {
    to.push_str(&format!("<link rel=\"{rel}\" type=\"{media}\" href=\"{}\"/>\n", escaped(href)));
}

/// Returns what XML takes for text, in elements and in attributes: the rest of Unicode that XML 1.0 has no place for
/// (<https://www.w3.org/TR/xml/#charsets>) is left out.
fn escaped(text: &str) -> String {
    let mut to = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '"' => to.push_str("&quot;"),
            '\t' | '\n' => to.push(c),
            '\r' => to.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            c if u32::from(c) < 0x20 => {}
            c => to.push(c),
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_uris_are_known() {
        assert!(is_uri("nyt://article/0c66"));
        assert!(!is_uri("a/1"));
        assert!(!is_uri("nyt://a b"));
        assert!(!is_uri("://x"));
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(escaped("<a href=\"x\">&\u{0}\u{b}\r\n"), "&lt;a href=&quot;x&quot;&gt;&amp; \n");
    }
}
