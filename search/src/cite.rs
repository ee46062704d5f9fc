//! Citing an article or an image: as a footnote, BibTeX, RIS, and CSL-JSON.
//!
//! RIS as reference managers read it (<https://en.wikipedia.org/wiki/RIS_(file_format)>); CSL-JSON by
//! <https://docs.citationstyles.org>; BibTeX with biblatex's `date` and `langid`.

use std::collections::HashSet;

use serde::Serialize;
use store::{ArchiveDate, AssetKind, AssetRef, Byline, Content, Live, Precision, ReadError, Snapshot};

mod parts;

pub use self::parts::{TITLE_WORDS, article_title, date_as, plain_date, web_link};

/// Each of them once, where it came first: an archive may give one value under several names.
fn once(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    values.filter(|value| seen.insert(value.clone())).collect()
}

/// A form of citation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A footnote.
    Text,
    /// BibTeX.
    Bibtex,
    /// RIS.
    Ris,
    /// CSL-JSON.
    Csl,
}

impl Form {
    /// Their names in addresses.
    pub const NAMES: &'static [&'static str] = &["text", "bibtex", "ris", "csl-json"];

    /// Returns the form of this name in addresses.
    pub fn named(name: &str) -> Option<Self> {
        let forms = [Self::Text, Self::Bibtex, Self::Ris, Self::Csl];
        Self::NAMES.iter().zip(forms).find(|(other, _)| **other == name).map(|(_, form)| form)
    }

    /// Returns the media type of its texts.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Bibtex => "application/x-bibtex",
            Self::Ris => "application/x-research-info-systems",
            Self::Csl => "application/vnd.citationstyles.csl+json",
        }
    }
}

/// The parts of a citation.
#[derive(Debug, Default)]
pub struct Cited {
    id: String,
    is_picture: bool,
    title: String,
    authors: Vec<Byline>,
    /// The newspaper.
    paper: String,
    date: Option<ArchiveDate>,
    page: String,
    section: String,
    language: String,
    summary: String,
    keywords: Vec<String>,
    /// The address at which it stays, if one is known.
    address: Option<String>,
    /// The event that it was read from.
    evidence: String,
}

impl Cited {
    /// Of an asset as it was read; `None` for what is not cited, a byline. `paper` is the newspaper where the article does
    /// not name its source, `own` the address of the asset in the archive itself, if that has one.
    pub fn new(
        asset: &AssetRef,
        live: &Live,
        authors: Vec<Byline>,
        paper: &str,
        own: Option<String>,
    ) -> Option<Self> {
        let known = Self {
            id: asset.id.to_string(),
            authors,
            paper: paper.to_owned(),
            evidence: format!("Revision {}, event {} of the archive's log", live.revision, live.seq),
            ..Self::default()
        };
        match &live.content {
            Content::Article(article) => Some(Self {
                title: article_title(&article.headline, &article.body, &asset.id),
                paper: if article.source.is_empty() { known.paper } else { article.source.clone() },
                date: article.published.clone(),
                page: article.page.clone(),
                section: article.section.clone(),
                language: article.language.clone(),
                summary: article.summary.clone(),
                keywords: once(article.keywords.iter().map(|keyword| keyword.value.clone())),
                address: web_link(&article.url).map(str::to_owned).or(own),
                ..known
            }),
            Content::Image(image) => Some(Self {
                is_picture: true,
                title: if image.caption.is_empty() { image.alt.clone() } else { image.caption.clone() },
                date: image.taken.clone(),
                address: own,
                ..known
            }),
            Content::Byline(_) => None,
        }
    }

    /// Returns who made an asset, as the archive says now.
    ///
    /// # Errors
    /// [`ReadError`] when the log cannot be read.
    pub fn authors(live: &Live, snapshot: &Snapshot) -> Result<Vec<Byline>, ReadError> {
        let ids: Vec<_> = match &live.content {
            Content::Article(article) => article.bylines.iter().collect(),
            Content::Image(image) => image.photographer.iter().collect(),
            Content::Byline(_) => Vec::new(),
        };
        let mut authors: Vec<Byline> = Vec::new();
        for id in ids {
            let asset = snapshot.resolve(&AssetRef::new(AssetKind::Byline, id.clone()))?;
            if let Some(Live { content: Content::Byline(byline), .. }) = snapshot.live(&asset)?
                && !authors.contains(&*byline)
            {
                authors.push(*byline);
            }
        }
        Ok(authors)
    }

