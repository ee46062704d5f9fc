//! Words: where a text is cut, in any script.
//!
//! A word is a run of letters and digits; an apostrophe parts words (`l'eau`, `O'Hare`), and a possessive `'s` is
//! dropped. What readers do not see, such as a soft hyphen, parts none, nor does an ʻokina. Chinese, Japanese, Korean,
//! Thai and the like, which do not part their words, become pairs of neighbouring characters.

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// A longer word is not a word: it is cut here, in characters.
const MAX_WORD_CHARS: usize = 64;

/// One word, by its place in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    /// The byte at which it begins.
    pub(crate) start: usize,
    /// The byte behind it.
    pub(crate) end: usize,
    /// True if all of it is ASCII.
    pub(crate) ascii: bool,
    /// The number of characters, if its script does not part words: two neighbours, or one that has none; else 0.
    pub(crate) cells: u8,
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

    /// Returns the next word. Nearly all are plain ASCII between plain ASCII, and need no characters to be decoded.
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
            return Some(Word { start, end, ascii: true, cells: 0 });
        }
        self.at = start;
        self.next_of_any_script()
    }

    fn next_of_any_script(&mut self) -> Option<Word> {
        let (start, first) = self.rest(self.at).find(|(_, c)| is_word_char(*c))?;
        if is_unparted(first) {
            return Some(self.pair(start));
        }
        let (mut before, mut last, mut count) = (None, first, 1);
        let mut end = start + first.len_utf8();
        let mut ascii = first.is_ascii();
        let is_of_word = |c| is_word_char(c) && !is_unparted(c);
        while let Some((at, c)) = self.rest(end).find(|(_, c)| !is_unseen(*c)) {
            let after = at + c.len_utf8();
            if is_apostrophe(c) {
                let next = self.seen(after).map(|(_, next)| next);
                if is_vowel(last) && next.is_some_and(is_vowel) && !is_elided(before, last) {
                    // An ʻokina however it is typed: `Hawai'i` is `Hawaii`.
                    (end, ascii, before) = (after, false, None);
                    continue;
                }
                if self.possessive(after) {
                    self.at = after + 1;
                    return Some(Word { start, end, ascii, cells: 0 });
                }
                break;
            }
            if !is_of_word(c) || count >= MAX_WORD_CHARS {
                break;
            }
            ascii &= c.is_ascii() && at == end;
            end = after;
            count += 1;
            (before, last) = (Some(last), c);
        }
        self.at = end;
        Some(Word { start, end, ascii, cells: 0 })
    }

    /// Returns two neighbouring characters, or one that stands alone.
    fn pair(&mut self, start: usize) -> Word {
        let middle = self.cell_end(start);
        self.at = middle;
        let Some(second) = self.next_cell(middle) else {
            return Word { start, end: middle, ascii: false, cells: 1 };
        };
        let end = self.cell_end(second);
        // The last pair has the last character already.
        self.at = if self.next_cell(end).is_some() { second } else { end };
        Word { start, end, ascii: false, cells: 2 }
    }

    /// Returns where a character of a script that does not part its words ends, with the marks on it.
    fn cell_end(&self, start: usize) -> usize {
        let mut end = start + self.rest(start).next().map_or(0, |(_, c)| c.len_utf8());
        while let Some((at, c)) = self.seen(end)
            && is_attached(c)
        {
            end = at + c.len_utf8();
        }
        end
    }

    /// Returns where the next such character begins, if it is the neighbour of the one that ends here.
    fn next_cell(&self, end: usize) -> Option<usize> {
        let mut seen = self.rest(end).filter(|(_, c)| !is_unseen(*c) && *c != ZERO_WIDTH_SPACE);
        seen.next().filter(|(_, c)| is_unparted(*c)).map(|(at, _)| at)
    }

    /// Returns the first character from here on that is seen, and its place.
    fn seen(&self, from: usize) -> Option<(usize, char)> {
        self.rest(from).find(|(_, c)| !is_unseen(*c))
    }

    fn rest(&self, from: usize) -> impl Iterator<Item = (usize, char)> + 'a {
        let rest = self.text.get(from..).unwrap_or_default();
        rest.char_indices().map(move |(offset, c)| (from + offset, c))
    }

    /// Returns true if an `s` and nothing more of a word follows here.
    fn possessive(&self, at: usize) -> bool {
        let mut chars = self.text.get(at..).unwrap_or_default().chars();
        matches!(chars.next(), Some('s' | 'S')) && !chars.next().is_some_and(is_word_char)
    }
}

