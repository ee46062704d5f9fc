//! Feeds: RSS 0.9 to 2.0, and Atom.

mod entry;
mod media;
mod people;
#[cfg(test)]
mod tests;

use store::AssetId;

pub(super) use self::entry::entry;
pub(super) use super::construct::{Unstated, content_of};
use super::{
    common::Reader,
    entry::{Again, Entry, RecordShape, Says, Stage},
};
use crate::{
    cut::Cutter,
    cut_elements::XmlElements,
    html, link,
    nested::id_or,
    publicity,
    record::{Found, Origin, Raw, Reason},
    xml::{self, Element},
};

pub(super) const RSS: Entry = Entry {
    name: "rss",
    called: "RSS",
    told: &[(Stage::Markup, |head| matches!(head.root, "rss" | "RDF" | "rdf" | "channel"))],
    says: Says::Format,
    record: RecordShape::Xml,
    again: Again::LaterFile,
    reader: |_| Box::new(Rss),
    #[cfg(test)]
    sample: "<rss><channel><language>en</language><item><title>T</title><guid>1</guid><description>&lt;p&gt;x</description><enclosure url='u' type='image/png'/></item></channel></rss>",
};

/// RSS: every `item`.
pub(crate) struct Rss;
pub(super) const ATOM: Entry = Entry {
    name: "atom",
    called: "Atom",
    told: &[(Stage::Markup, |head| matches!(head.root, "feed" | "entry"))],
    says: Says::Format,
    record: RecordShape::Xml,
    again: Again::Later,
    reader: |_| Box::new(Atom),
    #[cfg(test)]
    sample: "<feed><entry><id>1</id><title type='html'>&lt;b&gt;</title><content type='xhtml'><div>x</div></content><link rel='alternate' href='h'/></entry></feed>",
};

/// Atom: every `entry`.
pub(crate) struct Atom;

impl Reader for Rss {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::new(XmlElements::named(&["item"]))
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let item = xml::parse(raw)?;
        let nested = entry(&item, &Feed::of(raw), Unstated::Html);
        let guid = item.own_text("guid");
        // A short one is unique in its feed alone.
        let guid = if guid.contains(':') || guid.len() >= 16 { guid } else { String::new() };
        let given = if guid.is_empty() { nested.article.url.clone() } else { guid };
        let id = id_or(&given, || {
            let about = item.attribute("about");
            if about.is_empty() { format!("{}#{}", origin.stem, raw.place.record) } else { about.to_owned() }
        })?;
        Ok(nested.finish(id))
    }
}

impl Reader for Atom {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::new(XmlElements::named(&["entry"]))
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let item = xml::parse(raw)?;
        let nested = entry(&item, &Feed::of(raw), Unstated::Text);
        let id = item.own_text("id");
        let given = if id.is_empty() { nested.article.url.clone() } else { id };
        let id = id_or(&given, || format!("{}#{}", origin.stem, raw.place.record))?;
        Ok(publicity::atom(&item).on(nested.finish(id)))
    }
}

/// A feed's statements about all its entries, before the first of them.
#[derive(Default)]
pub(super) struct Feed {
    title: String,
    language: String,
    /// Atom (RFC 4287, section 4.2.1): whoever wrote an entry that names nobody.
    author: String,
    /// The base of relative links: `xml:base`, or the site.
    base: String,
    /// WordPress: the address of the blog.
    pub(super) blog: String,
}

impl Feed {
    pub(super) fn of(raw: &Raw) -> Self {
        let root = xml::beginning(raw);
        // RSS says it in its channel, which RSS 1.0 closes before the first item.
        let feed = root.at("channel").unwrap_or(&root);
        let first = |texts: [String; 2]| texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        let author = feed.at("author");
        Self {
            title: html::unescape(&feed.own_text("title")),
            language: first([feed.text_at("language"), root.attribute("lang").to_owned()]),
            author: author.map(|author| author.text_at("name")).unwrap_or_default(),
            base: first([root.attribute("base").to_owned(), entry::address(feed).unwrap_or_default()]),
            blog: feed.text_at("wp:base_blog_url").trim_end_matches('/').to_owned(),
        }
    }

    /// Returns a link made absolute, seen from an entry: `xml:base` of the entry, of the feed, or else the site.
    fn absolute(&self, item: &Element, href: &str) -> String {
        if href.is_empty() {
            return String::new();
        }
        let base = match item.attribute("base") {
            "" => self.base.clone(),
            base => link::resolve(&self.base, base),
        };
        link::resolve(&base, href)
    }

    /// Returns the id of the attachment that has this number in the blog.
    pub(super) fn attachment(&self, number: &str) -> Option<AssetId> {
        let good = !self.blog.is_empty() && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        if good { link::asset_id(format!("{}/?attachment_id={number}", self.blog)).ok() } else { None }
    }
}
