//! Batches that wait for a commit. Whoever comes first leads: he takes along all that wait, so that many small
//! appends share one commit and its two fsyncs, and hands the lead on when he is done.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    error::AppendError,
    log::batch::{Appended, Batch},
};

/// The batches of one log handle that are not committed yet.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Rung when as many have arrived as the leader waits for. Nobody else listens: a bell for all would wake every
    /// thread at every append.
    company: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<Arc<Waiting>>,
    /// A thread is committing, or has been told to.
    led: bool,
    /// The number that are to have arrived before the leader is woken.
    wanted: Option<usize>,
    /// The number of batches that the last commit took along, and the time it took.
    last: (usize, Duration),
}

/// A batch, and the thread that wants it committed.
pub(crate) struct Waiting {
    pub(crate) batch: Batch,
    /// The latest time at which its turn may come.
    pub(crate) until: Instant,
    turn: Mutex<Turn>,
    called: Condvar,
}

enum Turn {
    Waits,
    Leads,
    Done(Result<Appended, AppendError>),
}

impl Waiting {
    /// Hands over what became of the batch.
    pub(crate) fn finish(&self, result: Result<Appended, AppendError>) {
        self.call(Turn::Done(result));
    }

    fn call(&self, turn: Turn) {
        *lock(&self.turn) = turn;
        self.called.notify_one();
    }

    /// Returns what became of the batch; `None` when it is this thread's turn to lead.
    fn wait(&self) -> Option<Result<Appended, AppendError>> {
        let mut turn = lock(&self.turn);
        loop {
            match std::mem::replace(&mut *turn, Turn::Waits) {
                Turn::Waits => turn = self.called.wait(turn).unwrap_or_else(PoisonError::into_inner),
                Turn::Leads => return None,
                Turn::Done(result) => return Some(result),
            }
        }
    }
}

impl Queue {
    /// Waits until the batch is committed; `commit` is for whoever leads: it finishes each of those it is given, the
    /// first in any case, or returns those that are to wait on.
    pub(crate) fn commit_with_others(
        &self,
        batch: Batch,
        until: Instant,
        commit: impl FnOnce(&[Arc<Waiting>]) -> Vec<Arc<Waiting>>,
    ) -> Result<Appended, AppendError> {
        let mine = Arc::new(Waiting { batch, until, turn: Mutex::new(Turn::Waits), called: Condvar::new() });
        let mut state = lock(&self.state);
        state.waiting.push(Arc::clone(&mine));
        if state.led {
            if state.wanted == Some(state.waiting.len()) {
                self.company.notify_one();
            }
            drop(state);
            if let Some(done) = mine.wait() {
                return done;
            }
            state = lock(&self.state);
        }
        state.led = true;
        state = self.wait_for_company(state);
        let all = std::mem::take(&mut state.waiting);
        drop(state);
        let mut end = End { queue: self, all: &all, left: Vec::new(), began: Instant::now() };
        end.left = commit(&all);
        drop(end);
        mine.wait().unwrap_or_else(|| Err(abandoned()))
    }

    /// Waits for those who appended together last, who will soon be back with the next batch: for a part of the time
    /// that the commit will take anyway. Whoever appends alone does not wait.
    fn wait_for_company<'q>(&'q self, mut state: MutexGuard<'q, State>) -> MutexGuard<'q, State> {
        let (company, took) = state.last;
        let deadline = Instant::now() + (took / 2).min(LONGEST_WAIT);
        while state.waiting.len() < company {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state.wanted = Some(company);
            state = self.company.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.wanted = None;
        state
    }
}

const LONGEST_WAIT: Duration = Duration::from_millis(2);

/// Lets the next one lead, also when this one panicked; nobody may wait for ever.
struct End<'a> {
    queue: &'a Queue,
    all: &'a [Arc<Waiting>],
    /// The batches of `all` that wait on.
    left: Vec<Arc<Waiting>>,
    began: Instant,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.all.iter().for_each(|waiting| waiting.finish(Err(abandoned())));
        }
        let mut state = lock(&self.queue.state);
        state.last = (self.all.len(), self.began.elapsed());
        state.waiting.splice(..0, self.left.drain(..));
        match state.waiting.first() {
            Some(next) => next.call(Turn::Leads),
            None => state.led = false,
        }
    }
}

/// Returns the error of those whose leading thread died before it was done.
fn abandoned() -> AppendError {
    AppendError::Lmdb(Arc::new(heed::Error::Io(std::io::ErrorKind::Other.into())))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
