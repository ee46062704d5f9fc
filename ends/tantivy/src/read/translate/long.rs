//! Long texts: of more words than are looked for, the most telling are.
//!
//! A word tells more the rarer it is in the index, and the more often it is in the text: it counts as often as it is
//! there, and is looked for once.

use std::{collections::HashMap, ops::Range, rc::Rc};

use query::{Words, limits::MAX_WORDS};

use super::{
    super::fields::{Analysed, AsWhat, Target},
    Translator,
};

/// A word of a text, or the parts of a compound that must follow each other.
pub(super) struct Unit {
    /// Its places in the text.
    pub(super) of: Range<usize>,
    /// The number of times that it counts.
    pub(super) times: f32,
}

/// So many words are counted between two looks at the clock.
const WORDS_A_LOOK: usize = 64;

impl Translator<'_> {
    /// Returns the units of a long text that tell most, as many as have [`MAX_WORDS`] words together, in their order.
    pub(super) fn most_telling(
        &self,
        fields: &[(Target<'_>, Rc<Analysed>)],
        units: &[Range<usize>],
        words: &Words,
    ) -> Vec<Unit> {
        let Some((_, first)) = fields.first() else { return Vec::new() };
        let mut known: HashMap<Vec<&str>, usize> = HashMap::new();
        let mut distinct: Vec<Unit> = Vec::new();
        let is_start = |of: &Range<usize>| words.last_is_prefix && units.last() == Some(of);
        for of in units {
            let written: Vec<&str> = of.clone().map(|at| first.written(at)).collect();
            // The start of a word is not the word, and always looked for.
            let number =
                if is_start(of) { distinct.len() } else { *known.entry(written).or_insert(distinct.len()) };
            match distinct.get_mut(number) {
                Some(unit) => unit.times += 1.0,
                None => distinct.push(Unit { of: of.clone(), times: 1.0 }),
            }
        }
        // Where any word will do, one that is nowhere says nothing; where several must be there, it says all.
        let may_be_nowhere = words.fuzziness.is_some() || words.need.of(distinct.len()) > 1;
        let mut told: Vec<(f32, Unit)> = Vec::with_capacity(distinct.len());
        for (number, unit) in distinct.into_iter().enumerate() {
            if number % WORDS_A_LOOK == 0 && self.budget.check() {
                break;
            }
            let tells = |at| match self.count_in_any(fields, at) {
                0 if !may_be_nowhere => 0.0,
                count => self.idf(count),
            };
            let tells = if is_start(&unit.of) {
                f32::MAX
            } else {
                unit.of.clone().map(tells).sum::<f32>() * unit.times
            };
            told.push((tells, unit));
        }
        told.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let mut count = 0;
        let fits = |(_, unit): &(f32, Unit)| {
            count += unit.of.len();
            count <= MAX_WORDS
        };
        let mut best: Vec<Unit> = told.into_iter().take_while(fits).map(|(_, unit)| unit).collect();
        best.sort_by_key(|unit| unit.of.start);
        best
    }

    /// Returns in how many documents a word is, in the field where it is in most.
    fn count_in_any(&self, fields: &[(Target<'_>, Rc<Analysed>)], at: usize) -> u64 {
        let in_field = |(target, analysed): &(Target<'_>, Rc<Analysed>)| match target.as_what {
            AsWhat::Text(_, within) => self.count_of_all(within, analysed, at),
            _ => 0,
        };
        fields.iter().map(in_field).max().unwrap_or(0)
    }
}
