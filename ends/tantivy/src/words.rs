//! Questions to an index's dictionaries: words near one, and values that have a word that begins so.

mod names;
mod near;

pub use self::{
    names::{Name, Names, Spelling},
    near::Nearest,
};
