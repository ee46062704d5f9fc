//! Hints: a user's statements about files.

use crate::{
    charset::Charset,
    mapping::Mappings,
    pattern::PathPattern,
    reader::{stated_id::StatedId, table::columns::Columns},
};

/// A user's statements about files that do not make them themselves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// Patterns of the paths of plain texts: of each path the first that fits it counts.
    pub patterns: Vec<PathPattern>,
    /// The fields that columns of tables are.
    pub columns: Columns,
    /// The rule for the ids of records, where the user knows better than their format's own.
    pub id: Option<StatedId>,
    /// The mappings by which files are read that have a shape of no standard.
    pub mappings: Mappings,
    /// The encoding of files that are not UTF-8, whatever they declare.
    pub charset: Option<Charset>,
}
