//! Hits: an article, an image or a byline in a list.

use maud::{Markup, html};
use serde_json::{Map, Value};
use store::{AssetKind, Rendition};

use super::{address, dates, media, text};
use crate::Hit;

/// A hit of a search: headline, date, byline, section, the words around what was looked for, a picture.
pub(super) fn shown(hit: &Hit) -> Markup {
    match hit.kind {
        AssetKind::Article => article(hit),
        AssetKind::Image => tile(hit),
        AssetKind::Byline => byline(hit),
    }
}

fn article(hit: &Hit) -> Markup {
    let document = &hit.document;
    let picture = first_picture(document);
    html! {
        li.hit {
            article lang=[text::lang(string(document, "language"))] dir="auto" {
                p.over lang="en" {
                    @if !string(document, "section").is_empty() { span.section { (string(document, "section")) } }
                    @if !string(document, "published").is_empty() { span.when { (dates::time_of(string(document, "published"))) } }
                    @if !string(document, "page").is_empty() { span.page { "page " (string(document, "page")) } }
                }
                h3 { a.open href=(href(hit)) { (headline(hit)) } }
                @let names = names_of(hit);
                @if let Some(names) = names { p.by lang="en" { (names) } }
                p.snippet { (snippet(hit)) }
                (elsewhere(hit))
            }
            @if let Some((rendition, src, alt)) = picture {
                a.thumb href=(href(hit)) tabindex="-1" aria-hidden="true" {
                    img src=(src) alt=(alt) width=[rendition.width] height=[rendition.height] loading="lazy" decoding="async";
                }
            }
        }
    }
}

/// What of the hit is in none of the parts that are shown anyway: a word that only a caption or a correction has.
fn elsewhere(hit: &Hit) -> Markup {
    static PARTS: [(&str, &str); 6] = [
        ("images.caption", "In a caption"),
        ("images.alt", "In a picture"),
        ("keywords.value", "Keyword"),
        ("corrections.text", "In a correction"),
        ("images.credit", "Picture credit"),
        ("bylines.also_known_as", "By"),
    ];
    let shown_already =
        ["body", "summary", "headline", "subheadline"].iter().any(|part| hit.highlights.contains_key(*part));
    let found =
        PARTS.iter().find_map(|(part, label)| Some((*label, text::fragments(hit.highlights.get(*part))?)));
    html! {
        @if let (false, Some((label, fragment))) = (shown_already, found) {
            p.elsewhere lang="en" { span.label { (label) } " " (fragment) }
        }
    }
}

fn headline(hit: &Hit) -> Markup {
    text::fragments(hit.highlights.get("headline")).unwrap_or_else(|| {
        let headline = string(&hit.document, "headline");
        html! { (if headline.is_empty() { hit.id.as_str() } else { headline }) }
    })
}

fn snippet(hit: &Hit) -> Markup {
    let parts = ["body", "summary", "subheadline"];
    parts.iter().find_map(|part| text::fragments(hit.highlights.get(*part))).unwrap_or_else(|| {
        let text = ["summary", "body"]
            .into_iter()
            .map(|part| string(&hit.document, part))
            .find(|text| !text.is_empty());
        html! { (text::beginning(text.unwrap_or_default(), 220)) }
    })
}

/// Who wrote it, as far as anybody is named.
fn names_of(hit: &Hit) -> Option<Markup> {
    if let Some(names) = text::fragments(hit.highlights.get("bylines.name")) {
        return Some(html! { "By " (names) });
    }
    let names: Vec<&str> = objects(&hit.document, "bylines")
        .map(|byline| string(byline, "name"))
        .filter(|name| !name.is_empty())
        .collect();
    match names.is_empty() {
        false => Some(html! { "By " (names.join(", ")) }),
        true => Some(string(&hit.document, "credit"))
            .filter(|credit| !credit.is_empty())
            .map(|credit| html! { (credit) }),
    }
}

