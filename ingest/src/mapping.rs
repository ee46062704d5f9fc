//! Mappings: how a record of a shape that no standard names becomes assets.
//!
//! A mapping is written in TOML, under `[mapping.NAME]`; docs/mapping.md has the language. It sees records as trees
//! ([`Node`]): nothing in here knows files, so that rows of a database and messages of a queue can be mapped as well. What it does
//! not take goes to `extra`.

mod events;
mod fields;
mod join;
mod node;
mod parse;
mod path;
mod propose;
mod publicity;
mod value;

use std::{fmt, str::FromStr, sync::Arc};

use globset::{Glob, GlobSet, GlobSetBuilder};
use store::AssetKind;

pub use self::parse::InvalidMapping;
pub(crate) use self::{
    events::{About, around},
    join::{ByKey, Tables},
    node::{Node, Record},
    path::{Path, PathStep},
    propose::{Looked, Shaped, propose},
    value::{Expr, TextShape},
};
use self::{join::Join, publicity::Public};
use crate::dates::DayOrder;

/// The mappings of one file, in its order.
#[derive(Clone, Default)]
pub struct Mappings {
    all: Arc<Vec<Mapping>>,
    /// The mappings as they were written.
    text: Arc<str>,
}

/// One mapping: which records it is of, and what each field of their asset is.
#[derive(Debug)]
pub(crate) struct Mapping {
    pub(crate) name: String,
    /// The files that it is of; `None` for all.
    files: Option<GlobSet>,
    /// The path to each record; `None` for the file, or each of the rows, lines or entries that it has.
    pub(crate) record: Option<Path>,
    /// The order of numbers in dates that can be read in two ways.
    dates: DayOrder,
    joins: Vec<Join>,
    public: Public,
    kind: AssetKind,
    /// The fields that have one value.
    fields: Vec<(&'static str, Expr)>,
    /// The fields that have several.
    lists: Vec<List>,
    /// Names of the source's own.
    extra: Vec<(String, Expr)>,
    /// The paths that are passed over.
    ignored: Vec<Path>,
}

/// A field that has several values, each with fields of its own.
#[derive(Debug)]
pub(crate) struct List {
    field: &'static str,
    of: Entries,
}

/// The values of a field that has several.
#[derive(Debug)]
pub(crate) enum Entries {
    /// Texts alone: names, links, words.
    Texts(Expr),
    /// Each of the values at a path, with these fields.
    Each { path: Path, fields: Vec<(&'static str, Expr)> },
}

impl Mappings {
    /// Reads mappings. `file` is the name that errors give.
    ///
    /// # Errors
    /// [`InvalidMapping`], with the line.
    pub fn parse(file: &str, text: &str) -> Result<Self, InvalidMapping> {
        Ok(Self { all: Arc::new(parse::mappings(file, text, &[])?), text: text.into() })
    }

    /// Reads the mappings of a file that has tables and keys of these other names, too, which mean nothing here.
    ///
    /// # Errors
    /// [`InvalidMapping`], with the line.
    pub fn parse_beside(file: &str, text: &str, others: &[String]) -> Result<Self, InvalidMapping> {
        let all = Arc::new(parse::mappings(file, text, others)?);
        Ok(Self { all, text: parse::alone(file, text)?.into() })
    }

    /// Returns these mappings, and behind them others.
    ///
    /// # Errors
    /// [`InvalidMapping`]: both have a mapping of one name.
    pub fn and(self, other: &Self) -> Result<Self, InvalidMapping> {
        if self.all.is_empty() {
            return Ok(other.clone());
        }
        Self::parse("the mappings together", &format!("{}\n{}", self.text, other.text))
    }

    /// Returns how many there are.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks whether there are none")]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Returns them as they were written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the first mapping that is of a file of this path.
    pub(crate) fn of(&self, path: &str) -> Option<&Mapping> {
        self.all.iter().find(|mapping| mapping.is_of(path))
    }

    /// Returns the mapping of this name.
    pub(crate) fn called(&self, name: &str) -> Option<&Mapping> {
        self.all.iter().find(|mapping| mapping.name == name)
    }

    /// Returns the names of the mappings, in their order.
    pub fn all_names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|mapping| mapping.name.as_str())
    }

    /// Returns true if a mapping names the files that it is of, and this among them.
    pub(crate) fn names(&self, path: &str) -> bool {
        self.of(path).is_some_and(|mapping| mapping.files.is_some())
    }

    /// Returns the mapping whose records are joined with those of this file; it is no records of its own then.
    pub(crate) fn joining(&self, path: &str) -> Option<&Mapping> {
        let ends = |join: &Join| path == join.file || path.ends_with(&format!("/{}", join.file));
        self.all.iter().find(|mapping| mapping.joins.iter().any(ends))
    }
}

impl Mapping {
    /// Returns the kind of asset that its records are.
    pub(crate) fn kind(&self) -> AssetKind {
        self.kind
    }

    fn is_of(&self, path: &str) -> bool {
        self.files.as_ref().is_none_or(|files| files.is_match(path))
    }

    /// Returns all values that it looks at in a record, each with the field that it is.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &Expr)> {
        let lists = self.lists.iter().flat_map(|list| match &list.of {
            Entries::Texts(expr) => vec![(list.field, expr)],
            Entries::Each { .. } => Vec::new(),
        });
        self.fields
            .iter()
            .map(|(field, expr)| (*field, expr))
            .chain(lists)
            .chain(self.extra.iter().map(|(name, expr)| (name.as_str(), expr)))
    }
}

/// Reads patterns of paths: one without `/` is of the file's name, one with it of the path's end.
fn patterns(written: &[String]) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in written {
        let pattern = pattern.trim_start_matches("./").trim_start_matches('/');
        set.add(Glob::new(pattern)?);
        set.add(Glob::new(&format!("**/{pattern}"))?);
    }
    set.build()
}

impl FromStr for Mappings {
    type Err = InvalidMapping;

    fn from_str(text: &str) -> Result<Self, InvalidMapping> {
        Self::parse("mapping", text)
    }
}

impl PartialEq for Mappings {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Mappings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mappings").field(&self.text).finish()
    }
}
