//! Words of a text, in one field or several: what tantivy runs for them.

use std::{collections::HashMap, ops::Range, rc::Rc, sync::Arc};

use query::{Combine, Pattern, Phrase, QueryError, Words, limits::MAX_WORDS};
use tantivy::{
    Term,
    query::{AllQuery, ConstScoreQuery, EmptyQuery, PhraseQuery, TermQuery},
    schema::IndexRecordOption,
};
use views::Language;

use super::{
    super::{
        combined::Combined,
        exact::{Exact, Spelling},
        expand::Terms,
        fields::{Analysed, AsWhat, OneText, Target, Within},
        lengths::Counted,
        sloppy::Sloppy,
    },
    Boxed, Translator, any, best, boosted,
    long::Unit,
    needed,
    telling::{Telling, silent, telling},
    terms::refused,
};

/// Words, analysed for each field of text in which they are looked for.
struct Looked<'a> {
    fields: Vec<(Target<'a>, Rc<Analysed>)>,
    /// The queries that find them as whole values of other fields.
    whole: Vec<Boxed>,
    /// The number of words of the text.
    count: usize,
    /// The text that is looked for; of a long one, its most telling words.
    units: Vec<Unit>,
    words: &'a Words,
}

impl Looked<'_> {
    /// Returns true if a unit may be the start of a word.
    fn is_start(&self, of: &Range<usize>) -> bool {
        self.words.last_is_prefix && of.end == self.count
    }

    /// Returns true if a unit is a word that is looked for by its stems in all fields, and by nothing else.
    fn is_plain(&self, of: &Range<usize>) -> bool {
        let is_lone = self.fields.first().is_some_and(|(_, first)| first.is_lone(of.start));
        let is_stemmed = |(target, _): &(Target<'_>, Rc<Analysed>)| {
            matches!(target.as_what, AsWhat::Text(_, Within { as_written: false, .. }))
        };
        of.len() == 1
            && !is_lone
            && self.words.fuzziness.is_none()
            && !self.is_start(of)
            && self.fields.iter().all(is_stemmed)
    }
}

