//! The Archive API and the Article Search API of the New York Times: a month, or a page of hits, in one document.
//!
//! Specification: nytimes/public_api_specs, `archive_api.yaml` and `article_search_v2.yaml`. Documents of 2016 and
//! of 2025 differ from it and from each other; every field is taken as it comes, or left in `extra`.

mod pictures;

use serde_json::Value;
use store::Article;

use self::pictures::Multimedia;
use super::{
    common::{Reader, text_of},
    entry::{Again, Entry, Head, RecordShape, Says, Stage},
};
use crate::{
    credits,
    cut::Cutter,
    cut_json::{Elements, Values},
    dates, link, names,
    record::{Found, Origin, Raw, Reason, time_of},
    typed::{List, Maybe, Object, Text, objects},
};

pub(super) const ENTRY: Entry = Entry {
    name: "nyt",
    called: "answers of the NYT APIs",
    told: &[(Stage::Json, is_answer)],
    says: Says::Format,
    record: RecordShape::Json,
    again: Again::Later,
    reader: |_| Box::new(Nyt),
    #[cfg(test)]
    sample: "{\"response\":{\"docs\":[{\"_id\":\"1\",\"headline\":{\"main\":\"M\"},\"byline\":{\"original\":\"By A B\",\"person\":[{\"firstname\":\"A\"}]},\"multimedia\":[{\"url\":\"a-thumbWide.jpg\",\"type\":\"image\"}],\"pub_date\":\"1851-09-18T05:00:00+0000\"}]}}",
};

/// Returns true for a list under `docs` with fields of the APIs, which other search engines' answers have, too, without
/// them, and for its parts alone.
fn is_answer(head: &Head<'_>) -> bool {
    let after = head.text.split_once("\"docs\"").map(|(_, after)| after.trim_start());
    let has_docs = after
        .and_then(|after| after.strip_prefix(':'))
        .is_some_and(|after| after.trim_start().starts_with('['));
    let names = ["copyright", "web_url", "pub_date", "lead_paragraph", "print_page", "_id"];
    has_docs && names.iter().any(|name| head.has(name))
        || (head.has("web_url") && head.has("pub_date") && !head.has("swagger") && !head.has("openapi"))
}

pub(crate) struct Nyt;

impl Reader for Nyt {
    fn cutter(&self, head: &[u8]) -> Box<dyn Cutter> {
        match memchr::memmem::find(head, b"\"docs\"") {
            Some(_) => Box::new(Elements::of(Some("docs".to_owned()))),
            // Docs that someone took out of their answers: a list, or one after another.
            None => Box::<Values>::default(),
        }
    }

    fn read(&self, raw: &Raw, _: &Origin) -> Result<Vec<Found>, Reason> {
        let text = text_of(&raw.bytes);
        match serde_json::from_str(&text).map_err(|error| Reason::json(&error))? {
            Maybe::Object(doc) => article(doc),
            Maybe::Other(_) => Err(Reason::Content("a record must be a JSON object: { … }".to_owned())),
        }
    }
}

objects! {
    /// One article, as the Archive API and the Article Search API give it.
    Doc {
        old_id "_id": Text<'d>,
        uri "uri": Text<'d>,
        web_url "web_url": Text<'d>,
        pub_date "pub_date": Text<'d>,
        updated_date "updated_date": Text<'d>,
        last_modified "last_modified": Text<'d>,
        headline "headline": Maybe<Headline<'d>>,
        source "source": Text<'d>,
        section_name "section_name": Text<'d>,
        news_desk "news_desk": Text<'d>,
        type_of_material "type_of_material": Text<'d>,
        lead_paragraph "lead_paragraph": Text<'d>,
        summary "abstract": Text<'d>,
        snippet "snippet": Text<'d>,
        print_section "print_section": Text<'d>,
        print_page "print_page": Text<'d>,
        print_edition "print_edition": Text<'d>,
        keywords "keywords": List<Keyword<'d>>,
        byline "byline": Maybe<Byline<'d>>,
        multimedia "multimedia": Multimedia<'d>,
    }

    Headline {
        main "main": Text<'d>,
        kicker "kicker": Text<'d>,
        content_kicker "content_kicker": Text<'d>,
        print_headline "print_headline": Text<'d>,
        name "name": Text<'d>,
        seo "seo": Text<'d>,
        sub "sub": Text<'d>,
    }

    Byline {
        original "original": Text<'d>,
        organization "organization": Text<'d>,
        person "person": List<Person<'d>>,
    }

    Person {
        firstname "firstname": Text<'d>,
        middlename "middlename": Text<'d>,
        lastname "lastname": Text<'d>,
        qualifier "qualifier": Text<'d>,
    }

    Keyword {
        name "name": Text<'d>,
        value "value": Text<'d>,
    }
}

