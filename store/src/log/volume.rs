//! Volumes are numbered.

use std::fmt;

/// The number of a volume: they are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct VolumeNumber(u64);

impl VolumeNumber {
    pub(crate) const FIRST: Self = Self(1);

    pub(crate) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for VolumeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "volume-{}", self.0)
    }
}

impl VolumeNumber {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        name.strip_prefix("volume-")?.parse().ok().map(Self)
    }
}
