//! Waiting until what was written is found.

use std::sync::Arc;

use ::search::WAIT_LIMIT;
use store::Seq;
use views::ViewId;

use crate::{door::error::RequestError, state::ApiState};

/// Waits until these views have taken in these events, within bounds: what is written stays written either way.
pub(crate) async fn wait_for(state: &ApiState, views: &[ViewId], seqs: Vec<Seq>) -> Result<(), RequestError> {
    let permit = Arc::clone(&state.waiting).try_acquire_owned().map_err(|_| RequestError::Busy)?;
    let (indexes, views) = (state.search.indexes().clone(), views.to_vec());
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        for view in views {
            let waited = indexes.wait_for(view, &seqs, WAIT_LIMIT)?;
            if !waited.shown {
                tracing::warn!(%view, reached = %waited.reached, "a write is not in the index yet");
            }
        }
        Ok(())
    })
    .await
    .map_err(|_| RequestError::Panicked)?
}
