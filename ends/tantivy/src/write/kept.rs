//! Forms that are kept until they are asked for.
//!
//! Tantivy has a text analysed once for its stems and, one field later, once more for its forms. The words are the
//! same, so the first pass keeps the forms that it meets, and the second finds them here instead of cutting and
//! stemming again.

use std::{cell::RefCell, collections::VecDeque};

thread_local! {
    static TEXTS: RefCell<KeptTexts> = RefCell::default();
}

/// So many texts are kept at most: a field of a document seldom has more values.
const MAX_TEXTS: usize = 16;
/// Longer texts are not kept, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// The forms of one text.
#[derive(Debug, Default)]
pub(super) struct Kept {
    text: String,
    /// One behind the other.
    pub(super) forms: String,
    /// The place of each among the words of the text, and where it ends.
    ends: Vec<(u32, u32)>,
}

impl Kept {
    /// Ends the form that was appended to `forms` last, and says at which place of the text its word stands.
    pub(super) fn end_form(&mut self, position: usize) {
        self.ends.push((position as u32, self.forms.len() as u32));
    }

    /// The form of a number, from 0, and its place in the text.
    pub(super) fn get(&self, number: usize) -> Option<(usize, &str)> {
        let (position, end) = *self.ends.get(number)?;
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |(_, end)| *end);
        Some((position as usize, self.forms.get(start as usize..end as usize)?))
    }
}

/// The texts of a field, in the order in which tantivy asks for them.
#[derive(Debug, Default)]
pub(super) struct KeptTexts {
    texts: VecDeque<Kept>,
    /// Emptied ones, for their room.
    spare: Vec<Kept>,
}

impl KeptTexts {
    /// Works with this thread's.
    pub(super) fn with<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        TEXTS.with_borrow_mut(work)
    }

    /// One to be filled for a text; `None` for one that is not kept.
    pub(super) fn begin(&mut self, text: &str) -> Option<Kept> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let mut kept = self.spare.pop().unwrap_or_default();
        kept.text.clear();
        kept.text.push_str(text);
        kept.forms.clear();
        kept.ends.clear();
        Some(kept)
    }

    /// Keeps a text whose last word was reached. Of too many the oldest goes: nobody has asked for it.
    pub(super) fn put(&mut self, kept: Kept) {
        if self.texts.len() == MAX_TEXTS {
            self.spare.extend(self.texts.pop_front());
        }
        self.texts.push_back(kept);
    }

    /// The forms of this text, if they are here. What was kept before it is not asked for any more.
    pub(super) fn take(&mut self, text: &str) -> Option<Kept> {
        while let Some(kept) = self.texts.pop_front() {
            if kept.text == text {
                return Some(kept);
            }
            self.give_back(kept);
        }
        None
    }

    /// Keeps the room of what is no longer needed.
    pub(super) fn give_back(&mut self, kept: Kept) {
        if self.spare.len() < MAX_TEXTS {
            self.spare.push(kept);
        }
    }
}
