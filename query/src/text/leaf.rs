//! The leaves of a query string: words, phrases, patterns and ranges.

use super::{ALL_EXACT, Parser, Syntax, lexer::Token};
use crate::{
    Combine, FieldBoost, Fuzziness, Fuzzy, Need, PatternKind, Phrase, Query, QueryError, Range, Scalar,
    Words, limits::MAX_PATTERN,
};

impl Parser<'_, '_> {
    pub(super) fn leaf(
        &self,
        token: Token,
        fields: Vec<FieldBoost>,
        has_field: bool,
    ) -> Result<Query, QueryError> {
        // Who types does not know how a value is written, as parameters do not.
        let any_case = self.options.syntax == Syntax::Plain;
        let words = |fields, text: String| {
            Query::Words(Words {
                combine: Combine::OneField,
                need: Need::All,
                compounds: true,
                tie_breaker: self.options.tie_breaker,
                any_case,
                ..Words::new(fields, text)
            })
        };
        Ok(match token {
            Token::Word { text, pattern, fuzzy } => {
                if let Some(range) = has_field.then(|| range_of(&text)).flatten() {
                    return Ok(self.range(fields, &range));
                }
                match (pattern, fuzzy) {
                    (Some(pattern), _) if pattern == "*" => match has_field {
                        true => each_field(fields, |field| Query::Exists { field }),
                        false => Query::All,
                    },
                    (Some(pattern), _) => {
                        check_pattern(&pattern)?;
                        if !self.options.leading_wildcard && pattern.starts_with(['*', '?']) {
                            return Err(QueryError::illegal(
                                "a pattern begins with a wildcard, which is not allowed here",
                            ));
                        }
                        let prefix =
                            pattern.strip_suffix('*').filter(|start| !start.contains(['*', '?', '\\']));
                        let pattern = match prefix {
                            Some(prefix) => PatternKind::Prefix(prefix.to_owned()),
                            None => PatternKind::Wildcard(pattern),
                        };
                        Query::Pattern { fields, pattern, any_case }
                    }
                    (None, Some(edits)) => Query::Fuzzy(Fuzzy {
                        fields,
                        value: text,
                        fuzziness: edits.map_or(self.options.fuzziness, Fuzziness::Edits),
                        exact_start: self.options.exact_start,
                        swaps: self.options.swaps,
                        max_expansions: self.options.max_expansions,
                    }),
                    (None, None) => words(fields, text),
                }
            }
            Token::Phrase { text, slop } => Query::Phrase(Phrase {
                slop: slop.unwrap_or(self.options.slop),
                tie_breaker: self.options.tie_breaker,
                any_case,
                ..Phrase::new(fields, text)
            }),
            Token::Regexp(text) => {
                check_pattern(&text)?;
                Query::Pattern { fields, pattern: PatternKind::Regexp(text), any_case }
            }
            Token::Range { from, to } => {
                if !has_field {
                    return Err(QueryError::new("a range needs a field: published:[1931 TO 1935]"));
                }
                let bound = |(text, included): (String, bool)| {
                    (text != "*").then_some((Scalar::Text(text), included))
                };
                self.range(fields, &Range { from: bound(from), to: bound(to), ..Range::default() })
            }
            _ => Query::Nothing,
        })
    }

    fn range(&self, fields: Vec<FieldBoost>, range: &Range) -> Query {
        let time_zone = self.options.time_zone.clone();
        let range = Range { time_zone, ..range.clone() };
        each_field(fields, |field| Query::Range(Range { field, ..range.clone() }))
    }
}

fn check_pattern(pattern: &str) -> Result<(), QueryError> {
    if pattern.len() > MAX_PATTERN {
        return Err(QueryError::illegal(format!(
            "a pattern has {} bytes: at most {MAX_PATTERN} are taken",
            pattern.len()
        )));
    }
    Ok(())
}

/// `>=a`, `<a`, `a..b`, `a..`, `..b`.
fn range_of(text: &str) -> Option<Range> {
    let bound = |text: &str, included| (!text.is_empty()).then(|| (Scalar::from(text), included));
    let (from, to) = if let Some(from) = text.strip_prefix(">=") {
        (bound(from, true), None)
    } else if let Some(from) = text.strip_prefix('>') {
        (bound(from, false), None)
    } else if let Some(to) = text.strip_prefix("<=") {
        (None, bound(to, true))
    } else if let Some(to) = text.strip_prefix('<') {
        (None, bound(to, false))
    } else {
        let (from, to) = text.split_once("..")?;
        (bound(from, true), bound(to, true))
    };
    (from.is_some() || to.is_some()).then(|| Range { from, to, ..Range::default() })
}

fn each_field(fields: Vec<FieldBoost>, make: impl Fn(String) -> Query) -> Query {
    let fields = fields.into_iter().filter(|field| field.name != ALL_EXACT);
    let mut queries: Vec<Query> = fields.map(|field| make(field.name)).collect();
    match (queries.len(), queries.pop()) {
        (1, Some(query)) => query,
        (_, None) => Query::Nothing,
        (_, Some(query)) => {
            queries.push(query);
            Query::Best { queries, tie_breaker: 0.0 }
        }
    }
}
