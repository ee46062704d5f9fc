//! Another spelling for a search that finds nothing: words of the archive that are almost those that were asked for.

use serde_json::Value;
use store::AssetKind;

use crate::{Search, SearchRequest};

/// Longer searches are not second-guessed.
const MAX_WORDS: usize = 6;

/// The words of `q` in another spelling, if that finds something in the view of `kind`. Nothing for a search that has
/// more than words in it, or more than six of them.
pub fn better_spelling(search: &Search, kind: AssetKind, q: &str) -> Option<String> {
    let words: Vec<&str> = q.split_whitespace().collect();
    let plain = |word: &&str| word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '\''));
    if words.is_empty() || words.len() > MAX_WORDS || !words.iter().all(plain) {
        return None;
    }
    let mut spelled = Vec::with_capacity(words.len());
    for word in words {
        let parts = word.split('-').filter(|part| !part.is_empty());
        let parts: Vec<String> =
            parts.map(|part| nearest(search, kind, part).unwrap_or_else(|| part.to_owned())).collect();
        spelled.push(parts.join("-"));
    }
    let better = spelled.join(" ");
    if better.to_lowercase() == q.to_lowercase() {
        return None;
    }
    let request = SearchRequest { size: 0, highlight: None, ..SearchRequest::plain(kind, &better).ok()? };
    search.search(&request).is_ok_and(|found| found.total > 0).then_some(better)
}

/// The word of the archive that is nearest to this one: one edit away if there is such a word (letters that changed
/// places are one), two otherwise.
fn nearest(search: &Search, kind: AssetKind, word: &str) -> Option<String> {
    (1..=2).find_map(|edits| nearest_within(search, kind, word, edits))
}

/// What a fuzzy search for the word highlights in its best hits.
fn nearest_within(search: &Search, kind: AssetKind, word: &str, edits: u8) -> Option<String> {
    let request = SearchRequest { size: 10, ..SearchRequest::plain(kind, &format!("{word}~{edits}")).ok()? };
    let response = search.search(&request).ok()?;
    let fragments = response.hits.iter().flat_map(|hit| hit.highlights.values());
    let texts = fragments.filter_map(Value::as_array).flatten().filter_map(Value::as_str);
    let marked =
        texts.flat_map(|text| text.split("<em>").skip(1)).filter_map(|rest| rest.split_once("</em>"));
    let lower = word.to_lowercase();
    marked
        .map(|(word, _)| word.to_lowercase())
        .filter(|found| found.chars().all(|c| c.is_alphanumeric() || c == '-'))
        .min_by_key(|found| distance(&lower, found))
}

/// Edits between two words (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (number, c) in one.chars().enumerate() {
        let mut diagonal = number;
        let mut left = number + 1;
        for (above, d) in row.iter_mut().skip(1).zip(&other) {
            let cost = (diagonal + usize::from(c != *d)).min(left + 1).min(*above + 1);
            diagonal = std::mem::replace(above, cost);
            left = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = number + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn distances_are_those_of_levenshtein() {
        for (one, other, expected) in [
            ("ferry", "ferry", 0),
            ("fery", "ferry", 1),
            ("kitten", "sitting", 3),
            ("", "abc", 3),
            ("abc", "", 3),
        ] {
            assert_eq!(super::distance(one, other), expected, "{one} {other}");
        }
    }
}
