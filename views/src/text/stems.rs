//! Stems: the key of a word in its language, and those that were made lately.
//!
//! A few thousand words make up most of any text, and stemming one takes as long as indexing it. So each
//! thread remembers what it made, for all fields and texts together.

use std::cell::RefCell;

use super::{
    fold::{fold_into, lower_into},
    forms,
    language::Language,
    words::{Word, is_apostrophe},
};

thread_local! {
    static STEMS: RefCell<Stems> = RefCell::default();
}

/// Stemmers, and the stems that they gave lately.
#[derive(Default)]
pub(crate) struct Stems {
    stemmers: Vec<(Language, Option<frostem::Stemmer>)>,
    recent: Vec<Recent>,
    /// The last word, and the same without diacritics.
    lowered: String,
    folded: String,
}

/// One remembered stem. Direct-mapped: a newer word takes the place of the one that was there. As large as a line of
/// the processor's cache.
#[derive(Clone)]
#[repr(align(64))]
struct Recent {
    language: Language,
    /// The number of bytes of the word that begin the stem, …
    common: u8,
    /// … so many of the tail end it.
    tail_bytes: u8,
    word: [u8; WORD_BYTES],
    tail: [u8; TAIL_BYTES],
}

/// Longer words are seldom seen twice; padded with zeros, which no word has in it.
const WORD_BYTES: usize = 32;
const TAIL_BYTES: usize = 29;
const RECENT_STEMS_LOG2: u32 = 13;

impl Recent {
    /// No text of this language is stemmed, so it is never found.
    const NONE: Self = Self {
        language: Language::Other,
        common: 0,
        tail_bytes: 0,
        word: [0; WORD_BYTES],
        tail: [0; TAIL_BYTES],
    };

    /// Returns what is remembered of a word; `None` when it does not fit.
    fn new(language: Language, word: [u8; WORD_BYTES], lowered: &str, stem: &str) -> Option<Self> {
        let same = lowered.bytes().zip(stem.bytes()).take_while(|(one, other)| one == other).count();
        let common =
            (0..=same).rev().find(|at| lowered.is_char_boundary(*at) && stem.is_char_boundary(*at))?;
        let rest = stem.get(common..)?;
        let mut tail = [0; TAIL_BYTES];
        tail.get_mut(..rest.len())?.copy_from_slice(rest.as_bytes());
        Some(Self { language, common: common as u8, tail_bytes: rest.len() as u8, word, tail })
    }

    fn put_stem(&self, lowered: &str, out: &mut String) -> Option<()> {
        out.push_str(lowered.get(..usize::from(self.common))?);
        if self.tail_bytes > 0 {
            out.push_str(std::str::from_utf8(self.tail.get(..usize::from(self.tail_bytes))?).ok()?);
        }
        Some(())
    }
}

impl Stems {
    /// Works with this thread's.
    pub(crate) fn with<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        STEMS.with_borrow_mut(work)
    }

    /// Writes the key of a word over `out`.
    pub(crate) fn key(&mut self, language: Language, word: &Word, text: &str, out: &mut String) {
        out.clear();
        let written = text.get(word.start..word.end).unwrap_or_default();
        self.lowered.clear();
        if word.ascii && (language != Language::Turkish || !written.contains('I')) {
            self.lowered.push_str(written);
            self.lowered.make_ascii_lowercase();
        } else {
            lower_into(language, written, &mut self.lowered);
            self.lowered.retain(|c| !is_apostrophe(c));
        }
        match language.suffix() {
            None => fold_into(&self.lowered, false, out),
            Some(suffix) => {
                self.stem(language, out);
                out.push(suffix);
            }
        }
    }

    /// Returns the last word as it is written: lowered, without diacritics.
    pub(crate) fn written(&mut self) -> &str {
        if self.lowered.is_ascii() {
            return &self.lowered;
        }
        self.folded.clear();
        fold_into(&self.lowered, false, &mut self.folded);
        &self.folded
    }

    /// Appends the form of the last word, whose key this is; `false` if the word is its own stem.
    pub(crate) fn put_form(&mut self, key: &str, out: &mut String) -> bool {
        forms::put_form(key, self.written(), out)
    }

    fn stem(&mut self, language: Language, out: &mut String) {
        let mut word = [0; WORD_BYTES];
        let Some(start) = word.get_mut(..self.lowered.len()) else {
            return self.make_stem(language, out);
        };
        start.copy_from_slice(self.lowered.as_bytes());
        if self.recent.is_empty() {
            self.recent.resize(1 << RECENT_STEMS_LOG2, Recent::NONE);
        }
        let slot = slot_of(&word, language);
        if let Some(recent) = self.recent.get(slot)
            && recent.language == language
            && recent.word == word
            && recent.put_stem(&self.lowered, out).is_some()
        {
            return;
        }
        out.clear();
        self.make_stem(language, out);
        let recent = Recent::new(language, word, &self.lowered, out);
        if let (Some(slot), Some(recent)) = (self.recent.get_mut(slot), recent) {
            *slot = recent;
        }
    }

    fn make_stem(&mut self, language: Language, out: &mut String) {
        let known = self.stemmers.iter().position(|(known, _)| *known == language);
        let at = known.unwrap_or_else(|| {
            self.stemmers.push((language, language.stemmer()));
            self.stemmers.len() - 1
        });
        match self.stemmers.get(at) {
            Some((_, Some(stemmer))) => {
                fold_into(&stemmer.stem(&self.lowered), language == Language::Turkish, out);
            }
            _ => fold_into(&self.lowered, false, out),
        }
    }
}

/// Multiplication by the golden ratio, eight bytes at a time (Knuth, The Art of Computer Programming 3, 6.4).
fn slot_of(word: &[u8; WORD_BYTES], language: Language) -> usize {
    let (eights, _) = word.as_chunks::<8>();
    let mix = |hash: u64, eight: &[u8; 8]| {
        (hash.rotate_left(29) ^ u64::from_le_bytes(*eight)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    (eights.iter().fold(language as u64, mix) >> (u64::BITS - RECENT_STEMS_LOG2)) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Stems are remembered as they were made, whichever words came between.
        #[test]
        fn remembered_stems_are_those_that_were_made(words in proptest::collection::vec("\\PC{1,40}|[a-zéß]{1,12}", 1..60)) {
            let (mut stems, mut again) = (Stems::default(), String::new());
            for language in Language::ALL {
                for text in words.iter().chain(&words) {
                    let word = Word { start: 0, end: text.len(), ascii: text.is_ascii(), cells: 0 };
                    stems.key(language, &word, text, &mut again);
                    let mut made = String::new();
                    Stems::default().key(language, &word, text, &mut made);
                    prop_assert_eq!(&again, &made);
                }
            }
        }
    }
}
