//! The changes from one revision of an asset to another, field by field, as a page would show it.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use crate::{
    asset::AssetRef,
    catalog::snapshot::Snapshot,
    content::Content,
    error::ReadError,
    event::{Fact, Payload, Revision},
};

/// Two texts that differ very much are compared coarsely from here on, so that nobody waits.
const PATIENCE: Duration = Duration::from_millis(200);

/// The changes between two revisions, in the order of the fields' names, the body last. Serialises to JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Differences {
    /// The fields that changed.
    pub fields: Vec<FieldChange>,
}

/// One field that changed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FieldChange {
    /// Its name in JSON.
    pub field: String,
    /// The change.
    #[serde(flatten)]
    pub change: Change,
}

/// The change of a field.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "change", rename_all = "lowercase")]
pub enum Change {
    /// A short text, word by word.
    Text {
        /// In their order.
        pieces: Vec<Piece>,
    },
    /// A long text, paragraph by paragraph.
    Paragraphs {
        /// In their order.
        paragraphs: Vec<Paragraph>,
    },
    /// A list.
    List {
        /// The entries that it has no more.
        removed: Vec<Value>,
        /// The entries that it did not have.
        added: Vec<Value>,
        /// True if the entries that it had and has stand in another order.
        reordered: bool,
    },
    /// Anything else.
    Value {
        /// `None`: it was not there.
        before: Option<Value>,
        /// `None`: it is not there.
        after: Option<Value>,
    },
}

/// Words that follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Piece {
    /// In both.
    Same(String),
    /// Only before.
    Removed(String),
    /// Only after.
    Added(String),
}

/// One paragraph of a long text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Paragraph {
    /// In both.
    Same(String),
    /// Only before.
    Removed(String),
    /// Only after.
    Added(String),
    /// In both, with other words.
    Changed(Vec<Piece>),
}

impl Content {
    /// Returns what changed from this revision to a later one.
    pub fn differences(&self, after: &Self) -> Differences {
        let (before, after) = (fields(self), fields(after));
        let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        let deadline = Instant::now() + PATIENCE;
        let mut fields: Vec<_> = names
            .into_iter()
            .filter(|name| before.get(*name) != after.get(*name))
            .map(|name| FieldChange {
                field: name.clone(),
                change: change(name, before.get(name), after.get(name), deadline),
            })
            .collect();
        fields.sort_by_key(|field| field.field == "body");
        Differences { fields }
    }
}

impl Snapshot {
    /// Returns what changed from one revision of an asset to another; `None` when one of them is not there or was
    /// erased.
    ///
    /// # Errors
    /// [`ReadError`]: damaged, or the disk fails.
    pub fn differences(
        &self,
        asset: &AssetRef,
        from: Revision,
        to: Revision,
    ) -> Result<Option<Differences>, ReadError> {
        let (Some(from), Some(to)) = (self.revision(asset, from)?, self.revision(asset, to)?) else {
            return Ok(None);
        };
        Ok(Some(from.differences(&to)))
    }

    /// Returns what a revision says; `None` when it is not there, was erased, or is not for this snapshot's reader.
    /// Walks the asset's history back to it.
    ///
    /// # Errors
    /// [`ReadError`]: damaged, or the disk fails.
    pub fn revision(&self, asset: &AssetRef, revision: Revision) -> Result<Option<Content>, ReadError> {
        for seq in self.history(asset, usize::MAX)? {
            if self.tables.record(&self.txn, seq)?.revision == revision && revision.get() > 0 {
                let event = self.event(seq)?;
                if !self.may_see(&event)? {
                    return Ok(None);
                }
                return Ok(match event.payload {
                    Payload::Kept { fact: Fact::Published(content), .. } => Some(content),
                    _ => None,
                });
            }
        }
        Ok(None)
    }
}