    /// Returns the citation in this form.
    pub fn written(&self, form: Form) -> String {
        match form {
            Form::Text => self.footnote().concat(),
            Form::Bibtex => self.bibtex(),
            Form::Ris => self.ris(),
            Form::Csl => self.csl(),
        }
    }

    /// For a footnote: what stands before the newspaper's name, the name, and what stands behind it.
    pub fn footnote(&self) -> [String; 3] {
        let names = self.authors.iter().enumerate();
        let names: Vec<String> =
            names.map(|(number, one)| if number == 0 { inverted(one) } else { one.name.clone() }).collect();
        let mut before =
            if names.is_empty() { String::new() } else { format!("{} ", ended(&names.join(", "))) };
        before.push_str(&format!("“{}” ", ended(&self.title)));
        let mut after = String::new();
        if let Some(date) = &self.date {
            after.push_str(&format!(", {}", plain_date(date)));
        }
        if !self.page.is_empty() {
            after.push_str(&format!(", p. {}", self.page));
        }
        after.push('.');
        if let Some(address) = &self.address {
            after.push_str(&format!(" {address}."));
        }
        [before, self.paper.clone(), after]
    }

    /// Year, month and day as far as they are known.
    fn date(&self) -> Vec<u16> {
        self.date.as_ref().map(parts_of).unwrap_or_default()
    }

    fn bibtex(&self) -> String {
        let authors: Vec<String> = self.authors.iter().map(inverted).collect();
        let date: Vec<String> = self.date().iter().map(|part| format!("{part:02}")).collect();
        let kind = if self.is_picture { "misc" } else { "article" };
        let mut text = format!("@{kind}{{{},\n", key_of(&self.id));
        let mut field = |name: &str, value: &str| {
            if !value.is_empty() {
                text.push_str(&format!("  {name} = {{{}}},\n", tex(value)));
            }
        };
        field("author", &authors.join(" and "));
        field("title", &self.title);
        field(if self.is_picture { "howpublished" } else { "journal" }, &self.paper);
        field("date", &date.join("-"));
        field("year", date.first().map_or("", String::as_str));
        field("pages", &self.page);
        field("langid", &self.language);
        field("url", self.address.as_deref().unwrap_or_default());
        field("note", &self.evidence);
        text.push('}');
        text
    }

    fn ris(&self) -> String {
        let mut text = format!("TY  - {}\n", if self.is_picture { "FIGURE" } else { "NEWS" });
        let mut line = |tag: &str, value: &str| {
            if !value.is_empty() {
                let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                text.push_str(&format!("{tag}  - {value}\n"));
            }
        };
        self.authors.iter().for_each(|author| line("AU", &inverted(author)));
        line("TI", &self.title);
        line("T2", &self.paper);
        let date: Vec<String> = self.date().iter().map(|part| format!("{part:02}")).collect();
        line("PY", date.first().map_or("", String::as_str));
        line("DA", &date.join("/"));
        line("SP", &self.page);
        line("SE", &self.section);
        line("LA", &self.language);
        line("AB", &self.summary);
        self.keywords.iter().for_each(|keyword| line("KW", keyword));
        line("UR", self.address.as_deref().unwrap_or_default());
        line("N1", &self.evidence);
        text.push_str("ER  - ");
        text
    }

    fn csl(&self) -> String {
        let date = self.date();
        let item = Csl {
            summary: &self.summary,
            author: self.authors.iter().map(CslName::of).collect(),
            container: &self.paper,
            id: &self.id,
            issued: (!date.is_empty()).then_some(CslDate { parts: [date] }),
            language: &self.language,
            note: &self.evidence,
            page: &self.page,
            section: &self.section,
            title: &self.title,
            kind: if self.is_picture { "graphic" } else { "article-newspaper" },
            url: self.address.as_deref().unwrap_or_default(),
        };
        #[expect(clippy::expect_used, reason = "see there")]
        serde_json::to_string_pretty(&[item])
            .expect("texts and numbers under names that are texts are always JSON")
    }
}

/// A citation as <https://docs.citationstyles.org> has it: what is empty is left out.
#[derive(Serialize)]
struct Csl<'a> {
    #[serde(rename = "URL", skip_serializing_if = "str::is_empty")]
    url: &'a str,
    #[serde(rename = "abstract", skip_serializing_if = "str::is_empty")]
    summary: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    author: Vec<CslName<'a>>,
    #[serde(rename = "container-title", skip_serializing_if = "str::is_empty")]
    container: &'a str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued: Option<CslDate>,
    #[serde(skip_serializing_if = "str::is_empty")]
    language: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    note: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    page: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    section: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    title: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum CslName<'a> {
    Parted { family: &'a str, given: &'a str },
    Whole { literal: &'a str },
}