impl Translator<'_> {
    pub(super) fn words(&self, words: &Words) -> Result<Boxed, QueryError> {
        if let Some(query) = self.by_itself(&words.fields, &words.text) {
            return query;
        }
        let mut looked = self.looked(words)?;
        let mut whole = std::mem::take(&mut looked.whole);
        if looked.units.is_empty() && !looked.fields.is_empty() && whole.is_empty() {
            return Ok(if words.empty_matches_all { self.list(AllQuery) } else { Box::new(EmptyQuery) });
        }
        let telling = telling(self, self.silent_units(&looked)?);
        let query = match words.combine {
            Combine::OneField => self.in_one_field(&looked, &telling)?,
            _ => self.in_each_field(&looked, &telling)?,
        };
        if whole.is_empty() {
            return Ok(query);
        }
        if !looked.units.is_empty() {
            whole.push(query);
        }
        Ok(best(whole, words.tie_breaker))
    }

    /// Returns for each word of these, by its number, the languages in whose documents it is not looked for.
    ///
    /// # Errors
    /// [`QueryError`], as of the words as a query.
    pub(crate) fn silent(&self, words: &Words) -> Result<Vec<Vec<Language>>, QueryError> {
        let looked = self.looked(words)?;
        let Some((_, analysed)) = looked.fields.first() else { return Ok(Vec::new()) };
        let silent_units = self.silent_units(&looked)?;
        let units = looked.units.iter().zip(silent_units);
        if looked.count <= MAX_WORDS {
            let mut silent = vec![Vec::new(); looked.count];
            for (unit, of) in units {
                silent.get_mut(unit.of.start).into_iter().for_each(|word| word.clone_from(&of));
            }
            return Ok(silent);
        }
        // A word is looked for once, wherever in a long text it is; what is left out, in no document.
        let mut of_word: HashMap<&str, Vec<Language>> = HashMap::new();
        for (unit, of) in units {
            unit.of.clone().skip(1).for_each(|at| drop(of_word.insert(analysed.written(at), Vec::new())));
            of_word.insert(analysed.written(unit.of.start), of);
        }
        let silent =
            |at| of_word.get(analysed.written(at)).cloned().unwrap_or_else(|| Language::ALL.to_vec());
        Ok((0..looked.count).map(silent).collect())
    }

    fn looked<'s>(&'s self, words: &'s Words) -> Result<Looked<'s>, QueryError> {
        let targets = self.targets(&words.fields)?;
        let one_named = targets.len() == 1 && !words.fields.is_empty();
        let mut analysed: Vec<(Target<'_>, Rc<Analysed>)> = Vec::new();
        let mut whole: Vec<Boxed> = Vec::new();
        let mut text = OneText::new(self.languages, &words.text);
        for target in targets {
            match target.as_what {
                AsWhat::Text(analyser, _) => {
                    analysed.push((target, text.by(analyser)));
                }
                _ => match self.whole_words(&target, words) {
                    Ok(query) => whole.push(boosted(query, target.boost)),
                    Err(error) if one_named && !words.lenient => return Err(error),
                    Err(_) => {} // a word that is no date cannot be in a field of dates
                },
            }
        }
        let count = analysed.first().map_or(0, |(_, analysed)| analysed.len());
        let units: Vec<Range<usize>> = match analysed.first() {
            Some((_, first)) if words.compounds => first.units.clone(),
            _ => (0..count).map(|at| at..at + 1).collect(),
        };
        let units = match count > MAX_WORDS {
            true => self.most_telling(&analysed, &units, words),
            false => units.into_iter().map(|of| Unit { of, times: 1.0 }).collect(),
        };
        Ok(Looked { fields: analysed, whole, count, units, words })
    }

    /// Returns for each unit the languages in whose documents it is not looked for.
    fn silent_units(&self, looked: &Looked<'_>) -> Result<Vec<Vec<Language>>, QueryError> {
        let units: Vec<Range<usize>> = looked.units.iter().map(|unit| unit.of.clone()).collect();
        if units.len() < 2 || looked.words.need.of(units.len()) > 1 {
            return Ok(vec![Vec::new(); units.len()]);
        }
        let in_any_field = |of: &Range<usize>| {
            let in_field = |field: &(Target<'_>, Rc<Analysed>)| self.unit(looked, field, of);
            Ok(any(looked.fields.iter().map(in_field).collect::<Result<_, _>>()?))
        };
        silent(self, &units, &looked.words.text, &in_any_field)
    }

    /// One unit in one field.
    fn unit(
        &self,
        looked: &Looked<'_>,
        (target, analysed): &(Target<'_>, Rc<Analysed>),
        of: &Range<usize>,
    ) -> Result<Boxed, QueryError> {
        let AsWhat::Text(_, within) = target.as_what else { return Ok(Box::new(EmptyQuery)) };
        let prefix = looked.is_start(of);
        if of.len() > 1 {
            let phrase = Phrase { last_is_prefix: prefix, ..Phrase::new(Vec::new(), "") };
            return self.sequence(within, analysed, of.clone(), &phrase);
        }
        self.word(within, analysed, of.start, prefix, looked.words)
    }

    /// The units that are needed, each in whichever field, as if all were one.
    fn in_one_field(&self, looked: &Looked<'_>, telling: &[Telling]) -> Result<Boxed, QueryError> {
        let mut found = Vec::with_capacity(looked.units.len());
        for (Unit { of, times }, telling) in looked.units.iter().zip(telling) {
            if looked.fields.len() > 1 && looked.is_plain(of) {
                found.extend(telling.restrict(boosted(self.combined(&looked.fields, of.start), *times)));
                continue;
            }
            let mut in_fields = Vec::with_capacity(looked.fields.len());
            for field in &looked.fields {
                in_fields.push(boosted(self.unit(looked, field, of)?, field.0.boost));
            }
            let in_any = best(in_fields, looked.words.tie_breaker);
            found.extend(telling.restrict(boosted(in_any, *times)));
        }
        Ok(needed(found, &looked.words.need))
    }

    /// The units that are needed in one of the fields, or in several of them.
    fn in_each_field(&self, looked: &Looked<'_>, telling: &[Telling]) -> Result<Boxed, QueryError> {
        let words = looked.words;
        let mut in_fields = Vec::with_capacity(looked.fields.len());
        for field in &looked.fields {
            let mut found = Vec::with_capacity(looked.units.len());
            for (Unit { of, times }, telling) in looked.units.iter().zip(telling) {
                found.extend(telling.restrict(boosted(self.unit(looked, field, of)?, *times)));
            }
            in_fields.push(boosted(needed(found, &words.need), field.0.boost));
        }
        Ok(match words.combine {
            Combine::AllFields => any(in_fields),
            _ => best(in_fields, words.tie_breaker),
        })
    }

    /// Words as the whole value of a field that is not analysed, or as one that is near it.
    fn whole_words(&self, target: &Target<'_>, words: &Words) -> Result<Boxed, QueryError> {
        let edits = words.fuzziness.map_or(0, |fuzziness| fuzziness.edits(&words.text));
        match target.as_what {
            AsWhat::Keyword(field) if edits > 0 => self.near(field.into(), &words.text, edits, words),
            _ => self.whole_value(target, &words.text, words.any_case),
        }
    }

    pub(super) fn phrase(&self, phrase: &Phrase) -> Result<Boxed, QueryError> {
        if let Some(query) = self.by_itself(&phrase.fields, &phrase.text) {
            return query;
        }
        let targets = self.targets(&phrase.fields)?;
        let one_named = targets.len() == 1 && !phrase.fields.is_empty();
        let mut in_fields = Vec::new();
        let mut text = OneText::new(self.languages, &phrase.text);
        for target in targets {
            let query = match target.as_what {
                AsWhat::Text(analyser, within) => {
                    let analysed = text.by(analyser);
                    if analysed.len() > MAX_WORDS {
                        return Err(QueryError::illegal(format!("a phrase has at most {MAX_WORDS} words")));
                    }
                    match analysed.len() {
                        0 if phrase.empty_matches_all => self.list(AllQuery),
                        0 => Box::new(EmptyQuery),
                        1 if !phrase.last_is_prefix || analysed.is_lone(0) => {
                            self.word(within, &analysed, 0, false, &Words::new(Vec::new(), ""))?
                        }
                        count => self.sequence(within, &analysed, 0..count, phrase)?,
                    }
                }
                _ => match self.whole_value(&target, &phrase.text, phrase.any_case) {
                    Ok(query) => query,
                    Err(error) if one_named && !phrase.lenient => return Err(error),
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
        analysed: &Analysed,
        at: usize,
        prefix: bool,
        words: &Words,
    ) -> Result<Boxed, QueryError> {
        let written = analysed.written(at);
        if analysed.is_lone(at) {
            return self.lone(within, written);
        }
        let mut found = vec![self.keys(within, &analysed.alternatives(at))];
        if prefix {
            let pattern = Pattern::prefix(written).map_err(|error| refused(&error))?;
            found.push(self.expand(within, Terms::Matching(pattern)));
        }
        let found = best(found, 0.0);
        let edits = words.fuzziness.map_or(0, |fuzziness| fuzziness.edits(written));
        if edits == 0 {
            return Ok(found);
        }
        // The word itself counts as much as any that is near, and what it counts anyway.
        let itself: Boxed = Box::new(ConstScoreQuery::new(found.box_clone(), 1.0));
        let near = self.near(within, written, edits, words)?;
        Ok(any(vec![found, best(vec![itself, near], 0.0)]))
    }

    /// One word by its keys in several languages. It is one word: it tells as much in each language as in all of them, so
    /// that of a rare language is not above that of the others.
    pub(super) fn keys(&self, within: Within, keys: &[&str]) -> Boxed {
        if !self.may_have(within) {
            return Box::new(EmptyQuery);
        }
        if within.as_written || keys.len() < 2 {
            return best(keys.iter().map(|key| self.term(within, key)).collect(), 0.0);
        }
        let known = keys.iter().filter_map(|key| {
            let count = self.count_of(within, key);
            (count > 0).then_some((count, self.term(within, key)))
        });
        let known: Vec<(u64, Boxed)> = known.collect();
        let all = self.idf(known.iter().map(|(count, _)| count).sum());
        best(known.into_iter().map(|(count, term)| boosted(term, all / self.idf(count))).collect(), 0.0)
    }

    /// In how many documents of the index a term is; none where that cannot be read, which the search itself will tell.
    fn count_of(&self, within: Within, key: &str) -> u64 {
        self.searcher.doc_freq(&Term::from_field_text(within.field, key)).unwrap_or(0)
    }

    /// Returns how much a term tells that is in so many documents, by BM25 as Tantivy takes it.
    pub(super) fn idf(&self, count: u64) -> f32 {
        let all: u64 = self.searcher.segment_readers().iter().map(|reader| u64::from(reader.max_doc())).sum();
        let (all, with) = (all.max(count) as f32, count as f32);
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }

    /// One term, or one word as it is written.
    pub(super) fn term(&self, within: Within, term: &str) -> Boxed {
        if within.as_written {
            return self.exact(within, vec![Spelling::Word(term.to_owned())], 0);
        }
        if !self.may_have(within) {
            return Box::new(EmptyQuery);
        }
        let term = Term::from_field_text(within.field, term);
        self.list(TermQuery::new(term, IndexRecordOption::WithFreqs))
    }

    /// Words as they are written, or with these stems, that follow each other.
    pub(super) fn exact(&self, within: Within, words: Vec<Spelling>, slop: u32) -> Boxed {
        if !self.may_have(within) {
            return Box::new(EmptyQuery);
        }
        self.list(Exact { within, words, slop, budget: Arc::clone(self.budget) })
    }

    /// Several words that follow each other in one field, or the start of one.
    fn sequence(
        &self,
        within: Within,
        analysed: &Analysed,
        of: Range<usize>,
        phrase: &Phrase,
    ) -> Result<Boxed, QueryError> {
        let mut found: Vec<Boxed> = Vec::new();
        let (field, slop) = (within.field, phrase.slop);
        let start = match phrase.last_is_prefix {
            true => {
                let start = Pattern::prefix(analysed.written(of.end.saturating_sub(1)));
                Some(Arc::new(Terms::Matching(start.map_err(|error| refused(&error))?)))
            }
            false => None,
        };
        let most = phrase.max_expansions.unwrap_or(PHRASE_EXPANSIONS).min(MAX_PHRASE_EXPANSIONS);
        if start.is_some() || within.as_written {
            let mut words: Vec<Spelling> = match within.as_written {
                true => of.map(|at| Spelling::Word(analysed.written(at).to_owned())).collect(),
                false => of.map(|at| Spelling::Stems(owned(&analysed.alternatives(at)))).collect(),
            };
            if let Some(start) = start {
                let last = words.pop().map(|last| match last {
                    Spelling::Stems(keys) => Spelling::Either(keys, start, most),
                    _ => Spelling::Like(start, Some(most)),
                });
                words.extend(last);
            }
            return Ok(self.exact(within, words, slop));
        }
        if !self.may_have(within) {
            return Ok(Box::new(EmptyQuery));
        }
        // A text is in one language: so is what stands in it. The word itself tells as much as in all languages.
        let alike: f32 = of.clone().map(|at| self.idf(self.count_of_all(within, analysed, at))).sum();
        for sequence in analysed.sequences(of) {
            let counts: Vec<u64> = sequence.iter().map(|key| self.count_of(within, key)).collect();
            if counts.contains(&0) {
                continue;
            }
            let own: f32 = counts.into_iter().map(|count| self.idf(count)).sum();
            let terms: Vec<Term> = sequence.iter().map(|term| Term::from_field_text(field, term)).collect();
            let phrase = match terms.as_slice() {
                [] => Box::new(EmptyQuery),
                [term] => self.list(TermQuery::new(term.clone(), IndexRecordOption::WithFreqs)),
                few if few.len() <= FEW_WORDS && slop == 0 => self.list(PhraseQuery::new(terms)),
                _ => self.list(Sloppy { field, terms, slop, budget: Arc::clone(self.budget) }),
            };
            found.push(boosted(phrase, alike / own));
        }
        Ok(best(found, 0.0))
    }

    pub(super) fn count_of_all(&self, within: Within, analysed: &Analysed, at: usize) -> u64 {
        analysed.alternatives(at).into_iter().map(|key| self.count_of(within, key)).sum()
    }

    /// One word over several fields of text, as if they were one.
    fn combined(&self, analysed: &[(Target<'_>, Rc<Analysed>)], at: usize) -> Boxed {
        let mut query = Combined {
            terms: Vec::new(),
            fields: Vec::new(),
            lengths: Arc::clone(self.lengths),
            language: self.schema.language,
            segments: self.segments.clone(),
            budget: Arc::clone(self.budget),
        };
        for (target, analysed) in analysed {
            let AsWhat::Text(analyser, Within { field, .. }) = target.as_what else { continue };
            query.fields.push(Counted { field, analyser, weight: target.boost });
            if !self.may_have(field.into()) {
                continue;
            }
            for term in analysed.alternatives(at) {
                query.terms.push((Term::from_field_text(field, term), target.boost));
            }
        }
        if query.terms.is_empty() { Box::new(EmptyQuery) } else { self.list(query) }
    }
}

fn owned(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

/// Tantivy looks for a phrase of so many words, and is not interrupted at it.
const FEW_WORDS: usize = 8;
/// The number of words that the last word of a phrase may stand for.
const PHRASE_EXPANSIONS: usize = 200;
/// The largest such number that a client may state.
const MAX_PHRASE_EXPANSIONS: usize = 1_000;
