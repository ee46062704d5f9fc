//! WordPress's export (WXR): RSS with everything that a blog knows.

use serde_json::{Map, Value};
use store::{AssetId, Byline, Image, Rendition};

use super::{
    Reader,
    feed::{Feed, content_of, entry},
};
use crate::{
    cut::Cutter,
    cut_elements::XmlElements,
    dates, html, names,
    nested::{Nested, id_or},
    record::{Found, Origin, Raw, Reason},
    xml::{self, Element},
};

/// WordPress: every `item`, and the authors.
pub(crate) struct Wxr;

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
        let feed = Feed::of(raw);
        let guid = item.text_at("guid");
        if kind == "attachment"
            && let Some(id) = feed.attachment(&item.text_at("wp:post_id"))
        {
            return attachment(&item, id);
        }
        let id = id_or(&guid, || format!("{}#{}", origin.stem, raw.place.record))?;
        match kind.as_str() {
            "attachment" => attachment(&item, id),
            "" | "post" | "page" => Ok(post(&item, &feed).finish(id)),
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
            _ => Ok(post(&item, &feed).finish(id)),
        }
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

fn post(item: &Element, feed: &Feed) -> Nested {
    let mut nested = entry(item, feed);
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
    let mut extra = wordpress_fields(item);
    // The picture that stands over the post, by its number in the blog.
    let thumbnail =
        extra.get("_thumbnail_id").and_then(Value::as_str).and_then(|number| feed.attachment(number));
    if let Some(id) = thumbnail {
        extra.remove("_thumbnail_id");
        nested.show_first(id);
    }
    nested.article.extra.extend(extra);
    nested
}

fn attachment(item: &Element, id: AssetId) -> Result<Vec<Found>, Reason> {
    let mut extra = wordpress_fields(item);
    extra.insert("guid".to_owned(), item.text_at("guid").into());
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
