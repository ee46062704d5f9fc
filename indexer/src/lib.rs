//! Views over the log.

mod analysis;
mod document;
mod field;
mod language;
mod views;

pub use analysis::{ANALYSER_VERSION, Analyser, Term};
pub use document::{Document, ViewDigest};
pub use field::{FieldKind, FieldSpec, IndexedField, ViewSchema, number_of, values_at};
pub use language::Language;
pub use views::{Change, Touch, VIEWS, View, view_of};
