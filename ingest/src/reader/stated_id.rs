//! Ids that the user states: `--id`, a column, a path or a template, for sources that know better than their format's rule.

use std::{fmt, str::FromStr};

use crate::mapping::Expr;

/// A rule that makes the ids of records: `nr`, `meta/@key`, `paper/{date}/{nr}`.
#[derive(Debug, Clone, PartialEq)]
pub struct StatedId {
    written: String,
    expr: Expr,
}

/// It cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{written}` makes no id: {why}")]
pub struct InvalidStatedId {
    written: String,
    why: String,
}

impl FromStr for StatedId {
    type Err = InvalidStatedId;

    fn from_str(written: &str) -> Result<Self, InvalidStatedId> {
        match Expr::parse(written) {
            Ok(expr) => Ok(Self { written: written.to_owned(), expr }),
            Err(why) => Err(InvalidStatedId { written: written.to_owned(), why }),
        }
    }
}

impl fmt::Display for StatedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl StatedId {
    /// Returns the expression that makes the id.
    pub(crate) fn expr(&self) -> &Expr {
        &self.expr
    }
}
