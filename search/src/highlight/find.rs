//! Finding what a query looks for in one text.

use std::collections::{BTreeSet, HashMap, VecDeque};

use indexer::end::{Budget, Steps};
use query::{
    Example, FieldBoost, Fuzziness, Near, Pattern, PatternKind, Query, Words, each_match, fold_pattern,
};
use views::{Analyser, EXACT, FieldSpec, Language, Term, first_cell};

use super::any_means;

/// One thing that a query looks for.
#[derive(Debug, Clone)]
pub(super) struct Seek {
    fields: Vec<FieldBoost>,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Words {
        text: String,
        last_is_prefix: bool,
        fuzziness: Option<(Fuzziness, usize)>,
        compounds: bool,
        any_case: bool,
        /// For each word, the languages in whose texts it is not looked for.
        silent: Vec<Vec<Language>>,
    },
    Phrase {
        text: String,
        slop: u32,
        last_is_prefix: bool,
        any_case: bool,
    },
    Pattern {
        pattern: PatternKind,
        folds: bool,
        any_case: bool,
    },
    Exact {
        values: Vec<String>,
        any_case: bool,
    },
}

/// Returns for each of some words the languages in whose documents it is not looked for.
pub(super) type Silent<'a> = dyn Fn(&Words) -> Vec<Vec<Language>> + 'a;

/// Everything that a query looks for; what must not be there is left out.
pub(super) fn seeks_of(query: &Query, silent: &Silent<'_>, seeks: &mut Vec<Seek>) {
    let mut add = |fields: &[FieldBoost], what: What| seeks.push(Seek { fields: fields.to_vec(), what });
    match query {
        Query::Words(words) => add(
            &words.fields,
            What::Words {
                text: words.text.clone(),
                last_is_prefix: words.last_is_prefix,
                fuzziness: words.fuzziness.map(|fuzziness| (fuzziness, words.exact_start)),
                compounds: words.compounds,
                any_case: words.any_case,
                silent: silent(words),
            },
        ),
        Query::Phrase(phrase) => add(
            &phrase.fields,
            What::Phrase {
                text: phrase.text.clone(),
                slop: phrase.slop,
                last_is_prefix: phrase.last_is_prefix,
                any_case: phrase.any_case,
            },
        ),
        Query::Terms { field, values, any_case } => {
            let values = values.iter().map(ToString::to_string).collect();
            add(&[FieldBoost::new(field)], What::Exact { values, any_case: *any_case });
        }
        Query::Pattern { fields, pattern, folds, any_case } => {
            add(fields, What::Pattern { pattern: pattern.clone(), folds: *folds, any_case: *any_case });
        }
        Query::Fuzzy(fuzzy) => add(
            &fuzzy.fields,
            What::Words {
                text: fuzzy.value.clone(),
                last_is_prefix: false,
                fuzziness: Some((fuzzy.fuzziness, fuzzy.exact_start)),
                compounds: false,
                any_case: false,
                silent: Vec::new(),
            },
        ),
        Query::Bool(bool) => {
            for query in bool.must.iter().chain(&bool.should).chain(&bool.filter) {
                seeks_of(query, silent, seeks);
            }
        }
        Query::Constant(query) | Query::Boosted(query, _) | Query::Named(query, _) => {
            seeks_of(query, silent, seeks);
        }
        Query::Scored(scored) => seeks_of(&scored.query, silent, seeks),
        Query::Best { queries, .. } => queries.iter().for_each(|query| seeks_of(query, silent, seeks)),
        Query::Like(like) => {
            for example in &like.like {
                let Example::Text(text) = example else { continue };
                let what = What::Words {
                    text: text.clone(),
                    last_is_prefix: false,
                    fuzziness: None,
                    compounds: false,
                    any_case: false,
                    silent: Vec::new(),
                };
                seeks.push(Seek { fields: like.fields.clone(), what });
            }
        }
        Query::All | Query::Nothing | Query::Range(_) | Query::Exists { .. } | Query::Ids(_) => {}
    }
}

/// A place of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Which of the things looked for it is.
    pub(super) seek: usize,
}

/// Finds in texts of one field and language.
pub(super) struct Seeker {
    readings: Vec<Reading>,
}

