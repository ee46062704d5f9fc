//! The query DSL of Elasticsearch: JSON to [`Query`] and back. What is not known is refused by its name.
//!
//! Each kind of query has a file, with what reads it and what writes it. Some queries that the plain syntax makes have no
//! form in Elasticsearch's DSL; they are written with options of our own: `fields` for a pattern in several fields,
//! `analyze_wildcard` for one whose words are lowered and folded as those of texts are,
//! `case_insensitive` for words, `auto_generate_phrase_queries` for compounds whose parts must follow each other,
//! `last_is_prefix` for a last word that may be the start of one.

mod all;
mod analyzer;
mod best;
mod bool;
mod boosting;
mod constant;
mod distance;
mod exists;
mod fuzzy;
mod ids;
mod like;
mod multi_match;
mod options;
mod pattern;
mod phrase;
mod range;
mod scored;
mod strings;
mod terms;
mod terms_set;
#[cfg(test)]
mod tests;
mod words;
mod written;

use serde_json::Value;

use self::written::Written;
use super::{FieldBoost, Query, QueryError, json::Fields, limits::Clauses};

/// All kinds of queries that can be read.
const KINDS: &[&[Kind]] = &[
    all::KINDS,
    best::KINDS,
    bool::KINDS,
    boosting::KINDS,
    constant::KINDS,
    distance::KINDS,
    exists::KINDS,
    fuzzy::KINDS,
    ids::KINDS,
    like::KINDS,
    multi_match::KINDS,
    pattern::KINDS,
    phrase::KINDS,
    range::KINDS,
    scored::KINDS,
    strings::KINDS,
    terms::KINDS,
    terms_set::KINDS,
    words::KINDS,
];

/// Kinds of Elasticsearch's that are refused with a reason of their own.
const REFUSED: [(&str, &str); 4] = [
    (
        "nested",
        "`nested` is not supported: bylines, images and keywords are plain objects, whose fields are looked at directly",
    ),
    (
        "script_score",
        "`script_score` is not supported: use `function_score` with `field_value_factor`, `gauss`, `exp`, `linear` or \
         `weight`",
    ),
    ("script", "`script` is not supported: nothing from outside is run; use `range`, `terms` or `bool`"),
    ("knn", "`knn` is not supported: there are no vectors; `more_like_this` finds what is alike"),
];

/// A kind of query: its name in the DSL, and how it is read.
struct Kind {
    name: &'static str,
    read: Read,
}

/// The way in which a kind of query is read, by the shape of its JSON. `boost` is read for all of them.
enum Read {
    /// Of its options: `{"bool": {"must": …}}`.
    Options(fn(&mut Parser<'_, '_>, &mut Fields) -> Parsed),
    /// Of a field and its options, `{"match": {"body": {"query": "x"}}}`, or the field and one of them, which is named
    /// here: `{"match": {"body": "x"}}`.
    OfField(&'static str, fn(&mut Parser<'_, '_>, String, &mut Fields) -> Parsed),
    /// Like [`Read::OfField`], or of several fields: `{"prefix": {"fields": ["headline^2", "body"], "value": "x"}}`.
    OfFields(&'static str, fn(&mut Parser<'_, '_>, Vec<FieldBoost>, &mut Fields) -> Parsed),
}

/// The knowledge that reading a query needs.
pub struct DslOptions<'a> {
    /// Returns true if any view that is searched has a field of this name.
    pub field: &'a dyn Fn(&str) -> bool,
}

/// Reads a query, as it stands at `pointer` in a body whose depth and length were checked.
///
/// # Errors
/// [`QueryError`] with the place that is wrong.
pub fn parse_query(
    value: Value,
    pointer: &str,
    options: &DslOptions<'_>,
    clauses: &mut Clauses,
) -> Result<Query, QueryError> {
    Parser { options, clauses }.query(value, pointer)
}

/// Returns the names of all kinds of queries that can be read.
pub fn query_kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().copied().flatten().map(|kind| kind.name)
}

/// Writes a query as JSON that [`parse_query`] reads as an equal one.
pub fn write_query(query: &Query) -> Value {
    written(query).into_json()
}

fn written(query: &Query) -> Written {
    match query {
        Query::All => all::write_all(),
        Query::Nothing => all::write_none(),
        Query::Words(words) => words::write(words),
        Query::Phrase(phrase) => phrase::write(phrase),
        Query::Terms { field, values, any_case } => terms::write(field, values, *any_case),
        Query::Range(range) => range::write(range),
        Query::Pattern { fields, pattern, folds, any_case } => {
            pattern::write(fields, pattern, *folds, *any_case)
        }
        Query::Fuzzy(fuzzy) => fuzzy::write(fuzzy),
        Query::Exists { field } => exists::write(field),
        Query::Ids(ids) => ids::write(ids),
        Query::Bool(bool) => bool::write(bool),
        Query::Constant(query) => constant::write(query),
        Query::Boosted(query, boost) => written(query).boosted(*boost),
        Query::Named(query, name) => written(query).with("_name", name.as_str()),
        Query::Best { queries, tie_breaker } => best::write(queries, *tie_breaker),
        Query::Like(like) => like::write(like),
        Query::Scored(scored) => distance::write(scored).unwrap_or_else(|| scored::write(scored)),
    }
}

