//! What searches need of a new index is made before they ask for it: the lengths of its texts, and the names that are
//! suggested. A rebuilt index of a million articles takes about a second of it, once.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Weak},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use indexer::IndexSearcher;
use query::SearchRequest;
use search::{Search, Suggester};
use views::{ARTICLES, ViewId};

use crate::door::error::RequestError;

/// How soon a new generation or commit is seen.
const EVERY: Duration = Duration::from_millis(200);
/// What nobody has used for ten minutes is forgotten: so often it is used here.
const USED: Duration = Duration::from_secs(300);

/// The thread that does it; ends with this.
pub(crate) struct Warmer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Warmer {
    pub(crate) fn start(search: Search, suggester: Arc<Suggester>) -> io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let work = move || {
            let mut seen: HashMap<ViewId, Weak<IndexSearcher>> = HashMap::new();
            let mut used = Instant::now();
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                if used.elapsed() > USED {
                    (seen, used) = (HashMap::new(), Instant::now());
                }
                for view in search.indexes().views().iter().copied() {
                    // Whoever searches is told why it cannot be done.
                    if let Err(error) = warm(&search, &suggester, view, &mut seen) {
                        tracing::debug!(%error, "the index cannot be read ahead of searches");
                    }
                }
            }
        };
        let thread = std::thread::Builder::new().name("warm".to_owned()).spawn(work)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

/// Reads ahead what is new in a view.
fn warm(
    search: &Search,
    suggester: &Suggester,
    view: ViewId,
    seen: &mut HashMap<ViewId, Weak<IndexSearcher>>,
) -> Result<(), RequestError> {
    let (_, index) = search.indexes().searcher(view)?;
    let index = Arc::downgrade(&index);
    if seen.get(&view).is_some_and(|seen| seen.ptr_eq(&index)) {
        return Ok(());
    }
    // A search like any other, which makes what all of them need.
    search.begin().search(&SearchRequest { size: 1, highlight: None, ..SearchRequest::plain(view, "a")? })?;
    if view == ARTICLES {
        suggester.fold(search)?;
    }
    seen.insert(view, index);
    Ok(())
}

impl Drop for Warmer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
