//! Hits: an article, an image or a byline in a list.

use maud::{Markup, html};
use query::Hit;
use search::cite::article_title;
use serde_json::{Map, Value};
use store::{AssetKind, Rendition};

use super::{address::Address, dates, media, text};
use crate::links;

/// A hit of a search: headline, date, byline, section, the words around what was looked for, a picture.
pub(super) fn shown(hit: &Hit, address: &Address) -> Markup {
    let href = address.hit(hit.kind, &hit.id);
    match hit.kind {
        AssetKind::Article => article(hit, &href),
        AssetKind::Image => tile(hit, &href),
        AssetKind::Byline => byline(hit, &href),
    }
}

fn article(hit: &Hit, href: &str) -> Markup {
    let document = &hit.document;
    let picture = first_picture(document);
    // What is in another language than the page says so, and what the page says in it again.
    let language = text::lang(string(document, "language"));
    let is_foreign = language != Some("en");
    let ours = language.filter(|_| is_foreign).map(|_| "en");
    html! {
        li.hit {
            article lang=[language.filter(|_| is_foreign)] dir=[is_foreign.then_some("auto")] {
                p.over lang=[ours] {
                    @if !string(document, "section").is_empty() { span.section { (string(document, "section")) } }
                    @if !string(document, "published").is_empty() { span.when { (dates::time_of(string(document, "published"))) } }
                    @if !string(document, "page").is_empty() { span.page { "page " (string(document, "page")) } }
                }
                h3.no-headline[string(document, "headline").is_empty()] { a.open href=(href) { (headline(hit)) } }
                @let names = names_of(hit);
                @if let Some(names) = names { p.by lang=[ours] { (names) } }
                p.snippet { (snippet(hit)) }
                (elsewhere(hit, ours))
            }
            @if let Some(src) = picture {
                a.thumb href=(href) tabindex="-1" aria-hidden="true" {
                    img src=(src) alt="" loading="lazy";
                }
            }
        }
    }
}

/// Renders the parts of the hit that are not shown anyway: a word that only a caption or a correction has.
fn elsewhere(hit: &Hit, lang: Option<&str>) -> Markup {
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
            p.elsewhere lang=[lang] { span.label { (label) } " " (fragment) }
        }
    }
}

fn headline(hit: &Hit) -> Markup {
    let (headline, body) = (string(&hit.document, "headline"), string(&hit.document, "body"));
    text::fragments(hit.highlights.get("headline"))
        .unwrap_or_else(|| html! { (article_title(headline, body, &hit.id)) })
}

fn snippet(hit: &Hit) -> Markup {
    let parts = ["body", "summary", "subheadline"];
    parts.iter().find_map(|part| text::fragments(hit.highlights.get(*part))).unwrap_or_else(|| {
        let string = |part| string(&hit.document, part);
        let text = match (string("summary"), string("headline")) {
            // Words that stand for a headline are not said twice.
            ("", "") => text::after_title(string("body")),
            ("", _) => text::beginning(string("body"), 220),
            (summary, _) => text::beginning(summary, 220),
        };
        html! { (text) }
    })
}

/// Returns who wrote it, as far as anybody is named.
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

/// An image in a grid. What is under it is its caption, or else what it shows.
pub(super) fn tile(hit: &Hit, href: &str) -> Markup {
    let document = &hit.document;
    let (caption, alt) = (string(document, "caption"), string(document, "alt"));
    let under = ["caption", "alt"].into_iter().find_map(|part| text::fragments(hit.highlights.get(part)));
    let under = under.unwrap_or_else(|| {
        let words = [caption, alt].into_iter().find(|words| !words.is_empty());
        html! { (text::beginning(words.unwrap_or("A picture without words"), 110)) }
    });
    // What the words under it say anyway is not said twice.
    let alt = if caption.is_empty() { "" } else { alt };
    html! {
        li.tile {
            a.open href=(href) {
                @match picture_of(document, 320) {
                    Some(src) => img src=(src) alt=(alt) loading="lazy";,
                    None => span.no-picture { "No picture" },
                }
                span.caption { (under) }
            }
            p.over {
                @if !string(document, "credit").is_empty() { span { (string(document, "credit")) } }
                @if !string(document, "taken").is_empty() { span.when { (dates::time_of(string(document, "taken"))) } }
            }
        }
    }
}

/// A person in a list: who, and how much from when to when.
fn byline(hit: &Hit, href: &str) -> Markup {
    let document = &hit.document;
    let name =
        text::fragments(hit.highlights.get("name")).unwrap_or_else(|| html! { (string(document, "name")) });
    let bio = text::fragments(hit.highlights.get("bio"))
        .unwrap_or_else(|| html! { (text::beginning(string(document, "bio"), 140)) });
    let other_names = text::fragments(hit.highlights.get("also_known_as"));
    let year = |field| string(document, field).get(..4).unwrap_or_default();
    let (first, last) = (year("first_published"), year("last_published"));
    let office: Vec<&str> = ["title", "organization"]
        .iter()
        .map(|part| string(document, part))
        .filter(|part| !part.is_empty() && *part != string(document, "name"))
        .collect();
    html! {
        li.hit.person-hit {
            article {
                h3 { a.open href=(href) { (name) } }
                @if !office.is_empty() { " " span.by { (office.join(", ")) } }
                @if let Some(names) = other_names { p.elsewhere { span.label { "Also printed as" } " " (names) } }
                @if !string(document, "bio").is_empty() { p.snippet { (bio) } }
            }
            p.over {
                @for (field, one, many) in [("article_count", "article", "articles"), ("image_count", "image", "images")] {
                    @let count = document.get(field).and_then(Value::as_u64).unwrap_or(0);
                    @if count > 0 { span { (text::counted(count, one, many)) } }
                }
                @if !first.is_empty() { span.when { (first) @if first != last { "–" (last) } } }
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
            @if let Some(src) = picture {
                a.thumb href=(href(hit)) tabindex="-1" aria-hidden="true" {
                    img src=(src) alt="" loading="lazy";
                }
            }
            p.over { span.when { (dates::time_of(string(document, "published"))) } }
            h3 { a href=(href(hit)) lang=[text::lang(string(document, "language"))] { (headline(hit)) } }
            @if !has_picture { p.snippet lang=[text::lang(string(document, "language"))] { (snippet(hit)) } }
        }
    }
}

/// The page of a hit by itself.
pub(super) fn href(hit: &Hit) -> String {
    links::asset(hit.kind, &hit.id)
}

fn first_picture(document: &Map<String, Value>) -> Option<String> {
    objects(document, "images").find_map(|image| picture_of(image, 240))
}

fn picture_of(image: &Map<String, Value>, width: u32) -> Option<String> {
    let renditions: Vec<Rendition> = serde_json::from_value(image.get("renditions")?.clone()).ok()?;
    Some(media::fitting(&renditions, width)?.1)
}

fn string<'a>(document: &'a Map<String, Value>, name: &str) -> &'a str {
    document.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn objects<'a>(document: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Map<String, Value>> {
    document.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}
