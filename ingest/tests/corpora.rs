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

/// An archive, and how its records are counted without our readers: a file of another ending is one.
struct Corpus {
    name: &'static str,
    /// Files of these endings …
    endings: &'static [&'static str],
    /// … have so many records each.
    count: fn(&str) -> usize,
    /// The pattern of the paths of its texts.
    pattern: Option<&'static str>,
    /// True if the texts in its records are counted: those of an issue are one record.
    counts_articles: bool,
}

const CORPORA: [Corpus; 13] = [
    Corpus::new("wxr", &["xml"], |text| opened(text, "item") + opened(text, "wp:author")),
    Corpus::new("feeds", &["xml", "json"], of_feed),
    Corpus::new("html", &["gz", "json"], |_| 1),
    Corpus::new("newsml_g2", &["xml"], of_newsml),
    Corpus::new("ninjs", &["json"], |text| in_list(text, "").unwrap_or(1)),
    Corpus::new("nyt", &["json"], |text| text.matches("\"web_url\"").count().max(1)),
    Corpus::new("wikinews", &["csv"], |text| csv::Reader::from_reader(text.as_bytes()).records().count()),
    Corpus::new("18f", &["md"], |_| 1),
    Corpus::new("digitalgov", &["md", "yml"], |_| 1),
    Corpus::new("reuters21578", &["sgm"], |text| text.matches("<REUTERS").count()),
    Corpus { counts_articles: true, ..Corpus::new("alto", &["xml"], of_issue) },
    Corpus {
        pattern: Some("dates/{published:%Y%m%d}/{_}.txt"),
        ..Corpus::new("chronam", &["txt", "json"], |_| 1)
    },
    Corpus {
        pattern: Some("{byline}/{published:%d%b%Y}{_}.txt"),
        ..Corpus::new("senate_press", &["txt"], |_| 1)
    },
];

impl Corpus {
    const fn new(name: &'static str, endings: &'static [&'static str], count: fn(&str) -> usize) -> Self {
        Self { name, endings, count, pattern: None, counts_articles: false }
    }
}

/// Returns the number of times that an element begins.
fn opened(text: &str, name: &str) -> usize {
    let begins = |end: char| text.matches(&format!("<{name}{end}")).count();
    [' ', '>', '\n', '\r', '\t', '/'].into_iter().map(begins).sum()
}

fn of_feed(text: &str) -> usize {
    let items = opened(text, "item") + opened(text, "entry") + opened(text, "rss:item");
    // What the suite expects of a feed is JSON of its own, and one file each; and there is XML that is no feed.
    in_list(text, "/items").unwrap_or(items + opened(text, "catalog") + usize::from(text.starts_with('{')))
}

/// Returns the length of the list at a place in a JSON text.
fn in_list(text: &str, place: &str) -> Option<usize> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    value.pointer(place)?.as_array().map(Vec::len)
}

fn of_newsml(text: &str) -> usize {
    let kinds = ["newsItem", "packageItem", "conceptItem", "knowledgeItem", "planningItem", "catalogItem"];
    kinds.iter().map(|kind| opened(text, kind)).sum::<usize>().max(1)
}

/// Returns the texts of an issue by its METS; of a page one.
fn of_issue(text: &str) -> usize {
    let texts = ["TYPE=\"ARTICLE\"", "TYPE=\"ADVERT\""];
    if text.contains("<mets:mets") { texts.iter().map(|kind| text.matches(kind).count()).sum() } else { 1 }
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn load_at(log: &Log, dir: &Path, path: &Path, pattern: Option<&str>) -> LoadReport {
    let mut options = LoadOptions::new(vec![path.to_owned()], Quarantine::at(dir.join("quarantine")));
    options.hints.patterns = pattern.iter().map(|pattern| pattern.parse().unwrap()).collect();
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

/// Loads an archive again as it is, its parts, moved, renamed and packed. Returns what each of those added.
fn again(log: &Log, dir: &Path, corpus: &Corpus) -> Vec<(&'static str, u64)> {
    let name = corpus.name;
    let at = dir.join(name);
    let load = |path: &Path| load_at(log, dir, path, corpus.pattern).events;
    let mut added = vec![("again", load(&at))];
    let parts = fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    added.push(("parts", parts.map(|part| load(&part)).sum()));
    fs::create_dir(dir.join("elsewhere")).unwrap();
    fs::rename(&at, dir.join("elsewhere").join(name)).unwrap();
    added.push(("moved", load(&dir.join("elsewhere").join(name))));
    fs::rename(dir.join("elsewhere").join(name), dir.join("renamed")).unwrap();
    added.push(("renamed", load(&dir.join("renamed"))));
    tar(&dir.join("renamed"), name, &dir.join(format!("{name}.tar")));
    added.push(("tar", load(&dir.join(format!("{name}.tar")))));
    zip(&dir.join("renamed"), name, &dir.join("other.zip"));
    added.push(("zip", load(&dir.join("other.zip"))));
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
    for corpus in CORPORA {
        let Corpus { name, endings, count, pattern, counts_articles } = corpus;
        if chosen.as_ref().is_some_and(|chosen| chosen != name) {
            continue;
        }
        let mut found = Vec::new();
        files(&corpora.join(name), &mut found);
        let all = found.len();
        found.retain(|path| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| endings.contains(&ending))
        });
        let others = all - found.len();
        let text = |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        let counted: usize = found.iter().map(|path| count(&text(path))).sum();
        let dir = tempfile::tempdir().unwrap();
        copy(&corpora.join(name), &dir.path().join(name));
        let log = Log::open(dir.path().join("log")).unwrap();
        let report = load_at(&log, dir.path(), &dir.path().join(name), pattern);
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
        // Every record that was counted was read, passed over or quarantined, and nothing else.
        let texts = if counts_articles { report.articles } else { read };
        let met = texts + report.quarantined + report.skipped.values().sum::<u64>();
        if met != (counted + others) as u64 {
            failed.push(format!("{name}: {counted} records and {others} other files counted, {met} met"));
        }
        let added = again(&log, dir.path(), &corpus);
        println!("|  | {added:?} | | | | | |");
        for (how, events) in added {
            if events > 0 {
                failed.push(format!("{name} {how}: {events} events"));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}
