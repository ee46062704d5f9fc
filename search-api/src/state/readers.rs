//! Those who read the log: how many may at once, and how each goes on with it.
//!
//! Whoever follows waits for most of the time, and then holds neither a thread nor a transaction: one thread listens to
//! the log for all of them. Nobody who waits keeps another out: at the bound the oldest reader of the client that has most
//! gives way, and can go on where it was.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    thread::JoinHandle,
    time::Duration,
};

use axum::body::Bytes;
use store::{Log, Seq};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_stream::Stream;

use crate::door::{
    error::RequestError,
    shares::{Client, Shares},
};

/// How many may read at once for one client, and for all.
const EACH: usize = 64;
const ALL: usize = 256;
/// How many may read from the disk at once: the others wait for their turn.
const READING: usize = 8;
/// How many parts may wait for a reader who takes none.
const PARTS: usize = 2;
/// How long a follower waits before it shows that it is alive.
const ALIVE: Duration = Duration::from_secs(15);
/// How long the thread that listens does so before it looks up.
const LISTENING: Duration = Duration::from_secs(60);

/// All readers of the log.
#[derive(Clone)]
pub(crate) struct Readers {
    places: Arc<Places>,
    reading: Arc<Semaphore>,
    heads: Arc<Heads>,
}

struct Places {
    taken: Mutex<Shares<u64, oneshot::Sender<()>>>,
    count: AtomicU64,
}

impl Places {
    fn taken(&self) -> MutexGuard<'_, Shares<u64, oneshot::Sender<()>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a reader holds while it reads.
struct Place {
    places: Arc<Places>,
    number: u64,
    /// Ends when another has got this place.
    lost: oneshot::Receiver<()>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().remove(&self.number);
    }
}

/// Something that is read part by part.
pub(crate) trait Parts: Send + Sized + 'static {
    /// Reads the next part: nothing to send where the log says no more at present.
    ///
    /// # Errors
    /// [`RequestError`] when the log cannot be read.
    fn next(&mut self, log: &Log) -> Result<Option<Bytes>, RequestError>;
    /// The event that is waited for, if the reader goes on with what comes later.
    fn waits_for(&self) -> Option<Seq>;
    /// Returns what shows that the reader is still served.
    fn alive(&mut self) -> Bytes;
    /// Returns what comes behind the last part.
    fn end(self) -> Option<Bytes>;
}

impl Readers {
    /// # Errors
    /// The system's, when no thread can be started.
    pub(crate) fn new(log: Log) -> io::Result<Self> {
        let places = Places { taken: Mutex::new(Shares::new(EACH, ALL)), count: AtomicU64::new(0) };
        Ok(Self {
            places: Arc::new(places),
            reading: Arc::new(Semaphore::new(READING)),
            heads: Arc::new(Heads::start(log)?),
        })
    }

    /// Reads for this client, as the stream that is the body of its answer.
    pub(crate) fn read(&self, client: Client, parts: impl Parts, stopping: watch::Receiver<bool>) -> Reading {
        let (leave, lost) = oneshot::channel();
        let number = self.places.count.fetch_add(1, Ordering::Relaxed);
        drop(self.places.taken().admit(number, client, leave));
        let place = Place { places: Arc::clone(&self.places), number, lost };
        let (sender, receiver) = mpsc::channel(PARTS);
        tokio::spawn(serve(self.clone(), parts, place, stopping, sender));
        Reading { receiver, is_whole: false }
    }
}

/// A part of a body, or that the body is whole.
enum Sent {
    Part(Bytes),
    Whole,
}

async fn serve(
    readers: Readers,
    parts: impl Parts,
    mut place: Place,
    mut stopping: watch::Receiver<bool>,
    sender: mpsc::Sender<Sent>,
) {
    let served = async {
        match served(&readers, parts, &mut stopping, &sender).await {
            Ok(()) => drop(sender.send(Sent::Whole).await),
            Err(error) => tracing::error!(%error, "events cannot be read on"),
        }
    };
    tokio::select! {
        () = served => {}
        _ = &mut place.lost => tracing::debug!("a reader of events has given way to another"),
        () = sender.closed() => {}
    }
}

async fn served<P: Parts>(
    readers: &Readers,
    mut parts: P,
    stopping: &mut watch::Receiver<bool>,
    sender: &mpsc::Sender<Sent>,
) -> Result<(), RequestError> {
    let mut heads = readers.heads.seen.clone();
    let log = &readers.heads.log;
    while !*stopping.borrow() {
        let turn = Arc::clone(&readers.reading).acquire_owned().await.map_err(|_| RequestError::Stopping)?;
        let log = log.clone();
        let read = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let part = parts.next(&log);
            (parts, part)
        });
        let (back, part) = read.await.map_err(|_| RequestError::Panicked)?;
        parts = back;
        let part = match (part?, parts.waits_for()) {
            (Some(part), _) => part,
            (None, None) => break,
            (None, Some(next)) => {
                let more = async { heads.wait_for(|head| *head >= next).await.map(drop) };
                let stop = async { stopping.wait_for(|stopping| *stopping).await.map(drop) };
                tokio::select! {
                    more = more => match more {
                        Ok(()) => continue,
                        // Nobody listens to the log any more.
                        Err(_) => return Err(RequestError::Stopping),
                    },
                    _ = stop => break,
                    () = tokio::time::sleep(ALIVE) => parts.alive(),
                }
            }
        };
        if sender.send(Sent::Part(part)).await.is_err() {
            return Ok(());
        }
    }
    if let Some(end) = parts.end() {
        drop(sender.send(Sent::Part(end)).await);
    }
    Ok(())
}

/// The body of an answer. One that does not come to its end is an error, so that nobody takes it for whole.
pub(crate) struct Reading {
    receiver: mpsc::Receiver<Sent>,
    is_whole: bool,
}

impl Stream for Reading {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.is_whole {
            return Poll::Ready(None);
        }
        match self.receiver.poll_recv(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Sent::Part(part))) => Poll::Ready(Some(Ok(part))),
            Poll::Ready(Some(Sent::Whole)) => {
                self.is_whole = true;
                Poll::Ready(None)
            }
            Poll::Ready(None) => {
                self.is_whole = true;
                Poll::Ready(Some(Err(io::Error::other("the events could not be read to their end"))))
            }
        }
    }
}

/// Where the log ends, told to all who wait for more; ends its thread with it.
struct Heads {
    log: Log,
    seen: watch::Receiver<Seq>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Heads {
    fn start(log: Log) -> io::Result<Self> {
        let (tell, seen) = watch::channel(Seq::ZERO);
        let stop = Arc::new(AtomicBool::new(false));
        let (listening, stopped) = (log.clone(), Arc::clone(&stop));
        let work = move || {
            while !stopped.load(Ordering::Acquire) {
                let heard = listening.wait_until(LISTENING, || {
                    let head = listening.head()?.seq;
                    let is_new = tell.send_if_modified(|seen| std::mem::replace(seen, head) != head);
                    Ok::<_, store::ReadError>(is_new || stopped.load(Ordering::Acquire))
                });
                if let Err(error) = heard {
                    tracing::warn!(%error, "followers of the log are not told of what comes");
                    std::thread::park_timeout(Duration::from_secs(1));
                }
            }
        };
        let thread = std::thread::Builder::new().name("heads".to_owned()).spawn(work)?;
        Ok(Self { log, seen, stop, thread: Some(thread) })
    }
}

impl Drop for Heads {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.log.wake_followers();
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}
