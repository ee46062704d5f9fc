//! Reading a record by its mapping: an asset, and what it nests.

use serde_json::Value;
use store::{ArchiveDate, Article, AssetId, AssetKind, Byline, Correction, Image, Keyword, Rendition};

use super::{
    Entries, List, Mapping, fields,
    join::{Tables, join},
    node::{Node, Record},
    value::{Expr, TextShape},
};
use crate::{
    credits,
    dates::{self, DayOrder, Form},
    fields::keywords,
    link, names,
    nested::{Nested, id_or, language},
    notes::Notes,
    record::{Found, Reason},
};

/// Facts about a record that are not in it.
pub(crate) struct About<'a> {
    /// The beginning of its id where it has none of its own, and the place of its pictures: a path with an ending; empty for one
    /// that is in no file.
    pub(crate) stem: &'a str,
    /// The number of the record in its file; `None` where it is the only one.
    pub(crate) row: Option<String>,
    /// The id that it was sent under, which counts before all that it states.
    pub(crate) id: Option<&'a AssetId>,
    /// The order of numbers that the dates of its file tell, where the mapping says nothing.
    pub(crate) dates: DayOrder,
    /// As people write it: file and line.
    pub(crate) place: &'a str,
    /// The notes that take what is doubtful.
    pub(crate) notes: &'a Notes,
}

impl Mapping {
    /// Reads a record that may have others joined to it.
    pub(crate) fn read_json(
        &self,
        mut record: Value,
        tables: &dyn Tables,
        about: &About<'_>,
    ) -> Result<Vec<Found>, Reason> {
        join(&self.joins, &mut record, tables)?;
        self.read(Node::Json(&record), Node::Json(&record), about)
    }

    /// Reads a record that lies in another.
    pub(crate) fn read(
        &self,
        root: Node<'_>,
        outer: Node<'_>,
        about: &About<'_>,
    ) -> Result<Vec<Found>, Reason> {
        let dates = if self.dates == DayOrder::Unknown { about.dates } else { self.dates };
        let about = About { dates, row: about.row.clone(), ..*about };
        let mut record = Record::new(root);
        record.outer = outer;
        record.around = around(about.stem, about.row.clone());
        for path in &self.ignored {
            path.find(&record, root).into_iter().for_each(|node| record.take(node));
        }
        // What joins rows says nothing of them.
        for join in &self.joins {
            let within = join.within.as_deref().map(|within| root.children(Some(within)));
            for entry in within.unwrap_or_else(|| vec![root]).into_iter().flat_map(Node::entries) {
                for row in entry.children(Some(&join.name)).into_iter().flat_map(Node::entries) {
                    let ours = [Some(&join.key), join.sort.as_ref()].into_iter().flatten();
                    ours.flat_map(|name| row.children(Some(name))).for_each(|node| record.take(node));
                }
                let names = entry.children(Some(&join.equals)).into_iter().filter(|_| join.within.is_some());
                names.for_each(|node| record.take(node));
            }
        }
        let reading = Reading { mapping: self, record: &record, about: &about };
        match self.kind {
            AssetKind::Article => reading.article(),
            AssetKind::Image => reading.image(),
            AssetKind::Byline => reading.byline(),
        }
    }

    /// Reads a date; the text that is none otherwise.
    pub(super) fn date<'t>(
        &self,
        expr: &Expr,
        record: &Record<'t>,
        here: Node<'t>,
        about: &About<'_>,
    ) -> Result<ArchiveDate, String> {
        let text = expr.text(record, here, TextShape::Line);
        if text.is_empty() {
            return Err(text);
        }
        let dated = match &expr.form {
            Some(form) => dates::as_stated(&text, form).map(|date| (date, Form::Local)),
            None => dates::read(&text, about.dates).map(|dated| (dated.date, dated.form)),
        };
        match (dated, &expr.form) {
            (Some((date, Form::Exact | Form::Local)), _) => Ok(date),
            (Some((_, Form::TwoWays)), _) => {
                let why = format!(
                    "by mapping `{}`: dates can be read in two ways, and were kept as they are written: say dates = \"day-first\" \
                     or \"month-first\", or a form",
                    self.name
                );
                about.notes.tell(about.place.to_owned(), why);
                Err(text)
            }
            (None, Some(form)) => {
                let why = format!(
                    "by mapping `{}`: dates have not the form {form}: kept as they are written",
                    self.name
                );
                about.notes.tell(about.place.to_owned(), why);
                Err(text)
            }
            (None, None) => {
                let why =
                    format!("by mapping `{}`: dates cannot be read: kept as they are written", self.name);
                about.notes.tell(about.place.to_owned(), why);
                Err(text)
            }
        }
    }
}

