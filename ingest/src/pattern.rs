//! Patterns by which the path of a file tells of the text in it: `'{byline}/{published:%d%b%Y}{_}.txt'`.

use std::{fmt, str::FromStr};

use jiff::fmt::strtime;

/// A pattern for paths. `{field}` takes a field of the article, `{_}` anything; `{published:%Y%m%d}` a date in this
/// form (`strftime`). It is held against the end of the path: as many folders as it names.
#[derive(Debug, Clone, PartialEq)]
pub struct PathPattern {
    /// As it was written.
    written: String,
    parts: Vec<Part>,
    folders: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Field { name: String, form: Option<String> },
}

/// A pattern that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is no pattern: {why} (an example: '{{byline}}/{{published:%d%b%Y}}{{_}}.txt')")]
pub struct InvalidPattern {
    pattern: String,
    why: &'static str,
}

/// The fields that a path may give.
const FIELDS: [&str; 18] = [
    "_",
    "byline",
    "credit",
    "published",
    "updated",
    "section",
    "desk",
    "edition",
    "page",
    "type",
    "source",
    "language",
    "headline",
    "kicker",
    "subheadline",
    "dateline",
    "keywords",
    "id",
];

impl FromStr for PathPattern {
    type Err = InvalidPattern;

    fn from_str(pattern: &str) -> Result<Self, InvalidPattern> {
        let invalid = |why| InvalidPattern { pattern: pattern.to_owned(), why };
        let mut parts = Vec::new();
        let mut rest = pattern;
        while let Some(at) = rest.find('{') {
            let (text, from) = rest.split_at(at);
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            let end = from.find('}').ok_or_else(|| invalid("a `{` is never closed"))?;
            let inside = from.get(1..end).unwrap_or("");
            let (name, form) = match inside.split_once(':') {
                Some((name, form)) => (name, Some(form.to_owned())),
                None => (inside, None),
            };
            if !FIELDS.contains(&name) {
                return Err(invalid("it names a field that articles do not have"));
            }
            if form.is_some() && !matches!(name, "published" | "updated") {
                return Err(invalid("only `published` and `updated` take a form, such as %Y%m%d"));
            }
            parts.push(Part::Field { name: name.to_owned(), form });
            rest = from.get(end + 1..).unwrap_or("");
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if !parts.iter().any(|part| matches!(part, Part::Field { .. })) {
            return Err(invalid("it names no field"));
        }
        let two = parts.windows(2).any(|pair| match pair {
            [Part::Field { name, form: None }, Part::Field { name: next, form: None }] => {
                name != "_" && next != "_"
            }
            _ => false,
        });
        if two {
            return Err(invalid("something must stand between two fields, to tell them apart"));
        }
        Ok(Self { written: pattern.to_owned(), parts, folders: pattern.matches('/').count() })
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl PathPattern {
    /// Returns the fields that this path gives, or `None` when it does not fit the pattern.
    pub(crate) fn fields(&self, path: &str) -> Option<Vec<(String, String)>> {
        let mut from = path.len();
        for _ in 0..=self.folders {
            from = path.get(..from)?.rfind('/').unwrap_or(0);
            if from == 0 {
                break;
            }
        }
        let tail = path.get(from..)?.trim_start_matches('/');
        let mut found = Vec::new();
        fits(&self.parts, tail, &mut found).then_some(found)
    }
}

/// Finds the shortest text for each field that lets the rest fit; a path is short, so trying is cheap.
fn fits(parts: &[Part], path: &str, found: &mut Vec<(String, String)>) -> bool {
    match parts.split_first() {
        None => path.is_empty(),
        Some((Part::Text(text), rest)) => {
            path.strip_prefix(text.as_str()).is_some_and(|path| fits(rest, path, found))
        }
        Some((Part::Field { name, form }, rest)) => {
            // A date may be followed by digits that are not its own: the longest that is a date is taken.
            let ends: Vec<usize> = path.char_indices().map(|(at, _)| at).chain([path.len()]).collect();
            let mut ends: Vec<usize> =
                ends.into_iter().filter(|end| !path.get(..*end).is_some_and(|t| t.contains('/'))).collect();
            if form.is_some() {
                ends.reverse();
            }
            for end in ends {
                let Some((text, after)) = path.split_at_checked(end) else { continue };
                let value = match form {
                    Some(form) => match date(form, text) {
                        Some(date) => date,
                        None => continue,
                    },
                    None if text.is_empty() && name != "_" => continue,
                    None => text.to_owned(),
                };
                let before = found.len();
                if name != "_" {
                    found.push((name.clone(), value));
                }
                if fits(rest, after, found) {
                    return true;
                }
                found.truncate(before);
            }
            false
        }
    }
}

fn date(form: &str, text: &str) -> Option<String> {
    if text.len() < 4 {
        return None;
    }
    let parsed = strtime::parse(form, text).ok()?;
    if let Ok(date) = parsed.to_date() {
        return Some(date.to_string());
    }
    match (parsed.year(), parsed.month()) {
        (Some(year), Some(month)) => Some(format!("{year:04}-{month:02}")),
        (Some(year), None) => Some(format!("{year:04}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_give_fields() {
        let check = |pattern: &str, path: &str, expected: Option<&[(&str, &str)]>| {
            let found = pattern.parse::<PathPattern>().unwrap().fields(path);
            let found = found.map(|found| found.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>());
            let expected =
                expected.map(|pairs| pairs.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>());
            assert_eq!(found, expected, "{pattern} {path}");
        };
        let senate = "{byline}/{published:%d%b%Y}{_}.txt";
        check(
            senate,
            "a/raw/Carper/22Jun2006Carper6.txt",
            Some(&[("byline", "Carper"), ("published", "2006-06-22")]),
        );
        check(senate, "Carper/22Xxx2006Carper6.txt", None);
        check(
            "{published:%Y%m%d}/{source}_ed-{edition}_seq-{page}.txt",
            "x/19160112/sn85038022_ed-1_seq-1.txt",
            Some(&[("published", "1916-01-12"), ("source", "sn85038022"), ("edition", "1"), ("page", "1")]),
        );
        check("{_}{published:%Y}.txt", "a1931.txt", Some(&[("published", "1931")]));
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        for pattern in ["", "a.txt", "{nobody}.txt", "{byline", "{byline}{source}.txt", "{source:%Y}.txt"] {
            assert!(pattern.parse::<PathPattern>().is_err(), "{pattern}");
        }
    }
}
