//! Feeds: RSS 0.9 to 2.0, and Atom.

use serde_json::{Map, Value};
use store::{AssetId, AssetKind, Image, Keyword, Rendition};

use super::Reader;
use crate::{
    cut::Cutter,
    cut_elements::XmlElements,
    dates, html, link,
    nested::{Nested, id_or, language},
    publicity,
    record::{Found, Origin, Raw, Reason},
    xml::{self, Element},
};

/// RSS: every `item`.
pub(crate) struct Rss;
/// Atom: every `entry`.
pub(crate) struct Atom;

impl Reader for Rss {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::new(XmlElements::named(&["item"]))
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let item = xml::parse(raw)?;
        let nested = entry(&item, &Feed::of(raw));
        let guid = item.text_at("guid");
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
        let nested = entry(&item, &Feed::of(raw));
        let id = item.text_at("id");
        let given = if id.is_empty() { nested.article.url.clone() } else { id };
        let id = id_or(&given, || format!("{}#{}", origin.stem, raw.place.record))?;
        Ok(publicity::atom(&item).on(nested.finish(id)))
    }
}

/// What a feed says of all its entries, before the first of them.
#[derive(Default)]
pub(super) struct Feed {
    title: String,
    language: String,
    /// Atom (RFC 4287, section 4.2.1): whoever wrote an entry that names nobody.
    author: String,
    /// What relative links are relative to: `xml:base`, or the site.
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
            title: feed.text_at("title"),
            language: first([feed.text_at("language"), root.attribute("lang").to_owned()]),
            author: author.map(|author| author.text_at("name")).unwrap_or_default(),
            base: first([root.attribute("base").to_owned(), link_of(feed)]),
            blog: feed.text_at("wp:base_blog_url").trim_end_matches('/').to_owned(),
        }
    }

    /// A link made absolute, seen from an entry: `xml:base` of the entry, of the feed, or else the site.
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

    /// The id of the attachment that has this number in the blog.
    pub(super) fn attachment(&self, number: &str) -> Option<AssetId> {
        let good = !self.blog.is_empty() && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        if good { AssetId::new(format!("{}/?attachment_id={number}", self.blog)).ok() } else { None }
    }
}

/// An item or an entry, its id apart.
pub(super) fn entry(item: &Element, feed: &Feed) -> Nested {
    let mut nested = Nested::default();
    let article = &mut nested.article;
    article.headline = html::plain(&content_of(item.at("title"))).text;
    article.url = feed.absolute(item, &link_of(item));
    let guid = item.at("guid").filter(|guid| !guid.attribute("isPermaLink").eq_ignore_ascii_case("false"));
    if let Some(guid) = guid.map(Element::text).filter(|guid| article.url.is_empty() && guid.contains("://"))
    {
        article.url = guid;
    }
    let date = |names: &[&str]| names.iter().find_map(|name| dates::parse(&item.text_at(name)));
    article.published =
        date(&["pubDate", "published", "issued", "dc:date", "date", "created", "dcterms:created"]);
    article.updated = date(&["updated", "modified", "dcterms:modified", "atom:updated"]);
    if article.published.is_none() {
        article.published = article.updated.take();
    }
    let long = ["content:encoded", "content", "encoded"].iter().find_map(|name| {
        let found = item.elements().find(|child| child.name == *name);
        found.or_else(|| {
            item.all(name)
                .find(|child| !child.name.starts_with("media:") && !child.name.starts_with("excerpt:"))
        })
    });
    let short = ["description", "summary", "excerpt:encoded"]
        .iter()
        .find_map(|name| item.elements().find(|child| child.name == *name));
    let long = html::plain(&content_of(long));
    let short = html::plain(&content_of(short));
    // Where there is one text alone, it is the body.
    if long.text.is_empty() {
        article.body = short.text;
    } else {
        article.body = long.text;
        if short.text != article.body {
            article.summary = short.text;
        }
    }
    article.rights = item.all("rights").next().map(Element::text).unwrap_or_default();
    article.source = match item.at("source") {
        // Atom's is the head of the feed that the entry was taken from.
        Some(source) if source.at("title").is_some() => source.text_at("title"),
        Some(source) => source.text(),
        None => feed.title.clone(),
    };
    let tag = [item.attribute("lang"), &item.text_at("dc:language"), &feed.language].map(language);
    article.language = tag.into_iter().find(|tag| !tag.is_empty()).unwrap_or_default();
    for category in item.all("category") {
        let value = [category.text(), category.attribute("term").to_owned()]
            .into_iter()
            .find(|text| !text.is_empty());
        let name = match category.attribute("domain") {
            "" => "category",
            "post_tag" => "tag",
            domain => domain,
        };
        if let Some(value) = value {
            article.keywords.push(Keyword { name: name.to_owned(), value, unknown: Map::new() });
        }
    }
    for subject in item.all("dc:subject") {
        article.keywords.push(Keyword { name: "subject".into(), value: subject.text(), unknown: Map::new() });
    }
    authors(&mut nested, item, feed);
    media(&mut nested, item);
    for mut picture in long.pictures.into_iter().chain(short.pictures) {
        let href = feed.absolute(item, &picture.href);
        let written = std::mem::replace(&mut picture.href, href);
        match feed.attachment(&picture.number) {
            Some(id) => nested.picture_as(id, picture),
            None => {
                if let Ok(id) = AssetId::new(&*picture.href) {
                    nested.former(AssetKind::Image, &id, AssetId::new(written).ok());
                }
                nested.picture(picture);
            }
        }
    }
    let mut others = item.others(&PLACED);
    // WordPress's own have a reader of their own.
    others.retain(|name, _| !name.starts_with("wp:"));
    nested.article.extra.extend(others);
    for (name, field) in [("comments", "comments"), ("guid", "guid"), ("slash:comments", "comment_count")] {
        let text = item.text_at(name);
        if !text.is_empty() {
            nested.article.extra.insert(field.to_owned(), text.into());
        }
    }
    nested
}