struct Parser<'a, 'c> {
    options: &'a DslOptions<'a>,
    clauses: &'c mut Clauses,
}

type Parsed = Result<Query, QueryError>;

impl Parser<'_, '_> {
    fn query(&mut self, value: Value, pointer: &str) -> Parsed {
        self.clauses.one().map_err(|error| error.at(pointer))?;
        let mut object = Fields::new(value, pointer)?;
        let Some((name, body)) = object.take_any() else {
            return Err(QueryError::illegal("a query is expected here, not an empty object").at(pointer));
        };
        let here = object.pointer_to(&name);
        if let Some((other, _)) = object.take_any() {
            return Err(QueryError::new(format!(
                "one query is expected here, not `{name}` and `{other}` beside each other: put them into a `bool`"
            ))
            .at(pointer));
        }
        let kind = KINDS.iter().copied().flatten().find(|kind| kind.name == name);
        let Some(kind) = kind else { return Err(unknown(&name).at(here)) };
        let read = match kind.read {
            Read::Options(read) => Fields::new(body, &here).and_then(|object| self.boosted(object, read)),
            Read::OfField(short, read) => self.of_field(body, &here, short, read),
            Read::OfFields(short, read) => self.of_fields(body, &here, short, read),
        };
        read.map_err(|error| {
            let error = error.at(here);
            // As Elasticsearch's reader of `bool` names whatever is wrong in it.
            if name == "bool" && !error.late { error.named("x_content_parse_exception") } else { error }
        })
    }

    /// Reads the rest with `read`, and the boost and the end itself.
    fn boosted(&mut self, mut object: Fields, read: impl FnOnce(&mut Self, &mut Fields) -> Parsed) -> Parsed {
        let (boost, name) = (object.boost()?, object.text("_name")?);
        let query = read(self, &mut object)?;
        object.end()?;
        Ok(named(query.boosted(boost), name))
    }

    /// Reads `{"field": {…}}` or its short form `{"field": value}`.
    fn of_field(
        &mut self,
        body: Value,
        pointer: &str,
        short: &str,
        read: impl FnOnce(&mut Self, String, &mut Fields) -> Parsed,
    ) -> Parsed {
        let mut outer = Fields::new(body, pointer)?;
        let (boost, name) = (outer.boost()?, outer.text("_name")?);
        let (field, inner) = outer
            .take_any()
            .ok_or_else(|| QueryError::new("the name of a field is expected here").at(pointer))?;
        let here = outer.pointer_to(&field);
        outer.end()?;
        let inner = match inner {
            Value::Object(_) => inner,
            value => Value::Object([(short.to_owned(), value)].into_iter().collect()),
        };
        let query = self.boosted(Fields::new(inner, &here)?, |this, object| read(this, field, object))?;
        Ok(named(query.boosted(boost), name))
    }

    /// Like [`Parser::of_field`], or reads `{"fields": […], …}`.
    fn of_fields(
        &mut self,
        body: Value,
        pointer: &str,
        short: &str,
        read: impl FnOnce(&mut Self, Vec<FieldBoost>, &mut Fields) -> Parsed,
    ) -> Parsed {
        if !body.get("fields").is_some_and(Value::is_array) {
            return self.of_field(body, pointer, short, |this, field, object| {
                read(this, vec![FieldBoost::new(field)], object)
            });
        }
        self.boosted(Fields::new(body, pointer)?, |this, object| {
            let fields = options::fields(object.texts("fields")?)?;
            read(this, fields, object)
        })
    }

    fn queries(&mut self, object: &mut Fields, name: &str) -> Result<Vec<Query>, QueryError> {
        let pointer = object.pointer_to(name);
        match object.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(queries)) => {
                let each = queries.into_iter().enumerate();
                each.map(|(at, query)| self.query(query, &format!("{pointer}/{at}"))).collect()
            }
            Some(query) => Ok(vec![self.query(query, &pointer)?]),
        }
    }
}

fn named(query: Query, name: Option<String>) -> Query {
    match name {
        Some(name) => query.named(name),
        None => query,
    }
}

fn unknown(name: &str) -> QueryError {
    if let Some((_, reason)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        let error = QueryError::new(*reason);
        return if name == "nested" { error.named("query_shard_exception").late() } else { error };
    }
    let shown: String = name.chars().take(80).collect();
    QueryError::new(format!("the query `{shown}` is not supported"))
}
