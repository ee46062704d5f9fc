//! One word in several fields, scored as if they were one: BM25F.
//!
//! The frequencies of all fields are added up with their weights, and so are their lengths; then BM25 is taken once
//! (S. Robertson, H. Zaragoza, M. Taylor, "Simple BM25 extension to multiple weighted fields", CIKM 2004). A word in
//! the headline and again in the body does not count as two words, as it does when fields are scored apart and added,
//! and a document that has all words in its captions is not beaten by one that repeats one of them in its body.
//!
//! Weights say what fields count beside each other, and nothing else. They make texts as a whole no longer: `k1` grows
//! with the mean weight of their words, as that paper has it, which is the same as dividing all weights by it; otherwise
//! a weighted headline would use up what the body may still add. A word is as rare as the documents are that have it
//! in any of the fields. Lengths are those of [`super::lengths`]: without function words.

use std::{collections::HashMap, sync::Arc};

use tantivy::{
    DocId, DocSet, InvertedIndexReader, Score, SegmentReader, TERMINATED, Term,
    index::SegmentId,
    postings::{Postings, SegmentPostings, TermInfo},
    query::{EnableScoring, Explanation, Query, Scorer, Weight},
    schema::{Field, IndexRecordOption},
};

use super::{
    budget::{Budget, Steps},
    lengths::{Counted, Lengths, Together},
    score::score_of,
};
use crate::segments::Segments;

/// BM25's k1: the saturation of a word's frequency.
pub(super) const K1: f32 = 1.2;
/// BM25's b: the part that a document's length plays.
pub(super) const B: f32 = 0.75;

/// One word (or its stems in several languages) in several fields of text.
#[derive(Debug, Clone)]
pub(super) struct Combined {
    /// The terms, and what their field weighs.
    pub(super) terms: Vec<(Term, f32)>,
    /// All fields that are looked at, for the length of documents.
    pub(super) fields: Vec<Counted>,
    pub(super) lengths: Arc<Lengths>,
    /// The field of the documents' languages.
    pub(super) language: Field,
    pub(super) segments: Segments,
    pub(super) budget: Arc<Budget>,
}

impl Query for Combined {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let mut weight = CombinedWeight {
            query: self.clone(),
            idf: 0.0,
            average: 1.0,
            mean_weight: 1.0,
            segments: HashMap::new(),
        };
        if let EnableScoring::Enabled { searcher, .. } = scoring {
            let (mut with, mut words, mut length, mut documents) = (0, 0.0, 0.0, 0.0);
            let weighed = self.lengths.weighed(&self.fields);
            for reader in searcher.segment_readers() {
                let lengths = match weighed.of(reader) {
                    Some(known) => known,
                    None => self.budget.at_nobodys_cost(|| {
                        self.lengths.count(&weighed, reader, &self.fields, self.language)
                    })?,
                };
                let lists = self.lists(reader)?;
                with += self.documents_with(&lists)?;
                words += lengths.words;
                length += lengths.sum;
                documents += lengths.of.len() as f64;
                weight.segments.insert(reader.segment_id(), (lists, lengths));
            }
            let (all, with) = (documents as f32, with as f32);
            weight.idf = (1.0 + (all - with + 0.5) / (with + 0.5)).ln();
            weight.average = (length / documents.max(1.0)).max(1.0) as f32;
            if words > 0.0 && length > 0.0 {
                weight.mean_weight = (length / words) as f32;
            }
        }
        Ok(Box::new(weight))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.terms.iter().for_each(|(term, _)| visitor(term, false));
    }
}

impl Combined {
    /// Returns the word's lists in a segment.
    fn lists(&self, reader: &SegmentReader) -> tantivy::Result<Vec<List>> {
        let segment = self.segments.get(reader);
        let mut lists = Vec::new();
        for (term, weight) in &self.terms {
            if !segment.has_terms(reader, term.field()) {
                continue;
            }
            let inverted = reader.inverted_index(term.field())?;
            if let Some(info) = inverted.get_term_info(term)? {
                lists.push(List { inverted, info, weight: *weight });
            }
        }
        Ok(lists)
    }

