//! Feeds: RSS 0.9 to 2.0, Atom, and WordPress's export (WXR), which is RSS with everything that a blog knows.

use serde_json::{Map, Value};
use store::{AssetId, Byline, Image, Keyword, Rendition};

use super::Reader;
use crate::{
    cut::Cutter,
    cut_elements::XmlElements,
    dates, html, names,
    nested::{Nested, id_or, language},
    record::{Found, Origin, Raw, Reason},
    xml::{self, Element},
};

/// RSS: every `item`.
pub(crate) struct Rss;
/// Atom: every `entry`.
pub(crate) struct Atom;
/// WordPress: every `item`, and the authors.
pub(crate) struct Wxr;

impl Reader for Rss {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::new(XmlElements::named(&["item"]))
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let item = xml::parse(raw)?;
        let nested = entry(&item, raw);
        let guid = item.text_at("guid");
        // A short one is unique in its feed alone.
        let guid = if guid.contains(':') || guid.len() >= 16 { guid } else { String::new() };
        let given = if guid.is_empty() { nested.article.url.clone() } else { guid };
        let id = id_or(&given, || {
            let about = item.attribute("about");
            if about.is_empty() { format!("{}#{}", origin.stem, raw.place.record) } else { about.to_owned() }
        })?;
        Ok(nested.finish(id))
    }
}

impl Reader for Atom {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::new(XmlElements::named(&["entry"]))
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let item = xml::parse(raw)?;
        let nested = entry(&item, raw);
        let id = item.text_at("id");
        let given = if id.is_empty() { nested.article.url.clone() } else { id };
        Ok(nested.finish(id_or(&given, || format!("{}#{}", origin.stem, raw.place.record))?))
    }
}

impl Reader for Wxr {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::new(XmlElements::named(&["item", "author"]))
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let item = xml::parse(raw)?;
        if item.local() == "author" {
            return author(&item);
        }
        let kind = item.text_at("wp:post_type");
        let guid = item.text_at("guid");
        let id = id_or(&guid, || format!("{}#{}", origin.stem, raw.place.record))?;
        match kind.as_str() {
            "attachment" => attachment(&item, id),
            "" | "post" | "page" => Ok(post(&item, raw).finish(id)),
            // What a plugin or theme defines may well be text; what WordPress itself needs is none.
            "nav_menu_item"
            | "customize_changeset"
            | "custom_css"
            | "revision"
            | "oembed_cache"
            | "user_request"
            | "wp_global_styles"
            | "wp_template"
            | "wp_template_part"
            | "wp_navigation" => Err(Reason::NoAsset(kind)),
            _ => Ok(post(&item, raw).finish(id)),
        }
    }
}

/// An item or an entry, its id apart.
fn entry(item: &Element, raw: &Raw) -> Nested {
    let mut nested = Nested::default();
    let article = &mut nested.article;
    article.headline = html::plain(&content_of(item.at("title"))).text;
    article.url = link(item);
    let date = |names: &[&str]| names.iter().find_map(|name| dates::parse(&item.text_at(name)));
    article.published =
        date(&["pubDate", "published", "issued", "dc:date", "date", "created", "dcterms:created"]);
    article.updated = date(&["updated", "modified", "dcterms:modified", "atom:updated"]);
    if article.published.is_none() {
        article.published = article.updated.take();
    }
    let long = ["content:encoded", "content", "encoded"].iter().find_map(|name| {
        let found = item.elements().find(|child| child.name == *name);
        found.or_else(|| {
            item.all(name)
                .find(|child| !child.name.starts_with("media:") && !child.name.starts_with("excerpt:"))
        })
    });
    let short = ["description", "summary", "excerpt:encoded"]
        .iter()
        .find_map(|name| item.elements().find(|child| child.name == *name));
    let long = html::plain(&content_of(long));
    let short = html::plain(&content_of(short));
    // Where there is one text alone, it is the body.
    if long.text.is_empty() {
        article.body = short.text;
    } else {
        article.body = long.text;
        if short.text != article.body {
            article.summary = short.text;
        }
    }
    article.rights = item.all("rights").next().map(Element::text).unwrap_or_default();
    article.source = item.text_at("source");
    let tag =
        [item.attribute("lang").to_owned(), text_of_head(&raw.head, "language"), item.text_at("dc:language")];
    article.language = tag.iter().map(|tag| language(tag)).find(|tag| !tag.is_empty()).unwrap_or_default();
    for category in item.all("category") {
        let value = [category.text(), category.attribute("term").to_owned()]
            .into_iter()
            .find(|text| !text.is_empty());
        let name = match category.attribute("domain") {
            "" => "category",
            "post_tag" => "tag",
            domain => domain,
        };
        if let Some(value) = value {
            article.keywords.push(Keyword { name: name.to_owned(), value, unknown: Map::new() });
        }
    }
    for subject in item.all("dc:subject") {
        article.keywords.push(Keyword { name: "subject".into(), value: subject.text(), unknown: Map::new() });
    }
    authors(&mut nested, item);
    media(&mut nested, item);
    for picture in long.pictures.into_iter().chain(short.pictures) {
        nested.picture(picture);
    }
    for (name, field) in [("comments", "comments"), ("guid", "guid"), ("slash:comments", "comment_count")] {
        let text = item.text_at(name);
        if !text.is_empty() {
            nested.article.extra.insert(field.to_owned(), text.into());
        }
    }
    nested
}

