//! The values that `terms` counts: `include` and `exclude`.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::Pattern;

/// The values that are counted; all of them without anything said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Keys {
    /// Only these.
    pub include: Option<KeySet>,
    /// Not these.
    pub exclude: Option<KeySet>,
}

/// A set of values.
#[derive(Debug, Clone, PartialEq)]
pub enum KeySet {
    /// These.
    Values(BTreeSet<String>),
    /// The values that look like this.
    Like(Pattern),
    /// One part of all values, which are parted into several of about the same size.
    Part {
        /// The number of the part, from 0 on.
        at: u64,
        /// The number of all parts.
        of: u64,
    },
}

impl Keys {
    /// Returns true if a value is counted.
    pub fn take(&self, key: &str) -> bool {
        self.include.as_ref().is_none_or(|keys| keys.has(key))
            && !self.exclude.as_ref().is_some_and(|keys| keys.has(key))
    }

    /// Returns true if all values are counted.
    pub fn take_all(&self) -> bool {
        self.include.is_none() && self.exclude.is_none()
    }

    /// Returns true if any of them is a pattern, which numbers and dates have not.
    pub fn have_pattern(&self) -> bool {
        [&self.include, &self.exclude].into_iter().flatten().any(|keys| matches!(keys, KeySet::Like(_)))
    }
}

impl KeySet {
    fn has(&self, key: &str) -> bool {
        match self {
            Self::Values(values) => values.contains(key),
            Self::Like(pattern) => pattern.matches(key),
            Self::Part { at, of } => {
                let mut hasher = DefaultHasher::new();
                key.hash(&mut hasher);
                hasher.finish() % of.max(&1) == *at
            }
        }
    }
}
