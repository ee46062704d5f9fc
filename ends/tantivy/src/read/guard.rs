//! Lists of documents that end when nothing is left to spend.
//!
//! Tantivy's scorers walk many lists without handing a document out: an intersection that finds nothing, a `bool` that
//! must not match. The collector, which sees hits only, cannot stop them; a list that ends can. Queries of a few words
//! keep tantivy's own lists, which it scores in blocks: only a query that could take long is guarded.

use std::sync::Arc;

use tantivy::{
    DocId, DocSet, Score, SegmentReader, TERMINATED, Term,
    query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight},
};

use super::budget::{Budget, Steps};

/// One list (or few) of a query.
#[derive(Debug, Clone)]
pub(super) struct Guarded {
    inner: Arc<dyn Query>,
    budget: Arc<Budget>,
}

/// A query whose lists have at most so many places together is over in a tenth of a second.
const FEW: u64 = 20_000_000;

impl Guarded {
    pub(super) fn new(inner: impl Query, budget: &Arc<Budget>) -> Self {
        budget.count_list();
        Self { inner: Arc::new(inner), budget: Arc::clone(budget) }
    }
}

impl Query for Guarded {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let inner = self.inner.weight(scoring)?;
        // By now the whole query is made, and all its lists are counted.
        let docs = scoring.searcher().map_or(u64::MAX, |searcher| searcher.num_docs());
        if self.budget.lists().saturating_mul(docs) <= FEW {
            return Ok(inner);
        }
        Ok(Box::new(GuardedWeight { inner, budget: Arc::clone(&self.budget) }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.inner.query_terms(visitor);
    }
}

struct GuardedWeight {
    inner: Box<dyn Weight>,
    budget: Arc<Budget>,
}

impl Weight for GuardedWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        if self.budget.check() {
            return Ok(Box::new(EmptyScorer));
        }
        let inner = self.inner.scorer(reader, boost)?;
        let budget = Arc::clone(&self.budget);
        Ok(Box::new(GuardedScorer { inner, budget, steps: Steps::default(), ended: false }))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        self.inner.explain(reader, doc)
    }
}

struct GuardedScorer {
    inner: Box<dyn Scorer>,
    budget: Arc<Budget>,
    steps: Steps,
    /// Set by a step of its own: where a list stands changes at no other time.
    ended: bool,
}

impl GuardedScorer {
    fn unless_over(&mut self, next: impl FnOnce(&mut dyn Scorer) -> DocId) -> DocId {
        self.ended |= self.steps.more(1, &self.budget);
        if self.ended { TERMINATED } else { next(self.inner.as_mut()) }
    }
}

impl DocSet for GuardedScorer {
    fn advance(&mut self) -> DocId {
        self.unless_over(|inner| inner.advance())
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.unless_over(|inner| inner.seek(target))
    }

    fn doc(&self) -> DocId {
        if self.ended { TERMINATED } else { self.inner.doc() }
    }

    fn size_hint(&self) -> u32 {
        self.inner.size_hint()
    }

    fn cost(&self) -> u64 {
        self.inner.cost()
    }
}

impl Scorer for GuardedScorer {
    fn score(&mut self) -> Score {
        self.inner.score()
    }
}
