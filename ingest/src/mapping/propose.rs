//! A mapping for files that were looked at: the fields whose names tell what they are.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::Value;

use super::fields::list_of;
use crate::{
    fields::text_of,
    reader::table::columns::field_of,
    xml::{Element, Node as XmlNode},
};

/// The depth to which fields are looked for.
const MAX_DEPTH: usize = 4;
/// The bytes of a text that are looked at.
const MAX_SAMPLE: usize = 80;
/// An id that is shorter, and no link, may be another's in another file.
const LONG_ID: usize = 16;
/// The number of names that are told which no field has.
const MAX_LEFT: usize = 20;

/// A file that was looked at.
pub(crate) struct Looked {
    /// Its name, without folders.
    pub(crate) name: String,
    pub(crate) shape: Shaped,
}

/// Its content, or the columns of it.
pub(crate) enum Shaped {
    Json(Value),
    Xml(Element),
    /// The columns of a table.
    Rows(Vec<String>),
}

/// The names in a record with what is under them, whatever it was written in.
#[derive(Debug, Clone, Default)]
struct Tree {
    text: bool,
    /// The beginning of that text, where one was looked at.
    sample: String,
    /// It stands several times, or in a list.
    many: bool,
    children: Vec<(String, Tree)>,
}

/// The values that were found for a field.
#[derive(Debug, Clone, PartialEq)]
enum Guess {
    Path(String),
    /// An id that other files may have, too.
    Local(String),
    /// Several words in one text.
    Words(String),
    Each {
        path: String,
        fields: Vec<(&'static str, String)>,
    },
}

/// The fields that were found in a record.
#[derive(Debug, Default)]
struct Fields {
    single: BTreeMap<&'static str, Guess>,
    lists: BTreeMap<&'static str, Guess>,
    left: Vec<String>,
}

impl Fields {
    fn count(&self) -> usize {
        self.single.len() + self.lists.len()
    }

