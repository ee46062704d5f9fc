//! Metadata sections of METS: MODS, Dublin Core, or whatever else is wrapped.

use serde_json::{Map, Value};
use store::{ArchiveDate, Byline};

use crate::{
    dates, names,
    nested::{Nested, language},
    xml::Element,
};

/// Elements that have a place of their own.
const PLACED: [&str; 9] =
    ["title", "subTitle", "nonSort", "abstract", "dateIssued", "languageTerm", "language", "name", "creator"];
/// Roles (MARC relators, and words for them) of who wrote a text.
const AUTHORS: [&str; 12] = [
    "",
    "aut",
    "author",
    "cre",
    "creator",
    "crp",
    "correspondent",
    "ctb",
    "contributor",
    "jrn",
    "journalist",
    "aus",
];

/// One section, taken apart.
#[derive(Default)]
pub(super) struct Metadata {
    pub(super) title: String,
    below: String,
    summary: String,
    pub(super) issued: Option<ArchiveDate>,
    pub(super) language: String,
    /// As printed.
    credits: Vec<String>,
    people: Vec<Byline>,
    /// Elements that have no place.
    pub(super) others: Map<String, Value>,
}

impl Metadata {
    pub(super) fn of(section: &Element) -> Self {
        let mut metadata = Self::default();
        let first = |name: &str| section.deep(name).first().map(|element| element.text()).unwrap_or_default();
        let title = first("title");
        // `The` stands before it.
        metadata.title = format!("{} {title}", first("nonSort")).trim().to_owned();
        metadata.below =
            section.deep("subTitle").into_iter().map(Element::text).collect::<Vec<_>>().join("\n");
        metadata.summary =
            section.deep("abstract").into_iter().map(Element::text).collect::<Vec<_>>().join("\n\n");
        let dates = ["dateIssued", "date", "dateCreated"].into_iter().flat_map(|name| section.deep(name));
        metadata.issued = dates.into_iter().find_map(|date| dates::parse(&date.text()));
        metadata.language = ["languageTerm", "language"]
            .into_iter()
            .flat_map(|name| section.deep(name))
            .map(|tag| language(&tag.text()))
            .find(|tag| !tag.is_empty())
            .unwrap_or_default();
        let mut others = Vec::new();
        for name in section.deep("name").into_iter().chain(section.deep("creator")) {
            metadata.name(name, &mut others);
        }
        for wrapped in section.deep("xmlData").into_iter().flat_map(Element::elements) {
            let record = wrapped.elements().find(|child| child.local() == "mods").unwrap_or(wrapped);
            if record.elements().next().is_some() {
                metadata.others.extend(record.others(&PLACED));
            } else if !PLACED.contains(&record.local()) {
                metadata.others.insert(record.name.clone(), record.value());
            }
        }
        metadata.others = match without(Value::Object(metadata.others), &PLACED) {
            Value::Object(others) => others,
            _ => Map::new(),
        };
        if !others.is_empty() {
            metadata.others.insert("names".to_owned(), others.into());
        }
        metadata.others.retain(|_, value| !crate::fields::is_nothing(value));
        metadata
    }

    /// Takes a name of MODS in its parts, as it is shown, or as one text. Who printed or translated is kept beside.
    fn name(&mut self, name: &Element, others: &mut Vec<Value>) {
        let role = name.deep("roleTerm").first().map(|role| role.text().to_lowercase()).unwrap_or_default();
        if !AUTHORS.contains(&role.as_str()) {
            others.push(name.value());
            return;
        }
        let part = |kind: &str| {
            let parts = name.all("namePart").filter(|part| part.attribute("type") == kind);
            parts.map(Element::text).collect::<Vec<_>>().join(" ")
        };
        let (given, family, whole) = (part("given"), part("family"), part(""));
        let shown = name.text_at("displayForm");
        let text = match name.local() {
            "creator" => name.text(),
            _ if shown.is_empty() => whole,
            _ => shown.clone(),
        };
        let byline = if name.attribute("type") == "corporate" {
            Byline { organization: text.clone(), name: text.clone(), ..Byline::default() }
        } else if !family.is_empty() || !given.is_empty() {
            let name = format!("{given} {family}").trim().to_owned();
            Byline { name, given, family, ..Byline::default() }
        } else {
            // A catalogue turns names: what follows the comma are the given ones.
            match text.split_once(',') {
                Some((family, given)) if !given.contains(',') => Byline {
                    name: format!("{} {}", given.trim(), family.trim()).trim().to_owned(),
                    given: given.trim().to_owned(),
                    family: family.trim().to_owned(),
                    ..Byline::default()
                },
                _ => names::person(&text),
            }
        };
        if byline.name.is_empty() {
            return;
        }
        self.credits.push(if shown.is_empty() { byline.name.clone() } else { shown });
        self.people.push(byline);
    }

    /// Says it of an article.
    pub(super) fn describe(self, nested: &mut Nested) {
        let article = &mut nested.article;
        if !self.title.is_empty() {
            article.headline = self.title;
        }
        if self.issued.is_some() && article.published.is_none() {
            article.published = self.issued;
        }
        article.subheadline = self.below;
        article.summary = self.summary;
        article.credit = self.credits.join("; ");
        if !self.language.is_empty() {
            article.language = self.language;
        }
        article.extra.extend(self.others);
        for byline in self.people {
            if let Some(id) = names::byline_id(&byline.name) {
                nested.byline(id, byline);
            }
        }
    }
}

/// Returns a value without fields of these names, whatever their prefix.
fn without(value: Value, names: &[&str]) -> Value {
    match value {
        Value::Object(fields) => {
            let local = |name: &String| name.rsplit(':').next().unwrap_or(name).to_owned();
            let kept = fields.into_iter().filter(|(name, _)| !names.contains(&local(name).as_str()));
            Value::Object(kept.map(|(name, value)| (name, without(value, names))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(|value| without(value, names)).collect()),
        other => other,
    }
}
