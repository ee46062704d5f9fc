//! ninjs, News in JSON of IPTC: 1.x (names with a suffix), 2.x (lists of objects) and 3.x (camel case).

use serde_json::{Map, Value};
use store::{Article, AssetId, Image, Keyword, Rendition};

use super::{
    common::{Reader, json_object},
    entry::{Again, Entry, Head, RecordShape, Says, Stage},
    jsonl::is_event,
};
use crate::{
    cut::Cutter,
    cut_json::Values,
    fields::{Fields, object_of, text_of},
    html, link, names,
    nested::{Nested, language},
    publicity,
    record::{Found, Origin, Raw, Reason},
};

pub(super) const ENTRY: Entry = Entry {
    name: "ninjs",
    called: "ninjs",
    told: &[(Stage::Json, is_item)],
    says: Says::Format,
    record: RecordShape::Json,
    again: Again::Later,
    reader: |_| Box::new(Ninjs),
    #[cfg(test)]
    sample: "{\"uri\":\"u\",\"type\":\"text\",\"headlines\":[{\"role\":\"main\",\"value\":\"x\"}],\"body_html\":\"<p>é</p>\",\"associations\":{\"m\":{\"uri\":\"p\",\"type\":\"picture\",\"renditions\":{\"a\":{\"href\":\"h\"}}}}}",
};

/// Returns true for what has a `uri`, and what only a news item has.
fn is_item(head: &Head<'_>) -> bool {
    let text = head.text;
    if is_event(text.lines().next().unwrap_or_default()) {
        return false;
    }
    // A short item may have nothing but a `uri` that tells.
    if let Ok(serde_json::Value::Object(object)) = serde_json::from_str(text) {
        return object.contains_key("uri")
            && !object.contains_key("$defs")
            && !object.contains_key("definitions");
    }
    const SIGNS: [&str; 19] = [
        "versioncreated",
        "versionCreated",
        "firstcreated",
        "firstCreated",
        "contentcreated",
        "contentCreated",
        "representationtype",
        "pubstatus",
        "pubStatus",
        "body_text",
        "body_html",
        "body_xhtml",
        "bodies",
        "renditions",
        "associations",
        "headlines",
        "descriptions",
        "copyrightholder",
        "description_text",
    ];
    let has = |key: &str| head.has(key);
    !has("$defs")
        && !has("definitions")
        && !has("patternProperties")
        && (has("uri") || text.contains("ninjs"))
        && SIGNS.iter().any(|sign| has(sign))
        || (has("uri") && has("headline"))
}

pub(crate) struct Ninjs;

/// Associations of associations of associations: deeper ones stay in `extra`.
const MAX_DEPTH: usize = 4;

impl Reader for Ninjs {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Values>::default()
    }

    fn read(&self, raw: &Raw, _: &Origin) -> Result<Vec<Found>, Reason> {
        item(json_object(raw)?)
    }
}

fn item(mut fields: Fields) -> Result<Vec<Found>, Reason> {
    let uri = fields.text("uri");
    if uri.is_empty() {
        return Err(Reason::Content("`uri` is missing, which every ninjs item needs".to_owned()));
    }
    let id = link::asset_id(uri).map_err(|error| Reason::Content(format!("`uri`: {error}")))?;
    let kind = fields.text("type");
    let is_image = matches!(kind.as_str(), "picture" | "graphic");
    let publicity = publicity::ninjs(&fields);
    let status = fields.first_text(&["pubstatus", "pubStatus"]);
    if matches!(kind.as_str(), "event" | "planning") {
        return Err(Reason::NoAsset(kind));
    }
    fields.keep("pubstatus", Value::String(status).clone());
    if is_image {
        let time =
            fields.first_date(&["versioncreated", "versionCreated", "contentcreated", "contentCreated"]);
        let (image, byline) = image(fields);
        let time = time.map(|date| date.start());
        let mut found: Vec<Found> =
            byline.into_iter().map(|(id, byline)| Found::mentioned(id, byline, time)).collect();
        found.push(Found::published(id, image, time));
        return Ok(publicity.on(found));
    }
    Ok(publicity.on(article(fields, &kind).finish(id)))
}

