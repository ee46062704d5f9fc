//! Exact values, patterns and words that are almost the same: what terms of the index they stand for.

use std::{collections::BTreeSet, sync::Arc};

use query::{
    FieldBoost, Near, Pattern, PatternError, PatternKind, QueryError, Range, Scalar, Words, fold_pattern,
};
use tantivy::{
    Term,
    query::{ConstScoreQuery, EmptyQuery, TermQuery, TermSetQuery},
    schema::IndexRecordOption,
};
use views::Language;

use super::{
    super::{
        exact::{Spelling, keys_of_words, near_words},
        expand::{Expand, Terms},
        fields::{AsWhat, Target, Within},
    },
    Boxed, Translator, any, best, boosted,
};

impl Translator<'_> {
    /// A text as the whole value of a field that is not analysed.
    pub(super) fn whole_value(
        &self,
        target: &Target<'_>,
        text: &str,
        any_case: bool,
    ) -> Result<Boxed, QueryError> {
        match target.as_what {
            AsWhat::Keyword(field) if any_case => {
                let pattern = Pattern::literal(text).map_err(|error| refused(&error))?;
                Ok(self.expand(field.into(), Terms::Matching(pattern.any_case())))
            }
            AsWhat::Keyword(field) if !self.may_have(field.into()) => Ok(Box::new(EmptyQuery)),
            AsWhat::Keyword(field) => {
                Ok(self.list(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic)))
            }
            _ => {
                let value = Scalar::from(text);
                let bound = Some((value, true));
                let field = target.column().unwrap_or_else(|| target.field.spec.name.to_owned());
                self.range(&Range { field, from: bound.clone(), to: bound, ..Range::default() })
            }
        }
    }

    /// The documents of these ids.
    pub(super) fn ids(&self, ids: impl Iterator<Item = String>) -> Boxed {
        self.list(TermSetQuery::new(ids.map(|id| Term::from_field_text(self.schema.id, &id))))
    }

    pub(super) fn terms(&self, field: &str, values: &[Scalar], any_case: bool) -> Result<Boxed, QueryError> {
        if field == "_id" {
            let ids = values.iter().map(ToString::to_string);
            return Ok(self.ids(ids));
        }
        let Some(target) = self.target(field)? else { return Ok(Box::new(EmptyQuery)) };
        let mut found: Vec<Boxed> = Vec::new();
        match target.as_what {
            AsWhat::Keyword(field) if values.len() > 1 && !any_case => {
                let terms = values.iter().map(|value| Term::from_field_text(field, &value.to_string()));
                found.push(self.list(TermSetQuery::new(terms)));
            }
            AsWhat::Text(_, within) => {
                found.extend(
                    values.iter().map(|value| self.indexed_term(within, &value.to_string(), any_case)),
                );
            }
            _ => {
                for value in values {
                    found.push(self.whole_value(&target, &value.to_string(), any_case)?);
                }
            }
        }
        Ok(if found.len() == 1 { any(found) } else { Box::new(ConstScoreQuery::new(any(found), 1.0)) })
    }

    /// A text as a term that is in the index just so: nothing is lowered, folded or stemmed, so that `Oil` is none.
    fn indexed_term(&self, within: Within, value: &str, any_case: bool) -> Boxed {
        let value = if any_case { value.to_lowercase() } else { value.to_owned() };
        if within.forms.is_none() || within.as_written {
            return self.term(within, &value);
        }
        let with_suffix = |language: &Language| match language.suffix() {
            Some(suffix) if self.languages.have_suffixes => format!("{value}{suffix}"),
            _ => value.clone(),
        };
        let keys: BTreeSet<String> = self.languages.all.iter().map(with_suffix).collect();
        self.keys(within, &keys.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub(super) fn pattern(
        &self,
        fields: &[FieldBoost],
        pattern: &PatternKind,
        folds: bool,
        any_case: bool,
    ) -> Result<Boxed, QueryError> {
        let as_it_is = || {
            let compiled = pattern.compile(str::to_owned).map_err(|error| refused(&error))?;
            Ok::<_, QueryError>(if any_case { compiled.any_case() } else { compiled })
        };
        if matches!(fields, [field] if field.name == "_id") {
            return Ok(self.expand(self.schema.id.into(), Terms::Matching(as_it_is()?)));
        }
        let mut found = Vec::new();
        for target in self.targets(fields)? {
            let query: Boxed = match target.as_what {
                AsWhat::Text(_, within) if folds => {
                    let folded = pattern.compile(fold_pattern).map_err(|error| refused(&error))?;
                    self.expand(within, Terms::Matching(folded))
                }
                AsWhat::Text(_, within) => self.expand(within, Terms::Matching(as_it_is()?)),
                AsWhat::Keyword(field) => self.expand(field.into(), Terms::Matching(as_it_is()?)),
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

    /// Returns what is so many edits away from a word at most: the nearer, the higher it ranks.
    pub(super) fn near(
        &self,
        within: Within,
        word: &str,
        edits: u8,
        words: &Words,
    ) -> Result<Boxed, QueryError> {
        let near = |edits| Near::new(word, edits, words.exact_start, words.swaps);
        let tier = |edits: u8, query: Boxed| boosted(query, FARTHER.powi(i32::from(edits)));
        let Some(most) = words.max_expansions else {
            let tiers = (0..=edits).map(|edits| tier(edits, self.expand(within, Terms::Near(near(edits)))));
            let mut tiers: Vec<Boxed> = tiers.collect();
            if within.forms.is_some() && !within.as_written {
                let kin = self.kin_of_near(near(edits))?;
                let kin = any(kin.iter().map(|key| self.term(within, key)).collect());
                tiers.push(tier(edits + 1, Box::new(ConstScoreQuery::new(kin, 1.0))));
            }
            return Ok(best(tiers, 0.0));
        };
        let chosen =
            near_words(self.searcher, within, &near(edits), self.budget).map_err(|error| unread(&error))?;
        let tiers = (0..=edits).map(|edits| {
            let here = chosen.iter().take(most).filter(|word| word.edits == edits);
            let here = here.map(|near| self.term(within.as_written(), &near.word)).collect();
            tier(edits, Box::new(ConstScoreQuery::new(any(here), 1.0)))
        });
        Ok(best(tiers.collect(), 0.0))
    }

    /// In a stemmed field a word finds all its forms: so does one that is near. It may stand as it is in another field
    /// than its forms, so that all are looked at, once for each word.
    fn kin_of_near(&self, near: Near) -> Result<Arc<BTreeSet<String>>, QueryError> {
        if let Some(known) = self.kin.borrow().get(&near) {
            return Ok(Arc::clone(known));
        }
        let terms = Terms::Near(near.clone());
        let mut keys = BTreeSet::new();
        for (field, forms) in self.schema.fields.iter().filter_map(|field| Some((field.text?, field.forms?)))
        {
            let within = Within { field, forms: Some(forms), as_written: false };
            if !self.may_have(within) {
                continue;
            }
            let found = keys_of_words(self.searcher, within, &terms, MAX_KIN, self.budget);
            keys.extend(found.map_err(|error| unread(&error))?);
        }
        let keys = Arc::new(keys);
        self.kin.borrow_mut().insert(near, Arc::clone(&keys));
        Ok(keys)
    }

    /// A character of a script that does not part its words: the pairs that begin with it, and those that end with it,
    /// as a text's last character does. Where marks may stand on it, with just those that do.
    pub(super) fn lone(&self, within: Within, character: &str) -> Result<Boxed, QueryError> {
        let pattern = match character.chars().next() {
            Some('\u{e00}'..='\u{1fff}' | '\u{a9e0}'..='\u{aadf}') => {
                format!("{character}([^{MARKS}].*)?|..?.?.?{character}")
            }
            _ => format!("{character}.?|.{character}"),
        };
        let pattern = Pattern::regexp(&pattern).map_err(|error| refused(&error))?;
        Ok(self.expand(within, Terms::Matching(pattern)))
    }

    /// All terms that are so, each with the same score: of a stemmed field words as they are written, and what matches a
    /// pattern as a stem, too.
    pub(super) fn expand(&self, within: Within, terms: Terms) -> Boxed {
        if !self.may_have(within) {
            return Box::new(EmptyQuery);
        }
        let exactly = within.as_written || (within.forms.is_some() && matches!(terms, Terms::Near(_)));
        let terms = Arc::new(terms);
        if exactly {
            let words = vec![Spelling::Like(terms, None)];
            return Box::new(ConstScoreQuery::new(self.exact(within, words, 0), 1.0));
        }
        self.list(Expand { within, terms, budget: Arc::clone(self.budget) })
    }
}

/// The factor of a word's score for each edit that it is away. Fields weigh up to six times what others do, and a nearer word is
/// above a farther one all the same.
const FARTHER: f32 = 0.125;
/// The marks that stand on letters of Thai, Lao, Burmese, Khmer and those that are written like them.
const MARKS: &str = "\u{e31}\u{e34}-\u{e3a}\u{e47}-\u{e4e}\u{eb1}\u{eb4}-\u{ebc}\u{ec8}-\u{ece}\u{102b}-\u{103e}\
    \u{1056}-\u{1060}\u{17b4}-\u{17d3}\u{17dd}\u{1a55}-\u{1a7f}\u{a9e5}\u{aa7b}-\u{aa7d}\u{aab0}-\u{aabf}";
/// Of how many near words of a field the other forms are looked for.
const MAX_KIN: usize = 50;

fn unread(error: &tantivy::TantivyError) -> QueryError {
    QueryError::illegal(format!("the terms cannot be read: {error}"))
}

pub(super) fn refused(error: &PatternError) -> QueryError {
    QueryError::illegal(error.to_string()).named("query_shard_exception")
}
