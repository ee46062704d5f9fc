//! Words of a field that are like what was asked for: the first, and the nearest.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use query::Near;
use tantivy::{
    InvertedIndexReader, Searcher, SegmentReader, TERMINATED, Term, postings::TermInfo,
    schema::IndexRecordOption,
};
use views::forms::{key_of, word_of};

use super::{
    super::{
        budget::{Budget, Steps},
        expand::{Of, Terms, each_of},
        fields::Within,
    },
    Dictionaries, Found, Occurrences,
};

/// The keys of the first words of a field, in their order, that a pattern stands for: so each is found by the stem that
/// its own language gives it.
pub(in crate::read) fn keys_of_words(
    searcher: &Searcher,
    within: Within,
    pattern: &Terms,
    most: usize,
    budget: &Budget,
) -> tantivy::Result<BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    each_word(searcher, within, pattern, budget, &mut |word, key| {
        found.entry(word.to_owned()).or_default().insert(key.to_owned());
    })?;
    Ok(found.into_values().take(most).flatten().collect())
}

/// Hands the words of a field that a pattern stands for to `take`, as they are written or as they are stemmed, each with
/// its key; of each segment and sort the first [`MAX_LOOKED_AT`].
fn each_word(
    searcher: &Searcher,
    within: Within,
    pattern: &Terms,
    budget: &Budget,
    take: &mut dyn FnMut(&str, &str),
) -> tantivy::Result<()> {
    for reader in searcher.segment_readers() {
        let dictionaries = Dictionaries::open(reader, within)?;
        if let Some(forms) = &dictionaries.forms {
            let mut left = MAX_LOOKED_AT;
            pattern.each(forms, Of::Forms, budget, &mut |form, _| {
                let key = key_of(form).and_then(|key| std::str::from_utf8(key).ok());
                if let (Some(word), Some(key)) = (word_of(form), key) {
                    take(word, key);
                }
                left -= 1;
                Ok(left > 0)
            })?;
        }
        let mut left = MAX_LOOKED_AT;
        pattern.each(&dictionaries.stems, dictionaries.of, budget, &mut |key, _| {
            if let Ok(key) = std::str::from_utf8(key) {
                take(dictionaries.word(key), key);
            }
            left -= 1;
            Ok(left > 0)
        })?;
    }
    Ok(())
}

/// The words of a field, as they are written, that are near one, and in how many documents each is: the nearest first,
/// and of those the most frequent.
pub(crate) fn near_words(
    searcher: &Searcher,
    within: Within,
    near: &Near,
    budget: &Budget,
) -> tantivy::Result<Vec<NearWord>> {
    let mut counts: HashMap<String, u64> = HashMap::new();
    let mut steps = Steps::default();
    for reader in searcher.segment_readers() {
        let dictionaries = Dictionaries::open(reader, within)?;
        if let Some(forms) = &dictionaries.forms {
            let mut left = MAX_LOOKED_AT;
            each_of(near, forms, Of::Forms, budget, &mut |form, info| {
                if let Some(word) = word_of(form)
                    && stands(reader, forms, info)?
                {
                    *counts.entry(word.to_owned()).or_default() += u64::from(info.doc_freq);
                }
                left -= 1;
                Ok(left > 0)
            })?;
        }
        let mut left = MAX_LOOKED_AT;
        each_of(near, &dictionaries.stems, dictionaries.of, budget, &mut |key, info| {
            let others = dictionaries.forms_of(key)?;
            let mut count = match stands(reader, &dictionaries.stems, info)? {
                true => u64::from(info.doc_freq),
                false => 0,
            };
            if count > 0 && !others.is_empty() {
                let word = Found { stems: vec![(info.clone(), others)], ..Found::default() };
                let mut word = Occurrences::open(&word, &dictionaries, IndexRecordOption::WithFreqs)?;
                count = 0;
                let mut doc = word.seek(0);
                while doc != TERMINATED && !steps.more(1, budget) {
                    count += u64::from(!reader.is_deleted(doc));
                    doc = word.seek(doc + 1);
                }
            }
            if let (1.., Ok(key)) = (count, std::str::from_utf8(key)) {
                *counts.entry(dictionaries.word(key).to_owned()).or_default() += count;
            }
            left -= 1;
            Ok(left > 0)
        })?;
    }
    let of = |(word, count): (String, u64)| near.distance(&word).map(|edits| NearWord { edits, count, word });
    let mut found: Vec<NearWord> = counts.into_iter().filter_map(of).collect();
    found.sort_unstable_by(NearWord::order);
    Ok(found)
}

/// Returns true if a document has a term of a segment: those that were deleted do not count, though their words stay
/// until the segment is merged.
fn stands(reader: &SegmentReader, inverted: &InvertedIndexReader, term: &TermInfo) -> tantivy::Result<bool> {
    if !reader.has_deletes() {
        return Ok(true);
    }
    let mut postings = inverted.read_block_postings_from_terminfo(term, IndexRecordOption::Basic)?;
    while !postings.docs().is_empty() {
        if postings.docs().iter().any(|doc| !reader.is_deleted(*doc)) {
            return Ok(true);
        }
        postings.advance();
    }
    Ok(false)
}

/// Returns true if any document has a term.
pub(crate) fn is_in_use(searcher: &Searcher, term: &Term) -> tantivy::Result<bool> {
    for reader in searcher.segment_readers() {
        let inverted = reader.inverted_index(term.field())?;
        if let Some(info) = inverted.get_term_info(term)?
            && stands(reader, &inverted, &info)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A word that is near another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearWord {
    /// As it is written.
    pub word: String,
    /// Its distance.
    pub edits: u8,
    /// In how many documents it is.
    pub count: u64,
}

impl NearWord {
    /// The nearest first, and of those the most frequent.
    pub fn order(&self, other: &Self) -> Ordering {
        let by_edits = self.edits.cmp(&other.edits).then(other.count.cmp(&self.count));
        by_edits.then_with(|| self.word.cmp(&other.word))
    }
}

/// The number of terms of each sort that are looked at in a segment, to choose from.
const MAX_LOOKED_AT: usize = 10_000;
