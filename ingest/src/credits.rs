//! Printed credits, taken apart: `By JOHN H. CRIDER and ANNE O'HARE McCORMICK; Special to The Herald`.

use store::{Byline, MAX_REFERENCES};

use crate::names;

/// What a credit may open with.
const OPENINGS: [&str; 12] = [
    "written by ",
    "reported by ",
    "story by ",
    "text by ",
    "photographs by ",
    "photos by ",
    "photo by ",
    "by: ",
    "by ",
    "por ",
    "par ",
    "von ",
];
/// From here on it tells where or how, not who.
const ENDINGS: [&str; 14] = [
    " special to ",
    " special cable",
    " wireless to ",
    " by wireless",
    " by cable",
    " by telegraph",
    " telephone to ",
    " from a staff",
    " staff correspondent",
    " staff writer",
    " as told to ",
    " for the ",
    " for usa ",
    " | ",
];
/// A name with one of these words is an organisation's.
const ORGANISATIONS: [&str; 21] = [
    "press",
    "reuters",
    "news",
    "times",
    "agency",
    "staff",
    "service",
    "associated",
    "afp",
    "upi",
    "ap",
    "bureau",
    "board",
    "editors",
    "magazine",
    "tribune",
    "inc",
    "team",
    "newspaper",
    "gazette",
    "correspondent",
];
/// What a comma may part from a name without beginning another.
const SUFFIXES: [&str; 11] = ["jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "m.d.", "ph.d.", "phd", "esq."];

/// The people and organisations that a printed credit names, in its order, each once. An organisation beside
/// people (`By A, Associated Press`) is where they work, and not taken as an author.
pub(crate) fn parse(credit: &str) -> Vec<Byline> {
    if credit.len() > 2_000 {
        return Vec::new();
    }
    let mut names: Vec<String> = Vec::new();
    for part in who(credit).split([',', '&', '/']).flat_map(split_words) {
        let part = part.trim().trim_matches(['"', '*', '_', '.', '(', ')']).trim();
        if SUFFIXES.contains(&part.to_lowercase().as_str()) {
            if let Some(last) = names.last_mut() {
                last.push(' ');
                last.push_str(part);
                if part.len() == 2 {
                    last.push('.');
                }
            }
        } else if is_name(part) {
            // A full stop that ends an initial is part of the name.
            names.push(part.to_owned());
        }
    }
    let mut found: Vec<Byline> = Vec::new();
    let people = names.iter().any(|name| !is_organisation(name));
    for name in names {
        let organisation = is_organisation(&name);
        if organisation && people {
            continue;
        }
        let name = names::cased(&name);
        let byline = match organisation {
            true => Byline { organization: name.clone(), name, ..Byline::default() },
            false => names::person(&name),
        };
        if !found.iter().any(|other| other.name == byline.name) && found.len() < MAX_REFERENCES {
            found.push(byline);
        }
    }
    found
}

/// The part of a credit that tells who.
fn who(credit: &str) -> &str {
    let mut text = credit.split([';', '\n', '\r']).map(str::trim).find(|part| !part.is_empty()).unwrap_or("");
    let starts = |text: &str, opening: &str| {
        text.get(..opening.len()).is_some_and(|start| start.eq_ignore_ascii_case(opening))
    };
    while let Some(opening) = OPENINGS.iter().find(|opening| starts(text, opening)) {
        text = text.get(opening.len()..).unwrap_or("").trim_start();
    }
    // ASCII lower case keeps the length, so the places found in it are places of the text.
    let lower = text.to_ascii_lowercase();
    let end = ENDINGS.iter().filter_map(|ending| lower.find(ending)).min().unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

/// Splits at the words that join names.
fn split_words(part: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    for word in part.split_whitespace() {
        if matches!(word.to_ascii_lowercase().as_str(), "and" | "with" | "und" | "et" | "y") {
            names.push(String::new());
        } else if let Some(name) = names.last_mut() {
            if !name.is_empty() {
                name.push(' ');
            }
            name.push_str(word);
        }
    }
    names
}

fn is_name(text: &str) -> bool {
    let words = text.split_whitespace().count();
    (1..=7).contains(&words)
        && text.chars().count() >= 2
        && text.len() <= 120
        && text.chars().any(char::is_alphabetic)
        && !text.chars().any(|c| c.is_ascii_digit() || matches!(c, '@' | '<' | '>' | '=' | '{' | '}'))
        && !matches!(
            text.to_lowercase().as_str(),
            "by" | "none" | "unknown" | "anonymous" | "staff" | "admin" | "no byline" | "n/a" | "special"
        )
}

fn is_organisation(name: &str) -> bool {
    name.split_whitespace()
        .any(|word| ORGANISATIONS.contains(&word.to_lowercase().trim_matches(|c: char| !c.is_alphanumeric())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_name_people() {
        let check = |credit: &str, expected: &[&str]| {
            let names: Vec<String> = parse(credit).into_iter().map(|byline| byline.name).collect();
            assert_eq!(names, expected, "{credit}");
        };
        check(
            "By JOHN H. CRIDER and ANNE O'HARE McCORMICK; Special to The Herald",
            &["John H. Crider", "Anne O'Hare McCormick"],
        );
        check("By A. BEE, C. DEE and E. EFF", &["A. Bee", "C. Dee", "E. Eff"]);
        check("By Sammy Davis, Jr.", &["Sammy Davis Jr."]);
        check("BY HENRY FORD Special to The Herald", &["Henry Ford"]);
        check("By Jane Roe, Associated Press", &["Jane Roe"]);
        check("By THE ASSOCIATED PRESS", &["The Associated Press"]);
        check("by Jane Roe, Reuters", &["Jane Roe"]);
        check("By Jane Roe and Jane Roe", &["Jane Roe"]);
        check("    By Charles Dickens, Reuters\n    ", &["Charles Dickens"]);
        check("Par ÉMILE ZOLA", &["Émile Zola"]);
        check("", &[]);
        check("By ", &[]);
        check("12345", &[]);
        check("By Staff", &[]);
    }

    #[test]
    fn organisations_are_marked() {
        let found = parse("By THE ASSOCIATED PRESS");
        assert_eq!(found[0].organization, "The Associated Press");
        assert_eq!(found[0].family, "");
    }
}
