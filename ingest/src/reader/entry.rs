//! Entries of the table of readers: all that is said of a format.

use std::sync::Arc;

use super::{beside::Archives, common::Reader};
use crate::{hints::Hints, notes::Notes};

/// A format, and its reader. Each reader's file has one, and the table [`super::READERS`] lists it: nothing else knows of
/// it.
pub(crate) struct Entry {
    /// The name of the format in reports and options.
    pub(crate) name: &'static str,
    /// The name of the format for people.
    pub(crate) called: &'static str,
    /// The tests by which it is told from others. Of each stage the first in the table's order is taken.
    pub(crate) told: &'static [(Stage, Told)],
    pub(crate) says: Says,
    pub(crate) record: RecordShape,
    pub(crate) again: Again,
    /// Makes its reader.
    pub(crate) reader: fn(&Shared<'_>) -> Box<dyn Reader>,
    /// A good file, which tests damage.
    #[cfg(test)]
    pub(crate) sample: &'static str,
}

/// Returns true if a file that begins so is of the format.
pub(crate) type Told = fn(&Head<'_>) -> bool;

/// The stage at which a format is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before anything is: the user said what these files are.
    Said,
    /// Once it is known to be text, and none that lies beside archives.
    Named,
    /// In files called YAML.
    Yaml,
    /// In files called Markdown.
    Page,
    /// In what begins as JSON, or is called JSON Lines.
    Json,
    /// In what begins with an element, or a declaration.
    Markup,
    /// In all other texts.
    Plain,
}

/// The beginning of a file, and what it is called.
pub(crate) struct Head<'a> {
    /// Its first bytes as text, without white space before them.
    pub(crate) text: &'a str,
    /// The name of its first element, without its prefix; empty where there is none.
    pub(crate) root: &'a str,
    /// Its path from the loaded root, without endings of compression.
    pub(crate) stem: &'a str,
    /// In lower case, without the dot.
    pub(crate) ending: &'a str,
    pub(crate) hints: &'a Hints,
}

impl Head<'_> {
    /// Returns true if it has this key of JSON somewhere.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.text.contains(&format!("\"{key}\""))
    }

    /// Returns true if it is called Markdown.
    pub(crate) fn is_page(&self) -> bool {
        matches!(self.ending, "md" | "markdown" | "mkd")
    }

    /// Returns true if it is called a table.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.ending, "csv" | "tsv" | "tab")
    }
}

/// The one who says what the fields of a record are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// The format.
    Format,
    /// Columns, named by their table or by the user.
    Columns,
    /// A mapping.
    Mapping,
    /// The keeper of the archive: records are events, taken as they are.
    Keeper,
}

/// The shape of a record, for a path that leads into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordShape {
    /// Cells of a table, by their columns.
    Cells,
    /// Front matter, or YAML alone.
    Front,
    /// JSON.
    Json,
    /// An element of XML.
    Xml,
    /// Nothing that a path leads into.
    Opaque,
}

/// The meaning of a record whose id was met before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// Something else that has the same id.
    Another,
    /// A later version: their standards say so of a later message.
    Later,
    /// A later version if it comes from another file: a feed that was saved twice.
    LaterFile,
}

/// The parts that readers are made with.
pub(crate) struct Shared<'a> {
    pub(crate) hints: &'a Hints,
    pub(crate) notes: &'a Arc<Notes>,
    pub(super) archives: &'a Arc<Archives>,
}
