//! Words that are almost the same: Levenshtein's distance with neighbours that swap places counted as one edit.

/// The longest word that is compared, in characters.
const MAX_CHARS: usize = 64;
/// More edits find anything.
pub(super) const MAX_EDITS: u8 = 2;

/// A word, and how far from it a match may be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Near {
    word: Vec<char>,
    edits: u8,
    exact_start: usize,
    swaps: bool,
}

/// The state of a comparison: the last two rows of the table of distances.
#[derive(Debug, Clone)]
pub struct Rows {
    now: Vec<u8>,
    before: Vec<u8>,
    previous: Option<char>,
    length: usize,
    off: bool,
    partial: u32,
    missing: u8,
}

impl Near {
    /// Matches at most `edits` (2 at most) from `word`; the first `exact_start` characters must be the same.
    pub fn new(word: &str, edits: u8, exact_start: usize, swaps: bool) -> Self {
        let word = word.chars().take(MAX_CHARS).collect();
        Self { word, edits: edits.min(MAX_EDITS), exact_start, swaps }
    }

    /// Returns the number of edits that a word is away, if it is near enough.
    pub fn distance(&self, text: &str) -> Option<u8> {
        let mut rows = self.begin();
        for c in text.chars() {
            rows = self.step(&rows, c);
            if !self.may_accept(&rows) {
                return None;
            }
        }
        self.accepts(&rows).then(|| rows.now.last().copied().unwrap_or(0))
    }

    /// Returns the start of a comparison.
    pub fn begin(&self) -> Rows {
        let now = (0..=self.word.len()).map(|edits| u8::try_from(edits).unwrap_or(u8::MAX)).collect();
        Rows { now, before: Vec::new(), previous: None, length: 0, off: false, partial: 0, missing: 0 }
    }

    /// Takes one more byte of UTF-8.
    pub fn byte(&self, rows: &Rows, byte: u8) -> Rows {
        let (partial, missing) = match byte {
            0x00..=0x7f => (u32::from(byte), 0),
            0x80..=0xbf => ((rows.partial << 6) | u32::from(byte & 0x3f), rows.missing.saturating_sub(1)),
            0xc0..=0xdf => (u32::from(byte & 0x1f), 1),
            0xe0..=0xef => (u32::from(byte & 0x0f), 2),
            _ => (u32::from(byte & 0x07), 3),
        };
        if missing > 0 {
            return Rows { partial, missing, ..rows.clone() };
        }
        self.step(rows, char::from_u32(partial).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// Returns true if the text so far is near enough.
    pub fn accepts(&self, rows: &Rows) -> bool {
        !rows.off && rows.missing == 0 && rows.now.last().is_some_and(|edits| *edits <= self.edits)
    }

    /// Returns true if anything that follows can bring it near enough.
    pub fn may_accept(&self, rows: &Rows) -> bool {
        !rows.off && rows.now.iter().any(|edits| *edits <= self.edits)
    }

    fn step(&self, rows: &Rows, c: char) -> Rows {
        let off = rows.off
            || (rows.length < self.exact_start && self.word.get(rows.length).is_some_and(|own| *own != c));
        let mut now = Vec::with_capacity(rows.now.len());
        let mut left = rows.now.first().copied().unwrap_or(u8::MAX).saturating_add(1);
        now.push(left);
        let mut own_before = None;
        for (at, own) in self.word.iter().enumerate() {
            let above_left = rows.now.get(at).copied().unwrap_or(u8::MAX);
            let above = rows.now.get(at + 1).copied().unwrap_or(u8::MAX);
            let mut best = above_left
                .saturating_add(u8::from(*own != c))
                .min(above.saturating_add(1))
                .min(left.saturating_add(1));
            if self.swaps && at > 0 && rows.previous == Some(*own) && own_before == Some(c) {
                best = best.min(rows.before.get(at - 1).copied().unwrap_or(u8::MAX).saturating_add(1));
            }
            own_before = Some(*own);
            now.push(best);
            left = best;
        }
        Rows {
            now,
            before: rows.now.clone(),
            previous: Some(c),
            length: rows.length + 1,
            off,
            partial: 0,
            missing: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let check = |word: &str, text: &str, edits: u8, expected: Option<u8>| {
            let near = Near::new(word, edits, 0, true);
            assert_eq!(near.distance(text), expected, "{word} {text}");
            let rows = text.bytes().fold(near.begin(), |rows, byte| near.byte(&rows, byte));
            assert_eq!(near.accepts(&rows), expected.is_some(), "bytes of {text}");
        };
        check("ferry", "ferry", 2, Some(0));
        check("ferry", "fery", 2, Some(1));
        check("ferry", "feryr", 2, Some(1));
        check("ferry", "merri", 2, Some(2));
        check("ferry", "merri", 1, None);
        check("köln", "koln", 1, Some(1));
        check("a", "", 1, Some(1));
        assert_eq!(Near::new("ferry", 2, 1, true).distance("berry"), None);
        assert_eq!(Near::new("ferry", 1, 0, false).distance("feryr"), None);
    }
}
