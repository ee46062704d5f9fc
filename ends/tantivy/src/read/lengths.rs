//! The lengths of texts without their function words, which BM25 holds against a document.
//!
//! The index keeps function words, so that phrases have them ("to be or not to be"); in its lengths they would only
//! be noise: whether a sentence says "of" three times does not make its words tell less. A segment never changes,
//! so what is counted once is kept while the segment is searched: two bytes a document and field.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tantivy::{
    SegmentReader, Term,
    fieldnorm::FieldNormReader,
    index::SegmentId,
    schema::{Field, IndexRecordOption},
};
use views::{Analyser, Language};

use super::stopwords;

/// The lengths of the segments that were searched lately.
#[derive(Debug, Default)]
pub struct Lengths {
    fields: Mutex<Recent<OfField, Arc<Vec<u16>>>>,
    together: Mutex<Recent<Weights, Weighed>>,
    /// Held while some are counted, so that none are counted twice at once.
    counting: Mutex<()>,
}

type OfField = (SegmentId, Field);
/// Each field with the bits of its weight.
type Weights = Vec<(Field, u32)>;

/// The lengths of some fields together, by segment.
#[derive(Debug, Clone, Default)]
pub(super) struct Weighed(Arc<Mutex<Recent<SegmentId, Arc<Together>>>>);

impl Weighed {
    /// Returns those of a segment, if they are known.
    pub(super) fn of(&self, reader: &SegmentReader) -> Option<Arc<Together>> {
        locked(&self.0).get(&reader.segment_id())
    }
}

/// The lengths of several fields of each document of a segment, added up with their weights.
#[derive(Debug)]
pub(super) struct Together {
    pub(super) of: Vec<f32>,
    pub(super) sum: f64,
    /// The sum of lengths without weights: the number of words.
    pub(super) words: f64,
}

/// The time after which what was not used is dropped: it belongs to a segment that is gone, or that nobody searches.
const KEPT: Duration = Duration::from_secs(600);
/// In so many ways of weighing fields lengths are kept: four bytes a document each. A client may have ways of its own.
const MAX_WEIGHTS: usize = 8;

/// A field whose length counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    pub(super) field: Field,
    pub(super) analyser: Analyser,
    pub(super) weight: f32,
}

impl Lengths {
    /// Returns what is known of these fields together.
    pub(super) fn weighed(&self, fields: &[Counted]) -> Weighed {
        let weights: Weights = fields.iter().map(|one| (one.field, one.weight.to_bits())).collect();
        locked(&self.together).get_or_default(weights, MAX_WEIGHTS)
    }

    /// Returns the lengths of these fields together in one segment, and keeps them with what is known of them.
    pub(super) fn count(
        &self,
        weighed: &Weighed,
        reader: &SegmentReader,
        fields: &[Counted],
        language: Field,
    ) -> tantivy::Result<Arc<Together>> {
        let _alone = locked(&self.counting);
        if let Some(known) = weighed.of(reader) {
            return Ok(known);
        }
        let mut of = vec![0.0_f32; reader.max_doc() as usize];
        let mut words = 0.0;
        for one in fields {
            let lengths = self.of_field(reader, one, language)?;
            for (sum, length) in of.iter_mut().zip(lengths.iter()) {
                *sum += f32::from(*length) * one.weight;
            }
            words += lengths.iter().map(|length| f64::from(*length)).sum::<f64>();
        }
        let sum = of.iter().map(|length| f64::from(*length)).sum();
        let together = Arc::new(Together { of, sum, words });
        locked(&weighed.0).put(reader.segment_id(), Arc::clone(&together), usize::MAX);
        Ok(together)
    }

