//! The main job on real input, where there is some: loads archives of thousands of files, with counts that are taken
//! here by other means, and searches held against a plain look into the files.
//!
//! The archives are not part of the project. The folder that holds `digitalgov`, `18f` and `nyt` is named by
//! `MORGUE_CORPORA`; without it these tests say that there was nothing to do.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn corpus(name: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("MORGUE_CORPORA") else {
        println!("MORGUE_CORPORA names no folder: nothing to load");
        return None;
    };
    let corpus = Path::new(&folder).join(name);
    assert!(corpus.is_dir(), "{} is not there", corpus.display());
    Some(corpus)
}

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|is| is == extension) {
            found.push(path);
        }
    }
    found
}

/// One archive, driven as a user would: by the binary.
struct Archive(tempfile::TempDir);

impl Archive {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Runs a command that must end with this code; its last line of output as JSON.
    #[track_caller]
    fn run(&self, args: &[&str], code: i32) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_morgue"));
        let done = command
            .arg("--json")
            .arg("--data-dir")
            .arg(self.0.path().join("data"))
            .args(args)
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(code), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        let text = String::from_utf8(done.stdout).unwrap();
        serde_json::from_str(text.lines().last().unwrap_or("null")).unwrap()
    }

    fn load(&self, path: &Path, code: i32) -> Value {
        self.run(&["load", path.to_str().unwrap()], code)
    }

    /// The ids of all hits.
    fn ids(&self, query: &str) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        loop {
            let offset = ids.len().to_string();
            let found = self
                .run(&["search", "--limit", "100", "--sort", "oldest", "--offset", &offset, "--", query], 0);
            let hits = found["hits"].as_array().unwrap();
            ids.extend(hits.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()));
            if hits.is_empty() || ids.len() as u64 >= found["total"].as_u64().unwrap() {
                return ids;
            }
        }
    }

    /// Documents and digest of each view.
    fn status(&self) -> Value {
        let status = self.run(&["status"], 0);
        let views = status["views"].as_object().unwrap();
        views
            .iter()
            .map(|(name, view)| (name.clone(), serde_json::json!([view["documents"], view["digest"]])))
            .collect()
    }
}

/// What is between the two lines that fence the front matter off; `None` without one.
fn front_matter(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches('\u{feff}').trim_start().strip_prefix("---")?;
    rest.split_once("\n---").map(|(front, _)| front)
}

/// True where Hugo would not show a page: a draft, one without a page of its own, or one that has expired.
fn is_hidden(front: &str) -> bool {
    let today = store::Timestamp::now().to_string();
    front.lines().filter_map(|line| line.split_once(':')).any(|(name, value)| {
        let value = value.trim().trim_matches(['"', '\'']);
        match name.to_ascii_lowercase().as_str() {
            "draft" | "headless" => value == "true",
            // Both are dates of four-digit years, which compare as texts.
            "expirydate" => value.starts_with(|c: char| c.is_ascii_digit()) && value < today.as_str(),
            _ => false,
        }
    })
}

/// True for a page of a layout or a redirection alone, of which nothing can be shown: no words of its own, but perhaps a
/// shortcode by which it is filled.
fn is_empty(text: &str) -> bool {
    let (front, body) = text.rsplit_once("\n---").unwrap_or((text, ""));
    let body = body.trim();
    let is_filled =
        body.is_empty() || (body.starts_with("{{<") && body.ends_with(">}}") && !body.contains('\n'));
    let shown = ["title:", "summary:", "deck:", "name:"];
    is_filled && !front.lines().any(|line| shown.iter().any(|name| line.trim_start().starts_with(name)))
}

/// How many pages were passed over since they say nothing themselves.
fn passed_over(report: &Value) -> u64 {
    let skipped = report["skipped"].as_object().unwrap();
    skipped
        .iter()
        .filter(|(why, _)| why.starts_with("(page "))
        .map(|(_, files)| files.as_u64().unwrap())
        .sum()
}

