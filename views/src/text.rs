//! Text: how it becomes terms, the same way when it is indexed, searched and highlighted.

mod analyser;
mod fold;
pub mod forms;
mod language;
mod stems;
mod words;

pub use analyser::{ANALYSER_VERSION, Analyser, Place, Term, Terms, fold};
pub use language::Language;
pub use words::first_cell;