/// The markup of a text construct: escaped, in `CDATA`, or as elements (Atom's xhtml).
fn content_of(element: Option<&Element>) -> String {
    let Some(element) = element else { return String::new() };
    match element.attribute("type") {
        "xhtml" => element.paragraphs(&[]),
        _ if element.elements().next().is_some() => element.paragraphs(&[]),
        "text" => element.raw_text().replace('&', "&amp;").replace('<', "&lt;"),
        _ => element.raw_text(),
    }
}

fn link(item: &Element) -> String {
    let links: Vec<&Element> = item.all("link").filter(|link| !link.name.starts_with("media:")).collect();
    let by_rel = |rel: &str| {
        links.iter().find(|link| link.attribute("rel") == rel && !link.attribute("href").is_empty())
    };
    let target = by_rel("alternate").or_else(|| by_rel(""));
    let target = target.map(|link| link.attribute("href").to_owned());
    target.or_else(|| links.iter().map(|link| link.text()).find(|text| !text.is_empty())).unwrap_or_default()
}

/// The text of an element of the feed itself, which stands before the first item.
fn text_of_head(head: &[u8], name: &str) -> String {
    let text = xml::text_of(head, head);
    let inside = text.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once("</"));
    inside.map(|(found, _)| html::unescape(found.trim())).unwrap_or_default()
}

fn authors(nested: &mut Nested, item: &Element) {
    let mut credits = Vec::new();
    for author in
        item.elements().filter(|child| matches!(child.local(), "author" | "creator" | "contributor"))
    {
        let name = match author.text_at("name") {
            name if name.is_empty() => author.text(),
            name => name,
        };
        // RSS: `jane@example.org (Jane Roe)`.
        let name = match name.split_once('(') {
            Some((address, name)) if address.contains('@') => name.trim_end_matches(')').trim().to_owned(),
            _ => name,
        };
        if !name.is_empty() && !name.contains('@') && !credits.contains(&name) {
            credits.push(name);
        }
    }
    nested.article.credit = credits.join(", ");
    nested.people_of_credit();
}

/// Enclosures and Media RSS.
fn media(nested: &mut Nested, item: &Element) {
    let is_picture = |element: &Element| {
        let kind = element.attribute("type");
        kind.starts_with("image") || element.attribute("medium") == "image" || element.local() == "thumbnail"
    };
    let links = item.all("link").filter(|link| link.attribute("rel") == "enclosure");
    let mut files: Vec<&Element> = item.all("enclosure").chain(links).collect();
    files.extend(item.deep("media:content"));
    files.extend(item.deep("media:thumbnail"));
    for file in files {
        let href = [file.attribute("url"), file.attribute("href")].into_iter().find(|href| !href.is_empty());
        let Some(href) = href else { continue };
        if !is_picture(file) {
            let others = nested.article.extra.entry("enclosures").or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(others) = others {
                others.push(href.into());
            }
            continue;
        }
        let Ok(id) = AssetId::new(href) else { continue };
        let rendition = Rendition {
            href: href.to_owned(),
            width: file.attribute("width").parse().ok(),
            height: file.attribute("height").parse().ok(),
            media_type: file.attribute("type").to_owned(),
            ..Rendition::default()
        };
        let words = |name: &str| {
            let own = file.text_at(name);
            if own.is_empty() { item.text_at(name) } else { own }
        };
        let (caption, credit) = (words("media:description"), words("media:credit"));
        nested.image(id, Image { caption, credit, renditions: vec![rendition], ..Image::default() });
    }
}

