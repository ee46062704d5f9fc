//! Bodies: read whole, and unpacked, before any handler runs; bounded in size, in time, and in memory over all requests.
//!
//! Room is taken for what has come, not for what is announced: who sends a byte now and then keeps nobody out.

use std::{io::Read, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{DefaultBodyLimit, Request},
    http::{HeaderMap, header},
    response::Response,
};
use flate2::read::MultiGzDecoder;
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

/// The longest time that a body may take to come.
const BODY_LIMIT: Duration = Duration::from_secs(30);
/// The longest time in which nothing comes of it.
const GAP_LIMIT: Duration = Duration::from_secs(5);
/// The bytes that are unpacked before it is checked again whether there is room.
const STEP: u64 = 64 << 10;
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
        let (mut parts, body) = request.into_parts();
        let is_packed = is_packed(&parts.headers)?;
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
        let room = Room { blocks: Arc::clone(&door.bodies), taken: 0, permit: None };
        let (mut bytes, mut room) =
            timeout(BODY_LIMIT, read(body, max, GAP_LIMIT, room)).await.map_err(late)??;
        if is_packed {
            parts.headers.remove(header::CONTENT_ENCODING);
            let unpacked = tokio::task::spawn_blocking(move || unpacked(&bytes, max, room)).await;
            (bytes, room) = unpacked.map_err(|_| RequestError::Panicked)??;
            parts.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
        }
        Ok((Request::from_parts(parts, Body::from(bytes)), Some(room)))
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

/// Returns true for a body that is packed by gzip, by its header `Content-Encoding` (RFC 9110, section 8.4).
///
/// # Errors
/// [`RequestError::Encoding`] for every other way to pack.
fn is_packed(headers: &HeaderMap) -> Result<bool, RequestError> {
    let Some(stated) = headers.get(header::CONTENT_ENCODING) else { return Ok(false) };
    let stated = String::from_utf8_lossy(stated.as_bytes()).trim().to_ascii_lowercase();
    match stated.as_str() {
        "" | "identity" => Ok(false),
        "gzip" | "x-gzip" => Ok(true),
        _ => Err(RequestError::Encoding(stated)),
    }
}

/// The memory that a body takes of what all bodies may; it is given back when this is dropped.
struct Room {
    blocks: Arc<Semaphore>,
    taken: usize,
    permit: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Takes room for so many bytes in all.
    ///
    /// # Errors
    /// [`RequestError::Busy`] if the other bodies leave none.
    fn grow(&mut self, bytes: usize) -> Result<(), RequestError> {
        let needed = blocks_of(bytes);
        if needed <= self.taken {
            return Ok(());
        }
        let more = u32::try_from(needed - self.taken).map_err(|_| RequestError::Busy)?;
        let more = Arc::clone(&self.blocks).try_acquire_many_owned(more).map_err(|_| RequestError::Busy)?;
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
        self.taken = needed;
        Ok(())
    }
}

/// Returns all of a body, and the room that it takes.
async fn read(body: Body, max: usize, gap: Duration, mut room: Room) -> Result<(Bytes, Room), RequestError> {
    let mut chunks = body.into_data_stream();
    let mut whole = Vec::new();
    let stalled = |_| RequestError::Stalled(gap.as_secs());
    while let Some(chunk) = timeout(gap, chunks.next()).await.map_err(stalled)? {
        let chunk = chunk.map_err(|error| RequestError::Broken(error.to_string()))?;
        let length = whole.len() + chunk.len();
        if length > max {
            return Err(RequestError::TooLarge(max));
        }
        room.grow(length)?;
        whole.extend_from_slice(&chunk);
    }
    Ok((Bytes::from(whole), room))
}

/// Returns what a body that is packed by gzip holds, and the room that both take.
///
/// # Errors
/// [`RequestError`] if it is broken, if it holds more than `max` bytes, or if there is no room.
fn unpacked(packed: &[u8], max: usize, mut room: Room) -> Result<(Bytes, Room), RequestError> {
    let mut from = MultiGzDecoder::new(packed);
    let mut whole = Vec::new();
    loop {
        let before = whole.len();
        let read = from.by_ref().take(STEP).read_to_end(&mut whole);
        read.map_err(|error| RequestError::Broken(format!("it is no whole gzip: {error}")))?;
        if whole.len() > max {
            return Err(RequestError::TooLarge(max));
        }
        if whole.len() == before {
            return Ok((Bytes::from(whole), room));
        }
        room.grow(packed.len() + whole.len())?;
    }
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
        asked_as("", body, blocks).await
    }

    async fn asked_as(encoding: &str, body: Body, blocks: usize) -> StatusCode {
        let dir = tempfile::tempdir().unwrap();
        let log = store::Log::open(dir.path().join("log")).unwrap();
        let indexes = indexer::Indexes::open(log, dir.path().join("indexes")).unwrap();
        let bounds = Bounds { blocks, ..Bounds::of_this_machine() };
        let state = ApiState::within(search::Search::new(indexes), &bounds).unwrap();
        let request =
            Request::post("/es/_validate/query").header("content-encoding", encoding).body(body).unwrap();
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

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut packed, bytes).unwrap();
        packed.finish().unwrap()
    }

    #[tokio::test]
    async fn a_packed_body_is_unpacked_within_the_same_bounds() {
        let asked =
            async |encoding: &str, bytes: Vec<u8>, blocks| asked_as(encoding, bytes.into(), blocks).await;
        let question = gzip(br#"{"query": {"match_all": {}}}"#);
        let twice = [gzip(br#"{"query": "#), gzip(br#"{"match_all": {}}}"#)].concat();
        for coding in ["gzip", "GZIP", "x-gzip"] {
            assert_eq!(asked(coding, question.clone(), 10).await, StatusCode::OK, "{coding}");
        }
        assert_eq!(asked("gzip", twice, 10).await, StatusCode::OK);
        assert_eq!(asked("identity", b"{}".to_vec(), 10).await, StatusCode::OK);
        assert_eq!(asked("br", question.clone(), 10).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(asked("gzip", b"{}".to_vec(), 10).await, StatusCode::BAD_REQUEST);
        let cut = question.len() - 6;
        assert_eq!(
            asked("gzip", question.into_iter().take(cut).collect(), 10).await,
            StatusCode::BAD_REQUEST
        );
        // What is small until it is unpacked.
        assert_eq!(asked("gzip", gzip(&vec![b' '; 3_000]), 1).await, StatusCode::OK);
        assert_eq!(asked("gzip", gzip(&vec![b' '; 90_000]), 2).await, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(asked("gzip", gzip(&vec![b' '; 100 << 20]), 1_000).await, StatusCode::PAYLOAD_TOO_LARGE);
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
        let room = Room { blocks: Arc::clone(&blocks), taken: 0, permit: None };
        let Err(error) = read(body, MAX_BODY, Duration::from_millis(1), room).await else {
            panic!("it has not come");
        };
        assert!(matches!(error, RequestError::Stalled(_)) && error.status() == 408, "{error}");
        assert_eq!(blocks.available_permits(), 1);
    }
}
