//! Enclosures and Media RSS: the pictures of an item, and its other files.

use serde_json::Value;
use store::{Image, Rendition};

use super::entry::Taken;
use crate::{link, nested::Nested, xml::Element};

/// Adds the pictures; the addresses of other files go to `extra`.
pub(super) fn add(nested: &mut Nested, taken: &mut Taken<'_>) {
    let item = taken.item;
    let is_picture = |element: &Element| {
        let kind = element.attribute("type");
        kind.starts_with("image")
            || element.attribute("medium") == "image"
            || element.name == "media:thumbnail"
    };
    let links = item.elements().filter(|link| link.local() == "link" && link.attribute("rel") == "enclosure");
    let mut files: Vec<&Element> =
        item.elements().filter(|file| file.name == "enclosure").chain(links).collect();
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
        let Ok(id) = link::asset_id(href) else { continue };
        let rendition = Rendition {
            href: href.to_owned(),
            width: file.attribute("width").parse().ok(),
            height: file.attribute("height").parse().ok(),
            media_type: file.attribute("type").to_owned(),
            ..Rendition::default()
        };
        let words = |name: &str| {
            let own = file.own_text(name);
            if own.is_empty() { item.own_text(name) } else { own }
        };
        let (caption, credit) = (words("media:description"), words("media:credit"));
        nested.image(id, Image { caption, credit, renditions: vec![rendition], ..Image::default() });
    }
    for child in item.elements() {
        let placed = matches!(child.name.as_str(), "enclosure" | "media:thumbnail")
            || matches!(child.name.as_str(), "media:description" | "media:credit")
            || (child.name == "media:content" && child.elements().all(|one| is_placed(&one.name)));
        if placed {
            taken.used(child);
        }
    }
}

fn is_placed(name: &str) -> bool {
    matches!(name, "media:thumbnail" | "media:description" | "media:credit")
}
