//! Patterns over one term: prefixes, wildcards and regular expressions, all as one small automaton.
//!
//! A pattern becomes its Glushkov automaton of at most [`MAX_PLACES`] places, and is run as a set of bits, one step a
//! character. Nothing is compiled into a table, so no pattern can blow up: the cost is the same for each character
//! whatever the pattern says. The executor runs it over the term dictionary, the highlighter over words.

mod build;
mod regexp;

use std::fmt;

use self::build::{Build, Part};

/// The most places (characters, classes, wildcards) of a pattern: the bits of a set, one left for the start.
pub(super) const MAX_PLACES: usize = 120;
/// The deepest that groups of a regular expression may stand in one another.
const MAX_GROUPS: usize = 8;

/// A set of places.
type Set = u128;

/// A compiled pattern; it must match the whole term.
#[derive(Clone, PartialEq)]
pub struct Pattern {
    source: String,
    places: Vec<Class>,
    first: Set,
    last: Set,
    follow: Vec<Set>,
    matches_empty: bool,
}

/// The state of a pattern's run over a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    at: Set,
    started: bool,
    /// The character of which not all bytes have come yet, and how many are missing.
    partial: u32,
    missing: u8,
}

/// The characters that one place takes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Class {
    Any,
    One(char),
    Set { ranges: Vec<(char, char)>, negated: bool },
}

impl Class {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Any => true,
            Self::One(one) => *one == c,
            Self::Set { ranges, negated } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

/// The reason why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// More places than an automaton has.
    #[error("the pattern is longer than {MAX_PLACES} characters")]
    TooLong,
    /// Too many groups in one another.
    #[error("its groups are nested deeper than {MAX_GROUPS}")]
    TooDeep,
    /// Counted repeats make small patterns large.
    #[error("counted repeats such as `{{1,40}}` are not taken: use `+` or `*`")]
    Counted,
    /// It is not a regular expression.
    #[error("{0}")]
    Syntax(&'static str),
}

impl Pattern {
    /// Returns the pattern of texts that begin with this one.
    ///
    /// # Errors
    /// [`PatternError::TooLong`].
    pub fn prefix(prefix: &str) -> Result<Self, PatternError> {
        let mut build = Build::default();
        let mut whole = build.text(prefix)?;
        let rest = build.any_number()?;
        whole = build.then(whole, rest);
        Ok(build.finish(format!("{prefix}*"), whole))
    }

    /// Reads a pattern in which `*` stands for any characters, `?` for one; a backslash takes both their meaning.
    ///
    /// # Errors
    /// [`PatternError::TooLong`].
    pub fn wildcard(text: &str) -> Result<Self, PatternError> {
        let mut build = Build::default();
        let mut whole = Part::EMPTY;
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let next = match c {
                '*' => build.any_number()?,
                '?' => build.place(Class::Any)?,
                '\\' => build.place(Class::One(chars.next().unwrap_or('\\')))?,
                c => build.place(Class::One(c))?,
            };
            whole = build.then(whole, next);
        }
        Ok(build.finish(text.to_owned(), whole))
    }

    /// Reads a regular expression of letters, `.`, `[classes]`, `(groups)`, `|`, `*`, `+`, `?`, and backslashes.
    ///
    /// # Errors
    /// [`PatternError`]: too long, too deep, counted, or no regular expression.
    pub fn regexp(text: &str) -> Result<Self, PatternError> {
        let (build, whole) = regexp::parse(text)?;
        Ok(build.finish(text.to_owned(), whole))
    }

    /// Returns the pattern with `A` and `a` being equal.
    #[must_use]
    pub fn any_case(mut self) -> Self {
        for place in &mut self.places {
            if let Class::One(c) = place {
                let one = |mut cases: Box<dyn Iterator<Item = char>>| cases.next().unwrap_or(*c);
                let cases = [one(Box::new(c.to_lowercase())), one(Box::new(c.to_uppercase())), *c];
                *place = Class::Set { ranges: cases.into_iter().map(|c| (c, c)).collect(), negated: false };
            }
        }
        self
    }

    /// Returns the pattern of this text alone.
    ///
    /// # Errors
    /// [`PatternError::TooLong`].
    pub fn literal(text: &str) -> Result<Self, PatternError> {
        let mut build = Build::default();
        let whole = build.text(text)?;
        Ok(build.finish(text.to_owned(), whole))
    }

