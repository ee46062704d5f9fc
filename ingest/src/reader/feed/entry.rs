//! An item of RSS or an entry of Atom, made an article.

use serde_json::{Map, Value};
use store::{ArchiveDate, AssetKind, Keyword};

use super::{Feed, Unstated, media, people};
use crate::{
    dates::{self, DayOrder, Form},
    html, link,
    nested::{Nested, language},
    reader::construct,
    xml::Element,
};

/// An item, and which of its elements have found a place; the others are kept as they are.
pub(super) struct Taken<'i> {
    pub(super) item: &'i Element,
    used: Vec<&'i Element>,
}

impl<'i> Taken<'i> {
    /// Marks an element as one that needs not be kept.
    pub(super) fn used(&mut self, element: &'i Element) {
        self.used.push(element);
    }

    /// Returns the first element of the first of these names that is there, and says something.
    fn first(&mut self, names: &[&str]) -> Option<&'i Element> {
        let said = |element: &&Element| !element.children.is_empty();
        let found =
            names.iter().find_map(|name| self.item.elements().find(|one| one.name == *name && said(one)))?;
        self.used(found);
        Some(found)
    }

    fn text(&mut self, names: &[&str]) -> String {
        self.first(names).map(Element::text).unwrap_or_default()
    }

    /// Returns the date of the first of these elements that has one. What is not written as a standard has it stays,
    /// too.
    fn date(&mut self, names: &[&str]) -> Option<ArchiveDate> {
        let named = names.iter().filter_map(|name| self.item.own(name));
        let (element, dated) = named
            .filter_map(|element| Some((element, dates::read(&element.text(), DayOrder::Unknown)?)))
            .next()?;
        if dated.form == Form::Exact {
            self.used(element);
        }
        Some(dated.date)
    }

    /// Marks further elements of these names that say the same date once more.
    fn same_date(&mut self, names: &[&str], date: Option<&ArchiveDate>) {
        let same = |element: &&Element| {
            let other =
                dates::read(&element.text(), DayOrder::Unknown).filter(|dated| dated.form == Form::Exact);
            let start = other.map(|dated| dated.date.start());
            names.contains(&element.name.as_str()) && start.is_some() && start == date.map(ArchiveDate::start)
        };
        let found: Vec<&Element> = self.item.elements().filter(same).collect();
        self.used.extend(found);
    }

    fn others(&self) -> Map<String, Value> {
        let used = |element: &Element| self.used.iter().any(|one| std::ptr::eq(*one, element));
        self.item.others_but(&used)
    }
}

const PUBLISHED: [&str; 10] = [
    "pubDate",
    "published",
    "issued",
    "dc:date",
    "date",
    "created",
    "dcterms:issued",
    "dcterms:created",
    "atom:published",
    "dcterms:date",
];
const UPDATED: [&str; 4] = ["updated", "modified", "dcterms:modified", "atom:updated"];

/// Reads an item or an entry, its id apart; `unstated` is what its texts without a type are.
pub(in crate::reader) fn entry(item: &Element, feed: &Feed, unstated: Unstated) -> Nested {
    let mut nested = Nested::default();
    let mut taken = Taken { item, used: Vec::new() };
    let article = &mut nested.article;
    if let Some(title) = taken.first(&["title"]) {
        article.headline = html::plain(&construct::markup(title, unstated).unwrap_or_default()).text;
    }
    article.published = taken.date(&PUBLISHED);
    article.updated = taken.date(&UPDATED);
    taken.same_date(&PUBLISHED, article.published.as_ref());
    if article.published.is_none() {
        article.published = article.updated.take();
    }
    let (pictures, in_text) = texts(&mut nested, &mut taken, unstated);
    links(&mut nested, &mut taken, feed);
    let article = &mut nested.article;
    article.rights = taken.text(&["rights", "dc:rights", "atom:rights", "copyright", "media:copyright"]);
    article.source = match item.own("source") {
        // Atom's is the head of the feed that the entry was taken from.
        Some(source) if source.at("title").is_some() => source.text_at("title"),
        Some(source) => {
            if source.attributes.is_empty() {
                taken.used(source);
            }
            source.text()
        }
        None => feed.title.clone(),
    };
    let tag =
        [item.attribute("lang"), &taken.text(&["dc:language", "language"]), &feed.language].map(language);
    article.language = tag.into_iter().find(|tag| !tag.is_empty()).unwrap_or_default();
    keywords(&mut article.keywords, &mut taken);
    people::add(&mut nested, &mut taken, feed);
    media::add(&mut nested, &mut taken);
    let mut captions = Map::new();
    for mut picture in pictures {
        let href = feed.absolute(item, &picture.href);
        let written = std::mem::replace(&mut picture.href, href);
        match feed.attachment(&picture.number) {
            Some(id) => {
                // An upload has a caption of its own, and another in each text that shows it.
                if !picture.caption.is_empty() {
                    captions.insert(id.to_string(), picture.caption.clone().into());
                }
                nested.picture_as(id, picture);
            }
            None => {
                if let Ok(id) = link::asset_id(&*picture.href) {
                    nested.former(AssetKind::Image, &id, link::asset_id(written).ok());
                }
                nested.picture(picture);
            }
        }
    }
    if !captions.is_empty() {
        nested.article.extra.insert("captions".to_owned(), captions.into());
    }
    for (name, field) in [("comments", "comments"), ("guid", "guid"), ("slash:comments", "comment_count")] {
        let text = taken.text(&[name]);
        if !text.is_empty() {
            nested.article.extra.insert(field.to_owned(), text.into());
        }
    }
    if let Some(id) = item.own("id") {
        taken.used(id);
    }
    let mut others = taken.others();
    // WordPress's own have a reader of their own.
    others.retain(|name, _| !name.starts_with("wp:"));
    nested.article.extra.extend(others);
    let in_text: Vec<String> = in_text.into_iter().map(|link| feed.absolute(item, &link)).collect();
    nested.links(in_text);
    nested
}

