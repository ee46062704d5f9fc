//! WordPress's export (WXR): RSS with everything that a blog knows.

mod channel;
mod company;
mod cutter;
mod shortcode;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};
use store::{AssetId, AssetKind, Byline, Image, Rendition};

use self::channel::{Author, Channel};
use super::{
    common::{OfHead, Reader},
    entry::{Again, Entry, RecordShape, Says, Stage},
    feed::{Unstated, content_of, entry},
};
use crate::{
    cut::Cutter,
    dates, html, link, names,
    nested::{Nested, id_or},
    publicity,
    record::{Former, Found, Origin, Raw, Reason},
    xml::{self, Element, Node},
};

pub(super) const ENTRY: Entry = Entry {
    name: "wxr",
    called: "WordPress exports",
    told: &[(Stage::Markup, |head| head.root == "rss" && head.text.contains("wordpress.org/export"))],
    says: Says::Format,
    record: RecordShape::Xml,
    again: Again::Another,
    reader: |_| Box::<Wxr>::default(),
    #[cfg(test)]
    sample: "<rss><channel><wp:author><wp:author_login>a</wp:author_login></wp:author><item><guid>g</guid><wp:post_type>attachment</wp:post_type><wp:attachment_url>u</wp:attachment_url></item></channel></rss>",
};

/// WordPress: every `item`, and the authors.
#[derive(Default)]
pub(crate) struct Wxr {
    channels: OfHead<Channel>,
}

/// Types of items that WordPress itself needs, and no reader.
const NO_TEXTS: [&str; 10] = [
    "nav_menu_item",
    "customize_changeset",
    "custom_css",
    "revision",
    "oembed_cache",
    "user_request",
    "wp_global_styles",
    "wp_template",
    "wp_template_part",
    "wp_navigation",
];

impl Reader for Wxr {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::new(cutter::Items::new())
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let item = xml::parse(raw)?;
        let channel = self.channels.get(raw, Channel::of);
        if item.local() == "author" {
            return Ok(raw.publicity.clone().on(author(&item, &channel)?));
        }
        let publicity = publicity::wordpress(&item).and(raw.publicity.clone());
        let kind = item.text_at("wp:post_type");
        let number = item.text_at("wp:post_id");
        let guid = item.text_at("guid");
        let by_guid = || id_or(&guid, || format!("{}#{}", origin.stem, raw.place.record));
        match kind.as_str() {
            "attachment" => {
                let id = channel.feed.attachment(&number).map_or_else(by_guid, Ok)?;
                Ok(publicity.on(attachment(&item, id)?))
            }
            "guest-author" => guest_author(&item),
            kind if NO_TEXTS.contains(&kind) => Err(Reason::NoAsset(kind.to_owned())),
            _ => {
                let mut nested = post(&item, &channel);
                let Some(id) = post_id(&channel.feed.blog, &number) else {
                    return Ok(publicity.on(nested.finish(by_guid()?)));
                };
                nested.former(AssetKind::Article, &id, by_guid().ok());
                Ok(publicity.on(nested.finish(id)))
            }
        }
    }
}

/// Returns the id of a post by its number. All posts of a blog, of whatever type, are numbered in one row; the `guid`
/// is copied by imports.
fn post_id(blog: &str, number: &str) -> Option<AssetId> {
    let good = !blog.is_empty() && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    if good { link::asset_id(format!("{blog}/?p={number}")).ok() } else { None }
}

/// Reads a WordPress author, whom posts name by a login.
fn author(item: &Element, channel: &Channel) -> Result<Vec<Found>, Reason> {
    let Some(author) = Author::of(item, &channel.feed.blog) else {
        return Err(Reason::NoAsset("author without name".to_owned()));
    };
    let mut byline = author.byline;
    let number = item.text_at("wp:author_id");
    if !number.is_empty() {
        byline.extra.insert("author_id".to_owned(), number.into());
    }
    let former = Former::new(AssetKind::Byline, &author.id, author.former).into_iter().collect();
    Ok(vec![Found { former, ..Found::published(author.id, byline, None) }])
}

