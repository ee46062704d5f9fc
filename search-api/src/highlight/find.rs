//! Finding what a query looks for in one text.

use std::collections::{BTreeSet, HashMap};

use indexer::{Analyser, EXACT, FieldSpec, Language, Term};

use super::any_means;
use crate::{
    execute::{Budget, Repeats, Steps, each_match, fold, lone_char},
    query::{Example, FieldBoost, Fuzziness, Near, Pattern, PatternKind, Query},
};

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
    },
    Phrase {
        text: String,
        slop: u32,
        last_is_prefix: bool,
        any_case: bool,
    },
    Pattern {
        pattern: PatternKind,
        any_case: bool,
    },
    Exact {
        values: Vec<String>,
        any_case: bool,
    },
}

/// Everything that a query looks for; what must not be there is left out.
pub(super) fn seeks_of(query: &Query, seeks: &mut Vec<Seek>) {
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
            let values = values.iter().map(|value| match value {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            add(&[FieldBoost::new(field)], What::Exact { values: values.collect(), any_case: *any_case });
        }
        Query::Pattern { fields, pattern, any_case } => {
            add(fields, What::Pattern { pattern: pattern.clone(), any_case: *any_case });
        }
        Query::Fuzzy { fields, value, fuzziness, exact_start, .. } => add(
            fields,
            What::Words {
                text: value.clone(),
                last_is_prefix: false,
                fuzziness: Some((*fuzziness, *exact_start)),
                compounds: false,
                any_case: false,
            },
        ),
        Query::Bool(bool) => {
            for query in bool.must.iter().chain(&bool.should).chain(&bool.filter) {
                seeks_of(query, seeks);
            }
        }
        Query::Constant(query) | Query::Boosted(query, _) => seeks_of(query, seeks),
        Query::Scored(scored) => seeks_of(&scored.query, seeks),
        Query::Best { queries, .. } => queries.iter().for_each(|query| seeks_of(query, seeks)),
        Query::Like(like) => {
            for example in &like.like {
                let Example::Text(text) = example else { continue };
                let what = What::Words {
                    text: text.clone(),
                    last_is_prefix: false,
                    fuzziness: None,
                    compounds: false,
                    any_case: false,
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

/// What is looked for among the terms that one analyser makes of a text.
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
    /// Words that are written or stemmed so.
    Matching(Pattern),
    /// Words that are written almost so.
    Near(Near),
    /// A character of which the index has pairs only.
    Lone(char),
}

impl Look {
    fn takes(&self, token: Token<'_>) -> bool {
        match self {
            Self::Matching(pattern) => pattern.matches(token.written) || pattern.matches(token.term),
            Self::Near(near) => near.distance(token.written).is_some(),
            Self::Sequence { .. } | Self::Lone(_) => false,
        }
    }
}

/// One word of a text.
#[derive(Clone, Copy)]
struct Token<'t> {
    /// As the index has it.
    term: &'t str,
    written: &'t str,
    start: usize,
    end: usize,
}

impl Token<'_> {
    fn begins(self, start: Option<&str>) -> bool {
        start.is_some_and(|start| self.written.starts_with(start) || self.term.starts_with(start))
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
    pub(super) fn find(&self, text: &str, budget: &Budget) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        self.readings.iter().for_each(|reading| reading.find(text, budget, &mut spans));
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
            What::Words { text, last_is_prefix, fuzziness, compounds, .. } => {
                if *compounds && !last_is_prefix {
                    for word in text.split_whitespace() {
                        self.sequence(number, word, 0, false);
                    }
                    return;
                }
                let written = written(text);
                let last = written.len().saturating_sub(1);
                for (at, (term, word)) in terms(text).into_iter().zip(written).enumerate() {
                    if let Some(character) = lone_char(text, &word) {
                        self.looks.push((number, Look::Lone(character)));
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
            What::Exact { values, .. } => {
                for value in values {
                    self.sequence(number, value, 0, false);
                }
            }
            What::Pattern { pattern, .. } => {
                self.looks.extend(pattern.compile(fold).map(|pattern| (number, Look::Matching(pattern))));
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
        if let Some(character) = written.first().and_then(|word| lone_char(text, word)) {
            self.looks.push((number, Look::Lone(character)));
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
            What::Pattern { pattern, any_case } => {
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

    fn find(&self, text: &str, budget: &Budget, spans: &mut Vec<Span>) {
        if budget.check() {
            return;
        }
        let Some(analyser) = self.analyser else {
            let term = self.terms.get(text);
            let whole = Token { term: text, written: text, start: 0, end: text.len() };
            let taken = self.looks.iter().find(|(_, look)| look.takes(whole)).map(|(seek, _)| seek);
            let seek = term.into_iter().chain(taken).min();
            spans.extend(seek.map(|seek| Span { start: 0, end: text.len(), seek: *seek }));
            return;
        };
        let terms = analyser.terms(self.language, text);
        // The same words, which single terms need not be held against.
        let words = if self.looks.is_empty() { Vec::new() } else { written(text) };
        let tokens: Vec<Token<'_>> =
            terms.iter().enumerate().map(|(at, term)| token_of(term, words.get(at))).collect();
        let mut steps = Steps::default();
        for (at, token) in tokens.iter().enumerate() {
            if steps.more(1 + self.looks.len(), budget) {
                break;
            }
            let mut add =
                |seek: &usize, end: usize| spans.push(Span { start: token.start, end, seek: *seek });
            if let Some(seek) = self.terms.get(token.term) {
                add(seek, token.end);
            }
            for (seek, look) in &self.looks {
                match look {
                    Look::Sequence { terms: wanted, slop: 0, start } => {
                        let here = tokens.get(at..).unwrap_or_default();
                        if let Some(last) = sequence_at(here, wanted, start.as_deref()) {
                            add(seek, last.end);
                        }
                    }
                    look if look.takes(*token) => add(seek, token.end),
                    _ => {}
                }
            }
        }
        for (seek, look) in &self.looks {
            match look {
                Look::Sequence { terms: wanted, slop: slop @ 1.., start } => {
                    let places = near_each_other(&tokens, wanted, *slop, start.as_deref(), budget);
                    let found = places.iter().filter_map(|at| tokens.get(*at as usize));
                    spans.extend(found.map(|token| Span { start: token.start, end: token.end, seek: *seek }));
                }
                Look::Lone(character) => {
                    let found = text.match_indices(*character);
                    let span =
                        |(start, one): (usize, &str)| Span { start, end: start + one.len(), seek: *seek };
                    spans.extend(found.map(span));
                }
                _ => {}
            }
        }
    }
}

fn token_of<'t>(term: &'t Term, written: Option<&'t Term>) -> Token<'t> {
    let written = written.map_or(term.text.as_str(), |written| &written.text);
    Token { term: &term.text, written, start: term.start, end: term.end }
}

/// The words of a text as they are written.
fn written(text: &str) -> Vec<Term> {
    Analyser::Exact.terms(Language::Other, text)
}

/// The last word of a phrase that these words begin with.
fn sequence_at<'t>(tokens: &[Token<'t>], wanted: &[String], start: Option<&str>) -> Option<Token<'t>> {
    let whole = tokens.get(..wanted.len())?;
    let last = wanted.len().saturating_sub(1);
    let fits = |(at, (token, own)): (usize, (&Token<'_>, &String))| {
        own == token.term || (at == last && token.begins(start))
    };
    whole.iter().zip(wanted).enumerate().all(fits).then(|| whole.last().copied())?
}

/// Where the words of a phrase stand that may be moved so far, each place once. Words without a gap between them
/// become one span.
fn near_each_other(
    tokens: &[Token<'_>],
    wanted: &[String],
    slop: usize,
    start: Option<&str>,
    budget: &Budget,
) -> BTreeSet<u32> {
    let mut places: HashMap<&str, Vec<u32>> = wanted.iter().map(|own| (own.as_str(), Vec::new())).collect();
    let mut prefixed: Vec<u32> = Vec::new();
    let last = wanted.last().map(String::as_str);
    for (token, at) in tokens.iter().zip(0..) {
        if let Some(places) = places.get_mut(token.term) {
            places.push(at);
        }
        if token.begins(start) || last == Some(token.term) {
            prefixed.push(at);
        }
    }
    let mut lists: Vec<&[u32]> =
        wanted.iter().map(|own| places.get(own.as_str()).map_or(&[][..], Vec::as_slice)).collect();
    if let (Some(_), Some(last)) = (start, lists.last_mut()) {
        *last = &prefixed;
    }
    let mut found = BTreeSet::new();
    let mut steps = Steps::default();
    each_match(&lists, u32::try_from(slop).unwrap_or(u32::MAX), &Repeats::of(wanted), |at| {
        found.extend(at);
        steps.more(at.len(), budget)
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{Phrase, Words};

    fn marked(query: &Query, name: &str, text: &str) -> String {
        let mut seeks = Vec::new();
        seeks_of(query, &mut seeks);
        let seeker = Seeker::new(&seeks, &FieldSpec::text("body", 1.0), name, Language::English, true);
        let mut shown = String::new();
        let mut at = 0;
        for span in seeker.find(text, &Budget::endless()) {
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
        let pattern = |pattern: PatternKind| Query::Pattern { fields: vec![], pattern, any_case: false };
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
            Query::Fuzzy {
                fields: vec![],
                value: "fery".to_owned(),
                fuzziness: Fuzziness::AUTO,
                exact_start: 0,
                swaps: true,
                max_expansions: None,
            },
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
