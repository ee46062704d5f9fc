//! METS with ALTO: an issue of a digitised newspaper. The logical structure lists its articles, file pointers
//! lead to the words on its pages; without one every page is an article.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

use store::Article;

use super::{Reader, alto::Page};
use crate::{
    cut::{Cutter, Whole},
    dates,
    nested::{Nested, id_or, language},
    record::{Found, MAX_RECORD_BYTES, Origin, Place, Raw, Reason},
    xml::{self, Element},
};

pub(crate) struct Mets;

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
        if origin.path.contains("!/") || origin.path == "-" {
            return Err(Reason::Content(
                "the pages of this METS cannot be reached inside an archive: unpack it, and load the folder"
                    .to_owned(),
            ));
        }
        Issue::new(&root, origin).read()
    }
}

/// An issue, and what of it was looked up.
struct Issue<'a> {
    root: &'a Element,
    origin: &'a Origin,
    /// Each metadata section by its id.
    metadata: BTreeMap<&'a str, &'a Element>,
    /// Each file's link by its id.
    files: BTreeMap<&'a str, &'a str>,
    /// The physical parts that a logical one is linked to.
    links: BTreeMap<&'a str, Vec<&'a str>>,
    divisions: BTreeMap<&'a str, &'a Element>,
}

impl<'a> Issue<'a> {
    fn new(root: &'a Element, origin: &'a Origin) -> Self {
        let by_id =
            |name: &str| root.deep(name).into_iter().map(|element| (element.attribute("ID"), element));
        let files = by_id("file").filter_map(|(id, file)| Some((id, file.at("FLocat")?.attribute("href"))));
        Self {
            root,
            origin,
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
        let is_page = |link: &&&str| link.to_lowercase().ends_with(".xml");
        for (number, link) in (1..).zip(self.files.values().filter(is_page)) {
            let mut nested = Nested::of(base.clone());
            nested.article.body = self.page(link, &mut pages)?.text(None);
            nested.article.page = number.to_string();
            nested.article.genre = "page".to_owned();
            nested.article.headline = format!("{}, page {number}", base.source);
            found.extend(nested.finish(id_or("", || format!("{stem}#page-{number}"))?));
        }
        if found.is_empty() {
            return Err(Reason::Content("there is neither an article nor a page in this METS".to_owned()));
        }
        Ok(found)
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

    /// The areas of a division: its own, and those of what it is linked to.
    fn areas(&self, division: &'a Element) -> Vec<&'a Element> {
        let mut found = division.deep("area");
        for target in self.links.get(division.attribute("ID")).into_iter().flatten() {
            if let Some(part) = self.divisions.get(target) {
                found.extend(part.deep("area"));
            }
        }
        found
    }

    fn text_of(&self, area: &Element, pages: &mut BTreeMap<String, Page>) -> Result<String, Reason> {
        // An area of the scan has a shape, and no beginning in a text.
        let begin = area.attribute("BEGIN");
        let Some(link) = self.files.get(area.attribute("FILEID")).filter(|_| !begin.is_empty()) else {
            return Ok(String::new());
        };
        Ok(self.page(link, pages)?.text(Some((begin, area.attribute("END")))))
    }

    fn page<'p>(&self, link: &str, pages: &'p mut BTreeMap<String, Page>) -> Result<&'p Page, Reason> {
        if !pages.contains_key(link) {
            let path = self.path_of(link)?;
            let unreadable = |why: String| Reason::Content(format!("its page {} {why}", path.display()));
            let size =
                fs::metadata(&path).map_err(|error| unreadable(format!("cannot be read: {error}")))?.len();
            if size > MAX_RECORD_BYTES as u64 {
                return Err(unreadable("is too large".to_owned()));
            }
            let bytes = fs::read(&path).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
            let root = xml::parse(&Raw::new(Place::START, bytes))
                .map_err(|reason| unreadable(format!("is broken: {reason}")))?;
            pages.insert(link.to_owned(), Page::of(&root));
        }
        pages.get(link).ok_or_else(|| Reason::Content("a page is missing".to_owned()))
    }

    /// Where a page lies: below the folder of the METS, and nowhere else.
    fn path_of(&self, link: &str) -> Result<PathBuf, Reason> {
        let link = link.trim_start_matches("file://").trim_start_matches("./");
        let below = Path::new(link);
        if link.contains("://") || !below.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(Reason::Content(format!(
                "its page `{link}` does not lie below the folder of this METS"
            )));
        }
        Ok(Path::new(&self.origin.path).parent().unwrap_or(Path::new("")).join(below))
    }
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

/// Whether the METS of an issue lies beside this page, or in the folder above, and names it.
pub(super) fn has_issue(origin: &Origin) -> bool {
    if origin.path.contains("!/") {
        return false;
    }
    let path = Path::new(&origin.path);
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    path.ancestors().skip(1).take(2).any(|folder| {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.take(2_000).any(|entry| {
            let other = entry.file_name().to_string_lossy().to_lowercase();
            other.contains("mets")
                && other.ends_with(".xml")
                && other != name.to_lowercase()
                && fs::read(entry.path())
                    .is_ok_and(|bytes| memchr::memmem::find(&bytes, name.as_bytes()).is_some())
        })
    })
}
