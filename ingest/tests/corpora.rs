//! Real archives, where there are some: what they hold, counted by other means, against what was loaded; and the same archives
//! loaded again in every way in which an archive comes back, which must add nothing.
//!
//! `MORGUE_CORPORA` names the folder that holds them (each in a folder of its name); without it these tests say that there was
//! nothing to do, and `MORGUE_CORPUS` chooses one of them. `MORGUE_CORPORA=… cargo test -p ingest --test corpora -- --nocapture` prints the table.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use ingest::{LoadOptions, LoadReport, Quarantine, load};
use store::Log;

/// An archive, and how its records are counted without our readers.
struct Corpus {
    name: &'static str,
    /// Files of these endings …
    endings: &'static [&'static str],
    /// … have so many records each.
    count: fn(&str) -> usize,
}

const CORPORA: [Corpus; 10] = [
    Corpus { name: "wxr", endings: &["xml"], count: |text| opened(text, "item") + opened(text, "wp:author") },
    Corpus { name: "feeds", endings: &["xml", "json"], count: of_feed },
    Corpus { name: "html", endings: &["gz", "json"], count: |_| 1 },
    Corpus { name: "newsml_g2", endings: &["xml"], count: of_newsml },
    Corpus { name: "ninjs", endings: &["json"], count: |_| 1 },
    Corpus { name: "nyt", endings: &["json"], count: |text| text.matches("\"web_url\"").count().max(1) },
    Corpus {
        name: "wikinews",
        endings: &["csv"],
        count: |text| csv::Reader::from_reader(text.as_bytes()).records().count(),
    },
    Corpus { name: "18f", endings: &["md"], count: |_| 1 },
    Corpus { name: "digitalgov", endings: &["md", "yml"], count: |_| 1 },
    Corpus { name: "reuters21578", endings: &["sgm"], count: |text| text.matches("<REUTERS").count() },
];

/// IPTC's suite gives one id to several undated items that differ. An archive is read in its own order, and by that two of them
/// are later than the one that was the last before.
const OF_ANOTHER_ORDER: u64 = 2;

/// How often an element begins.
fn opened(text: &str, name: &str) -> usize {
    let begins = |end: char| text.matches(&format!("<{name}{end}")).count();
    [' ', '>', '\n', '\r', '\t', '/'].into_iter().map(begins).sum()
}

fn of_feed(text: &str) -> usize {
    let items = opened(text, "item") + opened(text, "entry") + opened(text, "rss:item");
    // What the suite expects of a feed is JSON of its own, and one file each.
    if text.trim_start().starts_with('{') { 1 } else { items }
}

fn of_newsml(text: &str) -> usize {
    let kinds = ["newsItem", "packageItem", "conceptItem", "knowledgeItem", "planningItem", "catalogItem"];
    kinds.iter().map(|kind| opened(text, kind)).sum::<usize>().max(1)
}

fn files(dir: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, endings, found);
        } else if path
            .extension()
            .and_then(|ending| ending.to_str())
            .is_some_and(|ending| endings.contains(&ending))
        {
            found.push(path);
        }
    }
}

fn load_at(log: &Log, dir: &Path, path: &Path) -> LoadReport {
    let options = LoadOptions::new(vec![path.to_owned()], Quarantine::at(dir.join("quarantine")));
    load(log, &options, &(), &AtomicBool::new(false)).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
            // As a copy that keeps its times.
            let modified = path.metadata().unwrap().modified().unwrap();
            File::options().write(true).open(&to).unwrap().set_modified(modified).unwrap();
        }
    }
}

fn zip(from: &Path, under: &str, to: &Path) {
    let mut zip = zip::ZipWriter::new(File::create(to).unwrap());
    let mut waiting = vec![(from.to_owned(), under.to_owned())];
    while let Some((dir, under)) = waiting.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{under}/{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                waiting.push((path, name));
            } else {
                zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
                std::io::copy(&mut File::open(path).unwrap(), &mut zip).unwrap();
            }
        }
    }
    zip.finish().unwrap();
}

