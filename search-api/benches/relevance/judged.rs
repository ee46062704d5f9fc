//! Judged collections: what is searched, what is asked, and what should be found.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    error::Error,
    fs,
    path::Path,
};

use serde_json::Value;

/// One of them.
#[derive(Default)]
pub(crate) struct Judged {
    pub(crate) name: String,
    pub(crate) texts: Vec<Text>,
    /// By their ids.
    pub(crate) queries: BTreeMap<String, String>,
    /// For each query the ids of the texts that should be found.
    pub(crate) relevant: BTreeMap<String, HashSet<String>>,
}

pub(crate) struct Text {
    pub(crate) id: String,
    pub(crate) headline: String,
    pub(crate) body: String,
}

impl Judged {
    /// Reads a folder with `docs.jsonl`, `queries.tsv` and `qrels.tsv`.
    pub(crate) fn read(dir: &Path) -> Result<Self, Box<dyn Error>> {
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut judged = Self { name, ..Self::default() };
        for line in fs::read_to_string(dir.join("docs.jsonl"))?.lines() {
            let document: HashMap<String, Value> = serde_json::from_str(line)?;
            let text = |name: &str| match document.get(name) {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => String::new(),
            };
            judged.texts.push(Text { id: text("id"), headline: text("title"), body: text("text") });
        }
        for line in fs::read_to_string(dir.join("queries.tsv"))?.lines() {
            if let Some((id, text)) = line.split_once('\t') {
                judged.queries.insert(id.to_owned(), text.to_owned());
            }
        }
        for line in fs::read_to_string(dir.join("qrels.tsv"))?.lines() {
            if let Some((query, document)) = line.split_once('\t') {
                let document = document.split('\t').next().unwrap_or_default();
                judged.relevant.entry(query.to_owned()).or_default().insert(document.to_owned());
            }
        }
        Ok(judged)
    }
}
