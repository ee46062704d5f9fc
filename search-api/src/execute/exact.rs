//! Words as they are written, out of an index of stems.
//!
//! A stemmed field has a field of forms beside it: see [`indexer::form`]. A word stands, as it is written, where a form
//! ends in it, and where the stem that is spelt like it stands but no form of that stem does. This holds whatever the
//! languages of the documents are, and counts of words are told apart as their places are.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use indexer::form::{ALIKE, PART, UNLIKE, forms_of, word_of};
use tantivy::{
    BitSet, DocId, DocSet, InvertedIndexReader, Score, Searcher, SegmentReader, TERMINATED,
    fieldnorm::FieldNormReader,
    index::SegmentId,
    postings::{Postings, SegmentPostings, TermInfo},
    query::{BitSetDocSet, ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight},
    schema::{Field, IndexRecordOption},
};
use tantivy_fst::Automaton;

use super::{
    budget::{Budget, Steps},
    combined::{B, K1},
    expand::{Rule, Terms, Walk},
    score::score_of,
};

/// How a word is written.
#[derive(Debug, Clone)]
pub(super) enum Spelling {
    /// So.
    Word(String),
    /// In any of these ways; of so many, if not of all.
    Like(Arc<Terms>, Option<usize>),
}

/// Words that follow each other in one field.
#[derive(Debug, Clone)]
pub(super) struct Exact {
    pub(super) stems: Field,
    pub(super) forms: Field,
    pub(super) words: Vec<Spelling>,
    /// How many places they may be moved altogether.
    pub(super) slop: u32,
    pub(super) budget: Arc<Budget>,
}

impl Query for Exact {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let mut weight = ExactWeight { query: self.clone(), idf: 0.0, average: 1.0, found: HashMap::new() };
        if let EnableScoring::Enabled { searcher, statistics_provider: statistics } = scoring {
            let documents = statistics.total_num_docs()?;
            let mut frequencies = vec![0_u64; self.words.len()];
            for reader in searcher.segment_readers() {
                let found = self.find(reader)?;
                for (frequency, word) in frequencies.iter_mut().zip(&found) {
                    *frequency += word.frequency();
                }
                weight.found.insert(reader.segment_id(), found);
            }
            let count = documents as f32;
            let idf = |frequency: u64| {
                let with = frequency.min(documents) as f32;
                (1.0 + (count - with + 0.5) / (with + 0.5)).ln()
            };
            weight.idf = frequencies.into_iter().map(idf).sum();
            let tokens = statistics.total_num_tokens(self.stems)?;
            weight.average = (tokens as f32 / count.max(1.0)).max(1.0);
        }
        Ok(Box::new(weight))
    }
}

/// The terms of one segment that a word stands in.
#[derive(Debug, Clone, Default)]
struct Found {
    forms: Vec<TermInfo>,
    /// Each with its forms, at whose places another word stands.
    stems: Vec<(TermInfo, Vec<TermInfo>)>,
}

impl Found {
    fn len(&self) -> usize {
        self.forms.len() + self.stems.len()
    }

    /// In how many documents, at most.
    fn frequency(&self) -> u64 {
        let all = self.forms.iter().chain(self.stems.iter().map(|(stem, _)| stem));
        all.map(|term| u64::from(term.doc_freq)).sum()
    }
}

impl Exact {
    fn find(&self, reader: &SegmentReader) -> tantivy::Result<Vec<Found>> {
        let (stems, forms) = (reader.inverted_index(self.stems)?, reader.inverted_index(self.forms)?);
        let find = |word: &Spelling| match word {
            Spelling::Word(word) => self.gather(&stems, &forms, &Literal(word.as_bytes()), usize::MAX),
            Spelling::Like(terms, most) => {
                let most = most.unwrap_or(usize::MAX);
                match terms.as_ref() {
                    Terms::Matching(pattern) => self.gather(&stems, &forms, pattern, most),
                    Terms::Near(near) => self.gather(&stems, &forms, near, most),
                }
            }
        };
        self.words.iter().map(find).collect()
    }

