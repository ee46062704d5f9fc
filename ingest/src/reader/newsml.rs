//! NewsML-G2 of IPTC: news items, packages, and the persons among its concepts, alone or in a news message.

use serde_json::{Map, Value, json};
use store::{AssetId, Byline, Image, Keyword, Rendition, Timestamp};

use super::{
    common::Reader,
    construct::{self, Unstated},
    entry::{Again, Entry, RecordShape, Says, Stage},
    nitf,
};
use crate::{
    cut::Cutter,
    cut_elements::XmlElements,
    dates, html, link, names,
    nested::{Nested, id_or, language},
    publicity,
    record::{Found, Origin, Raw, Reason},
    xml::{self, Element},
};

/// Each of them is a record.
pub(crate) const ITEMS: [&str; 6] =
    ["newsItem", "packageItem", "conceptItem", "knowledgeItem", "planningItem", "catalogItem"];

/// Elements of `contentMeta` that have a place; the rest is kept as it is.
const PLACED_OF_CONTENT: [&str; 15] = [
    "headline",
    "by",
    "dateline",
    "language",
    "creator",
    "description",
    "subject",
    "located",
    "genre",
    "keyword",
    "slugline",
    "urgency",
    "creditline",
    "infoSource",
    "contentCreated",
];
/// Elements of `itemMeta` that have a place; the rest is kept as it is.
const PLACED_OF_ITEM: [&str; 9] = [
    "itemClass",
    "provider",
    "versionCreated",
    "firstCreated",
    "pubStatus",
    "title",
    "edNote",
    "embargoed",
    "link",
];

pub(super) const ENTRY: Entry = Entry {
    name: "newsml-g2",
    called: "NewsML-G2",
    told: &[(Stage::Markup, |head| head.root == "newsMessage" || ITEMS.contains(&head.root))],
    says: Says::Format,
    record: RecordShape::Xml,
    again: Again::Later,
    reader: |_| Box::new(NewsMl),
    #[cfg(test)]
    sample: "<newsItem guid='g' version='1'><itemMeta><itemClass qcode='ninat:text'/><versionCreated>2018-10-19T11:45:00-04:00</versionCreated></itemMeta><contentMeta><headline>H</headline></contentMeta><contentSet><inlineXML><html><body><p>x</p></body></html></inlineXML></contentSet></newsItem>",
};

pub(crate) struct NewsMl;

impl Reader for NewsMl {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::new(XmlElements::named(&ITEMS))
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let item = xml::parse(raw)?;
        let id = id_or(item.attribute("guid"), || format!("{}#{}", origin.stem, raw.place.record))?;
        let created = item.text_at("itemMeta/versionCreated");
        let time = dates::parse(&created).map(|date| date.start());
        let class = code(item.at("itemMeta/itemClass"));
        let is_image = matches!(class.as_str(), "picture" | "graphic");
        let found = match item.local() {
            "newsItem" if is_image => image(&item, id, time),
            "newsItem" | "packageItem" => article(&item, id, &class),
            "conceptItem" => person(&item, time)?,
            other => return Err(Reason::NoAsset(other.to_owned())),
        };
        Ok(publicity::newsml(&item, &code(item.at("itemMeta/pubStatus"))).on(found))
    }
}

/// Returns what a `qcode` says without its scheme, or else a `uri` without all but its last part.
fn code(element: Option<&Element>) -> String {
    let Some(element) = element else { return String::new() };
    let code = element.attribute("qcode").rsplit(':').next().unwrap_or("");
    let uri = element.attribute("uri").rsplit(['/', ':']).next().unwrap_or("");
    if code.is_empty() { uri.to_owned() } else { code.to_owned() }
}

/// Returns an element's name in words, or else its code as it is written.
fn named(element: &Element) -> String {
    let texts = [element.text_at("name"), element.attribute("literal").to_owned(), element.text()];
    let code = [element.attribute("qcode"), element.attribute("uri")];
    let mut texts = texts.into_iter().chain(code.map(str::to_owned));
    texts.find(|text| !text.is_empty()).unwrap_or_default()
}

