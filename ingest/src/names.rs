//! Names of people: their casing, their parts, and the ids that are made of them.

use std::borrow::Cow;

use store::{AssetId, Byline};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark, is_nfc};

/// Words that stay small inside a name.
const PARTICLES: [&str; 17] = [
    "de", "da", "di", "do", "dos", "du", "del", "della", "la", "le", "van", "von", "der", "den", "ter", "of",
    "and",
];
/// A name that is longer, in bytes, is no misspelt one.
const MAX_MISSPELT: usize = 100;
/// Suffixes that follow a family name and are no part of it.
const SUFFIXES: [&str; 12] =
    ["jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "m.d.", "ph.d.", "phd", "md", "esq."];

/// Returns true for a word that stays small inside a name: `de`, `von`.
pub(crate) fn is_particle(word: &str) -> bool {
    PARTICLES.contains(&word)
}

/// Returns the name that is spelt most like this one, if any is.
pub fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if name.len() > MAX_MISSPELT {
        return None;
    }
    let name = name.to_lowercase();
    let near = known.filter_map(|known| {
        let distance = strsim::damerau_levenshtein(&name, &known.to_lowercase());
        let shorter = name.chars().count().min(known.chars().count());
        (distance <= (shorter / 3).max(1)).then_some((distance, known))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// Returns a text whose accents are part of their letters (NFC): what looks alike is written alike.
pub(crate) fn composed(text: &str) -> Cow<'_, str> {
    if is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// Returns a word in lower case and without accents.
pub(crate) fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    word.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// Gives a name in capitals, or with a family name in capitals, its usual casing: `Ben STEINBAUER`,
/// `ANNE O'HARE McCORMICK`. Other names stay as they are, but for their white space.
pub(crate) fn cased(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let shouts = |word: &str| {
        word.chars().filter(|c| c.is_alphabetic()).count() > 1 && !word.chars().any(char::is_lowercase)
    };
    let whispers = !name.chars().any(char::is_uppercase);
    // Of `IAN McDONALD` the small letter is a part of its capitals.
    let all_shout = words.iter().all(|word| !word.chars().any(char::is_lowercase) || is_mc_shout(word))
        && words.iter().any(|word| shouts(word));
    let cased = words.iter().enumerate().map(|(at, word)| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let lower = word.to_lowercase();
        if SUFFIXES.contains(&lower.as_str()) || (shouts(word) && is_initials(word)) {
            return (*word).to_owned();
        }
        if at > 0 && (all_shout || whispers) && PARTICLES.contains(&lower.as_str()) {
            return lower;
        }
        if whispers || (shouts(word) && (all_shout || letters > 3)) || is_mc_shout(word) {
            title_case(&lower)
        } else {
            (*word).to_owned()
        }
    });
    cased.collect::<Vec<_>>().join(" ")
}

/// Returns true for `J.`, `J.R.`, or two or three consonants: `JD`.
fn is_initials(word: &str) -> bool {
    let letters: Vec<char> = word.chars().filter(|c| c.is_alphabetic()).collect();
    let dotted = word.contains('.') && word.split('.').all(|part| part.chars().count() <= 1);
    dotted || (letters.len() == 2 && !letters.iter().any(|c| "AEIOUYaeiouy".contains(*c)))
}

/// Returns true for `McCORMICK`, as papers printed it.
fn is_mc_shout(word: &str) -> bool {
    word.strip_prefix("Mc").or_else(|| word.strip_prefix("Mac")).is_some_and(|rest| {
        rest.chars().count() > 2 && rest.chars().all(|c| c.is_uppercase() || !c.is_alphabetic())
    })
}

fn title_case(lower: &str) -> String {
    let mut out = String::with_capacity(lower.len());
    let mut start = true;
    let letters: Vec<char> = lower.chars().collect();
    for (at, c) in letters.iter().enumerate() {
        let mc = at == 2 && letters.len() > 4 && lower.starts_with("mc");
        if start || mc {
            out.extend(c.to_uppercase());
        } else {
            out.push(*c);
        }
        // `O'Hare`, `D'Amato`, but not `Joe's`; `Anne-Marie`; `"Bud"`.
        start = match c {
            '-' | '.' | '(' | '"' | '“' => true,
            '\'' | '’' => at <= 1,
            _ => false,
        };
    }
    out
}

/// Returns a text in lower case letters and digits of any script, the rest made hyphens: the tail of an id.
pub(crate) fn slug(text: &str) -> String {
    // One name may be written in several ways that look the same (UAX 15).
    slug_of(text.nfc().filter(|c| !matches!(c, '\u{2bc}' | '\u{2b9}' | '\u{2bb}' | '′' | '‘' | '´' | '＇')))
}

fn slug_of(text: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    for c in text {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !matches!(c, '\'' | '’' | '`') && !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if out.len() > 200 {
            break;
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// Returns the id of a person or organisation that the source gives no id: its name, normalised.
pub(crate) fn byline_id(name: &str) -> Option<AssetId> {
    let slug = slug(name);
    if slug.is_empty() { None } else { AssetId::new(format!("byline:{slug}")).ok() }
}

/// Returns the id that a name had before its ways of writing were made one.
pub(crate) fn former_byline_id(name: &str) -> Option<AssetId> {
    let slug = slug_of(name.chars());
    if slug.is_empty() { None } else { AssetId::new(format!("byline:{slug}")).ok() }
}

/// Returns the byline of a person, from the name as it is shown.
pub(crate) fn person(name: &str) -> Byline {
    let (given, family) = parts(name);
    Byline { name: name.to_owned(), given, family, ..Byline::default() }
}

/// Parts a name into given names and family name, particles and suffixes minded.
pub(crate) fn parts(name: &str) -> (String, String) {
    let words: Vec<&str> = name.split_whitespace().collect();
    let is_suffix = |word: &&&str| SUFFIXES.contains(&word.to_lowercase().trim_end_matches(','));
    let end = words.len() - words.iter().rev().take_while(is_suffix).count();
    let mut start = end.saturating_sub(1);
    // `Ortega y Gasset` is one family's name.
    if start > 2 && words.get(start - 1).is_some_and(|word| matches!(*word, "y" | "i")) {
        start -= 2;
    }
    while start > 1 && words.get(start - 1).is_some_and(|word| PARTICLES.contains(word)) {
        start -= 1;
    }
    let join = |words: Option<&[&str]>| words.unwrap_or_default().join(" ").trim_end_matches(',').to_owned();
    if end <= 1 {
        return (String::new(), join(words.get(..end)));
    }
    (join(words.get(..start)), join(words.get(start..end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_their_casing() {
        let check = |name: &str, expected: &str| assert_eq!(cased(name), expected, "{name}");
        check("Ben STEINBAUER", "Ben Steinbauer");
        check("ANNE O'HARE McCORMICK", "Anne O'Hare McCormick");
        check("ANNE O'HARE MCCORMICK", "Anne O'Hare McCormick");
        check("JOHN H. CRIDER", "John H. Crider");
        check("J.R. SMITH", "J.R. Smith");
        check("JD SMITH", "JD Smith");
        check("CHARLES DE GAULLE", "Charles de Gaulle");
        check("JEAN-PAUL SARTRE", "Jean-Paul Sartre");
        check("henry ford", "Henry Ford");
        check("Alan DeLevie", "Alan DeLevie");
        check("  Ludwig   van Beethoven ", "Ludwig van Beethoven");
        check("WILLIAM HENRY III", "William Henry III");
        check("ÉMILE ZOLA", "Émile Zola");
        check("ED LEE", "Ed Lee");
        check("", "");
    }

    #[test]
    fn names_have_parts() {
        let check = |name: &str, given: &str, family: &str| {
            assert_eq!(parts(name), (given.to_owned(), family.to_owned()), "{name}");
        };
        check("Anne O'Hare McCormick", "Anne O'Hare", "McCormick");
        check("Ludwig van der Rohe", "Ludwig", "van der Rohe");
        check("Sammy Davis, Jr.", "Sammy", "Davis");
        check("José Ortega y Gasset", "José", "Ortega y Gasset");
        check("Reuters", "", "Reuters");
        check("", "", "");
    }

    #[test]
    fn slugs_are_stable() {
        assert_eq!(slug("Anne O'Hare McCormick"), "anne-ohare-mccormick");
        assert_eq!(slug("J.R. Smith"), slug("J. R. Smith"));
        assert_eq!(slug("Jose\u{301} O\u{2bc}Nei\u{308}l"), "josé-oneïl");
        assert_eq!(former_byline_id("Jose\u{301} Roe").unwrap().as_str(), "byline:jose-roe");
        assert_eq!(slug("夏目 漱石"), "夏目-漱石");
        assert_eq!(slug(" -- "), "");
        assert_eq!(slug("Ine\u{301}s O\u{2bc}Dea"), slug("Inés O’Dea"), "what looks alike is one person");
    }
}