fn article(mut doc: Doc<'_>) -> Result<Vec<Found>, Reason> {
    let old_id = doc.old_id.take();
    let url = doc.web_url.take();
    let given = [doc.uri.take(), old_id.clone(), url.clone()].into_iter().find(|id| !id.is_empty());
    let id = given.ok_or_else(|| {
        Reason::Content("an article needs one of `uri`, `_id` and `web_url` to be known by".to_owned())
    })?;
    let id = link::asset_id(id).map_err(|error| Reason::Content(format!("`uri`: {error}")))?;
    if old_id != id.as_str() {
        doc.old_id.keep(old_id);
    }
    let published = date(&mut doc.pub_date);
    let updated = date(&mut doc.updated_date).or_else(|| date(&mut doc.last_modified));
    let time = time_of(updated.as_ref(), published.as_ref());
    let mut article = Article {
        published,
        updated,
        url: url.into_owned(),
        source: doc.source.take().into_owned(),
        section: doc.section_name.take().into_owned(),
        desk: doc.news_desk.take().into_owned(),
        genre: doc.type_of_material.take().into_owned(),
        ..Article::default()
    };
    headline(&mut article, &mut doc.headline);
    texts(&mut article, &mut doc);
    page(&mut article, &mut doc);
    keywords(&mut article, &mut doc);
    let mut found = bylines(&mut article, &mut doc);
    for (id, image) in doc.multimedia.images() {
        if !article.images.contains(&id) {
            article.images.push(id.clone());
            found.push(Found::published(id, image, None));
        }
    }
    for one in &mut found {
        one.event.time = time;
    }
    article.extra = doc.rest();
    found.push(Found::published(id, article, time));
    Ok(found)
}

/// Takes a date. One that cannot be understood stays.
fn date(text: &mut Text<'_>) -> Option<store::ArchiveDate> {
    let date = dates::parse(&text.get())?;
    *text = Text::default();
    Some(date)
}

