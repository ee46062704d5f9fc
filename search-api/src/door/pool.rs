//! The threads that search: as many as cores, with a short queue. Whoever finds it full is told so at once, so that
//! those who are in are answered in time.

use std::{sync::Arc, thread::JoinHandle};

use crossbeam_channel::{Sender, TrySendError, bounded};
use tokio::sync::oneshot;

use crate::door::error::RequestError;

type Job = Box<dyn FnOnce() + Send>;

/// A bounded pool of threads.
#[derive(Clone)]
pub(crate) struct Pool {
    jobs: Sender<Job>,
    _threads: Arc<Threads>,
}

struct Threads(Vec<JoinHandle<()>>);

impl Pool {
    /// Starts `threads`, before which `waiting` jobs may wait.
    ///
    /// # Errors
    /// The system's, when no thread can be started.
    pub(crate) fn with(threads: usize, waiting: usize) -> std::io::Result<Self> {
        let (jobs, queue) = bounded::<Job>(waiting);
        let threads = (0..threads)
            .map(|number| {
                let queue = queue.clone();
                std::thread::Builder::new().name(format!("search-{number}")).spawn(move || {
                    for job in queue {
                        // A panic of one search must not take its thread away from the others.
                        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
                            tracing::error!("a search has panicked");
                        }
                    }
                })
            })
            .collect::<std::io::Result<Vec<_>>>()?;
        Ok(Self { jobs, _threads: Arc::new(Threads(threads)) })
    }

    /// Returns how many jobs wait for a thread.
    pub(crate) fn queued(&self) -> usize {
        self.jobs.len()
    }

    /// Returns true if the next job would be refused.
    pub(crate) fn is_full(&self) -> bool {
        self.jobs.is_full()
    }

    /// Runs this on a thread of the pool.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, RequestError> + Send + 'static,
    ) -> Result<T, RequestError> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move || {
            // Who asked may have gone: then nobody wants the answer, nor the work.
            if !answer.is_closed() {
                let _ = answer.send(work());
            }
        });
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => RequestError::Busy,
            TrySendError::Disconnected(_) => RequestError::Stopping,
        })?;
        // A panic drops the sender.
        answered.await.map_err(|_| RequestError::Panicked)?
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // The queue ends with the last handle; the threads end with the queue.
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_a_panic_harms_nobody() {
        let pool = Pool::with(1, 1).unwrap();
        let (begun, has_begun) = std::sync::mpsc::channel();
        let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
        let busy = tokio::spawn({
            let pool = pool.clone();
            async move {
                pool.run(move || {
                    begun.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    Ok(1)
                })
                .await
            }
        });
        tokio::task::spawn_blocking(move || has_begun.recv()).await.unwrap().unwrap();
        let mut waiting = Box::pin(pool.run(|| Ok(2)));
        assert!(
            std::future::poll_fn(|context| std::task::Poll::Ready(
                waiting.as_mut().poll(context).is_pending()
            ))
            .await
        );
        assert!(matches!(pool.run(|| Ok(3)).await, Err(RequestError::Busy)));
        go_on.send(()).unwrap();
        assert_eq!((busy.await.unwrap().unwrap(), waiting.await.unwrap()), (1, 2));
        assert!(matches!(pool.run::<()>(|| panic!("on purpose")).await, Err(RequestError::Panicked)));
        assert_eq!(pool.run(|| Ok(4)).await.unwrap(), 4);
    }
}