/// The words that are looked for among the terms that one analyser makes of a text.
struct Reading {
    /// None takes a text as it is.
    analyser: Option<Analyser>,
    language: Language,
    /// Single words, and for which of the things that are looked for each is.
    terms: HashMap<String, usize>,
    looks: Vec<(usize, Look)>,
}

enum Look {
    /// Terms; with `start`, the last word may begin so instead.
    Sequence { terms: Vec<String>, slop: usize, start: Option<String> },
    /// Words of this stem.
    Stem(String),
    /// Words that are written just so.
    Written(String),
    /// Words that are written or stemmed so.
    Matching(Pattern),
    /// Words that are written almost so.
    Near(Near),
    /// A character of which the index has pairs only.
    Lone(String),
}

impl Look {
    fn takes(&self, stem: &str, written: &str) -> bool {
        match self {
            Self::Stem(own) => own == stem,
            Self::Written(own) => own == written,
            Self::Matching(pattern) => pattern.matches(written) || pattern.matches(stem),
            Self::Near(near) => near.distance(written).is_some() || near.distance(stem).is_some(),
            Self::Sequence { .. } | Self::Lone(_) => false,
        }
    }

    /// Returns how many words in a row it looks at.
    fn words(&self) -> usize {
        match self {
            Self::Sequence { terms, .. } => terms.len(),
            Self::Stem(_) | Self::Written(_) | Self::Matching(_) | Self::Near(_) | Self::Lone(_) => 1,
        }
    }
}

impl Seeker {
    /// For a field under its own name, which stands for its words as they are written too, or under the name of those
    /// alone.
    pub(super) fn new(
        seeks: &[Seek],
        spec: &FieldSpec,
        name: &str,
        language: Language,
        own_field_only: bool,
    ) -> Self {
        let exact = format!("{}{EXACT}", spec.name);
        let mut names = vec![name];
        if own_field_only && name == spec.name && spec.is_stemmed() {
            names.push(&exact);
        }
        let mut readings = Vec::new();
        for name in names {
            let analyser = if name == exact { Some(Analyser::Exact) } else { spec.analyser() };
            let mut reading = Reading { analyser, language, terms: HashMap::new(), looks: Vec::new() };
            for (number, seek) in seeks.iter().enumerate() {
                if !own_field_only || any_means(&seek.fields, name, analyser) {
                    reading.add(number, &seek.what);
                }
            }
            if !reading.is_empty() {
                readings.push(reading);
            }
        }
        Self { readings }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.readings.is_empty()
    }

    /// All matches in a text, in its order, none over another; those found before the budget is spent.
    /// `steps` go on from text to text, so that many short ones cost few looks at the clock.
    pub(super) fn find(&self, text: &str, steps: &mut Steps, budget: &Budget) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        self.readings.iter().for_each(|reading| reading.find(text, steps, budget, &mut spans));
        spans.sort_unstable();
        let mut apart: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            match apart.last_mut() {
                Some(before) if span.start < before.end => before.end = before.end.max(span.end),
                _ => apart.push(span),
            }
        }
        apart
    }
}