/// Takes the long text and the short one; returns the pictures and the links in them.
fn texts(
    nested: &mut Nested,
    taken: &mut Taken<'_>,
    unstated: Unstated,
) -> (Vec<html::Picture>, html::Links) {
    let mut read = |names: &[&str]| -> html::Plain {
        for name in names {
            let found = taken.item.elements().find(|one| one.name == *name && !one.children.is_empty());
            let Some(element) = found else { continue };
            // The bytes of another file stay as they are.
            let Some(markup) = construct::markup(element, unstated) else { continue };
            if element.attribute("src").is_empty() {
                taken.used(element);
            }
            return html::plain(&markup);
        }
        html::plain("")
    };
    let long = read(&["content:encoded", "content", "encoded", "atom:content", "xhtml:body", "xhtml:div"]);
    let short = read(&["description", "summary", "excerpt:encoded", "atom:summary", "dc:description"]);
    // Where there is one text alone, it is the body.
    if long.text.is_empty() {
        nested.article.body = short.text;
    } else {
        nested.article.body = long.text;
        if short.text != nested.article.body {
            nested.article.summary = short.text;
        }
    }
    let mut links = long.links;
    links.extend(&short.links);
    (long.pictures.into_iter().chain(short.pictures).collect(), links)
}

/// Takes the address of an item: its link, or else the guid that is one (RSS 2.0: unless it says
/// `isPermaLink="false"`). Other links are kept with what they are for.
fn links(nested: &mut Nested, taken: &mut Taken<'_>, feed: &Feed) {
    let item = taken.item;
    let permalink =
        item.own("guid").filter(|guid| !guid.attribute("isPermaLink").eq_ignore_ascii_case("false"));
    let permalink = permalink
        .map(Element::text)
        .filter(|text| text.starts_with("http://") || text.starts_with("https://"));
    let address = address(item).or(permalink).unwrap_or_default();
    nested.article.url = feed.absolute(item, &address);
    let mut others = Vec::new();
    for link in item.elements().filter(|one| matches!(one.name.as_str(), "link" | "atom:link")) {
        taken.used(link);
        let href = href_of(link);
        if href.is_empty()
            || (href == address && matches!(link.attribute("rel"), "" | "alternate"))
            || link.attribute("rel") == "enclosure"
        {
            continue;
        }
        let href = feed.absolute(item, &href);
        let said = |name: &str| {
            Some((name.to_owned(), link.attribute(name).into())).filter(|_| !link.attribute(name).is_empty())
        };
        let mut kept: Map<String, Value> =
            ["rel", "type", "title", "hreflang"].into_iter().filter_map(said).collect();
        kept.insert("href".to_owned(), href.into());
        others.push(Value::Object(kept));
    }
    if !others.is_empty() {
        nested.article.extra.insert("links".to_owned(), others.into());
    }
}

fn href_of(link: &Element) -> String {
    match link.attribute("href") {
        "" => link.text(),
        href => href.to_owned(),
    }
}

/// Returns the link of an item or a feed that leads to its page.
pub(super) fn address(item: &Element) -> Option<String> {
    let links: Vec<&Element> = item.elements().filter(|one| one.name == "link").collect();
    let by_rel = |rel: &str| {
        links.iter().find(|link| link.attribute("rel") == rel && !link.attribute("href").is_empty())
    };
    let target = by_rel("alternate").or_else(|| by_rel(""));
    let target = target.map(|link| link.attribute("href").to_owned());
    target.or_else(|| links.iter().map(|link| link.text()).find(|text| !text.is_empty()))
}

/// Takes categories of RSS and Atom, and the subjects of Dublin Core. Atom's label is for people, its term for
/// machines.
fn keywords(keywords: &mut Vec<Keyword>, taken: &mut Taken<'_>) {
    for category in taken
        .item
        .elements()
        .filter(|one| matches!(one.name.as_str(), "category" | "dc:subject" | "atom:category"))
    {
        // RSS says a text of no type, and programs write what they show.
        let texts = [
            html::unescape(&category.text()),
            category.attribute("label").to_owned(),
            category.attribute("term").to_owned(),
        ];
        let Some(value) = texts.into_iter().find(|text| !text.is_empty()) else { continue };
        let name = match (category.name.as_str(), category.attribute("domain")) {
            ("dc:subject", _) => "subject",
            (_, "") => "category",
            (_, "post_tag") => "tag",
            (_, domain) => domain,
        };
        let told = |name: &str| {
            let said = category.attribute(name);
            (!said.is_empty() && said != value).then(|| (name.to_owned(), said.into()))
        };
        let unknown = ["term", "scheme"].into_iter().filter_map(told).collect();
        taken.used(category);
        if keywords.len() < store::MAX_LIST {
            keywords.push(Keyword { name: name.to_owned(), value, unknown });
        }
    }
}
