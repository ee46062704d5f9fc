//! The query DSL of Elasticsearch as it is written: JSON to [`Query`]. What is not known is refused by its name.

use serde_json::{Value, json};

use self::options::share;
use super::{Bool, Need, PatternKind, Query, QueryError, Syntax, Words, json::Reader, limits::Clauses};

mod full_text;
mod options;
mod scored;
mod terms;

/// What reading a query needs to know.
pub struct DslOptions<'a> {
    /// Whether there is a field of this name in any view that is searched.
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

struct Parser<'a, 'c> {
    options: &'a DslOptions<'a>,
    clauses: &'c mut Clauses,
}

type Answer = Result<Query, QueryError>;

impl Parser<'_, '_> {
    fn query(&mut self, value: Value, pointer: &str) -> Answer {
        self.clauses.one().map_err(|error| error.at(pointer))?;
        let mut object = Reader::new(value, pointer)?;
        let Some((name, body)) = object.take_any() else {
            return Err(QueryError::new("a query is expected here, not an empty object").at(pointer));
        };
        let here = object.pointer_to(&name);
        if let Some((other, _)) = object.take_any() {
            return Err(QueryError::new(format!(
                "one query is expected here, not `{name}` and `{other}` beside each other: put them into a `bool`"
            ))
            .at(pointer));
        }
        let parsed = match name.as_str() {
            "match_all" => self.boosted(Reader::new(body, &here)?, |_, _| Ok(Query::All)),
            "match_none" => self.boosted(Reader::new(body, &here)?, |_, _| Ok(Query::Nothing)),
            "match" => self.of_field(body, &here, "query", Self::match_text),
            "match_bool_prefix" => self.of_field(body, &here, "query", |this, field, object| {
                match this.match_text(field, object)? {
                    Query::Words(words) => Ok(Query::Words(Words { last_is_prefix: true, ..words })),
                    other => Ok(other),
                }
            }),
            "match_phrase" => {
                self.of_field(body, &here, "query", |this, field, object| this.phrase(field, object, false))
            }
            "match_phrase_prefix" => {
                self.of_field(body, &here, "query", |this, field, object| this.phrase(field, object, true))
            }
            "multi_match" => self.boosted(Reader::new(body, &here)?, Self::multi_match),
            "combined_fields" => self.boosted(Reader::new(body, &here)?, Self::combined_fields),
            "query_string" => {
                self.boosted(Reader::new(body, &here)?, |this, object| this.text(object, Syntax::QueryString))
            }
            "simple_query_string" => {
                self.boosted(Reader::new(body, &here)?, |this, object| this.text(object, Syntax::Simple))
            }
            "term" => self.of_field(body, &here, "value", Self::term),
            "terms" => self.boosted(Reader::new(body, &here)?, Self::terms),
            "terms_set" => self.of_field(body, &here, "terms", Self::terms_set),
            "range" => self.of_field(body, &here, "gte", Self::range),
            "prefix" => self.of_field(body, &here, "value", |this, field, object| {
                this.pattern(field, object, PatternKind::Prefix)
            }),
            "wildcard" => self.of_field(body, &here, "value", Self::wildcard),
            "regexp" => self.of_field(body, &here, "value", Self::regexp),
            "fuzzy" => self.of_field(body, &here, "value", Self::fuzzy),
            "exists" => self.boosted(Reader::new(body, &here)?, |_, object| {
                Ok(Query::Exists { field: object.need_text("field")? })
            }),
            "ids" => self.boosted(Reader::new(body, &here)?, Self::ids),
            "bool" => self.boosted(Reader::new(body, &here)?, Self::bool),
            "constant_score" => self.boosted(Reader::new(body, &here)?, |this, object| {
                let filter = object.need("filter")?;
                Ok(Query::Constant(Box::new(this.query(filter, &object.pointer_to("filter"))?)))
            }),
            "dis_max" => self.boosted(Reader::new(body, &here)?, |this, object| {
                let queries = this.queries(object, "queries")?;
                Ok(Query::Best { queries, tie_breaker: share(object, "tie_breaker", 0.0)? })
            }),
            "boosting" => self.boosted(Reader::new(body, &here)?, scored::boosting),
            "function_score" => self.boosted(Reader::new(body, &here)?, scored::function_score),
            "more_like_this" => self.boosted(Reader::new(body, &here)?, scored::more_like_this),
            "nested" => Err(QueryError::new(
                "`nested` is not supported: bylines, images and keywords are plain objects, whose fields are \
                     looked at directly",
            )),
            other => {
                let shown: String = other.chars().take(80).collect();
                Err(QueryError {
                    es_type: "parsing_exception",
                    ..QueryError::new(format!("the query `{shown}` is not supported"))
                })
            }
        };
        parsed.map_err(|error| error.at(here))
    }

    /// Reads the rest with `read`, and the boost and the end itself.
    fn boosted(&mut self, mut object: Reader, read: impl FnOnce(&mut Self, &mut Reader) -> Answer) -> Answer {
        let boost = object.boost()?;
        if object.take("_name").is_some() {
            return Err(QueryError::new("`_name` is not supported: hits do not tell which query they match"));
        }
        let query = read(self, &mut object)?;
        object.end()?;
        Ok(if boost.to_bits() == 1.0_f32.to_bits() { query } else { Query::Boosted(Box::new(query), boost) })
    }