impl Reading {
    fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.looks.is_empty()
    }

    fn term(&mut self, number: usize, term: String) {
        self.terms.entry(term).or_insert(number);
    }

    fn add(&mut self, number: usize, what: &What) {
        let Some(analyser) = self.analyser else { return self.add_exact(number, what) };
        let language = self.language;
        let terms = |text: &str| -> Vec<String> {
            analyser.terms(language, text).into_iter().map(|term| term.text).collect()
        };
        match what {
            What::Words { text, last_is_prefix, fuzziness, compounds, silent, .. } => {
                let says_nothing = |at: usize| silent.get(at).is_some_and(|of| of.contains(&language));
                if *compounds && !last_is_prefix {
                    let mut at = 0;
                    for word in text.split_whitespace() {
                        if !says_nothing(at) {
                            self.sequence(number, word, 0, false);
                        }
                        at += written(word).len();
                    }
                    return;
                }
                let written = written(text);
                let last = written.len().saturating_sub(1);
                for (at, (term, word)) in terms(text).into_iter().zip(written).enumerate() {
                    if says_nothing(at) {
                        continue;
                    }
                    if word.is_lone {
                        self.looks.push((number, Look::Lone(word.text.clone())));
                    }
                    if let Some((fuzziness, exact_start)) = fuzziness {
                        let near = Near::new(&word.text, fuzziness.edits(&word.text), *exact_start, true);
                        self.looks.push((number, Look::Near(near)));
                    }
                    if *last_is_prefix && at == last {
                        self.start(number, &word.text);
                    }
                    self.term(number, term);
                }
            }
            What::Phrase { text, slop, last_is_prefix, .. } => {
                self.sequence(number, text, *slop as usize, *last_is_prefix);
            }
            What::Exact { values, any_case } => {
                // As the end takes it: a term that is in the index just so.
                for value in values {
                    let value = if *any_case { value.to_lowercase() } else { value.clone() };
                    let look =
                        if analyser == Analyser::Exact { Look::Written(value) } else { Look::Stem(value) };
                    self.looks.push((number, look));
                }
            }
            What::Pattern { pattern, folds, any_case } => {
                let compiled =
                    pattern.compile(|text| if *folds { fold_pattern(text) } else { text.to_owned() });
                let compiled = compiled.map(|pattern| if *any_case { pattern.any_case() } else { pattern });
                self.looks.extend(compiled.map(|pattern| (number, Look::Matching(pattern))));
            }
        }
    }

    /// Words that begin so.
    fn start(&mut self, number: usize, start: &str) {
        self.looks.extend(Pattern::prefix(start).map(|pattern| (number, Look::Matching(pattern))));
    }

    /// The words of a text in their order, the last perhaps the start of one.
    fn sequence(&mut self, number: usize, text: &str, slop: usize, last_is_prefix: bool) {
        let Some(analyser) = self.analyser else { return };
        let terms = analyser.terms(self.language, text).into_iter().map(|term| term.text);
        let mut terms: Vec<String> = terms.collect();
        let written = written(text);
        let start = written.last().filter(|_| last_is_prefix).map(|last| last.text.clone());
        if terms.len() > 1 {
            self.looks.push((number, Look::Sequence { terms, slop, start }));
            return;
        }
        if let Some(word) = written.first().filter(|word| word.is_lone) {
            self.looks.push((number, Look::Lone(word.text.clone())));
        }
        start.into_iter().for_each(|start| self.start(number, &start));
        terms.pop().into_iter().for_each(|term| self.term(number, term));
    }

    /// In a field of exact values, a value matches as a whole.
    fn add_exact(&mut self, number: usize, what: &What) {
        let (texts, any_case) = match what {
            What::Words { text, any_case, .. } | What::Phrase { text, any_case, .. } => {
                (vec![text], *any_case)
            }
            What::Exact { values, any_case } => (values.iter().collect(), *any_case),
            What::Pattern { pattern, any_case, .. } => {
                let compiled = pattern.compile(str::to_owned);
                let compiled = compiled.map(|pattern| if *any_case { pattern.any_case() } else { pattern });
                self.looks.extend(compiled.map(|pattern| (number, Look::Matching(pattern))));
                return;
            }
        };
        for text in texts {
            match Pattern::literal(text) {
                Ok(pattern) if any_case => self.looks.push((number, Look::Matching(pattern.any_case()))),
                _ => self.term(number, text.clone()),
            }
        }
    }

    fn find(&self, text: &str, steps: &mut Steps, budget: &Budget, spans: &mut Vec<Span>) {
        if steps.more(1, budget) {
            return;
        }
        let Some(analyser) = self.analyser else {
            let term = self.terms.get(text);
            let taken = self.looks.iter().find(|(_, look)| look.takes(text, text)).map(|(seek, _)| seek);
            let seek = term.into_iter().chain(taken).min();
            spans.extend(seek.map(|seek| Span { start: 0, end: text.len(), seek: *seek }));
            return;
        };
        let longest = self.looks.iter().map(|(_, look)| look.words()).max().unwrap_or_default();
        let mut recent: VecDeque<Term> = VecDeque::new();
        let mut moved: Vec<Moved<'_>> =
            self.looks.iter().filter_map(|(seek, look)| Moved::of(*seek, look)).collect();
        analyser.each_term(self.language, text, |term| {
            if steps.more(1 + self.looks.len(), budget) {
                return false;
            }
            moved.iter_mut().for_each(|moved| moved.see(&term));
            let mut add =
                |seek: &usize, start: usize, end: usize| spans.push(Span { start, end, seek: *seek });
            if let Some(seek) = self.terms.get(&term.text) {
                add(seek, term.start, term.end);
            }
            for (seek, look) in &self.looks {
                match look {
                    Look::Sequence { terms: wanted, slop: 0, start } => {
                        if let Some(first) = sequence_ending(&recent, &term, wanted, start.as_deref()) {
                            add(seek, first.start, term.end);
                        }
                    }
                    Look::Lone(character) => {
                        cells_of(text, &term, character).for_each(|(start, end)| add(seek, start, end));
                    }
                    look if look.takes(term.stem(), term.written()) => add(seek, term.start, term.end),
                    _ => {}
                }
            }
            recent.push_back(term);
            if recent.len() >= longest {
                recent.pop_front();
            }
            true
        });
        moved.into_iter().for_each(|moved| moved.find(budget, spans));
    }
}