#[test]
fn a_markdown_site_with_authors_and_image_records() {
    let Some(corpus) = corpus("digitalgov") else { return };
    let pages = files(&corpus, "md");
    let is_author = |path: &Path| {
        path.components().any(|part| part.as_os_str() == "authors") && path.ends_with("_index.md")
    };
    let (mut articles, mut authors, mut hidden, mut empty) = (0_u64, 0_u64, 0_u64, 0_u64);
    for page in &pages {
        let text = fs::read_to_string(page).unwrap();
        let Some(front) = front_matter(&text) else { continue };
        match () {
            () if is_author(page) && front.contains("display_name") => authors += 1,
            () if is_hidden(front) => hidden += 1,
            () if is_empty(&text) => empty += 1,
            () => articles += 1,
        }
    }
    let archive = Archive::new();
    let report = archive.load(&corpus, 0);
    println!(
        "digitalgov: {} pages, {articles} articles, {hidden} not public, {empty} empty and {authors} authors counted; loaded {report}",
        pages.len()
    );
    assert_eq!(report["articles"], articles);
    assert_eq!(report["formats"]["markdown"]["records"], articles + hidden + authors);
    assert_eq!(report["formats"]["image-yaml"]["records"], files(&corpus.join("data/images"), "yml").len());
    assert_eq!((&report["quarantined"], passed_over(&report)), (&0.into(), empty));

    let again = archive.load(&corpus, 0);
    assert_eq!((&again["events"], &again["quarantined"]), (&0.into(), &0.into()));

    let before = archive.status();
    fs::remove_dir_all(archive.0.path().join("data/indexes")).unwrap();
    archive.run(&["rebuild"], 0);
    assert_eq!(archive.status(), before);
    assert_eq!(archive.run(&["log", "verify"], 0)["problems"], serde_json::json!([]));
}

#[test]
fn a_blog_and_what_grep_finds() {
    let Some(corpus) = corpus("18f") else { return };
    let posts: Vec<PathBuf> = files(&corpus, "md");
    let has_front = |post: &&PathBuf| front_matter(&fs::read_to_string(post).unwrap()).is_some();
    let is_something = |post: &&PathBuf| !is_empty(&fs::read_to_string(post).unwrap());
    let (with_front, empty): (Vec<_>, Vec<_>) = posts.iter().filter(has_front).partition(is_something);
    let archive = Archive::new();
    let report = archive.load(&corpus, 0);
    assert_eq!((&report["quarantined"], passed_over(&report)), (&0.into(), empty.len() as u64));
    println!("18f: {} with front matter of {} files counted; loaded {report}", with_front.len(), posts.len());
    assert_eq!(report["articles"], with_front.len());

    // Rare words, whole, that stemming does not touch and markup does not hide: what a plain look finds in the text,
    // the search finds.
    for word in ["hackathon", "kubernetes", "postgresql"] {
        let pattern = |text: &str| {
            let lower = text.to_lowercase();
            lower.split(|c: char| !c.is_alphanumeric()).any(|part| part == word)
        };
        let expected = with_front.iter().filter(|post| {
            let text = fs::read_to_string(post).unwrap();
            let body = text.split_once("\n---").map_or("", |(_, body)| body);
            pattern(
                &body.lines().filter(|line| !line.contains("](") && !line.contains("{%")).collect::<String>(),
            )
        });
        let expected = expected.count();
        let found = archive.ids(&format!("body:{word}")).len();
        println!("18f: `{word}`: grep finds {expected} posts, the search {found}");
        assert!(found >= expected && expected > 0, "{word}: {found} found, {expected} expected");
    }
}

#[test]
fn responses_of_the_times() {
    let Some(corpus) = corpus("nyt") else { return };
    let mut docs = 0;
    for file in files(&corpus.join("responses"), "json") {
        let response: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        docs += response["response"]["docs"].as_array().unwrap().len();
    }
    let archive = Archive::new();
    let report = archive.load(&corpus.join("responses"), 0);
    println!("nyt: {docs} docs counted; loaded {report}");
    assert_eq!(report["articles"], docs);
    let everything = archive.load(&corpus, 3);
    assert_eq!(everything["events"], 0);
    let listed = archive.run(&["quarantine", "list"], 0);
    assert!(listed["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{listed}");
}
