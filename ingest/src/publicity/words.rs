//! The words in which sources put it: statuses, and what is true or false.

use serde_json::Value;

use super::{Hidden, Publicity};
use crate::fields::text_of;

/// The meaning of a status. Any other word says nothing: a column of that name may hold anything.
pub(super) enum Status {
    Hidden(Hidden),
    /// Not before a time that stands elsewhere.
    Scheduled,
    /// Not before a time that stands elsewhere.
    Embargoed,
}

/// Returns what a word for the state of a text says, in whatever letters.
pub(super) fn status(word: &str) -> Option<Status> {
    let word = plain(word);
    let hidden = match word.as_str() {
        "draft" | "drafts" | "autodraft" | "wip" | "inprogress" | "unfinished" | "incomplete" => {
            Hidden::Draft
        }
        "entwurf" | "brouillon" | "borrador" | "bozza" | "rascunho" | "utkast" => Hidden::Draft,
        "pending" | "pendingreview" | "review" | "inreview" | "underreview" | "submitted" => Hidden::Pending,
        "needsreview" | "awaitingreview" | "awaitingapproval" | "readyforreview" => Hidden::Pending,
        "private" | "internal" | "confidential" => Hidden::Private,
        "password" | "protected" | "passwordprotected" => Hidden::Password,
        "trash" | "trashed" | "deleted" | "removed" | "softtrashed" | "softdeleted" => Hidden::Trashed,
        "unpublished" | "notpublished" | "inactive" | "disabled" | "offline" => Hidden::Unpublished,
        "killed" | "spiked" | "rejected" | "declined" => Hidden::Unpublished,
        "hidden" | "unlisted" => Hidden::Unlisted,
        "withheld" | "hold" | "onhold" | "held" => Hidden::Withheld,
        "canceled" | "cancelled" | "withdrawn" | "recalled" => Hidden::Canceled(String::new()),
        "expired" => Hidden::Expired(None),
        "future" | "scheduled" | "queued" => return Some(Status::Scheduled),
        "embargo" | "embargoed" | "underembargo" => return Some(Status::Embargoed),
        _ => return None,
    };
    Some(Status::Hidden(hidden))
}

/// Returns what a status says that no time goes with.
pub(super) fn untimed(word: &str) -> Publicity {
    match status(word) {
        None => Publicity::default(),
        Some(Status::Hidden(why)) => Publicity::hidden(why),
        Some(Status::Scheduled) => Publicity::hidden(Hidden::Scheduled(None)),
        Some(Status::Embargoed) => Publicity::hidden(Hidden::Embargoed(None)),
    }
}

/// Returns true if a value is true or false, as programs write it; `None` for what is neither.
pub(super) fn truth(value: &Value) -> Option<bool> {
    if let Value::Bool(flag) = value {
        return Some(*flag);
    }
    match text_of(value).to_lowercase().as_str() {
        "true" | "yes" | "y" | "on" | "1" | "t" => Some(true),
        "false" | "no" | "n" | "off" | "0" | "f" => Some(false),
        _ => None,
    }
}

/// Returns a name or a word in lower case, without what parts its words.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
