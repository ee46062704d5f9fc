//! Bodies: read whole before any handler runs, bounded in size, in time, and in memory over all requests.
//!
//! Room is taken for what has come, not for what is announced: who sends a byte now and then keeps nobody out.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{DefaultBodyLimit, Request},
    response::Response,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_stream::StreamExt;

use crate::door::{
    error::RequestError,
    policy::Policy,
    rules::{BLOCK, Door},
};

/// How long a body may take to come.
const BODY_LIMIT: Duration = Duration::from_secs(30);
/// How long nothing may come of it.
const GAP_LIMIT: Duration = Duration::from_secs(5);
/// The largest body of a question.
pub(crate) const MAX_BODY: usize = 1 << 20;
/// The largest body of events.
pub(crate) const MAX_EVENTS_BODY: usize = 64 << 20;

/// Reads the body, or refuses it in the shape that the route's clients know.
pub(super) async fn whole_body<F: Future<Output = Response>>(
    door: &Door,
    policy: &Policy,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let max = policy.max_body;
    let answer = async {
        let (parts, body) = request.into_parts();
        let size = body.size_hint();
        if size.lower() > max as u64 {
            return Err(RequestError::TooLarge(max));
        }
        if size.upper() == Some(0) {
            return Ok((Request::from_parts(parts, Body::empty()), None));
        }
        // Better at once than in the middle.
        if blocks_of(usize::try_from(size.lower()).unwrap_or(max)) > door.bodies.available_permits() {
            return Err(RequestError::Busy);
        }
        let late = |_| RequestError::TooSlow(BODY_LIMIT.as_secs());
        let (bytes, room) =
            timeout(BODY_LIMIT, read(body, max, GAP_LIMIT, &door.bodies)).await.map_err(late)??;
        Ok((Request::from_parts(parts, Body::from(bytes)), room))
    };
    match answer.await {
        Ok((mut request, _room)) => {
            // Axum has a smaller limit of its own.
            DefaultBodyLimit::disable().apply(&mut request);
            next(request).await
        }
        Err(error) => (policy.face.refused)(error),
    }
}

/// All of a body, and the room that it takes.
async fn read(
    body: Body,
    max: usize,
    gap: Duration,
    blocks: &Arc<Semaphore>,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), RequestError> {
    let mut chunks = body.into_data_stream();
    let (mut whole, mut taken) = (Vec::new(), 0);
    let mut room: Option<OwnedSemaphorePermit> = None;
    let stalled = |_| RequestError::Stalled(gap.as_secs());
    while let Some(chunk) = timeout(gap, chunks.next()).await.map_err(stalled)? {
        let chunk = chunk.map_err(|error| RequestError::Broken(error.to_string()))?;
        let length = whole.len() + chunk.len();
        if length > max {
            return Err(RequestError::TooLarge(max));
        }
        let needed = blocks_of(length);
        if needed > taken {
            let more = u32::try_from(needed - taken).map_err(|_| RequestError::Busy)?;
            let more = Arc::clone(blocks).try_acquire_many_owned(more).map_err(|_| RequestError::Busy)?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
            taken = needed;
        }
        whole.extend_from_slice(&chunk);
    }
    Ok((Bytes::from(whole), room))
}

fn blocks_of(bytes: usize) -> usize {
    bytes.div_ceil(BLOCK)
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use tokio_stream as stream;
    use tower::ServiceExt;

    use super::*;
    use crate::{door::rules::Bounds, state::ApiState};

    async fn asked(body: Body, blocks: usize) -> StatusCode {
        let dir = tempfile::tempdir().unwrap();
        let log = store::Log::open(dir.path().join("log")).unwrap();
        let indexes = indexer::Indexes::open(log, dir.path().join("indexes")).unwrap();
        let bounds = Bounds { blocks, ..Bounds::of_this_machine() };
        let state = ApiState::within(search::Search::new(indexes), &bounds).unwrap();
        let request = Request::post("/es/_validate/query").body(body).unwrap();
        let status = crate::app::router(state.clone()).oneshot(request).await.unwrap().status();
        assert_eq!(state.door.bodies.available_permits(), blocks, "all room is given back");
        status
    }

    fn chunks(count: usize) -> Body {
        let chunk = |_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 1_000]));
        Body::from_stream(stream::iter((0..count).map(chunk)))
    }

    #[tokio::test]
    async fn room_is_taken_as_bytes_come() {
        assert_eq!(asked(chunks(4), 1).await, StatusCode::OK);
        assert_eq!(asked(chunks(5), 1).await, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(asked(Body::from(vec![b' '; 5_000]), 1).await, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(asked(chunks(60), 15).await, StatusCode::OK);
        assert_eq!(asked(chunks(1_100), 1_000).await, StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_no_body_that_is_too_large() {
        let broken = [Ok(Bytes::from("{")), Err(std::io::Error::other("gone"))];
        assert_eq!(asked(Body::from_stream(stream::iter(broken)), 10).await, StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn a_body_that_stops_coming_is_given_up() {
        let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from("{"))]);
        let body = Body::from_stream(begun.chain(stream::pending()));
        let blocks = Arc::new(Semaphore::new(1));
        let error = read(body, MAX_BODY, Duration::from_millis(1), &blocks).await.unwrap_err();
        assert!(matches!(error, RequestError::Stalled(_)) && error.status() == 408, "{error}");
        assert_eq!(blocks.available_permits(), 1);
    }
}