fn article(mut fields: Fields, kind: &str) -> Nested {
    let mut nested = Nested::default();
    let published = fields.first_date(&["firstcreated", "firstCreated", "contentcreated", "contentCreated"]);
    let updated = fields.first_date(&["versioncreated", "versionCreated"]);
    let bodies = texts(&mut fields, &["bodies"], "body");
    let summaries = texts(&mut fields, &["descriptions"], "description");
    let headlines = texts(&mut fields, &["headlines"], "headline");
    let headline = fields.text("headline");
    let mut article = Article {
        published: published.or_else(|| updated.clone()),
        updated,
        kicker: role(&headlines, &["kicker"]).unwrap_or_default(),
        subheadline: role(&headlines, &["sub", "subheadline", "deck"]).unwrap_or_default(),
        credit: fields.first_text(&["byline", "by"]),
        rights: rights(&mut fields),
        ..Article::default()
    };
    article.headline = match headline {
        text if text.is_empty() => best(&headlines, &["main", "text", ""]),
        text => text,
    };
    if article.headline.is_empty() {
        article.headline = fields.text("title");
    }
    let shown = fill_texts(&mut article, &bodies, &summaries);
    if !matches!(kind, "" | "text") {
        article.genre = kind.to_owned();
    }
    article.language = language(&fields.text("language"));
    article.dateline = fields.text("located");
    article.keywords = keywords(&mut fields);
    // Where one source is named, it is the agency; more stay as they are.
    let sources =
        [fields.list("infosource"), fields.list("infosources"), fields.list("infoSources")].concat();
    if let [Value::Object(source)] = sources.as_slice() {
        article.source = source.get("name").map(text_of).unwrap_or_default();
    }
    fields.keep("infosource", Value::Array(sources));
    nested.article = article;
    nested.people_of_credit();
    for (name, mut associated) in associations(&mut fields) {
        let uri = associated.text("uri");
        let kind = associated.text("type");
        match link::asset_id(uri.clone()) {
            Ok(id) if matches!(kind.as_str(), "picture" | "graphic") => {
                nested.within(publicity::ninjs(&associated), |nested| {
                    let (image, byline) = image(associated);
                    if let Some((id, byline)) = byline {
                        nested.mention(id, byline);
                    }
                    nested.image(id, image);
                });
            }
            _ => {
                associated.keep("uri", uri.into());
                associated.keep("type", kind.into());
                let kept =
                    nested.article.extra.entry("associations").or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(kept) = kept {
                    kept.insert(name, Value::Object(associated.rest()));
                }
            }
        }
    }
    let renditions = renditions(&mut fields);
    if !renditions.is_empty() {
        fields.keep("renditions", renditions.into_iter().map(json_of).collect());
    }
    for picture in shown.pictures {
        nested.picture(picture);
    }
    nested.article.extra.extend(fields.rest());
    nested.links(shown.links);
    nested
}

fn fill_texts(article: &mut Article, bodies: &[Text], summaries: &[Text]) -> html::Plain {
    let body = bodies.iter().find(|text| !text.is_markup()).or_else(|| bodies.first());
    let mut shown = html::Plain::default();
    if let Some(text) = body {
        article.body = text.plain();
    }
    if let Some(markup) = bodies.iter().find(|text| text.is_markup()) {
        shown = html::plain(&markup.value);
        if article.body.is_empty() {
            article.body = std::mem::take(&mut shown.text);
        }
    }
    article.summary = best_text(summaries, &["summary", "text", "", "main", "caption"]).unwrap_or_default();
    shown
}

/// Returns a rendition or a keyword as JSON, for what has no field of its own.
#[expect(clippy::expect_used, reason = "renditions and keywords are texts and whole numbers")]
fn json_of(one: impl serde::Serialize) -> Value {
    serde_json::to_value(one).expect("texts and whole numbers are JSON")
}

/// Returns a picture, and who made it.
fn image(mut fields: Fields) -> (Image, Option<(AssetId, store::Byline)>) {
    let captions = texts(&mut fields, &["descriptions"], "description");
    let headlines = texts(&mut fields, &["headlines"], "headline");
    let by = fields.first_text(&["byline", "by"]);
    let byline = crate::credits::parse(&by).into_iter().next();
    let byline = byline.and_then(|byline| Some((names::byline_id(&byline.name)?, byline)));
    let headline = best(&headlines, &["main", "text", ""]);
    fields.keep("headlines", headline.into());
    let keywords: Vec<Value> = keywords(&mut fields).into_iter().map(json_of).collect();
    let image = Image {
        caption: best_text(&captions, &["caption", "text", "", "main", "summary"]).unwrap_or_default(),
        alt: fields.first_text(&["altText", "alttext"]),
        credit: match fields.first_text(&["creditline", "creditLine"]) {
            credit if credit.is_empty() => by,
            credit => credit,
        },
        photographer: byline.as_ref().map(|(id, _)| id.clone()),
        taken: fields.first_date(&["contentcreated", "contentCreated", "firstcreated", "firstCreated"]),
        renditions: renditions(&mut fields),
        rights: rights(&mut fields),
        ..Image::default()
    };
    fields.keep("keywords", keywords.into());
    (Image { extra: fields.rest(), ..image }, byline)
}