impl<'a> CslName<'a> {
    fn of(author: &'a Byline) -> Self {
        match (author.family.as_str(), author.given.as_str()) {
            ("", _) | (_, "") => Self::Whole { literal: &author.name },
            (family, given) => Self::Parted { family, given },
        }
    }
}

#[derive(Serialize)]
struct CslDate {
    #[serde(rename = "date-parts")]
    parts: [Vec<u16>; 1],
}

fn parts_of(date: &ArchiveDate) -> Vec<u16> {
    let known = match date.precision() {
        Precision::Year => 1,
        Precision::Month => 2,
        Precision::Day | Precision::Instant => 3,
    };
    let day = date.as_str().split(['T', 't', ' ']).next().unwrap_or_default();
    day.trim_start_matches('+').split('-').take(known).filter_map(|part| part.parse().ok()).collect()
}

/// Family name first where it is known.
fn inverted(author: &Byline) -> String {
    match (author.family.is_empty(), author.given.is_empty()) {
        (false, false) => format!("{}, {}", author.family, author.given),
        _ => author.name.clone(),
    }
}

/// With a full stop, unless it ends with a mark of its own.
fn ended(text: &str) -> String {
    if text.ends_with(['.', '?', '!', '…']) { text.to_owned() } else { format!("{text}.") }
}

/// Returns what a BibTeX key may be made of.
fn key_of(id: &str) -> String {
    let key: String =
        id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
    key.trim_matches('-').to_owned()
}

/// Returns what TeX would take for a command.
fn tex(text: &str) -> String {
    let mut to = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '{' | '}' | '%' | '&' | '#' | '$' | '_' => to.extend(['\\', c]),
            '\\' => to.push_str("\\textbackslash{}"),
            '~' => to.push_str("\\textasciitilde{}"),
            '^' => to.push_str("\\textasciicircum{}"),
            c if c.is_control() => to.push(' '),
            c => to.push(c),
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use store::{Article, AssetId, Revision, Seq, Timestamp};

    use super::*;

    #[test]
    fn a_keyword_under_two_names_is_cited_once() {
        let values = ["Ice", "Titanic", "Ice"].map(str::to_owned);
        assert_eq!(once(values.into_iter()), ["Ice", "Titanic"]);
    }

    #[test]
    fn all_forms_say_the_same() {
        let article = Article {
            headline: "Titanic {Sunk} 100%".to_owned(),
            published: Some("1912-04-16".parse().unwrap()),
            page: "1".to_owned(),
            ..Article::default()
        };
        let author = Byline {
            name: "Eleanor Quill".to_owned(),
            given: "Eleanor".to_owned(),
            family: "Quill".to_owned(),
            ..Byline::default()
        };
        let asset = AssetRef::new(AssetKind::Article, AssetId::new("a/1912-04-16-titanic").unwrap());
        let live = Live {
            seq: Seq::new(45),
            revision: Revision::default(),
            source: String::new(),
            time: Timestamp::MIN,
            content: article.into(),
        };
        let own = Some("https://example.org/articles/a/1912-04-16-titanic".to_owned());
        let cited = Cited::new(&asset, &live, vec![author], "The Harbour Ledger", own).unwrap();
        assert_eq!(
            cited.written(Form::Text),
            "Quill, Eleanor. “Titanic {Sunk} 100%.” The Harbour Ledger, 16 April 1912, p. 1. \
             https://example.org/articles/a/1912-04-16-titanic."
        );
        let text = cited.written(Form::Bibtex);
        assert!(text.starts_with("@article{a-1912-04-16-titanic,\n  author = {Quill, Eleanor},\n"), "{text}");
        assert!(
            text.contains("title = {Titanic \\{Sunk\\} 100\\%},") && text.contains("date = {1912-04-16},"),
            "{text}"
        );
        assert!(cited.written(Form::Ris).contains("DA  - 1912/04/16\nSP  - 1\n"));
        let csl: Value = serde_json::from_str(&cited.written(Form::Csl)).unwrap();
        assert_eq!(csl[0]["issued"]["date-parts"], json!([[1912, 4, 16]]));
        assert_eq!(csl[0]["author"][0]["family"], "Quill");
        for name in Form::NAMES {
            assert!(Form::named(name).is_some());
        }
    }
}
