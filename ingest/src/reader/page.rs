//! A page of HTML: its JSON-LD, and what that does not say, by its `<meta>` and its text.

use serde_json::{Map, Value};

use super::{
    Reader,
    jsonld::{Graph, read_article, url_of},
    text_of as decoded,
};
use crate::{
    cut::{Cutter, Whole},
    dates, html,
    nested::{Nested, id_or, language},
    publicity,
    record::{Found, Origin, Raw, Reason},
};

/// A page of HTML, with JSON-LD or without.
pub(crate) struct Html;

impl Reader for Html {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Whole>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let page = decoded(&raw.bytes);
        let scripts: Vec<Value> = scripts(&page).into_iter().filter_map(loose_json).collect();
        let value = Value::Array(scripts);
        let graph = Graph::of(&value);
        let mut nested = Nested::default();
        let mut url = String::new();
        let article = graph.articles().into_iter().max_by_key(|article| text_len(article));
        if let Some(article) = article {
            url = url_of(article);
            nested = read_article(article.clone(), &graph);
        }
        let meta = Meta::of(&page);
        fill_from_page(&mut nested, &meta, &page);
        let link = meta.first(&["canonical", "og:url"]);
        for candidate in [link, url] {
            if candidate.contains("://") {
                nested.article.url = candidate;
                break;
            }
        }
        if nested.article.headline.is_empty() && nested.article.body.is_empty() {
            return Err(Reason::Content("there is neither a title nor a text in this page".to_owned()));
        }
        let id = id_or(&nested.article.url, || origin.stem.clone())?;
        let publicity = publicity::page(article, &meta.first(&["article:expiration_time"]));
        Ok(publicity.on(nested.finish(id)))
    }
}

fn text_len(article: &Map<String, Value>) -> usize {
    article.get("articleBody").and_then(Value::as_str).map_or(0, str::len)
}

/// The JSON-LD scripts of a page.
fn scripts(page: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find("<script") {
        rest = rest.get(at..).unwrap_or("");
        let Some(open) = rest.find('>') else { break };
        let (tag, after) = rest.split_at(open + 1);
        let end = after.find("</script").unwrap_or(after.len());
        if tag.contains("ld+json") {
            found.push(after.get(..end).unwrap_or("").trim());
        }
        rest = after.get(end..).unwrap_or("");
    }
    found
}

/// JSON as pages have it: in a comment or CDATA, with raw line breaks in its texts, with a `;` at its end.
fn loose_json(text: &str) -> Option<Value> {
    let text = text.trim().trim_start_matches("<!--").trim_end_matches("-->");
    let text = text.trim().trim_start_matches("//<![CDATA[").trim_start_matches("<![CDATA[");
    let text = text.trim_end_matches("//]]>").trim_end_matches("]]>").trim().trim_end_matches(';');
    serde_json::from_str(text).ok().or_else(|| {
        let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        serde_json::from_str(&flat).ok()
    })
}

/// What the head of a page says of it: `<meta>`, `<link rel>`, `<title>`.
struct Meta {
    entries: Vec<(String, String)>,
}

impl Meta {
    fn of(page: &str) -> Self {
        let mut entries = Vec::new();
        let mut rest = page;
        while let Some(at) = rest.find('<') {
            rest = rest.get(at..).unwrap_or("");
            let Some(end) = rest.find('>') else { break };
            let (tag, after) = rest.split_at(end + 1);
            let is =
                |name: &str| tag.get(1..=name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
            let get = |name: &str| html::attribute(tag, name).unwrap_or_default().trim().to_owned();
            if is("meta") {
                let name = ["property", "name", "itemprop"]
                    .iter()
                    .map(|name| get(name))
                    .find(|name| !name.is_empty());
                entries.push((name.unwrap_or_default().to_lowercase(), get("content")));
            } else if is("link") && get("rel") == "canonical" {
                entries.push(("canonical".to_owned(), get("href")));
            } else if is("title") {
                let text = after.get(..after.find("</").unwrap_or(after.len())).unwrap_or("");
                entries.push(("title".to_owned(), html::plain(text).text));
            } else if is("html") {
                entries.push(("lang".to_owned(), get("lang")));
            }
            rest = rest.get(1..).unwrap_or("");
            if entries.len() > 500 || is("body") {
                break;
            }
        }
        Self { entries }
    }

    fn first(&self, names: &[&str]) -> String {
        let find = |wanted: &&str| {
            self.entries
                .iter()
                .find(|(name, value)| name == wanted && !value.is_empty())
                .map(|(_, value)| value.clone())
        };
        names.iter().find_map(find).unwrap_or_default()
    }
}

/// What the JSON-LD of a page does not say, the page does.
fn fill_from_page(nested: &mut Nested, meta: &Meta, page: &str) {
    let article = &mut nested.article;
    let set = |field: &mut String, text: String| {
        if field.is_empty() {
            *field = text;
        }
    };
    set(&mut article.headline, meta.first(&["og:title", "twitter:title", "dc.title", "title"]));
    set(&mut article.summary, meta.first(&["description", "og:description", "dc.description"]));
    set(&mut article.section, meta.first(&["article:section"]));
    set(&mut article.source, meta.first(&["og:site_name", "publisher"]));
    set(&mut article.language, language(&meta.first(&["lang", "og:locale", "language"])));
    let date = |names: &[&str]| dates::parse(&meta.first(names));
    if article.published.is_none() {
        article.published =
            date(&["article:published_time", "datepublished", "date", "dc.date", "pubdate", "publish-date"]);
    }
    if article.updated.is_none() {
        article.updated = date(&["article:modified_time", "datemodified", "og:updated_time", "lastmod"]);
    }
    if article.body.is_empty() {
        article.body = main_text(page);
    }
    if article.bylines.is_empty() {
        let author = meta.first(&["author", "article:author", "dc.creator", "byl"]);
        if !author.contains("://") {
            set(&mut article.credit, author);
        }
    }
    if article.keywords.is_empty() {
        let words = meta.first(&["keywords", "news_keywords", "article:tag"]);
        let words = words.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned);
        article.keywords.extend(crate::fields::keywords("keyword", words.collect()));
    }
    nested.people_of_credit();
    if nested.article.images.is_empty() {
        let href = meta.first(&["og:image", "twitter:image"]);
        if href.contains("://") {
            nested.picture(html::Picture {
                href,
                alt: meta.first(&["og:image:alt"]),
                ..html::Picture::default()
            });
        }
    }
}

/// The text of the longest `<article>`, or of `<main>`, or of all.
fn main_text(page: &str) -> String {
    for name in ["article", "main"] {
        let mut best = String::new();
        let mut rest = page;
        while let Some(at) = rest.find(&format!("<{name}")) {
            rest = rest.get(at..).unwrap_or("");
            let end = rest.find(&format!("</{name}")).unwrap_or(rest.len());
            let text = html::plain(rest.get(..end).unwrap_or("")).text;
            if text.len() > best.len() {
                best = text;
            }
            rest = rest.get(1..).and_then(|rest| rest.get(end.saturating_sub(1)..)).unwrap_or("");
        }
        if best.len() > 200 {
            return best;
        }
    }
    html::plain(page).text
}
