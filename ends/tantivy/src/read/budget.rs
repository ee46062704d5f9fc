//! The budget of a request: time on the clock, and time of a processor.
//!
//! Everything that can run long (expanding patterns, walking lists of documents, counting values, highlighting) asks
//! now and then whether anything is left, and stops where it is when nothing is. From that moment no document is
//! collected any more, so whatever was found before is true; the answer says that it was cut short.

use std::{
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

/// The time that a request may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchLimits {
    /// By the clock, each search.
    pub time: Duration,
    /// Of a processor, all searches of a request together. A machine's load makes no difference to it.
    pub cpu: Duration,
}

impl Default for SearchLimits {
    fn default() -> Self {
        Self { time: Duration::from_secs(5), cpu: Duration::from_millis(400) }
    }
}

/// The beginning of a request, which all its searches share: by the clock of the thread that does its work, to which it
/// belongs.
#[derive(Debug)]
pub struct Allowance {
    /// The reading of the thread's clock, in nanoseconds; moved on by what is at nobody's cost.
    began: Arc<AtomicU64>,
    /// Another thread's clock shows something else.
    stays: PhantomData<*const ()>,
}

impl Allowance {
    /// Returns that of a request that begins now, on this thread.
    pub fn begin() -> Self {
        Self { began: Arc::new(AtomicU64::new(nanos(thread_time()))), stays: PhantomData }
    }
}

/// The part of it that is left for one search; belongs to the thread that searches.
#[derive(Debug)]
pub struct Budget {
    /// The request's, see [`Allowance`].
    began: Arc<AtomicU64>,
    deadline: Instant,
    /// The reading of the thread's clock at which it ends, in nanoseconds.
    cpu_until: AtomicU64,
    over: AtomicBool,
    /// The steps since the clocks were looked at for a segment.
    steps: AtomicU32,
    /// The number of lists of documents that the query walks.
    lists: AtomicU64,
}

impl Budget {
    /// From now on; what earlier searches of the same request have taken is taken off.
    pub fn begin(limits: SearchLimits, allowance: &Allowance) -> Self {
        let began = Arc::clone(&allowance.began);
        Self {
            deadline: Instant::now() + limits.time,
            cpu_until: AtomicU64::new(began.load(Relaxed).saturating_add(nanos(limits.cpu))),
            began,
            over: AtomicBool::new(false),
            // The first segment is a look at them.
            steps: AtomicU32::new(Steps::BETWEEN),
            lists: AtomicU64::new(0),
        }
    }

    /// Returns true if it was found to be spent. Costs nothing.
    pub fn is_over(&self) -> bool {
        self.over.load(Relaxed)
    }

    /// Looks at the clocks, which takes a third of a microsecond: whether it is spent.
    pub fn check(&self) -> bool {
        if !self.is_over()
            && (Instant::now() > self.deadline || nanos(thread_time()) > self.cpu_until.load(Relaxed))
        {
            self.over.store(true, Relaxed);
        }
        self.is_over()
    }

    /// One more segment is to be searched: whether it is spent. Looks at the clocks at the first, and then now and then: a
    /// segment that has little of what is looked for takes less time than they do.
    pub(super) fn next_segment(&self) -> bool {
        let steps = self.steps.load(Relaxed).saturating_add(Steps::OF_SEGMENT);
        if steps < Steps::BETWEEN {
            self.steps.store(steps, Relaxed);
            return self.is_over();
        }
        self.steps.store(0, Relaxed);
        self.check()
    }

    /// Work that is kept for all later searches, so that this one is not charged for it.
    pub fn at_nobodys_cost<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = thread_time();
        let done = work();
        let spent = thread_time().saturating_sub(before);
        self.cpu_until.fetch_add(nanos(spent), Relaxed);
        // Nor are the searches that come behind it in the same request.
        self.began.fetch_add(nanos(spent), Relaxed);
        done
    }

    /// The query walks one more list of documents.
    pub(super) fn count_list(&self) {
        self.lists.fetch_add(1, Relaxed);
    }

    /// Returns how many it walks.
    pub(crate) fn lists(&self) -> u64 {
        self.lists.load(Relaxed)
    }
}

/// Counts the steps of a loop, and looks at the clocks now and then.
#[derive(Debug, Default)]
pub struct Steps(u32);

impl Steps {
    /// So many steps between two looks: some tens of microseconds for most loops.
    const BETWEEN: u32 = 2_048;
    /// So many steps are as long as the opening of a segment's lists.
    const OF_SEGMENT: u32 = 128;

    /// So many steps more: whether the budget is spent.
    pub fn more(&mut self, steps: usize, budget: &Budget) -> bool {
        self.0 = self.0.saturating_add(u32::try_from(steps).unwrap_or(u32::MAX));
        if self.0 < Self::BETWEEN {
            return budget.is_over();
        }
        self.0 = 0;
        budget.check()
    }
}

/// Returns what this thread has used of a processor.
fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() {
        let until = thread_time() + Duration::from_millis(2);
        while thread_time() < until {}
    }

    #[test]
    fn work_is_charged_and_waiting_is_not() {
        let limits = SearchLimits { time: Duration::from_secs(3_600), cpu: Duration::from_millis(1) };
        let budget = Budget::begin(limits, &Allowance::begin());
        std::thread::scope(|scope| scope.spawn(work).join().unwrap());
        assert!(!budget.check(), "another thread's work");
        budget.at_nobodys_cost(work);
        assert!(!budget.check(), "work for everybody");
        work();
        assert!(!budget.is_over() && budget.check() && budget.is_over());
    }

    #[test]
    fn the_searches_of_a_request_share_what_it_may_spend() {
        let limits = SearchLimits { cpu: Duration::from_millis(1), ..SearchLimits::default() };
        let request = Allowance::begin();
        Budget::begin(limits, &request).at_nobodys_cost(work);
        assert!(!Budget::begin(limits, &request).check());
        work();
        assert!(Budget::begin(limits, &request).check());
        assert!(!Budget::begin(limits, &Allowance::begin()).check());
    }

    /// However little each segment takes, many of them do not pass unseen.
    #[test]
    fn segments_are_charged() {
        let begin = |cpu| Budget::begin(SearchLimits { cpu, ..SearchLimits::default() }, &Allowance::begin());
        let long = Duration::from_secs(3_600);
        assert!(begin(Duration::ZERO).next_segment(), "the first is looked at");
        let budget = begin(long);
        assert!((0..1_000).all(|_| !budget.next_segment()));
        budget.cpu_until.store(0, Relaxed);
        let left = (0..1_000).take_while(|_| !budget.next_segment()).count();
        assert!(left < 16, "{left} segments without a look");
    }

    #[test]
    fn the_clock_counts_too() {
        let limits = SearchLimits { time: Duration::ZERO, ..SearchLimits::default() };
        assert!(Budget::begin(limits, &Allowance::begin()).check());
    }
}