/// Returns the text of the first of these that has one; the others stay.
fn first_of(texts: &mut [&mut Text<'_>]) -> String {
    texts.iter_mut().map(|text| text.take()).find(|text| !text.is_empty()).unwrap_or_default().into_owned()
}

fn headline(article: &mut Article, headline: &mut Maybe<Headline<'_>>) {
    let of = match headline {
        Maybe::Object(headline) => headline,
        // The headline alone.
        Maybe::Other(value) => {
            article.headline = crate::fields::text_of(value);
            if !article.headline.is_empty() {
                *value = Value::Null;
            }
            return;
        }
    };
    article.headline = first_of(&mut [&mut of.main, &mut of.print_headline, &mut of.name, &mut of.seo]);
    article.kicker = first_of(&mut [&mut of.kicker, &mut of.content_kicker]);
    article.subheadline = of.sub.take().into_owned();
    // What says the same twice is no news.
    for other in [&mut of.print_headline, &mut of.content_kicker, &mut of.name, &mut of.seo] {
        let text = other.take();
        if text != article.headline && text != article.kicker {
            other.keep(text);
        }
    }
}

/// Fills the texts. The lead paragraph is all of the body that these interfaces give; the abstract sums it up.
fn texts(article: &mut Article, doc: &mut Doc<'_>) {
    let (lead, summary, snippet) = (doc.lead_paragraph.take(), doc.summary.take(), doc.snippet.take());
    if !summary.is_empty() {
        article.summary = summary.into_owned();
        if snippet != article.summary && snippet != lead {
            doc.snippet.keep(snippet);
        }
    } else {
        article.summary = snippet.into_owned();
    }
    article.body = lead.into_owned();
}

/// Fills the page: `print_section` `A` and `print_page` `1` are `A1`.
fn page(article: &mut Article, doc: &mut Doc<'_>) {
    let (section, page) = (doc.print_section.take(), doc.print_page.take());
    let printed = page.chars().next().is_some_and(|first| first.is_ascii_digit());
    article.page = if printed { format!("{section}{page}") } else { page.clone().into_owned() };
    if !section.is_empty() {
        doc.print_section.keep(section);
        doc.print_page.keep(page);
    }
    article.edition = doc.print_edition.take().into_owned();
}

fn keywords(article: &mut Article, doc: &mut Doc<'_>) {
    let mut others = Vec::new();
    for entry in std::mem::take(&mut doc.keywords).0 {
        match entry {
            Maybe::Object(mut keyword) => {
                let (name, value) = (keyword.name.take(), keyword.value.take());
                if !value.is_empty() {
                    let (name, value) = (name.into_owned(), value.into_owned());
                    article.keywords.push(store::Keyword { name, value, unknown: keyword.rest() });
                }
            }
            other => others.push(other),
        }
    }
    doc.keywords.0 = others;
}

/// Returns the persons as they are listed; where none are, those that the printed credit names.
fn bylines(article: &mut Article, doc: &mut Doc<'_>) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut add = |article: &mut Article, byline: store::Byline| {
        if let Some(id) = names::byline_id(&byline.name)
            && !article.bylines.contains(&id)
        {
            article.bylines.push(id.clone());
            found.push(Found::mentioned(id, byline, None));
        }
    };
    let byline = match &mut doc.byline {
        Maybe::Object(byline) => byline,
        // `byline: []` and `""` say "none"; a text is the credit alone.
        Maybe::Other(value) => {
            article.credit = crate::fields::text_of(value);
            if !article.credit.is_empty() {
                *value = Value::Null;
            }
            credits::parse(&article.credit).into_iter().for_each(|byline| add(article, byline));
            return found;
        }
    };
    article.credit = byline.original.take().into_owned();
    let mut details = Vec::new();
    for entry in std::mem::take(&mut byline.person).0 {
        let Maybe::Object(mut person) = entry else { continue };
        let part = |text: &mut Text<'_>| names::cased(&text.take());
        let (first, middle) = (part(&mut person.firstname), part(&mut person.middlename));
        let (last, qualifier) = (part(&mut person.lastname), part(&mut person.qualifier));
        let given = joined(&[&first, &middle]);
        let name = joined(&[&given, &last, &qualifier]);
        let mut rest = person.rest();
        if !rest.is_empty() {
            rest.insert("name".to_owned(), name.clone().into());
            details.push(Maybe::Other(Value::Object(rest)));
        }
        add(article, store::Byline { name, given, family: last, ..store::Byline::default() });
    }
    if article.bylines.is_empty() {
        let organisation = byline.organization.take();
        let printed = if article.credit.is_empty() { organisation.as_ref() } else { &article.credit };
        let printed = credits::parse(printed);
        printed.into_iter().for_each(|byline| add(article, byline));
        byline.organization.keep(organisation);
    }
    byline.person.0 = details;
    found
}

/// Returns the parts that are there, parted by a space.
fn joined(parts: &[&str]) -> String {
    let mut out = String::new();
    for word in parts.iter().flat_map(|part| part.split_whitespace()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};
    use store::{Content, Fact};

    use super::*;

    fn read(doc: &Value) -> Vec<(String, Content, bool)> {
        let text = doc.to_string();
        let Maybe::Object(doc) = serde_json::from_str(&text).unwrap() else { panic!("an object") };
        let found = article(doc).unwrap();
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
        let found = read(&json!({
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
        let found = read(&json!({
            "_id": "nyt://article/1", "uri": "nyt://article/1", "headline": {"main": "H"}, "byline": [],
            "multimedia": {"caption": "C", "credit": "Cr", "default": {"url": "https://s/a/b-articleLarge.jpg", "width": 600, "height": 400},
                "thumbnail": {"url": "https://s/a/b-thumbStandard.jpg"}}
        }));
        assert_eq!(found[0].0, "https://s/a/b.jpg");
        let found = read(
            &json!({"uri": "u", "byline": "By A. BEE and C. DEE", "multimedia": "", "keywords": null, "pub_date": "??"}),
        );
        assert_eq!(found.len(), 3);
        let Content::Article(article) = &found[2].1 else { panic!() };
        assert_eq!(article.extra, Map::from_iter([("pub_date".to_owned(), "??".into())]));
    }

    #[test]
    fn an_article_needs_an_id() {
        assert!(article(Doc::default()).is_err());
    }
}