/// A WordPress author: the login is what posts name.
fn author(item: &Element) -> Result<Vec<Found>, Reason> {
    let login = item.text_at("wp:author_login");
    let Some(id) = names::byline_id(&login) else {
        return Err(Reason::NoAsset("author without login".to_owned()));
    };
    let (given, family) = (item.text_at("wp:author_first_name"), item.text_at("wp:author_last_name"));
    let name = match item.text_at("wp:author_display_name") {
        name if name.is_empty() => login.clone(),
        name => name,
    };
    let mut extra = Map::new();
    extra.insert("login".to_owned(), login.into());
    for (field, name) in [("email", "wp:author_email"), ("author_id", "wp:author_id")] {
        let text = item.text_at(name);
        if !text.is_empty() {
            extra.insert(field.to_owned(), text.into());
        }
    }
    Ok(vec![Found::published(id, Byline { name, given, family, extra, ..Byline::default() }, None)])
}

fn post(item: &Element, raw: &Raw) -> Nested {
    let mut nested = entry(item, raw);
    if let Some(date) = dates::parse(&item.text_at("wp:post_date_gmt")) {
        nested.article.published = Some(date);
    }
    if let Some(date) = dates::parse(&item.text_at("wp:post_modified_gmt")) {
        nested.article.updated = Some(date);
    }
    let kind = item.text_at("wp:post_type");
    if kind != "post" {
        nested.article.genre = kind;
    }
    nested.article.extra.extend(wordpress_fields(item));
    nested
}

fn attachment(item: &Element, id: AssetId) -> Result<Vec<Found>, Reason> {
    let mut extra = wordpress_fields(item);
    let href = item.text_at("wp:attachment_url");
    if href.is_empty() {
        return Err(Reason::Content("an attachment needs `wp:attachment_url`".to_owned()));
    }
    let title = item.text_at("title");
    let caption = html::plain(&content_of(item.at("excerpt:encoded"))).text;
    let long = html::plain(&content_of(item.at("content:encoded"))).text;
    let alt = extra.remove("_wp_attachment_image_alt").and_then(|alt| alt.as_str().map(str::to_owned));
    let caption = if caption.is_empty() {
        long
    } else {
        extra.insert("description".to_owned(), long.into());
        caption
    };
    extra.retain(|_, value| value != "");
    extra.insert("title".to_owned(), title.into());
    let date = dates::parse(&item.text_at("wp:post_date_gmt"));
    let image = Image {
        caption,
        alt: alt.unwrap_or_default(),
        renditions: vec![Rendition { href, ..Rendition::default() }],
        extra,
        ..Image::default()
    };
    Ok(vec![Found::published(id, image, date.map(|date| date.start()))])
}

/// The fields of WordPress's own, and the post's metadata.
fn wordpress_fields(item: &Element) -> Map<String, Value> {
    let mut extra = Map::new();
    for field in item.elements().filter(|child| child.name.starts_with("wp:")) {
        if field.local() == "postmeta" {
            let (key, value) = (field.text_at("wp:meta_key"), field.text_at("wp:meta_value"));
            if !key.is_empty() && !value.is_empty() {
                extra.insert(key, value.into());
            }
        } else if field.local() == "comment" {
            let entry = extra.entry("comments_made").or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = entry {
                let author = field.text_at("wp:comment_author");
                let (date, text) =
                    (field.text_at("wp:comment_date_gmt"), field.text_at("wp:comment_content"));
                list.push(serde_json::json!({"author": author, "date": date, "text": text}));
            }
        } else if !matches!(field.local(), "post_type" | "attachment_url") {
            let text = field.text();
            if !text.is_empty() && !text.starts_with("0000-00-00") {
                extra.insert(field.local().to_owned(), text.into());
            }
        }
    }
    extra
}