fn rights(fields: &mut Fields) -> String {
    let parts = [
        fields.first_text(&["copyrightnotice", "copyrightNotice"]),
        fields.first_text(&["copyrightholder", "copyrightHolder"]),
        fields.first_text(&["usageterms", "usageTerms"]),
    ];
    parts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

/// One of several texts of an item: what it is for, its form, itself.
struct Text {
    role: String,
    form: String,
    value: String,
}

impl Text {
    fn is_markup(&self) -> bool {
        ["html", "xml"].iter().any(|form| self.form.contains(form) || self.role.contains(form))
            || self.role == "marked-up"
    }

    fn plain(&self) -> String {
        if self.is_markup() { html::plain(&self.value).text } else { self.value.clone() }
    }
}

/// Returns the texts in a list (2.x, 3.x), and those under names with a suffix (1.x: `body_text`, `body_xhtml`).
fn texts(fields: &mut Fields, lists: &[&str], prefix: &str) -> Vec<Text> {
    let mut found = Vec::new();
    for entry in lists.iter().flat_map(|name| fields.list(name)) {
        let mut entry = object_of(entry);
        let value = entry.text("value");
        if !value.is_empty() {
            let form = entry.first_text(&["contenttype", "contentType"]);
            found.push(Text { role: entry.text("role"), form, value });
        }
    }
    let names: Vec<String> = fields
        .0
        .keys()
        .filter(|name| name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('_')))
        .cloned()
        .collect();
    for name in names {
        let value = fields.text(&name);
        if !value.is_empty() {
            found.push(Text {
                role: name.get(prefix.len() + 1..).unwrap_or("").to_owned(),
                form: String::new(),
                value,
            });
        }
    }
    found
}

fn role(texts: &[Text], roles: &[&str]) -> Option<String> {
    roles.iter().find_map(|role| texts.iter().find(|text| text.role == *role)).map(Text::plain)
}

fn best_text(texts: &[Text], roles: &[&str]) -> Option<String> {
    role(texts, roles).or_else(|| texts.first().map(Text::plain))
}

fn best(texts: &[Text], roles: &[&str]) -> String {
    best_text(texts, roles).unwrap_or_default()
}

fn renditions(fields: &mut Fields) -> Vec<Rendition> {
    let mut entries = Vec::new();
    match fields.0.get("renditions") {
        Some(Value::Object(_)) => entries.extend(fields.object("renditions").0),
        _ => entries.extend(fields.list("renditions").into_iter().map(|entry| (String::new(), entry))),
    }
    let mut found = Vec::new();
    for (name, entry) in entries {
        let mut entry = object_of(entry);
        let mut pixels = |name: &str| text_of(&entry.0.remove(name).unwrap_or_default()).parse().ok();
        let (width, height) = (pixels("width"), pixels("height"));
        let role = entry.text("name");
        let rendition = Rendition {
            href: entry.text("href"),
            width,
            height,
            media_type: entry.first_text(&["mimetype", "contenttype", "contentType"]),
            role: if role.is_empty() { name } else { role },
            unknown: entry.rest(),
        };
        if found.len() < store::MAX_LIST {
            found.push(rendition);
        }
    }
    found
}

fn associations(fields: &mut Fields) -> Vec<(String, Fields)> {
    let mut found = Vec::new();
    match fields.0.get("associations") {
        Some(Value::Object(_)) => {
            for (name, entry) in fields.object("associations").0 {
                found.push((name, object_of(entry)));
            }
        }
        _ => {
            for (at, entry) in fields.list("associations").into_iter().enumerate() {
                let mut entry = object_of(entry);
                let name = entry.text("name");
                found.push((if name.is_empty() { at.to_string() } else { name }, entry));
            }
        }
    }
    found.retain(|(_, entry)| depth(&entry.0, 0) < MAX_DEPTH * 8);
    found
}

fn depth(map: &Map<String, Value>, at: usize) -> usize {
    if at > 128 {
        return at;
    }
    map.values()
        .map(|value| match value {
            Value::Object(inner) => depth(inner, at + 1),
            _ => at,
        })
        .max()
        .unwrap_or(at)
}

fn keywords(fields: &mut Fields) -> Vec<Keyword> {
    let mut found = Vec::new();
    for (name, vocabulary) in [
        ("subject", "subject"),
        ("subjects", "subject"),
        ("place", "place"),
        ("places", "place"),
        ("person", "person"),
        ("people", "person"),
        ("organisation", "organization"),
        ("organisations", "organization"),
        ("event", "event"),
        ("events", "event"),
        ("object", "object"),
        ("objects", "object"),
        ("genre", "genre"),
        ("genres", "genre"),
        ("keywords", "keyword"),
    ] {
        for entry in fields.list(name) {
            let (value, unknown) = match entry {
                Value::Object(map) => {
                    let mut entry = Fields(map);
                    let value = entry.first_text(&["name", "literal", "code", "uri"]);
                    (value, entry.rest())
                }
                other => (text_of(&other), Map::new()),
            };
            if !value.is_empty() && found.len() < store::MAX_LIST {
                found.push(Keyword { name: vocabulary.to_owned(), value, unknown });
            }
        }
    }
    found
}