    fn is_article(&self) -> bool {
        self.single.contains_key("headline") || self.single.contains_key("body")
    }
}

/// Writes a mapping of these files; `None` where nothing in them looks like an article.
pub(crate) fn propose(files: &[Looked]) -> Option<String> {
    let mut best: Option<(&Looked, Option<String>, Fields)> = None;
    for file in files {
        for (record, tree) in candidates(&file.shape) {
            let mut fields = Fields::default();
            look(&tree, "", 0, &mut fields);
            let better = best.as_ref().is_none_or(|(_, _, known)| fields.count() > known.count());
            if fields.is_article() && better {
                best = Some((file, record, fields));
            }
        }
    }
    let (file, record, mut fields) = best?;
    let joins = joins(file, files, &mut fields);
    let stem = file.name.split('.').next().unwrap_or("records");
    let name: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let tables = files.iter().filter(|file| matches!(file.shape, Shaped::Rows(_))).count();
    let pattern = match file.name.split_once('.') {
        Some((_, ending)) if !matches!(file.shape, Shaped::Rows(_)) || tables == 1 => format!("*.{ending}"),
        _ => file.name.clone(),
    };
    Some(written(name.trim_matches('-'), &pattern, record.as_deref(), &joins, &fields))
}

fn written(name: &str, pattern: &str, record: Option<&str>, joins: &[String], fields: &Fields) -> String {
    let mut out = format!("[mapping.{name}]\nfiles = {}\n", quoted(pattern));
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    if let Some(record) = record {
        line(format!("record = {}", quoted(record)));
    }
    if !joins.is_empty() {
        line(format!("join = [\n    {},\n]", joins.join(",\n    ")));
    }
    line(format!("\n[mapping.{name}.article]"));
    for (field, found) in &fields.single {
        let value = match found {
            Guess::Local(path) => quoted(&format!("{name}/{{{path}}}")),
            found => value(found),
        };
        line(format!("{field} = {value}"));
    }
    for (field, found) in fields.lists.iter().filter(|(_, found)| !matches!(found, Guess::Each { .. })) {
        line(format!("{field} = {}", value(found)));
    }
    for (field, found) in &fields.lists {
        if let Guess::Each { path, fields } = found {
            line(format!("\n[mapping.{name}.article.{field}]\neach = {}", quoted(path)));
            fields.iter().for_each(|(field, path)| line(format!("{field} = {}", quoted(path))));
        }
    }
    if !fields.left.is_empty() {
        let more = if fields.left.len() > MAX_LEFT { ", …" } else { "" };
        let shown = fields.left.iter().take(MAX_LEFT).cloned().collect::<Vec<_>>().join(", ");
        line(format!("\n# Without a field, so in `extra` under these names: {shown}{more}"));
    }
    out
}

fn value(found: &Guess) -> String {
    match found {
        Guess::Path(path) | Guess::Local(path) | Guess::Each { path, .. } => quoted(path),
        Guess::Words(path) => format!("{{ path = {}, split = \";\" }}", quoted(path)),
    }
}

/// Returns a text as TOML writes it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Returns what may be the records of a file: its path, and what one of them has.
fn candidates(shape: &Shaped) -> Vec<(Option<String>, Tree)> {
    match shape {
        Shaped::Rows(columns) => {
            let leaf = Tree { text: true, ..Tree::default() };
            let children = columns.iter().map(|column| (column.clone(), leaf.clone())).collect();
            vec![(None, Tree { children, ..Tree::default() })]
        }
        Shaped::Json(Value::Array(list)) => {
            list.iter().find(|one| one.is_object()).map(|one| (None, of_json(one, 0))).into_iter().collect()
        }
        Shaped::Json(value) => {
            let mut found = vec![(None, of_json(value, 0))];
            lists_of_json(value, "", 0, &mut found);
            found
        }
        Shaped::Xml(root) => {
            let mut found = vec![(None, of_xml(root, 0))];
            lists_of_xml(root, "", 0, &mut found);
            found
        }
    }
}

fn lists_of_json(value: &Value, path: &str, depth: usize, found: &mut Vec<(Option<String>, Tree)>) {
    let Some(object) = value.as_object().filter(|_| depth < MAX_DEPTH) else { return };
    for (name, value) in object {
        let path = joined(path, name);
        match value {
            // An article has lists of objects, too: of persons and pictures.
            Value::Array(list) if list_of(name).is_none() => {
                let first = list.iter().find(|one| one.is_object());
                found.extend(first.map(|one| (Some(path), of_json(one, 0))));
            }
            value => lists_of_json(value, &path, depth + 1, found),
        }
    }
}

fn lists_of_xml(element: &Element, path: &str, depth: usize, found: &mut Vec<(Option<String>, Tree)>) {
    if depth >= MAX_DEPTH {
        return;
    }
    let mut seen: Vec<&str> = Vec::new();
    for child in element.elements() {
        if !seen.contains(&child.local()) && list_of(child.local()).is_none() {
            seen.push(child.local());
            let path =
                if path.is_empty() { child.local().to_owned() } else { format!("{path}/{}", child.local()) };
            if child.elements().next().is_some() {
                found.push((Some(path.clone()), of_xml(child, 0)));
            }
            lists_of_xml(child, &path, depth + 1, found);
        }
    }
}

fn of_json(value: &Value, depth: usize) -> Tree {
    match value {
        Value::Object(object) if depth <= MAX_DEPTH => {
            let children = object.iter().map(|(name, value)| (name.clone(), of_json(value, depth + 1)));
            Tree { children: children.collect(), ..Tree::default() }
        }
        Value::Array(list) => {
            let first = list.iter().map(|one| of_json(one, depth + 1)).next().unwrap_or_default();
            Tree { many: true, ..first }
        }
        Value::Null => Tree::default(),
        value => {
            let sample = sample(&text_of(value));
            Tree { text: !sample.is_empty(), sample, ..Tree::default() }
        }
    }
}

fn sample(text: &str) -> String {
    text.chars().take(MAX_SAMPLE).collect()
}

fn of_xml(element: &Element, depth: usize) -> Tree {
    let leaf = Tree { text: true, ..Tree::default() };
    let attributes = element.attributes.iter().filter(|(name, _)| !name.starts_with("xmlns"));
    let mut children: Vec<(String, Tree)> = attributes
        .map(|(name, value)| (format!("@{name}"), Tree { sample: sample(value), ..leaf.clone() }))
        .collect();
    let has_text = element.children.iter().any(|child| match child {
        XmlNode::Text(text) => !text.trim().is_empty(),
        XmlNode::Element(_) => false,
    });
    // A text of paragraphs is one text.
    let is_text =
        has_text || (element.elements().next().is_some() && element.elements().all(|one| one.local() == "p"));
    if !is_text && depth <= MAX_DEPTH {
        for child in element.elements() {
            match children.iter_mut().find(|(name, _)| name == child.local()) {
                Some((_, known)) => known.many = true,
                None => children.push((child.local().to_owned(), of_xml(child, depth + 1))),
            }
        }
    }
    let sample = if is_text { sample(&element.text()) } else { String::new() };
    Tree { text: is_text, sample, children, ..Tree::default() }
}

/// Looks for fields in a record, those above first.
fn look(tree: &Tree, path: &str, depth: usize, fields: &mut Fields) {
    let mut deeper = Vec::new();
    for (name, child) in &tree.children {
        let at = joined(path, name);
        let plain = name.trim_start_matches('@');
        let list = list_of(plain);
        let holds_many =
            child.many || (child.children.len() == 1 && child.children.iter().all(|(_, one)| one.many));
        match (list, field_named(plain)) {
            (Some(list), _) if (holds_many || is_one(list, child)) && !fields.lists.contains_key(list) => {
                let found = many(child, at, list);
                fields.lists.insert(list, found);
            }
            (_, Some("id")) if child.text && !child.many && !has(fields, "id") => {
                let is_own = child.sample.contains([':', '/']) || child.sample.len() >= LONG_ID;
                fields.single.insert("id", if is_own { Guess::Path(at) } else { Guess::Local(at) });
            }
            (_, Some(field)) if child.text && !child.many && !has(fields, field) => match field {
                "keywords" => {
                    fields.lists.insert("keywords", Guess::Words(at));
                }
                field => {
                    fields.single.insert(field, Guess::Path(at));
                }
            },
            _ if child.children.is_empty() || child.many => fields.left.push(at),
            _ => deeper.push((at, child)),
        }
        if child.text && !child.children.is_empty() {
            let attributes = child.children.iter().map(|(name, _)| joined(&joined(path, plain), name));
            fields.left.extend(attributes);
        }
    }
    for (at, child) in deeper.into_iter().filter(|_| depth < MAX_DEPTH) {
        look(child, &at, depth + 1, fields);
    }
}

/// Returns the field that a value of this name usually is, as a column is, or as exports have it.
fn field_named(name: &str) -> Option<&'static str> {
    field_of(name).or_else(|| match name.to_lowercase().as_str() {
        "issued" | "printed" | "day" | "when" => Some("published"),
        "nr" | "no" | "number" | "key" | "articleno" => Some("id"),
        _ => None,
    })
}