/// Returns what is known of a record that is not in it, for templates.
pub(crate) fn around(stem: &str, row: Option<String>) -> Vec<(&'static str, String)> {
    let stem = without_ending(stem);
    let name = stem.rsplit('/').next().unwrap_or(stem);
    vec![("$file", stem.to_owned()), ("$name", name.to_owned()), ("$row", row.unwrap_or_default())]
}

/// One record that is being read.
struct Reading<'r, 't> {
    mapping: &'r Mapping,
    record: &'r Record<'t>,
    about: &'r About<'r>,
}

impl<'t> Reading<'_, 't> {
    fn article(&self) -> Result<Vec<Found>, Reason> {
        let mut nested = Nested::default();
        let (mut id, mut kept) = (String::new(), Vec::new());
        for (field, expr) in &self.mapping.fields {
            let article = &mut nested.article;
            match *field {
                "id" => id = self.line(expr),
                "published" | "updated" => match self.date(expr, self.record.root) {
                    Ok(date) if *field == "published" => article.published = Some(date),
                    Ok(date) => article.updated = Some(date),
                    Err(text) => kept.push((*field, text)),
                },
                "language" => {
                    let text = self.line(expr);
                    article.language = language(&text);
                    if article.language.is_empty() {
                        kept.push(("language", text));
                    }
                }
                _ => *line_of(article, field) = self.text(expr, self.record.root, shape_of(field)),
            }
        }
        for list in &self.mapping.lists {
            self.list(&mut nested, list, &mut kept);
        }
        nested.people_of_credit();
        let article = &nested.article;
        if article.headline.is_empty()
            && article.body.is_empty()
            && article.summary.is_empty()
            && article.images.is_empty()
        {
            return Err(self.nothing("neither a headline nor a text"));
        }
        let publicity = self.mapping.publicity(self.record.root, article.published.as_ref(), self.about);
        let given = if id.is_empty() { article.url.clone() } else { id };
        let id = match self.about.id {
            Some(id) => id.clone(),
            None if given.trim().is_empty() => self.place()?,
            None => id_or(&given, String::new)?,
        };
        nested.article.extra = self.extra(kept);
        Ok(publicity.on(nested.finish(id)))
    }

    fn image(&self) -> Result<Vec<Found>, Reason> {
        let (mut nested, root) = (Nested::default(), self.record.root);
        let (id, mut image, mut kept) = self.picture(&mut nested, root, &self.mapping.fields);
        for List { of, .. } in &self.mapping.lists {
            if let Entries::Each { path, fields } = of {
                image.renditions.extend(
                    path.find(self.record, root).into_iter().map(|node| self.rendition(node, fields)),
                );
            }
        }
        if image == Image::default() {
            return Err(self.nothing("nothing of a picture"));
        }
        let publicity = self.mapping.publicity(root, None, self.about);
        image.extra = self.extra(std::mem::take(&mut kept));
        let id = match self.about.id.cloned().or(id) {
            Some(id) => id,
            None => self.place()?,
        };
        let mut found = nested.others();
        found.push(Found::published(id, image, None));
        Ok(publicity.on(found))
    }

    fn byline(&self) -> Result<Vec<Found>, Reason> {
        let root = self.record.root;
        let (id, mut byline) = self.person(root, &self.mapping.fields);
        for List { of, .. } in &self.mapping.lists {
            match of {
                Entries::Texts(expr) => {
                    byline.also_known_as.extend(expr.texts(self.record, root, TextShape::Line));
                }
                Entries::Each { path, fields } => {
                    let names =
                        path.find(self.record, root).into_iter().map(|node| self.first(node, fields, "name"));
                    byline.also_known_as.extend(names.filter(|name| !name.is_empty()));
                }
            }
        }
        if byline.name.is_empty() {
            return Err(self.nothing("no name"));
        }
        let publicity = self.mapping.publicity(root, None, self.about);
        let id = match self.about.id.cloned().or(id).or_else(|| names::byline_id(&byline.name)) {
            Some(id) => id,
            None => self.place()?,
        };
        byline.extra = self.extra(Vec::new());
        Ok(publicity.on(vec![Found::published(id, byline, None)]))
    }

    /// Fills a field that has several values; `kept` takes what none of them can.
    fn list(&self, nested: &mut Nested, list: &List, kept: &mut Vec<(&'static str, String)>) {
        let root = self.record.root;
        match (list.field, &list.of) {
            ("bylines", Entries::Texts(expr)) => {
                let names = expr.texts(self.record, root, TextShape::Line);
                let shown: Vec<String> = names.iter().map(|name| nested.listed_person(name)).collect();
                credit(nested, &shown);
            }
            ("bylines", Entries::Each { path, fields }) => {
                let mut shown = Vec::new();
                for node in path.find(self.record, root) {
                    let (id, byline) = self.person(node, fields);
                    match id.or_else(|| names::byline_id(&byline.name)) {
                        Some(id) if byline.name.is_empty() => nested.refer_byline(id),
                        Some(id) => {
                            shown.push(byline.name.clone());
                            nested.byline(id, byline);
                        }
                        None => {}
                    }
                }
                credit(nested, &shown);
            }
            ("images", Entries::Texts(expr)) => {
                for href in expr.texts(self.record, root, TextShape::Line) {
                    if let Some(id) = link::picture_beside(self.about.stem, &href) {
                        let rendition = Rendition { href, ..Rendition::default() };
                        nested.image(id, Image { renditions: vec![rendition], ..Image::default() });
                    }
                }
            }
            ("images", Entries::Each { path, fields }) => {
                for node in path.find(self.record, root) {
                    match self.picture(nested, node, fields) {
                        (Some(id), image, _) if image == Image::default() => nested.refer(id),
                        (Some(id), image, _) => nested.image(id, image),
                        (None, ..) => {}
                    }
                }
            }
            ("keywords", Entries::Texts(expr)) => {
                nested
                    .article
                    .keywords
                    .extend(keywords("keyword", expr.texts(self.record, root, TextShape::Line)));
            }
            ("keywords", Entries::Each { path, fields }) => {
                let words = path.find(self.record, root).into_iter().map(|node| {
                    let name = self.first(node, fields, "name");
                    let name = if name.is_empty() { "keyword".to_owned() } else { name };
                    Keyword { name, value: self.first(node, fields, "value"), ..Keyword::default() }
                });
                nested.article.keywords.extend(words.filter(|word| !word.value.is_empty()));
            }
            (_, Entries::Texts(expr)) => {
                let texts = expr.texts(self.record, root, TextShape::Paragraphs);
                let corrections = texts.into_iter().map(|text| Correction { text, ..Correction::default() });
                nested.article.corrections.extend(corrections);
            }
            (_, Entries::Each { path, fields }) => {
                for node in path.find(self.record, root) {
                    let text = self.first(node, fields, "text");
                    let date = match self.of(fields, "date").map(|expr| self.date(expr, node)) {
                        Some(Ok(date)) => Some(date),
                        Some(Err(text)) => {
                            kept.push(("corrections.date", text));
                            None
                        }
                        None => None,
                    };
                    if !text.is_empty() {
                        nested.article.corrections.push(Correction { text, date, ..Correction::default() });
                    }
                }
            }
        }
    }

    /// Returns a person, and the id that the record states.
    fn person(&self, node: Node<'t>, fields: &[(&'static str, Expr)]) -> (Option<AssetId>, Byline) {
        let text = |field: &str| self.first(node, fields, field);
        let (name, given, family) = (text("name"), text("given"), text("family"));
        let whole = if name.is_empty() {
            [given.as_str(), family.as_str()].join(" ").trim().to_owned()
        } else {
            name
        };
        let mut byline = credits::listed(&whole);
        let stated = [
            (&mut byline.given, given),
            (&mut byline.family, family),
            (&mut byline.title, text("title")),
            (&mut byline.organization, text("organization")),
            (&mut byline.url, text("url")),
            (&mut byline.bio, text("bio")),
        ];
        stated.into_iter().filter(|(_, text)| !text.is_empty()).for_each(|(field, text)| *field = text);
        (link::asset_id(text("id")).ok(), byline)
    }

    /// Returns a picture, its id, and texts that no field takes.
    fn picture(
        &self,
        nested: &mut Nested,
        node: Node<'t>,
        fields: &[(&'static str, Expr)],
    ) -> (Option<AssetId>, Image, Vec<(&'static str, String)>) {
        let text = |field: &str| self.first(node, fields, field);
        let mut kept = Vec::new();
        let taken = match self.of(fields, "taken").map(|expr| self.date(expr, node)) {
            Some(Ok(date)) => Some(date),
            Some(Err(text)) => {
                kept.push(("taken", text));
                None
            }
            None => None,
        };
        let byline = credits::listed(&text("photographer"));
        let photographer = names::byline_id(&byline.name);
        if let Some(id) = &photographer {
            nested.mention(id.clone(), byline);
        }
        let rendition = self.rendition(node, fields);
        let (stated, beside) =
            (link::asset_id(text("id")).ok(), link::picture_beside(self.about.stem, &rendition.href));
        let image = Image {
            caption: text("caption"),
            alt: text("alt"),
            credit: text("credit"),
            rights: text("rights"),
            photographer,
            taken,
            renditions: if rendition == Rendition::default() { Vec::new() } else { vec![rendition] },
            ..Image::default()
        };
        (stated.or(beside), image, kept)
    }

    fn rendition(&self, node: Node<'t>, fields: &[(&'static str, Expr)]) -> Rendition {
        let text = |field: &str| self.first(node, fields, field);
        Rendition {
            href: text("href"),
            width: text("width").parse().ok(),
            height: text("height").parse().ok(),
            media_type: text("media_type"),
            role: text("role"),
            ..Rendition::default()
        }
    }

    fn of<'f>(&self, fields: &'f [(&'static str, Expr)], field: &str) -> Option<&'f Expr> {
        fields.iter().find(|(name, _)| *name == field).map(|(_, expr)| expr)
    }

    /// Returns the text of a field of a nested value.
    fn first(&self, node: Node<'t>, fields: &[(&'static str, Expr)], field: &str) -> String {
        self.of(fields, field).map(|expr| self.text(expr, node, shape_of(field))).unwrap_or_default()
    }

    fn line(&self, expr: &Expr) -> String {
        self.text(expr, self.record.root, TextShape::Line)
    }

    fn text(&self, expr: &Expr, node: Node<'t>, shape: TextShape) -> String {
        expr.text(self.record, node, shape)
    }

    fn date(&self, expr: &Expr, node: Node<'t>) -> Result<ArchiveDate, String> {
        self.mapping.date(expr, self.record, node, self.about)
    }

    /// Returns what has no field: under the names that the mapping gives, and else under the source's own.
    fn extra(&self, kept: Vec<(&'static str, String)>) -> serde_json::Map<String, Value> {
        let mut extra = serde_json::Map::new();
        for (name, expr) in &self.mapping.extra {
            let mut texts = expr.texts(self.record, self.record.root, TextShape::Line);
            let value = if texts.len() == 1 { texts.swap_remove(0).into() } else { Value::from(texts) };
            extra.insert(name.clone(), value);
        }
        for (name, text) in kept.into_iter().filter(|(_, text)| !text.is_empty()) {
            match extra.get_mut(name) {
                None => drop(extra.insert(name.to_owned(), text.into())),
                Some(Value::Array(texts)) => texts.push(text.into()),
                Some(known) => *known = vec![known.take(), text.into()].into(),
            }
        }
        for (name, value) in self.record.rest() {
            extra.entry(name).or_insert(value);
        }
        extra.retain(|_, value| !crate::fields::is_nothing(value));
        extra
    }

    /// Returns the id of a record that has none: its place.
    fn place(&self) -> Result<AssetId, Reason> {
        let stem = without_ending(self.about.stem);
        if stem.is_empty() {
            return Err(self.nothing("neither an id nor a url, which one that is in no file needs,"));
        }
        let place = self.about.row.as_ref().map_or_else(|| stem.to_owned(), |row| format!("{stem}#{row}"));
        link::asset_id(place).map_err(|error| Reason::Content(error.to_string()))
    }

    fn nothing(&self, what: &str) -> Reason {
        Reason::Content(format!("by mapping `{}` there is {what} in this record", self.mapping.name))
    }
}

/// Returns the place of a field that is a text.
fn line_of<'a>(article: &'a mut Article, field: &str) -> &'a mut String {
    match field {
        "headline" => &mut article.headline,
        "kicker" => &mut article.kicker,
        "subheadline" => &mut article.subheadline,
        "summary" => &mut article.summary,
        "body" => &mut article.body,
        "section" => &mut article.section,
        "desk" => &mut article.desk,
        "edition" => &mut article.edition,
        "page" => &mut article.page,
        "type" => &mut article.genre,
        "source" => &mut article.source,
        "url" => &mut article.url,
        "dateline" => &mut article.dateline,
        "credit" => &mut article.credit,
        _ => &mut article.rights,
    }
}

fn shape_of(field: &str) -> TextShape {
    if fields::has_paragraphs(field) { TextShape::Paragraphs } else { TextShape::Line }
}

/// Fills the credit with authors that are listed, where none is printed.
fn credit(nested: &mut Nested, shown: &[String]) {
    if nested.article.credit.is_empty() {
        nested.article.credit = shown.join(", ");
    }
}

fn without_ending(stem: &str) -> &str {
    match stem.rsplit_once('.') {
        Some((stem, ending)) if !ending.contains('/') && !stem.is_empty() => stem,
        _ => stem,
    }
}
