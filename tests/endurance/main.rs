//! What nobody may stop: neither an idle crowd, nor a process that holds the log, nor whatever is killed, stopped and
//! started at any moment. The program runs as it is built, in processes of its own.
//!
//! `MORGUE_CHAOS=3600` lets the chaos go on for an hour; it says at its end what it did. It takes some seconds otherwise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod chaos;
mod crowd;
mod held;
mod process;
