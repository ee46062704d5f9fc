//! Words: where a text is cut, in any script.
//!
//! A word is a run of letters and digits; an apostrophe parts words (`l'eau`, `O'Hare`), and a possessive `'s` is
//! dropped. What readers do not see, such as a soft hyphen, parts none. Chinese, Japanese and Korean, which do not part
//! their words, become pairs of neighbouring characters.

use unicode_normalization::char::is_combining_mark;

/// A longer word is not a word: it is cut here, in characters.
const MAX_WORD_CHARS: usize = 64;

/// One word, by its place in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    /// Where it begins, in bytes.
    pub(crate) start: usize,
    /// Where it ends, in bytes.
    pub(crate) end: usize,
    /// Whether all of it is ASCII.
    pub(crate) ascii: bool,
}

/// Cuts a text into words.
pub(crate) struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next word. Nearly all are plain ASCII between plain ASCII, and need no characters to be decoded.
    pub(crate) fn next(&mut self) -> Option<Word> {
        let bytes = self.text.as_bytes();
        let mut start = self.at;
        while bytes.get(start).is_some_and(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric()) {
            start += 1;
        }
        let mut end = start;
        while end - start <= MAX_WORD_CHARS && bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
            end += 1;
        }
        let ends_plainly = bytes.get(end).is_none_or(|byte| byte.is_ascii() && *byte != b'\'');
        if start < end && end - start <= MAX_WORD_CHARS && ends_plainly {
            self.at = end;
            return Some(Word { start, end, ascii: true });
        }
        self.at = start;
        self.next_of_any_script()
    }

    fn next_of_any_script(&mut self) -> Option<Word> {
        let rest = self.text.get(self.at..)?;
        let mut chars = rest.char_indices().peekable();
        let (offset, first) = chars.by_ref().find(|(_, c)| is_word_char(*c))?;
        let start = self.at + offset;
        if is_unparted(first) {
            return Some(self.pair(start, first));
        }
        let mut end = start + first.len_utf8();
        let mut ascii = first.is_ascii();
        let mut count = 1;
        while let Some((offset, c)) = chars.peek().copied() {
            let is_of_word = |c| is_word_char(c) && !is_unparted(c);
            if is_unseen(c) && chars.clone().nth(1).is_some_and(|(_, c)| is_of_word(c)) {
                (ascii, _) = (false, chars.next());
                continue;
            }
            if !is_of_word(c) || count >= MAX_WORD_CHARS {
                if is_apostrophe(c) && self.possessive(self.at + offset + c.len_utf8()) {
                    self.at += offset + c.len_utf8() + 1;
                    return Some(Word { start, end, ascii });
                }
                break;
            }
            chars.next();
            ascii &= c.is_ascii();
            end = self.at + offset + c.len_utf8();
            count += 1;
        }
        self.at = end;
        Some(Word { start, end, ascii })
    }

    /// Two neighbouring characters, or one that stands alone.
    fn pair(&mut self, start: usize, first: char) -> Word {
        let middle = start + first.len_utf8();
        self.at = middle;
        let mut rest = self.text.get(middle..).unwrap_or_default().chars();
        let (second, third) = (rest.next(), rest.next());
        match second.filter(|c| is_unparted(*c)) {
            Some(second) => {
                let end = middle + second.len_utf8();
                if !third.is_some_and(is_unparted) {
                    self.at = end; // the last pair has the last character already
                }
                Word { start, end, ascii: false }
            }
            None => Word { start, end: middle, ascii: false },
        }
    }

    /// Whether an `s` and nothing more of a word follows here.
    fn possessive(&self, at: usize) -> bool {
        let mut chars = self.text.get(at..).unwrap_or_default().chars();
        matches!(chars.next(), Some('s' | 'S')) && !chars.next().is_some_and(is_word_char)
    }
}

fn is_word_char(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { c.is_alphanumeric() || is_combining_mark(c) }
}

/// Whether it stands within words and is not seen: a soft hyphen, and what joins letters or keeps them apart (Unicode,
/// section 23.2). No term has it.
pub(crate) const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}')
}

const fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}')
}

/// Whether it is of a script that does not part its words: Han, Hiragana, Katakana, Hangul. Those are indexed in pairs.
pub fn is_unparted(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7af
        | 0xf900..=0xfaff | 0x2_0000..=0x3_134f)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Plain words take a way of their own, which must lead to the same place.
        #[test]
        fn plain_words_are_cut_as_any_are(text in "[a-cé港0'’s .\u{ad}-]{0,60}|\\PC{0,100}|[a-z]{60,70}('s)?") {
            let (mut quick, mut slow) = (Words::new(&text), Words::new(&text));
            loop {
                let word = quick.next();
                prop_assert_eq!(word, slow.next_of_any_script());
                if word.is_none() {
                    break;
                }
            }
        }
    }
}
