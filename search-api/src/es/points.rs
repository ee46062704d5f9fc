//! Points in time and scrolls that are open: views as they were when they were opened, kept for a while, for each client
//! so many.
//!
//! A point keeps which documents there were and in which order they come. What readers may not see any more is in no
//! answer all the same, nor counted ([`indexer::Pin`]); an erasure closes all that were opened on older indexes.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use indexer::{Pin, PinClosed, PinnedAt};
use query::{Cursor, IndexName};
use search::Pinned;

use super::body::EsSearch;
use crate::door::{
    error::RequestError,
    shares::{Client, Shares},
};

/// The most points in time and scrolls that one client has open at once: each keeps files that a merge would free.
const MAX_EACH: usize = 50;
/// The most of all clients together.
const MAX_OPEN: usize = 200;

/// All that are open, by their ids.
pub(crate) struct Points {
    open: Mutex<Shares<String, Point>>,
}

impl Default for Points {
    fn default() -> Self {
        Self { open: Mutex::new(Shares::new(MAX_EACH, MAX_OPEN)) }
    }
}

struct Point {
    views: Vec<(IndexName, Arc<Pin>)>,
    until: Instant,
    /// Of a scroll: its search, as the next page asks it.
    scroll: Option<EsSearch>,
    /// Of a scroll: whether its last page was given.
    is_over: bool,
}

impl Point {
    /// From now on for so long, if that is longer than it would be anyway.
    fn keep(&mut self, keep: Option<Duration>) {
        if let Some(keep) = keep {
            self.until = self.until.max(Instant::now() + keep);
        }
    }
}

impl Points {
    /// Opens one for this client; its id. Where the client has as many as may be, its oldest closes.
    pub(super) fn open(
        &self,
        client: Client,
        views: Vec<(IndexName, Arc<Pin>)>,
        keep: Duration,
        scroll: Option<EsSearch>,
    ) -> Result<String, RequestError> {
        let id = super::write::new_id()?;
        let point = Point { views, until: Instant::now() + keep, scroll, is_over: false };
        let closed = self.unexpired().admit(id.clone(), client, point);
        // Files are closed where nobody waits for it.
        drop(closed);
        Ok(id)
    }

    /// Returns the views of a point in time, which is kept for longer if that is asked.
    pub(super) fn views(&self, id: &str, keep: Option<Duration>) -> Result<Vec<Pinned>, RequestError> {
        let views = {
            let mut open = self.unexpired();
            let point = open.get_mut(&id.to_owned()).ok_or_else(|| missing(id))?;
            point.keep(keep);
            point.views.clone()
        };
        as_pinned(id, views)
    }

    /// Returns the names of its views.
    pub(super) fn indices(&self, id: &str) -> Result<Vec<IndexName>, RequestError> {
        let mut open = self.unexpired();
        let point = open.get_mut(&id.to_owned()).ok_or_else(|| missing(id))?;
        Ok(point.views.iter().map(|(name, _)| name.clone()).collect())
    }

    /// Returns the next page of a scroll, and whether there is none.
    pub(super) fn scroll(
        &self,
        id: &str,
        keep: Option<Duration>,
    ) -> Result<(Vec<Pinned>, EsSearch, bool), RequestError> {
        let (views, search, is_over) = {
            let mut open = self.unexpired();
            let point = open.get_mut(&id.to_owned()).ok_or_else(|| missing(id))?;
            point.keep(keep);
            let search = point.scroll.clone().ok_or_else(|| missing(id))?;
            (point.views.clone(), search, point.is_over)
        };
        Ok((as_pinned(id, views)?, search, is_over))
    }

    /// Notes that a page of a scroll was given: the next comes behind it, if there is one.
    pub(super) fn go_on(&self, id: &str, after: Option<Cursor>) {
        if let Some(point) = self.unexpired().get_mut(&id.to_owned()) {
            point.is_over = after.is_none();
            if let Some(search) = &mut point.scroll {
                search.request.after = after;
            }
        }
    }

    /// Closes one, and says whether it was open.
    pub(super) fn close(&self, id: &str) -> bool {
        self.unexpired().remove(&id.to_owned()).is_some()
    }

    /// Closes all scrolls, or all points in time; their ids.
    pub(super) fn close_all(&self, scrolls: bool) -> Vec<String> {
        let mut ids = Vec::new();
        self.unexpired().retain(|id, point| {
            let closes = point.scroll.is_some() == scrolls;
            if closes {
                ids.push(id.clone());
            }
            !closes
        });
        ids
    }

    fn unexpired(&self) -> MutexGuard<'_, Shares<String, Point>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        open.retain(|_, point| point.until > now);
        open
    }
}

/// Returns what is searched of these views now.
fn as_pinned(id: &str, views: Vec<(IndexName, Arc<Pin>)>) -> Result<Vec<Pinned>, RequestError> {
    let mut pinned = Vec::with_capacity(views.len());
    for (name, pin) in views {
        match pin.at()? {
            Ok(PinnedAt { generation, index, hidden }) => {
                pinned.push(Pinned { name, generation, index, hidden });
            }
            Err(why) => return Err(closed(id, why)),
        }
    }
    Ok(pinned)
}

fn closed(id: &str, why: PinClosed) -> RequestError {
    let why = match why {
        PinClosed::Erased => "something was erased from the archive since",
        PinClosed::Withdrawn => "too much was withdrawn from the archive since",
    };
    RequestError::PointClosed { id: id.chars().take(80).collect(), why }
}

fn missing(id: &str) -> RequestError {
    let id: String = id.chars().take(80).collect();
    RequestError::NoContext(id)
}
