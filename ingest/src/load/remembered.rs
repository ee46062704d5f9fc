//! Hints that mended a folder once: a retry with a pattern is for good, and loading the folder again needs it no more.

use std::path::{Path, PathBuf};

use serde_json::Value;
use store::{AppendError, Batch, Log, Name, ReadError};

use super::identity::digest;
use crate::{hints::Hints, mapping::Mappings, quarantine::absolute};

/// How many folders above one are asked.
const MAX_UP: usize = 16;

/// These hints, and behind them those that are remembered of these paths and the folders above them.
pub(super) fn with_remembered(log: &Log, paths: &[PathBuf], hints: &Hints) -> Result<Hints, ReadError> {
    let mut hints = hints.clone();
    let snapshot = log.snapshot()?;
    for path in paths.iter().filter(|path| path.as_os_str() != "-") {
        for folder in full(path).ancestors().take(MAX_UP) {
            for line in snapshot.name(&key_of(folder))?.unwrap_or_default().lines() {
                match line.split_once(' ') {
                    Some(("pattern", pattern)) => {
                        let new = pattern.parse().ok().filter(|pattern| !hints.patterns.contains(pattern));
                        hints.patterns.extend(new);
                    }
                    Some(("id", id)) if hints.id.is_none() => hints.id = id.parse().ok(),
                    // Quoted, since it has several lines.
                    Some(("map", quoted)) => {
                        let text = serde_json::from_str::<String>(quoted).ok();
                        let remembered =
                            text.and_then(|text| Mappings::parse("a remembered mapping", &text).ok());
                        if let Some(both) = remembered.and_then(|one| hints.mappings.clone().and(&one).ok()) {
                            hints.mappings = both;
                        }
                    }
                    Some(("column", column)) => {
                        let said = column.split_once('\t');
                        if let Some((name, Ok(column))) = said.map(|(name, column)| (name, column.parse())) {
                            hints.columns.entry(name.to_owned()).or_insert(column);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(hints)
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