/// Returns where a character stands in a pair of them: at its start, at its end, or both.
fn cells_of<'t>(text: &'t str, pair: &Term, character: &str) -> impl Iterator<Item = (usize, usize)> + 't {
    let written = text.get(pair.start..pair.end).unwrap_or_default();
    let middle = first_cell(written);
    let is_it = move |part: &str| views::fold(part) == character;
    let first = written.get(..middle).is_some_and(is_it).then_some((pair.start, pair.start + middle));
    let rest = written.get(middle..).filter(|rest| !rest.is_empty());
    let second = rest.is_some_and(is_it).then_some((pair.start + middle, pair.end));
    first.into_iter().chain(second)
}

/// The words of a text as they are written.
fn written(text: &str) -> Vec<Term> {
    Analyser::Exact.terms(Language::Other, text)
}

/// Returns true if a word begins so.
fn begins(term: &Term, start: Option<&str>) -> bool {
    start.is_some_and(|start| term.written().starts_with(start) || term.stem().starts_with(start))
}

/// The first word of a phrase that ends with this term; the terms before it are given.
fn sequence_ending<'t>(
    before: &'t VecDeque<Term>,
    term: &'t Term,
    wanted: &[String],
    start: Option<&str>,
) -> Option<&'t Term> {
    let (last, others) = wanted.split_last()?;
    let fits = *last == term.text || begins(term, start);
    let whole = before.range(before.len().checked_sub(others.len())?..);
    let fits = fits && whole.clone().zip(others).all(|(term, own)| *own == term.text);
    fits.then(|| whole.into_iter().next().unwrap_or(term))
}

/// A phrase whose words may be moved, and where they stand. Words without a gap between them become one span.
struct Moved<'a> {
    seek: usize,
    wanted: &'a [String],
    slop: usize,
    start: Option<&'a str>,
    /// By word, its places in the text.
    places: HashMap<&'a str, Vec<u32>>,
    /// Those of all words that the last may be.
    last: Vec<u32>,
    /// For each place, where its word begins and ends.
    written: Vec<(u32, usize, usize)>,
}

impl<'a> Moved<'a> {
    fn of(seek: usize, look: &'a Look) -> Option<Self> {
        let Look::Sequence { terms: wanted, slop: slop @ 1.., start } = look else { return None };
        let places = wanted.iter().map(|own| (own.as_str(), Vec::new())).collect();
        let (last, written) = (Vec::new(), Vec::new());
        Some(Self { seek, wanted, slop: *slop, start: start.as_deref(), places, last, written })
    }

    /// Takes note of a term of the text.
    fn see(&mut self, term: &Term) {
        let Ok(at) = u32::try_from(term.position) else { return };
        let places = self.places.get_mut(term.text.as_str());
        let may_be_last = self.wanted.last() == Some(&term.text) || begins(term, self.start);
        if places.is_some() || may_be_last {
            self.written.push((at, term.start, term.end));
        }
        if let Some(places) = places {
            places.push(at);
        }
        if may_be_last {
            self.last.push(at);
        }
    }

