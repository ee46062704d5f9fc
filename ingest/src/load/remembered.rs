//! Hints that mended a folder once: a retry with a pattern is for good, and loading the folder again needs it no more.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use serde_json::Value;
use store::{AppendError, Batch, Log, Name, ReadError};

use super::identity::digest;
use crate::{hints::Hints, mapping::Mappings, quarantine::absolute};

/// The number of folders that are asked, from the given path up.
const MAX_UP: usize = 16;

/// Returns these hints, and behind them those that are remembered of these paths and the folders above them. `doubts` are
/// told of each that is understood no more, with its folder.
pub(super) fn with_remembered(
    log: &Log,
    paths: &[PathBuf],
    hints: &Hints,
    doubts: &mut Vec<(String, String)>,
) -> Result<Hints, ReadError> {
    let mut hints = hints.clone();
    let snapshot = log.snapshot()?;
    for path in paths.iter().filter(|path| path.as_os_str() != "-") {
        for folder in full(path).ancestors().take(MAX_UP) {
            for line in snapshot.name(&key_of(folder))?.unwrap_or_default().lines() {
                if let Err(why) = add(&mut hints, line) {
                    let why = format!(
                        "a hint that was remembered of this folder is understood no more ({why}) and was passed over: state it anew"
                    );
                    doubts.push((folder.display().to_string(), why));
                }
            }
        }
    }
    Ok(hints)
}

/// Adds a remembered line to hints; what they state already counts before it.
fn add(hints: &mut Hints, line: &str) -> Result<(), Box<dyn Error>> {
    let (what, said) = line.split_once(' ').ok_or("it says nothing")?;
    match what {
        "pattern" => {
            let pattern = said.parse()?;
            if !hints.patterns.contains(&pattern) {
                hints.patterns.push(pattern);
            }
        }
        "id" => {
            let id = said.parse()?;
            hints.id.get_or_insert(id);
        }
        // Quoted, since it has several lines.
        "map" => {
            let remembered = Mappings::parse("a remembered mapping", &serde_json::from_str::<String>(said)?)?;
            // They fail together where a mapping of the same name is stated.
            if let Ok(both) = hints.mappings.clone().and(&remembered) {
                hints.mappings = both;
            }
        }
        "column" => {
            let (name, column) = said.split_once('\t').ok_or("it names no column")?;
            let column = column.parse()?;
            hints.columns.entry(name.to_owned()).or_insert(column);
        }
        _ => return Err("this version knows no such hint".into()),
    }
    Ok(())
}

/// Remembers hints of a path.
pub(super) fn remember(log: &Log, path: &Path, hints: &Hints) -> Result<(), AppendError> {
    let patterns = hints.patterns.iter().map(|pattern| format!("pattern {pattern}"));
    let columns = hints.columns.iter().map(|(name, column)| format!("column {name}\t{column}"));
    let mapping = Some(hints.mappings.text()).filter(|text| !text.is_empty());
    let mapping = mapping.map(|text| format!("map {}", Value::from(text)));
    let id = hints.id.as_ref().map(|id| format!("id {id}"));
    let new: Vec<String> =
        patterns.chain(columns).chain(id).chain(mapping).filter(|line| !line.contains('\n')).collect();
    if new.is_empty() || path.as_os_str() == "-" {
        return Ok(());
    }
    let key = key_of(&full(path));
    let mut lines: Vec<String> =
        log.snapshot()?.name(&key)?.unwrap_or_default().lines().map(str::to_owned).collect();
    lines.extend(new);
    let mut seen = std::collections::BTreeSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    log.append(Batch { names: vec![Name { key, value: lines.join("\n") }], ..Batch::default() })?;
    Ok(())
}

fn full(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| absolute(path))
}

fn key_of(path: &Path) -> String {
    format!("hints:{}", digest(&[path.as_os_str().as_encoded_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A later version remembered more than this one knows, or wrote it otherwise: that is told, and the rest holds.
    #[test]
    fn a_hint_that_is_understood_no_more_is_told_of() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path().join("log")).unwrap();
        let given = Hints { patterns: vec!["{byline}.txt".parse().unwrap()], ..Hints::default() };
        remember(&log, dir.path(), &given).unwrap();
        let key = key_of(&full(dir.path()));
        let known = log.snapshot().unwrap().name(&key).unwrap().unwrap();
        let lines = [
            known.as_str(),
            "pattern {",
            "id {",
            "map [",
            "map \"[\"",
            "column a",
            "column a\tb",
            "smell roses",
            "",
        ];
        let names = vec![Name { key, value: lines.join("\n") }];
        log.append(Batch { names, ..Batch::default() }).unwrap();
        let mut doubts = Vec::new();
        let paths = [dir.path().join("later")];
        let hints = with_remembered(&log, &paths, &Hints::default(), &mut doubts).unwrap();
        assert_eq!(hints.patterns, given.patterns);
        assert_eq!(doubts.len(), 7, "{doubts:?}");
        for (folder, why) in doubts {
            assert_eq!(folder, full(dir.path()).display().to_string());
            assert!(why.ends_with("was passed over: state it anew"), "{why}");
        }
    }
}
