//! The one door: every request of every surface passes here, and what is asked of it is the policy of its route.

pub(crate) mod access;
pub(crate) mod asker;
pub(crate) mod body;
pub(crate) mod compress;
pub(crate) mod connections;
pub(crate) mod cors;
pub(crate) mod error;
pub(crate) mod finish;
pub(crate) mod intake;
pub(crate) mod metrics;
pub(crate) mod nowhere;
pub(crate) mod path;
pub(crate) mod policy;
pub(crate) mod pool;
pub(crate) mod problem;
pub(crate) mod server;
pub(crate) mod sessions;
pub(crate) mod shares;
pub(crate) mod shed;
pub(crate) mod site;
pub(crate) mod strangers;
pub(crate) mod written;

use std::{io, num::NonZero, sync::Arc};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

use tokio::sync::Semaphore;

use self::{
    access::Access, asker::Asker, cors::Origins, error::RequestError, intake::Intake, metrics::Metrics,
    policy::Entry, pool::Pool, sessions::Sessions, site::Site,
};

/// How much is let in at once.
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
    /// Memory for bodies that are being read, in blocks of [`body::BLOCK`] bytes.
    pub(crate) blocks: usize,
}

/// How many searches may wait for each thread. A longer queue serves nobody sooner: it only makes those wait longer who
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
            blocks: body::BLOCKS,
        }
    }
}

/// What decides on a request before its surface sees it: who may come in, from where, and how many at once.
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
            pool: Pool::with(bounds.searchers, bounds.waiting)?,
            intake: Intake::new(bounds.writers, bounds.waiting_writers),
            bodies: Arc::new(Semaphore::new(bounds.blocks)),
        })
    }
}

/// Lets a request through to what answers it, or refuses it in the shape that the route's clients know.
pub(super) async fn pass<F: Future<Output = Response>>(
    door: &Door,
    entry: &Arc<Entry>,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let face = entry.policy.face;
    let read = move |request| body::whole_body(door, &entry.policy, request, next);
    let checked = async move |mut request: Request| match check(door, entry, &request) {
        Ok(asker) => {
            request.extensions_mut().insert(asker);
            read(request).await
        }
        Err(error) => (face.refused)(error),
    };
    let finished = move |request| finish::finish(door, &entry.policy, request, checked);
    let observed = move |request| metrics::observe(door, entry, request, finished);
    let asked_by_script = strangers::is_asked_by_script(request.headers());
    let mut response = shed::shed(door, entry, request, observed).await;
    if response.status() == StatusCode::UNAUTHORIZED && face.challenges {
        challenge(response.headers_mut(), asked_by_script);
    }
    response.extensions_mut().insert(face);
    response
}

/// Who asks, if this route is for him and nobody made him ask it.
///
/// # Errors
/// [`RequestError`]: why not, and what to do.
fn check(door: &Door, entry: &Entry, request: &Request) -> Result<Asker, RequestError> {
    let policy = &entry.policy;
    if policy.role.is_some() && !door.access.has_keys() {
        strangers::check_host(request, &door.site, &door.hosts)?;
    }
    strangers::check_origin(request, policy.effect, &door.site, &door.origins)?;
    let asker = Asker::of(door, request);
    if let Some(role) = policy.role {
        asker.needs(role)?;
    }
    Ok(asker)
}

/// Says by which schemes a key may be sent, each on a line of its own: browsers understand no list. To a script's
/// question a browser would open its own window for Basic, over a page that has a form for it.
fn challenge(headers: &mut HeaderMap, asked_by_script: bool) {
    if !asked_by_script {
        headers.append(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"morgue\", charset=\"UTF-8\""),
        );
    }
    headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"morgue\""));
}
