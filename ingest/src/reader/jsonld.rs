//! schema.org in JSON-LD: NewsArticle and its like, alone or in a graph.

use serde_json::{Map, Value};
use store::{Article, Byline, Image, Keyword, Rendition};

use super::{
    common::{Reader, text_of as decoded},
    entry::{Again, Entry, RecordShape, Says, Stage},
    loose,
};
use crate::{
    cut::Cutter,
    cut_json::Values,
    fields::{Fields, text_of},
    html, link, names,
    nested::{Nested, id_or, language},
    publicity,
    record::{Found, Origin, Raw, Reason},
};

pub(super) const ENTRY: Entry = Entry {
    name: "json-ld",
    called: "JSON-LD",
    told: &[(Stage::Json, |head| head.has("@context") && head.text.contains("schema.org"))],
    says: Says::Format,
    record: RecordShape::Json,
    again: Again::Another,
    reader: |_| Box::new(JsonLd),
    #[cfg(test)]
    sample: "{\"@context\":\"https://schema.org\",\"@graph\":[{\"@type\":\"NewsArticle\",\"headline\":\"H\",\"author\":{\"@id\":\"#a\"},\"image\":[\"x\"]},{\"@id\":\"#a\",\"name\":\"A B\"}]}",
};

/// JSON-LD in a file of its own.
pub(crate) struct JsonLd;

impl Reader for JsonLd {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Values>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let text = decoded(&raw.bytes);
        let value = serde_json::from_str(&text).map_err(|error| Reason::json(&error));
        let value = plain_values(value.or_else(|reason| loose::parse(&text).ok_or(reason))?);
        let graph = Graph::of(&value);
        let articles: Vec<&Map<String, Value>> = graph.articles();
        if articles.is_empty() {
            let kind = graph.objects.first().map(|object| kind_of(object)).unwrap_or_default();
            return Err(Reason::NoAsset(if kind.is_empty() {
                "JSON-LD without an article".to_owned()
            } else {
                kind
            }));
        }
        let mut found = Vec::new();
        for (at, article) in articles.into_iter().enumerate() {
            let nested = read_article(article.clone(), &graph);
            let id = id_or(&url_of(article), || format!("{}#{}.{at}", origin.stem, raw.place.record))?;
            found.extend(publicity::json_ld(article).on(nested.finish(id)));
        }
        Ok(found)
    }
}

/// Returns the values themselves, where they are written with their language or type (JSON-LD 1.1, section 4.2.1).
pub(super) fn plain_values(value: Value) -> Value {
    match value {
        Value::Object(mut object) => match object.remove("@value") {
            Some(plain) => plain,
            None => {
                Value::Object(object.into_iter().map(|(name, value)| (name, plain_values(value))).collect())
            }
        },
        Value::Array(list) => Value::Array(list.into_iter().map(plain_values).collect()),
        other => other,
    }
}

/// All objects of a document, so that references by `@id` can be followed.
pub(super) struct Graph<'v> {
    objects: Vec<&'v Map<String, Value>>,
}

impl<'v> Graph<'v> {
    pub(super) fn of(value: &'v Value) -> Self {
        let mut objects = Vec::new();
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Array(list) => waiting.extend(list.iter().rev()),
                Value::Object(object) => {
                    objects.push(object);
                    for name in ["mainEntity", "@graph", "itemListElement", "mainEntityOfPage", "item"] {
                        waiting.extend(object.get(name));
                    }
                }
                _ => {}
            }
            if objects.len() > 10_000 {
                break;
            }
        }
        Self { objects }
    }

    pub(super) fn articles(&self) -> Vec<&'v Map<String, Value>> {
        self.objects.iter().copied().filter(|object| is_article(&kind_of(object))).collect()
    }

    /// Returns the object itself, or the one that it refers to.
    fn resolve(&self, value: Value) -> Value {
        let says =
            |object: &Map<String, Value>| object.keys().any(|name| !matches!(name.as_str(), "@id" | "@type"));
        if let Value::Object(object) = &value
            && !says(object)
            && let Some(id) = object.get("@id")
            && let Some(target) =
                self.objects.iter().find(|other| says(other) && other.get("@id") == Some(id))
        {
            return Value::Object((*target).clone());
        }
        value
    }
}

/// Returns the type, the first of several that is an article's.
fn kind_of(object: &Map<String, Value>) -> String {
    let kinds: Vec<String> = match object.get("@type") {
        Some(Value::Array(list)) => list.iter().map(text_of).collect(),
        Some(value) => vec![text_of(value)],
        None => Vec::new(),
    };
    let local = |kind: &String| kind.rsplit(['/', ':']).next().unwrap_or(kind).to_owned();
    let kinds: Vec<String> = kinds.iter().map(local).collect();
    kinds.iter().find(|kind| is_article(kind)).or_else(|| kinds.first()).cloned().unwrap_or_default()
}

