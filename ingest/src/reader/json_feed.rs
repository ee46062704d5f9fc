//! JSON Feed, versions 1 and 1.1.

use serde_json::{Map, Value};
use store::Article;

use super::{
    common::{OfHead, Reader},
    entry::{Again, Entry, RecordShape, Says, Stage},
};
use crate::{
    cut::Cutter,
    fields::{self, Fields, text_of},
    html,
    nested::{Nested, id_or, language},
    record::{Found, Origin, Raw, Reason},
};

pub(super) const ENTRY: Entry = Entry {
    name: "json-feed",
    called: "JSON Feed",
    told: &[(Stage::Json, |head| head.text.contains("jsonfeed.org/version"))],
    says: Says::Format,
    record: RecordShape::Json,
    again: Again::LaterFile,
    reader: |_| Box::<JsonFeed>::default(),
    #[cfg(test)]
    sample: "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{\"id\":\"1\",\"content_html\":\"<b>x</b>\"}]}",
};

/// A JSON Feed (version 1 and 1.1): every item.
#[derive(Default)]
pub(crate) struct JsonFeed {
    feeds: OfHead<Feed>,
}

/// A feed's statements about all its items, where it makes them before these.
#[derive(Default)]
struct Feed {
    title: String,
    language: String,
    authors: Map<String, Value>,
}

impl Feed {
    fn of(raw: &Raw) -> Self {
        let head = crate::reader::common::text_of(&raw.head);
        // It ends with the list's name, which an empty list makes whole.
        let Ok(Value::Object(feed)) = fields::parse(&format!("{head}]}}")) else { return Self::default() };
        let mut feed = Fields(feed);
        let (title, language) = (feed.text("title"), language(&feed.text("language")));
        let rest = feed.rest();
        let authors = rest.into_iter().filter(|(name, _)| matches!(name.as_str(), "author" | "authors"));
        Self { title, language, authors: authors.collect() }
    }
}

/// Adds the authors of an item or a feed. One that is no object, as the standard wants it, is a printed credit.
fn authors(nested: &mut Nested, from: &mut Fields) {
    for name in ["authors", "author"] {
        let mut others = Vec::new();
        for author in from.list(name) {
            match author {
                Value::Object(author) => {
                    let mut author = Fields(author);
                    let (name, url) = (author.text("name"), author.text("url"));
                    nested.person_with(&name, |byline| byline.url = url);
                    others.push(Value::Object(author.rest()));
                }
                other => nested.people_of(&text_of(&other)),
            }
        }
        from.keep(name, Value::Array(others));
    }
}

impl Reader for JsonFeed {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::new(crate::cut_json::Elements::of(Some("items".to_owned())).with_head())
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let mut item = super::common::json_object(raw)?;
        let mut nested = Nested::default();
        let feed = self.feeds.get(raw, Feed::of);
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
            language: [language(&item.text("language")), feed.language.clone()]
                .into_iter()
                .find(|tag| !tag.is_empty())
                .unwrap_or_default(),
            source: feed.title.clone(),
            url: url.clone(),
            ..Article::default()
        };
        let tags = item.texts("tags");
        nested.article.keywords.extend(crate::fields::keywords("tag", tags));
        authors(&mut nested, &mut item);
        if nested.article.bylines.is_empty() {
            authors(&mut nested, &mut Fields(feed.authors.clone()));
        }
        for href in [item.text("image"), item.text("banner_image")] {
            nested.picture(html::Picture { href, ..html::Picture::default() });
        }
        for picture in markup.pictures {
            nested.picture(picture);
        }
        nested.article.extra = item.rest();
        nested.links(markup.links);
        let given = if given.contains(':') || given.len() >= 16 { given } else { url };
        Ok(nested.finish(id_or(&given, || format!("{}#{}", origin.stem, raw.place.record))?))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Value {
        let mut input = text.as_bytes();
        let reader = JsonFeed::default();
        let raw = reader.cutter(b"").next(&mut input).unwrap().unwrap();
        let found = reader.read(&raw, &Origin::default()).unwrap();
        serde_json::to_value(&found.last().unwrap().event.fact).unwrap()
    }

    #[test]
    fn authors_are_objects_or_credits() {
        let check = |authors: &str, expected: &[&str]| {
            let article = read(&format!(
                "{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{{\"id\":\"1\",\"title\":\"T\",{authors}}}]}}"
            ));
            assert_eq!(article["bylines"], json!(expected), "{authors}");
        };
        check(r#""author":"Ida Lee""#, &["byline:ida-lee"]);
        check(r#""author":"By Ida Lee and Max Orr""#, &["byline:ida-lee", "byline:max-orr"]);
        check(r#""author":{"name":"Ida Lee","avatar":"a.png"}"#, &["byline:ida-lee"]);
        check(
            r#""authors":[{"name":"Lee, Orr and Poe"},"Max Orr"]"#,
            &["byline:lee-orr-and-poe", "byline:max-orr"],
        );
    }

    /// JSON Feed 1.1: `authors` and `language` of the feed are those of items that state none.
    #[test]
    fn an_item_inherits_from_its_feed() {
        let article = read(
            "{\"title\":\"The Harbour\",\"language\":\"pt\",\"authors\":[{\"name\":\"Ida Lee\"}],\n\"items\":[{\"id\":\"1\",\"title\":\"T\",\"date_published\":\"some day\"}]}",
        );
        assert_eq!((&article["source"], &article["language"]), (&json!("The Harbour"), &json!("pt")));
        assert_eq!(article["bylines"], json!(["byline:ida-lee"]));
        assert_eq!(article["extra"], json!({"date_published": "some day"}));
    }
}
