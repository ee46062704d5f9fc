//! The door of those who append: a few at a time, a few more who wait, and everybody else is told at once to come again.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::door::error::RequestError;

/// A bounded queue before the log.
#[derive(Clone)]
pub(crate) struct Intake {
    /// Those who are in or wait.
    all: Arc<Semaphore>,
    /// Those who are in.
    inside: Arc<Semaphore>,
    places: usize,
}

/// Whoever holds it is in.
pub(crate) struct Entered {
    _all: OwnedSemaphorePermit,
    _inside: OwnedSemaphorePermit,
}

impl Intake {
    pub(super) fn new(inside: usize, waiting: usize) -> Self {
        let places = inside.saturating_add(waiting);
        Self { all: Arc::new(Semaphore::new(places)), inside: Arc::new(Semaphore::new(inside)), places }
    }

    /// Waits for a place, if there is still room to wait.
    ///
    /// # Errors
    /// [`RequestError::Busy`] when there is none.
    pub(crate) async fn enter(&self) -> Result<Entered, RequestError> {
        let all = Arc::clone(&self.all).try_acquire_owned().map_err(|_| RequestError::Busy)?;
        let inside = Arc::clone(&self.inside).acquire_owned().await.map_err(|_| RequestError::Stopping)?;
        Ok(Entered { _all: all, _inside: inside })
    }

    /// Returns how many are in or wait.
    pub(crate) fn len(&self) -> usize {
        self.places.saturating_sub(self.all.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::{body::Body, extract::ConnectInfo, http::Request};
    use tower::ServiceExt;

    use super::*;
    use crate::{door::rules::Bounds, state::ApiState};

    #[tokio::test]
    async fn whoever_finds_it_full_is_told_at_once() {
        let intake = Intake::new(1, 1);
        let first = intake.enter().await.unwrap();
        let waiting = tokio::spawn({
            let intake = intake.clone();
            async move { intake.enter().await.map(drop) }
        });
        while intake.len() < 2 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(intake.enter().await, Err(RequestError::Busy)));
        drop(first);
        waiting.await.unwrap().unwrap();
        assert_eq!(intake.len(), 0);
        drop(intake.enter().await.unwrap());
    }

    /// A story: a load of many files floods the server. Whoever comes when the door is full is told so, by either API, and
    /// when to come again; then the same is taken.
    #[tokio::test]
    async fn a_full_intake_refuses_over_http() {
        let dir = tempfile::tempdir().unwrap();
        let log = store::Log::open(dir.path().join("log")).unwrap();
        let indexes = indexer::Indexes::open(log, dir.path().join("indexes")).unwrap();
        let bounds = Bounds { writers: 1, waiting_writers: 0, ..Bounds::of_this_machine() };
        let state = ApiState::within(search::Search::new(indexes), &bounds).unwrap();
        let router = crate::app::router(state.clone());
        let ask = async |path: &str, body: &'static str| {
            let mut request = Request::post(path).body(Body::from(body)).unwrap();
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
            let response = router.clone().oneshot(request).await.unwrap();
            (response.status().as_u16(), response.headers().get("retry-after").cloned())
        };
        let event = r#"{"type":"article.published","id":"a/1","data":{"headline":"New"}}"#;
        let bulk = "{\"index\":{\"_index\":\"articles\",\"_id\":\"a/2\"}}\n{\"headline\":\"Newer\"}\n";
        let inside = state.door.intake.enter().await.unwrap();
        assert_eq!(ask("/api/v1/events", event).await, (429, Some("1".parse().unwrap())));
        assert_eq!(ask("/es/_bulk", bulk).await.0, 429);
        drop(inside);
        assert_eq!(ask("/api/v1/events", event).await, (200, None));
        assert_eq!(ask("/es/_bulk", bulk).await.0, 200);
    }
}
