//! The Archive API and the Article Search API of the New York Times: a month, or a page of hits, in one document.
//!
//! Specification: nytimes/public_api_specs, `archive_api.yaml` and `article_search_v2.yaml`. Documents of 2016 and
//! of 2025 differ from it and from each other; every field is taken as it comes, or left in `extra`.

use serde_json::Value;
use store::{Article, AssetId, Image, Rendition};

use super::{Reader, json_object};
use crate::{
    credits,
    cut::Cutter,
    cut_json::{Elements, Values},
    fields::{Fields, object_of, text_of},
    names,
    record::{Found, Origin, Raw, Reason, time_of},
};

/// What relative links of pictures are relative to.
const PICTURES: &str = "https://static01.nyt.com/";

pub(crate) struct Nyt;

impl Reader for Nyt {
    fn cutter(&self, head: &[u8]) -> Box<dyn Cutter> {
        match memchr::memmem::find(head, b"\"docs\"") {
            Some(_) => Box::new(Elements::of(Some("docs"))),
            // Docs that someone took out of their answers: a list, or one after another.
            None => Box::<Values>::default(),
        }
    }

    fn read(&self, raw: &Raw, _: &Origin) -> Result<Vec<Found>, Reason> {
        article(json_object(raw)?)
    }
}

fn article(mut doc: Fields) -> Result<Vec<Found>, Reason> {
    let (old_id, uri) = (doc.text("_id"), doc.text("uri"));
    let url = doc.text("web_url");
    let id = [&uri, &old_id, &url].into_iter().find(|id| !id.is_empty()).ok_or_else(|| {
        Reason::Content("an article needs one of `uri`, `_id` and `web_url` to be known by".to_owned())
    })?;
    let id = AssetId::new(id.clone()).map_err(|error| Reason::Content(format!("`uri`: {error}")))?;
    if !old_id.is_empty() && old_id != id.as_str() {
        doc.keep("_id", old_id.into());
    }
    let published = doc.date("pub_date");
    let updated = doc.first_date(&["updated_date", "last_modified"]);
    let time = time_of(updated.as_ref(), published.as_ref());
    let mut headline = doc.object("headline");
    let mut found = Vec::new();
    let mut article = Article {
        headline: headline.first_text(&["main", "print_headline", "name", "seo"]),
        kicker: headline.first_text(&["kicker", "content_kicker"]),
        subheadline: headline.text("sub"),
        published,
        updated,
        url,
        source: doc.text("source"),
        section: doc.text("section_name"),
        desk: doc.text("news_desk"),
        genre: doc.text("type_of_material"),
        ..Article::default()
    };
    // What says the same twice is no news.
    for name in ["print_headline", "content_kicker", "name", "seo"] {
        let text = headline.text(name);
        if text != article.headline && text != article.kicker {
            headline.keep(name, text.into());
        }
    }
    if article.headline.is_empty() {
        article.headline = doc.text("headline");
    }
    texts(&mut article, &mut doc);
    page(&mut article, &mut doc);
    keywords(&mut article, &mut doc);
    let people = bylines(&mut article, &mut doc);
    found.extend(
        people.into_iter().map(|byline| Found { event: store::NewEvent { time, ..byline.event }, ..byline }),
    );
    for (id, image) in images(&mut doc) {
        if !article.images.contains(&id) {
            article.images.push(id.clone());
            found.push(Found::published(id, image, time));
        }
    }
    doc.keep("headline", Value::Object(headline.rest()));
    article.extra = doc.rest();
    found.push(Found::published(id, article, time));
    Ok(found)
}

/// The lead paragraph is all of the body that these interfaces give; the abstract sums it up.
fn texts(article: &mut Article, doc: &mut Fields) {
    let lead = doc.text("lead_paragraph");
    let summary = doc.text("abstract");
    let snippet = doc.text("snippet");
    article.summary =
        [&summary, &snippet].into_iter().find(|text| !text.is_empty()).cloned().unwrap_or_default();
    if snippet != article.summary && snippet != lead {
        doc.keep("snippet", snippet.into());
    }
    article.body = lead;
}

/// `print_section` `A` and `print_page` `1` are the page `A1`.
fn page(article: &mut Article, doc: &mut Fields) {
    let (section, page) = (doc.text("print_section"), doc.text("print_page"));
    let printed = page.chars().next().is_some_and(|first| first.is_ascii_digit());
    article.page = if printed { format!("{section}{page}") } else { page.clone() };
    if !section.is_empty() {
        doc.keep("print_section", section.into());
        doc.keep("print_page", page.into());
    }
    article.edition = doc.text("print_edition");
}

fn keywords(article: &mut Article, doc: &mut Fields) {
    let mut others = Vec::new();
    for entry in doc.list("keywords") {
        let mut fields = match entry {
            Value::Object(map) => Fields(map),
            other => {
                others.push(other);
                continue;
            }
        };
        let (name, value) = (fields.text("name"), fields.text("value"));
        if !value.is_empty() {
            article.keywords.push(store::Keyword { name, value, unknown: fields.rest() });
        }
    }
    doc.keep("keywords", Value::Array(others));
}