    /// Returns the pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Returns true if the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let mut run = self.begin();
        for c in text.chars() {
            run = self.step(run, c);
            if run.at == 0 {
                return false;
            }
        }
        self.accepts(&run)
    }

    /// Returns the start of a run.
    pub fn begin(&self) -> Run {
        Run { at: self.first, started: false, partial: 0, missing: 0 }
    }

    /// Takes one more byte of UTF-8.
    pub fn byte(&self, run: Run, byte: u8) -> Run {
        let (partial, missing) = match byte {
            0x00..=0x7f => (u32::from(byte), 0),
            0x80..=0xbf => ((run.partial << 6) | u32::from(byte & 0x3f), run.missing.saturating_sub(1)),
            0xc0..=0xdf => (u32::from(byte & 0x1f), 1),
            0xe0..=0xef => (u32::from(byte & 0x0f), 2),
            _ => (u32::from(byte & 0x07), 3),
        };
        if missing > 0 {
            return Run { partial, missing, ..run };
        }
        self.step(run, char::from_u32(partial).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// Returns true if the text so far matches.
    pub fn accepts(&self, run: &Run) -> bool {
        run.missing == 0 && if run.started { run.at & ENDED != 0 } else { self.matches_empty }
    }

    /// Returns true if anything that follows can make it match.
    pub fn may_accept(&self, run: &Run) -> bool {
        run.at != 0
    }

    /// Takes one more character. The places that may take the next one are the bits of a run; the last bit says that
    /// the text so far matches.
    fn step(&self, run: Run, c: char) -> Run {
        let mut next = 0;
        let mut left = run.at & !ENDED;
        while left != 0 {
            let place = left.trailing_zeros() as usize;
            left &= left - 1;
            if self.places.get(place).is_some_and(|class| class.takes(c)) {
                next |= self.follow.get(place).copied().unwrap_or(0);
                if self.last & bit(place) != 0 {
                    next |= ENDED;
                }
            }
        }
        Run { at: next, started: true, partial: 0, missing: 0 }
    }
}

const ENDED: Set = 1 << 127;

const fn bit(place: usize) -> Set {
    1 << place
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({})", self.source)
    }
}

/// Lowers and folds the words of a pattern, and keeps its signs.
pub fn fold_pattern(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let is_sign = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric();
    for run in text.split_inclusive(is_sign) {
        let word = run.trim_end_matches(is_sign);
        folded.push_str(&views::fold(word));
        folded.push_str(run.strip_prefix(word).unwrap_or_default());
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_bytes(pattern: &Pattern, text: &str) -> bool {
        let run = text.bytes().fold(pattern.begin(), |run, byte| pattern.byte(run, byte));
        pattern.accepts(&run)
    }

    #[test]
    fn patterns_match_whole_terms() {
        let check = |pattern: Pattern, yes: &[&str], no: &[&str]| {
            for (texts, expected) in [(yes, true), (no, false)] {
                for text in texts {
                    assert_eq!(pattern.matches(text), expected, "{pattern:?} on {text}");
                    assert_eq!(by_bytes(&pattern, text), expected, "{pattern:?} on the bytes of {text}");
                }
            }
        };
        check(Pattern::prefix("fer").unwrap(), &["fer", "ferry", "ferö"], &["fe", "", "xfer"]);
        check(Pattern::wildcard("f*y").unwrap(), &["fy", "ferry", "f港y"], &["ferr", "y"]);
        check(Pattern::wildcard("h?rb*").unwrap(), &["harbour", "hörb"], &["hrb", "haarb"]);
        check(Pattern::wildcard("*").unwrap(), &["", "x"], &[]);
        check(Pattern::wildcard("a\\*b").unwrap(), &["a*b"], &["axb"]);
        check(
            Pattern::regexp("colou?r(s|ed)?").unwrap(),
            &["color", "colours", "coloured"],
            &["colou", "xs"],
        );
        check(Pattern::regexp("[a-c]+[^x-z]").unwrap(), &["abcd", "ca"], &["x", "abz", "d"]);
        check(Pattern::regexp("(a|b)*c").unwrap(), &["c", "ababc"], &["ab", "abcd"]);
        check(Pattern::regexp("19\\d\\d").unwrap(), &["1931"], &["193", "19x1"]);
        check(Pattern::regexp("").unwrap(), &[""], &["a"]);
    }

    #[test]
    fn bad_patterns_say_why() {
        let check = |text: &str, expected: &str| {
            assert_eq!(Pattern::regexp(text).unwrap_err().to_string(), expected, "{text}");
        };
        check("(.{1,40}){1,40}", "counted repeats such as `{1,40}` are not taken: use `+` or `*`");
        check("(a", "a `(` is not closed");
        check("a)", "there is a `)` too many");
        check("[a", "a `[` is not closed");
        check("*a", "there is nothing before a repeat sign");
        check("a\\", "nothing follows the last backslash");
        check(&"(".repeat(9), "its groups are nested deeper than 8");
        check(&"a".repeat(121), "the pattern is longer than 120 characters");
        assert_eq!(Pattern::wildcard(&"?".repeat(121)).unwrap_err(), PatternError::TooLong);
    }
}
