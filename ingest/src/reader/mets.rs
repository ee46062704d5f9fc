//! METS with ALTO: an issue of a digitised newspaper. The logical structure lists its articles, file pointers
//! lead to the words on its pages; without one, or where it leads to no words, every page is an article.

mod metadata;

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;
use store::Article;

use self::metadata::Metadata;
use super::{
    alto::Page,
    beside::{Archives, Beside},
    common::Reader,
    entry::{Again, Entry, RecordShape, Says, Stage},
};
use crate::{
    cut::{Cutter, Whole},
    nested::{Nested, id_or},
    notes::Notes,
    record::{Found, Origin, Place, Raw, Reason},
    xml::{self, Element},
};

pub(super) const ENTRY: Entry = Entry {
    name: "mets",
    called: "METS",
    told: &[(Stage::Markup, |head| head.root == "mets")],
    says: Says::Format,
    record: RecordShape::Xml,
    again: Again::Another,
    reader: |shared| {
        Box::new(Mets { archives: Arc::clone(shared.archives), notes: Arc::clone(shared.notes) })
    },
    #[cfg(test)]
    sample: "<mets><structMap TYPE='LOGICAL'><div TYPE='ARTICLE' ID='a'><fptr><area FILEID='f' BEGIN='b'/></fptr></div></structMap></mets>",
};

pub(crate) struct Mets {
    pub(super) archives: Arc<Archives>,
    pub(super) notes: Arc<Notes>,
}

/// The parts of an issue that are texts of their own.
const TEXTS: [&str; 13] = [
    "article",
    "advertisement",
    "advert",
    "letter",
    "obituary",
    "editorial",
    "poem",
    "review",
    "interview",
    "serial",
    "weather",
    "birth_marriage_death",
    "textsection",
];

/// Types of what stands around the texts of an issue, on every page or above the first.
const FURNITURE: [&str; 9] = [
    "title_section",
    "masthead",
    "publication_heading",
    "page_header",
    "page_footer",
    "page_number",
    "running_title",
    "header",
    "footer",
];

/// Types of the divisions of an issue above its texts.
const PARTS: [&str; 8] =
    ["newspaper", "volume", "issue", "content", "contents", "section", "supplement", "page"];

impl Reader for Mets {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Whole>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let root = xml::parse(raw)?;
        let beside = self.archives.beside(origin)?;
        let mut issue = Issue::new(&root, origin, &beside);
        let found = issue.read()?;
        for what in std::mem::take(&mut issue.doubts) {
            self.notes.tell(origin.path.clone(), what);
        }
        Ok(found)
    }
}

/// An issue, and what of it was looked up.
struct Issue<'a> {
    root: &'a Element,
    origin: &'a Origin,
    beside: &'a Beside,
    /// Each metadata section by its id.
    metadata: BTreeMap<&'a str, &'a Element>,
    /// Each file's link by its id.
    files: BTreeMap<&'a str, &'a str>,
    /// The physical parts that a logical one is linked to.
    links: BTreeMap<&'a str, Vec<&'a str>>,
    divisions: BTreeMap<&'a str, &'a Element>,
    /// The pages that were read, by their links; `None` for one that cannot be.
    pages: BTreeMap<String, Option<Page>>,
    /// The reason why the first page could not be read.
    failed: Option<Reason>,
    /// Doubts that are to be told.
    doubts: Vec<String>,
}

impl<'a> Issue<'a> {
    fn new(root: &'a Element, origin: &'a Origin, beside: &'a Beside) -> Self {
        let by_id =
            |name: &str| root.deep(name).into_iter().map(|element| (element.attribute("ID"), element));
        let files = by_id("file").filter_map(|(id, file)| Some((id, file.at("FLocat")?.attribute("href"))));
        Self {
            root,
            origin,
            beside,
            metadata: by_id("dmdSec").collect(),
            files: files.collect(),
            links: links(root),
            divisions: by_id("div").collect(),
            pages: BTreeMap::new(),
            failed: None,
            doubts: Vec::new(),
        }
    }