/// What of an item or an entry has a place; the rest is kept as it is.
const PLACED: [&str; 31] = [
    "title",
    "link",
    "id",
    "guid",
    "pubDate",
    "published",
    "issued",
    "date",
    "created",
    "updated",
    "modified",
    "content",
    "encoded",
    "description",
    "summary",
    "rights",
    "source",
    "dc:language",
    "category",
    "dc:subject",
    "author",
    "creator",
    "contributor",
    "enclosure",
    "comments",
    "media:content",
    "media:thumbnail",
    "media:description",
    "media:credit",
    "media:group",
    "slash:comments",
];

/// The markup of a text construct: escaped, in `CDATA`, or as elements (Atom's xhtml).
pub(super) fn content_of(element: Option<&Element>) -> String {
    let Some(element) = element else { return String::new() };
    match element.attribute("type") {
        "xhtml" => element.markup(),
        _ if element.elements().next().is_some() => element.markup(),
        "text" => element.raw_text().replace('&', "&amp;").replace('<', "&lt;"),
        _ => element.raw_text(),
    }
}

fn link_of(item: &Element) -> String {
    let links: Vec<&Element> = item.all("link").filter(|link| !link.name.starts_with("media:")).collect();
    let by_rel = |rel: &str| {
        links.iter().find(|link| link.attribute("rel") == rel && !link.attribute("href").is_empty())
    };
    let target = by_rel("alternate").or_else(|| by_rel(""));
    let target = target.map(|link| link.attribute("href").to_owned());
    target.or_else(|| links.iter().map(|link| link.text()).find(|text| !text.is_empty())).unwrap_or_default()
}

fn authors(nested: &mut Nested, item: &Element, feed: &Feed) {
    let mut credits = Vec::new();
    for author in
        item.elements().filter(|child| matches!(child.local(), "author" | "creator" | "contributor"))
    {
        let name = match author.text_at("name") {
            name if name.is_empty() => author.text(),
            name => name,
        };
        // RSS: `jane@example.org (Jane Roe)`.
        let name = match name.split_once('(') {
            Some((address, name)) if address.contains('@') => name.trim_end_matches(')').trim().to_owned(),
            _ => name,
        };
        if !name.is_empty() && !name.contains('@') && !credits.contains(&name) {
            credits.push(name);
        }
    }
    if credits.is_empty() {
        let of_source = item.text_at("source/author/name");
        credits.push(if of_source.is_empty() { feed.author.clone() } else { of_source });
    }
    nested.article.credit = credits.join(", ");
    nested.people_of_credit();
}

