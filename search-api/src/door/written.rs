//! JSON that is written on the thread that made it: documents are not handed to another thread, to be written and freed
//! there while those who wait for that thread wait longer.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::door::error::RequestError;

/// A page of ten documents has about as much. Twice as much, freed, would make the allocator tidy up each time.
const USUAL_BYTES: usize = 32 << 10;

/// An answer that needs nothing more but to be sent.
pub(crate) struct Written(Vec<u8>);

impl Written {
    /// The JSON of an answer.
    ///
    /// # Errors
    /// [`RequestError::Panicked`] for what has no JSON: a mistake of ours.
    pub(crate) fn of(answer: &impl Serialize) -> Result<Self, RequestError> {
        let mut written = Self::default();
        written.add(answer)?;
        Ok(written)
    }

    /// Writes the JSON of this behind what is there.
    pub(crate) fn add(&mut self, part: &impl Serialize) -> Result<(), RequestError> {
        serde_json::to_writer(&mut self.0, part).map_err(|error| {
            tracing::error!(%error, "an answer has no JSON");
            RequestError::Panicked
        })
    }

    /// The bytes of it.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Adds the text between parts.
    pub(crate) fn add_text(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }
}

impl Default for Written {
    fn default() -> Self {
        Self(Vec::with_capacity(USUAL_BYTES))
    }
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        ([(header::CONTENT_TYPE, json)], self.0).into_response()
    }
}