    fn read(&mut self) -> Result<Vec<Found>, Reason> {
        let base = self.base();
        let articles = self.articles(&base)?;
        let is_text = |one: &Nested| !one.article.body.is_empty();
        let mut texts = articles;
        if !texts.iter().any(|(_, nested)| is_text(nested)) {
            let pages = self.read_pages(&base)?;
            let had_articles = !texts.is_empty();
            // What names an article is worth finding without its words (METS 1.12, `div@LABEL`: for people).
            texts.retain(|(_, nested)| !nested.article.headline.is_empty());
            let no_words =
                pages.is_empty() || pages.iter().all(|(_, page)| !is_text(page)) && self.failed.is_some();
            if no_words && texts.is_empty() {
                let nothing =
                    || Reason::Content("there is neither an article nor a page in this METS".to_owned());
                return Err(self.failed.take().unwrap_or_else(nothing));
            }
            self.doubts.extend(match (had_articles, no_words) {
                (true, true) => {
                    Some("its pages have no words: its articles were loaded by their titles alone".to_owned())
                }
                (true, false) => {
                    Some("its articles lead to no words: its pages were loaded as pages".to_owned())
                }
                (false, _) => None,
            });
            texts.extend(if no_words { Vec::new() } else { pages });
        }
        let mut found = Vec::new();
        for (id, nested) in texts {
            found.extend(nested.finish(id_or("", || id)?));
        }
        Ok(found)
    }

