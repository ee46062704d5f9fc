//! The quickest refusal. When the queue of searches is full, the next one is told so before anything is read, checked or
//! parsed for it: what a refusal costs is taken from those who are answered.

use std::time::Duration;

use axum::{extract::Request, http::StatusCode, response::Response};

use crate::door::{
    error::RequestError,
    metrics::{name_of, tell},
    policy::Entry,
    rules::Door,
};

/// Refuses a search that would be refused anyhow.
pub(super) async fn shed<F: Future<Output = Response>>(
    door: &Door,
    entry: &Entry,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    if !(entry.policy.sheds && door.pool.is_full()) {
        return next(request).await;
    }
    door.metrics.refused();
    tell(name_of(request.method()), &entry.path, StatusCode::TOO_MANY_REQUESTS, Duration::ZERO);
    (entry.policy.face.refused)(RequestError::Busy)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt;

    use super::*;
    use crate::{door::rules::Bounds, state::ApiState};

    /// A story: a script asks for everything at once. Who comes when the queue is full is refused, by either API, and told
    /// when to come again; whether the process lives and what it counts can be asked all the same.
    #[tokio::test]
    async fn a_full_queue_refuses_searches_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let log = store::Log::open(dir.path().join("log")).unwrap();
        let indexes = indexer::Indexes::open(log, dir.path().join("indexes")).unwrap();
        let bounds = Bounds { searchers: 1, waiting: 1, ..Bounds::of_this_machine() };
        let state = ApiState::within(search::Search::new(indexes), &bounds).unwrap();
        let router = crate::app::router(state.clone());
        let ask = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            (response.status(), response.headers().contains_key("retry-after"))
        };
        let (begun, has_begun) = std::sync::mpsc::channel::<()>();
        let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
        let pool = state.door.pool.clone();
        let working = tokio::spawn(async move {
            let work = move || {
                begun.send(()).unwrap();
                may_go_on.recv().unwrap();
                Ok(())
            };
            pool.run(work).await
        });
        tokio::task::spawn_blocking(move || has_begun.recv()).await.unwrap().unwrap();
        let pool = state.door.pool.clone();
        let waiting = tokio::spawn(async move { pool.run(|| Ok(())).await });
        while !state.door.pool.is_full() {
            tokio::task::yield_now().await;
        }
        for path in ["/api/v1/search?q=x", "/es/_search", "/es/articles/_search"] {
            assert_eq!(ask(path).await.0, StatusCode::TOO_MANY_REQUESTS, "{path}");
        }
        assert!(ask("/api/v1/search?q=x").await.1, "it says when to come again");
        for path in ["/healthz", "/metrics", "/api/v1/openapi.json"] {
            assert_eq!(ask(path).await.0, StatusCode::OK, "{path}");
        }
        go_on.send(()).unwrap();
        for one in [working, waiting] {
            one.await.unwrap().unwrap();
        }
        assert_eq!(ask("/api/v1/search?q=x").await.0, StatusCode::OK);
    }
}