fn article(item: &Element, id: AssetId, class: &str) -> Vec<Found> {
    let mut nested = Nested::default();
    let meta = Element::default();
    let meta = item.at("contentMeta").unwrap_or(&meta);
    let date = |path: &str| dates::parse(&item.text_at(path));
    let article = &mut nested.article;
    article.published = date("itemMeta/firstCreated")
        .or_else(|| date("contentMeta/contentCreated"))
        .or_else(|| date("itemMeta/versionCreated"));
    article.updated = date("itemMeta/versionCreated");
    article.headline = match meta.text_at("headline") {
        headline if headline.is_empty() => item.text_at("itemMeta/title"),
        headline => headline,
    };
    let credits: Vec<String> = meta.all("by").map(Element::text).filter(|by| !by.is_empty()).collect();
    article.credit = credits.join("; ");
    article.dateline = meta.text_at("dateline");
    article.language = meta.at("language").map(|tag| language(tag.attribute("tag"))).unwrap_or_default();
    if article.language.is_empty() {
        article.language = language(item.attribute("lang"));
    }
    article.genre = match (item.local(), class) {
        ("packageItem", _) => "package".to_owned(),
        (_, "text" | "") => meta.at("genre").map(named).unwrap_or_default(),
        (_, class) => class.to_owned(),
    };
    article.source =
        meta.at("infoSource").or_else(|| item.at("itemMeta/provider")).map(named).unwrap_or_default();
    article.rights = rights(item);
    for description in meta.all("description") {
        let text = description.paragraphs(&[]);
        if article.summary.is_empty() {
            article.summary = text;
        }
    }
    article.keywords = keywords(meta);
    for creator in meta.all("creator") {
        let name = named(creator);
        // A code names nobody.
        if name.contains(' ') {
            nested.person(&name);
        }
    }
    let mut links = html::Links::default();
    for inline in item.all("contentSet").flat_map(Element::elements) {
        match inline.local() {
            "inlineXML" => {
                inline_xml(&mut nested, inline);
                inline.deep("a").iter().for_each(|link| links.add(link.attribute("href")));
            }
            "inlineData" => {
                // What is no text, a picture for instance, is none here either.
                let shown = construct::markup(inline, Unstated::Text).map(|markup| html::plain(&markup));
                if let Some(shown) = shown {
                    links.extend(&shown.links);
                    if nested.article.body.is_empty() {
                        nested.article.body = shown.text;
                    }
                }
            }
            _ => {}
        }
    }
    nested.people_of_credit();
    for picture in pictures(item) {
        nested.refer(picture);
    }
    nested.article.extra.extend(extra(item, meta));
    nested.links(links);
    nested.finish(id)
}

/// Returns the pictures that an item links to, and those that a package holds: items of their own.
fn pictures(item: &Element) -> impl Iterator<Item = AssetId> {
    let links = item.at("itemMeta").into_iter().flat_map(|meta| meta.all("link"));
    let members = item.deep("itemRef").into_iter();
    let shown = links.chain(members);
    let shown = shown.filter(|link| matches!(code(link.at("itemClass")).as_str(), "picture" | "graphic"));
    shown.filter_map(|link| link::asset_id(link.attribute("residref")).ok())
}

/// Takes the text of an item in NITF, XHTML or any other markup.
fn inline_xml(nested: &mut Nested, inline: &Element) {
    if let Some(document) = inline.at("nitf") {
        nitf::fill(nested, document);
        return;
    }
    for picture in inline.deep("img") {
        let get = |name: &str| picture.attribute(name).to_owned();
        if !get("src").is_empty() && !get("src").starts_with("data:") {
            nested.picture(html::Picture { href: get("src"), alt: get("alt"), ..html::Picture::default() });
        }
    }
    if nested.article.body.is_empty() {
        let root = inline.elements().next().unwrap_or(inline);
        nested.article.body = root.at("body").unwrap_or(root).paragraphs(&["head", "script", "style"]);
    }
}

