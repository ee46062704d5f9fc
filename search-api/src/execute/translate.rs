//! From a [`Query`] to what tantivy runs.

use std::{sync::Arc, time::Instant};

use indexer::{Language, ViewSchema};
use serde_json::Value;
use tantivy::{
    Searcher, Term,
    query::{
        AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery, ExistsQuery,
        Occur, PhrasePrefixQuery, PhraseQuery, Query as TantivyQuery, TermQuery, TermSetQuery,
    },
    schema::{Field, IndexRecordOption},
};

use super::{
    combined::Combined,
    expand::{Expand, Terms, first_terms},
    fields::{Analysed, AsWhat, Target, target_of, targets, unknown_field},
    lengths::{Counted, Lengths},
    present::present,
    score::rescored,
    stopwords::telling,
};
use crate::query::{
    Bool, Combine, FieldBoost, Fuzziness, Near, Need, PatternKind, Phrase, Query, QueryError, Range, Words,
    limits::MAX_WORDS,
};

pub(super) type Boxed = Box<dyn TantivyQuery>;

/// Everything that a translation needs to know.
pub(crate) struct Translator<'a> {
    pub(crate) schema: &'a ViewSchema,
    pub(crate) languages: &'a [Language],
    pub(crate) searcher: &'a Searcher,
    /// How long texts are.
    pub(crate) lengths: &'a Arc<Lengths>,
    /// For `now` in date maths, in milliseconds.
    pub(crate) now: i64,
    pub(crate) deadline: Instant,
    /// Whether a field that is not there matches nothing instead of being refused: a search over several views.
    pub(crate) lenient: bool,
    /// The words that documents like these texts and ids share: see [`super::like`].
    pub(crate) like: &'a dyn Fn(&crate::query::Like) -> Result<Query, QueryError>,
}

