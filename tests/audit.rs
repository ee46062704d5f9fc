//! An index that says that it is up to date and is not: somebody has put an old copy of it back, and has doctored its
//! checkpoint. `morgue check` tells which documents differ, `--repair` mends those, and the archive is searched as it
//! should be.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn morgue(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_morgue"))
        .current_dir(dir)
        .args(["--data-dir", "data"])
        .args(args)
        .env_remove("MORGUE_LOG")
        .output()
        .unwrap()
}

#[track_caller]
fn run(dir: &Path, args: &[&str], code: i32) -> String {
    let output = morgue(dir, args);
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(code), "{args:?}\n{out}{err}");
    out + &err
}

fn load(dir: &Path, lines: &[Value]) {
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    fs::write(dir.join("events.jsonl"), text.join("\n")).unwrap();
    run(dir, &["load", "events.jsonl"], 0);
}

fn article(id: &str, headline: &str) -> Value {
    json!({"type": "article.published", "id": id, "data": {"headline": headline, "bylines": ["b/quill"]}})
}

fn byline(name: &str) -> Value {
    json!({"type": "byline.published", "id": "b/quill", "data": {"name": name}})
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Makes the index in `dir` say that it has taken in everything up to `seq`.
fn doctor(dir: &Path, seq: u64) {
    change_sealed(&dir.join("meta.json"), |meta| {
        meta["payload"] = json!({"checkpoint": seq, "reached": seq}).to_string().into();
    });
}

/// Changes a file of JSON, seal and all.
fn change_sealed(path: &Path, change: impl FnOnce(&mut Value)) {
    let sealed = fs::read_to_string(path).unwrap();
    let (content, _seal) = sealed.trim_end().rsplit_once('\n').unwrap();
    let mut content: Value = serde_json::from_str(content).unwrap();
    change(&mut content);
    let content = content.to_string() + "\n";
    let digest: [u8; 32] = Sha256::digest(content.as_bytes()).into();
    let seal: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    fs::write(path, format!("{content}#{seal}\n")).unwrap();
}

#[test]
fn what_differs_from_the_log_is_told_and_mended() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    load(
        dir,
        &[byline("Eleanor Quill"), article("a/1", "Ferry"), article("a/2", "Cable"), article("a/3", "Fire")],
    );
    let told = run(dir, &["check"], 0);
    assert!(told.contains("articles  g000001: 3 documents at event 4, all as the log says"), "{told}");
    let articles = dir.join("data/indexes/articles");
    copy(&articles, &dir.join("old"));

    // What the old copy lacks: a new article, one that is gone, and one of another headline.
    load(
        dir,
        &[
            article("a/4", "Comet"),
            json!({"type": "article.withdrawn", "id": "a/2", "data": {"reason": "a hoax"}}),
            article("a/1", "Ferry runs again"),
        ],
    );
    fs::remove_dir_all(&articles).unwrap();
    copy(&dir.join("old"), &articles);
    doctor(&articles.join("g000001"), 7);
    assert!(!run(dir, &["search", "comet"], 0).contains("Comet"), "the old copy does not know it");

    let told = run(dir, &["check"], 1);
    for line in [
        "articles  g000001: 3 documents at event 7, 1 missing, 1 extra, 1 stale",
        "  missing  a/4",
        "  extra    a/2",
        "  stale    a/1",
        "images    g000001: 0 documents at event 7, all as the log says",
        "`morgue check --repair` mends this",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(!run(dir, &["check", "--view", "bylines"], 0).contains("articles"));
    let output = morgue(dir, &["--json", "check", "--repair"]);
    assert_eq!(output.status.code(), Some(0));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!({
        "view": "articles", "generation": "g000001", "seq": 7, "documents": 3, "missing": ["a/4"], "extra": ["a/2"],
        "stale": ["a/1"], "repaired": true, "rebuilt": false,
    });
    assert_eq!(found["checked"][0], expected);
    run(dir, &["check"], 0);
    assert!(run(dir, &["search", "comet"], 0).contains("Comet"));
}

/// Every document of an index that another version has built by other rules would differ: it is the index that does.
#[test]
fn an_index_of_other_rules_is_told_and_built_again() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    load(dir, &[byline("Eleanor Quill"), article("a/1", "Ferry")]);
    change_sealed(&dir.join("data/indexes/articles/g000001/generation.json"), |info| {
        info["analyser"] = 0.into();
    });

    let told = run(dir, &["check"], 1);
    let expected =
        "articles  g000001 cannot be compared with the log: another version has built it by other rules";
    assert!(told.contains(expected) && !told.contains("stale"), "{told}");
    assert!(told.contains("`morgue check --repair` mends this"), "{told}");
    let output = morgue(dir, &["--json", "check", "--view", "articles"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["checked"], json!([{"view": "articles", "generation": "g000001", "outdated": true}]));
    assert!(run(dir, &["search", "ferry"], 0).contains("Ferry"), "it serves meanwhile");
    let told = run(dir, &["check", "--repair"], 0);
    assert!(told.contains("articles  had been built by other rules: g000002 is built and live"), "{told}");
    run(dir, &["check"], 0);
}

fn file(generation: &Path, sort: &str) -> PathBuf {
    let mut files = fs::read_dir(generation).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|end| end == sort)).unwrap()
}

