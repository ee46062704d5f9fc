//! Suggestions while somebody types: names, keywords, sections and headlines that have the words typed so far, the last
//! of which may be the beginning of one. Case and diacritics make no difference.
//!
//! Names, keywords and sections are the exact values of the index's dictionaries. Those of a segment, which never
//! changes, are folded and sorted once ([`SegmentNames`]) and kept as long as the segment is; a lookup is a search
//! in a sorted list. Large segments are folded beforehand where somebody sees to that ([`Suggester::fold`]): while one
//! is new, the names are those of the segments that it was made from. Headlines come from the index like any search and are read back from the log. Either way only
//! what a reader may see now is suggested: each value is shown to stand in an article that is not withdrawn.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use indexer::{IndexSearcher, end::ViewSchema};
use query::{FieldBoost, Need, Query, SearchRequest, Words, limits::check_text};
use schemars::JsonSchema;
use serde::Serialize;
use store::{AssetId, AssetKind, AssetRef, Content, EventType, Seq, Snapshot, Status};
use tantivy::{
    InvertedIndexReader, SegmentReader, TantivyError, Term,
    index::SegmentId,
    schema::{Field, IndexRecordOption},
};
use views::{Analyser, Language};

use crate::{
    error::SearchError,
    search::{Inquiry, Search},
};

/// The most suggestions of one answer.
pub const MAX_SUGGESTIONS: usize = 20;

/// What may be meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Suggestion {
    /// What would stand in the search box.
    pub text: String,
    /// What it is.
    pub kind: SuggestionKind,
    /// For names, keywords and sections: in about how many articles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// For headlines: the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<AssetId>,
}

/// What a suggestion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
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

/// The fields whose exact values are suggested.
const FIELDS: [(&str, SuggestionKind); 4] = [
    ("bylines.name", SuggestionKind::Byline),
    ("images.photographer.name", SuggestionKind::Byline),
    ("keywords.value", SuggestionKind::Keyword),
    ("section", SuggestionKind::Section),
];

/// Suggests; keeps what it has folded of each segment.
#[derive(Default)]
pub struct Suggester {
    segments: Mutex<Kept>,
}

type Kept = HashMap<SegmentId, Arc<SegmentNames>>;

