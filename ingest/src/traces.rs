//! Traces of an asset in the quarantine: a record that could not be read may hold words of one that is to be erased, of an
//! edition before or after it.

use std::collections::BTreeSet;

use serde_json::Value;
use store::{AssetRef, Fact, ReadError, Snapshot};

use crate::quarantine::{Quarantine, QuarantineError, Quarantined};

/// The number of words in a row that are told from any others by chance.
const RUN: usize = 5;
/// Shorter texts than this are in too many records to tell anything, in bytes.
const LEAST: usize = 6;
/// A run begins at every so many words of a text, so that a text of which a part was left out is known by the rest.
const EVERY: usize = 3;

/// Traces by which an asset is known: its id, and runs of words of all its revisions.
#[derive(Debug, Clone, Default)]
pub struct Traces {
    runs: BTreeSet<String>,
}

impl Traces {
    /// Returns the traces of an asset whose texts are still there.
    ///
    /// # Errors
    /// [`ReadError`] when the log cannot be read.
    pub fn of(asset: &AssetRef, snapshot: &Snapshot) -> Result<Self, ReadError> {
        let mut traces = Self::default();
        traces.add(asset.id.as_str());
        for seq in snapshot.history(asset, usize::MAX)? {
            if let Some(Fact::Published(content)) = snapshot.event(seq)?.fact() {
                #[expect(
                    clippy::expect_used,
                    reason = "a content was read from JSON, and its names are texts"
                )]
                let content = serde_json::to_value(content).expect("a content is JSON");
                traces.add_all(&content);
            }
        }
        Ok(traces)
    }

    fn add_all(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add(text),
            Value::Array(list) => list.iter().for_each(|one| self.add_all(one)),
            Value::Object(fields) => fields.values().for_each(|one| self.add_all(one)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn add(&mut self, text: &str) {
        let words = words_of(text);
        let words: Vec<&str> = words.split_whitespace().collect();
        let is_telling =
            |run: &[&str]| run.len() > 1 && run.iter().map(|word| word.len()).sum::<usize>() >= LEAST;
        if words.len() <= RUN {
            self.runs.extend(is_telling(&words).then(|| format!(" {} ", words.join(" "))));
            return;
        }
        let runs = words.windows(RUN).step_by(EVERY);
        self.runs.extend(runs.map(|run| format!(" {} ", run.join(" "))));
    }

    /// Returns true if a text has any of them.
    fn are_in(&self, text: &str) -> bool {
        let words = words_of(text);
        self.runs.iter().any(|run| words.contains(run.as_str()))
    }
}

/// Returns the words of a text in lower case, with a space around each, without the tags of HTML.
fn words_of(text: &str) -> String {
    let mut words = String::from(" ");
    let (mut in_tag, mut in_word) = (false, false);
    for c in text.chars() {
        in_tag = c == '<' || (in_tag && c != '>');
        if !in_tag && c.is_alphanumeric() {
            words.extend(c.to_lowercase());
            in_word = true;
        } else if std::mem::take(&mut in_word) {
            words.push(' ');
        }
    }
    if in_word {
        words.push(' ');
    }
    words
}

impl Quarantine {
    /// Returns the records that may hold words of an asset.
    ///
    /// # Errors
    /// [`QuarantineError::Io`] when the disk fails.
    pub fn with_traces(&self, traces: &Traces) -> Result<Vec<Quarantined>, QuarantineError> {
        let mut found = Vec::new();
        for record in self.records()? {
            let (one, bytes) = record?;
            let record = String::from_utf8_lossy(&bytes);
            if traces.are_in(&format!("{}\n{}\n{record}", one.head, one.reason)) {
                found.push(one);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use store::{Article, AssetId, AssetKind, Log, NewEvent};

    use super::*;

    #[test]
    fn records_with_words_of_an_asset_are_found_whatever_they_are_written_in() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path().join("log")).unwrap();
        let article = |body: &str| Article {
            headline: "Ferry lost off the point".into(),
            body: body.into(),
            credit: "By Ada Frotz".into(),
            section: "News".into(),
            ..Article::default()
        };
        let id = AssetId::new("harbour/1931-05-02/ferry").unwrap();
        for body in
            ["The harbour master saw nothing of it, he said.", "All of the crew were brought ashore at dawn."]
        {
            log.append_one(&NewEvent::published(id.clone(), article(body))).unwrap();
        }
        let asset = AssetRef::new(AssetKind::Article, id);
        let traces = Traces::of(&asset, &log.snapshot().unwrap()).unwrap();
        let check = |text: &str, expected: bool| assert_eq!(traces.are_in(text), expected, "{text}");
        check("{\"headline\":\"FERRY LOST OFF THE POINT\",", true);
        check("<p>The harbour <i>master</i> saw\n nothing of it</p>", true);
        check("… of the crew were brought ashore at dawn", true);
        check("id: harbour/1931-05-02/ferry", true);
        check("by ada frotz", true);
        check("News, lost; the harbour at dawn", false);
        check("", false);
    }
}
