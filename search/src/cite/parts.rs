//! Parts of a citation that pages show, too: what an article is called, when it is of, where it stands.

use jiff::civil::Date;
use store::{ArchiveDate, AssetId, Precision};

/// So many words stand for a headline.
pub const TITLE_WORDS: usize = 9;

/// Returns what an article is called: its headline, or the first words of its text where it came without one, or its id.
pub fn article_title(headline: &str, text: &str, id: &AssetId) -> String {
    if !headline.is_empty() {
        return headline.to_owned();
    }
    if text.trim().is_empty() {
        return id.to_string();
    }
    let words: Vec<&str> = text.split_whitespace().take(TITLE_WORDS).collect();
    let title = words.join(" ");
    if text.split_whitespace().nth(TITLE_WORDS).is_none() {
        return title;
    }
    format!("{}…", title.trim_end_matches(|c: char| c.is_ascii_punctuation()))
}

/// Returns an address if it may be linked to: http and https only.
pub fn web_link(url: &str) -> Option<&str> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https")).then_some(url)
}

/// Returns a date as exactly as it is known: `1931`, `May 1931`, `2 May 1931`.
pub fn plain_date(date: &ArchiveDate) -> String {
    date_as(date, "%-d %B %Y")
}

/// Returns a date as exactly as it is known; where the day is, in this form of `strftime`.
pub fn date_as(date: &ArchiveDate, day: &str) -> String {
    let text = date.as_str();
    let form = match date.precision() {
        Precision::Year => return date.year().to_string(),
        Precision::Month => "%B %Y",
        Precision::Day | Precision::Instant => day,
    };
    // The day is the one that the source wrote, in its own time zone.
    let first = match date.precision() {
        Precision::Month => format!("{text}-01"),
        _ => text.split(['T', 't', ' ']).next().unwrap_or(text).to_owned(),
    };
    first.parse::<Date>().map_or_else(|_| text.to_owned(), |date| date.strftime(form).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_links() {
        for refused in [
            "javascript:alert(1)",
            "JaVaScRiPt://%0aalert(1)",
            "data:text/html,x",
            "/x",
            "//x",
            "",
            "file:///x",
        ] {
            assert_eq!(web_link(refused), None, "{refused}");
        }
        assert!(web_link("HTTPS://example.org").is_some());
    }

    #[test]
    fn what_has_no_headline_is_called_by_its_first_words() {
        let title = |headline, text| article_title(headline, text, &AssetId::new("a/1").unwrap());
        assert_eq!(title("A Night", "Text."), "A Night");
        assert_eq!(title("", "Short  of\nit."), "Short of it.");
        assert_eq!(
            title("", "one two three four five six seven eight nine, ten"),
            "one two three four five six seven eight nine…"
        );
        assert_eq!(title("", " "), "a/1");
    }
}
