//! What all requests share: the search, the keys, and the bounds on how many may do what at once.

use std::{
    io,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use tokio::sync::{Semaphore, watch};

use super::{
    access::Access,
    body::BLOCKS,
    cors::Origins,
    following::Readers,
    intake::Intake,
    metrics::Metrics,
    pool::Pool,
    rebuild::Begun,
    sessions::Sessions,
    site::{PublicUrl, Site},
    warm::Warmer,
};
use crate::{es::Points, search::Search, suggest::Suggester};

/// What all requests share. Cheap to clone: each layer that a request passes has one of its own.
#[derive(Clone)]
pub struct ApiState(Arc<Shared>);

/// See [`ApiState`].
#[derive(Clone)]
pub struct Shared {
    pub(crate) search: Search,
    pub(crate) pool: Pool,
    /// For the archive as it stood: the first to ask for a moment may wait until the log is folded up to then, and
    /// nobody who asks for today shall wait with him.
    past: Pool,
    /// Points in time and scrolls that clients of Elasticsearch have opened.
    pub(crate) points: Arc<Points>,
    pub(crate) suggester: Arc<Suggester>,
    pub(crate) access: Arc<Access>,
    /// Browsers that have signed in.
    pub(crate) sessions: Arc<Sessions>,
    /// Names by which we may be asked while there are no keys.
    pub(super) hosts: Arc<Vec<String>>,
    pub(super) origins: Origins,
    pub(crate) site: Arc<Site>,
    pub(super) metrics: Arc<Metrics>,
    /// Searches that wait for the index to take in a write.
    pub(crate) waiting: Arc<Semaphore>,
    /// Those who read events.
    pub(super) readers: Readers,
    /// Those who append.
    pub(crate) intake: Intake,
    /// The rebuild that this server has begun.
    pub(crate) rebuild: Arc<Begun>,
    /// What there is room for of bodies that are being read.
    pub(crate) bodies: Arc<Semaphore>,
    /// Whether the server is about to end: followers end then.
    pub(crate) stopping: watch::Receiver<bool>,
    pub(super) stop: Arc<watch::Sender<bool>>,
    _warmer: Arc<Warmer>,
}

const MAX_WAITING: usize = 64;
const MAX_WRITERS: usize = 8;
const MAX_WAITING_WRITERS: usize = 56;
const MAX_WAITING_FOR_PAST: usize = 8;

impl ApiState {
    /// Over this search, with a pool as wide as the machine.
    ///
    /// # Errors
    /// The system's, when no thread can be started.
    pub fn new(search: Search) -> io::Result<Self> {
        let (stop, stopping) = watch::channel(false);
        let suggester = Arc::new(Suggester::default());
        let readers = Readers::new(search.log().clone())?;
        let warmer = Warmer::start(search.clone(), Arc::clone(&suggester))?;
        Ok(Self(Arc::new(Shared {
            search,
            pool: Pool::new()?,
            past: Pool::with(1, MAX_WAITING_FOR_PAST)?,
            points: Arc::default(),
            suggester,
            access: Arc::new(Access::default()),
            sessions: Arc::default(),
            hosts: Arc::default(),
            origins: Origins::default(),
            site: Arc::default(),
            metrics: Arc::default(),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
            readers,
            intake: Intake::new(MAX_WRITERS, MAX_WAITING_WRITERS),
            rebuild: Arc::default(),
            bodies: Arc::new(Semaphore::new(BLOCKS)),
            stopping,
            stop: Arc::new(stop),
            _warmer: Arc::new(warmer),
        })))
    }

    /// Where a request is worked on, given whether it asks for the archive as it stood.
    pub(crate) fn pool_for(&self, past: bool) -> &Pool {
        if past { &self.past } else { &self.pool }
    }

    /// With sites whose pages may read here, and with a key write.
    #[must_use]
    pub fn with_origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// With keys: without any, everybody may read and only this machine may write.
    #[must_use]
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = Arc::new(access);
        self
    }

    /// With names of this server, beside addresses and localhost: without keys it is asked by no other.
    #[must_use]
    pub fn with_hosts(mut self, hosts: Vec<String>) -> Self {
        self.hosts = Arc::new(hosts);
        self
    }

    /// With the archive's name and the address where it can be read: citations and feeds say it, and the pages there are
    /// the only ones that are our own.
    #[must_use]
    pub fn with_site(mut self, title: impl Into<String>, public_url: Option<PublicUrl>) -> Self {
        self.site = Arc::new(Site { title: title.into(), public_url });
        self
    }
}

impl Deref for ApiState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// While a server is put together; clones that were made before stay as they were.
impl DerefMut for ApiState {
    fn deref_mut(&mut self) -> &mut Shared {
        Arc::make_mut(&mut self.0)
    }
}