/// Returns how many bytes at the start of a text are one character of a script that does not part its words, with the marks
/// on it.
pub fn first_cell(text: &str) -> usize {
    Words::new(text).cell_end(0)
}

/// In scripts that do not part their words, where a line may be broken: it parts none.
const ZERO_WIDTH_SPACE: char = '\u{200b}';

fn is_word_char(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    (c.is_alphanumeric() || is_combining_mark(c)) && !is_unseen(c) && !is_apostrophe(c)
}

/// Returns true if it stands within words and no term has it: soft hyphens, what joins letters or keeps them apart,
/// byte order marks, marks of direction, variation selectors (Unicode, sections 23.2 to 23.4), the Arabic tatweel,
/// which only makes a word longer, and modifiers that are left out (`Hawaiʻi`, `Qurʾān`).
pub(crate) const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{640}' | '\u{180b}'..='\u{180f}' | '\u{200c}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2b9}'..='\u{2bb}' | '\u{2bd}'..='\u{2bf}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0100}'..='\u{e01ef}')
}

/// Returns true for an apostrophe, however it is typed; that of Ukrainian is a letter to Unicode (U+02BC).
pub(crate) const fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2bc}' | '\u{2018}' | '\u{2019}' | '\u{ff07}')
}

fn is_vowel(c: char) -> bool {
    let mut base = None;
    decompose_canonical(c, |part| base = base.or(Some(part)));
    matches!(base.unwrap_or(c).to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u')
}

/// Returns true if letters end so where French leaves a vowel out: `qu'il`.
const fn is_elided(before: Option<char>, last: char) -> bool {
    matches!((before, last), (Some('q' | 'Q'), 'u' | 'U'))
}

/// Returns true if it stands on the character before it: a mark, or one that half-width kana are voiced with.
fn is_attached(c: char) -> bool {
    is_combining_mark(c) || matches!(c, '\u{ff9e}' | '\u{ff9f}' | '\u{1160}'..='\u{11ff}')
}

/// Returns true if it is a letter of a script that does not part its words: Han, kana, Hangul; Thai, Lao, Burmese,
/// Khmer and those that are written like them. Those are indexed in pairs.
fn is_unparted(c: char) -> bool {
    let is_of_script = matches!(u32::from(c), 0xe00..=0xeff | 0x1000..=0x109f | 0x1100..=0x115f | 0x1780..=0x17ff
        | 0x1950..=0x19df | 0x1a20..=0x1aaf | 0x3005..=0x3007 | 0x3040..=0x30ff | 0x31f0..=0x31ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff
        | 0xa9e0..=0xa9ff | 0xaa60..=0xaadf | 0xac00..=0xd7af | 0xf900..=0xfaff | 0xff66..=0xff9d
        | 0x1_1700..=0x1_174f | 0x2_0000..=0x3_134f);
    is_of_script && c.is_alphabetic() && !is_attached(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Plain words take a way of their own, which must lead to the same place.
        #[test]
        fn plain_words_are_cut_as_any_are(text in "[a-cé港ｶﾞไทวั0'’ʻs .\u{ad}\u{feff}-]{0,60}|\\PC{0,100}|[a-z]{60,70}('s)?") {
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

    #[test]
    fn words_are_cut_where_readers_see_them_end() {
        let check = |text: &str, expected: &str| {
            let mut words = Words::new(text);
            let mut found = Vec::new();
            while let Some(word) = words.next() {
                found.push(&text[word.start..word.end]);
            }
            assert_eq!(found.join("|"), expected, "{text}");
        };
        check("O'Hare, l'eau, don't", "O|Hare|l|eau|don|t");
        check("Quill's ʻOkina", "Quill|Okina");
        check("Hawai'i Hawai‘i Hawaiʻi qu'il", "Hawai'i|Hawai‘i|Hawaiʻi|qu|il");
        check("мʼята м'ята", "м|ята|м|ята");
        check("\u{feff}news\u{feff}paper\u{200e} x", "news\u{feff}paper|x");
        check("港の船 人々", "港の|の船|人々");
        check("ｶﾞｽ", "ｶﾞｽ");
        check("ฟ้าใส", "ฟ้า|าใ|ใส");
        check("วัน\u{200b}นี้", "วัน|น\u{200b}นี้");
        check("ปี 2567 ๒๕", "ปี|2567|๒๕");
    }
}