/// The persons as they are listed; where none are, those that the printed credit names.
fn bylines(article: &mut Article, doc: &mut Fields) -> Vec<Found> {
    // `byline: []` and `""` say "none"; a text is the credit alone.
    let mut byline = doc.object("byline");
    article.credit = byline.text("original");
    if byline.is_empty() && article.credit.is_empty() {
        article.credit = doc.text("byline");
    }
    let mut found: Vec<Found> = Vec::new();
    let mut details = Vec::new();
    for person in byline.list("person") {
        let mut fields = object_of(person);
        let mut part = |name| names::cased(&fields.text(name));
        let (first, middle) = (part("firstname"), part("middlename"));
        let (last, qualifier) = (part("lastname"), part("qualifier"));
        let given: Vec<&str> =
            [first.as_str(), &middle].into_iter().filter(|part| !part.is_empty()).collect();
        let given = given.join(" ");
        let whole: Vec<&str> = [&given, &last, &qualifier].into_iter().map(String::as_str).collect();
        let name = whole.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(id) = names::byline_id(&name) {
            let byline =
                store::Byline { name: name.clone(), given, family: last, ..store::Byline::default() };
            if !article.bylines.contains(&id) {
                article.bylines.push(id.clone());
                found.push(Found::mentioned(id, byline, None));
            }
        }
        let mut rest = fields.rest();
        if !rest.is_empty() {
            rest.insert("name".to_owned(), name.into());
            details.push(Value::Object(rest));
        }
    }
    if found.is_empty() {
        let organisation = byline.text("organization");
        let printed = if article.credit.is_empty() { organisation.clone() } else { article.credit.clone() };
        for byline in credits::parse(&printed) {
            if let Some(id) = names::byline_id(&byline.name) {
                article.bylines.push(id.clone());
                found.push(Found::mentioned(id, byline, None));
            }
        }
        byline.keep("organization", organisation.into());
    }
    byline.keep("person", Value::Array(details));
    doc.keep("byline", Value::Object(byline.rest()));
    found
}

/// The pictures, each once, its crops as renditions. Old form: a list of crops; new form: one object with a
/// rendition under each of several names.
fn images(doc: &mut Fields) -> Vec<(AssetId, Image)> {
    let mut pictures: Vec<(String, Image)> = Vec::new();
    let mut others = Vec::new();
    if let Some(Value::Object(_)) = doc.0.get("multimedia") {
        let mut media = doc.object("multimedia");
        let mut image =
            Image { caption: media.text("caption"), credit: media.text("credit"), ..Image::default() };
        let names: Vec<String> = media.0.keys().cloned().collect();
        for role in names {
            let mut fields = media.object(&role);
            match rendition(&mut fields, &role) {
                Some(rendition) => image.renditions.push(rendition),
                None => media.keep(&role, Value::Object(fields.rest())),
            }
        }
        if let Some(first) = image.renditions.first() {
            let key = picture_of(&first.href);
            image.extra = media.rest();
            pictures.push((key, image));
        } else {
            doc.keep("multimedia", Value::Object(media.rest()));
        }
    }
    for entry in doc.list("multimedia") {
        let mut crop = match entry {
            Value::Object(map) if !map.get("type").is_some_and(|kind| kind != "image") => Fields(map),
            other => {
                others.push(other);
                continue;
            }
        };
        let (caption, credit) = (crop.text("caption"), crop.text("credit"));
        let role = crop.first_text(&["subtype", "subType"]);
        crop.text("type");
        let Some(mut rendition) = rendition(&mut crop, &role) else {
            others.push(Value::Object(crop.rest()));
            continue;
        };
        // `legacy` says once more what the crop says.
        crop.0.remove("legacy");
        rendition.unknown = crop.rest();
        rendition.unknown.remove("rank");
        let key = picture_of(&rendition.href);
        match pictures.iter_mut().find(|(known, _)| *known == key) {
            Some((_, image)) => {
                image.renditions.push(rendition);
                fill(&mut image.caption, caption);
                fill(&mut image.credit, credit);
            }
            None => pictures
                .push((key, Image { caption, credit, renditions: vec![rendition], ..Image::default() })),
        }
    }
    doc.keep("multimedia", Value::Array(others));
    pictures.into_iter().filter_map(|(key, image)| Some((AssetId::new(key).ok()?, image))).collect()
}

fn fill(field: &mut String, text: String) {
    if field.is_empty() {
        *field = text;
    }
}

fn rendition(fields: &mut Fields, role: &str) -> Option<Rendition> {
    let href = fields.text("url");
    if href.is_empty() {
        return None;
    }
    let href =
        if href.contains("://") { href } else { format!("{PICTURES}{}", href.trim_start_matches('/')) };
    let mut pixels = |name| text_of(&fields.0.remove(name).unwrap_or_default()).parse().ok();
    let (width, height) = (pixels("width"), pixels("height"));
    Some(Rendition { href, width, height, role: role.to_owned(), ..Rendition::default() })
}

