//! The archive that is measured.

use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Instant,
};

use indexer::{Indexes, RebuildOptions};
use search::Search;
use store::{Article, AssetId, Batch, Byline, Log, NewEvent};
use tempfile::TempDir;
use views::{ARTICLES, VIEWS};

use crate::synthetic;

/// An indexed archive.
pub(crate) struct Archive {
    pub(crate) home: TempDir,
    pub(crate) indexes: Indexes,
    pub(crate) search: Search,
    pub(crate) span: Span,
}

/// The months, first and last, that a filter by date keeps to: a part of what there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span(pub(crate) &'static str, pub(crate) &'static str);

const REAL_SPAN: Span = Span("2005-06", "2006-06");
const SYNTHETIC_SPAN: Span = Span("1931-01", "1950-12");

impl Archive {
    /// Real text where it is there, unless so many synthetic articles are asked for.
    pub(crate) fn load() -> Self {
        let home = tempfile::tempdir().unwrap();
        let log = Log::open(home.path().join("log")).unwrap();
        let began = Instant::now();
        let asked_for = std::env::var("MORGUE_BENCH_ARTICLES").ok().map(|count| count.parse().unwrap());
        let real = if asked_for.is_none() { load_real(&log) } else { 0 };
        let (bytes, span) = match real {
            0 => {
                let size = synthetic::Size::of(asked_for.unwrap_or(50_000));
                (synthetic::load(&log, size, &synthetic::vocabulary()), SYNTHETIC_SPAN)
            }
            bytes => (bytes, REAL_SPAN),
        };
        let indexes = Indexes::open(log, home.path().join("indexes")).unwrap();
        let options = RebuildOptions { keep_previous: false, ..RebuildOptions::default() };
        for view in VIEWS {
            indexes.rebuild(view, &options, &AtomicBool::new(false), &|_| {}).unwrap();
        }
        let index = indexes.live(ARTICLES).unwrap().searcher().unwrap();
        println!(
            "{} articles, {} MB of text, {} segments; loaded and indexed in {:.0} s",
            index.searcher.tantivy().num_docs(),
            bytes >> 20,
            index.searcher.tantivy().segment_readers().len(),
            began.elapsed().as_secs_f64()
        );
        Self { home, search: Search::new(indexes.clone()), indexes, span }
    }
}

/// Loads what real text there is. Returns its bytes.
fn load_real(log: &Log) -> u64 {
    let corpora =
        std::env::var_os("MORGUE_CORPORA").map_or_else(|| PathBuf::from("target/corpora"), PathBuf::from);
    let mut to = Writer { log, events: Vec::new(), bytes: 0 };
    to.senate_press(&corpora.join("senate_press/raw"));
    to.chronam(&corpora.join("chronam/dates"));
    to.flush();
    to.bytes
}

struct Writer<'a> {
    log: &'a Log,
    events: Vec<store::Prepared>,
    bytes: u64,
}

impl Writer<'_> {
    fn publish(&mut self, event: &NewEvent) {
        self.events.push(self.log.prepare(event).unwrap());
        if self.events.len() >= 5_000 {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.log.append(Batch { events: std::mem::take(&mut self.events), ..Batch::default() }).unwrap();
    }

    fn article(&mut self, id: &str, byline: Option<AssetId>, published: &str, text: &str) {
        let body = text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.bytes += body.len() as u64;
        let article = Article {
            headline: body.chars().take(80).collect(),
            body,
            published: published.parse().ok(),
            section: format!("Section {}", self.bytes % 17),
            language: "en".into(),
            bylines: byline.into_iter().collect(),
            ..Article::default()
        };
        self.publish(&NewEvent::published(AssetId::new(id).unwrap(), article));
    }

    /// `Carper/22Jun2006Carper6.txt`
    fn senate_press(&mut self, raw: &Path) {
        for senator in entries(raw).into_iter().filter(|path| path.is_dir()) {
            let name = senator.file_name().unwrap().to_string_lossy().into_owned();
            let byline = AssetId::new(format!("b/{name}")).unwrap();
            let who = Byline { name: name.clone(), ..Byline::default() };
            self.publish(&NewEvent::published(byline.clone(), who));
            for release in entries(&senator) {
                let text = String::from_utf8_lossy(&std::fs::read(&release).unwrap()).into_owned();
                let stem = release.file_stem().unwrap().to_string_lossy().into_owned();
                let date = date_in(&stem).unwrap_or_default();
                self.article(&format!("a/{name}/{stem}"), Some(byline.clone()), &date, &text);
            }
        }
    }

    fn chronam(&mut self, dates: &Path) {
        let mut folders = vec![dates.to_owned()];
        while let Some(folder) = folders.pop() {
            for path in entries(&folder) {
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "txt") {
                    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                    let id = path.strip_prefix(dates).unwrap().to_string_lossy().into_owned();
                    self.article(&format!("p/{id}"), None, "1916-01", &text);
                }
            }
        }
    }
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// `22Jun2006…` as `2006-06-22`.
fn date_in(name: &str) -> Option<String> {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|month| name.get(2..5) == Some(month))?;
    Some(format!("{}-{:02}-{}", name.get(5..9)?, month + 1, name.get(0..2)?))
}
