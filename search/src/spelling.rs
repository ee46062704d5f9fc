//! Words of the archive that are almost those that were asked for: what `suggest` gives, and another spelling for a
//! search that finds nothing.

use indexer::end::{Budget, NearWord, Nearest};
use query::{HighlightOptions, SearchRequest, folded_words};
use store::AssetRef;
use views::{Document, ViewId};

use crate::{engine::Pinned, error::SearchError, highlight::Highlighter, inquiry::Inquiry};

/// Longer searches are not second-guessed.
const MAX_WORDS: usize = 6;

/// A search that finds no more than this may have been misspelt.
const FEW: u64 = 5;
/// A word that was misspelt is in so many times fewer documents than the right one.
const RARER: u64 = 10;

/// The words of `q`, which found `total` documents in this view, in another spelling, if that finds more. Nothing
/// for a search that found many, that has more than words in it, or more than six of them.
pub fn better_spelling(inquiry: &Inquiry<'_>, view: ViewId, q: &str, total: u64) -> Option<String> {
    if total > FEW {
        return None;
    }
    let words: Vec<&str> = q.split_whitespace().collect();
    let plain = |word: &&str| word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '\''));
    if words.is_empty() || words.len() > MAX_WORDS || !words.iter().all(plain) {
        return None;
    }
    let views = inquiry.engine().pin(&[view.into()]).ok()?;
    let budget = inquiry.budget();
    let spell = |part: &str| {
        let folded = folded_words(part);
        let [word] = folded.as_slice() else { return part.to_owned() };
        let Ok(Some(nearest)) = nearest(&views, None, word, 0, &budget) else { return part.to_owned() };
        better(&nearest).map_or_else(|| part.to_owned(), |near| near.word.clone())
    };
    let parts = |word: &&str| word.split('-').filter(|part| !part.is_empty()).map(spell).collect::<Vec<_>>();
    let spelled: Vec<Vec<String>> = words.iter().map(parts).collect();
    let joined =
        |spelled: &[Vec<String>]| spelled.iter().map(|parts| parts.join("-")).collect::<Vec<_>>().join(" ");
    let better = joined(&spelled);
    if better.to_lowercase() == q.to_lowercase() {
        return None;
    }
    let request = SearchRequest { highlight: None, ..SearchRequest::plain(view, &better).ok()? };
    let found = inquiry.search(&request).ok()?;
    let is_better = found.total > total && (total == 0 || found.total >= total.saturating_mul(RARER));
    if !is_better {
        return None;
    }
    let options = HighlightOptions::default();
    let mut highlighter = Highlighter::new(&options, &request.query, view.fields(), &|_| Vec::new());
    let documents = found.hits.into_iter().map(|hit| Document {
        asset: AssetRef::new(hit.kind, hit.id),
        seq: hit.seq,
        revision: hit.revision,
        source: hit.source,
        json: hit.document,
    });
    let printed: Vec<String> =
        documents.flat_map(|document| highlighter.marked(&document, &budget)).collect();
    let with_diacritics =
        |part: &String| if q.contains(part.as_str()) { part.clone() } else { as_printed(&printed, part) };
    let spelled: Vec<Vec<String>> =
        spelled.iter().map(|parts| parts.iter().map(with_diacritics).collect()).collect();
    Some(joined(&spelled))
}

/// A word of the index as it is printed in hits, of which these parts were found: with its diacritics.
fn as_printed(printed: &[String], word: &str) -> String {
    let is_it = |part: &&String| folded_words(part).first().is_some_and(|first| first == word);
    printed.iter().find(is_it).map_or_else(|| word.to_owned(), |part| part.to_lowercase())
}

/// Returns the words of views that are near one: of a field, or of all that a plain search looks at; so many characters at
/// the start must be the same. `None` where no view has such a text.
///
/// # Errors
/// The index fails.
pub fn nearest(
    views: &[Pinned],
    field: Option<&str>,
    word: &str,
    exact_start: usize,
    budget: &Budget,
) -> Result<Option<Nearest>, SearchError> {
    let mut all: Option<Nearest> = None;
    for view in views {
        if let Some(found) = view.index.searcher.near(field, word, exact_start, budget)? {
            all.get_or_insert_default().join(found);
        }
    }
    Ok(all)
}

/// The word that is meant, if that is another one: the nearest where nothing is written so; otherwise the nearest that is
/// many times as frequent.
fn better(nearest: &Nearest) -> Option<&NearWord> {
    let words = &nearest.words;
    let own = words.iter().find(|near| near.edits == 0).map_or(0, |near| near.count);
    match (nearest.known, own) {
        (false, 0) => words.first(),
        (true, 0) => None,
        (_, own) => words.iter().find(|near| near.edits > 0 && near.count >= own.saturating_mul(RARER)),
    }
}
