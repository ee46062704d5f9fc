//! Words of a text, in one field or several: what tantivy runs for them.

use std::sync::Arc;

use tantivy::{
    Term,
    query::{AllQuery, EmptyQuery, PhrasePrefixQuery, PhraseQuery, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{
    super::{
        combined::Combined,
        exact::{Exact, Spelling},
        expand::Terms,
        fields::{Analysed, AsWhat, Target, Within},
        lengths::Counted,
        sloppy::Sloppy,
    },
    Boxed, Translator, any, best, boosted, needed,
    telling::telling,
    terms::refused,
};
use crate::query::{Combine, Near, Need, Pattern, PatternKind, Phrase, QueryError, Words, limits::MAX_WORDS};

impl Translator<'_> {
    pub(super) fn words(&self, words: &Words) -> Result<Boxed, QueryError> {
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
            return Ok(if words.empty_matches_all { self.list(AllQuery) } else { Box::new(EmptyQuery) });
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
            let AsWhat::Text(_, within) = target.as_what else { return Ok(Box::new(EmptyQuery) as Boxed) };
            let prefix = words.last_is_prefix && number == last;
            if of.len() > 1 {
                let phrase = Phrase { last_is_prefix: prefix, ..Phrase::new(Vec::new(), "") };
                return Ok(self.sequence(within, &analysed.sequences(of.clone()), &phrase));
            }
            self.word(within, &analysed.alternatives(of.start), prefix, words)
        };
        let stems = |(target, _): &(Target<'_>, Analysed)| {
            matches!(target.as_what, AsWhat::Text(_, Within { forms: None, .. }))
        };
        let are_stems = analysed.iter().all(stems);
        let query = if words.combine == Combine::OneField {
            let mut found = Vec::with_capacity(units.len());
            for (number, of) in units.iter().enumerate() {
                let plain =
                    of.len() == 1 && words.fuzziness.is_none() && !(words.last_is_prefix && number == last);
                if plain && are_stems && analysed.len() > 1 {
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

    pub(super) fn phrase(&self, phrase: &Phrase) -> Result<Boxed, QueryError> {
        let targets = self.targets(&phrase.fields)?;
        let one_named = targets.len() == 1 && !phrase.fields.is_empty();
        let mut in_fields = Vec::new();
        for target in targets {
            let query = match target.as_what {
                AsWhat::Text(analyser, within) => {
                    let analysed = Analysed::new(analyser, self.languages, &phrase.text);
                    if analysed.len() > MAX_WORDS {
                        return Err(QueryError::illegal(format!("a phrase has at most {MAX_WORDS} words")));
                    }
                    match analysed.len() {
                        0 if phrase.empty_matches_all => self.list(AllQuery),
                        1 => {
                            let word =
                                Words { max_expansions: phrase.max_expansions, ..Words::new(Vec::new(), "") };
                            self.word(within, &analysed.alternatives(0), phrase.last_is_prefix, &word)?
                        }
                        count => {
                            let sequences = analysed.sequences(0..count);
                            self.sequence(within, &sequences, phrase)
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

    /// One word in one field.
    pub(super) fn word(
        &self,
        within: Within,
        alternatives: &[&str],
        prefix: bool,
        words: &Words,
    ) -> Result<Boxed, QueryError> {
        let most = words.max_expansions;
        let mut found: Vec<Boxed> = Vec::new();
        for term in alternatives {
            found.push(self.term(within, term));
            if prefix {
                let pattern = PatternKind::Prefix((*term).to_owned()).compile(str::to_owned);
                let pattern = pattern.map_err(|error| refused(&error))?;
                found.push(self.expand_to(within, Terms::Matching(pattern), most)?);
            }
            let edits = words.fuzziness.map_or(0, |fuzziness| fuzziness.edits(term));
            if edits > 0 {
                let near = Near::new(term, edits, words.exact_start, words.swaps);
                found.push(boosted(self.expand_to(within, Terms::Near(near), most)?, FUZZY_WEIGHT));
            }
        }
        Ok(best(found, 0.0))
    }

    /// One term, or one word as it is written.
    pub(super) fn term(&self, within: Within, term: &str) -> Boxed {
        match within.forms {
            Some(forms) => self.exact(within.field, forms, vec![Spelling::Word(term.to_owned())], 0),
            None => {
                let term = Term::from_field_text(within.field, term);
                self.list(TermQuery::new(term, IndexRecordOption::WithFreqs))
            }
        }
    }

    /// Words as they are written that follow each other.
    pub(super) fn exact(&self, stems: Field, forms: Field, words: Vec<Spelling>, slop: u32) -> Boxed {
        self.list(Exact { stems, forms, words, slop, budget: Arc::clone(self.budget) })
    }

    /// Several words that follow each other in one field.
    pub(super) fn sequence(&self, within: Within, sequences: &[&[String]], phrase: &Phrase) -> Boxed {
        let mut found: Vec<Boxed> = Vec::new();
        let field = within.field;
        for sequence in sequences {
            if let Some(forms) = within.forms {
                let mut words: Vec<Spelling> = sequence.iter().cloned().map(Spelling::Word).collect();
                if let (true, Some(Spelling::Word(last))) = (phrase.last_is_prefix, words.last())
                    && let Ok(prefix) = Pattern::prefix(last)
                {
                    words.pop();
                    let most = phrase.max_expansions.unwrap_or(PHRASE_EXPANSIONS as usize);
                    let most = most.min(MAX_PHRASE_EXPANSIONS as usize);
                    words.push(Spelling::Like(Arc::new(Terms::Matching(prefix)), Some(most)));
                }
                found.push(self.exact(field, forms, words, phrase.slop));
                continue;
            }
            let terms: Vec<Term> = sequence.iter().map(|term| Term::from_field_text(field, term)).collect();
            found.push(match (terms.as_slice(), phrase.last_is_prefix) {
                ([], _) => Box::new(EmptyQuery),
                ([term], false) => self.list(TermQuery::new(term.clone(), IndexRecordOption::WithFreqs)),
                (_, true) => {
                    let mut query = PhrasePrefixQuery::new(terms);
                    let most = phrase.max_expansions.and_then(|most| u32::try_from(most).ok());
                    query.set_max_expansions(most.unwrap_or(PHRASE_EXPANSIONS).min(MAX_PHRASE_EXPANSIONS));
                    self.list(query)
                }
                (few, false) if few.len() <= FEW_WORDS && phrase.slop == 0 => {
                    self.list(PhraseQuery::new(terms))
                }
                (_, false) => {
                    let (slop, budget) = (phrase.slop, Arc::clone(self.budget));
                    self.list(Sloppy { field, terms, slop, budget })
                }
            });
        }
        best(found, 0.0)
    }

    /// One word over several fields of text, as if they were one.
    fn combined(&self, analysed: &[(Target<'_>, Analysed)], at: usize) -> Boxed {
        let mut query = Combined {
            terms: Vec::new(),
            fields: Vec::new(),
            lengths: Arc::clone(self.lengths),
            language: self.schema.language,
            budget: Arc::clone(self.budget),
        };
        for (target, analysed) in analysed {
            let AsWhat::Text(analyser, Within { field, .. }) = target.as_what else { continue };
            query.fields.push(Counted { field, analyser, weight: target.boost });
            for term in analysed.alternatives(at) {
                query.terms.push((Term::from_field_text(field, term), target.boost));
            }
        }
        self.list(query)
    }
}

/// Tantivy looks for a phrase of so many words, and is not interrupted at it.
const FEW_WORDS: usize = 8;
/// What a word that is almost the one looked for counts.
const FUZZY_WEIGHT: f32 = 0.7;
/// How many words the last word of a phrase may stand for.
const PHRASE_EXPANSIONS: u32 = 200;
/// The same, when a client says how many.
const MAX_PHRASE_EXPANSIONS: u32 = 1_000;