    /// Returns how many documents of a segment have the word, in whichever field and language, given its lists.
    fn documents_with(&self, lists: &[List]) -> tantivy::Result<usize> {
        if let [one] = lists {
            return Ok(one.info.doc_freq as usize);
        }
        let open = |list: &List| list.open(IndexRecordOption::Basic);
        let mut lists: Vec<SegmentPostings> = lists.iter().map(open).collect::<tantivy::Result<_>>()?;
        lists.sort_unstable_by_key(SegmentPostings::doc_freq);
        let Some(mut longest) = lists.pop() else { return Ok(0) };
        let mut count = longest.doc_freq() as usize;
        // Those of the shorter lists are few: they are looked up in the longest.
        let mut others: Vec<DocId> = Vec::new();
        let mut steps = Steps::default();
        for list in &mut lists {
            while list.doc() != TERMINATED && !steps.more(1, &self.budget) {
                others.push(list.doc());
                list.advance();
            }
        }
        others.sort_unstable();
        others.dedup();
        for doc in others {
            if steps.more(1, &self.budget) {
                break;
            }
            if longest.doc() < doc {
                longest.seek(doc);
            }
            count += usize::from(longest.doc() != doc);
        }
        Ok(count)
    }
}

/// The documents of a segment that have a term.
struct List {
    inverted: Arc<InvertedIndexReader>,
    info: TermInfo,
    /// What the term's field weighs.
    weight: f32,
}

impl List {
    fn open(&self, record: IndexRecordOption) -> tantivy::Result<SegmentPostings> {
        Ok(self.inverted.read_postings_from_terminfo(&self.info, record)?)
    }
}

struct CombinedWeight {
    query: Combined,
    idf: f32,
    average: f32,
    /// The mean weight of a word, over the words of all texts.
    mean_weight: f32,
    /// By segment; none when nothing is scored.
    segments: HashMap<SegmentId, (Vec<List>, Arc<Together>)>,
}

impl Weight for CombinedWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let (lists, lengths) = match self.segments.get(&reader.segment_id()) {
            Some((lists, lengths)) => (lists, Some(Arc::clone(lengths))),
            None => (&self.query.lists(reader)?, None),
        };
        let open = |list: &List| Ok((list.open(IndexRecordOption::WithFreqs)?, list.weight));
        let mut scorer = CombinedScorer {
            postings: lists.iter().map(open).collect::<tantivy::Result<_>>()?,
            lengths,
            at: 0,
            factor: self.idf * (K1 + 1.0) * boost,
            average: self.average,
            mean_weight: self.mean_weight,
        };
        scorer.find();
        Ok(Box::new(scorer))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let score = score_of(self, reader, doc)?;
        let mut explanation = Explanation::new("BM25F, one word over several fields", score);
        explanation.add_const("idf", self.idf);
        explanation.add_const("average weighted length", self.average);
        explanation.add_const("mean weight of a word", self.mean_weight);
        Ok(explanation)
    }
}

struct CombinedScorer {
    postings: Vec<(SegmentPostings, f32)>,
    lengths: Option<Arc<Together>>,
    at: DocId,
    factor: f32,
    average: f32,
    mean_weight: f32,
}

impl CombinedScorer {
    fn find(&mut self) -> DocId {
        self.at = self.postings.iter().map(|(postings, _)| postings.doc()).min().unwrap_or(TERMINATED);
        self.at
    }
}

impl DocSet for CombinedScorer {
    fn advance(&mut self) -> DocId {
        for (postings, _) in &mut self.postings {
            if postings.doc() == self.at && self.at != TERMINATED {
                postings.advance();
            }
        }
        self.find()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        for (postings, _) in &mut self.postings {
            if postings.doc() < target {
                postings.seek(target);
            }
        }
        self.find()
    }

    fn doc(&self) -> DocId {
        self.at
    }

    fn size_hint(&self) -> u32 {
        self.postings.iter().map(|(postings, _)| postings.size_hint()).max().unwrap_or(0)
    }
}

impl Scorer for CombinedScorer {
    fn score(&mut self) -> Score {
        let at = self.at;
        let here = self.postings.iter().filter(|(postings, _)| postings.doc() == at);
        let frequency: f32 = here.map(|(postings, weight)| postings.term_freq() as f32 * weight).sum();
        let length = self.lengths.as_ref().and_then(|lengths| lengths.of.get(at as usize)).copied();
        let length = length.unwrap_or(self.average);
        let norm = self.mean_weight * K1 * (1.0 - B + B * length / self.average);
        self.factor * frequency / (frequency + norm)
    }
}