fn image(item: &Element, id: AssetId, time: Option<Timestamp>) -> Vec<Found> {
    let none = Element::default();
    let meta = item.at("contentMeta").unwrap_or(&none);
    let renditions = item.all("contentSet").flat_map(|set| set.all("remoteContent")).filter_map(|file| {
        let href =
            [file.attribute("href"), file.attribute("residref")].into_iter().find(|href| !href.is_empty())?;
        Some(Rendition {
            href: href.to_owned(),
            width: file.attribute("width").parse().ok(),
            height: file.attribute("height").parse().ok(),
            media_type: file.attribute("contenttype").to_owned(),
            role: file.attribute("rendition").rsplit(':').next().unwrap_or("").to_owned(),
            ..Rendition::default()
        })
    });
    let mut found = Vec::new();
    let mut photographer = None;
    if let Some(name) = meta.at("creator").map(named).filter(|name| name.contains(' '))
        && let Some(byline) = names::byline_id(&names::cased(&name))
    {
        photographer = Some(byline.clone());
        found.push(Found::mentioned(byline, names::person(&names::cased(&name)), time));
    }
    let mut extra = extra(item, meta);
    let headline = meta.text_at("headline");
    if !headline.is_empty() {
        extra.insert("headline".to_owned(), headline.into());
    }
    let keywords: Vec<Value> = keywords(meta).into_iter().map(|keyword| keyword.value.into()).collect();
    if !keywords.is_empty() {
        extra.insert("keywords".to_owned(), keywords.into());
    }
    let image = Image {
        caption: meta.at("description").map(|text| text.paragraphs(&[])).unwrap_or_default(),
        credit: meta.text_at("creditline"),
        photographer,
        taken: dates::parse(&meta.text_at("contentCreated")),
        renditions: renditions.collect(),
        rights: rights(item),
        extra,
        ..Image::default()
    };
    found.push(Found::published(id, image, time));
    found
}

/// Reads a concept that is a person, one whom articles may credit.
fn person(item: &Element, time: Option<Timestamp>) -> Result<Vec<Found>, Reason> {
    let none = Element::default();
    let concept = item.at("concept").unwrap_or(&none);
    let name = concept.text_at("name");
    let id = names::byline_id(&name);
    let (true, Some(id)) = (code(concept.at("type")) == "person", id) else {
        return Err(Reason::NoAsset("conceptItem".to_owned()));
    };
    let bio = concept.all("definition").map(|text| text.paragraphs(&[])).collect::<Vec<_>>().join("\n\n");
    let mut extra = Map::new();
    extra.insert("guid".to_owned(), item.attribute("guid").into());
    if let Some(code) = concept.at("conceptId") {
        extra.insert("conceptId".to_owned(), code.attribute("qcode").into());
    }
    Ok(vec![Found::published(id, Byline { bio, extra, ..names::person(&name) }, time)])
}

