//! Words of indexes that are near one.

use query::{Fuzziness, Near};
use tantivy::Term;

use crate::{
    index::Searcher,
    read::{Analysed, AsWhat, AskError, Budget, NearWord, is_in_use, near_words, target_of, targets},
};

/// The words that are near one.
#[derive(Debug, Default)]
pub struct Nearest {
    /// True if a document has the word itself, or another one of its stem.
    pub known: bool,
    /// As they are written: the nearest first, and of those the most frequent.
    pub words: Vec<NearWord>,
}

impl Searcher {
    /// Returns the words near one in a field, or in all that a plain search looks at; so many characters at the start must
    /// be the same. `None` where the index has no such text.
    ///
    /// # Errors
    /// [`AskError`]: the index fails.
    pub fn near(
        &self,
        field: Option<&str>,
        word: &str,
        exact_start: usize,
        budget: &Budget,
    ) -> Result<Option<Nearest>, AskError> {
        let near = Near::new(word, Fuzziness::AUTO.edits(word), exact_start, true);
        let looked_at = match field {
            Some(name) => target_of(&self.schema, name).into_iter().collect(),
            None => targets(&self.schema, &[])?,
        };
        let mut found: Option<Nearest> = None;
        for target in looked_at {
            let AsWhat::Text(analyser, within) = target.as_what else { continue };
            let found = found.get_or_insert_default();
            let have = |field| self.segments.have_terms(&self.searcher, field);
            if !have(within.field) && !within.forms.is_some_and(have) {
                continue;
            }
            for stem in Analysed::new(analyser, &self.languages, word).alternatives(0) {
                found.known |= is_in_use(&self.searcher, &Term::from_field_text(within.field, stem))?;
            }
            found.add(near_words(&self.searcher, within, &near, budget)?);
        }
        Ok(found)
    }
}

impl Nearest {
    /// Adds those of another index.
    pub fn join(&mut self, other: Self) {
        self.known |= other.known;
        self.add(other.words);
    }

    fn add(&mut self, words: Vec<NearWord>) {
        for near in words {
            match self.words.iter_mut().find(|known| known.word == near.word) {
                Some(known) => known.count += near.count,
                None => self.words.push(near),
            }
        }
        self.words.sort_unstable_by(NearWord::order);
    }
}
