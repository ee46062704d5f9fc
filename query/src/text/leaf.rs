//! The leaves of a query string: words, phrases, patterns and ranges.

use views::LOCAL;

use super::{ALL_EXACT, Parser, Syntax, lexer::Token};
use crate::{
    Combine, FieldBoost, Fuzziness, Fuzzy, Need, PatternKind, Phrase, Query, QueryError, Range, Scalar,
    Words, dates::whole, limits::MAX_PATTERN,
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
                lenient: self.options.lenient,
                ..Words::new(fields, text)
            })
        };
        // A bare `~` is the most that there is in the simple syntax, and hangs on the length in the other.
        let usual = match self.options.syntax {
            Syntax::Simple => Fuzziness::Edits(2),
            _ => self.options.fuzziness,
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
                        Query::Pattern { fields, pattern, folds: true, any_case }
                    }
                    (None, Some(edits)) => Query::Fuzzy(Fuzzy {
                        fields,
                        value: text,
                        fuzziness: edits.map_or(usual, Fuzziness::Edits),
                        exact_start: self.options.exact_start,
                        swaps: self.options.swaps,
                        max_expansions: self.options.max_expansions,
                    }),
                    (None, None) if self.are_days(&fields) => self.day(fields, &text),
                    (None, None) => words(fields, text),
                }
            }
            Token::Phrase { text, .. } if self.are_days(&fields) => self.day(fields, &text),
            Token::Phrase { text, slop } => Query::Phrase(Phrase {
                slop: slop.unwrap_or(self.options.slop),
                tie_breaker: self.options.tie_breaker,
                any_case,
                lenient: self.options.lenient,
                ..Phrase::new(fields, text)
            }),
            Token::Regexp(text) => {
                check_pattern(&text)?;
                Query::Pattern { fields, pattern: PatternKind::Regexp(text), folds: true, any_case }
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

    /// Returns true if these are days as people type them, which mean all of a month or year.
    fn are_days(&self, fields: &[FieldBoost]) -> bool {
        let is_day = |field: &FieldBoost| field.name.ends_with(LOCAL);
        self.options.syntax == Syntax::Plain && !fields.is_empty() && fields.iter().all(is_day)
    }

    fn day(&self, fields: Vec<FieldBoost>, day: &str) -> Query {
        let bound = Some((Scalar::from(day), true));
        self.range(fields, &Range { from: bound.clone(), to: bound, ..Range::default() })
    }

    fn range(&self, fields: Vec<FieldBoost>, range: &Range) -> Query {
        let time_zone = self.options.time_zone.clone();
        let mut range = Range { time_zone, lenient: self.options.lenient, ..range.clone() };
        if self.are_days(&fields) {
            for (bound, _) in [&mut range.from, &mut range.to].into_iter().flatten() {
                *bound = whole(&bound.to_string());
            }
        }
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

/// Reads `>=a`, `<a`, `a..b`, `a..`, `..b`.
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
