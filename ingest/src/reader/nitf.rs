//! NITF, the News Industry Text Format of IPTC (3.x); inside it the New York Times Annotated Corpus.

use serde_json::{Map, Value};
use store::{Correction, Image, Keyword, Rendition};

use super::{
    common::Reader,
    entry::{Again, Entry, RecordShape, Says, Stage},
};
use crate::{
    cut::{Cutter, Whole},
    dates,
    html::Links,
    link,
    nested::{Nested, id_or, language},
    publicity,
    record::{Found, Origin, Raw, Reason},
    xml::{self, Element},
};

pub(super) const ENTRY: Entry = Entry {
    name: "nitf",
    called: "NITF",
    told: &[(Stage::Markup, |head| head.root == "nitf")],
    says: Says::Format,
    record: RecordShape::Xml,
    again: Again::Another,
    reader: |_| Box::new(Nitf),
    #[cfg(test)]
    sample: "<nitf><head><docdata><doc-id id-string='1'/><date.issue norm='19870101T000000'/></docdata></head><body><body.head><hedline><hl1>H</hl1></hedline><byline>By <person>A B</person></byline></body.head><body.content><block class='full_text'><p>é &amp; x</p></block><media media-type='image'><media-reference source='a.jpg'/></media></body.content></body></nitf>",
};

pub(crate) struct Nitf;

/// Elements of `docdata` that have a place of their own; the rest is kept as it is.
const PLACED: [&str; 6] =
    ["doc-id", "date.issue", "doc.copyright", "key-list", "series", "identified-content"];

impl Reader for Nitf {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Whole>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let root = xml::parse(raw)?;
        let mut nested = Nested::default();
        let id = fill(&mut nested, &root);
        let id = id_or(&id, || origin.stem.clone())?;
        Ok(publicity::nitf(&root).on(nested.finish(id)))
    }
}

/// Reads an NITF document into an article, fields that are set stay; returns the document's id.
pub(super) fn fill(nested: &mut Nested, root: &Element) -> String {
    let head = root.at("head");
    let data = head.and_then(|head| head.at("docdata"));
    if let Some(data) = data {
        docdata(nested, data);
    }
    if let Some(head) = head {
        metadata(nested, head);
    }
    if let Some(body) = root.at("body") {
        body_head(nested, body);
        content(nested, body);
    }
    nested.people_of_credit();
    let tag = language(root.attribute("lang"));
    set(&mut nested.article.language, tag);
    data.and_then(|data| data.at("doc-id")).map(|id| id.attribute("id-string").to_owned()).unwrap_or_default()
}

fn set(field: &mut String, text: String) {
    if field.is_empty() {
        *field = text;
    }
}

fn docdata(nested: &mut Nested, data: &Element) {
    let date = |name: &str| data.at(name).and_then(|date| dates::parse(date.attribute("norm")));
    let issued = date("date.issue");
    if issued.is_none()
        && let Some(unread) = data.at("date.issue")
    {
        keep(nested, "date.issue", unread.value());
    }
    let article = &mut nested.article;
    article.published = article.published.take().or_else(|| issued.or_else(|| date("date.release")));
    if let Some(rights) = data.at("doc.copyright") {
        let (year, holder) = (rights.attribute("year"), rights.attribute("holder"));
        set(&mut article.rights, format!("{year} {holder}").trim().to_owned());
    }
    for keyword in data.deep("keyword") {
        push_keyword(nested, "keyword", keyword.attribute("key").to_owned());
    }
    if let Some(series) = data.at("series") {
        keep(nested, "series", series.attribute("series.name").into());
    }
    for (name, value) in data.others(&PLACED) {
        keep(nested, &name, value);
    }
    if let Some(identified) = data.at("identified-content") {
        for found in identified.elements() {
            let vocabulary = match found.local() {
                "classifier" if !found.attribute("type").is_empty() => found.attribute("type"),
                "org" => "organization",
                "location" => "place",
                "object.title" => "title",
                name => name,
            };
            let value = match found.text() {
                text if text.is_empty() => found.attribute("value").to_owned(),
                text => text,
            };
            push_keyword(nested, vocabulary, value);
        }
    }
}

