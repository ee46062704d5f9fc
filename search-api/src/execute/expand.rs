//! Terms that a pattern or a fuzzy word stands for: the documents of all of them, each with the same score.

use std::{sync::Arc, time::Instant};

use tantivy::{
    BitSet, DocId, DocSet, Score, SegmentReader, TantivyError,
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

struct Matching<'a>(&'a Pattern);

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

struct Nearby<'a>(&'a Near);

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

/// The terms of a field that are at most two edits (one for short words) from a word, and in how many documents each is.
pub(crate) fn near_terms(
    searcher: &tantivy::Searcher,
    field: Field,
    word: &str,
) -> tantivy::Result<Vec<(String, u64)>> {
    let edits = crate::query::Fuzziness::Auto(3, 6).edits(word);
    let near = Near::new(word, edits, 1, true);
    let mut found: Vec<(String, u64)> = Vec::new();
    for reader in searcher.segment_readers() {
        let inverted = reader.inverted_index(field)?;
        let mut terms = inverted.terms().search(Nearby(&near)).into_stream()?;
        while terms.advance() {
            let Ok(term) = std::str::from_utf8(terms.key()) else { continue };
            let count = u64::from(terms.value().doc_freq);
            match found.iter().position(|(other, _)| other == term) {
                Some(at) => found.iter_mut().skip(at).take(1).for_each(|(_, sum)| *sum += count),
                None if found.len() < 1_000 => found.push((term.to_owned(), count)),
                None => {}
            }
        }
    }
    Ok(found)
}
