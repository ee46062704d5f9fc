//! METS with ALTO: an issue of a digitised newspaper. The logical structure lists its articles, file pointers
//! lead to the words on its pages; without one every page is an article.

use std::{collections::BTreeMap, sync::Arc};

use store::Article;

use super::{
    Reader,
    alto::Page,
    beside::{Archives, Beside},
};
use crate::{
    cut::{Cutter, Whole},
    dates,
    nested::{Nested, id_or, language},
    record::{Found, Origin, Place, Raw, Reason},
    xml::{self, Element},
};

pub(crate) struct Mets {
    pub(super) archives: Arc<Archives>,
}

/// The parts of an issue that are texts of their own.
const TEXTS: [&str; 12] = [
    "article",
    "advertisement",
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

impl Reader for Mets {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Whole>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let root = xml::parse(raw)?;
        let beside = self.archives.beside(origin)?;
        Issue::new(&root, origin, &beside).read()
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
        }
    }

    fn read(&self) -> Result<Vec<Found>, Reason> {
        let base = self.base();
        let mut pages: BTreeMap<String, Page> = BTreeMap::new();
        let mut found = Vec::new();
        let logical =
            self.root.all("structMap").find(|map| map.attribute("TYPE").eq_ignore_ascii_case("logical"));
        let texts: Vec<&Element> = logical.map(|map| map.deep("div")).unwrap_or_default();
        let is_text = |div: &&Element| TEXTS.contains(&div.attribute("TYPE").to_lowercase().as_str());
        let stem = self.origin.stem.rsplit_once('.').map_or(self.origin.stem.as_str(), |(stem, _)| stem);
        for (at, division) in texts.into_iter().filter(is_text).enumerate() {
            let mut nested = Nested::of(base.clone());
            self.describe(&mut nested.article, division);
            let mut parts = Vec::new();
            for area in self.areas(division) {
                let text = self.text_of(area, &mut pages)?;
                if !text.is_empty() {
                    parts.push(text);
                }
            }
            nested.article.body = parts.join("\n\n");
            nested.people_of_credit();
            let id = division.attribute("ID");
            let id = id_or("", || {
                format!("{stem}#{}", if id.is_empty() { at.to_string() } else { id.to_owned() })
            })?;
            found.extend(nested.finish(id));
        }
        if !found.is_empty() {
            return Ok(found);
        }
        for (number, (link, label)) in (1..).zip(self.pages()) {
            let mut nested = Nested::of(base.clone());
            nested.article.body = self.page(link, &mut pages)?.text(None);
            nested.article.page = if label.is_empty() { number.to_string() } else { label.to_owned() };
            nested.article.genre = "page".to_owned();
            nested.article.headline = format!("{}, page {}", base.source, nested.article.page);
            found.extend(nested.finish(id_or("", || format!("{stem}#page-{number}"))?));
        }
        if found.is_empty() {
            return Err(Reason::Content("there is neither an article nor a page in this METS".to_owned()));
        }
        Ok(found)
    }

    /// The links of the pages with what is printed on them as their number: in the order of the physical structure,
    /// or else as the files are listed.
    fn pages(&self) -> Vec<(&'a str, &'a str)> {
        let physical =
            self.root.all("structMap").find(|map| !map.attribute("TYPE").eq_ignore_ascii_case("logical"));
        let mut found: Vec<(&str, &str)> = Vec::new();
        let mut divisions = physical.map(|map| map.deep("div")).unwrap_or_default();
        divisions.sort_by_key(|div| div.attribute("ORDER").parse::<u32>().ok());
        for division in divisions {
            for pointer in division.all("fptr") {
                let link = self.files.get(pointer.attribute("FILEID")).filter(|link| is_page(link));
                if let Some(link) = link
                    && !found.iter().any(|(known, _)| known == link)
                {
                    found.push((link, division.attribute("ORDERLABEL")));
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

    /// What the issue says of all its articles: the paper, the day, the edition.
    fn base(&self) -> Article {
        let mut article = Article::default();
        for section in self.metadata.values() {
            let date = section.deep("dateIssued").into_iter().find_map(|date| dates::parse(&date.text()));
            if date.is_some() && article.published.is_none() {
                article.published = date;
                article.source = section.deep("title").first().map(|title| title.text()).unwrap_or_default();
                article.source = article.source.trim_end_matches('.').to_owned();
                let tag = section.deep("languageTerm").first().map(|tag| tag.text()).unwrap_or_default();
                article.language = language(&tag);
            }
        }
        if article.source.is_empty() {
            article.source = self.root.attribute("LABEL").to_owned();
        }
        article
    }

    fn describe(&self, article: &mut Article, division: &Element) {
        article.headline = division.attribute("LABEL").to_owned();
        article.genre = division.attribute("TYPE").to_lowercase();
        for section in division.attribute("DMDID").split_whitespace().filter_map(|id| self.metadata.get(id)) {
            if let Some(title) = section.deep("title").first() {
                article.headline = title.text();
            }
            let below: Vec<String> = section.deep("subTitle").into_iter().map(Element::text).collect();
            article.subheadline = below.join("\n");
            let names: Vec<String> = section.deep("displayForm").into_iter().map(Element::text).collect();
            article.credit = names.join(", ");
            if let Some(tag) = section.deep("languageTerm").first().map(|tag| language(&tag.text())) {
                article.language = tag;
            }
        }
    }

    /// The areas of a division: its own, and those of what it is linked to. Where none leads into a text, the pages
    /// that it names as a whole.
    fn areas(&self, division: &'a Element) -> Vec<&'a Element> {
        let linked = self.links.get(division.attribute("ID")).into_iter().flatten();
        let parts = linked.filter_map(|target| self.divisions.get(target).copied());
        let parts: Vec<&Element> = [division].into_iter().chain(parts).collect();
        let areas: Vec<&Element> = parts.iter().flat_map(|part| part.deep("area")).collect();
        if areas.iter().any(|area| !area.attribute("BEGIN").is_empty()) {
            return areas;
        }
        let whole = parts.iter().flat_map(|part| part.deep("fptr"));
        whole.filter(|pointer| pointer.elements().next().is_none()).collect()
    }

    fn text_of(&self, area: &Element, pages: &mut BTreeMap<String, Page>) -> Result<String, Reason> {
        // An area of the scan has a shape, and no beginning in a text.
        let begin = area.attribute("BEGIN");
        let is_text = |link: &&&str| !begin.is_empty() || area.local() == "fptr" && is_page(link);
        let Some(link) = self.files.get(area.attribute("FILEID")).filter(is_text) else {
            return Ok(String::new());
        };
        let between = (!begin.is_empty()).then(|| (begin, area.attribute("END")));
        Ok(self.page(link, pages)?.text(between))
    }

    fn page<'p>(&self, link: &str, pages: &'p mut BTreeMap<String, Page>) -> Result<&'p Page, Reason> {
        if !pages.contains_key(link) {
            let bytes = self.beside.read(link)?;
            let root = xml::parse(&Raw::new(Place::START, bytes))
                .map_err(|reason| Reason::Content(format!("its page `{link}` is broken: {reason}")))?;
            pages.insert(link.to_owned(), Page::of(&root));
        }
        pages.get(link).ok_or_else(|| Reason::Content("a page is missing".to_owned()))
    }
}

/// A scan has a link too.
fn is_page(link: &str) -> bool {
    link.to_lowercase().ends_with(".xml")
}

/// `smLink`, and the groups of locators whose first is the logical part.
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
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(mets: &str, pages: &[(&str, &str)]) -> Vec<Value> {
        let dir = tempfile::tempdir().unwrap();
        for (name, words) in pages {
            let words =
                words.split(' ').map(|word| format!("<String CONTENT='{word}'/>")).collect::<String>();
            let page = format!(
                "<alto xmlns='http://www.loc.gov/standards/alto/ns-v2#'><Layout><Page><PrintSpace><TextBlock ID='B'><TextLine>{words}</TextLine></TextBlock></PrintSpace></Page></Layout></alto>"
            );
            std::fs::write(dir.path().join(name), page).unwrap();
        }
        let path = dir.path().join("mets.xml").display().to_string();
        let origin = Origin { path, stem: "i/mets.xml".to_owned(), changed: None };
        let reader = Mets { archives: Arc::default() };
        let found = reader.read(&Raw::new(Place::START, mets.into()), &origin).unwrap();
        found.into_iter().map(|found| serde_json::to_value(found.event.fact).unwrap()).collect()
    }

    const FILES: &str = "<fileSec><fileGrp><fileGrp USE='ocr'><file ID='a'><FLocat href='10.xml'/></file><file ID='b'><FLocat href='./9.xml'/></file></fileGrp>\
                         <file ID='s'><FLocat href='10.tif'/></file></fileGrp></fileSec>";

    /// As the newspaper programme of the Library of Congress keeps its issues: pages in the physical structure, and no
    /// articles.
    #[test]
    fn pages_come_in_the_order_of_the_physical_structure() {
        let mets = format!(
            "<mets LABEL='The Bee'>{FILES}<structMap TYPE='physical'><div TYPE='np:issue'>\
             <div TYPE='np:page' ORDER='2' ORDERLABEL='B1'><fptr FILEID='s'/><fptr FILEID='a'/></div>\
             <div TYPE='np:page' ORDER='1'><fptr FILEID='b'/></div></div></structMap></mets>"
        );
        let found = read(&mets, &[("9.xml", "first page"), ("10.xml", "second page")]);
        let pages: Vec<_> = found.iter().map(|page| (&page["page"], &page["body"])).collect();
        assert_eq!(pages, [(&json!("1"), &json!("first page")), (&json!("B1"), &json!("second page"))]);
        assert_eq!(found[1]["headline"], "The Bee, page B1");
    }

    #[test]
    fn an_article_may_be_a_whole_page() {
        let mets = format!(
            "<m:mets xmlns:m='http://www.loc.gov/METS/'>{}<m:structMap TYPE='LOGICAL'><m:div TYPE='ARTICLE' ID='x' LABEL='Bees'>\
             <m:fptr FILEID='s'/><m:fptr FILEID='a'/></m:div></m:structMap></m:mets>",
            FILES.replace("</", "</m:").replace("<f", "<m:f").replace("<F", "<m:F")
        );
        let found = read(&mets, &[("10.xml", "of bees")]);
        assert_eq!((&found[0]["headline"], &found[0]["body"]), (&json!("Bees"), &json!("of bees")));
    }
}
