//! Reading regular expressions.

use super::{
    Class, MAX_GROUPS, MAX_PLACES, PatternError,
    build::{Build, Part},
};

/// Returns the parts that a regular expression is made of, and what they are together.
pub(super) fn parse(text: &str) -> Result<(Build, Part), PatternError> {
    let mut parser = Parser { chars: text.chars().peekable(), build: Build::default(), depth: 0 };
    let whole = parser.alternatives()?;
    match parser.chars.next() {
        None => Ok((parser.build, whole)),
        Some(_) => Err(PatternError::Syntax("there is a `)` too many")),
    }
}

/// Reads it character by character.
struct Parser<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    build: Build,
    depth: usize,
}

impl Parser<'_> {
    fn alternatives(&mut self) -> Result<Part, PatternError> {
        let mut whole = self.sequence()?;
        while self.chars.next_if_eq(&'|').is_some() {
            let other = self.sequence()?;
            whole = Part {
                first: whole.first | other.first,
                last: whole.last | other.last,
                empty: whole.empty || other.empty,
            };
        }
        Ok(whole)
    }

    fn sequence(&mut self) -> Result<Part, PatternError> {
        let mut whole = Part::EMPTY;
        while let Some(c) = self.chars.peek().copied() {
            if matches!(c, '|' | ')') {
                break;
            }
            self.chars.next();
            let mut part = self.one(c)?;
            while let Some(c) = self.chars.next_if(|c| matches!(c, '*' | '+' | '?' | '{')) {
                part = match c {
                    '*' => self.build.repeat(part, true),
                    '+' => self.build.repeat(part, false),
                    '?' => Part { empty: true, ..part },
                    _ => return Err(PatternError::Counted),
                };
            }
            whole = self.build.then(whole, part);
        }
        Ok(whole)
    }

    fn one(&mut self, c: char) -> Result<Part, PatternError> {
        match c {
            '.' => self.build.place(Class::Any),
            '(' => {
                self.depth += 1;
                if self.depth > MAX_GROUPS {
                    return Err(PatternError::TooDeep);
                }
                let inner = self.alternatives()?;
                self.depth -= 1;
                self.chars.next_if_eq(&')').map(|_| inner).ok_or(PatternError::Syntax("a `(` is not closed"))
            }
            '[' => {
                let class = self.class()?;
                self.build.place(class)
            }
            '\\' => match self.chars.next() {
                Some('d') => self.build.place(Class::Set { ranges: vec![('0', '9')], negated: false }),
                Some(c) if c.is_ascii_alphanumeric() => {
                    Err(PatternError::Syntax("only `\\d` and backslashes before signs are known"))
                }
                Some(c) => self.build.place(Class::One(c)),
                None => Err(PatternError::Syntax("nothing follows the last backslash")),
            },
            '*' | '+' | '?' => Err(PatternError::Syntax("there is nothing before a repeat sign")),
            '{' => Err(PatternError::Counted),
            '~' | '&' | '#' | '@' | '<' => Err(PatternError::Syntax(
                "the operators `~ & # @ <>` are not supported: put a backslash before",
            )),
            c => self.build.place(Class::One(c)),
        }
    }

    fn class(&mut self) -> Result<Class, PatternError> {
        const OPEN: PatternError = PatternError::Syntax("a `[` is not closed");
        let negated = self.chars.next_if_eq(&'^').is_some();
        let mut ranges = Vec::new();
        loop {
            let low = match self.chars.next().ok_or(OPEN)? {
                ']' if !ranges.is_empty() => break,
                '\\' => self.chars.next().ok_or(OPEN)?,
                c => c,
            };
            let mut high = low;
            let mut ahead = self.chars.clone();
            if ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']') {
                self.chars.next();
                high = self.chars.next().ok_or(OPEN)?;
            }
            if high < low || ranges.len() >= MAX_PLACES {
                return Err(PatternError::Syntax("a range in a `[class]` is upside down"));
            }
            ranges.push((low, high));
        }
        Ok(Class::Set { ranges, negated })
    }
}