fn is_article(kind: &str) -> bool {
    kind.ends_with("Article")
        || matches!(kind, "BlogPosting" | "LiveBlogPosting" | "Report" | "SocialMediaPosting")
}

pub(super) fn url_of(article: &Map<String, Value>) -> String {
    addresses_of(article).next().unwrap_or_default()
}

/// Returns what names an article, the surest first: its address, its page, its id.
pub(super) fn addresses_of(article: &Map<String, Value>) -> impl Iterator<Item = String> + '_ {
    let text = |name: &str| match article.get(name) {
        Some(Value::Object(object)) => {
            object.get("@id").or_else(|| object.get("url")).map(text_of).unwrap_or_default()
        }
        Some(value) => text_of(value),
        None => String::new(),
    };
    let named = ["url", "mainEntityOfPage", "@id", "identifier"].into_iter().map(text);
    // A fragment alone names a part of a page that is not named.
    named.filter(|text| !text.is_empty() && !text.starts_with(['#', '_']))
}

pub(super) fn read_article(map: Map<String, Value>, graph: &Graph<'_>) -> Nested {
    let url = url_of(&map);
    let kind = kind_of(&map);
    let mut fields = Fields(map);
    for name in ["@type", "@context", "url", "mainEntityOfPage"] {
        fields.0.remove(name);
    }
    let mut nested = Nested::default();
    let mut links = html::Links::default();
    let mut plain = |text: String| {
        if !text.contains(['<', '&']) {
            return text;
        }
        let found = html::plain(&text);
        links.extend(&found.links);
        found.text
    };
    nested.article = Article {
        headline: plain(fields.first_text(&["headline", "name"])),
        kicker: fields.text("alternativeHeadline"),
        summary: plain(fields.first_text(&["description", "abstract"])),
        body: plain(fields.first_text(&["articleBody", "text"])),
        published: fields.first_date(&["datePublished", "dateCreated", "uploadDate"]),
        updated: fields.date("dateModified"),
        language: language(&fields.text("inLanguage")),
        edition: fields.text("printEdition"),
        dateline: fields.text("dateline"),
        genre: match fields.text("genre") {
            genre if genre.is_empty() && kind != "NewsArticle" && kind != "Article" => kind,
            genre => genre,
        },
        url,
        ..Article::default()
    };
    let mut sections = fields.texts("articleSection").into_iter();
    nested.article.section = sections.next().unwrap_or_default();
    nested.article.keywords.extend(crate::fields::keywords("section", sections.collect()));
    let (section, page) =
        (fields.text("printSection"), fields.first_text(&["printPage", "pageStart", "pagination"]));
    let numbered = page.starts_with(|c: char| c.is_ascii_digit());
    nested.article.page = if numbered { format!("{section}{page}") } else { page };
    fields.keep("printSection", section.into());
    let rights = [
        fields.text("copyrightNotice"),
        name_of(fields.list("copyrightHolder"), graph),
        fields.text("license"),
    ];
    nested.article.rights = rights.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n");
    let publisher = fields.list("publisher");
    nested.article.source = name_of(publisher.clone(), graph);
    fields.keep("publisher", Value::Array(publisher));
    keywords(&mut nested, &mut fields);
    updates(&mut nested, &mut fields);
    authors(&mut nested, &mut fields, graph);
    images(&mut nested, &mut fields, graph);
    nested.article.extra = fields.rest();
    nested.links(links);
    nested
}

/// Takes the texts of a live blog's entries, which are its text. What else is said of them is kept.
fn updates(nested: &mut Nested, fields: &mut Fields) {
    let mut others = Vec::new();
    for entry in fields.list("liveBlogUpdate") {
        let Value::Object(map) = entry else {
            others.push(entry);
            continue;
        };
        let mut update = Fields(map);
        for name in ["headline", "articleBody", "text"] {
            let text = html::plain(&update.text(name)).text;
            if !text.is_empty() {
                if !nested.article.body.is_empty() {
                    nested.article.body.push_str("\n\n");
                }
                nested.article.body.push_str(&text);
            }
        }
        update.0.remove("@type");
        others.push(Value::Object(update.rest()));
    }
    fields.keep("liveBlogUpdate", Value::Array(others));
}

fn name_of(values: Vec<Value>, graph: &Graph<'_>) -> String {
    let names = values.into_iter().map(|value| match graph.resolve(value) {
        Value::Object(map) => Fields(map).first_text(&["name", "legalName"]),
        other => text_of(&other),
    });
    names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
}

