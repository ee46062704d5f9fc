//! Loads files into a log and prints the report: `cargo run --release -p ingest --example load -- DATA-DIR PATH…`

use std::{path::PathBuf, sync::atomic::AtomicBool};

use ingest::{LoadOptions, Quarantine, load};
use store::Log;

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let dir = arguments.next().ok_or("usage: load DATA-DIR PATH…")?;
    let log = Log::open(dir.join("log"))?;
    let quarantine = Quarantine::at(dir.join("quarantine"));
    let mut options = LoadOptions::new(arguments.collect(), quarantine);
    if let Ok(pattern) = std::env::var("PATTERN") {
        options.hints.patterns = vec![pattern.parse()?];
    }
    let report = load(&log, &options, &(), &AtomicBool::new(false))?;
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}
