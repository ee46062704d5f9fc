//! The house's own rules, held as a test: who may name whom, and how long a file may be.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod circles;
mod public;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The files of a crate's own source, not its tests.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut to_see = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(dir) = to_see.pop() {
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                to_see.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no sources");
    found
}

/// Returns true if the workspace has this folder.
fn is_there(folder: &str) -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).is_dir()
}

const FOLDERS: [&str; 11] = [
    "src",
    "store/src",
    "ingest/src",
    "views/src",
    "ends/tantivy/src",
    "ends/opensearch/src",
    "indexer/src",
    "query/src",
    "search/src",
    "search-api/src",
    "data-samples/src",
];

/// Every `crate::` path and `use` of `name` outside the folders that may.
#[track_caller]
fn only(name: &str, may: &[&str]) {
    for folder in FOLDERS.into_iter().filter(|folder| !may.contains(folder)) {
        for (path, text) in sources(folder) {
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                let named = code.contains(&format!("{name}::")) || code.contains(&format!("use {name}"));
                let whole = !code.contains(&format!("_{name}::"));
                assert!(
                    !(named && whole),
                    "{}:{}: {folder} must not name {name}",
                    path.display(),
                    number + 1
                );
            }
        }
    }
}

#[test]
fn only_store_names_lmdb() {
    only("heed", &["store/src"]);
}

#[test]
fn only_its_end_names_tantivy() {
    only("tantivy", &["ends/tantivy/src"]);
}

#[test]
fn only_its_end_names_the_client_of_a_cluster() {
    only("ureq", &["ends/opensearch/src"]);
    only("rustls", &["ends/opensearch/src"]);
}

#[test]
fn only_search_api_names_http() {
    only("axum", &["search-api/src"]);
    only("hyper", &["search-api/src"]);
}

/// The crates of ours that each may name, as its manifest lists them; who names another does not compile.
const EDGES: [(&str, &[&str]); 10] = [
    ("store", &[]),
    ("ingest", &["store"]),
    ("views", &["store"]),
    ("query", &["store", "views"]),
    ("ends/tantivy", &["query", "store", "views"]),
    ("ends/opensearch", &["store", "views"]),
    ("indexer", &["end-tantivy", "store", "views"]),
    ("search", &["indexer", "query", "store", "views"]),
    ("search-api", &["indexer", "ingest", "query", "search", "store", "views"]),
    ("data-samples", &[]),
];

/// What a manifest lists under `[dependencies]`, in its order.
fn dependencies(folder: &str) -> Vec<String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    let lines = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| Some(line.split(['.', ' ', '=']).next()?.to_owned())).collect()
}

#[test]
fn data_goes_one_way() {
    let ours = |name: &String| {
        EDGES.iter().any(|(folder, _)| folder.replace('/', "-").replace("ends-", "end-") == *name)
    };
    for (folder, may) in EDGES {
        let named: Vec<String> = dependencies(folder).into_iter().filter(ours).collect();
        assert_eq!(named, may, "{folder} names these crates of ours");
    }
}

/// Searching answers with types; each surface writes its own form of them. What is JSON by itself is a document's stored
/// fields.
#[test]
fn searching_speaks_nobodys_json() {
    for (path, text) in sources("search/src") {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let is_prose = line.trim_start().starts_with("//");
            let names = ["json!", "Value::", "serde_json::Value", "Value}", "Value,"];
            let named = names.iter().find(|name| line.contains(**name) && !line.contains("SortValue"));
            assert!(is_prose || named.is_none(), "{}:{}: {named:?}", path.display(), number + 1);
        }
    }
}

/// A view is a pure function of an asset and a snapshot: it knows no index, no disk and nobody who uses it.
#[test]
fn views_are_pure() {
    let banned = ["tantivy", "heed", "indexer", "search_api", "std::fs", "std::net", "std::process"];
    for (path, text) in sources("views/src") {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for name in banned {
                assert!(!code.contains(name), "{}:{}: a view names {name}", path.display(), number + 1);
            }
        }
    }
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("views/Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    for name in ["tantivy", "heed", "indexer"] {
        assert!(!manifest.contains(name), "views/Cargo.toml names {name}");
    }
}

#[test]
fn files_can_be_read_in_one_sitting() {
    for folder in FOLDERS {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(
                lines <= 600,
                "{} has {lines} lines: part it by the questions that it answers",
                path.display()
            );
        }
    }
}

/// A path in backticks that begins in a folder of ours is there: documents that name what was moved lead nowhere.
#[test]
fn what_the_documents_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = 0;
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/formats.md", "docs/mapping.md"]
    {
        let text = fs::read_to_string(root.join(document)).unwrap();
        for path in text.split('`').skip(1).step_by(2) {
            let is_ours = FOLDERS.iter().filter_map(|folder| folder.split('/').next());
            let is_ours =
                is_ours.chain(["tests", "docs"]).any(|first| path.starts_with(&format!("{first}/")));
            if is_ours && !path.contains([' ', '<', '*', '…', '{']) {
                named += 1;
                assert!(root.join(path).exists(), "{document} names {path}, which is not there");
            }
        }
    }
    assert!(named > 50, "{named} paths: where are the others?");
}
