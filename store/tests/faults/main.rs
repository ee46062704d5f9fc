//! The faults that the log withstands, each told as a story and made to happen, with a count of what was tried.
//!
//! `cargo test -p store --test faults` runs the short form; with `MORGUE_FAULTS=long` the long one; a word after
//! `--` runs only the stories whose names hold it. The processes that are killed are this same program, called with
//! `child`. Where a tool of the system is missing (strace), what is left out is said.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test with a main of its own"
)]

mod child;
mod dictionary;
mod flips;
mod full;
mod kill;
mod plan;
mod power;
mod stopped;
mod strace;
mod together;

use std::{process::ExitCode, time::Instant};

/// The form of a run: how much it tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Short,
    Long,
}

impl Form {
    fn pick(self, short: usize, long: usize) -> usize {
        match self {
            Self::Short => short,
            Self::Long => long,
        }
    }
}

type Story = (&'static str, fn(Form) -> String);

const STORIES: [Story; 9] = [
    ("kill at system calls", kill::at_system_calls),
    ("kill at random moments", kill::at_random_moments),
    ("power cut", power::cuts),
    ("damaged file", flips::damages),
    ("dictionary of another process", dictionary::is_learned_by_all),
    ("two processes", together::two_append_one_reads),
    ("stopped writer", stopped::holds_nobody_up_for_ever),
    ("full disk, injected", full::injected),
    ("full disk, real", full::real),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == "child") {
        child::run(&args[1..]);
        return ExitCode::SUCCESS;
    }
    if args.iter().any(|arg| arg == "--list") {
        STORIES.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let words: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let form = match std::env::var("MORGUE_FAULTS").as_deref() {
        Ok("long") => Form::Long,
        _ => Form::Short,
    };
    let mut failed = false;
    for (name, story) in STORIES {
        if !words.is_empty() && !words.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let began = Instant::now();
        match std::panic::catch_unwind(|| story(form)) {
            Ok(counted) => println!("{name}: {counted} ({:.1} s)", began.elapsed().as_secs_f64()),
            Err(_) => {
                println!("{name}: FAILED");
                failed = true;
            }
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
