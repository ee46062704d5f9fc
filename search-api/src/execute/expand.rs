//! Terms that a pattern or a fuzzy word stands for: the documents of all of them, each with the same score.

use std::{cell::Cell, collections::HashMap, sync::Arc};

use tantivy::{
    BitSet, DocId, DocSet, InvertedIndexReader, Score, SegmentReader,
    postings::TermInfo,
    query::{BitSetDocSet, ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight},
    schema::{Field, IndexRecordOption},
};
use tantivy_fst::Automaton;

use super::budget::{Budget, Steps};
use crate::query::{Near, Pattern, Rows, Run};

/// What terms must be like.
#[derive(Debug, Clone)]
pub(crate) enum Terms {
    Matching(Pattern),
    Near(Near),
}

/// All documents that have such a term in a field.
#[derive(Debug, Clone)]
pub(super) struct Expand {
    pub(super) field: Field,
    pub(super) terms: Arc<Terms>,
    pub(super) budget: Arc<Budget>,
}

impl Query for Expand {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Expand {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut docs = BitSet::with_max_value(reader.max_doc());
        let inverted = reader.inverted_index(self.field)?;
        let mut steps = Steps::default();
        self.terms.each(&inverted, &self.budget, &mut |_, info| {
            let mut postings = inverted.read_block_postings_from_terminfo(info, IndexRecordOption::Basic)?;
            while !postings.docs().is_empty() && !steps.more(postings.docs().len(), &self.budget) {
                for doc in postings.docs() {
                    docs.insert(*doc);
                }
                postings.advance();
            }
            Ok(true)
        })?;
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(docs), boost)))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        let matches = scorer.doc() <= doc && scorer.seek(doc) == doc;
        Ok(Explanation::new("a term that the pattern stands for", if matches { 1.0 } else { 0.0 }))
    }
}

impl Terms {
    /// Hands each term of a segment that is like this to `go_on`, until that says no or the budget is spent.
    fn each(
        &self,
        inverted: &InvertedIndexReader,
        budget: &Budget,
        go_on: &mut dyn FnMut(&[u8], &TermInfo) -> tantivy::Result<bool>,
    ) -> tantivy::Result<()> {
        fn walk<R: Rule>(
            rule: &R,
            inverted: &InvertedIndexReader,
            budget: &Budget,
            go_on: &mut dyn FnMut(&[u8], &TermInfo) -> tantivy::Result<bool>,
        ) -> tantivy::Result<()> {
            let mut terms = inverted.terms().search(Walk::new(rule, budget)).into_stream()?;
            while !budget.is_over() && terms.advance() {
                if !go_on(terms.key(), terms.value())? {
                    break;
                }
            }
            Ok(())
        }
        match self {
            Self::Matching(pattern) => walk(pattern, inverted, budget, go_on),
            Self::Near(near) => walk(near, inverted, budget, go_on),
        }
    }
}

/// What is run over the term dictionary, byte by byte.
pub(super) trait Rule {
    type State: Clone;
    fn begin(&self) -> Self::State;
    fn accepts(&self, state: &Self::State) -> bool;
    fn may_accept(&self, state: &Self::State) -> bool;
    fn byte(&self, state: &Self::State, byte: u8) -> Self::State;
}

impl Rule for Pattern {
    type State = Run;

    fn begin(&self) -> Run {
        self.begin()
    }

    fn accepts(&self, state: &Run) -> bool {
        self.accepts(state)
    }

    fn may_accept(&self, state: &Run) -> bool {
        self.may_accept(state)
    }

    fn byte(&self, state: &Run, byte: u8) -> Run {
        self.byte(*state, byte)
    }
}

impl Rule for Near {
    type State = Rows;

    fn begin(&self) -> Rows {
        self.begin()
    }

    fn accepts(&self, state: &Rows) -> bool {
        self.accepts(state)
    }

    fn may_accept(&self, state: &Rows) -> bool {
        self.may_accept(state)
    }

    fn byte(&self, state: &Rows, byte: u8) -> Rows {
        self.byte(state, byte)
    }
}

/// A walk over the dictionary. It may go on for long without coming to any term, and finds no more when nothing is left
/// to spend.
pub(super) struct Walk<'a, R> {
    rule: &'a R,
    budget: &'a Budget,
    steps: Cell<Steps>,
}

impl<'a, R> Walk<'a, R> {
    pub(super) fn new(rule: &'a R, budget: &'a Budget) -> Self {
        Self { rule, budget, steps: Cell::default() }
    }
}

impl<R: Rule> Automaton for Walk<'_, R> {
    type State = R::State;

    fn start(&self) -> R::State {
        self.rule.begin()
    }

    fn is_match(&self, state: &R::State) -> bool {
        self.rule.accepts(state)
    }

    fn can_match(&self, state: &R::State) -> bool {
        let mut steps = self.steps.take();
        let over = steps.more(1, self.budget);
        self.steps.set(steps);
        !over && self.rule.may_accept(state)
    }

    fn accept(&self, state: &R::State, byte: u8) -> R::State {
        self.rule.byte(state, byte)
    }
}

/// A field's terms that a word or pattern stands for, and in how many documents each is; so many at most.
fn terms_of(
    searcher: &tantivy::Searcher,
    field: Field,
    terms: &Terms,
    most: usize,
    budget: &Budget,
) -> tantivy::Result<HashMap<String, u64>> {
    let mut all: HashMap<String, u64> = HashMap::new();
    for reader in searcher.segment_readers() {
        let inverted = reader.inverted_index(field)?;
        let mut found = 0;
        terms.each(&inverted, budget, &mut |term, info| {
            if let Ok(term) = std::str::from_utf8(term) {
                *all.entry(term.to_owned()).or_default() += u64::from(info.doc_freq);
                found += 1;
            }
            Ok(found < most)
        })?;
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
    budget: &Budget,
) -> tantivy::Result<Vec<String>> {
    let found = terms_of(searcher, field, terms, MAX_LOOKED_AT, budget)?;
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
    budget: &Budget,
) -> tantivy::Result<Vec<(String, u64)>> {
    let edits = crate::query::Fuzziness::AUTO.edits(word);
    let near = Terms::Near(Near::new(word, edits, 1, true));
    Ok(terms_of(searcher, field, &near, MAX_LOOKED_AT, budget)?.into_iter().collect())
}