    fn stem(&self) -> &'a str {
        self.origin.stem.rsplit_once('.').map_or(self.origin.stem.as_str(), |(stem, _)| stem)
    }

    /// Returns the texts of the logical structure, each with its id.
    fn articles(&mut self, base: &Article) -> Result<Vec<(String, Nested)>, Reason> {
        let mut maps = self.root.all("structMap");
        let logical = maps.find(|map| map.attribute("TYPE").eq_ignore_ascii_case("logical"));
        let mut divisions = Vec::new();
        if let Some(map) = logical {
            texts_of(map, false, &mut divisions);
            if !divisions.is_empty() {
                divisions.clear();
                self.texts_and_others_of(map, &mut divisions);
            }
        }
        let labels: BTreeMap<&str, &str> = self.pages_in_order().into_iter().collect();
        let mut found = Vec::new();
        for (at, division) in divisions.into_iter().enumerate() {
            let mut nested = Nested::of(base.clone());
            nested.article.genre = division.attribute("TYPE").to_lowercase();
            self.describe(&mut nested, division);
            let (mut parts, mut pages, mut files) = (Vec::new(), Vec::new(), Vec::new());
            for area in self.areas(division) {
                let link = self.files.get(area.attribute("FILEID")).copied().unwrap_or("");
                if !link.is_empty() && !files.contains(&link) {
                    files.push(link);
                }
                if let Some(label) = labels.get(link).filter(|label| !pages.contains(*label)) {
                    pages.push(label);
                }
                let text = self.text_of(area, link);
                if !text.is_empty() {
                    parts.push(text);
                }
            }
            nested.article.body = parts.join("\n\n");
            nested.article.page = pages.first().map(|page| (*page).to_owned()).unwrap_or_default();
            if parts.is_empty() && !files.is_empty() {
                // Where it is to be looked for without its words.
                let files: Vec<Value> = files.into_iter().map(Value::from).collect();
                nested.article.extra.insert("files".to_owned(), files.into());
            }
            if pages.len() > 1 {
                let pages: Vec<Value> = pages.iter().map(|page| Value::from(*page)).collect();
                nested.article.extra.insert("pages".to_owned(), pages.into());
            }
            nested.people_of_credit();
            let id = division.attribute("ID");
            let id = if id.is_empty() { at.to_string() } else { id.to_owned() };
            found.push((format!("{}#{id}", self.stem()), nested));
        }
        Ok(found)
    }

    /// As [`texts_of`], with what has words, but is of no type that is known, and neither holds a text nor belongs to one.
    fn texts_and_others_of(&self, element: &'a Element, found: &mut Vec<&'a Element>) {
        for division in in_order(element) {
            let mut below = Vec::new();
            texts_of(division, true, &mut below);
            if is_text(division) {
                found.push(division);
                found.append(&mut below);
            } else if below.is_empty() && !is_one_of(division, &PARTS) {
                found.extend(self.leads_to_words(division).then_some(division));
            } else {
                self.texts_and_others_of(division, found);
            }
        }
    }

    /// Returns true for a division that is no furniture and points into the text of a page.
    fn leads_to_words(&self, division: &'a Element) -> bool {
        !is_one_of(division, &FURNITURE)
            && self.areas(division).iter().any(|area| !area.attribute("BEGIN").is_empty())
    }

    /// Returns the pages as articles, each with its id.
    fn read_pages(&mut self, base: &Article) -> Result<Vec<(String, Nested)>, Reason> {
        let mut found = Vec::new();
        for (number, (link, label)) in (1..).zip(self.pages_in_order()) {
            let Some(page) = self.page(link) else { continue };
            let mut nested = Nested::of(base.clone());
            nested.article.body = page.text(None);
            nested.article.page = label.to_owned();
            if nested.article.page.is_empty() {
                nested.article.page = number.to_string();
            }
            nested.article.genre = "page".to_owned();
            nested.article.headline = format!("{}, page {}", base.source, nested.article.page);
            found.push((format!("{}#page-{number}", self.stem()), nested));
        }
        Ok(found)
    }

    /// Returns the links of the pages with what is printed on them as their number, or else their place: in the order
    /// of the physical structure, or else as the files are listed.
    fn pages_in_order(&self) -> Vec<(&'a str, &'a str)> {
        let mut maps = self.root.all("structMap");
        let physical = maps.find(|map| !map.attribute("TYPE").eq_ignore_ascii_case("logical"));
        let mut found: Vec<(&str, &str)> = Vec::new();
        let mut divisions = physical.map(|map| map.deep("div")).unwrap_or_default();
        divisions.sort_by_key(|div| div.attribute("ORDER").parse::<u32>().ok());
        for division in divisions {
            for pointer in division.all("fptr") {
                let areas = pointer.deep("area").into_iter().map(|area| area.attribute("FILEID"));
                for id in [pointer.attribute("FILEID")].into_iter().chain(areas) {
                    let link = self.files.get(id).filter(|link| is_page(link));
                    if let Some(link) = link
                        && !found.iter().any(|(known, _)| known == link)
                    {
                        let label = [division.attribute("ORDERLABEL"), division.attribute("ORDER")];
                        found.push((link, label.into_iter().find(|label| !label.is_empty()).unwrap_or("")));
                    }
                }
            }
        }
        if found.is_empty() {
            let listed =
                self.root.deep("file").into_iter().filter_map(|file| self.files.get(file.attribute("ID")));
            found.extend(listed.filter(|link| is_page(link)).map(|link| (*link, "")));
        }
        found
    }

    /// Returns what the issue says of all its articles: the paper, the day, the edition.
    fn base(&self) -> Article {
        let mut article = Article::default();
        for section in self.metadata.values() {
            let of_issue = Metadata::of(section);
            if of_issue.issued.is_some() && article.published.is_none() {
                article.published = of_issue.issued;
                article.source = of_issue.title.trim_end_matches('.').to_owned();
                article.language = of_issue.language;
                if !of_issue.others.is_empty() {
                    article.extra.insert("issue".to_owned(), Value::Object(of_issue.others));
                }
            }
        }
        if article.source.is_empty() {
            article.source = self.root.attribute("LABEL").to_owned();
        }
        article
    }

    fn describe(&self, nested: &mut Nested, division: &Element) {
        nested.article.headline = division.attribute("LABEL").to_owned();
        for section in division.attribute("DMDID").split_whitespace().filter_map(|id| self.metadata.get(id)) {
            Metadata::of(section).describe(nested);
        }
    }

    /// Returns the areas of a division in the order of its parts: its own, and those of what it is linked to. Where
    /// none leads into a text, the pages that it names as a whole.
    fn areas(&self, division: &'a Element) -> Vec<&'a Element> {
        let linked = self.links.get(division.attribute("ID")).into_iter().flatten();
        let parts = linked.filter_map(|target| self.divisions.get(target).copied());
        let mut areas = Vec::new();
        [division].into_iter().chain(parts).for_each(|part| pointers(part, &mut areas));
        let leads = |area: &&Element| !area.attribute("BEGIN").is_empty();
        if areas.iter().any(leads) {
            areas.retain(leads);
        } else {
            areas.retain(|area| {
                area.local() == "fptr" || is_page(self.files.get(area.attribute("FILEID")).unwrap_or(&""))
            });
        }
        areas
    }

    fn text_of(&mut self, area: &Element, link: &str) -> String {
        // An area of the scan has a shape, and no beginning in a text.
        let begin = area.attribute("BEGIN");
        if begin.is_empty() && !is_page(link) {
            return String::new();
        }
        let between = (!begin.is_empty()).then(|| (begin, area.attribute("END")));
        self.page(link).map(|page| page.text(between)).unwrap_or_default()
    }

    /// Returns a page, read once. One that cannot be read takes nothing but itself.
    fn page(&mut self, link: &str) -> Option<&Page> {
        if link.is_empty() {
            return None;
        }
        if !self.pages.contains_key(link) {
            let page = self.read_page(link);
            if let Err(reason) = &page {
                self.doubts.push(format!("{reason}; the rest of the issue was loaded"));
                self.failed.get_or_insert_with(|| reason.clone());
            }
            self.pages.insert(link.to_owned(), page.ok());
        }
        self.pages.get(link)?.as_ref()
    }

    fn read_page(&self, link: &str) -> Result<Page, Reason> {
        let bytes = self.beside.read(link)?;
        let root = xml::parse(&Raw::new(Place::START, bytes))
            .map_err(|reason| Reason::Content(format!("its page `{link}` is broken: {reason}")))?;
        Ok(Page::of(&root))
    }
}