    fn gather<R: Rule>(
        &self,
        stems: &InvertedIndexReader,
        forms: &InvertedIndexReader,
        words: &R,
        most: usize,
    ) -> tantivy::Result<Found> {
        let mut found = Found::default();
        let mut matching = forms.terms().search(Forms(Walk::new(words, &self.budget))).into_stream()?;
        while found.len() < most && !self.budget.is_over() && matching.advance() {
            found.forms.push(matching.value().clone());
        }
        let mut matching = stems.terms().search(Walk::new(words, &self.budget)).into_stream()?;
        while found.len() < most && !self.budget.is_over() && matching.advance() {
            let mut others = Vec::new();
            for range in forms_of(matching.key()) {
                let mut terms = forms.terms().range().ge(range.start).lt(range.end).into_stream()?;
                while terms.advance() {
                    others.push(terms.value().clone());
                }
            }
            found.stems.push((matching.value().clone(), others));
        }
        Ok(found)
    }
}

/// The words of a field that are like these: the nearest, or the first in their order. Stems that are no words are among
/// them.
pub(super) fn first_words(
    searcher: &Searcher,
    (stems, forms): (Field, Field),
    terms: &Terms,
    most: usize,
    budget: &Budget,
) -> tantivy::Result<Vec<String>> {
    fn gather<R: Rule>(
        reader: &SegmentReader,
        (stems, forms): (Field, Field),
        words: &R,
        budget: &Budget,
        found: &mut BTreeSet<String>,
    ) -> tantivy::Result<()> {
        let (stems, forms) = (reader.inverted_index(stems)?, reader.inverted_index(forms)?);
        let mut matching = forms.terms().search(Forms(Walk::new(words, budget))).into_stream()?;
        for _ in 0..MAX_LOOKED_AT {
            if !matching.advance() {
                break;
            }
            found.extend(word_of(matching.key()).map(str::to_owned));
        }
        let mut matching = stems.terms().search(Walk::new(words, budget)).into_stream()?;
        for _ in 0..MAX_LOOKED_AT {
            if !matching.advance() {
                break;
            }
            found.extend(std::str::from_utf8(matching.key()).map(str::to_owned));
        }
        Ok(())
    }
    let mut found = BTreeSet::new();
    for reader in searcher.segment_readers() {
        match terms {
            Terms::Matching(pattern) => gather(reader, (stems, forms), pattern, budget, &mut found)?,
            Terms::Near(near) => gather(reader, (stems, forms), near, budget, &mut found)?,
        }
    }
    let mut found: Vec<String> = found.into_iter().collect();
    if let Terms::Near(near) = terms {
        found.sort_by_key(|word| near.distance(word).unwrap_or(u8::MAX));
    }
    found.truncate(most);
    Ok(found)
}

/// How many terms of each sort are looked at in a segment, to choose from.
const MAX_LOOKED_AT: usize = 10_000;
/// What more terms than this stand for is put together before it is looked at.
const MAX_OPEN: usize = 64;

struct ExactWeight {
    query: Exact,
    idf: f32,
    /// How long the field is on average, in words.
    average: f32,
    /// By segment; none when nothing is scored.
    found: HashMap<SegmentId, Vec<Found>>,
}

impl Weight for ExactWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let found = match self.found.get(&reader.segment_id()) {
            Some(found) => found,
            None => &self.query.find(reader)?,
        };
        let fields = (reader.inverted_index(self.query.stems)?, reader.inverted_index(self.query.forms)?);
        if let [one] = found.as_slice()
            && one.len() > MAX_OPEN
        {
            let docs = self.documents(one, (&fields.0, &fields.1), reader.max_doc())?;
            return Ok(Box::new(ConstScorer::new(BitSetDocSet::from(docs), boost)));
        }
        let record = match found.len() {
            1 => IndexRecordOption::WithFreqs,
            _ => IndexRecordOption::WithFreqsAndPositions,
        };
        let open = |found: &Found| Occurrences::open(found, (&fields.0, &fields.1), record);
        let mut scorer = ExactScorer {
            words: found.iter().map(open).collect::<tantivy::Result<_>>()?,
            slop: self.query.slop,
            budget: Arc::clone(&self.query.budget),
            steps: Steps::default(),
            lengths: reader.get_fieldnorms_reader(self.query.stems)?,
            factor: self.idf * (K1 + 1.0) * boost,
            average: self.average,
            at: TERMINATED,
            count: 0,
            places: vec![Vec::new(); found.len()],
        };
        scorer.find(0);
        Ok(Box::new(scorer))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let score = score_of(self, reader, doc)?;
        let mut explanation = Explanation::new("BM25, words as they are written", score);
        explanation.add_const("idf", self.idf);
        explanation.add_const("average length", self.average);
        Ok(explanation)
    }
}