/// Reads the profile of an author who is no user, as Co-Authors Plus keeps it.
fn guest_author(item: &Element) -> Result<Vec<Found>, Reason> {
    let mut extra = wordpress_fields(item);
    let mut take = |name: &str| match extra.remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    let (displayed, slug) = (take("cap-display_name"), take("cap-user_login"));
    let (given, family) = (take("cap-first_name"), take("cap-last_name"));
    let (url, bio) = (take("cap-website"), take("cap-description"));
    let name = if displayed.is_empty() { plain_title(item) } else { displayed };
    let id = names::byline_id(if slug.is_empty() { &name } else { &slug });
    let id = id.ok_or_else(|| Reason::NoAsset("author without name".to_owned()))?;
    let bio = if bio.is_empty() { html::plain(&content_of(item.at("content:encoded"))).text } else { bio };
    let person = names::person(&name);
    let structured = !given.is_empty() || !family.is_empty();
    let byline = if structured { Byline { given, family, ..person } } else { person };
    Ok(vec![Found::published(id, Byline { url, bio, extra, ..byline }, None)])
}

fn post(item: &Element, channel: &Channel) -> Nested {
    let (item, shown) = expanded(item);
    let feed = &channel.feed;
    let mut nested = entry(&item, feed, Unstated::Html);
    nested.clear_people();
    channel.credit(&mut nested, &item);
    if nested.article.summary.is_empty() {
        let excerpt = html::plain(&content_of(item.at("excerpt:encoded"))).text;
        nested.article.summary = if excerpt == nested.article.body { String::new() } else { excerpt };
    }
    nested.article.published = date(&item, "wp:post_date").or(nested.article.published);
    nested.article.updated = date(&item, "wp:post_modified").or(nested.article.updated);
    let kind = item.text_at("wp:post_type");
    if kind != "post" {
        nested.article.genre = kind;
    }
    terms(&mut nested);
    let numbers = shown.pictures.iter().chain(if shown.uploads { &channel.uploads } else { &[][..] });
    for id in numbers.filter_map(|number| feed.attachment(number)) {
        nested.refer(id);
    }
    let mut extra = wordpress_fields(&item);
    // The picture that stands over the post, by its number in the blog.
    let thumbnail =
        extra.get("_thumbnail_id").and_then(Value::as_str).and_then(|number| feed.attachment(number));
    if let Some(id) = thumbnail {
        extra.remove("_thumbnail_id");
        nested.show_first(id);
    }
    if !shown.others.is_empty() {
        extra.insert("shortcodes".to_owned(), shown.others.into());
    }
    nested.article.extra.extend(extra);
    nested
}

/// Returns the item with its texts as WordPress shows them, and what it shows beside them.
fn expanded(item: &Element) -> (Element, shortcode::Shown) {
    let mut item = item.clone();
    let mut shown = shortcode::Shown::default();
    for child in &mut item.children {
        if let Node::Element(text) = child
            && matches!(text.name.as_str(), "content:encoded" | "excerpt:encoded")
        {
            let html = shortcode::expand(&content_of(Some(text)), &mut shown);
            text.children = vec![Node::Text(html)];
        }
    }
    (item, shown)
}

/// Returns a date of WordPress: in GMT where it knows it, else by the blog's own clock. Drafts have years 0 and -1.
fn date(item: &Element, name: &str) -> Option<store::ArchiveDate> {
    let of = |text: String| dates::parse(&text).filter(|date| date.year() > 1);
    of(item.text_at(&format!("{name}_gmt"))).or_else(|| of(item.text_at(name)))
}

/// Keeps each of a post's terms once: exports of 1.0 have each with its taxonomy and without, and authors have a place.
fn terms(nested: &mut Nested) {
    let keywords = std::mem::take(&mut nested.article.keywords);
    for keyword in keywords.into_iter().filter(|keyword| keyword.name != "author") {
        let known = &mut nested.article.keywords;
        let other = known.iter_mut().find(|other| {
            other.value == keyword.value
                && (other.name == keyword.name || "category" == other.name || "category" == keyword.name)
        });
        match other {
            // One without a taxonomy is read as a category: the other says which it is.
            Some(other) if other.name == "category" => *other = keyword,
            Some(_) => {}
            None => known.push(keyword),
        }
    }
}