/// Adds the divisions that are texts by their type. A section of a text is a part of it; another text in it is one of
/// its own.
fn texts_of<'a>(element: &'a Element, inside: bool, found: &mut Vec<&'a Element>) {
    for division in in_order(element) {
        let is_text = is_text(division) && !(inside && is_section(division));
        if is_text {
            found.push(division);
        }
        texts_of(division, inside || is_text, found);
    }
}

fn is_text(division: &Element) -> bool {
    TEXTS.contains(&division.attribute("TYPE").to_lowercase().as_str())
}

/// Returns true for a division of one of these types, whoever's word it is (`np:issue`).
fn is_one_of(division: &Element, types: &[&str]) -> bool {
    let kind = division.attribute("TYPE").to_lowercase();
    types.contains(&kind.rsplit(':').next().unwrap_or_default())
}

fn is_section(division: &Element) -> bool {
    division.attribute("TYPE").eq_ignore_ascii_case("textsection")
}

/// Adds the elements of a division that lead to files: its own pointers, then those of its parts; not those of texts of their own.
fn pointers<'a>(division: &'a Element, found: &mut Vec<&'a Element>) {
    for pointer in division.all("fptr") {
        let areas = pointer.deep("area");
        match areas.is_empty() {
            true => found.push(pointer),
            false => found.extend(areas),
        }
    }
    for part in in_order(division) {
        if !is_text(part) || is_section(part) {
            pointers(part, found);
        }
    }
}

/// Returns the divisions inside, as `ORDER` says.
fn in_order(element: &Element) -> Vec<&Element> {
    let mut divisions: Vec<&Element> = element.all("div").collect();
    let orders: Option<Vec<u32>> =
        divisions.iter().map(|division| division.attribute("ORDER").parse().ok()).collect();
    if orders.is_some() {
        divisions.sort_by_key(|division| division.attribute("ORDER").parse::<u32>().ok());
    }
    divisions
}

/// Returns true for the link of a page of text: a scan has a link, too.
fn is_page(link: &str) -> bool {
    link.split(['?', '#']).next().unwrap_or(link).to_lowercase().ends_with(".xml")
}

/// Returns the links of `smLink`, and the groups of locators whose first is the logical part.
fn links(root: &Element) -> BTreeMap<&str, Vec<&str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for link in root.deep("smLink") {
        let (from, to) =
            (link.attribute("from").trim_start_matches('#'), link.attribute("to").trim_start_matches('#'));
        found.entry(from).or_default().push(to);
    }
    for group in root.deep("smLinkGrp") {
        let mut locators =
            group.all("smLocatorLink").map(|link| link.attribute("href").trim_start_matches('#'));
        if let Some(from) = locators.next() {
            found.entry(from).or_default().extend(locators);
        }
    }
    found
}

#[cfg(test)]
mod tests;
