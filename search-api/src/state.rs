//! State that all requests share: the search, the keys, and the bounds on how many may do what at once.

mod builds;
pub(crate) mod readers;
mod warm;

use std::{io, ops::Deref, sync::Arc};

use ingest::Mappings;
use search::{Search, Suggester};
use tokio::sync::{Semaphore, watch};

use self::{builds::Begun, readers::Readers, warm::Warmer};
use crate::door::{
    access::Access,
    access_log::AccessLog,
    cors::Origins,
    pool::Pool,
    rules::{Bounds, Door},
    site::{PublicUrl, Site},
};

/// State that all requests share. Cheap to clone: each layer that a request passes has one of its own.
#[derive(Clone)]
pub struct ApiState {
    pub(crate) door: Arc<Door>,
    /// The mappings by which documents of other shapes than ours may be written.
    pub(crate) mappings: Mappings,
    shared: Arc<Shared>,
}

/// The part that is one for all requests, whatever surface they came by. See [`ApiState`].
pub struct Shared {
    pub(crate) search: Search,
    /// Threads for the archive as it stood: the first to ask for a moment may wait until the log is folded up to then,
    /// and nobody who asks for today waits with him.
    past: Pool,
    pub(crate) suggester: Arc<Suggester>,
    /// Searches that wait for the index to take in a write.
    pub(crate) waiting: Arc<Semaphore>,
    /// Those who read events.
    pub(crate) readers: Readers,
    /// The rebuild that this server has begun.
    pub(crate) rebuild: Begun,
    /// True once the server is about to end: followers end then.
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) stop: watch::Sender<bool>,
    _warmer: Warmer,
}

const MAX_WAITING: usize = 64;
const MAX_WAITING_FOR_PAST: usize = 8;

impl ApiState {
    /// Over this search, with a pool as wide as the machine.
    ///
    /// # Errors
    /// The system's, when no thread can be started.
    pub fn new(search: Search) -> io::Result<Self> {
        Self::within(search, &Bounds::of_this_machine())
    }

    /// Like [`Self::new`], within other bounds.
    ///
    /// # Errors
    /// The system's, when no thread can be started.
    pub(crate) fn within(search: Search, bounds: &Bounds) -> io::Result<Self> {
        let (stop, stopping) = watch::channel(false);
        let suggester = Arc::new(Suggester::default());
        let readers = Readers::new(search.log().clone())?;
        let warmer = Warmer::start(search.clone(), Arc::clone(&suggester))?;
        let shared = Shared {
            search,
            past: Pool::with(1, MAX_WAITING_FOR_PAST)?,
            suggester,
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
            readers,
            rebuild: Begun::default(),
            stopping,
            stop,
            _warmer: warmer,
        };
        Ok(Self {
            door: Arc::new(Door::new(bounds)?),
            mappings: Mappings::default(),
            shared: Arc::new(shared),
        })
    }

    /// Returns where a request is worked on, given whether it asks for the archive as it stood.
    pub(crate) fn pool_for(&self, past: bool) -> &Pool {
        if past { &self.past } else { &self.door.pool }
    }

    /// With sites whose pages may read here, and with a key write.
    #[must_use]
    pub fn with_origins(self, origins: Origins) -> Self {
        self.with_door(|door| Door { origins, ..door })
    }

    /// With keys: without any, everybody may read and only this machine may write.
    #[must_use]
    pub fn with_access(self, access: Access) -> Self {
        self.with_door(|door| Door { access: Arc::new(access), ..door })
    }

    /// With a line in a file for each request.
    #[must_use]
    pub fn with_access_log(self, log: AccessLog) -> Self {
        self.with_door(|door| Door { access_log: Some(Arc::new(log)), ..door })
    }

    /// With names of this server, beside addresses and localhost: without keys it is asked by no other.
    #[must_use]
    pub fn with_hosts(self, hosts: Vec<String>) -> Self {
        self.with_door(|door| Door { hosts: Arc::new(hosts), ..door })
    }

    /// With the archive's name and the address where it can be read: citations and feeds say it, and the pages there are
    /// the only ones that are our own.
    #[must_use]
    pub fn with_site(self, title: impl Into<String>, public_url: Option<PublicUrl>) -> Self {
        let site = Arc::new(Site { title: title.into(), public_url });
        self.with_door(|door| Door { site, ..door })
    }

    /// With mappings, by which documents of other shapes than ours may be written.
    #[must_use]
    pub fn with_mappings(self, mappings: Mappings) -> Self {
        Self { mappings, ..self }
    }

    /// With another door before the same archive.
    fn with_door(self, change: impl FnOnce(Door) -> Door) -> Self {
        let door = change(Door::clone(&self.door));
        Self { door: Arc::new(door), ..self }
    }
}

impl Deref for ApiState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}
