//! What a user says of files.

use crate::{
    charset::Charset,
    mapping::Mappings,
    pattern::PathPattern,
    reader::{stated_id::StatedId, table::columns::Columns},
};

/// What the user says of files that do not say it themselves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// What the paths of plain texts say: of each path the first that fits it.
    pub patterns: Vec<PathPattern>,
    /// Which columns of tables are which fields.
    pub columns: Columns,
    /// What makes the ids of records, where the user knows better than their format's rule.
    pub id: Option<StatedId>,
    /// How files of a shape that no standard names are read.
    pub mappings: Mappings,
    /// The encoding of files that are not UTF-8, whatever they declare.
    pub charset: Option<Charset>,
}
