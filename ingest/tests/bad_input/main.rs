//! Bad files: each is loaded as far as it can be, or is quarantined with a reason that says what, where, and what to
//! do. None stops the load, holds it, or makes it grow.
//!
//! `files` has the cases that are about files, folders and archives; `formats` damages a good file of every format in
//! every way that `damage` knows.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod damage;
mod files;
mod formats;