    /// Adds where the words stand near each other, each place once.
    fn find(self, budget: &Budget, spans: &mut Vec<Span>) {
        let of = |own: &String| self.places.get(own.as_str()).map_or(&[][..], Vec::as_slice);
        let mut lists: Vec<&[u32]> = self.wanted.iter().map(of).collect();
        if let (Some(_), Some(last)) = (self.start, lists.last_mut()) {
            *last = &self.last;
        }
        let mut found = BTreeSet::new();
        let mut steps = Steps::default();
        let slop = u32::try_from(self.slop).unwrap_or(u32::MAX);
        let over = |more| steps.more(more, budget);
        each_match(&lists, slop, over, |at| {
            found.extend(at);
            false
        });
        for place in found {
            let written = self.written.binary_search_by_key(&place, |(at, ..)| *at);
            let written = written.ok().and_then(|number| self.written.get(number));
            spans.extend(written.map(|(_, start, end)| Span { start: *start, end: *end, seek: self.seek }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::endless, *};
    use query::{Fuzzy, Phrase};

    fn marked(query: &Query, name: &str, text: &str) -> String {
        let mut seeks = Vec::new();
        seeks_of(query, &|_| Vec::new(), &mut seeks);
        let seeker = Seeker::new(&seeks, &FieldSpec::text("body", 1.0), name, Language::English, true);
        let mut shown = String::new();
        let mut at = 0;
        for span in seeker.find(text, &mut Steps::default(), &endless()) {
            shown.push_str(&text[at..span.start]);
            shown.push_str(&format!("[{}]", &text[span.start..span.end]));
            at = span.end;
        }
        shown + &text[at..]
    }

    #[test]
    fn everything_that_matches_is_found() {
        let words = |text: &str| Query::Words(Words::new(vec![], text));
        let phrase = |text: &str, slop: u32, last_is_prefix: bool| {
            Query::Phrase(Phrase { slop, last_is_prefix, ..Phrase::new(vec![], text) })
        };
        let pattern =
            |pattern: PatternKind| Query::Pattern { fields: vec![], pattern, folds: true, any_case: false };
        let check =
            |query: Query, text: &str, expected: &str| assert_eq!(marked(&query, "body", text), expected);
        check(words("ferry"), "Ferries and a ferry's bell", "[Ferries] and a [ferry]'s bell");
        check(words("golden gate"), "the gate is golden", "the [gate] is [golden]");
        check(phrase("golden gate", 0, false), "golden gate, gate golden", "[golden gate], gate golden");
        check(phrase("golden gate", 2, false), "golden old gate", "[golden] old [gate]");
        check(phrase("golden ga", 0, true), "a golden gate", "a [golden gate]");
        check(pattern(PatternKind::Prefix("harb".to_owned())), "Harbour harbinger", "[Harbour] [harbinger]");
        check(pattern(PatternKind::Wildcard("h*r".to_owned())), "harbour her his", "[harbour] [her] his");
        check(
            Query::Fuzzy(Fuzzy {
                fields: vec![],
                value: "fery".to_owned(),
                fuzziness: Fuzziness::AUTO,
                exact_start: 0,
                swaps: true,
                max_expansions: None,
            }),
            "a ferry fire",
            "a [ferry] fire",
        );
        let in_headline = Query::Words(Words::new(vec![FieldBoost::new("headline")], "ferry"));
        check(in_headline, "ferry", "ferry");
    }

    #[test]
    fn words_as_they_are_written_are_found_alone() {
        let text = "He runs, a running man; the man was running";
        let in_fields = |fields: &[&str]| fields.iter().map(|field| FieldBoost::new(*field)).collect();
        let words = |fields: &[&str]| Query::Words(Words::new(in_fields(fields), "Running"));
        let check = |fields: &[&str], name: &str, expected: &str| {
            assert_eq!(marked(&words(fields), name, text), expected, "{fields:?}, {name}");
        };
        let all = "He [runs], a [running] man; the man was [running]";
        let exact = "He runs, a [running] man; the man was [running]";
        check(&[], "body", all);
        check(&[], "body.exact", text);
        check(&["_all.exact"], "body", exact);
        check(&["*.exact"], "body.exact", exact);
        check(&["body.exact"], "body", exact);
        check(&["body"], "body.exact", text);
        check(&["body.exact", "body"], "body", all);
        let phrase = Query::Phrase(Phrase::new(vec![FieldBoost::new("body.exact")], "was running"));
        assert_eq!(marked(&phrase, "body", text), "He runs, a running man; the man [was running]");
    }
}
