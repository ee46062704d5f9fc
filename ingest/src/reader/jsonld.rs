//! schema.org in JSON-LD: NewsArticle and its like, alone, in a graph, or in a page of HTML.

use serde_json::{Map, Value};
use store::{Article, AssetId, Byline, Image, Keyword, Rendition};

use super::{Reader, text_of as decoded};
use crate::{
    cut::{Cutter, Whole},
    cut_json::Values,
    fields::{Fields, object_of, text_of},
    html, names,
    nested::{Nested, id_or, language},
    record::{Found, Origin, Raw, Reason},
};

/// JSON-LD in a file of its own.
pub(crate) struct JsonLd;
/// A page of HTML, with JSON-LD or without.
pub(crate) struct Html;

impl Reader for JsonLd {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Values>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let value: Value =
            serde_json::from_str(&decoded(&raw.bytes)).map_err(|error| Reason::json(&error))?;
        let graph = Graph::of(&value);
        let articles: Vec<&Map<String, Value>> = graph.articles();
        if articles.is_empty() {
            let kind = graph.objects.first().map(|object| kind_of(object)).unwrap_or_default();
            return Err(Reason::NoAsset(if kind.is_empty() {
                "JSON-LD without an article".to_owned()
            } else {
                kind
            }));
        }
        let mut found = Vec::new();
        for (at, article) in articles.into_iter().enumerate() {
            let nested = read_article(article.clone(), &graph);
            let id = id_or(&url_of(article), || format!("{}#{}.{at}", origin.stem, raw.place.record))?;
            found.extend(nested.finish(id));
        }
        Ok(found)
    }
}

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
        if let Some(article) = graph.articles().into_iter().max_by_key(|article| text_len(article)) {
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
        Ok(nested.finish(id))
    }
}

fn text_len(article: &Map<String, Value>) -> usize {
    article.get("articleBody").and_then(Value::as_str).map_or(0, str::len)
}

/// All objects of a document, so that references by `@id` can be followed.
struct Graph<'v> {
    objects: Vec<&'v Map<String, Value>>,
}

impl<'v> Graph<'v> {
    fn of(value: &'v Value) -> Self {
        let mut objects = Vec::new();
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Array(list) => waiting.extend(list.iter().rev()),
                Value::Object(object) => {
                    objects.push(object);
                    for name in ["mainEntity", "@graph", "itemListElement", "mainEntityOfPage", "item"] {
                        waiting.extend(object.get(name));
                    }
                }
                _ => {}
            }
            if objects.len() > 10_000 {
                break;
            }
        }
        Self { objects }
    }

    fn articles(&self) -> Vec<&'v Map<String, Value>> {
        self.objects.iter().copied().filter(|object| is_article(&kind_of(object))).collect()
    }

    /// The object itself, or the one that it refers to.
    fn resolve(&self, value: Value) -> Value {
        if let Value::Object(object) = &value
            && object.len() == 1
            && let Some(id) = object.get("@id")
            && let Some(target) =
                self.objects.iter().find(|other| other.len() > 1 && other.get("@id") == Some(id))
        {
            return Value::Object((*target).clone());
        }
        value
    }
}

/// The type, the first of several that is an article's.
fn kind_of(object: &Map<String, Value>) -> String {
    let kinds: Vec<String> = match object.get("@type") {
        Some(Value::Array(list)) => list.iter().map(text_of).collect(),
        Some(value) => vec![text_of(value)],
        None => Vec::new(),
    };
    let local = |kind: &String| kind.rsplit(['/', ':']).next().unwrap_or(kind).to_owned();
    let kinds: Vec<String> = kinds.iter().map(local).collect();
    kinds.iter().find(|kind| is_article(kind)).or_else(|| kinds.first()).cloned().unwrap_or_default()
}

fn is_article(kind: &str) -> bool {
    kind.ends_with("Article")
        || matches!(kind, "BlogPosting" | "LiveBlogPosting" | "Report" | "SocialMediaPosting")
}