/// Takes `<meta name content>` and `<pubdata>`: what the NYT corpus says of page, section and desk stands here.
fn metadata(nested: &mut Nested, head: &Element) {
    let mut page = (String::new(), String::new());
    for meta in head.all("meta") {
        let (name, content) = (meta.attribute("name"), meta.attribute("content").to_owned());
        match name {
            "dsk" => set(&mut nested.article.desk, content),
            "online_sections" => set(&mut nested.article.section, content),
            "print_section" => page.0 = content,
            "print_page_number" => page.1 = content,
            _ => keep(nested, name, content.into()),
        }
    }
    set(&mut nested.article.page, format!("{}{}", page.0, page.1));
    if let Some(data) = head.at("pubdata") {
        publication(nested, data);
    }
    if let Some(kind) = head.at("tobject") {
        set(&mut nested.article.genre, kind.attribute("tobject.type").to_lowercase());
        for subject in kind.all("tobject.subject") {
            push_keyword(nested, "subject", subject.attribute("tobject.subject.type").to_owned());
        }
    }
    set(&mut nested.article.headline, head.text_at("title"));
}

/// Takes `<pubdata>`: where it was printed. What has no place is kept, and so is a date beside the issue's.
fn publication(nested: &mut Nested, data: &Element) {
    let article = &mut nested.article;
    let mut rest = Map::new();
    for (name, value) in &data.attributes {
        let value = value.trim().to_owned();
        let place = match name.as_str() {
            "date.publication" => {
                let date = dates::parse(&value);
                let known = date.is_some()
                    && article.published.as_ref().is_none_or(|known| Some(known) == date.as_ref());
                if known {
                    article.published = date;
                    continue;
                }
                None
            }
            "name" => Some(&mut article.source),
            "ex-ref" => Some(&mut article.url),
            "position.section" => Some(&mut article.section),
            "edition.name" => Some(&mut article.edition),
            _ => None,
        };
        match place {
            Some(place) if place.is_empty() || *place == value => *place = value,
            _ => {
                rest.insert(name.clone(), value.into());
            }
        }
    }
    rest.retain(|_, value| value != "");
    if !rest.is_empty() {
        keep(nested, "pubdata", rest.into());
    }
}

fn body_head(nested: &mut Nested, body: &Element) {
    let Some(head) = body.at("body.head") else { return };
    if let Some(headline) = head.at("hedline") {
        // The title of the page gives way to the headline of the text.
        let main = headline.text_at("hl1");
        if !main.is_empty() {
            nested.article.headline = main;
        }
        let below: Vec<String> = headline.all("hl2").map(Element::text).collect();
        set(&mut nested.article.subheadline, below.join("\n"));
    }
    // `normalized_byline` says once more, for machines, what `print_byline` says.
    let printed = |byline: &&Element| byline.attribute("class") != "normalized_byline";
    let bylines: Vec<&Element> = head.all("byline").filter(printed).collect();
    for byline in &bylines {
        let people = byline.deep("person");
        for person in &people {
            nested.person(&person.text());
        }
        if people.is_empty() && bylines.len() > 1 {
            nested.people_of(&byline.text());
        }
    }
    let credits: Vec<String> = bylines.iter().map(|byline| byline.text()).collect();
    set(&mut nested.article.credit, credits.join("; "));
    set(&mut nested.article.dateline, head.text_at("dateline"));
    set(
        &mut nested.article.summary,
        head.at("abstract").map(|text| text.paragraphs(&[])).unwrap_or_default(),
    );
    if let Some(rights) = head.at("rights") {
        set(&mut nested.article.rights, rights.text());
    }
}

