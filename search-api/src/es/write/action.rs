//! Actions: what a line of a `_bulk` wants to be done, and the result of one.

use serde_json::{Map, Value, json};
use store::{AssetKind, Revision, Seq};

use super::target::ByMapping;
use crate::{door::error::RequestError, es::error::cause};

/// One thing to do.
#[derive(Debug, Clone)]
pub(in crate::es) struct Action {
    pub(super) verb: Verb,
    pub(super) kind: AssetKind,
    pub(super) id: String,
    /// The document, or the fields to merge.
    pub(super) document: Map<String, Value>,
    /// The mapping by which the document is read, where it is no asset in our form.
    pub(super) mapping: Option<ByMapping>,
    /// With `update`: publish the fields as they are when there is nothing yet.
    pub(super) upsert: Option<Map<String, Value>>,
    /// The seq that the current revision must have.
    pub(super) if_seq_no: Option<u64>,
}

/// The verb of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::es) enum Verb {
    Index,
    Create,
    Update,
    Delete,
}

impl Verb {
    pub(in crate::es) const fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// The result of one action: its JSON without the verb, its status, and its seq.
pub(in crate::es) struct Done {
    pub(in crate::es) answer: Value,
    pub(in crate::es) status: u16,
    pub(in crate::es) seq: Option<Seq>,
}

impl Done {
    /// Adds remarks for the sender. Elasticsearch's answers have no place for them; clients pass over what they do not
    /// know.
    pub(super) fn remarked(mut self, remarks: &[String]) -> Self {
        if let (Some(answer), false) = (self.answer.as_object_mut(), remarks.is_empty()) {
            answer.insert("remarks".to_owned(), json!(remarks));
        }
        self
    }
}

/// An action and its place.
pub(super) struct Placed {
    pub(super) action: Action,
    pub(super) number: usize,
    /// True if no other on the same asset comes behind it.
    pub(super) is_last: bool,
}

pub(super) fn refused(index: &str, id: &Value, error: &RequestError) -> Done {
    let (name, reason) = cause(error);
    let status = error.status();
    let answer =
        json!({"_index": index, "_id": id, "status": status, "error": {"type": name, "reason": reason}});
    Done { answer, status, seq: None }
}

pub(super) fn refused_action(action: &Action, error: &RequestError) -> Done {
    refused(action.kind.plural(), &json!(action.id), error)
}

/// The state of an asset before an action, as the action's answer tells it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Standing {
    pub(super) revision: Revision,
    /// The event of the revision that readers see.
    pub(super) live: Option<Seq>,
}