/// An image in a grid.
pub(super) fn tile(hit: &Hit) -> Markup {
    let document = &hit.document;
    let picture = picture_of(document, 320);
    let caption = text::fragments(hit.highlights.get("caption"))
        .unwrap_or_else(|| html! { (text::beginning(string(document, "caption"), 110)) });
    html! {
        li.tile {
            a.open href=(href(hit)) {
                @match picture {
                    Some((rendition, src, alt)) => img src=(src) alt=(alt) width=[rendition.width] height=[rendition.height] loading="lazy" decoding="async";,
                    None => span.no-picture { (string(document, "alt")) },
                }
                span.caption { (caption) }
            }
            p.over {
                @if !string(document, "credit").is_empty() { span { (string(document, "credit")) } }
                @if !string(document, "taken").is_empty() { span.when { (dates::time_of(string(document, "taken"))) } }
            }
        }
    }
}

fn byline(hit: &Hit) -> Markup {
    let document = &hit.document;
    let name =
        text::fragments(hit.highlights.get("name")).unwrap_or_else(|| html! { (string(document, "name")) });
    let bio = text::fragments(hit.highlights.get("bio"))
        .unwrap_or_else(|| html! { (text::beginning(string(document, "bio"), 180)) });
    let other_names = text::fragments(hit.highlights.get("also_known_as"));
    let year = |field| string(document, field).get(..4).unwrap_or_default();
    let (first, last) = (year("first_published"), year("last_published"));
    html! {
        li.hit {
            article {
                p.over {
                    @if !string(document, "title").is_empty() { span.section { (string(document, "title")) } }
                    @if !first.is_empty() { span.when { (first) @if first != last { "–" (last) } } }
                    @for (field, one, many) in [("article_count", "article", "articles"), ("image_count", "image", "images")] {
                        @let count = document.get(field).and_then(Value::as_u64).unwrap_or(0);
                        @if count > 0 { span { (text::counted(count, one, many)) } }
                    }
                }
                h3 { a.open href=(href(hit)) { (name) } }
                p.snippet { (bio) }
                @if let Some(names) = other_names { p.elsewhere { span.label { "Also printed as" } " " (names) } }
            }
        }
    }
}

/// An article in a plain list: date and headline.
pub(super) fn line(hit: &Hit) -> Markup {
    let document = &hit.document;
    html! {
        li {
            a href=(href(hit)) lang=[text::lang(string(document, "language"))] { (headline(hit)) }
            " " span.when { (dates::time_of(string(document, "published"))) }
        }
    }
}

/// An article as a card with its picture, or with its first lines where it has none.
pub(super) fn card(hit: &Hit) -> Markup {
    let document = &hit.document;
    let picture = first_picture(document);
    let has_picture = picture.is_some();
    html! {
        li {
            @if let Some((rendition, src, _)) = picture {
                a.thumb href=(href(hit)) tabindex="-1" aria-hidden="true" {
                    img src=(src) alt="" width=[rendition.width] height=[rendition.height] loading="lazy" decoding="async";
                }
            }
            p.over { span.when { (dates::time_of(string(document, "published"))) } }
            h3 { a href=(href(hit)) lang=[text::lang(string(document, "language"))] { (headline(hit)) } }
            @if !has_picture { p.snippet lang=[text::lang(string(document, "language"))] { (snippet(hit)) } }
        }
    }
}

fn href(hit: &Hit) -> String {
    address::asset(hit.kind, &hit.id)
}

type Picture = (Rendition, String, String);

fn first_picture(document: &Map<String, Value>) -> Option<Picture> {
    objects(document, "images").find_map(|image| picture_of(image, 240))
}

fn picture_of(image: &Map<String, Value>, width: u32) -> Option<Picture> {
    let renditions: Vec<Rendition> = serde_json::from_value(image.get("renditions")?.clone()).ok()?;
    let (rendition, src) = media::fitting(&renditions, width)?;
    let alt = ["alt", "caption"].into_iter().map(|name| string(image, name)).find(|text| !text.is_empty());
    Some((rendition.clone(), src, alt.unwrap_or_default().to_owned()))
}

fn string<'a>(document: &'a Map<String, Value>, name: &str) -> &'a str {
    document.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn objects<'a>(document: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Map<String, Value>> {
    document.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}