fn plain_title(item: &Element) -> String {
    html::plain(&content_of(item.at("title"))).text
}

fn attachment(item: &Element, id: AssetId) -> Result<Vec<Found>, Reason> {
    let mut extra = wordpress_fields(item);
    extra.insert("guid".to_owned(), item.text_at("guid").into());
    let href = item.text_at("wp:attachment_url");
    if href.is_empty() {
        return Err(Reason::Content("an attachment needs `wp:attachment_url`".to_owned()));
    }
    let (item, _) = expanded(item);
    let caption = html::plain(&content_of(item.at("excerpt:encoded"))).text;
    let long = html::plain(&content_of(item.at("content:encoded"))).text;
    let alt = extra.remove("_wp_attachment_image_alt").and_then(|alt| alt.as_str().map(str::to_owned));
    let caption = if caption.is_empty() {
        long
    } else {
        extra.insert("description".to_owned(), long.into());
        caption
    };
    extra.insert("title".to_owned(), plain_title(&item).into());
    extra.insert("link".to_owned(), item.text_at("link").into());
    extra.retain(|_, value| value != "");
    let image = Image {
        caption,
        alt: alt.unwrap_or_default(),
        renditions: vec![Rendition { href, ..Rendition::default() }],
        extra,
        ..Image::default()
    };
    let time = date(&item, "wp:post_date").map(|date| date.start());
    Ok(vec![Found::published(id, image, time)])
}

/// Returns the fields of WordPress's own, and the post's metadata. Its password is not kept.
fn wordpress_fields(item: &Element) -> Map<String, Value> {
    let mut extra = Map::new();
    for field in item.elements().filter(|child| child.name.starts_with("wp:")) {
        match field.local() {
            "postmeta" => {
                let (key, value) = (field.text_at("wp:meta_key"), field.text_at("wp:meta_value"));
                if !key.is_empty() && !value.is_empty() {
                    add(&mut extra, &key, value.into());
                }
            }
            "comment" => {
                // One that waits, was refused or thrown away was never seen by readers.
                if matches!(field.text_at("wp:comment_approved").as_str(), "" | "1") {
                    let entry = extra.entry("comments_made").or_insert_with(|| Value::Array(Vec::new()));
                    if let Value::Array(list) = entry {
                        list.push(comment(field));
                    }
                }
            }
            "post_type" | "attachment_url" | "post_password" => {}
            name => {
                let text = field.text();
                if !text.is_empty() && !text.starts_with("0000-00-00") {
                    add(&mut extra, name, text.into());
                }
            }
        }
    }
    extra
}

/// Adds a value under a name that several may have.
fn add(extra: &mut Map<String, Value>, name: &str, value: Value) {
    match extra.get_mut(name) {
        Some(Value::Array(list)) => list.push(value),
        Some(before) => *before = Value::Array(vec![before.take(), value]),
        None => {
            extra.insert(name.to_owned(), value);
        }
    }
}

/// Returns a comment as readers saw it: neither mail nor address of who made it.
fn comment(field: &Element) -> Value {
    let mut comment = Map::new();
    for (name, element) in [
        ("author", "wp:comment_author"),
        ("url", "wp:comment_author_url"),
        ("date", "wp:comment_date_gmt"),
        ("text", "wp:comment_content"),
        ("type", "wp:comment_type"),
        ("id", "wp:comment_id"),
    ] {
        comment.insert(name.to_owned(), field.text_at(element).into());
    }
    let parent = field.text_at("wp:comment_parent");
    if parent != "0" {
        comment.insert("parent".to_owned(), parent.into());
    }
    comment.retain(|_, value| value != "");
    comment.into()
}
