//! Views: the ways to make documents out of assets, and how their texts become terms.
//!
//! A [`View`] is a pair of pure functions of an asset and a [`store::Snapshot`], and a table of fields. Indexing one
//! change, rebuilding from zero and rebuilding as of the past call the same functions, and so does whoever shows a hit;
//! they cannot disagree.
//!
//! Not here: any index, and any disk. An index is made of documents by `indexer`, which asks [`Analyser`] for
//! their terms; a query and a highlighter ask the same.

mod articles;
mod bylines;
mod document;
mod field;
mod images;
mod join;
mod list;
mod text;
mod view;

pub use document::{Document, ViewDigest};
pub use field::{EXACT, FieldKind, FieldSpec, LOCAL, local_of, number_of, values_at};
pub use join::Known;
pub use list::{ARTICLES, BYLINES, IMAGES, UnknownView, VIEW_NAMES, VIEWS};
pub use text::{ANALYSER_VERSION, Analyser, Language, Place, Term, Terms, first_cell, fold, forms};
pub use view::{Change, Names, Table, Touch, View, ViewId};
