//! Terms that a pattern or a fuzzy word stands for: the documents of all of them, each with the same score.

use std::{cell::Cell, sync::Arc};

use query::{Near, Pattern, Rows, Run};
use tantivy::{
    BitSet, DocId, DocSet, InvertedIndexReader, Score, SegmentReader,
    postings::TermInfo,
    query::{BitSetDocSet, ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight},
    schema::IndexRecordOption,
};
use tantivy_fst::Automaton;
use views::forms::{ALIKE, UNLIKE, ends_stem};

use super::{
    budget::{Budget, Steps},
    fields::Within,
};

/// The form that terms must have.
#[derive(Debug, Clone)]
pub(crate) enum Terms {
    Matching(Pattern),
    Near(Near),
}

/// All documents that have such a term in a field; of a stemmed one also those that have such a word as it is written.
#[derive(Debug, Clone)]
pub(super) struct Expand {
    pub(super) within: Within,
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
        let mut steps = Steps::default();
        let dictionaries = [(Some(self.within.field), self.within.terms()), (self.within.forms, Of::Forms)];
        for (field, of) in dictionaries {
            let Some(field) = field else { continue };
            let inverted = reader.inverted_index(field)?;
            self.terms.each(&inverted, of, &self.budget, &mut |_, info| {
                let mut postings =
                    inverted.read_block_postings_from_terminfo(info, IndexRecordOption::Basic)?;
                while !postings.docs().is_empty() && !steps.more(postings.docs().len(), &self.budget) {
                    for doc in postings.docs() {
                        docs.insert(*doc);
                    }
                    postings.advance();
                }
                Ok(true)
            })?;
        }
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(docs), boost)))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        let matches = scorer.doc() <= doc && scorer.seek(doc) == doc;
        Ok(Explanation::new("a term that the pattern stands for", if matches { 1.0 } else { 0.0 }))
    }
}

/// The part of a dictionary's keys that is held against words and patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Its terms.
    Terms,
    /// The stems of its keys.
    Keys,
    /// The words of its forms.
    Forms,
}

/// The function that is given each term that is found; `false` ends the search.
type GoOn<'a> = &'a mut dyn FnMut(&[u8], &TermInfo) -> tantivy::Result<bool>;

impl Terms {
    /// Hands each term of a segment that is like this to `go_on`, until that says no or the budget is spent.
    pub(super) fn each(
        &self,
        inverted: &InvertedIndexReader,
        of: Of,
        budget: &Budget,
        go_on: GoOn<'_>,
    ) -> tantivy::Result<()> {
        match self {
            Self::Matching(pattern) => each_of(pattern, inverted, of, budget, go_on),
            Self::Near(near) => each_of(near, inverted, of, budget, go_on),
        }
    }
}

/// Like [`Terms::each`], for any rule.
pub(super) fn each_of<R: Rule>(
    rule: &R,
    inverted: &InvertedIndexReader,
    of: Of,
    budget: &Budget,
    go_on: GoOn<'_>,
) -> tantivy::Result<()> {
    fn walk<A: Automaton>(
        automaton: A,
        inverted: &InvertedIndexReader,
        budget: &Budget,
        go_on: GoOn<'_>,
    ) -> tantivy::Result<()>
    where
        A::State: Clone,
    {
        let mut terms = inverted.terms().search(automaton).into_stream()?;
        while !budget.is_over() && terms.advance() {
            if !go_on(terms.key(), terms.value())? {
                break;
            }
        }
        Ok(())
    }
    let automaton = Walk::new(rule, budget);
    match of {
        Of::Terms => walk(automaton, inverted, budget, go_on),
        Of::Keys => walk(Keys(automaton), inverted, budget, go_on),
        Of::Forms => walk(Forms(automaton), inverted, budget, go_on),
    }
}

/// An automaton that runs over the term dictionary, byte by byte.
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
struct Walk<'a, R> {
    rule: &'a R,
    budget: &'a Budget,
    steps: Cell<Steps>,
}

impl<'a, R> Walk<'a, R> {
    fn new(rule: &'a R, budget: &'a Budget) -> Self {
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

/// Takes the keys of the stems that another takes.
struct Keys<A>(A);

/// A place in a key.
#[derive(Clone)]
enum InKey<S> {
    Stem(S),
    /// Behind the stem.
    End(S),
}

impl<A: Automaton> Automaton for Keys<A>
where
    A::State: Clone,
{
    type State = InKey<A::State>;

    fn start(&self) -> Self::State {
        InKey::Stem(self.0.start())
    }

    fn is_match(&self, state: &Self::State) -> bool {
        let (InKey::Stem(state) | InKey::End(state)) = state;
        self.0.is_match(state)
    }

    fn can_match(&self, state: &Self::State) -> bool {
        match state {
            InKey::Stem(state) => self.0.can_match(state),
            InKey::End(state) => self.0.is_match(state),
        }
    }

    fn accept(&self, state: &Self::State, byte: u8) -> Self::State {
        match state {
            InKey::Stem(state) if ends_stem(byte) => InKey::End(state.clone()),
            InKey::Stem(state) => InKey::Stem(self.0.accept(state, byte)),
            InKey::End(state) => InKey::End(state.clone()),
        }
    }
}

/// Takes the forms of the words that another takes.
struct Forms<A>(A);

/// A place in a form.
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
            At::Start if ends_stem(byte) => At::Word(self.0.start()),
            At::Start => At::Stem(self.0.accept(&self.0.start(), byte), 1),
            At::Stem(..) | At::Unlike if ends_stem(byte) => At::Word(self.0.start()),
            At::Stem(state, alike) if *alike < ALIKE => At::Stem(self.0.accept(state, byte), alike + 1),
            At::Stem(..) | At::Unlike => state.clone(),
            At::Word(state) => At::Word(self.0.accept(state, byte)),
        }
    }
}