fn content(nested: &mut Nested, body: &Element) {
    let Some(content) = body.at("body.content") else { return };
    let block = |class: &str| content.all("block").find(|block| block.attribute("class") == class);
    let text = match block("full_text") {
        Some(full) => full.paragraphs(&["media"]),
        None => content.paragraphs(&["media"]),
    };
    set(&mut nested.article.body, text);
    if let Some(correction) = block("correction_text") {
        let text = correction.paragraphs(&[]);
        nested.article.corrections.push(Correction { text, ..Correction::default() });
    }
    if let Some(tail) = body.at("body.end") {
        keep(nested, "tagline", tail.text().into());
    }
    let mut links = Links::default();
    body.deep("a").iter().for_each(|link| links.add(link.attribute("href")));
    nested.links(links);
    for media in content.deep("media") {
        let file = |reference: &Element| {
            let href = [reference.attribute("source"), reference.attribute("href")];
            let href = href.into_iter().find(|href| !href.is_empty())?;
            Some(Rendition {
                href: href.to_owned(),
                width: reference.attribute("width").parse().ok(),
                height: reference.attribute("height").parse().ok(),
                media_type: reference.attribute("mime-type").to_owned(),
                role: reference.attribute("name").to_owned(),
                ..Rendition::default()
            })
        };
        let renditions: Vec<Rendition> = media.all("media-reference").filter_map(file).collect();
        let is_picture = matches!(media.attribute("media-type"), "" | "image" | "graphic" | "photo");
        if let (true, Some(first)) = (is_picture, renditions.first())
            && let Ok(id) = link::asset_id(first.href.clone())
        {
            let caption = media.all("media-caption").map(Element::text).collect::<Vec<_>>().join("\n");
            let credit = media.text_at("media-producer");
            let alt = media.at("media-reference").map(|file| file.attribute("alternate-text").to_owned());
            let alt = alt.unwrap_or_default();
            nested.image(id, Image { caption, credit, alt, renditions, ..Image::default() });
        }
    }
}

fn push_keyword(nested: &mut Nested, name: &str, value: String) {
    if !value.is_empty() && nested.article.keywords.len() < store::MAX_LIST {
        nested.article.keywords.push(Keyword { name: name.to_owned(), value, unknown: Map::new() });
    }
}

fn keep(nested: &mut Nested, name: &str, value: Value) {
    if !name.is_empty() && value.as_str() != Some("") {
        nested.article.extra.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::Place;

    fn read(text: &str) -> Value {
        let raw = Raw::new(Place::START, text.into());
        let found = Nitf.read(&raw, &Origin { stem: "n".to_owned(), ..Origin::default() }).unwrap();
        serde_json::to_value(&found.last().unwrap().event.fact).unwrap()
    }

    /// NITF 3.6: `docdata` says who may see it, and much that has no field of ours.
    #[test]
    fn what_has_no_place_is_kept() {
        let article = read(
            "<nitf><head><docdata><doc-id id-string='x'/><urgency ed-urg='2'/><date.expire norm='20300101'/>\
             <du-key generation='1' key='FIRE'/></docdata></head><body><body.content><p>T</p></body.content></body></nitf>",
        );
        let expected = json!({
            "urgency": {"ed-urg": "2"}, "date.expire": {"norm": "20300101"}, "du-key": {"generation": "1", "key": "FIRE"}
        });
        assert_eq!(article["extra"], expected);
    }

    /// NITF 3.6 allows several bylines, each with its persons or as it is printed.
    #[test]
    fn every_byline_names_its_people() {
        let check = |bylines: &str, expected: &[&str]| {
            let head = format!("<nitf><body><body.head>{bylines}</body.head></body></nitf>");
            assert_eq!(read(&head)["bylines"], json!(expected), "{bylines}");
        };
        check("<byline>By Ida Lee</byline><byline>Max Orr</byline>", &["byline:ida-lee", "byline:max-orr"]);
        check(
            "<byline>By <person>Ida Lee</person></byline><byline>By Max Orr</byline>",
            &["byline:ida-lee", "byline:max-orr"],
        );
        check("<byline>By Ida Lee and Max Orr</byline>", &["byline:ida-lee", "byline:max-orr"]);
    }

    #[test]
    fn dates_that_cannot_be_read_are_kept() {
        let article = read(
            "<nitf><head><docdata><date.issue norm='Whitsun 1902'/></docdata><pubdata type='print' date.publication='19020519' volume='7' name='The Harbour'/></head></nitf>",
        );
        assert_eq!(
            (&article["published"], &article["source"]),
            (&json!("1902-05-19"), &json!("The Harbour"))
        );
        let expected =
            json!({"date.issue": {"norm": "Whitsun 1902"}, "pubdata": {"type": "print", "volume": "7"}});
        assert_eq!(article["extra"], expected);
    }
}