fn tar(from: &Path, under: &str, to: &Path) {
    let mut tar = tar::Builder::new(File::create(to).unwrap());
    tar.append_dir_all(under, from).unwrap();
    tar.into_inner().unwrap();
}

/// Loads an archive, then again as it is, its parts, moved, renamed and packed. Returns what each of those added.
fn again(log: &Log, dir: &Path, name: &str) -> Vec<(&'static str, u64)> {
    let at = dir.join(name);
    let mut added = vec![("again", load_at(log, dir, &at).events)];
    let parts = fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    added.push(("parts", parts.map(|part| load_at(log, dir, &part).events).sum()));
    fs::create_dir(dir.join("elsewhere")).unwrap();
    fs::rename(&at, dir.join("elsewhere").join(name)).unwrap();
    added.push(("moved", load_at(log, dir, &dir.join("elsewhere").join(name)).events));
    fs::rename(dir.join("elsewhere").join(name), dir.join("renamed")).unwrap();
    added.push(("renamed", load_at(log, dir, &dir.join("renamed")).events));
    tar(&dir.join("renamed"), name, &dir.join(format!("{name}.tar")));
    added.push(("tar", load_at(log, dir, &dir.join(format!("{name}.tar"))).events));
    zip(&dir.join("renamed"), name, &dir.join("other.zip"));
    added.push(("zip", load_at(log, dir, &dir.join("other.zip")).events));
    added
}

#[test]
fn what_archives_hold_is_loaded_once_however_they_come_again() {
    let Some(corpora) = std::env::var_os("MORGUE_CORPORA").map(PathBuf::from) else {
        println!("MORGUE_CORPORA names no folder: nothing to load");
        return;
    };
    println!(
        "| corpus | counted | read | articles, images, bylines | passed over | not public | quarantined |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut failed = Vec::new();
    let chosen = std::env::var("MORGUE_CORPUS").ok();
    for Corpus { name, endings, count } in CORPORA {
        if chosen.as_ref().is_some_and(|chosen| chosen != name) {
            continue;
        }
        let mut found = Vec::new();
        files(&corpora.join(name), endings, &mut found);
        let text = |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        let counted: usize = found.iter().map(|path| count(&text(path))).sum();
        let dir = tempfile::tempdir().unwrap();
        copy(&corpora.join(name), &dir.path().join(name));
        let log = Log::open(dir.path().join("log")).unwrap();
        let report = load_at(&log, dir.path(), &dir.path().join(name));
        let read: u64 = report.formats.values().map(|format| format.records).sum();
        let skipped: Vec<String> =
            report.skipped.iter().map(|(why, files)| format!("{files} {why}")).collect();
        let hidden: Vec<String> = report.unpublished.values().map(ToString::to_string).collect();
        let quarantined: Vec<String> =
            report.reasons.iter().map(|one| format!("{} {:.60}", one.records, one.reason)).collect();
        println!(
            "| {name} | {counted} | {read} | {}, {}, {} | {} | {} | {}: {} |",
            report.articles,
            report.images,
            report.bylines,
            skipped.join("; "),
            hidden.join("; "),
            report.quarantined,
            quarantined.join("; ")
        );
        // Every record that was counted was read, passed over or quarantined. What passes over a file as a whole counts one.
        let met = read + report.quarantined + report.skipped.values().sum::<u64>();
        if met < counted as u64 {
            failed.push(format!("{name}: {counted} records counted, {met} met"));
        }
        let added = again(&log, dir.path(), name);
        println!("|  | {added:?} | | | | | |");
        for (how, events) in added {
            let in_another_order = matches!(how, "tar" | "zip") && name == "ninjs";
            if events > if in_another_order { OF_ANOTHER_ORDER } else { 0 } {
                failed.push(format!("{name} {how}: {events} events"));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}
