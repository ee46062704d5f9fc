//! JSON Feed, versions 1 and 1.1.

use store::Article;

use super::Reader;
use crate::{
    cut::Cutter,
    fields::object_of,
    html,
    nested::{Nested, id_or, language},
    record::{Found, Origin, Raw, Reason},
};

/// A JSON Feed (version 1 and 1.1): every item.
pub(crate) struct JsonFeed;

impl Reader for JsonFeed {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::new(crate::cut_json::Elements::of(Some("items")))
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let mut item = super::json_object(raw)?;
        let mut nested = Nested::default();
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
            language: language(&item.text("language")),
            url: url.clone(),
            ..Article::default()
        };
        let tags = item.texts("tags");
        nested.article.keywords.extend(crate::fields::keywords("tag", tags));
        for author in [item.list("authors"), item.list("author")].concat() {
            let name = object_of(author).text("name");
            nested.person(&name);
        }
        for href in [item.text("image"), item.text("banner_image")] {
            nested.picture(html::Picture { href, ..html::Picture::default() });
        }
        for picture in markup.pictures {
            nested.picture(picture);
        }
        nested.article.extra = item.rest();
        let given = if given.contains(':') || given.len() >= 16 { given } else { url };
        Ok(nested.finish(id_or(&given, || format!("{}#{}", origin.stem, raw.place.record))?))
    }
}