fn url_of(article: &Map<String, Value>) -> String {
    let text = |name: &str| match article.get(name) {
        Some(Value::Object(object)) => {
            object.get("@id").or_else(|| object.get("url")).map(text_of).unwrap_or_default()
        }
        Some(value) => text_of(value),
        None => String::new(),
    };
    ["url", "mainEntityOfPage", "@id", "identifier"]
        .iter()
        .map(|name| text(name))
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

fn read_article(map: Map<String, Value>, graph: &Graph<'_>) -> Nested {
    let url = url_of(&map);
    let kind = kind_of(&map);
    let mut fields = Fields(map);
    for name in ["@type", "@context", "url", "mainEntityOfPage"] {
        fields.0.remove(name);
    }
    let mut nested = Nested::default();
    let plain = |text: String| if text.contains(['<', '&']) { html::plain(&text).text } else { text };
    nested.article = Article {
        headline: plain(fields.first_text(&["headline", "name"])),
        kicker: fields.text("alternativeHeadline"),
        summary: plain(fields.first_text(&["description", "abstract"])),
        body: plain(fields.first_text(&["articleBody", "text"])),
        published: fields.first_date(&["datePublished", "dateCreated", "uploadDate"]),
        updated: fields.date("dateModified"),
        language: language(&fields.text("inLanguage")),
        edition: fields.text("printEdition"),
        dateline: fields.text("dateline"),
        genre: match fields.text("genre") {
            genre if genre.is_empty() && kind != "NewsArticle" && kind != "Article" => kind,
            genre => genre,
        },
        url,
        ..Article::default()
    };
    let mut sections = fields.texts("articleSection").into_iter();
    nested.article.section = sections.next().unwrap_or_default();
    nested.article.keywords.extend(crate::fields::keywords("section", sections.collect()));
    let (section, page) =
        (fields.text("printSection"), fields.first_text(&["printPage", "pageStart", "pagination"]));
    let numbered = page.starts_with(|c: char| c.is_ascii_digit());
    nested.article.page = if numbered { format!("{section}{page}") } else { page };
    fields.keep("printSection", section.into());
    let rights = [
        fields.text("copyrightNotice"),
        name_of(fields.list("copyrightHolder"), graph),
        fields.text("license"),
    ];
    nested.article.rights = rights.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n");
    let publisher = fields.list("publisher");
    nested.article.source = name_of(publisher.clone(), graph);
    fields.keep("publisher", Value::Array(publisher));
    keywords(&mut nested, &mut fields);
    authors(&mut nested, &mut fields, graph);
    images(&mut nested, &mut fields, graph);
    nested.article.extra = fields.rest();
    nested
}

fn name_of(values: Vec<Value>, graph: &Graph<'_>) -> String {
    let names = values.into_iter().map(|value| match graph.resolve(value) {
        Value::Object(map) => Fields(map).first_text(&["name", "legalName"]),
        other => text_of(&other),
    });
    names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
}

fn keywords(nested: &mut Nested, fields: &mut Fields) {
    let mut add = |name: &str, value: String| {
        if !value.is_empty() && nested.article.keywords.len() < store::MAX_LIST {
            nested.article.keywords.push(Keyword { name: name.to_owned(), value, unknown: Map::new() });
        }
    };
    fields.texts("keywords").into_iter().for_each(|value| add("keyword", value));
    for (field, name) in
        [("about", "subject"), ("mentions", "mention"), ("contentLocation", "place"), ("keywords", "keyword")]
    {
        for entry in fields.list(field) {
            let value = match &entry {
                Value::Object(map) => map.get("name").map(text_of).unwrap_or_default(),
                other => text_of(other),
            };
            add(name, value);
        }
    }
}

/// A text, an object, a list of either, or a reference.
fn authors(nested: &mut Nested, fields: &mut Fields, graph: &Graph<'_>) {
    let mut credits = Vec::new();
    let mut people: Vec<Byline> = Vec::new();
    for field in ["author", "creator"] {
        for entry in fields.list(field) {
            match graph.resolve(entry) {
                Value::Object(map) => {
                    let organisation = kind_of(&map).ends_with("Organization");
                    let mut person = Fields(map);
                    // Some publishers put a list of names into one name.
                    let names: Vec<String> = match person.0.get("name") {
                        Some(Value::Array(list)) => list.iter().map(text_of).collect(),
                        _ => vec![person.text("name")],
                    };
                    for name in names.into_iter().filter(|name| !name.is_empty()) {
                        if name.contains(',') || name.contains(" and ") {
                            people.extend(crate::credits::parse(&name));
                        } else if organisation {
                            people.push(Byline {
                                organization: name.clone(),
                                name: name.clone(),
                                ..Byline::default()
                            });
                        } else {
                            let parsed = crate::credits::parse(&name);
                            people.extend(parsed);
                        }
                        credits.push(name);
                    }
                }
                other => {
                    let text = text_of(&other);
                    if !text.is_empty() && !text.contains("://") {
                        people.extend(crate::credits::parse(&text));
                        credits.push(text);
                    }
                }
            }
        }
        if !people.is_empty() {
            break;
        }
    }
    credits.dedup();
    nested.article.credit = credits.join(", ");
    for byline in people {
        if let Some(id) = names::byline_id(&byline.name) {
            nested.byline(id, byline);
        }
    }
}

fn images(nested: &mut Nested, fields: &mut Fields, graph: &Graph<'_>) {
    for entry in [fields.list("image"), fields.list("associatedMedia")].concat() {
        let (href, image) = match graph.resolve(entry) {
            Value::Object(map) => {
                let mut image = Fields(map);
                image.0.remove("@type");
                let href = image.first_text(&["contentUrl", "url", "@id"]);
                let mut pixels = |name: &str| match image.0.remove(name) {
                    Some(Value::Object(value)) => {
                        value.get("value").map(text_of).and_then(|text| text.parse().ok())
                    }
                    Some(value) => text_of(&value).trim_end_matches("px").parse().ok(),
                    None => None,
                };
                let (width, height) = (pixels("width"), pixels("height"));
                let rendition = Rendition { href: href.clone(), width, height, ..Rendition::default() };
                let image = Image {
                    caption: html::plain(&image.first_text(&["caption", "description"])).text,
                    credit: image.first_text(&["creditText", "credit", "copyrightHolder"]),
                    alt: image.text("alternateName"),
                    renditions: vec![rendition],
                    ..Image::default()
                };
                (href, image)
            }
            other => {
                let href = text_of(&other);
                let rendition = Rendition { href: href.clone(), ..Rendition::default() };
                (href, Image { renditions: vec![rendition], ..Image::default() })
            }
        };
        if let Ok(id) = AssetId::new(href) {
            nested.image(id, image);
        }
    }
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
    let date = |names: &[&str]| crate::dates::parse(&meta.first(names));
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

/// A JSON Feed (version 1 and 1.1): every item.
pub(crate) struct JsonFeed;

impl Reader for JsonFeed {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::new(crate::cut_json::Elements::of(Some("items")))
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let mut item = super::json_object(raw)?;
        let mut nested = Nested::default();
        let markup = html::plain(&item.text("content_html"));
        let url = item.first_text(&["url", "external_url"]);
        let given = item.text("id");
        nested.article = Article {
            headline: item.text("title"),
            summary: item.text("summary"),
            body: match item.text("content_text") {
                text if text.is_empty() => markup.text,
                text => text,
            },
            published: item.date("date_published"),
            updated: item.date("date_modified"),
            language: language(&item.text("language")),
            url: url.clone(),
            ..Article::default()
        };
        let tags = item.texts("tags");
        nested.article.keywords.extend(crate::fields::keywords("tag", tags));
        for author in [item.list("authors"), item.list("author")].concat() {
            let name = object_of(author).text("name");
            nested.person(&name);
        }
        for href in [item.text("image"), item.text("banner_image")] {
            nested.picture(html::Picture { href, ..html::Picture::default() });
        }
        for picture in markup.pictures {
            nested.picture(picture);
        }
        nested.article.extra = item.rest();
        let given = if given.contains(':') || given.len() >= 16 { given } else { url };
        Ok(nested.finish(id_or(&given, || format!("{}#{}", origin.stem, raw.place.record))?))
    }
}