/// Returns true for a person or a picture that stands alone where there may be several.
fn is_one(list: &str, tree: &Tree) -> bool {
    let known = |(name, _): &(String, Tree)| inner_field(list, name.trim_start_matches('@')).is_some();
    list != "keywords" && !tree.text && tree.children.iter().any(known)
}

fn has(fields: &Fields, field: &str) -> bool {
    fields.single.contains_key(field) || fields.lists.contains_key(field)
}

/// Returns a list of persons, pictures or words: texts, or each with fields of its own.
fn many(tree: &Tree, at: String, list: &str) -> Guess {
    // `<authors><author>…</author><author>…</author></authors>`
    let (at, tree) = match tree.children.as_slice() {
        [(name, inner)] if !tree.many && inner.many => (joined(&at, name), inner),
        _ => (at, tree),
    };
    if tree.text {
        return Guess::Path(at);
    }
    let mut fields: Vec<(&'static str, String)> = Vec::new();
    for (name, _) in tree.children.iter().filter(|(_, child)| child.text && !child.many) {
        let known = inner_field(list, name.trim_start_matches('@'));
        if let Some(field) = known.filter(|field| !fields.iter().any(|(other, _)| other == field)) {
            fields.push((field, joined("", name)));
        }
    }
    Guess::Each { path: at, fields }
}

/// Returns the field that a value of this name is of a person, a picture or a word.
fn inner_field(list: &str, name: &str) -> Option<&'static str> {
    let plain: String = name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let names: &[(&str, &[&str])] = match list {
        "bylines" => &[
            ("name", &["name", "fullname", "displayname"]),
            ("given", &["given", "givenname", "first", "firstname", "forename"]),
            ("family", &["family", "familyname", "last", "lastname", "surname"]),
            ("title", &["role", "title", "jobtitle", "position"]),
            ("organization", &["organization", "organisation", "affiliation", "agency"]),
            ("bio", &["bio", "biography"]),
        ],
        "images" => &[
            ("href", &["href", "url", "src", "file", "path", "filename", "link"]),
            ("caption", &["caption", "legend", "description", "title", "text"]),
            ("alt", &["alt", "alttext"]),
            ("credit", &["credit", "copyright", "source"]),
            ("photographer", &["photographer", "artist"]),
            ("width", &["width"]),
            ("height", &["height"]),
        ],
        _ => &[
            ("value", &["value", "name", "term", "label", "keyword"]),
            ("name", &["scheme", "type", "vocabulary"]),
        ],
    };
    names.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(field, _)| *field)
}