fn keywords(nested: &mut Nested, fields: &mut Fields) {
    let mut add = |name: &str, value: String| {
        if !value.is_empty() && nested.article.keywords.len() < store::MAX_LIST {
            let value = html::unescape(&value);
            nested.article.keywords.push(Keyword { name: name.to_owned(), value, unknown: Map::new() });
        }
    };
    fields.texts("keywords").into_iter().for_each(|value| add("keyword", value));
    for (field, name) in
        [("about", "subject"), ("mentions", "mention"), ("contentLocation", "place"), ("keywords", "keyword")]
    {
        for entry in fields.list(field) {
            let value = match &entry {
                Value::Object(map) => map.get("name").map(text_of).unwrap_or_default(),
                other => text_of(other),
            };
            add(name, value);
        }
    }
}

/// Takes authors from a text, an object, a list of either, or a reference.
fn authors(nested: &mut Nested, fields: &mut Fields, graph: &Graph<'_>) {
    let mut credits = Vec::new();
    let mut people: Vec<Byline> = Vec::new();
    for field in ["author", "creator"] {
        for entry in fields.list(field) {
            match graph.resolve(entry) {
                Value::Object(map) => {
                    let organisation = kind_of(&map).ends_with("Organization");
                    let mut person = Fields(map);
                    let (given, family) = (person.text("givenName"), person.text("familyName"));
                    let before = people.len();
                    if person.0.get("name").is_none_or(|name| text_of(name).is_empty()) {
                        let name = format!("{given} {family}").trim().to_owned();
                        if !name.is_empty() {
                            credits.push(name.clone());
                            people.push(Byline { name, given, family, ..Byline::default() });
                        }
                        known_of(people.get_mut(before..).unwrap_or_default(), person);
                        continue;
                    }
                    // Some publishers put a list of names into one name.
                    let names: Vec<String> = match person.0.get("name") {
                        Some(Value::Array(list)) => list.iter().map(text_of).collect(),
                        _ => vec![person.text("name")],
                    };
                    for name in names.into_iter().filter(|name| !name.is_empty()) {
                        if name.contains(',') || name.contains(" and ") {
                            people.extend(crate::credits::parse(&name));
                        } else if organisation {
                            people.push(Byline {
                                organization: name.clone(),
                                name: name.clone(),
                                ..Byline::default()
                            });
                        } else {
                            let parsed = crate::credits::parse(&name);
                            people.extend(parsed);
                        }
                        credits.push(name);
                    }
                    known_of(people.get_mut(before..).unwrap_or_default(), person);
                }
                other => {
                    let text = text_of(&other);
                    // One that begins so refers to what is not there.
                    if !text.is_empty() && !text.contains("://") && !text.starts_with('#') {
                        people.extend(crate::credits::parse(&text));
                        credits.push(text);
                    }
                }
            }
        }
        if !people.is_empty() {
            break;
        }
    }
    credits.dedup();
    nested.article.credit = credits.join(", ");
    for byline in people {
        if let Some(id) = names::byline_id(&byline.name) {
            nested.byline(id, byline);
        }
    }
}

/// Adds what else is said of a person, if it is one.
fn known_of(people: &mut [Byline], mut person: Fields) {
    if let [byline] = people {
        byline.title = person.text("jobTitle");
        byline.url = person.first_text(&["url", "@id"]);
        byline.bio = person.text("description");
        person.0.remove("@type");
        byline.extra = person.rest();
    }
}

fn images(nested: &mut Nested, fields: &mut Fields, graph: &Graph<'_>) {
    for entry in [fields.list("image"), fields.list("associatedMedia")].concat() {
        let (href, image) = match graph.resolve(entry) {
            Value::Object(map) => {
                let mut image = Fields(map);
                image.0.remove("@type");
                let href = image.first_text(&["contentUrl", "url", "@id"]);
                let mut pixels = |name: &str| match image.0.remove(name) {
                    Some(Value::Object(value)) => {
                        value.get("value").map(text_of).and_then(|text| text.parse().ok())
                    }
                    Some(value) => text_of(&value).trim_end_matches("px").parse().ok(),
                    None => None,
                };
                let (width, height) = (pixels("width"), pixels("height"));
                let rendition = Rendition { href: href.clone(), width, height, ..Rendition::default() };
                let image = Image {
                    caption: html::plain(&image.first_text(&["caption", "description"])).text,
                    credit: image.first_text(&["creditText", "credit", "copyrightHolder"]),
                    alt: image.text("alternateName"),
                    renditions: vec![rendition],
                    ..Image::default()
                };
                (href, image)
            }
            other => {
                let href = text_of(&other);
                let rendition = Rendition { href: href.clone(), ..Rendition::default() };
                (href, Image { renditions: vec![rendition], ..Image::default() })
            }
        };
        if let Ok(id) = link::asset_id(href) {
            nested.image(id, image);
        }
    }
}
