//! From a [`Query`] to what tantivy runs.

mod functions;
mod long;
mod range;
mod telling;
mod terms;
mod words;

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use query::{Bool, FieldBoost, Near, Need, Query, QueryError, Range, Scalar, Words};
use tantivy::{
    Searcher,
    query::{
        AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery, ExistsQuery,
        Occur, Query as TantivyQuery,
    },
};

use super::{
    budget::Budget,
    fields::{AsWhat, Target, Within, target_of, targets, unknown_field},
    guard::Guarded,
    lengths::Lengths,
    present::present,
};
use crate::{index::Languages, schema::ViewSchema, segments::Segments};

type Boxed = Box<dyn TantivyQuery>;

/// Everything that a translation needs to know.
pub(crate) struct Translator<'a> {
    pub(crate) schema: &'a ViewSchema,
    pub(crate) languages: &'a Languages,
    pub(crate) searcher: &'a Searcher,
    pub(crate) segments: &'a Segments,
    /// The lengths of texts.
    pub(crate) lengths: &'a Arc<Lengths>,
    /// For `now` in date maths, in milliseconds.
    pub(crate) now: i64,
    pub(crate) budget: &'a Arc<Budget>,
    /// True if a field that is not there matches nothing instead of being refused: another view that is searched has
    /// it.
    pub(crate) may_lack: &'a dyn Fn(&str) -> bool,
    /// The words that documents like these texts and ids share: see [`super::like`].
    pub(crate) like: &'a dyn Fn(&query::Like) -> Result<Query, QueryError>,
    /// The keys of words that are near one, by that one.
    pub(crate) kin: RefCell<HashMap<Near, Arc<BTreeSet<String>>>>,
}