/// Enclosures and Media RSS.
fn media(nested: &mut Nested, item: &Element) {
    let is_picture = |element: &Element| {
        let kind = element.attribute("type");
        kind.starts_with("image") || element.attribute("medium") == "image" || element.local() == "thumbnail"
    };
    let links = item.all("link").filter(|link| link.attribute("rel") == "enclosure");
    let mut files: Vec<&Element> = item.all("enclosure").chain(links).collect();
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
        let Ok(id) = AssetId::new(href) else { continue };
        let rendition = Rendition {
            href: href.to_owned(),
            width: file.attribute("width").parse().ok(),
            height: file.attribute("height").parse().ok(),
            media_type: file.attribute("type").to_owned(),
            ..Rendition::default()
        };
        let words = |name: &str| {
            let own = file.text_at(name);
            if own.is_empty() { item.text_at(name) } else { own }
        };
        let (caption, credit) = (words("media:description"), words("media:credit"));
        nested.image(id, Image { caption, credit, renditions: vec![rendition], ..Image::default() });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The article of the last entry, its id with it.
    fn read(reader: &dyn Reader, text: &str) -> Value {
        let mut input = text.as_bytes();
        let mut cutter = reader.cutter(text.as_bytes());
        let mut last = Value::Null;
        while let Some(raw) = cutter.next(&mut input).unwrap() {
            let found = reader.read(&raw, &Origin { stem: "f".to_owned(), ..Origin::default() }).unwrap();
            let event = &found.last().unwrap().event;
            last = serde_json::to_value(&event.fact).unwrap();
            last["id"] = event.id.as_str().into();
        }
        last
    }

    /// RFC 4287: an entry without an author is the feed's author's, `xml:lang` and `xml:base` are inherited, and
    /// XHTML is text and not markup once more.
    #[test]
    fn an_atom_entry_inherits_from_its_feed() {
        let article = read(
            &Atom,
            "<?xml version='1.0'?><a:feed xmlns:a='http://www.w3.org/2005/Atom' xml:lang='de' xml:base='https://x.example/f/'>\
             <a:title>Der Bote</a:title><a:author><a:name>Eva Roth</a:name></a:author>\
             <a:entry><a:id>urn:1</a:id><a:title type='html'>A &amp;amp; B</a:title><a:link href='/1'/><a:updated>2003-12-13T18:30:02Z</a:updated>\
             <a:content type='xhtml'><h:div xmlns:h='http://www.w3.org/1999/xhtml'><h:p>One &lt;b&gt; &amp;amp;</h:p><h:p><h:img src='p.jpg' alt='P'/>Two</h:p></h:div></a:content></a:entry></a:feed>",
        );
        assert_eq!(article["headline"], "A & B");
        assert_eq!(article["body"], "One <b> &amp;\n\nTwo");
        assert_eq!((&article["language"], &article["source"]), (&json!("de"), &json!("Der Bote")));
        assert_eq!(
            (&article["url"], &article["credit"]),
            (&json!("https://x.example/1"), &json!("Eva Roth"))
        );
        assert_eq!(article["images"], json!(["https://x.example/f/p.jpg"]));
    }

    /// RSS 1.0 keeps its items beside the channel, and its dates and authors in Dublin Core.
    #[test]
    fn rss_1_has_its_items_beside_the_channel() {
        let article = read(
            &Rss,
            "<rdf:RDF xmlns:rdf='r' xmlns='http://purl.org/rss/1.0/' xmlns:dc='d'><channel rdf:about='c'><title>The Courier</title>\
             <link>https://y.example/</link><dc:language>en-GB</dc:language><items><rdf:Seq><rdf:li resource='i'/></rdf:Seq></items></channel>\
             <item rdf:about='https://y.example/i'><title>T</title><link>https://y.example/i</link><dc:date>2002-09-07</dc:date>\
             <dc:creator>Jane Roe</dc:creator><dc:subject>Ships</dc:subject></item></rdf:RDF>",
        );
        assert_eq!(
            (&article["id"], &article["source"]),
            (&json!("https://y.example/i"), &json!("The Courier"))
        );
        assert_eq!((&article["published"], &article["language"]), (&json!("2002-09-07"), &json!("en-GB")));
        assert_eq!(article["bylines"], json!(["byline:jane-roe"]));
        assert_eq!(article["keywords"][0]["value"], "Ships");
        let article = read(
            &Rss,
            "<rss><channel><item><title>T</title><guid>urn:x:0123456789ab</guid><geo:lat xmlns:geo='g'>51.5</geo:lat>\
             <x:mood level='3'>glad</x:mood><x:tag>a</x:tag><x:tag>b</x:tag></item></channel></rss>",
        );
        let extra = json!({"guid": "urn:x:0123456789ab", "geo:lat": "51.5", "x:mood": {"level": "3", "text": "glad"}, "x:tag": ["a", "b"]});
        assert_eq!(article["extra"], extra, "what no field has a place for is kept");
    }

    #[test]
    fn links_are_seen_from_their_base() {
        let check = |feed: &str, entry: &str, url: &str| {
            let text = format!(
                "<feed xmlns='http://www.w3.org/2005/Atom' {feed}><entry {entry}><id>urn:1</id><title>T</title><link href='one.html'/></entry></feed>"
            );
            assert_eq!(read(&Atom, &text)["url"], url, "{feed} {entry}");
        };
        check("xml:base='https://q.example/blog/'", "", "https://q.example/blog/one.html");
        check(
            "xml:base='https://q.example/blog/x.atom'",
            "xml:base='may/'",
            "https://q.example/blog/may/one.html",
        );
        check("", "xml:base='https://r.example/'", "https://r.example/one.html");
        check("", "", "one.html");
        let guid = |attribute: &str| {
            read(
                &Rss,
                &format!(
                    "<rss><channel><item><title>T</title><guid{attribute}>https://q.example/p1</guid></item></channel></rss>"
                ),
            )
        };
        assert_eq!(guid("")["url"], "https://q.example/p1");
        assert_eq!(guid(" isPermaLink='false'").get("url"), None);
    }
}
