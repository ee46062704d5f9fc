//! The connections that are open, and which of them goes when there is no room for one more: the one that has been idle
//! for longest. A crowd that connects and says nothing takes nobody's place who has something to ask.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// All connections of a server. Cheap to clone.
#[derive(Clone)]
pub(super) struct Connections {
    places: Arc<Semaphore>,
    idle: Arc<Idle>,
    most: usize,
}

/// The connections that are asked nothing just now.
#[derive(Default)]
struct Idle {
    /// Keyed by when they became so: the first has been idle for longest.
    since: Mutex<BTreeMap<u64, Arc<Notify>>>,
    ticks: AtomicU64,
}

/// One open connection.
pub(super) struct Connection {
    state: Mutex<State>,
    idle: Arc<Idle>,
    closing: Arc<Notify>,
    _place: OwnedSemaphorePermit,
}

#[derive(Default)]
struct State {
    /// Requests that are being answered.
    requests: usize,
    /// Its place among those that are idle.
    idle_since: u64,
}

impl Connections {
    /// Room for so many.
    pub(super) fn new(most: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(most)), idle: Arc::default(), most }
    }

    /// Makes room for one more, or waits until there is.
    pub(super) async fn enter(&self) -> Option<Arc<Connection>> {
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                self.idle.close_oldest();
                Arc::clone(&self.places).acquire_owned().await.ok()?
            }
        };
        let closing = Arc::new(Notify::new());
        let idle_since = self.idle.enter(&closing);
        let state = Mutex::new(State { requests: 0, idle_since });
        Some(Arc::new(Connection { state, idle: Arc::clone(&self.idle), closing, _place: place }))
    }

    /// Waits until all have ended.
    pub(super) async fn end(&self) {
        let all = u32::try_from(self.most).unwrap_or(u32::MAX);
        drop(self.places.acquire_many(all).await);
    }
}

impl Connection {
    /// Waits until it is to give its place to another.
    pub(super) async fn closed(&self) {
        self.closing.notified().await;
    }

    /// A request has come; it lasts as long as what is returned.
    pub(super) fn asked(self: &Arc<Self>) -> Request {
        let mut state = self.lock();
        state.requests += 1;
        self.idle.leave(state.idle_since);
        drop(state);
        Request(Arc::clone(self))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.idle.leave(self.lock().idle_since);
    }
}

/// A request that is being answered.
pub(super) struct Request(Arc<Connection>);

impl Request {
    /// The body of its answer: the request lasts until it was sent.
    pub(super) fn until_sent(self, body: Body) -> Body {
        Body::new(Answer { body, _request: self })
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.requests = state.requests.saturating_sub(1);
        if state.requests == 0 {
            state.idle_since = self.0.idle.enter(&self.0.closing);
        }
    }
}

impl Idle {
    fn enter(&self, closing: &Arc<Notify>) -> u64 {
        let tick = self.ticks.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(tick, Arc::clone(closing));
        tick
    }

    fn leave(&self, since: u64) {
        self.lock().remove(&since);
    }

    /// Closes the one that has been idle for longest; none where all are busy.
    fn close_oldest(&self) {
        if let Some((_, closing)) = self.lock().pop_first() {
            closing.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Notify>>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Answer {
    body: Body,
    _request: Request,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns which of these are told to close, once one more has asked for room.
    async fn told(connections: &Connections, open: &[Arc<Connection>]) -> Vec<usize> {
        let mut more = Box::pin(connections.enter());
        std::future::poll_fn(|context| Poll::Ready(more.as_mut().poll(context).is_pending())).await;
        let mut told = Vec::new();
        for (number, one) in open.iter().enumerate() {
            let mut closed = Box::pin(one.closed());
            if std::future::poll_fn(|context| Poll::Ready(closed.as_mut().poll(context).is_ready())).await {
                told.push(number);
            }
        }
        told
    }

    #[tokio::test]
    async fn the_one_that_was_idle_for_longest_gives_way() {
        let connections = Connections::new(3);
        let mut open = Vec::new();
        for _ in 0..3 {
            open.push(connections.enter().await.unwrap());
        }
        let first = open[0].asked();
        assert_eq!(told(&connections, &open).await, [1]);
        let third = open[2].asked();
        assert_eq!(told(&connections, &open).await, [0; 0], "busy ones stay");
        drop(third);
        drop(first);
        assert_eq!(told(&connections, &open).await, [2], "it became idle before the first");
        open.remove(1);
        let entered = connections.enter().await.unwrap();
        assert_eq!(told(&connections, &[entered]).await, [0; 0], "it came last, and the first is older");
    }
}
