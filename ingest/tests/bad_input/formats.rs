//! Every format, damaged in every way: what is read of it all the same, and what is said of the rest.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, atomic::AtomicBool, mpsc},
    thread,
    time::Duration,
};

use ingest::{Hints, LoadOptions, LoadReport, Quarantine, load};
use store::Log;

use crate::damage::{PATTERN, Sample, damaged, samples};

/// No case needs a hundredth of it; one that does hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// The number of reasons that are shown of one file.
const SHOWN: usize = 4;

/// Loads a file of this content; what would come of it, with the first reasons.
fn outcome(dir: &Path, sample: &Sample, bytes: &[u8]) -> String {
    let (root, name) = (dir.join("in"), sample.name);
    let beside = sample.beside.iter().map(|(name, bytes)| (*name, bytes.as_slice()));
    for (name, bytes) in beside.chain([(name, bytes)]) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
    }
    let log = Log::open(dir.join("log")).unwrap();
    let mut options = LoadOptions::new(vec![root.clone()], Quarantine::at(dir.join("quarantine")));
    options.hints =
        Hints { patterns: vec![PATTERN.replace("text/", "in/text/").parse().unwrap()], ..Hints::default() };
    options.threads = 1;
    let report = load(&log, &options, &(), &AtomicBool::new(false)).unwrap();
    let whole = options.quarantine.list().unwrap();
    assert_eq!(whole.len() as u64, report.quarantined, "every quarantined record is listed");
    let mut told = counts(&report);
    let root = format!("{}/", root.display());
    for one in whole.iter().take(SHOWN) {
        told.push_str(&format!("\n    {}", shown(&one.to_string().replace(&root, "").replacen(name, "", 1))));
    }
    if whole.len() > SHOWN {
        told.push_str(&format!("\n    and {} more", whole.len() - SHOWN));
    }
    told
}

fn counts(report: &LoadReport) -> String {
    let named = [(report.articles, "article"), (report.images, "image"), (report.bylines, "byline")];
    let named = named.iter().filter(|(count, _)| *count > 0);
    let mut parts: Vec<String> =
        named.map(|(count, what)| format!("{count} {what}{}", if *count == 1 { "" } else { "s" })).collect();
    parts.extend(report.skipped.keys().map(|what| format!("passed over: {what}")));
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

/// Control characters as they are written, and not more than a person would read.
fn shown(reason: &str) -> String {
    let reason: String = reason
        .chars()
        .flat_map(|c| {
            let escaped: Vec<char> = if c.is_control() { c.escape_default().collect() } else { vec![c] };
            escaped
        })
        .collect();
    assert!(reason.len() < 1_000, "a reason is for people: {reason}");
    reason
}

#[test]
fn every_format_in_every_damage() {
    let tried = Mutex::new(0);
    thread::scope(|scope| {
        for (sample, family) in samples() {
            let tried = &tried;
            scope.spawn(move || {
                let mut golden = String::new();
                let sample = Arc::new(sample);
                for (what, bytes) in damaged(&sample, family) {
                    let told = patiently(&sample, &what, bytes);
                    golden.push_str(&format!("{what}: {told}\n"));
                    *tried.lock().unwrap() += 1;
                }
                insta::assert_snapshot!(format!("damaged_{}", sample.format), golden);
            });
        }
    });
    let tried = tried.into_inner().unwrap();
    println!("{tried} damaged files");
    assert!(tried >= 200, "{tried}");
}

/// As [`outcome`]; a case that does not end is named.
fn patiently(sample: &Arc<Sample>, what: &str, bytes: Vec<u8>) -> String {
    let (done, wait) = mpsc::channel();
    let of = Arc::clone(sample);
    thread::spawn(move || {
        let dir = tempfile::tempdir().unwrap();
        let _ = done.send(outcome(dir.path(), &of, &bytes));
    });
    wait.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{}, {what}: {error}", sample.format))
}
