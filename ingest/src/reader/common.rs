//! The face of all readers, and what they share.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;

use crate::{
    charset,
    cut::Cutter,
    fields::{self, Fields},
    record::{Found, Origin, Raw, Reason},
};

/// Reads one format.
pub(crate) trait Reader: Send + Sync {
    /// Returns what cuts a file of this format into records, its first bytes given.
    fn cutter(&self, head: &[u8]) -> Box<dyn Cutter>;

    /// Returns what cuts a file at a place into records, for readers to which the place says how it is to be cut.
    fn cutter_at(&self, head: &[u8], _: &Origin) -> Box<dyn Cutter> {
        self.cutter(head)
    }

    /// Returns what a record says. Called by many threads, on records in any order; must not panic whatever the bytes.
    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason>;
}

/// A value that was made of the head of the file that is being read, so that not every record makes it anew.
pub(super) struct OfHead<T> {
    last: Mutex<Option<Made<T>>>,
}

/// A head, and what was made of it.
type Made<T> = (Arc<[u8]>, Arc<T>);

impl<T> Default for OfHead<T> {
    fn default() -> Self {
        Self { last: Mutex::new(None) }
    }
}

impl<T> OfHead<T> {
    /// Returns what `make` makes of the head of this record.
    pub(super) fn get(&self, raw: &Raw, make: impl FnOnce(&Raw) -> T) -> Arc<T> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((head, made)) = last
            && Arc::ptr_eq(&head, &raw.head)
        {
            return made;
        }
        let made = Arc::new(make(raw));
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Arc::clone(&raw.head), Arc::clone(&made)));
        made
    }
}

/// Returns the text of a record of a format that declares no encoding.
pub(crate) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    charset::text_of(bytes, b"")
}

/// Returns a record that must be a JSON object.
pub(super) fn json_object(raw: &Raw) -> Result<Fields, Reason> {
    let text = text_of(&raw.bytes);
    match fields::parse(&text).map_err(|error| Reason::json(&error))? {
        Value::Object(fields) => Ok(Fields(fields)),
        _ => Err(Reason::Content("a record must be a JSON object: { … }".to_owned())),
    }
}