/// The link of a picture without what names the crop: `…/06NEWORLEANS-thumbWide.jpg` and
/// `…/06NEWORLEANS-articleLarge-v2.jpg` are one picture.
fn picture_of(href: &str) -> String {
    let link = href.split(['?', '#']).next().unwrap_or(href);
    let (folder, file) = link.rsplit_once('/').unwrap_or(("", link));
    let (name, ending) = file.rsplit_once('.').unwrap_or((file, ""));
    let version = |part: &str| {
        part.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut parts: Vec<&str> = name.split('-').collect();
    if parts.len() > 1 && parts.last().is_some_and(|last| version(last)) {
        parts.pop();
    }
    if parts.len() > 1 && parts.last().is_some_and(|last| is_crop(last)) {
        parts.pop();
    }
    format!("{folder}/{}.{ending}", parts.join("-"))
}

/// The crops that the paper's pictures come in.
fn is_crop(name: &str) -> bool {
    const STARTS: [&str; 20] = [
        "thumb",
        "article",
        "blog",
        "jumbo",
        "superJumbo",
        "popup",
        "mediumThreeByTwo",
        "mediumSquare",
        "square",
        "largeHorizontal",
        "largeWidescreen",
        "threeByTwo",
        "facebookJumbo",
        "video",
        "master",
        "hpLarge",
        "hpMedium",
        "watch",
        "slide",
        "mobile",
    ];
    const ENDS: [&str; 8] = ["Jumbo", "ByTwo", "By3", "Square", "Thumb", "Standard", "Large", "Wide"];
    STARTS.iter().any(|start| name.starts_with(start))
        || ENDS.iter().any(|end| name.ends_with(end))
        || matches!(
            name,
            "wide" | "sfSpan" | "tmagArticle" | "tmagSF" | "verticalTwoByThree735" | "moth" | "filmstrip"
        )
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};
    use store::{Content, Fact};

    use super::*;

    fn read(doc: Value) -> Vec<(String, Content, bool)> {
        let Value::Object(map) = doc else { panic!("an object") };
        let found = article(Fields(map)).unwrap();
        let content = |fact: Fact| match fact {
            Fact::Published(content) => content,
            other => panic!("{other:?}"),
        };
        found
            .into_iter()
            .map(|found| (found.event.id.to_string(), content(found.event.fact), found.mention))
            .collect()
    }

    #[test]
    fn persons_and_pictures_come_before_the_article() {
        let found = read(json!({
            "_id": "5786", "web_url": "https://x/y.html", "pub_date": "2016-08-12T00:00:00Z", "print_page": "1",
            "headline": {"main": "Slow to Show", "kicker": "Op-Docs", "content_kicker": "Op-Docs"},
            "byline": {"person": [{"firstname": "Ben", "lastname": "STEINBAUER", "rank": 1}], "original": "By BEN STEINBAUER"},
            "multimedia": [
                {"url": "images/a/06NEW-thumbWide.jpg", "width": 190, "height": 126, "subtype": "wide", "type": "image"},
                {"url": "images/a/06NEW-articleLarge-v2.jpg", "width": 600, "subtype": "xlarge", "type": "image"}
            ],
            "word_count": "282"
        }));
        let ids: Vec<&str> = found.iter().map(|(id, ..)| id.as_str()).collect();
        assert_eq!(ids, ["byline:ben-steinbauer", "https://static01.nyt.com/images/a/06NEW.jpg", "5786"]);
        let Content::Image(image) = &found[1].1 else { panic!() };
        assert_eq!(image.renditions.len(), 2);
        let Content::Article(article) = &found[2].1 else { panic!() };
        assert_eq!(article.kicker, "Op-Docs");
        assert_eq!(article.credit, "By BEN STEINBAUER");
        assert_eq!(
            Value::Object(article.extra.clone()),
            json!({
                "byline": {"person": [{"name": "Ben Steinbauer", "rank": 1}]}, "word_count": "282"
            })
        );
    }

    #[test]
    fn the_form_of_2025_and_odd_values_are_read() {
        let found = read(json!({
            "_id": "nyt://article/1", "uri": "nyt://article/1", "headline": {"main": "H"}, "byline": [],
            "multimedia": {"caption": "C", "credit": "Cr", "default": {"url": "https://s/a/b-articleLarge.jpg", "width": 600, "height": 400},
                "thumbnail": {"url": "https://s/a/b-thumbStandard.jpg"}}
        }));
        assert_eq!(found[0].0, "https://s/a/b.jpg");
        let found = read(
            json!({"uri": "u", "byline": "By A. BEE and C. DEE", "multimedia": "", "keywords": null, "pub_date": "??"}),
        );
        assert_eq!(found.len(), 3);
        let Content::Article(article) = &found[2].1 else { panic!() };
        assert_eq!(article.extra, Map::from_iter([("pub_date".to_owned(), "??".into())]));
    }

    #[test]
    fn an_article_needs_an_id() {
        assert!(article(Fields::default()).is_err());
    }
}
