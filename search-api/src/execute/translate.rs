//! From a [`Query`] to what tantivy runs.

use std::{sync::Arc, time::Instant};

use indexer::{Language, ViewSchema};
use serde_json::Value;
use tantivy::{
    Searcher, Term,
    query::{
        AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery, ExistsQuery,
        Occur, Query as TantivyQuery, TermQuery, TermSetQuery,
    },
    schema::{Field, IndexRecordOption},
};

use super::{
    expand::{Expand, Terms, first_terms},
    fields::{Analysed, AsWhat, Target, target_of, targets, unknown_field},
    lengths::Lengths,
    present::present,
    score::rescored,
};
use crate::query::{
    Bool, FieldBoost, Fuzziness, Near, Need, PatternKind, Phrase, Query, QueryError, Range, Words,
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
            // As much for an object of many fields as for one.
            Query::Exists { field } => Box::new(ConstScoreQuery::new(self.exists(field)?, 1.0)),
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

    pub(super) fn targets(&self, fields: &[FieldBoost]) -> Result<Vec<Target<'_>>, QueryError> {
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
    pub(super) fn whole_value(
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

    /// The same for no more than the first or nearest terms of the index.
    pub(super) fn expand_to(
        &self,
        field: Field,
        terms: Terms,
        most: Option<usize>,
    ) -> Result<Boxed, QueryError> {
        let Some(most) = most else { return Ok(self.expand(field, terms)) };
        let chosen = first_terms(self.searcher, field, &terms, most)
            .map_err(|error| QueryError::illegal(format!("the terms cannot be read: {error}")))?;
        let chosen = chosen.iter().map(|term| Term::from_field_text(field, term));
        Ok(Box::new(ConstScoreQuery::new(Box::new(TermSetQuery::new(chosen)), 1.0)))
    }

    pub(super) fn expand(&self, field: Field, terms: Terms) -> Boxed {
        Box::new(Expand { field, terms: Arc::new(terms), deadline: self.deadline })
    }
}

pub(super) fn refused(error: &crate::query::PatternError) -> QueryError {
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

pub(super) fn boosted(query: Boxed, boost: f32) -> Boxed {
    if boost.to_bits() == 1.0_f32.to_bits() { query } else { Box::new(BoostQuery::new(query, boost)) }
}

pub(super) fn best(mut queries: Vec<Boxed>, tie_breaker: f32) -> Boxed {
    match queries.len() {
        0 => Box::new(EmptyQuery),
        1 => queries.swap_remove(0),
        _ => Box::new(DisjunctionMaxQuery::with_tie_breaker(queries, tie_breaker)),
    }
}

pub(super) fn any(mut queries: Vec<Boxed>) -> Boxed {
    match queries.len() {
        0 => Box::new(EmptyQuery),
        1 => queries.swap_remove(0),
        _ => Box::new(BooleanQuery::union(queries)),
    }
}

pub(super) fn needed(mut queries: Vec<Boxed>, need: &Need) -> Result<Boxed, QueryError> {
    let count = queries.len();
    let minimum = need.of(count)?;
    Ok(match count {
        0 => Box::new(EmptyQuery),
        1 => queries.swap_remove(0),
        _ if minimum == count => Box::new(BooleanQuery::intersection(queries)),
        _ => Box::new(BooleanQuery::union_with_minimum_required_clauses(queries, minimum.max(1))),
    })
}
