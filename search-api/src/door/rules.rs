//! Rules that decide on a request before its surface sees it.

use std::{io, num::NonZero, sync::Arc};

use tokio::sync::Semaphore;

use super::{
    access::Access, access_log::AccessLog, cors::Origins, intake::Intake, metrics::Metrics, pool::Pool,
    sessions::Sessions, site::Site,
};

/// Bounds on what is let in at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Threads that search.
    pub(crate) searchers: usize,
    /// Searches that wait for a thread.
    pub(crate) waiting: usize,
    /// Requests that append.
    pub(crate) writers: usize,
    /// Requests that wait to append.
    pub(crate) waiting_writers: usize,
    /// Memory for bodies that are being read, in blocks of [`BLOCK`] bytes.
    pub(crate) blocks: usize,
}

/// The number of searches that may wait for each thread. A longer queue serves nobody sooner: it only makes those wait longer who
/// are in it (`cargo bench -p search-api --bench overload`). With one less, four clients for each thread that ask one
/// thing after the other would be refused now and then: an answer is there a moment before its thread is free.
const WAITING_PER_THREAD: usize = 4;

impl Bounds {
    /// Returns the bounds for this machine: a thread that searches for each of its cores.
    pub(crate) fn of_this_machine() -> Self {
        let searchers = std::thread::available_parallelism().map_or(2, NonZero::get);
        Self {
            searchers,
            waiting: searchers * WAITING_PER_THREAD,
            writers: 8,
            waiting_writers: 56,
            blocks: MAX_BODIES / BLOCK,
        }
    }
}

/// The door: keys, sites, and bounds on what is let in at once.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) access: Arc<Access>,
    /// Browsers that have signed in.
    pub(crate) sessions: Arc<Sessions>,
    /// Names by which we may be asked while there are no keys.
    pub(crate) hosts: Arc<Vec<String>>,
    /// Sites whose pages may ask.
    pub(crate) origins: Origins,
    pub(crate) site: Arc<Site>,
    pub(crate) metrics: Arc<Metrics>,
    /// The file that has a line for each request, if one is wanted.
    pub(crate) access_log: Option<Arc<AccessLog>>,
    /// Threads that search.
    pub(crate) pool: Pool,
    /// Those who append.
    pub(crate) intake: Intake,
    /// Blocks of memory that are left for bodies.
    pub(crate) bodies: Arc<Semaphore>,
}

impl Door {
    /// Opens a door without keys, for local names alone.
    ///
    /// # Errors
    /// The system's, when no thread can be started.
    pub(crate) fn new(bounds: &Bounds) -> io::Result<Self> {
        Ok(Self {
            access: Arc::default(),
            sessions: Arc::default(),
            hosts: Arc::default(),
            origins: Origins::default(),
            site: Arc::default(),
            metrics: Arc::default(),
            access_log: None,
            pool: Pool::with(bounds.searchers, bounds.waiting)?,
            intake: Intake::new(bounds.writers, bounds.waiting_writers),
            bodies: Arc::new(Semaphore::new(bounds.blocks)),
        })
    }
}

/// The unit in which memory for bodies is counted, in bytes.
pub(crate) const BLOCK: usize = 4 << 10;
/// The memory that bodies of all requests may take together, in bytes.
const MAX_BODIES: usize = 512 << 20;
