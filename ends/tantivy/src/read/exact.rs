//! Words as they are written, out of an index of stems; also beside stems, where a phrase has both.
//!
//! A stemmed field has a field of forms beside it: see [`views::forms`]. A word stands, as it is written, where a form
//! ends in it, and where the stem that is spelt like it stands but no form of that stem does. This holds whatever the
//! languages of the documents are, and counts of words are told apart as their places are.

mod words;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tantivy::{
    BitSet, DocId, DocSet, InvertedIndexReader, Score, SegmentReader, TERMINATED,
    fieldnorm::FieldNormReader,
    index::SegmentId,
    postings::{Postings, SegmentPostings, TermInfo},
    query::{BitSetDocSet, ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight},
    schema::IndexRecordOption,
};
use views::forms::{forms_of, key_of};

use super::{
    budget::{Budget, Steps},
    combined::{B, K1},
    expand::{Of, Rule, Terms, each_of},
    fields::Within,
    score::score_of,
};

pub use self::words::NearWord;
pub(super) use self::words::keys_of_words;
pub(crate) use self::words::{is_in_use, near_words};

/// The ways in which a word of a phrase may stand in a text.
#[derive(Debug, Clone)]
pub(super) enum Spelling {
    /// Written so.
    Word(String),
    /// Written in any of these ways; of so many, if not of all.
    Like(Arc<Terms>, Option<usize>),
    /// However it is written, with one of these keys: its stems by the rules of each language.
    Stems(Vec<String>),
    /// With one of these keys, or written or stemmed in any of these ways, so many of each sort.
    Either(Vec<String>, Arc<Terms>, usize),
}

/// Words that follow each other in one field.
#[derive(Debug, Clone)]
pub(super) struct Exact {
    pub(super) within: Within,
    pub(super) words: Vec<Spelling>,
    /// The number of places that they may be moved altogether.
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
            let tokens = statistics.total_num_tokens(self.within.field)?;
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

/// The two dictionaries of a field in one segment.
struct Dictionaries {
    stems: Arc<InvertedIndexReader>,
    /// The kind of the terms of `stems`.
    of: Of,
    forms: Option<Arc<InvertedIndexReader>>,
}

impl Dictionaries {
    fn open(reader: &SegmentReader, within: Within) -> tantivy::Result<Self> {
        let forms = within.forms.map(|forms| reader.inverted_index(forms)).transpose()?;
        Ok(Self { stems: reader.inverted_index(within.field)?, of: within.terms(), forms })
    }

    /// The forms of a key, at whose places another word stands.
    fn forms_of(&self, key: &[u8]) -> tantivy::Result<Vec<TermInfo>> {
        let mut found = Vec::new();
        let Some(forms) = &self.forms else { return Ok(found) };
        for range in forms_of(key) {
            let mut terms = forms.terms().range().ge(range.start).lt(range.end).into_stream()?;
            while terms.advance() {
                found.push(terms.value().clone());
            }
        }
        Ok(found)
    }

    /// The word that is spelt like a term.
    fn word<'a>(&self, term: &'a str) -> &'a str {
        match self.of {
            Of::Keys => views::forms::stem_of(term),
            Of::Terms | Of::Forms => term,
        }
    }

    /// Words that are written so, so many of each sort.
    fn written<R: Rule>(&self, words: &R, most: usize, budget: &Budget) -> tantivy::Result<Found> {
        let mut found = Found::default();
        if let Some(forms) = &self.forms {
            each_of(words, forms, Of::Forms, budget, &mut |_, form| {
                found.forms.push(form.clone());
                Ok(found.forms.len() < most)
            })?;
        }
        each_of(words, &self.stems, self.of, budget, &mut |key, info| {
            found.stems.push((info.clone(), self.forms_of(key)?));
            Ok(found.stems.len() < most)
        })?;
        Ok(found)
    }

    /// Words of these keys, and those that are written or stemmed so, so many of each sort. None is found twice.
    fn either(&self, keys: &[String], terms: &Terms, most: usize, budget: &Budget) -> tantivy::Result<Found> {
        let mut found = self.stems(keys)?;
        let mut known: HashSet<Vec<u8>> = keys.iter().map(|key| key.as_bytes().to_vec()).collect();
        terms.each(&self.stems, self.of, budget, &mut |key, info| {
            if known.insert(key.to_vec()) {
                found.stems.push((info.clone(), Vec::new()));
            }
            Ok(found.stems.len() < most)
        })?;
        if let Some(forms) = &self.forms {
            terms.each(forms, Of::Forms, budget, &mut |form, info| {
                if key_of(form).is_none_or(|key| !known.contains(key)) {
                    found.forms.push(info.clone());
                }
                Ok(found.forms.len() < most)
            })?;
        }
        Ok(found)
    }

    fn stems(&self, keys: &[String]) -> tantivy::Result<Found> {
        let mut found = Found::default();
        for key in keys {
            found.stems.extend(self.stems.terms().get(key)?.map(|stem| (stem, Vec::new())));
        }
        Ok(found)
    }
}