impl ExactWeight {
    /// The documents of many words, one after the other.
    fn documents(
        &self,
        found: &Found,
        fields: (&InvertedIndexReader, &InvertedIndexReader),
        max_doc: DocId,
    ) -> tantivy::Result<BitSet> {
        let mut docs = BitSet::with_max_value(max_doc);
        let form = |form: &TermInfo| Found { forms: vec![form.clone()], stems: Vec::new() };
        let stem = |stem: &(TermInfo, Vec<TermInfo>)| Found { forms: Vec::new(), stems: vec![stem.clone()] };
        let mut steps = Steps::default();
        for one in found.forms.iter().map(form).chain(found.stems.iter().map(stem)) {
            let mut words = Occurrences::open(&one, fields, IndexRecordOption::WithFreqs)?;
            let mut doc = words.seek(0);
            while doc != TERMINATED && !steps.more(1, &self.query.budget) {
                docs.insert(doc);
                doc = words.seek(doc + 1);
            }
        }
        Ok(docs)
    }
}

/// Where one word stands in one segment.
struct Occurrences {
    forms: Vec<SegmentPostings>,
    stems: Vec<(SegmentPostings, Vec<SegmentPostings>)>,
    /// The document that was sought last.
    doc: DocId,
    /// How often the word is there.
    count: u32,
}

impl Occurrences {
    fn open(
        found: &Found,
        (stems, forms): (&InvertedIndexReader, &InvertedIndexReader),
        record: IndexRecordOption,
    ) -> tantivy::Result<Self> {
        let open = |terms: &[TermInfo]| -> tantivy::Result<Vec<SegmentPostings>> {
            let open = |term| Ok(forms.read_postings_from_terminfo(term, record)?);
            terms.iter().map(open).collect()
        };
        let stem = |(stem, others): &(TermInfo, Vec<TermInfo>)| {
            Ok((stems.read_postings_from_terminfo(stem, record)?, open(others)?))
        };
        let stems = found.stems.iter().map(stem).collect::<tantivy::Result<_>>()?;
        Ok(Self { forms: open(&found.forms)?, stems, doc: TERMINATED, count: 0 })
    }

    /// The first document from here on that has the word.
    fn seek(&mut self, from: DocId) -> DocId {
        let mut from = from;
        loop {
            let all = self.forms.iter_mut().chain(self.stems.iter_mut().map(|(stem, _)| stem));
            let doc = all.map(|postings| moved(postings, from)).min().unwrap_or(TERMINATED);
            self.doc = doc;
            if doc == TERMINATED {
                return doc;
            }
            self.count = self.forms.iter_mut().map(|form| count_in(form, doc)).sum();
            for (stem, others) in &mut self.stems {
                let others: u32 = others.iter_mut().map(|form| count_in(form, doc)).sum();
                self.count += count_in(stem, doc).saturating_sub(others);
            }
            if self.count > 0 {
                return doc;
            }
            from = doc + 1;
        }
    }

    /// Its places in the document that was sought last, each so much further on.
    fn places(&mut self, offset: u32, places: &mut Vec<u32>) {
        let add = |postings: &mut SegmentPostings, doc: DocId, to: &mut Vec<u32>| {
            if postings.doc() == doc {
                postings.append_positions_with_offset(offset, to);
            }
        };
        places.clear();
        let doc = self.doc;
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for (stem, forms) in &mut self.stems {
            own.clear();
            others.clear();
            add(stem, doc, &mut own);
            forms.iter_mut().for_each(|form| add(form, doc, &mut others));
            others.sort_unstable();
            places.extend(own.iter().filter(|place| others.binary_search(place).is_err()));
        }
        self.forms.iter_mut().for_each(|form| add(form, doc, places));
        places.sort_unstable();
    }
}

fn moved(postings: &mut SegmentPostings, from: DocId) -> DocId {
    if postings.doc() < from { postings.seek(from) } else { postings.doc() }
}

fn count_in(postings: &mut SegmentPostings, doc: DocId) -> u32 {
    if moved(postings, doc) == doc { postings.term_freq() } else { 0 }
}

struct ExactScorer {
    words: Vec<Occurrences>,
    slop: u32,
    budget: Arc<Budget>,
    steps: Steps,
    lengths: FieldNormReader,
    factor: f32,
    average: f32,
    at: DocId,
    /// How often the words follow each other here.
    count: u32,
    /// Of each word, as if all were the last one.
    places: Vec<Vec<u32>>,
}

