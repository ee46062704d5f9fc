//! A page of HTML: its JSON-LD, and what that does not say, by its `<meta>` and its text.

use serde_json::{Map, Value};
use store::{AssetId, AssetKind};

use super::{
    common::{Reader, text_of as decoded},
    entry::{Again, Entry, Head, RecordShape, Says, Stage},
    jsonld::{Graph, addresses_of, plain_values, read_article, url_of},
    loose,
};
use crate::{
    cut::{Cutter, Whole},
    dates,
    html::{self, Tree},
    link,
    nested::{Nested, id_or, language},
    publicity,
    record::{Found, Origin, Raw, Reason},
};

pub(super) const ENTRY: Entry = Entry {
    name: "html",
    called: "HTML",
    told: &[(Stage::Markup, is_page)],
    says: Says::Format,
    record: RecordShape::Opaque,
    again: Again::Another,
    reader: |_| Box::new(Html),
    #[cfg(test)]
    sample: "<!doctype html><html lang=en><head><title>T</title><meta property=og:title content='é'><script type=\"application/ld+json\">{\"@type\":\"Article\"}</script></head><body><article>é&amp;&#8217;<img src=\"a\" alt='b'></article></body></html>",
};

/// Returns true if it begins as a page does.
fn is_page(head: &Head<'_>) -> bool {
    head.root.eq_ignore_ascii_case("html")
        || head.text.get(..15).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype html>"))
        // A page need not say that it is one: `html`, `head` and `body` may be left out.
        || (matches!(head.ending, "html" | "htm")
            && BEGINNINGS.iter().any(|name| head.root.eq_ignore_ascii_case(name)))
}

/// Elements that a page without `html` may begin with.
const BEGINNINGS: [&str; 14] = [
    "head", "body", "title", "meta", "link", "base", "script", "style", "article", "main", "section", "div",
    "h1", "p",
];

/// A page of HTML, with JSON-LD or without.
pub(crate) struct Html;

impl Reader for Html {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Whole>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let page = decoded(&raw.bytes);
        let tree = Tree::parse(&page);
        let value = plain_values(Value::Array(scripts(&tree)));
        let graph = Graph::of(&value);
        let meta = Meta::of(&tree);
        let canonical = meta.first(&["canonical", "og:url"]);
        let mut nested = Nested::default();
        let article = main_article(&graph, &canonical);
        let own: Vec<String> = article.map(|article| addresses_of(article).collect()).unwrap_or_default();
        if let Some(article) = article {
            nested = read_article(article.clone(), &graph);
        }
        let named: Vec<String> = std::iter::once(canonical).chain(own).collect();
        let base = [
            tree.all("base").map(|node| tree.attribute(node, "href").to_owned()).next(),
            named.iter().find(|url| url.contains("://")).cloned(),
        ];
        let base = base.into_iter().flatten().find(|base| link::is_absolute(base)).unwrap_or_default();
        let stated = named.iter().take(2).filter(|url| !url.trim().is_empty());
        let address = stated.map(|url| link::resolve(&base, url)).find(|url| url.contains("://"));
        nested.article.url = address.unwrap_or_default();
        fill_from_page(&mut nested, &meta, &tree, &base);
        // As Hugo writes the old addresses of a page.
        if nested.article.body.is_empty() && meta.redirects {
            return Err(Reason::NoAsset("page that only leads on to another".to_owned()));
        }
        if nested.article.headline.is_empty() && nested.article.body.is_empty() {
            return Err(Reason::Content("there is neither a title nor a text in this page".to_owned()));
        }
        let id = id_or(&nested.article.url, || origin.stem.clone())?;
        // Older rules saw fewer of the names of a page, or others first; without any it was called by its file. A page that was
        // saved before its site was encrypted is the same page.
        let plain: Vec<String> = named
            .iter()
            .filter_map(|url| Some(format!("http://{}", url.strip_prefix("https://")?)))
            .collect();
        for former in named.iter().chain(&plain).chain([&origin.stem]) {
            nested.former(AssetKind::Article, &id, AssetId::new(former.as_str()).ok());
        }
        let publicity = publicity::page(article, &meta.first(&["article:expiration_time"]));
        Ok(publicity.on(nested.finish(id)))
    }
}

/// Returns the article that a page is about: the one of its address, or else the one with the longest text.
fn main_article<'v>(graph: &Graph<'v>, canonical: &str) -> Option<&'v Map<String, Value>> {
    let articles = graph.articles();
    let text_len =
        |article: &Map<String, Value>| article.get("articleBody").and_then(Value::as_str).map_or(0, str::len);
    let own =
        articles.iter().copied().filter(|article| !canonical.is_empty() && url_of(article) == canonical);
    own.max_by_key(|article| text_len(article))
        .or_else(|| articles.into_iter().max_by_key(|article| text_len(article)))
}