/// A segment of so many documents is folded while somebody waits: some milliseconds.
const SMALL: u32 = 5_000;

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
        let typed = folded(q);
        let limit = limit.min(MAX_SUGGESTIONS);
        if typed.is_empty() || typed.len() > MAX_WORDS || limit == 0 {
            return Ok(Vec::new());
        }
        let search = inquiry.engine();
        let (generation, index) = search.indexes().searcher(AssetKind::Article)?;
        let snapshot = search.log().snapshot()?;
        let mut names = self.names(&typed, generation.index().schema(), &index, &snapshot, limit)?;
        let headlines = headlines(inquiry, q, &typed, &snapshot, limit)?;
        let half = limit.div_ceil(2).max(limit.saturating_sub(headlines.len()));
        names.truncate(half);
        let known: Vec<Vec<String>> = names.iter().map(|name| folded(&name.text)).collect();
        let new = headlines.into_iter().filter(|headline| !known.contains(&folded(&headline.text)));
        let room = limit - names.len();
        names.extend(new.take(room));
        Ok(names)
    }

    fn names(
        &self,
        typed: &[String],
        schema: &ViewSchema,
        index: &IndexSearcher,
        snapshot: &Snapshot,
        limit: usize,
    ) -> Result<Vec<Suggestion>, SearchError> {
        let mut found: HashMap<String, Name> = HashMap::new();
        for segment in self.segments(index, &fields_of(schema))? {
            for (rank, entry) in segment.matching(typed, limit * 4) {
                let name = found.entry(segment.folded_of(entry).to_owned()).or_default();
                name.rank = name.rank.max(rank);
                let same = |known: &&mut Spelling| known.field == entry.field && known.text == entry.text;
                match name.spellings.iter_mut().find(same) {
                    Some(known) => known.count += u64::from(entry.count),
                    None => name.spellings.push(Spelling {
                        text: entry.text.clone(),
                        field: entry.field,
                        kind: entry.kind,
                        count: u64::from(entry.count),
                    }),
                }
            }
        }
        let mut ranked: Vec<(String, Name)> = found.into_iter().collect();
        ranked.sort_by_cached_key(|(key, name)| (Reverse(name.rank), Reverse(name.count()), key.clone()));
        let mut suggestions: Vec<Suggestion> = Vec::new();
        for (_, mut name) in ranked {
            if suggestions.len() == limit {
                break;
            }
            // The commonest spelling that a reader may see.
            name.spellings.sort_by_key(|spelling| Reverse(spelling.count));
            for Spelling { text, field, kind, count } in name.spellings {
                if is_seen(&Term::from_field_text(field, &text), index, snapshot)? {
                    suggestions.push(Suggestion { text, kind, count: Some(count), id: None });
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
        let (generation, index) = search.indexes().searcher(AssetKind::Article)?;
        self.fold_where(&index, &fields_of(generation.index().schema()), |_| true)
    }

    /// Folds the segments that are not kept yet and that `wanted` says yes to. When all are kept, those that are gone are
    /// forgotten.
    fn fold_where(
        &self,
        index: &IndexSearcher,
        fields: &[(Field, SuggestionKind)],
        wanted: impl Fn(&SegmentReader) -> bool,
    ) -> Result<(), SearchError> {
        let readers = index.searcher.tantivy().segment_readers();
        for reader in readers {
            let is_kept = locked(&self.segments).contains_key(&reader.segment_id());
            if !is_kept && wanted(reader) {
                let names = SegmentNames::read(reader, fields).map_err(SearchError::Tantivy)?;
                locked(&self.segments).insert(reader.segment_id(), Arc::new(names));
            }
        }
        let mut kept = locked(&self.segments);
        let ids: HashSet<SegmentId> = readers.iter().map(SegmentReader::segment_id).collect();
        if ids.iter().all(|id| kept.contains_key(id)) {
            kept.retain(|id, _| ids.contains(id));
        }
        Ok(())
    }

    fn segments(
        &self,
        index: &IndexSearcher,
        fields: &[(Field, SuggestionKind)],
    ) -> Result<Vec<Arc<SegmentNames>>, SearchError> {
        let nothing_yet = locked(&self.segments).is_empty();
        self.fold_where(index, fields, |reader| nothing_yet || reader.max_doc() <= SMALL)?;
        Ok(locked(&self.segments).values().cloned().collect())
    }
}

fn fields_of(schema: &ViewSchema) -> Vec<(Field, SuggestionKind)> {
    FIELDS.iter().filter_map(|(name, kind)| Some((schema.field(name)?.keyword?, *kind))).collect()
}

fn locked(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// More words than this are no beginning of anything.
const MAX_WORDS: usize = 16;

/// A text as words without case and diacritics.
fn folded(text: &str) -> Vec<String> {
    Analyser::Exact.terms(Language::Other, text).into_iter().map(|term| term.text).collect()
}

/// Whether each word typed is a word of these, the last one the beginning of one.
fn has_typed(words: &[&str], typed: &[String]) -> bool {
    typed.iter().enumerate().all(|(number, typed_word)| match number + 1 == typed.len() {
        true => words.iter().any(|word| word.starts_with(typed_word.as_str())),
        false => words.contains(&typed_word.as_str()),
    })
}

/// How well a value fits; the larger the better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// The words stand anywhere in it.
    #[default]
    Within,
    /// It begins with them.
    Begins,
    /// It is them.
    Is,
}

fn rank_of(folded: &str, typed: &str) -> Rank {
    match folded.strip_prefix(typed) {
        Some("") => Rank::Is,
        Some(_) => Rank::Begins,
        None => Rank::Within,
    }
}

/// One value in all its spellings, and as whatever it is: a name may be a keyword, too.
#[derive(Default)]
struct Name {
    rank: Rank,
    spellings: Vec<Spelling>,
}

struct Spelling {
    text: String,
    field: Field,
    kind: SuggestionKind,
    count: u64,
}

impl Name {
    fn count(&self) -> u64 {
        self.spellings.iter().map(|spelling| spelling.count).max().unwrap_or_default()
    }
}

/// The exact values of a segment, to be found by the beginning of any of their words.
struct SegmentNames {
    entries: Vec<Entry>,
    /// The folded words of all entries, each entry's with spaces between and a line feed behind.
    folded: String,
    /// Where in `folded` each word begins and whose it is, in the order of what stands there.
    words: Vec<(u32, u32)>,
}

struct Entry {
    text: String,
    field: Field,
    kind: SuggestionKind,
    /// In how many documents of the segment, those that were deleted among them.
    count: u32,
    folded: std::ops::Range<usize>,
}

/// So many values of a field are kept of a segment, about 130 bytes each: those of the most documents.
const MAX_VALUES: usize = 50_000;

/// In how many documents a value must be, so that no more than `most` are.
fn least_count(inverted: &InvertedIndexReader, most: usize) -> tantivy::Result<u32> {
    if inverted.terms().num_terms() <= most {
        return Ok(0);
    }
    let mut with: BTreeMap<u32, usize> = BTreeMap::new();
    let mut terms = inverted.terms().stream()?;
    while terms.advance() {
        *with.entry(terms.value().doc_freq).or_default() += 1;
    }
    let mut values = 0;
    let too_many = with.into_iter().rev().find(|(_, here)| {
        values += here;
        values > most
    });
    Ok(too_many.map_or(0, |(count, _)| count + 1))
}

impl SegmentNames {
    fn read(reader: &SegmentReader, fields: &[(Field, SuggestionKind)]) -> tantivy::Result<Self> {
        let (mut entries, mut all, mut words) = (Vec::new(), String::new(), Vec::new());
        for (field, kind) in fields {
            let inverted = reader.inverted_index(*field)?;
            let least = least_count(&inverted, MAX_VALUES)?;
            let mut terms = inverted.terms().stream()?;
            while terms.advance() {
                if terms.value().doc_freq < least {
                    continue;
                }
                let Ok(text) = std::str::from_utf8(terms.key()) else { continue };
                let start = all.len();
                for (number, word) in folded(text).iter().enumerate() {
                    if number > 0 {
                        all.push(' ');
                    }
                    words.push((all.len() as u32, entries.len() as u32));
                    all.push_str(word);
                }
                let folded = start..all.len();
                all.push('\n');
                let count = terms.value().doc_freq;
                entries.push(Entry { text: text.to_owned(), field: *field, kind: *kind, count, folded });
            }
        }
        let tail = |at: u32| all.as_bytes().get(at as usize..).unwrap_or_default();
        words.sort_unstable_by(|(one, _), (other, _)| tail(*one).cmp(tail(*other)));
        Ok(Self { entries, folded: all, words })
    }

    fn folded_of(&self, entry: &Entry) -> &str {
        self.folded.get(entry.folded.clone()).unwrap_or_default()
    }

    /// The best `count` entries that have what was typed.
    fn matching(&self, typed: &[String], count: usize) -> Vec<(Rank, &Entry)> {
        let Some(last) = typed.last() else { return Vec::new() };
        let tail = |at: u32| self.folded.as_bytes().get(at as usize..).unwrap_or_default();
        let first = self.words.partition_point(|(at, _)| tail(*at) < last.as_bytes());
        let whole = typed.join(" ");
        let begins = self.words.iter().skip(first);
        let begins = begins.take_while(|(at, _)| tail(*at).starts_with(last.as_bytes()));
        let mut found: Vec<(Rank, u32, u32)> = Vec::new();
        for (_, number) in begins {
            let Some(entry) = self.entries.get(*number as usize) else { continue };
            let folded = self.folded_of(entry);
            if typed.len() == 1 || has_typed(&folded.split(' ').collect::<Vec<_>>(), typed) {
                found.push((rank_of(folded, &whole), entry.count, *number));
            }
        }
        let order = |(rank, count, number): &(Rank, u32, u32)| (Reverse(*rank), Reverse(*count), *number);
        if found.len() > count {
            found.select_nth_unstable_by_key(count, order);
            found.truncate(count);
        }
        found.sort_unstable_by_key(order);
        found.dedup_by_key(|(.., number)| *number);
        found
            .into_iter()
            .filter_map(|(rank, _, number)| Some((rank, self.entries.get(number as usize)?)))
            .collect()
    }
}

/// How many articles are looked at for one that readers see.
const MAX_WITNESSES: usize = 32;

/// Whether an article that readers see has this value.
fn is_seen(term: &Term, index: &IndexSearcher, snapshot: &Snapshot) -> Result<bool, SearchError> {
    let mut looked_at = 0;
    for reader in index.searcher.tantivy().segment_readers() {
        for seq in seqs_of(term, reader, MAX_WITNESSES - looked_at).map_err(SearchError::Tantivy)? {
            looked_at += 1;
            if let Some((seq, EventType::Published(kind), id)) = snapshot.changes(Seq::new(seq), 1)?.pop()
                && let Some(state) = snapshot.state(&AssetRef::new(kind, id))?
                && state.status == Status::Published
                && state.live == seq
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The seqs of the first documents of a segment that have a term and are not deleted.
fn seqs_of(term: &Term, reader: &SegmentReader, count: usize) -> Result<Vec<u64>, TantivyError> {
    let inverted = reader.inverted_index(term.field())?;
    let Some(mut postings) = inverted.read_block_postings(term, IndexRecordOption::Basic)? else {
        return Ok(Vec::new());
    };
    let seqs = reader.fast_fields().u64("_seq")?;
    let mut found = Vec::new();
    while !postings.docs().is_empty() && found.len() < count {
        let alive = postings.docs().iter().filter(|doc| !reader.is_deleted(**doc));
        found.extend(alive.filter_map(|doc| seqs.first(*doc)).take(count - found.len()));
        postings.advance();
    }
    Ok(found)
}

/// Headlines that have the words.
fn headlines(
    inquiry: &Inquiry<'_>,
    q: &str,
    typed: &[String],
    snapshot: &Snapshot,
    limit: usize,
) -> Result<Vec<Suggestion>, SearchError> {
    let mut found: Vec<(Rank, Suggestion)> = Vec::new();
    let words =
        Words { need: Need::All, last_is_prefix: true, ..Words::new(vec![FieldBoost::new("headline")], q) };
    let request = SearchRequest {
        query: Query::Words(words),
        size: limit * 4,
        count_all: false,
        ..SearchRequest::new(AssetKind::Article)
    };
    for id in inquiry.ids(&request)? {
        let asset = AssetRef::new(AssetKind::Article, id);
        let Some(live) = snapshot.live(&asset)? else { continue };
        let Content::Article(article) = live.content else { continue };
        let words = folded(&article.headline);
        let is_new = |(_, other): &(Rank, Suggestion)| folded(&other.text) != words;
        if has_typed(&words.iter().map(String::as_str).collect::<Vec<_>>(), typed) && found.iter().all(is_new)
        {
            let rank = rank_of(&words.join(" "), &typed.join(" "));
            let (kind, id) = (SuggestionKind::Headline, Some(asset.id));
            found.push((rank, Suggestion { text: article.headline, kind, count: None, id }));
        }
    }
    found.sort_by_key(|(rank, _)| Reverse(*rank));
    Ok(found.into_iter().map(|(_, headline)| headline).take(limit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_their_beginnings() {
        let check = |value: &str, q: &str, expected: bool| {
            let words = folded(value);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            assert_eq!(has_typed(&words, &folded(q)), expected, "{q} in {value}");
        };
        check("Eleanor Quill", "qu", true);
        check("Eleanor Quill", "QUILL el", true);
        check("Eleanor Quill", "elea quill", false);
        check("La belle époque", "EPO", true);
        check("東京都", "東", true);
    }

    #[test]
    fn what_begins_so_comes_first() {
        assert!(rank_of("quill", "quill") > rank_of("quill eleanor", "quill"));
        assert!(rank_of("quill eleanor", "quill") > rank_of("eleanor quill", "quill"));
    }
}
