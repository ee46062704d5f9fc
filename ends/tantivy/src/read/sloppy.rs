//! Words near each other: a phrase whose words may be moved.
//!
//! Where they stand is found by [`each_match`]. A long phrase without any slop is one of these, too.

use std::sync::Arc;

use query::each_match;
use tantivy::{
    DocId, DocSet, Score, SegmentReader, TERMINATED, Term,
    fieldnorm::FieldNormReader,
    postings::{Postings, SegmentPostings},
    query::{Bm25Weight, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight},
    schema::{Field, IndexRecordOption},
};

use super::{
    budget::{Budget, Steps},
    score::score_of,
};

/// A phrase whose words may be moved by so many places together.
#[derive(Debug, Clone)]
pub(super) struct Sloppy {
    pub(super) field: Field,
    /// At least one.
    pub(super) terms: Vec<Term>,
    pub(super) slop: u32,
    pub(super) budget: Arc<Budget>,
}

impl Query for Sloppy {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let bm25 = match scoring {
            EnableScoring::Enabled { statistics_provider, .. } => {
                Some(Bm25Weight::for_terms(statistics_provider, &self.terms)?)
            }
            EnableScoring::Disabled { .. } => None,
        };
        Ok(Box::new(SloppyWeight { query: self.clone(), bm25 }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.terms.iter().for_each(|term| visitor(term, true));
    }
}

struct SloppyWeight {
    query: Sloppy,
    bm25: Option<Bm25Weight>,
}

impl Weight for SloppyWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let inverted = reader.inverted_index(self.query.field)?;
        // However often a word is in the phrase, its places are read once.
        let mut different: Vec<&Term> = Vec::with_capacity(self.query.terms.len());
        let mut words = Vec::with_capacity(self.query.terms.len());
        for term in &self.query.terms {
            let known = different.iter().position(|other| *other == term);
            words.push(known.unwrap_or(different.len()));
            different.extend(known.is_none().then_some(term));
        }
        let mut lists = Vec::with_capacity(different.len());
        for term in different {
            match inverted.read_postings(term, IndexRecordOption::WithFreqsAndPositions)? {
                Some(list) => lists.push(list),
                None => return Ok(Box::new(EmptyScorer)),
            }
        }
        let mut scorer = SloppyScorer {
            words,
            places: vec![Vec::new(); lists.len()],
            lists,
            slop: self.query.slop,
            scoring: match &self.bm25 {
                Some(bm25) => Some((bm25.boost_by(boost), reader.get_fieldnorms_reader(self.query.field)?)),
                None => None,
            },
            budget: Arc::clone(&self.query.budget),
            steps: Steps::default(),
            at: 0,
            count: 0,
        };
        scorer.find(0);
        Ok(Box::new(scorer))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let score = score_of(self, reader, doc)?;
        Ok(Explanation::new("words of a phrase near each other", score))
    }
}

struct SloppyScorer {
    /// Of each different word.
    lists: Vec<SegmentPostings>,
    places: Vec<Vec<u32>>,
    /// Which of them each word of the phrase is.
    words: Vec<usize>,
    slop: u32,
    scoring: Option<(Bm25Weight, FieldNormReader)>,
    budget: Arc<Budget>,
    steps: Steps,
    at: DocId,
    /// The number of times that the phrase stands in the document.
    count: u32,
}

impl SloppyScorer {
    /// The first document from `target` on that has the phrase.
    fn find(&mut self, mut target: DocId) -> DocId {
        loop {
            // All lists at one document.
            let mut list = 0;
            while let Some(postings) = self.lists.get_mut(list) {
                let found = if postings.doc() < target { postings.seek(target) } else { postings.doc() };
                if found == TERMINATED || self.steps.more(1, &self.budget) {
                    self.at = TERMINATED;
                    return TERMINATED;
                }
                list = if found > target { 0 } else { list + 1 };
                target = found;
            }
            if self.matches() {
                self.at = target;
                return target;
            }
            target += 1;
        }
    }

    fn matches(&mut self) -> bool {
        let mut read = 0;
        for (list, places) in self.lists.iter_mut().zip(&mut self.places) {
            list.positions(places);
            read += places.len();
        }
        self.steps.more(read, &self.budget);
        let places = |word: &usize| self.places.get(*word).map_or(&[][..], Vec::as_slice);
        let places: Vec<&[u32]> = self.words.iter().map(places).collect();
        let all = self.scoring.is_some();
        let mut count = 0;
        let (steps, budget) = (&mut self.steps, &self.budget);
        let over = |more| steps.more(more, budget);
        each_match(&places, self.slop, over, |_| {
            count += 1;
            !all
        });
        self.count = count;
        count > 0
    }
}

impl DocSet for SloppyScorer {
    fn advance(&mut self) -> DocId {
        if self.at == TERMINATED { TERMINATED } else { self.find(self.at + 1) }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.at >= target { self.at } else { self.find(target) }
    }

    fn doc(&self) -> DocId {
        self.at
    }

    fn size_hint(&self) -> u32 {
        self.lists.iter().map(DocSet::size_hint).min().unwrap_or(0) / 10
    }

    fn cost(&self) -> u64 {
        u64::from(self.size_hint()) * 100 * self.lists.len() as u64
    }
}

impl Scorer for SloppyScorer {
    fn score(&mut self) -> Score {
        match &self.scoring {
            Some((bm25, lengths)) => bm25.score(lengths.fieldnorm_id(self.at), self.count),
            None => 1.0,
        }
    }
}