/// Returns what the JSON-LD scripts of a page say.
fn scripts(tree: &Tree) -> Vec<Value> {
    let is_json_ld = |node: &usize| tree.attribute(*node, "type").to_ascii_lowercase().contains("ld+json");
    tree.all("script").filter(is_json_ld).filter_map(|node| loose::parse(&tree.inner_text(node))).collect()
}

/// The statements in the head of a page: `<meta>`, `<link rel>`, `<title>`.
struct Meta {
    entries: Vec<(String, String)>,
    /// It leads on to another page by itself.
    redirects: bool,
}

impl Meta {
    fn of(tree: &Tree) -> Self {
        let mut entries = Vec::new();
        let mut redirects = false;
        for node in 0..tree.nodes.len() {
            let get = |name: &str| tree.attribute(node, name);
            match tree.name(node) {
                "meta" => {
                    redirects |= get("http-equiv").eq_ignore_ascii_case("refresh")
                        && get("content").to_ascii_lowercase().contains("url");
                    let name = ["property", "name", "itemprop"]
                        .iter()
                        .map(|name| get(name))
                        .find(|name| !name.is_empty());
                    entries.push((name.unwrap_or_default().to_lowercase(), get("content").to_owned()));
                }
                "link" if get("rel").eq_ignore_ascii_case("canonical") => {
                    entries.push(("canonical".to_owned(), get("href").to_owned()));
                }
                // One in a drawing names the drawing.
                "title"
                    if tree.name(tree.parent(node)) != "svg"
                        && !entries.iter().any(|(name, _)| name == "title") =>
                {
                    let title = tree.inner_text(node);
                    entries
                        .push(("title".to_owned(), title.split_whitespace().collect::<Vec<_>>().join(" ")));
                }
                "html" => entries.push(("lang".to_owned(), get("lang").to_owned())),
                _ => {}
            }
            if entries.len() > 500 {
                break;
            }
        }
        Self { entries, redirects }
    }