impl Translator<'_> {
    /// Translates.
    ///
    /// # Errors
    /// [`QueryError`]: an unknown field, a value that does not fit its field, a pattern that is refused.
    pub(crate) fn query(&self, query: &Query) -> Result<Boxed, QueryError> {
        Ok(match query {
            Query::All => self.list(AllQuery),
            Query::Nothing => Box::new(EmptyQuery),
            Query::Words(words) => self.words(words)?,
            Query::Phrase(phrase) => self.phrase(phrase)?,
            Query::Terms { field, values, any_case } => self.terms(field, values, *any_case)?,
            Query::Range(range) => self.range(range)?,
            Query::Pattern { fields, pattern, folds, any_case } => {
                self.pattern(fields, pattern, *folds, *any_case)?
            }
            Query::Fuzzy(fuzzy) => self.words(&Words {
                need: Need::All,
                fuzziness: Some(fuzzy.fuzziness),
                exact_start: fuzzy.exact_start,
                swaps: fuzzy.swaps,
                max_expansions: fuzzy.max_expansions,
                ..Words::new(fuzzy.fields.clone(), fuzzy.value.clone())
            })?,
            // As much for an object of many fields as for one.
            Query::Exists { field } => Box::new(ConstScoreQuery::new(self.exists(field)?, 1.0)),
            Query::Ids(ids) => self.ids(ids.iter().cloned()),
            Query::Bool(bool) => self.bool(bool)?,
            Query::Constant(query) => Box::new(ConstScoreQuery::new(self.query(query)?, 1.0)),
            Query::Named(query, _) => self.query(query)?,
            Query::Boosted(query, boost) => Box::new(BoostQuery::new(self.query(query)?, *boost)),
            Query::Best { queries, tie_breaker } => {
                let queries = queries.iter().map(|query| self.query(query)).collect::<Result<_, _>>()?;
                best(queries, *tie_breaker)
            }
            Query::Like(like) => self.query(&(self.like)(like)?)?,
            Query::Scored(scored) => self.scored(scored)?,
        })
    }

    fn targets(&self, fields: &[FieldBoost]) -> Result<Vec<Target<'_>>, QueryError> {
        let is_wanted = |field: &&FieldBoost| {
            targets(self.schema, std::slice::from_ref(field)).is_ok() || !(self.may_lack)(&field.name)
        };
        let known: Vec<FieldBoost> = fields.iter().filter(is_wanted).cloned().collect();
        if known.is_empty() && !fields.is_empty() {
            return Ok(Vec::new());
        }
        targets(self.schema, &known)
    }

    /// Documents by what each has one of, which is no field of their view: their id, or the seq of their event.
    fn by_itself(&self, fields: &[FieldBoost], value: &str) -> Option<Result<Boxed, QueryError>> {
        let [FieldBoost { name, .. }] = fields else { return None };
        let bound = Some((Scalar::from(value), true));
        match name.as_str() {
            "_id" => Some(Ok(self.ids(std::iter::once(value.to_owned())))),
            "_seq" => Some(self.range(&Range {
                field: name.clone(),
                from: bound.clone(),
                to: bound,
                ..Range::default()
            })),
            _ => None,
        }
    }

    /// The field of this name; `None` when it is not there and need not be.
    fn target(&self, name: &str) -> Result<Option<Target<'_>>, QueryError> {
        match target_of(self.schema, name) {
            None if !(self.may_lack)(name) => Err(unknown_field(self.schema, name)),
            target => Ok(target),
        }
    }

    fn exists(&self, name: &str) -> Result<Boxed, QueryError> {
        if matches!(name, "_id" | "_seq") {
            return Ok(self.list(AllQuery));
        }
        if name.contains('*') {
            let targets = self.targets(&[FieldBoost::new(name)])?;
            return Ok(any(targets.iter().map(|target| self.exists_in(target)).collect()));
        }
        if let Some(target) = target_of(self.schema, name) {
            return Ok(self.exists_in(&target));
        }
        // An object such as `images`: any of its fields.
        let prefix = format!("{name}.");
        let inner = self.schema.fields.iter().filter(|field| field.spec.name.starts_with(&prefix));
        let inner: Vec<Boxed> = inner
            .filter_map(|field| target_of(self.schema, field.spec.name))
            .map(|target| self.exists_in(&target))
            .collect();
        match inner.is_empty() {
            true if !(self.may_lack)(name) => Err(unknown_field(self.schema, name)),
            true => Ok(Box::new(EmptyQuery)),
            false => Ok(any(inner)),
        }
    }

    fn exists_in(&self, target: &Target<'_>) -> Boxed {
        match (target.as_what, target.column()) {
            (AsWhat::Text(_, within), _) => self.list(present(within.field)),
            (_, Some(column)) => self.list(ExistsQuery::new(column, false)),
            (_, None) => Box::new(EmptyQuery),
        }
    }

    /// Returns true if any document may have a word here. A field without terms is not looked at: a query in it is the
    /// [`EmptyQuery`], and is left out of those of which any will do.
    fn may_have(&self, within: Within) -> bool {
        let have = |field| self.segments.have_terms(self.searcher, field);
        have(within.field) || within.forms.is_some_and(have)
    }

    /// Returns what walks a list of documents.
    fn list(&self, query: impl TantivyQuery) -> Boxed {
        Box::new(Guarded::new(query, self.budget))
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
            Some(need) => need.of(should.len()),
            None => 0,
        };
        // Where nothing is required, one of those that may be must be, whatever the minimum comes to.
        let minimum = minimum.max(usize::from(required == 0 && !should.is_empty()));
        clauses.extend(should.into_iter().map(|query| (Occur::Should, query)));
        clauses.extend(each(&bool.must_not)?.into_iter().map(|query| (Occur::MustNot, query)));
        if required == 0 && minimum == 0 {
            let score = if bool.must_not.is_empty() { 1.0 } else { 0.0 };
            clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(self.list(AllQuery), score))));
        }
        if let [(Occur::Must | Occur::Should, _)] = clauses.as_slice() {
            return Ok(clauses.pop().map_or_else(|| Box::new(EmptyQuery) as Boxed, |(_, query)| query));
        }
        Ok(Box::new(BooleanQuery::with_minimum_required_clauses(clauses, minimum)))
    }
}

fn boosted(query: Boxed, boost: f32) -> Boxed {
    if is_empty(&query) {
        return query;
    }
    if boost.to_bits() == 1.0_f32.to_bits() { query } else { Box::new(BoostQuery::new(query, boost)) }
}

/// Returns true if a query is known to find nothing.
fn is_empty(query: &Boxed) -> bool {
    query.is::<EmptyQuery>()
}

fn best(mut queries: Vec<Boxed>, tie_breaker: f32) -> Boxed {
    queries.retain(|query| !is_empty(query));
    match queries.len() {
        0 => Box::new(EmptyQuery),
        1 => queries.swap_remove(0),
        _ => Box::new(DisjunctionMaxQuery::with_tie_breaker(queries, tie_breaker)),
    }
}

fn any(mut queries: Vec<Boxed>) -> Boxed {
    queries.retain(|query| !is_empty(query));
    match queries.len() {
        0 => Box::new(EmptyQuery),
        1 => queries.swap_remove(0),
        _ => Box::new(BooleanQuery::union(queries)),
    }
}

fn needed(mut queries: Vec<Boxed>, need: &Need) -> Boxed {
    let count = queries.len();
    let minimum = need.of(count);
    match count {
        0 => Box::new(EmptyQuery),
        1 => queries.swap_remove(0),
        _ if minimum == count && queries.iter().any(is_empty) => Box::new(EmptyQuery),
        _ if minimum == count => Box::new(BooleanQuery::intersection(queries)),
        _ => Box::new(BooleanQuery::union_with_minimum_required_clauses(queries, minimum.max(1))),
    }
}