fn fields(content: &Content) -> Map<String, Value> {
    match serde_json::to_value(content) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn change(name: &str, before: Option<&Value>, after: Option<&Value>, deadline: Instant) -> Change {
    let text = |value: Option<&Value>| match value {
        None => Some(String::new()),
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => None,
    };
    let list = |value: Option<&Value>| match value {
        None => Some(Vec::new()),
        Some(Value::Array(list)) => Some(list.clone()),
        Some(_) => None,
    };
    if let (Some(before), Some(after)) = (text(before), text(after)) {
        return match name {
            "body" => Change::Paragraphs { paragraphs: paragraphs(&before, &after, deadline) },
            _ => Change::Text { pieces: words(&before, &after, deadline) },
        };
    }
    if let (Some(before), Some(after)) = (list(before), list(after)) {
        let (removed, kept_before) = split(&before, &after);
        let (added, kept_after) = split(&after, &before);
        return Change::List { removed, added, reordered: kept_before != kept_after };
    }
    Change::Value { before: before.cloned(), after: after.cloned() }
}

/// Returns what of a list the other does not have, and what it has, each in its order.
fn split(list: &[Value], other: &[Value]) -> (Vec<Value>, Vec<Value>) {
    let other: BTreeSet<String> = other.iter().map(Value::to_string).collect();
    list.iter().cloned().partition(|item| !other.contains(&item.to_string()))
}

#[expect(clippy::indexing_slicing, reason = "the ranges of a difference lie in what was compared")]
fn words(before: &str, after: &str, deadline: Instant) -> Vec<Piece> {
    let before: Vec<&str> = before.split_inclusive(char::is_whitespace).collect();
    let after: Vec<&str> = after.split_inclusive(char::is_whitespace).collect();
    let mut pieces = Vec::new();
    for op in capture_diff_slices_deadline(Algorithm::Myers, &before, &after, Some(deadline)) {
        let old = || before[op.old_range()].concat();
        let new = || after[op.new_range()].concat();
        match op {
            DiffOp::Equal { .. } => pieces.push(Piece::Same(old())),
            DiffOp::Delete { .. } => pieces.push(Piece::Removed(old())),
            DiffOp::Insert { .. } => pieces.push(Piece::Added(new())),
            DiffOp::Replace { .. } => pieces.extend([Piece::Removed(old()), Piece::Added(new())]),
        }
    }
    pieces
}

#[expect(clippy::indexing_slicing, reason = "the ranges of a difference lie in what was compared")]
fn paragraphs(before: &str, after: &str, deadline: Instant) -> Vec<Paragraph> {
    let split = |text: &'_ str| -> Vec<String> {
        text.split("\n\n").filter(|paragraph| !paragraph.is_empty()).map(str::to_owned).collect()
    };
    let (before, after) = (split(before), split(after));
    let mut found = Vec::new();
    for op in capture_diff_slices_deadline(Algorithm::Myers, &before, &after, Some(deadline)) {
        let (old, new) = (&before[op.old_range()], &after[op.new_range()]);
        match op {
            DiffOp::Equal { .. } => found.extend(old.iter().cloned().map(Paragraph::Same)),
            DiffOp::Delete { .. } => found.extend(old.iter().cloned().map(Paragraph::Removed)),
            DiffOp::Insert { .. } => found.extend(new.iter().cloned().map(Paragraph::Added)),
            DiffOp::Replace { .. } => {
                let both = old.len().min(new.len());
                found.extend(old.iter().zip(new).map(|(old, new)| replaced(old, new, deadline)));
                found.extend(old.iter().skip(both).cloned().map(Paragraph::Removed));
                found.extend(new.iter().skip(both).cloned().map(Paragraph::Added));
            }
        }
    }
    found
}

fn replaced(old: &str, new: &str, deadline: Instant) -> Paragraph {
    Paragraph::Changed(words(old, new, deadline))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::content::{Article, Keyword};

    #[test]
    fn a_correction_shows_word_by_word() {
        let before = Article {
            headline: "The ferry sails at eight".into(),
            body: "It left.\n\nNobody saw it go.\n\nThe end.".into(),
            kicker: "Harbour".into(),
            bylines: vec![],
            keywords: vec![
                Keyword { name: "place".into(), value: "Harbour".into(), ..Keyword::default() },
                Keyword { name: "place".into(), value: "Quay".into(), ..Keyword::default() },
            ],
            ..Article::default()
        };
        let mut after = before.clone();
        after.headline = "The ferry sails at nine".into();
        after.body = "It left.\n\nTwo people saw it go.\n\nThe end.\n\nA note.".into();
        after.kicker = String::new();
        after.keywords.remove(0);
        let differences = Content::from(before).differences(&Content::from(after));
        assert_eq!(
            serde_json::to_value(differences).unwrap(),
            json!({"fields": [
                {"field": "headline", "change": "text", "pieces": [
                    {"same": "The ferry sails at "}, {"removed": "eight"}, {"added": "nine"}]},
                {"field": "keywords", "change": "list", "reordered": false, "added": [],
                    "removed": [{"name": "place", "value": "Harbour"}]},
                {"field": "kicker", "change": "text", "pieces": [{"removed": "Harbour"}]},
                {"field": "body", "change": "paragraphs", "paragraphs": [
                    {"same": "It left."},
                    {"changed": [{"removed": "Nobody "}, {"added": "Two people "}, {"same": "saw it go."}]},
                    {"same": "The end."},
                    {"added": "A note."}]},
            ]})
        );
    }

    #[test]
    fn texts_that_share_nothing_are_compared_in_time() {
        let long = |word: &str| (0..200_000).map(|n| format!("{word}{n} ")).collect::<String>();
        let article = |body| Content::from(Article { body, ..Article::default() });
        let began = Instant::now();
        let differences = article(long("a")).differences(&article(long("b")));
        assert_eq!(differences.fields.len(), 1);
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
}