    /// Returns all texts of the first of these names that has any that is no address, each once.
    fn all(&self, names: &[&str]) -> Vec<&str> {
        let of = |wanted: &&str| -> Vec<&str> {
            let named = self.entries.iter().filter(|(name, _)| name == wanted).map(|(_, text)| text.trim());
            let mut found = Vec::new();
            for text in named.filter(|text| !text.is_empty() && !text.contains("://")) {
                if !found.contains(&text) {
                    found.push(text);
                }
            }
            found
        };
        names.iter().map(of).find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// Returns the entries that describe the text and have no field of ours, by their names, each with all its values.
    fn others(&self, used: &[String]) -> Map<String, Value> {
        let mut found = Map::new();
        for (name, text) in &self.entries {
            let text = text.trim();
            let describes = DESCRIBING.iter().any(|begin| name.starts_with(begin));
            if !describes || text.is_empty() || used.iter().any(|used| used == text) {
                continue;
            }
            match found.entry(name.clone()).or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(texts) if !texts.contains(&text.into()) => texts.push(text.into()),
                _ => {}
            }
        }
        for texts in found.values_mut() {
            if let Value::Array(list) = texts
                && list.len() == 1
            {
                *texts = list.remove(0);
            }
        }
        found
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

/// Names that pages give to the date of their publication.
const PUBLISHED: [&str; 19] = [
    "article:published_time",
    "datepublished",
    "date",
    "dc.date",
    "pubdate",
    "publish-date",
    "publish_date",
    "publication_date",
    "dcterms.issued",
    "dc.date.issued",
    "dcterms.date",
    "dcterms.created",
    "dc.date.created",
    "citation_publication_date",
    "citation_date",
    "citation_online_date",
    "parsely-pub-date",
    "sailthru.date",
    "datecreated",
];
const UPDATED: [&str; 6] = [
    "article:modified_time",
    "datemodified",
    "og:updated_time",
    "lastmod",
    "dcterms.modified",
    "dc.date.modified",
];
const HEADLINE: [&str; 9] = [
    "og:title",
    "twitter:title",
    "dc.title",
    "dcterms.title",
    "citation_title",
    "parsely-title",
    "sailthru.title",
    "headline",
    "title",
];
const SUMMARY: [&str; 5] =
    ["description", "og:description", "dc.description", "dcterms.description", "twitter:description"];
const AUTHOR: [&str; 8] = [
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "citation_author",
    "parsely-author",
    "sailthru.author",
    "byl",
];
const KEYWORDS: [&str; 6] =
    ["keywords", "news_keywords", "article:tag", "citation_keywords", "dc.subject", "dcterms.subject"];
/// Beginnings of the names of `<meta>` that describe a text, not its look: Dublin Core, citations, Open Graph, Parse.ly, Sailthru.
const DESCRIBING: [&str; 7] =
    ["dc.", "dcterms.", "citation_", "article:", "og:article:", "parsely-", "sailthru."];

/// Fills the fields that the JSON-LD of a page does not state from the page itself.
fn fill_from_page(nested: &mut Nested, meta: &Meta, tree: &Tree, base: &str) {
    let article = &mut nested.article;
    let set = |field: &mut String, text: String| {
        if field.is_empty() {
            // What is escaped twice is not read twice by a parser.
            *field = html::unescape(&text);
        }
    };
    set(&mut article.headline, meta.first(&HEADLINE));
    set(&mut article.summary, meta.first(&SUMMARY));
    set(&mut article.section, meta.first(&["article:section"]));
    set(&mut article.source, meta.first(&["og:site_name", "publisher"]));
    set(&mut article.language, language(&meta.first(&["lang", "og:locale", "language"])));
    // Each name in its turn: the first that has a date.
    let date = |names: &[&str]| names.iter().find_map(|name| dates::parse(&meta.first(&[name])));
    for (names, place) in [(&PUBLISHED[..], &mut article.published), (&UPDATED[..], &mut article.updated)] {
        if place.is_none() {
            *place = date(names);
        }
        let said = meta.entries.iter().filter(|(name, _)| place.is_none() && names.contains(&name.as_str()));
        for (name, text) in said.filter(|(_, text)| !text.trim().is_empty()) {
            article.extra.insert(name.clone(), text.trim().into());
        }
    }
    let shown = html::main_text(tree);
    let links = shown.links.into_iter().map(|link| link::resolve(base, &link)).collect::<Vec<_>>();
    if is_teaser(&article.body, &shown.text) {
        let teaser = std::mem::replace(&mut article.body, shown.text);
        if article.summary.is_empty() {
            article.summary = teaser;
        } else if !teaser.is_empty() && teaser != article.summary {
            article.extra.insert("articleBody".to_owned(), teaser.into());
        }
    }
    if article.bylines.is_empty() {
        set(&mut article.credit, meta.all(&AUTHOR).join("; "));
    }
    if article.keywords.is_empty() {
        let words = meta.all(&KEYWORDS);
        let words =
            words.into_iter().flat_map(|words| words.split(',')).map(|word| html::unescape(word.trim()));
        let words = words.filter(|word| !word.is_empty()).collect();
        article.keywords.extend(crate::fields::keywords("keyword", words));
    }
    keep_described(nested, meta);
    nested.links(links);
    nested.people_of_credit();
    if nested.article.images.is_empty() {
        let stated = meta.first(&["og:image", "twitter:image"]);
        let href = link::resolve(base, &stated);
        if !stated.trim().is_empty() && href.contains("://") {
            nested.picture(html::Picture {
                href,
                alt: meta.first(&["og:image:alt"]),
                ..html::Picture::default()
            });
        }
    }
    for picture in shown.pictures {
        // What says nothing is a part of the page's looks.
        if picture.alt.trim().is_empty() && picture.caption.is_empty() {
            continue;
        }
        let href = link::resolve(base, &picture.href);
        nested.picture(html::Picture { href, ..picture });
    }
}

/// Keeps what the head of a page says of its text beside what has a field.
fn keep_described(nested: &mut Nested, meta: &Meta) {
    let article = &nested.article;
    let mut used: Vec<String> = [
        &article.headline,
        &article.summary,
        &article.section,
        &article.source,
        &article.credit,
        &article.url,
    ]
    .into_iter()
    .cloned()
    .collect();
    used.extend(meta.all(&AUTHOR).into_iter().map(str::to_owned));
    used.extend(article.keywords.iter().map(|keyword| keyword.value.clone()));
    used.extend(PUBLISHED.iter().chain(&UPDATED).map(|name| meta.first(&[name])).filter(|text| {
        let date = dates::parse(text);
        date.is_some() && (date == article.published || date == article.updated)
    }));
    used.push(meta.first(&["article:expiration_time"]));
    let others = meta.others(&used);
    if !others.is_empty() {
        nested.article.extra.insert("meta".to_owned(), others.into());
    }
}

/// Returns true if what the JSON-LD of a page has as its text is but the beginning or a summary of what the page shows,
/// or the same without its paragraphs.
fn is_teaser(stated: &str, shown: &str) -> bool {
    let words = |text: &str| text.split_whitespace().count();
    let (stated_words, shown_words) = (words(stated), words(shown));
    let is_flat = stated_words > 200 && !stated.trim().contains('\n');
    stated_words == 0
        || (shown_words > 40 && shown_words > 3 * stated_words)
        || (is_flat && shown_words * 10 > stated_words * 9 && shown_words * 9 < stated_words * 10)
}

#[cfg(test)]
mod tests;
