//! Terms that a pattern or a fuzzy word stands for: the documents of all of them, each with the same score.

use std::{collections::HashMap, sync::Arc, time::Instant};

use tantivy::{
    BitSet, DocId, DocSet, InvertedIndexReader, Score, SegmentReader, TantivyError,
    query::{BitSetDocSet, ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight},
    schema::{Field, IndexRecordOption},
};
use tantivy_fst::Automaton;

use crate::query::{Near, Pattern};

/// What terms must be like.
#[derive(Debug, Clone)]
pub(crate) enum Terms {
    Matching(Pattern),
    Near(Near),
}

/// All documents that have such a term in a field.
#[derive(Debug, Clone)]
pub(crate) struct Expand {
    pub(crate) field: Field,
    pub(crate) terms: Arc<Terms>,
    pub(crate) deadline: Instant,
}

/// What the collector and the expansion say when the time is over.
pub(crate) const OUT_OF_TIME: &str = "the search took too long";

impl Query for Expand {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Expand {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut docs = BitSet::with_max_value(reader.max_doc());
        match self.terms.as_ref() {
            Terms::Matching(pattern) => self.expand(reader, Matching(pattern), &mut docs)?,
            Terms::Near(near) => self.expand(reader, Nearby(near), &mut docs)?,
        }
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(docs), boost)))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        let matches = scorer.doc() <= doc && scorer.seek(doc) == doc;
        Ok(Explanation::new("a term that the pattern stands for", if matches { 1.0 } else { 0.0 }))
    }
}

impl Expand {
    fn expand<A>(&self, reader: &SegmentReader, automaton: A, docs: &mut BitSet) -> tantivy::Result<()>
    where
        A: Automaton,
        A::State: Clone,
    {
        let inverted = reader.inverted_index(self.field)?;
        let mut terms = inverted.terms().search(automaton).into_stream()?;
        let mut seen = 0_u32;
        while terms.advance() {
            seen += 1;
            if seen.is_multiple_of(256) && Instant::now() > self.deadline {
                return Err(TantivyError::InternalError(OUT_OF_TIME.to_owned()));
            }
            let mut postings =
                inverted.read_block_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
            while !postings.docs().is_empty() {
                for doc in postings.docs() {
                    docs.insert(*doc);
                }
                postings.advance();
            }
        }
        Ok(())
    }
}

pub(super) struct Matching<'a>(pub(super) &'a Pattern);

impl Automaton for Matching<'_> {
    type State = crate::query::Run;

    fn start(&self) -> Self::State {
        self.0.begin()
    }

    fn is_match(&self, state: &Self::State) -> bool {
        self.0.accepts(state)
    }

    fn can_match(&self, state: &Self::State) -> bool {
        self.0.may_accept(state)
    }

    fn accept(&self, state: &Self::State, byte: u8) -> Self::State {
        self.0.byte(*state, byte)
    }
}

pub(super) struct Nearby<'a>(pub(super) &'a Near);

impl Automaton for Nearby<'_> {
    type State = crate::query::Rows;

    fn start(&self) -> Self::State {
        self.0.begin()
    }

    fn is_match(&self, state: &Self::State) -> bool {
        self.0.accepts(state)
    }

    fn can_match(&self, state: &Self::State) -> bool {
        self.0.may_accept(state)
    }

    fn accept(&self, state: &Self::State, byte: u8) -> Self::State {
        self.0.byte(state, byte)
    }
}

/// A field's terms that a word or pattern stands for, and in how many documents each is; so many at most.
fn terms_of(
    searcher: &tantivy::Searcher,
    field: Field,
    terms: &Terms,
    most: usize,
) -> tantivy::Result<HashMap<String, u64>> {
    fn gather<A: Automaton>(
        inverted: &InvertedIndexReader,
        automaton: A,
        most: usize,
        found: &mut HashMap<String, u64>,
    ) -> tantivy::Result<()>
    where
        A::State: Clone,
    {
        let mut terms = inverted.terms().search(automaton).into_stream()?;
        while found.len() < most && terms.advance() {
            if let Ok(term) = std::str::from_utf8(terms.key()) {
                *found.entry(term.to_owned()).or_default() += u64::from(terms.value().doc_freq);
            }
        }
        Ok(())
    }
    let mut all = HashMap::new();
    for reader in searcher.segment_readers() {
        let inverted = reader.inverted_index(field)?;
        let mut found = HashMap::new();
        match terms {
            Terms::Matching(pattern) => gather(&inverted, Matching(pattern), most, &mut found)?,
            Terms::Near(near) => gather(&inverted, Nearby(near), most, &mut found)?,
        }
        for (term, count) in found {
            *all.entry(term).or_default() += count;
        }
    }
    Ok(all)
}

/// How many terms are looked at, to choose from.
const MAX_LOOKED_AT: usize = 10_000;

/// The terms of a field that a word or pattern stands for, so many at most: of a word the nearest, of a pattern the
/// first in their order.
pub(crate) fn first_terms(
    searcher: &tantivy::Searcher,
    field: Field,
    terms: &Terms,
    most: usize,
) -> tantivy::Result<Vec<String>> {
    let found = terms_of(searcher, field, terms, MAX_LOOKED_AT)?;
    let mut found: Vec<(u8, String)> = found
        .into_keys()
        .map(|term| match terms {
            Terms::Matching(_) => (0, term),
            Terms::Near(near) => (near.distance(&term).unwrap_or(u8::MAX), term),
        })
        .collect();
    found.sort_unstable();
    found.truncate(most);
    Ok(found.into_iter().map(|(_, term)| term).collect())
}

/// The terms of a field that are at most two edits (one for short words) from a word, and in how many documents each is.
pub(crate) fn near_terms(
    searcher: &tantivy::Searcher,
    field: Field,
    word: &str,
) -> tantivy::Result<Vec<(String, u64)>> {
    let edits = crate::query::Fuzziness::AUTO.edits(word);
    let near = Terms::Near(Near::new(word, edits, 1, true));
    Ok(terms_of(searcher, field, &near, MAX_LOOKED_AT)?.into_iter().collect())
}
