//! Suggestions while somebody types: names, keywords, sections and headlines that have the words typed so far, the last
//! of which may be the beginning of one. Case and diacritics make no difference.
//!
//! Names, keywords and sections are the exact values of the index's dictionaries ([`Names`]). Headlines come from the index
//! like any search and are read back from the log. Either way only what a reader may see now is suggested: each value is
//! shown to stand in an article that is not withdrawn.

use std::cmp::Reverse;

use indexer::{
    IndexSearcher,
    end::{Name, Names, Spelling},
};
use query::{FieldBoost, Fit, Need, Query, SearchRequest, Typed, Words, folded_words, limits::check_text};
use store::{AssetId, AssetKind, AssetRef, Content, EventType, Seq, Snapshot, Status};
use views::ARTICLES;

use crate::{engine::Search, error::SearchError, inquiry::Inquiry};

/// The most suggestions of one answer.
pub const MAX_SUGGESTIONS: usize = 20;

/// What may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What would stand in the search box.
    pub text: String,
    /// What it is.
    pub kind: SuggestionKind,
    /// For names, keywords and sections: in about how many articles.
    pub count: Option<u64>,
    /// For headlines: the article.
    pub id: Option<AssetId>,
}

/// What a suggestion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuggestionKind {
    /// The name of an author or a photographer.
    Byline,
    /// A keyword.
    Keyword,
    /// A section.
    Section,
    /// A headline.
    Headline,
}

/// The fields whose exact values are suggested, and what each is.
const FIELDS: [&str; 4] = ["bylines.name", "images.photographer.name", "keywords.value", "section"];

fn kind_of(field: &str) -> SuggestionKind {
    match field {
        "keywords.value" => SuggestionKind::Keyword,
        "section" => SuggestionKind::Section,
        _ => SuggestionKind::Byline,
    }
}

/// More words than this are no beginning of anything.
const MAX_WORDS: usize = 16;

/// How many articles are looked at for one that readers see.
const MAX_WITNESSES: usize = 32;

/// Suggests; keeps what it has read of each index.
pub struct Suggester {
    names: Names,
}

impl Default for Suggester {
    fn default() -> Self {
        Self { names: Names::new(&FIELDS) }
    }
}

impl Suggester {
    /// At most `limit` suggestions for what was typed, the likeliest first: half of them names, keywords and sections by
    /// the number of their articles, half of them headlines, as far as there are enough of both.
    ///
    /// # Errors
    /// [`SearchError`]: the text is too long, or the index or the log fails.
    pub fn suggest(
        &self,
        inquiry: &Inquiry<'_>,
        q: &str,
        limit: usize,
    ) -> Result<Vec<Suggestion>, SearchError> {
        check_text(q)?;
        let typed = Typed::new(q);
        let limit = limit.min(MAX_SUGGESTIONS);
        if typed.words().is_empty() || typed.words().len() > MAX_WORDS || limit == 0 {
            return Ok(Vec::new());
        }
        let search = inquiry.engine();
        let (_, index) = search.indexes().searcher(ARTICLES)?;
        let snapshot = search.log().snapshot()?;
        let mut names = self.names(&typed, &index, &snapshot, limit)?;
        let headlines = headlines(inquiry, q, &typed, &snapshot, limit)?;
        let half = limit.div_ceil(2).max(limit.saturating_sub(headlines.len()));
        names.truncate(half);
        let known: Vec<Vec<String>> = names.iter().map(|name| folded_words(&name.text)).collect();
        let new = headlines.into_iter().filter(|headline| !known.contains(&folded_words(&headline.text)));
        let room = limit - names.len();
        names.extend(new.take(room));
        Ok(names)
    }

    fn names(
        &self,
        typed: &Typed,
        index: &IndexSearcher,
        snapshot: &Snapshot,
        limit: usize,
    ) -> Result<Vec<Suggestion>, SearchError> {
        let mut suggestions: Vec<Suggestion> = Vec::new();
        for Name { spellings, .. } in self.names.find(&index.searcher, typed, limit * 4)? {
            if suggestions.len() == limit {
                break;
            }
            // The commonest spelling that a reader may see.
            for Spelling { text, field, count } in spellings {
                let is_seen = |seq| is_seen(seq, snapshot);
                if index.searcher.any_seq_of(field, &text, MAX_WITNESSES, is_seen)? {
                    suggestions.push(Suggestion { text, kind: kind_of(field), count: Some(count), id: None });
                    break;
                }
            }
        }
        Ok(suggestions)
    }

    /// Folds what is new in the index, so that nobody who types has to wait for it.
    ///
    /// # Errors
    /// [`SearchError`]: the index fails.
    pub fn fold(&self, search: &Search) -> Result<(), SearchError> {
        let (_, index) = search.indexes().searcher(ARTICLES)?;
        Ok(self.names.fold(&index.searcher)?)
    }
}

/// Returns true if readers see what an event published.
fn is_seen(seq: Seq, snapshot: &Snapshot) -> Result<bool, SearchError> {
    let Some((seq, EventType::Published(kind), id)) = snapshot.changes(seq, 1)?.pop() else {
        return Ok(false);
    };
    let state = snapshot.state(&AssetRef::new(kind, id))?;
    Ok(state.is_some_and(|state| state.status == Status::Published && state.live == seq))
}

/// Headlines that have the words.
fn headlines(
    inquiry: &Inquiry<'_>,
    q: &str,
    typed: &Typed,
    snapshot: &Snapshot,
    limit: usize,
) -> Result<Vec<Suggestion>, SearchError> {
    let mut found: Vec<(Fit, Suggestion)> = Vec::new();
    let words =
        Words { need: Need::All, last_is_prefix: true, ..Words::new(vec![FieldBoost::new("headline")], q) };
    let request = SearchRequest {
        query: Query::Words(words),
        size: limit * 4,
        count_all: false,
        ..SearchRequest::new(ARTICLES)
    };
    for id in inquiry.ids(&request)? {
        let asset = AssetRef::new(AssetKind::Article, id);
        let Some(live) = snapshot.live(&asset)? else { continue };
        let Content::Article(article) = live.content else { continue };
        let words = folded_words(&article.headline);
        let is_new = |(_, other): &(Fit, Suggestion)| folded_words(&other.text) != words;
        if typed.is_in(&words) && found.iter().all(is_new) {
            let fit = typed.fit(&words.join(" "));
            let (kind, id) = (SuggestionKind::Headline, Some(asset.id));
            found.push((fit, Suggestion { text: article.headline, kind, count: None, id }));
        }
    }
    found.sort_by_key(|(fit, _)| Reverse(*fit));
    Ok(found.into_iter().map(|(_, headline)| headline).take(limit).collect())
}
