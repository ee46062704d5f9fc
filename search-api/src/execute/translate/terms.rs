//! Exact values, patterns and words that are almost the same: what terms of the index they stand for.

use std::sync::Arc;

use indexer::{Analyser, Language};
use serde_json::Value;
use tantivy::{
    Term,
    query::{ConstScoreQuery, EmptyQuery, TermQuery, TermSetQuery},
    schema::IndexRecordOption,
};

use super::{
    super::{
        exact::{Spelling, first_words},
        expand::{Expand, Terms, first_terms},
        fields::{Analysed, AsWhat, Target, Within},
    },
    Boxed, Translator, any, best, boosted, needed, text_of,
};
use crate::query::{
    FieldBoost, Fuzziness, Near, Need, Pattern, PatternError, PatternKind, Phrase, QueryError, Range, Words,
    limits::MAX_WORDS,
};

impl Translator<'_> {
    /// A text as the whole value of a field that is not analysed.
    pub(super) fn whole_value(
        &self,
        target: &Target<'_>,
        text: &str,
        fuzziness: Option<Fuzziness>,
    ) -> Result<Boxed, QueryError> {
        match target.as_what {
            AsWhat::Keyword(field) => Ok(match fuzziness.map(|fuzziness| fuzziness.edits(text)) {
                Some(edits) if edits > 0 => {
                    self.expand(field.into(), Terms::Near(Near::new(text, edits, 0, true)))
                }
                _ => self.list(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic)),
            }),
            _ => {
                let value = Value::String(text.to_owned());
                let bound = Some((value, true));
                let field = target.field.spec.name.to_owned();
                self.range_in(target, &Range { field, from: bound.clone(), to: bound, ..Range::default() })
            }
        }
    }

    /// The documents of these ids.
    pub(super) fn ids(&self, ids: impl Iterator<Item = String>) -> Boxed {
        self.list(TermSetQuery::new(ids.map(|id| Term::from_field_text(self.schema.id, &id))))
    }

    pub(super) fn terms(&self, field: &str, values: &[Value], any_case: bool) -> Result<Boxed, QueryError> {
        if field == "_id" {
            let ids = values.iter().map(text_of);
            return Ok(self.ids(ids));
        }
        let Some(target) = self.target(field)? else { return Ok(Box::new(EmptyQuery)) };
        let mut found: Vec<Boxed> = Vec::new();
        match target.as_what {
            AsWhat::Keyword(field) if any_case => {
                for value in values {
                    let pattern = Pattern::literal(&text_of(value)).map_err(|error| refused(&error))?;
                    found.push(self.expand(field.into(), Terms::Matching(pattern.any_case())));
                }
            }
            AsWhat::Keyword(field) if values.len() > 1 => {
                let terms = values.iter().map(|value| Term::from_field_text(field, &text_of(value)));
                found.push(self.list(TermSetQuery::new(terms)));
            }
            AsWhat::Text(..) => {
                for value in values {
                    found.push(self.phrase(&Phrase::new(vec![FieldBoost::new(field)], text_of(value)))?);
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

    pub(super) fn pattern(
        &self,
        fields: &[FieldBoost],
        pattern: &PatternKind,
        any_case: bool,
    ) -> Result<Boxed, QueryError> {
        let mut found = Vec::new();
        for target in self.targets(fields)? {
            let query: Boxed = match target.as_what {
                AsWhat::Text(analyser, within) => {
                    let fold = |text: &str| fold(text);
                    let folded = pattern.compile(fold).map_err(|error| refused(&error))?;
                    let mut either = vec![self.expand(within, Terms::Matching(folded))];
                    if let (PatternKind::Prefix(prefix), Analyser::Text) = (pattern, analyser) {
                        // `ferries*` finds what is stored as `ferri`.
                        let analysed = Analysed::new(analyser, self.languages, prefix);
                        if analysed.len() == 1 {
                            either.push(self.word(
                                within,
                                &analysed.alternatives(0),
                                false,
                                &Words::new(Vec::new(), ""),
                            )?);
                        }
                    }
                    best(either, 0.0)
                }
                AsWhat::Keyword(field) => {
                    let compiled = pattern.compile(str::to_owned).map_err(|error| refused(&error))?;
                    let compiled = if any_case { compiled.any_case() } else { compiled };
                    self.expand(field.into(), Terms::Matching(compiled))
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

    pub(super) fn fuzzy(
        &self,
        fields: &[FieldBoost],
        value: &str,
        near: &dyn Fn(&str) -> Near,
        most: Option<usize>,
    ) -> Result<Boxed, QueryError> {
        let mut found = Vec::new();
        for target in self.targets(fields)? {
            let expanded = |within, word: &str| self.expand_to(within, Terms::Near(near(word)), most);
            let query = match target.as_what {
                AsWhat::Text(analyser, within) => {
                    let analysed = Analysed::new(analyser, self.languages, value);
                    let mut words = Vec::new();
                    for at in 0..analysed.len().min(MAX_WORDS) {
                        let alternatives = analysed.alternatives(at).into_iter();
                        let either = alternatives.map(|term| expanded(within, term));
                        words.push(best(either.collect::<Result<_, _>>()?, 0.0));
                    }
                    needed(words, &Need::All)?
                }
                AsWhat::Keyword(field) => expanded(field.into(), value)?,
                AsWhat::Number(_) => continue,
            };
            found.push(boosted(query, target.boost));
        }
        Ok(best(found, 0.0))
    }

    /// The same for no more than the first or nearest terms of the index.
    pub(super) fn expand_to(
        &self,
        within: Within,
        terms: Terms,
        most: Option<usize>,
    ) -> Result<Boxed, QueryError> {
        let Some(most) = most else { return Ok(self.expand(within, terms)) };
        let field = within.field;
        let chosen = match within.forms {
            Some(forms) => first_words(self.searcher, (field, forms), &terms, most, self.budget),
            None => first_terms(self.searcher, field, &terms, most, self.budget),
        };
        let chosen =
            chosen.map_err(|error| QueryError::illegal(format!("the terms cannot be read: {error}")))?;
        if within.forms.is_some() {
            let words = chosen.iter().map(|word| self.term(within, word)).collect();
            return Ok(Box::new(ConstScoreQuery::new(any(words), 1.0)));
        }
        let chosen = chosen.iter().map(|term| Term::from_field_text(field, term));
        Ok(self.list(ConstScoreQuery::new(Box::new(TermSetQuery::new(chosen)), 1.0)))
    }

    pub(super) fn expand(&self, within: Within, terms: Terms) -> Boxed {
        let (field, terms) = (within.field, Arc::new(terms));
        match within.forms {
            None => self.list(Expand { field, terms, budget: Arc::clone(self.budget) }),
            Some(forms) => {
                let words = vec![Spelling::Like(terms, None)];
                Box::new(ConstScoreQuery::new(self.exact(field, forms, words, 0), 1.0))
            }
        }
    }
}

pub(super) fn refused(error: &PatternError) -> QueryError {
    QueryError::illegal(error.to_string())
}

/// Lowered and without diacritics, word characters or not: patterns keep their signs.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() {
            let mut buffer = [0; 4];
            let one = Analyser::Exact.terms(Language::Other, c.encode_utf8(&mut buffer));
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