    fn of_field(
        &self,
        reader: &SegmentReader,
        counted: &Counted,
        language: Field,
    ) -> tantivy::Result<Arc<Vec<u16>>> {
        let key = (reader.segment_id(), counted.field);
        if let Some(known) = locked(&self.fields).get(&key) {
            return Ok(known);
        }
        let norms = reader.get_fieldnorms_reader(counted.field)?;
        let mut lengths: Vec<f32> =
            (0..reader.max_doc()).map(|doc| middle(norms.fieldnorm_id(doc))).collect();
        if counted.analyser == Analyser::Text {
            let inverted = reader.inverted_index(counted.field)?;
            for word in small_terms(reader, language)? {
                let term = Term::from_field_text(counted.field, &word);
                let Some(info) = inverted.get_term_info(&term)? else { continue };
                let mut postings =
                    inverted.read_block_postings_from_terminfo(&info, IndexRecordOption::WithFreqs)?;
                while !postings.docs().is_empty() {
                    for (doc, count) in postings.docs().iter().zip(postings.freqs()) {
                        if let Some(length) = lengths.get_mut(*doc as usize) {
                            *length -= *count as f32;
                        }
                    }
                    postings.advance();
                }
            }
        }
        let whole = |(length, doc): (f32, u32)| {
            // A text of nothing but function words is still a text.
            let least = f32::from(u8::from(norms.fieldnorm_id(doc) > 0));
            length.max(least).round() as u16
        };
        let lengths = Arc::new(lengths.into_iter().zip(0..).map(whole).collect::<Vec<u16>>());
        locked(&self.fields).put(key, Arc::clone(&lengths), usize::MAX);
        Ok(lengths)
    }
}

/// The function words of the languages that a segment has, as they stand in the index.
fn small_terms(reader: &SegmentReader, language: Field) -> tantivy::Result<Vec<String>> {
    let mut terms: Vec<String> = Vec::new();
    let inverted = reader.inverted_index(language)?;
    let mut tags = inverted.terms().stream()?;
    while tags.advance() {
        let tag = std::str::from_utf8(tags.key()).ok().and_then(Language::of_tag);
        let Some(language) = tag else { continue };
        let words = Analyser::Text.terms(language, stopwords::list(language));
        terms.extend(words.into_iter().map(|term| term.text));
    }
    terms.sort_unstable();
    terms.dedup();
    Ok(terms)
}

/// An index keeps lengths above 40 to three bits' precision, rounded down: the middle of what it may have been.
fn middle(id: u8) -> f32 {
    let least = FieldNormReader::id_to_fieldnorm(id);
    let next = id.checked_add(1).map_or(least, FieldNormReader::id_to_fieldnorm);
    least as f32 + (next.saturating_sub(least).saturating_sub(1)) as f32 / 2.0
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value that was used lately, and the time of its last use.
#[derive(Debug)]
struct Recent<K, V>(HashMap<K, (Instant, V)>);

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    fn get(&mut self, key: &K) -> Option<V> {
        let (used, value) = self.0.get_mut(key)?;
        *used = Instant::now();
        Some(value.clone())
    }

    /// Returns what is there; otherwise it is there now, and empty.
    fn get_or_default(&mut self, key: K, most: usize) -> V
    where
        V: Default,
    {
        if let Some(known) = self.get(&key) {
            return known;
        }
        let new = V::default();
        self.put(key, new.clone(), most);
        new
    }

    fn put(&mut self, key: K, value: V, most: usize) {
        self.put_at(Instant::now(), key, value, most);
    }

    /// Keeps so many at most, those that were used last.
    fn put_at(&mut self, now: Instant, key: K, value: V, most: usize) {
        self.0.retain(|_, (used, _)| now.saturating_duration_since(*used) < KEPT);
        if self.0.len() >= most {
            let mut used: Vec<Instant> = self.0.values().map(|(used, _)| *used).collect();
            used.sort_unstable();
            let oldest = used.get(self.0.len() - most).copied();
            self.0.retain(|_, (used, _)| Some(*used) > oldest);
        }
        self.0.insert(key, (now, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays() {
        let mut recent = Recent::default();
        recent.put("old", 1, 9);
        let later = Instant::now() + KEPT;
        recent.put_at(later, "new", 2, 9);
        assert_eq!((recent.get(&"old"), recent.get(&"new")), (None, Some(2)));
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut recent = Recent::default();
        let began = Instant::now();
        for number in 0..10_u32 {
            recent.put_at(began + Duration::from_secs(u64::from(number)), number, number, 3);
        }
        assert_eq!([6, 7, 8, 9].map(|number| recent.get(&number)), [None, Some(7), Some(8), Some(9)]);
    }

    #[test]
    fn a_length_is_the_middle_of_what_it_may_be() {
        assert_eq!((middle(0), middle(7), middle(39)), (0.0, 7.0, 39.0));
        let id = FieldNormReader::fieldnorm_to_id(1_000);
        assert!((middle(id) - 1_000.0).abs() <= 64.0, "{}", middle(id));
    }
}