impl Exact {
    fn find(&self, reader: &SegmentReader) -> tantivy::Result<Vec<Found>> {
        let dictionaries = Dictionaries::open(reader, self.within)?;
        let budget = &self.budget;
        let find = |word: &Spelling| match word {
            Spelling::Word(word) => dictionaries.written(&Literal(word.as_bytes()), usize::MAX, budget),
            Spelling::Like(terms, most) => {
                let most = most.unwrap_or(usize::MAX);
                match terms.as_ref() {
                    Terms::Matching(pattern) => dictionaries.written(pattern, most, budget),
                    Terms::Near(near) => dictionaries.written(near, most, budget),
                }
            }
            Spelling::Stems(keys) => dictionaries.stems(keys),
            Spelling::Either(keys, terms, most) => dictionaries.either(keys, terms, *most, budget),
        };
        self.words.iter().map(find).collect()
    }

    /// Returns true if it is one word that may stand for any number of terms.
    fn is_unbounded(&self) -> bool {
        matches!(self.words.as_slice(), [Spelling::Like(_, None)])
    }
}

/// The largest number of lists that are open at once; more are put together before they are looked at.
const MAX_OPEN: usize = 64;

struct ExactWeight {
    query: Exact,
    idf: f32,
    /// The average length of the field, in words.
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
        let dictionaries = Dictionaries::open(reader, self.query.within)?;
        if let [one] = found.as_slice()
            && one.len() > MAX_OPEN
            && self.query.is_unbounded()
        {
            let docs = self.documents(one, &dictionaries, reader.max_doc())?;
            return Ok(Box::new(ConstScorer::new(BitSetDocSet::from(docs), boost)));
        }
        let record = match found.len() {
            1 => IndexRecordOption::WithFreqs,
            _ => IndexRecordOption::WithFreqsAndPositions,
        };
        let open = |found: &Found| Occurrences::open(found, &dictionaries, record);
        let mut scorer = ExactScorer {
            words: found.iter().map(open).collect::<tantivy::Result<_>>()?,
            slop: self.query.slop,
            budget: Arc::clone(&self.query.budget),
            steps: Steps::default(),
            lengths: reader.get_fieldnorms_reader(self.query.within.field)?,
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
        dictionaries: &Dictionaries,
        max_doc: DocId,
    ) -> tantivy::Result<BitSet> {
        let mut docs = BitSet::with_max_value(max_doc);
        let form = |form: &TermInfo| Found { forms: vec![form.clone()], stems: Vec::new() };
        let stem = |stem: &(TermInfo, Vec<TermInfo>)| Found { forms: Vec::new(), stems: vec![stem.clone()] };
        let mut steps = Steps::default();
        for one in found.forms.iter().map(form).chain(found.stems.iter().map(stem)) {
            let mut words = Occurrences::open(&one, dictionaries, IndexRecordOption::WithFreqs)?;
            let mut doc = words.seek(0);
            while doc != TERMINATED && !steps.more(1, &self.query.budget) {
                docs.insert(doc);
                doc = words.seek(doc + 1);
            }
        }
        Ok(docs)
    }
}

/// The places of one word in one segment.
struct Occurrences {
    forms: Vec<SegmentPostings>,
    stems: Vec<(SegmentPostings, Vec<SegmentPostings>)>,
    /// The document that was sought last.
    doc: DocId,
    /// The number of times that the word is there.
    count: u32,
}

impl Occurrences {
    fn open(found: &Found, dictionaries: &Dictionaries, record: IndexRecordOption) -> tantivy::Result<Self> {
        let open = |terms: &[TermInfo]| -> tantivy::Result<Vec<SegmentPostings>> {
            let Some(forms) = &dictionaries.forms else { return Ok(Vec::new()) };
            let open = |term| Ok(forms.read_postings_from_terminfo(term, record)?);
            terms.iter().map(open).collect()
        };
        let stem = |(stem, others): &(TermInfo, Vec<TermInfo>)| {
            Ok((dictionaries.stems.read_postings_from_terminfo(stem, record)?, open(others)?))
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
    /// The number of times that the words follow each other here.
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

    /// Returns how often the words of this document follow each other: the narrowest stretches that have all of them.
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
            count += u32::from(high - low.0 <= self.slop && (self.slop == 0 || self.apart(&heads)));
            if let Some(head) = heads.get_mut(low.1) {
                *head += 1;
            }
        }
    }

    /// Returns true if these places of the words are places of their own: one word does not stand for two.
    fn apart(&self, heads: &[usize]) -> bool {
        let places = self.places.iter().zip(heads).zip(0_u32..);
        let at = |((places, head), word): ((&Vec<u32>, &usize), u32)| Some(places.get(*head)? + word);
        let mut taken: Vec<u32> = places.filter_map(at).collect();
        taken.sort_unstable();
        taken.is_sorted_by(|one, other| one < other)
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