impl ExactScorer {
    fn find(&mut self, from: DocId) -> DocId {
        let mut from = from;
        self.at = loop {
            let doc = self.shared(from);
            if doc == TERMINATED || self.steps.more(self.words.len(), &self.budget) {
                break TERMINATED;
            }
            self.count = match self.words.as_slice() {
                [one] => one.count,
                _ => self.follow(),
            };
            if self.count > 0 {
                break doc;
            }
            from = doc + 1;
        };
        self.at
    }

    /// The first document from here on that has all words.
    fn shared(&mut self, from: DocId) -> DocId {
        let mut doc = from;
        loop {
            let furthest = self.words.iter_mut().map(|word| word.seek(doc)).max().unwrap_or(TERMINATED);
            if furthest == doc || furthest == TERMINATED {
                return furthest;
            }
            doc = furthest;
        }
    }

    /// How often the words of this document follow each other: the narrowest stretches that have all of them.
    fn follow(&mut self) -> u32 {
        let last = self.words.len().saturating_sub(1);
        for (at, (word, places)) in self.words.iter_mut().zip(&mut self.places).enumerate() {
            word.places((last - at) as u32, places);
        }
        let mut heads = vec![0; self.places.len()];
        let mut count = 0;
        loop {
            let (mut low, mut high) = ((u32::MAX, 0), 0);
            for (word, (places, head)) in self.places.iter().zip(&heads).enumerate() {
                let Some(place) = places.get(*head) else { return count };
                low = low.min((*place, word));
                high = high.max(*place);
            }
            count += u32::from(high - low.0 <= self.slop);
            if let Some(head) = heads.get_mut(low.1) {
                *head += 1;
            }
        }
    }
}

impl DocSet for ExactScorer {
    fn advance(&mut self) -> DocId {
        if self.at == TERMINATED { TERMINATED } else { self.find(self.at + 1) }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.at < target { self.find(target) } else { self.at }
    }

    fn doc(&self) -> DocId {
        self.at
    }

    fn size_hint(&self) -> u32 {
        let of_word = |word: &Occurrences| {
            let all = word.forms.iter().chain(word.stems.iter().map(|(stem, _)| stem));
            all.map(DocSet::size_hint).fold(0, u32::saturating_add)
        };
        self.words.iter().map(of_word).min().unwrap_or(0)
    }
}

impl Scorer for ExactScorer {
    fn score(&mut self) -> Score {
        let length = self.lengths.fieldnorm(self.at) as f32;
        let norm = K1 * (1.0 - B + B * length / self.average);
        let count = self.count as f32;
        self.factor * count / (count + norm)
    }
}

/// Takes one word.
struct Literal<'a>(&'a [u8]);

impl Rule for Literal<'_> {
    type State = Option<usize>;

    fn begin(&self) -> Self::State {
        Some(0)
    }

    fn accepts(&self, state: &Self::State) -> bool {
        *state == Some(self.0.len())
    }

    fn may_accept(&self, state: &Self::State) -> bool {
        state.is_some()
    }

    fn byte(&self, state: &Self::State, byte: u8) -> Self::State {
        state.filter(|at| self.0.get(*at) == Some(&byte)).map(|at| at + 1)
    }
}

/// Takes the forms of the words that another takes.
struct Forms<A>(A);

/// Where in a form.
#[derive(Clone)]
enum At<S> {
    Start,
    /// In the stem, so many bytes of which begin the word.
    Stem(S, usize),
    /// In a stem that says nothing of its word.
    Unlike,
    Word(S),
}

impl<A: Automaton> Automaton for Forms<A>
where
    A::State: Clone,
{
    type State = At<A::State>;

    fn start(&self) -> Self::State {
        At::Start
    }

    fn is_match(&self, state: &Self::State) -> bool {
        matches!(state, At::Word(state) if self.0.is_match(state))
    }

    fn can_match(&self, state: &Self::State) -> bool {
        match state {
            At::Start | At::Unlike => true,
            At::Stem(state, _) | At::Word(state) => self.0.can_match(state),
        }
    }

    fn accept(&self, state: &Self::State, byte: u8) -> Self::State {
        match state {
            At::Start if byte == UNLIKE => At::Unlike,
            At::Start => At::Stem(self.0.accept(&self.0.start(), byte), 1),
            At::Stem(..) | At::Unlike if byte == PART => At::Word(self.0.start()),
            At::Stem(state, alike) if *alike < ALIKE => At::Stem(self.0.accept(state, byte), alike + 1),
            At::Stem(..) | At::Unlike => state.clone(),
            At::Word(state) => At::Word(self.0.accept(state, byte)),
        }
    }
}