impl Translator<'_> {
    /// Translates.
    ///
    /// # Errors
    /// [`QueryError`]: an unknown field, a value that does not fit its field, a pattern that is refused.
    pub(crate) fn query(&self, query: &Query) -> Result<Boxed, QueryError> {
        Ok(match query {
            Query::All => Box::new(AllQuery),
            Query::Nothing => Box::new(EmptyQuery),
            Query::Words(words) => self.words(words)?,
            Query::Phrase(phrase) => self.phrase(phrase)?,
            Query::Terms { field, values, any_case } => self.terms(field, values, *any_case)?,
            Query::Range(range) => self.range(range)?,
            Query::Pattern { fields, pattern, any_case } => self.pattern(fields, pattern, *any_case)?,
            Query::Fuzzy { fields, value, fuzziness, exact_start, swaps, max_expansions } => {
                let near = |word: &str| Near::new(word, fuzziness.edits(word), *exact_start, *swaps);
                self.fuzzy(fields, value, &near, *max_expansions)?
            }
            Query::Exists { field } => self.exists(field)?,
            Query::Ids(ids) => {
                Box::new(TermSetQuery::new(ids.iter().map(|id| Term::from_field_text(self.schema.id, id))))
            }
            Query::Bool(bool) => self.bool(bool)?,
            Query::Constant(query) => Box::new(ConstScoreQuery::new(self.query(query)?, 1.0)),
            Query::Boosted(query, boost) => Box::new(BoostQuery::new(self.query(query)?, *boost)),
            Query::Best { queries, tie_breaker } => {
                let queries = queries.iter().map(|query| self.query(query)).collect::<Result<_, _>>()?;
                best(queries, *tie_breaker)
            }
            Query::Like(like) => self.query(&(self.like)(like)?)?,
            Query::Scored(scored) => rescored(self, scored)?,
        })
    }

    fn targets(&self, fields: &[FieldBoost]) -> Result<Vec<Target<'_>>, QueryError> {
        if !self.lenient {
            return targets(self.schema, fields);
        }
        let known: Vec<FieldBoost> = fields
            .iter()
            .filter(|field| targets(self.schema, std::slice::from_ref(field)).is_ok())
            .cloned()
            .collect();
        if known.is_empty() && !fields.is_empty() {
            return Ok(Vec::new());
        }
        targets(self.schema, &known)
    }

    /// The field of this name; `None` when it is not there and need not be.
    pub(super) fn target(&self, name: &str) -> Result<Option<Target<'_>>, QueryError> {
        match target_of(self.schema, name) {
            None if !self.lenient => Err(unknown_field(self.schema, name)),
            target => Ok(target),
        }
    }

    fn words(&self, words: &Words) -> Result<Boxed, QueryError> {
        let targets = self.targets(&words.fields)?;
        let one_named = targets.len() == 1 && !words.fields.is_empty();
        let mut analysed: Vec<(Target<'_>, Analysed)> = Vec::new();
        let mut whole: Vec<Boxed> = Vec::new();
        for target in targets {
            match target.as_what {
                AsWhat::Text(analyser, _) => {
                    analysed.push((target, Analysed::new(analyser, self.languages, &words.text)));
                }
                _ => match self.whole_value(&target, &words.text, words.fuzziness) {
                    Ok(query) => whole.push(boosted(query, target.boost)),
                    Err(error) if one_named => return Err(error),
                    Err(_) => {} // a word that is no date cannot be in a field of dates
                },
            }
        }
        let count = analysed.first().map_or(0, |(_, analysed)| analysed.len());
        if count > MAX_WORDS {
            return Err(QueryError::illegal(format!(
                "the text has {count} words: at most {MAX_WORDS} are looked for"
            )));
        }
        if count == 0 && !analysed.is_empty() && whole.is_empty() {
            return Ok(if words.empty_matches_all { Box::new(AllQuery) } else { Box::new(EmptyQuery) });
        }
        // A unit is a word, or the parts of a compound that must follow each other.
        let units: Vec<std::ops::Range<usize>> = match analysed.first() {
            Some((_, first)) if words.compounds => first.units.clone(),
            _ => (0..count).map(|at| at..at + 1).collect(),
        };
        let units =
            if words.need == Need::All { units } else { telling(self, units, &words.text, &analysed) };
        let last = units.len().saturating_sub(1);
        let unit = |target: &Target<'_>, analysed: &Analysed, number: usize, of: &std::ops::Range<usize>| {
            let AsWhat::Text(_, field) = target.as_what else { return Ok(Box::new(EmptyQuery) as Boxed) };
            let prefix = words.last_is_prefix && number == last;
            if of.len() > 1 {
                let phrase = Phrase { last_is_prefix: prefix, ..Phrase::new(Vec::new(), "") };
                return Ok(self.sequence(field, &analysed.sequences(of.clone()), &phrase));
            }
            self.word(field, &analysed.alternatives(of.start), prefix, words)
        };
        let query = if words.combine == Combine::OneField {
            let mut found = Vec::with_capacity(units.len());
            for (number, of) in units.iter().enumerate() {
                let plain =
                    of.len() == 1 && words.fuzziness.is_none() && !(words.last_is_prefix && number == last);
                if plain && analysed.len() > 1 {
                    found.push(self.combined(&analysed, of.start));
                    continue;
                }
                let mut in_fields = Vec::with_capacity(analysed.len());
                for (target, analysed) in &analysed {
                    in_fields.push(boosted(unit(target, analysed, number, of)?, target.boost));
                }
                found.push(best(in_fields, words.tie_breaker));
            }
            needed(found, &words.need)?
        } else {
            let mut in_fields = Vec::with_capacity(analysed.len());
            for (target, analysed) in &analysed {
                let mut found = Vec::with_capacity(units.len());
                for (number, of) in units.iter().enumerate() {
                    found.push(unit(target, analysed, number, of)?);
                }
                in_fields.push(boosted(needed(found, &words.need)?, target.boost));
            }
            match words.combine {
                Combine::AllFields => any(in_fields),
                _ => best(in_fields, words.tie_breaker),
            }
        };
        if whole.is_empty() {
            return Ok(query);
        }
        if !units.is_empty() {
            whole.push(query);
        }
        Ok(best(whole, words.tie_breaker))
    }

    /// One word in one field.
    fn word(
        &self,
        field: Field,
        alternatives: &[&str],
        prefix: bool,
        words: &Words,
    ) -> Result<Boxed, QueryError> {
        let most = words.max_expansions;
        let mut found: Vec<Boxed> = Vec::new();
        for term in alternatives {
            found.push(Box::new(TermQuery::new(
                Term::from_field_text(field, term),
                IndexRecordOption::WithFreqs,
            )));
            if prefix {
                let pattern = PatternKind::Prefix((*term).to_owned()).compile(str::to_owned);
                let pattern = pattern.map_err(|error| refused(&error))?;
                found.push(self.expand_to(field, Terms::Matching(pattern), most)?);
            }
            let edits = words.fuzziness.map_or(0, |fuzziness| fuzziness.edits(term));
            if edits > 0 {
                let near = Near::new(term, edits, words.exact_start, words.swaps);
                found.push(boosted(self.expand_to(field, Terms::Near(near), most)?, FUZZY_WEIGHT));
            }
        }
        Ok(best(found, 0.0))
    }

    /// Several words that follow each other in one field.
    fn sequence(&self, field: Field, sequences: &[&[String]], phrase: &Phrase) -> Boxed {
        let mut found: Vec<Boxed> = Vec::new();
        for sequence in sequences {
            let terms: Vec<Term> = sequence.iter().map(|term| Term::from_field_text(field, term)).collect();
            found.push(match (terms.as_slice(), phrase.last_is_prefix) {
                ([], _) => Box::new(EmptyQuery),
                ([term], false) => Box::new(TermQuery::new(term.clone(), IndexRecordOption::WithFreqs)),
                (_, true) => {
                    let mut query = PhrasePrefixQuery::new(terms);
                    let most = phrase.max_expansions.and_then(|most| u32::try_from(most).ok());
                    query.set_max_expansions(most.unwrap_or(PHRASE_EXPANSIONS).min(MAX_PHRASE_EXPANSIONS));
                    Box::new(query)
                }
                (_, false) => {
                    let places = terms.into_iter().enumerate().collect();
                    Box::new(PhraseQuery::new_with_offset_and_slop(places, phrase.slop))
                }
            });
        }
        best(found, 0.0)
    }

    fn phrase(&self, phrase: &Phrase) -> Result<Boxed, QueryError> {
        let targets = self.targets(&phrase.fields)?;
        let one_named = targets.len() == 1 && !phrase.fields.is_empty();
        let mut in_fields = Vec::new();
        for target in targets {
            let query = match target.as_what {
                AsWhat::Text(analyser, field) => {
                    let analysed = Analysed::new(analyser, self.languages, &phrase.text);
                    if analysed.len() > MAX_WORDS {
                        return Err(QueryError::illegal(format!("a phrase has at most {MAX_WORDS} words")));
                    }
                    match analysed.len() {
                        0 if phrase.empty_matches_all => Box::new(AllQuery),
                        1 => {
                            let word =
                                Words { max_expansions: phrase.max_expansions, ..Words::new(Vec::new(), "") };
                            self.word(field, &analysed.alternatives(0), phrase.last_is_prefix, &word)?
                        }
                        count => {
                            let sequences = analysed.sequences(0..count);
                            self.sequence(field, &sequences, phrase)
                        }
                    }
                }
                _ => match self.whole_value(&target, &phrase.text, None) {
                    Ok(query) => query,
                    Err(error) if one_named => return Err(error),
                    Err(_) => continue,
                },
            };
            in_fields.push(boosted(query, target.boost));
        }
        Ok(best(in_fields, phrase.tie_breaker))
    }

    /// A text as the whole value of a field that is not analysed.
    fn whole_value(
        &self,
        target: &Target<'_>,
        text: &str,
        fuzziness: Option<Fuzziness>,
    ) -> Result<Boxed, QueryError> {
        match target.as_what {
            AsWhat::Exact(field) => Ok(match fuzziness.map(|fuzziness| fuzziness.edits(text)) {
                Some(edits) if edits > 0 => self.expand(field, Terms::Near(Near::new(text, edits, 0, true))),
                _ => Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic)),
            }),
            _ => {
                let value = Value::String(text.to_owned());
                let bound = Some((value, true));
                let field = target.field.spec.name.to_owned();
                self.range_in(target, &Range { field, from: bound.clone(), to: bound, ..Range::default() })
            }
        }
    }

    fn terms(&self, field: &str, values: &[Value], any_case: bool) -> Result<Boxed, QueryError> {
        if field == "_id" {
            let ids = values.iter().map(text_of);
            return Ok(Box::new(TermSetQuery::new(ids.map(|id| Term::from_field_text(self.schema.id, &id)))));
        }
        let Some(target) = self.target(field)? else { return Ok(Box::new(EmptyQuery)) };
        let mut found: Vec<Boxed> = Vec::new();
        match target.as_what {
            AsWhat::Exact(field) if any_case => {
                for value in values {
                    let pattern =
                        crate::query::Pattern::literal(&text_of(value)).map_err(|error| refused(&error))?;
                    found.push(self.expand(field, Terms::Matching(pattern.any_case())));
                }
            }
            AsWhat::Exact(field) if values.len() > 1 => {
                let terms = values.iter().map(|value| Term::from_field_text(field, &text_of(value)));
                found.push(Box::new(TermSetQuery::new(terms)));
            }
            AsWhat::Text(..) => {
                for value in values {
                    let fields = vec![FieldBoost::new(target.field.spec.name)];
                    found.push(self.phrase(&Phrase::new(fields, text_of(value)))?);
                }
            }
            _ => {
                for value in values {
                    found.push(self.whole_value(&target, &text_of(value), None)?);
                }
            }
        }
        Ok(if found.len() == 1 { any(found) } else { Box::new(ConstScoreQuery::new(any(found), 1.0)) })
    }

    fn pattern(
        &self,
        fields: &[FieldBoost],
        pattern: &PatternKind,
        any_case: bool,
    ) -> Result<Boxed, QueryError> {
        let mut found = Vec::new();
        for target in self.targets(fields)? {
            let query: Boxed = match target.as_what {
                AsWhat::Text(analyser, field) => {
                    let fold = |text: &str| fold(text);
                    let folded = pattern.compile(fold).map_err(|error| refused(&error))?;
                    let mut either = vec![self.expand(field, Terms::Matching(folded))];
                    if let PatternKind::Prefix(prefix) = pattern {
                        // `ferries*` finds what is stored as `ferri`.
                        let analysed = Analysed::new(analyser, self.languages, prefix);
                        if analysed.len() == 1 {
                            either.push(self.word(
                                field,
                                &analysed.alternatives(0),
                                false,
                                &Words::new(Vec::new(), ""),
                            )?);
                        }
                    }
                    best(either, 0.0)
                }
                AsWhat::Exact(field) => {
                    let compiled = pattern.compile(str::to_owned).map_err(|error| refused(&error))?;
                    let compiled = if any_case { compiled.any_case() } else { compiled };
                    self.expand(field, Terms::Matching(compiled))
                }
                AsWhat::Number(_) if fields.len() == 1 => {
                    return Err(QueryError::illegal(format!(
                        "`{}` holds numbers or dates, which have no patterns: use a range",
                        target.field.spec.name
                    )));
                }
                AsWhat::Number(_) => continue,
            };
            found.push(boosted(query, target.boost));
        }
        Ok(best(found, 0.0))
    }

    fn fuzzy(
        &self,
        fields: &[FieldBoost],
        value: &str,
        near: &dyn Fn(&str) -> Near,
        most: Option<usize>,
    ) -> Result<Boxed, QueryError> {
        let mut found = Vec::new();
        for target in self.targets(fields)? {
            let expanded = |field, word: &str| self.expand_to(field, Terms::Near(near(word)), most);
            let query = match target.as_what {
                AsWhat::Text(analyser, field) => {
                    let analysed = Analysed::new(analyser, self.languages, value);
                    let mut words = Vec::new();
                    for at in 0..analysed.len().min(MAX_WORDS) {
                        let alternatives = analysed.alternatives(at).into_iter();
                        let either = alternatives.map(|term| expanded(field, term));
                        words.push(best(either.collect::<Result<_, _>>()?, 0.0));
                    }
                    needed(words, &Need::All)?
                }
                AsWhat::Exact(field) => expanded(field, value)?,
                AsWhat::Number(_) => continue,
            };
            found.push(boosted(query, target.boost));
        }
        Ok(best(found, 0.0))
    }

    pub(super) fn exists(&self, name: &str) -> Result<Boxed, QueryError> {
        if matches!(name, "_id" | "_seq") {
            return Ok(Box::new(AllQuery));
        }
        if name.contains('*') {
            let targets = self.targets(&[FieldBoost::new(name)])?;
            return Ok(any(targets.iter().map(|target| exists_in(target)).collect()));
        }
        if let Some(target) = target_of(self.schema, name) {
            return Ok(exists_in(&target));
        }
        // An object such as `images`: any of its fields.
        let prefix = format!("{name}.");
        let inner = self.schema.fields.iter().filter(|field| field.spec.name.starts_with(&prefix));
        let inner: Vec<Boxed> = inner
            .filter_map(|field| target_of(self.schema, field.spec.name))
            .map(|target| exists_in(&target))
            .collect();
        match inner.is_empty() {
            true if !self.lenient => Err(unknown_field(self.schema, name)),
            true => Ok(Box::new(EmptyQuery)),
            false => Ok(any(inner)),
        }
    }

    fn bool(&self, bool: &Bool) -> Result<Boxed, QueryError> {
        let mut clauses: Vec<(Occur, Boxed)> = Vec::new();
        let each =
            |queries: &[Query]| queries.iter().map(|query| self.query(query)).collect::<Result<Vec<_>, _>>();
        clauses.extend(each(&bool.must)?.into_iter().map(|query| (Occur::Must, query)));
        for query in each(&bool.filter)? {
            clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(query, 0.0))));
        }
        let required = clauses.len();
        let should = each(&bool.should)?;
        let minimum = match &bool.need {
            Some(need) => need.of(should.len())?,
            None => usize::from(required == 0 && !should.is_empty()),
        };
        let optional = should.len();
        clauses.extend(should.into_iter().map(|query| (Occur::Should, query)));
        clauses.extend(each(&bool.must_not)?.into_iter().map(|query| (Occur::MustNot, query)));
        if required == 0 && minimum == 0 {
            let score = if optional == 0 && bool.must_not.is_empty() { 1.0 } else { 0.0 };
            clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(AllQuery), score))));
        }
        if let [(Occur::Must | Occur::Should, _)] = clauses.as_slice() {
            return Ok(clauses.pop().map_or_else(|| Box::new(EmptyQuery) as Boxed, |(_, query)| query));
        }
        Ok(Box::new(BooleanQuery::with_minimum_required_clauses(clauses, minimum)))
    }

    /// One word over several fields of text, as if they were one.
    fn combined(&self, analysed: &[(Target<'_>, Analysed)], at: usize) -> Boxed {
        let mut query = Combined {
            terms: Vec::new(),
            fields: Vec::new(),
            lengths: Arc::clone(self.lengths),
            language: self.schema.language,
            deadline: self.deadline,
        };
        for (target, analysed) in analysed {
            let AsWhat::Text(analyser, field) = target.as_what else { continue };
            query.fields.push(Counted { field, analyser, weight: target.boost });
            for term in analysed.alternatives(at) {
                query.terms.push((Term::from_field_text(field, term), target.boost));
            }
        }
        Box::new(query)
    }

    /// The same for no more than the first or nearest terms of the index.
    fn expand_to(&self, field: Field, terms: Terms, most: Option<usize>) -> Result<Boxed, QueryError> {
        let Some(most) = most else { return Ok(self.expand(field, terms)) };
        let chosen = first_terms(self.searcher, field, &terms, most)
            .map_err(|error| QueryError::illegal(format!("the terms cannot be read: {error}")))?;
        let chosen = chosen.iter().map(|term| Term::from_field_text(field, term));
        Ok(Box::new(ConstScoreQuery::new(Box::new(TermSetQuery::new(chosen)), 1.0)))
    }

    fn expand(&self, field: Field, terms: Terms) -> Boxed {
        Box::new(Expand { field, terms: Arc::new(terms), deadline: self.deadline })
    }
}

/// What a word that is almost the one looked for counts.
const FUZZY_WEIGHT: f32 = 0.7;
/// How many words the last word of a phrase may stand for.
const PHRASE_EXPANSIONS: u32 = 200;
/// The same, when a client says how many.
const MAX_PHRASE_EXPANSIONS: u32 = 1_000;

fn refused(error: &crate::query::PatternError) -> QueryError {
    QueryError::illegal(error.to_string())
}

fn exists_in(target: &Target<'_>) -> Boxed {
    match (target.as_what, target.column()) {
        (AsWhat::Text(_, field), _) => present(field),
        (_, Some(column)) => Box::new(ExistsQuery::new(column, false)),
        (_, None) => Box::new(EmptyQuery),
    }
}

/// A value as the text of a term.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Lowered and without diacritics, word characters or not: patterns keep their signs.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() {
            let mut buffer = [0; 4];
            let one = indexer::Analyser::Names.terms(Language::Other, c.encode_utf8(&mut buffer));
            match one.first() {
                Some(term) => folded.push_str(&term.text),
                None => folded.push(c),
            }
        } else {
            folded.push(c);
        }
    }
    folded
}

fn boosted(query: Boxed, boost: f32) -> Boxed {
    if boost.to_bits() == 1.0_f32.to_bits() { query } else { Box::new(BoostQuery::new(query, boost)) }
}

pub(super) fn best(mut queries: Vec<Boxed>, tie_breaker: f32) -> Boxed {
    match queries.len() {
        0 => Box::new(EmptyQuery),
        1 => queries.swap_remove(0),
        _ => Box::new(DisjunctionMaxQuery::with_tie_breaker(queries, tie_breaker)),
    }
}

fn any(mut queries: Vec<Boxed>) -> Boxed {
    match queries.len() {
        0 => Box::new(EmptyQuery),
        1 => queries.swap_remove(0),
        _ => Box::new(BooleanQuery::union(queries)),
    }
}

fn needed(mut queries: Vec<Boxed>, need: &Need) -> Result<Boxed, QueryError> {
    let count = queries.len();
    let minimum = need.of(count)?;
    Ok(match count {
        0 => Box::new(EmptyQuery),
        1 => queries.swap_remove(0),
        _ if minimum == count => Box::new(BooleanQuery::intersection(queries)),
        _ => Box::new(BooleanQuery::union_with_minimum_required_clauses(queries, minimum.max(1))),
    })
}