/// One bit of a file of this sort flips.
fn damage(generation: &Path, sort: &str) {
    let path = file(generation, sort);
    let mut bytes = fs::read(&path).unwrap();
    bytes[9] ^= 4;
    fs::write(&path, bytes).unwrap();
}

#[test]
fn damaged_files_are_told_and_built_again() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    load(dir, &[byline("Eleanor Quill"), article("a/1", "Ferry")]);
    damage(&dir.join("data/indexes/bylines/g000001"), "term");

    let told = run(dir, &["check"], 1);
    assert!(told.contains("bylines   is damaged and out of service") && told.contains("checksum"), "{told}");
    let told = run(dir, &["check", "--repair"], 0);
    assert!(told.contains("bylines   was damaged: g000002 is built and live"), "{told}");
    assert!(told.contains("bylines   g000002: 1 document at event 2, all as the log says"), "{told}");
    run(dir, &["check"], 0);
}

/// A lost file, and one that is damaged where another can step in.
#[test]
fn a_lost_file_is_told_and_built_again() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    load(dir, &[byline("Eleanor Quill"), article("a/1", "Ferry")]);
    let articles = dir.join("data/indexes/articles");
    fs::remove_file(file(&articles.join("g000001"), "pos")).unwrap();
    let told = run(dir, &["check", "--view", "articles"], 1);
    assert!(
        told.contains("articles  is damaged and out of service") && told.contains("it is missing"),
        "{told}"
    );
    run(dir, &["search", "ferry"], 1);
    run(dir, &["check", "--view", "articles", "--repair"], 0);
    assert!(run(dir, &["search", "ferry"], 0).contains("1 article"));

    run(dir, &["rebuild", "--view", "articles"], 0);
    damage(&articles.join("g000003"), "fast");
    let told = run(dir, &["check", "--view", "articles"], 1);
    assert!(
        told.contains("articles  g000003 was damaged: ") && told.contains("; g000002 is live in its place"),
        "{told}"
    );
    assert!(told.contains("articles  g000002: 1 document at event 2, all as the log says"), "{told}");
    run(dir, &["check"], 0);
}

/// The archive as it stood is checked like the live one, and built again as of its own moment.
#[test]
fn a_damaged_archive_of_the_past_is_told_and_built_again() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    load(dir, &[byline("Eleanor Quill"), article("a/1", "Ferry"), article("a/2", "Ferry again")]);
    run(dir, &["rebuild", "--view", "articles", "--as-of", "seq:2", "--name", "then"], 0);
    let then = dir.join("data/indexes/articles/@then");
    let search = ["search", "ferry", "--as-of", "then"];
    assert!(run(dir, &search, 0).contains("1 article"));
    damage(&then, "idx");
    let told = run(dir, &["check"], 1);
    assert!(
        told.contains("articles  @then is damaged and out of service: ") && told.contains("checksum"),
        "{told}"
    );
    assert!(told.contains("`morgue check --repair` mends this"), "{told}");
    let told = run(dir, &search, 1);
    assert!(told.contains("the generation @then of articles is damaged and out of service"), "{told}");
    let told = run(dir, &["check", "--repair"], 0);
    assert!(told.contains("articles  @then was damaged: it is built again"), "{told}");
    assert!(run(dir, &search, 0).contains("1 article"));
    run(dir, &["check"], 0);
}
