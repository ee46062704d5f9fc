//! Writing: documents as tantivy takes them, into an index that is searched meanwhile, or into parts of a new one.

mod document;
mod kept;
mod merging;
mod part;
mod tokenizer;
mod writer;

pub(crate) use self::tokenizer::Tokens;
pub use self::{
    document::Indexed,
    part::{LEAST_PART_BYTES, PartWriter, TakenParts},
    tokenizer::{analysers, writers_analysers},
    writer::Writer,
};