    /// Reads `{"field": {…}}` or its short form `{"field": value}`.
    fn of_field(
        &mut self,
        body: Value,
        pointer: &str,
        short: &str,
        read: impl FnOnce(&mut Self, String, &mut Reader) -> Answer,
    ) -> Answer {
        let mut outer = Reader::new(body, pointer)?;
        let boost = outer.boost()?;
        let (field, inner) = outer
            .take_any()
            .ok_or_else(|| QueryError::new("the name of a field is expected here").at(pointer))?;
        let here = outer.pointer_to(&field);
        outer.end()?;
        let inner = match inner {
            Value::Object(_) => inner,
            value => Value::Object([(short.to_owned(), value)].into_iter().collect()),
        };
        let query = self.boosted(Reader::new(inner, &here)?, |this, object| read(this, field, object))?;
        Ok(if boost.to_bits() == 1.0_f32.to_bits() { query } else { Query::Boosted(Box::new(query), boost) })
    }

    fn bool(&mut self, object: &mut Reader) -> Answer {
        object.only("adjust_pure_negative", &json!(true))?;
        Ok(Query::Bool(Bool {
            must: self.queries(object, "must")?,
            filter: self.queries(object, "filter")?,
            should: self.queries(object, "should")?,
            must_not: self.queries(object, "must_not")?,
            need: object.text("minimum_should_match")?.map(Need::Minimum),
        }))
    }

    fn queries(&mut self, object: &mut Reader, name: &str) -> Result<Vec<Query>, QueryError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(value: Value) -> Answer {
        parse_query(value, "/query", &DslOptions { field: &|_| true }, &mut Clauses::default())
    }

    #[test]
    fn queries_are_read() {
        for query in [
            json!({"match_all": {}}),
            json!({"match": {"body": "ferry"}}),
            json!({"match": {"body": {"query": "ferry fog", "operator": "and", "fuzziness": "AUTO", "boost": 2}}}),
            json!({"match_phrase": {"body": {"query": "golden gate", "slop": 2}}}),
            json!({"match_phrase_prefix": {"body": "golden ga"}}),
            json!({"match_bool_prefix": {"body": "golden ga"}}),
            json!({"multi_match": {"query": "ferry", "fields": ["headline^3", "body"], "type": "cross_fields"}}),
            json!({"query_string": {"query": "ferry AND (fog OR rain)", "default_field": "body"}}),
            json!({"simple_query_string": {"query": "ferry + fog", "fields": ["body"], "default_operator": "and"}}),
            json!({"term": {"section": "City"}}),
            json!({"term": {"section": {"value": "city", "case_insensitive": true}}}),
            json!({"terms": {"section": ["City", "Harbour"], "boost": 1.5}}),
            json!({"range": {"published": {"gte": "1900", "lt": "now-1y/d", "format": "yyyy"}}}),
            json!({"prefix": {"section": "Ci"}}),
            json!({"wildcard": {"section": {"value": "C*y"}}}),
            json!({"regexp": {"section": "C.+y"}}),
            json!({"fuzzy": {"body": {"value": "fery", "fuzziness": 1}}}),
            json!({"exists": {"field": "images"}}),
            json!({"ids": {"values": ["a/1"]}}),
            json!({"bool": {"must": {"match_all": {}}, "should": [{"match": {"body": "x"}}], "minimum_should_match": "1"}}),
            json!({"constant_score": {"filter": {"term": {"section": "City"}}, "boost": 3}}),
            json!({"dis_max": {"queries": [{"match": {"body": "x"}}], "tie_breaker": 0.3}}),
            json!({"boosting": {"positive": {"match_all": {}}, "negative": {"match": {"body": "x"}}, "negative_boost": 0.5}}),
            json!({"more_like_this": {"fields": ["body"], "like": ["ferry", {"_id": "a/1"}], "min_term_freq": 1}}),
            json!({"function_score": {"query": {"match_all": {}}, "functions": [
                {"gauss": {"published": {"origin": "now", "scale": "3650d"}}, "weight": 2}], "boost_mode": "sum"}}),
        ] {
            assert!(parse(query.clone()).is_ok(), "{query}: {:?}", parse(query.clone()));
        }
    }

    #[test]
    fn what_is_not_known_is_refused_by_name_and_place() {
        let check = |query: Value, reason: &str, pointer: &str| {
            let error = parse(query).unwrap_err();
            assert!(error.reason.contains(reason), "{error}");
            assert_eq!(error.pointer, pointer, "{error}");
        };
        check(json!({"geo_shape": {}}), "`geo_shape` is not supported", "/query/geo_shape");
        check(json!({"match": {"body": {"query": "x", "mood": 1}}}), "`mood`", "/query/match/body/mood");
        check(
            json!({"match": {"body": {"query": "x", "lenient": true}}}),
            "`lenient` is not supported here, but for false",
            "/query/match/body/lenient",
        );
        check(json!({"nested": {}}), "looked at directly", "/query/nested");
        check(
            json!({"regexp": {"body": {"value": "x", "flags": "INTERVAL"}}}),
            "`flags`",
            "/query/regexp/body/flags",
        );
        check(json!({"match": {"body": {}}}), "`query` is missing", "/query/match/body");
        check(json!({"match": {"body": [1]}}), "a text", "/query/match/body/query");
        check(json!({"bool": {"must": [{"match_all": {}}, {"x": 1}]}}), "`x`", "/query/bool/must/1/x");
        check(json!({"match_all": {}, "term": {}}), "beside each other", "/query");
        check(json!([]), "an object is expected", "/query");
        check(json!({"term": {"a": {"b": {}}}}), "`value` is missing", "/query/term/a");
        check(json!({"range": {"published": {"gte": {}}}}), "a single value", "/query/range/published");
        check(json!({"terms": {"section": "City"}}), "a list", "/query/terms/section");
        check(json!({"query_string": {"query": "(("}}), "without a `)`", "/query/query_string/query");
    }
}
