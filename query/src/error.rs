//! The error of a query that is refused: always the asker's to mend.

/// A mistake in a query, and its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{}", if pointer.is_empty() { String::new() } else { format!(" (at {pointer})") })]
pub struct QueryError {
    /// The mistake, and what to write instead.
    pub reason: String,
    /// The place in the body, as a JSON pointer (RFC 6901), or the parameter's name; empty for the whole.
    pub pointer: String,
    /// Elasticsearch's name for such an error.
    pub es_type: &'static str,
    /// True if Elasticsearch finds it only once it searches, on its shards.
    pub late: bool,
}

impl QueryError {
    /// Returns the error of something that cannot be read.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), pointer: String::new(), es_type: "parsing_exception", late: false }
    }

    /// Names the place, unless it is known already.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        if self.pointer.is_empty() {
            self.pointer = pointer.into();
        }
        self
    }

    /// Returns the error under another of Elasticsearch's names.
    #[must_use]
    pub fn named(self, es_type: &'static str) -> Self {
        Self { es_type, ..self }
    }

    /// Returns the error as one that only searching finds.
    #[must_use]
    pub fn late(self) -> Self {
        Self { late: true, ..self }
    }

    /// Returns the error of something that is read but not allowed.
    #[must_use]
    pub fn illegal(reason: impl Into<String>) -> Self {
        Self { es_type: "illegal_argument_exception", ..Self::new(reason) }
    }
}
