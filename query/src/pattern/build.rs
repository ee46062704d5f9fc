//! Making a pattern's automaton of parts.

use super::{Class, MAX_PLACES, Pattern, PatternError, Set, bit};

/// A part of a pattern under construction: where it can begin and end.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) first: Set,
    pub(super) last: Set,
    pub(super) empty: bool,
}

impl Part {
    pub(super) const EMPTY: Self = Self { first: 0, last: 0, empty: true };
}

/// Glushkov's construction (V. M. Glushkov, 1961): one place for each character of the pattern, no empty steps.
#[derive(Default)]
pub(super) struct Build {
    places: Vec<Class>,
    follow: Vec<Set>,
}

impl Build {
    pub(super) fn place(&mut self, class: Class) -> Result<Part, PatternError> {
        let at = self.places.len();
        if at >= MAX_PLACES {
            return Err(PatternError::TooLong);
        }
        self.places.push(class);
        self.follow.push(0);
        Ok(Part { first: bit(at), last: bit(at), empty: false })
    }

    pub(super) fn text(&mut self, text: &str) -> Result<Part, PatternError> {
        let mut whole = Part::EMPTY;
        for c in text.chars() {
            let next = self.place(Class::One(c))?;
            whole = self.then(whole, next);
        }
        Ok(whole)
    }

    pub(super) fn any_number(&mut self) -> Result<Part, PatternError> {
        let any = self.place(Class::Any)?;
        Ok(self.repeat(any, true))
    }

    pub(super) fn then(&mut self, one: Part, other: Part) -> Part {
        self.connect(one.last, other.first);
        Part {
            first: if one.empty { one.first | other.first } else { one.first },
            last: if other.empty { one.last | other.last } else { other.last },
            empty: one.empty && other.empty,
        }
    }

    pub(super) fn repeat(&mut self, part: Part, may_be_none: bool) -> Part {
        self.connect(part.last, part.first);
        Part { empty: part.empty || may_be_none, ..part }
    }

    pub(super) fn connect(&mut self, from: Set, to: Set) {
        for (place, follow) in self.follow.iter_mut().enumerate() {
            if from & bit(place) != 0 {
                *follow |= to;
            }
        }
    }

    pub(super) fn finish(self, source: String, whole: Part) -> Pattern {
        Pattern {
            source,
            places: self.places,
            first: whole.first,
            last: whole.last,
            follow: self.follow,
            matches_empty: whole.empty,
        }
    }
}
