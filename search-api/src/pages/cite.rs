//! Citing an article, in four forms: for a footnote, BibTeX, RIS, and CSL-JSON.

use maud::{Markup, html};
use serde_json::{Map, Value, json};
use store::{ArchiveDate, Article, Byline, Precision};

use super::dates;

/// What a citation needs to know.
pub(super) struct Cited<'a> {
    pub(super) id: &'a str,
    pub(super) article: &'a Article,
    pub(super) authors: Vec<&'a Byline>,
    /// The newspaper, where the article does not name its source.
    pub(super) archive: &'a str,
    /// Where it stands for good, as far as that is known.
    pub(super) address: Option<String>,
    /// Which event it was read from.
    pub(super) evidence: String,
}

pub(super) fn section(cited: &Cited<'_>) -> Markup {
    html! {
        section.cite aria-labelledby="cite-title" {
            h2 #cite-title { "Cite" }
            p.citation #cite-text { (footnote(cited)) }
            @for (name, text) in [("BibTeX", bibtex(cited)), ("RIS", ris(cited)), ("CSL-JSON", csl(cited))] {
                details {
                    summary { (name) }
                    pre tabindex="0" aria-label=(format!("Citation as {name}")) { code { (text) } }
                }
            }
        }
    }
}

impl Cited<'_> {
    fn paper(&self) -> &str {
        if self.article.source.is_empty() { self.archive } else { &self.article.source }
    }

    /// Year, month and day as far as they are known.
    fn date(&self) -> Vec<u16> {
        self.article.published.as_ref().map(parts_of).unwrap_or_default()
    }
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

fn footnote(cited: &Cited<'_>) -> Markup {
    let names: Vec<String> = cited
        .authors
        .iter()
        .enumerate()
        .map(|(number, author)| if number == 0 { inverted(author) } else { author.name.clone() })
        .collect();
    html! {
        @if !names.is_empty() { (ended(&names.join(", "))) " " }
        "“" (ended(&cited.article.headline)) "” "
        cite { (cited.paper()) }
        @if let Some(date) = &cited.article.published { ", " (dates::plain(date)) }
        @if !cited.article.page.is_empty() { ", p. " (cited.article.page) }
        "."
        @if let Some(address) = &cited.address { " " (address) "." }
    }
}

/// With a full stop, unless it ends with a mark of its own.
fn ended(text: &str) -> String {
    if text.ends_with(['.', '?', '!']) { text.to_owned() } else { format!("{text}.") }
}

fn bibtex(cited: &Cited<'_>) -> String {
    let article = cited.article;
    let authors: Vec<String> = cited.authors.iter().map(|author| inverted(author)).collect();
    let date: Vec<String> = cited.date().iter().map(|part| format!("{part:02}")).collect();
    let mut text = format!("@article{{{},\n", key_of(cited.id));
    let mut field = |name: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("  {name} = {{{}}},\n", tex(value)));
        }
    };
    field("author", &authors.join(" and "));
    field("title", &article.headline);
    field("journal", cited.paper());
    field("date", &date.join("-"));
    field("year", date.first().map_or("", String::as_str));
    field("pages", &article.page);
    field("langid", &article.language);
    field("url", cited.address.as_deref().unwrap_or_default());
    field("note", &cited.evidence);
    text.push('}');
    text
}

/// What a BibTeX key may be made of.
fn key_of(id: &str) -> String {
    let key: String =
        id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
    key.trim_matches('-').to_owned()
}

/// What TeX would take for a command.
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

fn ris(cited: &Cited<'_>) -> String {
    let article = cited.article;
    let mut text = String::from("TY  - NEWS\n");
    let mut line = |tag: &str, value: &str| {
        if !value.is_empty() {
            let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            text.push_str(&format!("{tag}  - {value}\n"));
        }
    };
    cited.authors.iter().for_each(|author| line("AU", &inverted(author)));
    line("TI", &article.headline);
    line("T2", cited.paper());
    let date: Vec<String> = cited.date().iter().map(|part| format!("{part:02}")).collect();
    line("PY", date.first().map_or("", String::as_str));
    line("DA", &date.join("/"));
    line("SP", &article.page);
    line("SE", &article.section);
    line("LA", &article.language);
    line("AB", &article.summary);
    article.keywords.iter().for_each(|keyword| line("KW", &keyword.value));
    line("UR", cited.address.as_deref().unwrap_or_default());
    line("N1", &cited.evidence);
    text.push_str("ER  - ");
    text
}

fn csl(cited: &Cited<'_>) -> String {
    let article = cited.article;
    let authors: Vec<Value> = cited
        .authors
        .iter()
        .map(|author| match (author.family.is_empty(), author.given.is_empty()) {
            (false, false) => json!({"family": author.family, "given": author.given}),
            _ => json!({"literal": author.name}),
        })
        .collect();
    let mut item = Map::new();
    item.insert("id".to_owned(), json!(cited.id));
    item.insert("type".to_owned(), json!("article-newspaper"));
    let mut field = |name: &str, value: Value| {
        if value.as_str() != Some("")
            && value.as_array().is_none_or(|list| !list.is_empty())
            && !value.is_null()
        {
            item.insert(name.to_owned(), value);
        }
    };
    field("author", Value::Array(authors));
    field("title", json!(article.headline));
    field("container-title", json!(cited.paper()));
    let date = cited.date();
    field("issued", if date.is_empty() { Value::Null } else { json!({"date-parts": [date]}) });
    field("page", json!(article.page));
    field("section", json!(article.section));
    field("language", json!(article.language));
    field("abstract", json!(article.summary));
    field("URL", json!(cited.address));
    field("note", json!(cited.evidence));
    serde_json::to_string_pretty(&[item]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let cited = Cited {
            id: "a/1912-04-16-titanic",
            article: &article,
            authors: vec![&author],
            archive: "The Harbour Ledger",
            address: Some("https://example.org/articles/a/1912-04-16-titanic".to_owned()),
            evidence: "Morgue event 45".to_owned(),
        };
        assert_eq!(
            footnote(&cited).into_string(),
            "Quill, Eleanor. “Titanic {Sunk} 100%.” <cite>The Harbour Ledger</cite>, 16 April 1912, p. 1. \
             https://example.org/articles/a/1912-04-16-titanic."
        );
        let text = bibtex(&cited);
        assert!(text.starts_with("@article{a-1912-04-16-titanic,\n  author = {Quill, Eleanor},\n"), "{text}");
        assert!(
            text.contains("title = {Titanic \\{Sunk\\} 100\\%},") && text.contains("date = {1912-04-16},"),
            "{text}"
        );
        assert!(ris(&cited).contains("DA  - 1912/04/16\nSP  - 1\n"));
        let csl: Value = serde_json::from_str(&csl(&cited)).unwrap();
        assert_eq!(csl[0]["issued"]["date-parts"], json!([[1912, 4, 16]]));
        assert_eq!(csl[0]["author"][0]["family"], "Quill");
    }
}