/// Joins for tables that name each other by columns such as `article_id`; the authors become those of the record.
fn joins(of: &Looked, files: &[Looked], fields: &mut Fields) -> Vec<String> {
    let Shaped::Rows(columns) = &of.shape else { return Vec::new() };
    let Some(id) = columns.iter().find(|column| field_of(column) == Some("id")) else { return Vec::new() };
    let others = || files.iter().filter(|file| file.name != of.name);
    for link in others() {
        let Shaped::Rows(linking) = &link.shape else { continue };
        let Some(here) = linking.iter().find(|column| is_id_of(column, &of.name)) else { continue };
        for people in others().filter(|file| file.name != link.name) {
            let Shaped::Rows(person) = &people.shape else { continue };
            let Some(there) = linking.iter().find(|column| is_id_of(column, &people.name)) else { continue };
            let Some(key) = person.iter().find(|column| field_of(column) == Some("id")) else { continue };
            let known = person.iter().filter_map(|column| Some((inner_field("bylines", column)?, column)));
            let found: Vec<_> =
                known.map(|(field, column)| (field, format!("author.{}", joined("", column)))).collect();
            if !found.iter().any(|(field, _)| matches!(*field, "name" | "family")) {
                continue;
            }
            let sort = linking.iter().find(|column| {
                matches!(
                    column.to_lowercase().as_str(),
                    "position" | "place" | "sort" | "order" | "rank" | "seq"
                )
            });
            let sort = sort.map(|column| format!(", sort = {}", quoted(column))).unwrap_or_default();
            fields.lists.insert("bylines", Guess::Each { path: "authors".to_owned(), fields: found });
            fields.single.remove("credit");
            return vec![
                format!(
                    "{{ file = {}, key = {}, equals = {}, as = \"authors\"{sort} }}",
                    quoted(&link.name),
                    quoted(here),
                    quoted(id)
                ),
                format!(
                    "{{ file = {}, key = {}, equals = {}, within = \"authors\", as = \"author\" }}",
                    quoted(&people.name),
                    quoted(key),
                    quoted(there)
                ),
            ];
        }
    }
    Vec::new()
}

/// Returns true for a column that holds ids of a table: `author_id` of `authors.csv`.
fn is_id_of(column: &str, table: &str) -> bool {
    let plain: String = column.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let table = table.split('.').next().unwrap_or(table).to_lowercase();
    let table: String = table.chars().filter(|c| c.is_alphanumeric()).collect();
    let one = table.strip_suffix("ies").map(|stem| format!("{stem}y"));
    let one = one.unwrap_or_else(|| table.trim_end_matches('s').to_owned());
    plain.strip_suffix("id").is_some_and(|stem| !stem.is_empty() && (stem == one || stem == table))
}

/// Returns a path with one more name, quoted where it must be.
fn joined(path: &str, name: &str) -> String {
    let name =
        if name.contains(['.', '/', '[', ']', '{', '}']) { format!("'{name}'") } else { name.to_owned() };
    if path.is_empty() { name } else { format!("{path}.{name}") }
}