fn rights(item: &Element) -> String {
    let notice = item.text_at("rightsInfo/copyrightNotice");
    let holder = item.at("rightsInfo/copyrightHolder").map(named).unwrap_or_default();
    let terms = item.text_at("rightsInfo/usageTerms");
    let notice = if notice.is_empty() { holder } else { notice };
    [notice, terms].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

fn keywords(meta: &Element) -> Vec<Keyword> {
    let mut found = Vec::new();
    for (name, vocabulary) in
        [("subject", "subject"), ("located", "place"), ("genre", "genre"), ("keyword", "keyword")]
    {
        for element in meta.all(name) {
            let mut unknown = Map::new();
            let code = element.attribute("qcode");
            let value = named(element);
            if !code.is_empty() && code != value {
                unknown.insert("code".to_owned(), code.into());
            }
            if !value.is_empty() && found.len() < store::MAX_LIST {
                found.push(Keyword { name: vocabulary.to_owned(), value, unknown });
            }
        }
    }
    found
}

/// Returns what has no field: version, slugline, urgency, notes, links, the groups of a package.
fn extra(item: &Element, meta: &Element) -> Map<String, Value> {
    let mut extra = meta.others(&PLACED_OF_CONTENT);
    if let Some(meta) = item.at("itemMeta") {
        extra.extend(meta.others(&PLACED_OF_ITEM));
    }
    let mut keep = |name: &str, text: String| {
        if !text.is_empty() {
            extra.insert(name.to_owned(), text.into());
        }
    };
    keep("version", item.attribute("version").to_owned());
    keep("urgency", meta.text_at("urgency"));
    keep("edNote", item.text_at("itemMeta/edNote"));
    keep("embargoed", item.text_at("itemMeta/embargoed"));
    keep("creditline", meta.text_at("creditline"));
    // A date that cannot be read is told as it is written.
    for (meta, name) in [
        (item.at("itemMeta"), "versionCreated"),
        (item.at("itemMeta"), "firstCreated"),
        (Some(meta), "contentCreated"),
    ] {
        let text = meta.map(|meta| meta.text_at(name)).unwrap_or_default();
        if dates::parse(&text).is_none() {
            keep(name, text);
        }
    }
    let list = |elements: Vec<Value>| if elements.is_empty() { None } else { Some(Value::Array(elements)) };
    let slugs = meta.all("slugline").map(|slug| slug.text().into()).collect();
    let headlines = meta.all("headline").skip(1).map(|line| line.text().into()).collect();
    let links = item.at("itemMeta").into_iter().flat_map(|meta| meta.all("link"));
    let links = links.map(|link| {
        Value::Object(link.attributes.iter().map(|(k, v)| (k.clone(), v.clone().into())).collect())
    });
    let groups = item.deep("group").into_iter().map(|group| {
        let refs: Vec<Value> = group
            .elements()
            .map(|entry| {
                let target = ["residref", "idref", "href"].map(|name| entry.attribute(name));
                let target = target.into_iter().find(|target| !target.is_empty()).unwrap_or("");
                json!({"ref": target, "headline": entry.text_at("headline")})
            })
            .collect();
        json!({"id": group.attribute("id"), "role": group.attribute("role"), "items": refs})
    });
    let files = item.all("contentSet").flat_map(|set| set.all("remoteContent"));
    let files = files.map(|file| file.attribute("href").into()).filter(|href| href != "");
    for (name, value) in [
        ("sluglines", list(slugs)),
        ("headlines", list(headlines)),
        ("links", list(links.collect())),
        ("groups", list(groups.collect())),
        ("remote", list(files.collect())),
    ] {
        if let Some(value) = value {
            extra.insert(name.to_owned(), value);
        }
    }
    extra
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Place;

    fn read(text: &str) -> Vec<(String, Value)> {
        let raw = Raw::new(Place::START, text.into());
        let found = NewsMl.read(&raw, &Origin::default()).unwrap();
        let event =
            |found: Found| (found.event.id.to_string(), serde_json::to_value(found.event.fact).unwrap());
        found.into_iter().map(event).collect()
    }

    /// NewsML-G2 2.30: pictures are items of their own, which a text links to and a package holds.
    #[test]
    fn pictures_that_are_items_are_referred_to() {
        let found = read(
            "<newsItem guid='urn:t' version='2'><itemMeta><itemClass qcode='ninat:text'/><title>From the wire</title>\
             <versionCreated>2020-01-02T03:04:05Z</versionCreated>\
             <link rel='irel:isRelatedTo' residref='urn:p'><itemClass qcode='ninat:picture'/></link>\
             <link rel='irel:seeAlso' residref='urn:other'><itemClass qcode='ninat:text'/></link></itemMeta></newsItem>",
        );
        assert_eq!(found[0].1["images"], json!(["urn:p"]));
        assert_eq!(found[0].1["headline"], "From the wire");
        let found = read(
            "<packageItem guid='urn:k'><itemMeta><itemClass qcode='ninat:composite'/></itemMeta><groupSet root='g'><group id='g'>\
             <itemRef residref='urn:a'><itemClass uri='http://cv.iptc.org/newscodes/ninature/text'/></itemRef>\
             <itemRef residref='urn:q'><itemClass uri='http://cv.iptc.org/newscodes/ninature/picture'/></itemRef></group></groupSet></packageItem>",
        );
        assert_eq!(found[0].1["images"], json!(["urn:q"]));
    }

    /// NewsML-G2: `contenttype` says what the characters of `inlineData` are.
    #[test]
    fn inline_data_is_what_its_type_says() {
        let check = |data: &str, expected: Value| {
            let found = read(&format!(
                "<newsItem guid='urn:t'><itemMeta><versionCreated>Whitsun</versionCreated></itemMeta><contentSet>{data}</contentSet></newsItem>"
            ));
            assert_eq!(found[0].1["body"], expected, "{data}");
            assert_eq!(found[0].1["extra"]["versionCreated"], "Whitsun");
        };
        check("<inlineData contenttype='text/plain'>a &lt;i&gt; b\n\nc</inlineData>", json!("a <i> b\n\nc"));
        check("<inlineData contenttype='text/html'>a &lt;i&gt;b&lt;/i&gt;</inlineData>", json!("a b"));
        check("<inlineData>a &lt;p&gt;b&lt;/p&gt;</inlineData>", json!("a\n\nb"));
        check("<inlineData contenttype='image/png'>iVBORw0KGgo=</inlineData>", Value::Null);
    }
}
